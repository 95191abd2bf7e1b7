"""How long a session lasts, what is kept of a form whose session ended, and who is out at once."""

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from practice.people.actions import close_account, end_role
from practice.people.models import Role
from practice.people.sessions import BEGAN, SEEN
from tests.factories import NOW, make_client, make_counselor, make_user

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SAME_SITE = {"sec-fetch-site": "same-origin"}


@pytest.fixture
def clock(practice):
    with time_machine.travel(NOW, tick=False) as traveller:
        yield lambda later: traveller.move_to(NOW + later)


def make_person(role):
    if role == Role.CLIENT:
        return make_client(user=make_user(role)).user
    return make_counselor().user if role == Role.COUNSELOR else make_user(role)


def is_in(client):
    return client.get(reverse("account")).status_code == 200


@pytest.mark.parametrize("role", list(Role))
def test_whoever_does_nothing_is_signed_out(client, clock, role):
    limit = 30 * MINUTE if role == Role.CLIENT else 15 * MINUTE
    client.force_login(make_person(role))
    clock(limit - MINUTE / 60)
    before = is_in(client)

    clock(2 * limit)
    answer = client.get(reverse("account"))

    assert before
    assert answer.headers["Location"] == f"{reverse('account_login')}?next={reverse('account')}"
    assert not client.cookies[settings.SESSION_COOKIE_NAME].value
    clock(2 * limit + MINUTE)
    assert not is_in(client), "coming back does not bring it to life again"


@pytest.mark.parametrize(
    ("role", "limit", "step"), [(Role.MANAGER, 10 * HOUR, 12 * MINUTE), (Role.CLIENT, 24 * HOUR, 25 * MINUTE)]
)
def test_a_session_ends_after_a_day_s_work_however_busy_it_is(client, clock, role, limit, step):
    client.force_login(make_person(role))
    at = timedelta()
    while at + step < limit:
        at += step
        clock(at)
        assert is_in(client), at

    clock(limit)

    assert not is_in(client)


def test_what_a_browser_keeps_does_not_count(client, clock):
    client.force_login(make_person(Role.MANAGER))
    kept = client.cookies[settings.SESSION_COOKIE_NAME].value
    clock(16 * MINUTE)
    client.get(reverse("account"))
    thief = Client()

    thief.cookies[settings.SESSION_COOKIE_NAME] = kept
    clock(1 * MINUTE)

    assert not is_in(thief), "the session is gone from the server"


def test_a_session_without_clocks_is_no_session(client, clock):
    client.force_login(make_person(Role.MANAGER))
    session = client.session
    del session[BEGAN], session[SEEN]
    session.save()

    assert not is_in(client)


def test_that_somebody_is_here_is_noted_once_a_minute(client, clock):
    client.force_login(make_person(Role.MANAGER))
    clock(30 * MINUTE / 60)
    with CaptureQueriesContext(connection) as soon:
        client.get(reverse("account"))
    clock(2 * MINUTE)
    with CaptureQueriesContext(connection) as later:
        client.get(reverse("account"))

    table = client.session.model._meta.db_table
    written = [[query["sql"] for query in each if f'UPDATE "{table}"' in query["sql"]] for each in (soon, later)]
    assert [len(each) for each in written] == [0, 1]


# --- Nothing typed is lost -------------------------------------------------------------------------------------------


def test_what_was_typed_before_the_session_ended_is_kept_and_can_be_sent_again(clock):
    browser = Client(enforce_csrf_checks=True)
    manager = make_user(Role.MANAGER, language="en")
    browser.force_login(manager)
    address = reverse("settings_topic_new")
    token = browser.get(address).context["csrf_token"]
    typed = {"name_id": "Cemas", "name_en": "Fear\nand worry", "csrfmiddlewaretoken": str(token)}
    clock(20 * MINUTE)

    kept = browser.post(address, typed, headers=SAME_SITE)

    page = kept.content.decode()
    assert kept.status_code == 403
    assert 'name="name_id" value="Cemas"' in page
    assert "Fear\nand worry" in page
    assert f'action="{address}"' in page
    assert reverse("account_login") in page

    browser.force_login(manager)  # on another page, while this one stays open
    again = browser.post(address, typed | {"csrfmiddlewaretoken": csrf_of(page)}, headers=SAME_SITE)
    if again.status_code == 403:  # signing in changed the token: the page comes once more, with the new one
        fresh = typed | {"csrfmiddlewaretoken": csrf_of(again.content.decode())}
        again = browser.post(address, fresh, headers=SAME_SITE)
    assert again.status_code in (302, 422)


def csrf_of(page):
    return page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]


def test_what_another_tab_s_sign_out_left_behind_is_kept_too(client, practice):
    answer = client.post(reverse("settings_topic_new"), {"name_id": "Cemas"}, headers=SAME_SITE)

    assert answer.status_code == 403
    assert "Cemas" in answer.content.decode()


def test_a_form_of_another_site_is_led_to_the_sign_in(client, practice):
    answer = client.post(reverse("settings_topic_new"), {"name_id": "Cemas"}, headers={"sec-fetch-site": "cross-site"})

    assert answer.headers["Location"].startswith(reverse("account_login"))


# --- Whoever leaves is out at once -----------------------------------------------------------------------------------


def test_every_open_session_ends_when_an_account_is_closed(clock, manager):
    leaving = make_user(Role.FRONT_DESK)
    browsers = [Client(), Client()]
    for browser in browsers:
        browser.force_login(leaving)
        assert is_in(browser)

    close_account(user=leaving, by=manager, now=NOW)

    assert [is_in(browser) for browser in browsers] == [False, False]


def test_a_role_that_ended_opens_nothing_in_any_open_session(clock, manager):
    leaving = make_user(Role.FRONT_DESK, Role.SUPERVISOR)
    browsers = [Client(), Client()]
    for browser in browsers:
        browser.force_login(leaving)
        assert browser.get(reverse("desk")).status_code == 200

    end_role(user=leaving, role=Role.FRONT_DESK, by=manager, now=NOW)

    assert [browser.get(reverse("desk")).status_code for browser in browsers] == [404, 404]
