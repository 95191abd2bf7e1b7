"""Many people at once, two web processes: exactly one booking for each free place, and a clear answer for everybody."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

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
