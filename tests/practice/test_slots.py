"""Free slots: what is offered, and what is not."""

from datetime import UTC, date, datetime, timedelta
from itertools import compress
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from practice.calendar.models import Status
from practice.calendar.openings import Window, moment_of
from practice.calendar.slots import Openings, Wish, find_openings, nearest, window_of
from practice.catalog.models import Mode
from tests.factories import (
    NOW,
    make_closure,
    make_counselor,
    make_hours,
    make_licence,
    make_location,
    make_meeting,
    make_room,
    make_service,
    make_time_off,
)

JAKARTA = ZoneInfo("Asia/Jakarta")
MONDAY = date(2026, 11, 30)
HOUR = timedelta(hours=1)


def starts(service, counselor, first=MONDAY, last=None, *, mode=Mode.VIDEO, now=NOW, zone=JAKARTA, **wish):
    """Free local starts, as text."""
    window = window_of(first, last or first, zone)
    openings = find_openings(Wish(service, mode, **wish), [counselor], window, now=now)
    return [f"{start.astimezone(zone):%d %H:%M}" for start in openings.starts_of(counselor.pk)]


def test_a_working_day_offers_every_step_that_ends_in_time(consultation, ayu):
    found = starts(consultation, ayu)

    assert found[0] == "30 09:00"
    assert found[-1] == "30 16:00"
    assert len(found) == 15


def test_a_meeting_blocks_its_time_and_its_pause_on_both_sides(consultation, ayu, monday_at_nine):
    make_meeting(starts_at=monday_at_nine + 3 * HOUR, counselor=ayu, service=consultation)  # 12:00, busy till 13:10

    found = starts(consultation, ayu)

    assert "30 10:30" in found  # over at 11:30, pause till 11:40
    assert "30 11:00" not in found  # its own pause would run into 12:00
    assert "30 13:00" not in found
    assert "30 13:30" in found


@pytest.mark.parametrize("status", [Status.REQUESTED, Status.CONFIRMED, Status.ATTENDED, Status.MISSED, Status.HELD])
def test_every_standing_meeting_occupies(consultation, ayu, monday_at_nine, status):
    make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, status=status)

    assert "30 09:00" not in starts(consultation, ayu)


def test_a_cancelled_time_is_free_again(consultation, ayu, monday_at_nine):
    make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, status=Status.CANCELLED)

    assert "30 09:00" in starts(consultation, ayu)


def test_a_hold_that_ran_out_no_longer_occupies(consultation, ayu, monday_at_nine):
    make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, status=Status.HELD)

    assert "30 09:00" in starts(consultation, ayu, now=NOW + timedelta(minutes=11))


def test_time_off_closes_exactly_what_it_covers(consultation, ayu, monday_at_nine):
    make_time_off(ayu, monday_at_nine + HOUR, monday_at_nine + 2 * HOUR)

    found = starts(consultation, ayu)

    assert "30 09:00" in found
    assert "30 09:30" not in found
    assert "30 10:30" not in found
    assert "30 11:00" in found


def test_a_closure_closes_the_local_day(consultation, ayu):
    make_closure(MONDAY)

    assert starts(consultation, ayu) == []
    assert starts(consultation, ayu, MONDAY + timedelta(days=1))


def test_a_closure_of_one_place_leaves_the_other_open(db):
    here, there = make_location(), make_location(name="Makassar")
    ayu = make_counselor(hours=False)
    make_hours(ayu, location=here, start=540, end=720)
    make_hours(ayu, location=there, start=780, end=900)
    service = make_service(counselors=[ayu], rooms=[make_room(here), make_room(there)], modes=["in_person"])
    make_closure(MONDAY, location=here)

    found = starts(service, ayu, mode=Mode.IN_PERSON)

    assert found[0] == "30 13:00"


def test_a_licence_ends_bookings_on_the_day_after_it_expires(consultation, ayu):
    make_licence(ayu, expires_on=MONDAY)

    assert starts(consultation, ayu)
    assert starts(consultation, ayu, MONDAY + timedelta(days=1)) == []


def test_notice_cuts_what_is_too_soon_and_new_clients_wait_longer(ayu):
    service = make_service(counselors=[ayu], notice=120, notice_new_client=24 * 60)
    today = date(2026, 11, 23)  # now is 08:00

    assert starts(service, ayu, today, is_new_client=False)[0] == "23 10:00"
    assert starts(service, ayu, today, today + timedelta(days=1))[0] == "24 09:00"


def test_the_horizon_cuts_what_is_too_far(ayu):
    service = make_service(counselors=[ayu], horizon_days=7)

    assert starts(service, ayu, MONDAY - timedelta(days=3))
    assert starts(service, ayu, MONDAY + timedelta(days=1)) == []


def test_a_full_day_offers_nothing_more(ayu, monday_at_nine):
    service = make_service(counselors=[ayu], per_day_cap=2)
    make_meeting(starts_at=monday_at_nine, counselor=ayu, service=service)
    make_meeting(starts_at=monday_at_nine + 4 * HOUR, counselor=ayu, service=service)

    assert starts(service, ayu) == []
    assert starts(service, ayu, MONDAY + timedelta(days=1))


