"""The front desk in a real browser: every page for everyone, its main acts by keyboard and without JavaScript."""

import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from appointments.models import Consultation
from practice.calendar.models import Meeting, Status
from practice.people.models import Client, Role
from tests.factories import (
    make_client,
    make_counselor,
    make_hours,
    make_location,
    make_meeting,
    make_room,
    make_service,
    make_user,
)

ENGLISH = SimpleNamespace(width=1280, theme="light", language="en")
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def house(transactional_db):
    """A small practice with a meeting of every kind, and its front desk."""
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    place = make_location()
    rooms = [make_room(place, name="Ruang Melati"), make_room(place, name="Ruang Anggrek")]
    ayu, daeng = make_counselor(location=place), make_counselor(name="Daeng Tata", zone="Asia/Makassar", location=place)
    for counselor in (ayu, daeng):
        counselor.working_hours.all().delete()
        for weekday in range(7):
            make_hours(counselor, weekday=weekday, start=0, end=24 * 60, location=place)
    service = make_service(counselors=[ayu, daeng], rooms=rooms, modes=["video", "in_person", "phone"])
    rina, budi, sari = (make_client(name=name, phone="+6281234567890") for name in ("Rina", "Budi", "Sulistyowati"))

    def meet(at, counselor, client, **fields):
        return make_meeting(starts_at=now + at, counselor=counselor, service=service, clients=[client], **fields)

    return SimpleNamespace(
        user=make_user(Role.FRONT_DESK, name="Dewi", language="en"),
        service=service,
        rina=rina,
        budi=budi,
        coming=meet(3 * DAY, ayu, rina, room=rooms[0]),
        begun=meet(-HOUR, ayu, budi),
        over=meet(-3 * HOUR, ayu, sari, status=Status.MISSED, ended_by="client"),
        off=meet(-3 * HOUR, daeng, budi, status=Status.CANCELLED, ended_by="client", is_late=True),
        asked=meet(4 * DAY, daeng, sari, status=Status.REQUESTED, answer_due_at=now + 2 * HOUR),
    )


@pytest.fixture
def at_desk(open_page, sign_in, house):
    """Open a page as the front desk: `at_desk("/desk/", look)`."""

    def opening(address, look=ENGLISH, **options):
        house.user.language = look.language
        house.user.save()
        page = open_page("/", look, **options)
        sign_in(page, house.user)
        page.goto(address)
        return page

    return opening


def to(name, meeting):
    return reverse(name, args=[meeting.pk])


def test_every_page_of_the_desk_can_be_used_by_everyone(at_desk, house, axe, no_overflow, small_targets, look):
    page = at_desk(reverse("desk"), look)
    addresses = [
        reverse("desk"),
        f"{reverse('desk')}?by=counselor&mode=video",
        reverse("desk_requests"),
        to("desk_meeting", house.coming),
        to("desk_meeting", house.asked),
        to("desk_decline", house.asked),
        to("desk_cancel", house.coming),
        to("desk_move", house.coming),
        to("desk_attendance", house.begun),
        reverse("desk_clients"),
        f"{reverse('desk_clients')}?q=sulistiowati",
        f"{reverse('desk_clients')}?q=nobody+at+all",
        to("desk_client", house.rina),
        to("desk_client_edit", house.rina),
        reverse("desk_client_new"),
        f"{reverse('desk_book')}?q=rina",
        f"{reverse('desk_book')}?client={house.rina.pk}",
    ]

    for address in addresses:
        page.goto(address)
        axe(page)
        no_overflow(page)
        assert small_targets(page, 24) == [], address


def test_pages_with_something_wrong_can_be_used_by_everyone(at_desk, house, axe):
    page = at_desk(to("desk_cancel", house.coming))
    page.get_by_role("button", name="Cancel this appointment").click()
    expect(page.locator(".wrong-summary")).to_be_focused()
    axe(page)

    page.goto(to("desk_move", house.coming))
    page.get_by_role("button", name="Move it").click()
    expect(page).to_have_title(re.compile("^Error:"))
    axe(page)


def test_nothing_overflows_the_narrowest_phone(at_desk, house, no_overflow):
    page = at_desk(reverse("desk"), viewport={"width": 320, "height": 600})
    for address in (
        reverse("desk"),
        reverse("desk_requests"),
        to("desk_meeting", house.coming),
        to("desk_move", house.coming),
        f"{reverse('desk_book')}?client={house.rina.pk}",
        reverse("desk_client_new"),
    ):
        page.goto(address)
        no_overflow(page)


