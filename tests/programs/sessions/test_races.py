"""Several people schedule at once: nothing overlaps, and everybody gets a clear answer."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from practice.calendar.actions import move_meeting
from practice.calendar.models import Meeting
from practice.messages.models import Message
from practice.people.models import Role
from programs.agreement.life import close_program, pause_program
from programs.sessions.actions import book_session, schedule_remaining, schedule_session
from programs.sessions.models import Attempt
from programs.sessions.planning import Slot
from programs.sessions.thread import thread_of
from tests.factories import (
    NOW,
    make_attempt,
    make_client,
    make_counselor,
    make_program,
    make_session_service,
    make_user,
)

WEEK, DAY, HOUR = timedelta(days=7), timedelta(days=1), timedelta(hours=1)

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts):
    """Do all of it at the same time; return "done" or the code of the refusal, for each."""

    def once(act):
        try:
            act()
        except ValidationError as error:
            return error.error_list[0].code
        else:
            return "done"
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(once, acts))


def whole_series(program, first):
    slots = [Slot(n + 1, first + n * WEEK, program.counselor) for n in range(program.sessions.count())]
    return lambda: schedule_remaining(program=program, slots=slots, mode="video", by=program.counselor.user, now=NOW)


def overlaps(meetings):
    busy = sorted((meeting.starts_at, meeting.ends_at) for meeting in meetings)
    return [(end, start) for (_start, end), (start, _end) in pairwise(busy) if end > start]


def test_series_of_one_counselor_for_two_clients_never_overlap(monday_at_nine):
    counselor = make_counselor()
    service = make_session_service(counselors=[counselor])
    programs = [make_program(counselor=counselor, service=service, sessions=8) for _ in range(4)]
    firsts = [monday_at_nine, monday_at_nine + HOUR / 2, monday_at_nine, monday_at_nine + 3 * HOUR]

    answers = at_once(*(whole_series(program, first) for program, first in zip(programs, firsts, strict=True)))

    assert sorted(answers) == ["done", "done", "taken", "taken"]
    assert not overlaps(Meeting.objects.filter(counselor=counselor))
    for program, answer in zip(programs, answers, strict=True):
        assert thread_of(program).booked == (8 if answer == "done" else 0)


def test_series_of_two_counselors_for_one_client_never_overlap(monday_at_nine):
    rina = make_client(user=make_user(Role.CLIENT))
    programs = [make_program(clients=[rina], sessions=8) for _ in range(3)]

    answers = at_once(*(whole_series(program, monday_at_nine + n * HOUR / 2) for n, program in enumerate(programs)))

    assert sorted(answers) in (["done", "done", "taken"], ["done", "taken", "taken"])
    assert not overlaps(Meeting.objects.filter(participants__client=rina))


def test_counselor_and_client_schedule_the_same_session_once(monday_at_nine):
    program = make_program(sessions=3)
    session, rina = program.sessions.get(number=1), program.members.get().client

    def by_counselor():
        schedule_session(
            session=session,
            starts_at=monday_at_nine,
            counselor=program.counselor,
            mode="video",
            by=program.counselor.user,
            now=NOW,
        )

    def by_client():
        book_session(session=session, starts_at=monday_at_nine + HOUR, mode="video", by=rina.user, now=NOW)

    answers = at_once(by_counselor, by_client, by_counselor, by_client)

    assert sorted(answers) in (["booked", "booked", "booked", "done"], ["booked", "booked", "done", "done"])
    assert Attempt.objects.count() == Meeting.objects.count() == 1


def test_a_series_that_is_sent_twice_at_once_is_booked_once_and_answered_twice(monday_at_nine):
    program = make_program(sessions=4)

    answers = at_once(*[whole_series(program, monday_at_nine)] * 3)

    assert answers == ["done"] * 3
    assert Attempt.objects.count() == Meeting.objects.count() == 4
    assert Message.objects.count() == 1


def test_a_session_that_moves_and_one_that_is_booked_never_end_up_too_near(monday_at_nine):
    for turn in range(4):
        program = make_program(sessions=3, pace_days=6)
        second = schedule_session(**first_time(program, 2, monday_at_nine + 7 * DAY))

        def move(second=second, program=program):
            rina = program.members.get().client.user
            move_meeting(meeting=second, starts_at=monday_at_nine + 9 * DAY, by=rina, now=NOW)

        def book(program=program):
            schedule_session(**first_time(program, 3, monday_at_nine + 10 * DAY))

        answers = at_once(*((move, book) if turn % 2 else (book, move)))

        assert sorted(answers) in (["done", "gap"], ["done", "limits"])


def test_a_session_that_moves_while_its_program_begins_to_rest_is_not_left_in_the_pause(monday_at_nine):
    for turn in range(4):
        program = make_program(sessions=3, pace_days=6)
        late = schedule_session(**first_time(program, 2, monday_at_nine + 21 * DAY))

        def move(late=late, program=program):
            rina = program.members.get().client.user
            move_meeting(meeting=late, starts_at=monday_at_nine + 7 * DAY, by=rina, now=NOW)

        def rest(program=program):
            pause_program(
                program=program,
                resume_on=(monday_at_nine + 14 * DAY).date(),
                keep_meetings=False,
                reason="",
                by=program.counselor.user,
                now=NOW,
            )

        answers = at_once(*((move, rest) if turn % 2 else (rest, move)))

        late.refresh_from_db()
        if answers.count("done") == 2:
            assert (late.status, late.starts_at) == ("cancelled", monday_at_nine + 7 * DAY)
        else:
            assert sorted(answers) == ["done", "rests"]
            assert (late.status, late.starts_at) == ("confirmed", monday_at_nine + 21 * DAY)


def first_time(program, number, starts_at):
    """What gives a session its first time, as its counselor."""
    return {
        "session": program.sessions.get(number=number),
        "starts_at": starts_at,
        "counselor": program.counselor,
        "mode": "video",
        "by": program.counselor.user,
        "now": NOW,
    }


def test_programs_whose_counselors_cross_close_at_once_and_nobody_waits_in_vain(monday_at_nine):
    ayu, sari = make_counselor(name="Ayu"), make_counselor(name="Sari")
    for _turn in range(8):
        programs = [make_program(counselor=ayu, sessions=8), make_program(counselor=sari, sessions=8)]
        for place, program in enumerate(programs):
            for number in range(1, 9):
                counselor = [ayu, sari][(number + place) % 2]
                start = monday_at_nine + number * WEEK + place * 2 * HOUR
                attempt = make_attempt(program, number, starts_at=start, status="confirmed")
                Meeting.objects.filter(pk=attempt.meeting_id).update(counselor=counselor)

        answers = at_once(*(closing(program) for program in programs))

        assert answers == ["done", "done"]
        assert not Meeting.objects.filter(status="confirmed").exists()


def closing(program):
    return lambda: close_program(program=program, close_reason="goals_reached", by=program.counselor.user, now=NOW)
