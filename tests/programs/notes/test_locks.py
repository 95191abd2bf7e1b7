"""A signed note and all that belongs to it is locked by the database, whoever goes round the actions."""

import pytest
from django.db import DatabaseError, transaction
from django.db.models import F

from practice.calendar.models import Status
from programs.notes.models import Addendum, IndividualPart, NoteStatus, ProgressNote
from tests.factories import NOW, make_attempt, make_client, make_program


@pytest.fixture
def signed(db, monday_at_nine):
    """A signed note on a couple: one goal addressed, a part about one of them."""
    program = make_program(clients=[make_client(), make_client(name="Budi")], goals=2)
    attempt = make_attempt(program, 1, starts_at=monday_at_nine, status=Status.ATTENDED)
    note = make_note(attempt)
    note.goals.set(program.goal_sets.get().goals.filter(position=1))
    IndividualPart.objects.create(note=note, client=program.members.first().client, text="Sendiri")
    return sign(note)


def make_note(attempt, **fields):
    session = attempt.session
    return ProgressNote.objects.create(
        program=session.program,
        session=session,
        meeting=attempt.meeting,
        author=attempt.meeting.counselor.user,
        format="soap",
        created_at=NOW,
        saved_at=NOW,
        **{"body": "{}"} | fields,
    )


def sign(note):
    note.status, note.signed_at, note.signed_by = NoteStatus.SIGNED, NOW, note.author
    note.hash, note.position = b"0" * 32, 1
    note.save()
    return note


def other_draft(note, at):
    return make_note(make_attempt(note.program, 2, starts_at=at))


@pytest.mark.parametrize(
    "change",
    [
        lambda note: ProgressNote.objects.filter(pk=note.pk).update(status=NoteStatus.DRAFT),
        lambda note: ProgressNote.objects.filter(pk=note.pk).update(revision=F("revision") + 1),
        lambda note: ProgressNote.objects.filter(pk=note.pk).update(hash=b"1" * 32),
        lambda note: ProgressNote.objects.filter(pk=note.pk)._raw_delete("default"),
        lambda note: note.goals.clear(),
        lambda note: note.goals.add(note.program.goal_sets.get().goals.get(position=2)),
        lambda note: note.goals.through.objects.update(goal=note.program.goal_sets.get().goals.get(position=2)),
        lambda note: IndividualPart.objects.all().delete(),
        lambda note: IndividualPart.objects.update(client=note.program.members.last().client),
        lambda note: IndividualPart.objects.create(note=note, client=note.program.members.last().client, text="x"),
    ],
)
def test_the_database_refuses_any_change_of_a_signed_note(signed, change):
    with pytest.raises(DatabaseError, match="Cannot"), transaction.atomic():
        change(signed)


def test_what_belongs_to_a_signed_note_cannot_be_moved_to_another(signed, monday_at_nine):
    draft = other_draft(signed, monday_at_nine.replace(hour=5))

    with pytest.raises(DatabaseError, match="part of a signed note"), transaction.atomic():
        IndividualPart.objects.update(note=draft)
    with pytest.raises(DatabaseError, match="part of a signed note"), transaction.atomic():
        signed.goals.through.objects.update(progressnote=draft)


def test_an_addendum_stays_as_it_was_written(signed):
    Addendum.objects.create(note=signed, author=signed.author, text="Tambahan", written_at=NOW, hash=b"0" * 32)

    for change in (lambda: Addendum.objects.update(written_at=NOW), lambda: Addendum.objects.all().delete()):
        with pytest.raises(DatabaseError, match="Cannot"), transaction.atomic():
            change()


def test_a_draft_can_still_be_changed_in_every_part(db, monday_at_nine):
    program = make_program(goals=1)
    note = make_note(make_attempt(program, 1, starts_at=monday_at_nine))
    part = IndividualPart.objects.create(note=note, client=program.members.get().client, text="x")

    note.goals.set(program.goal_sets.get().goals.all())
    note.goals.clear()
    part.text = "y"
    part.save()
    part.delete()
    note.delete()

    assert not ProgressNote.objects.exists()
