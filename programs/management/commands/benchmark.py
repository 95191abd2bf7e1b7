"""Measure what people wait for, beside a bare view and the database's own limit."""

import json
import re
import subprocess
from datetime import date, timedelta

from django.core.management.base import BaseCommand

from practice.database.binaries import tool
from programs.benchmarking import Line, ServedPractice, median_ms, memory_mb, throughput, timed

PROBE = """
import django, json, sys; django.setup()
from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from practice.calendar import slots
from practice.calendar.desk.clients import find_clients
from practice.people.models import Counselor, Role, User
body, key, service = json.loads(sys.argv[1]), sys.argv[2], sys.argv[3]
with connection.cursor() as cursor:
    counselor = Counselor.objects.get(slug=body["counselor"])
    cursor.execute("SELECT now()::date + 1, now()::date + 29")
    lower, upper = cursor.fetchone()
    cursor.execute("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + slots.BUSY.format(ignore=""),
                   {"counselors": [counselor.pk], "lower": lower, "upper": upper, "now": upper})
    plan = cursor.fetchone()[0][0]["Plan"]
client = Client(SERVER_NAME="localhost")
desk, now = User.objects.with_role(Role.FRONT_DESK).order_by("pk").first(), timezone.now()
pages = {}
for path, user in [("/today/", counselor.user), ("/desk/", desk), ("/desk/clients/?q=Kirnaa+Tobign", desk)]:
    browser = Client(SERVER_NAME="localhost")
    browser.force_login(user)
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(path).status_code == 200, path
    pages[path] = len(captured)
with CaptureQueriesContext(connection) as captured, connection.cursor() as cursor:
    found = find_clients("Kirnaa Tobign", desk, now=now)
scans = 0
with connection.cursor() as cursor, transaction.atomic():
    cursor.execute("SELECT set_config('pg_trgm.word_similarity_threshold', '0.4', true)")
    for query in captured:
        if query["sql"].startswith("SELECT \\"practice_client") or "FROM \\"practice_client\\"" in query["sql"]:
            cursor.execute("EXPLAIN " + query["sql"])
            scans += "client_search" in str(cursor.fetchall())
def book(n):
    return client.post("/api/v1/bookings", json.dumps(body), content_type="application/json",
                       headers={"Idempotency-Key": f"{key}-{n}"})
with CaptureQueriesContext(connection) as searching:
    client.get("/api/v1/slots", {"service": service, "counselor": body["counselor"]})
with CaptureQueriesContext(connection) as queries:
    status = book(1).status_code
host = connection.get_connection_params()["host"]
print(json.dumps({"buffers": plan["Shared Hit Blocks"] + plan["Shared Read Blocks"], "status": status, "host": host,
    "pages": pages, "found": len(found.matching) + len(found.alike), "scans": scans,
    "search": len(searching), "statements": [" ".join(q["sql"].split())[:76] for q in queries],
    "counselor": str(counselor.pk), "lower": str(lower), "upper": str(upper)}))
"""


