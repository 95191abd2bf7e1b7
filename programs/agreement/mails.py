"""Mails about a program: neutral, without a word of what it is about. They say that something waits, and lead to it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from practice.messages.actions import enqueue, outgoing
from practice.messages.kinds import Rendered, register
from practice.messages.models import Message
from practice.messages.renderers import render_mail
from practice.people.accounts import User
from practice.people.clients import Client
from programs.plan.handover import Handover
from programs.plan.models import Plan, PlanQuestion, Program, Status


@dataclass(frozen=True)
class Words:
    """How one kind of mail reads: a neutral subject, and one sentence or two."""

    subject: str | Promise
    sentence: str | Promise


TO_READ = _("There is something for you to read")
WORDS = {
    "program.proposal": Words(
        TO_READ,
        _("Something has been written for you. Read it in peace; you may ask, say yes or say no."),
    ),
    "program.reminder": Words(
        _("It is still there for you to read"),
        _("Something that was written for you still waits for your answer. You need not hurry, and may say no."),
    ),
    "program.question": Words(
        _("Someone has asked you a question"), _("A client has asked you something. Sign in to read and answer it.")
    ),
    "program.answer": Words(TO_READ, _("Your question has been answered. Sign in to read the answer.")),
    "program.pause": Words(
        _("How are you?"),
        _("You wanted to rest for a while. Would you like to go on, or do you need more time? Both are fine."),
    ),
    "program.rests": Words(
        TO_READ, _("What you agreed on rests for a while. Sign in to read until when, or to go on earlier.")
    ),
    "program.closed": Words(
        TO_READ, _("Something that you took part in has ended. What you wrote and received stays there for you.")
    ),
    "program.change": Words(TO_READ, _("Something is to change, if you agree. Sign in to read what and why.")),
    "program.handover": Words(TO_READ, _("There is a question that you decide. Sign in to read it.")),
    "program.card": Words(
        TO_READ, _("After your appointment something was written down for you. Sign in to read it in peace.")
    ),
    "program.response": Words(
        _("There is an answer for you to read"), _("Something you wrote to a client has been answered.")
    ),
    "program.handing_over": Words(
        _("A colleague has asked something in your place"),
        _("A client was asked whether somebody else may go on in your place. Sign in to read why."),
    ),
    "program.helping": Words(
        _("You are asked to help"),
        _("Somebody has agreed to be looked after by a colleague and you. Sign in to read more."),
    ),
    "program.lapsed": Words(
        _("A question has ended without an answer"),
        _("Something that a client was asked is no longer open, and nothing has changed. Sign in to read why."),
    ),
    "program.consent": Words(
        TO_READ, _("A client has changed what they agree to. Sign in to read it, and talk about it when you meet.")
    ),
    "program.pause_over": Words(
        _("A pause is over"),
        _("Somebody wanted to rest until now, and is asked whether to go on. You can go on, or let it last longer."),
    ),
    "program.long_pause": Words(
        _("A pause has become long"), _("Somebody’s pause has lasted 90 days. Look whether to go on or to close.")
    ),
}
AT_LEISURE = {"program.pause", "program.rests", "program.closed", "program.card"}  # not at night


def tell(people: Iterable[Client | User], kind: str, subject, *, about: object = "", now: datetime) -> None:
    """Write to each of these people in the caller's transaction; once for each subject, kind and `about`."""
    for person in people:
        key = f"{kind}:{subject.pk}:{about}:{person.pk}"
        enqueue(outgoing(kind=kind, to=person, dedupe_key=key, now=now, subject_id=subject.pk))


def tell_counselor(program: Program, kind: str, subject, *, about: object = "", now: datetime) -> None:
    """Write to the counselor who leads the program, if they have an account."""
    if program.counselor.user_id:
        tell([program.counselor.user], kind, subject, about=about, now=now)


def way_to(kind: str, subject_id: UUID, now: datetime) -> str | None:
    """The path that a mail leads to; None if what it says is no longer true."""
    if kind in ("program.proposal", "program.reminder", "program.change"):
        plan = Plan.objects.filter(pk=subject_id).first()
        return reverse("proposal", args=[plan.program_id]) if plan and plan.is_open(now) else None
    if kind in ("program.question", "program.answer"):
        question = PlanQuestion.objects.select_related("plan").filter(pk=subject_id).first()
        if question is None:
            return None
        name = "plan_questions" if kind == "program.question" else "proposal"
        return reverse(name, args=[question.plan.program_id])
    if kind == "program.handover":
        asked = Handover.objects.filter(pk=subject_id).first()
        return reverse("handover_answer", args=[subject_id]) if asked and asked.is_open(now) else None
    if kind in ("program.lapsed", "program.handing_over"):
        return reverse("program_steps", args=[subject_id])
    if kind == "program.consent":
        return reverse("agreement", args=[subject_id])
    if kind in ("program.rests", "program.pause", "program.pause_over", "program.long_pause"):
        resting = Program.objects.filter(pk=subject_id, status=Status.PAUSED).select_related("counselor").first()
        if resting is None or (kind == "program.pause_over" and not resting.pause_is_over(now)):
            return None
        return reverse("pause_answer" if kind == "program.pause" else "program", args=[subject_id])
    return reverse("program", args=[subject_id])


def render(message: Message, now: datetime) -> Rendered | None:
    """The mail as it is true now, or None."""
    path = way_to(message.kind, message.subject_id, now)
    if path is None:
        return None
    context = {"words": WORDS[message.kind], "link": settings.BASE_URL + path, "by_code": message.client_id}
    return render_mail("note", context, message)


for kind, each in WORDS.items():
    register(kind, label=each.subject, waits_for_morning=kind in AT_LEISURE)(render)
