"""The details of whoever comes: asked once, never lost, never kept where they do not belong."""

import re
from datetime import date, timedelta
from urllib.parse import urlencode

import pytest
import time_machine
from django.test import Client as Browser

from practice.calendar.meetings import Meeting
from practice.catalog.models import Kind, Mode
from practice.people.clients import Client, Consent
from tests.appointments.steps import RINA, address, checked, confirm, held, hold_time, page, words
from tests.factories import (
    NOW,
    make_client,
    make_meeting,
    make_service,
)

pytestmark = pytest.mark.django_db
URLENCODED = "application/x-www-form-urlencoded"


@pytest.fixture(autouse=True)
def clock():
    """Monday 23 November 2026, 08:00 in Jakarta, and running."""
    with time_machine.travel(NOW, tick=True) as traveller:
        yield traveller


@pytest.fixture(autouse=True)
def limits_off(settings, practice):
    """Tests book faster than people; those about the limits switch them on."""
    settings.LIMITS = False


@pytest.fixture
def door(ayu):
    """The way into a program: Ayu's initial consultation."""
    return make_service(
        counselors=[ayu], kind=Kind.INITIAL, name_id="Konsultasi awal", name_en="Initial consultation", price=400_000
    )


# --- Screen 3: the details -----------------------------------------------------------------------------------------


def test_somebody_elses_hold_opens_nothing(client, consultation):
    url = hold_time(client, consultation).url

    response = Browser().get(url)

    assert response.status_code == 302
    assert response.url == address("book_time", consultation)


@pytest.mark.parametrize("hold", ["", "x", "00000000-0000-0000-0000-000000000000"])
def test_an_unknown_hold_leads_back_to_the_times(client, consultation, hold):
    response = client.get(address("book_details", consultation, hold=hold))

    assert response.url == address("book_time", consultation)


def test_the_details_say_until_when_the_time_is_held(client, consultation):
    response = client.get(hold_time(client, consultation).url, headers={"Accept-Language": "en"})

    assert "We are holding this time for you until 08:10." in words(response)
    assert "Only your counselor reads this." in words(response)
    assert len(response.context["form"].fields) - 3 <= 8  # the guardian's three are not shown


def test_consent_is_not_ticked_for_anybody(client, consultation):
    response = client.get(hold_time(client, consultation).url)

    assert re.search(r'<input type="checkbox" name="consent"[^>]*>', page(response))
    assert not re.search(r'name="consent"[^>]*checked', page(response))


def test_missing_details_are_named_and_the_rest_is_kept(client, consultation):
    fields = held(client, consultation)

    response = client.post(
        address("book_check", consultation),
        fields | {"name": "Rina", "question": "Tentang kerja", "phone": "abc", "birth_year": "30"},
        headers={"Accept-Language": "en"},
    )

    text = words(response)
    assert response.status_code == 422
    assert "Enter your e-mail address, for example name@example.com." in text
    assert "Enter a WhatsApp number, for example 0812 3456 7890." in text
    assert "Enter the year of birth, for example 1990." in text
    assert "Tick the box if you agree." in text
    assert "Tentang kerja" in text
    assert 'value="Rina"' in page(response)
    assert response["Cache-Control"] == "no-store, private"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "x" * 81),
        ("name", "\u200b\u200b"),
        ("name", "Rina\0"),
        ("email", "rina"),
        ("email", "rina@example.org\nBcc: all@example.org"),
        ("email", "x" * 250 + "@example.org"),
        ("phone", "0"),
        ("phone", "call me"),
        ("birth_year", "199"),
        ("birth_year", "1800"),
        ("birth_year", "2999"),
        ("birth_year", "١٩٩٠"),
        ("question", "x" * 501),
        ("whom", "nobody"),
        ("discreet", "perhaps"),
        ("consent", ""),
    ],
)
def test_bad_details_get_a_message_and_never_an_error(client, consultation, field, value):
    response = client.post(address("book_check", consultation), held(client, consultation) | RINA | {field: value})

    assert response.status_code == 422
    assert field in response.context["form"].errors


@pytest.mark.parametrize("field", ["name", "email", "phone", "question"])
def test_a_megabyte_in_one_field_gets_its_message_and_loses_nothing_else(client, consultation, field):
    kept = RINA | {"phone": "0812 3456 7890"}
    typed = held(client, consultation) | kept | {field: "x" * 1_000_000}

    response = client.post(address("book_check", consultation), urlencode(typed), content_type=URLENCODED)

    assert response.status_code == 422
    assert response.context["form"].errors.keys() == {field}
    for name in kept.keys() - {field, "whom", "consent"}:
        assert kept[name] in page(response)


def test_names_lose_what_nobody_can_see(client, consultation):
    fields = checked(client, consultation, name="\u202eRina\u2066  \n Wulandari ")

    confirm(client, consultation, fields)

    assert Client.objects.get().preferred_name == "Rina Wulandari"


def test_a_call_needs_a_number(client, ayu):
    service = make_service(counselors=[ayu], modes=[Mode.PHONE])
    fields = held(client, service, mode="phone")

    response = client.post(address("book_check", service), fields | RINA)

    assert response.status_code == 422
    assert "phone" in response.context["form"].errors


