"""Book a consultation: the path on which everything that belongs to a booking is saved, or nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from appointments.models import Consultation
from appointments.replays import Request, earlier_answer, kept_answer
from practice.calendar.actions import booking_event, care_for, notice
from practice.calendar.links import new_link
from practice.calendar.locks import lock
from practice.calendar.meetings import COMING, Meeting, Participant, Status
from practice.calendar.reserving import HOLD, NotAllowed, Wanted, reserve_locked, scarce_things
from practice.catalog.models import Approval, Mode, Service
from practice.database.compiled import Compiled
from practice.database.together import insert_together
from practice.messages.actions import job_of
from practice.people.accounts import User
from practice.people.clients import Client, Consent, email_hash
from practice.people.consents import given
from practice.people.counselors import Counselor
from practice.people.practices import Practice
from practice.records.actions import record

MOST_HOLDS = 2  # of a browser
MOST_HOLDS_TOGETHER = 5  # of all browsers of a network: families and offices share an address
LONGEST_HOLD = 11 * HOLD  # ten times longer (WCAG 2.2.1)
MOST_UNPROVEN = 3
UNPROVEN = Compiled(
    lambda address, now, client: (
        Participant.objects.filter(
            client__email_hash=address, client__email_proven_at=None, status__in=COMING, meeting__ends_at__gt=now
        )
        .exclude(client=client)
        .values_list("pk")[:MOST_UNPROVEN]
    ),
    address="an address",
    now=datetime(2026, 1, 1, tzinfo=UTC),
    client=uuid4(),
)
KINDS = {Status.CONFIRMED: "meeting.confirmed", Status.REQUESTED: "meeting.requested"}


@dataclass(frozen=True)
class Booker:
    """What a person says of themselves when booking. Text in `question` is for the counselor alone."""

    name: str
    email: str
    language: str
    time_zone: str
    phone: str = ""
    question: str = ""
    is_discreet: bool = True
    for_someone_else: bool = False
    birth_year: int | None = None
    guardian_name: str = ""
    guardian_phone: str = ""
    guardian_consents: bool = False
    client: Client | None = None  # the record that this joins, of somebody who is signed in
    user: User | None = None  # the account that a new record belongs to at once

    def record(self, *, now: datetime) -> Client:
        """The known client, or a new one: of the account, else unproven until the e-mail is proven by a code."""
        if self.client:
            return self.client
        return Client(
            preferred_name=self.name,
            email=self.email,
            email_hash=email_hash(self.email),
            phone=self.phone,
            language=self.language,
            time_zone=self.time_zone,
            is_discreet=self.is_discreet,
            birth_year=self.birth_year,
            guardian_name=self.guardian_name,
            guardian_phone=self.guardian_phone,
            guardian_consented_at=now if self.guardian_consents and self.guardian_name else None,
            is_booked_for=self.for_someone_else,
            user=self.user,
            email_proven_at=now if self.user else None,
            created_at=now,
        )

    @property
    def is_new(self) -> bool:
        """True for somebody whose address nobody has proven: the longer notice holds for them."""
        return self.client is None and self.user is None


@dataclass(frozen=True)
class Choice:
    """The time somebody chose. `candidates` are the counselors who may give the service, in order of preference.

    In person it is at `location` alone, if that was chosen.
    """

    service: Service
    candidates: Sequence[Counselor]
    starts_at: datetime
    mode: str
    location: int | None = None

    @property
    def terms(self) -> str:
        """What the practice may change and people must have seen before they book, as text to compare."""
        service = self.service
        rules = (service.price, service.free_cancel, service.free_move, service.moves_allowed, service.approval)
        return " ".join(str(rule) for rule in rules)

    def wanted(self, **more) -> Wanted:
        return Wanted(
            service=self.service,
            candidates=self.candidates,
            starts_at=self.starts_at,
            mode=self.mode,
            location=self.location,
            **more,
        )


@transaction.atomic
def hold(*, choice: Choice, hold_key: str, network: str, is_new_client: bool, now: datetime) -> Meeting:
    """Keep the chosen time for ten minutes for the browser behind `hold_key`.

    A browser holds at most two times: older holds are given back. All browsers of a `network` (a keyed hash; "" is not
    counted) hold at most five. Raise NotAllowed, Taken or Busy.
    """
    service, starts_at = choice.service, choice.starts_at
    wanted = choice.wanted(status=Status.HELD, hold_key=hold_key, hold_network=network, is_new_client=is_new_client)
    lock([*scarce_things([wanted]), *holds_of(network)])
    room = room_for_holds(network, apart=Q(hold_key=hold_key), now=now)
    busy_from = starts_at - timedelta(minutes=service.buffer_before)
    busy_until = starts_at + timedelta(minutes=service.minutes + service.buffer_after)
    own = Meeting.objects.filter(status=Status.HELD, hold_key=hold_key).order_by("-booked_at")
    wanted.releasing = tuple(
        held.pk
        for age, held in enumerate(own.only("busy_from", "busy_until"), start=1)
        if age >= min(MOST_HOLDS, room) or (held.busy_from < busy_until and held.busy_until > busy_from)
    )
    return reserve_locked(wanted, now=now)


@transaction.atomic
def extend_hold(*, meeting: Meeting, hold_key: str, now: datetime) -> Meeting:
    """Keep a held time for another ten minutes, for up to 110 minutes in all.

    One that ran out is taken up again, if the network holds fewer than five by now. Raise NotAllowed or Busy.
    """
    if counted := holds_of(meeting.hold_network):
        lock(counted)
    held = Meeting.objects.select_for_update().filter(pk=meeting.pk, hold_key=hold_key, status=Status.HELD).first()
    if held is None or now - held.booked_at > LONGEST_HOLD - HOLD:
        raise NotAllowed(_("This time is no longer held. Choose a time again."), code="hold")
    if held.hold_expires_at <= now:
        room_for_holds(held.hold_network, apart=Q(pk=held.pk), now=now)
    held.hold_expires_at = now + HOLD
    held.save(update_fields=["hold_expires_at"])
    return held


def holds_of(network: str) -> list[tuple[str, str]]:
    """What the holds of a network are counted under, as a thing to lock."""
    return [("holds", network)] if network else []


def room_for_holds(network: str, *, apart: Q, now: datetime) -> int:
    """How many more times may be held from this network; holds that are `apart` do not count.

    The lock of its holds is held. Raise NotAllowed if there is no room.
    """
    if not network:
        return MOST_HOLDS_TOGETHER
    together = Meeting.objects.filter(status=Status.HELD, hold_network=network, hold_expires_at__gt=now)
    room = MOST_HOLDS_TOGETHER - together.exclude(apart).count()
    if room < 1:
        raise NotAllowed(
            _("Several times are being held over your internet connection. Try again in a few minutes."), code="holds"
        )
    return room


@transaction.atomic
def book_consultation(
    *,
    choice: Choice,
    booker: Booker,
    request: Request,
    answer,
    by,
    now: datetime,
    hold_key: str = "",
    held=(),
    seen: str = "",
) -> dict:
    """Book one meeting for one person and return the answer to give, the same for every repeat of the request.

    `answer(meeting, token)` words the answer; the token opens the manage page. Saves the client, the meeting, their
    question (encrypted), consent, link, audit row and confirmation message, or nothing at all. `held` are the ids of
    this browser's holds, which make way; `seen` are the choice's terms as the person was shown them, "" if unknown.
    Raise NotAllowed, Taken, Busy, Mismatch if the key was used for something else, or ValidationError if the terms
    are not those any more, on `phone` if there is no number to call, on `birth_year` if a parent or guardian has to
    agree and none did.
    """
    if choice.mode == Mode.PHONE and not booker.phone:
        raise ValidationError({"phone": _("Your counselor calls you: enter the number, for example 0812 3456 7890.")})
    client = booker.record(now=now)
    status = Status.REQUESTED if choice.service.approval == Approval.REQUEST else Status.CONFIRMED
    wanted = choice.wanted(
        clients=[client],
        status=status,
        hold_key=hold_key,
        releasing=tuple(held),
        is_new_client=booker.is_new,
    )
    if (before := earlier_answer(request, now=now, also=scarce_things([wanted]))) is not None:
        return before
    if seen and seen != choice.terms:
        raise ValidationError(something_changed(), code="terms")
    refuse_alone(client, booker, now=now)
    meeting = reserve_locked(wanted, now=now)
    refuse_too_many(client, now=now)
    token, link = new_link(meeting, client, now=now)
    told = answer(meeting, token)
    message = notice(meeting, client, KINDS[status], now=now)
    insert_together(
        *([client] if client._state.adding else []),
        Consultation(
            meeting=meeting,
            client=client,
            question=booker.question,
            for_someone_else=booker.for_someone_else,
            created_at=now,
        ),
        *consents(client, booker, now=now),
        link,
        booking_event(meeting, client=client, by=by, now=now),
        message,
        job_of(message),
        kept_answer(request, told, now=now),
    )
    if booker.client:
        complete(client, booker, by=by, now=now)
    if status == Status.CONFIRMED:
        care_for(meeting, [client], now=now)
    return told


def something_changed() -> str:
    """Say that what stands on the check is not what was there before."""
    return _("Something changed since you pressed the button. Look at everything once more, then book.")


def complete(client: Client, booker: Booker, *, by, now: datetime) -> None:
    """Keep what a known client's record lacked: the number to call, a parent or guardian who agrees."""
    said = {"phone": booker.phone} if booker.phone and not client.phone else {}
    if booker.guardian_consents and booker.guardian_name and client.guardian_consented_at is None:
        said |= {
            "guardian_name": booker.guardian_name,
            "guardian_phone": booker.guardian_phone,
            "guardian_consented_at": now,
        }
    if said:
        for name, value in said.items():
            setattr(client, name, value)
        client.save(update_fields=list(said))
        record(by, "client.changed", client, client=client, now=now, fields=", ".join(said))


