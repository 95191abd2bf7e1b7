"""The outbox in bad weather: killed workers, a database that restarts, a mail server that is slow or silent."""

import asyncio
import contextlib
import http.cookiejar
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from practice.database.server import Server
from tests.served import ROOT, SETUP, Served, post_json

IN_FLIGHT = 2.0  # seconds that a mail may take from its last look at the meeting to the server
REMINDERS = """
from practice.messages.models import Message
found = Message.objects.filter(kind="meeting.reminder_day", recipient_email__startswith=%r)
print(json.dumps(list(found.values_list("message_id", "recipient_email", "status"))))
"""


class Inbox:
    """A mail server of ours: keeps Message-ID, recipient and time of what it took, and may be told to say nothing."""

    def __init__(self):
        self.received = []
        self.callers = 0
        self.speaks = threading.Event()
        self.speaks.set()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.server = Controller(self, hostname="127.0.0.1", port=self.port)
        self.server.start()

    async def handle_MAIL(self, server, session, envelope, address, options):
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

    def count(self, name):
        return sum(recipient.startswith(name) for _id, recipient, _at in self.received)


class Stormy(Served):
    """A practice on a durable database, with limits as in life, whose worker and database may be killed."""

    def __init__(self, data: Path, inbox: Inbox):
        super().__init__(data)
        self.environment |= {
            "BENANG_DURABLE": "on",
            "BENANG_LIMITS": "on",
            "EMAIL_URL": f"smtp://127.0.0.1:{inbox.port}",
        }
        self.worker = None

    def storm(self, call: str):
        """Run one of the scenes in `tests.storms` and return what it returns."""
        return self.python(f"from tests import storms\nprint(json.dumps(storms.{call}))")

    def start_worker(self, patience: str = "") -> None:
        code = f"{SETUP}from tests import storms; storms.work_impatiently({patience})"
        with (self.data / "worker.log").open("a") as log:
            self.worker = subprocess.Popen(
                [sys.executable, "-c", code], cwd=ROOT, env=self.environment, stdout=log, stderr=log
            )

    def keep_worker(self) -> None:
        """Start the worker again if it has ended, as `serve` does."""
        if self.worker.poll() is not None:
            self.start_worker("lease=8")

    def kill_worker(self) -> None:
        self.worker.kill()
        self.worker.wait(10)

    def stop_worker(self) -> None:
        if self.worker is not None and self.worker.poll() is None:
            self.worker.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.worker.wait(20)
            self.kill_worker()

    def restart_database(self) -> None:
        """Stop the database at once, as a crash would; whoever connects next starts it again."""
        postmaster = Server(self.data / "postgres")._living_postmaster()
        os.kill(postmaster.pid, signal.SIGQUIT)


@pytest.fixture(scope="module")
def inbox():
    inbox = Inbox()
    yield inbox
    inbox.speaks.set()
    inbox.server.stop()


@pytest.fixture(scope="module")
def served(tmp_path_factory, inbox):
    served = Stormy(tmp_path_factory.mktemp("storm"), inbox)
    served.manage("migrate", "-v0")
    yield served
    served.stop_worker()
    served.stop()


@pytest.fixture
def clear_skies(served, inbox):
    """No worker runs before or after the test, and the mail server speaks."""
    inbox.speaks.set()
    yield
    inbox.speaks.set()
    served.stop_worker()


def wait_until(is_so, seconds, meanwhile=lambda: None):
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "waited in vain"
        meanwhile()
        time.sleep(0.05)


# --- Killed workers, a restarting database ----------------------------------------------------------------------------


