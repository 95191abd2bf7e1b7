"""A practice sets itself up in a real browser, from nothing to a service that can be booked."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from practice.calendar.models import WorkingHours
from practice.catalog.models import Service
from practice.pages.models import HelpContact
from practice.people.models import Invitation, Practice, Role, Topic
from tests.factories import (
    make_client,
    make_closure,
    make_counselor,
    make_hours,
    make_licence,
    make_location,
    make_meeting,
    make_room,
    make_service,
    make_time_off,
    make_user,
)


@pytest.fixture
def settings_page(open_page, sign_in):
    """Open the settings as a manager who reads English."""

    def opening(address="/settings/", *looks, language="en", **options):
        page = open_page("/", *looks, **options)
        sign_in(page, make_user(Role.MANAGER, language=language))
        page.goto(address)
        return page

    return opening


def save(page):
    page.get_by_role("button", name="Save").click()


def test_a_manager_sets_up_an_empty_practice_until_it_can_be_booked(settings_page):
    page = settings_page(java_script_enabled=False)
    Practice.objects.all().delete()
    page.reload()

    page.get_by_role("link", name="Name your practice and how to reach it").click()
    page.get_by_label("Name", exact=True).fill("Ruang Teduh")
    page.get_by_label("E-mail").fill("halo@ruangteduh.example")
    save(page)

    page.get_by_role("link", name="Add a counselor, and invite them").click()
    page.get_by_label("Name", exact=True).fill("Ayu Pratiwi")
    page.get_by_label("E-mail for the invitation").fill("ayu@ruangteduh.example")
    page.get_by_label("Video room").fill("https://meet.example/ayu")
    save(page)
    expect(page.get_by_text("Invited as ayu@ruangteduh.example")).to_be_visible()
    page.get_by_role("link", name="Counselors").click()
    page.get_by_role("link", name="Settings").last.click()

    page.get_by_role("link", name="Places").click()
    page.get_by_role("link", name="Add a place").click()
    page.get_by_label("Name", exact=True).fill("Cikini")
    page.get_by_label("Address").fill("Jalan Cikini Raya 12")
    save(page)
    page.get_by_role("link", name="Settings").last.click()
    page.get_by_role("link", name="Rooms").click()
    page.get_by_role("link", name="Add a room").click()
    page.get_by_label("Name", exact=True).fill("Melati")
    save(page)
    page.get_by_role("link", name="Settings").last.click()

    page.get_by_role("link", name="Enter their working hours").click()
    page.get_by_role("link", name="Ayu Pratiwi").click()
    page.get_by_role("link", name="Enter hours").click()
    for day in ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday"):
        group = page.get_by_role("group", name=day)
        group.get_by_label("from").first.fill("9")
        group.get_by_label("until").first.fill("17.00")
        group.get_by_label("place").first.select_option("Cikini")
    save(page)
    expect(page.get_by_text("Monday–Friday 09:00–17:00, Cikini")).to_be_visible()
    page.goto("/settings/")

    page.get_by_role("link", name="Add a service that can be booked").click()
    page.get_by_label("Name in Indonesian").fill("Konsultasi")
    page.get_by_label("In person").check()
    page.get_by_label("Melati").check()
    page.get_by_label("Ayu Pratiwi").check()
    page.get_by_label("Price in rupiah").fill("350.000")
    save(page)
    expect(page.get_by_text("Can be booked online")).to_be_visible()
    page.get_by_role("link", name="Settings").last.click()

    page.get_by_role("link", name="Take over the public holidays").click()
    page.get_by_role("link", name="Tick all").click()
    page.get_by_role("button", name="Close on these days").click()
    page.get_by_role("link", name="Settings").last.click()

    page.get_by_role("link", name="Add help contacts, and call each once").click()
    page.get_by_role("link", name="Add a contact").click()
    page.get_by_label("In danger now").check()
    page.get_by_label("Name in Indonesian").fill("IGD contoh")
    page.get_by_label("Phone").fill("021 555 0199")
    save(page)
    page.get_by_role("link", name="Settings").last.click()

    expect(page.get_by_text("First steps")).to_have_count(0)
    assert Invitation.objects.get().email == "ayu@ruangteduh.example"
    first = timezone.localdate() + timedelta(days=2)
    window = f"from={first}&to={first + timedelta(days=13)}&tz=Asia/Jakarta"
    slots = page.request.get(f"/api/v1/slots?service=konsultasi&counselor=any&{window}").json()["slots"]
    assert slots
    assert {slot["counselor"] for slot in slots} == {"ayu-pratiwi"}


def focused(page):
    """The words by which the focused element is known, and what it is."""
    return page.evaluate(
        """() => {
            const place = document.activeElement;
            const label = (place.labels || [])[0];
            return [(label ? label.innerText : place.innerText || "").trim(), place.tagName];
        }"""
    )


def tab_to(page, words, most=120):
    """Press Tab until what these words name has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        text, tag = focused(page)
        assert tag != "BODY" or text == "", "the focus was lost"
        if text.startswith(words) and tag != "BODY":
            return
    raise AssertionError(f"Tab does not reach {words}")