def test_under_age_a_guardian_is_asked_for_on_the_same_page(client, consultation):
    fields = held(client, consultation) | RINA | {"birth_year": "2010"}

    asked = client.post(address("book_check", consultation), fields, headers={"Accept-Language": "en"})
    partly = client.post(address("book_check", consultation), fields | {"guardian_name": "Ibu Sari"})
    guardian = {"guardian_name": "Ibu Sari", "guardian_phone": "0812 3456 7890", "guardian_consent": "on"}
    whole = client.post(address("book_check", consultation), fields | guardian)

    assert asked.status_code == 422
    assert list(asked.context["form"].errors) == ["guardian_name"]
    assert "A parent or guardian" in words(asked)
    assert RINA["question"] in words(asked)
    assert set(partly.context["form"].errors) == {"guardian_phone", "guardian_consent"}
    assert whole.status_code == 200


@pytest.mark.parametrize(("year", "is_asked"), [("2007", False), ("2008", True), ("2009", True)])
def test_who_turns_eighteen_this_year_may_still_be_a_minor(client, consultation, year, is_asked):
    response = client.post(
        address("book_check", consultation), held(client, consultation) | RINA | {"birth_year": year}
    )

    assert ("guardian_name" in response.context["form"].errors) == is_asked


@pytest.mark.parametrize(("year", "is_minor"), [(None, False), (2007, False), (2008, True), (2009, True)])
def test_a_client_may_be_a_minor_until_the_year_of_the_birthday_is_over(year, is_minor):
    assert make_client(birth_year=year).is_minor(on=date(2026, 1, 1), adult_age=18) == is_minor
    assert make_client(birth_year=year).is_minor(on=date(2026, 12, 31), adult_age=18) == is_minor


def test_a_guardians_consent_is_stored_beside_the_clients(client, consultation):
    guardian = {"guardian_name": "Ibu Sari", "guardian_phone": "0812 3456 7890", "guardian_consent": "on"}
    fields = checked(client, consultation, birth_year="2010", **guardian)

    confirm(client, consultation, fields)

    person = Client.objects.get()
    assert (person.guardian_name, person.guardian_phone) == ("Ibu Sari", "+6281234567890")
    assert person.guardian_consented_at
    assert set(Consent.objects.values_list("purpose", flat=True)) == {"booking", "guardian"}


def test_a_practice_that_does_not_ask_the_year_of_birth_books_without_it(client, consultation, practice):
    practice.asks_birth_year = False
    practice.save()
    fields = held(client, consultation)

    response = client.post(
        address("book_check", consultation), fields | {name: RINA[name] for name in RINA if name != "birth_year"}
    )

    assert response.status_code == 200


def test_a_hold_is_extended_by_one_press_with_everything_typed(client, consultation, clock):
    fields = held(client, consultation)
    clock.shift(timedelta(minutes=6))

    response = client.post(address("book_extend", consultation), fields | RINA, headers={"Accept-Language": "en"})

    assert "We are holding this time for you until 08:16." in words(response)
    assert RINA["question"] in words(response)
    assert not re.search(r"Error:", words(response))


def test_a_hold_that_ran_out_is_taken_up_again(client, consultation, clock):
    fields = held(client, consultation)
    clock.shift(timedelta(minutes=20))

    late = client.post(address("book_check", consultation), fields | RINA, headers={"Accept-Language": "en"})
    again = client.post(address("book_extend", consultation), fields | RINA | {"at": "check"})

    assert "The ten minutes are over. What you typed is still here." in words(late)
    assert again.context["is_held"]


def test_the_other_language_keeps_the_answers(client, consultation):
    fields = held(client, consultation)

    details = client.post(address("book_language", consultation), fields | RINA | {"language": "en"})
    check = client.post(
        address("book_language", consultation), fields | RINA | {"language": "en", "key": "k", "at": "check"}
    )
    times = client.post(address("book_language", consultation), {"shown": fields["shown"], "language": "en"} | RINA)

    assert "Your details" in words(details)
    assert RINA["question"] in words(details)
    assert "Check, then book" in words(check)
    assert f'value="{RINA["question"]}"' in page(times)
    assert client.cookies["language"].value == "en"


def test_the_other_language_keeps_the_answers_after_a_time_was_lost(client, consultation, ayu, monday_at_nine):
    fields = checked(client, consultation)
    Meeting.objects.all().delete()
    make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation)
    lost = confirm(client, consultation, fields)
    shown = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page(lost)))

    english = client.post(address("book_language", consultation), shown | {"language": "en"})

    assert f'form="nearby" formaction="{address("book_language", consultation)}"' in page(lost)
    assert "That time was just taken" in words(english)
    assert [each["value"] for each in english.context["nearby"]] == [each["value"] for each in lost.context["nearby"]]
    assert f'value="{RINA["question"]}"' in page(english)


def test_a_language_chosen_while_booking_is_that_of_a_client_s_mails(client, consultation, rina):
    client.force_login(rina.user)

    client.post(address("book_language", consultation), held(client, consultation) | {"language": "en"})

    rina.refresh_from_db()
    assert (rina.user.language, rina.language) == ("en", "en")
