"""Write a message, send it once, and never lose it.

The row is written in the transaction of what it tells about. A worker takes it with a lease, renders it from what is
true at that moment, commits, and only then talks to the mail server: no lock is held while a server thinks. What a
killed worker leaves behind comes due again when its lease ends.
"""

import logging
import uuid
from collections import defaultdict, deque
from datetime import datetime, timedelta
from time import monotonic, sleep

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.jobs import Job

from practice.messages.kinds import Rendered, kind_of
from practice.messages.mailboxes import free_times
from practice.messages.models import Heartbeat, Message, Status
from practice.messages.post import compose, sender_address
from practice.messages.quiet import morning_after
from practice.people.clients import email_hash
from practice.people.mails import Recipient
from practice.people.models import Client, Practice, User

log = logging.getLogger("benang.messages")

DELIVER_TASK = "practice.messages.tasks.deliver"  # by name: tasks stand above actions
QUEUE = "messages"

LEASE = timedelta(minutes=5)
MOST_ATTEMPTS = 8
FIRST_WAIT = timedelta(minutes=1)  # doubled each time: the eighth try comes 2 h 7 min after the first
SWEEP_AFTER = timedelta(seconds=15)  # a job that is on its way gets this long before the sweep calls it lost
SWEEP_AT_MOST = 500
TOLD = ("client", "meeting__counselor", "meeting__service", "meeting__room__location")  # what mails tell of
IN_ONE_JOB = 20  # messages
PATIENCE = 15.0  # seconds for the messages of one job: less than one hanging server takes, far less than the lease
TOGETHER = 1000  # rows in one statement: the protocol takes 65,535 values
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
    """Leave jobs that carry only the ids of these messages, in one statement of the caller's transaction.

    Messages that may be sent at the same time share a job, 20 at most.
    """
    by_time = defaultdict(list)
    for message in messages:
        by_time[_wait_of(message)].append(message.pk)
    jobs = [job for at, together in by_time.items() for job in _jobs(together, at)]
    if jobs:
        app.job_manager.batch_defer_jobs(jobs=jobs)


def job_of(message: Message) -> ProcrastinateJob:
    """The unsaved row of the job that sends this message, to be inserted together with it in place of `defer`."""
    job = _job([message.pk], _wait_of(message))
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
    return next(iter(deliver_all([message_id], now=now)), None)


def deliver_all(message_ids: list[uuid.UUID], *, now: datetime) -> list[Message]:
    """Send one after the other those of these messages that are due and that nobody else is sending.

    Return how each of them then stands, as for `deliver`. They are taken together, each is worded only when it is its
    turn. When a slow server has used up 15 seconds, the rest goes back into the queue. Not to be called in a
    transaction.
    """
    began = monotonic()
    messages = _claim(message_ids, now=now)
    left = deque(message for message in messages if message.status == Status.SENDING)
    ended = [message for message in messages if message.status != Status.SENDING]
    with Practice.remembered():
        while left and monotonic() - began < PATIENCE:
            ended.append(_send(left.popleft(), now=now))
    if left:
        _hand_back(left, now=now)
    return [*ended, *left]


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
        .only("status")[:SWEEP_AT_MOST]
    )
    if lost:
        Message.objects.filter(pk__in=[message.pk for message in lost]).update(next_attempt_at=now)
        waiting = [message.pk for message in lost if message.status == Status.QUEUED]
        vanished = [message.pk for message in lost if message.status == Status.SENDING]  # alone: one may be deadly
        jobs = _jobs(waiting, None) + [_job([pk], None) for pk in vanished]
        app.job_manager.batch_defer_jobs(jobs=jobs)
    return len(lost)


def show_life(*, name: str = "worker", now: datetime) -> None:
    """Note that this background process is alive."""
    Heartbeat.objects.update_or_create(name=name, defaults={"at": now})


