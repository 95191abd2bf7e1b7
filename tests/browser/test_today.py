"""A counselor's day in a real browser: who came, what came of it, and what the client then reads."""

from datetime import timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from appointments.models import Consultation
from practice.calendar.models import Participant, Status
from practice.people.models import Role
from tests.browser.conftest import OFTEN
from tests.factories import make_client, make_counselor, make_meeting, make_service, make_user

PHONE = OFTEN[0]
DESK = SimpleNamespace(width=1280, theme="light", language="en")


@pytest.fixture
def house(transactional_db):
    """A consultation that began within the last hour, and one later in the week."""
    ayu = make_counselor(user=make_user(Role.COUNSELOR, language="en", time_zone="Asia/Jakarta"))
    rina = make_client(name="Rina", user=make_user(Role.CLIENT, name="Rina", language="id"))
    now = timezone.now()
    midnight = now.astimezone(ZoneInfo("Asia/Jakarta")).replace(hour=0, minute=0, second=0, microsecond=0)
    service = make_service(counselors=[ayu])
    begun = make_meeting(
        starts_at=max(now - timedelta(minutes=50), midnight), counselor=ayu, service=service, clients=[rina]
    )
    make_meeting(starts_at=now + timedelta(days=3), counselor=ayu, service=service, clients=[rina])
    consultation = Consultation.objects.create(meeting=begun, client=rina, question="Sulit tidur.", created_at=now)
    return SimpleNamespace(ayu=ayu, rina=rina, begun=begun, consultation=consultation)


def press(page, element):
    """Reach an element by the keyboard and press Enter on it."""
    element.focus()
    page.keyboard.press("Enter")


def test_who_came_and_what_came_of_it_is_written_by_keyboard_and_read_without_javascript(
    open_page, sign_in, house, axe, no_overflow
):
    page = open_page("/help/", DESK)
    sign_in(page, house.ayu.user)
    page.goto(reverse("today"))
    axe(page)

    press(page, page.get_by_role("button", name="Came Rina", exact=True))
    expect(page.get_by_role("link", name="Correct attendance")).to_be_visible()
    assert Participant.objects.get(meeting=house.begun).attendance == Participant.Attendance.ATTENDED
    press(page, page.get_by_role("link", name="Write the outcome"))
    expect(page.get_by_text("Sulit tidur.")).to_be_visible()
    page.get_by_label("Advice for the client").focus()
    page.keyboard.type("Tidur dan bangun pada jam yang sama.")
    axe(page)
    press(page, page.get_by_role("button", name="Save and share with the client"))
    expect(page.get_by_text("The client has been able to read the advice since")).to_be_visible()

    phone = open_page("/help/", PHONE, java_script_enabled=False)
    sign_in(phone, house.rina.user)
    phone.goto(reverse("home"))
    phone.locator(f"a[href='{reverse('advice', args=[house.consultation.pk])}']").first.click()
    expect(phone.get_by_text("Tidur dan bangun pada jam yang sama.")).to_be_visible()
    no_overflow(phone)


def test_a_missed_meeting_is_recorded_without_javascript_on_a_phone(open_page, sign_in, house, no_overflow, axe):
    house.ayu.user.language = "id"
    house.ayu.user.save()
    page = open_page("/help/", PHONE, java_script_enabled=False)
    sign_in(page, house.ayu.user)
    page.goto(reverse("today"))
    no_overflow(page)

    page.get_by_role("button", name="Tidak datang Rina").click()

    expect(page.get_by_role("link", name="Koreksi kehadiran")).to_be_visible()
    house.begun.refresh_from_db()
    assert house.begun.status == Status.MISSED
