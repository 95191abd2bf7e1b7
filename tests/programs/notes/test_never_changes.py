"""Whatever is tried with a signed note, by whom, in whatever order: it stays as it was signed."""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from practice.calendar.models import Status
from practice.records.actions import read
from programs.notes.actions import add_addendum, co_sign_note, return_note, save_note, sign_note, take_back_note
from programs.notes.formats import Writing
from programs.notes.models import IndividualPart, ProgressNote
from tests.factories import NOW, make_attempt, make_counselor, make_program, make_supervision

HOUR = timedelta(hours=1)
WHOLE = Writing(format="free", parts={"text": "Sesi"}, risk="Tidak ada", no_task=True, no_goals=True)


def author_of(session):
    return session.program.counselor.user


def opened(note, by):
    return read(ProgressNote.objects.filter(pk=note.pk), by=by, reason="test")[0]


def everything(note, by):
    """All that anybody could try with a note, each by name."""
    session, goal, shown = note.session, note.program.goal_sets.get().goals.get(), opened(note, by)
    return {
        "save": lambda: save_note(session=session, writing=WHOLE, expected=note.revision, by=by, now=NOW),
        "sign": lambda: sign_note(note=shown, by=by, now=NOW),
        "co-sign": lambda: co_sign_note(note=shown, by=by, now=NOW),
        "return": lambda: return_note(note=shown, comments="x", by=by, now=NOW),
        "take back": lambda: take_back_note(note=note, by=by, now=NOW),
        "add": lambda: add_addendum(note=note, reason="x", text="x", by=by, now=NOW),
        "update": lambda: ProgressNote.objects.filter(pk=note.pk).update(status="draft", signed_at=None),
        "empty": lambda: ProgressNote.objects.filter(pk=note.pk).update(position=None),
        "delete": lambda: ProgressNote.objects.filter(pk=note.pk).delete(),
        "goals": lambda: note.goals.add(goal),
        "part": lambda: IndividualPart.objects.create(note=note, client=note.program.members.get().client, text="x"),
    }


NAMES = ["save", "sign", "co-sign", "return", "take back", "add", "update", "empty", "delete", "goals", "part"]


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tries=st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(["author", "supervisor", "other"])), max_size=8)
)
def test_a_signed_note_never_changes_whatever_is_tried(db, tries):
    program = make_program(goals=1)
    session = make_attempt(program, 1, starts_at=NOW - 3 * HOUR, status=Status.ATTENDED).session
    author = author_of(session)
    note = sign_note(
        note=opened(save_note(session=session, writing=WHOLE, expected=0, by=author, now=NOW), author),
        by=author,
        now=NOW,
    )
    people = {
        "author": author,
        "supervisor": make_supervision(program.counselor).supervisor,
        "other": make_counselor().user,
    }
    row = row_of(note)

    for name, who in tries:
        tried = everything(note, people[who])[name]
        try:
            with transaction.atomic():
                tried()
        except (ValidationError, DatabaseError):
            continue
        assert name == "add"

    assert row_of(note) == row
    assert not note.goals.exists()
    assert not note.individual_parts.exists()


def row_of(note):
    with connection.cursor() as cursor:
        cursor.execute("SELECT n::text FROM programs_progressnote n WHERE id = %s", [note.pk])
        return cursor.fetchone()
