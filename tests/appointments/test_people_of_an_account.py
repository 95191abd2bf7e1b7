"""Somebody who is signed in says whom an appointment is for: it never lands in another person's record."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from appointments.models import Consultation
from practice.catalog.models import Mode
from practice.people.actions import account_for_code, change_account
from practice.people.clients import Client
from practice.people.models import Role
from practice.records.models import AuditEvent
from tests.appointments.steps import address, confirm, held, hold_time, page, words
from tests.factories import NOW, make_client, make_meeting, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(settings, practice):
    settings.LIMITS = False
    with time_machine.travel(NOW, tick=True) as traveller:
        yield traveller


@pytest.fixture
def ratih():
    """A mother's account."""
    return make_user(Role.CLIENT, name="Ratih", email="ratih@example.org", language="en")


@pytest.fixture
def own(ratih):
    return person(ratih, "Ratih", birth_year=1985)


@pytest.fixture
def child(ratih):
    """Whom Ratih booked for, with her address, before she booked for herself."""
    return person(
        ratih,
        "Banyu",
        is_booked_for=True,
        birth_year=2014,
        guardian_name="Ratih",
        guardian_consented_at=NOW,
        created_at=NOW - timedelta(days=9),
    )


def person(user, name, **fields):
    return make_client(user=user, name=name, email=user.email, email_proven_at=NOW, **fields)


def choices(response):
    return dict(response.context["form"].fields["whom"].choices)


def book(browser, service, fields, **said):
    """Press the last button, with what was said about whom it is for."""
    shown = browser.get(hold_time(browser, service).url) if fields is None else None
    fields = fields or shown.context["pick"].fields
    return confirm(browser, service, fields | {"key": "", "at": "check", "consent": "on", "question": ""} | said)


def test_who_books_for_several_people_chooses_one_and_nobody_is_guessed(client, consultation, ratih, own, child):
    client.force_login(ratih)

    shown = client.get(hold_time(client, consultation).url)
    unsaid = client.post(
        address("book_check", consultation), shown.context["pick"].fields | {"shown": "", "question": ""}
    )

    assert "appointments/details.html" in [template.name for template in shown.templates]
    assert choices(shown) == {"self": "For myself", str(child.pk): "Banyu", "other": "For someone else"}
    assert "checked" not in page(shown).split('name="whom"', 1)[1].split("</fieldset>")[0]
    assert unsaid.status_code == 422
    assert "whom" in unsaid.context["form"].errors


@pytest.mark.parametrize("whom", ["self", "child"])
def test_an_appointment_is_kept_in_the_record_of_whom_it_is_for(client, consultation, ratih, own, child, whom):
    client.force_login(ratih)

    answer = book(client, consultation, None, whom="self" if whom == "self" else str(child.pk))

    found = Consultation.objects.get()
    assert answer.status_code == 302
    assert (found.client, found.for_someone_else) == ((own, False) if whom == "self" else (child, True))
    assert found.meeting.participants.get().client == found.client
    assert Client.objects.count() == 2


def test_the_check_names_the_person_and_leads_back_to_the_choice(client, consultation, ratih, own, child):
    client.force_login(ratih)
    fields = held(client, consultation) | {"whom": str(child.pk), "question": "", "consent": "on"}

    text = words(client.post(address("book_check", consultation), fields))

    assert "Name Banyu For someone else Change who it is for" in text


def test_somebody_new_gets_a_record_of_their_own_in_the_same_account(client, consultation, ratih, own):
    client.force_login(ratih)
    fields = held(client, consultation) | {"whom": "other", "question": "Tentang sekolah.", "consent": "on"}

    asked = client.post(address("book_check", consultation), fields)
    named = fields | {"name": "Sekar", "birth_year": "2000", "guardian_name": "", "guardian_phone": ""}
    checked = client.post(address("book_check", consultation), named)
    book(client, consultation, named)

    assert asked.status_code == 422
    assert asked.context["form"].errors == {"name": ["Fill in below who comes."]}
    assert "Fill in below who comes." in words(asked)
    assert "Tentang sekolah." in page(asked)
    assert "Year of birth (optional)" not in words(asked)
    assert "Name Sekar For someone else" in words(checked)
    sekar = Client.objects.exclude(pk=own.pk).get()
    assert (sekar.user, sekar.email, sekar.preferred_name, sekar.birth_year) == (ratih, own.email, "Sekar", 2000)
    assert (sekar.is_booked_for, sekar.email_proven_at is not None) == (True, True)
    assert Consultation.objects.get().client == sekar


def test_a_new_record_has_the_address_that_the_account_has_proven(client, consultation, ratih, own):
    Client.objects.update(email="typed@example.org", email_proven_at=None)
    client.force_login(ratih)
    named = {"whom": "other", "name": "Sekar", "birth_year": "2000", "question": ""}

    book(client, consultation, held(client, consultation) | named)

    assert Client.objects.exclude(pk=own.pk).get().email == ratih.email


