"""The link to one's own appointment: who gets in, for how long, and what can be done there."""

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import mail, signing
from django.test import Client as Browser
from django.urls import reverse
from icalendar import Calendar

from appointments.entry import COOKIE, SALT
from practice.calendar.actions import announce, approve, cancel_meeting, move_meeting
from practice.calendar.links import ManageToken, new_link
from practice.calendar.meetings import Meeting, Party, Status
from practice.catalog.models import Location, Mode
from practice.formats import moment
from practice.messages.actions import deliver
from practice.messages.models import Message
from practice.people.models import Role
from practice.records.models import AuditEvent
from tests.factories import (
    NOW,
    make_client,
    make_counselor,
    make_hours,
    make_location,
    make_meeting,
    make_room,
    make_service,
    make_user,
)
from tests.meanwhile import busy

pytestmark = pytest.mark.django_db

TUESDAY = datetime(2026, 12, 1, 2, 0, tzinfo=UTC)  # 09.00 in Jakarta
MONDAY_AT_ELEVEN = datetime(2026, 11, 30, 4, 0, tzinfo=UTC)
EN = {"headers": {"Accept-Language": "en"}}


@pytest.fixture(autouse=True)
def clock(practice):
    """Monday 23 November 2026, 08:00 in Jakarta, and running."""
    with time_machine.travel(NOW, tick=True) as traveller:
        yield traveller


@pytest.fixture
def budi():
    """A client without a sign-in."""
    return make_client(name="Budi", email="budi@example.org")


@pytest.fixture
def meeting(consultation, ayu, budi, monday_at_nine):
    """Budi's consultation with Ayu in a week."""
    return make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, clients=[budi])


def link_to(meeting, client=None):
    """A fresh link, as a message would carry it."""
    token, row = new_link(meeting, client, now=NOW)
    row.save()
    return reverse("manage_enter", args=[token])


def enter(browser, meeting, client=None):
    """Follow a fresh link; the browser has the cookie afterwards."""
    return browser.get(link_to(meeting, client)).url


def at(name, meeting):
    return reverse(name, args=[meeting.pk])


