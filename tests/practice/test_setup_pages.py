"""A practice sets itself up: lists and forms of the settings, and who may use them."""

from datetime import date, timedelta
from urllib.parse import urlencode

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from practice.calendar.models import Closure, TimeOff, WorkingHours
from practice.catalog.actions import delete_record, free_slug, link_account, referring_to
from practice.catalog.fields import tidy
from practice.catalog.forms import RupiahField
from practice.catalog.models import Approval, Kind, Location, Mode, Room, Service
from practice.messages.models import Message
from practice.pages.models import HelpContact
from practice.people.models import Counselor, Invitation, Licence, Practice, Role, Topic
from practice.records.models import AuditEvent
from tests.factories import (
    NOW,
    make_closure,
    make_counselor,
    make_hours,
    make_licence,
    make_location,
    make_meeting,
    make_practice,
    make_room,
    make_service,
    make_time_off,
    make_user,
)

SERVICE = {
    "kind": Kind.CONSULTATION,
    "name_id": "Konsultasi",
    "minutes": "60",
    "buffer_before": "0",
    "buffer_after": "10",
    "step": "30",
    "modes": [Mode.VIDEO],
    "price": "350.000",
    "approval": Approval.INSTANT,
    "notice": "12",
    "notice_new_client": "24",
    "horizon_days": "60",
    "free_cancel": "24",
    "free_move": "1,5",
    "moves_allowed": "2",
    "per_day_cap": "6",
    "is_public": "on",
    "position": "10",
}


@pytest.fixture(autouse=True)
def at_now():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def desk(client, front_desk):
    """The front desk's browser."""
    client.force_login(front_desk)
    return client


@pytest.fixture
def office(client, manager):
    """The manager's browser, in English."""
    manager.language = "en"
    manager.save()
    client.force_login(manager)
    return client


def post(browser, page, /, *args, **data):
    body = urlencode(data, doseq=True)
    return browser.post(reverse(page, args=args), body, content_type="application/x-www-form-urlencoded")


def acts():
    return set(AuditEvent.objects.values_list("act", flat=True))


# The address of every page that only a manager may change, with something there to change.
def managed_pages():
    room, counselor = make_room(), make_counselor()
    service = make_service(counselors=[counselor])
    topic = Topic.objects.create(slug="cemas", name_id="Cemas")
    contact = HelpContact.objects.create(level=1, name_id="IGD", phone="112", checked_on=NOW.date())
    for name, args in {
        "settings_practice": [],
        "settings_service_new": [],
        "settings_service": [service.slug],
        "settings_service_delete": [service.slug],
        "settings_place_new": [],
        "settings_place": [room.location_id],
        "settings_place_delete": [room.location_id],
        "settings_room_new": [],
        "settings_room": [room.pk],
        "settings_room_delete": [room.pk],
        "settings_topics": [],
        "settings_topic_new": [],
        "settings_topic": [topic.slug],
        "settings_topic_delete": [topic.slug],
        "settings_counselor_new": [],
        "settings_counselor": [counselor.slug],
        "settings_counselor_edit": [counselor.slug],
        "settings_counselor_delete": [counselor.slug],
        "settings_licences": [counselor.slug],
        "settings_help_new": [],
        "settings_help_contact": [contact.pk],
        "settings_help_delete": [contact.pk],
    }.items():
        yield reverse(name, args=args)


# Those of everybody's time, which the front desk runs too.
def schedule_pages(counselor):
    away = make_time_off(counselor, NOW + timedelta(days=1), NOW + timedelta(days=2))
    for name, args in {
        "settings_hours": [],
        "settings_hours_of": [counselor.slug],
        "settings_hours_change": [counselor.slug],
        "settings_time_off": [],
        "settings_time_off_new": [],
        "settings_time_off_one": [away.pk],
        "settings_time_off_delete": [away.pk],
    }.items():
        yield reverse(name, args=args)


