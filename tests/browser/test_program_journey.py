"""One program from its proposal to its end, led by two people: a counselor who uses the keyboard alone at a desk, and a
client on a phone without scripts. Every page they pass is looked at with axe, and none may be wider than the screen."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from practice.calendar.models import Meeting, Participant
from practice.calendar.models import Status as MeetingStatus
from practice.calendar.reserving import place_in_time
from practice.people.models import CareRelationship
from programs.goals.models import GoalCheck
from programs.notes.models import NoteStatus, ProgressNote
from programs.plan.models import CloseReason, PlanStatus, Program, Signature, Status
from programs.reviews.models import Decision, Review
from programs.sessions.thread import thread_of
from tests.browser.conftest import Look
from tests.browser.test_booking import tab_to
from tests.factories import make_hours
from tests.programs.agreement.steps import Scene, make_template

pytestmark = pytest.mark.django_db(transaction=True)

DESK, PHONE = Look(1280, "dark", "en"), Look(360, "light", "id")
GOAL = {
    "The goal, in the client’s own words": "In bed before eleven",
    "Why it matters to them": "Mornings feel lighter",
    "How both of you will see it": "Nights in a week",
    "+2": "7 nights",
    "+1": "5 nights",
    "0": "3 nights",
    "−1": "1 night",
    "−2": "No night",
}
ENDING = {
    "What was achieved, goal by goal": "Five nights a week",
    "What the client takes along": "Evenings without a screen",
    "1. First signs": "Two late nights in a row",
    "4. The first small step then": "Put the phone in the kitchen",
    "Summary for the client": "You found your own evenings again",
}


class Person:
    """Somebody at a page. `pressing` leads to the next page, which is looked at before anything else is done."""

    def __init__(self, page, look_at):
        self.page, self.look_at = page, look_at

    def open(self, name, *args):
        self.page.goto(reverse(name, args=args))
        self.look_at(self.page)

    def follow(self, name):
        self.press(self.page.locator("main").get_by_role("link", name=name).first)

    def send(self, name):
        self.press(self.page.locator("main").get_by_role("button", name=name, exact=True).first)

    def press(self, wanted):
        self.reach(wanted)
        with self.page.expect_navigation():
            self.act_on(wanted)
        self.look_at(self.page)

    def reach(self, wanted):
        wanted.wait_for()

    def act_on(self, wanted):
        wanted.click()

    def reads(self, words):
        expect(self.page.locator("main")).to_contain_text(words, use_inner_text=True)


class AtTheKeyboard(Person):
    """The mouse stays where it is."""

    def reach(self, wanted):
        tab_to(self.page, wanted, most=150)

    def act_on(self, wanted):
        self.page.keyboard.press("Enter")

    def labelled(self, label):
        """The first field with this label; sections have labels too."""
        return self.page.get_by_label(label).and_(self.page.locator("input, textarea")).first

    def type(self, label, text):
        field = self.labelled(label)
        tab_to(self.page, field, most=150)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)
        expect(field).to_have_value(text)

    def tick(self, label):
        box = self.labelled(label)
        tab_to(self.page, box, most=150)
        self.page.keyboard.press("Space")
        expect(box).to_be_checked()

    def choose(self, label):
        """Of a group of radio buttons, Tab leads to one alone; the arrows lead on from there."""
        radio = self.labelled(label)
        group = self.page.locator(f"[name='{radio.get_attribute('name')}']")
        chosen = group.and_(self.page.locator(":checked"))
        tab_to(self.page, chosen if chosen.count() else group.first, most=150)
        self.page.keyboard.press("Space")
        for _step in range(group.count()):
            if radio.is_checked():
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{label} cannot be chosen")


@pytest.fixture
def scene():
    """A consultation that ended in "a program"; its counselor works every day, so that any day will do for the test."""
    scene = Scene()
    place_in_time(scene.meeting, timezone.now() - timedelta(days=60), None)  # before every session, whatever today is
    scene.meeting.save()
    for weekday in (5, 6):
        make_hours(scene.ayu, weekday=weekday)
    make_template(sessions=4, pace_days=7, review_after=[1, 3])
    CareRelationship.objects.update(is_kept_open=True)
    for user, look in ((scene.ayu.user, DESK), (scene.clients[0].user, PHONE)):
        user.language = look.language
        user.save(update_fields=["language"])
    return scene


@pytest.fixture
def meet(open_page, sign_in, axe, no_overflow):
    def meeting(kind, user, look, **options):
        page = open_page("/help/", look, **options)
        sign_in(page, user)
        mirror = page
        if options:  # axe is a script itself: where the reader has none, it looks at the same address beside them
            mirror = open_page("/help/", look)
            sign_in(mirror, user)

        def look_at(page):
            no_overflow(page)
            if mirror is not page:
                mirror.goto(page.url)
            axe(mirror)

        return kind(page, look_at)

    return meeting


def let_time_pass(program, *numbers, status=MeetingStatus.CONFIRMED):
    """Where people would wait for the day of a session, its meeting moves instead: that of the last number to two hours
    ago, those before it a week earlier each. With `attended`, what was recorded after each is written as well."""
    hour = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)
    for number in numbers:
        meeting = Meeting.objects.get(attempt__session__program=program, session_number=number)
        meeting.status = status
        place_in_time(meeting, hour - timedelta(days=7 * (numbers[-1] - number)), None)
        meeting.save()
        if status == MeetingStatus.ATTENDED:
            Participant.objects.filter(meeting=meeting).update(attendance=Participant.Attendance.ATTENDED)


def test_two_people_go_the_whole_way_of_a_program(meet, scene):
    rina = meet(Person, scene.clients[0].user, PHONE, java_script_enabled=False)
    ayu = meet(AtTheKeyboard, scene.ayu.user, DESK)

    propose(ayu, scene.consultation)
    program = Program.objects.get()
    assert program.status == Status.PROPOSED
    ask_and_sign(rina)
    assert Program.objects.get().status == Status.AGREED

    schedule_all(ayu, program, 4)
    assert thread_of(program).booked == 4
    assert Program.objects.get().status == Status.ACTIVE
    prepare(rina, program)
    let_time_pass(program, 1)
    write_and_sign_the_note(ayu, program)
    assert thread_of(program).done == 1
    assert ProgressNote.objects.get().status == NoteStatus.SIGNED
    look_back_on_a_session(rina, program)
    assert GoalCheck.objects.get().value == 4

    review_and_extend(ayu, program)
    assert Review.objects.get().decision == Decision.EXTEND
    sign_the_extension(rina, program)
    assert Signature.objects.count() == 2
    assert program.plans.get(number=2).status == PlanStatus.SIGNED
    assert len(thread_of(program)) == 6
    schedule_all(ayu, program, 2)

    let_time_pass(program, 1, 2, 3, 4, 5, status=MeetingStatus.ATTENDED)
    end(ayu, program)
    program.refresh_from_db()
    assert (program.status, program.close_reason) == (Status.CLOSED, CloseReason.GOALS_REACHED)
    assert not Meeting.objects.filter(session_number=6, status=MeetingStatus.CONFIRMED).exists()
    take_along(rina, program)


# --- The counselor ---------------------------------------------------------------------------------------------------


def propose(ayu, consultation):
    ayu.open("consultation", consultation.pk)
    ayu.follow("Propose a program")
    ayu.choose(re.compile("4 sessions"))
    ayu.send("Begin a draft")
    ayu.follow("Terms")
    ayu.type("Title", "Sleeping until the morning")
    ayu.type("What it is about", "I have not slept well since I moved")
    ayu.type("What helps if the client falls silent", "Write to me once")
    ayu.send("Save")
    ayu.follow("What each session is for")
    ayu.type("Aim", "Getting to know your evenings")
    ayu.send("Save")
    ayu.follow("Goals")
    ayu.follow("Add a goal")
    for label, text in GOAL.items():
        ayu.type(re.compile("^" + re.escape(label)), text)
    ayu.send("Save the goal")
    ayu.reads("In bed before eleven")
    ayu.press(ayu.page.get_by_role("link", name="Proposal"))
    ayu.follow("Look at it and offer it")
    ayu.reads("Getting to know your evenings")
    ayu.send("Offer this program")
    ayu.reads("The client is reading the proposal.")


def schedule_all(ayu, program, count):
    ayu.open("program", program.pk)
    ayu.follow(f"Schedule the remaining {count} sessions")
    ayu.send("Look at the times")
    ayu.reads(f"{count} times, and all of them are free.")
    ayu.send(f"Book all {count} sessions")
    ayu.reads("Session 1")


def write_and_sign_the_note(ayu, program):
    ayu.open("today")
    ayu.open("program", program.pk)
    ayu.follow("Write the note of session 1")
    ayu.reads("My brother")
    ayu.choose("Came")
    ayu.type("Subjective: what the client said", "Two good nights")
    ayu.tick("In bed before eleven")
    ayu.type("Home task", "No screen after ten")
    ayu.type("Risk statement", "No sign of danger")
    ayu.type("What we did", "We looked at your evenings")
    ayu.type("Task until next time", "No screen after ten")
    ayu.send("Save and share the card")
    ayu.send("Go on to sign")
    ayu.reads("What will be locked")
    ayu.send("Sign and lock")
    ayu.reads("unchanged since it was signed")


def review_and_extend(ayu, program):
    ayu.open("program", program.pk)
    ayu.reads("A review after session 1 is due.")
    ayu.follow("Hold a review")
    ayu.reads("Latihan napas")
    ayu.type("What you decided together, and why", "Two more sessions for the nights before work")
    ayu.choose("Add sessions")
    ayu.choose(re.compile("1 night ·"))
    ayu.send("Keep the review")
    ayu.type("How many more sessions", "2")
    ayu.type("Why", "For the nights before work")
    ayu.send("Offer it")
    ayu.reads("The client is reading the offer of more sessions.")


def end(ayu, program):
    ayu.open("program", program.pk)
    ayu.follow("Come to the end")
    for label, text in ENDING.items():
        ayu.type(label, text)
    ayu.choose(re.compile("5 nights ·"))
    ayu.send("Save and share with the client")
    ayu.follow("Close the program")
    ayu.choose("The goals are reached")
    ayu.send("Close the program")
    ayu.reads("After 30 days")
    ayu.open("program_steps", program.pk)
    ayu.open("caseload")


# --- The client ------------------------------------------------------------------------------------------------------


def ask_and_sign(rina):
    rina.open("home")
    rina.follow("Baca usulan")
    rina.press(rina.page.get_by_role("link", name="Baca", exact=True))
    rina.page.get_by_label("Pertanyaan Anda").fill("Bolehkah saya membawa suami?")
    rina.send("Tanyakan")
    rina.follow("Lanjut menandatangani")
    for box in rina.page.get_by_role("checkbox").all():
        box.check()
    rina.send("Tanda tangani")
    rina.reads("Yang terjadi berikutnya")


def prepare(rina, program):
    rina.open("program", program.pk)
    rina.press(rina.page.locator(f"main a[href='{reverse('topics', args=[program.sessions.get(number=1).pk])}']"))
    rina.page.locator("textarea, input[type=text]").first.fill("My brother")
    rina.send("Simpan")


def look_back_on_a_session(rina, program):
    rina.open("home")
    rina.open("program", program.pk)
    rina.reads("We looked at your evenings")
    rina.press(rina.page.locator(f"main a[href='{reverse('own_goals_check', args=[program.pk, 1])}']"))
    rina.page.locator("label.slot", has_text="4").click()
    rina.send("Simpan")
    rina.press(rina.page.locator(f"main a[href='{reverse('own_review', args=[program.pk])}']"))
    rina.page.locator("#id_helps").fill("Latihan napas")
    rina.page.get_by_label("3 nights").check()
    rina.send("Simpan")


def sign_the_extension(rina, program):
    rina.open("program", program.pk)
    rina.press(rina.page.get_by_role("link", name="Baca", exact=True))
    rina.reads("For the nights before work")
    rina.follow("Lanjut menandatangani")
    rina.page.get_by_role("checkbox").check()
    rina.send("Tanda tangani")
    rina.follow("Buka program Anda")


def take_along(rina, program):
    rina.open("home")
    rina.press(rina.page.locator(f"main a[href='{reverse('program', args=[program.pk])}']"))
    rina.press(rina.page.locator(f"main a[href='{reverse('own_ending', args=[program.pk])}']"))
    rina.reads("You found your own evenings again")
    rina.reads("Put the phone in the kitchen")
