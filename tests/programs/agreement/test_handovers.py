"""A program passing to another counselor: with the yes of every client, and its history intact."""

from datetime import timedelta
from functools import partial

import pytest
from django.core.exceptions import ValidationError

from practice.calendar.models import Meeting
from practice.calendar.models import Status as MeetingStatus
from practice.messages.models import Message
from practice.people.models import CareRelationship, Role
from practice.records.models import AuditEvent
from programs.agreement.handovers import (
    agree_handover,
    ask_handover,
    call_off_former,
    decline_handover,
    expire_handovers,
    meetings_with_others,
    withdraw_handover,
)
from programs.agreement.life import begin_ending, close_program, pause_program, rest_longer, resume_program
from programs.between.actions import plan_session, write_card
from programs.notes.actions import save_note
from programs.notes.formats import Writing
from programs.plan.handover import ASKED_FOR, Handover
from programs.plan.models import Program
from programs.reviews.actions import hold_review, write_ending
from programs.sessions.thread import thread_of
from tests.factories import (
    NOW,
    make_attempt,
    make_client,
    make_counselor,
    make_practice,
    make_program,
    make_user,
)
from tests.programs.agreement.steps import DAY

pytestmark = pytest.mark.django_db
MONDAY = NOW + timedelta(days=7)


@pytest.fixture
def couple(db):
    make_practice()
    return [make_client(name=name, user=make_user(Role.CLIENT, name=name)) for name in ("Rina", "Budi")]


@pytest.fixture
def program(couple):
    """A couple's program of six sessions: the first was held, the next two are booked."""
    program = make_program(clients=couple, sessions=6)
    make_attempt(program, 1, starts_at=NOW - 7 * DAY, status=MeetingStatus.ATTENDED)
    make_attempt(program, 2, starts_at=MONDAY)
    make_attempt(program, 3, starts_at=MONDAY + 28 * DAY)
    return program


def kept(program):
    return Program.objects.get(pk=program.pk)


def by(program):
    return {"by": program.counselor.user, "now": NOW}


def pause(program, **fields):
    said = {"resume_on": (NOW + 21 * DAY).date(), "keep_meetings": True, "reason": "KANARI-JEDA"}
    return pause_program(program=program, **said | by(program) | fields)


def meetings(program):
    return dict(program.sessions.values_list("number", "attempts__meeting__status"))


@pytest.fixture
def daeng(program):
    daeng = make_counselor(name="Daeng")
    program.service.counselors.add(daeng)
    return daeng


def handover(program, to=None, **fields):
    if to is None:
        to = make_counselor(name="Daeng")
        program.service.counselors.add(to)
    said = {"note": "KANARI-CATATAN", "reason": "KANARI-SEBAB"} | by(program) | fields
    return ask_handover(program=program, to_counselor=to, **said)


def test_a_program_passes_over_when_every_client_agrees(program, couple, daeng):
    former = program.counselor
    asked = handover(program, daeng)
    assert not Program.objects.for_counselor(daeng.user).exists()

    agree_handover(handover=asked, client=couple[0], by=couple[0].user, now=NOW)
    assert kept(program).counselor == former
    agree_handover(handover=asked, client=couple[1], by=couple[1].user, now=NOW)

    assert kept(program).counselor == daeng
    assert Program.objects.for_counselor(daeng.user).get() == program
    assert not Program.objects.for_counselor(former.user).exists()
    assert CareRelationship.objects.filter(counselor=daeng, is_kept_open=True).count() == 2
    care = CareRelationship.objects.filter(counselor=former, is_kept_open=False)
    assert {each.ends_at for each in care} == {MONDAY + 28 * DAY + timedelta(hours=1) + 30 * DAY}


def test_booked_sessions_stay_with_the_former_counselor_until_they_are_called_off(program, couple, daeng):
    asked = handover(program, daeng)
    for client in couple:
        agree_handover(handover=asked, client=client, by=client.user, now=NOW)
    passed = Program.objects.for_page().get(pk=program.pk)

    assert [meeting.session_number for meeting in meetings_with_others(passed, NOW)] == [2, 3]
    assert call_off_former(program=passed, by=daeng.user, now=NOW) == 2

    assert not meetings_with_others(passed, NOW).exists()
    assert thread_of(passed).open == 5


