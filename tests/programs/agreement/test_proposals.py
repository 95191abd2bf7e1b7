"""From a consultation to a signed agreement: drafted, offered, asked about, declined, run out, signed."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.urls import reverse

from practice.calendar.actions import cancel_meeting
from practice.messages.models import Message
from practice.people.models import CareRelationship, Consent
from practice.records.actions import read
from practice.records.models import AuditEvent
from programs.agreement.life import close_program
from programs.agreement.proposals import (
    answer_question,
    ask_question,
    decline_proposal,
    expire_proposals,
    propose_program,
    remind_of_proposals,
    withdraw_proposal,
)
from programs.plan.models import PlanQuestion, PlanStatus, Program, Signature, Status
from programs.plan.texts import PlanText
from tests.factories import NOW, make_meeting
from tests.programs.agreement.steps import DAY, Scene, sign, write_outline

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene(db):
    return Scene()


def kept(program):
    return Program.objects.get(pk=program.pk)


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


def test_a_cancelled_consultation_leaves_the_care_that_an_open_proposal_needs(scene):
    plan = scene.proposed()
    another = make_meeting(starts_at=NOW + 60 * DAY, counselor=scene.ayu, clients=scene.clients)

    cancel_meeting(meeting=another, by=None, now=NOW)

    assert CareRelationship.objects.get(counselor=scene.ayu).ends_at == plan.expires_at + 30 * DAY


def test_the_offered_text_cannot_be_changed(scene):
    text = PlanText.objects.filter(plan=scene.proposed()).first()

    with pytest.raises(Exception, match="Cannot update"), transaction.atomic():
        PlanText.objects.filter(pk=text.pk).update(text_hash="0" * 64)


@pytest.mark.parametrize("missing", ["title", "problem", "aim"])
def test_an_unfinished_draft_is_not_offered(scene, missing):
    program = scene.finished()
    if missing == "aim":
        write_outline(program, {2: {"aim": ""}}, by=scene.ayu.user)
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
        write_outline(program, {1: {"aim": "Lain"}}, by=scene.ayu.user)
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


def test_a_client_comes_of_age_on_the_clock_of_the_counselor(scene):
    scene.clients[0].birth_year = 2008
    scene.clients[0].save()
    program = scene.finished()

    with pytest.raises(ValidationError):
        propose_program(program=program, by=scene.ayu.user, now=datetime(2026, 12, 31, 16, 59, tzinfo=UTC))

    assert propose_program(program=program, by=scene.ayu.user, now=datetime(2026, 12, 31, 17, 1, tzinfo=UTC))


def test_a_proposal_is_not_edited_while_it_is_read(scene):
    plan = scene.proposed()

    with pytest.raises(ValidationError):
        scene.edit(plan.program)
    with pytest.raises(ValidationError):
        write_outline(plan.program, {1: {"aim": "Lain"}}, by=scene.ayu.user)
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


def run_out(plan, scene):
    expire_proposals(now=NOW + 14 * DAY)


def decline(plan, scene):
    decline_proposal(plan=plan, client=scene.clients[1], reason="", by=scene.clients[1].user, now=NOW)


def withdraw(plan, scene):
    withdraw_proposal(plan=plan, by=scene.ayu.user, now=NOW)


def close(plan, scene):
    close_program(program=plan.program, close_reason="not_begun", by=scene.ayu.user, now=NOW)


@pytest.mark.parametrize("end", [run_out, decline, withdraw, close])
def test_what_was_consented_to_with_a_proposal_ends_with_it(db, end):
    scene = Scene(names=("Rina", "Budi"))
    plan, rina = scene.proposed(), scene.clients[0]
    sign(plan, rina)

    end(plan, scene)

    assert not Consent.objects.filter(withdrawn_at=None).exists()
    ended = AuditEvent.objects.get(act="consent.ended")
    assert (ended.client_id, ended.facts) == (rina.pk, {"consents": "health,online,program,supervision"})


def test_a_consent_ends_with_its_proposal_even_if_it_was_given_while_the_other_waited_to_decline(db):
    scene = Scene(names=("Rina", "Budi"))
    plan = scene.proposed()
    sign(plan, scene.clients[0], now=NOW + timedelta(seconds=1))

    decline(plan, scene)

    assert not Consent.objects.filter(withdrawn_at=None).exists()


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


def test_who_joins_a_draft_sees_nothing_of_it_before_it_is_offered_to_them(client):
    scene = Scene(names=("Rina", "Budi"))
    rina, budi = scene.clients
    scene.clients = [rina]
    plan = scene.proposed(title="Judul lama")
    withdraw_proposal(plan=plan, by=scene.ayu.user, now=NOW)
    scene.clients = [rina, budi]
    scene.edit(plan.program, title="Judul kerja")

    pages = {}
    for person in (rina, budi):
        client.force_login(person.user)
        pages[person] = client.get(reverse("home")).text, client.get(reverse("program", args=[plan.program_id]))

    assert pages[budi][1].status_code == 404
    assert reverse("program", args=[plan.program_id]) not in pages[budi][0]
    assert pages[rina][1].status_code == 200
    for text in (pages[rina][0], pages[rina][1].text):
        assert "Judul kerja" not in text
    propose_program(program=plan.program, by=scene.ayu.user, now=NOW)
    client.force_login(budi.user)
    assert client.get(reverse("program", args=[plan.program_id])).status_code == 200
