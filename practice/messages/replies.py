"""A message may ask one question. Its answer is chosen on a page behind a link of its own, and shown to the desk."""

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from practice.messages.models import Answer, AnswerLink, Message
from practice.records.actions import record
from practice.records.tokens import mint

LASTS = timedelta(days=30)


def new_answer_link(message: Message, *, now: datetime) -> str:
    """Save a link by which this message's question can be answered for 30 days, and return its secret."""
    token, token_hash = mint()
    AnswerLink.objects.create(message=message, token_hash=token_hash, expires_at=now + LASTS)
    return token


@transaction.atomic
def answer(*, message: Message, choice: Answer, now: datetime) -> Message:
    """Keep what the client chose. Raise ValidationError if they chose something else before."""
    message = Message.objects.select_for_update().get(pk=message.pk)
    if message.answer == choice:
        return message
    if message.answer:
        raise ValidationError(_("We have your answer already. To change it, contact us."), code="answered")
    message.answer, message.answered_at = choice, now
    message.save(update_fields=["answer", "answered_at"])
    record(None, "message.answered", message, now=now, answer=choice)
    return message


def forget_expired(*, now: datetime) -> int:
    """Remove links that open nothing any more; return how many."""
    return AnswerLink.objects.filter(expires_at__lte=now).delete()[0]
