"""What reserving time is made of: what is wanted, what it competes for, the look, and the saving under the locks."""

import contextlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from practice.calendar.locks import lock
from practice.calendar.meetings import Meeting, Participant, Status
from practice.calendar.openings import CELL, Window
from practice.calendar.slots import Openings, Wish, find_openings, nearest, refusal, rooms_of
from practice.catalog.models import Mode, Service
from practice.database.together import insert_together
from practice.people.clients import Client
from practice.people.counselors import Counselor

HOLD = timedelta(minutes=10)
APART = timedelta(hours=48)  # two starts this far apart lie on different days anywhere, pauses included
ANSWER_WITHIN = timedelta(hours=24)
ALPHABET = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
OWN = "a_client_is_in_one_meeting_at_a_time"
OVERLAPS = {"a_counselor_is_in_one_meeting_at_a_time", "a_room_holds_one_meeting_at_a_time", OWN}


class Taken(ValidationError):
    """The time is no longer free. `which` of several wanted ones it was. `offer_alternatives` finds others."""

    which = 0

    def __init__(self, message: str = ""):
        super().__init__(message or _("That time was just taken. Choose one of the nearby times."), code="taken")


class TakenByOwn(Taken):
    """A client of the meeting is in another one then. Worded for them (`by_client`), or for staff."""

    def __init__(self, *, by_client: bool):
        if by_client:
            super().__init__(_("You have an appointment at this time already."))
        else:
            super().__init__(_("The client has an appointment then already."))


class NotAllowed(ValidationError):
    """A rule forbids the time; the code names the rule, `which` the place of the time among several wanted ones."""

    which = 0


@dataclass(frozen=True)
class Place:
    """Where a meeting stands in a series: number k of n, its start at least a gap from the other starts.

    `late_rule` is what the agreement says of a late cancellation.
    """

    series: UUID
    number: int
    count: int
    gap: timedelta
    late_rule: str = ""


@dataclass
class Wanted:
    """One meeting that somebody wants. `candidates` are loaded counselors who may give it, in order of preference.

    Staff need not keep to notice and horizon; they may start on any 5 minutes (`step`), ask for one `room`, and with a
    reason that they record go outside the hours. Nothing ever overlaps.
    """

    service: Service
    candidates: Sequence[Counselor]
    starts_at: datetime
    mode: str
    clients: Sequence[Client] = ()
    status: Status = Status.CONFIRMED
    hold_key: str = ""
    hold_network: str = ""
    is_new_client: bool = True
    follows_notice: bool = True
    follows_hours: bool = True
    step: int | None = None
    room: int | None = None
    location: int | None = None  # in person: at this place alone
    earliest: datetime | None = None
    latest: datetime | None = None
    releasing: tuple = field(default=())  # ids of this person's own holds that make way
    price: int | None = None  # if it was agreed apart from the service
    place: Place | None = None

    def wish(self) -> Wish:
        return Wish(
            service=self.service,
            mode=self.mode,
            is_new_client=self.is_new_client,
            ignoring=tuple(self.releasing),
            earliest=self.earliest,
            latest=self.latest,
            follows_notice=self.follows_notice,
            follows_hours=self.follows_hours,
            step=self.step,
            room=self.room,
            clients=tuple(client.pk for client in self.clients if not client._state.adding),
            location=self.location,
        )

    @property
    def by_client(self) -> bool:
        """True if the client chooses the time, False for staff."""
        return self.follows_notice

    def window(self) -> Window:
        return Window.between(self.starts_at, self.starts_at + timedelta(minutes=5))


def scarce_things(wanted: Sequence[Wanted]):
    """What these meetings compete for: counselors, rooms, clients."""
    for one in wanted:
        yield from (("counselor", counselor.pk) for counselor in one.candidates)
        yield from (("client", client.email_hash) for client in one.clients)
        if one.mode == Mode.IN_PERSON:
            yield from (("room", room) for room, _place in rooms_of(one.service))


def reserve_within(wanted: Sequence[Wanted], *, now: datetime) -> list[Meeting]:
    """`reserve` for an action that has begun its transaction: saves the savepoint, and lets any refusal end it all."""
    lock(scarce_things(wanted))
    refuse_near(wanted)
    if len(wanted) > 1 and lie_apart(wanted):
        return reserve_series(wanted, now=now)
    meetings = []
    for which, one in enumerate(wanted):
        with naming(which):
            meetings.append(reserve_locked(one, now=now))
    return meetings


