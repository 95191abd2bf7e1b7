"""Hours, time off and closed days are changed, and what is booked against them is shown, never dropped."""

import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from practice.calendar.forms import ClockField, HoursForm, TimeOffForm
from practice.calendar.models import Closure, Status, TimeOff, WorkingHours
from practice.calendar.schedules import (
    Hours,
    booked_during,
    booked_on_closed_days,
    booked_outside_hours,
    change_time_off,
    coming_holidays,
    set_hours,
    take_time_off,
    with_booked_count,
)
from practice.calendar.weeks import periods, week_in_words
from practice.catalog.models import Location
from practice.people.models import Counselor
from practice.records.models import AuditEvent
from tests.factories import (
    NOW,
    make_client,
    make_closure,
    make_counselor,
    make_hours,
    make_location,
    make_meeting,
    make_room,
    make_service,
    make_time_off,
)

TODAY = date(2026, 11, 23)  # a Monday
DAY = timedelta(days=1)
NINE_TO_FIVE = [Hours(weekday, 9 * 60, 17 * 60) for weekday in range(5)]


@pytest.fixture(autouse=True)
def at_now():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def office(client, manager):
    """The manager's browser, in English."""
    manager.language = "en"
    manager.save()
    client.force_login(manager)
    return client


@pytest.fixture
def free(db):
    """A counselor without hours."""
    return make_counselor(name="Bima", hours=False)


def change_hours(counselor, windows, *, by, first=TODAY, last=None, zone="Asia/Jakarta"):
    dates = {"valid_from": first, "valid_until": last, "time_zone": zone}
    set_hours(counselor=counselor, windows=windows, by=by, now=NOW, **dates)


def hours_on(counselor, day):
    """The windows of a counselor that hold on a day, as (weekday, from, until)."""
    rows = counselor.working_hours.filter(valid_from__lte=day)
    rows = [row for row in rows if row.valid_until is None or row.valid_until >= day]
    return sorted((row.weekday, row.from_minute, row.until_minute) for row in rows)


def submit(browser, counselor, **fields):
    data = {"valid_from": "2026-11-23", "time_zone": "Asia/Jakarta"} | {
        name.replace("_", "-") if name[0] == "d" else name: value for name, value in fields.items()
    }
    data = {name.removeprefix("d"): value for name, value in data.items()}
    url = reverse("settings_hours_change", args=[counselor.slug])
    return browser.post(url, urlencode(data), content_type="application/x-www-form-urlencoded")


# Working hours


def test_new_hours_hold_from_their_day_on_and_the_old_ones_until_then(ayu, manager):
    change_hours(ayu, [Hours(0, 13 * 60, 24 * 60)], by=manager, first=date(2026, 12, 1))

    assert hours_on(ayu, date(2026, 11, 30)) == [(day, 540, 1020) for day in range(5)]
    assert hours_on(ayu, date(2026, 12, 1)) == [(0, 780, 1440)]
    assert AuditEvent.objects.get(act="hours.changed").facts["valid_from"] == "2026-12-01"


def test_hours_for_a_while_give_way_to_the_old_ones_afterwards(ayu, manager):
    change_hours(ayu, [Hours(0, 480, 720)], by=manager, first=date(2027, 2, 8), last=date(2027, 3, 9))

    assert hours_on(ayu, date(2027, 2, 7)) == hours_on(ayu, date(2027, 3, 10)) == [(d, 540, 1020) for d in range(5)]
    assert hours_on(ayu, date(2027, 2, 8)) == hours_on(ayu, date(2027, 3, 9)) == [(0, 480, 720)]


def test_hours_saved_twice_are_there_once(free, manager):
    change_hours(free, NINE_TO_FIVE, by=manager)
    change_hours(free, NINE_TO_FIVE, by=manager)

    assert free.working_hours.count() == 5


