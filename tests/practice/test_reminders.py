"""Reminders and follow-ups: at the right moment, by day, once, and never about what no longer holds."""

import threading
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as some

from practice.calendar import reminders, tasks
from practice.calendar.actions import approve, cancel_meeting, move_meeting
from practice.calendar.models import Meeting, Participant, Status
from practice.calendar.reminders import DAY_BEFORE, RULES, SOON, follow_up, is_of_use, remind, send_at
from practice.messages.actions import deliver, sweep
from practice.messages.models import Message
from practice.messages.models import Status as Sending
from practice.messages.quiet import is_quiet, morning_after
from tests.factories import NOW, make_client, make_counselor, make_meeting, make_practice

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
JAKARTA = ZoneInfo("Asia/Jakarta")


@pytest.fixture(autouse=True)
def practice(db):
    return make_practice()


@pytest.fixture
def meeting(consultation, ayu, rina, monday_at_nine):
    """Rina's confirmed meeting on Monday at nine, booked a week before."""
    return make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, clients=[rina])


def jakarta(day, hour, minute=0):
    """A time in Jakarta in November 2026."""
    return datetime(2026, 11, day, hour, minute, tzinfo=JAKARTA)


def written():
    return list(Message.objects.order_by("created_at", "pk").values_list("kind", flat=True))


def run(*moments):
    """Look at each of these moments, as the worker does every minute."""
    return [remind(now=moment) for moment in moments]


# --- When -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("starts_at", "day_before", "soon"),
    [
        (jakarta(30, 9), jakarta(29, 9), jakarta(30, 7)),
        (jakarta(30, 14), jakarta(29, 14), jakarta(30, 12)),
        (jakarta(30, 8, 30), jakarta(29, 8, 30), jakarta(30, 7)),
        (jakarta(30, 7, 45), jakarta(29, 7, 45), jakarta(30, 7)),
        (jakarta(30, 7, 30), jakarta(29, 7, 30), jakarta(29, 20, 30)),
        (jakarta(30, 3), jakarta(29, 7), jakarta(29, 20, 30)),
        (jakarta(30, 22, 30), jakarta(30, 7), jakarta(30, 20, 30)),
        (jakarta(30, 23, 30), jakarta(30, 7), jakarta(30, 20, 30)),
        (jakarta(30, 21), jakarta(30, 7), jakarta(30, 19)),
    ],
)
def test_reminders_go_out_a_day_and_two_hours_before_but_not_at_night(starts_at, day_before, soon):
    assert send_at(DAY_BEFORE, starts_at, "Asia/Jakarta") == day_before
    assert send_at(SOON, starts_at, "Asia/Jakarta") == soon


ZONES = ["Asia/Jakarta", "Asia/Jayapura", "Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia", "Australia/Lord_Howe"]


@given(
    kind=some.sampled_from(list(RULES)),
    starts_at=some.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=some.just(UTC)),
    zone=some.sampled_from(ZONES),
)
def test_a_reminder_is_never_sent_at_night_and_always_while_it_helps(kind, starts_at, zone):
    at = send_at(kind, starts_at, zone)

    assert not is_quiet(at, zone)
    assert starts_at - timedelta(hours=24) <= at
    assert is_of_use(kind, starts_at, at + 15 * MINUTE)


@given(
    at=some.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=some.just(UTC)),
    zone=some.sampled_from(ZONES),
)
def test_the_morning_after_the_night_is_seven_and_by_day_it_is_now(at, zone):
    morning, local = morning_after(at, zone), at.astimezone(ZoneInfo(zone))

    if 7 <= local.hour < 21:
        assert morning == at
    else:
        assert (morning.astimezone(ZoneInfo(zone)).hour, morning.astimezone(ZoneInfo(zone)).minute) == (7, 0)
        assert timedelta(0) < morning - at <= 11 * HOUR  # an hour more where clocks change


