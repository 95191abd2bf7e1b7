"""When and how a session may be held, by whoever may book it; and when its thread lies still."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from practice.catalog.models import Mode, Service
from practice.people.clients import Consent
from programs.plan.models import Program
from programs.sessions.thread import State, Station, Thread

MOST_AHEAD = 2  # coming sessions before it with which a client does not book a further one alone
GAP = 3  # two sessions lie at least this part of the pace apart: a third lets a replaced one fit between weekly ones
OVERDUE = 2  # paces without a session and without a time for the next

NOT_OPEN = {
    State.DONE: gettext_lazy("Session %(number)d has been held already."),
    State.BOOKED: gettext_lazy("Session %(number)d has a time already."),
    State.FORFEITED: gettext_lazy("Session %(number)d counts as used, as agreed. The absence can be excused."),
    State.RELEASED: gettext_lazy("Session %(number)d is no longer needed."),
}


def gap_of(thread: Thread) -> timedelta:
    """How far apart the starts of two sessions lie at least."""
    return timedelta(days=thread.plan.pace_days) / GAP


def times_of(thread: Thread, *, but: Iterable[int] = ()) -> list[datetime]:
    """The starts of all sessions that were held or have a time, ascending, without those numbered `but`."""
    leaving_out = set(but)
    kept = [
        station.meeting.starts_at
        for station in thread.stations
        if station.state in (State.DONE, State.BOOKED) and station.number not in leaving_out
    ]
    return sorted(kept)


def start_before(thread: Thread, number: int) -> datetime | None:
    """When the last of the sessions with smaller numbers is or was held, of those that have a time."""
    return max(times_of(thread, but=range(number, len(thread) + 1)), default=None)


def is_too_near(start: datetime, times: Iterable[datetime], gap: timedelta) -> bool:
    """True if another session lies nearer than the gap, before or after."""
    return any(abs(start - time) < gap for time in times)


def open_station(thread: Thread, number: int) -> Station:
    """The session of this number, to be given a time. Raise ValidationError if it does not exist or needs none."""
    station = thread.station(number)
    if station is None:
        raise ValidationError(_("The plan has no session %(number)d.") % {"number": number}, code="beyond")
    if station.state != State.OPEN:
        raise ValidationError(NOT_OPEN[station.state] % {"number": number}, code=str(station.state))
    return station


def own_booking_problem(program: Program, thread: Thread) -> str:
    """Why a client cannot book a session alone now, in words; "" if they can."""
    if not program.can_be_scheduled:
        return _("Sessions are booked once the program is agreed on, and not while it rests.")
    if thread.next_open is None:
        return _("Every session has its time or is over.")
    number = thread.next_open.number
    ahead = sum(station.state == State.BOOKED and station.number < number for station in thread.stations)
    if ahead >= MOST_AHEAD:
        return _("You have %(count)d sessions ahead. The next one can be booked after them.") % {"count": ahead}
    return ""


def modes_of(program: Program, service: Service | None = None) -> list[str]:
    """How its sessions, or another service for its clients, can be given: by video only if everybody in it consents.

    At most one statement.
    """
    modes = (service or program.service).modes
    if Mode.VIDEO in modes and program.members.without_consent(Consent.Purpose.ONLINE).exists():
        return [mode for mode in modes if mode != Mode.VIDEO]
    return modes


def refuse_mode(program: Program, mode: str, service: Service | None = None) -> None:
    """Raise ValidationError unless its sessions, or another service for its clients, can be given so."""
    if mode not in (service or program.service).modes:
        raise ValidationError(_("Choose how you meet."), code="mode")
    if mode not in modes_of(program, service):
        raise ValidationError(
            _("Not everybody in this program agrees to video calls. Choose another way to meet."), code="video"
        )


def is_overdue(program: Program, thread: Thread, now: datetime) -> bool:
    """True if the next session has no time, and none was held for more than twice the pace."""
    if thread.plan is None or not program.can_be_scheduled or thread.next_open is None or thread.next_booked:
        return False
    last = thread.last_done
    since = last.meeting.starts_at if last else program.agreed_at
    return since is not None and now - since > timedelta(days=OVERDUE * thread.plan.pace_days)