def test_no_windows_mean_no_hours_from_that_day_on(ayu, manager):
    change_hours(ayu, [], by=manager)

    assert hours_on(ayu, TODAY) == []
    assert hours_on(ayu, TODAY - DAY) != []


def test_hours_of_another_counselor_are_left_alone(ayu, free, manager):
    change_hours(free, [Hours(6, 0, 1440)], by=manager)

    assert ayu.working_hours.count() == 5


@pytest.mark.parametrize("second", [Hours(0, 719, 800), Hours(0, 540, 720), Hours(0, 600, 660)])
def test_overlapping_windows_are_refused(free, manager, second):
    with pytest.raises(ValidationError):
        change_hours(free, [Hours(0, 540, 720), second], by=manager)

    assert not free.working_hours.exists()


def test_touching_windows_are_fine(free, manager):
    change_hours(free, [Hours(0, 540, 720), Hours(0, 720, 780), Hours(1, 540, 720)], by=manager)

    assert free.working_hours.count() == 3


def test_hours_that_end_before_they_begin_to_hold_are_refused(free, manager):
    with pytest.raises(ValidationError):
        change_hours(free, NINE_TO_FIVE, by=manager, first=TODAY, last=TODAY - DAY)


spans = st.tuples(st.integers(0, 30), st.one_of(st.none(), st.integers(0, 12)))


@pytest.mark.django_db
@settings(max_examples=40, deadline=None)
@given(changes=st.lists(spans, min_size=1, max_size=5))
def test_on_every_day_the_last_change_that_covers_it_holds(changes):
    counselor = make_counselor(hours=False)
    expected = {}
    for number, (start, length) in enumerate(changes):
        first = TODAY + start * DAY
        last = None if length is None else first + length * DAY
        window = Hours(0, 5 * number, 5 * number + 60)
        change_hours(counselor, [window], by=None, first=first, last=last)
        for offset in range(start, 60 if length is None else start + length + 1):
            expected[offset] = [(0, window.from_minute, window.until_minute)]

    found = {offset: hours_on(counselor, TODAY + offset * DAY) for offset in range(60)}
    assert {offset: rows for offset, rows in found.items() if rows} == expected


@pytest.mark.parametrize(
    ("typed", "minute"),
    [("9", 540), ("09.00", 540), ("09:00", 540), ("0900", 540), ("24.00", 1440), ("24:00", 1440), ("0", 0), ("", None)],
)
def test_times_are_read_as_people_write_them(typed, minute):
    assert ClockField().clean(typed) == minute


@pytest.mark.parametrize("typed", ["24.05", "25", "9.60", "9,5", "nine", "09.03", "-1", "٠٩.٠٠", "9.0", "09.00.00"])
def test_what_is_no_time_is_refused(typed):
    with pytest.raises(ValidationError):
        ClockField().clean(typed)


def test_a_week_is_typed_and_saved_and_read_back_in_words(office, free):
    make_location(name="Cikini")
    cikini = Location.objects.get().pk

    response = submit(
        office,
        free,
        d0_0_from="9",
        d0_0_until="12.00",
        d0_0_place=cikini,
        d0_1_from="13:00",
        d0_1_until="24.00",
        d1_0_from="09.00",
        d1_0_until="12.00",
        d1_0_place=cikini,
        d2_0_from="09.00",
        d2_0_until="12.00",
        d2_0_place=cikini,
    )

    assert response.url == reverse("settings_hours_of", args=[free.slug])
    page = office.get(response.url).text
    assert "Monday 09:00–12:00, Cikini; 13:00–24:00, online" in page
    assert "Tuesday–Wednesday 09:00–12:00, Cikini" in page
    assert "Monday 09:00–12:00, Cikini; 13:00–24:00, online" in office.get(reverse("settings_hours")).text