def words(response) -> str:
    """What is read on a page: its text, without tags."""
    text = re.sub(r"<(head|style|script).*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    text = re.sub(r"</?(time|span|b|s)\b[^>]*>", "", text)
    text = html.unescape(re.sub(r"<[^>]+>", " ", text))
    return " ".join(text.split())


def move_to(browser, meeting, starts_at, version=None, **options):
    fields = {"start": starts_at.isoformat(), "version": meeting.version if version is None else version}
    return browser.post(at("manage_move", meeting), fields, **options)


def cancel(browser, meeting, **fields):
    return browser.post(at("manage_cancel", meeting), {"version": meeting.version} | fields)


# --- Getting in ----------------------------------------------------------------------------------------------------


def test_a_link_is_swapped_for_a_cookie_of_that_one_page(client, meeting):
    response = client.get(link_to(meeting))

    cookie = response.cookies[COOKIE]
    assert response.status_code == 302
    assert response.url == at("manage", meeting)
    assert cookie["path"] == at("manage", meeting)
    assert cookie["max-age"] == 15 * 60
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    assert response["Cache-Control"] == "no-store, private"


def test_the_page_behind_a_link_is_kept_by_nobody(client, meeting):
    response = client.get(enter(client, meeting))

    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store, private"
    assert response["Referrer-Policy"] == "same-origin"
    assert "noindex" in response["X-Robots-Tag"]


def test_the_secret_stands_nowhere_on_the_page(client, meeting):
    link = link_to(meeting)

    response = client.get(link, follow=True)

    assert link.split("/")[2] not in response.content.decode()


def test_following_a_link_often_or_only_looking_at_it_changes_nothing(client, meeting):
    link = link_to(meeting)

    for _ in range(3):
        assert client.head(link).status_code == 302
        assert client.get(link).status_code == 302
    for name in ("manage", "manage_move", "manage_cancel", "manage_calendar"):
        assert client.get(at(name, meeting)).status_code == 200
        assert client.head(at(name, meeting)).status_code == 200

    stored = Meeting.objects.get()
    assert (stored.status, stored.version, stored.moves_left) == (meeting.status, meeting.version, meeting.moves_left)
    assert ManageToken.objects.count() == 1
    assert Message.objects.count() == 0


def test_unknown_expired_and_replaced_links_look_alike(client, meeting, clock):
    replaced, living = link_to(meeting), link_to(meeting)
    ManageToken.objects.earliest("created_at").delete()
    unknown = reverse("manage_enter", args=["x" * 43])
    clock.move_to(meeting.starts_at + timedelta(minutes=1))

    pages = [client.get(each) for each in (unknown, replaced, living, at("manage", meeting))]

    assert {page.status_code for page in pages} == {404}
    assert len({re.sub(r'name="(csrf|next).*?>', "", words(page)) for page in pages}) == 1


def test_a_cookie_opens_no_other_appointment(client, meeting, consultation, ayu, budi):
    other = make_meeting(starts_at=TUESDAY, counselor=ayu, service=consultation, clients=[budi])
    enter(client, meeting)
    client.cookies[COOKIE]["path"] = "/"

    assert client.get(at("manage", other)).status_code == 404
    assert client.post(at("manage_cancel", other), {"version": 0}).status_code == 404


def test_a_cookie_without_a_living_link_opens_nothing(client, meeting):
    enter(client, meeting)
    ManageToken.objects.all().delete()

    assert client.get(at("manage", meeting)).status_code == 404


@pytest.mark.parametrize(
    "value", ["", "x", "x:y:z", "WyJ4IiwiMDAiXQ:1xVdaS:f-CpGFiF25TICslFDNzN6y79tahA6rzGrsCYA4NUaS0"]
)
def test_a_made_up_cookie_opens_nothing(client, meeting, value):
    client.cookies[COOKIE] = value

    assert client.get(at("manage", meeting)).status_code == 404


def test_a_cookie_signed_for_something_else_opens_nothing(client, meeting):
    enter(client, meeting)
    client.cookies[COOKIE] = signing.dumps(signing.loads(client.cookies[COOKIE].value, salt=SALT), salt="other")

    assert client.get(at("manage", meeting)).status_code == 404


def test_the_cookie_lasts_fifteen_minutes_from_the_last_visit(client, meeting, clock):
    url = enter(client, meeting)
    for _ in range(3):
        clock.shift(timedelta(minutes=14))
        assert client.get(url).status_code == 200
    value = client.cookies[COOKIE].value
    clock.shift(timedelta(minutes=16))
    client.cookies[COOKIE] = value

    assert client.get(url).status_code == 404


def test_without_link_or_sign_in_there_is_nothing_to_see(client, meeting):
    for name in ("manage", "manage_move", "manage_cancel", "manage_calendar"):
        assert client.get(at(name, meeting)).status_code == 404
    assert client.post(at("manage_cancel", meeting), {"version": 0}).status_code == 404
    assert Meeting.objects.get().status == Status.CONFIRMED


def test_a_signed_in_client_reaches_their_own_appointment(client, consultation, ayu, rina, monday_at_nine):
    own = make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, clients=[rina])
    client.force_login(rina.user)

    assert client.get(at("manage", own)).status_code == 200


@pytest.mark.parametrize("role", [Role.CLIENT, Role.MANAGER, Role.FRONT_DESK, Role.COUNSELOR, Role.SUPERVISOR])
def test_nobody_else_acts_as_the_client(client, meeting, role):
    client.force_login(make_user(role))

    assert client.get(at("manage", meeting)).status_code == 404
    assert client.post(at("manage_cancel", meeting), {"version": 0}).status_code == 404


