"""Several people schedule at once: nothing overlaps, and everybody gets a clear answer."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from practice.calendar.models import Meeting
from practice.people.models import Role
from programs.sessions.actions import book_session, schedule_remaining, schedule_session
from programs.sessions.models import Attempt
from programs.sessions.planning import Slot
from programs.sessions.thread import thread_of
from tests.factories import NOW, make_client, make_counselor, make_program, make_session_service, make_user

WEEK, HOUR = timedelta(days=7), timedelta(hours=1)

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

    assert sorted(answers) == ["booked", "booked", "booked", "done"]
    assert Attempt.objects.count() == Meeting.objects.count() == 1
