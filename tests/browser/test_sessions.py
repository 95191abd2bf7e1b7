"""Sessions in a real browser: a counselor schedules a whole program, a client books the next on a small phone."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from practice.calendar.models import Meeting, Status
from practice.people.models import Role
from programs.sessions.thread import thread_of
from tests.factories import (
    make_attempt,
    make_client,
    make_counselor,
    make_hours,
    make_meeting,
    make_program,
    make_session_service,
    make_user,
)

WIDE = SimpleNamespace(width=1280, theme="light", language="en")
PHONE = SimpleNamespace(width=360, theme="light", language="id")
DAY = timedelta(days=1)


@pytest.fixture
def house(transactional_db):
    """Ayu, who works every hour of the week, leads Rina's program of five sessions; the first was held."""
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    ayu, sari = make_counselor(hours=False), make_counselor(name="Sari Wulandari", hours=False)
    for counselor in (ayu, sari):
        for weekday in range(7):
            make_hours(counselor, weekday=weekday, start=0, end=24 * 60)
    rina = make_client(name="Rina", user=make_user(Role.CLIENT, name="Rina"))
    service = make_session_service(counselors=[ayu, sari], modes=["video", "phone"])
    program = make_program(counselor=ayu, service=service, clients=[rina], sessions=5, now=now - 20 * DAY)
    program.co_counselors.add(sari)
    make_attempt(program, 1, starts_at=now - 5 * DAY, status=Status.ATTENDED)
    return SimpleNamespace(program=program, ayu=ayu, sari=sari, rina=rina, now=now)


@pytest.fixture
def enter(open_page, sign_in):
    """Open a page as somebody: `enter(user, "/home/", look)`."""

    def opening(user, address, look, **options):
        user.language = look.language
        user.save()
        page = open_page("/", look, **options)
        sign_in(page, user)
        page.goto(address)
        return page

    return opening


def of(name, program, number):
    return reverse(name, args=[program.sessions.get(number=number).pk])


def test_a_counselor_sees_the_conflict_mends_it_and_books_all(enter, house, axe):
    program = house.program
    first = house.now + 2 * DAY
    make_meeting(starts_at=first + 14 * DAY, counselor=house.ayu, service=program.service)
    page = enter(house.ayu.user, reverse("program", args=[program.pk]), WIDE, java_script_enabled=False)

    page.get_by_role("link", name="Schedule the remaining 4 sessions").click()
    local = timezone.localtime(first, timezone.get_default_timezone())
    page.get_by_label("First day").fill(f"{local:%Y-%m-%d}")
    page.get_by_label("Time", exact=True).fill(f"{local:%H:%M}")
    page.get_by_role("button", name="Look at the times").click()
    expect(page.locator(".series .error")).to_have_count(1)
    assert Meeting.objects.count() == 2
    page.get_by_label("Counselor").nth(2).select_option("Sari Wulandari (free then)")
    page.get_by_role("button", name="Check again").last.click()
    expect(page.locator(".series .error")).to_have_count(0)
    page.get_by_role("button", name="Book all 4 sessions").click()

    page.get_by_text("4 sessions are booked.").wait_for()
    assert thread_of(program).booked == 4
    assert Meeting.objects.get(session_number=4).counselor == house.sari


def test_a_client_books_the_next_session_on_a_phone_without_scripts(enter, house):
    page = enter(house.rina.user, reverse("program", args=[house.program.pk]), PHONE, java_script_enabled=False)

    page.get_by_role("link", name="Pesan sesi 2").click()
    page.locator("label.slot").first.click()
    page.get_by_role("button", name="Lanjut").last.click()
    page.get_by_role("button", name="Pesan jam ini").click()

    page.get_by_text("Sesi 2 sudah dipesan.").wait_for()
    assert thread_of(house.program).booked == 1
    page.get_by_role("link", name="Semua sesi Anda").click()
    page.get_by_role("link", name="Lihat, ubah").first.click()
    meeting = Meeting.objects.get(session_number=2)
    page.locator(f'a[href="{reverse("manage_move", args=[meeting.pk])}"]').wait_for()


def test_every_page_about_sessions_can_be_used_by_everyone(enter, house, axe, no_overflow, small_targets, look):
    program = house.program
    make_attempt(program, 2, starts_at=house.now - 3 * DAY, status=Status.MISSED, ended_by="client")
    make_attempt(program, 3, starts_at=house.now + 3 * DAY)
    start = f"{house.now + 3 * DAY:%Y-%m-%dT%H:%MZ}"
    day = f"{timezone.localdate(house.now + 3 * DAY):%Y-%m-%d}"
    series = reverse("schedule_remaining", args=[program.pk])
    own = reverse("own_booking", args=[program.pk])
    pages = {
        house.ayu.user: (
            24,
            [
                reverse("program", args=[program.pk]),
                of("session", program, 2),
                of("session_edit", program, 4),
                of("session_schedule", program, 4),
                series,
                f"{series}?first={day}&at=09.00&count=2&mode=video",
                f"{series}?first=&at=&count=",
            ],
        ),
        house.rina.user: (
            24,
            [
                reverse("program", args=[program.pk]),
                reverse("own_sessions", args=[program.pk]),
                own,
                f"{own}?check=1&start={start}",
                f"{own}?check=1",
            ],
        ),
    }
    for user, (least, addresses) in pages.items():
        page = enter(user, addresses[0], look)
        for address in addresses:
            page.goto(address)
            axe(page)
            no_overflow(page)
            assert small_targets(page, least) == [], address