def test_guessing_links_ends_after_twenty(client, settings, meeting):
    settings.LIMITS = True
    answers = [client.get(reverse("manage_enter", args=[f"{n:043}"])) for n in range(20)]

    over = client.get(reverse("manage_enter", args=["y" * 43]), headers={"X-Forwarded-For": "203.0.113.7"})
    right = client.get(link_to(meeting))

    assert {answer.status_code for answer in answers} == {404}
    assert over.status_code == 429
    assert int(over["Retry-After"]) > 0
    assert right.status_code == 302


def test_all_addresses_of_an_ipv6_line_guess_together(client, settings, meeting):
    settings.LIMITS = True
    guess = reverse("manage_enter", args=["y" * 43])
    answers = [client.get(guess, REMOTE_ADDR=f"2001:db8:0:7::{n:x}").status_code for n in range(1, 22)]

    neighbour = client.get(guess, REMOTE_ADDR="2001:db8:0:8::1")

    assert answers == [404] * 20 + [429]
    assert neighbour.status_code == 404


@pytest.mark.parametrize("token", ["a", "m", "%F0%9F%A7%B5", "x" * 900, "..%2F", "'; --"])
def test_odd_links_are_not_found(client, token):
    assert client.get(f"/b/{token}/").status_code == 404


# --- The appointment -----------------------------------------------------------------------------------------------


def test_the_page_says_when_where_and_what_comes_next(client, meeting):
    text = words(client.get(enter(client, meeting), **EN))

    assert "Your appointment is confirmed" in text
    assert "Monday, 30 November 2026, 09:00–10:00 WIB" in text
    assert meeting.reference in text
    assert "We are writing to b…@example.org" in text
    assert "Change or cancel free of charge until Sunday, 29 November 2026, 09:00 WIB." in text
    assert "open the video room" in text


def test_on_a_new_device_times_follow_the_zone_given_when_booking(client, meeting, budi):
    budi.time_zone = "Asia/Makassar"
    budi.save()

    text = words(client.get(enter(client, meeting), **EN))

    assert "10:00–11:00 WITA" in text
    assert "For Ayu Pratiwi that is Monday, 30 November 2026, 09:00–10:00 WIB." in text


def test_a_zone_chosen_in_this_browser_goes_first(client, meeting):
    client.cookies["zone"] = "Europe/Berlin"

    assert "03:00–04:00 (Berlin, UTC+1)" in words(client.get(enter(client, meeting), **EN))


def test_the_calendar_file_is_neutral_and_whole(client, meeting):
    enter(client, meeting)

    response = client.get(at("manage_calendar", meeting), **EN)

    (event,) = Calendar.from_ical(response.content).walk("VEVENT")
    assert response["Content-Type"].startswith("text/calendar")
    assert 'attachment; filename="appointment.ics"' in response["Content-Disposition"]
    assert event["SUMMARY"] == "Appointment"
    assert event.decoded("DTSTART") == meeting.starts_at
    assert not re.search(rb"onseling|ounsel|sikolog|sychol|erapi|herap", response.content)


def test_a_request_is_in_no_calendar_yet(client, consultation, ayu, budi, monday_at_nine):
    asked = make_meeting(
        starts_at=monday_at_nine,
        counselor=ayu,
        service=consultation,
        clients=[budi],
        status=Status.REQUESTED,
        answer_due_at=NOW + timedelta(days=1),
    )
    enter(client, asked)

    assert client.get(at("manage_calendar", asked)).status_code == 404
    assert ayu.video_link not in client.get(at("manage", asked)).content.decode()


def test_the_page_of_a_past_appointment_offers_no_change(client, consultation, ayu, rina):
    past = make_meeting(starts_at=NOW - timedelta(days=3), counselor=ayu, service=consultation, clients=[rina])
    client.force_login(rina.user)

    response = client.get(at("manage", past))

    assert "Janji temu ini sudah selesai" in words(response)
    assert at("manage_cancel", past) not in response.content.decode()


