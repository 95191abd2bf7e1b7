"""Goals, reviews and the ending as people meet them: a counselor by keyboard, a client on a phone without scripts."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from practice.calendar.models import Status as MeetingStatus
from practice.people.models import Role
from programs.goals.actions import rate_goals
from programs.goals.models import Goal, GoalCheck, GoalRating
from programs.plan.models import Status
from programs.reviews.actions import ENDING_TEXTS, write_ending
from programs.reviews.models import ReviewVoice
from tests.browser.conftest import OFTEN
from tests.browser.test_booking import tab_to
from tests.factories import make_attempt, make_client, make_program, make_user

pytestmark = pytest.mark.django_db(transaction=True)

PHONE, DESK = OFTEN
TYPED = {
    "words": "Tidur sebelum pukul 23.00",
    "indicator": "Jumlah malam dalam seminggu",
    "much_more": "7 malam",
    "more": "5 malam",
    "expected": "3 malam",
    "less": "1 malam",
    "much_less": "Tidak ada malam",
}


@pytest.fixture
def rina(live_server):
    return make_client(name="Rina", user=make_user(Role.CLIENT, name="Rina"))


@pytest.fixture
def program(rina):
    """Two sessions of six were held, so that a review is due; both sides have rated, two levels apart."""
    now = timezone.now()
    program = make_program(clients=[rina], goals=2, now=now - timedelta(days=30))
    for number in (1, 2):
        at = now - timedelta(days=22 - 7 * number)
        make_attempt(program, number, starts_at=at, status=MeetingStatus.ATTENDED)
    goals = [goal.pk for goal in Goal.objects.of(program)]
    for client, level in ((rina, 1), (None, -1)):
        by = client.user if client else program.counselor.user
        levels = dict.fromkeys(goals, level)
        rate_goals(program=program, levels=levels, occasion="session", by=by, now=now, client=client)
    return program


def test_a_counselor_writes_a_goal_with_the_keyboard_and_sees_it_grow(open_page, sign_in, htmx):
    draft = make_program(status=Status.DRAFT)
    page = open_page("/help/", DESK)
    sign_in(page, draft.counselor.user)
    page.goto(reverse("goal_new", args=[draft.pk]))
    htmx(page)
    for name, text in TYPED.items():
        tab_to(page, page.locator(f"#id_{name}"))
        page.keyboard.type(text)
    page.locator("#preview dd", has_text="Tidak ada malam").wait_for()
    expect(page.locator("#id_much_less")).to_be_focused()

    tab_to(page, page.locator("#id_weight_0"))
    page.keyboard.press("ArrowDown")
    tab_to(page, page.locator("#goal .actions .btn").first)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{reverse('goals', args=[draft.pk])}")

    expect(page.locator("figure.ladder")).to_have_count(1)
    tab_to(page, page.locator("figure.ladder summary"))
    page.keyboard.press("Enter")
    expect(page.locator(".ladder dd", has_text="7 malam")).to_be_visible()
    assert Goal.objects.get().weight == 2


def test_a_client_says_after_a_session_how_near_it_feels_without_scripts(open_page, sign_in, program, rina):
    page = open_page("/help/", PHONE, java_script_enabled=False)
    sign_in(page, rina.user)
    page.goto(reverse("program", args=[program.pk]))
    page.locator(f"a[href='{reverse('own_goals_check', args=[program.pk, 2])}']").click()
    page.locator("fieldset").first.locator("label.slot", has_text="7").click()
    page.locator("form .btn.full").click()
    page.wait_for_url(f"**{reverse('program', args=[program.pk])}")

    assert GoalCheck.objects.get().value == 7


def test_a_client_prepares_a_review_without_scripts(open_page, sign_in, program, rina):
    page = open_page("/help/", PHONE, java_script_enabled=False)
    sign_in(page, rina.user)
    page.goto(reverse("program", args=[program.pk]))
    page.locator(f"a[href='{reverse('own_review', args=[program.pk])}']").click()
    page.fill("#id_helps", "Latihan napas")
    page.get_by_label("7 malam").first.check()
    page.locator("form .btn.full").click()
    page.wait_for_url(f"**{reverse('program', args=[program.pk])}")

    assert ReviewVoice.objects.get().after_session == 2
    assert GoalRating.objects.filter(occasion="review", level=2, client=rina).count() == 1


def speaking(user, look):
    user.language = look.language
    user.save(update_fields=["language"])
    return user


@pytest.fixture
def ended(program):
    """The same with an ending that the client can read."""
    texts = dict.fromkeys(ENDING_TEXTS, "Tidur lebih nyenyak")
    by = program.counselor.user
    write_ending(program=program, texts=texts, levels={}, share=True, expected=0, by=by, now=timezone.now())
    return program


@pytest.mark.parametrize("name", ["goals", "goals_rate", "review", "ending", "ending_close"])
def test_counselors_pages_about_progress_are_accessible_and_fit(
    open_page, sign_in, ended, look, axe, no_overflow, small_targets, name
):
    page = open_page("/help/", look)
    sign_in(page, speaking(ended.counselor.user, look))
    page.goto(reverse(name, args=[ended.pk]))

    axe(page)
    no_overflow(page)
    assert small_targets(page, 24) == []


@pytest.mark.parametrize("name", ["own_goals", "own_goals_rate", "own_goals_check", "own_review", "own_ending"])
def test_clients_pages_about_progress_are_accessible_and_fit(
    open_page, sign_in, ended, rina, look, axe, no_overflow, small_targets, name
):
    page = open_page("/help/", look)
    sign_in(page, speaking(rina.user, look))
    page.goto(reverse(name, args=[ended.pk, 2] if name == "own_goals_check" else [ended.pk]))

    axe(page)
    no_overflow(page)
    assert small_targets(page, 44) == []