def worker_is_alive(now: datetime) -> bool:
    """True if a worker ran its periodic work within the last 90 seconds."""
    return Heartbeat.objects.filter(name="worker", at__gt=now - WORKER_IS_LATE).exists()


@transaction.atomic(durable=True)
def _claim(message_ids, *, now):
    """Take these messages for the length of a lease; put off those whose recipients may not get them now."""
    due = Message.objects.due(now).filter(pk__in=message_ids).order_by("next_attempt_at", "pk")
    found = list(due.select_related(*TOLD).select_for_update(of=("self",), skip_locked=True))
    messages = [message for message in found if message.attempts < MOST_ATTEMPTS]
    for message in found:
        if message not in messages:
            _give_up(message)
    free_at = free_times(messages, now=now)
    taken = [message for message in messages if free_at[message.pk] <= now]
    for message in messages:
        if message not in taken:
            _put_off(message, free_at[message.pk])
    for message in taken:
        message.move_to(Status.SENDING)
        message.attempts += 1
        message.next_attempt_at = now + LEASE
    if taken:
        Message.objects.filter(pk__in=[message.pk for message in taken]).update(
            status=Status.SENDING, attempts=F("attempts") + 1, next_attempt_at=now + LEASE
        )
    return found


def _give_up(message):
    """Mail no more what killed its senders time and again."""
    message.move_to(Status.FAILED)
    message.error = "WorkerVanished"
    message.save(update_fields=["status", "error"])
    log.warning("message %s: its worker vanished at the last try", message.pk)


def _put_off(message, at):
    """Leave the message for later: its recipient sleeps or has had enough."""
    message.next_attempt_at = at
    message.save(update_fields=["next_attempt_at"])
    defer(message)
    log.info("message %s waits until its recipient may get it", message.pk)


@transaction.atomic
def _hand_back(messages, *, now):
    """Put messages that were taken but not tried back into the queue, unless our lease ended and others have them."""
    for message in messages:
        message.move_to(Status.QUEUED)
        message.attempts -= 1
        message.next_attempt_at = now
    ours = Message.objects.filter(
        pk__in=[message.pk for message in messages], status=Status.SENDING, next_attempt_at=now + LEASE
    )
    ours.update(status=Status.QUEUED, attempts=F("attempts") - 1, next_attempt_at=now)
    defer(*messages)
    log.info("%d messages go back into the queue", len(messages))


def _send(message, *, now):
    """Word one message that was taken, send it, and write down how that ended."""
    try:
        rendered = _render(message, now=now)
        if rendered is not None:
            compose(message, rendered).send()
    except Exception as error:  # whatever a server or a template comes up with: its words may hold personal data
        return _settle_failure(message, error, now=now)
    return _settle(message, Status.DROPPED if rendered is None else Status.SENT, now=now)


def meeting_stands(message: Message) -> bool:
    """True if time, place and status of the meeting are still those that the message tells of."""
    meetings = Message.meeting.field.related_model.objects
    return meetings.filter(pk=message.meeting_id, version=message.meeting_version).exists()


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
            sleep(pause)
    return write()


def _is_discreet(to):
    """Whether to keep it from others who may look on: clients say so themselves; those who work here know anyway."""
    if isinstance(to, Client):
        return to.is_discreet
    return not (isinstance(to, User) and to.is_staff)


def _wait_of(message):
    """When the job is to run; None for at once, so that clocks that differ a little do not hold it up."""
    return message.next_attempt_at if message.next_attempt_at > message.created_at else None


def _jobs(pks, at):
    """Jobs for these messages, as few as may be."""
    return [_job(pks[start : start + IN_ONE_JOB], at) for start in range(0, len(pks), IN_ONE_JOB)]


def _job(pks, at):
    return Job(
        id=None,
        queue=QUEUE,
        lock=None,
        queueing_lock=None,
        task_name=DELIVER_TASK,
        task_kwargs={"messages": [str(pk) for pk in pks]},
        scheduled_at=at,
    )
