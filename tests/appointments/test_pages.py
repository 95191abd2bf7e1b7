"""The public pages and the list of times, as a browser without JavaScript sees them."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from appointments.models import Consultation
from practice.calendar.meetings import Meeting, Status
from practice.calendar.models import ManageToken
from practice.calendar.slots import refusal
from practice.catalog.models import Kind
from practice.messages.models import Message
from practice.people.clients import Client, Consent
from practice.people.counselors import Topic
from tests.appointments.steps import MONDAY, address, checked, confirm, hold_time, page, words
from tests.factories import (
    NOW,
    make_closure,
    make_counselor,
    make_hours,
    make_meeting,
    make_service,
    make_time_off,
)

pytestmark = pytest.mark.django_db


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


# --- The way in ----------------------------------------------------------------------------------------------------


def test_the_landing_page_says_which_two_services_there_are(client, consultation, door, ayu):
    text = words(client.get("/", headers={"Accept-Language": "en"}))

    assert "Consultation, one meeting. You have one thing to talk through and want guidance." in text
    assert "Counseling, several meetings." in text
    assert "60 minutes · Rp350,000 · earliest Monday, 23 November" in text
    assert "Ayu Pratiwi, M.Psi., Psikolog" in text
    assert "Do you need help right now?" in text


def test_the_landing_page_of_an_empty_practice_names_the_practices_phone(client):
    response = client.get("/", headers={"Accept-Language": "en"})

    assert response.status_code == 200
    assert "Nothing can be booked online at the moment." in words(response)
    assert "021-555-0101" in words(response)


def test_the_queries_of_public_pages_do_not_grow_with_the_practice(client, consultation, door, ayu):
    pages = ["/", "/services/", "/counselors/", f"/counselors/{ayu.slug}/", f"/services/{consultation.slug}/"]
    pages.append(address("book_time", consultation))

    def statements():
        counts = []
        for each in pages:
            with CaptureQueriesContext(connection) as queries:
                client.get(each)
            counts.append(len(queries))
        return counts

    before = statements()
    for number in range(4):
        other = make_counselor(name=f"Counselor {number}")
        consultation.counselors.add(other)
        door.counselors.add(other)
        make_service(counselors=[other], kind=Kind.CONSULTATION)
        other.topics.add(Topic.objects.create(slug=f"topic-{number}", name_id=f"Topik {number}"))

    assert statements() == before


def test_whoever_knows_the_way_goes_straight_to_the_times(client, consultation, door):
    assert client.get("/guide/?need=consultation").url == address("book_time", consultation)
    assert client.get("/guide/?need=program").url == address("book_time", door)


def test_several_services_of_a_kind_are_offered_as_a_choice(client, consultation, ayu):
    couples = make_service(counselors=[ayu], name_id="Konsultasi pasangan", position=20)

    response = client.get("/guide/?need=consultation")

    assert address("book_time", couples) in page(response)
    assert address("book_time", consultation) in page(response)


def test_no_choice_in_the_guide_is_answered_with_the_question(client, consultation, door):
    response = client.get("/guide/?asked=need", headers={"Accept-Language": "en"})

    assert "Error: Choose one answer." in words(response)


@pytest.mark.parametrize(
    ("answers", "title"),
    [
        ({"topic": "one", "since": "recent"}, "A consultation may be enough"),
        ({"topic": "recurring", "since": "longer"}, "Counseling may suit you better"),
        ({"topic": "one", "since": "longer", "help": "advice"}, "A consultation may be enough"),
        ({"topic": "one", "since": "longer", "help": "steps"}, "Counseling may suit you better"),
    ],
)
def test_at_most_three_questions_lead_to_a_recommendation_with_its_reasons(client, consultation, door, answers, title):
    response = client.get("/guide/", {"need": "unsure"} | answers, headers={"Accept-Language": "en"})

    text = words(response)
    assert title in text
    assert all(str(reason) in text for reason in response.context["found"].reasons)
    assert len(response.context["found"].reasons) == 2
    assert address("book_time", consultation) in page(response)
    assert address("book_time", door) in page(response)
    assert text.count("This is not an emergency service and nobody watches it around the clock.") == 1


def test_answers_that_point_both_ways_say_so(client, consultation, door):
    clear = client.get("/guide/?need=unsure&topic=one&since=recent")
    mixed = client.get("/guide/?need=unsure&topic=one&since=longer&help=advice")

    assert clear.context["found"].is_clear
    assert not mixed.context["found"].is_clear


@pytest.mark.parametrize("query", ["", "&topic=one", "&topic=one&since=longer", "&topic=nonsense", "&since=recent"])
def test_while_the_answers_do_not_decide_the_next_question_comes(client, consultation, door, query):
    response = client.get(f"/guide/?need=unsure{query}")

    assert response.context["number"] <= 3
    assert "appointments/guide_question.html" in [template.name for template in response.templates]


# --- Services and counselors ---------------------------------------------------------------------------------------


def test_a_service_says_what_it_costs_and_until_when_it_can_be_changed(client, consultation):
    text = words(client.get(f"/services/{consultation.slug}/", headers={"Accept-Language": "en"}))

    assert "Rp350,000" in text
    assert "Change or cancel free of charge up to 24 hours before." in text


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        (
            {"free_move": 120},
            "Cancel free of charge up to 24 hours before. After that the session fee still applies."
            " Move it to another time up to 2 hours before.",
        ),
        (
            {"moves_allowed": 0},
            "Cancel free of charge up to 24 hours before. After that the session fee still applies."
            " It cannot be moved online: contact us for another time.",
        ),
        ({"price": 0}, "Cancelling costs you nothing. Move it to another time up to 24 hours before."),
    ],
)
def test_a_service_says_of_changes_what_its_settings_allow(client, ayu, fields, says):
    service = make_service(counselors=[ayu], **fields)

    text = words(client.get(f"/services/{service.slug}/", headers={"Accept-Language": "en"}))

    assert says in text
    assert "Change or cancel" not in text


def test_the_program_door_says_that_it_is_one_meeting_before_the_program(client, door):
    text = words(client.get(f"/services/{door.slug}/", headers={"Accept-Language": "en"}))

    assert "You are booking an initial consultation, one meeting." in text


@pytest.mark.parametrize("hidden", [{"is_public": False}, {"kind": Kind.SESSION}])
@pytest.mark.parametrize("where", ["service", "book_time", "book_details", "book_check"])
def test_what_the_public_cannot_book_is_not_found(client, ayu, hidden, where):
    service = make_service(counselors=[ayu], **hidden)

    assert client.get(address(where, service)).status_code == 404


def test_an_unlisted_counselor_is_not_found(client, consultation):
    hidden = make_counselor(name="Sri", is_listed=False)

    assert client.get(f"/counselors/{hidden.slug}/").status_code == 404
    assert "Sri" not in words(client.get("/counselors/"))


def test_counselors_are_narrowed_by_topic_and_language(client, consultation, ayu):
    maria = make_counselor(name="Maria", languages=["id", "zh"])
    grief = Topic.objects.create(slug="grief", name_id="kehilangan", name_en="loss")
    maria.topics.add(grief)

    assert "Maria" in words(client.get("/counselors/?topic=grief&language=zh"))
    assert "Ayu" not in words(client.get("/counselors/?topic=grief"))
    assert "Maria" not in words(client.get("/counselors/?language=en"))
    assert client.get("/counselors/?topic=nothing&language=xx").status_code == 200


def test_a_profile_links_its_next_five_times_into_the_flow(client, consultation, ayu):
    response = client.get(f"/counselors/{ayu.slug}/")

    links = re.findall(rf'href="({re.escape(address("book_time", consultation))}\?[^"]+)"', page(response))
    chosen = client.get(links[0].replace("&amp;", "&"))
    assert len([link for link in links if "start=" in link]) == 5
    assert [time.is_checked for day in chosen.context["week"].days for time in day.times].count(True) == 1


@pytest.mark.parametrize("purpose", ["booking", "guardian"])
def test_the_full_text_of_a_consent_has_a_page(client, purpose):
    assert client.get(f"/consent/{purpose}/").status_code == 200


def test_an_unknown_consent_is_not_found(client):
    assert client.get("/consent/everything/").status_code == 404


# --- Screen 2: the time --------------------------------------------------------------------------------------------


def test_only_days_with_times_are_shown_and_the_others_named(client, consultation, ayu):
    wednesday = datetime(2026, 11, 25, tzinfo=UTC)
    make_time_off(ayu, wednesday - timedelta(hours=10), wednesday + timedelta(hours=14))

    response = client.get(address("book_time", consultation), headers={"Accept-Language": "en"})

    assert [day.on.day for day in response.context["week"].days] == [23, 24, 26, 27]
    assert "No free times on Wednesday, Saturday and Sunday." in words(response)


def test_without_times_in_a_week_the_first_later_ones_are_shown(client, consultation):
    make_closure(date(2026, 11, 23), date(2026, 12, 15))

    response = client.get(address("book_time", consultation), headers={"Accept-Language": "en"})

    assert response.context["week"].days[0].on == date(2026, 12, 16)
    assert "There are no free times from 23–29 November 2026." in words(response)


def test_times_beyond_four_weeks_are_found_too(client, consultation):
    make_closure(date(2026, 11, 23), date(2027, 1, 10))

    response = client.get(address("book_time", consultation))

    assert response.context["week"].days[0].on == date(2027, 1, 11)


def test_without_any_time_there_is_still_a_way_on(client, consultation):
    make_closure(date(2026, 11, 23), date(2027, 12, 31))

    response = client.get(address("book_time", consultation), headers={"Accept-Language": "en"})

    assert response.status_code == 200
    assert "There are no free times here at the moment." in words(response)
    assert "021-555-0101" in words(response)


def test_the_number_for_whatsapp_opens_a_chat(client, practice, consultation):
    practice.whatsapp = "0812 3456 7890"
    practice.save()

    assert 'href="https://wa.me/6281234567890"' in page(client.get(address("book_time", consultation)))


def test_a_practice_without_counselors_says_so_and_speaks_of_no_filter(client, practice):
    text = words(client.get("/counselors/", headers={"Accept-Language": "en"}))
    filtered = words(client.get("/counselors/?language=en", headers={"Accept-Language": "en"}))

    assert "No counselor can be booked online at the moment." in text
    assert "No counselor matches both" not in text
    assert "No counselor matches both" in filtered


def test_a_part_of_the_day_narrows_the_times(client, consultation):
    response = client.get(address("book_time", consultation, part="afternoon"))

    labels = {time.label for day in response.context["week"].days for time in day.times}
    assert labels == {"15.00", "15.30", "16.00"}


def test_the_next_week_and_the_one_before_are_linked(client, consultation):
    first = client.get(address("book_time", consultation))
    second = client.get(f"{address('book_time', consultation)}?{first.context['later']}")

    assert first.context["earlier"] == ""
    assert second.context["week"].first == date(2026, 11, 30)
    assert "from=2026-11-23" in second.context["earlier"]


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "2020-01-01", "2026-12-25"])
def test_any_date_leads_to_times_that_can_be_booked(client, consultation, day):
    response = client.get(address("book_time", consultation, **{"from": day}))

    assert response.status_code == 200
    assert response.context["week"].first >= date(2026, 11, 23)


@pytest.mark.parametrize("day", ["31/02/2027", "soon", "2027-02-29", "30:00"])
def test_what_is_no_date_is_said_beside_the_field(client, consultation, day):
    response = client.get(address("book_time", consultation, **{"from": day}), headers={"Accept-Language": "en"})

    assert "Enter a date, for example 24/11/2026." in words(response)


def test_a_date_typed_the_usual_way_is_understood(client, consultation):
    response = client.get(address("book_time", consultation, **{"from": "7/12/2026"}))

    assert response.context["week"].first == date(2026, 12, 7)


def test_an_unknown_counselor_shows_everybodys_times_and_says_so(client, consultation):
    response = client.get(address("book_time", consultation, counselor="nobody"), headers={"Accept-Language": "en"})

    assert "This counselor cannot be booked for this service online." in words(response)
    assert response.context["week"].days


def test_times_follow_the_zone_of_the_browser(client, consultation):
    client.cookies["zone"] = "Asia/Jayapura"

    response = client.get(address("book_time", consultation))

    assert response.context["week"].days[0].times[-1].label == "18.00"
    assert "WIT (Jayapura)" in words(response)


def test_a_repeated_hour_is_told_apart_where_clocks_turn_back(client):
    night = make_counselor(name="Night", zone="America/New_York", hours=False)
    make_hours(night, weekday=6, start=0, end=6 * 60)
    service = make_service(counselors=[night], horizon_days=366)
    client.cookies["zone"] = "America/New_York"

    response = client.get(address("book_time", service, **{"from": "2027-11-07"}), headers={"Accept-Language": "en"})

    labels = [time.label for time in response.context["week"].days[0].times]
    assert len(labels) == len(set(labels))
    assert "01:00" in labels


def test_a_week_comes_as_a_fragment_to_htmx(client, consultation):
    whole = client.get(address("book_time", consultation))
    fragment = client.get(address("book_time", consultation), headers={"HX-Request": "true"})
    restored = client.get(
        address("book_time", consultation), headers={"HX-Request": "true", "HX-History-Restore-Request": "true"}
    )

    assert "HX-Request" in whole["Vary"]
    assert "HX-Request" in fragment["Vary"]
    assert page(fragment).startswith("<title>")
    assert "<html" not in page(fragment)
    assert "<html" in page(restored)
    assert page(fragment).count('type="radio"') == page(whole).count('name="start"')


def test_no_time_chosen_is_a_message_above_the_same_week(client, consultation):
    fields = {"counselor": "any", "mode": "video", "from": "2026-12-07"}

    response = client.post(address("book_time", consultation), fields, headers={"Accept-Language": "en"})

    assert response.status_code == 422
    assert "Choose a day and time." in words(response)
    assert response.context["week"].first == date(2026, 12, 7)


@pytest.mark.parametrize("start", ["x", "2026-11-30T02:00", "9999-12-31T23:59Z", "٢٠٢٦-11-30T02:00Z", "a" * 100, "\0"])
def test_what_is_no_time_is_refused_beside_the_list(client, consultation, start):
    response = hold_time(client, consultation, start)

    assert response.status_code == 422
    assert Meeting.objects.count() == 0


@pytest.mark.parametrize(
    ("start", "rule"),
    [
        ("2026-11-30T02:10Z", "hours"),
        ("2026-11-30T02:01Z", "hours"),
        ("2026-11-28T02:00Z", "hours"),
        ("2026-11-20T02:00Z", "past"),
        ("2027-11-29T02:00Z", "horizon"),
        ("2999-12-02T02:00Z", "horizon"),
    ],
)
def test_a_time_against_a_rule_is_refused_with_its_reason(client, consultation, start, rule):
    response = hold_time(client, consultation, start)

    assert response.status_code == 422
    with translation.override("id"):
        assert response.context["form"].errors["start"] == refusal(rule, consultation).messages
    assert Meeting.objects.count() == 0


def test_a_chosen_time_is_held_for_ten_minutes(client, consultation, ayu):
    response = hold_time(client, consultation)

    meeting = Meeting.objects.get()
    assert response.url.startswith(address("book_details", consultation, hold=str(meeting.pk)))
    assert meeting.status == Status.HELD
    assert timedelta(minutes=9) < meeting.hold_expires_at - NOW <= timedelta(minutes=11)
    assert MONDAY not in page(Browser().get(address("book_time", consultation, **{"from": "2026-11-30"})))


def test_ones_own_hold_does_not_hide_the_time_from_oneself(client, consultation):
    hold_time(client, consultation)

    response = client.get(address("book_time", consultation, **{"from": "2026-11-30"}))

    assert MONDAY in page(response)


def test_choosing_a_time_that_overlaps_ones_own_hold_moves_the_hold(client, consultation):
    hold_time(client, consultation)

    response = hold_time(client, consultation, "2026-11-30T02:30Z")

    assert response.status_code == 302
    assert Meeting.objects.get().starts_at == datetime(2026, 11, 30, 2, 30, tzinfo=UTC)


def test_a_browser_holds_two_times_at_most(client, consultation):
    for hour in range(2, 8, 2):
        hold_time(client, consultation, f"2026-11-30T0{hour}:00Z")

    assert Meeting.objects.filter(status=Status.HELD).count() == 2


def test_anyone_spreads_the_bookings(client, consultation):
    consultation.counselors.add(make_counselor(name="Budi"), make_counselor(name="Citra"))

    for number in range(6):
        hold_time(Browser(), consultation, f"2026-11-30T0{2 + number}:00Z")

    assert len(set(Meeting.objects.values_list("counselor", flat=True))) > 1


def test_a_time_that_was_just_taken_is_answered_with_the_three_nearest(client, consultation, ayu, monday_at_nine):
    make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation)

    response = hold_time(client, consultation)

    assert response.status_code == 409
    assert len(response.context["nearby"]) == 3
    assert all(time["value"] in page(response) for time in response.context["nearby"])


# --- Everything ----------------------------------------------------------------------------------------------------


def test_no_get_changes_anything(client, consultation, door, ayu):
    hold_time(client, consultation)
    details = client.get(hold_time(client, consultation).url).request
    confirm(client, consultation, checked(client, consultation))
    pages = ["/", "/guide/", "/guide/?need=unsure", "/services/", "/counselors/", f"/counselors/{ayu.slug}/"]
    pages += [address(name, consultation) for name in ("service", "book_time", "book_details", "book_check")]
    pages.append(f"{details['PATH_INFO']}?{details['QUERY_STRING']}")

    def rows():
        return [model.objects.count() for model in (Meeting, Client, Consent, ManageToken, Message, Consultation)]

    before = rows()
    for each in pages:
        assert client.get(each).status_code in (200, 302)
        assert client.head(each).status_code in (200, 302)

    assert rows() == before


@pytest.mark.parametrize("name", ["book_check", "book_extend", "book_confirm", "book_language"])
def test_an_address_that_a_form_left_in_the_bar_leads_to_the_times(client, consultation, name):
    for response in (client.get(address(name, consultation)), client.head(address(name, consultation))):
        assert (response.status_code, response.url) == (302, address("book_time", consultation))
    assert client.put(address(name, consultation)).status_code == 405


@pytest.mark.parametrize("name", ["book_time", "book_check", "book_confirm", "book_extend"])
def test_a_form_from_elsewhere_is_refused(consultation, name):
    strict = Browser(enforce_csrf_checks=True)

    assert strict.post(address(name, consultation), {"start": MONDAY}).status_code == 403