def closure_pages():
    closure = make_closure(date(2026, 12, 25))
    for name, args in {
        "settings_closures": [],
        "settings_closure_new": [],
        "settings_closure": [closure.pk],
        "settings_closure_delete": [closure.pk],
        "settings_holidays": [],
    }.items():
        yield reverse(name, args=args)


LISTS = [
    "settings_services",
    "settings_counselors",
    "settings_places",
    "settings_rooms",
    "settings_help",
]


def test_a_manager_opens_every_page(office, ayu):
    pages = [*managed_pages(), *schedule_pages(ayu), *closure_pages(), reverse("settings"), *map(reverse, LISTS)]

    assert [page for page in pages if office.get(page).status_code != 200] == []


def test_the_front_desk_runs_schedules_and_looks_up_the_rest(desk, ayu):
    forbidden = list(managed_pages())
    allowed = [*schedule_pages(ayu), *closure_pages(), reverse("settings"), *map(reverse, LISTS)]

    assert [page for page in allowed if desk.get(page).status_code != 200] == []
    assert [page for page in forbidden if desk.get(page).status_code != 404] == []
    assert [page for page in forbidden if desk.post(page).status_code != 404] == []
    assert not any(reverse("settings_service_new") in desk.get(reverse(name)).text for name in LISTS)


def test_a_counselor_changes_their_own_schedule_and_profile_alone(client, ayu):
    client.force_login(ayu.user)
    own = list(schedule_pages(ayu))[1:]
    others = [
        *managed_pages(),
        *list(schedule_pages(make_counselor(name="Bima")))[1:3],
        *list(schedule_pages(make_counselor(name="Citra")))[5:],
        *closure_pages(),
        *map(reverse, LISTS),
    ]

    assert [page for page in own if client.get(page).status_code != 200] == []
    assert client.get(reverse("settings_profile")).status_code == 200
    assert client.get(reverse("settings")).status_code == 200
    assert client.get(reverse("settings_hours")).url == reverse("settings_hours_of", args=[ayu.slug])
    assert [page for page in others if client.get(page).status_code != 404] == []
    assert [page for page in others if client.post(page).status_code not in (404, 405)] == []


@pytest.mark.parametrize("role", [Role.CLIENT, Role.SUPERVISOR, Role.DATA_OFFICER])
def test_other_roles_find_no_settings(client, ayu, role):
    client.force_login(make_user(role))
    pages = [*managed_pages(), *schedule_pages(ayu), *closure_pages(), reverse("settings"), *map(reverse, LISTS)]

    assert [page for page in pages if client.get(page).status_code != 404] == []


def test_strangers_are_asked_to_sign_in(client, ayu):
    pages = [*managed_pages(), *schedule_pages(ayu), *closure_pages(), reverse("settings"), *map(reverse, LISTS)]

    assert [page for page in pages if client.get(page).status_code != 302] == []


def test_the_index_shows_only_what_ones_role_may_change_or_look_up(client, office, ayu, front_desk):
    def seen(user):
        client.force_login(user)
        response = client.get(reverse("settings"))
        return [[entry.url_name for entry in response.context[part]] for part in ("editable", "readable")]

    manager = office.get(reverse("settings")).wsgi_request.user
    assert len(seen(manager)[0]) == 11
    assert seen(manager)[1] == []
    assert seen(front_desk) == [
        ["settings_hours", "settings_time_off", "settings_closures"],
        ["settings_services", "settings_counselors", "settings_places", "settings_rooms", "settings_help"],
    ]
    assert seen(ayu.user) == [["settings_profile", "settings_hours", "settings_time_off"], []]


def test_first_steps_lead_an_empty_practice_until_it_can_be_booked(office, ayu):
    Counselor.objects.update(is_listed=False)
    first = office.get(reverse("settings")).context["steps"]
    assert [step["is_done"] for step in first] == [False] * 6

    Practice.current().save()
    Counselor.objects.update(is_listed=True)
    make_service(counselors=[ayu])
    make_closure(date(2026, 12, 25))
    HelpContact.objects.create(level=1, name_id="IGD", phone="112", checked_on=NOW.date())

    assert office.get(reverse("settings")).context["steps"] == []


