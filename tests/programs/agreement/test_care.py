"""Care after a program: as long as a note is to be signed, and no longer."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from practice.calendar.attendance import record_attendance
from practice.calendar.models import Meeting
from practice.calendar.models import Status as MeetingStatus
from practice.people.models import CareRelationship, Role
from practice.records.actions import destroy_key, read
from programs.agreement.care import settle_care
from programs.agreement.life import close_program
from programs.agreement.tasks import settle
from programs.notes.actions import co_sign_note, return_note
from programs.notes.due import notes_due
from programs.notes.models import NoteStatus, ProgressNote
from programs.plan.models import Program
from tests.factories import (
    NOW,
    make_attempt,
    make_client,
    make_counselor,
    make_practice,
    make_program,
    make_supervision,
    make_user,
)
from tests.programs.agreement.steps import DAY, hand_in, write_note

pytestmark = pytest.mark.django_db
LATER = NOW + 40 * DAY


@pytest.fixture
def couple(db):
    make_practice()
    return [make_client(name=name, user=make_user(Role.CLIENT, name=name)) for name in ("Rina", "Budi")]


@pytest.fixture
def program(couple, ayu):
    """A couple's program whose first session was held a week ago; nobody has written its note."""
    program = make_program(counselor=ayu, clients=couple, sessions=4)
    make_attempt(program, 1, starts_at=NOW - 7 * DAY, status=MeetingStatus.ATTENDED)
    return program


def close(program):
    return close_program(program=program, close_reason="other", by=program.counselor.user, now=NOW)


def ends_of(counselor, now):
    """When care ends, of those who are in the counselor's care now."""
    return {care.ends_at for care in CareRelationship.objects.current(now).filter(counselor=counselor)}


def say(word, meeting, *, by, now):
    heads = {head.pk: word for head in meeting.participants.all()}
    record_attendance(meeting=meeting, by=by, now=now, heads=heads)


def test_a_note_that_is_due_at_the_end_can_be_written_after_thirty_days(program, ayu, client):
    close(program)
    settle_care(now=LATER)
    CareRelationship.objects.update(ends_at=NOW)  # queries ask the clock of the database: the thirty days are over

    assert [due.number for due in notes_due(ayu.user, LATER)] == [1]
    with time_machine.travel(LATER, tick=False):
        client.force_login(ayu.user)
        editor = client.get(reverse("note", args=[program.sessions.get(number=1).pk]))
    assert editor.status_code == 200
    assert hand_in(write_note(program, now=LATER), now=LATER).is_signed


def test_care_ends_with_the_night_after_the_last_note_was_signed(program, ayu):
    make_attempt(program, 2, starts_at=NOW - 3 * DAY, status=MeetingStatus.ATTENDED)
    close(program)

    hand_in(write_note(program, now=LATER), now=LATER)
    settle_care(now=LATER)
    assert ends_of(ayu, LATER)
    hand_in(write_note(program, 2, now=LATER), now=LATER)
    settle_care(now=LATER + DAY)

    assert not ends_of(ayu, LATER + DAY)


def test_a_note_signed_soon_after_the_end_leaves_the_thirty_days(program, ayu):
    close(program)
    hand_in(write_note(program))

    settle_care(now=NOW + DAY)

    assert not CareRelationship.objects.filter(is_kept_open=True).exists()
    assert ends_of(ayu, NOW + DAY) == {NOW + 30 * DAY}


@pytest.mark.parametrize("gives_back", [False, True])
def test_a_note_that_waits_for_the_supervisor_keeps_its_author_in_care(program, ayu, gives_back):
    supervisor = make_supervision(ayu).supervisor
    note = hand_in(write_note(program))
    close(program)

    settle_care(now=LATER)
    assert ends_of(ayu, LATER)
    [opened] = read(ProgressNote.objects.awaiting(supervisor), by=supervisor, reason="a test")
    if gives_back:
        return_note(note=opened, comments="KANARI", by=supervisor, now=LATER)
    else:
        co_sign_note(note=opened, by=supervisor, now=LATER)
    settle_care(now=LATER)

    assert bool(ends_of(ayu, LATER)) == gives_back
    assert ProgressNote.objects.get(pk=note.pk).is_signed != gives_back


def test_a_supervisor_co_signs_also_when_the_care_of_the_author_has_ended(program, ayu, client):
    supervisor = make_supervision(ayu).supervisor
    note = hand_in(write_note(program))
    CareRelationship.objects.update(is_kept_open=False, ends_at=NOW)

    with time_machine.travel(LATER, tick=False):
        client.force_login(supervisor)
        assert client.get(note.get_absolute_url()).status_code == 200
        client.post(reverse("note_co_sign", args=[note.pk]), {"do": "sign", "revision": note.revision})

    assert ProgressNote.objects.get().status == NoteStatus.SIGNED


def test_a_session_that_was_missed_after_all_keeps_nobody_in_care(program, ayu):
    close(program)
    say("missed", Meeting.objects.get(), by=ayu.user, now=NOW)

    settle_care(now=LATER)

    assert not ends_of(ayu, LATER)


def test_a_session_that_was_held_after_all_keeps_care_open(program, ayu):
    say("missed", Meeting.objects.get(), by=ayu.user, now=NOW)
    close(program)
    assert not CareRelationship.objects.filter(is_kept_open=True).exists()

    say("attended", Meeting.objects.get(), by=ayu.user, now=NOW + DAY)
    settle_care(now=NOW + DAY)

    assert ends_of(ayu, LATER)


def test_care_that_has_ended_is_not_opened_again(program, ayu):
    close(program)
    CareRelationship.objects.update(is_kept_open=False, ends_at=LATER)

    settle_care(now=LATER)

    assert not ends_of(ayu, LATER)


def test_the_care_of_a_program_under_way_stays_for_whoever_leads_it_or_helps_to(program, ayu, couple):
    helper = make_counselor(name="Daeng Tata")
    program.co_counselors.add(helper)
    care = {"counselor": helper, "client": couple[0], "started_at": NOW, "ends_at": NOW, "is_kept_open": True}
    CareRelationship.objects.create(**care)
    hand_in(write_note(program))

    settle_care(now=LATER)

    assert CareRelationship.objects.filter(is_kept_open=True).count() == 3


def test_whoever_led_a_program_keeps_care_for_a_draft_that_was_left_behind(program, ayu, couple):
    write_note(program)
    successor = make_counselor(name="Sari Lubis")
    Program.objects.filter(pk=program.pk).update(counselor=successor)
    care = {"counselor": successor, "started_at": NOW, "ends_at": NOW, "is_kept_open": True}
    CareRelationship.objects.bulk_create(CareRelationship(client=each, **care) for each in couple)
    CareRelationship.objects.filter(counselor=ayu).update(is_kept_open=False, ends_at=NOW)

    close(Program.objects.get(pk=program.pk))

    assert ends_of(successor, LATER)
    assert [due.number for due in notes_due(successor.user, LATER)] == [1]
    assert not ends_of(ayu, LATER)


def test_nobody_is_kept_in_care_for_a_program_that_was_erased(program, ayu):
    close(program)
    destroy_key(holder=program, by=make_user(Role.DATA_OFFICER), reason="asked", now=NOW)

    settle_care(now=LATER)

    assert not ends_of(ayu, LATER)


def test_care_is_settled_every_night(program, ayu):
    close(program)
    hand_in(write_note(program))

    with time_machine.travel(LATER, tick=False):
        settle(timestamp=0)

    assert not ends_of(ayu, LATER + timedelta(minutes=1))
