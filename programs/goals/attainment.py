"""Goal Attainment Scaling: how far agreed goals were reached, as one number for each rater and each set of goals.

With levels x from −2 to +2, weights w, and the usual assumption that goals correlate by ρ = 0.3:

    T = 50 + 10·Σ(w·x) / √((1 − ρ)·Σw² + ρ·(Σw)²)

50 means that everything went as expected. Sources: T. J. Kiresuk and R. E. Sherman, Community Mental Health Journal
1968;4:443–453, and T. J. Kiresuk and G. Garwick, ERIC ED128373. L. Turner-Stokes (Clinical Rehabilitation 2009;
23:362–370) printed the formula wrongly at first; this is the one of the erratum. docs/measures.md has test vectors.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

CORRELATION = 0.3
AS_EXPECTED = 50.0


@dataclass(frozen=True)
class Weighed:
    """One goal as one rater saw it: its weight, its level at the beginning, and its level now, None if not rated."""

    weight: int
    baseline: int
    level: int | None


@dataclass(frozen=True)
class Attainment:
    """One rater's T for one set of goals: over `rated` of `goals`, and how far it has moved since the beginning."""

    score: float
    change: float
    rated: int
    goals: int


def t_score(levels: Iterable[int], weights: Iterable[int]) -> float | None:
    """T of these levels, −2 to +2, with their weights; None if there is no goal or the weights add up to nothing.

    Raise ValueError for a level outside −2 to +2, a weight below 0, or lists of different lengths.
    """
    pairs = list(zip(levels, weights, strict=True))
    if any(not -2 <= level <= 2 or weight < 0 for level, weight in pairs):
        raise ValueError("Levels go from −2 to +2, and weights are not negative.")
    total = sum(weight for _level, weight in pairs)
    if not total:
        return None
    spread = (1 - CORRELATION) * sum(weight**2 for _level, weight in pairs) + CORRELATION * total**2
    return AS_EXPECTED + 10 * sum(weight * level for level, weight in pairs) / sqrt(spread)


def attainment(goals: Iterable[Weighed]) -> Attainment | None:
    """How far one rater sees a set of goals attained. Goals not rated are left out of both T and its beginning.

    None if nothing is rated, or the weights of what is rated add up to nothing: that is no score, not a middling one.
    """
    goals = list(goals)
    rated = [goal for goal in goals if goal.level is not None]
    weights = [goal.weight for goal in rated]
    score = t_score([goal.level for goal in rated], weights)
    if score is None:
        return None
    began = t_score([goal.baseline for goal in rated], weights)
    return Attainment(score, score - began, len(rated), len(goals))
