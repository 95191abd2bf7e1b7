"""A program passing to another counselor, if every client agrees. Its history stays, with the names of who wrote it."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from practice.people.accounts import User
from practice.people.clients import Client
from practice.people.counselors import Counselor
from practice.records.actions import record
from programs.agreement.care import able_to_give, clients_of, keep_open, let_go
from programs.agreement.life import call_off, coming_meetings
from programs.agreement.mails import tell
from programs.agreement.proposals import LONGEST_QUESTION, refuse_strangers
from programs.plan.actions import locked, refuse_but_counselors
from programs.plan.handover import ASKED_FOR, Handover
from programs.plan.models import PlanStatus, Program

LONGEST_NOTE = 10_000


def successors(program: Program):
    """Counselors who could take the program over: at work here, and offering the service of its sessions."""
    return able_to_give([program.service_id]).exclude(pk=program.counselor_id)


@transaction.atomic
def ask_handover(
    *, program: Program, to_counselor: Counselor, note: str, reason: str, by: User, now: datetime
) -> Handover:
    """Ask every client, for 14 days, whether another counselor may lead the program. `note` is not for them.

    Whoever leads it asks, or helps to, or supervises who leads it: somebody who fell ill or left asks nothing any more.
    Raise ValidationError for anybody else, unless it is agreed on, if a question waits already, for a counselor who
    cannot take it, or without a note and a reason.
    """
    kept = locked(program)
    if not kept.is_signed:
        raise ValidationError(_("Only a program that is agreed on is handed over."), code="status")
    if not Program.objects.for_staff(by).filter(pk=kept.pk).exists():
        raise ValidationError(
            _("Only its counselors, and the supervisor of whoever leads it, hand a program over."), code="role"
        )
    if kept.handovers.filter(answer=Handover.Answer.ASKED).exists():
        raise ValidationError(_("The client is thinking about this question already."), code="asked")
    if kept.plans.filter(status=PlanStatus.OFFERED).exists():
        raise ValidationError(_("The client is reading a change. Wait for the answer, or take it back first."))
    if not successors(kept).filter(pk=to_counselor.pk).exists():
        raise ValidationError({"to_counselor": _("Choose a counselor who offers these sessions.")})
    for name, text, most in (("note", note, LONGEST_NOTE), ("reason", reason, LONGEST_QUESTION)):
        if not text.strip():
            raise ValidationError({name: _("Write something first.")}, code="empty")
        if len(text) > most:
            raise ValidationError({name: _("Use at most %(limit)d characters.") % {"limit": most}})
    asked = Handover.objects.create(
        program=kept,
        from_counselor=kept.counselor,
        to_counselor=to_counselor,
        note=note.strip(),
        reason=reason.strip(),
        asked_by=by,
        asked_at=now,
    )
    tell(clients_of(kept), "program.handover", asked, now=now)
    lead = kept.counselor.user
    if lead != by:
        tell(_reachable(lead), "program.handing_over", kept, about=asked.pk, now=now)
    record(by, "handover.asked", kept, now=now, to=to_counselor.pk)
    return asked


def agree_handover(*, handover: Handover, client: Client, by: User, now: datetime) -> Handover:
    """Say yes as one client. With the last yes the program passes over: the new counselor's care opens.

    The former counselor's care ends in 30 days, and what they signed stays theirs. Booked sessions stay with them until
    they are moved or called off. Raise ValidationError once it is answered, taken back or run out, and for anyone but a
    client. If the new counselor can no longer take it over, the question ends for good, which is then said ("ended").
    """
    asked = _agree(handover, client, by=by, now=now)
    if asked.answer == Handover.Answer.ENDED:
        raise ValidationError(
            _("%(name)s can no longer take your program over. Everything stays as it is, and who asked you is told.")
            % {"name": asked.to_counselor.full_name},
            code=Handover.Answer.ENDED,
        )
    return asked


@transaction.atomic
def _agree(handover, client, *, by, now) -> Handover:
    asked = _open(handover, now=now)
    refuse_strangers(asked.program, client, by)
    if not successors(asked.program).filter(pk=asked.to_counselor_id).exists():
        _end(asked, Handover.Answer.ENDED, now=now)
        record(by, "handover.ended", asked.program, client=client, now=now, to=asked.to_counselor_id)
        return asked
    asked.agreed_by.add(client)
    record(by, "handover.agreed", asked.program, client=client, now=now, to=asked.to_counselor_id)
    everybody = {each.pk for each in clients_of(asked.program)}
    if everybody <= set(asked.agreed_by.values_list("pk", flat=True)):
        _pass_on(asked, by=by, now=now)
    return asked


def _pass_on(asked: Handover, *, by, now) -> None:
    program, former = asked.program, asked.from_counselor
    asked.answer, asked.answered_at = Handover.Answer.AGREED, now
    asked.save(update_fields=["answer", "answered_at"])
    program.counselor = asked.to_counselor
    program.revision += 1
    program.save(update_fields=["counselor", "revision"])
    program.co_counselors.remove(asked.to_counselor)
    kept = Program.objects.for_page().get(pk=program.pk)
    keep_open(kept, now=now)
    let_go(kept, [former], now=now)
    people = _reachable(former.user, asked.to_counselor.user, asked.asked_by)
    tell(people, "program.response", kept, about=asked.pk, now=now)
    record(by, "program.handed_over", kept, now=now, **{"from": former.pk, "to": asked.to_counselor_id})


@transaction.atomic
def decline_handover(*, handover: Handover, client: Client, by: User, now: datetime) -> Handover:
    """Say no as one client: everything stays as it is. Refuses as `agree_handover` does."""
    asked = _open(handover, now=now)
    refuse_strangers(asked.program, client, by)
    asked.answer, asked.answered_at = Handover.Answer.DECLINED, now
    asked.save(update_fields=["answer", "answered_at"])
    asking = _reachable(asked.asked_by or asked.from_counselor.user)
    tell(asking, "program.response", asked.program, about=asked.pk, now=now)
    record(by, "handover.declined", asked.program, client=client, now=now)
    return asked


@transaction.atomic
def withdraw_handover(*, handover: Handover, by: User, now: datetime) -> Handover:
    """Take the question back, as who asked it or as a counselor of the program.

    Raise ValidationError for anybody else, and once it is answered.
    """
    asked = _open(handover, now=None)
    if asked.asked_by_id != by.pk:
        refuse_but_counselors(asked.program, by)
    asked.answer, asked.answered_at = Handover.Answer.WITHDRAWN, now
    asked.save(update_fields=["answer", "answered_at"])
    record(by, "handover.withdrawn", asked.program, now=now)
    return asked


def expire_handovers(*, now: datetime) -> int:
    """End every question that was not answered in 14 days, and tell who asked it. Return how many."""
    waiting = Handover.objects.filter(answer=Handover.Answer.ASKED, asked_at__lte=now - ASKED_FOR)
    return sum(_expire(asked, now=now) for asked in waiting.only("pk", "program_id"))


@transaction.atomic
def _expire(asked, *, now) -> bool:
    try:
        kept = _open(asked, now=None)
    except ValidationError:
        return False
    _end(kept, Handover.Answer.EXPIRED, now=now)
    record(None, "handover.expired", kept.program, now=now, to=kept.to_counselor_id)
    return True


def _end(asked: Handover, answer: Handover.Answer, *, now) -> None:
    """End a locked question without the clients' answer; who leads the program and who asked are told."""
    asked.answer, asked.answered_at = answer, now
    asked.save(update_fields=["answer", "answered_at"])
    people = _reachable(asked.from_counselor.user, asked.asked_by)
    tell(people, "program.lapsed", asked.program, about=asked.pk, now=now)