def test_a_wrong_week_keeps_everything_typed_and_says_what_is_wrong(office, free):
    response = submit(
        office,
        free,
        d0_0_from="09.00",
        d0_0_until="12.00",
        d0_1_from="11.00",
        d0_1_until="13.00",
        d1_0_from="17.00",
        d1_0_until="09.00",
        d2_0_from="pagi",
        d2_0_until="12.00",
        d3_0_from="09.00",
        d4_0_until="12.00",
    )

    assert response.status_code == 422
    assert not free.working_hours.exists()
    for words in [
        "Monday: 11:00–13:00 overlaps with 09:00–12:00.",
        "Tuesday: this ends before it begins.",
        "Enter a time such as 09.00.",
        "Thursday: enter when it ends.",
        "Friday: enter when it begins.",
        'value="pagi"',
        'value="17.00"',
    ]:
        assert words in response.text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("valid_from", "2026-11-22"),
        ("valid_from", "2027-02-29"),
        ("valid_from", "0001-01-01"),
        ("valid_from", "9999-12-31"),
        ("valid_until", "2026-11-20"),
        ("time_zone", "EST"),
        ("0-0-place", "999999999999999999999999"),
        ("0-0-from", "9\0"),
    ],
)
def test_hours_with_a_bad_value_are_refused_beside_the_field(office, free, field, value):
    data = {"valid_from": "2026-11-23", "time_zone": "Asia/Jakarta", "0-0-from": "9", "0-0-until": "10"} | {
        field: value
    }
    url = reverse("settings_hours_change", args=[free.slug])
    response = office.post(url, urlencode(data), content_type="application/x-www-form-urlencoded")

    assert response.status_code == 422
    assert field in response.context["form"].errors


def test_today_is_the_counselors_own_today():
    form = HoursForm({"valid_from": "2026-11-23"}, places=Location.objects.none(), today=date(2026, 11, 24))

    assert "valid_from" in form.errors


def test_the_form_begins_with_the_week_that_is_asked_for(office, ayu):
    ayu.working_hours.update(valid_until=date(2026, 12, 31))
    make_hours(ayu, weekday=5, start=480, end=600, valid_from=date(2027, 1, 1))
    url = reverse("settings_hours_change", args=[ayu.slug])

    now, later, odd = office.get(url), office.get(url + "?from=2027-01-01"), office.get(url + "?from=2027-02-31")

    assert 'value="09:00"' in now.text
    assert 'value="2026-12-31"' in now.text
    assert 'value="08:00"' in later.text
    assert 'value="2027-01-01"' in later.text
    assert 'value="09:00"' in odd.text


def test_a_day_with_many_times_shows_them_all_and_room_for_one_more(office, free):
    for hour in range(8, 13):
        make_hours(free, weekday=0, start=hour * 60, end=hour * 60 + 30)

    form = office.get(reverse("settings_hours_change", args=[free.slug])).context["form"]

    monday = next(form.days())
    assert (len(monday["rows"]), len(monday["more"])) == (5, 1)


def test_periods_follow_one_another_without_gaps(free):
    make_hours(free, weekday=0, valid_from=date(2026, 12, 1), valid_until=date(2026, 12, 31))
    make_hours(free, weekday=1, valid_from=date(2027, 2, 1))

    found = periods(free.working_hours.all(), TODAY)

    assert [(p.first, p.last, len(p.windows)) for p in found] == [
        (TODAY, date(2026, 11, 30), 0),
        (date(2026, 12, 1), date(2026, 12, 31), 1),
        (date(2027, 1, 1), date(2027, 1, 31), 0),
        (date(2027, 2, 1), None, 1),
    ]
    assert [(p.first, p.last) for p in periods([], TODAY)] == [(TODAY, None)]


@pytest.mark.parametrize(("language", "monday"), [("id", "09.00–12.00"), ("en", "09:00–12:00")])
def test_a_week_in_words_joins_days_that_are_alike(free, language, monday):
    for weekday in (0, 1, 2, 4):
        make_hours(free, weekday=weekday, start=540, end=720)

    with translation.override(language):
        lines = week_in_words(free.working_hours.order_by("weekday"))

    assert len(lines) == 2
    assert all(monday in line for line in lines)