# --- Another time --------------------------------------------------------------------------------------------------


def test_the_present_time_is_marked_among_the_free_ones(client, meeting):
    enter(client, meeting)

    response = client.get(at("manage_move", meeting), {"from": "2026-11-30"}, **EN)

    assert "09:00 your time now" in words(response)
    assert "2026-11-30T02:00Z" not in response.content.decode()
    assert "2026-11-30T02:30Z" in response.content.decode()


def test_moving_shows_old_and_new_before_anything_happens(client, meeting):
    enter(client, meeting)

    response = client.get(at("manage_move", meeting), {"check": "1", "start": "2026-12-01T02:00Z"}, **EN)

    text = words(response)
    assert "Monday, 30 November 2026, 09:00–10:00 WIB" in text
    assert "Tuesday, 1 December 2026, 09:00–10:00 WIB" in text
    assert "Change or cancel free of charge until Monday, 30 November 2026, 09:00 WIB." in text
    assert "After this you can move it 1 more time." in text
    assert Meeting.objects.get().starts_at == meeting.starts_at


def test_a_moved_appointment_keeps_the_person_in_and_older_links_out(client, meeting):
    other_link = link_to(meeting)
    enter(client, meeting)

    response = move_to(client, meeting, TUESDAY, **EN)

    moved = Meeting.objects.get()
    assert response.url == at("manage", meeting)
    assert (moved.starts_at, moved.version, moved.moves_left) == (TUESDAY, 1, 1)
    assert "Your appointment has a new time." in words(client.get(response.url, **EN))
    assert Browser().get(other_link).status_code == 404
    assert Message.objects.get().kind == "meeting.moved"


@pytest.fixture
def in_jakarta(budi, monday_at_nine):
    """Budi meets Ayu in Jakarta on Monday; on Tuesdays she works in Makassar."""
    jakarta = make_location()
    makassar = make_location(name="Ruang Teduh Makassar", address="Jalan Sultan 1", time_zone="Asia/Makassar")
    ayu = make_counselor(hours=False)
    make_hours(ayu, weekday=0, location=jakarta)
    make_hours(ayu, weekday=1, location=makassar, zone="Asia/Makassar")
    rooms = [make_room(makassar), make_room(jakarta)]
    service = make_service(counselors=[ayu], rooms=rooms, modes=[Mode.IN_PERSON])
    return make_meeting(starts_at=monday_at_nine, counselor=ayu, service=service, clients=[budi], room=rooms[1])


def test_a_client_moves_an_appointment_in_person_only_within_its_place(client, in_jakarta):
    enter(client, in_jakarta)

    times = client.get(at("manage_move", in_jakarta), {"from": "2026-11-30"}, **EN)
    shown = client.get(at("manage_move", in_jakarta), {"check": "1", "start": "2026-11-30T04:00Z"}, **EN)
    elsewhere = move_to(client, in_jakarta, TUESDAY, **EN)

    assert "Ayu Pratiwi, M.Psi., Psikolog · In person · Ruang Teduh Cikini" in words(times)
    assert "These are the times at the same place." in words(times)
    assert {day.on.weekday() for day in times.context["week"].days} == {0}
    assert "Ruang Teduh Cikini, Jalan Cikini Raya 12" in words(shown)
    assert elsewhere.status_code == 422
    move_to(client, in_jakarta, MONDAY_AT_ELEVEN, **EN)
    in_jakarta.refresh_from_db()
    assert (in_jakarta.starts_at, in_jakarta.location.name) == (MONDAY_AT_ELEVEN, "Ruang Teduh Cikini")


