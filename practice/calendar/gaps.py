"""The free stretches of a counselor's day: open hours less what fills them, as people read them between meetings."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from practice.calendar.openings import Hours, Window, minute_of, moment_of
from practice.calendar.slots import read_rules
from practice.people.counselors import Counselor
from practice.zones import zone as zone_of

LEAST = 15  # minutes: shorter ones are pauses, and nobody plans with them

Span = tuple[int, int]  # from, until, in minutes since 1970


@dataclass(frozen=True)
class Gap:
    """A stretch of open hours in which nothing is planned."""

    starts_at: datetime
    ends_at: datetime

    @property
    def minutes(self) -> int:
        return int((self.ends_at - self.starts_at).total_seconds()) // 60


def free_gaps(counselor: Counselor, start: datetime, end: datetime, *, taken: Iterable[Span]) -> list[Gap]:
    """The free stretches of their working hours between two instants, closures and time off left out: one statement.

    `taken` is the time that meetings fill, pauses included, in minutes since 1970. Gaps under 15 minutes are left out.
    """
    hours, away, _licences, closures, _rooms, _names = read_rules([counselor.pk], Window.between(start, end), None)
    free = merged(span for row in hours.get(counselor.pk, ()) for span in open_spans(row, closures, start, end))
    for filled in [*taken, *zip(*away.get(counselor.pk, ((), ())), strict=True)]:
        free = [part for span in free for part in without(span, filled)]
    return [Gap(moment_of(low), moment_of(high)) for low, high in free if high - low >= LEAST]


def open_spans(row: Hours, closures: dict, start: datetime, end: datetime) -> Iterable[Span]:
    """Where one weekly window is open between two instants."""
    zone = zone_of(row.time_zone)
    closed = closures.get(None, frozenset()) | closures.get(row.location, frozenset())
    first, last = start.astimezone(zone).date().toordinal(), end.astimezone(zone).date().toordinal()
    for ordinal in range(max(first, row.first_day), min(last, row.last_day) + 1):
        if (ordinal + 6) % 7 != row.weekday or ordinal in closed:
            continue
        day = date.fromordinal(ordinal)
        midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
        low, high = (minute_of(midnight + timedelta(minutes=m)) for m in (row.from_minute, row.until_minute))
        low, high = max(low, minute_of(start)), min(high, minute_of(end))
        if low < high:
            yield low, high


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same time in order, with what touches or overlaps joined."""
    found: list[Span] = []
    for low, high in sorted(spans):
        if found and low <= found[-1][1]:
            found[-1] = (found[-1][0], max(high, found[-1][1]))
        else:
            found.append((low, high))
    return found


def without(span: Span, filled: Span) -> list[Span]:
    """What is left of one span after another is taken out."""
    low, high = span
    parts = [(low, min(high, filled[0])), (max(low, filled[1]), high)]
    return [part for part in parts if part[0] < part[1]] if filled[0] < high and filled[1] > low else [span]
