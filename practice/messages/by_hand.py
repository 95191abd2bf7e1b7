"""What staff do about messages: try those again that failed, and send one themselves by WhatsApp."""

import re
from datetime import datetime
from urllib.parse import quote

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from practice.messages.actions import defer, meeting_stands
from practice.messages.kinds import UnknownKind, kind_of
from practice.messages.models import Channel, Message, Status
from practice.people.models import User
from practice.records.actions import record

AGAIN_AT_MOST = 500


@transaction.atomic
def send_again(*, message: Message, by: User, now: datetime) -> Message:
    """Put a message that failed back into the queue, with all its tries before it.

    What no longer applies is dropped when its turn comes, as ever. Raise ValidationError unless it has failed.
    """
    message = Message.objects.select_for_update().get(pk=message.pk)
    if message.status != Status.FAILED:
        raise ValidationError(_("This message has not failed, or is being sent again already."), code="status")
    return _requeue([message], by=by, now=now)[0]


@transaction.atomic
def send_all_again(*, messages, by: User, now: datetime) -> int:
    """Put those of these messages that failed back into the queue, the newest 500 at most. Return how many."""
    failed = messages.failed().order_by("-created_at").select_for_update(skip_locked=True)
    return len(_requeue(list(failed[:AGAIN_AT_MOST]), by=by, now=now))


def _requeue(messages, *, by, now):
    for message in messages:
        message.move_to(Status.QUEUED)
        message.attempts, message.next_attempt_at = 0, now
        record(by, "message.sent_again", message, now=now, kind=message.kind, error=message.error)
    Message.objects.bulk_update(messages, ["status", "attempts", "next_attempt_at"])
    defer(*messages)
    return messages


def whatsapp_text(message: Message, *, now: datetime) -> str:
    """The message in a few neutral lines for WhatsApp; "" if there are no such words, or they no longer apply."""
    try:
        short = kind_of(message.kind).short
    except UnknownKind:
        return ""
    if short is None or message.meeting_id is None or not meeting_stands(message):
        return ""
    return short(message, now)


def whatsapp_number(phone: str) -> str:
    """The number as WhatsApp wants it, digits with the country code; "" if it cannot be one.

    A number that begins with 0 is Indonesian.
    """
    digits = re.sub(r"\D", "", phone)
    if digits.startswith("00"):
        digits = digits[2:]
    elif digits.startswith("0"):
        digits = "62" + digits[1:]
    elif not phone.strip().startswith("+") and not digits.startswith("62"):
        return ""
    digits = re.sub(r"^620+", "62", digits)
    return digits if 8 <= len(digits) <= 15 else ""


def whatsapp_link(phone: str, text: str) -> str:
    """The address that opens WhatsApp with this text ready to be sent to this number."""
    return f"https://wa.me/{whatsapp_number(phone)}?text={quote(text, safe='')}"


def can_go_by_whatsapp(message: Message) -> bool:
    """True if this is a message to a client whose number WhatsApp may know."""
    return message.client is not None and bool(whatsapp_number(message.client.phone))


@transaction.atomic
def log_whatsapp(*, message: Message, key: str, by: User, now: datetime) -> Message:
    """Note that a member of staff sends this message by WhatsApp, and return the row in the log that says so.

    `key` names this sending: repeated, it is the same one. Raise ValidationError if there is no number to send it to,
    or if what it says no longer applies.
    """
    if not can_go_by_whatsapp(message):
        raise ValidationError(_("There is no WhatsApp number for this person."), code="number")
    if not whatsapp_text(message, now=now):
        raise ValidationError(_("What this message says no longer applies."), code="changed")
    made, is_new = Message.objects.get_or_create(
        dedupe_key=f"whatsapp:{message.pk}:{key}",
        defaults={
            "kind": message.kind,
            "channel": Channel.WHATSAPP,
            "status": Status.SENT,
            "recipient_email": message.recipient_email,
            "recipient_name": message.recipient_name,
            "recipient_hash": message.recipient_hash,
            "client": message.client,
            "language": message.language,
            "time_zone": message.time_zone,
            "is_discreet": message.is_discreet,
            "meeting": message.meeting,
            "meeting_version": message.meeting_version,
            "message_id": message.message_id,
            "not_before": now,
            "next_attempt_at": now,
            "sent_at": now,
            "created_at": now,
        },
    )
    if is_new:
        record(by, "message.sent_by_whatsapp", made, now=now, kind=made.kind)
    return made
