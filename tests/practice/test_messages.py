"""The outbox: written with what it tells about, sent once, never lost, and harmless to read over a shoulder."""

import email
import email.policy
import logging
import socket
import threading
import uuid
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend as MemoryBackend
from django.db import IntegrityError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from practice.database.together import insert_together
from practice.messages import kinds as known
from practice.messages import tasks
from practice.messages.actions import (
    DELIVER_TASK,
    LEASE,
    Recipient,
    defer,
    deliver,
    deliver_all,
    enqueue,
    job_of,
    outgoing,
    show_life,
    sweep,
    worker_is_alive,
)
from practice.messages.kinds import Attachment, Kind, Rendered, UnknownKind, register
from practice.messages.models import Heartbeat, Message, Status
from practice.people.models import Role
from practice.records import tokens
from tests.factories import NOW, make_client, make_meeting, make_practice, make_user

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
RINA = Recipient(email="rina@example.org", name="Rina", language="id", time_zone="Asia/Makassar")


@pytest.fixture(autouse=True)
def kinds(monkeypatch):
    """Two kinds of message for these tests: one that always has something to say, one that never has."""
    monkeypatch.setitem(known._kinds, "tests.greeting", Kind(greeting))
    monkeypatch.setitem(known._kinds, "tests.unwanted", Kind(lambda message, now: None))


@pytest.fixture(autouse=True)
def limits(settings):
    """The limits of a mailbox hold, as in a real practice."""
    settings.LIMITS = True


