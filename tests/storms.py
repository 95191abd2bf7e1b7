"""Scenes for storms over the outbox. They run inside the practice that `tests.served` serves."""

import itertools
import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from practice.calendar.actions import Elsewhere, cancel_meeting, move_meeting, notice
from practice.calendar.models import Meeting, Participant, Status
from practice.calendar.reminders import remind
from practice.calendar.reserving import place_in_time
from practice.messages import actions
from practice.messages.actions import enqueue_all
from practice.messages.models import Message
from practice.people.clients import email_hash
from practice.people.models import Client, Practice
from practice.zones import zone_names
from tests import factories
from tests.factories import make_counselor, make_practice, make_service

PER_COUNSELOR = 10

# Each scene is made in a process of its own: what the factories number goes on where no other began.
factories._number = itertools.count(random.randrange(10**6))


def make_meetings(name: str, people: int, *, in_hours: int = 20) -> None:
    """Confirmed meetings of as many people within three hours from then. It is noon where they are.

    Meetings in 20 hours are to be reminded of now, later ones not yet.
    """
    now = timezone.now()
    noon = next(each for each in sorted(zone_names()) if now.astimezone(ZoneInfo(each)).hour == 12)
    if not Practice.objects.exists():
        make_practice()
    counselors = [make_counselor(hours=False) for _ in range(people // PER_COUNSELOR)]
    service = make_service(counselors=counselors, minutes=15, buffer_after=0)
    clients, meetings = [], []
    for number in range(people):
        email = f"{name}{number}@example.org"
        clients.append(
            Client(
                preferred_name=f"Person {number}",
                email=email,
                email_hash=email_hash(email),
                language=["id", "en"][number % 2],
                time_zone=noon,
                created_at=now,
            )
        )
        meeting = Meeting(
            reference=f"{name}{number:05}"[-8:],
            counselor=counselors[number // PER_COUNSELOR],
            service=service,
            status=Status.CONFIRMED,
            mode="video",
            price=0,
            moves_left=2,
            booked_at=now - timedelta(days=9),
            changed_at=now - timedelta(days=9),
        )
        place_in_time(meeting, now + timedelta(hours=in_hours, minutes=20 * (number % PER_COUNSELOR)), None)
        meetings.append(meeting)
    Client.objects.bulk_create(clients, batch_size=500)
    Meeting.objects.bulk_create(meetings, batch_size=500)
    heads = [Participant(meeting=meeting, client=client) for meeting, client in zip(meetings, clients, strict=True)]
    Participant.objects.bulk_create(heads, batch_size=500)


def change_meetings(name: str, numbers: list[int]) -> dict[str, float]:
    """Move every other of these meetings, cancel the rest; return when each was changed, by the client's address."""
    changed = {}
    for number in numbers:
        client = Client.objects.get(email=f"{name}{number}@example.org")
        meeting = Meeting.objects.get(participants__client=client)
        if number % 2:
            cancel_meeting(meeting=meeting, by=None, now=timezone.now())
        else:
            later = meeting.starts_at.replace(minute=0, second=0, microsecond=0) + timedelta(days=3)
            move_meeting(
                meeting=meeting,
                starts_at=later + timedelta(hours=number % PER_COUNSELOR),
                by=None,
                now=timezone.now(),
                party="practice",
                elsewhere=Elsewhere(outside_hours="other"),
            )
        changed[client.email] = datetime.now(UTC).timestamp()
    return changed


def gather(name: str, people: int, *, changing: list[int]) -> dict[str, float]:
    """Make the meetings, change some before their time, and write the reminders as the worker does every minute."""
    make_meetings(name, people)
    changed = change_meetings(name, changing)
    remind(now=timezone.now())
    return changed


def is_settled(name: str) -> bool:
    """Sweep, as the worker does twice a minute; True if nothing to these people is on its way any more."""
    actions.sweep(now=timezone.now())
    return not Message.objects.waiting().filter(recipient_email__startswith=name).exists()


def confirm_all(name: str, people: int) -> int:
    """Queue a confirmation to as many people; return how many."""
    make_meetings(name, people, in_hours=72)
    heads = Participant.objects.filter(client__email__startswith=name).select_related("meeting", "client")
    now = timezone.now()
    return enqueue_all([notice(head.meeting, head.client, "meeting.confirmed", now=now) for head in heads])


def work_impatiently(*, lease: int = 60, email_timeout: int = 20) -> None:
    """The worker as ever, but what takes minutes in life takes seconds here."""
    settings.EMAIL_TIMEOUT = email_timeout
    actions.LEASE, actions.FIRST_WAIT = timedelta(seconds=lease), timedelta(seconds=1)
    actions.SWEEP_AFTER = timedelta(seconds=2)
    call_command("worker")


def open_a_week(slug: str) -> str:
    """A service that can be booked online; return a Monday on which it is free."""
    if not Practice.objects.exists():
        make_practice()
    make_service(counselors=[make_counselor()], slug=slug, buffer_after=0)
    today = timezone.localdate()
    return str(today + timedelta(days=14 - today.weekday()))