def test_what_is_booked_outside_new_hours_is_listed_and_stays_booked(office, ayu, rina, monday_at_nine):
    meeting = make_meeting(counselor=ayu, starts_at=monday_at_nine, clients=[rina])

    response = submit(office, ayu, d0_0_from="10", d0_0_until="17")

    page = office.get(response.url).text
    meeting.refresh_from_db()
    assert meeting.status == Status.CONFIRMED
    assert meeting.reference in page
    assert "Rina" in page
    assert "1 booked outside" in office.get(reverse("settings_hours")).text


def test_what_lies_inside_the_hours_is_not_listed(ayu, manager, monday_at_nine):
    make_meeting(counselor=ayu, starts_at=monday_at_nine)
    make_meeting(counselor=ayu, starts_at=monday_at_nine + timedelta(hours=7))

    assert booked_outside_hours([ayu], manager, now=NOW) == []


def test_requested_meetings_are_listed_and_what_is_held_over_or_cancelled_is_not(free, manager, monday_at_nine):
    service = make_service(counselors=[free])
    listed = make_meeting(counselor=free, service=service, starts_at=monday_at_nine, status=Status.REQUESTED)
    for hours, status in ((2, Status.HELD), (4, Status.CANCELLED)):
        make_meeting(counselor=free, service=service, starts_at=monday_at_nine + timedelta(hours=hours), status=status)
    make_meeting(counselor=free, service=service, starts_at=NOW - DAY)

    assert booked_outside_hours([free], manager, now=NOW) == [listed]


def test_a_meeting_in_person_needs_hours_at_its_place(free, manager, monday_at_nine):
    here, there = make_room(make_location(name="Cikini")), make_room(make_location(name="Kemang"))
    service = make_service(counselors=[free])
    make_hours(free, weekday=0, location=here.location)
    make_meeting(counselor=free, service=service, starts_at=monday_at_nine, room=here)
    make_meeting(counselor=free, service=service, starts_at=monday_at_nine + timedelta(hours=4))
    away = make_meeting(counselor=free, service=service, starts_at=monday_at_nine + timedelta(hours=2), room=there)

    assert booked_outside_hours([free], manager, now=NOW) == [away]


def test_hours_are_wall_time_when_looking_for_what_lies_outside(manager):
    berlin = make_counselor(zone="Europe/Berlin", hours=False)
    make_hours(berlin, weekday=0, start=10 * 60, end=11 * 60)
    service = make_service(counselors=[berlin])
    make_meeting(counselor=berlin, service=service, starts_at=datetime(2027, 3, 22, 9, 0, tzinfo=UTC))  # 10:00 CET
    make_meeting(counselor=berlin, service=service, starts_at=datetime(2027, 3, 29, 8, 0, tzinfo=UTC))  # 10:00 CEST
    early = make_meeting(counselor=berlin, service=service, starts_at=datetime(2027, 4, 5, 7, 0, tzinfo=UTC))

    assert booked_outside_hours([berlin], manager, now=NOW) == [early]


# Time off


def away(**fields):
    return {"first_on": "2026-11-30"} | fields


def time_off_form(counselor, data, **kwargs):
    found = Counselor.objects.filter(pk=counselor.pk)
    return TimeOffForm(data | {"counselor": counselor.pk}, counselors=found, writes_reason=False, **kwargs)


