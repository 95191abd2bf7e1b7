"""The JSON API: what it answers, and that it answers everything clearly."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from appointments.models import Consultation, Replay
from practice.calendar.models import ManageToken, Meeting, Status
from practice.messages.models import Message
from practice.people.models import CareRelationship, Client, Consent
from practice.records.models import AuditEvent
from tests.factories import NOW, make_counselor, make_meeting, make_service

SPEC = json.loads((Path(__file__).parents[2] / "docs" / "openapi.json").read_text())
HOUR = timedelta(hours=1)
pytestmark = pytest.mark.usefixtures("practice")


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def api():
    return Browser(raise_request_exception=True)


def speaks(name, body):
    """Hold an answer against its schema in the description."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": SPEC["components"]}
    Draft202012Validator(schema).validate(body)
    return body


def wish(service, counselor="any", starts_at="2026-11-30T09:00:00+07:00", **more):
    return {
        "service": service.slug,
        "counselor": counselor if isinstance(counselor, str) else counselor.slug,
        "starts_at": starts_at,
        "time_zone": "Asia/Jakarta",
        "name": "Rina",
        "email": "rina@example.org",
        "consent": True,
    } | more


def post(api, body, key="key-1", **headers):
    content = body if isinstance(body, str | bytes) else json.dumps(body)
    headers = {"Idempotency-Key": key} | headers if key is not None else headers
    return api.post("/api/v1/bookings", content, content_type="application/json", headers=headers)


def test_the_description_is_valid_openapi_and_is_served(api):
    validate(SPEC)

    assert api.get("/api/v1/openapi.json").json() == SPEC


def test_services_name_who_offers_them(api, consultation, ayu):
    hidden = make_counselor(name="Hidden", is_listed=False)
    consultation.counselors.add(hidden)
    make_service(is_public=False)

    [service] = api.get("/api/v1/services").json()

    speaks("Service", service)
    assert service["counselors"] == [{"slug": ayu.slug, "name": "Ayu Pratiwi, M.Psi., Psikolog"}]


def test_slots_without_a_zone_are_in_that_of_the_practice(api, consultation, ayu, practice):
    practice.time_zone = "Asia/Makassar"
    practice.save()
    asked = {"service": consultation.slug, "counselor": ayu.slug, "from": "2026-11-30", "to": "2026-11-30"}

    body = speaks("Slots", api.get("/api/v1/slots", asked).json())

    assert body["slots"][0]["starts_at"] == "2026-11-30T10:00:00+08:00"


def test_slots_carry_the_offset_of_the_zone_asked_for(api, consultation, ayu):
    asked = {"service": consultation.slug, "counselor": ayu.slug, "from": "2026-11-30", "to": "2026-11-30"}

    body = speaks("Slots", api.get("/api/v1/slots", asked | {"tz": "Asia/Makassar"}).json())

    assert body["slots"][0] == {
        "starts_at": "2026-11-30T10:00:00+08:00",
        "ends_at": "2026-11-30T11:00:00+08:00",
        "counselor": ayu.slug,
    }


def test_any_lists_every_free_counselor_sorted_by_time_then_name(api, consultation, ayu):
    other = make_counselor(name="Zainal")
    consultation.counselors.add(other)
    asked = {"service": consultation.slug, "counselor": "any", "from": "2026-11-30", "to": "2026-11-30"}

    slots = api.get("/api/v1/slots", asked).json()["slots"]

    assert len(slots) == 30
    assert slots == sorted(slots, key=lambda slot: (slot["starts_at"], slot["counselor"]))


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"service": "nothing"}, 404),
        ({"counselor": "nobody"}, 404),
        ({"service": ""}, 404),
        ({"from": "2026-02-30"}, 422),
        ({"from": "0001-01-01"}, 422),
        ({"to": "9999-12-31"}, 422),
        ({"from": "٢٠٢٦-١١-٣٠"}, 422),
        ({"to": "2026-11-29"}, 422),
        ({"to": "2027-02-15"}, 422),
        ({"tz": "Mars/Olympus"}, 422),
        ({"tz": "EST"}, 422),
        ({"tz": "../../etc/passwd"}, 422),
        ({"mode": "telepathy"}, 422),
    ],
)
def test_a_search_that_makes_no_sense_is_refused_clearly(api, consultation, change, status):
    asked = {"service": consultation.slug, "counselor": "any", "from": "2026-11-30", "to": "2026-12-01"}

    answer = api.get("/api/v1/slots", asked | change)

    assert answer.status_code == status
    speaks("NotFound" if status == 404 else "Refusal", answer.json())


