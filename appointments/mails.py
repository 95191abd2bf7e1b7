"""The mail about what a consultation leaves to read: it says that something waits, and nothing of what."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from appointments.models import Consultation
from practice.messages.actions import enqueue, outgoing
from practice.messages.kinds import Rendered, register
from practice.messages.models import Message
from practice.messages.renderers import render_mail

ADVICE = "consultation.advice"
WORDS = {
    "subject": _("There is something for you to read"),
    "sentence": _("After your appointment something was written down for you. Sign in to read it in peace."),
}


def tell_of_advice(consultation: Consultation, *, now: datetime) -> None:
    """Write to the client, once, that there is something to read."""
    key = f"{ADVICE}:{consultation.pk}"
    enqueue(outgoing(kind=ADVICE, to=consultation.client, subject_id=consultation.pk, dedupe_key=key, now=now))


@register(ADVICE, label=WORDS["subject"], waits_for_morning=True)
def render_advice(message: Message, now: datetime) -> Rendered | None:
    """The mail; None if there is nothing to read any more."""
    if not Consultation.objects.with_shared_advice().filter(pk=message.subject_id).exists():
        return None
    context = {"words": WORDS, "link": settings.BASE_URL + reverse("home"), "by_code": message.client_id}
    return render_mail("note", context, message)
