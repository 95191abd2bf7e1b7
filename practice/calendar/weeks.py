"""A counselor's week in words, and the stretches of dates in which one week holds."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby

from django.utils.translation import gettext as _

from practice import formats
from practice.calendar.hours import Weekday, WorkingHours

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Period:
    """Dates, both included, in which the same windows hold; `last` is None where no end is known."""

    first: date
    last: date | None
    windows: tuple[WorkingHours, ...]

    @property
    def lines(self):
        return week_in_words(self.windows)


def periods(windows: Iterable[WorkingHours], on: date) -> list[Period]:
    """The periods from that day on, in order, without gaps; periods without any window are among them.

    The last one has no end. Without any window at all there is one, empty.
    """
    windows = [w for w in windows if w.valid_until is None or w.valid_until >= on]
    cuts = {on} | {w.valid_from for w in windows if w.valid_from > on}
    cuts |= {w.valid_until + ONE_DAY for w in windows if w.valid_until}
    cuts = sorted(cuts)
    ends = [cut - ONE_DAY for cut in cuts[1:]] + [None]
    return [Period(first, last, holding(windows, first)) for first, last in zip(cuts, ends, strict=True)]


def holding(windows: Iterable[WorkingHours], on: date) -> tuple[WorkingHours, ...]:
    """The windows that are valid on that day, by weekday and time."""
    valid = (w for w in windows if w.valid_from <= on and (w.valid_until is None or on <= w.valid_until))
    return tuple(sorted(valid, key=lambda w: (w.weekday, w.from_minute)))


def week_in_words(windows: Iterable[WorkingHours]) -> list[str]:
    """One line for each run of weekdays with the same hours: "Senin–Jumat 09.00–12.00 dan 13.00–17.00, daring"."""
    days = [(day, _day_in_words(list(rows))) for day, rows in groupby(windows, key=lambda w: w.weekday)]
    lines = []
    while days:
        run = [days[0][0]]
        text = days[0][1]
        while len(run) < len(days) and days[len(run)] == (run[-1] + 1, text):
            run.append(run[-1] + 1)
        first, last = Weekday(run[0]).label, Weekday(run[-1]).label
        lines.append(f"{first} {text}" if len(run) == 1 else f"{first}–{last} {text}")
        days = days[len(run) :]
    return lines


def _day_in_words(windows):
    """The hours of one day, each run at the same place followed by that place."""
    parts = []
    for place, rows in groupby(windows, key=lambda w: w.location):
        times = [f"{wall_time(w.from_minute)}–{wall_time(w.until_minute)}" for w in rows]
        parts.append(f"{_listed(times)}, {place or _('online')}")
    return "; ".join(parts)


def _listed(texts):
    if len(texts) == 1:
        return texts[0]
    return _("%(first)s and %(last)s") % {"first": ", ".join(texts[:-1]), "last": texts[-1]}


def wall_time(minute: int) -> str:
    """Minutes from midnight as a clock shows them: "09.00"; the end of the day is "24.00"."""
    text = formats.clock(datetime(2000, 1, 1, tzinfo=UTC) + timedelta(minutes=minute), UTC)
    return f"24{text[2:]}" if minute == 24 * 60 else text
