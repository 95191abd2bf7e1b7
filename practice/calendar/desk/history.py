"""What happened to a meeting, and what was sent about it, in words: facts of the schedule and nothing else."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from practice import formats
from practice.calendar.attendance import CALLED_OFF
from practice.calendar.desk.days import CANCELLED_BY
from practice.calendar.models import Meeting, Participant, Party
from practice.catalog.models import Mode, Room
from practice.messages.by_hand import can_go_by_whatsapp
from practice.messages.models import Message
from practice.messages.renderers import label_of
from practice.people.models import Client, Counselor, User
from practice.records.models import AuditEvent

ACTS = {
    "meeting.requested": gettext_lazy("Request made"),
    "meeting.confirmed": gettext_lazy("Booked"),
    "meeting.approved": gettext_lazy("Approved"),
    "meeting.declined": gettext_lazy("Declined"),
    "meeting.expired": gettext_lazy("Not answered in time"),
    "meeting.moved": gettext_lazy("Moved"),
    "meeting.cancelled": gettext_lazy("Cancelled"),
    "attendance.recorded": gettext_lazy("Attendance recorded"),
    "attendance.corrected": gettext_lazy("Attendance corrected"),
}
# Why something was done, in fixed words: what staff or clients choose from, never what they write.
REASONS = {
    "client_asked": gettext_lazy("The client asked for it"),
    "counselor_away": gettext_lazy("The counselor cannot come"),
    "no_time": gettext_lazy("Nobody is free at that time"),
    "closed": gettext_lazy("The practice is closed"),
    "mistake": gettext_lazy("It was booked by mistake"),
    "counselor_agreed": gettext_lazy("The counselor has agreed"),
    "urgent": gettext_lazy("It cannot wait"),
    "is_here": gettext_lazy("The client is here already"),
    "time": gettext_lazy("The time does not suit the client"),
    "counselor": gettext_lazy("The client would like another counselor"),
    "cost": gettext_lazy("The price"),
    "not_needed": gettext_lazy("Not needed at the moment"),
    "other": gettext_lazy("Another reason"),
}
SAID = {
    "": gettext_lazy("nothing"),
    Participant.Attendance.ATTENDED: gettext_lazy("Came"),
    Participant.Attendance.LATE: gettext_lazy("Came late"),
    Participant.Attendance.MISSED: gettext_lazy("Did not come"),
    **{CALLED_OFF[party]: CANCELLED_BY[party] for party in Party},
}


@dataclass(frozen=True)
class Line:
    """One line of the history: when, what, by whom, and what there is to say about it."""

    at: datetime
    act: str
    by: str
    details: list[str]


def history_of(meeting: Meeting) -> list[Line]:
    """What was done to this meeting, newest first. Takes at most five statements, however long it is."""
    events = list(
        AuditEvent.objects.filter(
            object_type=Meeting._meta.label_lower, object_id=str(meeting.pk), act__in=ACTS
        ).for_listing()
    )
    people = names_of(User, "name", {event.actor for event in events})
    clients = names_of(Client, "preferred_name", {event.client_id for event in events})
    counselors = names_of(Counselor, "name", facts_in(events, "counselor_before", "counselor_after"))
    rooms = names_of(Room, "name", facts_in(events, "room_before", "room_after"))
    return [
        Line(
            at=event.at,
            act=str(ACTS[event.act]),
            by=people.get(event.actor) or who(event),
            details=list(details_of(event, clients=clients, counselors=counselors, rooms=rooms)),
        )
        for event in events
    ]


def names_of(model, field: str, ids: Iterable) -> dict:
    """Names of colleagues, clients, counselors or rooms by id: no statement if there is nothing to name."""
    ids = {each for each in ids if each}
    return dict(model.objects.filter(pk__in=ids).values_list("pk", field)) if ids else {}


def facts_in(events: Iterable[AuditEvent], *names: str) -> set:
    return {event.facts.get(name) for event in events for name in names}


def who(event: AuditEvent) -> str:
    """Who did it, where it was no account of ours."""
    return _("Automatic") if event.actor_role == "system" else _("The client, online")


def details_of(event: AuditEvent, *, clients: dict, counselors: dict, rooms: dict):
    """What there is to say about one act, a sentence each."""
    facts = event.facts
    if event.act == "meeting.moved":
        yield _changed(_moment(facts.get("before")), _moment(facts.get("after")))
        counselors = {str(pk): name for pk, name in counselors.items()}
        named = {"counselor": counselors, "room": rooms, "mode": dict(Mode.choices)}
        for what, names in named.items():
            before, after = facts.get(f"{what}_before"), facts.get(f"{what}_after")
            if before != after:
                yield _changed(names.get(before, ""), names.get(after, ""))
    elif event.act == "meeting.cancelled":
        said = CANCELLED_BY.get(facts.get("party", ""), CANCELLED_BY[""])
        yield _("%(cancelled)s, late") % {"cancelled": said} if facts.get("late") else str(said)
    elif event.act.startswith("attendance."):
        before, after = SAID.get(facts.get("before"), ""), SAID.get(facts.get("after"), "")
        name = clients.get(event.client_id, "")
        said = _changed(before, after) if facts.get("before") else str(after)
        yield f"{name}: {said}" if name else said
    elif facts.get("starts_at"):
        yield _moment(facts["starts_at"])
    if event.reason in REASONS:
        yield str(REASONS[event.reason])


def _changed(before, after) -> str:
    return f"{before or '–'} → {after or '–'}"


def _moment(text: str | None) -> str:
    at = parse_datetime(text or "")
    return formats.moment_short(at, timezone.get_current_timezone()) if at else ""


def messages_about(meeting: Meeting, user: User) -> list[Message]:
    """What was or will be sent about this meeting, as far as this user may see it, in the order it was written.

    Each with its `label`, and `by_whatsapp`: whether what it says still holds and staff may send it there themselves.
    """
    found = list(Message.objects.visible_to(user).for_meeting(meeting))
    for message in found:
        message.label = label_of(message.kind)
        message.by_whatsapp = message.meeting_version == meeting.version and can_go_by_whatsapp(message)
    return found