def test_each_reminder_is_written_once_however_often_one_looks(meeting, monday_at_nine):
    day_before, soon = monday_at_nine - DAY, monday_at_nine - 2 * HOUR

    assert run(day_before - MINUTE, day_before, day_before, day_before + MINUTE) == [0, 1, 0, 0]
    assert run(soon - MINUTE, soon, soon + MINUTE) == [0, 1, 0]
    assert written() == [DAY_BEFORE, SOON]


def test_a_reminder_is_for_each_head_in_their_own_day(consultation, ayu, monday_at_nine):
    berlin, jakarta_client = make_client(time_zone="Europe/Berlin"), make_client()
    make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, clients=[berlin, jakarta_client])

    assert remind(now=monday_at_nine - DAY) == 1
    assert Message.objects.get().client == jakarta_client

    at_seven_in_berlin = monday_at_nine - DAY + 4 * HOUR
    assert run(at_seven_in_berlin - MINUTE, at_seven_in_berlin) == [0, 1]
    assert Message.objects.filter(client=berlin).get().not_before == at_seven_in_berlin


def test_a_worker_that_was_away_for_hours_still_reminds_while_it_helps(meeting, monday_at_nine):
    assert run(monday_at_nine - 5 * HOUR) == [0], "it is four in the morning"
    assert run(monday_at_nine - 2 * HOUR) == [1], "too late for the first, right for the second"
    assert written() == [SOON]


def test_a_worker_that_comes_back_too_late_reminds_nobody(meeting, monday_at_nine):
    assert run(monday_at_nine - 14 * MINUTE, monday_at_nine, monday_at_nine + HOUR) == [0, 0, 0]


@pytest.mark.parametrize(("told", "reminders_due"), [(7 * HOUR, [DAY_BEFORE, SOON]), (5 * HOUR, [SOON])])
def test_who_booked_a_moment_ago_is_not_reminded_at_once(meeting, monday_at_nine, told, reminders_due):
    Meeting.objects.update(changed_at=monday_at_nine - DAY - told)

    run(monday_at_nine - DAY, monday_at_nine - 2 * HOUR)

    assert written() == reminders_due


def test_who_books_two_hours_before_needs_no_reminder(meeting, monday_at_nine):
    Meeting.objects.update(changed_at=monday_at_nine - 150 * MINUTE)

    assert run(monday_at_nine - 2 * HOUR) == [0]


@pytest.mark.parametrize("status", [Status.REQUESTED, Status.HELD, Status.CANCELLED, Status.ATTENDED, Status.MISSED])
def test_only_confirmed_meetings_are_reminded_of(consultation, ayu, monday_at_nine, status):
    make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, clients=[make_client()], status=status)

    assert run(monday_at_nine - DAY, monday_at_nine - 2 * HOUR) == [0, 0]


def test_a_request_is_reminded_of_from_its_approval_on(consultation, ayu, rina, monday_at_nine):
    make_meeting(
        starts_at=monday_at_nine,
        counselor=ayu,
        service=consultation,
        clients=[rina],
        status=Status.REQUESTED,
        answer_due_at=NOW + DAY,
    )

    approve(meeting=Meeting.objects.get(), by=None, now=NOW)
    run(monday_at_nine - DAY)

    assert written() == ["meeting.confirmed", DAY_BEFORE]


# --- Never stale ------------------------------------------------------------------------------------------------------


def test_a_meeting_that_moved_is_reminded_of_at_its_new_time_only(meeting, monday_at_nine):
    move_meeting(meeting=meeting, starts_at=monday_at_nine + 2 * DAY, by=None, now=NOW)
    mail.outbox.clear()

    assert run(monday_at_nine - DAY, monday_at_nine - 2 * HOUR) == [0, 0]
    assert run(monday_at_nine + DAY, monday_at_nine + 2 * DAY - 2 * HOUR) == [1, 1]


def test_a_meeting_that_moves_after_its_reminder_is_reminded_of_again(meeting, monday_at_nine):
    now = monday_at_nine - DAY
    run(now)

    move_meeting(meeting=meeting, starts_at=monday_at_nine + 2 * DAY, by=None, now=now + HOUR, party="practice")
    run(monday_at_nine + DAY)

    assert written() == [DAY_BEFORE, "meeting.moved", DAY_BEFORE]


