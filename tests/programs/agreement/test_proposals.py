"""From a consultation to a signed agreement: drafted, offered, asked about, declined, run out, signed."""

import hashlib
import threading
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, close_old_connections, connection, transaction
from django.utils.translation import override

from practice.messages.models import Message
from practice.people.models import CareRelationship, Consent, Role
from practice.records.actions import read
from practice.records.models import AuditEvent
from programs.agreement.drafts import draft_program, drop_draft, edit_outline
from programs.agreement.proposals import (
    answer_question,
    ask_question,
    decline_proposal,
    expire_proposals,
    propose_program,
    remind_of_proposals,
    withdraw_proposal,
)
from programs.goals.models import GoalSet
from programs.plan.models import AbsenceRule, Plan, PlanQuestion, PlanStatus, Program, ProgramStep, Signature, Status
from programs.plan.texts import PlanText
from tests.factories import NOW, make_client, make_counselor, make_goal, make_service, make_supervision, make_user
from tests.programs.agreement.steps import DAY, Scene, hash_in, make_template, sign

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene(db):
    return Scene()


def kept(program):
    return Program.objects.get(pk=program.pk)


# --- Drafting --------------------------------------------------------------------------------------------------------


def test_a_draft_copies_the_outline_of_its_template(scene):
    version = make_template(sessions=4)

    program = scene.draft(version=version, consultation=scene.consultation)

    plan = program.plans.get()
    assert (plan.planned_sessions, plan.pace_days, plan.price, plan.review_after) == (4, 14, 300_000, [2, 3])
    sessions = read(program.sessions.order_by("number"), by=scene.ayu.user, reason="a test")
    assert [session.aim for session in sessions] == [f"Langkah {n}" for n in range(1, 5)]
    assert program.consultation == scene.consultation
    assert [member.client for member in program.members.all()] == scene.clients
    assert ProgramStep.objects.get(program=program).became == Status.DRAFT


def test_a_draft_can_begin_with_a_method_alone(scene):
    method = make_template().method

    program = draft_program(counselor=scene.ayu, clients=scene.clients, by=scene.ayu.user, now=NOW, method=method)

    assert program.plans.get().planned_sessions == method.typical_from
    assert program.plans.get().price == scene.service.price


def test_a_template_that_plans_no_price_leaves_that_of_the_service(scene):
    assert scene.draft(version=make_template(price=None)).plans.get().price == scene.service.price


def test_a_consultation_leads_to_one_program(scene):
    scene.draft(consultation=scene.consultation)

    with pytest.raises(ValidationError) as refusal:
        scene.draft(consultation=scene.consultation)

    assert refusal.value.code == "exists"


def test_a_consultation_whose_outcome_says_otherwise_leads_to_no_program(scene):
    type(scene.consultation).objects.filter(pk=scene.consultation.pk).update(next_step="nothing")

    with pytest.raises(ValidationError) as refusal:
        scene.draft(consultation=scene.consultation)

    assert refusal.value.code == "next_step"


def test_nobody_outside_care_is_proposed_to(scene):
    stranger = make_client(name="Sari")

    with pytest.raises(ValidationError):
        draft_program(counselor=scene.ayu, clients=[stranger], by=scene.ayu.user, now=NOW, version=make_template())

    assert not Program.objects.exists()


def test_without_a_service_for_sessions_there_is_no_draft(scene):
    scene.service.counselors.clear()

    with pytest.raises(ValidationError) as refusal:
        scene.draft()

    assert refusal.value.code == "service"


def test_a_draft_is_tailored_and_its_stations_follow(scene):
    program = scene.draft()

    scene.edit(program, planned_sessions=6, missed_rule=AbsenceRule.REPLACED)

    plan = program.plans.get()
    assert (plan.planned_sessions, plan.missed_rule, plan.review_after) == (6, "replaced", [2, 4])
    assert program.sessions.count() == 6
    scene.edit(program, planned_sessions=3)
    assert program.sessions.count() == 3


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("planned_sessions", 0),
        ("planned_sessions", 2),
        ("planned_sessions", 1000),
        ("planned_sessions", -4),
        ("pace_days", 0),
        ("pace_days", -7),
        ("pace_days", 61),
        ("price", -1),
        ("price", 10**9),
        ("review_after", [4]),
        ("review_after", [0]),
        ("title", " "),
        ("title", "x" * 121),
        ("problem", "x" * 2_001),
        ("if_silent", "x" * 1_001),
    ],
)
def test_what_a_plan_cannot_say_is_refused_at_its_field(scene, field, wrong):
    program = scene.draft()

    with pytest.raises(ValidationError) as refusal:
        scene.edit(program, **{field: wrong})

    assert list(refusal.value.message_dict) == [field]
    assert kept(program).revision == 0


