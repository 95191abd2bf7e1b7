"""Write a message, send it once, and never lose it.

The row is written in the transaction of what it tells about. A worker takes it with a lease, renders it from what is
true at that moment, commits, and only then talks to the mail server: no lock is held while a server thinks. What a
killed worker leaves behind comes due again when its lease ends.
"""

import contextlib
import logging
import time
import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F, Q
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.jobs import Job

from practice.messages.kinds import Rendered, UnknownKind, kind_of
from practice.messages.models import Channel, Heartbeat, Message, Status
from practice.messages.post import compose, sender_address
from practice.messages.quiet import morning_after
from practice.people.clients import email_hash
from practice.people.mails import Recipient
from practice.people.models import Client, User

log = logging.getLogger("benang.messages")

DELIVER_TASK = "practice.messages.tasks.deliver"  # by name: tasks stand above actions
QUEUE = "messages"

LEASE = timedelta(minutes=5)
MOST_ATTEMPTS = 8
FIRST_WAIT = timedelta(minutes=1)  # doubled each time: the eighth try comes 2 h 7 min after the first
SWEEP_AFTER = timedelta(seconds=15)  # a job that is on its way gets this long before the sweep calls it lost
SWEEP_AT_MOST = 500
TOGETHER = 1000  # rows in one statement: the protocol takes 65,535 values
MOST_AN_HOUR = 5
MOST_A_DAY = 10
WORKER_IS_LATE = timedelta(seconds=90)
RESTART_PAUSES = (0.1, 0.3, 0.6, 1, 2, 4)  # seconds: a database that restarts is back within them


def outgoing(
    *,
    kind: str,
    to: Client | User | Recipient,
    dedupe_key: str,
    now: datetime,
    meeting=None,
    subject_id: uuid.UUID | None = None,
    not_before: datetime | None = None,
) -> Message:
    """Build a message, not yet saved. Save it with `enqueue`, or together with other rows and then call `defer`.

    With a `meeting` the message holds for its present version only: it is dropped if the meeting changed before it
    could be sent. `not_before` is the earliest time to send it, now if not given; a kind that waits for the morning
    is not sent in the recipient's quiet hours. `dedupe_key` names this message among all (at most 200 characters),
    for example "consultation.booked:<meeting>:<version>:<client>". Raise UnknownKind if no room renders this kind.
    """
    due_at = max(now, not_before or now)
    if kind_of(kind).waits_for_morning:
        due_at = morning_after(due_at, to.time_zone)
    pk = uuid.uuid4()
    return Message(
        pk=pk,
        kind=kind,
        recipient_email=to.email,
        recipient_name=to.preferred_name if isinstance(to, Client) else to.name,
        recipient_hash=email_hash(to.email),
        client=to if isinstance(to, Client) else None,
        user=to if isinstance(to, User) else None,
        language=to.language,
        time_zone=to.time_zone,
        is_discreet=_is_discreet(to),
        meeting=meeting,
        meeting_version=None if meeting is None else meeting.version,
        subject_id=subject_id,
        dedupe_key=dedupe_key,
        message_id=f"<{pk}@{sender_address().rpartition('@')[2] or 'localhost'}>",
        not_before=due_at,
        next_attempt_at=due_at,
        created_at=now,
    )


def enqueue(message: Message) -> Message:
    """Save a message in the caller's transaction, with the job that will send it. Return the stored message.

    If one with the same dedupe key exists, nothing is written and that one is returned; the caller's transaction
    goes on.
    """
    Message.objects.bulk_create([message], ignore_conflicts=True)
    stored = Message.objects.get(dedupe_key=message.dedupe_key)
    if stored.pk == message.pk:
        defer(stored)
    return stored


def enqueue_all(messages: list[Message]) -> int:
    """Save many messages in the caller's transaction, with their jobs. Return how many were new.

    Those whose dedupe key exists are passed over.
    """
    new = 0
    for start in range(0, len(messages), TOGETHER):
        batch = messages[start : start + TOGETHER]
        Message.objects.bulk_create(batch, ignore_conflicts=True)
        stored = list(Message.objects.filter(pk__in=[message.pk for message in batch]))
        defer(*stored)
        new += len(stored)
    return new


