"""Many people at once, two web processes: exactly one booking for each free place, and a clear answer for everybody."""

import os
import re
import signal
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.cookiejar import CookieJar
from pathlib import Path

import psycopg
import pytest

from practice.database.patience import PATIENCE, PAUSE
from practice.database.server import Server
from tests.served import Served, post_json

SCENE = """
from tests.factories import make_counselor, make_practice, make_service
make_practice()
people = [make_counselor(name=f"Counselor {n}") for n in range(3)]
service = make_service(counselors=people, slug="consultation", step=5)
print(json.dumps([person.slug for person in people]))
"""
OVERLAPS = """
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute('''
        SELECT count(*) FROM practice_meeting a JOIN practice_meeting b
        ON a.counselor_id = b.counselor_id AND a.id < b.id AND a.busy && b.busy
        WHERE a.status <> 'cancelled' AND b.status <> 'cancelled' ''')
    overlaps = cursor.fetchone()[0]
    cursor.execute("SELECT count(*) FROM practice_meeting WHERE status = 'confirmed'")
    booked = cursor.fetchone()[0]
    cursor.execute('''
        SELECT count(*) FROM practice_meeting m JOIN practice_participant p ON p.meeting_id = m.id
        JOIN appointments_consultation c ON c.meeting_id = m.id JOIN practice_message o ON o.meeting_id = m.id
        WHERE m.status = 'confirmed' ''')
    whole = cursor.fetchone()[0]
print(json.dumps([overlaps, booked, whole]))
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    served = Served(tmp_path_factory.mktemp("race"))
    served.manage("migrate", "-v0")
    served.counselors = served.python(SCENE)
    served.start()
    yield served
    served.stop()


def book(served, n, starts_at, counselor, key=None):
    body = {
        "service": "consultation",
        "counselor": counselor,
        "starts_at": starts_at,
        "time_zone": "Asia/Jakarta",
        "name": f"Person {n}",
        "email": f"person{n}@example.org",
        "consent": True,
    }
    return post_json(f"{served.url}/api/v1/bookings", body, {"Idempotency-Key": key or f"{starts_at}-{n}"})


def all_at_once(calls):
    with ThreadPoolExecutor(max_workers=len(calls)) as pool:
        return list(pool.map(lambda call: call(), calls))


def next_monday(served, weeks=1):
    return served.python(
        "from datetime import date, timedelta\n"
        f"day = date.today(); print(json.dumps(str(day + timedelta(days=7 * {weeks} - day.weekday()))))"
    )


def test_two_hundred_for_one_time_make_one_booking(served):
    monday = next_monday(served)
    starts_at = f"{monday}T09:00:00+07:00"

    answers = all_at_once([lambda n=n: book(served, n, starts_at, served.counselors[0]) for n in range(200)])

    assert Counter(status for status, _body in answers) == {201: 1, 409: 199}
    assert all(len(body["alternatives"]) == 3 for status, body in answers if status == 409)
    assert served.python(OVERLAPS)[0] == 0


def test_two_hundred_for_overlapping_times_never_overlap(served):
    monday = next_monday(served, weeks=2)
    times = [f"{monday}T{10 + n // 12:02}:{n % 12 * 5:02}:00+07:00" for n in range(24)]

    answers = all_at_once([lambda n=n: book(served, 1000 + n, times[n % 24], served.counselors[1]) for n in range(200)])

    statuses = Counter(status for status, _body in answers)
    assert set(statuses) == {201, 409}
    overlaps, booked, whole = served.python(OVERLAPS)
    assert overlaps == 0
    assert booked == whole
    assert 1 <= statuses[201] <= 3


def test_anybody_means_as_many_bookings_as_there_are_people(served):
    starts_at = f"{next_monday(served, weeks=3)}T09:00:00+07:00"

    answers = all_at_once([lambda n=n: book(served, 2000 + n, starts_at, "any") for n in range(60)])

    assert Counter(status for status, _body in answers) == {201: 3, 409: 57}
    assert len({body["counselor"] for status, body in answers if status == 201}) == 3


def test_one_key_twenty_times_is_one_booking_and_one_answer(served):
    starts_at = f"{next_monday(served, weeks=4)}T09:00:00+07:00"
    before = served.python(OVERLAPS)[1]

    answers = all_at_once(
        [lambda: book(served, 3000, starts_at, served.counselors[0], key="one-key") for _ in range(20)]
    )

    assert {status for status, _body in answers} == {201}
    assert len({str(sorted(body.items())) for _status, body in answers}) == 1
    assert served.python(OVERLAPS)[1] == before + 1


class Browser:
    """Somebody who books on the pages, without JavaScript: keeps cookies, and does not follow redirects."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *details):
            return None

    def __init__(self, served):
        self.url = f"{served.url}/book/consultation/time/"
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()), self.Stay)
        page = self.opener.open(self.url, timeout=60).read().decode()
        self.token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]

    def choose(self, counselor, day, start):
        """Press Continue with this time chosen; the status of the answer."""
        typed = {
            "csrfmiddlewaretoken": self.token,
            "counselor": counselor,
            "mode": "video",
            "from": day,
            "start": start,
        }
        body = urllib.parse.urlencode(typed).encode()
        try:
            return self.opener.open(self.url, body, timeout=60).status
        except urllib.error.HTTPError as answer:
            return answer.code


