"""Mails that ask a client to look at their page: neutral words, no link that tells what it is about."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from practice.messages.kinds import Rendered, register
from practice.messages.models import Message
from practice.messages.renderers import render_mail
from programs.plan.models import Program
from programs.reviews.afterwards import review_is_due
from programs.reviews.models import FollowUp


@register("program.review", label=_("Questions before a meeting"), waits_for_morning=True)
def render_review(message: Message, now: datetime) -> Rendered | None:
    """The invitation to say something before a review; None once it was held."""
    program = Program.objects.filter(pk=message.subject_id).first()
    return _mail("program/review", message) if program and review_is_due(program) else None


@register("program.follow_up", label=_("How it is some time later"), waits_for_morning=True)
def render_follow_up(message: Message, now: datetime) -> Rendered | None:
    """The question how it is; None once it was answered."""
    waiting = FollowUp.objects.filter(pk=message.subject_id, answered_at=None).exists()
    return _mail("program/follow_up", message) if waiting else None


def _mail(template: str, message: Message) -> Rendered:
    return render_mail(template, {"link": settings.BASE_URL + reverse("home")}, message)
