"""The doors in a real browser: a client comes in by keyboard and without JavaScript, staff look after each other."""

import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from appointments.models import Consultation
from practice.messages.actions import deliver
from practice.messages.models import Message, Status
from practice.people.actions import invite
from practice.people.mails import new_link
from practice.people.models import Role
from tests.factories import make_client, make_counselor, make_location, make_meeting, make_room, make_user

DAY = timedelta(days=1)
ENGLISH = SimpleNamespace(width=1280, theme="light", language="en")


def mailed_code():
    for message in Message.objects.filter(status=Status.QUEUED):
        deliver(message.pk, now=timezone.now())
    return re.search(r"^ +(\d{3} \d{3})$", mail.outbox[-1].body, re.MULTILINE)[1]


def make_week(counselor, client):
    """A past and two coming meetings, the next with a question; return what was asked."""
    now = timezone.now()
    room = make_room(make_location(), name="Ruang Melati")
    make_meeting(starts_at=now - 7 * DAY, counselor=counselor, clients=[client], status="attended")
    make_meeting(starts_at=now + 2 * DAY, counselor=counselor, clients=[client], room=room)
    soon = make_meeting(starts_at=now + DAY / 48, counselor=counselor, clients=[client])
    return Consultation.objects.create(meeting=soon, client=client, question="Perlukah saya pindah?", created_at=now)


def test_a_client_enters_by_keyboard_alone_without_javascript(open_page):
    make_client(name="Budi", email="budi@example.org")
    page = open_page("/", ENGLISH, java_script_enabled=False)

    page.get_by_role("link", name="Sign in").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/sign-in/")
    page.get_by_label("E-mail").focus()
    page.keyboard.type("budi@example.org")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sign-in/code/")
    expect(page.locator("input[name=code]")).to_be_focused()
    page.keyboard.type(mailed_code())
    page.keyboard.press("Enter")

    page.wait_for_url("**/home/")
    expect(page.locator("main")).to_contain_text("Budi", use_inner_text=True)


def test_a_wrong_code_is_said_at_once_and_the_focus_is_on_it(open_page):
    page = open_page(reverse("account_login"), ENGLISH)
    page.get_by_label("E-mail").fill("nobody@example.org")
    page.get_by_role("button", name="Send me a code").click()

    page.get_by_label("Code from the e-mail").fill("123 456")
    page.get_by_role("button", name="Sign in").click()

    expect(page).to_have_title(re.compile("^Error:"))
    expect(page.locator(".wrong-summary")).to_be_focused()


def doors():
    return [
        reverse("account_login"),
        reverse("sign_in_password"),
        reverse("account_reset_password"),
        reverse("account_reset_password_done"),
        reverse("demo"),
    ]


def test_every_page_outside_the_door_can_be_used_by_everyone(open_page, axe, no_overflow, look):
    manager = make_user(Role.MANAGER)
    invitation = invite(
        email="sari@example.org", name="Sari", role=Role.FRONT_DESK, by=manager, now=timezone.now(), mailed=False
    )
    make_user(Role.CLIENT, name="Rina Maharani", email="rina@ruangteduh.example")
    page = open_page("/help/", look)

    for address in [*doors(), new_link(invitation)]:
        page.goto(address)
        axe(page)
        no_overflow(page)
    page.goto(reverse("account_login"))
    page.locator("#id_email").fill("nobody@example.org")
    page.locator("main form button").first.click()
    page.locator("#id_code").fill("wrong")
    page.locator("main form button").first.click()
    axe(page)
    no_overflow(page)


@pytest.mark.parametrize("who", ["client", "counselor", "manager"])
def test_every_first_page_can_be_used_by_everyone(open_page, sign_in, axe, no_overflow, look, who):
    rina = make_client(name="Rina", user=make_user(Role.CLIENT, name="Rina", language=look.language))
    ayu = make_counselor()
    ayu.user.language = look.language
    ayu.user.save()
    asked = make_week(ayu, rina)
    manager = make_user(Role.MANAGER, name="Bagus", language=look.language, password="empat kuda berlari")
    colleague = make_user(Role.FRONT_DESK, Role.SUPERVISOR, name="Dewi")
    invite(email="sari@example.org", name="Sari", role=Role.FRONT_DESK, by=manager, now=timezone.now())
    user, addresses = {
        "client": (rina.user, [reverse("home"), reverse("account")]),
        "counselor": (ayu.user, [reverse("today"), reverse("consultation", args=[asked.pk])]),
        "manager": (
            manager,
            [
                reverse("people"),
                reverse("invite_person"),
                reverse("person", args=[colleague.pk]),
                reverse("person", args=[manager.pk]),
                reverse("account_change_password"),
                reverse("account_reauthenticate"),
            ],
        ),
    }[who]
    page = open_page("/", look)
    sign_in(page, user)

    for address in addresses:
        page.goto(address)
        assert page.url.endswith(address)
        axe(page)
        no_overflow(page)


def test_nothing_overflows_the_narrowest_phone_and_everything_is_large_enough(
    open_page, sign_in, no_overflow, small_targets
):
    rina = make_client(name="Rina", user=make_user(Role.CLIENT, name="Rina"))
    make_week(make_counselor(), rina)
    page = open_page("/", viewport={"width": 320, "height": 700})
    for address in doors():
        page.goto(address)
        no_overflow(page)
        assert small_targets(page, 44) == []
    sign_in(page, rina.user)

    for address in (reverse("home"), reverse("account")):
        page.goto(address)
        assert page.url.endswith(address)
        no_overflow(page)
        assert small_targets(page, 44) == []


def test_a_manager_invites_gives_a_role_and_closes_an_account(open_page, sign_in):
    manager = make_user(Role.MANAGER, language="en")
    colleague = make_user(Role.FRONT_DESK, name="Dewi Anggraini")
    page = open_page("/", java_script_enabled=False)
    sign_in(page, manager)
    page.goto(reverse("people"))

    page.get_by_role("link", name="Invite someone").click()
    page.get_by_label("Name").fill("Sari")
    page.get_by_label("E-mail").fill("sari@example.org")
    page.get_by_label("Front desk").check()
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.locator("main")).to_contain_text("sari@example.org", use_inner_text=True)
    page.get_by_role("link", name="Dewi Anggraini").click()
    page.get_by_label("Data officer").check()
    page.get_by_role("button", name="Give this role").click()
    page.get_by_role("button", name="Close the account").click()

    expect(page.locator("main")).to_contain_text("Account closed", use_inner_text=True)
    colleague.refresh_from_db()
    assert not colleague.is_active


def test_in_the_demo_one_press_makes_one_a_client_or_a_counselor(open_page):
    make_client(name="Rina", user=make_user(Role.CLIENT, name="Rina Maharani", email="rina@ruangteduh.example"))
    make_counselor(user=make_user(Role.COUNSELOR, name="Ayu Pratiwi", email="ayu@ruangteduh.example", language="en"))
    page = open_page(reverse("demo"), ENGLISH)

    page.get_by_role("button", name="Rina").click()
    page.wait_for_url(lambda url: url.endswith(reverse("home")))
    page.goto(reverse("demo"))
    page.get_by_role("button", name="Ayu").click()
    page.wait_for_url(lambda url: url.endswith(reverse("today")))
