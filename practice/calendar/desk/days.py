"""The desk's day: every meeting of one day as light rows, read in one statement however many there are."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import F
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from practice import formats
from practice.calendar.meetings import session_words
from practice.calendar.models import Meeting, Participant, Party, Status
from practice.calendar.openings import midnight
from practice.catalog.models import Kind, Mode
from practice.people.models import User
from practice.zones import zone as zone_of

COLUMNS = (
    "pk", "starts_at", "ends_at", "status", "mode", "ended_by", "is_late", "counselor_id", "location_id",
    "session_number", "session_count",
    "kind", "counselor_name", "room_name", "place_name", "zone", "client", "attendance",
)  # fmt: skip
ONLINE = "online"
CANCELLED_BY = {
    "": gettext_lazy("Cancelled"),
    Party.CLIENT: gettext_lazy("Cancelled by the client"),
    Party.COUNSELOR: gettext_lazy("Cancelled by the counselor"),
    Party.PRACTICE: gettext_lazy("Cancelled by the practice"),
}
SITUATIONS = {
    "waiting": gettext_lazy("Waiting for an answer"),
    "coming": gettext_lazy("To come"),
    "unrecorded": gettext_lazy("Attendance to be recorded"),
    "attended": gettext_lazy("Attended"),
    "missed": gettext_lazy("Did not come"),
    "cancelled": gettext_lazy("Cancelled"),
}
LOOKS = {"waiting": "warn", "unrecorded": "info", "attended": "ok", "missed": "danger"}


@dataclass
class Row:
    """One meeting of the day, in words."""

    url: str
    pk: UUID
    time: str
    other_time: str  # on the clocks where it happens, if they differ from the reader's
    names: str
    kind: str
    counselor_id: UUID
    counselor: str
    mode: str
    how: str
    place: str
    place_name: str
    situation: str
    tag: str

    @property
    def look(self) -> str:
        return LOOKS.get(self.situation, "")


def situation_of(status: str, starts_at: datetime, now: datetime) -> str:
    """Where a meeting stands, as the desk sorts them: a key of SITUATIONS."""
    if status == Status.CONFIRMED:
        return "unrecorded" if starts_at <= now else "coming"
    return {
        Status.REQUESTED: "waiting",
        Status.ATTENDED: "attended",
        Status.MISSED: "missed",
        Status.CANCELLED: "cancelled",
    }[status]


def tag_of(situation: str, *, attendances: Iterable[str], ended_by: str, is_late: bool) -> str:
    """The word for it on the list."""
    if situation == "cancelled":
        said = CANCELLED_BY[ended_by]
        return _("%(cancelled)s, late") % {"cancelled": said} if is_late else str(said)
    if situation == "attended" and all(each == Participant.Attendance.LATE for each in attendances):
        return _("Came late")
    return str(SITUATIONS[situation])


def rows_of_day(user: User, day: date, zone: ZoneInfo, *, now: datetime) -> list[Row]:
    """The meetings that this user may see and that start on that day in that zone, by time: one statement."""
    found = (
        Meeting.objects.visible_to(user)
        .filter(starts_at__gte=midnight(day, zone), starts_at__lt=midnight(day + timedelta(days=1), zone))
        .exclude(status=Status.HELD)
        .annotate(
            kind=F("service__kind"),
            counselor_name=F("counselor__name"),
            room_name=F("room__name"),
            place_name=F("location__name"),
            zone=Coalesce("location__time_zone", "counselor__time_zone"),
            client=F("participants__client__preferred_name"),
            attendance=F("participants__attendance"),
        )
        .order_by("starts_at", "pk", "participants__pk")
        .values_list(*COLUMNS, named=True)
    )
    words = {name: str(label) for name, label in (*Kind.choices, *Mode.choices)}
    address = address_of_meetings()
    return [_row(list(heads), words, address, zone, now) for _pk, heads in groupby(found, key=lambda each: each.pk)]


def address_of_meetings() -> tuple[str, str]:
    """What stands before and after a meeting's id in its address: a long list need not ask for each."""
    nobody = str(UUID(int=0))
    before, _id, after = reverse("desk_meeting", args=[nobody]).partition(nobody)
    return before, after


