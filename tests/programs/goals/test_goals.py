"""Goals: written while they are being agreed on, frozen by the agreement, rated by each side for itself."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from practice.calendar.models import Status as MeetingStatus
from practice.people.models import Role
from practice.records.actions import read
from practice.records.models import AuditEvent
from programs.goals.actions import (
    add_goal,
    agree_on_goals,
    check_goals,
    edit_goal,
    freeze_goals,
    rate_goals,
    remove_goal,
    start_new_set,
)
from programs.goals.models import Goal, GoalCheck, GoalRating, GoalSet
from programs.goals.standing import standings_of
from programs.plan.models import Status
from tests.factories import make_attempt, make_client, make_counselor, make_goal, make_program, make_user

pytestmark = pytest.mark.django_db

WORDING = {
    "words": "Tidur sebelum pukul 23.00",
    "why": "",
    "indicator": "Jumlah malam dalam seminggu",
    "much_less": "Tidak ada malam",
    "less": "1 malam",
    "expected": "3 malam",
    "more": "5 malam",
    "much_more": "7 malam",
    "weight": 1,
    "baseline": -1,
    "target_on": None,
}


@pytest.fixture
def draft():
    return make_program(status=Status.DRAFT)


@pytest.fixture
def program(rina):
    """Rina's program under way, with two goals agreed."""
    return make_program(clients=[rina], goals=2)


def goals_of(program):
    return list(Goal.objects.of(program))


def add(program, now, **changes):
    return add_goal(program=program, by=program.counselor.user, now=now, **WORDING | changes)


def rate(program, client, now, *levels, occasion="review", by=None):
    goals = [goal.pk for goal in goals_of(program)]
    by = by or (client.user if client else program.counselor.user)
    return rate_goals(
        program=program, levels=dict(zip(goals, levels, strict=False)), occasion=occasion, by=by, now=now, client=client
    )


def refusal(act, *args, **said) -> str:
    """The code with which an action refuses."""
    with pytest.raises(ValidationError) as refused:
        act(*args, **said)
    return refused.value.error_list[0].code


def sets_of(program, *clients):
    counselor = program.counselor.user
    goals = read(Goal.objects.of(program).with_history(), by=counselor, reason="a test")
    return standings_of(goals, clients)


# --- Writing ---------------------------------------------------------------------------------------------------------


def test_the_first_goal_of_a_draft_begins_its_set(draft, now):
    goal = add(draft, now)

    assert (goal.goal_set.number, goal.goal_set.frozen_at, goal.position) == (1, None, 1)


@pytest.mark.django_db(transaction=True)
def test_a_goal_reads_as_it_was_written(draft, now):
    add(draft, now, why="Supaya pagi ringan", weight=3, target_on=date(2027, 1, 31))

    goal = read(Goal.objects.all(), by=draft.counselor.user, reason="a test")[0]
    assert goal.why == "Supaya pagi ringan"
    assert goal.level_texts[2] == "7 malam"
    assert (goal.weight, goal.target_on) == (3, date(2027, 1, 31))


def test_a_goal_is_nowhere_in_clear(draft, now):
    add(draft, now)

    with connection.cursor() as cursor:
        cursor.execute("SELECT g::text FROM programs_goal g UNION ALL SELECT a::text FROM practice_auditevent a")
        stored = "".join(row[0] for row in cursor.fetchall())
    assert "malam" not in stored
    assert "Tidur" not in stored
    assert b"Tidur sebelum".hex() not in stored


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"words": "  "}, "words"),
        ({"indicator": ""}, "indicator"),
        ({"much_more": ""}, "much_more"),
        ({"more": " 3  MALAM. "}, "more"),
        ({"less": "5 malam", "expected": "1 malam", "more": "3 malam"}, "expected"),
        ({"weight": 0}, "weight"),
        ({"weight": 4}, "weight"),
        ({"baseline": 3}, "baseline"),
        ({"baseline": None}, "baseline"),
        ({"target_on": date(2026, 11, 23)}, "target_on"),
        ({"why": "a" * 501}, "why"),
    ],
)
def test_a_goal_that_could_not_be_rated_is_refused(draft, now, changes, field):
    with pytest.raises(ValidationError) as refused:
        add(draft, now, **changes)

    assert list(refused.value.message_dict) == [field]
    assert not Goal.objects.exists()
    assert not GoalSet.objects.exists()


