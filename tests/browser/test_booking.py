"""Booking as people do it: with a keyboard, without JavaScript, on a small phone, in both languages."""

import gzip
import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from practice.calendar.links import new_link
from practice.calendar.meetings import Meeting, Status
from practice.calendar.reserving import place_in_time
from practice.catalog.models import Approval, Kind, Mode
from practice.people.clients import Client
from tests.browser.conftest import OFTEN, Look
from tests.factories import (
    make_client,
    make_counselor,
    make_hours,
    make_licence,
    make_location,
    make_meeting,
    make_room,
    make_service,
)

pytestmark = pytest.mark.django_db(transaction=True)

PHONE, DESK = OFTEN
NARROW = Look(320, "light", "id")
ENGLISH = Look(360, "light", "en")


@pytest.fixture(autouse=True)
def scene(settings, live_server):
    """Two counselors who work every day, a consultation, and two ways into a program, one of them by request."""
    settings.LIMITS = False
    place = make_location()
    ayu = make_counselor(name="Ayu Pratiwi", hours=False, approach_id="Saya mendengarkan dulu.")
    andi = make_counselor(name="Andi Baso", hours=False, zone="Asia/Makassar")
    for weekday in range(7):
        make_hours(ayu, weekday=weekday, location=place)
        make_hours(andi, weekday=weekday)
    make_licence(ayu)
    modes = [Mode.VIDEO, Mode.IN_PERSON, Mode.PHONE]
    pay = {"how_to_pay_id": "Transfer ke BCA 123.", "how_to_pay_en": "Transfer to BCA 123."}
    make_service(counselors=[ayu, andi], rooms=[make_room(place)], slug="consultation", modes=modes, step=60, **pay)
    first = {"kind": Kind.INITIAL, "name_id": "Konsultasi awal", "name_en": "Initial consultation", "step": 60}
    make_service(counselors=[ayu], slug="initial", **first)
    make_service(counselors=[andi], slug="couples", approval=Approval.REQUEST, position=20, **first)
    return {"ayu": ayu, "andi": andi}


def in_two_days(hour=3):
    """A time far enough ahead that everything may still change: 03:00 UTC is 10:00 in Jakarta."""
    at = timezone.now() + timedelta(days=2)
    return at.replace(hour=hour, minute=0, second=0, microsecond=0)


def choose_time(page, number=12):
    """Press a free time and go on."""
    page.locator("label.slot").nth(number).click()
    page.locator("#times > .actions button").click()


def fill_details(page, **more):
    page.fill("#id_name", "Rina Wulandari")
    page.fill("#id_email", "rina.w@example.org")
    page.fill("#id_birth_year", "1994")
    for name, value in more.items():
        page.fill(f"#id_{name}", value)
    page.check("#id_consent")


def go_on(page):
    with page.expect_navigation():
        page.locator("#booking > .actions button").click()


def tab_to(page, wanted, most=80):
    """Press Tab until the element has the focus, which must be visible on screen; return how many presses it took."""
    for presses in range(1, most + 1):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            assert wanted.evaluate("element => element.matches(':focus-visible')")
            return presses
    raise AssertionError(f"{wanted} cannot be reached")


def enter(page, meeting):
    """Open an appointment by a fresh link."""
    token, row = new_link(meeting, None, now=timezone.now())
    row.save()
    page.goto(f"/b/{token}/")


# --- People --------------------------------------------------------------------------------------------------------


