"""Check, then book: what is said before, what is saved, and what is refused."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from appointments.models import Consultation
from practice.calendar.meetings import Meeting, Status
from practice.catalog.models import Approval, Kind, Location, Mode, Service
from practice.database.patience import PATIENCE, Connection
from practice.messages.models import Message
from practice.people.clients import Client, Consent
from practice.people.counselors import Counselor
from practice.records.actions import read
from tests.appointments.steps import RINA, address, checked, confirm, held, hold_time, page, words
from tests.factories import (
    NOW,
    make_counselor,
    make_location,
    make_meeting,
    make_room,
    make_service,
)
from tests.meanwhile import busy

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    """Monday 23 November 2026, 08:00 in Jakarta, and running."""
    with time_machine.travel(NOW, tick=True) as traveller:
        yield traveller


@pytest.fixture(autouse=True)
def limits_off(settings, practice):
    """Tests book faster than people; those about the limits switch them on."""
    settings.LIMITS = False


@pytest.fixture
def door(ayu):
    """The way into a program: Ayu's initial consultation."""
    return make_service(
        counselors=[ayu], kind=Kind.INITIAL, name_id="Konsultasi awal", name_en="Initial consultation", price=400_000
    )


# --- Screen 4: check, then book ------------------------------------------------------------------------------------


def test_the_check_says_exactly_what_is_booked(client, consultation):
    fields = held(client, consultation)

    text = words(client.post(address("book_check", consultation), fields | RINA, headers={"Accept-Language": "en"}))

    assert "Consultation: one meeting" in text
    assert "Monday, 30 November 2026, 09:00–10:00 WIB" in text
    assert "Rp350,000" in text
    assert "Change or cancel free of charge until Sunday, 29 November 2026, 09:00 WIB." in text
    assert "After that the session fee still applies." in text
    assert "rina.w@example.org" in text
    assert "Book this session" in text


def test_the_check_of_a_program_says_that_it_is_the_meeting_before(client, door):
    fields = held(client, door)

    text = words(client.post(address("book_check", door), fields | RINA, headers={"Accept-Language": "en"}))

    assert "Initial consultation: one meeting" in text
    assert "Your counselor then proposes a plan: method, number of sessions, goals, cost. You decide." in text


def test_both_clocks_are_shown_where_they_differ(client):
    andi = make_counselor(name="Andi", zone="Asia/Makassar")
    service = make_service(counselors=[andi])

    response = client.get(hold_time(client, service).url, headers={"Accept-Language": "en"})

    assert "09:00–10:00 WIB" in words(response)
    assert "For Andi that is Monday, 30 November 2026, 10:00–11:00 WITA." in words(response)


def test_a_soon_appointment_says_that_it_cannot_be_changed_for_free(client, consultation):
    fields = held(client, consultation, "2026-11-23T06:00Z")

    text = words(client.post(address("book_check", consultation), fields | RINA, headers={"Accept-Language": "en"}))

    assert "This appointment is soon: it can no longer be changed or cancelled free of charge." in text


def test_a_booking_saves_everything_that_belongs_to_it(client, consultation, ayu):
    fields = checked(client, consultation, discreet="no", phone="0812 3456 7890")

    response = confirm(client, consultation, fields)

    meeting, person = Meeting.objects.get(), Client.objects.get()
    consent = Consent.objects.get()
    assert response.url.startswith("/b/")
    assert (meeting.status, meeting.counselor, meeting.price) == (Status.CONFIRMED, ayu, 350_000)
    assert (person.preferred_name, person.email, person.phone) == ("Rina Wulandari", RINA["email"], "+6281234567890")
    assert (person.language, person.time_zone, person.is_discreet) == ("id", "Asia/Jakarta", False)
    assert person.email_proven_at is None
    assert (consent.purpose, consent.version, consent.language) == ("booking", 1, "id")
    assert abs(consent.given_at - NOW) < timedelta(minutes=1)
    assert Message.objects.get().kind == "meeting.confirmed"


def test_the_question_reaches_the_counselor_and_nobody_else(client, consultation, ayu):
    confirm(client, consultation, checked(client, consultation))

    (consultation_read,) = read(Consultation.objects.visible_to(ayu.user), by=ayu.user, reason="preparation")

    assert consultation_read.question == RINA["question"]