# --- The practice, places and rooms


def test_an_empty_practice_is_named(office):
    data = {"name": "Ruang Teduh", "email": "halo@ruangteduh.example", "whatsapp": "0812 3456 7890"}
    data |= {"time_zone": "Asia/Makassar", "country": "ID", "adult_age": "18", "asks_birth_year": "on"}

    response = post(office, "settings_practice", **data)

    practice = Practice.current()
    assert response.status_code == 302
    assert (practice.name, practice.whatsapp, practice.time_zone) == ("Ruang Teduh", "+6281234567890", "Asia/Makassar")
    assert "practice.made" in acts()


@pytest.mark.usefixtures("db")
def test_the_practice_is_fetched_once_where_work_goes_on_for_seconds(django_assert_num_queries):
    make_practice(name="Ruang Teduh")

    with django_assert_num_queries(1), Practice.remembered():
        names = [Practice.current().name for _ in range(3)]

    assert names == ["Ruang Teduh"] * 3
    with django_assert_num_queries(2):
        assert Practice.current() is not Practice.current()


def test_what_is_wrong_is_said_beside_it_and_what_was_typed_stays(office):
    response = post(office, "settings_practice", name="Ruang", email="x@", phone="telepon", adult_age="5", country="ID")

    assert response.status_code == 422
    assert {"email", "phone", "adult_age", "time_zone"} == set(response.context["form"].errors)
    assert 'value="telepon"' in response.text
    assert 'value="x@"' in response.text
    assert "<title>Error:" in response.text
    assert not Practice.objects.exists()


def test_a_place_and_its_room_are_added_and_changed(office):
    post(
        office,
        "settings_place_new",
        name="Cikini",
        address="Jalan Cikini Raya 12",
        time_zone="Asia/Jakarta",
        is_open="on",
    )
    place = Location.objects.get()
    post(office, "settings_room_new", location=place.pk, name="Melati", is_open="on")
    post(office, "settings_room", Room.objects.get().pk, location=place.pk, name="Kenanga")

    room = Room.objects.get()
    assert (room.location, room.name, room.is_open) == (place, "Kenanga", False)
    assert {"location.made", "room.made", "room.changed"} <= acts()
    assert AuditEvent.objects.get(act="room.changed").facts == {"fields": "name, is_open"}


def test_a_place_has_no_two_rooms_of_one_name(office):
    room = make_room(name="Melati")

    response = post(office, "settings_room_new", location=room.location_id, name="Melati", is_open="on")

    assert response.status_code == 422
    assert "This place has a room of that name already." in response.text


def test_saving_without_a_change_leaves_no_trace(office):
    room = make_room(name="Melati")

    post(office, "settings_room", room.pk, location=room.location_id, name="Melati", is_open="on")

    assert "room.changed" not in acts()


# --- Services


def test_a_service_is_added_with_prices_and_hours_as_people_write_them(office, ayu):
    response = post(office, "settings_service_new", **SERVICE | {"counselors": [ayu.pk], "name_en": "Consultation"})

    service = Service.objects.get()
    assert response.status_code == 302, response.context["form"].errors
    assert (service.slug, service.price, service.notice, service.free_move) == ("konsultasi", 350_000, 720, 90)
    assert list(service.counselors.all()) == [ayu]
    assert service.modes == [Mode.VIDEO]
    assert "service.made" in acts()


def test_a_second_service_of_the_same_name_gets_its_own_link(office):
    post(office, "settings_service_new", **SERVICE)
    post(office, "settings_service_new", **SERVICE)

    assert set(Service.objects.values_list("slug", flat=True)) == {"konsultasi", "konsultasi-2"}


def test_a_link_never_hides_the_page_for_new_ones(db):
    assert free_slug(Service, "New") == "new-2"
    assert free_slug(Service, "咨询") == "service"


