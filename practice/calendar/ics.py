"""Calendar files: one UID for a meeting's life, SEQUENCE = its version, neutral words only (RFC 5545, 5546)."""

from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _
from icalendar import Calendar, Event, vCalAddress, vText

from practice.calendar.meetings import Meeting, Status
from practice.zones import zone as zone_of


def calendar_of(meeting: Meeting, *, zone_name: str, place: str, organiser: tuple[str, str], now: datetime) -> Calendar:
    """The meeting as an iTIP object: METHOD REQUEST while it stands, CANCEL once it is cancelled.

    `place` is what the client may read on a shared phone; `organiser` is (name, e-mail). Times carry the client's
    zone and its VTIMEZONE, so that a later change of the law moves them rightly.
    """
    cancelled = meeting.status == Status.CANCELLED
    zone = zone_of(zone_name)
    entry = Event()
    entry.add("uid", f"{meeting.pk}@benang")
    entry.add("sequence", meeting.version)
    entry.add("dtstamp", now)
    entry.add("dtstart", meeting.starts_at.astimezone(zone))
    entry.add("dtend", meeting.ends_at.astimezone(zone))
    entry.add("summary", _("Appointment"))
    if place:
        entry.add("location", place)
    entry.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    entry.add("class", "PRIVATE")
    if organiser[1]:
        address = vCalAddress(f"MAILTO:{organiser[1]}")
        address.params["CN"] = vText(organiser[0])
        entry.add("organizer", address)
    calendar = Calendar()
    calendar.add("prodid", "-//Benang//Benang//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if cancelled else "REQUEST")
    calendar.add_component(entry)
    calendar.add_missing_timezones()
    return calendar


def organiser_of(practice) -> tuple[str, str]:
    return practice.name, settings.DEFAULT_FROM_EMAIL