def test_times_near_one_that_was_taken_are_at_the_same_place(client, in_jakarta):
    ayu, noon = in_jakarta.counselor, 12 * 60
    makassar = Location.objects.get(name="Ruang Teduh Makassar")
    ayu.working_hours.filter(weekday=0).update(until_minute=noon)
    make_hours(ayu, weekday=0, start=noon + 60, location=makassar, zone="Asia/Makassar")
    make_meeting(starts_at=MONDAY_AT_ELEVEN, counselor=ayu, service=in_jakarta.service)
    enter(client, in_jakarta)

    lost = move_to(client, in_jakarta, MONDAY_AT_ELEVEN, **EN)

    assert lost.status_code == 409
    assert [each["value"] for each in lost.context["nearby"]] == ["2026-11-30T02:30Z", "2026-12-07T02:00Z"]


def test_the_desk_moves_an_appointment_to_another_place_too(front_desk, in_jakarta):
    start = TUESDAY + timedelta(hours=1)

    moved = move_meeting(meeting=in_jakarta, starts_at=start, by=front_desk, now=NOW, party=Party.PRACTICE)

    assert moved.location.name == "Ruang Teduh Makassar"


@pytest.mark.parametrize("query", [{"check": "1"}, {"check": "1", "start": "never"}])
def test_no_new_time_is_a_message_above_the_list(client, meeting, query):
    enter(client, meeting)

    response = client.get(at("manage_move", meeting), query, **EN)

    assert response.status_code == 422
    assert "Choose a day and time." in words(response)


def test_a_time_against_the_rules_is_not_moved_to(client, meeting):
    enter(client, meeting)

    response = move_to(client, meeting, TUESDAY + timedelta(hours=12))

    assert response.status_code == 422
    assert Meeting.objects.get().starts_at == meeting.starts_at


def test_a_time_that_was_just_taken_is_answered_with_others(client, meeting, consultation, ayu):
    enter(client, meeting)
    make_meeting(starts_at=TUESDAY, counselor=ayu, service=consultation)

    response = move_to(client, meeting, TUESDAY)

    assert response.status_code == 409
    assert len(response.context["nearby"]) == 3
    assert Meeting.objects.get(pk=meeting.pk).starts_at == meeting.starts_at


def test_a_time_at_which_one_is_with_another_counselor_is_neither_offered_nor_called_taken(client, meeting):
    enter(client, meeting)
    make_meeting(starts_at=TUESDAY, clients=[meeting.participants.get().client])

    shown = client.get(at("manage_move", meeting), {"start": "2026-12-01T02:00Z"}, **EN)
    response = move_to(client, meeting, TUESDAY, **EN)

    assert "2026-12-01T02:00Z" not in shown.content.decode()
    assert "2026-12-01T03:00Z" in shown.content.decode()
    assert response.status_code == 409
    assert "You have an appointment at this time already" in words(response)
    assert TUESDAY not in [time["start"] for time in response.context["nearby"]]


@pytest.mark.django_db(transaction=True)
def test_while_everybody_wants_the_counselor_moving_asks_to_press_again(client, meeting):
    enter(client, meeting)

    with busy(meeting.counselor):
        waiting = move_to(client, meeting, TUESDAY, **EN)
    again = move_to(client, meeting, TUESDAY)

    assert (waiting.status_code, waiting["Retry-After"]) == (503, "2")
    assert "Many people are booking at this moment. Try again." in words(waiting)
    assert again.status_code == 302
    assert Meeting.objects.get().starts_at == TUESDAY


def test_an_appointment_that_changed_meanwhile_is_looked_at_again(client, meeting):
    enter(client, meeting)

    response = move_to(client, meeting, TUESDAY, version=7, **EN)

    assert response.url == at("manage", meeting)
    assert "This appointment has changed meanwhile." in words(client.get(response.url, **EN))
    assert Meeting.objects.get().starts_at == meeting.starts_at


def test_past_the_free_time_moving_is_explained_and_a_person_named(client, meeting, clock):
    clock.move_to(meeting.free_move_until + timedelta(minutes=1))
    enter(client, meeting)

    look = client.get(at("manage_move", meeting), **EN)
    forced = move_to(client, meeting, TUESDAY)

    assert "The free-change time has passed. If something urgent came up, contact us." in words(look)
    assert "021-555-0101" in words(look)
    assert forced.status_code == 422
    assert Meeting.objects.get().starts_at == meeting.starts_at


