"""Free slots: open hours less what occupies them, for any number of counselors in three statements.

Truth is kept by the exclusion constraints; busy time is read through covering B-tree indexes bounded on both sides.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from operator import itemgetter
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import connection
from django.utils.translation import gettext as _

from practice.calendar.openings import CELL, Hours, Window, midnight, minute_of, minutes_in, moment_of, open_starts
from practice.catalog.models import Mode, Service
from practice.people.counselors import Counselor
from practice.zones import zone as zone_of

LONGEST = timedelta(hours=16)  # a meeting with its pauses: 480 + 240 + 240 minutes
PUBLIC_DAYS = 62
DIGITS = bytes.maketrans(b"01", b"\0\1")

RULES = """
SELECT 'h', counselor_id, weekday, from_minute, until_minute, time_zone, location_id, valid_from, valid_until
FROM practice_workinghours
WHERE counselor_id = ANY(%(counselors)s) AND valid_from <= %(last)s
  AND (valid_until IS NULL OR valid_until >= %(first)s)
UNION ALL
SELECT 't', counselor_id, NULL, date_part('epoch', starts_at)::bigint / 60,
       (date_part('epoch', ends_at)::bigint + 59) / 60, NULL, NULL, NULL, NULL
FROM practice_timeoff
WHERE counselor_id = ANY(%(counselors)s) AND ends_at > %(start)s AND starts_at < %(end)s
UNION ALL
SELECT 'l', counselor_id, NULL, NULL, NULL, NULL, NULL, NULL, min(expires_on)
FROM practice_licence WHERE counselor_id = ANY(%(counselors)s) GROUP BY counselor_id
UNION ALL
SELECT 'c', NULL, NULL, NULL, NULL, NULL, location_id, starts_on, ends_on
FROM practice_closure WHERE ends_on >= %(first)s AND starts_on <= %(last)s
UNION ALL
SELECT 'r', NULL, NULL, r.id, NULL, l.name, r.location_id, NULL, NULL
FROM practice_service_rooms s JOIN practice_room r ON r.id = s.room_id JOIN practice_location l ON l.id = r.location_id
WHERE s.service_id = %(service)s AND r.is_open AND l.is_open
"""

BUSY = """
SELECT counselor_id, NULL::bigint, array_agg(date_part('epoch', busy_from)::bigint / 60),
       array_agg((date_part('epoch', busy_until)::bigint + 59) / 60),
       array_agg(date_part('epoch', starts_at)::bigint / 60), coalesce(hold_expires_at <= %(now)s, false) AS ran_out
FROM practice_meeting
WHERE counselor_id = ANY(%(counselors)s) AND busy_from >= %(lower)s AND busy_from < %(upper)s
  AND status IN ('held', 'requested', 'confirmed', 'attended', 'missed'){ignore}
GROUP BY counselor_id, ran_out
"""
BUSY_ROOMS = """
UNION ALL
SELECT NULL, room_id, array_agg(date_part('epoch', busy_from)::bigint / 60),
       array_agg((date_part('epoch', busy_until)::bigint + 59) / 60), NULL,
       coalesce(hold_expires_at <= %(now)s, false) AS ran_out
FROM practice_meeting
WHERE room_id = ANY(%(rooms)s) AND busy_from >= %(lower)s AND busy_from < %(upper)s
  AND status IN ('held', 'requested', 'confirmed', 'attended', 'missed'){ignore}
GROUP BY room_id, ran_out
"""
BUSY_CLIENTS = """
UNION ALL
SELECT NULL, NULL, array_agg(date_part('epoch', lower(during))::bigint / 60),
       array_agg((date_part('epoch', upper(during))::bigint + 59) / 60), NULL, false
FROM practice_participant
WHERE client_id = ANY(%(clients)s) AND during && tstzrange(%(lower)s, %(upper)s)
  AND status IN ('held', 'requested', 'confirmed', 'attended', 'missed') AND NOT (meeting_id = ANY(%(ignoring)s))