def _reachable(*people: User | None) -> list[User]:
    """Those of them who have an account and may sign in, each once."""
    return list({user.pk: user for user in people if user and user.is_active}.values())


def meetings_with_others(program: Program, now: datetime):
    """Booked sessions that are still with somebody who no longer leads the program or helps to."""
    ours = [program.counselor_id, *(each.pk for each in program.co_counselors.all())]
    return coming_meetings(program, now).exclude(counselor__in=ours)


@transaction.atomic
def call_off_former(*, program: Program, by: User, now: datetime) -> int:
    """Call off what is still booked with a former counselor; the sessions become free to be booked anew."""
    kept = locked(program)
    refuse_but_counselors(kept, by)
    count = call_off(meetings_with_others(kept, now), by=by, now=now)
    record(by, "program.freed", kept, now=now, called_off=count)
    return count


def _open(handover: Handover, *, now: datetime | None) -> Handover:
    """The question with its program, locked, while it waits; without `now` even after its 14 days.

    Raise ValidationError if it is over.
    """
    program = locked(handover.program)
    people = ("from_counselor__user", "to_counselor__user", "asked_by")
    asked = Handover.objects.select_related(*people).get(pk=handover.pk)
    asked.program = program
    if asked.answer != Handover.Answer.ASKED:
        raise ValidationError(over_text(asked), code="answered")
    if now is not None and not asked.is_open(now):
        raise ValidationError(over_text(asked), code=Handover.Answer.EXPIRED)
    return asked


def over_text(asked: Handover) -> str:
    """Why a question no longer waits, in words for the client."""
    if asked.answer in (Handover.Answer.ASKED, Handover.Answer.EXPIRED):
        return _("The time for this question is over. Everything stays as it is.")
    if asked.answer == Handover.Answer.ENDED:
        return _("This question has ended: that counselor can no longer take over. Everything stays as it is.")
    return _("This question is answered or was taken back.")
