"""Reserve, move, cancel and approve: the only ways in which time becomes occupied or free."""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, Q, Value
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _

from practice.calendar.links import ManageToken
from practice.calendar.locks import Busy, lock
from practice.calendar.meetings import Meeting, Participant, Party, Status
from practice.calendar.openings import CELL
from practice.calendar.reserving import (
    NotAllowed,
    Wanted,
    choose,
    drop_holds,
    place_in_time,
    reserve_within,
    save_or_taken,
)
from practice.calendar.slots import find_openings, rooms_of
from practice.catalog.models import Mode
from practice.messages.actions import enqueue, outgoing
from practice.messages.models import Message
from practice.people.clients import CareRelationship, Client
from practice.people.counselors import Counselor
from practice.records.actions import event, record
from practice.records.models import AuditEvent

CARE_LASTS = timedelta(days=30)
MOST_AT_ONCE = 200


@transaction.atomic
def reserve(*, wanted: Sequence[Wanted], now: datetime) -> list[Meeting]:
    """Reserve every wanted meeting, or none.

    Takes the locks, looks, then writes; returns the saved meetings in the order wanted. The caller tells people
    (`announce`) and records what happened (`booking_event`) in the same transaction. Raise NotAllowed with the rule
    as its code, Taken if somebody was quicker, both with `which` of them it was; Busy if the locks could not be had in
    three seconds.
    """
    return reserve_within(wanted, now=now)


def booking_event(meeting: Meeting, *, client: Client | None, by, now: datetime) -> AuditEvent:
    """The unsaved audit row of a booking: the path saves several rows in one statement."""
    starts_at = meeting.starts_at.isoformat()
    return event(by, f"meeting.{meeting.status}", meeting, client=client, now=now, starts_at=starts_at)


def care_for(meeting: Meeting, clients: Sequence[Client], *, now: datetime) -> None:
    """Open the counselor's care relationship with each client, or let it last until 30 days after this meeting."""
    CareRelationship.objects.all().prolong(
        clients=clients, counselor_id=meeting.counselor_id, now=now, until=meeting.ends_at + CARE_LASTS
    )


def shorten_care(meeting: Meeting, *, now: datetime, counselor_id=None) -> None:
    """After a cancellation or a move: care ends 30 days after the last meeting that stands, or now if none does.

    Never before what was promised. That of the meeting's counselor, or of the one who had it before.
    """
    counselor_id = counselor_id or meeting.counselor_id
    for head in meeting.participants.all():
        last = Meeting.objects.filter(
            participants__client=head.client_id,
            counselor=counselor_id,
            status__in=[Status.CONFIRMED, Status.ATTENDED, Status.MISSED],
        ).aggregate(last=Max("ends_at"))["last"]
        CareRelationship.objects.filter(client=head.client_id, counselor=counselor_id).update(
            ends_at=Greatest(Value(last + CARE_LASTS if last else now), "promised_until")
        )


def notice(meeting: Meeting, client: Client, kind: str, *, now: datetime) -> Message:
    """An unsaved message about the meeting as it stands: one for each client, kind and version."""
    return outgoing(
        kind=kind,
        to=client,
        meeting=meeting,
        dedupe_key=f"{kind}:{meeting.pk}:{meeting.version}:{client.pk}",
        now=now,
    )


def announce(meeting: Meeting, kind: str, *, now: datetime) -> None:
    """Tell every client of the meeting, through the outbox."""
    for head in meeting.participants.select_related("client"):
        enqueue(notice(meeting, head.client, kind, now=now))


def occupied_by(meeting: Meeting, heads: Iterable[Participant]) -> Iterator[tuple[str, object]]:
    """What this meeting occupies, as the locks name it; `heads` have their clients."""
    yield "counselor", meeting.counselor_id
    yield from (("client", head.client.email_hash) for head in heads)
    if meeting.room_id:
        yield "room", meeting.room_id


def lock_all(meetings: Iterable[Meeting]) -> None:
    """Lock at once what all of these occupy, to act on one after the other: two who do so cannot wait for each other.

    The meetings are fetched `for_listing`. Raise Busy as `lock`.
    """
    things = {thing for meeting in meetings for thing in occupied_by(meeting, meeting.participants.all())}
    if things:
        lock(things)


def locked_meeting(meeting: Meeting, *, also: Sequence[tuple[str, object]] = ()) -> Meeting:
    """Lock what this meeting occupies, then load it afresh."""
    lock([*occupied_by(meeting, meeting.participants.select_related("client")), *also])
    return Meeting.objects.select_for_update(of=("self",)).select_related("counselor", "service").get(pk=meeting.pk)


@dataclass(frozen=True)
class Elsewhere:
    """What staff change about a meeting besides its start: who gives it, how, in which room; None leaves it as it is.

    `outside_hours` is the reason, in a word, why it may lie outside the hours of people and places.
    """

    counselor: Counselor | None = None
    mode: str | None = None
    room: int | None = None
    outside_hours: str = ""