@pytest.mark.parametrize(
    ("typed", "start", "end"),
    [
        ({}, datetime(2026, 11, 29, 17, tzinfo=UTC), datetime(2026, 11, 30, 17, tzinfo=UTC)),
        ({"last_on": "2026-12-01"}, datetime(2026, 11, 29, 17, tzinfo=UTC), datetime(2026, 12, 1, 17, tzinfo=UTC)),
        (
            {"first_at": "13.00", "last_at": "15:30"},
            datetime(2026, 11, 30, 6, tzinfo=UTC),
            datetime(2026, 11, 30, 8, 30, tzinfo=UTC),
        ),
        ({"first_at": "13"}, datetime(2026, 11, 30, 6, tzinfo=UTC), datetime(2026, 11, 30, 17, tzinfo=UTC)),
        ({"last_at": "24.00"}, datetime(2026, 11, 29, 17, tzinfo=UTC), datetime(2026, 11, 30, 17, tzinfo=UTC)),
    ],
)
def test_time_off_is_read_in_the_counselors_zone(ayu, typed, start, end):
    form = time_off_form(ayu, away(**typed))

    assert form.is_valid(), form.errors
    assert (form.cleaned_data["starts_at"], form.cleaned_data["ends_at"]) == (start, end)


@pytest.mark.parametrize(
    ("field", "data"),
    [
        ("first_on", away(first_on="2026-02-30")),
        ("last_on", away(last_on="2026-11-29")),
        ("last_at", away(first_at="13", last_at="12")),
        ("last_at", away(first_at="13", last_at="13")),
        ("first_at", away(first_at="siang")),
        ("last_on", away(last_on="2028-11-30")),
        ("counselor", away(counselor="x")),
    ],
)
def test_time_off_with_a_bad_value_is_refused_beside_the_field(ayu, field, data):
    form = TimeOffForm({"counselor": ayu.pk} | data, counselors=Counselor.objects.all(), writes_reason=False)

    assert field in form.errors


def test_a_time_that_the_clocks_skip_is_refused():
    berlin = TimeOff(counselor=Counselor(name="Jana", time_zone="Europe/Berlin"), starts_at=NOW, ends_at=NOW + DAY)
    typed = away(first_on="2027-03-28", first_at="02.30", last_at="09.00")

    form = TimeOffForm(typed, counselors=None, writes_reason=False, time_off=berlin)

    assert "first_at" in form.errors


def test_time_off_is_saved_and_shows_what_is_booked_in_it(office, ayu, rina, monday_at_nine):
    meeting = make_meeting(counselor=ayu, starts_at=monday_at_nine, clients=[rina])
    make_meeting(counselor=ayu, service=meeting.service, starts_at=monday_at_nine + DAY)

    response = office.post(reverse("settings_time_off_new"), away(counselor=ayu.pk))

    page = office.get(response.url).text
    meeting.refresh_from_db()
    assert meeting.status == Status.CONFIRMED
    assert "1 appointment is booked here and stays booked." in page
    assert meeting.reference in page
    assert "1 booked in it" in office.get(reverse("settings_time_off")).text
    assert AuditEvent.objects.filter(act="time_off.made").count() == 1


def test_time_off_is_changed_by_what_the_page_shows(office, ayu):
    found = make_time_off(ayu, datetime(2026, 11, 30, 6, tzinfo=UTC), datetime(2026, 12, 1, 17, tzinfo=UTC))
    page = reverse("settings_time_off_one", args=[found.pk])
    form = office.get(page).context["form"]

    shown = {name: form[name].value() for name in form.fields}
    office.post(page, {name: value for name, value in shown.items() if value is not None} | {"last_on": "2026-12-02"})

    kept = TimeOff.objects.get()
    assert kept.starts_at == found.starts_at
    assert kept.ends_at == found.ends_at + DAY


def test_time_off_that_is_over_or_there_already_is_refused(ayu, manager):
    def take(first, last):
        return take_time_off(counselor=ayu, starts_at=first, ends_at=last, reason="", by=manager, now=NOW)

    kept = take(NOW + DAY, NOW + 3 * DAY)
    for first, last in [(NOW - 2 * DAY, NOW - DAY), (NOW + DAY, NOW + DAY), (NOW + DAY, NOW + 2 * DAY)]:
        with pytest.raises(ValidationError):
            take(first, last)

    longer = change_time_off(
        time_off=kept, starts_at=NOW + DAY, ends_at=NOW + 4 * DAY, reason=None, by=manager, now=NOW
    )
    assert TimeOff.objects.get() == longer