@pytest.mark.parametrize(
    "levels",
    [
        ["Setiap hari", "5 kali", "3 kali", "1 kali", "Tidak pernah"],
        ["2 kali sebulan", "1 kali seminggu", "3 kali seminggu", "5 kali seminggu", "1 kali sehari"],
        ["Pukul 02.00", "Pukul 01.00", "Pukul 00.00", "Pukul 23.30", "Pukul 23.00"],
    ],
)
def test_levels_may_fall_or_change_their_unit(draft, now, levels):
    names = ["much_less", "less", "expected", "more", "much_more"]

    assert add(draft, now, **dict(zip(names, levels, strict=True)))


def test_a_set_takes_five_goals_at_most(draft, now):
    for _each in range(5):
        add(draft, now)

    with pytest.raises(ValidationError, match=r"Lima|Five"):
        add(draft, now)

    assert [goal.position for goal in goals_of(draft)] == [1, 2, 3, 4, 5]


def test_a_goal_taken_out_leaves_its_place_to_another(draft, now):
    first = add(draft, now)
    add(draft, now)

    remove_goal(goal=first, by=draft.counselor.user, now=now)

    assert add(draft, now).position == 1


def test_a_goal_can_be_reworded_while_it_is_a_draft(draft, now):
    goal = add(draft, now)

    edit_goal(goal=goal, by=draft.counselor.user, now=now, **WORDING | {"weight": 2})

    goal.refresh_from_db(fields=["weight"])
    assert goal.weight == 2


def test_a_change_leaves_what_others_have_read_as_it_was(draft, now):
    other = GoalSet.objects.create(program=make_program(status=Status.DRAFT), number=1)

    add(draft, now)

    assert GoalSet.objects.get(program=draft).revision == 1
    assert GoalSet.objects.get(pk=other.pk).revision == 0


def test_a_goal_keeps_a_target_that_has_passed_meanwhile(draft, now):
    goal = add(draft, now, target_on=date(2026, 12, 1))

    edit_goal(
        goal=goal,
        by=draft.counselor.user,
        now=now + timedelta(days=30),
        **WORDING | {"target_on": date(2026, 12, 1), "weight": 3},
    )


def test_a_goal_is_not_reworded_into_one_that_could_not_be_rated(draft, now):
    goal = add(draft, now)

    with pytest.raises(ValidationError) as refused:
        edit_goal(goal=goal, by=draft.counselor.user, now=now, **WORDING | {"more": "3 malam"})

    assert list(refused.value.message_dict) == ["more"]


def test_a_goal_that_was_taken_out_meanwhile_is_not_reworded(draft, now):
    goal, by = add(draft, now), draft.counselor.user
    remove_goal(goal=Goal.objects.get(pk=goal.pk), by=by, now=now)

    assert refusal(edit_goal, goal=goal, by=by, now=now, **WORDING) == "gone"


def test_agreed_goals_stay_as_they_are_while_further_ones_are_written(program, now):
    agreed, by = goals_of(program)[0], program.counselor.user
    start_new_set(program=program, by=by, now=now)

    assert refusal(edit_goal, goal=agreed, by=by, now=now, **WORDING) == "frozen"
    assert refusal(remove_goal, goal=agreed, by=by, now=now) == "frozen"
    assert len(goals_of(program)) == 2


def test_further_goals_that_were_never_agreed_on_rest_with_the_closed_program(now):
    program = make_program(status=Status.CLOSED, goals=1)
    goal = make_goal(GoalSet.objects.create(program=program, number=2))
    by = program.counselor.user

    assert refusal(add, program, now) == "status"
    assert refusal(edit_goal, goal=goal, by=by, now=now, **WORDING) == "status"
    assert refusal(remove_goal, goal=goal, by=by, now=now) == "status"


WRITING = {
    "add": lambda program, goal, **by: add_goal(program=program, **by, **WORDING),
    "edit": lambda program, goal, **by: edit_goal(goal=goal, **by, **WORDING),
    "remove": lambda program, goal, **by: remove_goal(goal=goal, **by),
}