def test_the_form_shows_hours_and_price_as_they_are_typed(office):
    service = make_service(notice=720, free_cancel=90, price=350_000)

    page = office.get(reverse("settings_service", args=[service.slug])).text

    assert 'value="12"' in page
    assert 'value="1.5"' in page
    assert 'value="350,000"' in page


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name_id", "\u200b\u202e"),
        ("name_id", "x" * 81),
        ("name_id", "a\0b"),
        ("kind", "feast"),
        ("minutes", "0"),
        ("minutes", "481"),
        ("minutes", "satu jam"),
        ("buffer_after", "-10"),
        ("step", "7"),
        ("modes", ["telepathy"]),
        ("modes", []),
        ("price", "250rb"),
        ("price", "350.00"),
        ("price", "-1"),
        ("price", "9" * 30),
        ("notice", "sehari"),
        ("notice", "9999"),
        ("horizon_days", "1"),
        ("horizon_days", "367"),
        ("per_day_cap", "0"),
        ("position", "99999999999999999999"),
        ("counselors", ["8d4a5a3e-3c5b-4a5e-8a8e-2f0a4f1f0b11"]),
        ("rooms", ["1' or 1=1"]),
    ],
)
def test_a_service_with_a_bad_value_is_refused_beside_the_field(office, field, value):
    response = post(office, "settings_service_new", **SERVICE | {field: value})

    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert not Service.objects.exists()


def test_a_meeting_in_person_needs_a_room(office):
    room = make_room()

    refused = post(office, "settings_service_new", **SERVICE | {"modes": [Mode.IN_PERSON]})
    made = post(office, "settings_service_new", **SERVICE | {"modes": [Mode.IN_PERSON], "rooms": [room.pk]})

    assert "rooms" in refused.context["form"].errors
    assert made.status_code == 302


def test_forged_fields_change_nothing(office):
    service = make_service(price=350_000)

    post(office, "settings_service", service.slug, **SERVICE | {"slug": "taken-over", "currency": "USD", "id": "9"})

    service.refresh_from_db()
    assert (service.slug.startswith("service-"), service.currency) == (True, "IDR")


def test_the_list_of_services_says_what_keeps_one_from_being_booked(office, ayu):
    make_service(name_en="Ready", counselors=[ayu])
    make_service(name_en="Lonely")
    make_service(name_en="Roomless", counselors=[ayu], modes=[Mode.IN_PERSON])
    make_service(name_en="Session", kind=Kind.SESSION, counselors=[ayu])

    page = office.get(reverse("settings_services")).text

    assert page.count("Can be booked online") == 1
    assert page.count("No counselor offers it yet") == 1
    assert page.count("No room in use") == 1
    assert page.count("Not online") == 1


@pytest.mark.parametrize(
    ("typed", "amount"),
    [("350.000", 350_000), ("350000", 350_000), ("Rp350.000", 350_000), ("rp 1.250.000,-", 1_250_000), ("", 0)],
)
def test_rupiah_are_read_as_people_write_them(typed, amount):
    assert RupiahField(required=False).clean(typed) == amount


def test_text_is_kept_tidy():
    assert tidy("  Ruang \u202eTeduh\u0007 ") == "Ruang Teduh"
    assert tidy("satu\r\ndua") == "satu\ndua"
    assert tidy("\u200b\u200d\ufeff") == ""


@pytest.mark.parametrize("name", ["settings_room", "settings_place", "settings_time_off_one", "settings_closure"])
def test_addresses_that_name_nothing_are_not_found(office, name):
    for number in (0, 4711, 10**30):
        assert office.get(reverse(name, args=[number])).status_code == 404


@pytest.mark.parametrize("query", ["?page=-1", "?page=x", "?page=" + "9" * 40, "?when=never", "?from=x"])
def test_odd_addresses_are_answered_calmly(office, ayu, query):
    pages = ["settings_time_off", "settings_closures", "settings_holidays"]
    addresses = [*map(reverse, pages), reverse("settings_hours_change", args=[ayu.slug])]

    assert [address for address in addresses if office.get(address + query).status_code != 200] == []


# --- Deleting


