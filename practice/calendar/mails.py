"""The words of mails about a meeting: neutral, in the client's language and zone, true at the moment of sending."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from practice.calendar.ics import Person, calendar_of, method_of
from practice.calendar.links import new_link
from practice.calendar.meetings import Meeting, Participant, Status
from practice.calendar.openings import Window
from practice.calendar.reminders import AFTER, DAY_BEFORE, MISSED, SOON, is_of_use
from practice.calendar.slots import Wish, find_openings, nearest
from practice.catalog.models import Mode
from practice.messages.discretion import untelling
from practice.messages.kinds import CalendarPart, Rendered, register
from practice.messages.models import Message
from practice.messages.post import sender_address
from practice.messages.renderers import in_words_of, one_line, plain_name, render_mail, sender_name, tidy
from practice.messages.replies import new_answer_link
from practice.people.practices import Practice
from practice.zones import zone as zone_of


@dataclass(frozen=True)
class Words:
    """A kind of mail about a meeting: what staff call it, and the statuses in which what it says is true.

    `waits` for the morning if it reaches the client at night; `has_calendar` if calendars are to act on it.
    """

    label: str | Promise
    holds_with: frozenset[Status]
    waits: bool = False
    has_calendar: bool = False


def words(label, *holds_with, **more):
    return Words(label, frozenset(holds_with), **more)


WORDS = {
    "meeting.requested": words(gettext_lazy("Request received"), Status.REQUESTED),
    "meeting.confirmed": words(gettext_lazy("Confirmation"), Status.CONFIRMED, has_calendar=True),
    "meeting.declined": words(gettext_lazy("Request declined"), Status.CANCELLED),
    "meeting.expired": words(gettext_lazy("Request not answered in time"), Status.CANCELLED, waits=True),
    "meeting.moved": words(gettext_lazy("New time"), Status.REQUESTED, Status.CONFIRMED, has_calendar=True),
    "meeting.cancelled": words(gettext_lazy("Cancellation"), Status.CANCELLED, has_calendar=True),
    DAY_BEFORE: words(gettext_lazy("Reminder, a day before"), Status.CONFIRMED, waits=True),
    SOON: words(gettext_lazy("Reminder, soon before"), Status.CONFIRMED, waits=True),
    AFTER: words(gettext_lazy("After the appointment"), Status.ATTENDED, waits=True),
    MISSED: words(gettext_lazy("After one that did not take place"), Status.MISSED, Status.ATTENDED, waits=True),
}


def place_text(meeting: Meeting, *, discreetly: bool = True) -> str:
    """Where or how the meeting happens. Discreetly, without a name or a link that tells too much."""
    if meeting.mode == Mode.IN_PERSON and meeting.room_id:
        place = meeting.room.location
        name = untelling(place.name) if discreetly else place.name
        return one_line(f"{name}, {place.address}".replace("\n", ", ").removeprefix(", "), most=300)
    if meeting.mode == Mode.PHONE:
        return _("Phone call")
    link = meeting.counselor.video_link
    return (untelling(link) if discreetly else link) or _("Video call")


def organiser(practice: Practice, *, discreetly: bool = True) -> Person:
    """Who invites: the practice, by the address that its mails come from, as mail programs demand."""
    name = one_line(practice.name)
    return Person(untelling(name) if discreetly else name, sender_address())


def calendar_file(meeting: Meeting, *, language: str, zone_name: str, now: datetime) -> bytes:
    """The meeting as a calendar file to download, in the person's language and zone, discreet for everybody."""
    with translation.override(language):
        return calendar_of(
            meeting,
            zone_name=zone_name,
            place=place_text(meeting),
            organiser=organiser(Practice.current()),
            now=now,
        ).to_ical()


def calendar_part(meeting: Meeting, message: Message, practice: Practice, *, now: datetime) -> CalendarPart | None:
    """What the client's calendar is to do; None about a request, which no calendar has heard of."""
    if not WORDS[message.kind].has_calendar or meeting.answer_due_at is not None:
        return None
    attendee = Person(plain_name(message.recipient_name), message.recipient_email)
    with translation.override(message.language):
        calendar = calendar_of(
            meeting,
            zone_name=message.time_zone,
            place=place_text(meeting, discreetly=message.is_discreet),
            organiser=organiser(practice, discreetly=message.is_discreet),
            attendee=attendee,
            now=now,
        )
    return CalendarPart(calendar.to_ical().decode(), method_of(meeting, attendee=attendee))