def test_fewer_than_three_sessions_point_to_consultations(scene):
    with override("en"), pytest.raises(ValidationError) as refusal:
        scene.edit(scene.draft(), planned_sessions=2)

    assert "consultations" in refusal.value.messages[0]


def test_a_service_of_somebody_else_is_refused(scene):
    with pytest.raises(ValidationError) as refusal:
        scene.edit(scene.draft(), service=make_service())

    assert list(refusal.value.message_dict) == ["service"]


def test_a_draft_edited_elsewhere_is_not_overwritten(scene):
    program = scene.draft()
    scene.edit(program)

    with pytest.raises(ValidationError) as refusal:
        scene.edit(program, expected=0)

    assert refusal.value.code == "conflict"


def test_an_outline_of_sessions_that_are_not_there_is_refused(scene):
    program = scene.draft()

    with pytest.raises(ValidationError):
        edit_outline(program=program, outline={9: {"aim": "x"}}, by=scene.ayu.user, now=NOW)


def test_a_draft_that_is_dropped_is_closed_as_never_agreed(scene):
    program = drop_draft(program=scene.draft(), by=scene.ayu.user, now=NOW)

    assert (program.status, program.close_reason) == (Status.CLOSED, "not_begun")


# --- Offering --------------------------------------------------------------------------------------------------------


def test_a_proposal_freezes_its_text_waits_two_weeks_and_tells_the_client(scene):
    plan = scene.proposed()

    assert kept(plan.program).status == Status.PROPOSED
    assert plan.expires_at == NOW + 14 * DAY
    texts = read(PlanText.objects.filter(plan=plan), by=scene.ayu.user, reason="a test")
    by_language = {text.language: text for text in texts}
    assert set(by_language) == {"id", "en"}
    for text in texts:
        assert hashlib.sha256(text.text.encode()).hexdigest() == text.text_hash
        assert "KANARI-LANGKAH 4" in text.text
    assert plan.text_hash == by_language["id"].text_hash
    assert "WHO READS WHAT" in by_language["en"].text
    message = Message.objects.get(kind="program.proposal")
    assert message.client == scene.clients[0]
    care = CareRelationship.objects.get(counselor=scene.ayu)
    assert care.ends_at == plan.expires_at + 30 * DAY


def test_the_offered_text_cannot_be_changed(scene):
    text = PlanText.objects.filter(plan=scene.proposed()).first()

    with pytest.raises(Exception, match="Cannot update"), transaction.atomic():
        PlanText.objects.filter(pk=text.pk).update(text_hash="0" * 64)


@pytest.mark.parametrize("missing", ["title", "problem", "aim"])
def test_an_unfinished_draft_is_not_offered(scene, missing):
    program = scene.finished()
    if missing == "aim":
        edit_outline(program=program, outline={2: {"aim": ""}}, by=scene.ayu.user, now=NOW)
    else:
        fresh = kept(program)
        setattr(fresh, missing, "")
        fresh.save(update_fields=[missing])

    with pytest.raises(ValidationError):
        propose_program(program=program, by=scene.ayu.user, now=NOW)

    assert kept(program).status == Status.DRAFT
    assert not Message.objects.exists()


def test_what_changes_while_it_is_read_is_not_offered_unseen(scene, monkeypatch):
    program = scene.finished()
    from programs.agreement import proposals

    def somebody_else_writes(offer, **more):
        edit_outline(program=program, outline={1: {"aim": "Lain"}}, by=scene.ayu.user, now=NOW)
        return opened(offer, **more)

    opened = proposals.open_offer
    monkeypatch.setattr(proposals, "open_offer", somebody_else_writes)

    with pytest.raises(ValidationError) as refusal:
        propose_program(program=program, by=scene.ayu.user, now=NOW)

    assert refusal.value.code == "conflict"
    assert kept(program).status == Status.DRAFT


def test_a_minor_needs_a_guardian_first(scene):
    scene.clients[0].birth_year = 2010
    scene.clients[0].save()

    with pytest.raises(ValidationError) as refusal:
        scene.proposed()

    assert refusal.value.code == "guardian"


def test_a_proposal_is_not_edited_while_it_is_read(scene):
    plan = scene.proposed()

    with pytest.raises(ValidationError):
        scene.edit(plan.program)
    with pytest.raises(ValidationError):
        edit_outline(program=plan.program, outline={1: {"aim": "Lain"}}, by=scene.ayu.user, now=NOW)
    with pytest.raises(ValidationError):
        propose_program(program=plan.program, by=scene.ayu.user, now=NOW)


