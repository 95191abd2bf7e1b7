"""What the program page shows of its sessions, for either side. Asks the database for nothing beyond the thread."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from practice.calendar.meetings import Meeting, Party, Status
from practice.people.accounts import User
from programs.plan.models import Program
from programs.plan.models import Status as ProgramStatus
from programs.sessions.models import Attempt
from programs.sessions.rules import is_overdue, own_booking_problem
from programs.sessions.thread import ALIVE, State, Station, Thread, costs

WORDS = {
    State.DONE: _("Took place"),
    State.BOOKED: _("Booked"),
    State.OPEN: _("No time yet"),
    State.FORFEITED: _("Not held, counted"),
    State.RELEASED: _("No longer needed"),
}
TINTS = {State.DONE: "ok", State.BOOKED: "info", State.FORFEITED: "warn"}
CALLED_OFF = {
    Party.CLIENT: _("Cancelled by the client"),
    Party.COUNSELOR: _("Cancelled by the counselor"),
    Party.PRACTICE: _("Cancelled by the practice"),
}


@dataclass
class Try:
    """One meeting in which the session was to be held, and what came of it."""

    attempt: Attempt
    words: str
    may_excuse: bool

    @property
    def meeting(self) -> Meeting:
        return self.attempt.meeting


@dataclass
class Row:
    """A session in a list: its number, how it stands, when it was or will be, and what this person may do."""

    station: Station
    words: str
    tint: str
    tries: list[Try]
    is_next: bool
    may_schedule: bool
    may_edit: bool
    has_begun: bool

    @property
    def number(self) -> int:
        return self.station.number

    @property
    def session(self):
        return self.station.session

    @property
    def meeting(self) -> Meeting | None:
        return self.station.meeting


def came_of(meeting: Meeting, *, excused: bool) -> str:
    """What came of one meeting, in words."""
    if meeting.status == Status.CANCELLED:
        words = str(CALLED_OFF.get(meeting.ended_by, Status.CANCELLED.label))
        words = _("%(cancelled)s, late") % {"cancelled": words} if meeting.is_late else words
    else:
        words = str(Status(meeting.status).label)
    return _("%(what)s, excused") % {"what": words} if excused else words


def row_of(station: Station, thread: Thread, program: Program, *, user: User, now: datetime) -> Row:
    """How a session stands for this person."""
    may_write = program.is_led_by(user)
    is_open = program.status != ProgramStatus.CLOSED
    meeting = station.meeting
    return Row(
        station=station,
        words=WORDS[station.state],
        tint=TINTS.get(station.state, ""),
        tries=[
            Try(
                attempt,
                came_of(attempt.meeting, excused=attempt.excused_at is not None),
                may_write and is_open and station.state == State.FORFEITED and costs(attempt, None),
            )
            for attempt in station.attempts
        ],
        is_next=station is thread.upcoming,
        may_schedule=may_write and program.can_be_scheduled and station.state == State.OPEN,
        may_edit=may_write and is_open and station.state in (State.OPEN, State.BOOKED),
        has_begun=meeting is not None and meeting.status in ALIVE and meeting.starts_at <= now,
    )


def sealed(program: Program, thread: Thread, user: User) -> dict:
    """Nothing beyond what the page opens itself: the sessions of the thread."""
    return {}


sealed_for_client = sealed


def counselor_panel(program: Program, thread: Thread, texts: dict[str, list], *, user: User, now: datetime) -> dict:
    """What templates/programs/sessions/_panel.html shows."""
    may_write = program.is_led_by(user) and program.can_be_scheduled
    return {
        "sessions": {
            "program": program,
            "rows": [row_of(station, thread, program, user=user, now=now) for station in thread.stations],
            "open": thread.count(State.OPEN),
            "may_schedule": may_write and thread.next_open is not None,
            "heads": [member.client for member in program.members.all()] if thread.done else [],
            "is_overdue": is_overdue(program, thread, now),
            "left_over": [each for each in thread.stations if each.left_over],
        }
    }


def client_panel(program: Program, thread: Thread, texts: dict[str, list], *, user: User, now: datetime) -> dict:
    """What templates/programs/sessions/_client.html shows."""
    return {
        "sessions": {
            "program": program,
            "next": thread.next_booked,
            "to_book": None if own_booking_problem(program, thread) else thread.next_open,
            "done": thread.done,
            "total": len(thread),
            "booked": thread.booked,
            "is_open": program.is_signed,
        }
    }
