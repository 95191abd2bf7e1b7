"""A diary that knows which starts the practice's own rules allow, and which the demo has used up already."""

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from uuid import UUID

from practice.calendar.openings import CELL, Window, midnight, minute_of, minutes_in, moment_of
from practice.calendar.slots import Openings, Wish, find_openings
from practice.catalog.models import Mode, Service
from practice.people.models import Counselor
from practice.zones import zone

A_DAY = 24 * 60 // CELL
MOST_A_DAY = 5  # one less than a counselor takes, so that something is left to book


class Diary:
    """Finds and uses up times between two days. What is allowed is asked of `find_openings`, as a booking asks it."""

    def __init__(self, first: date, last: date, counselors: list[Counselor]):
        self.window = Window.of_days(first, last, zone("UTC"))
        self.counselors = counselors
        self.offered: dict[tuple, Openings] = {}
        self.taken: dict[tuple, int] = defaultdict(int)  # (what, its id) → occupied cells of the window
        self.busy_days: Counter = Counter()  # (counselor, day) → meetings

    def openings(self, service: Service, mode: str) -> Openings:
        """What the rules allow in the whole window, whatever is booked: three statements, once."""
        if (service.pk, mode) not in self.offered:
            wish = Wish(service=service, mode=mode, is_new_client=False, follows_notice=False)
            offered_by = set(service.counselors.values_list("pk", flat=True))
            offering = [counselor for counselor in self.counselors if counselor.pk in offered_by]
            before = moment_of(self.window.base) - timedelta(days=1)
            self.offered[service.pk, mode] = find_openings(wish, offering, self.window, now=before)
        return self.offered[service.pk, mode]

    def starts(self, counselor: Counselor, service: Service, mode: str, day: date) -> list[int]:
        """The allowed starts of a local day of the counselor, in minutes since 1970."""
        mask = self.openings(service, mode).free.get(counselor.pk, 0)
        cell = (minute_of(midnight(day, zone(counselor.time_zone))) - self.window.base) // CELL
        return minutes_in(mask >> cell & ((1 << A_DAY) - 1), self.window.base + cell * CELL) if cell >= 0 else []

    def take(
        self, *, counselor: Counselor, service: Service, mode: str, client: UUID, day: date, near: int
    ) -> tuple[datetime, tuple[int, int] | None] | None:
        """Use up the free start of that day nearest to `near` (minutes from local midnight).

        Return the start and, in person, (room, place); None if the day has nothing left for both of them.
        """
        if self.busy_days[counselor.pk, day] >= MOST_A_DAY:
            return None
        wanted = minute_of(midnight(day, zone(counselor.time_zone))) + near
        for minute in sorted(self.starts(counselor, service, mode, day), key=lambda m: abs(m - wanted)):
            cells = self._cells(minute, service)
            if (self.taken["counselor", counselor.pk] | self.taken["client", client]) & cells:
                continue
            room = self._free_room(counselor, service, minute, cells) if mode == Mode.IN_PERSON else None
            if mode == Mode.IN_PERSON and room is None:
                continue
            for thing in [("counselor", counselor.pk), ("client", client), *([("room", room[0])] if room else [])]:
                self.taken[thing] |= cells
            self.busy_days[counselor.pk, day] += 1
            return moment_of(minute), room
        return None

    def _cells(self, minute: int, service: Service) -> int:
        first = (minute - service.buffer_before - self.window.base) // CELL
        length = -(-(service.buffer_before + service.minutes + service.buffer_after) // CELL)
        return ((1 << length) - 1) << first

    def _free_room(self, counselor, service, minute, cells):
        start = 1 << (minute - self.window.base) // CELL
        for room, place, allowed in self.openings(service, Mode.IN_PERSON).rooms.get(counselor.pk, ()):
            if allowed & start and not self.taken["room", room] & cells:
                return room, place
        return None
