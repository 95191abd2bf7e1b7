"""Requests that will expire: the desk is told by mail while there is time."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.urls import reverse

from practice.calendar.actions import approve
from practice.calendar.desk import tasks
from practice.calendar.desk.answers import KIND, remind_of_answers, warn_at
from practice.calendar.models import Status
from practice.messages.actions import deliver
from practice.messages.models import Message
from practice.messages.models import Status as Sending
from practice.people.models import Role
from tests.factories import NOW, make_client, make_meeting, make_user

HOUR = timedelta(hours=1)


@pytest.fixture
def asked(practice, ayu, consultation, monday_at_nine):
    """A request that is to be answered by 14:00 in Jakarta."""
    return make_meeting(
        starts_at=monday_at_nine,
        counselor=ayu,
        service=consultation,
        clients=[make_client(name="Rahasia")],
        status=Status.REQUESTED,
        answer_due_at=NOW + 6 * HOUR,
    )


def told():
    return list(Message.objects.filter(kind=KIND).order_by("created_at"))


def test_the_desk_is_told_four_hours_before_and_once(asked, front_desk):
    assert remind_of_answers(now=NOW + HOUR) == 0
    assert remind_of_answers(now=NOW + 2 * HOUR) == 1
    assert remind_of_answers(now=NOW + 3 * HOUR) == 0

    assert [message.user for message in told()] == [front_desk]


def test_after_it_expired_nobody_is_told(asked, front_desk):
    assert remind_of_answers(now=NOW + 7 * HOUR) == 0


@pytest.mark.parametrize(
    ("due_at", "at"),
    [
        ("2026-11-24 14:00", "2026-11-24 10:00"),
        ("2026-11-24 11:00", "2026-11-24 07:00"),
        ("2026-11-24 10:59", "2026-11-23 17:00"),
        ("2026-11-25 01:30", "2026-11-24 17:00"),
        ("2026-11-25 00:30", "2026-11-24 20:30"),
    ],
)
def test_what_would_be_told_at_night_is_told_before_the_desk_goes_home(due_at, at):
    def instant(text):
        return datetime.fromisoformat(f"{text}+07:00")

    assert warn_at(instant(due_at).astimezone(UTC), "Asia/Jakarta") == instant(at)


def test_where_nobody_works_at_the_desk_the_managers_are_told(asked, manager):
    make_user(Role.COUNSELOR)

    assert remind_of_answers(now=NOW + 3 * HOUR) == 1
    assert told()[0].user == manager


@pytest.mark.parametrize(
    ("language", "words"),
    [("id", "1 permintaan menunggu jawaban"), ("en", "1 request waits for an answer")],
)
def test_the_mail_says_how_many_until_when_and_nothing_of_whom(asked, front_desk, language, words):
    front_desk.language = language
    front_desk.save()
    remind_of_answers(now=NOW + 3 * HOUR)

    deliver(told()[0].pk, now=NOW + 3 * HOUR)

    [sent] = mail.outbox
    html = sent.alternatives[0][0]
    assert all(words in text for text in (sent.body, html))
    assert all(reverse("desk_requests") in text for text in (sent.body, html))
    assert "14.00" in sent.body or "14:00" in sent.body
    assert "Rahasia" not in sent.body + html + sent.subject


def test_a_mail_that_nobody_needs_any_more_is_dropped(asked, front_desk, manager):
    remind_of_answers(now=NOW + 3 * HOUR)
    approve(meeting=asked, by=manager, now=NOW + 3 * HOUR)

    assert deliver(told()[0].pk, now=NOW + 3 * HOUR).status == Sending.DROPPED


def test_who_has_left_the_desk_is_not_told(asked, front_desk):
    remind_of_answers(now=NOW + 3 * HOUR)
    front_desk.role_grants.update(ended_at=NOW)

    assert deliver(told()[0].pk, now=NOW + 3 * HOUR).status == Sending.DROPPED


def test_the_worker_looks_by_itself(asked, front_desk, time_machine):
    time_machine.move_to(NOW + 3 * HOUR, tick=False)

    tasks.remind_of_answers(timestamp=0)

    assert len(told()) == 1