@pytest.fixture(autouse=True)
def no_jobs(db):
    """Jobs are not Django's tables: what a transactional test left behind is still there."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")


def greeting(message, now):
    return Rendered(subject="Your appointment", text="Good morning.\n", html="<p>Good morning.</p>")


def make_message(*, to=RINA, kind="tests.greeting", key=None, now=NOW, **fields):
    return enqueue(outgoing(kind=kind, to=to, dedupe_key=key or uuid.uuid4().hex, now=now, **fields))


def jobs():
    return list(ProcrastinateJob.objects.filter(task_name=DELIVER_TASK).order_by("pk"))


def send_through(backend, settings):
    settings.EMAIL_BACKEND = f"{__name__}.{backend.__name__}"


class Refusing(MemoryBackend):
    def send_messages(self, email_messages):
        raise ConnectionRefusedError("rina@example.org is not welcome here")


class Killed(BaseException):
    """What a kill looks like from inside: nothing after it runs."""


class KilledAfterSending(MemoryBackend):
    def send_messages(self, email_messages):
        super().send_messages(email_messages)
        raise Killed


class TakenOver(MemoryBackend):
    """So slow that meanwhile another worker takes over what was taken."""

    def send_messages(self, email_messages):
        Message.objects.filter(status=Status.SENDING).update(attempts=2, next_attempt_at=NOW + 2 * LEASE)
        return super().send_messages(email_messages)


@pytest.fixture
def hanging(settings):
    """A mail server that does not answer until `go_on` is set."""
    Hanging.reached.clear()
    Hanging.go_on.clear()
    send_through(Hanging, settings)
    yield Hanging
    Hanging.go_on.set()


class Hanging(MemoryBackend):
    """A server that thinks until it is told to go on."""

    reached = threading.Event()
    go_on = threading.Event()
    in_transaction = None
    refuses = False

    def send_messages(self, email_messages):
        Hanging.in_transaction = connection.in_atomic_block
        self.reached.set()
        assert self.go_on.wait(10)
        if self.refuses:
            raise ConnectionResetError
        return super().send_messages(email_messages)


# --- Written with what it tells about --------------------------------------------------------------------------------


@pytest.mark.usefixtures("transactional_db")
def test_a_transaction_that_fails_leaves_neither_message_nor_job():
    with transaction.atomic():
        make_message()
        written = (Message.objects.count(), len(jobs()))
        transaction.set_rollback(True)

    assert written == (1, 1)
    assert not Message.objects.exists()
    assert jobs() == []


def test_a_job_carries_only_the_id_of_its_message():
    message = make_message()

    (job,) = jobs()

    assert job.args == {"messages": [str(message.pk)]}
    assert (job.queue_name, job.queueing_lock, job.lock) == ("messages", None, None)


def test_a_job_waits_until_its_message_may_be_sent():
    make_message(not_before=NOW + DAY)

    assert jobs()[0].scheduled_at == NOW + DAY
    assert Message.objects.due(NOW + DAY - MINUTE).count() == 0
    assert Message.objects.due(NOW + DAY).count() == 1


def test_several_messages_get_their_jobs_in_one_statement(django_assert_num_queries):
    messages = [make_message(not_before=NOW + n * HOUR) for n in range(3)]
    before = len(jobs())

    with django_assert_num_queries(1):
        defer(*messages)

    assert [job.scheduled_at for job in jobs()[before:]] == [None, NOW + HOUR, NOW + 2 * HOUR]


def test_messages_for_the_same_time_share_jobs_of_twenty():
    messages = [make_message() for _ in range(23)]
    before = len(jobs())

    defer(*messages)

    shared = [job.args["messages"] for job in jobs()[before:]]
    assert [len(each) for each in shared] == [20, 3]
    assert [*shared[0], *shared[1]] == [str(message.pk) for message in messages]


def test_a_message_and_its_job_can_be_inserted_together(django_assert_num_queries):
    message = outgoing(kind="tests.greeting", to=RINA, dedupe_key="x", now=NOW, not_before=NOW + HOUR)

    with django_assert_num_queries(1):
        insert_together(message, job_of(message))

    (job,) = jobs()
    assert (job.args, job.scheduled_at) == ({"messages": [str(message.pk)]}, NOW + HOUR)


def test_a_message_is_written_once_and_the_transaction_goes_on():
    first = make_message(key="consultation.booked:1")

    second = make_message(key="consultation.booked:1")

    assert second == first
    assert Message.objects.count() == 1
    assert len(jobs()) == 1


@pytest.mark.usefixtures("transactional_db")
def test_two_transactions_that_write_the_same_message_both_go_on():
    with transaction.atomic():
        first = make_message(key="same")
        others = []
        thread = in_thread(lambda: others.append(make_message(key="same")))
    thread.join(10)

    assert others == [first]
    assert len(jobs()) == 1


def test_a_kind_that_nobody_renders_is_refused_at_once():
    with pytest.raises(UnknownKind):
        outgoing(kind="tests.unknown", to=RINA, dedupe_key="x", now=NOW)


def test_a_kind_has_one_renderer():
    register("tests.greeting")(greeting)

    with pytest.raises(ValueError, match="renderer already"):
        register("tests.greeting")(lambda message, now: None)


def test_a_message_to_a_client_follows_their_wishes():
    client = make_client(name="Rina", language="en", time_zone="Asia/Jayapura", is_discreet=False)

    message = make_message(to=client)

    assert message.client == client
    assert (message.recipient_email, message.recipient_name) == (client.email, "Rina")
    assert (message.language, message.time_zone, message.is_discreet) == ("en", "Asia/Jayapura", False)


# --- Sent once -------------------------------------------------------------------------------------------------------


def test_a_message_comes_from_the_practice_and_says_nothing_about_why():
    make_practice(name="Ruang Teduh", email="meja@ruangteduh.example")
    message = make_message()

    delivered = deliver(message.pk, now=NOW)

    (sent,) = mail.outbox
    assert (delivered.status, delivered.sent_at, delivered.attempts) == (Status.SENT, NOW, 1)
    assert sent.from_email == "Ruang Teduh <janji@ruangteduh.example>"
    assert sent.to == ["Rina <rina@example.org>"]
    assert sent.reply_to == ["meja@ruangteduh.example"]
    assert sent.subject == "Your appointment"
    assert [part.get_content_type() for part in sent.message().walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    assert sent.message()["Message-ID"] == message.message_id
    assert sent.message()["Auto-Submitted"] == "auto-generated"


def test_files_go_with_a_mail(monkeypatch):
    calendar = Attachment("appointment.ics", "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "text/calendar")
    monkeypatch.setitem(
        known._kinds,
        "tests.file",
        Kind(lambda message, now: replace(greeting(message, now), attachments=(calendar,))),
    )

    deliver(make_message(kind="tests.file").pk, now=NOW)

    (part,) = [part for part in mail.outbox[0].message().walk() if part.get_content_type() == "text/calendar"]
    assert part.get_filename() == "appointment.ics"
    assert b"VCALENDAR" in part.get_payload(decode=True)


def test_a_message_that_was_sent_is_not_sent_again():
    message = make_message()
    deliver(message.pk, now=NOW)

    assert deliver(message.pk, now=NOW + DAY) is None
    assert len(mail.outbox) == 1


def test_a_message_is_not_sent_before_its_time():
    message = make_message(not_before=NOW + HOUR)

    assert deliver(message.pk, now=NOW + HOUR - MINUTE) is None
    assert deliver(message.pk, now=NOW + HOUR).status == Status.SENT


@pytest.mark.usefixtures("transactional_db")
def test_of_many_workers_one_sends():
    message = make_message()
    start = threading.Barrier(6)

    def work():
        start.wait()
        deliver(message.pk, now=NOW)

    for thread in [in_thread(work) for _ in range(6)]:
        thread.join(20)

    assert len(mail.outbox) == 1
    assert Message.objects.get().attempts == 1


@pytest.mark.usefixtures("transactional_db")
def test_a_server_that_thinks_locks_nothing(hanging):
    message = make_message()
    thread = in_thread(lambda: deliver(message.pk, now=NOW))
    assert hanging.reached.wait(10)

    with transaction.atomic():
        seen = Message.objects.select_for_update(nowait=True).get()
    second = deliver(message.pk, now=NOW + LEASE - MINUTE)
    hanging.go_on.set()
    thread.join(10)

    assert seen.status == Status.SENDING
    assert second is None
    assert hanging.in_transaction is False
    assert Message.objects.get().status == Status.SENT


def test_after_a_kill_between_sending_and_noting_it_the_second_mail_is_recognisably_the_same(settings):
    send_through(KilledAfterSending, settings)
    message = make_message()
    with pytest.raises(Killed):
        deliver(message.pk, now=NOW)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

    assert deliver(message.pk, now=NOW + LEASE - MINUTE) is None
    assert deliver(message.pk, now=NOW + LEASE).status == Status.SENT
    assert [sent.message()["Message-ID"] for sent in mail.outbox] == [message.message_id] * 2


def test_a_message_whose_workers_are_killed_every_time_is_not_mailed_for_ever(settings):
    send_through(KilledAfterSending, settings)
    message = make_message()
    for attempt in range(8):
        with pytest.raises(Killed):
            deliver(message.pk, now=NOW + attempt * HOUR)

    given_up = deliver(message.pk, now=NOW + DAY)

    assert (given_up.status, given_up.error) == (Status.FAILED, "WorkerVanished")
    assert len(mail.outbox) == 8


@pytest.mark.usefixtures("transactional_db")
def test_a_sender_that_comes_back_after_its_lease_undoes_nothing(hanging, settings):
    message = make_message()
    thread = in_thread(lambda: deliver(message.pk, now=NOW))
    assert hanging.reached.wait(10)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

    assert deliver(message.pk, now=NOW + LEASE).status == Status.SENT
    hanging.go_on.set()
    thread.join(10)

    stored = Message.objects.get()
    assert (stored.status, stored.sent_at, stored.attempts) == (Status.SENT, NOW + LEASE, 2)


@pytest.mark.usefixtures("transactional_db")
def test_a_sender_that_fails_after_its_lease_does_not_disturb_the_next(hanging, settings, monkeypatch):
    monkeypatch.setattr(hanging, "refuses", True)
    message = make_message()
    thread = in_thread(lambda: deliver(message.pk, now=NOW))
    assert hanging.reached.wait(10)
    send_through(KilledAfterSending, settings)
    with pytest.raises(Killed):
        deliver(message.pk, now=NOW + LEASE)

    hanging.go_on.set()
    thread.join(10)

    stored = Message.objects.get()
    assert (stored.status, stored.attempts, stored.next_attempt_at) == (Status.SENDING, 2, NOW + 2 * LEASE)


# --- Several in one job ----------------------------------------------------------------------------------------------


def counting_clock(monkeypatch, *seconds):
    """Let these seconds have passed each time that somebody looks."""
    times = iter(seconds)
    monkeypatch.setattr("practice.messages.actions.monotonic", lambda: next(times))


def test_the_messages_of_a_job_are_sent_one_after_the_other_and_those_not_due_are_left_alone():
    messages = [make_message(to=replace(RINA, email=f"rina{n}@example.org")) for n in range(3)]
    later, sent = make_message(not_before=NOW + HOUR), make_message()
    deliver(sent.pk, now=NOW)

    ended = deliver_all([each.pk for each in [later, sent, *messages]], now=NOW)

    assert {each.pk: each.status for each in ended} == {each.pk: Status.SENT for each in messages}
    assert sorted(each.to[0] for each in mail.outbox[1:]) == [f"Rina <rina{n}@example.org>" for n in range(3)]
    assert Message.objects.get(pk=later.pk).status == Status.QUEUED
    assert {each.attempts for each in Message.objects.filter(status=Status.SENT)} == {1}


def test_taking_many_messages_needs_no_more_statements_than_taking_two():
    def statements(number):
        messages = [make_message(to=replace(RINA, email=f"{number}-{n}@example.org")) for n in range(number)]
        with CaptureQueriesContext(connection) as queries:
            deliver_all([each.pk for each in messages], now=NOW)
        return len(queries)

    for_two, for_three, for_twenty = statements(2), statements(3), statements(20)

    each = for_three - for_two
    assert each == 3  # two around the wording, one to note that it was sent
    assert for_twenty == for_two + 18 * each


def test_a_mailbox_gets_no_more_at_once_than_one_after_the_other():
    messages = [make_message() for _ in range(7)]

    ended = deliver_all([each.pk for each in messages], now=NOW)

    assert Counter(each.status for each in ended) == {Status.SENT: 5, Status.QUEUED: 2}
    assert len(mail.outbox) == 5
    assert {each.next_attempt_at for each in Message.objects.filter(status=Status.QUEUED)} == {NOW + HOUR}


def test_a_failure_holds_up_none_of_the_others_in_its_job(monkeypatch):
    monkeypatch.setitem(known._kinds, "tests.broken", Kind(lambda message, now: 1 / 0))
    messages = [make_message(), make_message(kind="tests.broken"), make_message()]

    deliver_all([each.pk for each in messages], now=NOW)

    stored = {each.pk: (each.status, each.error) for each in Message.objects.all()}
    assert [stored[each.pk] for each in messages] == [
        (Status.SENT, ""),
        (Status.QUEUED, "ZeroDivisionError"),
        (Status.SENT, ""),
    ]


def test_a_slow_server_keeps_the_rest_of_a_job_no_longer_than_its_patience(monkeypatch):
    messages = [make_message() for _ in range(4)]
    before = len(jobs())
    counting_clock(monkeypatch, 0, 1, 20, *[0] * 4)

    ended = deliver_all([each.pk for each in messages], now=NOW)

    rest = Message.objects.filter(status=Status.QUEUED)
    assert len(mail.outbox) == 1
    assert [each.status for each in ended] == [Status.SENT, *[Status.QUEUED] * 3]
    assert {(each.attempts, each.next_attempt_at) for each in rest} == {(0, NOW)}
    assert {*jobs()[-1].args["messages"]} == {str(each.pk) for each in rest}
    assert len(jobs()) == before + 1
    assert {each.status for each in deliver_all([each.pk for each in rest], now=NOW)} == {Status.SENT}


def test_what_is_handed_back_after_the_lease_is_left_to_whoever_took_it(monkeypatch, settings):
    send_through(TakenOver, settings)
    first, second = make_message(), make_message()
    counting_clock(monkeypatch, 0, 1, 20)

    deliver_all([first.pk, second.pk], now=NOW)

    (theirs,) = Message.objects.exclude(status=Status.SENT)
    assert (theirs.status, theirs.attempts, theirs.next_attempt_at) == (Status.SENDING, 2, NOW + 2 * LEASE)


# --- No longer wanted ------------------------------------------------------------------------------------------------


def test_a_message_about_an_older_version_of_the_meeting_is_dropped():
    meeting = make_meeting(starts_at=NOW + DAY)
    message = make_message(meeting=meeting)
    type(meeting).objects.filter(pk=meeting.pk).update(version=meeting.version + 1)

    assert deliver(message.pk, now=NOW).status == Status.DROPPED
    assert mail.outbox == []


def test_a_message_about_the_meeting_as_it_stands_is_sent():
    message = make_message(meeting=make_meeting(starts_at=NOW + DAY))

    assert deliver(message.pk, now=NOW).status == Status.SENT


def test_a_message_whose_renderer_has_nothing_to_say_is_dropped():
    message = make_message(kind="tests.unwanted")

    assert deliver(message.pk, now=NOW).status == Status.DROPPED
    assert mail.outbox == []


# --- Never lost ------------------------------------------------------------------------------------------------------


def test_tries_come_ever_more_seldom_and_end_on_the_list_for_staff(settings):
    send_through(Refusing, settings)
    message = make_message()
    waits, now = [], NOW

    while deliver(message.pk, now=now).status == Status.QUEUED:
        message.refresh_from_db()
        waits.append((message.next_attempt_at - now) / MINUTE)
        assert deliver(message.pk, now=message.next_attempt_at - MINUTE / 2) is None
        assert jobs()[-1].scheduled_at == message.next_attempt_at
        now = message.next_attempt_at

    message.refresh_from_db()
    assert waits == [1, 2, 4, 8, 16, 32, 64]
    assert (message.status, message.attempts, message.error) == (Status.FAILED, 8, "ConnectionRefusedError")
    assert deliver(message.pk, now=now + DAY) is None


def test_a_server_that_is_away_for_two_hours_loses_nothing(settings):
    send_through(Refusing, settings)
    message = make_message()
    now = NOW
    while now < NOW + 2 * HOUR:
        now = deliver(message.pk, now=now).next_attempt_at
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

    assert deliver(message.pk, now=now).status == Status.SENT
    assert Message.objects.get().error == ""


def test_the_words_of_an_error_are_neither_kept_nor_logged(settings, caplog):
    send_through(Refusing, settings)
    caplog.set_level(logging.DEBUG)
    logging.getLogger("benang").addHandler(caplog.handler)
    message = make_message()

    deliver(message.pk, now=NOW)
    logging.getLogger("benang").removeHandler(caplog.handler)

    assert "ConnectionRefusedError at try 1 of 8" in caplog.text
    assert "rina" not in caplog.text
    assert Message.objects.get().error == "ConnectionRefusedError"


def test_a_renderer_that_breaks_holds_up_only_its_own_message(monkeypatch):
    monkeypatch.setitem(known._kinds, "tests.broken", Kind(lambda message, now: 1 / 0))
    broken, sound = make_message(kind="tests.broken"), make_message()

    assert deliver(broken.pk, now=NOW).error == "ZeroDivisionError"
    assert deliver(sound.pk, now=NOW).status == Status.SENT


def test_what_a_renderer_wrote_is_kept_only_if_it_had_words(monkeypatch):
    def leaves_a_trace_then_breaks(message, now):
        show_life(name="trace", now=now)
        raise LookupError

    monkeypatch.setitem(known._kinds, "tests.broken", Kind(leaves_a_trace_then_breaks))

    deliver(make_message(kind="tests.broken").pk, now=NOW)

    assert not Heartbeat.objects.filter(name="trace").exists()


def test_the_sweep_finds_messages_whose_jobs_were_lost():
    lost, coming, sent = make_message(), make_message(not_before=NOW + HOUR), make_message()
    deliver(sent.pk, now=NOW)
    before = len(jobs())

    assert sweep(now=NOW + MINUTE) == 1
    assert [job.args["messages"] for job in jobs()[before:]] == [[str(lost.pk)]]
    assert coming.pk != lost.pk


def test_the_sweep_gathers_lost_messages_but_takes_what_killed_its_sender_alone(settings):
    deadly = [make_message(), make_message()]
    send_through(KilledAfterSending, settings)
    for message in deadly:
        with pytest.raises(Killed):
            deliver(message.pk, now=NOW)
    lost = [make_message() for _ in range(3)]
    before = len(jobs())

    assert sweep(now=NOW + LEASE + MINUTE) == 5
    gathered = sorted((job.args["messages"] for job in jobs()[before:]), key=len)
    assert sorted(gathered[:2]) == sorted([str(message.pk)] for message in deadly)
    assert sorted(gathered[2]) == sorted(str(message.pk) for message in lost)


def test_the_sweep_leaves_a_message_in_peace_whose_job_is_on_its_way():
    make_message()

    assert sweep(now=NOW + timedelta(seconds=5)) == 0
    assert sweep(now=NOW + timedelta(seconds=20)) == 1
    assert sweep(now=NOW + timedelta(seconds=30)) == 0


def test_the_sweep_brings_back_what_a_killed_worker_left(settings):
    send_through(KilledAfterSending, settings)
    message = make_message()
    with pytest.raises(Killed):
        deliver(message.pk, now=NOW)

    assert sweep(now=NOW + LEASE - MINUTE) == 0
    assert sweep(now=NOW + LEASE + MINUTE) == 1
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert deliver(message.pk, now=NOW + LEASE + MINUTE).status == Status.SENT


@pytest.mark.usefixtures("transactional_db")
def test_the_sweep_passes_over_a_message_that_someone_is_claiming():
    message, free = make_message(), make_message()
    found = []

    with transaction.atomic():
        Message.objects.select_for_update().get(pk=message.pk)
        in_thread(lambda: found.append(sweep(now=NOW + MINUTE))).join(10)

    assert found == [1]
    assert jobs()[-1].args["messages"] == [str(free.pk)]


# --- A mailbox is not flooded ----------------------------------------------------------------------------------------


def test_the_sixth_message_within_an_hour_waits_and_still_arrives():
    messages = [make_message() for _ in range(6)]
    for minute, message in enumerate(messages[:5]):
        deliver(message.pk, now=NOW + minute * MINUTE)

    waiting = deliver(messages[5].pk, now=NOW + 10 * MINUTE)

    assert (waiting.status, waiting.attempts, waiting.next_attempt_at) == (Status.QUEUED, 0, NOW + HOUR)
    assert jobs()[-1].scheduled_at == NOW + HOUR
    assert len(mail.outbox) == 5
    assert deliver(messages[5].pk, now=NOW + HOUR).status == Status.SENT


def test_the_eleventh_message_within_a_day_waits_until_the_next():
    for hour in range(0, 20, 2):
        assert deliver(make_message().pk, now=NOW + hour * HOUR).status == Status.SENT

    waiting = deliver(make_message().pk, now=NOW + 20 * HOUR)

    assert waiting.next_attempt_at == NOW + DAY
    assert deliver(waiting.pk, now=NOW + DAY).status == Status.SENT


def test_dots_and_tags_do_not_make_another_mailbox():
    spellings = ["rina.sari@gmail.com", "rinasari@gmail.com", "Rina.Sari+a@gmail.com", "r.i.n.a.sari@googlemail.com"]
    for address in [*spellings, spellings[0]]:
        deliver(make_message(to=replace(RINA, email=address)).pk, now=NOW)

    assert deliver(make_message(to=replace(RINA, email="rinasari+b@gmail.com")).pk, now=NOW).status == Status.QUEUED
    assert deliver(make_message(to=replace(RINA, email="budi@gmail.com")).pk, now=NOW).status == Status.SENT


def test_mail_to_an_account_is_not_held_back():
    ayu = make_user(Role.COUNSELOR)
    for _ in range(12):
        assert deliver(make_message(to=ayu).pk, now=NOW).status == Status.SENT


@pytest.mark.usefixtures("transactional_db")
def test_many_workers_at_once_send_no_more_than_the_mailbox_may_get():
    messages = [make_message() for _ in range(8)]
    start = threading.Barrier(8)

    def work(message):
        start.wait()
        deliver(message.pk, now=NOW)

    for thread in [in_thread(lambda message=message: work(message)) for message in messages]:
        thread.join(30)

    assert len(mail.outbox) == 5
    assert Message.objects.filter(status=Status.QUEUED).count() == 3


# --- Where mails go --------------------------------------------------------------------------------------------------


def test_without_a_mail_server_each_mail_is_a_file(settings, tmp_path):
    settings.EMAIL_BACKEND = "practice.messages.eml.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path / "outbox"
    message = make_message()

    deliver(message.pk, now=NOW)

    (path,) = Path(settings.EMAIL_FILE_PATH).iterdir()
    parsed = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert path.suffix == ".eml"
    assert "rina" not in path.name
    assert (path.parent.stat().st_mode & 0o777, path.stat().st_mode & 0o777) == (0o700, 0o600)
    assert parsed["Message-ID"] == message.message_id
    assert parsed["To"] == "Rina <rina@example.org>"
    assert parsed.get_body(("plain",)).get_content().strip() == "Good morning."


class Inbox:
    """What an SMTP server of ours has received."""

    def __init__(self):
        self.received = []

    async def handle_DATA(self, server, session, envelope):
        self.received.append(envelope)
        return "250 OK"


@pytest.mark.usefixtures("transactional_db")
def test_the_worker_hands_a_message_to_a_real_mail_server(run_worker, settings):
    inbox = Inbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Controller(inbox, hostname="127.0.0.1", port=port)
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    message = outgoing(kind="tests.greeting", to=RINA, dedupe_key="x", now=datetime.now(UTC))
    insert_together(message, job_of(message))

    try:
        run_worker()
    finally:
        server.stop()

    (envelope,) = inbox.received
    parsed = email.message_from_bytes(envelope.content, policy=email.policy.default)
    assert envelope.rcpt_tos == ["rina@example.org"]
    assert parsed["Message-ID"] == message.message_id
    assert Message.objects.get().status == Status.SENT
    assert jobs()[0].status == "succeeded"


# --- The worker ------------------------------------------------------------------------------------------------------


@pytest.fixture
def run_worker(monkeypatch):
    """Do all jobs that wait, as the worker does, and stop. Its threads keep no connection open."""
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", 0)
    return do_all_jobs


def do_all_jobs(queue="messages"):
    with app.replace_connector(app.connector.get_worker_connector()) as worker:
        worker.run_worker(queues=[queue], wait=False, install_signal_handlers=False, listen_notify=False)


def in_thread(work):
    """Start `work` in a thread with a database connection of its own, closed at its end."""

    def run():
        try:
            work()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.mark.usefixtures("transactional_db")
def test_jobs_without_a_message_do_no_harm(run_worker):
    message = make_message(now=datetime.now(UTC))
    Message.objects.all().delete()

    run_worker()

    assert jobs()[0].args == {"messages": [str(message.pk)]}
    assert jobs()[0].status == "succeeded"


@pytest.mark.usefixtures("transactional_db")
def test_the_job_of_a_killed_worker_is_done_again(run_worker):
    make_message(now=datetime.now(UTC))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing'")

    tasks.take_over_stalled_jobs.defer(timestamp=0)
    run_worker("upkeep")
    run_worker("messages")

    assert jobs()[0].status == "succeeded"
    assert Message.objects.get().status == Status.SENT


@pytest.mark.usefixtures("transactional_db")
def test_jobs_that_ended_long_ago_are_removed(run_worker):
    old, recent = make_message(now=datetime.now(UTC)), make_message(now=datetime.now(UTC))
    run_worker("messages")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE procrastinate_events SET at = now() - interval '7 hours' FROM procrastinate_jobs job"
            " WHERE job.id = job_id AND jsonb_exists(job.args->'messages', %s)",
            [str(old.pk)],
        )

    tasks.remove_old_jobs.defer(timestamp=0)
    run_worker("upkeep")

    assert [job.args["messages"] for job in jobs()] == [[str(recent.pk)]]


def test_the_worker_knows_the_periodic_work():
    app.perform_import_paths()

    assert {task.task.name for task in app.periodic_registry.periodic_tasks.values()} >= {
        "practice.messages.tasks.sweep",
        "practice.messages.tasks.show_life",
        "practice.messages.tasks.take_over_stalled_jobs",
        "practice.messages.tasks.remove_old_jobs",
    }
    assert DELIVER_TASK in app.tasks


def test_a_worker_is_alive_while_its_periodic_work_is_done():
    assert not worker_is_alive(NOW)

    show_life(now=NOW)
    show_life(now=NOW + MINUTE)

    assert worker_is_alive(NOW + 2 * MINUTE)
    assert not worker_is_alive(NOW + 3 * MINUTE)
    assert Heartbeat.objects.count() == 1


def test_periodic_work_reads_the_clock_itself():
    tasks.show_life(timestamp=0)
    tasks.sweep(timestamp=0)

    assert worker_is_alive(datetime.now(UTC))


# --- Links -----------------------------------------------------------------------------------------------------------


def test_a_token_is_256_random_bits_and_only_its_hash_is_stored():
    token, stored = tokens.mint()

    assert len(token) == 43
    assert len(stored) == 32
    assert tokens.digest(token) == stored
    assert tokens.mint()[0] != token


@pytest.mark.parametrize("token", ["", "\x00", "\ud800", "é" * 1000])
def test_any_text_of_a_url_can_be_looked_up_as_a_token(token):
    assert len(tokens.digest(token)) == 32


# --- What always holds -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"dedupe_key": "known"}, "a_message_is_written_once"),
        ({"status": Status.SENT}, "a_message_is_sent_at_a_time"),
        ({"sent_at": NOW}, "a_message_is_sent_at_a_time"),
        ({"meeting_version": 1}, "a_message_knows_the_meeting_whose_version_it_follows"),
        ({"next_attempt_at": NOW - MINUTE}, "a_message_is_not_sent_too_early"),
    ],
)
def test_the_database_refuses_a_message_that_makes_no_sense(fields, constraint):
    make_message(key="known")
    message = outgoing(kind="tests.greeting", to=RINA, dedupe_key="other", now=NOW)
    for field, value in fields.items():
        setattr(message, field, value)

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        message.save()


@pytest.mark.parametrize("end", [Status.SENT, Status.DROPPED])
def test_a_message_that_is_finished_stays_so(end):
    message = Message(status=end)

    for status in Status:
        with pytest.raises(ValueError, match="cannot become"):
            message.move_to(status)


def test_a_message_that_failed_can_be_queued_again():
    message = Message(status=Status.FAILED)

    message.move_to(Status.QUEUED)

    assert message.status == Status.QUEUED


@pytest.mark.parametrize("role", list(Role))
def test_the_desk_and_managers_see_messages_and_nobody_else(role):
    make_message()

    seen = Message.objects.visible_to(make_user(role)).count()

    assert seen == (1 if role in {Role.FRONT_DESK, Role.MANAGER} else 0)