def fetch(message: Message, now: datetime) -> Meeting | None:
    """The meeting, if what this message says of it is still true and of use.

    A client who has become discreet since the message was written is written to discreetly.
    """
    meeting = message.meeting
    message.is_discreet = message.is_discreet or message.client.is_discreet
    if meeting.status not in WORDS[message.kind].holds_with:
        return None
    if message.kind in (DAY_BEFORE, SOON) and not is_of_use(message.kind, meeting.starts_at, now):
        return None
    if message.kind in (AFTER, MISSED) and not did(message):
        return None
    return meeting


def did(message: Message) -> bool:
    """True if this client did what the mail after the meeting says: came, or did not."""
    head = Participant.objects.filter(meeting=message.meeting_id, client=message.client_id).first()
    missed = Participant.Attendance.MISSED
    return head is not None and (head.attendance == missed) == (message.kind == MISSED)


def render(message: Message, now: datetime) -> Rendered | None:
    """Render a mail about the meeting, with a link of its own; None if the meeting is no longer what it tells."""
    meeting = fetch(message, now)
    if meeting is None:
        return None
    practice = Practice.current()
    calendar = calendar_part(meeting, message, practice, now=now)
    context = {
        "meeting": meeting,
        "now": now,
        "is_request": meeting.status == Status.REQUESTED,
        "zone_there": meeting.other_zone(zone_of(message.time_zone)),
        "has_calendar": calendar is not None,
        "link": link_for(message, meeting, now=now),
    }
    with in_words_of(message):
        context["place"] = place_text(meeting, discreetly=message.is_discreet)
    if message.kind in ("meeting.declined", "meeting.expired"):
        context["nearby"] = nearby(meeting, now=now)
    template = message.kind.replace(".", "/")
    return render_mail(template, context, message, practice=practice, calendar=calendar)


def link_for(message: Message, meeting: Meeting, *, now: datetime) -> str:
    """Where the mail leads: to the question it asks, to the client's page once it is over, else to the appointment."""
    if message.kind == MISSED:
        return settings.BASE_URL + reverse("message_answer", args=[new_answer_link(message, now=now)])
    if meeting.starts_at <= now:
        return settings.BASE_URL + reverse("home" if message.kind == AFTER else "landing")
    token, row = new_link(meeting, message.client, now=now)
    row.save()
    return settings.BASE_URL + reverse("manage_enter", args=[token])


def nearby(meeting: Meeting, *, now: datetime) -> list[datetime]:
    """The three free times nearest to the one that was asked for and not given, within a week on both sides."""
    asked, week = meeting.starts_at, timedelta(days=7)
    wish = Wish(meeting.service, meeting.mode, is_new_client=False, ignoring=(meeting.pk,))
    openings = find_openings(wish, [meeting.counselor], Window.between(asked - week, asked + week), now=now)
    return [start for start, _counselor in nearest(openings, asked, most=4) if start != asked][:3]


def short(message: Message, now: datetime) -> str:
    """The same in a few lines for WhatsApp, without any link that opens the appointment; "" if no longer true."""
    meeting = fetch(message, now)
    if meeting is None:
        return ""
    practice = Practice.current()
    with in_words_of(message):
        context = {
            "name": plain_name(message.recipient_name),
            "kind": message.kind.partition(".")[2],
            "meeting": meeting,
            "place": place_text(meeting, discreetly=message.is_discreet),
            "zone_there": meeting.other_zone(zone_of(message.time_zone)),
            "home": settings.BASE_URL + reverse("home"),
            "sender": sender_name(practice, message),
        }
        return tidy(render_to_string("email/meeting/whatsapp.txt", context))


for kind, each in WORDS.items():
    register(kind, label=each.label, waits_for_morning=each.waits, short=short)(render)
