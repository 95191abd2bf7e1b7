"""Who acts on a program is asked again under its lock: somebody who just left it changes nothing any more."""

import pytest
from django.core.exceptions import ValidationError

from practice.catalog.models import Kind
from programs.agreement.changes import offer_extension, offer_method
from programs.agreement.drafts import drop_draft, edit_draft
from programs.agreement.handovers import ask_handover, call_off_former
from programs.agreement.life import begin_ending, close_program, go_on, pause_program
from programs.agreement.proposals import answer_question, propose_program, withdraw_proposal
from programs.plan.models import Program, Status
from programs.reviews.afterwards import book_follow_up
from programs.reviews.models import FollowUp, Review
from tests.factories import NOW, make_counselor, make_method, make_program, make_service
from tests.programs.agreement.steps import DAY, Scene, write_outline

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene():
    return Scene()


@pytest.fixture
def stranger():
    """A counselor with nothing to do with the program."""
    return make_counselor(name="Sari").user


def facts(program):
    """What the steps of a program would change."""
    kept = Program.objects.get(pk=program.pk)
    plans = list(kept.plans.order_by("number").values_list("status", "answered_at"))
    return kept.status, kept.revision, plans, kept.steps.count(), kept.sessions.count()


DRAFTED = {
    "edit": lambda scene, program, by: edit_draft(
        program=program, terms=scene.terms(program), expected=program.revision, by=by, now=NOW
    ),
    "outline": lambda scene, program, by: write_outline(program, {1: {"aim": "Lain"}}, by=by),
    "drop": lambda scene, program, by: drop_draft(program=program, by=by, now=NOW),
    "propose": lambda scene, program, by: propose_program(program=program, by=by, now=NOW),
}


@pytest.mark.parametrize("act", DRAFTED)
def test_a_draft_is_its_counselors(scene, stranger, act):
    program = scene.finished()
    program.refresh_from_db()
    before = facts(program)

    with pytest.raises(ValidationError) as refused:
        DRAFTED[act](scene, program, stranger)

    assert (refused.value.code, facts(program)) == ("role", before)


@pytest.mark.parametrize("act", [withdraw_proposal, answer_question])
def test_an_offer_is_answered_and_taken_back_by_its_counselors(scene, stranger, act):
    plan = scene.proposed()
    before = facts(plan.program)
    said = {"text": "Boleh."} if act is answer_question else {}

    with pytest.raises(ValidationError) as refused:
        act(plan=plan, by=stranger, now=NOW, **said)

    assert (refused.value.code, facts(plan.program)) == ("role", before)
    assert plan.questions.count() == 0


UNDER_WAY = {
    "pause": lambda program, by: pause_program(
        program=program, resume_on=(NOW + 9 * DAY).date(), keep_meetings=True, reason="", by=by, now=NOW
    ),
    "ending": lambda program, by: begin_ending(program=program, by=by, now=NOW),
    "go on": lambda program, by: go_on(program=program, by=by, now=NOW),
    "close": lambda program, by: close_program(program=program, close_reason="goals_reached", by=by, now=NOW),
    "more": lambda program, by: offer_extension(program=program, added=1, reason="Perlu.", by=by, now=NOW),
    "method": lambda program, by: offer_method(program=program, method=make_method(), reason="Perlu.", by=by, now=NOW),
    "hand over": lambda program, by: ask_handover(
        program=program, to_counselor=make_counselor(), note="Ini.", reason="Pindah.", by=by, now=NOW
    ),
    "call off": lambda program, by: call_off_former(program=program, by=by, now=NOW),
}


@pytest.mark.parametrize("act", UNDER_WAY)
def test_a_program_under_way_is_led_by_its_counselors(practice, stranger, act):
    program = make_program(sessions=4, status=Status.ACTIVE)
    by, later = program.counselor.user, NOW + DAY
    Review.objects.create(program=program, after_session=1, decision="extend", held_by=by, held_at=later)
    before = facts(program)

    with pytest.raises(ValidationError) as refused:
        UNDER_WAY[act](program, stranger)

    assert (refused.value.code, facts(program)) == ("role", before)


def test_a_meeting_after_the_end_is_booked_by_its_counselors(practice, stranger, monday_at_nine):
    program = make_program(status=Status.CLOSED)
    asked = FollowUp.objects.create(
        program=program, client=program.members.get().client, days_after=30, due_on=NOW.date(), asked_at=NOW
    )
    service = make_service(kind=Kind.FOLLOW_UP, counselors=[program.counselor])

    with pytest.raises(ValidationError) as refused:
        book_follow_up(follow_up=asked, service=service, mode="video", starts_at=monday_at_nine, by=stranger, now=NOW)

    assert refused.value.code == "role"
    assert FollowUp.objects.get(meeting=None)