def test_a_new_client_is_booked_by_keyboard_without_javascript(at_desk, house):
    page = at_desk(reverse("desk_book"), java_script_enabled=False)

    page.get_by_label("Name, e-mail or phone number").focus()
    page.keyboard.type("Tomo")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Add a client").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk/clients/new/**")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Tomo")
    page.get_by_label("E-mail").first.focus()
    page.keyboard.type("tomo@example.org")
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk/book/**")
    page.locator("input[name=start]").nth(3).focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")

    page.wait_for_url("**/desk/meetings/**")
    tomo = Client.objects.get(preferred_name="Tomo")
    meeting = Meeting.objects.get(participants__client=tomo)
    page.wait_for_url(lambda url: url.endswith(to("desk_meeting", meeting)))
    assert Consultation.objects.filter(meeting=meeting, client=tomo).exists()


def test_a_request_is_answered_and_a_meeting_moved_and_cancelled_without_javascript(at_desk, house):
    page = at_desk(reverse("desk_requests"), java_script_enabled=False)
    page.get_by_role("button", name="Confirm").click()
    expect(page.locator("main")).to_contain_text("No request waits for an answer.", use_inner_text=True)

    page.goto(to("desk_meeting", house.asked))
    page.get_by_role("link", name="Move").click()
    page.locator("label.slot").nth(5).click()
    page.get_by_role("button", name="Move it").click()
    page.wait_for_url("**" + to("desk_meeting", house.asked))
    page.get_by_role("link", name="Cancel the appointment").click()
    page.get_by_label("The counselor", exact=True).check()
    page.get_by_label("The counselor cannot come").check()
    page.get_by_role("button", name="Cancel this appointment").click()

    page.wait_for_url("**" + to("desk_meeting", house.asked))
    house.asked.refresh_from_db()
    assert (house.asked.status, house.asked.ended_by, house.asked.version) == (Status.CANCELLED, "counselor", 3)
    expect(page.locator("main")).to_contain_text("Cancelled by the counselor", use_inner_text=True)


def test_who_came_is_recorded_and_corrected_by_keyboard(at_desk, house):
    day = timezone.localtime(house.begun.starts_at).date()
    page = at_desk(f"{reverse('desk')}?day={day}")
    page.get_by_role("button", name="Did not come Budi").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**#m-{house.begun.pk}")
    house.begun.refresh_from_db()
    assert house.begun.status == Status.MISSED

    page.goto(to("desk_attendance", house.begun))
    page.get_by_label("Did not come").focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")

    page.wait_for_url("**" + to("desk_meeting", house.begun))
    house.begun.refresh_from_db()
    assert house.begun.status == Status.ATTENDED
    assert house.begun.participants.get().attendance == "late"
    expect(page.locator("main")).to_contain_text("Budi: Did not come → Came late", use_inner_text=True)


def test_a_request_is_declined_with_a_reason_by_keyboard_without_javascript(at_desk, house):
    page = at_desk(reverse("desk_requests"), java_script_enabled=False)

    page.get_by_role("link", name="Decline").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("main ul li").nth(2)).to_be_visible()  # three other times are offered
    page.get_by_label("Nobody is free at that time").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Decline this request").focus()
    page.keyboard.press("Enter")

    page.wait_for_url("**/desk/requests/**")
    house.asked.refresh_from_db()
    assert (house.asked.status, house.asked.ended_by) == (Status.CANCELLED, "practice")


def test_somebody_who_is_here_now_is_booked_without_javascript(at_desk, house):
    page = at_desk(f"{reverse('desk_book')}?client={house.rina.pk}&counselor=any", java_script_enabled=False)

    page.locator("[aria-labelledby='walk-in'] label").click()
    page.get_by_role("button", name="Book").click()

    page.wait_for_url("**/desk/meetings/**")
    walk_in = Meeting.objects.exclude(pk__in=[each.pk for each in (house.coming, house.begun, house.over)]).latest(
        "booked_at"
    )
    assert walk_in.participants.get().client == house.rina
    assert abs(walk_in.starts_at - timezone.now()) < HOUR
