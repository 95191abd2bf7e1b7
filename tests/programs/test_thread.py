"""What has become of each session follows from its meetings and the agreement's rule."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from practice.calendar.models import Party, Status
from programs.plan.models import AbsenceRule, Program
from programs.sessions.glance import glances_of
from programs.sessions.models import Attempt
from programs.sessions.thread import State, thread_of, threads_of
from tests.factories import make_attempt, make_meeting, make_program

WEEK = timedelta(days=7)


def states(program):
    return [station.state for station in thread_of(program).stations]


def test_a_session_is_done_when_one_of_its_meetings_was_attended(db, monday_at_nine):
    program = make_program(sessions=3)
    make_attempt(program, 1, starts_at=monday_at_nine, status=Status.ATTENDED)
    make_attempt(program, 2, starts_at=monday_at_nine + WEEK)

    assert states(program) == [State.DONE, State.BOOKED, State.OPEN]


@pytest.mark.parametrize(("rule", "state"), [(AbsenceRule.COUNTS, "forfeited"), (AbsenceRule.REPLACED, "open")])
def test_a_missed_session_counts_or_is_replaced_as_agreed(db, monday_at_nine, rule, state):
    program = make_program(sessions=3, missed_rule=rule)
    make_attempt(program, 1, starts_at=monday_at_nine, status=Status.MISSED, ended_by=Party.CLIENT)

    assert states(program)[0] == state


@pytest.mark.parametrize("rule", AbsenceRule)
def test_what_the_counselor_calls_off_never_costs_the_client(db, monday_at_nine, rule):
    program = make_program(sessions=3, missed_rule=rule, late_cancel_rule=rule)
    make_attempt(program, 1, starts_at=monday_at_nine, status=Status.CANCELLED, ended_by=Party.COUNSELOR, is_late=True)

    assert states(program)[0] == State.OPEN


def test_an_excused_absence_is_replaced_whatever_was_agreed(db, monday_at_nine, now):
    program = make_program(sessions=3)
    attempt = make_attempt(program, 1, starts_at=monday_at_nine, status=Status.MISSED, ended_by=Party.CLIENT)

    Attempt.objects.filter(pk=attempt.pk).update(excused_at=now)

    assert states(program)[0] == State.OPEN


def test_done_open_forfeited_and_released_make_up_the_plan(db, monday_at_nine, now):
    program = make_program(sessions=4)
    make_attempt(program, 1, starts_at=monday_at_nine, status=Status.ATTENDED)
    make_attempt(program, 2, starts_at=monday_at_nine + WEEK, status=Status.MISSED, ended_by=Party.CLIENT)
    program.sessions.filter(number=4).update(released_at=now)

    thread = thread_of(program)

    assert (thread.done, thread.open, thread.forfeited, thread.released, len(thread)) == (1, 1, 1, 1, 4)


def test_two_meetings_of_a_session_are_never_alive_at_once(db, monday_at_nine):
    program = make_program(sessions=3)
    make_attempt(program, 1, starts_at=monday_at_nine)
    second = make_meeting(starts_at=monday_at_nine + WEEK, counselor=program.counselor, service=program.service)

    with pytest.raises(IntegrityError), transaction.atomic():
        Attempt.objects.create(session=program.sessions.get(number=1), meeting=second)


def test_threads_of_many_programs_take_as_many_statements_as_of_one(db, django_assert_num_queries, monday_at_nine):
    for n in range(5):
        program = make_program(sessions=3)
        make_attempt(program, 1, starts_at=monday_at_nine + n * WEEK)

    programs = list(Program.objects.all())

    with django_assert_num_queries(3):
        threads = threads_of(programs)

    assert len(threads) == 5


def test_a_glance_shows_what_the_whole_thread_shows(db, monday_at_nine, now, django_assert_num_queries):
    program = make_program(sessions=5)
    make_attempt(program, 1, starts_at=monday_at_nine, status=Status.ATTENDED)
    make_attempt(program, 2, starts_at=monday_at_nine + WEEK, status=Status.MISSED, ended_by=Party.CLIENT)
    make_attempt(program, 3, starts_at=monday_at_nine + 2 * WEEK, status=Status.CANCELLED, ended_by=Party.COUNSELOR)
    make_attempt(program, 3, starts_at=monday_at_nine + 3 * WEEK)
    program.sessions.filter(number=5).update(released_at=now)

    with django_assert_num_queries(2):
        glance = glances_of([program.pk])[program.pk]

    assert [station.state for station in glance.stations] == states(program)
    assert glance.next_booked.meeting.starts_at == monday_at_nine + 3 * WEEK