@transaction.atomic
def move_meeting(
    *,
    meeting: Meeting,
    starts_at: datetime,
    by,
    now: datetime,
    party: str = Party.CLIENT,
    expected: int | None = None,
    elsewhere: Elsewhere = Elsewhere(),
) -> Meeting:
    """Give a coming meeting another start, keep everything else, and tell its people.

    `expected` is the version the person was looking at. A client's own move stays at the same place. Staff (a `party`
    other than the client) may also give it to another counselor or room. Raise NotAllowed past the client's limit or
    against a rule, Taken if the new time is occupied, ValidationError if the meeting changed meanwhile or would stay
    what it is.
    """
    counselor, mode = elsewhere.counselor or meeting.counselor, elsewhere.mode or meeting.mode
    things = [("counselor", counselor.pk)]
    if mode == Mode.IN_PERSON:
        things += [("room", room) for room, _place in rooms_of(meeting.service)]
    meeting = locked_meeting(meeting, also=things)
    if not meeting.is_coming or (expected is not None and meeting.version != expected):
        raise ValidationError(_("This appointment has changed meanwhile. Look at it again."), code="changed")
    if party == Party.CLIENT and not meeting.can_be_moved_by_client(now):
        raise NotAllowed(_("The free-change time has passed. Contact us and we will help if we can."), code="late")
    refuse_resting(meeting, starts_at, now)
    before = facts_of(meeting)
    meeting.service = meeting.service_as_booked
    meeting.counselor, meeting.mode = counselor, mode
    wanted = wanted_again(meeting, starts_at, elsewhere, party)
    drop_holds(wanted, now=now)
    openings = find_openings(wanted.wish(), wanted.candidates, wanted.window(), now=now)
    choose(wanted, openings)
    in_person = mode == Mode.IN_PERSON
    room = openings.room_for(counselor.pk, starts_at, preferred=meeting.room_id) if in_person else None
    place_in_time(meeting, starts_at, room)
    if facts_of(meeting) == before:
        raise ValidationError(_("Nothing would change. Choose another time."), code="same")
    meeting.version += 1
    meeting.changed_at = now
    if meeting.answer_due_at:
        meeting.answer_due_at = min(meeting.answer_due_at, starts_at)
    if party == Party.CLIENT:
        meeting.moves_left -= 1
    save_or_taken(meeting, by_client=party == Party.CLIENT)
    ManageToken.objects.filter(meeting=meeting).delete()
    if meeting.status == Status.CONFIRMED:
        care_for(meeting, [head.client for head in meeting.participants.select_related("client")], now=now)
        shorten_care(meeting, now=now, counselor_id=before["counselor"])
    record_move(meeting, before, by=by, now=now, reason=elsewhere.outside_hours)
    announce(meeting, "meeting.moved", now=now)
    return meeting


def refuse_resting(meeting: Meeting, starts_at: datetime, now: datetime) -> None:
    """Raise NotAllowed for another start before the day until which its series rests."""
    words = meeting.rest_words(now)
    if words and meeting.starts_at != starts_at < meeting.rest_ends_at:
        raise NotAllowed(words, code="rests")


def wanted_again(meeting: Meeting, starts_at: datetime, elsewhere: Elsewhere, party: str) -> Wanted:
    """The meeting at another start, or at the same one elsewhere, with the rules that hold for whoever moves it."""
    by_client = party == Party.CLIENT
    earliest, latest = meeting.limits() if starts_at != meeting.starts_at else (None, None)
    return Wanted(
        service=meeting.service_as_booked,
        candidates=[meeting.counselor],
        starts_at=starts_at,
        mode=meeting.mode,
        is_new_client=False,
        follows_notice=by_client,
        follows_hours=not elsewhere.outside_hours,
        step=None if by_client else CELL,
        room=elsewhere.room,
        location=meeting.location_id if by_client else None,
        earliest=earliest,
        latest=latest,
        releasing=(meeting.pk,),
    )


def facts_of(meeting: Meeting) -> dict:
    """What a move can change, as the audit trail keeps it."""
    return {
        "starts_at": meeting.starts_at,
        "counselor": meeting.counselor_id,
        "mode": meeting.mode,
        "room": meeting.room_id,
    }


def record_move(meeting: Meeting, before: dict, *, by, now: datetime, reason: str) -> None:
    """Write down the old and the new start, and whatever else the move changed, as `…_before` and `…_after`."""
    after = facts_of(meeting)
    changed = {}
    for name in ("counselor", "mode", "room"):
        if before[name] != after[name]:
            changed |= {f"{name}_before": before[name], f"{name}_after": after[name]}
    record(
        by,
        "meeting.moved",
        meeting,
        now=now,
        reason=reason,
        before=before["starts_at"].isoformat(),
        after=after["starts_at"].isoformat(),
        **changed,
    )


