"""Free times as the desk looks for them: a week, of one counselor or of all, and the next moment for a walk-in."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from practice import formats
from practice.calendar.openings import CELL, Window
from practice.calendar.reserving import Wanted, offer_alternatives
from practice.calendar.slots import Wish, find_openings
from practice.catalog.models import Service
from practice.people.models import Client, Counselor

DAYS_SHOWN = 7
DAYS_SEARCHED = 28


@dataclass(frozen=True)
class Search:
    """What is looked for: a service, whom to ask, how and where, from which day on.

    `releasing` are meetings that make way: the one being moved. What the `clients` are in already stands in the way.
    """

    service: Service
    counselors: Sequence[Counselor]
    mode: str
    first: date
    room: int | None = None
    releasing: tuple[UUID, ...] = ()
    earliest: datetime | None = None
    latest: datetime | None = None
    clients: Sequence[Client] = ()

    def wish(self) -> Wish:
        """Staff may ignore notice and horizon, and nothing else."""
        return Wish(
            service=self.service,
            mode=self.mode,
            is_new_client=False,
            ignoring=self.releasing,
            earliest=self.earliest,
            latest=self.latest,
            follows_notice=False,
            room=self.room,
            clients=tuple(client.pk for client in self.clients),
        )

    def wanted(self, starts_at: datetime, **more) -> Wanted:
        """A meeting at that start, on any 5 minutes of the working hours."""
        return Wanted(
            service=self.service,
            candidates=self.counselors,
            starts_at=starts_at,
            mode=self.mode,
            is_new_client=False,
            follows_notice=False,
            step=CELL,
            room=self.room,
            clients=self.clients,
            **more,
        )


@dataclass(frozen=True)
class Time:
    """One start as a radio button: its value, what is seen, and what is read out after it."""

    value: str
    label: str
    full: str


@dataclass
class Day:
    on: date
    times: list[Time] = field(default_factory=list)

    @property
    def name(self) -> str:
        return formats.day(self.on, year=False)


@dataclass
class FreeTimes:
    """The free times of a week, whether it is the week asked for, and the way to its neighbours."""

    first: date
    last: date
    days: list[Day]
    is_later: bool
    now: Time | None
    earlier: date | None

    @property
    def later(self) -> date:
        return self.last + timedelta(days=1)


def find_times(search: Search, *, zone: ZoneInfo, now: datetime) -> FreeTimes:
    """The free starts of seven days from the day asked for, or from the first day within four weeks that has any.

    With today among the days asked for, also the next five minutes, for a client who is here. Takes four statements.
    """
    today = now.astimezone(zone).date()
    first = max(search.first, today)
    window = Window.of_days(first, first + timedelta(days=DAYS_SEARCHED - 1), zone)
    starts = find_openings(search.wish(), search.counselors, window, now=now).union()
    found = [start.astimezone(zone) for start in starts]
    shown_from = first
    if found and found[0].date() > first + timedelta(days=DAYS_SHOWN - 1):
        shown_from = found[0].date()
    last = shown_from + timedelta(days=DAYS_SHOWN - 1)
    return FreeTimes(
        first=shown_from,
        last=last,
        days=days_of([start for start in found if start.date() <= last], zone),
        is_later=shown_from > first,
        now=next_moment(search, zone=zone, now=now) if first == today else None,
        earlier=max(today, shown_from - timedelta(days=DAYS_SHOWN)) if shown_from > today else None,
    )


def days_of(starts: Sequence[datetime], zone: ZoneInfo) -> list[Day]:
    """Starts by day. Where clocks turn back, the second time of a name carries its zone."""
    days: list[Day] = []
    for start in starts:
        local = start.astimezone(zone)
        if not days or days[-1].on != local.date():
            days.append(Day(local.date()))
        label = formats.clock(local, zone)
        if any(time.label == label for time in days[-1].times):
            label = f"{label} ({formats.zone_name(zone, start)})"
        days[-1].times.append(time_of(start, label, zone))
    return days


def next_moment(search: Search, *, zone: ZoneInfo, now: datetime) -> Time | None:
    """The next start on a five-minute mark, if somebody is at work and free then: for a client at the door."""
    start = datetime.fromtimestamp((int(now.timestamp()) // (CELL * 60) + 1) * CELL * 60, tz=UTC)
    wish = replace(search.wish(), step=CELL)
    openings = find_openings(wish, search.counselors, Window.between(start, start + timedelta(minutes=CELL)), now=now)
    if not openings.union():
        return None
    return time_of(start, formats.clock(start, zone), zone)


def time_of(start: datetime, label: str, zone: ZoneInfo) -> Time:
    return Time(written(start), label, formats.day(start.astimezone(zone), year=False).replace(",", ""))


def nearest_times(search: Search, start: datetime, *, zone: ZoneInfo, now: datetime) -> list[Day]:
    """The three free starts nearest to one that was lost, by day."""
    limits = {"earliest": search.earliest, "latest": search.latest}
    found = offer_alternatives(replace(search.wanted(start), step=None, releasing=search.releasing, **limits), now=now)
    return days_of([at for at, _counselor in found], zone)


def zone_label(zone: ZoneInfo, at: datetime) -> str:
    """The zone as a list of times names it: "WIB (Jakarta)", or "Berlin, UTC+1"."""
    short = formats.zone_name(zone, at)
    city = str(zone).rsplit("/", 1)[-1].replace("_", " ")
    return f"{short} ({city})" if str(zone) in formats.INDONESIAN_ZONES else short


def written(start: datetime) -> str:
    """A start as a radio button carries it."""
    return f"{start.astimezone(UTC):%Y-%m-%dT%H:%MZ}"


def read_start(text: str) -> datetime | None:
    """The instant that a radio button names; None for anything else."""
    try:
        found = datetime.strptime(text, "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC) if text.isascii() else None
    except ValueError:
        return None
    return found if found and 2000 <= found.year < 2100 else None
