"""What drafts, changes, handovers and the steps of a program's life refuse, each for its own reason."""

from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.utils.translation import override

from programs.agreement import changes
from programs.agreement.changes import offer_extension, offer_method
from programs.agreement.drafts import MOST_PEOPLE, draft_program
from programs.agreement.handovers import ask_handover, decline_handover
from programs.agreement.life import go_on, rest_longer, resume_program
from programs.agreement.proposals import LONGEST_QUESTION, decline_proposal
from programs.plan.models import Plan, Program, Status
from programs.reviews.models import Review
from tests.factories import NOW, make_client, make_counselor, make_method, make_program
from tests.programs.agreement.steps import DAY, Scene, make_template, write_outline

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_english():
    with override("en"):
        yield


@pytest.fixture
def scene(practice):
    return Scene()


@pytest.fixture
def extendable(practice):
    """A program under way whose review decided to add sessions."""
    program = make_program(sessions=4, status=Status.ACTIVE)
    by, later = program.counselor.user, NOW + DAY
    Review.objects.create(program=program, after_session=1, decision="extend", held_by=by, held_at=later)
    return program


def leads(program):
    return {"by": program.counselor.user, "now": NOW}


def refusal(act, *args, **said) -> ValidationError:
    with pytest.raises(ValidationError) as refused:
        act(*args, **said)
    return refused.value


# --- Drafts ----------------------------------------------------------------------------------------------------------


def draft(scene, **said):
    said = {"counselor": scene.ayu, "clients": scene.clients, "version": make_template()} | said
    return draft_program(by=scene.ayu.user, now=NOW, **said)


def test_a_draft_begins_with_a_template_or_a_method(scene):
    assert "method" in refusal(draft, scene, version=None).message_dict


@pytest.mark.parametrize("who", ["nobody", "twice", "many"])
def test_a_draft_is_for_a_few_people_each_once(scene, who):
    people = {"nobody": [], "twice": scene.clients * 2, "many": [make_client() for _ in range(MOST_PEOPLE + 1)]}[who]

    refused = refusal(draft, scene, clients=people)

    most = f"At most {MOST_PEOPLE} people take part in one program."
    assert refused.messages == [most if who == "many" else "Choose who takes part, each person once."]


def test_whose_consultation_it_was_takes_part_in_the_program(scene):
    other = Scene(names=("Sari",))

    refused = refusal(draft, other, consultation=scene.consultation)

    assert "The client of the consultation takes part in its program." in refused.messages


def test_a_draft_is_not_given_to_people_outside_care(scene):
    program = scene.draft()

    refused = refusal(scene.edit, program, clients=[*scene.clients, make_client()])

    assert refused.messages == ["Choose people who are in your care now."]
    assert program.members.count() == 1


@pytest.mark.parametrize(("status", "said"), [(Status.PROPOSED, "Take it back first"), (Status.AGREED, "agreed on")])
def test_only_a_draft_is_written_on(scene, status, said):
    program = scene.draft()
    Program.objects.update(status=status, agreed_at=NOW if status == Status.AGREED else None)

    refused = refusal(write_outline, program, {1: {"aim": "Lain"}}, by=scene.ayu.user)

    assert said in refused.messages[0]


def test_a_reason_for_a_no_has_an_end(scene):
    plan, reason = scene.proposed(), "x" * (LONGEST_QUESTION + 1)
    client = scene.clients[0]

    refused = refusal(decline_proposal, plan=plan, client=client, reason=reason, by=client.user, now=NOW)

    assert list(refused.message_dict) == ["reason"]


# --- Changes ---------------------------------------------------------------------------------------------------------


def test_nothing_is_extended_before_it_is_agreed(scene):
    refused = refusal(offer_extension, program=scene.draft(), added=1, reason="Perlu.", by=scene.ayu.user, now=NOW)

    assert refused.messages == ["Nothing is agreed yet: change the proposal instead."]


def test_a_reason_for_a_change_has_an_end(extendable):
    reason = "x" * (LONGEST_QUESTION + 1)

    refused = refusal(offer_extension, program=extendable, added=1, reason=reason, **leads(extendable))

    assert list(refused.message_dict) == ["reason"]
    assert extendable.plans.count() == 1


def test_a_change_is_made_of_the_plan_that_holds(extendable, monkeypatch):
    """Another change is signed between reading what holds and writing the new plan."""
    read = changes.read_together

    def reading(*args, **more):
        read(*args, **more)
        plan = Plan.objects.get()
        plan.pk, plan._state.adding, plan.number = uuid4(), True, 2
        plan.save()

    monkeypatch.setattr(changes, "read_together", reading)

    refused = refusal(offer_method, program=extendable, method=make_method(), reason="Perlu.", **leads(extendable))

    assert refused.code == "conflict"


# --- Handovers -------------------------------------------------------------------------------------------------------


def hand(program, **said):
    successor = make_counselor(name="Daeng")
    program.service.counselors.add(successor)
    said = {"note": "Ini.", "reason": "Pindah kota."} | said
    return ask_handover(program=program, to_counselor=successor, **said, **leads(program))


def test_only_what_is_agreed_on_is_handed_over(practice):
    program = make_program(status=Status.DRAFT)

    assert refusal(hand, program).messages == ["Only a program that is agreed on is handed over."]


def test_nothing_is_handed_over_while_a_change_is_on_offer(extendable):
    offer_extension(program=extendable, added=1, reason="Perlu.", **leads(extendable))

    assert "The client is reading a change." in refusal(hand, extendable).messages[0]


def test_what_is_said_of_a_handover_has_an_end(extendable):
    assert list(refusal(hand, extendable, note="x" * 50_000).message_dict) == ["note"]


def test_nobody_says_no_to_a_handover_for_somebody_else(extendable):
    asked, client = hand(extendable), extendable.members.get().client

    refused = refusal(decline_handover, handover=asked, client=client, by=extendable.counselor.user, now=NOW)

    assert refused.code == "role"
    asked.refresh_from_db()
    assert asked.answer == "asked"


# --- Life ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", [resume_program, rest_longer])
def test_only_what_rests_is_woken_or_rests_longer(practice, act):
    program = make_program(status=Status.AGREED)
    said = {"resume_on": (NOW + 9 * DAY).date(), "keep_meetings": True} if act is rest_longer else {}

    assert refusal(act, program=program, **said, **leads(program)).code == "status"
    program.refresh_from_db()
    assert program.status == Status.AGREED


def test_only_what_comes_to_its_end_goes_on_after_all(practice):
    program = make_program(status=Status.PAUSED)

    assert refusal(go_on, program=program, **leads(program)).code == "status"