@pytest.mark.parametrize("act", WRITING)
def test_goals_are_written_by_the_programs_counselors(draft, now, act):
    goal, stranger = add(draft, now), make_counselor().user
    revision = GoalSet.objects.get().revision

    assert refusal(WRITING[act], draft, goal, by=stranger, now=now) == "role"
    assert (Goal.objects.count(), GoalSet.objects.get().revision) == (1, revision)


def test_a_target_lies_after_today_on_the_clock_of_the_counselor(draft):
    night = datetime(2026, 11, 23, 18, tzinfo=UTC)  # the 24th in Jakarta
    goal = add(draft, night, target_on=date(2026, 11, 25))

    with pytest.raises(ValidationError, match=r"setelah|after"):
        add(draft, night, target_on=date(2026, 11, 24))
    with pytest.raises(ValidationError, match=r"setelah|after"):
        edit_goal(goal=goal, by=draft.counselor.user, now=night, **WORDING | {"target_on": date(2026, 11, 24)})


@pytest.mark.parametrize("status", [Status.PROPOSED, Status.ACTIVE, Status.CLOSED])
def test_goals_do_not_change_once_the_client_has_them(now, status):
    program = make_program(status=status, goals=1)
    goal = goals_of(program)[0]
    by = program.counselor.user

    for change in (
        lambda: add(program, now),
        lambda: edit_goal(goal=goal, by=by, now=now, **WORDING),
        lambda: remove_goal(goal=goal, by=by, now=now),
    ):
        with pytest.raises(ValidationError):
            change()

    assert Goal.objects.count() == 1


def test_signing_freezes_the_goals_and_an_empty_set_is_left_alone(draft, now):
    GoalSet.objects.create(program=draft, number=1)
    assert freeze_goals(program=draft, now=now) is None

    add(draft, now)

    assert freeze_goals(program=draft, now=now).frozen_at == now
    assert freeze_goals(program=draft, now=now + timedelta(days=1)) is None


# --- A further set ---------------------------------------------------------------------------------------------------


def test_later_goals_begin_a_new_set_that_counts_once_the_client_agrees(program, rina, now):
    by = program.counselor.user
    goal_set = start_new_set(program=program, by=by, now=now)
    goal = add(program, now)
    with pytest.raises(ValidationError):
        rate_goals(program=program, levels={goal.pk: 0}, occasion="review", by=by, now=now)

    goal_set.refresh_from_db()
    agree_on_goals(goal_set=goal_set, client_agrees=True, by=rina.user, now=now)

    assert goal.goal_set_id == goal_set.pk
    assert rate_goals(program=program, levels={goal.pk: 0}, occasion="review", by=by, now=now)
    noted = AuditEvent.objects.get(act="goal_set.agreed")
    assert (noted.actor, noted.facts["client_agrees"]) == (rina.user.pk, True)


@pytest.mark.parametrize(("with_goal", "agrees"), [(True, False), (False, True)])
def test_a_new_set_needs_goals_and_consent(program, now, with_goal, agrees):
    goal_set = start_new_set(program=program, by=program.counselor.user, now=now)
    if with_goal:
        add(program, now)
    goal_set.refresh_from_db()

    code = refusal(agree_on_goals, goal_set=goal_set, client_agrees=agrees, by=program.counselor.user, now=now)

    goal_set.refresh_from_db()
    assert code == ("empty" if agrees else "consent")
    assert goal_set.frozen_at is None


def test_goals_are_agreed_on_once(program, now):
    goal_set, by = program.goal_sets.get(), program.counselor.user

    assert (
        refusal(agree_on_goals, goal_set=goal_set, client_agrees=True, by=by, now=now + timedelta(days=1)) == "frozen"
    )
    assert GoalSet.objects.get().frozen_at == now


