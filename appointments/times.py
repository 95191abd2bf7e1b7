"""Free times as a person reads them: a week of days with times, in one zone, and where to look next."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appointments.choices import ANY, Offer, read_moment
from practice import formats
from practice.calendar.openings import CELL, moment_of
from practice.calendar.slots import PUBLIC_DAYS, Openings, Wish, find_openings, window_of
from practice.catalog.models import Location, Mode, Service
from practice.people.counselors import Counselor
from practice.zones import other_zone

DAYS_SHOWN = 7
DAYS_SEARCHED = 28
MOST_A_DAY = 2  # of the next times of a counselor: a single morning would say little
PARTS = {
    "morning": (gettext_lazy("Morning"), time(0), time(12)),
    "midday": (gettext_lazy("Midday"), time(12), time(15)),
    "afternoon": (gettext_lazy("Afternoon"), time(15), time(18)),
    "evening": (gettext_lazy("Evening"), time(18), time.max),
}

Search = Callable[[date, date], list[datetime]]


@dataclass(frozen=True)
class Asked:
    """What somebody asks the list of times for: whom (a slug, or any), how, from which day, which part of the day.

    In person also where: the id of a place, or None if that is open.
    """

    counselor: str
    mode: str
    first: date
    part: str = ""
    start: datetime | None = None
    place: int | None = None

    def query(self, **changes) -> str:
        """The same question as the query of an address, with some of it changed."""
        asked = replace(self, **changes)
        words = {
            "counselor": asked.counselor,
            "mode": asked.mode,
            "place": asked.place,
            "from": asked.first.isoformat(),
            "part": asked.part,
        }
        return urlencode({name: word for name, word in words.items() if word})


def read_asked(data, offer: Offer, *, today: date, zone: ZoneInfo) -> Asked:
    """What the address or form asks for; what cannot be understood counts as not asked."""
    slugs = {counselor.slug for counselor in offer.counselors}
    start = read_start(data.get("start", ""))
    try:
        first = DAY_FIELD.clean(data.get("from", "")) or (start.astimezone(zone).date() if start else today)
    except ValidationError:
        first = today
    last = today + timedelta(days=offer.service.horizon_days)
    mode = data.get("mode") if data.get("mode") in offer.service.modes else offer.service.modes[0]
    return Asked(
        counselor=data.get("counselor") if data.get("counselor") in slugs else ANY,
        mode=mode,
        first=min(max(first, today), last),
        part=data.get("part") if data.get("part") in PARTS else "",
        start=start,
        place=read_place(data) if mode == Mode.IN_PERSON else None,
    )


def read_place(data) -> int | None:
    """The id of the place that an address or form names; None if it names none."""
    text = data.get("place", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


# What a date picker sends, and what is typed where there is none.
DAY_FIELD = forms.DateField(required=False, input_formats=["%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y"])


def is_day(text: str) -> bool:
    """True for a date in one of the usual ways of writing it, and for nothing at all."""
    try:
        DAY_FIELD.clean(text)
    except ValidationError:
        return False
    return True


def read_start(text: str) -> datetime | None:
    """The instant that a radio button or link names, in UTC; None if it names none."""
    try:
        return read_moment(text).astimezone(UTC)
    except ValidationError:
        return None


def written_start(start: datetime) -> str:
    """A start as radio buttons, hidden fields and links carry it."""
    return f"{start.astimezone(UTC):%Y-%m-%dT%H:%MZ}"


@dataclass
class Time:
    """One free time as a radio button: its value, what is seen, and what is read out after it."""

    value: str
    label: str
    full: str
    is_checked: bool = False
    is_now: bool = False


@dataclass
class Day:
    on: date
    times: list[Time]

    @property
    def name(self) -> str:
        return formats.day(self.on, year=False)

    @property
    def near(self) -> str:
        """Today, tomorrow, the day after; else nothing."""
        return formats.near_day(self.on, timezone.localdate())


@dataclass
class Week:
    """Seven days from `first`: those with free times, and which days around it are worth a look."""

    first: date
    last: date
    days: list[Day] = field(default_factory=list)
    skipped: tuple[date, date] | None = None  # the days asked for, if they had nothing
    earlier: date | None = None
    later: date | None = None

    @property
    def count(self) -> int:
        return sum(len(day.times) for day in self.days)

    @property
    def without_times(self) -> str:
        """The days without free times in one sentence, or nothing."""
        busy = {day.on for day in self.days}
        span = [self.first + timedelta(days=ahead) for ahead in range((self.last - self.first).days + 1)]
        empty = [on for on in span if on not in busy]
        if not self.days or not empty:
            return ""
        if len(empty) > 3:
            return _("The other days have no free times.")
        names = get_text_list([formats.day(on, year=False).split(",")[0] for on in empty], _("and"))
        return _("No free times on %(days)s.") % {"days": names}


def find_week(search: Search, asked: Asked, *, today: date, last: date, zone: ZoneInfo, current=None) -> Week:
    """The week from the day asked for, or the first later one with free times.

    `search` gives the free starts of some days, both included, and is asked at most twice. Nothing before `today` or
    after `last` is looked at. `current` is the start of the meeting being moved.
    """
    first = min(max(asked.first, today), last)
    until = min(first + timedelta(days=DAYS_SEARCHED - 1), last)
    starts = in_part(search(first, until), asked.part, zone)
    if not starts and until < last:
        further = until + timedelta(days=1)
        until = min(until + timedelta(days=PUBLIC_DAYS), last)
        starts = in_part(search(further, until), asked.part, zone)
    skipped = None
    if starts and starts[0].astimezone(zone).date() > first + timedelta(days=DAYS_SHOWN - 1):
        skipped = (first, first + timedelta(days=DAYS_SHOWN - 1))
        first = starts[0].astimezone(zone).date()
    week_ends = min(first + timedelta(days=DAYS_SHOWN - 1), last)
    week = Week(first, week_ends, skipped=skipped)
    week.days = days_of((start for start in starts if start.astimezone(zone).date() <= week_ends), asked, zone, current)
    if first > today:
        week.earlier = max(today, first - timedelta(days=DAYS_SHOWN))
    if week_ends < last and (until < last or (starts and starts[-1].astimezone(zone).date() > week_ends)):
        week.later = week_ends + timedelta(days=1)
    return week


def in_part(starts: Iterable[datetime], part: str, zone: ZoneInfo) -> list[datetime]:
    """The starts that lie in this part of the day, on the person's clock."""
    if part not in PARTS:
        return list(starts)
    _label, begins, ends = PARTS[part]
    return [start for start in starts if begins <= start.astimezone(zone).time() < ends]