HAVING count(*) > 0
"""


@dataclass(frozen=True)
class Wish:
    """What somebody is looking for. `earliest` and `latest` are an upper rule's limits on the start, both included.

    In person it may be at one `location` only. Staff may look on another grid (`step` in minutes), for one `room`, and
    outside the hours of people and places. `clients` are the ids of those who come, where they are known: what they are
    in already stands in the way.
    """

    service: Service
    mode: str
    is_new_client: bool = True
    ignoring: tuple[UUID, ...] = ()
    earliest: datetime | None = None
    latest: datetime | None = None
    follows_notice: bool = True
    follows_hours: bool = True
    step: int | None = None
    room: int | None = None
    clients: tuple[UUID, ...] = ()
    location: int | None = None


@dataclass
class Openings:
    """The answer of a search: per counselor the starts the rules allow, and which are free (masks of `window`)."""

    window: Window
    minutes: int
    allowed: dict[UUID, int] = field(default_factory=dict)
    free: dict[UUID, int] = field(default_factory=dict)
    rooms: dict[UUID, list[tuple[int, int, int]]] = field(default_factory=dict)  # (room, location, free starts)
    places: dict[int, str] = field(default_factory=dict)  # in person: where any of them works, with its name
    load: dict[UUID, int] = field(default_factory=dict)  # meetings around the window
    refusals: dict[UUID, list[tuple[str, int]]] = field(default_factory=dict)  # (rule, starts it allows)
    own: int = 0  # starts at which a client is in another meeting
    ran_out: bool = False  # a hold that no longer counts, but still lies in the table, is around

    def starts_of(self, counselor: UUID) -> list[datetime]:
        """Free starts of one counselor, ascending."""
        return [moment_of(m) for m in minutes_in(self.free.get(counselor, 0), self.window.base)]

    def by_time(self, counselors: Iterable[UUID]) -> Iterator[tuple[int, tuple[int, ...]]]:
        """Every start at which anybody is free, ascending, in minutes since 1970, with 1 or 0 for each counselor.

        The loops are Python's own, in C: fifty counselors have ten thousand free starts in four weeks.
        """
        masks = [self.free.get(counselor, 0) for counselor in counselors]
        minutes = minutes_in(any_of(masks), self.window.base)
        if not minutes:
            return iter(())
        cells = [(minute - self.window.base) // CELL for minute in minutes]
        pick = itemgetter(*cells, cells[0])  # of two or more it makes a tuple; zip leaves the last one out
        rows = [pick(f"{mask:0{self.window.cells}b}"[::-1].encode().translate(DIGITS)) for mask in masks]
        return zip(minutes, zip(*rows, strict=True), strict=False)

    def by_start(self) -> list[tuple[int, UUID]]:
        """Every free (start in minutes since 1970, counselor), by start, then in the order the counselors came in."""
        order = {counselor: place for place, counselor in enumerate(self.free)}
        pairs = [(m, c) for c, mask in self.free.items() for m in minutes_in(mask, self.window.base)]
        pairs.sort(key=lambda pair: (pair[0], order[pair[1]]))
        return pairs

    def union(self) -> list[datetime]:
        """Starts at which at least one counselor is free."""
        mask = 0
        for free in self.free.values():
            mask |= free
        return [moment_of(m) for m in minutes_in(mask, self.window.base)]

    def bit(self, start: datetime) -> int:
        """The mask of one start; 0 outside the window or off the 5-minute cells."""
        offset = start.timestamp() / 60 - self.window.base
        cell = int(offset // 5)
        return 1 << cell if offset == cell * 5 and 0 <= cell < self.window.cells else 0

    def starts_at_place(self, place: int) -> list[datetime]:
        """Starts at which somebody is free for a meeting in person at that place, ascending."""
        masks = (starts for rooms in self.rooms.values() for _room, at, starts in rooms if at == place)
        return [moment_of(m) for m in minutes_in(any_of(masks), self.window.base)]

    def room_for(self, counselor: UUID, start: datetime, *, preferred: int | None = None) -> tuple[int, int] | None:
        """A free (room, place) for a meeting in person at that start: the preferred room if it is free."""
        bit = self.bit(start)
        free = [(room, place) for room, place, starts in self.rooms.get(counselor, []) if starts & bit]
        return next((pair for pair in free if pair[0] == preferred), free[0] if free else None)

    def broken_rule(self, counselor: UUID, start: datetime) -> str:
        """The first rule that forbids this start: `hours` where nothing more precise is known.

        Only the hours forbid a start for being off the cells; the other rules look at the next cell of the window.
        """
        cell = -int((self.window.base - start.timestamp() / 60) // CELL)
        bit = 1 << max(min(cell, self.window.cells - 1), 0)
        return next((rule for rule, allowed in self.refusals.get(counselor, []) if not allowed & bit), "hours")


def refusal(rule: str, service: Service) -> ValidationError:
    """Say to the person which rule forbids the start."""
    texts = {
        "past": _("This time has passed. Choose a later one."),
        "notice": _("This time is too soon. Choose a later one."),
        "horizon": _("This time is too far ahead. You can book up to %(days)s days ahead.")
        % {"days": service.horizon_days},
        "limits": _("Sessions keep their order and distance. Choose a time between the one before and the one after."),
        "full_day": _("This day is full. Choose another day."),
        "licence": _("The counselor takes no bookings on this day."),
        "hours": _("The counselor takes no appointments at this time. Choose one of the times shown."),
    }
    return ValidationError(texts[rule], code=rule)


def find_openings(wish: Wish, counselors: Iterable[Counselor], window: Window, *, now: datetime) -> Openings:
    """Find every start in the window at which each counselor is allowed and free to give this service.

    Runs two statements and never writes. `counselors` are those who may be asked, already loaded.
    """
    people = {counselor.pk: counselor for counselor in counselors}
    openings = Openings(window, wish.service.minutes)
    if not people or not window.cells:
        return openings
    in_person = wish.mode == Mode.IN_PERSON
    hours, away, licences, closures, rooms, names = read_rules(
        list(people), window, wish.service.pk if in_person else None
    )
    rooms = [pair for pair in rooms if wish.room in (None, pair[0]) and wish.location in (None, pair[1])]
    busy, busy_rooms, own, openings.ran_out = read_busy(
        wish, list(people), [room for room, _place in rooms], window, now=now
    )
    service = wish.service
    openings.own = window.blocked(own, before=0, after=service.minutes)
    reach = {"before": service.buffer_before, "after": service.minutes + service.buffer_after}
    room_masks = [
        (room, place, window.everything & ~window.blocked(busy_rooms.get(room, ((), ())), **reach))
        for room, place in rooms
    ]
    common = common_rules(wish, window, now=now)
    for pk, counselor in people.items():
        spans = busy.get(pk, ((), (), ()))
        openings.load[pk] = len(spans[0])
        rules = [
            *common,
            ("licence", licensed_starts(licences.get(pk), counselor.time_zone, window)),
            ("full_day", days_with_room(spans[2], counselor.time_zone, service.per_day_cap, window)),
        ]
        here = window.everything
        for _rule, allowed in rules:
            here &= allowed
        here &= ~window.blocked(away.get(pk, ((), ())), before=0, after=service.minutes)
        free = here & ~window.blocked(spans[:2], **reach) & ~openings.own
        by_place = open_by_place(hours.get(pk, ()), closures, window, service, wish.step or service.step)
        if not wish.follows_hours:
            by_place = dict.fromkeys([None, *(place for _room, place in rooms)], window.everything)
        openings.refusals[pk] = rules
        if in_person:
            places = {place for _room, place, _mask in room_masks}
            openings.places |= {place: names[place] for place in places & by_place.keys()}
            openings.rooms[pk] = [
                (room, place, free & mask & by_place.get(place, 0)) for room, place, mask in room_masks
            ]
            openings.allowed[pk] = here & any_of(by_place.get(place, 0) for place in places)
            openings.free[pk] = any_of(mask for _room, _place, mask in openings.rooms[pk])
        else:
            openings.allowed[pk] = here & any_of(by_place.values())
            openings.free[pk] = free & openings.allowed[pk]
    return openings


def any_of(masks: Iterable[int]) -> int:
    together = 0
    for mask in masks:
        together |= mask
    return together


def common_rules(wish: Wish, window: Window, *, now: datetime) -> list[tuple[str, int]]:
    """The rules that hold for every counselor alike, with the starts each allows."""
    service, today = wish.service, minute_of(now)
    rules = [("past", window.starts(lowest=today + 1))]
    if wish.follows_notice:
        notice = max(service.notice, service.notice_new_client) if wish.is_new_client else service.notice
        rules.append(("notice", window.starts(lowest=-(-int(now.timestamp() + notice * 60) // 60))))
        rules.append(("horizon", window.starts(below=today + service.horizon_days * 24 * 60 + 1)))
    if wish.earliest or wish.latest:
        lowest = wish.earliest and minute_of(wish.earliest)
        below = wish.latest and minute_of(wish.latest) + 1
        rules.append(("limits", window.starts(lowest=lowest, below=below)))
    return rules


@lru_cache(maxsize=4_000)
def licensed_starts(expires_on: date | None, zone_name: str, window: Window) -> int:
    """The starts before a licence expires, at the end of that day in the counselor's zone."""
    if expires_on is None:
        return window.everything
    last_moment = midnight(expires_on + timedelta(days=1), zone_of(zone_name))
    return window.starts(below=minute_of(last_moment))


