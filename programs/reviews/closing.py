"""Close a program from its guided ending, and plan what follows."""

from datetime import datetime

from django.db import transaction

from programs.agreement.life import close_program
from programs.plan.models import Program
from programs.reviews.afterwards import plan_follow_ups


@transaction.atomic
def finish_program(*, program: Program, close_reason: str, reason: str, by, now: datetime) -> Program:
    """Close a program, and plan to ask again after a planned ending. Refuses as `close_program` does."""
    closed = close_program(program=program, close_reason=close_reason, reason=reason, by=by, now=now)
    plan_follow_ups(program=closed, now=now)
    return closed
