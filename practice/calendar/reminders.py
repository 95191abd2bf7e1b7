"""Reminders before a meeting, and a word after it.

None is planned ahead. Once a minute one query looks at the meetings as they stand and finds for whom something is due
and not yet written; so a meeting that moves or is cancelled leaves nothing behind. The outbox keeps one message for
each kind, meeting, version and client, whoever asks and however often.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from practice.calendar.actions import notice
from practice.calendar.meetings import Meeting, Participant, Status
from practice.messages.actions import enqueue_all
from practice.messages.models import Message
from practice.messages.models import Status as Sending
from practice.messages.quiet import QUIET_FROM, is_quiet, morning_after
from practice.zones import zone

DAY_BEFORE, SOON = "meeting.reminder_day", "meeting.reminder_soon"
AFTER, MISSED = "meeting.after", "meeting.missed"


@dataclass(frozen=True)
class Rule:
    """When a reminder goes out, up to when it is of use, and how long before it the client may have heard of it."""

    before: timedelta
    of_use_until: timedelta
    told_before: timedelta


RULES = {
    DAY_BEFORE: Rule(before=timedelta(hours=24), of_use_until=timedelta(hours=4), told_before=timedelta(hours=6)),
    SOON: Rule(before=timedelta(hours=2), of_use_until=timedelta(minutes=15), told_before=timedelta(hours=1)),
}
LAST_CALL = time(20, 30)  # local: the last reminders of an evening, half an hour before it gets quiet
WAKING = timedelta(minutes=45)  # who is reminded at 07:00 has at least this long until the meeting
EARLIEST_SOON = timedelta(hours=12)  # never earlier: from 20:30 to a meeting before 07:45
FOLLOWS_AFTER = timedelta(hours=1)
CAN_BE_CORRECTED = timedelta(minutes=15)
FOLLOWS_WITHIN = timedelta(days=3)
AT_MOST = 2000


def send_at(kind: str, starts_at: datetime, zone_name: str) -> datetime:
    """When a reminder goes out: never in the client's quiet hours.

    What falls into the night waits for 07:00. The second reminder of a meeting that begins too early for that goes out
    at 20:30 the evening before.
    """
    at = starts_at - RULES[kind].before
    morning = morning_after(at, zone_name)
    if morning + WAKING <= starts_at:
        return morning
    local = at.astimezone(zone(zone_name))
    evening = local.date() - timedelta(days=0 if local.hour >= QUIET_FROM else 1)
    return datetime.combine(evening, LAST_CALL, tzinfo=local.tzinfo).astimezone(UTC)


def is_of_use(kind: str, starts_at: datetime, now: datetime) -> bool:
    """True while the reminder still helps; afterwards it is not sent any more."""
    return now < starts_at - RULES[kind].of_use_until


def is_due(kind: str, meeting: Meeting, zone_name: str, *, now: datetime) -> bool:
    """True if the reminder is to go out now. Whoever has just booked or moved is not reminded of it at once."""
    at = send_at(kind, meeting.starts_at, zone_name)
    knows_it = meeting.changed_at > at - RULES[kind].told_before
    return at <= now and is_of_use(kind, meeting.starts_at, now) and not knows_it and not is_quiet(now, zone_name)


@transaction.atomic
def remind(*, now: datetime) -> int:
    """Write the reminders that are due, and return how many. Run it as often as you like."""
    due = [
        (head, kind)
        for head in heads_to_remind(now)
        for kind in RULES
        if kind not in head.written and is_due(kind, head.meeting, head.client.time_zone, now=now)
    ]
    return write(due, now=now)


def heads_to_remind(now: datetime) -> Iterable[Participant]:
    """The heads of confirmed meetings of the next 24 hours that lack a reminder, with the kinds `written` so far."""
    heads = Participant.objects.filter(
        meeting__status=Status.CONFIRMED,
        meeting__starts_at__gt=now,
        meeting__starts_at__lte=now + RULES[DAY_BEFORE].before,
    ).annotate(has_day=Exists(written(DAY_BEFORE)), has_soon=Exists(written(SOON)))
    lacking = Q(has_day=False) | Q(has_soon=False, meeting__starts_at__lte=now + EARLIEST_SOON)
    for head in with_people(heads.filter(lacking)):
        head.written = {kind for kind, has in ((DAY_BEFORE, head.has_day), (SOON, head.has_soon)) if has}
        yield head


def written(kind: str):
    """Messages of this kind to a head about their meeting as it stands, whatever became of them."""
    return Message.objects.filter(
        kind=kind,
        meeting=OuterRef("meeting"),
        client=OuterRef("client"),
        meeting_version=OuterRef("meeting__version"),
    )


@transaction.atomic
def follow_up(*, now: datetime) -> int:
    """Write to those who came, and to those who did not, an hour after the end. Return to how many.

    Waits a quarter of an hour for a correction of what was written down, and says each only once about a meeting.
    """
    said = Message.objects.filter(meeting=OuterRef("meeting"), client=OuterRef("client")).exclude(
        status=Sending.DROPPED
    )
    Attendance = Participant.Attendance
    heads = Participant.objects.filter(
        meeting__status__in=[Status.ATTENDED, Status.MISSED],
        meeting__starts_at__gt=now - FOLLOWS_WITHIN,
        meeting__ends_at__lte=now - FOLLOWS_AFTER,
        meeting__changed_at__lte=now - CAN_BE_CORRECTED,
    )
    came = Q(attendance__in=[Attendance.ATTENDED, Attendance.LATE]) & ~Exists(said.filter(kind=AFTER))
    missed = Q(attendance=Attendance.MISSED) & ~Exists(said.filter(kind=MISSED))
    due = [
        (head, MISSED if head.attendance == Attendance.MISSED else AFTER)
        for head in with_people(heads.filter(came | missed))
    ]
    return write(due, now=now)


def with_people(heads):
    """The heads with their meeting and client, the earliest first, in one query."""
    return heads.select_related("meeting", "client").order_by("meeting__starts_at", "pk")


def write(due: Iterable[tuple[Participant, str]], *, now: datetime) -> int:
    """Put these into the outbox, the most urgent 2,000 at a time; return how many were new."""
    return enqueue_all([notice(head.meeting, head.client, kind, now=now) for head, kind in list(due)[:AT_MOST]])
