"""The thread of a program: where each station stands, derived from plans, sessions, attempts and meetings."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db.models import Prefetch

from practice.calendar.models import Meeting, Party
from practice.calendar.models import Status as MeetingStatus
from programs.plan.models import AbsenceRule, Plan, PlanStatus, Program
from programs.sessions.models import Attempt, Session

ALIVE = {MeetingStatus.HELD, MeetingStatus.REQUESTED, MeetingStatus.CONFIRMED}


class State(StrEnum):
    """What has become of a session. Done, open (booked or not), forfeited and released make up all that was planned."""

    DONE = "done"
    BOOKED = "booked"
    OPEN = "open"
    FORFEITED = "forfeited"  # missed or cancelled late, and by the agreement it counts
    RELEASED = "released"  # not needed: the program ended before it


@dataclass
class Station:
    """One session with its attempts, oldest first. `meeting` is the one that made it what it is, if any."""

    session: Session
    state: State
    meeting: Meeting | None
    attempts: list[Attempt]

    @property
    def number(self) -> int:
        return self.session.number

    @property
    def left_over(self) -> list[Meeting]:
        """Meetings that still stand although the session was held in another: attendance was corrected."""
        return [a.meeting for a in self.attempts if a.meeting.status in ALIVE and a.meeting is not self.meeting]

    @property
    def was_missed(self) -> bool:
        """True if an attempt did not take place and the session is still to be held."""
        return self.state in (State.OPEN, State.BOOKED) and any(costs(a, None) for a in self.attempts)


@dataclass
class Thread:
    """The stations of one program, in order, by the rules of the plan that holds."""

    plan: Plan | None
    stations: list[Station] = field(default_factory=list)

    def __len__(self):
        return len(self.stations)

    def count(self, *states: State) -> int:
        return sum(station.state in states for station in self.stations)

    @property
    def done(self) -> int:
        return self.count(State.DONE)

    @property
    def booked(self) -> int:
        return self.count(State.BOOKED)

    @property
    def open(self) -> int:
        """Still to be held, booked or not."""
        return self.count(State.OPEN, State.BOOKED)

    @property
    def forfeited(self) -> int:
        return self.count(State.FORFEITED)

    @property
    def released(self) -> int:
        return self.count(State.RELEASED)

    @property
    def next_booked(self) -> Station | None:
        """The next session that has a time."""
        booked = [station for station in self.stations if station.state == State.BOOKED]
        return min(booked, key=lambda station: station.meeting.starts_at, default=None)

    @property
    def next_open(self) -> Station | None:
        """The first session that still needs a time."""
        return next((station for station in self.stations if station.state == State.OPEN), None)

    @property
    def upcoming(self) -> Station | None:
        """The session that comes next, whether it has a time or not."""
        return next((station for station in self.stations if station.state in (State.OPEN, State.BOOKED)), None)

    @property
    def held_next(self) -> Station | None:
        """The session that is held next: the next that has a time, whichever its number; else the first without."""
        return self.next_booked or self.upcoming

    @property
    def last_done(self) -> Station | None:
        """The session held last."""
        held = [station for station in self.stations if station.state == State.DONE]
        return max(held, key=lambda station: station.meeting.starts_at, default=None)

    def station(self, number: int) -> Station | None:
        return next((station for station in self.stations if station.number == number), None)


def costs(attempt: Attempt, plan: Plan | None) -> bool:
    """True if the client missed or late-cancelled this attempt; with a plan, if by its rule that uses up the session.

    What the counselor or the practice called off never does, and nothing that the counselor excused.
    """
    meeting = attempt.meeting
    if meeting.status == MeetingStatus.MISSED:
        rule = plan and plan.missed_rule
    elif meeting.status == MeetingStatus.CANCELLED and meeting.is_late:
        rule = plan and plan.late_cancel_rule
    else:
        return False
    if meeting.ended_by != Party.CLIENT or attempt.excused_at:
        return False
    return plan is None or rule == AbsenceRule.COUNTS


def station_of(session: Session, attempts: list[Attempt], plan: Plan | None) -> Station:
    """What has become of a session, by its attempts in the order of their meetings."""
    attempts = sorted(attempts, key=lambda attempt: (attempt.meeting.starts_at, attempt.pk))
    held = next((a.meeting for a in attempts if a.meeting.status == MeetingStatus.ATTENDED), None)
    alive = next((a.meeting for a in attempts if a.meeting.status in ALIVE), None)
    used_up = next((a.meeting for a in attempts if plan and costs(a, plan)), None)
    if held:
        return Station(session, State.DONE, held, attempts)
    if alive:
        return Station(session, State.BOOKED, alive, attempts)
    if used_up:
        return Station(session, State.FORFEITED, used_up, attempts)
    return Station(session, State.RELEASED if session.released_at else State.OPEN, None, attempts)


def threads_of(programs: Iterable[Program]) -> dict[UUID, Thread]:
    """The thread of each program, in three statements however many there are. Texts stay sealed."""
    by_id = {program.pk: program for program in programs}
    ids = list(by_id)
    signed = Plan.objects.filter(program__in=ids, status=PlanStatus.SIGNED).select_related("method")
    threads = {pk: Thread(None) for pk in ids}
    for plan in signed.order_by("number"):
        plan.program = by_id[plan.program_id]
        threads[plan.program_id].plan = plan
    meetings = Attempt.objects.with_heads()
    meetings = meetings.select_related("meeting__counselor", "meeting__service", "meeting__room__location")
    sessions = Session.objects.planned().filter(program__in=ids).prefetch_related(Prefetch("attempts", meetings))
    for session in sessions.order_by("program_id", "number"):
        session.program = by_id[session.program_id]
        thread = threads[session.program_id]
        thread.stations.append(station_of(session, list(session.attempts.all()), thread.plan))
    return threads


def thread_of(program: Program) -> Thread:
    """The thread of one program."""
    return threads_of([program])[program.pk]


def days_since_last(thread: Thread, now: datetime) -> int | None:
    """Whole days since the last session that was held; None if none was."""
    last = thread.last_done
    return None if last is None else (now - last.meeting.starts_at).days
