"""The people the desk knows: found by what is known of them, added once, and written to where they are."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from practice.calendar.actions import announce
from practice.calendar.desk.clients import add_client, change_contact, find_clients
from practice.calendar.links import ManageToken, new_link
from practice.calendar.models import Status
from practice.messages.models import Message
from practice.people.actions import account_for_code, join_proven_clients
from practice.people.clients import email_hash
from practice.people.models import Client, Role
from practice.records.models import AuditEvent
from tests.factories import NOW, make_client, make_meeting, make_user

DAY = timedelta(days=1)


@pytest.fixture
def desk(client, practice, front_desk):
    """A browser at the front desk, in English."""
    front_desk.language = "en"
    front_desk.save()
    with time_machine.travel(NOW, tick=False):
        client.force_login(front_desk)
        yield client


@pytest.fixture
def people(db):
    return [
        make_client(name="Rina Kusumawati", email="rina.k@example.org", phone="+6281234567890"),
        make_client(name="Sulistyowati", email="sulis@example.org", phone="+6285711112222"),
        make_client(name="Budi Santoso", email="santoso77@example.org", phone="+4915112345678"),
        make_client(name="O", email="o@example.org"),
        make_client(name="Ayşe 100%_", email="ayse@example.org"),
    ]


def found(text, user):
    result = find_clients(text, user, now=NOW)
    return [client.preferred_name for client in [*result.matching, *result.alike]]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("rina", "Rina Kusumawati"),
        ("KUSUMA", "Rina Kusumawati"),
        ("kusumawati  rina", "Rina Kusumawati"),
        ("ri ku", "Rina Kusumawati"),
        ("rina.k@example.org", "Rina Kusumawati"),
        ("santoso77", "Budi Santoso"),
        ("0812 3456", "Rina Kusumawati"),
        ("+62 812-3456-7890", "Rina Kusumawati"),
        ("628123456", "Rina Kusumawati"),
        ("7890", "Rina Kusumawati"),
        ("+49 151 123", "Budi Santoso"),
        ("sulistiowati", "Sulistyowati"),
        ("sulistywoati", "Sulistyowati"),
        ("kusumwati", "Rina Kusumawati"),
        ("rina kusumowati", "Rina Kusumawati"),
        ("budi santosa", "Budi Santoso"),
        ("rnia kusuamwati", "Rina Kusumawati"),
        ("kusuamwati ayu", "Rina Kusumawati"),
        ("rini", "Rina Kusumawati"),
        ("santoso7@gmail.com", "Budi Santoso"),
        ("100%_", "Ayşe 100%_"),
        ("ayşe", "Ayşe 100%_"),
    ],
)
def test_a_client_is_found_by_what_is_known_of_them(people, front_desk, text, name):
    assert found(text, front_desk)[0] == name


@pytest.mark.parametrize("text", ["", " ", "r", "%", "____", "xyzzy qwrt", "0000000", "'; --", "\u202e", "example.org"])
def test_what_fits_nobody_finds_nobody(people, front_desk, text):
    assert found(text, front_desk) == []


def test_the_closest_comes_first(front_desk):
    for name in ("Adriana Wirinata", "Rinawati Dewi", "Rina", "Rina Kusuma"):
        make_client(name=name)

    assert found("rina", front_desk)[0] == "Rina"
    assert found("rina", front_desk)[-1] == "Adriana Wirinata"


def test_the_menu_marks_the_one_place_where_one_is(desk):
    menu = desk.get(reverse("desk_clients")).content.decode().split("<nav", 1)[1].split("</nav>", 1)[0]

    assert menu.count('aria-current="page"') == 1
    assert f'<a href="{reverse("desk_clients")}" aria-current="page">' in menu


def test_who_may_not_see_clients_finds_none(people, ayu):
    assert found("rina", ayu.user) == []


def test_at_most_twenty_are_shown_and_the_page_says_that_there_are_more(desk):
    for n in range(25):
        make_client(name=f"Rina {n}")

    page = desk.get(reverse("desk_clients"), {"q": "rina"}).content.decode()

    assert page.count("<b>Rina") == 20
    assert "There are more." in page


def test_a_search_takes_as_many_statements_for_twenty_as_for_one(desk, front_desk, ayu, consultation, monday_at_nine):
    counts = []
    for clients in (6, 14):
        for n in range(clients):
            known = make_client(name=f"Rina {n}")
            start = monday_at_nine + (len(counts) * 20 + n) * DAY
            make_meeting(starts_at=start, counselor=ayu, service=consultation, clients=[known])
        with CaptureQueriesContext(connection) as queries:
            desk.get(reverse("desk_clients"), {"q": "rina"})
        counts.append(len(queries))

    assert counts[0] == counts[1] <= 8


def test_a_row_says_when_the_client_comes_and_was_here(desk, ayu, consultation, rina, monday_at_nine):
    make_meeting(starts_at=NOW - 7 * DAY, counselor=ayu, service=consultation, clients=[rina], status=Status.ATTENDED)
    assert "Last here on Mon 16 Nov" in " ".join(strip(desk.get(reverse("desk_clients"), {"q": "rina"})))

    make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, clients=[rina])
    assert "Comes on Mon 30 Nov, 09:00" in " ".join(strip(desk.get(reverse("desk_clients"), {"q": "rina"})))


def strip(answer):
    """The words of a page without its tags."""
    text, inside = [], False
    for char in answer.content.decode():
        inside = char == "<" or (inside and char != ">")
        text.append("" if inside or char == ">" else char)
    return "".join(text).split()


# --- Add and change --------------------------------------------------------------------------------------------------

FORM = {
    "preferred_name": "Tomo",
    "email": "tomo@example.org",
    "phone": "0812 1111 2222",
    "channel": "email",
    "is_discreet": "on",
    "language": "id",
    "time_zone": "Asia/Jakarta",
    "birth_year": "1990",
    "guardian_name": "",
    "guardian_phone": "",
    "emergency_name": "",
    "emergency_phone": "",
}


def test_a_client_is_added_unproven_and_on_record(desk, front_desk):
    answer = desk.post(reverse("desk_client_new"), FORM)

    client = Client.objects.get()
    assert answer.headers["Location"] == reverse("desk_client", args=[client.pk])
    assert (client.phone, client.email_proven_at, client.user) == ("+6281211112222", None, None)
    assert client.email_hash == email_hash("tomo@example.org")
    event = AuditEvent.objects.get(act="client.added")
    assert (event.actor, event.client_id) == (front_desk.pk, client.pk)
    client.open_key()


def test_a_client_added_on_the_way_to_a_booking_goes_on_to_it(desk):
    answer = desk.post(reverse("desk_client_new"), FORM | {"book": "1"})

    assert answer.headers["Location"] == f"{reverse('desk_book')}?{urlencode({'client': Client.objects.get().pk})}"


@pytest.mark.parametrize(
    ("text", "field"), [("Tomo", "preferred_name"), ("tomo@example.org", "email"), ("0812-1111-2222", "phone")]
)
def test_what_was_searched_for_is_filled_in(desk, text, field):
    form = desk.get(reverse("desk_client_new"), {"q": text}).context["form"]

    assert form[field].value() == text


def test_a_known_address_is_shown_before_a_second_client_is_made(desk):
    known = make_client(name="Tomo senior", email="tomo@example.org")

    answer = desk.post(reverse("desk_client_new"), FORM)
    assert answer.status_code == 422
    assert reverse("desk_client", args=[known.pk]) in answer.content.decode()
    assert 'value="Tomo"' in answer.content.decode()
    desk.post(reverse("desk_client_new"), FORM | {"is_somebody_else": "on"})

    assert Client.objects.count() == 2


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"preferred_name": ""}, "required"),
        ({"preferred_name": "\u202e\u200b"}, "required"),
        ({"preferred_name": "x" * 100_000}, "at most 80"),
        ({"email": "nobody"}, "name@example.com"),
        ({"email": "a\r\nBcc: b@example.org"}, "name@example.com"),
        ({"phone": "call me"}, "Enter a phone number in digits"),
        ({"phone": "0\0812"}, "Null characters"),
        ({"channel": "pigeon"}, "Select a valid choice"),
        ({"channel": "whatsapp", "phone": ""}, "Enter the WhatsApp number"),
        ({"time_zone": "EST"}, "Select a valid choice"),
        ({"language": "xx"}, "Select a valid choice"),
        ({"birth_year": "1"}, "Enter the year of birth"),
        ({"birth_year": "nineteen"}, "Enter the year of birth"),
        ({"birth_year": "2015"}, "is a minor"),
        ({"birth_year": "2015", "guardian_name": "Ibu", "guardian_phone": "0812 1111 2222"}, "is a minor"),
        ({"guardian_consents": "on"}, "name of the parent or guardian"),
    ],
)
def test_wrong_contact_data_is_told_and_nothing_typed_is_lost(desk, wrong, words):
    answer = desk.post(reverse("desk_client_new"), FORM | wrong)

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert "tomo" in answer.content.decode().lower()
    assert not Client.objects.exists()


def test_fields_that_nobody_asked_for_are_ignored(desk, manager):
    desk.post(
        reverse("desk_client_new"),
        FORM | {"user": manager.pk, "email_proven_at": "2026-01-01", "id": manager.pk, "created_at": "2020-01-01"},
    )

    client = Client.objects.get()
    assert (client.user, client.email_proven_at, client.created_at) == (None, None, NOW)
    assert client.pk != manager.pk


def test_a_minor_comes_with_a_guardian_who_agreed(desk):
    guardian = {"guardian_name": "Ibu Sari", "guardian_phone": "0812 1111 3333", "guardian_consents": "on"}

    desk.post(reverse("desk_client_new"), FORM | {"birth_year": "2012"} | guardian)

    client = Client.objects.get()
    assert (client.guardian_name, client.guardian_consented_at) == ("Ibu Sari", NOW)


def test_a_new_address_is_unproven_and_gets_what_is_on_its_way(rina, ayu, consultation, front_desk, monday_at_nine):
    meeting = make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, clients=[rina])
    announce(meeting, "meeting.confirmed", now=NOW)
    _token, link = new_link(meeting, None, now=NOW)
    link.save()
    rina.email, rina.is_discreet, rina.language = "new@example.org", True, "en"

    change_contact(client=rina, by=front_desk, now=NOW)

    rina.refresh_from_db()
    message = Message.objects.get()
    assert (rina.email_proven_at, rina.email_hash) == (None, email_hash("new@example.org"))
    assert (message.recipient_email, message.recipient_hash, message.language) == (
        "new@example.org",
        rina.email_hash,
        "en",
    )
    assert not ManageToken.objects.exists()
    event = AuditEvent.objects.get(act="client.changed")
    assert "email" in event.facts["fields"]
    assert "new@example.org" not in str(event.facts)


def test_what_was_sent_stays_as_it_was(rina, ayu, consultation, front_desk, monday_at_nine):
    meeting = make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, clients=[rina])
    announce(meeting, "meeting.confirmed", now=NOW)
    Message.objects.update(status="sent", sent_at=NOW)
    old, rina.email = rina.email, "new@example.org"

    change_contact(client=rina, by=front_desk, now=NOW)

    assert Message.objects.get().recipient_email == old


def test_the_same_contact_data_again_is_no_change(rina, front_desk):
    change_contact(client=rina, by=front_desk, now=NOW)

    assert not AuditEvent.objects.exists()
    assert rina.email_proven_at is not None


def test_a_phone_number_alone_leaves_the_address_proven(rina, front_desk):
    rina.phone = "+6281200000000"

    change_contact(client=rina, by=front_desk, now=NOW)

    rina.refresh_from_db()
    assert (rina.phone, rina.email_proven_at) == ("+6281200000000", NOW)


def change_email(client, email, *, by):
    client = Client.objects.get(pk=client.pk)
    client.email = email
    change_contact(client=client, by=by, now=NOW)
    client.refresh_from_db()
    return client


def test_a_record_that_a_stranger_s_address_opened_leaves_them_for_whoever_proves_the_right_one(front_desk):
    booked = make_client(name="Budi", email="budl@example.org")
    stranger = account_for_code(email="budl@example.org")
    join_proven_clients(user=stranger, now=NOW)

    booked = change_email(booked, "budi@example.org", by=front_desk)

    assert booked.user is None
    assert not Client.objects.visible_to(stranger).exists()
    assert "user" in AuditEvent.objects.get(act="client.changed").facts["fields"].split(", ")
    rightful = account_for_code(email="budi@example.org")
    assert rightful is not None
    assert rightful != stranger
    assert join_proven_clients(user=rightful, now=NOW) == [booked]
    assert list(Client.objects.visible_to(rightful)) == [booked]


def test_who_changed_their_mailbox_enters_by_the_new_one_and_the_others_of_the_account_stay(rina, front_desk):
    account = rina.user
    child = make_client(name="Banyu", user=account, email=rina.email, email_proven_at=NOW, is_booked_for=True)

    changed = change_email(rina, "rina.new@example.org", by=front_desk)

    assert list(Client.objects.visible_to(account)) == [child]
    account = account_for_code(email="rina.new@example.org")
    assert join_proven_clients(user=account, now=NOW) == [changed]
    change_email(child, "rina.new@example.org", by=front_desk)
    assert [each.pk for each in join_proven_clients(user=account, now=NOW)] == [child.pk]
    assert {each.pk for each in Client.objects.people_of(account)} == {changed.pk, child.pk}


@pytest.mark.parametrize("address", ["typed.wrong@example.org", "RINA@EXAMPLE.ORG"])
def test_a_record_stays_with_the_account_that_has_its_new_address(front_desk, address):
    account = make_user(Role.CLIENT, email="rina@example.org")
    rina = make_client(user=account, email=address)

    changed = change_email(rina, "rina@example.org", by=front_desk)

    assert changed.user == account


def test_the_page_says_before_saving_which_account_loses_sight_of_the_record(desk, rina):
    make_client(name="Banyu", user=rina.user, email=rina.email, is_booked_for=True)

    text = " ".join(strip(desk.get(reverse("desk_client_edit", args=[rina.pk]))))

    assert f"The account {rina.user.email} sees this record. With another e-mail address it no longer does" in text
    assert "In the same account, and staying there: Banyu" in text
    assert "sees this record" not in page_of_somebody_without_account(desk)


def page_of_somebody_without_account(desk):
    unclaimed = make_client(name="Sari")
    return desk.get(reverse("desk_client_edit", args=[unclaimed.pk])).content.decode()


def test_changing_contact_data_on_the_page(desk, rina):
    page = desk.get(reverse("desk_client_edit", args=[rina.pk])).content.decode()
    assert f'value="{rina.email}"' in page

    wrong = desk.post(reverse("desk_client_edit", args=[rina.pk]), FORM | {"email": "x"})
    assert (wrong.status_code, Client.objects.get().preferred_name) == (422, "Rina")
    assert "<title>Error: Contact data" in wrong.content.decode()
    desk.post(reverse("desk_client_edit", args=[rina.pk]), FORM)

    assert Client.objects.get().preferred_name == "Tomo"


def test_adding_refuses_a_known_address_and_a_lone_minor(rina, front_desk):
    for fields, code in (
        ({"email": rina.email.upper()}, "known"),
        ({"email": "a@b.example", "birth_year": 2015}, "guardian"),
    ):
        with pytest.raises(ValidationError) as refused:
            add_client(client=Client(preferred_name="X", **fields), by=front_desk, now=NOW)
        assert refused.value.code == code


# --- The page ------------------------------------------------------------------------------------------------------


def test_the_page_of_a_client_shows_what_comes_and_what_was(desk, ayu, consultation, rina, monday_at_nine):
    make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, clients=[rina])
    for week in range(1, 23):
        make_meeting(
            starts_at=monday_at_nine - (week + 1) * 7 * DAY,
            counselor=ayu,
            service=consultation,
            clients=[rina],
            status=Status.ATTENDED,
        )
    make_client(name="Rina again", email=rina.email)

    page = desk.get(reverse("desk_client", args=[rina.pk])).content.decode()

    assert "Monday, 30 November 2026, 09:00–10:00 WIB" in page
    assert "Monday, 16 November 2026" in page
    assert "Page 1 of 2" in page
    assert "Rina again" in page
    assert "proven by a code" in page


def test_the_page_of_a_client_takes_as_many_statements_however_often_they_came(desk, ayu, consultation, rina):
    counts = []
    for weeks in (range(1, 3), range(3, 16)):
        for week in weeks:
            make_meeting(
                starts_at=NOW - week * 7 * DAY,
                counselor=ayu,
                service=consultation,
                clients=[rina],
                status=Status.MISSED,
            )
        with CaptureQueriesContext(connection) as queries:
            desk.get(reverse("desk_client", args=[rina.pk]))
        counts.append(len(queries))

    assert counts[0] == counts[1] <= 12