def test_what_nothing_refers_to_is_deleted_after_asking(office):
    service = make_service()
    page = reverse("settings_service_delete", args=[service.slug])

    assert office.get(page).status_code == 200
    assert Service.objects.exists()
    response = office.post(page)

    assert response.url == reverse("settings_services")
    assert not Service.objects.exists()
    assert "service.deleted" in acts()


def test_what_is_in_use_stays_and_the_page_says_by_what(office, ayu, monday_at_nine):
    meeting = make_meeting(counselor=ayu, starts_at=monday_at_nine)
    page = reverse("settings_service_delete", args=[meeting.service.slug])

    asked, refused = office.get(page), office.post(page)

    assert "appointments" in asked.text
    assert '<form method="post" novalidate' not in asked.text
    assert refused.status_code == 422
    assert Service.objects.filter(pk=meeting.service_id).exists()
    assert "service.deleted" not in acts()


def test_every_record_knows_what_refers_to_it(ayu, monday_at_nine):
    room = make_room()
    service = make_service(counselors=[ayu], rooms=[room])
    make_hours(ayu, location=make_location(name="Kemang"))
    make_meeting(counselor=ayu, service=service, starts_at=monday_at_nine, room=room)
    topic = Topic.objects.create(slug="cemas", name_id="Cemas")
    ayu.topics.add(topic)
    kemang = Location.objects.get(name="Kemang")
    closed = make_closure(date(2026, 12, 25), location=kemang)

    with translation.override("en"):
        assert referring_to(service) == ["appointments"]
        assert set(referring_to(room)) == {"appointments", "services"}
        assert set(referring_to(room.location)) == {"appointments", "rooms"}
        assert set(referring_to(kemang)) == {"working hours", "closed days"}
        assert referring_to(topic) == ["counselors"]
        assert "appointments" in referring_to(ayu)
        assert referring_to(closed) == []


def test_a_counselor_added_by_mistake_goes_with_hours_and_licences(manager):
    mistake = make_counselor()
    make_service(counselors=[mistake])
    make_licence(mistake)
    make_time_off(mistake, NOW, NOW + timedelta(days=1))

    delete_record(obj=mistake, by=manager, now=NOW)

    assert not Counselor.objects.exists()
    assert Service.objects.exists()


def test_deleting_what_somebody_has_just_deleted_says_so(manager):
    service = make_service()
    Service.objects.all().delete()

    with pytest.raises(ValidationError):
        delete_record(obj=service, by=manager, now=NOW)


# --- Counselors


def test_a_counselor_is_added_and_invited_in_one_step(office, practice):
    service = make_service()
    data = {"name": "Ayu Pratiwi", "title": "M.Psi., Psikolog", "email": "ayu@ruangteduh.example", "languages": ["id"]}
    data |= {"services": [service.pk], "time_zone": "Asia/Jakarta", "video_link": "meet.example/ayu", "is_listed": "on"}

    response = post(office, "settings_counselor_new", **data)

    ayu = Counselor.objects.get()
    assert response.url == reverse("settings_counselor", args=["ayu-pratiwi"])
    assert (ayu.video_link, list(ayu.services.all()), ayu.user) == ("https://meet.example/ayu", [service], None)
    invitation = Invitation.objects.get()
    assert (invitation.counselor, invitation.role, invitation.email) == (ayu, Role.COUNSELOR, "ayu@ruangteduh.example")
    assert Message.objects.filter(kind="people.invitation").count() == 1
    assert {"counselor.made", "invitation.created"} <= acts()
    assert "ayu@ruangteduh.example" in office.get(response.url).text


def test_an_address_with_an_account_is_not_invited_and_nothing_is_saved(office, front_desk):
    data = {"name": "Ayu", "email": front_desk.email, "languages": ["id"], "time_zone": "Asia/Jakarta"}

    response = post(office, "settings_counselor_new", **data)

    assert response.status_code == 422
    assert "email" in response.context["form"].errors
    assert not Counselor.objects.exists()


