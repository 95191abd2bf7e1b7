"""One mail about a whole series: every time in it, and one calendar file with all of them."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from practice.calendar.ics import series_of
from practice.calendar.mails import organiser, place_text
from practice.calendar.meetings import Meeting, Status
from practice.messages.kinds import Attachment, Rendered, register
from practice.messages.models import Message
from practice.messages.renderers import in_words_of, render_mail
from practice.people.practices import Practice

SERIES = "sessions.scheduled"


def meetings_of(message: Message, now: datetime) -> list[Meeting]:
    """What is left of the series that was booked when this message was written: confirmed, and still to come."""
    booked = Meeting.objects.filter(
        attempt__session__program=message.subject_id,
        participants__client=message.client_id,
        booked_at=message.created_at,
        status=Status.CONFIRMED,
        starts_at__gt=now,
    )
    return list(booked.select_related("counselor", "service", "room__location").order_by("starts_at", "pk"))


@register(SERIES, label=gettext_lazy("Confirmation of several appointments"))
def render(message: Message, now: datetime) -> Rendered | None:
    """All times in one mail; None if none of them stands any more.

    The calendar file informs (PUBLISH) and carries each meeting under its own UID, so that a later mail about a move
    or a cancellation changes the same entry: an invitation (REQUEST) may speak of one UID only (RFC 5546, 3.2.2).
    """
    meetings = meetings_of(message, now)
    if not meetings:
        return None
    message.is_discreet = message.is_discreet or message.client.is_discreet
    practice = Practice.current()
    with in_words_of(message):
        places = [place_text(meeting, discreetly=message.is_discreet) for meeting in meetings]
        calendar = series_of(
            meetings,
            zone_name=message.time_zone,
            places=places,
            organiser=organiser(practice, discreetly=message.is_discreet),
            now=now,
        )
        name = _("appointments")
    context = {
        "meetings": [{"meeting": meeting, "place": place} for meeting, place in zip(meetings, places, strict=True)],
        "first": {"meeting": meetings[0], "place": places[0]},
        "same_counselor": len({meeting.counselor_id for meeting in meetings}) == 1,
        "same_place": len({*places}) == 1,
        "link": settings.BASE_URL + reverse("home"),
    }
    attachment = Attachment(f"{name}.ics", calendar.to_ical().decode(), "text/calendar")
    return render_mail("sessions/scheduled", context, message, practice=practice, attachments=(attachment,))
