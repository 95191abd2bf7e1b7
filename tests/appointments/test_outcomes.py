"""The outcome of a consultation: sealed, shared on purpose, never by the wrong person."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from appointments.models import Consultation, NextStep
from appointments.outcomes import record_outcome, suggests_program
from practice.calendar.models import Status
from practice.records.actions import read
from practice.records.models import AuditEvent
from tests.factories import NOW, make_counselor, make_meeting

HOUR = timedelta(hours=1)
OUTCOME = {"notes": "", "advice": "", "next_step": "", "referral": "", "share": False, "expected": 0}


def make_consultation(rina, ayu, service, *, starts_at=NOW - 2 * HOUR, question="", **fields):
    fields = {"status": Status.ATTENDED} | fields
    meeting = make_meeting(starts_at=starts_at, counselor=ayu, service=service, clients=[rina], **fields)
    return Consultation.objects.create(meeting=meeting, client=rina, question=question, created_at=NOW)


@pytest.fixture
def talk(practice, rina, ayu, consultation):
    return make_consultation(rina, ayu, consultation, question="KANARI-TANYA")


def outcome(talk, ayu, **change):
    return record_outcome(consultation=talk, by=ayu.user, now=NOW, **OUTCOME | change)


def test_an_outcome_is_kept_sealed_and_leaves_the_question_alone(transactional_db, talk, ayu):
    outcome(talk, ayu, notes="KANARI-CATATAN", advice="KANARI-SARAN", next_step=NextStep.NOTHING)

    with connection.cursor() as cursor:
        cursor.execute("SELECT notes, advice, question FROM appointments_consultation")
        assert not any(b"KANARI" in bytes(text) for text in cursor.fetchone())
    [opened] = read(Consultation.objects.all(), by=ayu.user, reason="test")
    assert (opened.question, opened.notes, opened.advice) == ("KANARI-TANYA", "KANARI-CATATAN", "KANARI-SARAN")


def test_advice_is_shared_only_on_purpose_and_then_stays_shared(talk, ayu):
    assert outcome(talk, ayu, advice="Tidur teratur").shared_at is None

    assert outcome(talk, ayu, advice="Tidur teratur", share=True, expected=1).shared_at == NOW
    assert outcome(talk, ayu, advice="Tidur lebih awal", expected=2).shared_at == NOW


@pytest.mark.parametrize(
    "change",
    [
        {"share": True},
        {"share": True, "advice": "   "},
        {"share": True, "advice": "Ke dokter", "next_step": NextStep.REFERRAL},
        {"expected": 7},
    ],
)
def test_an_outcome_that_is_not_whole_or_not_the_latest_is_refused(talk, ayu, change):
    with pytest.raises(ValidationError):
        outcome(talk, ayu, **change)

    talk.refresh_from_db(fields=["version", "recorded_at"])
    assert (talk.version, talk.recorded_at) == (0, None)


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.MISSED, Status.REQUESTED])
def test_a_meeting_that_did_not_take_place_has_no_outcome(practice, rina, ayu, consultation, status):
    talk = make_consultation(rina, ayu, consultation, status=status)

    with pytest.raises(ValidationError):
        outcome(talk, ayu, advice="x")


def test_a_meeting_to_come_has_no_outcome(practice, rina, ayu, consultation):
    talk = make_consultation(rina, ayu, consultation, status=Status.CONFIRMED, starts_at=NOW + HOUR)

    with pytest.raises(ValidationError):
        outcome(talk, ayu, advice="x")


def test_the_trail_tells_of_an_outcome_without_its_words(talk, ayu):
    outcome(talk, ayu, advice="KANARI-SARAN", share=True)

    event = AuditEvent.objects.get(act="consultation.outcome_recorded")
    assert (event.actor, event.client_id) == (ayu.user.pk, talk.client_id)
    assert "KANARI" not in str(event.facts)


def test_the_third_consultation_in_sixty_days_suggests_a_program(practice, rina, ayu, consultation):
    talks = [
        make_consultation(rina, ayu, consultation, starts_at=NOW - timedelta(days=days)) for days in (90, 30, 14, 1)
    ]

    assert not suggests_program(talks[2], now=NOW)
    assert suggests_program(talks[3], now=NOW)


def test_the_database_refuses_advice_shared_before_it_was_recorded(talk):
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        Consultation.objects.filter(pk=talk.pk).update(shared_at=NOW)
    assert "advice_is_shared_after_it_was_recorded" in str(error.value)


def test_who_sees_which_consultation(talk, ayu, rina, front_desk, manager):
    for user in (ayu.user, rina.user):
        assert talk in Consultation.objects.visible_to(user)
    for user in (front_desk, manager, make_counselor().user):
        assert talk not in Consultation.objects.visible_to(user)