def refuse_near(wanted: Sequence[Wanted]) -> None:
    """Raise NotAllowed if a start lies nearer to another of its series than the gap. The locks are held."""
    places = {which: one.place for which, one in enumerate(wanted) if one.place}
    if not places:
        return
    making_way = [pk for one in wanted for pk in one.releasing]
    standing = Meeting.objects.of_series({place.series for place in places.values()}).exclude(pk__in=making_way)
    starts = [*standing.values_list("series", "starts_at")]
    starts += [(place.series, wanted[which].starts_at) for which, place in places.items()]
    for which, place in places.items():
        near = [at for series, at in starts if series == place.series and abs(at - wanted[which].starts_at) < place.gap]
        if len(near) > 1:  # itself and another
            error = NotAllowed(too_near(place.gap), code="gap")
            error.which = which
            raise error


def too_near(gap: timedelta) -> str:
    """Say how far apart the starts of a series lie at least, in whole hours."""
    hours = -(-int(gap.total_seconds()) // 3600)
    return _("Too near to another session: they lie at least %(hours)d hours apart.") % {"hours": hours}


@contextlib.contextmanager
def naming(which: int):
    """Let a refusal say which of several wanted meetings it is about."""
    try:
        yield
    except (Taken, NotAllowed) as refused:
        refused.which = which
        raise


def lie_apart(wanted: Sequence[Wanted]) -> bool:
    """True if none of them can stand in another's way, not even by filling up a day, and none replaces a hold."""
    starts = sorted(one.starts_at for one in wanted)
    return all(later - earlier >= APART for earlier, later in pairwise(starts)) and not any(
        one.releasing for one in wanted
    )


def reserve_series(wanted: Sequence[Wanted], *, now: datetime) -> list[Meeting]:
    """Check and save meetings that lie apart: one search for all that ask for the same, one statement for each table.

    Only if a constraint refuses them are they saved one by one, to find out which it is.
    """
    meetings: list[Meeting] = [None] * len(wanted)
    numbered = sorted(enumerate(wanted), key=lambda pair: asks_for(pair[1]))
    for _same, group in groupby(numbered, key=lambda pair: asks_for(pair[1])):
        group = list(group)
        first, starts = group[0][1], [one.starts_at for _which, one in group]
        window = Window.between(min(starts), max(starts) + timedelta(minutes=CELL))
        openings = find_openings(first.wish(), first.candidates, window, now=now)
        for which, one in group:
            with naming(which):
                counselor = choose(one, openings)
                if openings.ran_out:
                    drop_holds(one, now=now)
                room = openings.room_for(counselor.pk, one.starts_at) if one.mode == Mode.IN_PERSON else None
                meetings[which] = new_meeting(one, counselor, room, now=now)
    try:
        with transaction.atomic():
            Meeting.objects.bulk_create(meetings)
            Participant.objects.bulk_create(
                Participant(meeting=meeting, client=client)
                for meeting, one in zip(meetings, wanted, strict=True)
                for client in one.clients
            )
    except IntegrityError as error:
        if constraint_of(error) not in OVERLAPS:
            raise
        for which, (meeting, one) in enumerate(zip(meetings, wanted, strict=True)):
            with naming(which):
                meeting._state.adding = True
                save_or_taken(meeting, one.clients, by_client=one.by_client)
    return meetings


def asks_for(one: Wanted) -> tuple:
    """What a search for this meeting depends on, its time apart."""
    candidates = [str(counselor.pk) for counselor in one.candidates]
    return (
        one.service.pk, one.mode, candidates, one.is_new_client, one.follows_notice, one.follows_hours,
        one.step or 0, one.room or 0, one.location or 0, str(one.earliest), str(one.latest),
        [str(client.pk) for client in one.clients],
    )  # fmt: skip


def reserve_locked(one: Wanted, *, now: datetime) -> Meeting:
    """Check and save one meeting; the locks are held."""
    openings = find_openings(one.wish(), one.candidates, one.window(), now=now)
    counselor = choose(one, openings)
    room = openings.room_for(counselor.pk, one.starts_at) if one.mode == Mode.IN_PERSON else None
    meeting = new_meeting(one, counselor, room, now=now)
    if one.releasing or openings.ran_out:
        drop_holds(one, now=now)
    save_or_taken(meeting, one.clients, by_client=one.by_client)
    return meeting


def drop_holds(one: Wanted, *, now: datetime) -> None:
    """Remove this person's own holds that make way, and expired ones that lie in the way."""
    service = one.service
    start = one.starts_at - timedelta(minutes=service.buffer_before)
    end = one.starts_at + timedelta(minutes=service.minutes + service.buffer_after)
    whose = Q(counselor__in=[counselor.pk for counselor in one.candidates])
    if one.mode == Mode.IN_PERSON:
        whose |= Q(room__in=[room for room, _place in rooms_of(service)])
    stale = Q(hold_expires_at__lte=now, busy_from__lt=end, busy_until__gt=start) & whose
    if one.releasing:
        stale |= Q(pk__in=one.releasing, hold_key=one.hold_key)
    held = Meeting.objects.filter(stale, status=Status.HELD)
    held._raw_delete(held.db)  # nothing refers to a held meeting: no participants, no messages, no links


def choose(one: Wanted, openings: Openings) -> Counselor:
    """The candidate who is allowed and free and has the least to do around then. Raise Taken or NotAllowed."""
    bit = openings.bit(one.starts_at)
    free = [counselor for counselor in one.candidates if openings.free.get(counselor.pk, 0) & bit]
    if free:
        return min(free, key=lambda counselor: openings.load[counselor.pk])
    if any(allowed & bit for allowed in openings.allowed.values()):
        raise TakenByOwn(by_client=one.by_client) if openings.own & bit else Taken
    if not one.candidates:
        raise NotAllowed(_("Nobody offers this service at this time."), code="hours")
    error = refusal(openings.broken_rule(one.candidates[0].pk, one.starts_at), one.service)
    raise NotAllowed(error.message, code=error.code)


def new_meeting(one: Wanted, counselor: Counselor, room: tuple[int, int] | None, *, now: datetime) -> Meeting:
    """An unsaved meeting with everything that its service's rules fix at this moment."""
    service, place = one.service, one.place
    meeting = Meeting(
        reference="".join(secrets.choice(ALPHABET) for _place in range(8)),
        counselor=counselor,
        service=service,
        mode=one.mode,
        status=one.status,
        price=service.price if one.price is None else one.price,
        series=place and place.series,
        series_gap=place and place.gap,
        session_number=place and place.number,
        session_count=place and place.count,
        late_rule=place.late_rule if place else "",
        moves_left=service.moves_allowed,
        booked_at=now,
        changed_at=now,
    )
    if one.status == Status.HELD:
        meeting.hold_expires_at = now + HOLD
        meeting.hold_key, meeting.hold_network = one.hold_key, one.hold_network
    if one.status == Status.REQUESTED:
        meeting.answer_due_at = min(now + ANSWER_WITHIN, one.starts_at)
    place_in_time(meeting, one.starts_at, room)
    return meeting


def place_in_time(meeting: Meeting, starts_at: datetime, room: tuple[int, int] | None) -> None:
    """Give the meeting its times, with pauses and limits, and its room."""
    service = meeting.service
    meeting.starts_at = starts_at
    meeting.ends_at = starts_at + timedelta(minutes=service.minutes)
    meeting.busy_from = starts_at - timedelta(minutes=service.buffer_before)
    meeting.busy_until = meeting.ends_at + timedelta(minutes=service.buffer_after)
    meeting.free_cancel_until = starts_at - timedelta(minutes=service.free_cancel)
    meeting.free_move_until = starts_at - timedelta(minutes=service.free_move)
    meeting.room_id, meeting.location_id = room or (None, None)


def save_or_taken(meeting: Meeting, clients: Sequence[Client] = (), *, by_client: bool = False) -> None:
    """Save the meeting and its heads; a refusal by an exclusion constraint becomes Taken, and ends the transaction.

    TakenByOwn, worded for the client or for staff, if it is a client who is in another meeting then.
    """
    try:
        if meeting._state.adding:
            insert_together(meeting, *(Participant(meeting=meeting, client=client) for client in clients))
        else:
            meeting.save()
    except IntegrityError as error:
        refused_by = constraint_of(error)
        if refused_by == OWN:
            raise TakenByOwn(by_client=by_client) from error
        if refused_by in OVERLAPS:
            raise Taken from error
        raise


def constraint_of(error: IntegrityError) -> str:
    """The name of the constraint that refused a row; "" if there is none."""
    return getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) or ""


def offer_alternatives(wanted: Wanted, *, now: datetime, days: int = 7) -> list[tuple[datetime, Counselor]]:
    """The three free times nearest to a lost one, within a week on both sides. Run it after the transaction."""
    window = Window.between(wanted.starts_at - timedelta(days=days), wanted.starts_at + timedelta(days=days))
    openings = find_openings(wanted.wish(), wanted.candidates, window, now=now)
    people = {counselor.pk: counselor for counselor in wanted.candidates}
    return [(start, people[pk]) for start, pk in nearest(openings, wanted.starts_at)]


@transaction.atomic
def release_hold(*, meeting_id, hold_key: str) -> None:
    """Give back a held time; silently does nothing if it is no longer held by this person (it may have expired)."""
    Meeting.objects.filter(pk=meeting_id, hold_key=hold_key, status=Status.HELD).delete()


def drop_expired_holds(*, now: datetime) -> int:
    """Remove holds past their time. The booking path does so for what it needs; this keeps the table clean."""
    return Meeting.objects.filter(status=Status.HELD, hold_expires_at__lte=now).delete()[0]
