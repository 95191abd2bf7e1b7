"""Book for a client: what the front desk does by phone or at the door.

It stands in this app because what it books is a consultation, with a place for the question that the client may still
bring, exactly as one booked online.
"""

from dataclasses import replace
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from appointments.models import Consultation
from appointments.replays import Request, earlier_answer, kept_answer
from practice.calendar.actions import care_for, notice
from practice.calendar.meetings import Meeting, Status
from practice.calendar.reserving import Wanted, reserve_within
from practice.catalog.models import Kind, Mode, Service
from practice.database.together import insert_together
from practice.messages.actions import job_of
from practice.people.clients import Client
from practice.people.models import User
from practice.records.actions import event

BOOKED_BY_THE_DESK = [Kind.CONSULTATION, Kind.INITIAL, Kind.ASSESSMENT, Kind.FOLLOW_UP]  # sessions belong to a program


def services_for(user: User):
    """The services that the desk books, those not offered online included."""
    return Service.objects.visible_to(user).filter(kind__in=BOOKED_BY_THE_DESK).for_listing()


@transaction.atomic
def book_for_client(
    *, client: Client, wanted: Wanted, request: Request, by: User, now: datetime, outside_hours: str = ""
) -> Meeting:
    """Book one confirmed meeting for a client, tell them, and return it; the same request again gives the same one.

    `wanted` says what, with whom and when; staff keep to no notice and no horizon, and with a reason in a word
    (`outside_hours`) to no working hours either. Saves the meeting, its consultation with an empty question, the audit
    row and the message, or nothing at all. Raise NotAllowed, Taken, Busy, ValidationError if a client to be called has
    no number, or Mismatch if the key was used for something else.
    """
    if (before := earlier_answer(request, now=now)) is not None:
        return Meeting.objects.get(pk=before["id"])
    if wanted.mode == Mode.PHONE and not client.phone:
        raise ValidationError(_("This client has no phone number. Add it first, or choose another way to meet."))
    wanted = replace(wanted, clients=[client], status=Status.CONFIRMED, follows_hours=not outside_hours)
    [meeting] = reserve_within([wanted], now=now)
    message = notice(meeting, client, "meeting.confirmed", now=now)
    starts_at = meeting.starts_at.isoformat()
    insert_together(
        Consultation(meeting=meeting, client=client, question="", created_at=now),
        event(by, "meeting.confirmed", meeting, client=client, reason=outside_hours, now=now, starts_at=starts_at),
        message,
        job_of(message),
        kept_answer(request, {"id": str(meeting.pk)}, now=now),
    )
    care_for(meeting, [client], now=now)
    return meeting