def test_a_search_takes_three_statements_however_many_counselors(api, consultation):
    asked = {"service": consultation.slug, "from": "2026-11-30", "to": "2026-12-20"}
    counts = []
    for _ in range(3):
        consultation.counselors.add(make_counselor())
        with CaptureQueriesContext(connection) as queries:
            api.get("/api/v1/slots", asked)
        counts.append(len(queries))

    assert counts == [3, 3, 3]


def test_a_booking_saves_everything_that_belongs_to_it(api, consultation, ayu):
    answer = post(api, wish(consultation, ayu, question="Susah tidur sejak pindah kerja"))

    body = speaks("Booking", answer.json())
    assert answer.status_code == 201
    meeting = Meeting.objects.get(pk=body["id"])
    assert (meeting.status, meeting.counselor, meeting.price) == (Status.CONFIRMED, ayu, consultation.price)
    assert body["starts_at"] == "2026-11-30T09:00:00+07:00"
    assert Consultation.objects.get().meeting == meeting
    assert Client.objects.get().email_proven_at is None
    assert Consent.objects.get().version == 1
    assert CareRelationship.objects.get().counselor == ayu
    assert Message.objects.get().kind == "meeting.confirmed"
    assert AuditEvent.objects.get().act == "meeting.confirmed"
    token = body["manage_url"].rstrip("/").rsplit("/", 1)[1]
    assert ManageToken.objects.opening(token, NOW).get().meeting == meeting
    assert token not in str(ManageToken.objects.values().get())


def test_a_booking_takes_at_most_sixteen_statements(api, consultation, ayu):
    post(api, wish(consultation, ayu), key="warm")

    with CaptureQueriesContext(connection) as queries:
        answer = post(api, wish(consultation, ayu, "2026-12-01T09:00:00+07:00"), key="counted")

    assert answer.status_code == 201
    assert len(queries) <= 16, [query["sql"][:90] for query in queries]


def test_the_question_is_stored_sealed(api, consultation, ayu):
    post(api, wish(consultation, ayu, question="KANARI-PERTANYAAN"))

    with connection.cursor() as cursor:
        cursor.execute("SELECT question FROM appointments_consultation")
        stored = bytes(cursor.fetchone()[0])
    assert b"KANARI" not in stored
    assert len(stored) > 20


def test_a_by_request_service_answers_requested(api, ayu):
    service = make_service(counselors=[ayu], approval="request")

    body = speaks("Booking", post(api, wish(service, ayu)).json())

    assert body["status"] == "requested"
    assert Message.objects.get().kind == "meeting.requested"
    assert not CareRelationship.objects.exists()


def test_the_same_key_and_body_again_get_the_same_answer(api, consultation, ayu):
    first, second = post(api, wish(consultation, ayu)), post(api, wish(consultation, ayu))

    assert (second.status_code, second.json()) == (201, first.json())
    assert Meeting.objects.count() == 1
    assert first.json()["manage_url"].encode() not in bytes(Replay.objects.get().answer)


def test_the_same_key_with_another_body_is_a_mismatch(api, consultation, ayu):
    post(api, wish(consultation, ayu))

    answer = post(api, wish(consultation, ayu, name="Budi"))

    assert answer.status_code == 422
    assert speaks("Mismatch", answer.json())["code"] == "idempotency_mismatch"


