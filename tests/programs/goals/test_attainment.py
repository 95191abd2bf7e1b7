"""Goal Attainment T: published formula, computed vectors, and what always holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programs.goals.attainment import Weighed, attainment, t_score

VECTORS = [
    ([-2], [1], 30.00),
    ([2], [1], 70.00),
    ([-1, -1], [1, 1], 37.60),
    ([-1, -1, -1], [1, 1, 1], 36.31),
    ([-2, -2, -2], [1, 1, 1], 22.61),
    ([1, 1, 1], [1, 1, 1], 63.69),
    ([2, 2, 2], [1, 1, 1], 77.39),
    ([1, 0, -1], [3, 2, 1], 54.41),
    ([1, 1, 0], [3, 2, 1], 61.02),
    ([2, -1, 0, 1], [4, 3, 2, 1], 58.40),
    ([-1, -1, -1, -1, -1], [1, 1, 1, 1, 1], 34.92),
    ([0, 0, 0], [1, 1, 1], 50.00),
    ([0, 0, 0, 0, 0], [3, 1, 2, 3, 1], 50.00),
]
LEVEL = st.integers(-2, 2)
GOAL = st.builds(Weighed, weight=st.integers(1, 3), baseline=LEVEL, level=st.none() | LEVEL)
GOALS = st.lists(GOAL, min_size=1, max_size=5)


@pytest.mark.parametrize(("levels", "weights", "expected"), VECTORS)
def test_t_follows_the_formula(levels, weights, expected):
    assert t_score(levels, weights) == pytest.approx(expected, abs=0.005)


@pytest.mark.parametrize(("levels", "weights"), [([], []), ([1, 2], [0, 0])])
def test_without_goals_or_weight_there_is_no_t(levels, weights):
    assert t_score(levels, weights) is None


@pytest.mark.parametrize(("levels", "weights"), [([3], [1]), ([-3], [1]), ([0], [-1]), ([1, 1], [1])])
def test_impossible_levels_and_weights_are_refused(levels, weights):
    with pytest.raises(ValueError):
        t_score(levels, weights)


def test_a_goal_not_rated_is_left_out_and_the_count_says_so():
    found = attainment([Weighed(1, -1, 1), Weighed(3, -1, None), Weighed(1, -1, 1)])

    assert (found.rated, found.goals) == (2, 3)
    assert found.score == pytest.approx(t_score([1, 1], [1, 1]))
    assert found.change == pytest.approx(t_score([1, 1], [1, 1]) - t_score([-1, -1], [1, 1]))


def test_nothing_rated_is_no_score():
    assert attainment([]) is None
    assert attainment([Weighed(1, -1, None)]) is None
    assert attainment([Weighed(0, -1, 2)]) is None


@given(GOALS)
def test_t_stays_within_what_all_goals_at_their_ends_would_give(goals):
    found = attainment(goals)
    if found is None:
        assert all(goal.level is None for goal in goals)
        return

    weights = [goal.weight for goal in goals if goal.level is not None]
    least, most = t_score([-2] * len(weights), weights), t_score([2] * len(weights), weights)
    # five equal goals at an end give the widest spread that five goals can
    assert 19.8 < least <= found.score <= most < 80.2
    assert found.score - found.change == pytest.approx(
        t_score([goal.baseline for goal in goals if goal.level is not None], weights)
    )


@given(GOALS, st.integers(0, 4))
def test_a_goal_that_rises_never_lowers_t(goals, place):
    place %= len(goals)
    lower = goals[place]
    if lower.level is None or lower.level == 2:
        return
    higher = [*goals]
    higher[place] = Weighed(lower.weight, lower.baseline, lower.level + 1)

    assert attainment(higher).score > attainment(goals).score


@given(GOALS, st.integers(2, 9))
def test_only_the_proportions_of_weights_count(goals, factor):
    heavier = [Weighed(goal.weight * factor, goal.baseline, goal.level) for goal in goals]
    found, other = attainment(goals), attainment(heavier)

    assert (found is None and other is None) or found.score == pytest.approx(other.score)


@given(GOALS)
def test_mirrored_levels_mirror_t_around_50(goals):
    mirrored = [Weighed(g.weight, -g.baseline, None if g.level is None else -g.level) for g in goals]
    found, other = attainment(goals), attainment(mirrored)

    assert found is None or found.score - 50 == pytest.approx(50 - other.score)