@pytest.mark.parametrize("status", [Status.DRAFT, Status.PROPOSED, Status.CLOSED])
def test_the_goals_of_a_proposal_are_agreed_on_by_signing_it(now, status):
    program = make_program(status=status, goals=1)
    program.goal_sets.update(frozen_at=None)

    act = {"goal_set": program.goal_sets.get(), "client_agrees": True, "by": program.counselor.user, "now": now}

    assert refusal(agree_on_goals, **act) == "status"
    assert GoalSet.objects.get().frozen_at is None


def test_further_goals_are_a_matter_of_the_programs_people(program, rina, now):
    strangers = [make_counselor().user, make_client(user=make_user(Role.CLIENT)).user]
    for stranger in strangers:
        assert refusal(start_new_set, program=program, by=stranger, now=now) == "role"
    goal_set = start_new_set(program=program, by=program.counselor.user, now=now)
    add(program, now)
    goal_set.refresh_from_db()

    for stranger in strangers:
        assert refusal(agree_on_goals, goal_set=goal_set, client_agrees=True, by=stranger, now=now) == "role"

    assert refusal(start_new_set, program=program, by=rina.user, now=now) == "role"
    assert GoalSet.objects.get(pk=goal_set.pk).frozen_at is None


def test_one_new_set_at_a_time_and_only_under_way(program, draft, now):
    start_new_set(program=program, by=program.counselor.user, now=now)

    for each in (program, draft):
        with pytest.raises(ValidationError):
            start_new_set(program=each, by=each.counselor.user, now=now)


# --- Rating ----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_each_side_rates_for_itself_and_nothing_is_averaged(program, rina, now):
    rate(program, rina, now, 1, 0)
    rate(program, None, now, 0, 0)

    (goal_set,) = sets_of(program, rina)
    by_name = dict(goal_set.attainments)
    assert goal_set.standings[0].views[0].now == 1
    assert by_name["Rina"].score > 50
    assert [round(found.score) for found in by_name.values()] != [round(by_name["Rina"].score)] * 2


@pytest.mark.django_db(transaction=True)
def test_two_levels_apart_are_said_in_words(program, rina, now):
    rate(program, rina, now, 1, 1)
    rate(program, None, now, -1, 0)

    (goal_set,) = sets_of(program, rina)
    assert len(goal_set.standings[0].gaps) == 1
    assert "+1" in goal_set.standings[0].gaps[0]
    assert "−1" in goal_set.standings[0].gaps[0]
    assert goal_set.standings[1].gaps == []


@pytest.mark.django_db(transaction=True)
def test_each_of_a_couple_has_a_view_of_their_own(rina, now):
    tomi = make_client(name="Tomi", user=make_user(Role.CLIENT))
    program = make_program(clients=[rina, tomi], goals=1)

    rate(program, rina, now, 2)
    rate(program, tomi, now, -1)

    (goal_set,) = sets_of(program, rina, tomi)
    assert [(view.name, view.now) for view in goal_set.standings[0].views[:2]] == [("Rina", 2), ("Tomi", -1)]
    assert len(goal_set.attainments) == 3


def test_a_rating_says_after_how_many_sessions_it_was_given(program, rina, now, monday_at_nine):
    make_attempt(program, 1, starts_at=monday_at_nine, status=MeetingStatus.ATTENDED)

    assert rate(program, rina, now, 0)[0].after_session == 1


@pytest.mark.parametrize("levels", [{}, {"stranger": 0}, {"own": 3}, {"own": None}, {"own": 0, "stranger": 0}])
def test_a_rating_that_makes_no_sense_leaves_nothing(program, rina, now, levels):
    stranger = goals_of(make_program(goals=1))[0]
    keys = {"own": goals_of(program)[0].pk, "stranger": stranger.pk}

    with pytest.raises(ValidationError):
        rate_goals(
            program=program,
            levels={keys[name]: level for name, level in levels.items()},
            occasion="review",
            by=rina.user,
            now=now,
            client=rina,
        )

    assert not GoalRating.objects.exists()


def test_goals_are_not_rated_before_the_agreement(rina, now):
    program = make_program(clients=[rina], status=Status.PROPOSED, goals=1)

    with pytest.raises(ValidationError):
        rate(program, rina, now, 0)