def test_a_profile_is_changed_with_services_and_topics(office, ayu):
    service = make_service()
    topic = Topic.objects.create(slug="cemas", name_id="Cemas")
    data = {"name": "Ayu P.", "gender": "woman", "languages": ["id", "jv"], "topics": [topic.pk]}
    data |= {"services": [service.pk], "time_zone": "Asia/Makassar", "approach_id": "Kita mulai dari pertanyaan Anda."}

    post(office, "settings_counselor_edit", ayu.slug, **data)

    ayu.refresh_from_db()
    assert (ayu.name, ayu.languages, ayu.time_zone, ayu.is_listed) == ("Ayu P.", ["id", "jv"], "Asia/Makassar", False)
    assert (list(ayu.services.all()), list(ayu.topics.all())) == ([service], [topic])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("video_link", "http://meet.example/1"),
        ("video_link", "javascript:alert(1)"),
        ("approach_id", "kata " * 61),
        ("languages", []),
        ("time_zone", "EST"),
        ("time_zone", "Asia/Atlantis"),
    ],
)
def test_a_profile_with_a_bad_value_is_refused_beside_the_field(office, ayu, field, value):
    data = {"name": "Ayu", "languages": ["id"], "time_zone": "Asia/Jakarta"} | {field: value}

    response = post(office, "settings_counselor_edit", ayu.slug, **data)

    assert response.status_code == 422
    assert field in response.context["form"].errors


def licence_rows(*rows, initial=0):
    data = {"licences-TOTAL_FORMS": len(rows), "licences-INITIAL_FORMS": initial}
    for number, row in enumerate(rows):
        data |= {f"licences-{number}-{name}": value for name, value in row.items()}
    return data


def test_licences_are_entered_changed_and_removed_in_rows(office, ayu):
    sipp = make_licence(ayu, kind="SIPP")
    kept = {"id": sipp.pk, "kind": "SIPP", "number": "1", "expires_on": "2030-01-01", "DELETE": "on"}
    new = {"kind": "STR", "number": "STR-9", "expires_on": "2027-05-01"}

    response = post(office, "settings_licences", ayu.slug, **licence_rows(kept, new, {"kind": ""}, initial=1))

    assert response.status_code == 302
    assert [(licence.kind, licence.number) for licence in Licence.objects.all()] == [("STR", "STR-9")]
    assert "licences.changed" in acts()


def test_two_licences_of_one_kind_are_refused(office, ayu):
    row = {"kind": "STR", "number": "STR-9", "expires_on": "2027-05-01"}

    response = post(office, "settings_licences", ayu.slug, **licence_rows(row, row))

    assert response.status_code == 422
    assert "Enter each kind of licence once." in response.text
    assert not Licence.objects.exists()


@pytest.mark.parametrize(
    ("video_link", "modes", "warns"),
    [("", ["video", "phone"], True), ("", ["phone"], False), ("https://meet.example/a", ["video"], False)],
)
def test_who_is_booked_by_video_without_a_room_is_pointed_out(office, video_link, modes, warns):
    make_service(counselors=[make_counselor(video_link=video_link)], modes=modes)

    assert ("No video room" in office.get(reverse("settings_counselors")).text) == warns
    assert ("has no link to a video room." in office.get(reverse("settings")).text) == warns


def test_a_licence_warns_sixty_days_before_it_expires_and_after(office, ayu):
    make_licence(ayu, kind="SIPP", expires_on=NOW.date() + timedelta(days=60))
    make_licence(ayu, kind="STR", expires_on=NOW.date() - timedelta(days=1))
    make_licence(ayu, kind="SILP", expires_on=NOW.date() + timedelta(days=61))

    for page in (reverse("settings_counselors"), reverse("settings_counselor", args=[ayu.slug])):
        text = office.get(page).text
        assert "STR has expired" in text
        assert "SIPP expires on" in text
        assert "SILP expires on" not in text
    assert "A licence has expired or soon will." in office.get(reverse("settings")).text


def test_an_account_that_is_a_counselors_already_is_linked(office, manager):
    user = make_user(Role.COUNSELOR, name="Ayu")
    ayu = Counselor.objects.create(slug="ayu", name="Ayu", languages=["id"])

    page = office.get(reverse("settings_counselor_account", args=["ayu"]))
    response = post(office, "settings_linked_account", "ayu", account=user.pk)

    ayu.refresh_from_db()
    assert user.email in page.text
    assert response.status_code == 302
    assert ayu.user == user
    assert "counselor.linked" in acts()


