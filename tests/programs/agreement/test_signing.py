"""Signing: once by each client, to the text that was offered, with one consent for each purpose."""

import threading

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, close_old_connections, connection, transaction

from practice.people.consents import given
from practice.people.models import CareRelationship, Consent, Role
from practice.records.models import AuditEvent
from programs.agreement.consents import asked_of, withdraw_consent
from programs.agreement.life import close_program
from programs.agreement.proposals import (
    ask_question,
    decline_proposal,
    propose_program,
    withdraw_proposal,
)
from programs.goals.models import GoalSet
from programs.plan.models import Plan, PlanStatus, Program, ProgramStep, Signature, Status
from tests.factories import NOW, make_client, make_counselor, make_goal, make_supervision, make_user
from tests.programs.agreement.steps import DAY, Scene, hash_in, sign

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene(db):
    return Scene()


def kept(program):
    return Program.objects.get(pk=program.pk)


def test_signing_makes_a_program_agreed_and_keeps_everything(scene):
    plan, rina = scene.proposed(), scene.clients[0]
    goal_set = GoalSet.objects.create(program=plan.program, number=1)
    make_goal(goal_set)

    signature = sign(plan, rina, language="en")

    plan.refresh_from_db()
    program = kept(plan.program)
    assert (plan.status, program.status, program.agreed_at) == (PlanStatus.SIGNED, Status.AGREED, NOW)
    assert (signature.language, signature.text_hash, signature.signed_by) == ("en", hash_in(plan, "en"), rina.user)
    assert set(Consent.objects.values_list("purpose", "version", "language")) == {
        (purpose, 1, "en") for purpose in ("program", "health", "online", "supervision")
    }
    goal_set.refresh_from_db()
    assert goal_set.frozen_at == NOW
    assert CareRelationship.objects.get(counselor=scene.ayu).is_kept_open
    assert list(ProgramStep.objects.order_by("at", "pk").values_list("became", flat=True)).count("agreed") == 1
    assert AuditEvent.objects.get(act="program.agreed").facts == {"from_consultation": True}
    agreed = Program.objects.from_consultations().agreed_between(NOW, NOW + DAY)
    assert [each.pk for each in agreed] == [program.pk]


@pytest.mark.parametrize("left_out", ["program", "health", "online"])
def test_a_needed_consent_cannot_be_left_out(scene, left_out):
    plan = scene.proposed()
    ticked = {"program", "health", "online", "supervision"} - {left_out}

    with pytest.raises(ValidationError) as refusal:
        sign(plan, scene.clients[0], consents=ticked)

    assert list(refusal.value.message_dict) == [left_out]
    assert not Signature.objects.exists()
    assert not Consent.objects.exists()


def test_a_free_consent_can_be_left_out_and_then_no_supervisor_reads(scene):
    ratna = make_user(Role.SUPERVISOR)
    make_supervision(scene.ayu, supervisor=ratna, co_signs=False)

    sign(scene.proposed(), scene.clients[0], consents=["program", "health", "online"])

    assert not Program.objects.visible_to(ratna).exists()
    assert set(Consent.objects.values_list("purpose", flat=True)) == {"program", "health", "online"}


def test_a_supervisor_finds_a_program_once_every_client_has_agreed_to_it_and_to_their_reading(db):
    scene = Scene(names=("Rina", "Budi"))
    ratna, (rina, budi) = make_user(Role.SUPERVISOR), scene.clients
    make_supervision(scene.ayu, supervisor=ratna, co_signs=False)
    found = lambda: Program.objects.visible_to(ratna).count()  # noqa: E731
    program = scene.finished()
    assert found() == 0
    plan = propose_program(program=program, by=scene.ayu.user, now=NOW)
    assert found() == 0

    sign(plan, rina)
    assert found() == 0
    sign(plan, budi)
    assert found() == 1

    withdraw_consent(program=program, client=budi, purpose="supervision", by=budi.user, now=NOW)
    assert found() == 0