def test_a_consultation_is_booked_with_the_keyboard_alone(open_page):
    page = open_page("/", PHONE)
    keys = page.keyboard

    tab_to(page, page.locator("#need_0"))
    keys.press("Space")
    tab_to(page, page.get_by_role("button", name="Lanjutkan"))
    keys.press("Enter")
    page.wait_for_url("**/time/")
    tab_to(page, page.locator("input[name=start]").first)
    keys.press("ArrowRight")
    tab_to(page, page.locator(".day:has(:checked) button"), most=2)
    keys.press("Enter")
    page.wait_for_url("**/details/**")
    for name, text in [("name", "Rina"), ("email", "rina@example.org"), ("birth_year", "1994")]:
        tab_to(page, page.locator(f"#id_{name}"))
        keys.type(text)
    tab_to(page, page.locator("#id_consent"))
    keys.press("Space")
    tab_to(page, page.locator("#booking > .actions button"))
    keys.press("Enter")
    page.wait_for_url("**/check/")
    tab_to(page, page.get_by_role("button", name="Pesan sesi ini"))
    keys.press("Enter")
    page.wait_for_url("**/b/m/*/")

    expect(page.get_by_text("Janji temu Anda terkonfirmasi")).to_be_visible()
    assert Meeting.objects.get().status == Status.CONFIRMED


@pytest.mark.parametrize("look", [PHONE, DESK], ids=str)
def test_everything_works_without_javascript(open_page, look):
    page = open_page("/", look, java_script_enabled=False)

    page.check("#need_0")
    page.locator("form[action='/guide/'] button").click()
    page.locator("nav a[rel=next]").click()
    page.locator(".parts a").nth(1).click()
    choose_time(page, 2)
    go_on(page)
    expect(page.locator(".wrong-summary")).to_be_visible()
    fill_details(page, question="Tentang pekerjaan.")
    go_on(page)
    page.locator("dd.change button").first.click()
    page.locator(".week button").last.click()
    choose_time(page, 3)
    expect(page.get_by_text("Tentang pekerjaan.")).to_be_visible()
    go_on(page)

    meeting = Meeting.objects.get()
    page.wait_for_url(lambda url: url.endswith(f"/b/m/{meeting.pk}/"))
    page.locator("a[href$='/move/']").click()
    choose_time(page, 5)
    page.locator("form .actions button").click()
    page.wait_for_url(f"**/b/m/{meeting.pk}/")
    assert Meeting.objects.get().version == 1
    page.locator("a[href$='/cancel/']").click()
    page.locator("form .actions button").click()
    expect(page.locator(".next a")).to_have_count(3)
    assert Meeting.objects.get().status == Status.CANCELLED


def test_the_program_door_books_the_meeting_before_the_program(open_page):
    page = open_page("/", ENGLISH)

    page.check("#need_1")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("link", name="Initial consultation").first.click()
    expect(page.get_by_text("You are booking an initial consultation, one meeting.")).to_be_visible()
    choose_time(page, 3)
    fill_details(page)
    go_on(page)
    expect(page.get_by_role("heading", name="Initial consultation: one meeting")).to_be_visible()
    go_on(page)

    expect(page.get_by_text("After the meeting your counselor proposes a plan")).to_be_visible()
    assert Meeting.objects.get().service.slug == "initial"


def test_whoever_is_not_sure_is_led_to_a_suggestion(open_page):
    page = open_page("/", ENGLISH)

    page.check("#need_2")
    page.get_by_role("button", name="Continue").click()
    for answer in (1, 0, 1):
        page.locator(".big-choice input").nth(answer).check()
        page.get_by_role("button", name="Continue").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Counseling may suit you better", use_inner_text=True)
    expect(page.get_by_role("link", name="Choose a day and time")).to_be_visible()


def test_a_time_lost_while_typing_keeps_every_word(open_page, scene, axe):
    page = open_page("/book/consultation/time/", ENGLISH)
    choose_time(page)
    fill_details(page, question="About work.")
    go_on(page)
    held = Meeting.objects.get()
    starts_at, counselor, service = held.starts_at, held.counselor, held.service
    held.delete()
    make_meeting(starts_at=starts_at, counselor=counselor, service=service)

    go_on(page)
    expect(page.get_by_role("heading", name="That time was just taken")).to_be_visible()
    axe(page)
    page.locator("input[name=start]").nth(1).check()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("About work.")).to_be_visible()
    go_on(page)

    expect(page.get_by_text("Your appointment is confirmed")).to_be_visible()
    assert Client.objects.get().email == "rina.w@example.org"