def test_one_no_leaves_everything_as_it_is(program, couple, daeng):
    asked = handover(program, daeng)
    agree_handover(handover=asked, client=couple[0], by=couple[0].user, now=NOW)

    decline_handover(handover=asked, client=couple[1], by=couple[1].user, now=NOW)

    assert kept(program).counselor == program.counselor
    with pytest.raises(ValidationError):
        agree_handover(handover=asked, client=couple[1], by=couple[1].user, now=NOW)


def test_a_handover_that_was_taken_back_cannot_be_agreed_to(program, couple, daeng):
    asked = handover(program, daeng)
    withdraw_handover(handover=asked, **by(program))

    with pytest.raises(ValidationError) as refusal:
        agree_handover(handover=asked, client=couple[0], by=couple[0].user, now=NOW)

    assert refusal.value.code == "answered"


def test_nobody_else_answers_a_handover(program, couple, daeng):
    asked = handover(program, daeng)

    for client, user in ((couple[0], couple[1].user), (couple[0], daeng.user)):
        with pytest.raises(ValidationError):
            agree_handover(handover=asked, client=client, by=user, now=NOW)


@pytest.mark.parametrize("wrong", ["note", "reason", "self", "stranger", "role", "twice"])
def test_a_handover_that_cannot_be_is_refused(program, daeng, wrong):
    changes = {
        "note": {"note": " "},
        "reason": {"reason": ""},
        "self": {"to": program.counselor},
        "stranger": {"to": make_counselor(name="Tak memberi sesi ini")},
        "role": {"by": daeng.user},
    }.get(wrong, {})
    if wrong == "twice":
        handover(program, daeng)

    with pytest.raises(ValidationError):
        handover(program, **{"to": daeng} | changes)


# --- A question that ends without an answer --------------------------------------------------------------------------


def told(kind):
    return [message.user for message in Message.objects.filter(kind=kind)]


GONE = {
    "the account was closed": lambda daeng: type(daeng.user).objects.filter(pk=daeng.user_id).update(is_active=False),
    "the role has ended": lambda daeng: daeng.user.role_grants.update(ended_at=NOW),
    "the sessions are offered no more": lambda daeng: daeng.services.clear(),
}


@pytest.mark.parametrize("why", GONE)
def test_nobody_takes_a_program_over_who_no_longer_can(program, couple, daeng, why):
    asked = handover(program, daeng)
    agree_handover(handover=asked, client=couple[0], by=couple[0].user, now=NOW)
    GONE[why](daeng)

    with pytest.raises(ValidationError) as refused:
        agree_handover(handover=asked, client=couple[1], by=couple[1].user, now=NOW)

    assert "Daeng" in refused.value.messages[0]
    assert kept(program).counselor == program.counselor
    assert not CareRelationship.objects.filter(counselor=daeng).exists()
    assert Handover.objects.get().answer == Handover.Answer.ENDED
    assert told("program.lapsed") == [program.counselor.user]
    assert AuditEvent.objects.filter(act="handover.ended").count() == 1
    with pytest.raises(ValidationError):
        agree_handover(handover=asked, client=couple[0], by=couple[0].user, now=NOW)
    assert handover(program)


@pytest.mark.parametrize("act", [agree_handover, decline_handover])
def test_a_question_waits_for_an_answer_for_14_days(program, couple, daeng, act):
    asked = handover(program, daeng)

    with pytest.raises(ValidationError) as refused:
        act(handover=asked, client=couple[0], by=couple[0].user, now=NOW + ASKED_FOR)

    assert refused.value.code == "expired"
    assert act(handover=asked, client=couple[0], by=couple[0].user, now=NOW + ASKED_FOR - timedelta(seconds=1))


def test_a_question_that_nobody_answered_ends_and_who_asked_is_told(program, couple, daeng):
    asked = handover(program, daeng)
    agree_handover(handover=asked, client=couple[0], by=couple[0].user, now=NOW)

    assert expire_handovers(now=NOW + ASKED_FOR - timedelta(seconds=1)) == 0
    assert expire_handovers(now=NOW + ASKED_FOR) == 1
    assert expire_handovers(now=NOW + ASKED_FOR) == 0

    asked.refresh_from_db()
    assert (asked.answer, asked.answered_at) == (Handover.Answer.EXPIRED, NOW + ASKED_FOR)
    assert kept(program).counselor == program.counselor
    assert told("program.lapsed") == [program.counselor.user]
    assert AuditEvent.objects.filter(act="handover.expired", actor=None).count() == 1
    assert handover(program)