def consents(client: Client, booker: Booker, *, now: datetime) -> list[Consent]:
    """What was agreed to with this booking."""
    purposes = ["booking"]
    if booker.guardian_consents and booker.guardian_name:
        purposes.append("guardian")
    return [given(client=client, purpose=purpose, language=booker.language, now=now) for purpose in purposes]


def refuse_alone(client: Client, booker: Booker, *, now: datetime) -> None:
    """Raise ValidationError if this client may not be of age yet, and no parent or guardian agrees."""
    agreed = client.guardian_consented_at or (booker.guardian_consents and booker.guardian_name)
    if agreed or client.birth_year is None:
        return
    if client.is_minor(on=timezone.localdate(now), adult_age=Practice.current().adult_age):
        message = _("A parent or guardian is needed too: they book on our booking page, and agree there.")
        raise ValidationError({"birth_year": message})


def refuse_too_many(client: Client, *, now: datetime) -> None:
    """Raise NotAllowed on `email` if this address has three coming appointments whose owner was never proven.

    Runs under the client's lock, before the new head is counted as saved: the limit holds in parallel too.
    """
    if client.email_proven_at:
        return
    if len(UNPROVEN.rows(address=client.email_hash, now=now, client=client.pk)) >= MOST_UNPROVEN:
        message = _("There are already several appointments for this e-mail address. Contact us and we will help.")
        raise NotAllowed({"email": message})
