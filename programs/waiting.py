"""What waits in a counselor's programs and belongs to no meeting: answers after the end, and pauses that are over."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import FilteredRelation, OuterRef, Q

from practice.database.compiled import Compiled
from practice.people.accounts import Role, User
from programs.plan.models import Program, ProgramMember, Status

SHOWN_FOR = timedelta(days=7)  # how long an answer stands on the day; it stays on the page of its program
ANSWER = ("answer__days_after", "answer__client__preferred_name", "answer__answered_at")


@dataclass(frozen=True)
class AnswerToRead:
    """What a client answered some time after the end. Link to it by "follow_up", args=[program, days_after]."""

    program: UUID
    days_after: int
    name: str
    answered_at: datetime


@dataclass(frozen=True)
class PauseOver:
    """A program that still rests on or after the day on which it was to be resumed."""

    program: UUID
    names: list[str]
    resume_on: date


@dataclass
class Waiting:
    """Answers of the last 7 days and pauses that are over, the earliest first."""

    answers: list[AnswerToRead] = field(default_factory=list)
    pauses: list[PauseOver] = field(default_factory=list)


def waiting(user: UUID, since: datetime, today: date):
    """The rows of `waiting_for`: a program with its people, and either ANSWER or the day to resume."""
    answered = FilteredRelation("follow_ups", condition=Q(follow_ups__answered_at__gt=since))
    people = ProgramMember.objects.filter(program=OuterRef("pk")).order_by("position")
    return (
        Program.objects.filter(pk__in=Program.objects.cared_for_by(user).values("pk"), wrapped_key__isnull=False)
        .annotate(answer=answered)
        .filter(Q(answer__isnull=False) | Q(status=Status.PAUSED, resume_on__lte=today))
        .order_by("resume_on", "answer__answered_at", "pk", "answer__pk")
        .values_list("pk", "resume_on", ArraySubquery(people.values("client__preferred_name")), *ANSWER)
    )


WAITING = Compiled(waiting, user=UUID(int=1), since=datetime(2000, 1, 1, tzinfo=UTC), today=date(2000, 1, 2))


def waiting_for(user: User, today: date, *, now: datetime) -> Waiting:
    """What waits in the programs in this counselor's care, in one statement; nothing that was erased.

    Nothing for a user who is no counselor. `today` is the date on their clock.
    """
    found = Waiting()
    if not user.has_role(Role.COUNSELOR):
        return found
    for pk, resume_on, names, *answer in WAITING.rows(user=user.pk, since=now - SHOWN_FOR, today=today):
        if resume_on is None:
            found.answers.append(AnswerToRead(pk, *answer))
        else:
            found.pauses.append(PauseOver(pk, names, resume_on))
    return found
