"""The hash chain over the signed notes of a program: a note that was changed, moved or removed shows.

Each signed note is hashed over its plain text, its author, when and by whom it was signed, and the hash before it; each
addendum over its text and what stood before it. Parts about one person alone enter as a digest of their ciphertext, so
that the chain still holds when that person is erased. Nobody can make the chain anew without the program's key.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime

from practice.people.accounts import User
from practice.records.actions import read_together
from practice.records.keys import Erased, RecordError
from practice.records.models import AuditEvent
from programs.notes.models import Addendum, IndividualPart, ProgressNote
from programs.plan.models import Program

TEXTS = ["body", "covered", "technique", "task", "risk"]
REASON = "checking that signed notes are unchanged"


def _hash(previous: bytes, said: dict) -> bytes:
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(previous + text.encode()).digest()


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def hash_of_note(note: ProgressNote, *, goal_ids: Iterable, parts: Iterable[IndividualPart], previous: bytes) -> bytes:
    """The link of an opened note that says who signed it when and at which position. `parts` are sealed."""
    said = {name: getattr(note, name) for name in TEXTS}
    said |= {
        "note": str(note.pk),
        "program": str(note.program_id),
        "session": str(note.session_id),
        "meeting": str(note.meeting_id),
        "format": note.format,
        "author": str(note.author_id),
        "signed_by": str(note.signed_by_id),
        "signed_at": _instant(note.signed_at),
        "position": note.position,
        "goals": sorted(str(pk) for pk in goal_ids),
        "parts": {str(part.client_id): part.text.digest() for part in parts},
    }
    return _hash(previous, said)


def hash_of_addendum(addendum: Addendum, *, previous: bytes) -> bytes:
    """The link of an opened addendum behind its note or the addendum before it."""
    said = {
        "addendum": str(addendum.pk),
        "note": str(addendum.note_id),
        "author": str(addendum.author_id),
        "reason": addendum.reason,
        "text": addendum.text,
        "written_at": _instant(addendum.written_at),
    }
    return _hash(previous, said)


def goals_and_parts(notes: Iterable[ProgressNote]) -> tuple[dict, dict]:
    """By note: the ids of the goals it addresses, and its parts about one person, sealed. Two statements."""
    ids = [note.pk for note in notes]
    goals, parts = defaultdict(list), defaultdict(list)
    links = ProgressNote.goals.through.objects.filter(progressnote__in=ids)
    for note_id, goal_id in links.values_list("progressnote_id", "goal_id"):
        goals[note_id].append(goal_id)
    for part in IndividualPart.objects.filter(note__in=ids):
        parts[part.note_id].append(part)
    return goals, parts


def is_unchanged(note: ProgressNote, addenda: Iterable[Addendum]) -> bool:
    """True if an opened signed note and its opened addenda still hash to what was kept when they were written."""
    before = ProgressNote.objects.filter(program=note.program_id, position=note.position - 1)
    previous = before.values_list("hash", flat=True).first()
    if previous is None and note.position > 1:
        return False
    goals, parts = goals_and_parts([note])
    return not _broken(note, addenda, goals, parts, bytes(previous or b""))


def _broken(note, addenda, goals, parts, previous: bytes) -> list[str]:
    problems = []
    if hash_of_note(note, goal_ids=goals[note.pk], parts=parts[note.pk], previous=previous) != bytes(note.hash):
        problems.append(f"Note {note.pk} (number {note.position} of its program) was changed or moved.")
    link = bytes(note.hash)
    for addendum in addenda:
        if hash_of_addendum(addendum, previous=link) != bytes(addendum.hash):
            problems.append(f"Addendum {addendum.pk} of note {note.pk} was changed, or one before it was removed.")
        link = bytes(addendum.hash)
    return problems


def verify_program(program: Program, *, by: User) -> list[str]:
    """Open every signed note of a program as `by`, leaving a trace; return what is wrong, in words without texts.

    What was erased on purpose cannot be checked and is not wrong.
    """
    signed = ProgressNote.objects.filter(program=program).signed().order_by("position")
    added = Addendum.objects.filter(note__program=program).order_by("written_at", "pk")
    try:
        notes, addenda = read_together([signed, added], by=by, reason=REASON)
    except Erased:
        return []
    except RecordError as error:
        return [f"A text of program {program.pk} does not open: {error}"]
    goals, parts = goals_and_parts(notes)
    by_note = defaultdict(list)
    for addendum in addenda:
        by_note[addendum.note_id].append(addendum)
    problems, previous, position = [], b"", 0
    for note in notes:
        if note.position != position + 1:
            problems.append(f"Before note {note.pk} the numbers {position + 1} to {note.position - 1} are gone.")
        problems += _broken(note, by_note[note.pk], goals, parts, previous)
        previous, position = bytes(note.hash), note.position
    return problems


def removed() -> list[str]:
    """Notes and addenda that the audit trail saw signed and added, and that are not there any more."""
    problems = []
    for act, rows in [("note.signed", ProgressNote.objects.signed()), ("addendum.added", Addendum.objects.all())]:
        seen = AuditEvent.objects.filter(act=act).values_list("object_id", flat=True)
        gone = set(seen) - {str(pk) for pk in rows.values_list("pk", flat=True)}
        problems += [
            f"{act.partition('.')[0].title()} {pk} was removed, or is not signed any more." for pk in sorted(gone)
        ]
    return problems