def _row(heads, words, address, zone, now) -> Row:
    one = heads[0]
    there = zone_of(one.zone)
    local, elsewhere = one.starts_at.astimezone(zone), one.starts_at.astimezone(there)
    differs = local.utcoffset() != elsewhere.utcoffset()
    situation = situation_of(one.status, one.starts_at, now)
    attendances = [head.attendance for head in heads]
    return Row(
        url=f"{address[0]}{one.pk}{address[1]}",
        pk=one.pk,
        time=f"{formats.clock(local, zone)}{formats.EN_DASH}{formats.clock(one.ends_at, zone)}",
        other_time=f"{formats.clock(elsewhere, there)} {formats.zone_name(there, one.starts_at)}" if differs else "",
        names=", ".join(head.client for head in heads if head.client),
        kind=session_words(one.session_number, one.session_count) or words[one.kind],
        counselor_id=one.counselor_id,
        counselor=one.counselor_name,
        mode=one.mode,
        how=one.room_name if one.mode == Mode.IN_PERSON else words[one.mode],
        place=str(one.location_id) if one.location_id else ONLINE,
        place_name=one.place_name or "",
        situation=situation,
        tag=tag_of(situation, attendances=attendances, ended_by=one.ended_by, is_late=one.is_late),
    )


@dataclass(frozen=True)
class Filters:
    """What part of the day is shown, and how it is put together. Each value stands for itself in the address."""

    day: date
    counselor: str = ""
    situation: str = ""
    place: str = ""
    mode: str = ""
    by: str = ""

    def query(self, **changes) -> str:
        """The address of the day with some of it changed: "?day=2026-11-30&mode=video"."""
        asked = replace(self, **changes)
        words = {name: str(word) for name, word in vars(asked).items() if word}
        return f"?{urlencode(words)}"

    @property
    def kept(self) -> list[tuple[str, str]]:
        """Everything but the day, for the form that jumps to another one."""
        return [(name, word) for name, word in vars(self).items() if word and name != "day"]

    @property
    def is_narrowed(self) -> bool:
        return any([self.counselor, self.situation, self.place, self.mode])

    def lets_through(self, row: Row) -> bool:
        return (
            self.counselor in ("", str(row.counselor_id))
            and self.situation in ("", row.situation)
            and self.place in ("", row.place)
            and self.mode in ("", row.mode)
        )


def read_filters(data, day: date) -> Filters:
    """The filters an address asks for; what names nothing of the day simply shows nothing."""
    words = {name: data.get(name, "")[:40] for name in ("counselor", "situation", "place", "mode")}
    return Filters(day=day, by="counselor" if data.get("by") == "counselor" else "", **words)


@dataclass
class Choice:
    """One link of a filter."""

    label: str
    query: str
    count: int
    is_current: bool


@dataclass
class Choices:
    """The links of one filter, if there is anything to choose."""

    name: str
    label: str
    links: list[Choice] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """True if one of them holds."""
        return any(link.is_current for link in self.links[1:])

    @property
    def current(self) -> str:
        return next((link.label for link in self.links if link.is_current), "")


def filter_choices(rows: list[Row], filters: Filters) -> list[Choices]:
    """Links that narrow the day to a counselor, a situation, a place or a mode, each with how many it would leave."""
    situations = {name: str(label) for name, label in SITUATIONS.items()}
    modes = {mode: str(label) for mode, label in Mode.choices}
    people = {str(row.counselor_id): row.counselor for row in rows}
    places = {row.place: row.place_name for row in rows if row.place != ONLINE}
    found = [
        _choices("counselor", _("Counselor"), dict(sorted(people.items(), key=lambda item: item[1])), rows, filters),
        _choices("situation", _("Status"), situations, rows, filters),
        _choices("place", _("Place"), places, rows, filters),
        _choices("mode", _("How you meet"), modes, rows, filters),
    ]
    return [choices for choices in found if len(choices.links) > 2 or choices.is_open]


def _choices(name, label, values, rows, filters) -> Choices:
    others = replace(filters, **{name: ""})
    counts = {}
    for row in rows:
        if others.lets_through(row):
            value = str(row.counselor_id) if name == "counselor" else getattr(row, name)
            counts[value] = counts.get(value, 0) + 1
    current = getattr(filters, name)
    links = [Choice(_("All"), others.query(), sum(counts.values()), not current)]
    links += [
        Choice(text, filters.query(**{name: value}), counts.get(value, 0), value == current)
        for value, text in values.items()
        if value in counts or value == current
    ]
    return Choices(name, label, links)


@dataclass
class Group:
    """The rows under one heading: a counselor's name, or none for the whole day."""

    title: str
    rows: list[Row]


def grouped(rows: list[Row], filters: Filters) -> list[Group]:
    """The rows by time, or by counselor and then time."""
    if filters.by != "counselor":
        return [Group("", rows)] if rows else []
    ordered = sorted(rows, key=lambda row: (row.counselor, str(row.counselor_id)))
    found = [list(of) for _pk, of in groupby(ordered, key=lambda row: row.counselor_id)]
    return [Group(of[0].counselor, of) for of in found]