def storm_of_kills(served, inbox, *, name, people, kills, restarts):
    """Remind everybody while workers and database die; a tenth has moved or cancelled before, a twentieth meanwhile."""
    chance = random.Random(name)
    numbers = list(range(people))
    chance.shuffle(numbers)
    before, meanwhile = numbers[: people // 10], numbers[people // 10 : people // 10 + people // 20]
    changed = served.storm(f"gather({name!r}, {people}, changing={before})")
    reminded = people - len(before)
    deaths = ["worker"] * kills + ["database"] * restarts
    chance.shuffle(deaths)
    served.start_worker("lease=8")

    pause, changing, late_changes = reminded * 0.7 / len(deaths), None, {}
    for number, death in enumerate(deaths, start=1):
        wait_until(lambda n=number: inbox.count(name) >= n * pause, 120, meanwhile=served.keep_worker)
        if death == "worker":
            served.kill_worker()
            served.start_worker("lease=8")
        else:
            served.restart_database()
        if number == len(deaths) // 2:
            changing = threading.Thread(
                target=lambda: late_changes.update(served.storm(f"change_meetings({name!r}, {meanwhile})"))
            )
            changing.start()
    changing.join(120)

    wait_until(lambda: served.storm(f"is_settled({name!r})"), 180, meanwhile=served.keep_worker)
    return changed | late_changes, set(changed)


def judge(served, inbox, *, name, changed, changed_before, deaths):
    """None lost, few twice and then recognisably so, none about a meeting that no longer was."""
    written = served.python(REMINDERS % name)
    ids = {message_id: recipient for message_id, recipient, _status in written}
    received = [each for each in inbox.received if each[0] in ids]
    times_by_id = Counter(message_id for message_id, _recipient, _at in received)
    ids_by_recipient = defaultdict(set)
    for message_id, recipient, at in received:
        ids_by_recipient[recipient].add(message_id)
        assert at < changed.get(recipient, float("inf")) + IN_FLIGHT, "reminded of what has changed"

    lost = {recipient for _id, recipient, _status in written} - set(ids_by_recipient)
    assert lost <= set(changed)
    assert not changed_before & set(ids_by_recipient)
    assert {status for _id, _recipient, status in written} <= {"sent", "dropped"}
    assert all(len(each) == 1 for each in ids_by_recipient.values()), "a second mail has the Message-ID of the first"
    assert sum(times_by_id.values()) - len(times_by_id) <= deaths
    return len(ids_by_recipient)


@pytest.mark.usefixtures("clear_skies")
def test_reminders_survive_a_few_killed_workers_and_a_restart(served, inbox):
    changed, before = storm_of_kills(served, inbox, name="small", people=100, kills=2, restarts=1)

    reached = judge(served, inbox, name="small", changed=changed, changed_before=before, deaths=3)

    assert 85 <= reached <= 90


@pytest.mark.slow
@pytest.mark.usefixtures("clear_skies")
def test_a_thousand_reminders_survive_twenty_killed_workers_and_three_restarts(served, inbox):
    changed, before = storm_of_kills(served, inbox, name="large", people=1120, kills=20, restarts=3)

    reached = judge(served, inbox, name="large", changed=changed, changed_before=before, deaths=23)

    assert 952 <= reached <= 1008


# --- However many -----------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.usefixtures("clear_skies")
def test_five_thousand_messages_leave_at_fifty_a_second(served, inbox):
    served.storm("confirm_all('flood', 5000)")

    served.start_worker()
    wait_until(lambda: inbox.count("flood") >= 5000, 300)

    times = sorted(at for _id, recipient, at in inbox.received if recipient.startswith("flood"))
    assert len(times) == 5000
    assert (len(times) - 1) / (times[-1] - times[0]) >= 50


# --- A mail server that says nothing ----------------------------------------------------------------------------------


class Visitor:
    """A person with a browser without scripts."""

    def __init__(self):
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def get(self, url):
        return self.opener.open(url, timeout=30).read().decode()

    def press(self, url, page, **fields):
        """Send the form on this page, with its hidden fields."""
        hidden = dict(re.findall(r'name="(csrfmiddlewaretoken|version)" value="([^"]*)"', page))
        data = urllib.parse.urlencode(hidden | fields).encode()
        request = urllib.request.Request(url, data, {"Referer": url})
        return self.opener.open(request, timeout=30).read().decode()


def took(act):
    """How many seconds it takes, at best of three: others may be busy on this machine."""
    times = []
    for _ in range(3):
        start = time.monotonic()
        act()
        times.append(time.monotonic() - start)
    return min(times)


def book(served, name, number, day):
    body = {
        "service": "visit",
        "counselor": "any",
        "starts_at": f"{day}T{9 + number:02}:00:00+07:00",
        "time_zone": "Asia/Jakarta",
        "name": "Rina",
        "email": f"{name}{number}@example.org",
        "consent": True,
    }
    status, answer = post_json(f"{served.url}/api/v1/bookings", body, {"Idempotency-Key": f"{name}{number}"})
    assert status == 201, answer
    return answer


def cancel(answer):
    visitor = Visitor()
    page = visitor.get(answer["manage_url"])
    url = re.search(r'href="([^"]*/cancel/)"', page)[1]
    url = urllib.parse.urljoin(answer["manage_url"], url)
    return visitor.press(url, visitor.get(url))


@pytest.mark.usefixtures("clear_skies")
def test_a_silent_mail_server_slows_no_page_and_blocks_no_cancellation(served, inbox):
    day = served.storm("open_a_week('visit')")
    served.start()
    inbox.speaks.clear()
    called = inbox.callers
    served.start_worker("email_timeout=60")
    answers = [book(served, "hung", number, day) for number in range(5)]
    wait_until(lambda: inbox.callers >= called + 4, 60)  # all four of its hands are on the telephone

    page = took(lambda: Visitor().get(f"{served.url}/"))
    to_cancel, to_book = iter(answers), iter((5, 6, 7))
    cancelling = took(lambda: cancel(next(to_cancel)))
    booking = took(lambda: book(served, "hung", next(to_book), day))

    assert max(page, booking) < 1
    assert cancelling < 2  # three pages
    assert inbox.count("hung") == 0
    inbox.speaks.set()
    wait_until(lambda: inbox.count("hung") >= 4 + 1 + 3, 90)