@pytest.mark.parametrize(
    ("occasion", "refused"),
    [("session", True), ("review", True), ("ending", False), ("follow_up", False), ("birthday", True)],
)
def test_after_the_end_goals_are_rated_only_as_they_were_then_or_are_later(rina, now, occasion, refused):
    program = make_program(clients=[rina], status=Status.CLOSED, goals=1)

    if refused:
        assert refusal(rate, program, rina, now, 0, occasion=occasion) == "status"
    else:
        assert rate(program, rina, now, 0, occasion=occasion)


def test_goals_are_rated_on_an_occasion_that_there_is(program, rina, now):
    assert refusal(rate, program, rina, now, 0, occasion="birthday") == "occasion"
    assert not GoalRating.objects.exists()


def test_nobody_rates_for_somebody_else(program, rina, now):
    other = make_client(name="Tomi", user=make_user(Role.CLIENT))
    stranger = make_program().counselor.user

    for client, by in ((rina, other.user), (other, other.user), (None, rina.user), (None, stranger)):
        with pytest.raises(ValidationError):
            rate(program, client, now, 0, by=by)

    assert not GoalRating.objects.exists()


# --- 0 to 10 after a session -----------------------------------------------------------------------------------------


def check(program, client, now, values, number=1):
    session = program.sessions.get(number=number)
    return check_goals(program=program, session=session, values=values, client=client, by=client.user, now=now)


def test_a_client_says_how_near_each_goal_felt_and_may_say_it_again(program, rina, now, monday_at_nine):
    make_attempt(program, 1, starts_at=monday_at_nine, status=MeetingStatus.ATTENDED)
    first, second = goals_of(program)

    check(program, rina, now, {first.pk: 3, second.pk: 10})
    check(program, rina, now, {first.pk: 4})

    assert sorted(GoalCheck.objects.values_list("value", flat=True)) == [4, 10]


@pytest.mark.parametrize("value", [-1, 11, None, "5"])
def test_a_check_goes_from_0_to_10(program, rina, now, monday_at_nine, value):
    make_attempt(program, 1, starts_at=monday_at_nine, status=MeetingStatus.ATTENDED)

    with pytest.raises(ValidationError):
        check(program, rina, now, {goals_of(program)[0].pk: value})

    assert not GoalCheck.objects.exists()


def test_a_session_not_held_and_somebody_elses_are_not_checked(program, rina, now, monday_at_nine):
    make_attempt(program, 1, starts_at=monday_at_nine)
    other = make_program(goals=1)
    make_attempt(other, 1, starts_at=monday_at_nine, status=MeetingStatus.ATTENDED)
    goal = goals_of(program)[0].pk

    with pytest.raises(ValidationError):
        check(program, rina, now, {goal: 5})
    with pytest.raises(ValidationError):
        check(other, rina, now, {goals_of(other)[0].pk: 5})

    assert not GoalCheck.objects.exists()


@pytest.mark.parametrize(
    ("answers", "code"), [({}, "empty"), ({"stranger": 5}, "goal"), ({"own": 5, "stranger": 5}, "goal")]
)
def test_a_check_is_of_the_programs_own_goals(program, rina, now, monday_at_nine, answers, code):
    make_attempt(program, 1, starts_at=monday_at_nine, status=MeetingStatus.ATTENDED)
    keys = {"own": goals_of(program)[0].pk, "stranger": goals_of(make_program(goals=1))[0].pk}

    assert refusal(check, program, rina, now, {keys[name]: value for name, value in answers.items()}) == code
    assert not GoalCheck.objects.exists()


def test_the_history_of_all_goals_takes_one_statement(program, rina, now, monday_at_nine, django_assert_num_queries):
    make_attempt(program, 1, starts_at=monday_at_nine, status=MeetingStatus.ATTENDED)
    check(program, rina, now, {goals_of(program)[1].pk: 7})
    make_goal(goals_of(program)[0].goal_set, position=3)
    for level in (-1, 0, 1):
        rate(program, rina, now + timedelta(days=level), level, level, level)

    with django_assert_num_queries(1):
        goals = list(Goal.objects.of(program).with_history())

    assert [said["level"] for said in goals[2].rated] == [-1, 0, 1]
    assert [[said["value"] for said in goal.checked] for goal in goals] == [[], [7], []]