def test_a_week_changes_in_place_and_the_focus_follows(open_page, htmx):
    page = open_page("/book/consultation/time/", ENGLISH)
    htmx(page)
    first = page.locator("#week").inner_text()

    page.get_by_role("link", name="Later").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#week")).not_to_have_text(first, use_inner_text=True)
    expect(page.locator("#week")).to_be_focused()
    expect(page).to_have_url(re.compile("from="))
    page.go_back()
    expect(page.locator("#week")).to_have_text(first, use_inner_text=True)

    expect(page.locator("input[name=start]")).not_to_have_count(0)


def test_changing_the_language_half_way_keeps_what_was_typed(open_page):
    page = open_page("/book/consultation/time/", PHONE)
    choose_time(page)
    page.fill("#id_name", "Rina")
    page.fill("#id_question", "Tentang pekerjaan.")

    page.get_by_role("button", name="English").click()

    expect(page.get_by_role("heading", name="Your details")).to_be_visible()
    expect(page.locator("#id_name")).to_have_value("Rina")
    expect(page.locator("#id_question")).to_have_value("Tentang pekerjaan.")


def test_going_back_loses_nothing(open_page):
    page = open_page("/book/consultation/time/", PHONE)
    choose_time(page)
    fill_details(page, question="Tentang pekerjaan.")
    go_on(page)

    page.get_by_role("button", name="Kembali").click()

    expect(page.locator("#id_question")).to_have_value("Tentang pekerjaan.")
    expect(page.locator("#id_consent")).to_be_checked()


def test_two_minutes_before_a_hold_ends_it_is_said(open_page):
    page = open_page("/book/consultation/time/", ENGLISH)
    page.clock.install()
    with page.expect_navigation():
        choose_time(page)
    page.clock.fast_forward("07:30")
    before = page.locator("#status").inner_text()

    page.clock.fast_forward("00:45")

    assert before == ""
    expect(page.locator("#status")).to_contain_text("two more minutes", use_inner_text=True)


def test_the_zone_is_changed_on_the_page(open_page):
    page = open_page("/book/consultation/time/", PHONE)

    page.get_by_text("Ganti zona waktu").click()
    page.get_by_label("WIT (Jayapura)").check()
    page.get_by_role("button", name="Pakai zona waktu ini").click()

    expect(page.get_by_text("Semua jam dalam WIT (Jayapura).")).to_be_visible()
    page.wait_for_url(lambda url: url.endswith("/book/consultation/time/"))


def test_an_appointment_moves_and_is_cancelled_by_its_link(open_page, scene):
    client = make_client(name="Budi", email="budi@example.org")
    meeting = make_meeting(starts_at=in_two_days(), counselor=scene["ayu"], clients=[client], service=None)
    page = open_page("/", ENGLISH)

    enter(page, meeting)
    page.get_by_role("link", name="Choose another time").click()
    expect(page.get_by_text("your time now", exact=True)).to_be_visible()
    choose_time(page, 20)
    page.get_by_role("button", name="Move to this time").click()
    expect(page.get_by_text("Your appointment has a new time.")).to_be_visible()
    page.get_by_role("link", name="Cancel", exact=True).click()
    page.get_by_label("The time does not suit me any more").check()
    page.get_by_role("button", name="Cancel the session").click()

    expect(page.get_by_text("It costs you nothing.")).to_be_visible()
    assert Meeting.objects.get().status == Status.CANCELLED


# --- Every page, in every look -------------------------------------------------------------------------------------


