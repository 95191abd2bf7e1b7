"""Mails that ask a client something: neutral words, and a link to the page that asks, behind the sign-in."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from practice.messages.kinds import Rendered, register
from practice.messages.models import Message
from practice.messages.renderers import render_mail
from programs.agreement.mails import TO_READ, Words
from programs.plan.models import Program
from programs.reviews.afterwards import review_is_due
from programs.reviews.models import FollowUp


@register("program.review", label=_("Questions before a meeting"), waits_for_morning=True)
def render_review(message: Message, now: datetime) -> Rendered | None:
    """The invitation to say something before a review; None once it was held."""
    program = Program.objects.filter(pk=message.subject_id).first()
    if program is None or program.is_erased or not review_is_due(program):
        return None
    return _mail("program/review", message, reverse("own_review", args=[program.pk]))


@register("program.follow_up", label=_("How it is some time later"), waits_for_morning=True)
def render_follow_up(message: Message, now: datetime) -> Rendered | None:
    """The question how it is; None once it was answered."""
    asked = FollowUp.objects.waiting().select_related("program").filter(pk=message.subject_id).first()
    if asked is None or asked.program.is_erased:
        return None
    return _mail("program/follow_up", message, reverse("own_follow_up", args=[asked.program_id, asked.days_after]))


ENDING = Words(TO_READ, _("Something was written down for you to keep and read again. Sign in to read it in peace."))


@register("program.ending", label=_("What stays after the end"), waits_for_morning=True)
def render_ending(message: Message, now: datetime) -> Rendered | None:
    """What clients get once their ending was shared; None once the program was erased."""
    program = Program.objects.filter(pk=message.subject_id, ending__shared_at__isnull=False).first()
    if program is None or program.is_erased:
        return None
    return _note(ENDING, message, reverse("own_ending", args=[program.pk]))


ANSWERED = Words(
    _("There is an answer for you to read"),
    _("Somebody has told you how it is now, some time later. Sign in to read it."),
)


@register("program.followed_up", label=ANSWERED.subject)
def render_answer(message: Message, now: datetime) -> Rendered | None:
    """What the counselor gets once the question was answered."""
    answered = FollowUp.objects.select_related("program").filter(pk=message.subject_id).first()
    if answered is None or answered.program.is_erased:
        return None
    return _note(ANSWERED, message, reverse("follow_up", args=[answered.program_id, answered.days_after]))


def _note(words: Words, message: Message, path: str) -> Rendered:
    return render_mail(
        "note", {"words": words, "link": settings.BASE_URL + path, "by_code": message.client_id}, message
    )


def _mail(template: str, message: Message, path: str) -> Rendered:
    return render_mail(template, {"link": settings.BASE_URL + path}, message)