def test_in_person_needs_a_free_room_at_the_place_of_work(ayu, monday_at_nine):
    place = make_location()
    room = make_room(place)
    sari, ratna = make_counselor(name="Sari", location=place), make_counselor(name="Ratna", location=place)
    service = make_service(counselors=[sari, ratna], rooms=[room], modes=["in_person"])
    make_meeting(starts_at=monday_at_nine, counselor=ratna, service=service, room=room)

    assert "30 09:00" not in starts(service, sari, mode=Mode.IN_PERSON)
    assert "30 09:00" in starts(service, sari, mode=Mode.VIDEO)
    assert starts(make_service(counselors=[ayu], rooms=[room]), ayu, mode=Mode.IN_PERSON) == []


def test_hours_hold_from_and_until_their_dates(db):
    ayu = make_counselor(hours=False)
    make_hours(ayu, valid_from=MONDAY, valid_until=MONDAY + timedelta(days=6))
    service = make_service(counselors=[ayu])

    assert starts(service, ayu, MONDAY - timedelta(days=7)) == []
    assert starts(service, ayu, MONDAY)
    assert starts(service, ayu, MONDAY + timedelta(days=7)) == []


def test_a_day_that_ends_at_midnight_offers_its_last_hour(db):
    ayu = make_counselor(hours=False)
    make_hours(ayu, start=22 * 60, end=24 * 60)

    assert starts(make_service(counselors=[ayu]), ayu)[-1] == "30 23:00"


def test_the_clients_zone_cuts_the_days_not_the_times(consultation, ayu):
    new_york = ZoneInfo("America/New_York")

    found = starts(consultation, ayu, date(2026, 11, 29), zone=new_york)

    assert found[0] == "29 21:00"  # Monday 09:00 in Jakarta
    assert "30 09:00" not in found


def test_nearest_offers_three_different_starts_around_the_lost_one(consultation, ayu, monday_at_nine):
    make_meeting(starts_at=monday_at_nine + 3 * HOUR, counselor=ayu, service=consultation)
    openings = find_openings(Wish(consultation, Mode.VIDEO), [ayu], window_of(MONDAY, MONDAY, JAKARTA), now=NOW)

    found = [start for start, _counselor in nearest(openings, monday_at_nine + 3 * HOUR)]

    assert found == [monday_at_nine + timedelta(minutes=m) for m in (60, 90, 270)]


def test_a_search_takes_two_statements_however_many_counselors(db, monday_at_nine):
    place = make_location()
    rooms = [make_room(place), make_room(place)]
    counts = []
    for many in (1, 6):
        people = [make_counselor(location=place) for _ in range(many)]
        service = make_service(counselors=people, rooms=rooms, modes=["in_person"])
        for person in people:
            make_meeting(starts_at=monday_at_nine, counselor=person, service=service, mode="video")
        with CaptureQueriesContext(connection) as queries:
            find_openings(Wish(service, Mode.IN_PERSON), people, window_of(MONDAY, MONDAY, JAKARTA), now=NOW)
        counts.append(len(queries))

    assert counts == [2, 2]


def test_a_window_is_at_most_62_days(db):
    with pytest.raises(ValidationError):
        window_of(MONDAY, MONDAY + timedelta(days=62), JAKARTA)
    with pytest.raises(ValidationError):
        window_of(MONDAY, MONDAY - timedelta(days=1), JAKARTA)
    assert window_of(MONDAY, MONDAY + timedelta(days=61), JAKARTA).cells == 62 * 288


def test_a_start_off_the_cells_is_no_start():
    window = Window.between(datetime(2026, 11, 30, 2, tzinfo=UTC), datetime(2026, 11, 30, 3, tzinfo=UTC))
    openings = Openings(window, 60)

    assert openings.bit(datetime(2026, 11, 30, 2, 5, tzinfo=UTC)) == 2
    assert openings.bit(datetime(2026, 11, 30, 2, 3, tzinfo=UTC)) == 0
    assert openings.bit(datetime(2026, 11, 30, 2, 5, 1, tzinfo=UTC)) == 0
    assert openings.bit(datetime(2026, 11, 30, 4, tzinfo=UTC)) == 0


@given(st.lists(st.integers(0, (1 << 300) - 1), max_size=6))
def test_by_time_says_the_same_as_each_counselors_own_starts(masks):
    window = Window(29_000_000, 300)
    openings = Openings(window, 60, free={uuid4(): mask for mask in masks})

    found = [
        (moment_of(minute), pk)
        for minute, who in openings.by_time(openings.free)
        for pk in compress(openings.free, who)
    ]

    expected = [(start, pk) for pk in openings.free for start in openings.starts_of(pk)]
    assert found == sorted(expected, key=lambda pair: (pair[0], list(openings.free).index(pair[1])))