@pytest.mark.parametrize("end", ["declined", "closed"])
def test_a_supervisor_never_finds_a_program_that_nobody_agreed_to(scene, end):
    ratna, [rina] = make_user(Role.SUPERVISOR), scene.clients
    make_supervision(scene.ayu, supervisor=ratna)
    plan = scene.proposed()

    if end == "declined":
        decline_proposal(plan=plan, client=rina, reason="", by=rina.user, now=NOW)
    else:
        close_program(program=plan.program, close_reason="not_begun", by=scene.ayu.user, now=NOW)

    assert not Program.objects.visible_to(ratna).exists()


def test_who_once_signed_and_takes_part_no_more_keeps_no_supervisor_out(db):
    scene = Scene(names=("Rina", "Budi"))
    ratna, (rina, budi) = make_user(Role.SUPERVISOR), scene.clients
    make_supervision(scene.ayu, supervisor=ratna, co_signs=False)
    plan = scene.proposed()
    sign(plan, rina)
    withdraw_proposal(plan=plan, by=scene.ayu.user, now=NOW)
    scene.edit(plan.program, clients=[budi])

    sign(propose_program(program=plan.program, by=scene.ayu.user, now=NOW), budi)

    assert Program.objects.visible_to(ratna).exists()


def test_a_supervisor_who_co_signs_is_named_and_needed(scene):
    make_supervision(scene.ayu)

    plan = scene.proposed()

    assert plan.consents_required == ["program", "health", "online", "supervision"]
    with pytest.raises(ValidationError):
        sign(plan, scene.clients[0], consents=["program", "health", "online"])


def test_meeting_in_person_too_makes_video_a_choice(db):
    plan = Scene(modes=["video", "in_person"]).proposed()

    assert plan.consents_required == ["program", "health"]
    assert plan.consents_optional == ["online", "supervision"]


def test_consents_that_were_not_asked_for_are_not_kept(scene):
    sign(scene.proposed(), scene.clients[0], consents=["program", "health", "online", "guardian", "booking"])

    assert set(Consent.objects.values_list("purpose", flat=True)) == {"program", "health", "online"}


def test_a_couple_is_agreed_when_both_have_signed(db):
    scene = Scene(names=("Rina", "Budi"))
    plan = scene.proposed()

    sign(plan, scene.clients[0])
    assert kept(plan.program).status == Status.PROPOSED

    sign(plan, scene.clients[1])
    assert kept(plan.program).status == Status.AGREED
    assert CareRelationship.objects.filter(is_kept_open=True).count() == 2


def test_what_a_client_left_out_of_the_next_version_holds_no_more_from_the_last(db):
    scene = Scene(names=("Rina", "Budi"))
    ratna = make_user(Role.SUPERVISOR)
    make_supervision(scene.ayu, supervisor=ratna, co_signs=False)
    plan, (rina, budi) = scene.proposed(), scene.clients
    sign(plan, rina)
    decline_proposal(plan=plan, client=budi, reason="", by=budi.user, now=NOW)
    scene.edit(plan.program)
    again = propose_program(program=plan.program, by=scene.ayu.user, now=NOW)

    sign(again, rina, consents=["program", "health", "online"], now=NOW + DAY)
    sign(again, budi, now=NOW + DAY)

    assert not Program.objects.visible_to(ratna).exists()
    said = {each.purpose: each.holds for each in asked_of(kept(plan.program), rina)}
    assert said == {"program": True, "health": True, "online": True, "supervision": False}


def test_signing_ends_what_it_asks_for_and_finds_left_out_and_keeps_what_it_does_not_ask_for(scene):
    plan, rina = scene.proposed(), scene.clients[0]
    for purpose in ("supervision", "booking"):
        given(client=rina, purpose=purpose, language="id", now=NOW, given_for=plan.program_id).save()

    sign(plan, rina, consents=["program", "health", "online"])

    holding = Consent.objects.filter(withdrawn_at=None).values_list("purpose", flat=True)
    assert set(holding) == {"program", "health", "online", "booking"}


