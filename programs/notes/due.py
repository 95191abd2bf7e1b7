"""Which notes are still to be written: derived from meetings and notes, never kept."""

from datetime import datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, Q

from practice.calendar.models import Participant
from practice.people.accounts import User
from programs.notes.models import DUE_AFTER, OVERDUE_AFTER, NoteStatus
from programs.plan.models import Program
from programs.sessions.models import Attempt
from programs.sessions.writers import TOOK_PLACE, left_behind

WRITTEN = [NoteStatus.SUBMITTED, NoteStatus.SIGNED]


def notes_due(user: User, now: datetime) -> list[Attempt]:
    """The notes this counselor has still to write, the oldest first, in two statements, three if somebody else is gone.

    Of sessions that are over and whose note is neither signed nor handed to the supervisor: those that they held with
    somebody in their care, and in the programs that they lead those of somebody who may no longer write the note.
    Each row knows its `session` and `meeting`, the `names` of the people in it, the `note_status` ("" if nothing was
    written), `due_at`, and whether it `is_due` and `is_overdue`. Link to them by "note", args=[row.session_id].
    """
    cared_for = dict(Program.objects.in_care_of(user).values_list("pk", "counselor__user"))
    led = [pk for pk, leader in cared_for.items() if leader == user.pk]
    people = Participant.objects.filter(meeting=OuterRef("meeting")).order_by("client__preferred_name")
    rows = (
        Attempt.objects.filter(session__program__in=list(cared_for), meeting__status__in=TOOK_PLACE)
        .filter(Q(meeting__counselor__user=user) | Q(session__program__in=led), meeting__ends_at__lte=now)
        .exclude(meeting__progress_note__status__in=WRITTEN)
        .select_related("session", "meeting__service")
        .annotate(
            names=ArraySubquery(people.values("client__preferred_name")),
            status=F("meeting__progress_note__status"),
            held_by=F("meeting__counselor__user"),
        )
        .order_by("meeting__ends_at", "pk")
    )
    found = list(rows)
    left = left_behind(row for row in found if row.held_by != user.pk)
    found = [row for row in found if row.held_by == user.pk or row in left]
    for row in found:
        row.note_status = row.status or ""
        row.due_at = row.meeting.ends_at + DUE_AFTER
        row.is_due = row.due_at <= now
        row.is_overdue = row.meeting.ends_at + OVERDUE_AFTER <= now
    return found
