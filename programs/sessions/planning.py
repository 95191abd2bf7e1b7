"""Look before booking a series: for every session its time, or what stands in its way and what would help."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from appointments.times import written_start
from practice.calendar.models import Closure, Meeting, Participant, TimeOff
from practice.calendar.openings import CELL, Window, minute_of, minutes_in, moment_of
from practice.calendar.reserving import too_near
from practice.calendar.slots import Openings, Wish, find_openings, refusal, window_of
from practice.catalog.models import Service
from practice.people.clients import Client
from practice.people.counselors import Counselor, in_language
from practice.zones import zone as zone_of
from programs.plan.models import Program
from programs.sessions.rules import gap_of, is_too_near, start_before, times_of
from programs.sessions.thread import Thread

AROUND = timedelta(days=7)  # how far other times are looked for
OFFERED = 3
FURTHEST = timedelta(days=400)  # hours and holidays beyond are guesses


@dataclass(frozen=True)
class Slot:
    """A time for the session of this number, and who gives it."""

    number: int
    starts_at: datetime
    counselor: Counselor


@dataclass
class Proposal:
    """A slot as the plan shows it: whether it can be booked, else why not and what else is free near it."""

    slot: Slot
    ends_at: datetime
    problem: str = ""
    nearby: list[datetime] = field(default_factory=list)
    others: list[Counselor] = field(default_factory=list)  # counselors of the program who are free at that time

    @property
    def number(self) -> int:
        return self.slot.number

    @property
    def starts_at(self) -> datetime:
        return self.slot.starts_at

    @property
    def value(self) -> str:
        """The start as a radio button carries it."""
        return written_start(self.slot.starts_at)

    @property
    def choices(self) -> list[dict]:
        """The free starts nearby as radio buttons."""
        return [{"start": start, "value": written_start(start)} for start in self.nearby]


def weekly_times(first: date, at: time, *, pace_days: int, count: int, zone: ZoneInfo) -> list[datetime]:
    """`count` starts, `pace_days` apart, at the same wall time whatever the clocks do."""
    days = [first + timedelta(days=n * pace_days) for n in range(count)]
    return [datetime.combine(day, at, tzinfo=zone).astimezone(UTC) for day in days]


def later(start: datetime, days: int, zone: ZoneInfo) -> datetime:
    """The same wall time that many days later."""
    return (start.astimezone(zone) + timedelta(days=days)).astimezone(UTC)


def free_starts(
    program: Program,
    thread: Thread,
    counselor: Counselor,
    mode: str,
    zone: ZoneInfo,
    *,
    now: datetime,
    own: bool,
    after: datetime | None = None,
):
    """A search over local days, both included, for starts that suit counselor, clients and the other sessions.

    `own` keeps to notice and horizon, as clients must; nothing before `after`.
    """
    service, known, gap = thread.plan.service, times_of(thread), gap_of(thread)
    wish = Wish(service, mode, is_new_client=False, follows_notice=own, earliest=after)
    clients = [member.client_id for member in program.members.all()]

    def search(first: date, last: date) -> list[datetime]:
        window = window_of(first, last, zone)
        free = find_openings(wish, [counselor], window, now=now).free.get(counselor.pk, 0)
        free &= ~blocked_by(heads_of(clients, window), window, service.minutes)
        starts = [moment_of(minute) for minute in minutes_in(free & window.everything, window.base)]
        return [start for start in starts if not is_too_near(start, known, gap)]

    return search


def heads_of(clients: Sequence, window: Window) -> list[tuple[UUID, datetime, datetime]]:
    """When these clients are in a meeting around the window: who, from, until. One statement."""
    taking_part = Participant.objects.filter(
        client__in=clients,
        meeting__starts_at__lt=moment_of(window.end) + timedelta(days=1),
        meeting__ends_at__gt=moment_of(window.base),
    )
    return list(
        taking_part.exclude(status="cancelled").values_list("client_id", "meeting__starts_at", "meeting__ends_at")
    )


def blocked_by(heads, window: Window, minutes: int) -> int:
    """The starts at which a meeting of that length would run into one of these."""
    spans = [minute_of(start) for _client, start, _end in heads], [minute_of(end) for _client, _start, end in heads]
    return window.blocked(spans, before=0, after=minutes)


def counselors_of(program: Program) -> list[Counselor]:
    """Who may give its sessions: first who leads it."""
    return [program.counselor, *program.co_counselors.all()]


def propose_times(
    program: Program, thread: Thread, slots: Sequence[Slot], *, mode: str, now: datetime, own: bool = False
) -> list[Proposal]:
    """Say of every slot whether it can be booked, and offer what is near. Takes six statements however many there are.

    The program's people are fetched `for_page`. `own` keeps to what a client may choose: notice, horizon and grid.
    """
    if not slots:
        return []
    service = thread.plan.service
    look = Look.around(program, service, slots, mode=mode, now=now, own=own)
    known, gap = times_of(thread), gap_of(thread)
    proposals = []
    for place, slot in enumerate(slots):
        earlier = [other.starts_at for other in slots if other.number < slot.number]
        floor = max([start for start in (start_before(thread, slot.number), *earlier) if start], default=slot.starts_at)
        rest = known + [other.starts_at for other in slots[:place] + slots[place + 1 :]]
        problem = too_near(gap) if is_too_near(slot.starts_at, rest, gap) else look.problem_of(slot)
        proposals.append(
            Proposal(
                slot,
                slot.starts_at + timedelta(minutes=service.minutes),
                problem,
                [start for start in look.near(slot) if start > floor and not is_too_near(start, rest, gap)][:OFFERED],
                look.others_at(slot),
            )
        )
        proposals[-1].nearby.sort()
    return proposals


@dataclass
class Look:
    """What the calendar says around some slots."""

    program: Program
    service: Service
    clients: list[Client]
    openings: Openings
    free: dict[UUID, int]  # per counselor the starts that suit the clients too
    closures: list[Closure]
    away: list[TimeOff]
    busy: list[Meeting]
    heads: list[tuple[UUID, datetime, datetime]]
    now: datetime

    @classmethod
    def around(
        cls, program: Program, service: Service, slots: Sequence[Slot], *, mode: str, now: datetime, own: bool
    ) -> "Look":
        counselors = counselors_of(program)
        clients = [member.client for member in program.members.all()]
        starts = [slot.starts_at for slot in slots if slot.starts_at < now + FURTHEST] or [now]
        first, last = max(min(starts) - AROUND, now - timedelta(days=1)), max(*starts, now) + AROUND
        window = Window.between(first, last)
        wish = Wish(service, mode, is_new_client=False, follows_notice=own, step=None if own else CELL)
        openings = find_openings(wish, counselors, window, now=now)
        heads = heads_of(clients, window)
        suits = ~blocked_by(heads, window, service.minutes)
        return cls(
            program=program,
            service=service,
            clients=clients,
            openings=openings,
            free={pk: mask & suits for pk, mask in openings.free.items()},
            closures=list(Closure.objects.filter(ends_on__gte=first.date(), starts_on__lte=last.date())),
            away=list(TimeOff.objects.filter(counselor__in=counselors, ends_at__gt=first, starts_at__lt=last)),
            busy=list(
                Meeting.objects.occupying().filter(
                    counselor__in=counselors, busy_from__lt=last, busy_from__gt=first - timedelta(days=1)
                )
            ),
            heads=heads,
            now=now,
        )

    def problem_of(self, slot: Slot) -> str:
        """Why this slot cannot be booked, in words; "" if it can."""
        service, start, pk = self.service, slot.starts_at, slot.counselor.pk
        end = start + timedelta(minutes=service.minutes)
        if start >= self.now + FURTHEST:
            return _("More than a year ahead. Book this one later.")
        bit = self.openings.bit(start)
        for client, begins, ends in self.heads:
            if begins < end and ends > start:
                name = next(each.preferred_name for each in self.clients if each.pk == client)
                return _("%(name)s has another appointment then.") % {"name": name}
        if self.free.get(pk, 0) & bit:
            return ""
        rule = self.openings.broken_rule(pk, start)
        if rule != "hours":
            return " ".join(refusal(rule, service).messages)
        if self.openings.allowed.get(pk, 0) & bit:
            return self._occupied(slot, start, end)
        return self._outside(slot, start, end)

    def _occupied(self, slot: Slot, start: datetime, end: datetime) -> str:
        service = self.service
        begins, until = start - timedelta(minutes=service.buffer_before), end + timedelta(minutes=service.buffer_after)
        if any(
            m.counselor_id == slot.counselor.pk and m.busy_from < until and m.busy_until > begins for m in self.busy
        ):
            return _("%(name)s has another appointment then.") % {"name": slot.counselor.name}
        return _("No room is free then.")

    def _outside(self, slot: Slot, start: datetime, end: datetime) -> str:
        name = slot.counselor.name
        for off in self.away:
            if off.counselor_id == slot.counselor.pk and off.starts_at < end and off.ends_at > start:
                return _("%(name)s is away then.") % {"name": name}
        day = start.astimezone(zone_of(slot.counselor.time_zone)).date()
        for closure in self.closures:
            if closure.starts_on <= day <= closure.ends_on:
                return _("Closed: %(holiday)s.") % {"holiday": in_language(closure, "name")}
        return _("Outside the working hours of %(name)s.") % {"name": name}

    def near(self, slot: Slot) -> Iterable[datetime]:
        """Free starts of the slot's counselor within a week of it, the nearest first, on the service's grid."""
        window, wanted = self.openings.window, minute_of(slot.starts_at)
        reach = int(AROUND.total_seconds()) // 60
        mask = self.free.get(slot.counselor.pk, 0) & window.starts(lowest=wanted - reach, below=wanted + reach + 1)
        zone, step = zone_of(slot.counselor.time_zone), self.service.step
        for minute in sorted(minutes_in(mask, window.base), key=lambda minute: (abs(minute - wanted), minute)):
            local = moment_of(minute).astimezone(zone)
            if minute != wanted and (local.hour * 60 + local.minute) % step == 0:
                yield moment_of(minute)

    def others_at(self, slot: Slot) -> list[Counselor]:
        """The program's other counselors who are free at that very time."""
        bit = self.openings.bit(slot.starts_at)
        people = counselors_of(self.program)
        return [each for each in people if each.pk != slot.counselor.pk and self.free.get(each.pk, 0) & bit]
