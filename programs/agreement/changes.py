"""Changing what was agreed: more sessions, or another method. Each is a version that every client signs anew."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from practice.people.accounts import User
from practice.records.actions import read_together, record
from programs.agreement.offer import standing_plan
from programs.agreement.proposals import LONGEST_QUESTION, offer_plan
from programs.library.models import MOST_SESSIONS, Method
from programs.plan.actions import locked, refuse_but_counselors
from programs.plan.models import Plan, PlanStatus, Program, Status

CHANGEABLE = [Status.AGREED, Status.ACTIVE, Status.CLOSING]


def most_added(plan: Plan) -> int:
    """How many sessions one extension may add: half as many as are planned, 60 in all at most."""
    return max(0, min(plan.planned_sessions // 2, MOST_SESSIONS - plan.planned_sessions))


def may_extend(program: Program) -> bool:
    """True if a review since the number of sessions was last agreed on decided to add some.

    Another method, signed in between, leaves the number and so that decision as it was.
    """
    counted = program.plans.filter(status=PlanStatus.SIGNED).exclude(cause=Plan.Cause.METHOD)
    since = counted.order_by("-number").values(agreed_at=Coalesce("answered_at", "created_at"))[:1]
    return program.reviews.filter(decision="extend", held_at__gte=Subquery(since)).exists()


def offer_extension(*, program: Program, added: int, reason: str, by: User, now: datetime, request=None) -> Plan:
    """Offer to add sessions: at most half as many again, after a review that decided so, for everybody to sign.

    It reads what holds now, which leaves a trace: not to be called inside a transaction. Raise ValidationError
    without such a review ("review"), for a number that is too high or below one, without a reason, if another
    version is on offer already, or unless the program is agreed on and does not rest.
    """
    standing = _standing(program)
    most = most_added(standing)
    if not 1 <= added <= most:
        raise ValidationError(
            {
                "added": _("Add from 1 to %(most)d sessions: at most half as many again in one step.") % {"most": most}
                if most
                else _("This program has as many sessions as a program can have.")
            },
            code="added",
        )
    if not may_extend(program):
        raise ValidationError(
            _("Hold a review with the client first, and decide there to add sessions."), code="review"
        )
    planned = standing.planned_sessions + added
    reviews = sorted({*standing.review_after, standing.planned_sessions + (added + 1) // 2} - {planned})
    changes = {"cause": Plan.Cause.EXTENSION, "planned_sessions": planned, "review_after": reviews}
    return _offer_change(program, standing, changes, reason=reason, by=by, now=now, request=request)


def offer_method(*, program: Program, method: Method, reason: str, by: User, now: datetime, request=None) -> Plan:
    """Offer another method for the sessions that are left, for everybody to sign.

    Not to be called inside a transaction. Raise ValidationError for the method that holds or one that is not in use,
    and as `offer_extension` does.
    """
    standing = _standing(program)
    if method.pk == standing.method_id or not method.is_in_use:
        raise ValidationError({"method": _("Choose another method than the one you work with.")}, code="method")
    changes = {"cause": Plan.Cause.METHOD, "method": method}
    return _offer_change(program, standing, changes, reason=reason, by=by, now=now, request=request)


def _standing(program: Program) -> Plan:
    plan = standing_plan(program)
    if plan is None:
        raise ValidationError(_("Nothing is agreed yet: change the proposal instead."), code="status")
    return plan


def _offer_change(program, standing, changes, *, reason, by, now, request) -> Plan:
    if not reason.strip():
        raise ValidationError({"reason": _("Write why: the client reads it.")}, code="reason")
    if len(reason) > LONGEST_QUESTION:
        raise ValidationError({"reason": _("Use at most %(limit)d characters.") % {"limit": LONGEST_QUESTION}})
    standing.program = Program.objects.for_page().get(pk=program.pk)
    read_together([[standing]], by=by, reason="changing what is agreed", request=request, knowing=[standing.program])
    plan = _draft_change(program, standing, changes, reason=reason.strip(), by=by, now=now)
    return offer_plan(plan, by=by, now=now, kind="program.change", request=request)


@transaction.atomic
def _draft_change(program, standing, changes, *, reason, by, now) -> Plan:
    kept = locked(program)
    refuse_but_counselors(kept, by)
    if kept.status not in CHANGEABLE:
        raise ValidationError(_("What is agreed can be changed while the program is under way."), code="status")
    if kept.plans.filter(status=PlanStatus.OFFERED).exists():
        raise ValidationError(_("The client is reading a change already. Take it back first."), code="offered")
    newest = standing_plan(kept)
    if newest is None or newest.pk != standing.pk:
        raise ValidationError(_("This was changed elsewhere meanwhile. Look at it again."), code="conflict")
    kept.plans.filter(status=PlanStatus.DRAFT).delete()
    copied = {
        name: getattr(standing, name)
        for name in (
            "method",
            "planned_sessions",
            "pace_days",
            "price",
            "review_after",
            "missed_rule",
            "late_cancel_rule",
            "minutes",
            "free_cancel",
            "free_move",
            "if_silent",
        )
    }
    plan = Plan.objects.create(
        program=kept, number=_next_number(kept), reason=reason, created_at=now, **copied | changes
    )
    record(by, "plan.drafted", kept, now=now, plan=plan.number, cause=plan.cause)
    return plan


def _next_number(program: Program) -> int:
    return program.plans.order_by("-number").values_list("number", flat=True).first() + 1
