"""Notes and the time between sessions in a real browser: a counselor at a desk, a client on a phone without scripts."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from practice.calendar.models import Status
from practice.people.models import Role
from practice.records.actions import read
from programs.between.models import Card, Reflection, TaskReport, Topic
from programs.notes.formats import Body
from programs.notes.models import NoteStatus, ProgressNote
from tests.factories import make_attempt, make_client, make_counselor, make_program, make_supervision, make_user

ENGLISH = SimpleNamespace(width=1280, theme="light", language="en")
PHONE = SimpleNamespace(width=360, theme="light", language="en")
HOUR = timedelta(hours=1)


@pytest.fixture
def house(transactional_db):
    """A couple's program: session 1 was held and has a card with a task, session 2 was held, session 3 is to come."""
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    people = [make_client(name=name, user=make_user(Role.CLIENT, name=name)) for name in ("Rina", "Budi")]
    ayu = make_counselor()
    program = make_program(counselor=ayu, clients=people, sessions=4, goals=2, now=now)
    make_attempt(program, 1, starts_at=now - 48 * HOUR, status=Status.ATTENDED)
    make_attempt(program, 2, starts_at=now - 3 * HOUR, status=Status.ATTENDED)
    make_attempt(program, 3, starts_at=now + 48 * HOUR)
    Card.objects.create(
        session=program.sessions.get(number=1), done="Napas", task="Dua malam", shared_at=now, written_at=now
    )
    return SimpleNamespace(program=program, ayu=ayu, rina=people[0])


@pytest.fixture
def enter(open_page, sign_in):
    """Open a page as somebody: `enter(house.ayu.user, "/today/", look)`."""

    def entering(user, address, look=ENGLISH, **options):
        user.language = look.language
        user.save()
        page = open_page("/help/", look, **options)
        sign_in(page, user)
        page.goto(address)
        return page

    return entering


def to(name, house, number):
    return reverse(name, args=[house.program.sessions.get(number=number).pk])


def wait_for(page, words):
    """Wait until the line beside the buttons says this of the draft."""
    page.locator("#saved", has_text=words).wait_for()


def test_a_note_is_written_kept_and_signed_by_keyboard(enter, house):
    page = enter(house.ayu.user, to("note", house, 2))
    page.get_by_label("Subjective: what the client said").focus()
    page.keyboard.type("Tidur lebih baik")
    page.keyboard.press("Tab")
    wait_for(page, "Saved")
    assert Body.of(opened(house).body).parts["subjective"] == "Tidur lebih baik"

    page.get_by_label("None of the goals in this session").focus()
    page.keyboard.press("Space")
    page.get_by_label("No home task").focus()
    page.keyboard.press("Space")
    page.get_by_label("Risk statement").focus()
    page.keyboard.type("Tidak ada tanda")
    page.get_by_role("button", name="Go on to sign").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/sign/")
    expect(page.locator("main")).to_contain_text("What will be locked", use_inner_text=True)
    page.get_by_role("button", name="Sign and lock").focus()
    page.keyboard.press("Enter")

    page.wait_for_url("**/programs/notes/**")
    expect(page.locator("main")).to_contain_text("unchanged since it was signed", use_inner_text=True)
    assert ProgressNote.objects.get().status == NoteStatus.SIGNED
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0


def opened(house):
    return read(ProgressNote.objects.all(), by=house.ayu.user, reason="test")[0]


def test_a_note_that_was_changed_in_another_tab_keeps_both_texts(enter, house, axe):
    page = enter(house.ayu.user, to("note", house, 2))
    other = page.context.new_page()
    other.goto(to("note", house, 2))
    other.get_by_label("Risk statement").fill("Dari tab lain")
    with other.expect_navigation():
        other.get_by_role("button", name="Save draft").click()

    page.get_by_label("Risk statement").fill("Dari tab ini")
    page.get_by_label("Technique used").focus()
    wait_for(page, "Changed elsewhere")
    page.get_by_role("button", name="Save draft").click()
    page.wait_for_selector("#others")
    axe(page)
    expect(page.locator("section[aria-labelledby=others]")).to_contain_text("Dari tab lain", use_inner_text=True)
    expect(page.get_by_label("Risk statement")).to_have_value("Dari tab ini")
    page.get_by_role("button", name="Save draft").click()
    page.wait_for_selector("#others", state="detached")

    assert opened(house).risk == "Dari tab ini"


