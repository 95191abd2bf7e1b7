"""Write, sign, co-sign and add to progress notes; and write process notes, which are their author's alone."""

from datetime import datetime, timedelta
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from practice.calendar.attendance import record_attendance
from practice.calendar.models import Meeting
from practice.calendar.models import Status as MeetingStatus
from practice.people.accounts import Role, User
from practice.people.supervision import Supervision
from practice.records.actions import record
from programs.between.actions import has_begun, locked_station, write_card
from programs.goals.models import Goal
from programs.notes.chain import hash_of_addendum, hash_of_note
from programs.notes.formats import Body, Writing
from programs.notes.models import (
    Addendum,
    IndividualPart,
    NoteStatus,
    ProcessBook,
    ProcessNote,
    ProgressNote,
)
from programs.plan.actions import refuse_but_counselors
from programs.plan.models import Program
from programs.sessions.models import Session
from programs.sessions.thread import State, Station
from programs.sessions.writers import Writers, refuse_but_writers

A_MOMENT = timedelta(microseconds=1)
HELD = {State.DONE, State.BOOKED}


def meeting_to_write_on(station: Station, now: datetime) -> Meeting | None:
    """The meeting of a session that a note can be written on: once it has begun. None if there is none."""
    return station.meeting if station.state in HELD and has_begun(station, now) else None


def conflict() -> ValidationError:
    return ValidationError(_("This note was changed elsewhere meanwhile. Both texts are below."), code="conflict")


# --- Writing ---------------------------------------------------------------------------------------------------------


@transaction.atomic
def save_note(*, session: Session, writing: Writing, expected: int, by: User, now: datetime) -> ProgressNote:
    """Keep the draft of a session's note. `expected` is the revision it was written on; 0 if there was no note.

    Raise ValidationError if the session has not begun ("early"), if somebody else writes its note ("author"), if it is
    signed or waits for the supervisor ("signed", "status"), or if it was saved elsewhere meanwhile ("conflict").
    Whoever held the session may write its note while their care lasts, also after the program passed to somebody else.
    A draft left behind by a counselor who no longer may passes to whoever goes on with it, and the trail says so; what
    they handed in does too, once nobody is there to co-sign it.
    """
    station = locked_station(session)
    refuse_but_writers(station, by)
    meeting = meeting_to_write_on(station, now)
    if meeting is None:
        raise ValidationError(_("The note can be written once the session has begun."), code="early")
    drafts = ProgressNote.objects.select_for_update(of=("self",)).select_related("author")
    note = drafts.filter(meeting=meeting).first()
    is_new = note is None
    if is_new:
        note = ProgressNote(meeting=meeting, author=by, created_at=now)
    note.program, note.session, note.meeting = station.session.program, station.session, meeting
    seen = note.revision
    is_taken_over = note.is_left_behind(Writers(note.program))
    if is_taken_over:
        if waits_for_nobody(note, now):
            note.move_to(NoteStatus.RETURNED)
        note.author = by
    refuse_others(note, by)
    if seen != expected:
        raise conflict()
    note.format, note.body = writing.format, writing.body
    note.covered, note.technique = writing.covered, writing.technique
    note.task, note.risk = writing.task, writing.risk
    note.revision += 1
    note.saved_at = now
    note.save()
    keep_goals(note, writing.goals)
    keep_parts(note, writing.individual)
    if is_new:
        record(by, "note.begun", note, now=now, session=session.number)
    if is_taken_over:
        record(by, "note.taken_over", note, now=now, session=session.number)
    return note


def refuse_others(note: ProgressNote, by: User) -> None:
    """Raise ValidationError unless this is the author, and the note may still be written."""
    if note.is_signed:
        raise ValidationError(_("This note is signed. You can still add an addendum."), code="signed")
    if note.author_id != by.pk:
        raise ValidationError(_("Somebody else writes the note of this session."), code="author")
    if not note.can_be_written:
        raise ValidationError(_("This note waits for your supervisor. Take it back to change it."), code="status")


def keep_goals(note: ProgressNote, wanted: tuple[UUID, ...]) -> None:
    """Say which goals a note addresses. Raise ValidationError for goals of another program, or not agreed yet."""
    agreed = Goal.objects.agreed().filter(pk__in=wanted, goal_set__program=note.program_id)
    goals = list(agreed) if wanted else []
    if len(goals) != len(set(wanted)):
        raise ValidationError(_("Choose goals of this program."), code="goals")
    note.goals.set(goals)


def keep_parts(note: ProgressNote, texts: dict[UUID, str]) -> None:
    """Keep what is said of each person alone, sealed with their key. Those who were erased are passed over."""
    if not texts:
        return
    before = {part.client_id: part for part in note.individual_parts.all()}
    for member in note.program.members.select_related("client"):
        text, client = texts.get(member.client_id), member.client
        if text is None or client.is_erased:
            continue
        part = before.get(client.pk) or IndividualPart(note=note)
        part.client, part.text = client, text
        if text:
            part.save()
        elif client.pk in before:
            part.delete()


