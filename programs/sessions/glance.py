"""Many threads at a glance: what a list shows of each, in two statements, without loading whole rows."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from programs.plan.models import Plan, PlanStatus
from programs.sessions.models import Session
from programs.sessions.thread import Thread, station_of


@dataclass(frozen=True)
class SeenMeeting:
    """Of a meeting, what decides over its session."""

    pk: UUID
    status: str
    ended_by: str
    is_late: bool
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class SeenAttempt:
    pk: int
    excused_at: datetime | None
    meeting: SeenMeeting


@dataclass(frozen=True)
class SeenSession:
    number: int
    released_at: datetime | None


@dataclass(frozen=True)
class SeenPlan:
    """Of the plan that holds, its rules and review points."""

    missed_rule: str
    late_cancel_rule: str
    pace_days: int
    review_after: list[int] = field(default_factory=list)


def glances_of(program_ids: list[UUID]) -> dict[UUID, Thread]:
    """The thread of each program as `threads_of` derives it, of lighter stuff: no plan of a method, no sealed text."""
    plans = Plan.objects.filter(program__in=program_ids, status=PlanStatus.SIGNED)
    plans = plans.order_by("program_id", "-number").distinct("program_id")
    rules = plans.values_list("program_id", "missed_rule", "late_cancel_rule", "pace_days", "review_after")
    threads = {pk: Thread(None) for pk in program_ids}
    for pk, *rule in rules:
        threads[pk].plan = SeenPlan(*rule)
    rows = (
        Session.objects.planned()
        .filter(program__in=program_ids)
        .order_by("program_id", "number", "attempts__meeting__starts_at", "attempts__pk")
        .values_list(
            "program_id",
            "number",
            "released_at",
            "attempts__pk",
            "attempts__excused_at",
            "attempts__meeting_id",
            "attempts__meeting__status",
            "attempts__meeting__ended_by",
            "attempts__meeting__is_late",
            "attempts__meeting__starts_at",
            "attempts__meeting__ends_at",
        )
    )
    found: dict[tuple, tuple[SeenSession, list[SeenAttempt]]] = {}
    for pk, number, released_at, attempt, excused_at, *meeting in rows:
        _session, attempts = found.setdefault((pk, number), (SeenSession(number, released_at), []))
        if attempt is not None:
            attempts.append(SeenAttempt(attempt, excused_at, SeenMeeting(*meeting)))
    for (pk, _number), (session, attempts) in found.items():
        threads[pk].stations.append(station_of(session, attempts, threads[pk].plan))
    return threads
