"""A counselor's day: what is planned, what is free between, what is still to be written, and the next seven days."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import groupby, islice
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q

from practice.calendar.actions import CARE_LASTS
from practice.calendar.gaps import Gap, free_gaps
from practice.calendar.meetings import OCCUPIES
from practice.calendar.models import Meeting, Participant, Status
from practice.calendar.openings import midnight, minute_of
from practice.calendar.slots import LONGEST
from practice.catalog.models import Room, Service
from practice.database.compiled import Compiled
from practice.people.accounts import Role, User
from practice.people.models import Counselor
from programs.notes.due import NoteDue, notes_due
from programs.waiting import Waiting, waiting_for

DAYS_AHEAD = 7
DAY = timedelta(days=1)
LISTED = [Status.REQUESTED, Status.CONFIRMED, Status.ATTENDED, Status.MISSED]
NO_ATTENDANCE = Q(status=Status.CONFIRMED)
NO_OUTCOME = Q(status=Status.ATTENDED, consultation__isnull=False, consultation__recorded_at=None)


@dataclass
class Day:
    """One day's meetings by time; today's with the free gaps among them."""

    on: date
    rows: list[Meeting | Gap]


@dataclass
class Agenda:
    """What the page of today shows. `attendance` and `outcomes` are meetings of the last 30 days that wait for it.

    `notes` are sessions whose note is still to be written, see `programs.notes.due`. `waiting` is
    what their programs hold for them apart from meetings.
    """

    today: Day
    ahead: list[Day] = field(default_factory=list)
    attendance: list[Meeting] = field(default_factory=list)
    outcomes: list[Meeting] = field(default_factory=list)
    notes: list[NoteDue] = field(default_factory=list)
    waiting: Waiting = field(default_factory=Waiting)

    @property
    def meetings(self) -> list[Meeting]:
        """Those of today, without the gaps."""
        return [row for row in self.today.rows if isinstance(row, Meeting)]

    @property
    def coming(self) -> Meeting | None:
        """The one that begins next today."""
        return next((each for each in self.meetings if not each.has_started), None)


def agenda_of(user: User, zone: ZoneInfo, *, now: datetime) -> Agenda:
    """This counselor's agenda on the clocks of `zone`, in six statements however much is planned."""
    today = now.astimezone(zone).date()
    start, end = midnight(today, zone), midnight(today + DAY, zone)
    counselor = Counselor.objects.filter(user=user).first()
    if counselor is None:
        return Agenda(Day(today, []))
    meetings = meetings_of(counselor, user, start, midnight(today + (DAYS_AHEAD + 1) * DAY, zone))
    for each in meetings:
        describe(each, counselor, now=now)
    shown = [each for each in meetings if each.ends_at > start]
    taken = [(minute_of(each.busy_from), minute_of(each.busy_until)) for each in shown]
    gaps = [gap for gap in free_gaps(counselor, start, end, taken=taken) if gap.ends_at > now]
    by_day = {on: list(rows) for on, rows in groupby(shown, lambda each: each.starts_at.astimezone(zone).date())}
    of_today = [row for on, rows in by_day.items() if on <= today for row in rows]
    return Agenda(
        today=Day(today, sorted([*of_today, *gaps], key=lambda row: row.starts_at)),
        ahead=[Day(on, rows) for on, rows in by_day.items() if on > today],
        attendance=[each for each in meetings if each.ends_at <= start and each.status == Status.CONFIRMED],
        outcomes=[each for each in meetings if each.outcome_is_due],
        notes=notes_due(user, now),
        waiting=waiting_for(user, today, now=now),
    )


MEETING, SERVICE, ROOM = ([field.attname for field in kind._meta.concrete_fields] for kind in (Meeting, Service, Room))
MORE = ("names", "phones", "consultation_id", "session_id", "recorded_at")


def listed(counselor: UUID, since: datetime, start: datetime, end: datetime, until: datetime):
    """The rows of `meetings_of`: a meeting, its service, its room, and MORE. `since` and `until` bound the index."""
    people = Participant.objects.filter(meeting=OuterRef("pk")).order_by("client__preferred_name", "pk")
    return (
        Meeting.objects.filter(OCCUPIES, counselor=counselor, busy_from__gte=since, busy_from__lt=until)
        .filter(Q(ends_at__gt=start, starts_at__lt=end, status__in=LISTED) | NO_ATTENDANCE | NO_OUTCOME)
        .filter(starts_at__lt=end)
        .order_by("starts_at", "pk")
        .values_list(
            *MEETING,
            *(f"service__{name}" for name in SERVICE),
            *(f"room__{name}" for name in ROOM),
            ArraySubquery(people.values("client__preferred_name")),
            ArraySubquery(people.values("client__phone")),
            "consultation__pk",
            "attempt__session_id",
            "consultation__recorded_at",
        )
    )


LISTED_ROWS = Compiled(
    listed,
    counselor=UUID(int=1),
    since=datetime(2000, 1, 1, tzinfo=UTC),
    start=datetime(2000, 1, 2, tzinfo=UTC),
    end=datetime(2000, 1, 3, tzinfo=UTC),
    until=datetime(2000, 1, 4, tzinfo=UTC),
)


def meetings_of(counselor: Counselor, user: User, start: datetime, end: datetime) -> list[Meeting]:
    """Those on the list from `start` to `end`, and earlier ones for which something is due, by time: one statement.

    None for a user who is not this counselor. Each knows `names` and `phones` of the people in it, `consultation_id`
    and `recorded_at` of its consultation, and the `session_id` of its session in a program.
    """
    if counselor.user_id != user.pk or not user.has_role(Role.COUNSELOR):
        return []
    bounds = {"since": start - CARE_LASTS, "start": start, "end": end, "until": end + LONGEST}
    found = []
    for row in LISTED_ROWS.rows(counselor=counselor.pk, **bounds):
        values = iter(row)
        meeting, service, room = (
            kind.from_db("default", names, list(islice(values, len(names))))
            for kind, names in ((Meeting, MEETING), (Service, SERVICE), (Room, ROOM))
        )
        meeting.service, meeting.room = service, room if room.pk else None
        for name, value in zip(MORE, values, strict=True):
            setattr(meeting, name, value)
        found.append(meeting)
    return found


def describe(meeting: Meeting, counselor: Counselor, *, now: datetime) -> None:
    """Add what a row says of it."""
    meeting.counselor = counselor
    meeting.who = ", ".join(meeting.names)
    meeting.has_started = meeting.has_begun(now)
    meeting.is_over = meeting.ends_at <= now
    meeting.attendance_is_due = meeting.status == Status.CONFIRMED and meeting.has_started
    meeting.outcome_is_due = (
        meeting.status == Status.ATTENDED and meeting.consultation_id is not None and meeting.recorded_at is None
    )
