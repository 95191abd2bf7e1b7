import time, statistics, pytest, time_machine
from tests.factories import *
from practice.catalog.models import Kind
from django.db import connection
from django.test.utils import CaptureQueriesContext
pytestmark = pytest.mark.django_db
def test_speed(client, practice, settings):
    people=[make_counselor(name=f"C {i}") for i in range(50)]
    s = make_service(counselors=people); d = make_service(counselors=people, kind=Kind.INITIAL)
    one = make_service(counselors=people[:1], kind=Kind.INITIAL, position=50)
    for url in ["/", f"/book/{s.slug}/time/", f"/book/{one.slug}/time/", "/counselors/", f"/counselors/{people[0].slug}/"]:
        client.get(url)
        with CaptureQueriesContext(connection) as q: client.get(url)
        t=[]
        for _ in range(15):
            a=time.perf_counter(); r=client.get(url); t.append(time.perf_counter()-a)
        print(url, f"{statistics.median(t)*1000:.1f} ms", len(q), len(r.content))
