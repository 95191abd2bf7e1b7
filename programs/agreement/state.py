"""Where a program stands with what is offered and asked: one statement, and no sealed text."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, Max, OuterRef, Q, Subquery

from practice.people.accounts import User
from programs.agreement.life import OFFER_TO_CLOSE_AFTER
from programs.plan.handover import Handover
from programs.plan.models import Plan, PlanQuestion, PlanStatus, Program, Signature, Status


@dataclass(frozen=True)
class Standing:
    """What waits for an answer. `waits_for_counselor` if the last word about the offer is a client's question."""

    offer_cause: str | None
    offer_expires_at: datetime | None
    waits_for_counselor: bool
    has_signed: bool
    handover_id: object
    paused_at: datetime | None

    def rests_too_long(self, now: datetime) -> bool:
        return self.paused_at is not None and now - self.paused_at >= OFFER_TO_CLOSE_AFTER


def standing_of(program: Program, user: User) -> Standing:
    """What waits in this program, and whether this person has signed what is on offer."""
    offer = Plan.objects.filter(program=OuterRef("pk"), status=PlanStatus.OFFERED)
    asked = Handover.objects.filter(program=OuterRef("pk"), answer=Handover.Answer.ASKED)
    last = PlanQuestion.objects.filter(plan__program=OuterRef("pk"), plan__status=PlanStatus.OFFERED)
    last = last.order_by("-written_at", "-pk")
    signed = Signature.objects.filter(plan__program=OuterRef("pk"), plan__status=PlanStatus.OFFERED, client__user=user)
    found = (
        Program.objects.filter(pk=program.pk)
        .annotate(
            cause=Subquery(offer.values("cause")),
            expires_at=Subquery(offer.values("expires_at")),
            last_word=Subquery(last.values("is_from_client")[:1]),
            signed=Exists(signed),
            handover=Subquery(asked.values("pk")),
            paused_at=Max("steps__at", filter=Q(steps__became=Status.PAUSED)),
        )
        .values_list("cause", "expires_at", "last_word", "signed", "handover", "paused_at")
    )
    cause, expires_at, last_word, has_signed, handover, paused_at = found.get()
    rests = program.status == Status.PAUSED
    return Standing(cause, expires_at, bool(last_word), has_signed, handover, paused_at if rests else None)
