"""Which notes are still to be written: derived from meetings and notes, never kept."""

from datetime import datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef

from practice.calendar.models import Participant
from practice.calendar.models import Status as MeetingStatus
from practice.people.accounts import User
from programs.notes.models import DUE_AFTER, OVERDUE_AFTER, NoteStatus
from programs.plan.models import Program
from programs.sessions.models import Attempt

TOOK_PLACE = [MeetingStatus.CONFIRMED, MeetingStatus.ATTENDED]
WRITTEN = [NoteStatus.SUBMITTED, NoteStatus.SIGNED]


def waiting(user: User, now: datetime):
    """This counselor's sessions that are over and whose note is neither signed nor handed to the supervisor."""
    led = Program.objects.for_counselor(user)
    over = Attempt.objects.filter(meeting__status__in=TOOK_PLACE, meeting__ends_at__lte=now)
    return over.filter(meeting__counselor__user=user, session__program__in=led.values("pk")).exclude(
        meeting__progress_note__status__in=WRITTEN
    )


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