def days_of(starts: Iterable[datetime], asked: Asked, zone: ZoneInfo, current: datetime | None = None) -> list[Day]:
    """Starts as days with radio buttons. Where clocks turn back, the second time of a name carries its zone."""
    days: list[Day] = []
    for start in starts:
        local = start.astimezone(zone)
        if not days or days[-1].on != local.date():
            days.append(Day(local.date(), []))
        day = days[-1]
        label = formats.clock(local, zone)
        if any(time.label == label for time in day.times[-12:]):
            label = f"{label} ({formats.zone_name(zone, start)})"
        full = day.name.replace(",", "")
        day.times.append(Time(written_start(start), label, full, start == asked.start, start == current))
    return days


def time_choices(search: Search, asked: Asked, *, today: date, last: date, zone: ZoneInfo, now: datetime, current=None):
    """A search and its list of times for a template."""
    week = find_week(search, asked, today=today, last=last, zone=zone, current=current)
    return week_choices(week, asked, today=today, last=last, zone=zone, now=now)


def week_choices(week: Week, asked: Asked, *, today: date, last: date, zone: ZoneInfo, now: datetime):
    """The list of times for a template: the week, and the queries that lead to its neighbours and parts of the day."""
    here = replace(asked, first=week.first)
    parts = {"": _("All day"), **{name: label for name, (label, _begins, _ends) in PARTS.items()}}
    return {
        "asked": here,
        "week": week,
        "today": today,
        "last_day": last,
        "zone_label": zone_label(zone, now),
        "parts": [
            {"label": label, "query": asked.query(part=name), "is_current": name == asked.part}
            for name, label in parts.items()
        ],
        "earlier": here.query(first=week.earlier) if week.earlier else "",
        "later": here.query(first=week.later) if week.later else "",
        "all_day": asked.query(part=""),
        "anyone": asked.query(counselor=ANY),
        "is_gone": bool(asked.start) and not any(time.is_checked for day in week.days for time in day.times),
    }