def defer(*messages: Message) -> None:
    """Leave a job for each message that carries only its id, in one statement of the caller's transaction."""
    if messages:
        app.job_manager.batch_defer_jobs(jobs=[_job(message.pk, _wait_of(message)) for message in messages])


def job_of(message: Message) -> ProcrastinateJob:
    """The unsaved row of the job that sends this message, to be inserted together with it in place of `defer`."""
    job = _job(message.pk, _wait_of(message))
    return ProcrastinateJob(
        queue_name=job.queue,
        task_name=job.task_name,
        priority=job.priority,
        args=job.task_kwargs,
        status="todo",
        scheduled_at=job.scheduled_at,
        attempts=0,
        abort_requested=False,
    )


def deliver(message_id: uuid.UUID, *, now: datetime) -> Message | None:
    """Send one message if it is due and nobody else is sending it; otherwise do nothing and return None.

    Return the message as it then stands: sent; dropped, if it is no longer wanted; queued for another try, or failed
    after the last one; queued for later, if the mailbox has had as many as it may (never dropped for that: a
    confirmation must still arrive) or the recipient sleeps. Not to be called in a transaction.
    """
    message = _claim(message_id, now=now)
    if message is None or message.status != Status.SENDING:
        return message
    try:
        rendered = _render(message, now=now)
        if rendered is not None:
            compose(message, rendered).send()
    except Exception as error:  # whatever a server or a template comes up with: its words may hold personal data
        return _settle_failure(message, error, now=now)
    return _settle(message, Status.DROPPED if rendered is None else Status.SENT, now=now)


@transaction.atomic
def sweep(*, now: datetime) -> int:
    """Leave new jobs for messages that are overdue, and for those whose sender vanished. Return how many.

    Takes the 500 most overdue at a time and passes over those that someone is just claiming. They count as overdue
    since now, so that a few that cannot be claimed never hide the rest.
    """
    lost = list(
        Message.objects.due(now - SWEEP_AFTER)
        .select_for_update(skip_locked=True)
        .order_by("next_attempt_at")
        .values_list("pk", flat=True)[:SWEEP_AT_MOST]
    )
    if lost:
        Message.objects.filter(pk__in=lost).update(next_attempt_at=now)
        app.job_manager.batch_defer_jobs(jobs=[_job(pk, None) for pk in lost])
    return len(lost)


def show_life(*, name: str = "worker", now: datetime) -> None:
    """Note that this background process is alive."""
    Heartbeat.objects.update_or_create(name=name, defaults={"at": now})


def worker_is_alive(now: datetime) -> bool:
    """True if a worker ran its periodic work within the last 90 seconds."""
    return Heartbeat.objects.filter(name="worker", at__gt=now - WORKER_IS_LATE).exists()


@transaction.atomic(durable=True)
def _claim(message_id, *, now):
    """Take the message for the length of a lease, or put it off if its recipient may not get it now."""
    due = Message.objects.due(now).select_related("client")
    message = due.select_for_update(of=("self",), skip_locked=True).filter(pk=message_id).first()
    if message is None:
        return None
    if message.attempts >= MOST_ATTEMPTS:  # its senders were killed time and again: do not mail for ever
        message.move_to(Status.FAILED)
        message.error = "WorkerVanished"
        message.save(update_fields=["status", "error"])
        log.warning("message %s: its worker vanished at the last try", message.pk)
        return message
    if (free_at := _free_at(message, now=now)) > now:
        message.next_attempt_at = free_at
        message.save(update_fields=["next_attempt_at"])
        defer(message)
        log.info("message %s waits until its recipient may get it", message.pk)
        return message
    message.move_to(Status.SENDING)
    message.attempts += 1
    message.next_attempt_at = now + LEASE
    taken = {name: getattr(message, name) for name in ("status", "attempts", "next_attempt_at")}
    Message.objects.filter(pk=message.pk).update(**taken)
    return message


def _free_at(message, *, now):
    """When its recipient may get this message: now, or after the night, or when the mailbox has had less of late."""
    with contextlib.suppress(UnknownKind):
        if kind_of(message.kind).waits_for_morning:
            now = morning_after(now, message.time_zone)
    return _mailbox_free_at(message, now=now) if message.is_limited and settings.LIMITS else now