def test_counting_and_listing_what_is_booked_in_time_off_agree(ayu, manager, monday_at_nine):
    service = make_service(counselors=[ayu])
    found = make_time_off(ayu, monday_at_nine, monday_at_nine + timedelta(hours=2))
    inside = make_meeting(counselor=ayu, service=service, starts_at=monday_at_nine + timedelta(hours=1, minutes=30))
    make_meeting(counselor=ayu, service=service, starts_at=monday_at_nine - timedelta(hours=2))
    make_meeting(counselor=make_counselor(), starts_at=monday_at_nine)

    assert list(booked_during(found, manager, now=NOW)) == [inside]
    assert with_booked_count(TimeOff.objects.all()).get().booked_count == 1


def test_the_reason_is_the_counselors_alone(client, office, ayu, manager):
    client.force_login(ayu.user)
    response = client.post(reverse("settings_time_off_new"), away(reason="keluarga"))
    own = client.get(response.url).text
    client.force_login(manager)
    pages = [client.get(url).text for url in (response.url, reverse("settings_time_off"))]
    client.post(response.url, away(last_on="2026-12-01", reason="lain"))

    assert "keluarga" in own
    assert not any("keluarga" in page for page in pages)
    assert TimeOff.objects.get().reason == "keluarga"
    assert not AuditEvent.objects.filter(facts__icontains="keluarga").exists()


def test_a_counselor_cannot_take_time_off_for_another(client, ayu):
    bima = make_counselor(name="Bima")
    client.force_login(ayu.user)

    client.post(reverse("settings_time_off_new"), away(counselor=bima.pk))

    assert TimeOff.objects.get().counselor == ayu


def test_past_time_off_has_its_own_page(office, ayu):
    make_time_off(ayu, NOW - 3 * DAY, NOW - 2 * DAY)
    make_time_off(make_counselor(name="Bima"), NOW + DAY, NOW + 2 * DAY)

    now, past = (
        office.get(reverse("settings_time_off")).text,
        office.get(reverse("settings_time_off") + "?when=past").text,
    )

    assert ("Bima" in now, "Ayu" in now) == (True, False)
    assert ("Bima" in past, "Ayu" in past) == (False, True)


def test_time_off_is_deleted_after_asking(office, ayu):
    found = make_time_off(ayu, NOW + DAY, NOW + 2 * DAY)
    page = reverse("settings_time_off_delete", args=[found.pk])

    assert office.get(page).status_code == 200
    office.post(page)

    assert not TimeOff.objects.exists()


# Closed days


def test_closed_days_are_added_and_show_what_is_booked_on_them(office, ayu, rina, monday_at_nine):
    meeting = make_meeting(counselor=ayu, starts_at=monday_at_nine, clients=[rina])

    response = office.post(reverse("settings_closure_new"), {"name_id": "Rapat tahunan", "starts_on": "2026-11-30"})

    closure = Closure.objects.get()
    assert (closure.starts_on, closure.ends_on) == (date(2026, 11, 30), date(2026, 11, 30))
    assert meeting.reference in office.get(response.url).text
    assert "1 booked in it" in office.get(reverse("settings_closures")).text
    assert "closure.made" in AuditEvent.objects.values_list("act", flat=True)


@pytest.mark.parametrize("ends_on", ["2026-11-29", "2028-01-01", "besok"])
def test_closed_days_with_a_bad_end_are_refused(office, ends_on):
    data = {"name_id": "Libur", "starts_on": "2026-11-30", "ends_on": ends_on}
    response = office.post(reverse("settings_closure_new"), data)

    assert response.status_code == 422
    assert "ends_on" in response.context["form"].errors