def test_two_hundred_on_pages_and_api_together_make_one_booking(served):
    day = next_monday(served, weeks=5)
    browsers = [Browser(served) for _ in range(100)]
    on_pages = [lambda b=b: b.choose(served.counselors[2], day, f"{day}T03:00Z") for b in browsers]
    by_api = [lambda n=n: book(served, 4000 + n, f"{day}T10:00:00+07:00", served.counselors[2])[0] for n in range(100)]
    mixed = [call for pair in zip(on_pages, by_api, strict=True) for call in pair]

    statuses = Counter(all_at_once(mixed))

    assert statuses[201] + statuses[302] == 1
    assert statuses[409] == 199
    assert served.python(OVERLAPS)[0] == 0


@pytest.fixture
def database(served):
    """The database that serves, for somebody who looks at it from the side."""
    server = Server(served.data / "postgres", durable=False)
    with psycopg.connect(host=server.join(), user="postgres", dbname="postgres") as connection:
        yield connection
    server.leave()


def test_a_database_that_freezes_while_a_form_is_answered_is_a_page_with_the_form(served, database):
    day = next_monday(served, weeks=6)
    browser = Browser(served)
    sent = {"shown": "1", "question": "Saya ingin bicara.", "mode": "video", "start": f"{day}T03:00Z"}
    body = urllib.parse.urlencode(sent | {"csrfmiddlewaretoken": browser.token, "counselor": "any"}).encode()
    database.execute("LOCK TABLE practice_service")  # so that the request is under way when everything stops

    def press():
        with pytest.raises(urllib.error.HTTPError) as refused:
            browser.opener.open(browser.url, body, timeout=20)
        return refused.value.code, refused.value.read().decode(), time.monotonic()

    with ThreadPoolExecutor() as pool:
        pressed = pool.submit(press)
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        while not database.execute(waiting).fetchone()[0]:
            time.sleep(0.05)
            database.execute("SELECT pg_stat_clear_snapshot()")
        pids = [pid for (pid,) in database.execute("SELECT pid FROM pg_stat_activity")]
        directory = Path(database.execute("SHOW data_directory").fetchone()[0])
        pids.append(int((directory / "postmaster.pid").read_text().split()[0]))
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        frozen_at = time.monotonic()
        try:
            status, page, answered_at = pressed.result(timeout=30)
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
    database.rollback()
    time.sleep(PAUSE)

    assert status == 503
    assert answered_at - frozen_at < PATIENCE + 1
    assert all(value in page for value in sent.values())
    assert browser.choose("any", day, f"{day}T03:00Z") == 302