@pytest.mark.parametrize("change", ["cancel", "move"])
def test_a_reminder_that_waits_is_dropped_when_the_meeting_changes(meeting, monday_at_nine, change):
    now = monday_at_nine - DAY
    remind(now=now)
    waiting = Message.objects.get()

    if change == "cancel":
        cancel_meeting(meeting=meeting, by=None, now=now)
    else:
        move_meeting(meeting=meeting, starts_at=monday_at_nine + DAY, by=None, now=now, party="practice")

    assert deliver(waiting.pk, now=now).status == Sending.DROPPED
    assert mail.outbox == []


@pytest.mark.parametrize(("kind", "too_late"), [(DAY_BEFORE, 4 * HOUR), (SOON, 15 * MINUTE)])
def test_a_reminder_whose_moment_has_passed_is_dropped(consultation, ayu, rina, kind, too_late):
    starts_at = jakarta(30, 15)
    make_meeting(starts_at=starts_at, counselor=ayu, service=consultation, clients=[rina])
    remind(now=starts_at - RULES[kind].before)
    waiting = Message.objects.get(kind=kind)

    assert deliver(waiting.pk, now=starts_at - too_late).status == Sending.DROPPED
    assert mail.outbox == []


def test_a_reminder_that_could_not_be_sent_by_evening_waits_for_the_morning(consultation, ayu, rina):
    starts_at = jakarta(30, 15)
    make_meeting(starts_at=starts_at, counselor=ayu, service=consultation, clients=[rina])
    remind(now=jakarta(29, 15))
    waiting = Message.objects.get()

    put_off = deliver(waiting.pk, now=jakarta(29, 21, 5))

    assert (put_off.status, put_off.attempts, put_off.next_attempt_at) == (Sending.QUEUED, 0, jakarta(30, 7))
    assert sweep(now=jakarta(30, 6, 59)) == 0
    assert deliver(waiting.pk, now=jakarta(30, 7)).status == Sending.SENT


def test_a_confirmation_is_sent_at_once_in_the_middle_of_the_night(consultation, ayu, rina, monday_at_nine):
    night = jakarta(24, 2)
    make_meeting(
        starts_at=monday_at_nine,
        counselor=ayu,
        service=consultation,
        clients=[rina],
        status=Status.REQUESTED,
        answer_due_at=night + HOUR,
    )

    approve(meeting=Meeting.objects.get(), by=None, now=night)

    assert deliver(Message.objects.get().pk, now=night).status == Sending.SENT


# --- Afterwards -------------------------------------------------------------------------------------------------------


def held(meeting, attendance, *, status=None, changed_at=None):
    """Write down who came, an hour after the start."""
    status = status or (Status.MISSED if attendance == "missed" else Status.ATTENDED)
    Participant.objects.filter(meeting=meeting).update(attendance=attendance)
    version = Meeting.objects.get(pk=meeting.pk).version + 1
    Meeting.objects.filter(pk=meeting.pk).update(
        status=status, version=version, changed_at=changed_at or meeting.ends_at
    )


@pytest.mark.parametrize(
    ("attendance", "kind"), [("attended", "meeting.after"), ("late", "meeting.after"), ("missed", "meeting.missed")]
)
def test_an_hour_after_the_end_there_is_one_word(meeting, attendance, kind):
    held(meeting, attendance)
    after = meeting.ends_at + HOUR

    assert [follow_up(now=now) for now in (after - MINUTE, after, after + MINUTE)] == [0, 1, 0]
    assert written() == [kind]


def test_nothing_is_said_while_nobody_wrote_down_who_came(meeting):
    assert follow_up(now=meeting.ends_at + 2 * HOUR) == 0