def test_an_account_is_linked_once_and_only_if_it_is_a_counselors(office, manager, ayu, front_desk):
    bima = Counselor.objects.create(slug="bima", name="Bima", languages=["id"])

    assert post(office, "settings_linked_account", "bima", account=front_desk.pk).status_code == 422
    with pytest.raises(ValidationError):
        link_account(counselor=bima, user=front_desk, by=manager, now=NOW)
    with pytest.raises(ValidationError):
        link_account(counselor=bima, user=ayu.user, by=manager, now=NOW)
    assert office.get(reverse("settings_counselor_account", args=[ayu.slug])).status_code == 404


def test_a_counselor_is_invited_later_and_refusals_stay_on_the_page(office, practice, front_desk):
    Counselor.objects.create(slug="bima", name="Bima", languages=["id"])

    refused = post(office, "settings_invitation", "bima", email=front_desk.email)
    made = post(office, "settings_invitation", "bima", email="bima@ruangteduh.example")

    assert (refused.status_code, made.status_code) == (422, 302)
    assert Invitation.objects.get().email == "bima@ruangteduh.example"


def test_counselors_write_their_own_profile_and_nothing_of_the_managers(client, ayu):
    client.force_login(ayu.user)
    data = {"languages": ["id"], "approach_id": "Pelan-pelan.", "phone": "0812 3456 7890"}

    response = post(client, "settings_profile", **data | {"name": "Dr. Ayu", "is_listed": "", "time_zone": "UTC"})

    before = ayu.name
    ayu.refresh_from_db()
    assert response.status_code == 302
    assert ayu.approach_id == "Pelan-pelan."
    assert (ayu.name, ayu.is_listed, ayu.time_zone) == (before, True, "Asia/Jakarta")


def test_topics_are_added_and_changed(office):
    post(office, "settings_topic_new", name_id="Sulit tidur", name_en="Trouble sleeping")
    post(office, "settings_topic", "sulit-tidur", name_id="Susah tidur", name_en="")

    assert Topic.objects.get().name_id == "Susah tidur"


# --- Speed


def queries(browser, name):
    with CaptureQueriesContext(
        connection,
    ) as found:
        assert browser.get(reverse(name)).status_code == 200
    return len(found)


@pytest.mark.parametrize(
    "name",
    [
        "settings",
        "settings_services",
        "settings_counselors",
        "settings_places",
        "settings_rooms",
        "settings_topics",
        "settings_hours",
        "settings_time_off",
        "settings_closures",
        "settings_help",
        "settings_service_new",
        "help",
    ],
)
def test_lists_ask_the_database_as_often_for_many_rows_as_for_one(office, monday_at_nine, name):
    def one_more(n):
        counselor = make_counselor()
        room = make_room()
        service = make_service(counselors=[counselor], rooms=[room])
        make_licence(counselor, expires_on=NOW.date())
        make_hours(counselor, weekday=5, location=room.location)
        counselor.topics.add(Topic.objects.create(slug=f"topic-{n}", name_id="Cemas"))
        make_meeting(counselor=counselor, service=service, starts_at=monday_at_nine - timedelta(hours=3))
        make_time_off(counselor, monday_at_nine, monday_at_nine + timedelta(days=1))
        make_closure(date(2026, 11, 30), location=room.location if n % 2 else None)
        HelpContact.objects.create(level=1 + n % 3, name_id="IGD", phone="112", checked_on=NOW.date())

    one_more(0)
    queries(office, name)  # the first request also reads what later ones remember
    few = queries(office, name)
    for n in range(1, 6):
        one_more(n)

    assert queries(office, name) == few
    assert few <= 14
    assert Service.objects.count() == Closure.objects.count() == TimeOff.objects.count() == 6
    assert WorkingHours.objects.count() == 36
