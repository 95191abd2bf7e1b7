"""Rows of several tables in one statement."""

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Value
from django.db.models.functions import Lower
from django.test.utils import CaptureQueriesContext

from practice.calendar.models import Meeting, Participant
from practice.database.together import insert_together
from tests.factories import make_client, make_meeting

pytestmark = pytest.mark.django_db


def make_unsaved_meeting(meeting: Meeting, **fields) -> Meeting:
    """A meeting like this one that is not in the database yet."""
    values = {field.attname: getattr(meeting, field.attname) for field in meeting._meta.concrete_fields}
    for name in ("id", "busy"):
        del values[name]
    return Meeting(**{**values, "reference": "TOGETHER", **fields})


@pytest.fixture
def cancelled(monday_at_nine):
    return make_meeting(starts_at=monday_at_nine, status="cancelled")


def test_rows_of_several_tables_take_one_statement(cancelled):
    meeting = make_unsaved_meeting(cancelled, status="confirmed")
    participants = [Participant(meeting=meeting, client=make_client(name=name)) for name in ("Rina", "Budi")]

    with CaptureQueriesContext(connection) as statements:
        insert_together(meeting, *participants)

    assert len(statements) == 1
    assert set(meeting.participants.all()) == set(participants)


def test_a_row_sees_those_before_it(cancelled, rina):
    """A participant's time is copied from the meeting by a trigger, and keeps the client from being in two places."""
    meeting = make_unsaved_meeting(cancelled, status="confirmed")
    participant = Participant(meeting=meeting, client=rina)

    insert_together(meeting, participant)

    participant.refresh_from_db()
    assert participant.during == DateTimeTZRange(meeting.starts_at, meeting.ends_at)
    assert participant.status == "confirmed"


def test_what_the_database_makes_is_there_when_asked_for(cancelled):
    meeting = make_unsaved_meeting(cancelled)

    insert_together(meeting)

    assert meeting.busy == DateTimeTZRange(meeting.busy_from, meeting.busy_until)


def test_an_inserted_row_is_saved_again_as_an_update(cancelled):
    meeting = make_unsaved_meeting(cancelled)
    insert_together(meeting)

    meeting.moves_left = 7
    meeting.save()

    assert Meeting.objects.get(reference="TOGETHER").moves_left == 7


def test_one_refused_row_refuses_all(cancelled, rina):
    meeting = make_unsaved_meeting(cancelled, reference=cancelled.reference)

    with pytest.raises(IntegrityError), transaction.atomic():
        insert_together(Group(name="Before"), meeting, Participant(meeting=meeting, client=rina))

    assert not Group.objects.exists()
    assert not Participant.objects.exists()


def test_a_key_that_the_database_makes_stays_unset():
    first, second = Group(name="One"), Group(name="Two")

    insert_together(first, second)

    assert first.pk is None
    assert Group.objects.count() == 2


def test_what_is_saved_already_is_refused(cancelled):
    with pytest.raises(ValueError, match="saved already"):
        insert_together(cancelled)


def test_a_row_without_a_key_is_refused(cancelled):
    with pytest.raises(ValueError, match="no key"):
        insert_together(make_unsaved_meeting(cancelled, id=None))


def test_an_expression_is_refused(cancelled):
    with pytest.raises(ValueError, match="expression"):
        insert_together(make_unsaved_meeting(cancelled, hold_key=Lower(Value("HELD"))))


def test_rows_with_other_fields_get_a_statement_of_their_own(cancelled):
    automatic, chosen = Group(name="Automatic"), Group(name="Chosen", pk=4711)

    insert_together(automatic)
    insert_together(chosen)

    assert Group.objects.get(name="Chosen").pk == 4711
    assert Group.objects.get(name="Automatic").pk != 4711


def test_nothing_is_inserted_in_no_statement():
    with CaptureQueriesContext(connection) as statements:
        insert_together()

    assert len(statements) == 0
