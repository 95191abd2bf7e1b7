"""Look back together on the way, and come to a planned end."""

from collections.abc import Mapping
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from practice.people.clients import Client
from practice.records.actions import record
from programs.agreement.care import clients_of
from programs.agreement.life import begin_ending
from programs.agreement.mails import tell
from programs.goals.actions import rate_goals, sessions_done
from programs.goals.models import GoalRating
from programs.plan.actions import locked, refuse_but_counselors
from programs.plan.models import SIGNED, Plan, PlanStatus, Program, Status
from programs.reviews.models import Decision, Ending, Review, ReviewVoice
from programs.reviews.state import due_point

LONGEST = 4_000
PARTS = ("warning_signs", "situations", "what_helps", "first_step", "people", "come_back")
ENDING_TEXTS = ("achieved", "takes_along", *PARTS, "summary")
Occasion = GoalRating.Occasion


def due_now(program: Program) -> int | None:
    """After which session a review is due, by the plan that holds; None if none is."""
    plan = Plan.objects.filter(program=program, status=PlanStatus.SIGNED).order_by("number").last()
    held = set(program.reviews.values_list("after_session", flat=True))
    return due_point(plan.review_after if plan else [], sessions_done(program), held)


def refuse_long(**texts):
    wrong = {
        name: _("Use at most %(limit)d characters.") % {"limit": LONGEST}
        for name, text in texts.items()
        if len(text) > LONGEST
    }
    if wrong:
        raise ValidationError(wrong)


def _refuse_unless_under_way(program):
    if program.status not in SIGNED:
        raise ValidationError(_("This program is not under way."), code="status")


@transaction.atomic
def speak_before_review(
    *, program: Program, helps: str, hinders: str, levels: Mapping, client: Client, by, now: datetime
) -> ReviewVoice | None:
    """Keep what one client says before a review: what helps, what does not, and how they see their goals.

    Said again before the review is held, it replaces what was said. Raise ValidationError if no review is due, if
    nothing is said, or if somebody speaks for somebody else.
    """
    refuse_long(helps=helps, hinders=hinders)
    kept = locked(program)
    _refuse_unless_under_way(kept)
    if client.user_id != by.pk or not kept.members.filter(client=client).exists():
        raise ValidationError(_("You can speak only for yourself."), code="client")
    point = due_now(kept)
    if point is None:
        raise ValidationError(_("You have looked back on this together already."), code="held")
    if not (helps.strip() or hinders.strip() or levels):
        raise ValidationError(_("Write a few words, or choose at least one answer."), code="empty")
    if levels:
        rate_goals(program=kept, levels=levels, occasion=Occasion.REVIEW, by=by, now=now, client=client)
    found = ReviewVoice.objects.filter(program=kept, after_session=point, client=client).first()
    voice = found or ReviewVoice(program=kept, after_session=point, client=client)
    voice.program, voice.helps, voice.hinders, voice.written_at = kept, helps, hinders, now
    voice.save()
    record(by, "review.prepared", kept, now=now, client=client, after_session=point)
    return voice


@transaction.atomic
def hold_review(
    *, program: Program, helps: str, hinders: str, summary: str, decision: str, levels: Mapping, by, now: datetime
) -> Review:
    """Keep a review that counselor and client held: what helps, what does not, the counselor's levels, the decision.

    It belongs to the review point that is due, or to the number of sessions held. The decision is carried out on its
    own page. Raise ValidationError before the first session, for a second one after the same session, without a
    decision and its reason, or for ratings that `rate_goals` refuses.
    """
    refuse_long(helps=helps, hinders=hinders, summary=summary)
    kept = locked(program)
    refuse_but_counselors(kept, by)
    _refuse_unless_under_way(kept)
    wrong = {}
    if not summary.strip():
        wrong["summary"] = _("Write what you decided together, and why.")
    if decision not in Decision:
        wrong["decision"] = _("Choose how it goes on.")
    if wrong:
        raise ValidationError(wrong)
    after = due_now(kept) or sessions_done(kept)
    if not after:
        raise ValidationError(_("A review looks back on sessions. None was held yet."), code="early")
    if kept.reviews.filter(after_session=after).exists():
        raise ValidationError(_("A review after this session is written down already."), code="twice")
    if levels:
        rate_goals(program=kept, levels=levels, occasion=Occasion.REVIEW, by=by, now=now)
    review = Review.objects.create(
        program=kept,
        after_session=after,
        helps=helps,
        hinders=hinders,
        summary=summary,
        decision=decision,
        held_by=by,
        held_at=now,
    )
    record(by, "review.held", kept, now=now, after_session=after)
    return review


@transaction.atomic
def write_ending(
    *, program: Program, texts: Mapping[str, str], levels: Mapping, share: bool, expected: int, by, now: datetime
) -> Ending:
    """Keep the guided ending as it is being written; with `share` the client can read it from now on.

    The first time it is shared, its clients are told; the first time it is kept, the program enters its ending.

    `texts` are those of ENDING_TEXTS, `levels` the counselor's view of the goals at the end, `expected` the revision
    that was being edited. What was shared stays shared. Raise ValidationError once the program is closed or before the
    first session, if it was changed elsewhere meanwhile, or if there is no summary to share.
    """
    refuse_long(**texts)
    kept = locked(program)
    refuse_but_counselors(kept, by)
    _refuse_unless_under_way(kept)
    if not sessions_done(kept):
        raise ValidationError(_("An ending looks back on sessions. None was held yet."), code="early")
    ending = Ending.objects.filter(program=kept).first() or Ending(program=kept)
    if ending.revision != expected:
        raise ValidationError(
            _("This was changed elsewhere meanwhile. Copy what you wrote, and open it again."), code="conflict"
        )
    if share and not texts["summary"].strip():
        raise ValidationError({"summary": _("Write the summary that the client is to read.")}, code="empty")
    if levels:
        rate_goals(program=kept, levels=levels, occasion=Occasion.ENDING, by=by, now=now)
    if kept.status in (Status.ACTIVE, Status.PAUSED):
        kept = begin_ending(program=kept, by=by, now=now)
    if share and ending.shared_at is None:
        tell(clients_of(kept), "program.ending", kept, now=now)
    ending.program = kept
    for name in ENDING_TEXTS:
        setattr(ending, name, texts[name])
    ending.revision += 1
    ending.shared_at = ending.shared_at or (now if share else None)
    ending.written_at = now
    ending.save()
    record(by, "ending.written", kept, now=now, shared=ending.shared_at is not None)
    return ending
