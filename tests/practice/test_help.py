"""Help now: always there, honest, and checked by hand every 90 days."""

import re
from datetime import date, timedelta

import pytest
import time_machine
from django.conf import settings
from django.urls import reverse

from practice.pages.models import HelpContact
from practice.people.models import Role
from practice.records.models import AuditEvent
from tests.factories import NOW, make_user

TODAY = date(2026, 11, 23)


@pytest.fixture(autouse=True)
def at_now():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def office(client, manager):
    """The manager's browser, in English."""
    manager.language = "en"
    manager.save()
    client.force_login(manager)
    return client


def make_contact(**fields):
    defaults = {"level": HelpContact.Level.TODAY, "name_id": "Layanan contoh", "phone": "1500", "checked_on": TODAY}
    return HelpContact.objects.create(**defaults | fields)


def help_page(client, language="en"):
    return client.get(reverse("help"), headers={"accept-language": language}).text


def test_anyone_gets_help_without_signing_in_and_without_any_contact(client, db):
    page = help_page(client)

    emergency = "Go to the nearest emergency department, or ask someone near you to take you there."
    assert emergency in page
    assert page.index(emergency) < page.index("You need somebody to talk to today") < page.index("talk to us")
    assert "tel:" not in page


def test_the_page_works_where_no_practice_is_set_up(client, db):
    assert client.get(reverse("help")).status_code == 200


def test_contacts_stand_in_their_level_with_ways_to_reach_them(client, practice):
    practice.whatsapp = "0812 3456 7890"
    practice.save()
    make_contact(level=HelpContact.Level.DANGER, name_id="IGD contoh", name_en="Sample ER", phone="112")
    make_contact(
        name_en="Sample line",
        whatsapp="0812 0000 1111",
        website="https://contoh.example",
        hours_en="08:00–20:00",
        note_en="Replies can take hours.",
        checked_on=date(2026, 11, 1),
    )

    page = help_page(client)

    assert 'href="tel:112"' in page
    assert 'href="https://wa.me/6281200001111"' in page
    assert 'href="https://wa.me/6281234567890"' in page
    assert 'href="https://contoh.example"' in page
    assert "Replies can take hours." in page
    assert "08:00–20:00" in page
    assert re.search(r"Last checked on <time[^>]*>Sunday, 1 November 2026</time>", page)
    assert page.index("Sample ER") < page.index("You need somebody") < page.index("Sample line")


def test_the_page_speaks_the_visitors_language(client, db):
    make_contact(name_id="Layanan contoh", name_en="Sample line")

    assert "Layanan contoh" in help_page(client, "id")
    assert "Sample line" in help_page(client, "en")


def test_no_number_is_written_into_the_pages():
    places = [settings.BASE_DIR / place for place in ("templates", "practice", "appointments")]
    files = [file for place in places for file in place.rglob("*") if file.suffix in {".html", ".py", ".txt"}]
    number = re.compile(r"tel:\+?[0-9]|wa\.me/[0-9]")

    assert len(files) > 50
    assert [str(file) for file in files if number.search(file.read_text())] == []


@pytest.mark.parametrize(("days", "is_due"), [(90, False), (91, True)])
def test_staff_are_reminded_after_ninety_days(client, office, front_desk, manager, days, is_due):
    contact = make_contact(checked_on=TODAY - timedelta(days=days))
    reminder = "have not been checked for 90 days"

    for page in (reverse("help"), reverse("settings")):
        assert (reminder in office.get(page).text) is is_due
    assert ("Check again" in office.get(reverse("settings_help")).text) is is_due
    client.logout()
    assert reminder not in help_page(client)
    assert contact.name_id in help_page(client)


def test_a_contact_is_marked_as_checked_today(office):
    contact = make_contact(checked_on=date(2026, 1, 1))
    page = reverse("settings_help_checked", args=[contact.pk])

    assert office.get(page).status_code == 405
    office.post(page)

    contact.refresh_from_db()
    assert contact.checked_on == TODAY
    assert AuditEvent.objects.get(act="helpcontact.checked").object_id == str(contact.pk)


def test_a_contact_is_added_changed_and_deleted(office):
    data = {"level": 1, "name_id": "IGD contoh", "phone": "(021) 555-0101", "checked_on": "2026-11-20", "position": 1}
    office.post(reverse("settings_help_new"), data)
    contact = HelpContact.objects.get()
    office.post(reverse("settings_help_contact", args=[contact.pk]), data | {"name_id": "IGD lain"})

    assert HelpContact.objects.get().name_id == "IGD lain"
    office.post(reverse("settings_help_delete", args=[contact.pk]))
    assert not HelpContact.objects.exists()
    acts = {"helpcontact.made", "helpcontact.changed", "helpcontact.deleted"}
    assert acts <= set(AuditEvent.objects.values_list("act", flat=True))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("phone", "119 ext 8"),
        ("phone", "12"),
        ("whatsapp", "call me"),
        ("website", "javascript:alert(1)"),
        ("website", "http://contoh.example"),
        ("checked_on", "2026-11-24"),
        ("checked_on", "0001-01-01"),
        ("level", "4"),
        ("name_id", ""),
    ],
)
def test_a_contact_with_a_bad_value_is_refused_beside_the_field(office, field, value):
    data = {"level": 1, "name_id": "IGD", "phone": "112", "checked_on": "2026-11-20", "position": 1} | {field: value}

    response = office.post(reverse("settings_help_new"), data)

    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert not HelpContact.objects.exists()


def test_a_form_without_a_session_that_says_it_came_from_nowhere_leads_to_the_sign_in(client, db):
    response = client.post(reverse("settings_help_new"), {"level": 1}, headers={"referer": "http://[::1"})

    assert response.status_code == 302
    assert response.url.startswith(reverse("account_login"))


def test_a_contact_that_cannot_be_reached_is_refused(office):
    data = {"level": 1, "name_id": "IGD", "checked_on": "2026-11-20", "position": 1}

    response = office.post(reverse("settings_help_new"), data)

    assert response.status_code == 422
    assert "Enter a phone number, a WhatsApp number, a website or a note." in response.text


@pytest.mark.parametrize("role", [Role.CLIENT, Role.COUNSELOR, Role.FRONT_DESK, Role.DATA_OFFICER])
def test_only_managers_change_contacts(client, db, role):
    contact = make_contact()
    client.force_login(make_user(role))

    for name, args in {"settings_help_new": [], "settings_help_contact": [contact.pk]}.items():
        assert client.get(reverse(name, args=args)).status_code == 404
    assert client.post(reverse("settings_help_checked", args=[contact.pk])).status_code == 404
    assert client.post(reverse("settings_help_delete", args=[contact.pk])).status_code == 404
    assert HelpContact.objects.exists()