def test_nothing_typed_is_kept_in_a_session_or_an_address(client, consultation):
    fields = held(client, consultation)
    check = client.post(address("book_check", consultation), fields | RINA)

    response = confirm(client, consultation, checked(client, consultation, fields))

    assert "session" not in client.cookies
    assert "Rina" not in response.url
    assert check["Cache-Control"] == "no-store, private"


def test_choosing_nothing_means_discreet(client, consultation):
    confirm(client, consultation, checked(client, consultation))

    assert Client.objects.get().is_discreet


def test_the_same_button_twice_is_one_booking(client, consultation):
    fields = checked(client, consultation)

    first, second = confirm(client, consultation, fields), confirm(client, consultation, fields)

    assert first.url == second.url
    assert Meeting.objects.count() == 1
    assert Message.objects.count() == 1


def test_the_same_key_for_something_else_is_asked_about(client, consultation):
    fields = checked(client, consultation)
    confirm(client, consultation, fields)

    response = confirm(client, consultation, fields | {"name": "Somebody Else"})

    assert response.status_code == 422
    assert response.context["key"] != fields["key"]
    assert Meeting.objects.count() == 1


def test_a_key_of_another_browser_repeats_nothing(client, consultation):
    fields = checked(client, consultation)
    first = confirm(client, consultation, fields)

    response = confirm(Browser(), consultation, fields)

    assert response.status_code == 409
    assert first.url not in page(response)


def test_a_time_lost_at_the_last_press_keeps_everything_typed(client, consultation, ayu, clock, monday_at_nine):
    fields = checked(client, consultation)
    Meeting.objects.all().delete()
    make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation)

    lost = confirm(client, consultation, fields)
    other = lost.context["nearby"][0]["value"]
    again = hold_time(client, consultation, other, **dict(lost.context["kept"]))

    assert lost.status_code == 409
    assert dict(lost.context["kept"])["question"] == RINA["question"]
    assert "appointments/check.html" in [template.name for template in again.templates]
    assert RINA["question"] in words(again)


def test_the_time_can_be_changed_from_the_check_without_typing_again(client, consultation):
    fields = checked(client, consultation)

    times = client.post(address("book_time", consultation), fields | {"go": "counselor=any&from=2026-12-07"})
    check = hold_time(client, consultation, "2026-12-07T02:00Z", **dict(times.context["kept"]))

    assert RINA["question"] in page(times)
    assert 'name="go"' in page(times)
    assert check.context["pick"].starts_at == datetime(2026, 12, 7, 2, 0, tzinfo=UTC)
    assert Meeting.objects.get() == check.context["pick"].held  # the time held before is given back
    assert RINA["email"] in words(check)


def test_other_answers_can_be_changed_from_the_check(client, consultation):
    response = client.post(address("book_details", consultation), checked(client, consultation))

    assert f'value="{RINA["email"]}"' in page(response)
    assert "Kesalahan" not in words(response)


def test_forged_fields_change_nothing(client, consultation, ayu):
    fields = checked(client, consultation)
    forged = {
        "price": "0",
        "status": "attended",
        "moves_left": "99",
        "client": "1",
        "is_discreet": "",
        "created_at": "x",
    }

    confirm(client, consultation, fields | forged)

    meeting = Meeting.objects.get()
    assert (meeting.price, meeting.status, meeting.moves_left) == (350_000, Status.CONFIRMED, 2)


@pytest.mark.parametrize("forged", [{"with": "nobody"}, {"mode": "telepathy"}, {"start": "never"}])
def test_a_forged_time_is_chosen_again_with_everything_kept(client, consultation, forged):
    fields = checked(client, consultation)

    response = confirm(client, consultation, fields | forged)

    assert response.status_code == 422
    assert RINA["question"] in page(response)
    assert not Meeting.objects.filter(status=Status.CONFIRMED).exists()


def test_a_counselor_who_does_not_give_the_service_cannot_be_booked(client, consultation):
    other = make_counselor(name="Budi")

    response = confirm(client, consultation, checked(client, consultation) | {"with": other.slug})

    assert response.status_code == 422
    assert not Meeting.objects.filter(counselor=other).exists()


def test_a_service_by_request_says_so_and_waits_for_an_answer(client, ayu):
    service = make_service(counselors=[ayu], approval=Approval.REQUEST)
    fields = checked(client, service)

    response = client.get(confirm(client, service, fields).url, follow=True, headers={"Accept-Language": "en"})

    assert Meeting.objects.get().status == Status.REQUESTED
    assert "We have your request" in words(response)
    assert "We hold this time for you and answer by Tuesday, 24 November 2026, 08:00 WIB." in words(response)