def test_after_the_last_move_a_person_helps(client, consultation, ayu, budi, monday_at_nine):
    often = make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, clients=[budi])
    Meeting.objects.update(moves_left=0)
    enter(client, often)

    text = words(client.get(at("manage_move", often), **EN))

    assert "You have moved this appointment as often as is possible online." in text
    assert "021-555-0101" in text


def test_what_can_never_be_moved_online_was_not_moved_too_often(client, ayu, budi, monday_at_nine):
    service = make_service(counselors=[ayu], moves_allowed=0)
    fixed = make_meeting(starts_at=monday_at_nine, counselor=ayu, service=service, clients=[budi])
    enter(client, fixed)

    text = words(client.get(at("manage_move", fixed), **EN))

    assert "This appointment cannot be moved online." in text
    assert "as often as" not in text


def test_the_neighbours_in_a_series_limit_its_client_too(client, meeting):
    gap = timedelta(hours=47)
    for days in (-1, 3):
        make_meeting(starts_at=meeting.starts_at + timedelta(days=days), counselor=meeting.counselor)
    Meeting.objects.update(series=meeting.pk, series_gap=gap)
    enter(client, meeting)

    response = client.get(at("manage_move", meeting))

    assert {day.on.isoformat() for day in response.context["week"].days} == {"2026-12-01"}


def test_the_page_of_a_couple_speaks_to_whose_link_it_is(consultation, ayu, budi, monday_at_nine):
    clara = make_client(name="Clara", email="clara@example.org", time_zone="Asia/Jayapura")
    together = make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, clients=[budi, clara])
    pages = {}
    for who in (budi, clara, None):
        browser = Browser()
        pages[who] = words(browser.get(enter(browser, together, who), **EN))

    assert "We are writing to b…@example.org" in pages[budi]
    assert "We are writing to c…@example.org" in pages[clara]
    assert "11:00–12:00 WIT" in pages[clara]
    assert "We are writing to" not in pages[None]
    for text in pages.values():
        assert "budi@" not in text
        assert "clara@" not in text


def test_the_links_of_a_mail_are_those_of_its_reader(consultation, ayu, budi, monday_at_nine):
    clara = make_client(name="Clara", email="clara@example.org")
    make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, clients=[budi, clara])
    announce(Meeting.objects.get(), "meeting.confirmed", now=NOW)

    for message in Message.objects.all():
        deliver(message_id=message.pk, now=NOW)

    assert set(ManageToken.objects.values_list("client__preferred_name", flat=True)) == {"Budi", "Clara"}


# --- Cancelling ----------------------------------------------------------------------------------------------------


def test_cancelling_says_what_it_costs_before_it_happens(client, meeting, clock):
    enter(client, meeting)
    early = words(client.get(at("manage_cancel", meeting), **EN))
    clock.move_to(meeting.free_cancel_until + timedelta(minutes=1))
    enter(client, meeting)
    late = words(client.get(at("manage_cancel", meeting), **EN))

    assert "Cancelling costs you nothing until Sunday, 29 November 2026, 09:00 WIB." in early
    assert "If you cancel now, the session fee of Rp350,000 still applies." in late
    assert "If something urgent came up, contact us. We will help if we can." in late
    assert "Cancel the session" in late


def test_a_cancelled_appointment_frees_its_time_and_offers_others(client, meeting):
    enter(client, meeting)

    response = client.get(cancel(client, meeting, reason="time").url, **EN)

    cancelled = Meeting.objects.get()
    assert (cancelled.status, cancelled.ended_by, cancelled.is_late) == (Status.CANCELLED, Party.CLIENT, False)
    assert "It costs you nothing." in words(response)
    assert len(response.context["again"].starts) == 3
    assert Message.objects.get().kind == "meeting.cancelled"


