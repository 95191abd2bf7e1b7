"""What came of a consultation: notes for oneself, advice for the client, and what comes next."""

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from appointments.mails import tell_of_advice
from appointments.models import Consultation, NextStep
from practice.calendar.meetings import Status
from practice.calendar.models import Meeting
from practice.catalog.models import Kind
from practice.records.actions import record

MANY = 3
WITHIN = timedelta(days=60)
HAPPENED = [Status.CONFIRMED, Status.ATTENDED]


@transaction.atomic
def record_outcome(
    *,
    consultation: Consultation,
    notes: str,
    advice: str,
    next_step: str,
    referral: str,
    share: bool,
    expected: int,
    by,
    now: datetime,
) -> Consultation:
    """Keep the outcome of a consultation that has begun; with `share`, let the client read the advice from now on.

    The texts replace what was there. `expected` is the version that was being edited. Advice that was shared stays
    shared. Raise ValidationError if the meeting has not begun or did not take place, if it was changed elsewhere
    meanwhile, if there is nothing to share, or if a referral has no letter.
    """
    kept = (
        Consultation.objects.select_for_update(of=("self",)).select_related("meeting", "client").get(pk=consultation.pk)
    )
    if kept.version != expected:
        raise ValidationError(
            _("This outcome was changed elsewhere meanwhile. Copy what you wrote, and open it again."), code="conflict"
        )
    if kept.meeting.status not in HAPPENED or kept.meeting.starts_at > now:
        raise ValidationError(_("An outcome belongs to a meeting that took place."), code="status")
    if share and not advice.strip():
        raise ValidationError({"advice": _("Write the advice that the client is to read.")}, code="empty")
    if next_step == NextStep.REFERRAL and share and not referral.strip():
        raise ValidationError({"referral": _("Write the referral letter.")}, code="empty")
    kept.notes, kept.advice, kept.referral = notes, advice, referral
    kept.next_step = next_step
    kept.recorded_at = now
    kept.shared_at = kept.shared_at or (now if share else None)
    kept.version += 1
    kept.save()
    record(by, "consultation.outcome_recorded", kept, now=now, shared=kept.shared_at is not None)
    if kept.shared_at == now:
        tell_of_advice(kept, now=now)
    return kept


def consultations_lately(consultation: Consultation, *, now: datetime) -> int:
    """How many consultations this client had with anybody here in the 60 days up to this one, it included."""
    return Meeting.objects.filter(
        participants__client=consultation.client_id,
        service__kind=Kind.CONSULTATION,
        status__in=HAPPENED,
        starts_at__gt=consultation.meeting.starts_at - WITHIN,
        starts_at__lte=consultation.meeting.starts_at,
    ).count()


def suggests_program(consultation: Consultation, *, now: datetime) -> bool:
    """True from the third consultation within 60 days on: a program may serve this person better."""
    return consultations_lately(consultation, now=now) >= MANY
