"""How much time may be held at once, and for how long: by a browser, and by all browsers of a network."""

import html
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
import time_machine
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client as Browser
from django.utils import timezone

from appointments.actions import Choice, hold
from practice.calendar.meetings import Meeting, Status
from practice.messages.actions import deliver
from practice.messages.models import Message
from tests.appointments.steps import RINA, address, checked, confirm, hold_time, page, words
from tests.factories import NOW, make_counselor, make_service

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
MANY = 8
EN = {"Accept-Language": "en"}
FULL = "Several times are being held over your internet connection. Try again in a few minutes."


@pytest.fixture(autouse=True)
def clock(settings, practice):
    """Monday 23 November 2026, 08:00 in Jakarta, and running; with limits."""
    settings.LIMITS = True
    with time_machine.travel(NOW, tick=True) as traveller:
        yield traveller


@pytest.fixture
def service(db):
    """A service that many may be given at once."""
    return make_service(counselors=[make_counselor(name=f"Counselor {n}") for n in range(MANY)])


def visitor(ip: str) -> Browser:
    return Browser(REMOTE_ADDR=ip, headers=EN)


def fields_of(browser, service) -> dict:
    """Hold a time and return the fields that the details page sends on."""
    response = browser.get(hold_time(browser, service).url)
    return response.context["pick"].fields | {"shown": response.context["shown"]}


def open_holds() -> int:
    return Meeting.objects.filter(status=Status.HELD).count()


# --- How many ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ip", ["203.0.113.7", "2001:db8:0:7::{}"])
def test_a_network_holds_five_times_at_most_however_many_browsers_it_has(service, ip):
    answers = [hold_time(visitor(ip.format(n)), service) for n in range(1, 8)]

    neighbour = hold_time(visitor("203.0.113.8"), service)

    assert [answer.status_code for answer in answers] == [302] * 5 + [422] * 2
    assert FULL in words(answers[5])
    assert neighbour.status_code == 302
    assert open_holds() == 6


def test_where_the_network_is_full_everything_typed_is_kept(service, clock):
    late = visitor("203.0.113.7")
    fields = checked(late, service)
    Meeting.objects.all().delete()
    for _ in range(5):
        hold_time(visitor("203.0.113.7"), service)

    response = late.post(address("book_time", service), fields)

    assert response.status_code == 422
    assert FULL in words(response)
    assert f'value="{RINA["question"]}"' in page(response)


def test_a_full_network_can_still_change_the_times_it_holds(service):
    browsers = [visitor("203.0.113.7") for _ in range(5)]
    for browser in browsers:
        hold_time(browser, service)

    response = hold_time(browsers[0], service, "2026-11-30T06:00Z")

    assert response.status_code == 302
    assert open_holds() == 5


def test_holds_that_ran_out_leave_room(service, clock):
    for _ in range(5):
        hold_time(visitor("203.0.113.7"), service)
    clock.shift(11 * MINUTE)

    assert hold_time(visitor("203.0.113.7"), service).status_code == 302


def test_a_booking_leaves_room_and_no_trace_of_the_network(service, clock):
    browsers = [visitor("203.0.113.7") for _ in range(5)]
    fields = checked(browsers[0], service)
    for browser in browsers[1:]:
        hold_time(browser, service)
    clock.shift(timedelta(seconds=5))
    confirm(browsers[0], service, fields)

    assert hold_time(visitor("203.0.113.7"), service).status_code == 302
    assert Meeting.objects.get(status=Status.CONFIRMED).hold_network == ""
    assert {len(key) for key in Meeting.objects.filter(status=Status.HELD).values_list("hold_network", flat=True)} == {
        64
    }


@pytest.mark.django_db(transaction=True)
def test_a_network_that_asks_for_all_at_once_holds_five(service):
    together = Barrier(MANY)

    def one(number, counselor):
        choice = Choice(service, [counselor], NOW + timedelta(days=7, hours=1), "video")
        try:
            together.wait(timeout=10)
            hold(choice=choice, hold_key=f"browser {number}", network="home", is_new_client=True, now=NOW)
        except ValidationError as error:
            return error.code
        finally:
            connection.close()
        return "held"

    with ThreadPoolExecutor(MANY) as pool:
        outcomes = sorted(pool.map(one, range(MANY), list(service.counselors.all())))

    assert outcomes == ["held"] * 5 + ["holds"] * 3
    assert open_holds() == 5


