"""What each client consented to for a program, purpose by purpose; they may take it back at any time."""

from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, Value
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _

from practice.catalog.models import Mode
from practice.people.accounts import User
from practice.people.clients import Client, Consent
from practice.people.consents import given, text_of
from practice.people.supervision import Supervision
from practice.records.actions import record
from programs.agreement.life import end_program
from programs.agreement.mails import tell_counselor
from programs.agreement.proposals import refuse_strangers
from programs.plan.actions import locked
from programs.plan.models import CloseReason, Plan, PlanStatus, Program

SUPERVISION, ONLINE = Consent.Purpose.SUPERVISION, Consent.Purpose.ONLINE


@dataclass(frozen=True)
class Asked:
    """One purpose that a program asks consent for, and what its client last said: `consent` is None if never yes."""

    purpose: str
    is_needed: bool
    consent: Consent | None

    @property
    def holds(self) -> bool:
        return self.consent is not None and self.consent.withdrawn_at is None

    @property
    def label(self) -> str:
        return Consent.Purpose(self.purpose).label

    def text(self, language: str) -> str:
        """The words that were agreed to, or that would be."""
        return text_of(self.purpose, language, self.consent.version if self.consent else None)


def asked_of(program: Program, client: Client) -> list[Asked]:
    """Every purpose of the signed agreement, the needed ones first, and what this client says: two statements.

    Video calls too, if sessions are given by video by now.
    Supervision that was needed when it was signed is so while somebody co-signs what a counselor of the program writes.
    """
    return dict(asked_of_all(program, [client]))[client]


def asked_of_all(program: Program, clients: list[Client]) -> list[tuple[Client, list[Asked]]]:
    """`asked_of` for each of these clients, in their order: two statements for all of them."""
    signed = program.plans.filter(cause=Plan.Cause.PROPOSAL, status=PlanStatus.SIGNED)
    plan = signed.annotate(is_co_signed=_co_signing_in(OuterRef("program"))).order_by("-number").first()
    purposes = [*plan.consents_required, *plan.consents_optional] if plan else []
    if plan and Mode.VIDEO in program.service.modes and ONLINE not in purposes:
        purposes.append(ONLINE)  # its sessions came to be given by video only later
    needed = {each for each in plan.consents_required if each != SUPERVISION or plan.is_co_signed} if plan else set()
    said = Consent.objects.filter(client__in=clients, purpose__in=purposes, given_for=program.pk)
    newest = {(consent.client_id, consent.purpose): consent for consent in said.order_by("given_at", "pk")}
    return [
        (client, [Asked(each, each in needed, newest.get((client.pk, each))) for each in purposes])
        for client in clients
    ]


def _co_signing_in(program) -> Exists:
    counselors = Q(counselor__programs=program) | Q(counselor__shared_programs=program)
    return Exists(Supervision.objects.co_signing().filter(counselors))


def ends_by_withdrawing(program: Program, asked: Asked) -> bool:
    """True if the program is under way and cannot go on without this consent."""
    return asked.is_needed and asked.holds and program.is_signed


@transaction.atomic
def withdraw_consent(*, program: Program, client: Client, purpose: str, by: User, now: datetime) -> Program:
    """Take a consent back, as its client. Without a needed one the program ends; return it as it then is.

    Its booked sessions are called off without cost, and its counselor is told; what was signed stays, and so do the
    consents for other programs. Raise ValidationError if the program asks no such consent ("purpose"), if it was not
    given or is taken back already ("withdrawn"), and for anyone but the client ("role").
    """
    kept = locked(program)
    refuse_strangers(kept, client, by)
    asked = _asked(kept, client, purpose)
    is_ending = ends_by_withdrawing(kept, asked)
    holding = Consent.objects.filter(client=client, purpose=purpose, given_for=kept.pk, withdrawn_at=None)
    # not before it was given, which may have happened while this waited for the lock
    if not holding.update(withdrawn_at=Greatest("given_at", Value(now))):
        raise ValidationError(_("This consent is taken back already."), code="withdrawn")
    record(by, "consent.withdrawn", kept, client=client, now=now, purpose=purpose)
    if is_ending:
        end_program(kept, close_reason=CloseReason.CLIENT_TOLD, by=by, now=now)
    tell_counselor(kept, "program.consent", kept, about=f"withdrew {purpose} {now.isoformat()}", now=now)
    return kept


@transaction.atomic
def give_consent(*, program: Program, client: Client, purpose: str, language: str, by: User, now: datetime) -> Consent:
    """Say yes to a purpose that the agreement left to the client. Saying it twice changes nothing.

    Raise ValidationError if the program asks no such consent or is over, and for anyone but the client.
    """
    kept = locked(program)
    refuse_strangers(kept, client, by)
    asked = _asked(kept, client, purpose)
    if not kept.is_signed:
        raise ValidationError(_("This program is over: nothing more is asked of you."), code="status")
    if asked.holds:
        return asked.consent
    consent = given(client=client, purpose=purpose, language=language, now=now, given_for=kept.pk)
    consent.save(force_insert=True)
    record(by, "consent.granted", kept, client=client, now=now, purpose=purpose)
    tell_counselor(kept, "program.consent", kept, about=consent.pk, now=now)
    return consent


def _asked(program: Program, client: Client, purpose: str) -> Asked:
    found = next((each for each in asked_of(program, client) if each.purpose == purpose), None)
    if found is None:
        raise ValidationError(_("Your program does not ask for this consent."), code="purpose")
    return found
