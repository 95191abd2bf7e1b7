"""Which notes are still to be written: derived from meetings and notes, never kept."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, F, OuterRef, Q

from practice.calendar.models import Participant
from practice.database.compiled import Compiled, IsAnyOf
from practice.people.accounts import User
from programs.notes.models import DUE_AFTER, OVERDUE_AFTER, NoteStatus, ProgressNote
from programs.plan.models import Program
from programs.sessions.models import Attempt
from programs.sessions.writers import TOOK_PLACE, left_behind

COLUMNS = (
    "session__program",
    "session",
    "session__number",
    "meeting__starts_at",
    "meeting__ends_at",
    "meeting__counselor",
    "meeting__counselor__user",
    "meeting__progress_note__status",
)


@dataclass(frozen=True)
class NoteDue:
    """A note that somebody has still to write. Link to it by "note", args=[session_id].

    `counselor` held the session, and `held_by` is their account; `status` is "" if nothing was written yet.
    """

    program: UUID
    session_id: UUID
    number: int
    starts_at: datetime
    ends_at: datetime
    counselor: UUID
    held_by: UUID | None
    status: str
    names: list[str]
    is_due: bool
    is_overdue: bool


def unwritten(user: UUID, programs: list, led: list, now: datetime):
    """The rows of `notes_due`: COLUMNS, and the names of the people."""
    people = Participant.objects.filter(meeting=OuterRef("meeting")).order_by("client__preferred_name")
    handed_in = ProgressNote.objects.with_co_signer().filter(status=NoteStatus.SUBMITTED, has_co_signer=True)
    return (
        Attempt.objects.filter(IsAnyOf(F("session__program"), programs), meeting__status__in=TOOK_PLACE)
        .filter(Q(meeting__counselor__user=user) | Q(IsAnyOf(F("session__program"), led)), meeting__ends_at__lte=now)
        .exclude(meeting__progress_note__status=NoteStatus.SIGNED)
        .exclude(Exists(handed_in.filter(meeting=OuterRef("meeting"))))
        .order_by("meeting__ends_at", "pk")
        .values_list(*COLUMNS, ArraySubquery(people.values("client__preferred_name")))
    )


UNWRITTEN = Compiled(
    unwritten, user=UUID(int=1), programs=[UUID(int=2)], led=[UUID(int=3)], now=datetime(2000, 1, 1, tzinfo=UTC)
)


def notes_due(user: User, now: datetime) -> list[NoteDue]:
    """The notes this counselor has still to write, the oldest first, in two statements, three if somebody else is gone.

    Of sessions that are over and whose note is neither signed nor with a supervisor who may co-sign it: those that they
    held with somebody in their care, and in the programs that they lead those of somebody who may no longer write the
    note. They are due after a day, overdue after three.
    """
    cared_for = dict(Program.objects.in_care_of(user).values_list("pk", "counselor__user"))
    led = [pk for pk, leader in cared_for.items() if leader == user.pk]
    rows = UNWRITTEN.rows(user=user.pk, programs=list(cared_for), led=led, now=now)
    found = [
        NoteDue(*row[:7], row[7] or "", row[8], row[4] + DUE_AFTER <= now, row[4] + OVERDUE_AFTER <= now)
        for row in rows
    ]
    left = left_behind({(row.program, row.counselor) for row in found if row.held_by != user.pk})
    return [row for row in found if row.held_by == user.pk or (row.program, row.counselor) in left]