# --- How long ------------------------------------------------------------------------------------------------------


def test_a_hold_is_extended_ten_times_and_no_more(service, clock):
    browser = visitor("203.0.113.7")
    fields = fields_of(browser, service) | RINA
    kept = []
    for _ in range(11):
        clock.shift(9 * MINUTE + MINUTE / 2)
        kept.append(browser.post(address("book_extend", service), fields).context["is_held"])

    response = browser.post(address("book_extend", service), fields)

    assert kept[:10] == [True] * 10
    assert Meeting.objects.get().hold_expires_at <= NOW + 110 * MINUTE
    assert "This time is no longer held." in words(response)
    assert RINA["question"] in words(response)


def test_a_hold_that_ran_out_is_not_taken_up_again_where_others_hold_five(service, clock):
    browser = visitor("203.0.113.7")
    fields = fields_of(browser, service) | RINA
    clock.shift(11 * MINUTE)
    for _ in range(5):
        hold_time(visitor("203.0.113.7"), service, "2026-11-30T06:00Z")

    response = browser.post(address("book_extend", service), fields)

    assert FULL in words(response)
    assert not response.context["is_held"]
    assert RINA["question"] in words(response)


def test_a_full_network_can_extend_the_holds_it_has(service, clock):
    browser = visitor("203.0.113.7")
    fields = fields_of(browser, service) | RINA
    for _ in range(4):
        hold_time(visitor("203.0.113.7"), service)
    clock.shift(8 * MINUTE)

    response = browser.post(address("book_extend", service), fields)

    assert "until 08:18" in words(response)


def test_a_network_extends_twenty_times_in_twenty_minutes(service):
    browser = visitor("203.0.113.7")
    fields = fields_of(browser, service) | RINA
    answers = [browser.post(address("book_extend", service), fields) for _ in range(21)]

    neighbour = visitor("203.0.113.8").post(address("book_extend", service), fields)

    assert [answer.status_code for answer in answers] == [200] * 20 + [429]
    assert int(answers[20]["Retry-After"]) > 0
    assert RINA["question"] in words(answers[20])
    assert neighbour.status_code == 200


# --- Signing in on the way -----------------------------------------------------------------------------------------


def sign_in(browser, way: str, email: str):
    """Follow the link and enter with the code that was mailed."""
    asked = browser.post(way, {"email": email})
    (message,) = Message.objects.filter(status="queued")
    deliver(message.pk, now=timezone.now())
    code = re.search(r"^ +(\d{3} \d{3})$", mail.outbox[-1].body, re.MULTILINE).group(1)
    return browser.post(asked.url, {"code": code})


def way_to_sign_in(response) -> str:
    return html.unescape(re.search(r'href="(/sign-in/[^"]*)"', page(response)).group(1))


def test_who_signs_in_on_the_way_comes_back_to_the_time_they_hold(service, rina):
    browser = visitor("203.0.113.7")
    details = browser.get(hold_time(browser, service).url)

    entered = sign_in(browser, way_to_sign_in(details), rina.user.email)
    check = browser.get(entered.url)

    assert entered.url == details.wsgi_request.get_full_path()
    assert check.context["is_held"]
    assert check.context["name"] == rina.preferred_name
    assert open_holds() == 1


def test_who_signs_in_among_the_times_comes_back_to_them(service, rina):
    browser = visitor("203.0.113.7")
    times = browser.get(address("book_time", service, part="afternoon"))

    entered = sign_in(browser, way_to_sign_in(times), rina.user.email)

    assert entered.url.startswith(address("book_time", service) + "?")
    assert "part=afternoon" in entered.url


def test_signing_in_takes_no_hold_of_another_browser(service, rina):
    stranger, browser = visitor("203.0.113.7"), visitor("203.0.113.8")
    theirs = hold_time(stranger, service).url

    browser.get(address("book_time", service))
    browser.force_login(rina.user)

    assert browser.get(theirs).url == address("book_time", service)
    assert stranger.get(theirs).status_code == 200