PAGES = [
    "/",
    "/guide/",
    "/guide/?asked=need",
    "/guide/?need=program",
    "/guide/?need=unsure",
    "/guide/?need=unsure&topic=one&since=longer&asked=help",
    "/guide/?need=unsure&topic=one&since=longer&help=steps",
    "/services/",
    "/services/consultation/",
    "/services/couples/",
    "/counselors/",
    "/consent/booking/",
    "/consent/guardian/",
    "/book/consultation/time/",
    "/book/consultation/time/?from=soon&counselor=nobody",
    "/book/couples/time/?part=evening",
    "/b/unknown/",
]


def check_page(page, axe, no_overflow, small_targets):
    axe(page)
    no_overflow(page)
    assert small_targets(page, 24) == []
    expect(page.locator("h1")).to_have_count(1)
    assert "style=" not in re.sub(r"<svg.*?</svg>", "", page.content(), flags=re.DOTALL)


@pytest.mark.parametrize("address", PAGES)
def test_every_public_page_can_be_used_by_everybody(open_page, look, address, axe, no_overflow, small_targets):
    page = open_page(address, look)

    check_page(page, axe, no_overflow, small_targets)


def test_every_step_of_a_booking_can_be_used_by_everybody(open_page, look, axe, no_overflow, small_targets):
    page = open_page("/book/consultation/time/", look)
    see = lambda: check_page(page, axe, no_overflow, small_targets)  # noqa: E731
    page.locator("#times > .actions button").click()
    see()
    for summary in page.locator("main details > summary").all():
        summary.click()
    see()
    choose_time(page)
    see()
    go_on(page)
    see()
    fill_details(page, birth_year=str(timezone.now().year - 12), question="Tentang pekerjaan.")
    go_on(page)
    see()
    page.fill("#id_birth_year", "1994")
    go_on(page)
    see()
    page.locator("dd.change button").first.click()
    see()
    choose_time(page, 14)
    go_on(page)
    see()


def test_every_page_of_an_appointment_can_be_used_by_everybody(open_page, scene, look, axe, no_overflow, small_targets):
    client = make_client(name="Budi", email="budi@example.org", phone="+6281234567890")
    meeting = make_meeting(starts_at=in_two_days(), counselor=scene["andi"], clients=[client])
    page = open_page("/", look)
    enter(page, meeting)
    check_page(page, axe, no_overflow, small_targets)
    for part in ("move/", "move/?check=1&start=" + in_two_days(5).strftime("%Y-%m-%dT%H:%MZ"), "cancel/"):
        page.goto(f"/b/m/{meeting.pk}/{part}")
        check_page(page, axe, no_overflow, small_targets)
    place_in_time(meeting, timezone.now() + timedelta(hours=3), None)
    meeting.save()
    for part in ("", "move/", "cancel/"):
        page.goto(f"/b/m/{meeting.pk}/{part}")
        check_page(page, axe, no_overflow, small_targets)
    page.locator("form .actions button").click()
    check_page(page, axe, no_overflow, small_targets)


def test_nothing_is_wider_than_a_small_phone(open_page, scene, no_overflow):
    page = open_page("/", NARROW)
    for address in [*PAGES, f"/counselors/{scene['ayu'].slug}/"]:
        page.goto(address)
        no_overflow(page)
    page.goto("/book/consultation/time/")
    choose_time(page)
    no_overflow(page)
    fill_details(page, question="x" * 120)
    go_on(page)
    no_overflow(page)
    go_on(page)
    no_overflow(page)


# --- Weight --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["/", "/book/consultation/time/"])
def test_a_first_visit_is_light(practice, browser, live_server, address):
    context = browser.new_context(base_url=live_server.url)
    page = context.new_page()
    answers = []
    page.on("response", lambda answer: answers.append(answer))

    page.goto(address, wait_until="networkidle")

    weights = {answer.url: len(gzip.compress(answer.body(), 9)) for answer in answers}
    assert len(weights) <= 5, weights
    assert sum(weights.values()) <= 40_000, weights
    context.close()
