"""Booking while web processes are killed: what was acknowledged is there, and nothing is there by halves."""

import contextlib
import itertools
import os
import random
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path

import pytest

from tests.served import ROOT, Served, post_json

BACK_WITHIN = 5.0  # seconds
SCENE = """
from datetime import date, timedelta
from tests.factories import make_counselor, make_practice, make_service
make_practice()
people = [make_counselor(name=f"Counselor {n}") for n in range(30)]
make_service(counselors=people, slug="consultation", minutes=15, buffer_after=0, step=15, per_day_cap=100)
monday = date.today() + timedelta(days=7 - date.today().weekday())
days = [str(monday + timedelta(days=n)) for n in (*range(5), *range(7, 12), *range(14, 19))]
print(json.dumps([[f"{day}T{9 + n // 4:02}:{n % 4 * 15:02}:00+07:00", person.slug]
    for day in days for n in range(32) for person in people]))
"""
WHAT_IS_THERE = """
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute('''
        SELECT m.id::text, m.status,
            (SELECT count(*) FROM practice_participant p WHERE p.meeting_id = m.id),
            (SELECT count(*) FROM appointments_consultation c WHERE c.meeting_id = m.id),
            (SELECT count(*) FROM practice_message o WHERE o.meeting_id = m.id AND o.kind = 'meeting.confirmed'),
            (SELECT count(*) FROM practice_message o JOIN procrastinate_jobs j ON j.args->'messages' ? o.id::text
             WHERE o.meeting_id = m.id)
        FROM practice_meeting m''')
    meetings = cursor.fetchall()
    cursor.execute('''
        SELECT count(*) FROM practice_client c
        WHERE NOT EXISTS (SELECT 1 FROM practice_participant p WHERE p.client_id = c.id)''')
    lonely = cursor.fetchone()[0]
print(json.dumps([meetings, lonely]))
"""


class Supervised(Served):
    """A practice served as people serve it, by `manage.py serve`, which starts again what dies."""

    def start(self) -> None:
        self.environment |= {"BENANG_DURABLE": "on"}
        command = [sys.executable, "manage.py", "serve", "--port", str(self.port), "--workers", "0"]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + 240
        while not self.answers():
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.1)

    def answers(self) -> bool:
        """True if a page that reads the database comes."""
        with contextlib.suppress(OSError, HTTPException):
            return urllib.request.urlopen(f"{self.url}/api/v1/services", timeout=BACK_WITHIN).status == 200
        return False

    def web_processes_now(self) -> tuple[int, list[int]]:
        """The pid of the web server, or 0, and those of the processes under it that answer requests."""
        families = {}
        for path in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                pid, rest = path.read_text().split(" ", 1)
                families.setdefault(int(rest.rpartition(") ")[2].split()[1]), []).append(int(pid))
        web = next((pid for pid in families.get(self.process.pid, []) if is_web(pid)), 0)
        return web, [pid for pid in families.get(web, []) if is_web(pid)]

    def is_back(self, killed: int) -> bool:
        """True if pages come, and from processes that are there to stay: those of a killed server end with it."""
        web, answering = self.web_processes_now()
        return web not in (0, killed) and bool(answering) and self.answers()


def is_web(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return b"practice.management.web" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


@pytest.fixture
def served(tmp_path):
    served = Supervised(tmp_path)
    served.manage("migrate", "-v0")
    served.places = served.python(SCENE)
    served.start()
    yield served
    served.stop()


class Visitors:
    """Some people who book one time after the other, each time of their own. Most try again when no answer comes."""

    def __init__(self, served, *, count=4):
        self.served = served
        self.places = iter(served.places)
        self.taking = threading.Lock()
        self.acknowledged, self.unanswered, self.refused = [], 0, []
        self.is_over = threading.Event()
        self.threads = [threading.Thread(target=self.book_on, args=[random.Random(n)]) for n in range(count)]

    def book_on(self, chance) -> None:
        for number in itertools.count():
            with self.taking:
                place = next(self.places, None)
            if place is None or self.is_over.is_set():
                return
            self.book(place, patient=chance.random() < 0.7, name=f"{threading.get_ident()}-{number}")

    def book(self, place, *, patient: bool, name: str) -> None:
        starts_at, counselor = place
        body = {
            "service": "consultation",
            "counselor": counselor,
            "starts_at": starts_at,
            "time_zone": "Asia/Jakarta",
            "name": "Rina",
            "email": f"{name}@example.org",
            "consent": True,
        }
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                status, answer = post_json(f"{self.served.url}/api/v1/bookings", body, {"Idempotency-Key": name})
            except (OSError, HTTPException):
                if not patient:
                    break
                time.sleep(0.05)
            else:
                if status == 201:
                    self.acknowledged.append(answer["id"])
                elif status != 503:
                    self.refused.append((status, answer))
                if status != 503:
                    return
        self.unanswered += 1


class Watch:
    """Asks for a page all the time; knows the longest time in which none came."""

    def __init__(self, served):
        self.served = served
        self.longest = 0.0
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self.look)
        self.thread.start()

    def look(self) -> None:
        seen_at = time.monotonic()
        while not self.is_over.wait(0.05):
            if self.served.answers():
                self.longest = max(self.longest, time.monotonic() - seen_at)
                seen_at = time.monotonic()

    def end(self) -> None:
        self.is_over.set()
        self.thread.join(30)


def victim(served, chance, *, server: bool) -> int:
    """The web server, or one of its processes, as soon as there is one: it starts all of them anew now and then."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        web, answering = served.web_processes_now()
        if answering:
            return web if server else chance.choice(answering)
        time.sleep(0.02)
    raise AssertionError(served.log.read_text()[-3000:])


def storm_of_web_kills(served, *, kills, server_kills):
    """Kill so many processes under load, some of them the web server itself."""
    chance = random.Random("web")
    visitors, watch = Visitors(served), Watch(served)
    for thread in visitors.threads:
        thread.start()
    of_server = set(range(kills // server_kills - 1, kills, kills // server_kills))
    for number in range(kills):
        time.sleep(chance.uniform(0.1, 1.0))  # the moment is the point: anywhere within a booking
        killed = victim(served, chance, server=number in of_server)
        os.kill(killed, signal.SIGKILL)
        deadline = time.monotonic() + 60
        while not served.is_back(killed):
            assert time.monotonic() < deadline, served.log.read_text()[-3000:]
            time.sleep(0.02)
    visitors.is_over.set()
    for thread in visitors.threads:
        thread.join(90)
    watch.end()
    return visitors, watch


def judge(served, visitors):
    """Everything acknowledged is there, and each booking with all that belongs to it."""
    meetings, lonely = served.python(WHAT_IS_THERE)
    assert visitors.refused == [], "nobody else wanted these times"
    assert set(visitors.acknowledged) <= {pk for pk, *_rest in meetings}
    assert len(visitors.acknowledged) == len(set(visitors.acknowledged))
    assert {tuple(rest) for _pk, *rest in meetings} == {("confirmed", 1, 1, 1, 1)}
    assert len(meetings) - len(visitors.acknowledged) <= visitors.unanswered
    assert lonely == 0


@pytest.mark.slow
def test_a_hundred_killed_web_processes_lose_and_halve_no_booking(served):
    visitors, watch = storm_of_web_kills(served, kills=100, server_kills=10)

    print(
        f"100 kills: {len(visitors.acknowledged)} bookings acknowledged, {visitors.unanswered} without an answer, "
        f"no page for {watch.longest:.2f} s at most"
    )
    judge(served, visitors)
    assert len(visitors.acknowledged) > 100
    assert watch.longest <= BACK_WITHIN
