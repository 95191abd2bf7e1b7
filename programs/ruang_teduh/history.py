"""Years of past meetings, written in bulk: full working days, no two at the same time, every constraint in force.

PostgreSQL takes rows fastest by COPY, and two connections use two cores. Rows go in by the order of time: with one
counselor after the other, the exclusion constraints take twice as long.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from itertools import islice, takewhile
from random import Random
from threading import Lock
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Model

from appointments.models import Consultation, NextStep
from practice.calendar.actions import CARE_LASTS
from practice.calendar.models import Meeting, Participant, WorkingHours
from practice.calendar.openings import moment_of, plain_day
from practice.calendar.schedules import coming_holidays
from practice.catalog.models import Kind, Mode, Service
from practice.people.models import Client, Counselor
from programs.ruang_teduh.dice import References, dice

AT_ONCE = 20_000  # meetings in a transaction
MOST_WRITERS = 4
MINUTES = 60  # only services of this length are told about
EVERY = 90  # minutes from start to start: the meeting, its pause, the next half hour
DAY = 24 * 60
BOOKED_BEFORE, CANCELLED_BEFORE = 6 * DAY + 95, 2 * DAY + 35  # minutes before the start
OLDEST = date(1990, 1, 1).toordinal()
NULL = "\\N"  # as COPY writes it

MEETING = (
    "id", "reference", "counselor", "service", "mode", "status", "version", "starts_at", "ends_at", "busy_from",
    "busy_until", "hold_key", "price", "free_cancel_until", "free_move_until", "moves_left", "ended_by", "is_late",
    "booked_at", "changed_at",
)  # fmt: skip
PARTICIPANT = ("id", "meeting", "client", "attendance", "status")  # the database copies time and status itself
CONSULTATION = ("id", "meeting", "client", "next_step", "created_at", "recorded_at")
ENDINGS = [  # up to this chance: status, whose doing, attendance
    (0.88, "attended", "", "attended"),
    (0.93, "missed", "client", "missed"),
    (0.98, "cancelled", "client", ""),
    (1.00, "cancelled", "counselor", ""),
]
KINDS = [(0.75, Kind.SESSION), (0.93, Kind.CONSULTATION), (1.00, Kind.INITIAL)]

CARE = """
INSERT INTO practice_carerelationship AS c (client_id, counselor_id, started_at, ends_at)
SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::timestamptz[], %s::timestamptz[])
ON CONFLICT (client_id, counselor_id) DO UPDATE
SET started_at = least(c.started_at, excluded.started_at), ends_at = greatest(c.ends_at, excluded.ends_at)
"""
KNOWN_SINCE = """
UPDATE practice_client AS c SET created_at = least(c.created_at, known.since)
FROM unnest(%s::uuid[], %s::timestamptz[]) AS known (client, since)
WHERE known.client = c.id
"""


@dataclass
class Course:
    """One counselor's part of the past. `days` maps ordinals to starts of that day in minutes from local midnight."""

    counselor: Counselor
    clients: list[UUID]
    days: dict[int, Sequence[int]]
    next_number: int
    rng: Random