def test_an_answer_is_repeated_for_a_day(api, consultation, ayu):
    post(api, wish(consultation, ayu))

    with time_machine.travel(NOW + timedelta(hours=25), tick=False):
        answer = post(api, wish(consultation, ayu, "2026-12-01T09:00:00+07:00"))

    assert answer.status_code == 201


def test_a_taken_time_is_answered_with_three_nearby_ones(api, consultation, ayu, monday_at_nine):
    make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation)

    answer = post(api, wish(consultation, ayu))

    assert answer.status_code == 409
    assert len(speaks("Taken", answer.json())["alternatives"]) == 3
    assert not Client.objects.exists()


@pytest.mark.parametrize(
    "starts_at",
    [
        "2026-11-30T09:10:00+07:00",
        "2026-11-30T09:00:01+07:00",
        "2026-11-30T03:00:00+07:00",
        "2026-11-01T09:00:00+07:00",
        "2027-11-30T09:00:00+07:00",
        "2026-11-28T09:00:00+07:00",
    ],
)
def test_a_time_against_the_rules_is_not_allowed(api, consultation, ayu, starts_at):
    answer = post(api, wish(consultation, ayu, starts_at))

    assert answer.status_code == 422
    assert speaks("Refusal", answer.json())["code"] == "not_allowed"
    assert not Meeting.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"consent": False},
        {"consent": "true"},
        {"consent": None},
        {"name": ""},
        {"name": "\u200b\u200b"},
        {"name": "x" * 81},
        {"name": "Ri\x00na"},
        {"name": "\ud800"},
        {"name": ["Rina"]},
        {"email": "not an address"},
        {"email": "a@b.c\r\nBcc: x@y.z"},
        {"phone": "call me"},
        {"question": "x" * 501},
        {"starts_at": "2026-11-30T09:00:00"},
        {"starts_at": "2027-02-29T09:00:00+07:00"},
        {"starts_at": "2026-11-30T24:30:00+07:00"},
        {"starts_at": "0001-01-01T00:00:00+00:00"},
        {"starts_at": "9999-12-31T23:59:59-12:00"},
        {"starts_at": 5},
        {"time_zone": "Mars/Olympus"},
        {"time_zone": ""},
        {"language": "xx"},
        {"mode": "telepathy"},
        {"mode": "in_person"},
        {"birth_year": "1994"},
        {"birth_year": True},
        {"birth_year": 94},
        {"birth_year": 2027},
        {"birth_year": 10**400},
        {"service": "nothing"},
        {"counselor": "nobody"},
        {"price": 1},
        {"status": "confirmed"},
        {"client": "00000000-0000-0000-0000-000000000000"},
        {"\x00": "x"},
    ],
)
def test_a_body_that_makes_no_sense_is_refused_field_by_field(api, consultation, ayu, change):
    answer = post(api, wish(consultation, ayu) | change)

    assert answer.status_code == 422
    speaks("Refusal", answer.json())
    assert not Meeting.objects.exists()


def test_a_meeting_by_phone_needs_a_number_to_call(api, ayu):
    service = make_service(counselors=[ayu], modes=["phone"])

    without, blank = post(api, wish(service, ayu)), post(api, wish(service, ayu, phone=" "))
    called = post(api, wish(service, ayu, mode="phone", phone="0812 3456 7890"), key="key-2")

    for answer in (without, blank):
        body = speaks("Refusal", answer.json())
        assert (answer.status_code, body["code"], [*body["errors"]]) == (422, "invalid", ["phone"])
    assert called.status_code == 201
    assert Client.objects.get().phone == "+6281234567890"


