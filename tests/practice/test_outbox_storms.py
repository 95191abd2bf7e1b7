"""The outbox in bad weather: killed workers, a database that restarts, a mail server that is slow or silent."""

import asyncio
import contextlib
import http.cookiejar
import os
import random
import re
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from practice.database.server import Server
from tests.served import Served, post_json

SCENE = """
from tests.factories import make_practice
from practice.people.models import Practice
if not Practice.objects.exists():
    make_practice()
"""
# Meetings of `people` clients tomorrow, all of which are to be reminded of now: it is noon where the clients are.
MEETINGS = """
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo
from practice.calendar.actions import place_in_time
from practice.calendar.models import Meeting, Participant
from practice.people.clients import email_hash
from practice.people.models import Client
from practice.zones import zone_names
from tests.factories import make_counselor, make_service
now = datetime.now(UTC)
noon = next(name for name in sorted(zone_names()) if now.astimezone(ZoneInfo(name)).hour == 12)
service = make_service(minutes=15, buffer_after=0)
service.counselors.set(make_counselor(name=f"Counselor {{n}}", hours=False) for n in range({people} // 10))
clients = Client.objects.bulk_create(
    Client(preferred_name=f"Person {{n}}", email=f"{name}{{n}}@example.org", email_hash=email_hash(f"{name}{{n}}@example.org"),
        time_zone=noon, language=["id", "en"][n % 2], created_at=now) for n in range({people}))
meetings = []
for n, counselor in enumerate(service.counselors.all()):
    for place in range(10):
        number = n * 10 + place
        meeting = Meeting(reference=f"{name[:2]}{{number:06}}", counselor=counselor, service=service, status="confirmed",
            mode="video", price=0, moves_left=2, booked_at=now - timedelta(days=9), changed_at=now - timedelta(days=9))
        place_in_time(meeting, now + timedelta(hours=20, minutes=20 * place), None)
        meetings.append(meeting)
Meeting.objects.bulk_create(meetings)
Participant.objects.bulk_create(Participant(meeting=m, client=c) for m, c in zip(meetings, clients))
print(json.dumps(len(meetings)))
"""
CHANGE = """
from datetime import UTC, datetime, timedelta
from practice.calendar.actions import Elsewhere, cancel_meeting, move_meeting
from practice.calendar.models import Meeting
from django.utils import timezone
changed = {{}}
for meeting in Meeting.objects.filter(reference__in={references}, status="confirmed").order_by("reference"):
    [head] = meeting.participants.select_related("client")
    if int(meeting.reference[2:]) % 2:
        cancel_meeting(meeting=meeting, by=None, now=timezone.now())
    else:
        start = meeting.starts_at.replace(minute=0, second=0, microsecond=0) + timedelta(days=3, hours=int(meeting.reference[-1]))
        move_meeting(meeting=meeting, starts_at=start, by=None, now=timezone.now(), party="practice",
            elsewhere=Elsewhere(outside_hours="other"))
    changed[head.client.email] = datetime.now(UTC).timestamp()
print(json.dumps(changed))
"""
REMIND = """
from django.utils import timezone
from practice.calendar.reminders import remind
print(json.dumps(remind(now=timezone.now())))
"""
OUTBOX = """
from practice.messages.models import Message
print(json.dumps([[m.message_id, m.kind, m.recipient_email, m.status] for m in Message.objects.all()]))
"""
STATES = """
from collections import Counter
from practice.messages.models import Message
print(json.dumps(Counter(Message.objects.values_list("status", flat=True))))
"""
# The worker as ever, but less patient: what takes minutes in life takes seconds here.
WORKER = """
import django; django.setup()
from datetime import timedelta
from django.conf import settings
from django.core.management import call_command
from practice.messages import actions
settings.EMAIL_TIMEOUT = 3
actions.LEASE, actions.FIRST_WAIT, actions.SWEEP_AFTER = timedelta(seconds=6), timedelta(seconds=1), timedelta(seconds=2)
call_command("worker")
"""


class Inbox:
    """A mail server of ours: keeps Message-ID, recipient and time of what it took, and may be told to say nothing."""

    def __init__(self):
        self.received = []
        self.speaks = threading.Event()
        self.speaks.set()
        self.callers = 0
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.server = Controller(self, hostname="127.0.0.1", port=self.port)
        self.server.start()

    async def handle_MAIL(self, server: SMTP, session, envelope, address, options):
        self.callers += 1
        while not self.speaks.is_set():
            await asyncio.sleep(0.05)
        envelope.mail_from = address
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        head = envelope.content[:2000].decode("latin-1")
        message_id = re.search(r"(?mi)^Message-ID: (\S+)", head)[1]
        self.received.append((message_id, envelope.rcpt_tos[0], time.time()))
        return "250 OK"