def test_a_request_for_a_time_soon_says_that_it_costs_nothing_until_it_is_confirmed(client, ayu):
    service = make_service(counselors=[ayu], approval=Approval.REQUEST)
    fields = held(client, service, "2026-11-23T03:00Z") | RINA

    text = words(client.post(address("book_check", service), fields, headers={"Accept-Language": "en"}))

    assert "Until we confirm it, you can withdraw it at no cost. It is soon: once confirmed," in text
    assert "once it is booked" not in text


def test_in_person_names_the_place(client):
    place = make_location()
    ayu = make_counselor(location=place)
    service = make_service(counselors=[ayu], rooms=[make_room(place)], modes=[Mode.IN_PERSON])
    fields = checked(client, service, held(client, service, mode="in_person"))

    response = client.get(confirm(client, service, fields).url, follow=True, headers={"Accept-Language": "en"})

    assert "come to Ruang Teduh Cikini, Jalan Cikini Raya 12." in words(response)


@pytest.fixture
def two_cities():
    """Ayu works in Cikini, Daeng in Makassar, where the day begins an hour earlier; one service for both."""
    cikini = make_location()
    makassar = make_location(name="Ruang Teduh Makassar", address="Jalan Sultan 1", time_zone="Asia/Makassar")
    ayu = make_counselor(location=cikini)
    daeng = make_counselor(name="Daeng", zone="Asia/Makassar", location=makassar)
    rooms = [make_room(cikini), make_room(makassar)]
    return make_service(counselors=[ayu, daeng], rooms=rooms, modes=[Mode.VIDEO, Mode.IN_PERSON])


def times(browser, service, **query):
    query = {"mode": "in_person", "from": "2026-11-30"} | query
    return browser.get(address("book_time", service, **query), headers={"Accept-Language": "en"})


def offered(response) -> dict:
    """The places to choose from, each with True for the one whose times are shown."""
    return {place["label"]: place["is_current"] for place in response.context["places"]}


def first_time(response) -> str:
    return response.context["week"].days[0].times[0].value


def test_in_person_the_times_are_those_of_one_place_and_the_others_are_a_choice(client, two_cities):
    first = times(client, two_cities)
    cikini = Location.objects.get(name="Ruang Teduh Cikini")
    there = times(client, two_cities, place=cikini.pk)
    of_ayu = times(client, two_cities, counselor=Counselor.objects.get(name="Ayu Pratiwi").slug)

    assert offered(first) == {"Ruang Teduh Cikini": False, "Ruang Teduh Makassar": True}
    assert first_time(first) == "2026-11-30T01:00Z"
    assert "Place Ruang Teduh Cikini Ruang Teduh Makassar" in words(first)
    assert offered(there) == {"Ruang Teduh Cikini": True, "Ruang Teduh Makassar": False}
    assert first_time(there) == "2026-11-30T02:00Z"
    assert f"place={cikini.pk}" in there.context["later"]
    assert f'<input type="hidden" name="place" value="{cikini.pk}">' in page(there)
    assert offered(of_ayu) == {"Ruang Teduh Cikini": True}
    assert "You meet at Ruang Teduh Cikini." in words(of_ayu)
    assert offered(times(client, two_cities, mode="video")) == {}


@pytest.mark.parametrize("place", ["", "0", "99999999", "999999999999999", "x", "²", "-1"])
def test_a_place_that_is_none_counts_as_not_asked(client, two_cities, place):
    answer = times(client, two_cities, place=place)

    assert offered(answer) == {"Ruang Teduh Cikini": False, "Ruang Teduh Makassar": True}


def test_the_choice_of_a_place_takes_no_statement_more(client, two_cities):
    with CaptureQueriesContext(connection) as by_video:
        times(client, two_cities, mode="video")
    with CaptureQueriesContext(connection) as in_person:
        times(client, two_cities)

    assert len(in_person) == len(by_video)


def test_the_place_that_was_chosen_is_booked_and_stands_on_every_page(client, two_cities):
    cikini = Location.objects.get(name="Ruang Teduh Cikini")
    held_at = hold_time(client, two_cities, mode="in_person", place=cikini.pk)

    details = client.get(held_at.url)
    fields = checked(client, two_cities, details.context["pick"].fields | {"shown": details.context["shown"]})
    Meeting.objects.all().delete()
    without_hold = client.post(address("book_check", two_cities), fields)
    confirm(client, two_cities, fields)

    assert "Ruang Teduh Cikini, Jalan Cikini Raya 12" in words(details)
    assert "Ruang Teduh Cikini, Jalan Cikini Raya 12" in words(without_hold)
    assert Meeting.objects.get().location == cikini


