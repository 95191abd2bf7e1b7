"""The free stretches of a counselor's day."""

from datetime import UTC, date, datetime, timedelta

from practice.calendar.gaps import free_gaps, merged, without
from practice.calendar.openings import midnight, minute_of
from practice.zones import zone
from tests.factories import make_closure, make_counselor, make_hours, make_location, make_time_off

JAKARTA = zone("Asia/Jakarta")
MONDAY = date(2026, 11, 30)
HOUR = timedelta(hours=1)


def gaps(counselor, taken=(), day=MONDAY, where=JAKARTA):
    """From and until of each gap, on the clocks of `where`."""
    start, end = midnight(day, where), midnight(day + timedelta(days=1), where)
    spans = [(minute_of(low), minute_of(high)) for low, high in taken]
    found = free_gaps(counselor, start, end, taken=spans)
    return [f"{each.starts_at.astimezone(where):%H:%M}-{each.ends_at.astimezone(where):%H:%M}" for each in found]


def test_a_day_without_meetings_is_free_while_one_works(ayu):
    assert gaps(ayu) == ["09:00-17:00"]
    assert gaps(ayu, day=date(2026, 11, 29)) == []  # a Sunday


def test_meetings_cut_the_day_and_short_pauses_are_no_gaps(ayu, monday_at_nine):
    taken = [
        (monday_at_nine + HOUR, monday_at_nine + 2 * HOUR),
        (monday_at_nine + 2 * HOUR + timedelta(minutes=10), monday_at_nine + 3 * HOUR),
        (monday_at_nine + 7.5 * HOUR, monday_at_nine + 9 * HOUR),
    ]

    assert gaps(ayu, taken) == ["09:00-10:00", "12:00-16:30"]


def test_time_off_and_closures_are_not_free(ayu, monday_at_nine):
    make_time_off(ayu, monday_at_nine + 3 * HOUR, monday_at_nine + 4 * HOUR)
    assert gaps(ayu) == ["09:00-12:00", "13:00-17:00"]

    make_closure(MONDAY)
    assert gaps(ayu) == []


def test_a_closure_of_another_place_closes_nothing_here(db):
    here, there = make_location(), make_location(name="Bandung")
    counselor = make_counselor(location=here)
    make_closure(MONDAY, location=there)
    assert gaps(counselor) == ["09:00-17:00"]

    make_closure(MONDAY, location=here)
    assert gaps(counselor) == []


def test_hours_that_touch_are_one_stretch_and_old_ones_do_not_count(db):
    counselor = make_counselor(hours=False)
    make_hours(counselor, start=9 * 60, end=12 * 60)
    make_hours(counselor, start=12 * 60, end=15 * 60)
    make_hours(counselor, start=18 * 60, end=20 * 60, valid_until=date(2026, 11, 1))

    assert gaps(counselor) == ["09:00-15:00"]


def test_a_reader_elsewhere_sees_the_hours_on_their_own_clock(ayu):
    assert gaps(ayu, where=zone("Asia/Jayapura")) == ["11:00-19:00"]


def test_hours_until_midnight_end_where_the_clock_turns_back(db):
    counselor = make_counselor(hours=False, zone="Europe/Berlin")
    make_hours(counselor, weekday=6, start=0, end=24 * 60, zone="Europe/Berlin")
    berlin = zone("Europe/Berlin")
    sunday = date(2026, 10, 25)  # 25 hours long

    [gap] = free_gaps(counselor, midnight(sunday, berlin), midnight(sunday + timedelta(days=1), berlin), taken=[])

    assert gap.starts_at == datetime(2026, 10, 24, 22, 0, tzinfo=UTC)
    assert gap.minutes == 25 * 60


def test_spans_are_joined_and_cut():
    assert merged([(5, 9), (0, 5), (20, 30), (22, 25)]) == [(0, 9), (20, 30)]
    assert without((0, 10), (3, 5)) == [(0, 3), (5, 10)]
    assert without((0, 10), (10, 20)) == [(0, 10)]
    assert without((0, 10), (-5, 20)) == []