@transaction.atomic
def cancel_meeting(
    *, meeting: Meeting, by, now: datetime, reason: str = "", party: str = Party.CLIENT, expected: int | None = None
) -> Meeting:
    """Cancel a coming meeting, free its time at once, and tell its people.

    `expected` is the version that the person was looking at. A client's cancellation past the free time is kept as
    late, unless it was a request that nobody had confirmed; it is still possible until the meeting starts. Raise
    ValidationError if it is over, has begun, was cancelled already, or has moved since that version.
    """
    meeting = locked_meeting(meeting)
    refuse_changed(meeting, expected)
    if not meeting.is_coming or (party == Party.CLIENT and now >= meeting.starts_at):
        raise ValidationError(_("This appointment can no longer be cancelled."), code="changed")
    meeting.is_late = party == Party.CLIENT and not meeting.can_be_cancelled_free(now)
    meeting.ended_by = party
    meeting.changed_at = now
    meeting.move_to(Status.CANCELLED)
    meeting.save()
    shorten_care(meeting, now=now)
    record(by, "meeting.cancelled", meeting, now=now, reason=reason, party=party, late=meeting.is_late)
    announce(meeting, "meeting.cancelled", now=now)
    return meeting


def refuse_changed(meeting: Meeting, expected: int | None) -> None:
    """Raise ValidationError if the locked meeting is no longer at the version that somebody was looking at."""
    if expected is not None and meeting.version != expected:
        raise ValidationError(_("This appointment has changed meanwhile. Look at it again."), code="changed")


@transaction.atomic
def approve(*, meeting: Meeting, by, now: datetime, expected: int | None = None, outside_hours: str = "") -> Meeting:
    """Confirm a requested meeting, which has held its time all along, and tell its people.

    Hours, time off, closures and licences are looked at again: they may have changed since it was asked for.
    `expected` is the version that the person was looking at, `outside_hours` the reason, in a word, why it may lie
    outside the hours. Raise ValidationError if it is not waiting for an answer, if its time has begun, or if it has
    moved since that version; NotAllowed or Taken if the time cannot be given any more.
    """
    meeting = locked_meeting(meeting)
    if meeting.status != Status.REQUESTED or meeting.starts_at <= now:
        raise ValidationError(_("This request was answered already or its time has passed."), code="changed")
    refuse_changed(meeting, expected)
    wanted = wanted_again(meeting, meeting.starts_at, Elsewhere(outside_hours=outside_hours), Party.PRACTICE)
    choose(wanted, find_openings(wanted.wish(), wanted.candidates, wanted.window(), now=now))
    meeting.move_to(Status.CONFIRMED)
    meeting.answer_due_at, meeting.changed_at = None, now
    meeting.save()
    care_for(meeting, [head.client for head in meeting.participants.select_related("client")], now=now)
    record(by, "meeting.approved", meeting, now=now, reason=outside_hours)
    announce(meeting, "meeting.confirmed", now=now)
    return meeting


@transaction.atomic
def decline(*, meeting: Meeting, by, now: datetime, reason: str = "", expected: int | None = None) -> Meeting:
    """Answer a request with no: its time is free again, and its people are told, with other times to choose from.

    Raise ValidationError if it is not waiting for an answer, or has moved since the `expected` version.
    """
    meeting = locked_meeting(meeting)
    if meeting.status != Status.REQUESTED:
        raise ValidationError(_("This request was answered already."), code="changed")
    refuse_changed(meeting, expected)
    return end_request(meeting, "declined", by=by, now=now, reason=reason)


def expire_requests(*, now: datetime) -> int:
    """Free the times of requests that nobody answered in time, tell their people, and return how many there were.

    Each by itself: one that cannot be ended now does not hold up the others.
    """
    unanswered = Q(answer_due_at__lte=now) | Q(starts_at__lte=now)
    expired = 0
    for meeting in Meeting.objects.awaiting_answer().filter(unanswered).order_by("answer_due_at", "pk")[:MOST_AT_ONCE]:
        with contextlib.suppress(Busy):
            expired += expire_request(meeting=meeting, now=now)
    return expired


@transaction.atomic
def expire_request(*, meeting: Meeting, now: datetime) -> bool:
    """End one request that was not answered in time; False if it was answered or moved meanwhile."""
    meeting = locked_meeting(meeting)
    if meeting.status != Status.REQUESTED or now < min(meeting.answer_due_at, meeting.starts_at):
        return False
    end_request(meeting, "expired", by=None, now=now)
    return True


def end_request(meeting: Meeting, how: str, *, by, now: datetime, reason: str = "") -> Meeting:
    """Cancel a request on the practice's side, once locked: "declined" or "expired"."""
    meeting.ended_by = Party.PRACTICE
    meeting.changed_at = now
    meeting.move_to(Status.CANCELLED)
    meeting.save()
    record(by, f"meeting.{how}", meeting, now=now, reason=reason)
    announce(meeting, f"meeting.{how}", now=now)
    return meeting
