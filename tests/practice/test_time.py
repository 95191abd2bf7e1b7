"""Wall time and instants: rules over many zones and days, checked against plain datetime arithmetic."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from practice.calendar.openings import CELL, Hours, Window, minutes_in, moment_of, open_starts

ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Asia/Jakarta",
]
# Days on and around which clocks change in one of them; Apia left out a whole day, 30 December 2011.
CHANGES = [
    date(2026, 3, 8), date(2026, 3, 29), date(2026, 4, 5), date(2026, 10, 4), date(2026, 10, 25), date(2026, 11, 1),
    date(2027, 3, 28), date(2011, 12, 29), date(2011, 12, 30), date(2011, 12, 31),
]  # fmt: skip
days = st.one_of(
    st.sampled_from(CHANGES).flatmap(lambda d: st.integers(-2, 2).map(lambda n: d + timedelta(days=n))),
    st.dates(date(2010, 1, 1), date(2035, 12, 31)),
)


def every_day(zone, start, end):
    """The same window of wall time on each day of the week."""
    return [Hours(weekday, start, end, zone, None, 1, date.max.toordinal()) for weekday in range(7)]


def offered(zone, first, *, start=0, end=24 * 60, step=30, minutes=60, span=3):
    """Instants offered over `span` local days, by the code under test."""
    window = Window.of_days(first, first + timedelta(days=span - 1), ZoneInfo(zone))
    mask = 0
    for hours in every_day(zone, start, end):
        mask |= open_starts(hours, frozenset(), window, step, minutes)
    return [moment_of(m) for m in minutes_in(mask, window.base)]


def expected(zone, first, *, start, end, step, minutes, span):
    """The same by brute force: go through every instant on a cell and read the wall clock."""
    tz = ZoneInfo(zone)
    found, labels = [], set()
    at = datetime(first.year, first.month, first.day, tzinfo=tz).astimezone(UTC) - timedelta(days=1)
    stop = at + timedelta(days=span + 3)
    while at < stop:
        wall = at.astimezone(tz)
        label = wall.replace(tzinfo=None, fold=0)
        minute = wall.hour * 60 + wall.minute
        if label not in labels:  # the second time round of an hour that comes twice is not offered
            labels.add(label)
            midnight = datetime(wall.year, wall.month, wall.day)
            closing = (midnight + timedelta(minutes=end)).replace(tzinfo=tz).astimezone(UTC)
            inside = first <= wall.date() < first + timedelta(days=span)
            if inside and start <= minute < end and minute % step == 0 and at + timedelta(minutes=minutes) <= closing:
                found.append(at)
        at += timedelta(minutes=CELL)
    return found


@settings(max_examples=150, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    first=days,
    bounds=st.tuples(st.integers(0, 95), st.integers(1, 96)).filter(lambda b: b[0] < b[1]),
    step=st.sampled_from([15, 30, 60]),
    minutes=st.sampled_from([30, 60, 90]),
)
def test_what_is_offered_is_what_a_wall_clock_says(zone, first, bounds, step, minutes):
    shape = {"start": bounds[0] * 15, "end": bounds[1] * 15, "step": step, "minutes": minutes, "span": 3}

    assert offered(zone, first, **shape) == expected(zone, first, **shape)


@settings(max_examples=200, deadline=None)
@given(zone=st.sampled_from(ZONES), first=days)
def test_every_start_survives_the_way_to_utc_and_back_and_has_one_label(zone, first):
    tz = ZoneInfo(zone)

    found = offered(zone, first)

    labels = [start.astimezone(tz).replace(tzinfo=None) for start in found]
    assert len(set(found)) == len(found)
    assert len({label.replace(fold=0) for label in labels}) == len(labels)
    for start, label in zip(found, labels, strict=True):
        assert label.replace(tzinfo=tz, fold=0).astimezone(UTC) == start


def test_no_start_lies_in_a_gap():
    found = offered("Europe/Berlin", date(2027, 3, 28), span=1)

    walls = [f"{start.astimezone(ZoneInfo('Europe/Berlin')):%H:%M}" for start in found]
    assert "01:30" in walls
    assert "02:00" not in walls
    assert "02:30" not in walls
    assert "03:00" in walls


def test_a_day_that_did_not_exist_offers_nothing():
    assert offered("Pacific/Apia", date(2011, 12, 30), span=1) == []
    assert offered("Pacific/Apia", date(2011, 12, 31), span=1)


AFTERNOONS = [(z, d) for z in ZONES for d in CHANGES if (z, d) != ("Pacific/Apia", date(2011, 12, 30))]


@pytest.mark.parametrize(("zone", "day"), AFTERNOONS)
def test_one_to_six_in_the_afternoon_stays_so_when_clocks_change(zone, day):
    found = offered(zone, day, start=13 * 60, end=18 * 60, span=1)

    walls = [f"{start.astimezone(ZoneInfo(zone)):%H:%M}" for start in found]
    assert walls == [f"{m // 60:02}:{m % 60:02}" for m in range(13 * 60, 17 * 60 + 1, 30)]


@settings(max_examples=60, deadline=None)
@given(zone=st.sampled_from(ZONES), weekday=st.integers(0, 6), year=st.integers(2013, 2034))
def test_a_weekly_ten_o_clock_stays_ten_o_clock(zone, weekday, year):
    tz = ZoneInfo(zone)
    window = Window.of_days(date(year, 1, 1), date(year, 12, 31), tz)
    hours = Hours(weekday, 600, 660, zone, None, 1, date.max.toordinal())

    found = [moment_of(m) for m in minutes_in(open_starts(hours, frozenset(), window, 60, 60), window.base)]

    assert len(found) in {52, 53}
    assert {f"{start.astimezone(tz):%H:%M}" for start in found} == {"10:00"}
    assert {start.astimezone(tz).weekday() for start in found} == {weekday}


@settings(max_examples=300, deadline=None)
@given(
    base=st.integers(0, 50),
    cells=st.integers(1, 60),
    span=st.tuples(st.integers(-300, 600), st.integers(1, 200)),
    before=st.sampled_from([0, 5, 10, 7]),
    after=st.sampled_from([30, 60, 70, 63]),
)
def test_a_span_blocks_exactly_the_starts_that_would_touch_it(base, cells, span, before, after):
    window = Window(base * CELL, cells)
    start, stop = span[0], span[0] + span[1]

    mask = window.blocked(([start], [stop]), before=before, after=after)

    for cell in range(cells):
        at = window.base + cell * CELL
        assert bool(mask >> cell & 1) == (at - before < stop and at + after > start)