@pytest.mark.parametrize("year", [2008, 2012, 2026])
def test_who_may_not_be_of_age_is_sent_to_the_page_where_a_parent_agrees(api, consultation, ayu, year):
    answer = post(api, wish(consultation, ayu, birth_year=year), **{"Accept-Language": "en"})

    body = speaks("Refusal", answer.json())
    assert (answer.status_code, body["code"], [*body["errors"]]) == (422, "invalid", ["birth_year"])
    assert "A parent or guardian" in body["errors"]["birth_year"][0]
    assert not Client.objects.exists()


@pytest.mark.parametrize("year", [1994, 2007, None])
def test_the_year_of_birth_is_kept_where_it_is_sent(api, consultation, ayu, year):
    answer = post(api, wish(consultation, ayu, birth_year=year))

    assert answer.status_code == 201
    assert Client.objects.get().birth_year == year


@pytest.mark.parametrize(
    "content", ["", "null", "[]", "{", '"x"', "1e999", "[" * 100_000, "\x00", b"\xff\xfe", '{"a": NaN}']
)
def test_a_body_that_is_no_object_is_refused(api, content):
    answer = post(api, content)

    assert answer.status_code == 422
    speaks("Refusal", answer.json())


def test_a_megabyte_is_refused(api, consultation, ayu):
    answer = post(api, wish(consultation, ayu, name="x" * 1_000_000))

    assert answer.status_code in {413, 422}


@pytest.mark.parametrize("key", [None, "", "x" * 65, "ké"])
def test_a_booking_needs_a_key(api, consultation, ayu, key):
    answer = post(api, wish(consultation, ayu), key=key)

    assert answer.status_code == 422
    assert "Idempotency-Key" in speaks("Refusal", answer.json())["errors"]


def test_the_eleventh_booking_from_an_address_is_too_many(api, consultation, ayu):
    for n in range(10):
        assert post(api, "{}", key=str(n)).status_code == 422

    answer = post(api, wish(consultation, ayu))

    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
    speaks("TooMany", answer.json())


def test_a_forged_forwarding_header_is_not_another_address(api):
    for n in range(10):
        post(api, "{}", key=str(n), **{"X-Forwarded-For": f"10.0.0.{n}"})

    assert post(api, "{}", **{"X-Forwarded-For": "10.9.9.9"}).status_code == 429


def test_all_addresses_of_an_ipv6_line_are_one(api):
    answers = [post(Browser(REMOTE_ADDR=f"2001:db8:0:7::{n:x}"), "{}", key=str(n)).status_code for n in range(1, 12)]
    neighbour = post(Browser(REMOTE_ADDR="2001:db8:0:8::1"), "{}")

    assert answers == [422] * 10 + [429]
    assert neighbour.status_code == 422


def test_three_unproven_appointments_for_an_address_are_enough(api, consultation, ayu):
    addresses = ["rina@gmail.com", "r.i.n.a@gmail.com", "rina+2@gmail.com", "Rina@GMAIL.com"]
    answers = [
        post(api, wish(consultation, ayu, f"2026-12-0{n + 1}T09:00:00+07:00", email=email), key=str(n))
        for n, email in enumerate(addresses)
    ]

    assert [answer.status_code for answer in answers] == [201, 201, 201, 422]
    assert [*speaks("Refusal", answers[-1].json())["errors"]] == ["email"]
    assert Meeting.objects.count() == 3


def test_the_api_sets_no_cookie_and_allows_no_other_origin(api, consultation):
    answer = api.get("/api/v1/services", headers={"Origin": "https://evil.example"})

    assert not answer.cookies
    assert "Access-Control-Allow-Origin" not in answer


@pytest.mark.parametrize(
    ("path", "allowed"), [("services", "GET"), ("slots", "GET"), ("bookings", "POST"), ("openapi.json", "GET")]
)
def test_a_wrong_method_is_405(api, path, allowed):
    answer = api.generic("GET" if allowed == "POST" else "POST", f"/api/v1/{path}")

    assert (answer.status_code, answer["Allow"]) == (405, allowed)
    speaks("WrongMethod", answer.json())