def test_a_place_that_is_full_is_not_swapped_for_another(client, two_cities):
    cikini = Location.objects.get(name="Ruang Teduh Cikini")
    held_at = hold_time(client, two_cities, mode="in_person", place=cikini.pk)
    details = client.get(held_at.url)
    fields = checked(client, two_cities, details.context["pick"].fields | {"shown": details.context["shown"]})
    Meeting.objects.all().delete()
    make_meeting(starts_at=datetime(2026, 11, 30, 2, tzinfo=UTC), service=two_cities, room=cikini.rooms.get())

    lost = confirm(client, two_cities, fields)

    assert lost.status_code == 409
    assert f'name="place" value="{cikini.pk}"' in page(lost)
    assert {each["counselor"].name for each in lost.context["nearby"]} == {"Ayu Pratiwi"}


def test_in_person_without_a_place_a_time_is_chosen_again(client, two_cities):
    fields = held(client, two_cities, mode="in_person") | {"hold": "", "place": ""}

    answer = client.post(address("book_check", two_cities), fields | RINA)

    assert answer.status_code == 422
    assert RINA["question"] in page(answer)


def test_an_unproven_address_has_three_coming_appointments_at_most(client, consultation):
    for hour in range(2, 8, 2):
        confirm(
            client, consultation, checked(client, consultation, held(client, consultation, f"2026-11-30T0{hour}:00Z"))
        )
    fields = checked(
        client, consultation, held(client, consultation, "2026-12-01T02:00Z"), email="RINA.W+x@example.org"
    )

    response = confirm(client, consultation, fields)

    assert response.status_code == 422
    assert RINA["question"] in words(response)
    assert Meeting.objects.filter(status=Status.CONFIRMED).count() == 3


# --- Robots and hurry ----------------------------------------------------------------------------------------------


def test_a_form_that_comes_back_at_once_is_asked_for_a_second_press(client, consultation, settings, clock):
    settings.LIMITS = True
    fields = checked(client, consultation)

    fast = confirm(client, consultation, fields)
    clock.shift(timedelta(seconds=5))
    calm = confirm(client, consultation, fields | {"key": fast.context["key"]})

    assert fast.status_code == 422
    assert RINA["question"] in words(fast)
    assert calm.status_code == 302


@pytest.mark.parametrize("shown", ["", "forged", "x" * 500])
def test_a_form_without_the_moment_it_was_shown_is_not_believed(client, consultation, settings, clock, shown):
    settings.LIMITS = True
    fields = checked(client, consultation) | {"shown": shown}
    clock.shift(timedelta(seconds=5))

    response = confirm(client, consultation, fields)

    assert response.status_code == 422
    assert not Meeting.objects.filter(status=Status.CONFIRMED).exists()


def test_the_trap_for_robots_books_nothing(client, consultation):
    response = confirm(client, consultation, checked(client, consultation) | {"website": "https://spam.example"})

    assert response.status_code == 422
    assert not Meeting.objects.filter(status=Status.CONFIRMED).exists()


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({"price": 900_000}, "Rp900,000"),
        ({"free_cancel": 48 * 60}, "Cancel free of charge until Saturday, 28 November 2026, 09:00 WIB."),
        ({"approval": Approval.REQUEST}, "Send this request"),
    ],
)
def test_what_the_practice_changed_after_the_check_is_shown_before_it_is_booked(client, consultation, change, shown):
    fields = checked(client, consultation)
    Service.objects.update(**change)

    response = client.post(address("book_confirm", consultation), fields, headers={"Accept-Language": "en"})
    booked_meanwhile = Meeting.objects.exclude(status=Status.HELD).count()
    again = fields | {"key": response.context["key"], "seen": response.context["terms"]}
    booked = confirm(client, consultation, again)

    assert response.status_code == 422
    assert booked_meanwhile == 0
    assert "Something changed since you pressed the button." in words(response)
    assert shown in words(response)
    assert RINA["question"] in words(response)
    assert booked.status_code == 302
    assert Meeting.objects.get().price == change.get("price", 350_000)