def test_closed_days_are_days_of_the_counselors_zone(ayu, manager):
    late = make_counselor(zone="Asia/Jayapura")
    make_meeting(counselor=ayu, starts_at=datetime(2026, 11, 29, 16, 0, tzinfo=UTC))  # Sunday 23:00 WIB
    inside = make_meeting(counselor=late, starts_at=datetime(2026, 11, 29, 15, 0, tzinfo=UTC))  # Monday 00:00 WIT
    closure = make_closure(date(2026, 11, 30))

    assert booked_on_closed_days([closure], manager, now=NOW) == {closure.pk: [inside]}


def test_a_closed_place_concerns_the_meetings_in_person_there(ayu, manager, monday_at_nine):
    room = make_room()
    service = make_service(counselors=[ayu])
    make_meeting(counselor=ayu, service=service, starts_at=monday_at_nine)
    there = make_meeting(counselor=ayu, service=service, starts_at=monday_at_nine + timedelta(hours=2), room=room)
    closure = make_closure(date(2026, 11, 30), location=room.location)

    assert booked_on_closed_days([closure], manager, now=NOW) == {closure.pk: [there]}


def test_indonesian_holidays_are_suggested_in_both_languages(db):
    make_closure(date(2026, 12, 25))

    found = {holiday.day: holiday for holiday in coming_holidays("ID", TODAY, TODAY + timedelta(days=365))}

    christmas, independence = found[date(2026, 12, 25)], found[date(2027, 8, 17)]
    assert (christmas.name_id, christmas.name_en, christmas.is_closed) == ("Hari Raya Natal", "Christmas Day", True)
    assert (independence.name_id, independence.is_closed) == ("Hari Kemerdekaan Republik Indonesia", False)
    assert "Cuti Bersama Hari Raya Natal" in {holiday.name_id for holiday in found.values()}
    assert min(found) >= TODAY
    assert max(found) <= TODAY + timedelta(days=365)


def test_other_countries_have_theirs_and_unknown_ones_none(db):
    german = coming_holidays("DE", TODAY, TODAY + timedelta(days=60))

    assert "Christmas Day" in {holiday.name_en for holiday in german}
    assert coming_holidays("AQ", TODAY, TODAY) == coming_holidays("XX", TODAY, TODAY) == []


def test_chosen_holidays_become_closed_days_and_are_not_offered_twice(office):
    page = reverse("settings_holidays")
    response = office.post(page, {"days": ["2026-12-25", "2027-01-01"]})

    again = office.post(page, {"days": ["2026-12-25"]})

    assert response.url == reverse("settings_closures")
    assert set(Closure.objects.values_list("name_en", flat=True)) == {"Christmas Day", "New Year's Day"}
    assert again.status_code == 422
    assert office.get(page).text.count("Closed already") == 2


def test_choosing_none_or_an_invented_day_is_refused(office):
    page = reverse("settings_holidays")

    assert office.post(page).status_code == 422
    assert office.post(page, {"days": ["2026-12-03"]}).status_code == 422
    assert not Closure.objects.exists()


def test_all_holidays_can_be_ticked_at_once(office):
    page = reverse("settings_holidays")

    assert " checked" not in office.get(page).text
    assert office.get(page + "?all=1").text.count(" checked") > 10
    assert not Closure.objects.exists()


def test_the_holidays_package_stays_out_of_pages_that_do_not_need_it():
    code = "import django, sys; django.setup(); from django.urls import get_resolver; get_resolver().url_patterns; "
    code += "sys.exit('holidays' in sys.modules)"
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "practice.settings"}
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0


def test_hours_are_counted_for_each_counselor(office, ayu, free, monday_at_nine):
    for counselor in (ayu, free):
        make_meeting(counselor=counselor, starts_at=monday_at_nine, clients=[make_client()])

    counselors = {c.name: c.outside_count for c in office.get(reverse("settings_hours")).context["counselors"]}

    assert counselors == {"Ayu Pratiwi": 0, "Bima": 1}
    assert WorkingHours.objects.count() == 5