@transaction.atomic
def write_session(
    *,
    session: Session,
    writing: Writing,
    card: dict[str, str] | None = None,
    share: bool = False,
    attendance: dict | None = None,
    expected: int,
    by: User,
    now: datetime,
) -> ProgressNote:
    """Keep all that is written at one desk, or nothing: the note, its card, and who came.

    `card` are the texts of the card, None to leave it alone; `share` lets the clients read it. `attendance` are the
    arguments of `record_attendance`: whoever may write the note may say who came, whoever held the session. Raise
    ValidationError as the actions for each of them do.
    """
    note = save_note(session=session, writing=writing, expected=expected, by=by, now=now)
    if card is not None:
        write_card(session=session, share=False, by=by, now=now, **card)
    if attendance is not None:
        record_attendance(meeting=note.meeting, by=by, now=now, vouched_for=True, **attendance)
    if card is not None and share:
        write_card(session=session, share=True, by=by, now=now, **card)
    return note


# --- Signing ---------------------------------------------------------------------------------------------------------


def missing_from(note: ProgressNote, goal_ids) -> list[tuple[str, str]]:
    """What an opened note lacks before it can be signed: the name of the field, and words. Empty if it is whole."""
    body = Body.of(note.body)
    lacks = []
    if not any(text.strip() for text in body.parts.values()):
        lacks.append(("parts", _("The note itself is empty.")))
    if not goal_ids and not body.no_goals:
        lacks.append(("goals", _("Say which goals you worked on, or that it was none of them.")))
    if not note.risk.strip():
        lacks.append(("risk", _("Write a risk statement, even if it says that there was no sign of risk.")))
    if not note.task.strip() and not body.no_task:
        lacks.append(("task", _("Write the home task, or say that there is none.")))
    return lacks


def co_signers_of(author: User, program: Program, now: datetime):
    """Supervisions under which somebody else co-signs what this person writes in a program.

    None where the consent of a client to supervision does not hold: then nobody else reads it.
    """
    if program.members.without_consent("supervision").exists():
        return Supervision.objects.none()
    return supervisions_of(author, now)


def supervisions_of(author: User, now: datetime):
    """Supervisions under which somebody else co-signs what this person writes, wherever clients agree to it."""
    current = Supervision.objects.co_signing(now).filter(counselor__user=author)
    return current.exclude(supervisor=author).select_related("supervisor")


def waits_for_nobody(note: ProgressNote, now: datetime) -> bool:
    """True if a note was handed in and nobody may co-sign it any more; its program was fetched with it."""
    return note.status == NoteStatus.SUBMITTED and not co_signers_of(note.author, note.program, now).exists()


@transaction.atomic
def sign_note(*, note: ProgressNote, by: User, now: datetime) -> ProgressNote:
    """Sign a note and lock it; or, where somebody co-signs, hand it to them. `note` was opened, and shown as it is.

    Raise ValidationError if it is signed already ("signed"), changed since it was opened ("conflict"), not whole
    ("missing"), if nobody has written down that the session took place ("held"), and for anyone but its author.
    """
    kept = locked_note(note)
    refuse_others(kept, by)
    refuse_changed(kept, note)
    if kept.meeting.status != MeetingStatus.ATTENDED:
        raise ValidationError(
            _("Write down first who came: a note is signed for a session that took place."), code="held"
        )
    if lacks := missing_from(note, list(kept.goals.values_list("pk", flat=True))):
        raise ValidationError([ValidationError(text, code="missing") for _name, text in lacks])
    if co_signers_of(by, kept.program, now).exists():
        kept.move_to(NoteStatus.SUBMITTED)
        kept.submitted_at = now
        kept.save(update_fields=["status", "revision", "submitted_at"])
        record(by, "note.submitted", kept, now=now)
        return kept
    return lock(kept, note, by=by, now=now)


@transaction.atomic
def co_sign_note(*, note: ProgressNote, by: User, now: datetime) -> ProgressNote:
    """Sign and lock a supervisee's note that was submitted and opened. Raise ValidationError as `sign_note` does.

    Nobody co-signs a note of their own, whatever the list of supervisions says.
    """
    kept = locked_note(note)
    refuse_unsupervised(kept, by, now)
    refuse_changed(kept, note)
    return lock(kept, note, by=by, now=now)


@transaction.atomic
def return_note(*, note: ProgressNote, comments: str, by: User, now: datetime) -> ProgressNote:
    """Give a submitted note back to its author with comments. Raise ValidationError without any, or as co-signing."""
    kept = locked_note(note)
    refuse_unsupervised(kept, by, now)
    refuse_changed(kept, note)
    if not comments.strip():
        raise ValidationError(_("Write what is to be changed."), code="empty")
    kept.move_to(NoteStatus.RETURNED)
    kept.comments = comments
    kept.save(update_fields=["status", "revision", "comments"])
    record(by, "note.returned", kept, now=now)
    return kept