def test_another_text_than_the_offered_one_is_not_signed(scene):
    plan = scene.proposed()

    for wrong in ({"text_hash": "0" * 64}, {"text_hash": hash_in(plan, "en")}):
        with pytest.raises(ValidationError) as refusal:
            sign(plan, scene.clients[0], **wrong)
        assert refusal.value.code == "text"


def test_nobody_signs_for_somebody_else(db):
    scene = Scene(names=("Rina", "Budi"))
    plan = scene.proposed()
    rina, budi = scene.clients
    stranger = make_client(name="Sari", user=make_user(Role.CLIENT))

    for client, by in ((rina, budi.user), (rina, scene.ayu.user), (stranger, stranger.user)):
        with pytest.raises(ValidationError):
            sign(plan, client, by=by)
        with pytest.raises(ValidationError):
            decline_proposal(plan=plan, client=client, reason="", by=by, now=NOW)
        with pytest.raises(ValidationError):
            ask_question(plan=plan, client=client, text="x", by=by, now=NOW)

    assert not Signature.objects.exists()


def test_signing_twice_is_answered_clearly(scene):
    plan = scene.proposed()
    sign(plan, scene.clients[0])

    with pytest.raises(ValidationError) as refusal:
        sign(plan, scene.clients[0])

    assert refusal.value.code == "signed"
    assert Signature.objects.count() == 1


def test_a_second_signature_and_a_changed_one_meet_the_database(scene):
    plan = scene.proposed()
    signature = sign(plan, scene.clients[0])
    again = {name: getattr(signature, name) for name in ("plan", "client", "text_hash", "language", "signed_by")}

    with pytest.raises(IntegrityError), transaction.atomic():
        Signature.objects.create(signed_at=NOW, **again)
    with pytest.raises(Exception, match="Cannot update"), transaction.atomic():
        Signature.objects.filter(pk=signature.pk).update(text_hash="0" * 64)


def test_one_plan_is_on_offer_at_a_time_whoever_goes_round_the_action(scene):
    plan = scene.proposed()

    with pytest.raises(IntegrityError), transaction.atomic():
        Plan.objects.create(
            program=plan.program,
            number=9,
            status="offered",
            method=plan.method,
            planned_sessions=4,
            price=0,
            review_after=[],
            created_at=NOW,
            offered_at=NOW,
            expires_at=NOW,
            text_hash="0" * 64,
            minutes=50,
            free_cancel=1440,
            free_move=1440,
        )


@pytest.mark.django_db(transaction=True)
def test_the_same_signature_sent_twice_at_once_is_one_and_both_are_told():
    scene = Scene()
    plan = scene.proposed()
    together, answers = threading.Barrier(2), []

    def signing():
        together.wait()
        try:
            sign(plan, scene.clients[0])
            answers.append("signed now")
        except ValidationError as refusal:
            answers.append(refusal.code)
        finally:
            close_old_connections()
            connection.close()

    threads = [threading.Thread(target=signing) for _each in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == ["signed", "signed now"]
    assert Signature.objects.count() == 1
    assert Consent.objects.count() == 4
    assert ProgramStep.objects.filter(became="agreed").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_couple_that_signs_at_once_is_agreed_once():
    scene = Scene(names=("Rina", "Budi"))
    plan = scene.proposed()
    together = threading.Barrier(2)

    def signing(client):
        together.wait()
        try:
            sign(plan, client)
        finally:
            connection.close()

    threads = [threading.Thread(target=signing, args=[client]) for client in scene.clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Signature.objects.count() == 2
    assert kept(plan.program).status == Status.AGREED
    assert ProgramStep.objects.filter(became="agreed").count() == 1


def test_another_counselor_finds_no_draft(scene):
    program = scene.draft()

    assert not Program.objects.for_counselor(make_counselor(name="Daeng").user).filter(pk=program.pk).exists()
    assert not Program.objects.visible_to(scene.clients[0].user).exists()
