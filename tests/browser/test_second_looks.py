"""Pages that come when something has changed meanwhile, or must be said first: read by everyone, on any screen."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from practice.calendar.models import Status
from practice.people.models import Role
from programs.notes.actions import save_note
from programs.notes.formats import Writing
from tests.factories import (
    make_attempt,
    make_client,
    make_counselor,
    make_meeting,
    make_program,
    make_service,
    make_user,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def enter(transactional_db, open_page, sign_in):
    """Open a page as somebody, in the language of the look."""

    def entering(user, address, look):
        user.language = look.language
        user.save()
        page = open_page("/help/", look)
        sign_in(page, user)
        page.goto(address)
        return page

    return entering


def test_a_request_that_cannot_be_confirmed_any_more(enter, look, axe, no_overflow):
    ayu = make_counselor()
    asked = make_meeting(
        starts_at=timezone.now().replace(minute=0, second=0, microsecond=0) + 7 * DAY,
        counselor=ayu,
        service=make_service(counselors=[ayu], approval="request"),
        clients=[make_client()],
        status=Status.REQUESTED,
        answer_due_at=timezone.now() + DAY,
    )
    ayu.working_hours.all().delete()
    page = enter(make_user(Role.FRONT_DESK), reverse("desk_meeting", args=[asked.pk]), look)

    page.locator(f"form[action='{reverse('desk_approve', args=[asked.pk])}'] button").press("Enter")

    page.locator("select[name=outside_hours]").wait_for()
    axe(page)
    no_overflow(page)
    page.locator("select[name=outside_hours]").select_option("counselor_agreed")
    page.locator("main form button.btn").last.press("Enter")
    page.wait_for_url(f"**{reverse('desk_meeting', args=[asked.pk])}")
    asked.refresh_from_db()
    assert asked.status == Status.CONFIRMED


def test_whom_an_appointment_is_for(enter, look, axe, no_overflow):
    service = make_service(counselors=[make_counselor()])
    ratih = make_user(Role.CLIENT, name="Ratih")
    make_client(user=ratih, name="Ratih", birth_year=1985)
    make_client(user=ratih, name="Banyu", is_booked_for=True, birth_year=2014)
    page = enter(ratih, reverse("book_time", args=[service.slug]), look)

    page.locator("input[name=start]").first.check(force=True)
    page.locator("form#slots button.btn:not([name])").last.click()
    page.locator("input[name=whom][value=other]").wait_for()
    axe(page)
    no_overflow(page)
    page.locator("input[name=whom][value=other]").check()
    page.locator("input[name=consent]").check()
    page.locator("main form button.btn").first.click()

    page.locator("input[name=name]").wait_for()
    expect(page.locator("input[name=whom][value=other]")).to_be_checked()
    axe(page)
    no_overflow(page)


def test_what_was_typed_into_a_note_that_a_colleague_has_begun(enter, look, axe, no_overflow):
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    helper = make_counselor(name="Sari")
    program = make_program(sessions=4, goals=1, now=now)
    program.co_counselors.add(helper)
    client = program.members.get().client
    helper.care_relationships.create(client=client, started_at=now, ends_at=now + 30 * DAY, is_kept_open=True)
    make_attempt(program, 1, starts_at=now - 48 * HOUR, status=Status.ATTENDED)
    session = program.sessions.get(number=1)
    page = enter(program.counselor.user, reverse("note", args=[session.pk]), look)
    page.locator("main textarea").first.fill("Kata-kata yang sudah diketik")
    writing = Writing(format="free", parts={}, risk="", no_task=True, no_goals=True)
    save_note(session=session, writing=writing, expected=0, by=helper.user, now=now)

    page.locator("main form button.btn").first.press("Enter")

    page.get_by_text("Kata-kata yang sudah diketik").first.wait_for()
    axe(page)
    no_overflow(page)