# --- Asking, declining, taking back, running out ---------------------------------------------------------------------


def test_a_question_and_its_answer_are_sealed_and_told_to_the_other_side(scene):
    plan, rina = scene.proposed(), scene.clients[0]

    ask_question(plan=plan, client=rina, text="KANARI-TANYA", by=rina.user, now=NOW)
    answer_question(plan=plan, text="KANARI-JAWAB", by=scene.ayu.user, now=NOW)

    assert Message.objects.get(kind="program.question").user == scene.ayu.user
    assert Message.objects.get(kind="program.answer").client == rina
    with connection.cursor() as cursor:
        cursor.execute("SELECT text FROM programs_planquestion")
        assert not [text for (text,) in cursor.fetchall() if b"KANARI" in bytes(text)]


@pytest.mark.parametrize("text", ["", "  ", "x" * 2_001])
def test_an_empty_or_endless_question_is_refused(scene, text):
    plan, rina = scene.proposed(), scene.clients[0]

    with pytest.raises(ValidationError):
        ask_question(plan=plan, client=rina, text=text, by=rina.user, now=NOW)

    assert not PlanQuestion.objects.exists()


def test_a_declined_proposal_is_a_draft_again_and_can_be_written_anew(scene):
    plan, rina = scene.proposed(), scene.clients[0]

    decline_proposal(plan=plan, client=rina, reason="KANARI-ALASAN", by=rina.user, now=NOW)

    plan.refresh_from_db()
    assert plan.status == PlanStatus.DECLINED
    assert kept(plan.program).status == Status.DRAFT
    again = scene.edit(plan.program)
    assert again.number == 2
    assert propose_program(program=plan.program, by=scene.ayu.user, now=NOW).number == 2


def test_a_withdrawn_proposal_cannot_be_signed(scene):
    plan = scene.proposed()
    withdraw_proposal(plan=plan, by=scene.ayu.user, now=NOW)

    with pytest.raises(ValidationError) as refusal:
        sign(plan, scene.clients[0])

    assert refusal.value.code == PlanStatus.WITHDRAWN
    assert not Signature.objects.exists()


def test_a_superseded_proposal_cannot_be_signed(scene):
    old = scene.proposed()
    withdraw_proposal(plan=old, by=scene.ayu.user, now=NOW)
    scene.edit(old.program, price=100_000)
    propose_program(program=old.program, by=scene.ayu.user, now=NOW)

    with pytest.raises(ValidationError):
        sign(old, scene.clients[0])

    assert not Signature.objects.exists()


def test_a_proposal_runs_out_after_two_weeks(scene):
    plan = scene.proposed()

    assert expire_proposals(now=NOW + 14 * DAY - timedelta(seconds=1)) == 0
    assert expire_proposals(now=NOW + 14 * DAY) == 1
    assert expire_proposals(now=NOW + 14 * DAY) == 0

    plan.refresh_from_db()
    assert plan.status == PlanStatus.EXPIRED
    assert kept(plan.program).status == Status.DRAFT
    with pytest.raises(ValidationError) as refusal:
        sign(plan, scene.clients[0])
    assert refusal.value.code == PlanStatus.EXPIRED


def test_a_proposal_is_over_in_time_even_before_anyone_tidied_up(scene):
    plan = scene.proposed()

    with pytest.raises(ValidationError) as refusal:
        sign(plan, scene.clients[0], now=NOW + 14 * DAY)

    assert refusal.value.code == PlanStatus.EXPIRED


def test_an_unanswered_proposal_is_reminded_of_once(scene):
    scene.proposed()

    assert [remind_of_proposals(now=NOW + n * DAY) for n in (6, 7, 8, 13)] == [0, 1, 0, 0]

    assert Message.objects.filter(kind="program.reminder").count() == 1


def test_who_has_signed_is_not_reminded(db):
    scene = Scene(names=("Rina", "Budi"))
    sign(scene.proposed(), scene.clients[0])

    remind_of_proposals(now=NOW + 7 * DAY)

    assert Message.objects.get(kind="program.reminder").client == scene.clients[1]


# --- Signing ---------------------------------------------------------------------------------------------------------


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
    plan = scene.proposed()
    assert Program.objects.visible_to(ratna).exists()

    sign(plan, scene.clients[0], consents=["program", "health", "online"])

    assert not Program.objects.visible_to(ratna).exists()
    assert set(Consent.objects.values_list("purpose", flat=True)) == {"program", "health", "online"}


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