class Past:
    """What lies before the stories, planned; `write` puts it into the database.

    The clients of a counselor are theirs alone, so nobody is in two places at once.
    """

    def __init__(self, *, pairs: Iterable[tuple[Client, Counselor]], services: dict[str, Service], country: str):
        self.services = {s.kind: s for s in services.values() if s.minutes == MINUTES}
        self.country = country
        self.clients: dict[Counselor, list[UUID]] = {}
        for client, counselor in pairs:
            self.clients.setdefault(counselor, []).append(client.pk)
        self.courses: list[Course] = []
        self.written, self.lock = 0, Lock()

    def plan(self, *, seed: int, until: date, since: date | None = None, count: int | None = None, number: int) -> None:
        """Decide whose days it fills: `count` meetings in all, as far back as they need, or full days back to `since`.

        References are taken from `number` on. Raise ValueError if there are not enough days since 1990.
        """
        share, rest = divmod(count or 0, len(self.clients))
        for place, (counselor, clients) in enumerate(self.clients.items()):
            days = working_days(counselor, until=until, country=self.country)
            if count is None:
                taken = dict(takewhile(lambda day: day[0] >= since.toordinal(), days))
            else:
                taken = first_meetings(days, share + (place < rest))
            self.courses.append(Course(counselor, clients, taken, number, dice(seed, "past", place)))
            number += sum(map(len, taken.values()))

    @property
    def total(self) -> int:
        return sum(len(starts) for course in self.courses for starts in course.days.values())

    def write(self, references: References, report: Callable[[int, int], None] = lambda written, total: None) -> None:
        """Write it all by several connections, in many transactions; `report` hears how far it is."""
        writers = min(MOST_WRITERS, os.cpu_count() or 1, len(self.courses))
        with ThreadPoolExecutor(writers) as pool:
            parts = [self.courses[first::writers] for first in range(writers)]
            sheets = list(pool.map(lambda part: self._write_part(part, references, report), parts))
        self._remember(sheets)

    def _remember(self, sheets):
        """Since when each client is known, who cared for whom until when, since when each counselor works here."""
        care = [row for sheet in sheets for row in sheet.care_rows()]
        known = [(client, moment_of(minute)) for sheet in sheets for client, minute in sheet.known.items()]
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(CARE, columns(care, 4))
            cursor.execute(KNOWN_SINCE, columns(known, 2))
            for course in self.courses:
                first_day = date.fromordinal(min(course.days, default=date.max.toordinal()))
                hours = WorkingHours.objects.filter(counselor=course.counselor, valid_from__gt=first_day)
                hours.update(valid_from=first_day)

    def _write_part(self, courses, references, report) -> "Sheet":
        """Write some counselors' courses by the order of time; return what is known of their clients then."""
        sheet = Sheet(self.services, references)
        try:
            for ordinal in sorted(set().union(*(course.days for course in courses))):
                for course in courses:
                    sheet.add_day(course, ordinal)
                if len(sheet.meetings) >= AT_ONCE:
                    self._flush(sheet, report)
            self._flush(sheet, report)
        finally:
            connection.close()
        return sheet

    def _flush(self, sheet, report):
        count = len(sheet.meetings)
        sheet.flush()
        with self.lock:
            self.written += count
            report(self.written, self.total)


class Sheet:
    """Rows on their way into the database, as text for COPY. Minutes are counted from 1970."""

    def __init__(self, services: dict[str, Service], references: References):
        self.services, self.references = services, references
        self.meetings: list[str] = []
        self.participants: list[str] = []
        self.consultations: list[str] = []
        self.care: dict[tuple[UUID, UUID], list[int]] = {}  # (client, counselor) → first booking, last end
        self.known: dict[UUID, int] = {}  # client → first booking
        self.stamps: dict[int, str] = {}

    def add_day(self, course: Course, ordinal: int) -> None:
        starts = course.days.get(ordinal, ())
        midnight = plain_day(course.counselor.time_zone, ordinal) if starts else None
        if midnight is not None:  # a day on which clocks change is left out
            for minute in starts:
                self.add(course, midnight + minute)

    def add(self, course: Course, start: int) -> None:
        """One meeting at `start`, with its client, and what a consultation leaves besides."""
        rng, stamp = course.rng, self.stamp
        status, party, attendance = pick(ENDINGS, rng.random())
        service = self.services[pick(KINDS, rng.random())[0]]
        number, course.next_number = course.next_number, course.next_number + 1
        client = course.clients[number % len(course.clients)]
        pk, end, booked = hex_id(rng), start + MINUTES, start - BOOKED_BEFORE
        changed = start - CANCELLED_BEFORE if status == "cancelled" else end
        self.meetings.append(
            f"{pk}\t{self.references[number]}\t{course.counselor.pk}\t{service.pk}\t{Mode.VIDEO.value}\t{status}\t1\t"
            f"{stamp(start)}\t{stamp(end)}\t{stamp(start - service.buffer_before)}\t{stamp(end + service.buffer_after)}"
            f"\t\t{service.price}\t{stamp(start - service.free_cancel)}\t{stamp(start - service.free_move)}\t"
            f"{service.moves_allowed}\t{party}\tf\t{stamp(booked)}\t{stamp(changed)}"
        )
        self.participants.append(f"{hex_id(rng)}\t{pk}\t{client}\t{attendance}\t")
        if service.kind != Kind.SESSION:
            next_step, recorded = (NextStep.NOTHING.value, stamp(end)) if status == "attended" else ("", NULL)
            self.consultations.append(f"{hex_id(rng)}\t{pk}\t{client}\t{next_step}\t{stamp(booked)}\t{recorded}")
        self.known.setdefault(client, booked)
        if status != "cancelled":
            self.care.setdefault((client, course.counselor.pk), [booked, end])[1] = end

    def stamp(self, minute: int) -> str:
        text = self.stamps.get(minute)
        if text is None:
            text = self.stamps[minute] = moment_of(minute).strftime("%Y-%m-%d %H:%M+00")
        return text

    def flush(self) -> None:
        """Write the rows in one transaction, and begin anew."""
        with transaction.atomic(), connection.cursor() as cursor:
            # Without a value, every call of a trigger would fail inside and start again: thirty times slower.
            cursor.execute("SELECT set_config('pgtrigger.ignore', '{}', true)")
            for model, names, rows in [
                (Meeting, MEETING, self.meetings),
                (Participant, PARTICIPANT, self.participants),
                (Consultation, CONSULTATION, self.consultations),
            ]:
                columns, ending = columns_of(model, names)
                with cursor.copy(f"COPY {model._meta.db_table} ({columns}) FROM STDIN") as copy:
                    for first in range(0, len(rows), 500):
                        copy.write(ending.join(rows[first : first + 500]) + ending)
        self.meetings, self.participants, self.consultations, self.stamps = [], [], [], {}

    def care_rows(self) -> list[tuple[UUID, UUID, datetime, datetime]]:
        return [
            (client, counselor, moment_of(booked), moment_of(end) + CARE_LASTS)
            for (client, counselor), (booked, end) in self.care.items()
        ]


