"""Two presses at once: one is done, and the other is told."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from practice.calendar.models import Status
from practice.records.actions import read
from practice.records.models import AuditEvent
from programs.notes.actions import save_note, sign_note
from programs.notes.chain import verify_program
from programs.notes.formats import Writing
from programs.notes.models import ProgressNote
from tests.factories import NOW, make_attempt, make_program

HOUR = timedelta(hours=1)
WHOLE = Writing(format="free", parts={"text": "Sesi"}, risk="Tidak ada", no_task=True, no_goals=True)


@pytest.fixture
def session(transactional_db):
    program = make_program(goals=1)
    return make_attempt(program, 1, starts_at=NOW - 3 * HOUR, status=Status.ATTENDED).session


def author_of(session):
    return session.program.counselor.user


def opened(note, by):
    return read(ProgressNote.objects.filter(pk=note.pk), by=by, reason="test")[0]


def at_once(act, times):
    """Do the same in as many threads; return "done" or the code of the refusal, for each."""

    def once(_number):
        try:
            act()
        except ValidationError as error:
            return error.error_list[0].code
        else:
            return "done"
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        return sorted(pool.map(once, range(times)))


def test_signing_at_once_is_one_signature(session):
    author = author_of(session)
    note = save_note(session=session, writing=WHOLE, expected=0, by=author, now=NOW)

    answers = at_once(lambda: sign_note(note=opened(note, author), by=author, now=NOW), 6)

    assert answers == ["done", *["signed"] * 5]
    assert AuditEvent.objects.filter(act="note.signed").count() == 1
    assert verify_program(session.program, by=author) == []


def test_saving_at_once_keeps_one_and_tells_the_others(session):
    author = author_of(session)

    answers = at_once(lambda: save_note(session=session, writing=WHOLE, expected=0, by=author, now=NOW), 6)

    assert answers == [*["conflict"] * 5, "done"]
    assert ProgressNote.objects.get().revision == 1