def test_a_late_cancellation_is_kept_as_late(client, meeting, clock):
    clock.move_to(meeting.free_cancel_until + timedelta(minutes=1))
    enter(client, meeting)

    response = client.get(cancel(client, meeting).url, **EN)

    assert Meeting.objects.get().is_late
    assert "the session fee of Rp350,000 still applies" in words(response)


def test_a_request_that_nobody_confirmed_is_withdrawn_at_no_cost(client, meeting, clock):
    meeting.status, meeting.answer_due_at = Status.REQUESTED, meeting.starts_at
    meeting.save()
    clock.move_to(meeting.free_cancel_until + timedelta(hours=1))
    enter(client, meeting)

    shown = words(client.get(at("manage", meeting), **EN))
    asked = words(client.get(at("manage_cancel", meeting), **EN))
    ended = words(client.get(cancel(client, meeting).url, **EN))
    deliver(message_id=Message.objects.get().pk, now=meeting.free_cancel_until + timedelta(hours=2))

    assert "Until we confirm it, you can withdraw it at no cost. It is soon: once confirmed," in shown
    assert "withdrawing your request costs you nothing." in asked
    assert "Rp" not in asked
    assert "It costs you nothing." in ended
    assert not Meeting.objects.get().is_late
    assert "biaya sesi" not in mail.outbox[0].body
    assert AuditEvent.objects.get(act="meeting.cancelled").facts["late"] is False


@pytest.mark.parametrize(
    ("fields", "hours", "says"),
    [
        ({"moves_left": 0}, -30, "Cancel free of charge until {cancel}. After that the session fee still applies."),
        ({"moves_left": 0}, -20, "This appointment is soon: it can no longer be changed or cancelled free of charge."),
        ({"price": 0}, -30, "Cancelling costs you nothing. Move it to another time until {move}."),
        ({"price": 0}, -20, "Cancelling costs you nothing."),
        ({"price": 0, "moves_left": 0}, -30, "Cancelling costs you nothing."),
        (
            {"free_move": 2},
            -30,
            "Cancel free of charge until {cancel}. After that the session fee still applies."
            " Move it to another time until {move}.",
        ),
        (
            {"free_move": 2},
            -20,
            "This appointment is soon: if you cancel it, the session fee still applies."
            " Move it to another time until {move}.",
        ),
        ({"free_move": 48}, -30, "Cancel free of charge until {cancel}. After that the session fee still applies."),
        (
            {"late_rule": "counts", "free_move": 2},
            -20,
            "This session is soon: if you cancel it, it counts as one of the planned sessions, and its fee applies."
            " Move it to another time until {move}.",
        ),
        (
            {"late_rule": "replaced", "free_move": 2},
            -20,
            "This session is soon: if you cancel it, it is replaced by another session, as agreed."
            " Move it to another time until {move}.",
        ),
    ],
)
def test_the_page_and_the_mail_say_of_changes_what_is_true(client, meeting, budi, clock, fields, hours, says):
    now = meeting.starts_at + timedelta(hours=hours)
    meeting.free_move_until = meeting.starts_at - timedelta(hours=fields.get("free_move", 24))
    for name, value in fields.items():
        setattr(meeting, name, value)
    meeting.save()
    budi.language = "en"
    budi.save()
    clock.move_to(now)
    enter(client, meeting)
    cancel_until, move_until = (
        moment(at, "Asia/Jakarta", "en") for at in (meeting.free_cancel_until, meeting.free_move_until)
    )
    says = says.format(cancel=cancel_until, move=move_until)

    shown = words(client.get(at("manage", meeting), **EN))
    announce(meeting, "meeting.confirmed", now=now)
    deliver(message_id=Message.objects.get().pk, now=now)

    assert says in shown
    assert ("Move it" in shown) == ("Move it" in says)
    mail_says = " ".join(mail.outbox[0].body.split())
    assert (says in mail_says) == (now < meeting.free_cancel_until or "Move it" in says)
    assert "Change or cancel" not in shown + mail_says