def test_a_minor_who_is_new_needs_a_guardian(client, consultation, ratih, own):
    client.force_login(ratih)
    fields = held(client, consultation) | {"whom": "other", "name": "Banyu", "birth_year": "2014", "question": ""}

    refused = book(client, consultation, fields)
    said = {"guardian_name": "Ratih", "guardian_phone": "0812 3456 7890", "guardian_consent": "on"}
    book(client, consultation, fields, **said)

    assert refused.status_code == 422
    assert "guardian_name" in refused.context["form"].errors
    banyu = Client.objects.exclude(pk=own.pk).get()
    assert (banyu.guardian_name, banyu.guardian_consented_at is not None) == ("Ratih", True)
    assert banyu.consents.filter(purpose="guardian").exists()


def test_a_known_minor_without_a_guardian_s_consent_is_asked_for_it(client, consultation, ratih):
    banyu = person(ratih, "Ratih", birth_year=2014)
    client.force_login(ratih)

    shown = client.get(hold_time(client, consultation).url)
    refused = book(client, consultation, shown.context["pick"].fields, whom="self")
    said = {"guardian_name": "Ibu Ratih", "guardian_phone": "0812 3456 7890", "guardian_consent": "on"}
    book(client, consultation, shown.context["pick"].fields, whom="self", **said)

    assert "appointments/details.html" in [template.name for template in shown.templates]
    assert refused.status_code == 422
    banyu.refresh_from_db()
    assert banyu.guardian_name == "Ibu Ratih"
    changed = AuditEvent.objects.get(act="client.changed")
    assert (changed.client_id, changed.facts["fields"].split(", ")[0]) == (banyu.pk, "guardian_name")


def test_a_record_of_a_stranger_cannot_be_chosen(client, consultation, ratih, own):
    stranger = make_client(name="Lain")
    client.force_login(ratih)

    answer = book(client, consultation, held(client, consultation), whom=str(stranger.pk))

    assert answer.status_code == 422
    assert not Consultation.objects.exists()


def test_several_records_of_one_person_are_one_choice(client, consultation, ratih, own):
    person(ratih, "ratih", created_at=NOW + timedelta(minutes=1))
    client.force_login(ratih)

    shown = client.get(hold_time(client, consultation).url)

    assert "appointments/check.html" in [template.name for template in shown.templates]
    assert shown.context["name"] == "Ratih"


def test_a_refused_booking_leaves_the_record_as_it_was(client, consultation, ayu, ratih, own, monday_at_nine):
    consultation.modes = [Mode.PHONE]
    consultation.save()
    Client.objects.update(phone="")
    client.force_login(ratih)
    fields = held(client, consultation, mode="phone") | {"whom": "self", "phone": "0812 3456 7890", "question": ""}
    taken = fields | {"hold": ""}
    make_meeting(starts_at=monday_at_nine + timedelta(days=1), counselor=ayu, service=consultation)

    lost = book(client, consultation, taken | {"start": "2026-12-01T02:00Z"})

    assert lost.status_code == 409
    own.refresh_from_db()
    assert own.phone == ""
    book(client, consultation, fields)
    own.refresh_from_db()
    assert own.phone.replace(" ", "").endswith("81234567890")
    assert AuditEvent.objects.get(act="client.changed").facts == {"fields": "phone"}


# --- The account -----------------------------------------------------------------------------------------------------


def test_a_new_name_of_an_account_changes_no_other_person(ratih, own, child):
    change_account(user=ratih, name="Ratih Dewi", language="en", time_zone="Asia/Makassar", now=NOW)

    assert set(Client.objects.values_list("preferred_name", "language", "time_zone")) == {
        ("Ratih Dewi", "en", "Asia/Makassar"),
        ("Banyu", "en", "Asia/Makassar"),
    }


def test_two_who_share_an_address_keep_their_own_names(ratih, own):
    person(ratih, "Bima")

    change_account(user=ratih, name="Ratih Dewi", language="id", time_zone="Asia/Jakarta", now=NOW)

    assert set(Client.objects.values_list("preferred_name", flat=True)) == {"Ratih Dewi", "Bima"}


def test_an_account_is_called_as_its_owner_and_not_as_whom_they_booked_for():
    later = NOW + timedelta(days=1)
    make_client(name="Banyu", email="ratih@example.org", is_booked_for=True)
    make_client(name="Ratih", email="ratih@example.org", created_at=later)

    assert account_for_code(email="ratih@example.org").name == "Ratih"


def test_a_time_at_which_one_has_another_appointment_is_not_called_taken(client, consultation, ratih, own):
    make_meeting(starts_at=datetime(2026, 11, 30, 2, 0, tzinfo=UTC), clients=[own])
    client.force_login(ratih)
    shown = client.get(hold_time(client, consultation, "2026-11-30T02:30Z").url)

    response = book(client, consultation, shown.context["pick"].fields, whom="self")

    text = words(response)
    assert response.status_code == 409
    assert "You have an appointment at this time already" in text
    assert "just taken" not in text
    assert [time["value"] for time in response.context["nearby"]] == [
        "2026-11-30T03:00Z",
        "2026-11-30T03:30Z",
        "2026-11-30T04:00Z",
    ]
    shown = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page(response)))
    switched = client.post(address("book_language", consultation), shown | {"language": "id"})
    assert "Anda sudah punya janji temu pada waktu ini" in words(switched)