def open_by_place(hours, closures, window: Window, service: Service, step: int) -> dict[int | None, int]:
    """Starts that the working hours offer, by the place they are worked at (None: from anywhere)."""
    found: dict[int | None, int] = {}
    for row in hours:
        closed = closures.get(None, frozenset())
        if row.location is not None:
            closed |= closures.get(row.location, frozenset())
        starts = open_starts(row, closed, window, step, service.minutes)
        found[row.location] = found.get(row.location, 0) | starts
    return found


@lru_cache(maxsize=4_000)
def day_bounds(zone_name: str, window: Window) -> tuple[int, ...]:
    """Instants of the local midnights that cut the window into days, the first before it, the last past its end."""
    zone = zone_of(zone_name)
    day = moment_of(window.base).astimezone(zone).date()
    bounds = [minute_of(midnight(day, zone))]
    while bounds[-1] < window.end:
        day += timedelta(days=1)
        bounds.append(minute_of(midnight(day, zone)))
    return tuple(bounds)


def days_with_room(starts: Iterable[int], zone_name: str, cap: int, window: Window) -> int:
    """The starts on days on which the counselor has fewer meetings than the cap."""
    if not starts or len(starts) < cap:
        return window.everything
    bounds = day_bounds(zone_name, window)
    mask, ordered, at = window.everything, sorted(starts), 0
    for low, high in pairwise(bounds):
        while at < len(ordered) and ordered[at] < low:
            at += 1
        first = at
        while at < len(ordered) and ordered[at] < high:
            at += 1
        if at - first >= cap:
            mask &= ~window.starts(lowest=low, below=high)
    return mask


