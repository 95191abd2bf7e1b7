"""How goals stand: each rater's view side by side, where the views differ, and T for each set and rater."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import combinations

from django.utils.translation import gettext as _

from programs.goals.attainment import Attainment, Weighed, attainment
from programs.goals.models import Goal, Rater

FAR_APART = 2


@dataclass
class View:
    """How one rater saw one goal over time: levels, oldest first. `client` is the key of the client, or ""."""

    rater: str
    client: str
    name: str
    levels: list[int] = field(default_factory=list)

    @property
    def now(self) -> int | None:
        return self.levels[-1] if self.levels else None


@dataclass
class Standing:
    """One goal with its views, the counselor's last, and how near its clients felt to it at sessions."""

    goal: Goal
    views: list[View]
    checks: list[dict]

    @property
    def counselor(self) -> View:
        return self.views[-1]

    @property
    def gaps(self) -> list[str]:
        """In words, for staff: each two present views, of clients or the counselor, two levels or more apart."""
        rated = [view for view in self.views if view.now is not None]
        return [_gap(*pair) for pair in combinations(rated, 2) if abs(pair[0].now - pair[1].now) >= FAR_APART]

    @property
    def nearness(self) -> list[tuple[str, list[int]]]:
        """For each client who said how near they felt: their name, and what they said from session to session."""
        said: dict[str, list[int]] = {}
        for check in self.checks:
            said.setdefault(check["client"], []).append(check["value"])
        return [(view.name, said[view.client]) for view in self.views if view.client in said]

    def view_of(self, client) -> View:
        """How this client sees it."""
        return next(view for view in self.views if view.client == str(client.pk))


def _gap(view: View, other: View) -> str:
    words = _("%(name)s sees %(theirs)s, the counselor %(ours)s: %(apart)d levels apart. Worth talking about.")
    if other.rater == Rater.CLIENT:
        words = _("%(name)s sees %(theirs)s, %(other)s %(ours)s: %(apart)d levels apart. Worth talking about.")
    return words % {
        "name": view.name,
        "other": other.name,
        "theirs": signed(view.now),
        "ours": signed(other.now),
        "apart": abs(view.now - other.now),
    }


@dataclass
class SetStanding:
    """A set of goals as it stands. `attainments` pairs each rater's name with their T, or None: never averaged."""

    number: int
    is_frozen: bool
    standings: list[Standing]
    attainments: list[tuple[str, Attainment | None]]

    @property
    def has_scores(self) -> bool:
        return any(found for _name, found in self.attainments)


def signed(level: int) -> str:
    """A level as people write it: −2, 0, +1."""
    return f"−{-level}" if level < 0 else f"+{level}" if level else "0"


def level_name(level: int) -> str:
    """What a level means, whatever its sentence: 0 is what was expected."""
    names = {
        -2: _("much less than expected"),
        -1: _("less than expected"),
        0: _("as expected"),
        1: _("more than expected"),
        2: _("much more than expected"),
    }
    return names[level]


def standings_of(goals: Iterable[Goal], clients: Iterable) -> list[SetStanding]:
    """The sets of these goals (opened, with their history), oldest first, as each client and the counselor sees."""
    sets: dict = {}
    for goal in goals:
        sets.setdefault(goal.goal_set, []).append(_standing(goal, list(clients)))
    return [
        SetStanding(
            number=goal_set.number,
            is_frozen=goal_set.frozen_at is not None,
            standings=rows,
            attainments=_attainments(rows) if goal_set.frozen_at else [],
        )
        for goal_set, rows in sorted(sets.items(), key=lambda each: each[0].number)
    ]


def _standing(goal, clients) -> Standing:
    views = [View(Rater.CLIENT, str(client.pk), client.preferred_name) for client in clients]
    views.append(View(Rater.COUNSELOR, "", _("Counselor")))
    by_rater = {(view.rater, view.client): view for view in views}
    for said in goal.rated:
        view = by_rater.get((said["rater"], said["client"] or ""))
        if view:
            view.levels.append(said["level"])
    return Standing(goal, views, goal.checked)


def _attainments(rows):
    by_rater = zip(*(row.views for row in rows), strict=True)
    weights = [(row.goal.weight, row.goal.baseline) for row in rows]
    return [
        (
            views[0].name,
            attainment(
                Weighed(weight, baseline, view.now) for (weight, baseline), view in zip(weights, views, strict=True)
            ),
        )
        for views in by_rater
    ]
