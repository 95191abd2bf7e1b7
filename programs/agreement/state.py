"""Where a program stands with what is offered and asked: one statement, and no sealed text."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Subquery

from practice.people.accounts import User
from practice.people.clients import Consent
from programs.agreement.life import OFFER_TO_CLOSE_AFTER
from programs.plan.handover import Handover
from programs.plan.models import (
    CloseReason,
    Plan,
    PlanQuestion,
    PlanStatus,
    Program,
    ProgramMember,
    ProgramStep,
    Signature,
    Status,
)


@dataclass(frozen=True)
class Standing:
    """What waits for an answer, whether somebody in it does not agree to video calls, and what it stands between.

    `waits_for_counselor` if the last word about the offer is a client's question. `has_signed` and `has_agreed` say
    that this person has answered the offer, or the question about a handover. The programs before and after it are
    those that this person may see.
    """

    offer_cause: str | None
    offer_expires_at: datetime | None
    waits_for_counselor: bool
    has_signed: bool
    handover_id: object
    has_agreed: bool
    paused_at: datetime | None
    refuses_video: bool
    former_id: object
    next_id: object

    def rests_too_long(self, now: datetime) -> bool:
        return self.paused_at is not None and now - self.paused_at >= OFFER_TO_CLOSE_AFTER


def with_standing(programs, user: User):
    """The same programs, each with what `standing_of` needs for this person, so that it asks for nothing."""
    offer = Plan.objects.filter(program=OuterRef("pk"), status=PlanStatus.OFFERED)
    asked = Handover.objects.filter(program=OuterRef("pk"), answer=Handover.Answer.ASKED)
    last = PlanQuestion.objects.filter(plan__program=OuterRef("pk"), plan__status=PlanStatus.OFFERED)
    last = last.order_by("-written_at", "-pk")
    signed = Signature.objects.filter(plan__program=OuterRef("pk"), plan__status=PlanStatus.OFFERED, client__user=user)
    refusing = ProgramMember.objects.without_consent(Consent.Purpose.ONLINE).filter(program=OuterRef("pk"))
    paused = ProgramStep.objects.filter(program=OuterRef("pk"), became=Status.PAUSED).order_by("-at")
    seen = Program.objects.filter(pk__in=Program.objects.visible_to(user).values("pk"))
    former = seen.filter(pk=OuterRef("follows"))
    following = seen.filter(follows=OuterRef("pk")).exclude(close_reason=CloseReason.NOT_BEGUN).order_by("-created_at")
    return programs.annotate(
        offer_cause=Subquery(offer.values("cause")),
        offer_expires_at=Subquery(offer.values("expires_at")),
        last_word_is_clients=Subquery(last.values("is_from_client")[:1]),
        has_signed=Exists(signed),
        handover_asked=Subquery(asked.values("pk")),
        has_agreed=Exists(asked.filter(agreed_by__user=user)),
        paused_at=Subquery(paused.values("at")[:1]),
        refuses_video=Exists(refusing),
        former_id=Subquery(former.values("pk")),
        next_id=Subquery(following.values("pk")[:1]),
    )


def standing_of(program: Program, user: User) -> Standing:
    """What waits in this program, and whether this person has signed what is on offer.

    One statement, or none for a program that was fetched `with_standing`.
    """
    found = program
    if not hasattr(program, "handover_asked"):
        found = with_standing(Program.objects.filter(pk=program.pk), user).only("pk").get()
    return Standing(
        found.offer_cause,
        found.offer_expires_at,
        bool(found.last_word_is_clients),
        found.has_signed,
        found.handover_asked,
        found.has_agreed,
        found.paused_at if program.status == Status.PAUSED else None,
        found.refuses_video,
        found.former_id,
        found.next_id,
    )
