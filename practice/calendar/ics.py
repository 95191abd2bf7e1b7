"""Calendar objects: one UID for a meeting's life, SEQUENCE = its version, neutral words only (RFC 5545, 5546, 6047)."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from typing import NamedTuple

from django.utils.translation import gettext as _
from icalendar import Calendar, Event, Timezone, vCalAddress, vText

from practice.calendar.meetings import Meeting, Status
from practice.zones import zone as zone_of


class Person(NamedTuple):
    """Who organises or attends. The name may be empty."""

    name: str
    email: str

    def address(self, **parameters) -> vCalAddress:
        address = vCalAddress(f"mailto:{self.email}")
        for name, value in {"CN": self.name, **parameters}.items():
            if value:
                address.params[name.upper()] = vText(value)
        return address


def method_of(meeting: Meeting, *, attendee: Person | None) -> str:
    """What a calendar is to do with it: a mail asks (REQUEST) or takes back (CANCEL), a downloaded file informs."""
    if attendee is None:
        return "PUBLISH"
    return "CANCEL" if meeting.status == Status.CANCELLED else "REQUEST"


def comes_twice(at: datetime, zone: tzinfo) -> bool:
    """True if a calendar that reads this wall time in the zone would take it for an hour earlier (RFC 5545, 3.3.5)."""
    return at.astimezone(zone).replace(fold=0).astimezone(UTC) != at


def calendar_of(
    meeting: Meeting, *, zone_name: str, place: str, organiser: Person, now: datetime, attendee: Person | None = None
) -> Calendar:
    """The meeting as an iTIP object for one attendee, or as a file for anybody's calendar.

    `place` is what the client may read on a shared phone. The attendee counts as having accepted, and no reply is
    wanted: a “no” sent by a calendar would change nothing here. Times carry the client's zone and its VTIMEZONE, so
    that a later change of the law moves them rightly; where clocks go back and an hour comes twice, they are in UTC.
    Nobody else in the meeting is named.
    """
    zone = zone_in([meeting], zone_name)
    entry = entry_of(meeting, zone=zone, place=place, organiser=organiser, now=now, attendee=attendee)
    return calendar_with([entry], method_of(meeting, attendee=attendee), zone, [meeting.starts_at])


def series_of(
    meetings: Sequence[Meeting], *, zone_name: str, places: Sequence[str], organiser: Person, now: datetime
) -> Calendar:
    """Several meetings as one file that informs, each under its own UID: later mails change the same entry."""
    zone = zone_in(meetings, zone_name)
    entries = [
        entry_of(meeting, zone=zone, place=place, organiser=organiser, now=now, attendee=None)
        for meeting, place in zip(meetings, places, strict=True)
    ]
    return calendar_with(entries, "PUBLISH", zone, [meeting.starts_at for meeting in meetings])


def zone_in(meetings: Sequence[Meeting], zone_name: str) -> tzinfo:
    """The zone to write the times in: the client's, or UTC where a calendar would misread one of them."""
    times = [at for meeting in meetings for at in (meeting.starts_at, meeting.ends_at)]
    in_utc = zone_name == "UTC" or any(comes_twice(at, zone_of(zone_name)) for at in times)
    return UTC if in_utc else zone_of(zone_name)


def calendar_with(entries: Sequence[Event], method: str, zone: tzinfo, starts: Sequence[datetime]) -> Calendar:
    """A calendar of these events, with the rules of their zone."""
    calendar = Calendar()
    calendar.add("prodid", "-//Benang//Benang//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    if zone is not UTC:
        calendar.add_component(rules_of(str(zone), min(starts).year))
    for entry in entries:
        calendar.add_component(entry)
    return calendar


def entry_of(
    meeting: Meeting, *, zone: tzinfo, place: str, organiser: Person, now: datetime, attendee: Person | None
) -> Event:
    """One meeting as an event, with its times in that zone."""
    entry = Event()
    entry.add("uid", f"{meeting.pk}@benang")
    entry.add("sequence", meeting.version)
    entry.add("dtstamp", now)
    entry.add("last-modified", meeting.changed_at)
    entry.add("dtstart", meeting.starts_at.astimezone(zone))
    entry.add("dtend", meeting.ends_at.astimezone(zone))
    entry.add("summary", _("Appointment"))
    if place:
        entry.add("location", place)
    entry.add("status", "CANCELLED" if meeting.status == Status.CANCELLED else "CONFIRMED")
    entry.add("transp", "TRANSPARENT" if meeting.status == Status.CANCELLED else "OPAQUE")
    entry.add("class", "PRIVATE")
    entry.add("organizer", organiser.address())
    if attendee is not None:
        entry.add("attendee", attendee.address(role="REQ-PARTICIPANT", partstat="ACCEPTED", rsvp="FALSE"))
    return entry


@lru_cache(maxsize=64)
def rules_of(zone_name: str, year: int) -> Timezone:
    """The zone's VTIMEZONE for the years around this one. Kept, for to find every change of clocks takes a while."""
    rules = Timezone.from_tzid(zone_name, first_date=date(year - 1, 1, 1), last_date=date(year + 2, 1, 1))
    del rules["COMMENT"]
    return rules