def test_a_question_can_be_taken_back_even_after_its_time(program, daeng):
    asked = handover(program, daeng)

    withdraw_handover(handover=asked, by=program.counselor.user, now=NOW + ASKED_FOR)

    assert expire_handovers(now=NOW + ASKED_FOR) == 0
    assert Handover.objects.get().answer == Handover.Answer.WITHDRAWN


# --- Who left has left -----------------------------------------------------------------------------------------------


def hand_over(program, couple):
    asked = handover(program)
    for client in couple:
        agree_handover(handover=asked, client=client, by=client.user, now=NOW)


FORMER_TRIES = {
    "pause": lambda p, act: pause_program(
        program=p, resume_on=(NOW + 20 * DAY).date(), keep_meetings=True, reason="", **act
    ),
    "begin the ending": lambda p, act: begin_ending(program=p, **act),
    "close": lambda p, act: close_program(program=p, close_reason="other", **act),
    "review": lambda p, act: hold_review(
        program=p, helps="", hinders="", summary="x", decision="go_on", levels={}, **act
    ),
    "write the ending": lambda p, act: write_ending(program=p, texts={}, levels={}, share=False, expected=0, **act),
    "plan a session": lambda p, act: plan_session(session=p.sessions.get(number=2), text="x", seen=None, **act),
}
WRITING = {
    "write a card": lambda p, act: write_card(
        session=p.sessions.get(number=1), done="x", task="", next="", share=False, **act
    ),
    "begin a note": lambda p, act: save_note(
        session=p.sessions.get(number=1), writing=Writing("free", {}), expected=0, **act
    ),
}


@pytest.mark.parametrize("what", FORMER_TRIES)
def test_who_has_handed_a_program_over_can_no_longer_act_in_it(program, couple, what):
    """As from a page that was opened before: the view let them in, and the client agreed while they wrote."""
    former = by(program)
    hand_over(program, couple)

    with pytest.raises(ValidationError) as refused:
        FORMER_TRIES[what](kept(program), former)

    assert refused.value.code == "role"


@pytest.mark.parametrize("what", WRITING)
def test_who_has_handed_a_program_over_writes_about_the_sessions_they_held_while_they_care(program, couple, what):
    former = by(program)
    hand_over(program, couple)
    care = CareRelationship.objects.filter(counselor=program.counselor)

    care.update(is_kept_open=True)
    assert WRITING[what](kept(program), former)
    care.update(is_kept_open=False, ends_at=NOW)
    with pytest.raises(ValidationError) as refused:
        WRITING[what](kept(program), former)

    assert refused.value.code == "role"


@pytest.mark.parametrize("what", WRITING)
def test_who_has_handed_a_program_over_writes_nothing_about_a_session_of_somebody_else(program, couple, what, daeng):
    former = by(program)
    hand_over(program, couple)
    CareRelationship.objects.filter(counselor=program.counselor).update(is_kept_open=True)
    Meeting.objects.filter(attempt__session__program=program).update(counselor=daeng)

    with pytest.raises(ValidationError) as refused:
        WRITING[what](kept(program), former)

    assert refused.value.code == "role"


@pytest.mark.parametrize(
    "act", [resume_program, partial(rest_longer, resume_on=(NOW + 30 * DAY).date(), keep_meetings=True)]
)
def test_who_has_handed_a_resting_program_over_no_longer_wakes_it(program, couple, act):
    former = by(program)
    hand_over(program, couple)
    pause(kept(program))

    with pytest.raises(ValidationError) as refused:
        act(program=program, **former)

    assert refused.value.code == "role"


def test_a_question_about_a_handover_is_taken_back_by_who_leads_the_program(program, couple):
    asked = handover(program)

    with pytest.raises(ValidationError) as refused:
        withdraw_handover(handover=asked, by=asked.to_counselor.user, now=NOW)

    assert refused.value.code == "role"
