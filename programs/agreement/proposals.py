"""A proposal on its way to the client: offered, asked about, declined, taken back, reminded of, run out."""

from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from practice.catalog.models import Mode
from practice.people.accounts import User
from practice.people.clients import Client
from practice.people.practices import Practice
from practice.people.supervision import Supervision
from practice.records.actions import record
from programs.agreement.care import clients_of, counselors_of, prolong_care, unable_to_help
from programs.agreement.mails import tell, tell_counselor
from programs.agreement.offer import Offer, fetch_offer, hash_of, open_offer, text_in
from programs.plan.actions import locked, refuse_but_counselors, take_step
from programs.plan.models import Plan, PlanQuestion, PlanStatus, Program, Status
from programs.plan.texts import PlanText

OFFERED_FOR = timedelta(days=14)
REMINDED_AFTER = timedelta(days=7)
LANGUAGES = [code for code, _name in settings.LANGUAGES]
LONGEST_QUESTION = 2_000


# --- Offering --------------------------------------------------------------------------------------------------------


def propose_program(*, program: Program, by: User, now: datetime, request=None) -> Plan:
    """Offer the draft to its clients for 14 days: freeze its text in every language, and tell them.

    It is read first, which leaves a trace, so this is not to be called inside a transaction. Raise ValidationError
    without a finished draft, if it was changed meanwhile, or if a minor's guardian has not agreed.
    """
    plan = program.plans.filter(status=PlanStatus.DRAFT).first()
    if plan is None:
        raise ValidationError(_("Write down what you propose first."), code="draft")
    asked = asked_consents(program, now=now)
    return offer_plan(plan, asked=asked, by=by, now=now, kind="program.proposal", request=request)


def asked_consents(program: Program, *, now: datetime) -> tuple[list[str], list[str]]:
    """Which consents a proposal needs, and which it leaves to the client.

    A supervisor who co-signs what one of its counselors writes reads the records, so that consent is needed; any other
    is the client's choice.
    """
    needed, free = ["program", "health"], []
    modes = set(program.service.modes)
    if Mode.VIDEO in modes:
        (needed if modes == {Mode.VIDEO} else free).append("online")
    co_signed = Supervision.objects.co_signing(now).filter(counselor__in=counselors_of(program)).exists()
    (needed if co_signed else free).append("supervision")
    return needed, free


def offer_plan(plan: Plan, *, asked=((), ()), by: User, now: datetime, kind: str, request=None) -> Plan:
    """Open a drafted plan, check that it is whole, and offer it word for word as it was read."""
    offer = fetch_offer(plan)
    seen = offer.marks()
    open_offer(offer, by=by, reason="offering a plan", request=request)
    refuse_unfinished(offer, now=now)
    offer.plan.consents_required, offer.plan.consents_optional = list(asked[0]), list(asked[1])
    texts = {language: text_in(offer, language) for language in LANGUAGES}
    return _offer(offer, seen, texts, by=by, now=now, kind=kind)


def refuse_unfinished(offer: Offer, *, now: datetime) -> None:
    """Raise ValidationError if the client could not know from it what they sign."""
    program, plan = offer.program, offer.plan
    if plan.cause != Plan.Cause.PROPOSAL:
        return
    if not program.title or not program.problem:
        raise ValidationError(_("Write a title, and what the program is about in the client’s words."), code="draft")
    if any(not session.aim for session in offer.sessions):
        raise ValidationError(_("Write for each session what it is for."), code="outline")
    unable = unable_to_help(offer.helpers, counselor=program.counselor, service=program.service)
    if unable:
        raise ValidationError(
            _("%(name)s no longer gives these sessions. Choose anew in the terms who helps.")
            % {"name": unable[0].full_name},
            code="co_counselors",
        )
    adult_age, today = Practice.current().adult_age, program.day_of(now)
    for client in offer.clients:
        if client.is_minor(on=today, adult_age=adult_age) and client.guardian_consented_at is None:
            raise ValidationError(
                _("%(name)s is not of age yet. A parent or guardian needs to agree first: ask the front desk.")
                % {"name": client.preferred_name},
                code="guardian",
            )


