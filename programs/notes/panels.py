"""What the program page shows of notes: the last one, and which are still to be written. Nothing of it for clients."""

from datetime import datetime

from django.db.models import QuerySet

from practice.calendar.models import Meeting
from practice.people.accounts import User
from programs.notes.actions import meeting_to_write_on
from programs.notes.formats import Body
from programs.notes.models import DUE_AFTER, OVERDUE_AFTER, NoteStatus, ProgressNote
from programs.plan.models import Program
from programs.sessions.thread import State, Station, Thread
from programs.sessions.writers import TOOK_PLACE, Writers


def sealed(program: Program, thread: Thread, user: User) -> dict[str, list]:
    """The signed note of the session held last. The others are fetched with it, and kept for the rows of the panel."""
    program.notes_fetched = list(
        ProgressNote.objects.filter(program=program).with_co_signer().select_related("author", "meeting")
    )
    signed = [note for note in program.notes_fetched if note.is_signed]
    for note in signed:
        note.program = program
    return {"last_note": sorted(signed, key=lambda note: note.meeting.starts_at)[-1:]}


def sealed_for_client(program: Program, thread: Thread, user: User) -> dict[str, QuerySet]:
    return {}


def rows_of(program: Program, thread: Thread, *, user: User, now: datetime) -> list[dict]:
    """A row for each session that has begun, the newest first: its note, and whether that is due.

    And one for each note, of those this person may read, whose meeting was written down as not held afterwards. One
    statement, or none if `sealed` has fetched the notes already; one more if somebody else began a note.
    """
    notes = getattr(program, "notes_fetched", None)
    if notes is None:
        notes = (
            ProgressNote.objects.filter(program=program)
            .with_co_signer()
            .select_related("author", "meeting")
            .defer("body", "covered", "technique", "task", "risk", "comments")
        )
    by_meeting = {note.meeting_id: note for note in notes}
    rows, writers = [], Writers(program)
    for station in reversed(thread.stations):
        meeting = meeting_to_write_on(station, now)
        rows += [
            row_apart(station, attempt.meeting, by_meeting[attempt.meeting_id])
            for attempt in reversed(station.attempts)
            if attempt.meeting_id in by_meeting
            and attempt.meeting != meeting
            and may_read(by_meeting[attempt.meeting_id], user)
        ]
        if meeting is None:
            continue
        note = by_meeting.get(meeting.pk)
        waits = note is None or note.can_be_written or (note.status == NoteStatus.SUBMITTED and not note.has_co_signer)
        is_mine = waits and (note is None or note.author_id == user.pk or note.is_left_behind(writers))
        is_open = waits and meeting.ends_at <= now
        rows.append(
            {
                "session": station.session,
                "meeting": meeting,
                "note": note,
                "may_read": note is not None and may_read(note, user),
                "may_write": is_mine and program.is_led_by(user),
                "is_due": is_open and meeting.ends_at + DUE_AFTER <= now,
                "is_overdue": is_open and meeting.ends_at + OVERDUE_AFTER <= now,
                "is_open": is_open,
                "is_held": station.state == State.DONE,
            }
        )
    return rows


def may_read(note: ProgressNote, user: User) -> bool:
    return note.is_signed or note.author_id == user.pk


def row_apart(station: Station, meeting: Meeting, note: ProgressNote) -> dict:
    """The row of a note whose meeting is no longer the one that counts: to be read, and neither due nor written."""
    no = dict.fromkeys(["may_write", "is_due", "is_overdue", "is_open", "is_held"], False)
    said = {"may_read": True, "was_missed": meeting.status not in TOOK_PLACE}
    return {"session": station.session, "meeting": meeting, "note": note} | said | no


def counselor_panel(program: Program, thread: Thread, texts: dict[str, list], *, user: User, now: datetime) -> dict:
    """What templates/programs/notes/_panel.html shows."""
    rows = rows_of(program, thread, user=user, now=now)
    last = next(iter(texts["last_note"]), None)
    numbers = {station.session.pk: station.number for station in thread.stations}
    return {
        "notes": {
            "program": program,
            "last": last,
            "last_number": numbers.get(last.session_id) if last else None,
            "last_parts": Body.of(last.body).labelled(last.format) if last else [],
            "to_write": [row for row in rows if row["may_write"]],
            "submitted": [
                row
                for row in rows
                if row["note"] and row["note"].status == NoteStatus.SUBMITTED and not row["may_write"]
            ],
            "may_write": program.is_led_by(user),
        }
    }


def client_panel(program: Program, thread: Thread, texts: dict[str, list], *, user: User, now: datetime) -> dict:
    return {}