def test_a_slip_of_the_pen_can_be_corrected_before_anything_is_said(meeting):
    corrected_at = meeting.ends_at + 2 * HOUR
    held(meeting, "missed", changed_at=corrected_at)

    assert follow_up(now=corrected_at + 14 * MINUTE) == 0
    held(meeting, "attended", changed_at=corrected_at + 14 * MINUTE)
    follow_up(now=corrected_at + HOUR)

    assert written() == ["meeting.after"]


def test_a_correction_later_on_is_not_said_twice(meeting):
    for hours, attendance in enumerate(("attended", "missed", "attended"), start=2):
        held(meeting, attendance)
        follow_up(now=meeting.ends_at + hours * HOUR)

    assert written() == ["meeting.after", "meeting.missed"]


def test_what_a_correction_overtook_is_said_once_it_is_true_again(meeting):
    first = meeting.ends_at + HOUR
    held(meeting, "attended")
    follow_up(now=first)
    held(meeting, "missed", changed_at=first)
    overtaken = deliver(Message.objects.get().pk, now=first)
    held(meeting, "attended", changed_at=first + MINUTE)

    follow_up(now=first + HOUR)

    assert overtaken.status == Sending.DROPPED
    assert written() == ["meeting.after", "meeting.after"]
    assert deliver(Message.objects.latest("created_at").pk, now=first + HOUR).status == Sending.SENT


def test_a_word_after_an_evening_meeting_waits_for_the_morning(consultation, ayu, rina):
    evening = make_meeting(starts_at=jakarta(30, 19, 30), counselor=ayu, service=consultation, clients=[rina])
    held(evening, "attended")

    follow_up(now=jakarta(30, 21, 30))

    assert Message.objects.get().not_before == jakarta(30, 7) + DAY


def test_what_was_written_down_days_later_is_let_be(meeting):
    held(meeting, "attended", changed_at=meeting.ends_at + 4 * DAY)

    assert follow_up(now=meeting.ends_at + 4 * DAY + HOUR) == 0


def test_in_a_group_each_head_is_told_what_is_true_of_them(consultation, ayu, monday_at_nine):
    came, stayed_away = make_client(name="Budi"), make_client(name="Sari")
    group = make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, clients=[came, stayed_away])
    held(group, "attended")
    Participant.objects.filter(client=stayed_away).update(attendance="missed")

    follow_up(now=group.ends_at + 2 * HOUR)

    assert dict(Message.objects.values_list("client__preferred_name", "kind")) == {
        "Budi": "meeting.after",
        "Sari": "meeting.missed",
    }


# --- However many -----------------------------------------------------------------------------------------------------


def test_reminders_take_the_same_few_statements_however_many(monday_at_nine):
    counts = []
    for number in (1, 20):
        for _ in range(number):
            counselor = make_counselor()
            make_meeting(starts_at=monday_at_nine, counselor=counselor, clients=[make_client()])
        with CaptureQueriesContext(connection) as queries:
            assert remind(now=monday_at_nine - DAY) == number
        counts.append(len([query for query in queries if "SAVEPOINT" not in query["sql"]]))

    assert counts == [4, 4], "find, write, read back, leave jobs"


def test_looking_when_nothing_is_due_is_one_statement(django_assert_num_queries, meeting, monday_at_nine):
    with django_assert_num_queries(3):  # with its savepoint
        remind(now=monday_at_nine - 3 * DAY)


def test_two_workers_that_look_at_once_write_one_reminder(transactional_db, consultation, ayu, rina, monday_at_nine):
    make_practice()
    make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, clients=[rina])
    start, found = threading.Barrier(4), []

    def look():
        start.wait()
        found.append(remind(now=monday_at_nine - DAY))
        connections.close_all()

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert sorted(found) == [0, 0, 0, 1]
    assert Message.objects.count() == 1


def test_the_worker_looks_by_itself(monkeypatch):
    looked = []
    for name in ("remind", "follow_up"):
        monkeypatch.setattr(reminders, name, lambda *, now, name=name: looked.append((name, now.tzinfo is not None)))

    tasks.remind(timestamp=0)
    tasks.follow_up(timestamp=0)

    assert looked == [("remind", True), ("follow_up", True)]