def rooms_of(service: Service) -> list[tuple[int, int]]:
    """The (room, place) pairs this service can use, in a steady order: one statement, kept on the instance."""
    if "rooms_open" not in service.__dict__:
        service.rooms_open = list(
            service.rooms.filter(is_open=True, location__is_open=True).order_by("pk").values_list("pk", "location_id")
        )
    return service.rooms_open


def read_rules(counselors: list[UUID], window: Window, service: int | None):
    """Hours, time off, licences and closures that touch the window, the rooms of the service and the names of their
    places: one statement.
    """
    start, end = moment_of(window.base), moment_of(window.end)
    first, last = start.date() - timedelta(days=2), end.date() + timedelta(days=2)
    hours, away, licences, closures, rooms, names = {}, {}, {}, {}, [], {}
    bounds = {
        "counselors": counselors,
        "first": first,
        "last": last,
        "start": start,
        "end": end + LONGEST,
        "service": service,
    }
    with connection.cursor() as cursor:
        cursor.execute(RULES, bounds)
        for what, who, weekday, low, high, text, place, begins, ends in cursor.fetchall():
            if what == "h":
                until = ends.toordinal() if ends else date.max.toordinal()
                row = Hours(weekday, low, high, text, place, begins.toordinal(), until)
                hours.setdefault(who, []).append(row)
            elif what == "t":
                spans = away.setdefault(who, ([], []))
                spans[0].append(low)
                spans[1].append(high)
            elif what == "l":
                licences[who] = ends
            elif what == "r":
                rooms.append((low, place))
                names[place] = text
            else:
                begins, ends = max(begins, first), min(ends, last)
                closed = closures.get(place, frozenset())
                closures[place] = closed | frozenset(range(begins.toordinal(), ends.toordinal() + 1))
    return hours, away, licences, closures, sorted(rooms), names