class Command(BaseCommand):
    help = "Print speed figures as medians of interleaved rounds; the first run makes its practices and takes minutes."

    def add_arguments(self, parser):
        parser.add_argument("--rounds", type=int, default=5)
        parser.add_argument("--repeat", type=int, default=100, help="requests of each sort in a round")
        parser.add_argument("--bookings", type=int, default=2000, help="bookings of the throughput run")
        parser.add_argument("--histories", default="1000,1000000", help="past meetings, one practice for each number")

    def handle(self, **options):
        practices = [ServedPractice(int(history)) for history in options["histories"].split(",")]
        try:
            for practice in practices:
                practice.start()
                self.compare_answers(practice)
            figures = {practice.history: self.measure(practice, 0, 20) for practice in practices}  # warm up
            figures = {practice.history: {} for practice in practices}
            for _round in range(options["rounds"]):
                for practice in practices:
                    for name, times in self.measure(practice, options["repeat"], options["repeat"]).items():
                        figures[practice.history].setdefault(name, []).append(median_ms(times))
            self.report(practices, figures, options)
        finally:
            for practice in practices:
                practice.stop()

    def compare_answers(self, practice):
        """Hold the answers against each other before any of them is timed."""
        first = date.today() + timedelta(days=1)
        days = [str(first + timedelta(days=n)) for n in range(28)]
        one = practice.slots[-1][0]
        whole = practice.get(practice.search(one, days[0], days[-1]))["slots"]
        by_day = [slot for day in days for slot in practice.get(practice.search(one, day, day))["slots"]]
        anyone = practice.get(practice.search("any", days[0], days[-1]))["slots"]
        if whole != by_day or whole != [slot for slot in anyone if slot["counselor"] == one] or not whole:
            raise RuntimeError("the answers disagree")
        self.one, self.first, self.last = one, days[0], days[-1]
        print(f"{practice.history:,}: answers agree, {len(whole)} starts of one, {len(anyone)} of all counselors")

    def measure(self, practice, repeat, bookings):
        """One round: bare view, searches, pages of counselor and desk, and bookings one after the other."""
        line = Line(practice.port)
        repeat = repeat or 20
        paths = {
            "bare view": "/healthz",
            "search, one counselor": practice.search(self.one, self.first, self.last),
            "search, any of 50": practice.search("any", self.first, self.last),
        }
        figures = {name: timed(repeat, lambda path=path: line.ask("GET", path)) for name, path in paths.items()}
        for name, (path, headers) in practice.pages.items():
            status, _page = line.ask("GET", path, **headers)
            if status != 200:
                raise RuntimeError(f"{path}: {status}")
            figures[name] = timed(repeat, lambda path=path, headers=headers: line.ask("GET", path, **headers))
        requests = [practice.booking() for _booking in range(bookings)]

        def book():
            body, headers = requests.pop()
            status, answer = line.ask("POST", "/api/v1/bookings", body, **headers)
            if status != 201:
                raise RuntimeError(f"{status} {answer[:200]!r}")

        figures["booking"] = timed(bookings, book)
        return figures

    def report(self, practices, figures, options):
        from statistics import median

        small = practices[0].history
        for practice in practices:
            print(f"\n{practice.history:,} past meetings, medians of {options['rounds']} rounds")
            bare = median(figures[practice.history]["bare view"])
            for name, rounds in figures[practice.history].items():
                now, growth = median(rounds), median(rounds) / median(figures[small][name])
                print(f"  {name:24} {now:7.2f} ms   {now / bare:5.2f} × bare view   {growth:5.2f} × at {small:,}")
            rate = throughput(practice, clients=8, bookings=options["bookings"])
            print(f"  bookings, 8 clients      {rate:7.0f} /s")
            self.probe(practice, median(figures[practice.history]["search, one counselor"]))
            line = Line(practice.port)
            timed(1000, lambda line=line: line.ask("GET", "/services/"))
            print(f"  largest web process      {memory_mb(practice):7.0f} MB after 1,000 more pages")

    def probe(self, practice, search_ms):
        """Statements, buffers, and the same busy-time statement through pgbench."""
        body, headers = practice.booking()
        found = json.loads(
            practice.run("-c", PROBE, body.decode(), headers["Idempotency-Key"], practice.service).splitlines()[-1]
        )
        if found["status"] != 201:
            raise RuntimeError(f"the probe's booking was answered {found['status']}")
        for path, count in found["pages"].items():
            print(f"  statements of {path:10} {count:7}")
        print(f"  index scans of a mistyped client search {found['scans']} of 2, {found['found']} clients found")
        print(f"  statements of a search   {found['search']:7}")
        print(f"  statements of a booking  {len(found['statements']):7}")
        for statement in found["statements"]:
            print(f"      {statement}")
        print(f"  buffers of a search      {found['buffers']:7}   (busy time of one counselor, four weeks)")
        limit = self.pgbench(practice, found)
        print(f"  the database alone       {limit:7.2f} ms   search is {search_ms / limit:.1f} × that")

    def pgbench(self, practice, found) -> float:
        """Latency in ms of the busy-time statement, prepared, one client."""
        from practice.calendar.slots import BUSY

        statement = BUSY.format(ignore="")
        for name, value in {
            "counselors": f"ARRAY['{found['counselor']}'::uuid]",
            "lower": f"'{found['lower']}'::timestamptz",
            "upper": f"'{found['upper']}'::timestamptz",
            "now": "now()",
        }.items():
            statement = statement.replace(f"%({name})s", value)
        script = practice.data / "search.sql"
        script.write_text(" ".join(statement.split()) + ";\n")
        done = subprocess.run(
            [
                tool("pgbench"),
                "-n",
                "-M",
                "prepared",
                "-T",
                "3",
                "-f",
                script,
                "-h",
                found["host"],
                "-U",
                "postgres",
                "postgres",
            ],
            capture_output=True,
            text=True,
            check=True,
        )
        return float(re.search(r"latency average = ([\d.]+)", done.stdout)[1])