@transaction.atomic
def take_back_note(*, note: ProgressNote, by: User, now: datetime) -> ProgressNote:
    """Take a submitted note back, to change it. Raise ValidationError for anyone but its author, or once signed."""
    kept = locked_note(note)
    if kept.author_id != by.pk:
        raise ValidationError(_("Somebody else writes the note of this session."), code="author")
    kept.move_to(NoteStatus.RETURNED)
    kept.save(update_fields=["status", "revision"])
    record(by, "note.taken_back", kept, now=now)
    return kept


def locked_note(note: ProgressNote) -> ProgressNote:
    """The note as it is kept, sealed, while nobody else changes its program."""
    program = Program.objects.select_for_update(of=("self",)).select_related("counselor").get(pk=note.program_id)
    kept = ProgressNote.objects.select_for_update(of=("self",)).select_related("meeting", "author").get(pk=note.pk)
    kept.program = program
    return kept


def refuse_changed(kept: ProgressNote, seen: ProgressNote) -> None:
    """Raise ValidationError if the note was saved since it was opened."""
    if kept.revision != seen.revision:
        raise ValidationError(_("This note has changed meanwhile. Look at it again."), code="conflict")


def refuse_unsupervised(note: ProgressNote, by: User, now: datetime) -> None:
    """Raise ValidationError unless this person co-signs for the author, and the note waits for it."""
    co_signs = co_signers_of(note.author, note.program, now).filter(supervisor=by).exists()
    if by.pk == note.author_id or not by.has_role(Role.SUPERVISOR) or not co_signs:
        raise ValidationError(_("Only the supervisor of its author can co-sign this note."), code="role")
    if note.status == NoteStatus.SIGNED:
        raise ValidationError(_("This note is signed. You can still add an addendum."), code="signed")
    if note.status != NoteStatus.SUBMITTED:
        raise ValidationError(_("This note has changed meanwhile. Look at it again."), code="status")


def lock(kept: ProgressNote, opened: ProgressNote, *, by: User, now: datetime) -> ProgressNote:
    """Seal the note as the next link of its program's chain. Comments were for the draft and do not stay."""
    last = ProgressNote.objects.filter(program=kept.program_id).signed().order_by("-position").first()
    kept.move_to(NoteStatus.SIGNED)
    kept.comments = ""
    kept.signed_at, kept.signed_by = now, by
    kept.position = last.position + 1 if last else 1
    opened.signed_at, opened.signed_by, opened.position = kept.signed_at, by, kept.position
    kept.hash = hash_of_note(
        opened,
        goal_ids=kept.goals.values_list("pk", flat=True),
        parts=IndividualPart.objects.filter(note=kept),
        previous=bytes(last.hash) if last else b"",
    )
    kept.save(update_fields=["status", "revision", "comments", "signed_at", "signed_by", "position", "hash"])
    record(by, "note.signed", kept, now=now, position=kept.position)
    return kept


@transaction.atomic
def add_addendum(*, note: ProgressNote, reason: str, text: str, by: User, now: datetime) -> Addendum:
    """Add to a signed note. Raise ValidationError if it is not signed, or without text or reason."""
    kept = locked_note(note)
    refuse_but_counselors(kept.program, by)
    if not kept.is_signed:
        raise ValidationError(_("An addendum belongs to a signed note. This one can still be changed."), code="status")
    if not text.strip() or not reason.strip():
        raise ValidationError(_("Write what is added, and why."), code="empty")
    last = kept.addenda.order_by("-written_at", "-pk").first()
    written_at = max(now, last.written_at + A_MOMENT) if last else now
    addendum = Addendum(note=kept, author=by, reason=reason, text=text, written_at=written_at)
    addendum.hash = hash_of_addendum(addendum, previous=bytes(last.hash if last else kept.hash))
    addendum.save()
    record(by, "addendum.added", addendum, now=now)
    return addendum


# --- Process notes ---------------------------------------------------------------------------------------------------


@transaction.atomic
def write_process_note(
    *, program: Program, session: Session | None, text: str, expected: int, by: User, now: datetime
) -> ProcessNote:
    """Keep a private note on a session, or on the program, sealed with a key of its author's own.

    `expected` is the revision it was written on; 0 if there was none. Raise ValidationError if it was saved elsewhere
    meanwhile. The trail says that something was written, not about which session.
    """
    program = Program.objects.select_for_update(of=("self",)).get(pk=program.pk)
    book = ProcessBook.objects.filter(program=program, author=by).first()
    if book is None:
        book = ProcessBook(program=program, author=by)
        book.save()
    book.program = program
    note = ProcessNote.objects.filter(book=book, session=session).first() or ProcessNote(written_at=now)
    if note.revision != expected:
        raise conflict()
    note.book, note.session, note.text = book, session, text
    note.revision += 1
    note.changed_at = now
    note.save()
    record(by, "process_note.written", note, now=now)
    return note