def columns(rows: list[tuple], count: int) -> list[list]:
    """The same, turned: one list for each of `count` columns, as unnest() takes them."""
    return [[row[place] for row in rows] for place in range(count)]


@cache
def columns_of(model: type[Model], names: tuple[str, ...]) -> tuple[str, str]:
    """The columns to copy into, those of `names` first, and how each row ends: with the defaults of the others."""
    others = [
        field
        for field in model._meta.concrete_fields
        if not (field.name in names or field.null or field.generated or field.has_db_default())
    ]
    columns = [model._meta.get_field(name).column for name in names] + [field.column for field in others]
    values = (field.get_prep_value(field.get_default()) for field in others)
    return ", ".join(columns), "".join(f"\t{value}" for value in values) + "\n"


@cache
def holidays_of(country: str, year: int) -> frozenset[int]:
    """The ordinals of a year's public holidays."""
    days = coming_holidays(country, date(year, 1, 1), date(year, 12, 31))
    return frozenset(holiday.day.toordinal() for holiday in days)


def working_days(counselor: Counselor, *, until: date, country: str) -> Iterator[tuple[int, list[int]]]:
    """Back in time from the day before `until`: days on which the counselor works, with one start after the other."""
    starts: dict[int, list[int]] = {}
    for window in WorkingHours.objects.filter(counselor=counselor).order_by("weekday", "from_minute"):
        first = -(-window.from_minute // 30) * 30
        starts.setdefault(window.weekday, []).extend(range(first, window.until_minute - MINUTES + 1, EVERY))
    for ordinal in range((until - timedelta(days=1)).toordinal(), OLDEST, -1):
        weekday = (ordinal + 6) % 7
        if weekday in starts and ordinal not in holidays_of(country, date.fromordinal(ordinal).year):
            yield ordinal, starts[weekday]


def first_meetings(days: Iterator[tuple[int, list[int]]], count: int) -> dict[int, Sequence[int]]:
    """As many of these days as hold `count` meetings, the last of them perhaps in part. Raise ValueError if too few."""
    taken = {}
    while count > 0:
        ordinal, starts = next(days, (None, ()))
        if ordinal is None:
            raise ValueError("So many past meetings need more counselors: they would have begun before 1990.")
        taken[ordinal] = list(islice(starts, count))
        count -= len(taken[ordinal])
    return taken


def pick(table: list[tuple], chance: float) -> tuple:
    """The rest of the first row whose bound lies above `chance`."""
    return next(rest for bound, *rest in table if chance < bound)


def hex_id(rng: Random) -> str:
    """A version 4 UUID as PostgreSQL reads it: twice as fast to make as an object."""
    digits = f"{rng.getrandbits(128):032x}"
    return f"{digits[:12]}4{digits[13:16]}{'89ab'[int(digits[16], 16) & 3]}{digits[17:]}"