@dataclass
class TimeSearch:
    """A search over local days for the starts at which any of these counselors is free.

    In person it is for one `place`: the one asked for, else that of the first free start. `places` are all at which
    these counselors work, by id with their names, once it has searched.
    """

    wish: Wish
    counselors: list[Counselor]
    zone: ZoneInfo
    now: datetime
    place: int | None = None
    places: dict[int, str] = field(default_factory=dict)

    def __call__(self, first: date, last: date) -> list[datetime]:
        openings = find_openings(self.wish, self.counselors, window_of(first, last, self.zone), now=self.now)
        if self.wish.mode != Mode.IN_PERSON:
            return openings.union()
        self.places |= openings.places
        starts = {place: openings.starts_at_place(place) for place in openings.places}
        if self.place not in self.places:
            self.place = min(((found[0], place) for place, found in starts.items() if found), default=(None, None))[1]
        return starts.get(self.place, [])

    def choices(self, asked: Asked) -> list[dict]:
        """The places for a template, by name, each with the query that leads to its times."""
        return [
            {"label": name, "query": asked.query(place=place), "is_current": place == self.place}
            for place, name in sorted(self.places.items(), key=lambda pair: pair[1])
        ]


def easiest_mode(service: Service) -> str:
    """The mode with the most free times: one that needs no room, if there is one."""
    return next((mode for mode in service.modes if mode != Mode.IN_PERSON), service.modes[0])


def coming_weeks(service: Service, counselors, zone: ZoneInfo, *, is_new_client: bool, now: datetime) -> Openings:
    """What is free within four weeks, for pages that show the next times only."""
    today = now.astimezone(zone).date()
    window = window_of(today, today + timedelta(days=DAYS_SEARCHED - 1), zone)
    return find_openings(Wish(service, easiest_mode(service), is_new_client=is_new_client), counselors, window, now=now)


def first_start(openings: Openings) -> datetime | None:
    """The earliest time at which anybody is free."""
    starts = [next_starts(openings, counselor, most=1) for counselor in openings.free]
    return min((start for found in starts for start in found), default=None)


def next_starts(openings: Openings, counselor: UUID, *, most: int, zone: ZoneInfo | None = None) -> list[datetime]:
    """The next free starts of one counselor, with a zone at most two on a day."""
    mask, found, on_day = openings.free.get(counselor, 0), [], {}
    while mask and len(found) < most:
        lowest = mask & -mask
        mask ^= lowest
        start = moment_of(openings.window.base + (lowest.bit_length() - 1) * CELL)
        if zone:
            on = start.astimezone(zone).date()
            on_day[on] = on_day.get(on, 0) + 1
            if on_day[on] > MOST_A_DAY:
                continue
        found.append(start)
    return found


@dataclass(frozen=True)
class NextTimes:
    """A counselor and the next times at which they are free for a service."""

    counselor: Counselor
    service: Service | None
    starts: list[datetime]

    @property
    def links(self) -> list[dict]:
        """Each start with the query by which the list of times opens with it chosen."""
        mode = easiest_mode(self.service) if self.service else ""
        return [
            {
                "start": start,
                "query": urlencode({"counselor": self.counselor.slug, "mode": mode, "start": written_start(start)}),
            }
            for start in self.starts
        ]


def zone_label(zone, at: datetime) -> str:
    """The zone as the list of times names it: "WIB (Jakarta)", or "Berlin, UTC+1"."""
    short = formats.zone_name(zone, at)
    city = str(zone).rsplit("/", 1)[-1].replace("_", " ")
    return f"{short} ({city})" if str(zone) in formats.INDONESIAN_ZONES else short


def other_clock(counselor: Counselor, location: Location | None, zone: ZoneInfo, at: datetime) -> str:
    """The zone at the other end of the appointment, if its clocks show another time then; else nothing."""
    return other_zone((location or counselor).time_zone, zone, at)