def _mailbox_free_at(message, *, now):
    """When this mailbox may get its next message: at most 5 in any hour and 10 in any day, whoever asked for them.

    Counts for one mailbox happen one after the other; those that are being sent count as sent now.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"mailbox {message.recipient_hash}"])
    day = timedelta(days=1)
    lately = Message.objects.filter(recipient_hash=message.recipient_hash, channel=Channel.EMAIL)
    lately = lately.filter(Q(status=Status.SENDING) | Q(sent_at__gt=now - day)).exclude(pk=message.pk)
    last = lately.order_by(F("sent_at").desc(nulls_first=True)).values_list("sent_at", flat=True)[:MOST_A_DAY]
    times = [sent_at or now for sent_at in last]
    free_at = now
    if len(times) >= MOST_AN_HOUR:
        free_at = max(free_at, times[MOST_AN_HOUR - 1] + timedelta(hours=1))
    if len(times) >= MOST_A_DAY:
        free_at = max(free_at, times[MOST_A_DAY - 1] + day)
    return free_at


def meeting_stands(message: Message) -> bool:
    """True if the meeting is still at the version that the message tells of. Loads it anew, with what mails tell."""
    meetings = Message.meeting.field.related_model.objects
    message.meeting = meetings.select_related("counselor", "service", "room__location").get(pk=message.meeting_id)
    return message.meeting.version == message.meeting_version


@transaction.atomic(durable=True)
def _render(message, *, now) -> Rendered | None:
    """The words of the message as things stand now, or None if they no longer apply."""
    if message.meeting_version is not None and not meeting_stands(message):
        return None
    return kind_of(message.kind).render(message, now)


def _settle(message, status, *, now):
    """Write down how a try ended, unless whoever took over after our lease has done so."""
    message.move_to(status)
    message.sent_at = now if status == Status.SENT else None
    message.error = ""
    ours = Message.objects.filter(pk=message.pk, status=Status.SENDING)
    written = _outlasting_a_restart(lambda: ours.update(status=status, sent_at=message.sent_at, error=""))
    log.info("message %s %s", message.pk, status)
    return message if written else Message.objects.get(pk=message.pk)


def _settle_failure(message, error, *, now):
    """Plan the next try, or give up after the last. A later try than ours, after our lease, is left alone."""
    message.error = type(error).__name__
    if message.attempts < MOST_ATTEMPTS:
        message.move_to(Status.QUEUED)
        message.next_attempt_at = now + FIRST_WAIT * 2 ** (message.attempts - 1)
    else:
        message.move_to(Status.FAILED)
    log.warning("message %s: %s at try %d of %d", message.pk, message.error, message.attempts, MOST_ATTEMPTS)
    ours = Message.objects.filter(pk=message.pk, status=Status.SENDING, attempts=message.attempts)

    def write():
        with transaction.atomic():
            changed = {name: getattr(message, name) for name in ("status", "error", "next_attempt_at")}
            written = ours.update(**changed)
            if written and message.status == Status.QUEUED:
                defer(message)
            return written

    return message if _outlasting_a_restart(write) else Message.objects.get(pk=message.pk)


def _outlasting_a_restart(write):
    """Do this, and again if the database went away: what has left must be written down, or it would leave twice."""
    for pause in RESTART_PAUSES:
        try:
            return write()
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block:
                raise
            connection.close()
            time.sleep(pause)
    return write()


def _is_discreet(to):
    """Whether to keep it from others who may look on: clients say so themselves; those who work here know anyway."""
    if isinstance(to, Client):
        return to.is_discreet
    return not (isinstance(to, User) and to.is_staff)


def _wait_of(message):
    """When the job is to run; None for at once, so that clocks that differ a little do not hold it up."""
    return message.next_attempt_at if message.next_attempt_at > message.created_at else None


def _job(pk, at):
    return Job(
        id=None,
        queue=QUEUE,
        lock=None,
        queueing_lock=None,
        task_name=DELIVER_TASK,
        task_kwargs={"message": str(pk)},
        scheduled_at=at,
    )