def test_a_service_is_added_and_hours_are_changed_by_keyboard_alone(settings_page):
    ayu = make_counselor(hours=False)
    page = settings_page()

    tab_to(page, "Services")
    page.keyboard.press("Enter")
    page.wait_for_url("**/settings/services/")
    tab_to(page, "Add a service")
    page.keyboard.press("Enter")
    page.wait_for_url("**/new/")
    tab_to(page, "Name in Indonesian")
    page.keyboard.type("Konsultasi")
    tab_to(page, "Price in rupiah")
    page.keyboard.type("350.000")
    tab_to(page, "Ayu Pratiwi")
    page.keyboard.press("Space")
    tab_to(page, "Save")
    page.keyboard.press("Enter")
    page.wait_for_url("**/settings/services/")

    page.goto(reverse("settings_hours_change", args=[ayu.slug]))
    tab_to(page, "from")
    page.keyboard.type("9")
    tab_to(page, "until")
    page.keyboard.type("8")
    tab_to(page, "Save")
    page.keyboard.press("Enter")
    page.wait_for_selector(".wrong-summary:focus")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("input:focus")
    assert focused(page)[0].startswith("until")
    page.keyboard.press("Control+A")
    page.keyboard.type("17")
    page.keyboard.press("Enter")
    page.get_by_text("Monday 09:00–17:00, online").wait_for()

    assert Service.objects.get().price == 350_000
    assert WorkingHours.objects.get().until_minute == 17 * 60


def everything():
    """A practice with something on every page; the addresses of all of them."""
    room = make_room(make_location(name="Cikini"))
    counselor = make_counselor(location=room.location)
    make_hours(counselor, weekday=5, start=540, end=720, valid_from=date(2030, 1, 1))
    counselor.topics.add(Topic.objects.create(slug="cemas", name_id="Cemas"))
    make_counselor(name="Bima", hours=False, is_listed=False, user=None)
    service = make_service(counselors=[counselor], rooms=[room], slug="konsultasi")
    soon = timezone.now() + timedelta(days=7)
    make_meeting(counselor=counselor, service=service, starts_at=soon, clients=[make_client()])
    make_licence(counselor, expires_on=soon.date())
    make_licence(counselor, kind="STR", expires_on=date(2026, 1, 1))
    away = make_time_off(counselor, soon - timedelta(days=1), soon + timedelta(days=1))
    closure = make_closure(soon.date())
    contact = HelpContact.objects.create(
        level=2, name_id="Layanan contoh", whatsapp="+6281200001111", phone="1500", checked_on=date(2026, 1, 1)
    )
    for name, args in {
        "settings": [],
        "settings_practice": [],
        "settings_services": [],
        "settings_service": ["konsultasi"],
        "settings_service_delete": ["konsultasi"],
        "settings_counselors": [],
        "settings_counselor_new": [],
        "settings_counselor": [counselor.slug],
        "settings_counselor_edit": [counselor.slug],
        "settings_licences": [counselor.slug],
        "settings_places": [],
        "settings_place": [room.location_id],
        "settings_rooms": [],
        "settings_room": [room.pk],
        "settings_topics": [],
        "settings_topic_new": [],
        "settings_hours": [],
        "settings_hours_of": [counselor.slug],
        "settings_hours_change": [counselor.slug],
        "settings_time_off": [],
        "settings_time_off_new": [],
        "settings_time_off_one": [away.pk],
        "settings_time_off_delete": [away.pk],
        "settings_closures": [],
        "settings_closure": [closure.pk],
        "settings_holidays": [],
        "settings_help": [],
        "settings_help_contact": [contact.pk],
        "help": [],
    }.items():
        yield reverse(name, args=args)


def test_every_page_of_the_settings_can_be_used_by_everyone(settings_page, axe, no_overflow, look):
    page = settings_page("/help/", look, language=look.language)

    for address in everything():
        page.goto(address)
        axe(page)
        no_overflow(page)


def test_nothing_overflows_the_narrowest_phone_and_everything_is_large_enough(
    settings_page, no_overflow, small_targets
):
    page = settings_page("/help/", viewport={"width": 320, "height": 600})

    for address in everything():
        page.goto(address)
        no_overflow(page)
        assert small_targets(page, 24) == [], address


def test_forms_with_mistakes_can_be_used_by_everyone_too(settings_page, axe, look):
    page = settings_page(reverse("settings_service_new"), look, language=look.language)
    page.locator("main form button.btn").first.click()
    page.wait_for_selector(".wrong-summary")

    axe(page)


def test_the_help_page_works_without_javascript_on_a_narrow_phone(open_page, no_overflow, small_targets):
    HelpContact.objects.create(level=1, name_id="IGD contoh", phone="1500", checked_on=date(2026, 1, 1))

    page = open_page("/help/", java_script_enabled=False, viewport={"width": 320, "height": 600})

    expect(page.locator('a[href="tel:1500"]')).to_be_visible()
    no_overflow(page)
    assert small_targets(page, 44) == []
