"""What is new in a counselor's programs and belongs to no meeting: answers some time after the end."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db.models import FilteredRelation, Q

from practice.database.compiled import Compiled
from practice.people.accounts import Role, User
from programs.plan.models import Program

SHOWN_FOR = timedelta(days=7)  # how long an answer stands on the day; it stays on the page of its program
COLUMNS = ("pk", "answer__days_after", "answer__client__preferred_name", "answer__answered_at")


@dataclass(frozen=True)
class AnswerToRead:
    """What a client answered some time after the end. Link to it by "follow_up", args=[program, days_after]."""

    program: UUID
    days_after: int
    name: str
    answered_at: datetime


def waiting(user: UUID, since: datetime):
    """The rows of `answers_to_read`: COLUMNS."""
    answered = FilteredRelation("follow_ups", condition=Q(follow_ups__answered_at__gt=since))
    programs = Program.objects.filter(pk__in=Program.objects.cared_for_by(user).values("pk"))
    found = programs.annotate(answer=answered).filter(wrapped_key__isnull=False, answer__isnull=False)
    return found.order_by("answer__answered_at", "answer__pk").values_list(*COLUMNS)


WAITING = Compiled(waiting, user=UUID(int=1), since=datetime(2000, 1, 1, tzinfo=UTC))


def answers_to_read(user: User, *, now: datetime) -> list[AnswerToRead]:
    """What clients answered after the end within the last 7 days, in programs in this counselor's care: one statement.

    The earliest comes first. None from a program that was erased, nor for a user who is no counselor.
    """
    if not user.has_role(Role.COUNSELOR):
        return []
    return [AnswerToRead(*row) for row in WAITING.rows(user=user.pk, since=now - SHOWN_FOR)]
