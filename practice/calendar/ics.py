"""Calendar objects: one UID for a meeting's life, SEQUENCE = its version, neutral words only (RFC 5545, 5546, 6047)."""

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
    times = [meeting.starts_at, meeting.ends_at]
    in_utc = zone_name == "UTC" or any(comes_twice(at, zone_of(zone_name)) for at in times)
    zone = UTC if in_utc else zone_of(zone_name)
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
    calendar = Calendar()
    calendar.add("prodid", "-//Benang//Benang//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method_of(meeting, attendee=attendee))
    if zone is not UTC:
        calendar.add_component(rules_of(zone_name, meeting.starts_at.year))
    calendar.add_component(entry)
    return calendar


@lru_cache(maxsize=64)
def rules_of(zone_name: str, year: int) -> Timezone:
    """The zone's VTIMEZONE for the years around this one. Kept, for to find every change of clocks takes a while."""
    rules = Timezone.from_tzid(zone_name, first_date=date(year - 1, 1, 1), last_date=date(year + 2, 1, 1))
    del rules["COMMENT"]
    return rules