def test_a_draft_that_could_not_be_sent_says_so_and_stays_typed(enter, house):
    page = enter(house.ayu.user, to("note", house, 2))
    page.route("**/draft/", lambda route: route.abort())

    page.get_by_label("Risk statement").fill("Masih di sini")
    page.get_by_label("Technique used").focus()
    wait_for(page, "Not saved yet")

    expect(page.get_by_label("Risk statement")).to_have_value("Masih di sini")


def test_a_note_is_written_and_signed_without_javascript(enter, house):
    page = enter(house.ayu.user, to("note", house, 2), java_script_enabled=False)
    page.get_by_label("Subjective: what the client said").fill("Tidur lebih baik")
    page.get_by_role("button", name="Save draft").click()
    page.get_by_label("None of the goals in this session").check()
    page.get_by_label("No home task").check()
    page.get_by_label("Risk statement").fill("Tidak ada tanda")
    page.get_by_role("button", name="Go on to sign").click()
    page.get_by_role("button", name="Sign and lock").click()

    expect(page.get_by_role("button", name="Sign and lock")).to_have_count(0)
    assert ProgressNote.objects.get().status == NoteStatus.SIGNED


def test_a_client_chooses_topics_reports_and_reflects_on_a_phone_without_javascript(enter, house):
    home = reverse("program", args=[house.program.pk])
    page = enter(house.rina.user, home, PHONE, java_script_enabled=False)
    page.locator("#topics ~ p a").click()
    page.get_by_label("Something else").fill("Pekerjaan")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Say how the task went").click()
    page.get_by_label("Partly done").check()
    page.get_by_label("Was something in the way?").fill("Lembur")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Write it down").click()
    page.get_by_label("What did you find out?").fill("Sore adalah waktu terbaik")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("main")).to_contain_text("Only you", use_inner_text=True)
    page.get_by_role("button", name="Let my counselor read it").click()

    expect(page.locator("main")).to_contain_text("Shared with your counselor", use_inner_text=True)
    assert (Topic.objects.count(), TaskReport.objects.get().outcome) == (1, "partly")
    assert Reflection.objects.get().is_shared


def test_every_page_for_clients_can_be_used_by_everyone(enter, house, axe, no_overflow, small_targets, look):
    Reflection.objects.create(
        program=house.program,
        session=house.program.sessions.get(number=1),
        client=house.rina,
        found="Sore adalah waktu terbaik",
        written_at=timezone.now(),
        changed_at=timezone.now(),
    )
    page = enter(house.rina.user, "/help/", look)
    for address in (
        to("topics", house, 3),
        to("task_report", house, 1),
        to("reflection", house, 2),
        reverse("cards", args=[house.program.pk]),
        reverse("reflections", args=[house.program.pk]),
    ):
        page.goto(address)
        axe(page)
        no_overflow(page)
        assert small_targets(page, 44) == [], address


def test_every_page_for_counselors_can_be_used_by_everyone(enter, house, axe, no_overflow, small_targets, look):
    page = enter(house.ayu.user, to("note", house, 1), look)
    fill_and_go_on(page)
    axe(page)
    page.locator("form button.btn").click()
    page.wait_for_url("**/programs/notes/**")
    signed = page.url
    for address in (
        signed,
        to("note", house, 2),
        to("session_plan", house, 3),
        to("card", house, 1),
        to("session_process_note", house, 1),
        *(
            reverse(name, args=[house.program.pk])
            for name in ("notes", "process_notes", "reflections_shared", "program")
        ),
    ):
        page.goto(address)
        axe(page)
        no_overflow(page)
        assert small_targets(page, 24) == [], address


def fill_and_go_on(page):
    page.locator("#id_part_subjective").fill("Tidur lebih baik")
    page.locator("#id_no_goals").check()
    page.locator("#id_no_task").check()
    page.locator("#id_risk").fill("Tidak ada tanda")
    page.locator("button[value=sign]").click()
    page.wait_for_url("**/sign/")


def test_a_supervisor_returns_and_co_signs(enter, house, axe):
    supervisor = make_supervision(house.ayu).supervisor
    page = enter(house.ayu.user, to("note", house, 1))
    fill_and_go_on(page)
    page.get_by_role("button", name="Hand it in").click()
    page.wait_for_url("**/programs/notes/**")

    page = enter(supervisor, reverse("co_signing"))
    axe(page)
    page.locator("main .rows a").click()
    axe(page)
    page.get_by_role("button", name="Co-sign and lock").click()

    page.wait_for_url("**/co-signing/")
    assert ProgressNote.objects.get().signed_by == supervisor
