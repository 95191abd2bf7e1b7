"""Who sees which lines of the trail, in whose words, and what looking at it leaves behind."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from practice.people.models import CareRelationship, Role
from practice.records.actions import record
from practice.records.models import AuditEvent
from programs.trail.lines import code_of
from tests.factories import NOW, make_client, make_counselor, make_supervision, make_user

DAY = timedelta(days=1)
TRAIL, OWN = reverse("trail"), reverse("own_trail")


@pytest.fixture(autouse=True)
def monday_morning(practice):
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def officer(db):
    return make_user(Role.DATA_OFFICER, name="Nadia", language="en")


def make_care(counselor, client, **fields):
    return CareRelationship.objects.create(
        counselor=counselor,
        client=client,
        started_at=NOW - DAY,
        **{"ends_at": datetime(2099, 1, 1, tzinfo=UTC)} | fields,
    )


def make_read(by, client, *, act="consultation.read", reason="reading the consultation", at=NOW - DAY):
    return record(by, act, client=client, reason=reason, now=at)


def shown(client, address=TRAIL, **query):
    answer = client.get(address, query)
    assert answer.status_code == 200
    return answer.content.decode().partition("</details>")[2] or answer.content.decode()


# --- The data officer ------------------------------------------------------------------------------------------------


def test_a_data_officer_sees_who_opened_what_when_and_why_and_no_client_s_name(client, ayu, rina, officer):
    make_read(ayu.user, rina)
    client.force_login(officer)

    page = shown(client)

    assert "Consultation: opened" in page
    assert "Ayu Pratiwi, Counselor" in page
    assert "to read the consultation" in page
    assert code_of(rina.pk) in page
    assert "Rina" not in page


def test_what_was_typed_about_an_appointment_is_left_out(client, ayu, rina, officer):
    record(ayu.user, "meeting.cancelled", client=rina, reason="feels worse", now=NOW)
    client.force_login(officer)

    page = shown(client)

    assert "Appointment: cancelled" in page
    assert "feels worse" not in page


def test_lines_are_found_by_person_thing_client_and_day(client, ayu, rina, officer):
    bima, budi = make_counselor(name="Bima"), make_client(name="Budi")
    make_read(ayu.user, rina, reason="one")
    make_read(bima.user, budi, act="progressnote.read", reason="two", at=NOW - 3 * DAY)
    record(bima.user, "note.signed", client=budi, reason="three", now=NOW - 5 * DAY)
    client.force_login(officer)
    found = lambda **query: {word for word in ("one", "two", "three") if f"· {word}" in shown(client, **query)}  # noqa: E731

    assert found() == {"one", "two", "three"}
    assert found(who=ayu.user_id) == {"one"}
    assert found(what="opened") == {"one", "two"}
    assert found(what="note") == {"two", "three"}, "both words for a note are one to people"
    assert found(code=code_of(budi.pk)) == {"two", "three"}
    assert found(code=budi.pk.hex[:8]) == {"two", "three"}
    assert found(since=(NOW - 3 * DAY).date(), until=(NOW - 2 * DAY).date()) == {"two"}
    assert found(who=bima.user_id, what="opened") == {"two"}


@pytest.mark.parametrize(
    "query",
    [{"code": "xyz"}, {"who": "nobody"}, {"what": "telescope"}, {"since": "0001-01-01"}, {"until": "tomorrow"},
     {"since": "2026-02-02", "until": "2026-02-01"}],
)  # fmt: skip
def test_what_cannot_be_looked_for_is_said_beside_its_field(client, officer, query):
    client.force_login(officer)

    answer = client.get(TRAIL, query)

    assert answer.status_code == 422
    assert b"wrong-summary" in answer.content


@pytest.mark.parametrize("page", ["0", "-1", "x", "99999999999999999999", "٣"])
def test_a_page_that_is_no_number_is_the_first(client, officer, page):
    client.force_login(officer)

    assert "This list: opened" in shown(client, page=page)


def test_the_trail_is_read_page_by_page(client, officer, ayu, rina):
    for number in range(60):
        make_read(ayu.user, rina, reason=f"number {number}", at=NOW - DAY - timedelta(minutes=number))
    client.force_login(officer)

    first, second = shown(client, what="opened"), shown(client, what="opened", page=2)

    assert "number 0<" in first
    assert "number 59<" not in first
    assert "number 59<" in second
    assert "?what=opened&amp;page=2" in first


def test_looking_at_the_trail_is_on_the_trail(client, officer, rina):
    client.force_login(officer)

    shown(client, code=code_of(rina.pk), what="opened")

    noted = AuditEvent.objects.get(act="trail.read")
    assert (noted.actor, noted.client_id) == (officer.pk, rina.pk)
    assert noted.facts == {"page": 1, "asked_code": rina.pk.hex[:8], "asked_what": "opened"}


def test_a_trail_with_many_lines_costs_as_much_as_one_with_few(client, officer, ayu, rina):
    client.force_login(officer)
    make_read(ayu.user, rina)
    shown(client)
    with CaptureQueriesContext(connection) as few:
        shown(client)
    for number in range(40):
        make_read(make_user(Role.COUNSELOR, name=f"C{number}"), make_client(), reason=str(number))
    with CaptureQueriesContext(connection) as many:
        shown(client)

    assert len(many) == len(few) <= 9


# --- Counselors and supervisors --------------------------------------------------------------------------------------


def test_a_counselor_sees_what_was_done_with_the_records_of_those_in_their_care(client, ayu, rina):
    make_care(ayu, rina)
    budi, bima = make_client(name="Budi"), make_counselor(name="Bima")
    make_read(bima.user, rina, reason="for the handover")
    make_read(bima.user, budi, reason="nobody else's business")
    client.force_login(ayu.user)

    page = shown(client)

    assert "Rina" in page
    assert "Bima" in page
    assert "for the handover" in page
    assert "nobody else" not in page


def test_when_care_has_ended_only_what_one_did_oneself_is_left_and_without_the_name(client, ayu, rina):
    make_care(ayu, rina, ends_at=NOW - timedelta(hours=1))
    make_read(ayu.user, rina, reason="my own")
    make_read(make_counselor(name="Bima").user, rina, reason="for the handover")
    client.force_login(ayu.user)

    page = shown(client)

    assert "my own" in page
    assert code_of(rina.pk) in page
    assert "Rina" not in page
    assert "for the handover" not in page


def test_a_counselor_cannot_ask_for_a_client_of_somebody_else(client, ayu):
    client.force_login(ayu.user)

    assert client.get(TRAIL, {"client": make_client(name="Budi").pk}).status_code == 422


def test_a_supervisor_sees_what_those_whom_they_supervise_did(client, ayu, rina):
    supervisor = make_user(Role.SUPERVISOR, name="Ratna")
    make_supervision(ayu, supervisor=supervisor)
    make_read(ayu.user, rina, reason="supervised")
    make_read(make_counselor(name="Bima").user, rina, reason="not supervised")
    client.force_login(supervisor)

    page = shown(client)

    assert "supervised" in page
    assert "not supervised" not in page
    assert "Rina" not in page


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.MANAGER, Role.CLIENT])
def test_nobody_at_the_desk_and_no_client_finds_the_trail(client, role):
    client.force_login(make_user(role))

    assert client.get(TRAIL).status_code == 404


# --- The client ------------------------------------------------------------------------------------------------------


def test_a_client_sees_who_opened_their_record(client, ayu, rina, officer):
    make_read(ayu.user, rina)
    make_read(officer, rina, act="trail.read", reason="")
    client.force_login(rina.user)

    page = shown(client, OWN)

    assert "Ayu Pratiwi</b>, Konselor" in page
    assert "Konsultasi · untuk membaca konsultasi" in page
    assert "Nadia</b>, Petugas pelindungan data" in page
    assert code_of(rina.pk) in page


def test_neither_one_s_own_reading_nor_other_people_s_records_nor_other_acts_are_listed(client, ayu, rina):
    make_read(rina.user, rina, reason="own")
    make_read(ayu.user, make_client(name="Budi"), reason="budi")
    record(ayu.user, "meeting.moved", client=rina, now=NOW)
    client.force_login(rina.user)

    assert "Belum ada yang membukanya." in shown(client, OWN)


def test_many_openings_of_a_day_are_one_line(client, ayu, rina):
    for minutes in range(3):
        make_read(ayu.user, rina, at=NOW - timedelta(minutes=minutes))
    make_read(ayu.user, rina, at=NOW - 3 * DAY)
    client.force_login(rina.user)

    page = shown(client, OWN)

    assert page.count("Ayu Pratiwi") == 2
    assert "3 kali hari itu" in page


def test_somebody_who_is_gone_is_still_said_to_have_been_there(client, rina):
    make_read(type(rina)(pk=rina.pk), rina)
    client.force_login(rina.user)

    assert "Seseorang yang tidak lagi dikenal di sini" in shown(client, OWN)


def test_a_client_finds_the_page_from_their_first_page(client, rina):
    client.force_login(rina.user)

    assert OWN in client.get(reverse("home")).content.decode()


def test_the_page_of_a_client_costs_the_same_for_many_lines(client, ayu, rina):
    client.force_login(rina.user)
    make_read(ayu.user, rina)
    shown(client, OWN)
    with CaptureQueriesContext(connection) as few:
        shown(client, OWN)
    for number in range(30):
        make_read(make_user(Role.COUNSELOR), rina, reason=str(number))
    with CaptureQueriesContext(connection) as many:
        shown(client, OWN)

    assert len(many) == len(few)


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.MANAGER, Role.COUNSELOR, Role.DATA_OFFICER])
def test_staff_have_no_such_page(client, role):
    client.force_login(make_user(role))

    assert client.get(OWN).status_code == 404
