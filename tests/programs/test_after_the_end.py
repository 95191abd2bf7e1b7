"""After the end: a client reaches their program by the links they are given, and an answer reaches its counselor."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from practice.calendar.models import Status as MeetingStatus
from practice.messages.actions import deliver
from practice.messages.discretion import is_telling
from practice.messages.models import Message
from practice.messages.models import Status as Sending
from practice.people.models import CareRelationship, Role
from practice.records.actions import destroy_key
from programs.between.models import Card, Reflection
from programs.plan.models import Program, Status
from programs.reviews.afterwards import answer_follow_up, ask, plan_follow_ups
from programs.reviews.models import Ending
from tests.factories import NOW, make_attempt, make_client, make_counselor, make_practice, make_program, make_user
from tests.programs.reviews.test_reviews import TEXTS

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
LINK = re.compile(r'href="(/[^"#?]*)')
A_CODE = re.compile(r"^ +(\d{3} \d{3})$", re.MULTILINE)


@pytest.fixture(autouse=True)
def house(time_machine):
    time_machine.move_to(NOW, tick=False)
    make_practice()


@pytest.fixture
def rina():
    user = make_user(Role.CLIENT, name="Rina", email="rina@example.org")
    return make_client(name="Rina", user=user, email_proven_at=NOW)


@pytest.fixture
def as_rina(client, rina):
    client.force_login(rina.user)
    return client


def ended(client, *, at=NOW, **more):
    program = make_program(clients=[client], status=Status.CLOSED, goals=1, now=at, **more)
    plan_follow_ups(program=program, now=at)
    return program


def follow(browser, page, name, *args):
    """The page behind a link that this page shows. Fails if it shows none."""
    address = reverse(name, args=args)
    assert address in LINK.findall(page), address
    answer = browser.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def home(browser):
    return browser.get(reverse("home")).content.decode()


def link_in(sent):
    [link] = set(re.findall(r"https?://[^/\s]+(/programs/[^\s\"<]*)", sent.body))
    return link


# --- The client's way ------------------------------------------------------------------------------------------------


def test_by_links_alone_a_client_comes_from_home_to_all_that_stays_with_them(as_rina, rina):
    program = ended(rina)
    Ending.objects.create(program=program, shared_at=NOW, written_at=NOW, **TEXTS)
    session = program.sessions.get(number=1)
    make_attempt(program, 1, starts_at=NOW - 7 * DAY, status=MeetingStatus.ATTENDED)
    written = {"written_at": NOW, "changed_at": NOW}
    Reflection.objects.create(program=program, session=session, client=rina, found="Pagi itu milik saya", **written)
    Card.objects.create(session=session, done="Malam tanpa layar", shared_at=NOW, written_at=NOW)

    page = follow(as_rina, home(as_rina), "program", program.pk)

    assert "Kakak" in follow(as_rina, page, "own_ending", program.pk)
    assert "Pagi itu milik saya" in follow(as_rina, page, "reflections", program.pk)
    assert "Malam tanpa layar" in follow(as_rina, page, "cards", program.pk)


def test_programs_that_are_over_stand_quietly_below_the_newest_first(as_rina, rina):
    first, last = ended(rina, at=NOW - 400 * DAY), ended(rina, at=NOW - 100 * DAY)
    current = make_program(clients=[rina])

    page = home(as_rina)

    heading = page.index("Program terdahulu")
    assert page.index(str(current.pk)) < heading < page.index(str(last.pk)) < page.index(str(first.pk))


def test_a_client_without_an_earlier_program_reads_of_none(as_rina, rina):
    make_program(clients=[rina])

    assert "Program terdahulu" not in home(as_rina)


def test_an_earlier_program_of_somebody_else_or_erased_is_not_listed(as_rina, rina):
    erased, other = ended(rina), ended(make_client(user=make_user(Role.CLIENT)))
    ask(now=NOW + 30 * DAY)
    destroy_key(holder=erased, by=erased.counselor.user, reason="asked for", now=NOW)

    page = home(as_rina)

    assert str(erased.pk) not in page
    assert str(other.pk) not in page


def test_what_is_asked_after_the_end_is_a_card_on_home_until_it_is_answered(as_rina, rina, time_machine):
    program = ended(rina)
    assert reverse("own_follow_up", args=[program.pk, 30]) not in home(as_rina)
    ask(now=NOW + 30 * DAY)
    time_machine.move_to(NOW + 31 * DAY, tick=False)
    as_rina.force_login(rina.user)

    asked = follow(as_rina, home(as_rina), "own_follow_up", program.pk, 30)
    as_rina.post(reverse("own_follow_up", args=[program.pk, 30]), {"how_it_is": "Baik"})

    assert 'name="how_it_is"' in asked
    assert reverse("own_follow_up", args=[program.pk, 30]) not in home(as_rina)


def test_a_later_question_takes_the_place_of_an_earlier_one(as_rina, rina):
    program = ended(rina)
    ask(now=NOW + 30 * DAY)
    ask(now=NOW + 90 * DAY)

    shown = LINK.findall(home(as_rina))

    assert reverse("own_follow_up", args=[program.pk, 90]) in shown
    assert reverse("own_follow_up", args=[program.pk, 30]) not in shown


def test_of_a_couple_each_is_shown_only_their_own_question(client, rina):
    budi = make_client(name="Budi", user=make_user(Role.CLIENT, name="Budi"))
    program = make_program(clients=[rina, budi], status=Status.CLOSED)
    plan_follow_ups(program=program, now=NOW)
    program.follow_ups.filter(client=rina, days_after=30).update(asked_at=NOW)
    question = reverse("own_follow_up", args=[program.pk, 30])

    client.force_login(budi.user)
    assert question not in home(client)
    client.force_login(rina.user)
    assert question in home(client)


def test_home_asks_as_often_for_many_earlier_programs_as_for_one(as_rina, rina):
    counts = []
    for more in (1, 8):
        for n in range(more):
            program = ended(rina, at=NOW - n * DAY)
            program.follow_ups.update(asked_at=NOW)
        home(as_rina)
        with CaptureQueriesContext(connection) as found:
            assert home(as_rina).count('aria-labelledby="asked-') == Program.objects.count()
        counts.append(len(found))

    assert counts[0] == counts[1] <= 12


# --- The mails' way --------------------------------------------------------------------------------------------------


def newest_mail(kind, now):
    for message in Message.objects.filter(kind=kind, status=Sending.QUEUED):
        deliver(message.pk, now=now)
    return mail.outbox[-1]


def after_signing_in(browser, address, now):
    """The page that a mail leads somebody to who is not signed in: through the door, with a mailed code."""
    door = browser.get(address).headers["Location"]
    on = browser.post(door, {"email": "rina@example.org", "next": address}).headers["Location"]
    code = re.search(A_CODE, newest_mail("people.sign_in_code", now).body)[1]
    return browser.post(on, {"code": code}, follow=True).content.decode()


def test_the_mail_leads_through_the_sign_in_to_the_question_itself(client, rina, time_machine):
    later = NOW + 30 * DAY + timedelta(hours=2)
    program = ended(rina)
    ask(now=later)
    time_machine.move_to(later, tick=False)

    address = link_in(newest_mail("program.follow_up", later))
    shown = after_signing_in(client, address, later)

    assert address == reverse("own_follow_up", args=[program.pk, 30])
    assert 'name="how_it_is"' in shown


def test_the_mail_before_a_review_leads_to_its_questions(client, rina, time_machine):
    program = make_program(clients=[rina], goals=1)
    for number in (1, 2):
        make_attempt(program, number, starts_at=NOW - (3 - number) * 7 * DAY, status=MeetingStatus.ATTENDED)
    ask(now=NOW)

    address = link_in(newest_mail("program.review", NOW))
    shown = after_signing_in(client, address, NOW)

    assert address == reverse("own_review", args=[program.pk])
    assert 'name="helps"' in shown


@pytest.mark.parametrize("kind", ["program.follow_up", "program.review"])
def test_nobody_is_led_to_a_page_that_was_erased(rina, kind):
    program = ended(rina) if kind == "program.follow_up" else make_program(clients=[rina])
    for number in (1, 2) if kind == "program.review" else ():
        make_attempt(program, number, starts_at=NOW - number * 7 * DAY, status=MeetingStatus.ATTENDED)
    ask(now=NOW + 30 * DAY)
    destroy_key(holder=program, by=program.counselor.user, reason="asked for", now=NOW)

    sent = deliver(Message.objects.get(kind=kind).pk, now=NOW + 30 * DAY)

    assert sent.status != Sending.SENT
    assert mail.outbox == []


# --- The counselor's way ---------------------------------------------------------------------------------------------


def answered(client, *, at, days=30, **more):
    """A program that ended, with what its client answered when they were asked."""
    program = ended(client, at=at - days * DAY, **more)
    follow_up = program.follow_ups.get(days_after=days)
    follow_up.asked_at = at
    follow_up.save()
    answer_follow_up(follow_up=follow_up, how_it_is="KANARI-KABAR", levels={}, client=client, by=client.user, now=at)
    return program


def today(browser):
    return browser.get(reverse("today")).content.decode()


@pytest.mark.parametrize("language", ["id", "en"])
def test_a_counselor_is_told_of_an_answer_once_and_led_to_it(client, rina, language):
    program = answered(rina, at=NOW)
    counselor = program.counselor.user
    Message.objects.filter(kind="program.followed_up").update(language=language)

    sent = newest_mail("program.followed_up", NOW)
    client.force_login(counselor)

    assert Message.objects.get(kind="program.followed_up").user == counselor
    assert not is_telling(sent.subject)
    assert "KANARI" not in sent.body
    assert link_in(sent) == reverse("follow_up", args=[program.pk, 30])
    assert "KANARI-KABAR" in client.get(link_in(sent)).content.decode()


def test_an_answer_stands_on_the_counselors_day_and_leads_to_it(client, rina):
    program = answered(rina, at=NOW - DAY)
    client.force_login(program.counselor.user)

    page = today(client)

    assert "Rina" in page
    assert "22 November" in page or "22 Nov" in page
    assert "KANARI" not in page
    assert "KANARI-KABAR" in follow(client, page, "follow_up", program.pk, 30)


def test_after_a_week_an_answer_is_found_on_the_page_of_its_program(client, rina):
    program = answered(rina, at=NOW - 8 * DAY)
    client.force_login(program.counselor.user)

    assert reverse("follow_up", args=[program.pk, 30]) not in today(client)

    page = follow(client, client.get(reverse("caseload") + "?show=closed").content.decode(), "program", program.pk)
    assert "KANARI-KABAR" in follow(client, page, "follow_up", program.pk, 30)


def test_whoever_helps_to_lead_finds_the_answer_and_nobody_else_does(client, rina, front_desk):
    program = answered(rina, at=NOW)
    helper, other = make_counselor(name="Daeng"), make_counselor(name="Sari")
    program.co_counselors.add(helper)
    for counselor in (helper, other):  # both care for her
        CareRelationship.objects.create(
            client=rina, counselor=counselor, started_at=NOW, ends_at=NOW, is_kept_open=True
        )
    address = reverse("follow_up", args=[program.pk, 30])

    shown = []
    for user in (program.counselor.user, helper.user, other.user, rina.user):
        client.force_login(user)
        shown.append(address in client.get(reverse("today"), follow=True).content.decode())

    assert shown == [True, True, False, False]


def test_once_care_is_over_the_answer_is_not_on_the_day(client, rina):
    program = answered(rina, at=NOW)
    CareRelationship.objects.filter(client=rina).update(is_kept_open=False, ends_at=NOW - 3000 * DAY)
    client.force_login(program.counselor.user)

    assert reverse("follow_up", args=[program.pk, 30]) not in today(client)


def test_the_day_asks_as_often_for_many_answers_as_for_none(client, ayu, rina):
    client.force_login(ayu.user)
    counts = []
    for more in (0, 6):
        for _n in range(more):
            answered(rina, at=NOW, counselor=ayu)
        today(client)
        with CaptureQueriesContext(connection) as found:
            assert today(client).count("/follow-ups/30/") == more
        counts.append(len(found))

    assert counts[0] == counts[1] <= 9


def test_an_answer_that_was_erased_is_announced_nowhere(client, rina):
    program = answered(rina, at=NOW)
    destroy_key(holder=program, by=program.counselor.user, reason="asked for", now=NOW)
    client.force_login(program.counselor.user)

    deliver(Message.objects.get(kind="program.followed_up").pk, now=NOW)

    assert mail.outbox == []
    assert str(program.pk) not in today(client)
