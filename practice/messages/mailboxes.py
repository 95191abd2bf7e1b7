"""When a recipient may get a message: not at night if it can wait, and never more than a mailbox should get."""

import contextlib
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import F, Q

from practice.messages.kinds import UnknownKind, kind_of
from practice.messages.models import Channel, Message, Status
from practice.messages.quiet import morning_after

MOST_AN_HOUR = 5
MOST_A_DAY = 10
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def free_times(messages: Iterable[Message], *, now: datetime) -> dict[UUID, datetime]:
    """When each of these messages may be sent, by its id: now, or after the night, or when its mailbox has had less.

    A mailbox gets at most 5 in any hour and 10 in any day, whoever asked for them; those that are being sent count as
    sent now, and so do the earlier ones of these. To be called in a transaction: until it ends, nobody else counts for
    the same mailboxes.
    """
    messages = list(messages)
    lately = _sent_lately(messages, now=now) if settings.LIMITS else {}
    times = {}
    for message in messages:
        at = _awake_at(message, now=now)
        had = lately.get(message.recipient_hash)
        if had is not None and message.is_limited:
            at = _free_at(had, at)
            if at <= now:
                had.insert(0, now)
        times[message.pk] = at
    return times


def _awake_at(message, *, now):
    """Now, or the end of the recipient's night for a kind that waits for it."""
    with contextlib.suppress(UnknownKind):
        if kind_of(message.kind).waits_for_morning:
            return morning_after(now, message.time_zone)
    return now


def _free_at(had, at):
    """When a mailbox that got messages at these times, the last one first, may get another: not before `at`."""
    if len(had) >= MOST_AN_HOUR:
        at = max(at, had[MOST_AN_HOUR - 1] + HOUR)
    if len(had) >= MOST_A_DAY:
        at = max(at, had[MOST_A_DAY - 1] + DAY)
    return at


def _sent_lately(messages, *, now):
    """For each limited mailbox of these messages, when it got others within a day, the last one first. Locks them."""
    boxes = sorted({message.recipient_hash for message in messages if message.is_limited})
    if not boxes:
        return {}
    with connection.cursor() as cursor:  # one after the other in the same order, so that nobody waits in a circle
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('mailbox ' || box, 0))"
            " FROM unnest(%s::text[]) WITH ORDINALITY AS boxes(box, place) ORDER BY place",
            [boxes],
        )
    others = Message.objects.filter(recipient_hash__in=boxes, channel=Channel.EMAIL)
    others = others.filter(Q(status=Status.SENDING) | Q(sent_at__gt=now - DAY))
    others = others.exclude(pk__in=[message.pk for message in messages])
    lately = defaultdict(list, {box: [] for box in boxes})
    for box, sent_at in others.order_by(F("sent_at").desc(nulls_first=True)).values_list("recipient_hash", "sent_at"):
        lately[box].append(sent_at or now)
    return lately
