"""The words of mails about a meeting: neutral, in the client's language and zone, true at the moment of sending."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from practice.calendar.ics import calendar_of, organiser_of
from practice.calendar.links import new_link
from practice.calendar.meetings import Meeting, Status
from practice.catalog.models import Mode
from practice.messages.models import Message
from practice.messages.renderers import Attachment, Rendered, register, render_mail
from practice.people.practices import Practice

HOLDS_WITH = {
    "meeting.requested": {Status.REQUESTED},
    "meeting.confirmed": {Status.CONFIRMED},
    "meeting.moved": {Status.REQUESTED, Status.CONFIRMED},
    "meeting.cancelled": {Status.CANCELLED},
}


def place_text(meeting: Meeting, *, is_discreet: bool) -> str:
    """Where or how the meeting happens, in words that fit any calendar; a discreet one has the address alone."""
    if meeting.mode == Mode.IN_PERSON and meeting.room_id:
        place = meeting.room.location
        lines = [*([] if is_discreet else [place.name]), *place.address.splitlines()]
        return ", ".join(line.strip() for line in lines if line.strip())
    if meeting.mode == Mode.PHONE:
        return _("Phone call")
    return meeting.counselor.video_link or _("Video call")


def calendar_file(meeting: Meeting, *, language: str, zone_name: str, is_discreet: bool, now: datetime) -> bytes:
    """The meeting as a calendar file, in the person's language and zone."""
    with translation.override(language):
        return calendar_of(
            meeting,
            zone_name=zone_name,
            place=place_text(meeting, is_discreet=is_discreet),
            organiser=organiser_of(Practice.current()),
            now=now,
        ).to_ical()


def render(message: Message, now: datetime) -> Rendered | None:
    """Render a mail about the meeting, with a link of its own; None if the meeting is no longer what it tells."""
    meeting = Meeting.objects.select_related("counselor", "service", "room__location").get(pk=message.meeting_id)
    if meeting.status not in HOLDS_WITH[message.kind]:
        return None
    link = ""
    if meeting.is_coming and meeting.starts_at > now:
        token, row = new_link(meeting, now=now)
        row.save()
        link = settings.BASE_URL + reverse("manage_enter", args=[token])
    method = "CANCEL" if meeting.status == Status.CANCELLED else "REQUEST"
    files = ()
    if meeting.status != Status.REQUESTED:
        content = calendar_file(
            meeting,
            language=message.language,
            zone_name=message.time_zone,
            is_discreet=message.is_discreet,
            now=now,
        )
        files = (Attachment("appointment.ics", content.decode(), f'text/calendar; method={method}'),)
    with translation.override(message.language):
        place = place_text(meeting, is_discreet=message.is_discreet)
    context = {"meeting": meeting, "place": place, "link": link}
    return render_mail(message.kind.replace(".", "/"), context, message, attachments=files)


for kind in HOLDS_WITH:
    register(kind)(render)