def read_busy(wish: Wish, counselors: list[UUID], rooms: list[int], window: Window, *, now: datetime):
    """Occupied time around the window, by counselor, by room and of the clients, in minutes since 1970: one statement.

    Also whether there are holds that ran out: they occupy nothing, but the constraints still know them.
    """
    widening = timedelta(hours=26)  # whole local days on both sides, so that the cap counts them
    bounds = {
        "counselors": counselors,
        "rooms": rooms,
        "lower": moment_of(window.base) - widening - LONGEST,
        "upper": moment_of(window.end) + widening,
        "now": now,
        "ignoring": list(wish.ignoring),
        "clients": list(wish.clients),
    }
    ignore = " AND NOT (id = ANY(%(ignoring)s))" if wish.ignoring else ""
    statement = (BUSY + BUSY_ROOMS if rooms else BUSY).format(ignore=ignore) + (BUSY_CLIENTS if wish.clients else "")
    by_counselor, by_room, of_clients, some_ran_out = {}, {}, ((), ()), False
    with connection.cursor() as cursor:
        cursor.execute(statement, bounds)
        for who, room, begins, ends, starts, ran_out in cursor.fetchall():
            if ran_out:
                some_ran_out = True
            elif who is not None:
                by_counselor[who] = (begins, ends, starts)
            elif room is not None:
                by_room[room] = (begins, ends)
            else:
                of_clients = (begins, ends)
    return by_counselor, by_room, of_clients, some_ran_out


def nearest(openings: Openings, start: datetime, *, most: int = 3) -> list[tuple[datetime, UUID]]:
    """The free starts nearest to `start`, as (start, counselor), at most one for each start, in order of time."""
    wanted, seen, chosen = minute_of(start), set(), []
    for minute, counselor in sorted(openings.by_start(), key=lambda pair: (abs(pair[0] - wanted), pair[0])):
        if minute not in seen:
            seen.add(minute)
            chosen.append((moment_of(minute), counselor))
        if len(chosen) == most:
            break
    return sorted(chosen, key=lambda pair: pair[0])


def window_of(first: date, last: date, zone: ZoneInfo) -> Window:
    """The window of a search over local days. Raise ValidationError if it is backwards or over 62 days."""
    if last < first:
        raise ValidationError(_("The last day lies before the first."), code="window")
    if (last - first).days >= PUBLIC_DAYS:
        raise ValidationError(_("Search at most %(days)s days at once.") % {"days": PUBLIC_DAYS}, code="window")
    return Window.of_days(first, last, zone)
