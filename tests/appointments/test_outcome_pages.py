"""The outcome page of a counselor, and the advice page of a client."""

from datetime import timedelta

import pytest
import time_machine

from appointments.models import Consultation
from practice.calendar.models import Status
from practice.people.models import Role
from practice.records.models import AuditEvent
from tests.factories import NOW, make_client, make_counselor, make_meeting, make_user


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def talk(transactional_db, practice, rina, ayu, consultation):
    """Rina's consultation with Ayu, which has just taken place."""
    starts_at = NOW - timedelta(hours=2)
    meeting = make_meeting(
        starts_at=starts_at, counselor=ayu, service=consultation, clients=[rina], status=Status.ATTENDED
    )
    return Consultation.objects.create(meeting=meeting, client=rina, question="KANARI-TANYA", created_at=NOW)


def write(client, talk, **fields):
    typed = {"notes": "", "advice": "", "next_step": "", "referral": "", "expected": "0"}
    return client.post(f"/consultations/{talk.pk}/", typed | fields)


def test_a_counselor_reads_the_question_and_leaves_a_trace(client, talk, ayu):
    client.force_login(ayu.user)

    page = client.get(f"/consultations/{talk.pk}/")

    assert "KANARI-TANYA" in page.content.decode()
    assert AuditEvent.objects.filter(act="consultation.read", actor=ayu.user.pk, client_id=talk.client_id).exists()


def test_shared_advice_is_read_by_the_client_and_a_draft_is_not(client, talk, ayu, rina):
    client.force_login(ayu.user)
    assert write(client, talk, notes="KANARI-CATATAN", advice="KANARI-SARAN", keep="1").status_code == 302
    client.force_login(rina.user)
    assert client.get(f"/advice/{talk.pk}/").status_code == 404
    assert "/advice/" not in client.get("/home/").content.decode()

    client.force_login(ayu.user)
    write(client, talk, notes="KANARI-CATATAN", advice="KANARI-SARAN", share="1", expected="1")
    client.force_login(rina.user)
    page = client.get(f"/advice/{talk.pk}/").content.decode()

    assert "KANARI-SARAN" in page
    assert "KANARI-CATATAN" not in page
    assert f"/advice/{talk.pk}/" in client.get("/home/").content.decode()


def test_what_was_typed_stays_when_it_cannot_be_saved(client, talk, ayu):
    client.force_login(ayu.user)

    conflict = write(client, talk, advice="Tulisan saya", expected="5")
    nothing = write(client, talk, notes="Catatan saya", share="1")
    forged = write(client, talk, advice="Tulisan saya", next_step="free money")

    assert (conflict.status_code, nothing.status_code, forged.status_code) == (422, 422, 422)
    assert "Tulisan saya" in conflict.content.decode()
    assert "Catatan saya" in nothing.content.decode()
    talk.refresh_from_db(fields=["version"])
    assert talk.version == 0


def test_nobody_else_opens_either_page(client, talk, front_desk, manager):
    strangers = [front_desk, manager, make_counselor().user, make_client(user=make_user(Role.CLIENT)).user]
    for user in strangers:
        client.force_login(user)
        assert client.get(f"/consultations/{talk.pk}/").status_code == 404
        assert write(client, talk, advice="x", share="1").status_code == 404
        assert client.get(f"/advice/{talk.pk}/").status_code == 404


def test_a_meeting_to_come_shows_the_question_and_no_form(client, transactional_db, practice, rina, ayu, consultation):
    meeting = make_meeting(
        starts_at=NOW + timedelta(days=7), counselor=ayu, service=consultation, clients=[rina], status=Status.CONFIRMED
    )
    talk = Consultation.objects.create(meeting=meeting, client=rina, question="Nanti", created_at=NOW)
    client.force_login(ayu.user)

    page = client.get(f"/consultations/{talk.pk}/").content.decode()

    assert "Nanti" in page
    assert 'name="advice"' not in page
