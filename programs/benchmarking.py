"""What the benchmark stands on: practices served for measuring, a plain HTTP client, medians."""

import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

from django.conf import settings

CLIENTS = 100_000  # known to the practice with the long history
SCENE = """
import django, json; django.setup()
from datetime import timedelta
from django.conf import settings
from django.db.models import Count, Q
from django.test import Client
from django.utils import timezone
from practice.catalog.models import Service
from practice.people.models import Counselor, Role, User
service = Service.objects.public().for_listing().filter(approval="instant").first()
Service.objects.filter(pk=service.pk).update(horizon_days=366, per_day_cap=50, notice=0, notice_new_client=0)
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("VACUUM ANALYZE")
now = timezone.now()
soon = Q(meetings__starts_at__gt=now - timedelta(hours=12), meetings__starts_at__lt=now + timedelta(days=8))
busiest = Counselor.objects.annotate(load=Count("meetings", filter=soon)).order_by("-load").first().user
def signed_in(user):
    browser = Client()
    browser.force_login(user)
    return f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}"
desk = User.objects.with_role(Role.FRONT_DESK).order_by("pk").first()
print(json.dumps({"service": service.slug, "counselor": signed_in(busiest), "desk": signed_in(desk)}))
"""


class Line:
    """One kept-alive HTTP connection."""

    def __init__(self, port: int):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
        """Send one request and return status and body. Raise ConnectionError if the server hangs up."""
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.socket.sendall(
            f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n{head}\r\n".encode() + body
        )
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._more()
        top, _, rest = received.partition(b"\r\n\r\n")
        length = next(int(row[15:]) for row in top.lower().split(b"\r\n") if row.startswith(b"content-length:"))
        while len(rest) < length:
            rest += self._more()
        return int(top[9:12]), rest

    def _more(self) -> bytes:
        chunk = self.socket.recv(262_144)
        if not chunk:
            raise ConnectionError("the server hung up")
        return chunk


class ServedPractice:
    """A practice with `history` past meetings and 50 counselors, in its own directory, behind two web processes."""

    def __init__(self, history: int):
        self.history = history
        self.data = settings.DATA_DIR / "benchmark" / str(history)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.environment = os.environ | {
            "BENANG_DATA": str(self.data),
            "BENANG_LIMITS": "off",
            "BENANG_DEMO": "on",
            "DJANGO_SETTINGS_MODULE": "practice.settings",
        }
        self.environment.pop("DATABASE_URL", None)
        self.web = None

    def run(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=settings.BASE_DIR,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(done.stdout + done.stderr)
        return done.stdout

    def start(self) -> None:
        """Make the practice unless an earlier run left it, then serve it."""
        self.data.mkdir(parents=True, exist_ok=True)
        made = self.data / "made"
        self.run("manage.py", "migrate", "-v0")
        self.run("manage.py", "collectstatic", "--noinput", "-v0")
        if not made.exists():
            began = time.monotonic()
            many = ["--clients", str(CLIENTS)] if self.history >= CLIENTS else []
            self.run("manage.py", "seed_demo", "--counselors", "50", "--meetings", str(self.history), *many)
            print(f"seeded 50 counselors and {self.history:,} past meetings in {time.monotonic() - began:.0f} s")
            made.touch()
        scene = json.loads(self.run("-c", SCENE).splitlines()[-1])
        self.service = scene["service"]
        self.pages = {
            name: (path, {"Cookie": scene[who]})
            for name, (path, who) in {
                "a counselor's today": ("/today/", "counselor"),
                "the desk's day": ("/desk/", "desk"),
                "client search": ("/desk/clients/?q=Kirana+Tobing", "desk"),
                "client search, mistyped": ("/desk/clients/?q=Kirnaa+Tobign", "desk"),
            }.items()
        }
        command = [sys.executable, "-m", "practice.management.web", "127.0.0.1", str(self.port), "2", str(os.getpid())]
        with (self.data / "web.log").open("w") as log:
            self.web = subprocess.Popen(
                command, cwd=settings.BASE_DIR, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )
        for _try in range(200):
            try:
                if Line(self.port).ask("GET", "/healthz")[0] == 200:
                    break
            except OSError:
                time.sleep(0.1)
        [self.offered] = [s for s in self.get("/api/v1/services") if s["slug"] == self.service]
        self.slots = self.free_places()

    def stop(self) -> None:
        if self.web:
            os.killpg(self.web.pid, signal.SIGTERM)
            self.web.wait(timeout=20)

    def get(self, path: str):
        status, body = Line(self.port).ask("GET", path)
        if status != 200:
            raise RuntimeError(f"{path}: {status} {body[:300]!r}")
        return json.loads(body)

    def search(self, counselor: str, first: str, last: str) -> str:
        return f"/api/v1/slots?service={self.service}&counselor={counselor}&from={first}&to={last}"

    def free_places(self) -> list[tuple[str, str]]:
        """(counselor, start) pairs that can all be booked: at least two hours apart for each counselor."""
        from datetime import date, datetime, timedelta

        chosen, last = [], {}
        day = date.today() + timedelta(days=30)
        for _window in range(5):
            for slot in self.get(self.search("any", str(day), str(day + timedelta(days=59))))["slots"]:
                start = datetime.fromisoformat(slot["starts_at"])
                if start - last.get(slot["counselor"], start - timedelta(days=1)) >= timedelta(hours=2):
                    last[slot["counselor"]] = start
                    chosen.append((slot["counselor"], slot["starts_at"]))
            day += timedelta(days=60)
        return chosen[::-1]

    def booking(self) -> tuple[bytes, dict]:
        """A request that books the next free place."""
        counselor, starts_at = self.slots.pop()
        key = uuid4().hex
        body = {
            "service": self.service,
            "counselor": counselor,
            "starts_at": starts_at,
            "time_zone": "Asia/Jakarta",
            "name": "Benchmark",
            "email": f"{key}@example.org",
            "question": "Sulit tidur sejak pindah kerja.",
            "consent": True,
        }
        return json.dumps(body).encode(), {"Content-Type": "application/json", "Idempotency-Key": key}


def median_ms(times: list[float]) -> float:
    return statistics.median(times) * 1000


def timed(times: int, act: Callable[[], None]) -> list[float]:
    """The seconds that each of so many calls took."""
    found = []
    for _time in range(times):
        began = time.perf_counter()
        act()
        found.append(time.perf_counter() - began)
    return found


def throughput(practice: ServedPractice, *, clients: int, bookings: int) -> float:
    """Bookings a second that this many clients get through together."""
    requests = [practice.booking() for _booking in range(bookings)]
    shares = [requests[n::clients] for n in range(clients)]
    lines = [Line(practice.port) for _client in range(clients)]

    def work(line: Line, share) -> int:
        return sum(line.ask("POST", "/api/v1/bookings", body, **headers)[0] == 201 for body, headers in share)

    began = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        made = sum(pool.map(work, lines, shares))
    if made != bookings:
        raise RuntimeError(f"only {made} of {bookings} bookings were made")
    return made / (time.perf_counter() - began)


def memory_mb(practice: ServedPractice) -> float:
    """The largest resident size among the web processes, in MB."""
    sizes = []
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            text = status.read_text()
            if os.getpgid(int(status.parent.name)) == practice.web.pid:
                sizes.append(int(text.partition("VmRSS:")[2].split()[0]) / 1024)
        except (OSError, IndexError, ValueError):
            continue
    return max(sizes, default=0.0)
