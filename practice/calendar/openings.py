"""Working hours as bits: which 5-minute cells of a window are starts that the rules allow.

A window is a run of cells counted from `base`, in minutes since 1970 UTC. Bit k of a mask stands for the start at
`base + 5·k`. Integers instead of datetime objects make four weeks of fifty counselors a matter of milliseconds. Only
here is local time turned into instants, and every start must survive local → UTC → local.
"""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from practice.zones import zone as zone_of

CELL = 5
DAY = 24 * 60


class Window(NamedTuple):
    """A run of `cells` 5-minute cells from `base` (minutes since 1970 UTC, on a cell)."""

    base: int
    cells: int

    @classmethod
    def between(cls, start: datetime, end: datetime) -> "Window":
        base = int(start.timestamp()) // 60 // CELL * CELL
        return cls(base, max(0, -((base - -(-int(end.timestamp()) // 60)) // CELL)))

    @classmethod
    def of_days(cls, first: date, last: date, zone: ZoneInfo) -> "Window":
        """The local days `first` to `last`, both included."""
        return cls.between(midnight(first, zone), midnight(last + timedelta(days=1), zone))

    @property
    def everything(self) -> int:
        return (1 << self.cells) - 1

    @property
    def end(self) -> int:
        return self.base + self.cells * CELL

    def starts(self, *, lowest: int | None = None, below: int | None = None) -> int:
        """All cells whose start lies in lowest ≤ start < below, both in minutes since 1970."""
        first = 0 if lowest is None else max(0, -((self.base - lowest) // CELL))
        stop = self.cells if below is None else min(self.cells, max(0, -((self.base - below) // CELL)))
        return ((1 << stop) - 1) >> first << first if stop > first else 0

    def blocked(self, spans, *, before: int, after: int) -> int:
        """Starts that would run into any of the spans (from, until; in minutes since 1970).

        A start s takes the time from s − before to s + after; half-open, so touching is allowed.
        """
        mask = 0
        for start, stop in zip(*spans, strict=True):
            low = max((start - after - self.base) // CELL + 1, 0)  # the first start that ends past the span's start
            high = min(-((self.base - before - stop) // CELL), self.cells)  # the first that begins past its end
            if high > low:
                mask |= ((1 << (high - low)) - 1) << low
        return mask


def minute_of(moment: datetime) -> int:
    """Minutes since 1970 UTC, rounded down."""
    return int(moment.timestamp()) // 60


def moment_of(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, tz=UTC)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a local day, also where the clock jumps over midnight."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def instant_of(day: date, minute: int, zone: ZoneInfo) -> int | None:
    """The wall time `minute` past local midnight, in minutes since 1970; None if clocks skip it. The first of two."""
    wall = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(minutes=minute)  # wall arithmetic
    instant = wall.astimezone(UTC)
    back = instant.astimezone(zone)
    if back.replace(tzinfo=None) != wall.replace(tzinfo=None):
        return None
    return minute_of(instant)


@lru_cache(maxsize=20_000)
def plain_day(zone_name: str, ordinal: int) -> int | None:
    """The instant of local midnight on a day in which the clock does not change, else None."""
    zone = zone_of(zone_name)
    day = date.fromordinal(ordinal)
    start = datetime(day.year, day.month, day.day, tzinfo=zone)
    end = start + timedelta(days=1)
    offset = start.utcoffset()
    if offset != end.utcoffset() or offset != (end - timedelta(minutes=1)).utcoffset() or offset.seconds % (CELL * 60):
        return None
    return minute_of(start)


@lru_cache(maxsize=2_000)
def grid(from_minute: int, until_minute: int, step: int, minutes: int) -> int:
    """Starts within one plain day's window, as cells from local midnight: on the step, and over by the end."""
    mask = 0
    for minute in range(-(-from_minute // step) * step, until_minute - minutes + 1, step):
        mask |= 1 << (minute // CELL)
    return mask


def changing_day_starts(day: date, hours: "Hours", step: int, minutes: int) -> list[int]:
    """Starts on a day whose clock changes: each wall time by itself, gaps left out, no instant under two labels."""
    zone = zone_of(hours.time_zone)
    stop = instant_of(day, hours.until_minute, zone)
    if stop is None:  # the window's end is skipped: it ends where the gap begins
        stop = minute_of(datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(minutes=hours.until_minute))
    starts = []
    for minute in range(-(-hours.from_minute // step) * step, hours.until_minute, step):
        start = instant_of(day, minute, zone)
        if start is not None and start % CELL == 0 and start + minutes <= stop:
            starts.append(start)
    return starts


class Hours(NamedTuple):
    """One weekly window, as `WorkingHours` keeps it. Days are ordinals; `closed` are the days it does not hold."""

    weekday: int
    from_minute: int
    until_minute: int
    time_zone: str
    location: int | None
    first_day: int
    last_day: int


@lru_cache(maxsize=4_000)
def open_starts(hours: Hours, closed: frozenset[int], window: Window, step: int, minutes: int) -> int:
    """The starts that one weekly window offers inside `window`."""
    zone = zone_of(hours.time_zone)
    first = moment_of(window.base).astimezone(zone).date().toordinal()
    last = moment_of(window.end).astimezone(zone).date().toordinal()
    shape = grid(hours.from_minute, hours.until_minute, step, minutes)
    mask = 0
    for ordinal in range(max(first - 1, hours.first_day), min(last, hours.last_day) + 1):
        if (ordinal + 6) % 7 != hours.weekday or ordinal in closed:
            continue
        start = plain_day(hours.time_zone, ordinal)
        if start is None:
            for instant in changing_day_starts(date.fromordinal(ordinal), hours, step, minutes):
                cell = (instant - window.base) // CELL
                mask |= 1 << cell if cell >= 0 else 0
        else:
            shift = (start - window.base) // CELL
            mask |= shape << shift if shift >= 0 else shape >> -shift
    return mask & window.everything


def minutes_in(mask: int, base: int) -> list[int]:
    """The starts of a mask, ascending, in minutes since 1970."""
    bits = bin(mask)[:1:-1]
    found, at = [], bits.find("1")
    while at >= 0:
        found.append(base + at * CELL)
        at = bits.find("1", at + 1)
    return found
