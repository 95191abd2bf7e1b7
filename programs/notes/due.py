"""Which notes are still to be written: derived from meetings and notes, never kept."""

from datetime import datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef

from practice.calendar.models import Participant
from practice.people.accounts import User
from programs.notes.models import DUE_AFTER, OVERDUE_AFTER, NoteStatus
from programs.sessions.models import Attempt
from programs.sessions.writers import held_by, left_to

WRITTEN = [NoteStatus.SUBMITTED, NoteStatus.SIGNED]


def waiting(user: User, now: datetime):
    """Sessions that are over and whose note is neither signed nor handed to the supervisor.

    Those that this counselor held with somebody who is still in their care; and in the programs that they lead those
    that were held by somebody who can no longer write the note.
    """
    theirs = held_by(user).values("pk").union(left_to(user).values("pk"))
    over = Attempt.objects.filter(pk__in=theirs, meeting__ends_at__lte=now)
    return over.exclude(meeting__progress_note__status__in=WRITTEN)


def due(user: User, now: datetime):
    """Those of `waiting` whose session ended 24 hours ago or earlier."""
    return waiting(user, now).filter(meeting__ends_at__lte=now - DUE_AFTER)


def overdue(user: User, now: datetime):
    """Those of `waiting` whose session ended 72 hours ago or earlier."""
    return waiting(user, now).filter(meeting__ends_at__lte=now - OVERDUE_AFTER)


def notes_due(user: User, now: datetime) -> list[Attempt]:
    """The notes this counselor has still to write, the oldest first, in one statement.

    Each row knows its `session` and `meeting`, the `names` of the people in it, the `note_status` ("" if nothing was
    written), `due_at`, and whether it `is_due` and `is_overdue`. Link to them by "note", args=[row.session_id].
    """
    people = Participant.objects.filter(meeting=OuterRef("meeting")).order_by("client__preferred_name")
    rows = waiting(user, now).select_related("session", "meeting__service")
    rows = rows.annotate(
        names=ArraySubquery(people.values("client__preferred_name")), status=F("meeting__progress_note__status")
    )
    found = list(rows.order_by("meeting__ends_at", "pk"))
    for row in found:
        row.note_status = row.status or ""
        row.due_at = row.meeting.ends_at + DUE_AFTER
        row.is_due = row.due_at <= now
        row.is_overdue = row.meeting.ends_at + OVERDUE_AFTER <= now
    return found