@transaction.atomic
def _offer(offer, seen, texts, *, by, now, kind) -> Plan:
    program = locked(offer.program)
    refuse_but_counselors(program, by)
    kept = Plan.objects.filter(pk=offer.plan.pk, status=PlanStatus.DRAFT).first()
    if kept is None or fetch_offer(kept).marks() != seen:
        raise ValidationError(_("This was changed elsewhere meanwhile. Look at it again."), code="conflict")
    language = _language_of(clients_of(program)[0])
    kept.program = program
    kept.consents_required, kept.consents_optional = offer.plan.consents_required, offer.plan.consents_optional
    kept.minutes, kept.free_cancel, kept.free_move = offer.plan.minutes, offer.plan.free_cancel, offer.plan.free_move
    kept.status, kept.offered_at, kept.expires_at = PlanStatus.OFFERED, now, now + OFFERED_FOR
    kept.text_hash = hash_of(texts[language])
    kept.save()
    for code, text in texts.items():
        PlanText.objects.create(plan=kept, language=code, text=text, text_hash=hash_of(text))
    if kept.cause == Plan.Cause.PROPOSAL:
        program.sessions.filter(number__gt=kept.planned_sessions).delete()
        program.members.update(was_offered=True)
        take_step(program, Status.PROPOSED, by=by, now=now)
    prolong_care(program, until=kept.expires_at, now=now)
    tell(clients_of(program), kind, kept, now=now)
    record(by, "program.proposed" if kept.cause == "proposal" else "plan.offered", program, now=now, plan=kept.number)
    return kept


def _language_of(client: Client) -> str:
    return client.language if client.language in LANGUAGES else LANGUAGES[0]


# --- Asking ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def ask_question(*, plan: Plan, client: Client, text: str, by: User, now: datetime) -> PlanQuestion:
    """Ask about an offer. Raise ValidationError without words, once it is over, and for anyone but a client of it."""
    kept = open_plan(plan, now=now)
    refuse_strangers(kept.program, client, by)
    question = _say(kept, text, by=by, is_from_client=True, now=now)
    tell_counselor(kept.program, "program.question", question, now=now)
    record(by, "plan.asked", kept.program, client=client, now=now, plan=kept.number)
    return question


@transaction.atomic
def answer_question(*, plan: Plan, text: str, by: User, now: datetime) -> PlanQuestion:
    """Answer what was asked about an offer; every client of the program reads it. Refuses as `ask_question` does."""
    kept = open_plan(plan, now=now)
    refuse_but_counselors(kept.program, by)
    answer = _say(kept, text, by=by, is_from_client=False, now=now)
    tell(clients_of(kept.program), "program.answer", answer, now=now)
    record(by, "plan.answered", kept.program, now=now, plan=kept.number)
    return answer


def _say(plan, text, *, by, is_from_client, now):
    if not text.strip():
        raise ValidationError({"text": _("Write something first.")}, code="empty")
    if len(text) > LONGEST_QUESTION:
        raise ValidationError({"text": _("Use at most %(limit)d characters.") % {"limit": LONGEST_QUESTION}})
    return PlanQuestion.objects.create(
        plan=plan, author=by, is_from_client=is_from_client, text=text.strip(), written_at=now
    )


# --- Ending an offer -------------------------------------------------------------------------------------------------


@transaction.atomic
def decline_proposal(*, plan: Plan, client: Client, reason: str, by: User, now: datetime) -> Plan:
    """Say no, with a reason if one likes. A program under way goes on as it was.

    Raise ValidationError once the offer is no longer open, and for anyone but a client of it.
    """
    kept = open_plan(plan, now=now)
    refuse_strangers(kept.program, client, by)
    if len(reason) > LONGEST_QUESTION:
        raise ValidationError({"reason": _("Use at most %(limit)d characters.") % {"limit": LONGEST_QUESTION}})
    kept.decline_reason = reason.strip()
    _end_offer(kept, PlanStatus.DECLINED, by=by, now=now)
    tell_counselor(kept.program, "program.response", kept.program, about=kept.pk, now=now)
    record(by, "plan.declined", kept.program, client=client, now=now, plan=kept.number)
    return kept