def test_a_free_appointment_that_is_cancelled_late_costs_nothing(client, meeting, clock):
    Meeting.objects.update(price=0)
    clock.move_to(meeting.free_cancel_until + timedelta(minutes=1))
    enter(client, meeting)

    asked = words(client.get(at("manage_cancel", meeting), **EN))
    ended = words(client.get(cancel(client, meeting).url, **EN))

    assert "Cancelling costs you nothing. The time then becomes free for others." in asked
    assert "It costs you nothing." in ended
    assert "fee" not in asked + ended


def test_pressing_cancel_twice_is_one_cancellation(client, meeting):
    enter(client, meeting)

    first, second = cancel(client, meeting), cancel(client, meeting)

    assert first.url == second.url == at("manage", meeting)
    assert Message.objects.count() == 1
    assert AuditEvent.objects.filter(act="meeting.cancelled").count() == 1


@pytest.mark.django_db(transaction=True)
def test_while_everybody_wants_the_counselor_cancelling_asks_to_press_again(client, meeting):
    enter(client, meeting)

    with busy(meeting.counselor):
        waiting = cancel(client, meeting, reason="time")
    again = cancel(client, meeting, reason="time")

    assert (waiting.status_code, waiting["Retry-After"]) == (503, "2")
    assert "banyak orang sedang memesan" in words(waiting)
    assert waiting.context["form"]["reason"].value() == "time"
    assert again.status_code == 302
    assert Meeting.objects.get().status == Status.CANCELLED


def test_a_reason_is_one_of_ours_or_none(client, meeting):
    enter(client, meeting)

    forged = cancel(client, meeting, reason="because my husband")

    assert forged.status_code == 422
    assert Meeting.objects.get().status == Status.CONFIRMED
    assert cancel(client, meeting).status_code == 302


@pytest.mark.parametrize("version", ["", "7", "-1", "x", "٠", "9" * 40])
def test_only_the_appointment_that_was_seen_is_cancelled(client, meeting, version):
    enter(client, meeting)

    response = client.post(at("manage_cancel", meeting), {"version": version})

    assert response.url == at("manage", meeting)
    assert Meeting.objects.get().status == Status.CONFIRMED


def test_what_the_practice_cancelled_costs_nothing_and_says_so(client, meeting, manager):
    cancel_meeting(meeting=meeting, by=manager, now=NOW, party=Party.PRACTICE)

    text = words(client.get(enter(client, meeting), **EN))

    assert "The practice cancelled it. It costs you nothing." in text


def test_an_approved_request_becomes_a_confirmed_appointment(client, ayu, budi, manager, monday_at_nine):
    service = make_service(counselors=[ayu], approval="request")
    asked = make_meeting(
        starts_at=monday_at_nine, counselor=ayu, service=service, clients=[budi], status=Status.REQUESTED
    )
    approve(meeting=asked, by=manager, now=NOW)

    assert "Your appointment is confirmed" in words(client.get(enter(client, asked), **EN))


def test_a_form_from_elsewhere_cancels_nothing(meeting):
    strict = Browser(enforce_csrf_checks=True)
    enter(strict, meeting)

    assert cancel(strict, meeting).status_code == 403
    assert Meeting.objects.get().status == Status.CONFIRMED


def test_times_of_another_counselor_are_not_offered_for_a_move(client, meeting, consultation):
    early = make_counselor(name="Early", hours=False)
    consultation.counselors.add(early)
    enter(client, meeting)

    response = client.get(at("manage_move", meeting))

    assert {time.label for day in response.context["week"].days for time in day.times} <= {
        f"{hour:02}.{minute:02}" for hour in range(9, 17) for minute in (0, 30)
    }