def test_a_repeated_press_after_a_change_of_price_is_the_booking_that_was_made(client, consultation):
    fields = checked(client, consultation)
    first = confirm(client, consultation, fields)
    Service.objects.update(price=900_000)

    again = confirm(client, consultation, fields)

    assert again.url == first.url
    assert Meeting.objects.get().price == 350_000


def test_the_eleventh_booking_of_an_address_has_to_wait_and_loses_nothing(client, consultation, settings, clock):
    settings.LIMITS = True
    fields = checked(client, consultation)
    clock.shift(timedelta(seconds=5))
    for _ in range(10):
        confirm(client, consultation, fields | {"start": "2026-11-30T02:10Z"})

    response = confirm(client, consultation, fields)
    forged = client.post(address("book_confirm", consultation), fields, headers={"X-Forwarded-For": "203.0.113.9"})

    assert response.status_code == 429
    assert int(response["Retry-After"]) <= 20 * 60
    assert RINA["question"] in words(response)
    assert forged.status_code == 429


def test_choosing_times_leaves_the_bookings_of_an_address_alone(client, consultation, settings, clock):
    settings.LIMITS = True
    chosen = [hold_time(client, consultation).status_code for _ in range(20)]
    fields = checked(client, consultation)
    clock.shift(timedelta(seconds=5))

    response = confirm(client, consultation, fields)

    assert chosen == [302] * 20
    assert response.status_code == 302
    assert Meeting.objects.get().status == Status.CONFIRMED


@pytest.mark.parametrize(("name", "most"), [("book_time", 60), ("book_confirm", 10)])
def test_all_addresses_of_an_ipv6_line_are_one(client, consultation, settings, clock, name, most):
    settings.LIMITS = True
    fields = checked(client, consultation)
    clock.shift(timedelta(seconds=5))
    url = address(name, consultation)
    answers = [client.post(url, fields, REMOTE_ADDR=f"2001:db8:0:7::{n:x}").status_code for n in range(1, most + 2)]

    neighbour = client.post(url, fields, REMOTE_ADDR="2001:db8:0:8::1")

    assert 429 not in answers[:most]
    assert answers[most] == 429
    assert neighbour.status_code != 429


@pytest.mark.django_db(transaction=True)
def test_when_everybody_wants_the_same_counselor_the_form_asks_to_press_again(client, consultation, ayu, monkeypatch):
    monkeypatch.setattr(Connection, "patience", PATIENCE)  # as in a web process
    fields = checked(client, consultation)

    with busy(ayu):
        waiting = confirm(client, consultation, fields)
    again = confirm(client, consultation, fields)

    assert waiting.status_code == 503
    assert waiting["Retry-After"]
    assert waiting.context["key"] == fields["key"]
    assert RINA["question"] in words(waiting)
    assert again.status_code == 302


def test_looking_is_never_limited(client, consultation, settings):
    settings.LIMITS = True

    assert {client.get(address("book_time", consultation)).status_code for _ in range(30)} == {200}


# --- Clients with a sign-in ----------------------------------------------------------------------------------------


def test_a_signed_in_client_goes_from_the_time_to_the_check(client, consultation, rina):
    client.force_login(rina.user)

    response = client.get(hold_time(client, consultation).url)

    assert "appointments/check.html" in [template.name for template in response.templates]
    assert rina.email in words(response)
    assert 'name="consent"' in page(response)


def test_a_signed_in_clients_booking_joins_their_record(client, consultation, rina):
    client.force_login(rina.user)
    shown = client.get(hold_time(client, consultation).url)
    fields = shown.context["pick"].fields | {"whom": "self", "key": shown.context["key"], "at": "check"}

    without = confirm(client, consultation, fields)
    response = confirm(client, consultation, fields | {"consent": "on"})

    assert without.status_code == 422
    assert "appointments/check.html" in [template.name for template in without.templates]
    assert response.status_code == 302
    assert Client.objects.get() == rina
    assert Consent.objects.get().client == rina


def test_a_signed_in_client_cannot_book_for_another_by_forging_fields(client, consultation, rina):
    client.force_login(rina.user)
    fields = held(client, consultation) | RINA | {"email": "victim@example.org", "name": "Victim"}

    confirm(client, consultation, fields)

    assert Client.objects.get().email == rina.email


def test_a_stranger_with_a_known_address_gets_a_record_of_their_own(client, consultation, rina):
    confirm(client, consultation, checked(client, consultation, email=rina.email))

    assert Client.objects.filter(email=rina.email).count() == 2