@transaction.atomic
def withdraw_proposal(*, plan: Plan, by: User, now: datetime) -> Plan:
    """Take an offer back; a first proposal can be written anew. Raise ValidationError if it is no longer open."""
    kept = open_plan(plan, now=None)
    refuse_but_counselors(kept.program, by)
    _end_offer(kept, PlanStatus.WITHDRAWN, by=by, now=now)
    record(by, "plan.withdrawn", kept.program, now=now, plan=kept.number)
    return kept


def expire_proposals(*, now: datetime) -> int:
    """End every offer whose 14 days are over, and tell its counselor. Return how many."""
    ended = 0
    for pk in Plan.objects.filter(status=PlanStatus.OFFERED, expires_at__lte=now).values_list("pk", flat=True):
        ended += _expire(pk, now=now)
    return ended


@transaction.atomic
def _expire(pk, *, now) -> bool:
    program = locked(Plan.objects.get(pk=pk).program)
    kept = Plan.objects.filter(pk=pk, status=PlanStatus.OFFERED, expires_at__lte=now).first()
    if kept is None:
        return False
    kept.program = program
    _end_offer(kept, PlanStatus.EXPIRED, by=None, now=now)
    tell_counselor(program, "program.response", program, about=kept.pk, now=now)
    record(None, "plan.expired", program, now=now, plan=kept.number)
    return True


def remind_of_proposals(*, now: datetime) -> int:
    """Write once to those who have not answered an offer for a week. Return how many offers."""
    waiting = Plan.objects.filter(
        status=PlanStatus.OFFERED, reminded_at=None, offered_at__lte=now - REMINDED_AFTER, expires_at__gt=now
    )
    return sum(_remind(pk, now=now) for pk in waiting.values_list("pk", flat=True))


@transaction.atomic
def _remind(pk, *, now) -> bool:
    program = locked(Plan.objects.get(pk=pk).program)
    kept = Plan.objects.filter(pk=pk, status=PlanStatus.OFFERED, reminded_at=None).first()
    if kept is None:
        return False
    Plan.objects.filter(pk=pk).update(reminded_at=now)
    signed = set(kept.signatures.values_list("client_id", flat=True))
    tell([client for client in clients_of(program) if client.pk not in signed], "program.reminder", kept, now=now)
    return True


def _end_offer(plan: Plan, status: PlanStatus, *, by, now) -> None:
    plan.status, plan.answered_at = status, now
    plan.save()
    if plan.cause == Plan.Cause.PROPOSAL and plan.program.status == Status.PROPOSED:
        take_step(plan.program, Status.DRAFT, by=by, now=now)


# --- What every answer needs -----------------------------------------------------------------------------------------

GONE = {
    PlanStatus.DRAFT: gettext_lazy("This has not been offered yet."),
    PlanStatus.SIGNED: gettext_lazy("This was signed already."),
    PlanStatus.DECLINED: gettext_lazy("This was declined already."),
    PlanStatus.EXPIRED: gettext_lazy("The time for this offer is over. Ask your counselor for a new one."),
    PlanStatus.WITHDRAWN: gettext_lazy(
        "Your counselor took this offer back. If there is a new one, it is on your page."
    ),
}


def open_plan(plan: Plan, *, now: datetime | None) -> Plan:
    """The plan with its program, locked, while it is on offer; without `now` even after its time is over.

    Raise ValidationError, with its status as the code, if it is signed, declined, expired, withdrawn or replaced.
    """
    program = locked(plan.program)
    kept = Plan.objects.select_related("method").get(pk=plan.pk)
    kept.program = program
    if kept.status != PlanStatus.OFFERED:
        raise ValidationError(str(GONE[kept.status]), code=kept.status)
    if now is not None and not kept.is_open(now):
        raise ValidationError(str(GONE[PlanStatus.EXPIRED]), code=PlanStatus.EXPIRED)
    return kept


def refuse_strangers(program: Program, client: Client, by: User) -> None:
    """Raise ValidationError unless `by` is this client, and the client takes part in the program."""
    if client.user_id != by.pk or client.pk not in program.client_ids():
        raise ValidationError(_("Only the people it is written for can answer it."), code="role")
