"""The life of a program, step by step: every step is locked, allowed by the table, and kept with who, when and why."""

from datetime import datetime
from itertools import groupby
from operator import attrgetter

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _

from practice.people.accounts import User
from practice.people.clients import Consent
from practice.records.actions import record
from programs.plan.models import Program, ProgramStep, Status

LONGEST_REASON = 2_000


def locked(program: Program) -> Program:
    """The program as it stands, while nobody else changes it. Its people are fetched, its texts stay sealed."""
    Program.objects.select_for_update(of=("self",)).get(pk=program.pk)
    return Program.objects.for_page().get(pk=program.pk)


def refuse_but_counselors(program: Program, by: User) -> None:
    """Raise ValidationError unless this person leads the locked program or helps to: they may just have left it."""
    if not program.is_led_by(by):
        raise ValidationError(_("Only its counselors can do this."), code="role")


def take_step(program: Program, status: Status, *, by: User | None, reason: str = "", now: datetime, **changes) -> None:
    """Move a locked program on and keep the step. `changes` are further fields that change with it.

    A proposal that ends without an agreement ends the consents given with it. Raise ValidationError if this step is not
    allowed from where the program stands, or if the reason is too long.
    """
    if len(reason) > LONGEST_REASON:
        raise ValidationError(_("Keep the reason under %(limit)d characters.") % {"limit": LONGEST_REASON})
    was = program.status
    program.move_to(status)
    for name, value in changes.items():
        setattr(program, name, value)
    program.save(update_fields=["status", "revision", *changes])
    ProgramStep.objects.create(program=program, was=was, became=status, by=by, reason=reason, at=now)
    if was == Status.PROPOSED and status != Status.AGREED:
        end_consents(Consent.objects.filter(given_for=program.pk), program, by=by, now=now)


def end_consents(consents, program: Program, *, by: User | None, now: datetime) -> None:
    """End those of these consents to a locked program that hold; the trail says so once for each client."""
    holding = consents.filter(withdrawn_at=None).select_related("client").order_by("client_id", "purpose")
    for client, theirs in groupby(holding, key=attrgetter("client")):
        purposes = ",".join(each.purpose for each in theirs)
        record(by, "consent.ended", program, client=client, now=now, consents=purposes)
    # not before it was given, which may have happened while this waited for the lock
    holding.update(withdrawn_at=Greatest("given_at", Value(now)))


@transaction.atomic
def begin(*, program: Program, by: User | None, now: datetime) -> Program:
    """An agreed program is under way from its first booked session on. One that is under way stays as it is.

    Raise ValidationError if it was not agreed, is paused or closed.
    """
    kept = locked(program)
    if kept.status == Status.AGREED:
        take_step(kept, Status.ACTIVE, by=by, now=now)
        record(by, "program.begun", kept, now=now)
    elif kept.status not in (Status.ACTIVE, Status.CLOSING):
        raise ValidationError(_("Sessions are booked once the program is agreed on, and not while it rests."))
    return kept
