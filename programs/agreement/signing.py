"""Signing: each client says yes for themselves, to one text, with one consent for each purpose."""

from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from practice.calendar.meetings import COMING, Meeting
from practice.people.accounts import User
from practice.people.clients import Client, Consent
from practice.people.consents import given
from practice.records.actions import record
from programs.agreement.care import clients_of, keep_open
from programs.agreement.mails import tell, tell_counselor
from programs.agreement.proposals import open_plan, refuse_strangers
from programs.goals.actions import freeze_goals
from programs.plan.actions import end_consents, take_step
from programs.plan.models import Plan, PlanStatus, Program, Signature, Status
from programs.plan.texts import PlanText
from programs.sessions.models import Session


@transaction.atomic
def sign_plan(
    *, plan: Plan, client: Client, consents: Iterable[str], language: str, text_hash: str, by: User, now: datetime
) -> Signature:
    """Sign an offered plan as one of its clients. With the last signature it holds: see `_conclude`.

    `consents` are the purposes that were ticked: what this text asks for and was not ticked ends, if it was given
    before; what it does not ask for stays. `text_hash` names the text that was read in this language. Raise
    ValidationError if the offer is no longer open (its status is the code), if this client has signed it ("signed"), if
    a needed consent is missing ("consent"), if another text was read ("text"), and for anyone but a client.
    """
    kept = _open_for(plan, client, now=now)
    refuse_strangers(kept.program, client, by)
    _refuse_other_text(kept, language, text_hash)
    ticked = set(consents)
    missing = [purpose for purpose in kept.consents_required if purpose not in ticked]
    if missing:
        words = _("This agreement is needed. Without it the program cannot begin; you may also decline.")
        raise ValidationError({purpose: ValidationError(words, code="consent") for purpose in missing})
    asked = [*kept.consents_required, *kept.consents_optional]
    before = Consent.objects.filter(client=client, given_for=kept.program_id, purpose__in=set(asked) - ticked)
    end_consents(before, kept.program, by=by, now=now)
    Consent.objects.bulk_create(
        given(client=client, purpose=purpose, language=language, now=now, given_for=kept.program_id)
        for purpose in asked
        if purpose in ticked
    )
    signature = Signature.objects.create(
        plan=kept, client=client, text_hash=text_hash, language=language, signed_at=now, signed_by=by
    )
    agreed = ",".join(purpose for purpose in asked if purpose in ticked)
    record(by, "plan.signed", kept.program, client=client, now=now, plan=kept.number, consents=agreed)
    if kept.signatures.count() == len(clients_of(kept.program)):
        _conclude(kept, by=by, now=now)
    return signature


def _open_for(plan: Plan, client: Client, *, now: datetime) -> Plan:
    """The plan, open and not yet signed by this client. Who signed it before is told so, whatever became of it."""
    try:
        kept = open_plan(plan, now=now)
    except ValidationError:
        _refuse_second(plan, client)
        raise
    _refuse_second(kept, client)
    return kept


def _refuse_second(plan: Plan, client: Client) -> None:
    if plan.signatures.filter(client=client).exists():
        raise ValidationError(_("You have signed this already. Nothing more is needed."), code="signed")


def _refuse_other_text(plan: Plan, language: str, text_hash: str) -> None:
    offered = PlanText.objects.filter(plan=plan, language=language).values_list("text_hash", flat=True).first()
    if offered is None or offered != text_hash:
        raise ValidationError(_("What you read is not what is offered now. Read it once more, then sign."), code="text")


def _conclude(plan: Plan, *, by: User, now: datetime) -> None:
    """Everybody has signed: the plan holds. A first one begins the program's life, a later one changes it."""
    program = plan.program
    plan.status, plan.answered_at = PlanStatus.SIGNED, now
    plan.save()
    if plan.cause == Plan.Cause.PROPOSAL:
        take_step(program, Status.AGREED, by=by, now=now, agreed_at=now)
        freeze_goals(program=program, now=now)
        keep_open(program, now=now)
        helping = [each.user for each in program.co_counselors.select_related("user") if each.user_id]
        tell(helping, "program.helping", program, now=now)
        record(by, "program.agreed", program, now=now, from_consultation=program.consultation_id is not None)
    else:
        add_stations(program, plan)
        record(by, "plan.holds", program, now=now, plan=plan.number, sessions=plan.planned_sessions)
    tell_counselor(program, "program.response", program, about=plan.pk, now=now)


def add_stations(program: Program, plan: Plan) -> None:
    """Lengthen the thread to what the plan says; meetings to come say the new number of sessions."""
    there = program.sessions.count()
    Session.objects.bulk_create(
        Session(program=program, plan=plan, number=number) for number in range(there + 1, plan.planned_sessions + 1)
    )
    coming = Meeting.objects.filter(attempt__session__program=program, status__in=COMING)
    coming.update(session_count=max(there, plan.planned_sessions))
