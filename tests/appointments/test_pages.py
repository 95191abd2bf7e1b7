"""The public pages and the four screens of a booking, as a browser without JavaScript sees them."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from appointments.models import Consultation
from practice.calendar.meetings import Meeting, Status
from practice.calendar.models import ManageToken
from practice.catalog.models import Approval, Kind, Mode
from practice.messages.models import Message
from practice.people.clients import Client, Consent
from practice.people.counselors import Topic
from practice.records.actions import read
from tests.factories import (
    NOW,
    make_closure,
    make_counselor,
    make_location,
    make_meeting,
    make_room,
    make_service,
    make_time_off,
)

pytestmark = pytest.mark.django_db

MONDAY = "2026-11-30T02:00Z"  # 09.00 in Jakarta
RINA = {
    "name": "Rina Wulandari",
    "email": "rina.w@example.org",
    "whom": "self",
    "birth_year": "1994",
    "question": "Saya ingin bicara tentang pekerjaan.",
    "consent": "on",
}


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


def page(response) -> str:
    return response.content.decode()


def words(response) -> str:
    """What is read on a page: its text without tags, scripts of space."""
    text = re.sub(r"<(head|style|script).*?</\1>|<[^>]+>", " ", page(response), flags=re.DOTALL)
    return " ".join(text.replace("&nbsp;", " ").replace("\xa0", " ").split())


def address(name, service, **query):
    return reverse(name, args=[service.slug], query=query or None)


def hold_time(browser, service, start=MONDAY, *, counselor="any", mode="video", **kept):
    fields = {"start": start, "counselor": counselor, "mode": mode} | kept
    return browser.post(address("book_time", service), fields)


def held(browser, service, start=MONDAY, **choice):
    """Hold a time and return the fields that the details page sends on."""
    response = browser.get(hold_time(browser, service, start, **choice).url)
    return response.context["pick"].fields | {"shown": response.context["shown"]}


def checked(browser, service, fields=None, **details):
    """Go through to the check and return what its button sends."""
    fields = fields or held(browser, service)
    response = browser.post(address("book_check", service), fields | RINA | details)
    assert response.status_code == 200, words(response)
    return fields | RINA | details | {"key": response.context["key"], "at": "check"}


def confirm(browser, service, fields):
    return browser.post(address("book_confirm", service), fields)


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
            with CaptureQueriesContext(connection, ) as queries:
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
    from tests.factories import make_hours

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
    assert response.context["form"].errors.as_data()["start"][0].message
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
    times = client.post(
        address("book_language", consultation), {"shown": fields["shown"], "language": "en"} | RINA
    )

    assert "Your details" in words(details)
    assert RINA["question"] in words(details)
    assert "Check, then book" in words(check)
    assert f'value="{RINA["question"]}"' in page(times)
    assert client.cookies["language"].value == "en"


# --- Screen 4: check, then book ------------------------------------------------------------------------------------


def test_the_check_says_exactly_what_is_booked(client, consultation):
    fields = held(client, consultation)

    text = words(
        client.post(address("book_check", consultation), fields | RINA, headers={"Accept-Language": "en"})
    )

    assert "Consultation: one meeting" in text
    assert "Monday, 30 November 2026, 09:00–10:00 WIB" in text
    assert "Rp350,000" in text
    assert "Change or cancel free of charge until Sunday, 29 November 2026, 09:00 WIB." in text
    assert "After that the session fee still applies." in text
    assert "rina.w@example.org" in text
    assert "Book this session" in text


def test_the_check_of_a_program_says_that_it_is_the_meeting_before(client, door):
    fields = held(client, door)

    text = words(client.post(address("book_check", door), fields | RINA, headers={"Accept-Language": "en"}))

    assert "Initial consultation: one meeting" in text
    assert "Your counselor then proposes a plan: method, number of sessions, goals, cost. You decide." in text


def test_both_clocks_are_shown_where_they_differ(client):
    andi = make_counselor(name="Andi", zone="Asia/Makassar")
    service = make_service(counselors=[andi])

    response = client.get(hold_time(client, service).url, headers={"Accept-Language": "en"})

    assert "09:00–10:00 WIB" in words(response)
    assert "For Andi that is Monday, 30 November 2026, 10:00–11:00 WITA." in words(response)


def test_a_soon_appointment_says_that_it_cannot_be_changed_for_free(client, consultation):
    fields = held(client, consultation, "2026-11-23T06:00Z")

    text = words(client.post(address("book_check", consultation), fields | RINA, headers={"Accept-Language": "en"}))

    assert "This appointment is soon: it can no longer be changed or cancelled free of charge." in text


def test_a_booking_saves_everything_that_belongs_to_it(client, consultation, ayu):
    fields = checked(client, consultation, discreet="no", phone="0812 3456 7890")

    response = confirm(client, consultation, fields)

    meeting, person = Meeting.objects.get(), Client.objects.get()
    consent = Consent.objects.get()
    assert response.url.startswith("/b/")
    assert (meeting.status, meeting.counselor, meeting.price) == (Status.CONFIRMED, ayu, 350_000)
    assert (person.preferred_name, person.email, person.phone) == ("Rina Wulandari", RINA["email"], "+6281234567890")
    assert (person.language, person.time_zone, person.is_discreet) == ("id", "Asia/Jakarta", False)
    assert person.email_proven_at is None
    assert (consent.purpose, consent.version, consent.language) == ("booking", 1, "id")
    assert abs(consent.given_at - NOW) < timedelta(minutes=1)
    assert Message.objects.get().kind == "meeting.confirmed"


def test_the_question_reaches_the_counselor_and_nobody_else(client, consultation, ayu):
    confirm(client, consultation, checked(client, consultation))

    (consultation_read,) = read(Consultation.objects.visible_to(ayu.user), by=ayu.user, reason="preparation")

    assert consultation_read.question == RINA["question"]


def test_nothing_typed_is_kept_in_a_session_or_an_address(client, consultation):
    fields = held(client, consultation)
    check = client.post(address("book_check", consultation), fields | RINA)

    response = confirm(client, consultation, checked(client, consultation, fields))

    assert "session" not in client.cookies
    assert "Rina" not in response.url
    assert check["Cache-Control"] == "no-store, private"


def test_choosing_nothing_means_discreet(client, consultation):
    confirm(client, consultation, checked(client, consultation))

    assert Client.objects.get().is_discreet


def test_the_same_button_twice_is_one_booking(client, consultation):
    fields = checked(client, consultation)

    first, second = confirm(client, consultation, fields), confirm(client, consultation, fields)

    assert first.url == second.url
    assert Meeting.objects.count() == 1
    assert Message.objects.count() == 1


def test_the_same_key_for_something_else_is_asked_about(client, consultation):
    fields = checked(client, consultation)
    confirm(client, consultation, fields)

    response = confirm(client, consultation, fields | {"name": "Somebody Else"})

    assert response.status_code == 422
    assert response.context["key"] != fields["key"]
    assert Meeting.objects.count() == 1


def test_a_key_of_another_browser_repeats_nothing(client, consultation):
    fields = checked(client, consultation)
    first = confirm(client, consultation, fields)

    response = confirm(Browser(), consultation, fields)

    assert response.status_code == 409
    assert first.url not in page(response)


def test_a_time_lost_at_the_last_press_keeps_everything_typed(client, consultation, ayu, clock, monday_at_nine):
    fields = checked(client, consultation)
    Meeting.objects.all().delete()
    make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation)

    lost = confirm(client, consultation, fields)
    other = lost.context["nearby"][0]["value"]
    again = hold_time(client, consultation, other, **dict(lost.context["kept"]))

    assert lost.status_code == 409
    assert dict(lost.context["kept"])["question"] == RINA["question"]
    assert "appointments/check.html" in [template.name for template in again.templates]
    assert RINA["question"] in words(again)


def test_the_time_can_be_changed_from_the_check_without_typing_again(client, consultation):
    fields = checked(client, consultation)

    times = client.post(address("book_time", consultation), fields | {"go": "counselor=any&from=2026-12-07"})
    check = hold_time(client, consultation, "2026-12-07T02:00Z", **dict(times.context["kept"]))

    assert RINA["question"] in page(times)
    assert 'name="go"' in page(times)
    assert check.context["pick"].starts_at == datetime(2026, 12, 7, 2, 0, tzinfo=UTC)
    assert RINA["email"] in words(check)


def test_other_answers_can_be_changed_from_the_check(client, consultation):
    response = client.post(address("book_details", consultation), checked(client, consultation))

    assert f'value="{RINA["email"]}"' in page(response)
    assert "Kesalahan" not in words(response)


def test_forged_fields_change_nothing(client, consultation, ayu):
    fields = checked(client, consultation)
    forged = {"price": "0", "status": "attended", "moves_left": "99", "client": "1", "is_discreet": "", "created_at": "x"}

    confirm(client, consultation, fields | forged)

    meeting = Meeting.objects.get()
    assert (meeting.price, meeting.status, meeting.moves_left) == (350_000, Status.CONFIRMED, 2)


@pytest.mark.parametrize("forged", [{"with": "nobody"}, {"mode": "telepathy"}, {"start": "never"}])
def test_a_forged_time_is_chosen_again_with_everything_kept(client, consultation, forged):
    fields = checked(client, consultation)

    response = confirm(client, consultation, fields | forged)

    assert response.status_code == 422
    assert RINA["question"] in page(response)
    assert not Meeting.objects.filter(status=Status.CONFIRMED).exists()


def test_a_counselor_who_does_not_give_the_service_cannot_be_booked(client, consultation):
    other = make_counselor(name="Budi")

    response = confirm(client, consultation, checked(client, consultation) | {"with": other.slug})

    assert response.status_code == 422
    assert not Meeting.objects.filter(counselor=other).exists()


def test_a_service_by_request_says_so_and_waits_for_an_answer(client, ayu):
    service = make_service(counselors=[ayu], approval=Approval.REQUEST)
    fields = checked(client, service)

    response = client.get(confirm(client, service, fields).url, follow=True, headers={"Accept-Language": "en"})

    assert Meeting.objects.get().status == Status.REQUESTED
    assert "We have your request" in words(response)
    assert "We hold this time for you and answer by Tuesday, 24 November 2026, 08:00 WIB." in words(response)


def test_in_person_names_the_place(client):
    place = make_location()
    ayu = make_counselor(location=place)
    service = make_service(counselors=[ayu], rooms=[make_room(place)], modes=[Mode.IN_PERSON])
    fields = checked(client, service, held(client, service, mode="in_person"))

    response = client.get(confirm(client, service, fields).url, follow=True, headers={"Accept-Language": "en"})

    assert "come to Ruang Teduh Cikini, Jalan Cikini Raya 12." in words(response)


def test_an_unproven_address_has_three_coming_appointments_at_most(client, consultation):
    for hour in range(2, 8, 2):
        confirm(client, consultation, checked(client, consultation, held(client, consultation, f"2026-11-30T0{hour}:00Z")))
    fields = checked(client, consultation, held(client, consultation, "2026-12-01T02:00Z"), email="RINA.W+x@example.org")

    response = confirm(client, consultation, fields)

    assert response.status_code == 422
    assert RINA["question"] in words(response)
    assert Meeting.objects.filter(status=Status.CONFIRMED).count() == 3


# --- Robots and hurry ----------------------------------------------------------------------------------------------


def test_a_form_that_comes_back_at_once_is_asked_for_a_second_press(client, consultation, settings, clock):
    settings.LIMITS = True
    fields = checked(client, consultation)

    fast = confirm(client, consultation, fields)
    clock.shift(timedelta(seconds=5))
    calm = confirm(client, consultation, fields | {"key": fast.context["key"]})

    assert fast.status_code == 422
    assert RINA["question"] in words(fast)
    assert calm.status_code == 302


@pytest.mark.parametrize("shown", ["", "forged", "x" * 500])
def test_a_form_without_the_moment_it_was_shown_is_not_believed(client, consultation, settings, clock, shown):
    settings.LIMITS = True
    fields = checked(client, consultation) | {"shown": shown}
    clock.shift(timedelta(seconds=5))

    response = confirm(client, consultation, fields)

    assert response.status_code == 422
    assert not Meeting.objects.filter(status=Status.CONFIRMED).exists()


def test_the_trap_for_robots_books_nothing(client, consultation):
    response = confirm(client, consultation, checked(client, consultation) | {"website": "https://spam.example"})

    assert response.status_code == 422
    assert not Meeting.objects.filter(status=Status.CONFIRMED).exists()


def test_the_eleventh_try_of_an_address_has_to_wait_and_loses_nothing(client, consultation, settings, clock):
    settings.LIMITS = True
    fields = checked(client, consultation)
    clock.shift(timedelta(seconds=5))
    for _ in range(9):
        hold_time(client, consultation)

    response = confirm(client, consultation, fields)
    forged = client.post(address("book_confirm", consultation), fields, headers={"X-Forwarded-For": "203.0.113.9"})
    choosing = hold_time(client, consultation)

    assert response.status_code == 429
    assert int(response["Retry-After"]) <= 20 * 60
    assert RINA["question"] in words(response)
    assert forged.status_code == 429
    assert choosing.status_code == 429


def test_looking_is_never_limited(client, consultation, settings):
    settings.LIMITS = True

    assert {client.get(address("book_time", consultation)).status_code for _ in range(30)} == {200}


# --- Clients with a sign-in ----------------------------------------------------------------------------------------


def test_a_signed_in_client_goes_from_the_time_to_the_check(client, consultation, rina):
    client.force_login(rina.user)

    response = client.get(hold_time(client, consultation).url)

    assert "appointments/check.html" in [template.name for template in response.templates]
    assert rina.email in words(response)
    assert 'name="consent"' in page(response)


def test_a_signed_in_clients_booking_joins_their_record(client, consultation, rina):
    client.force_login(rina.user)
    shown = client.get(hold_time(client, consultation).url)
    fields = shown.context["pick"].fields | {"whom": "self", "key": shown.context["key"], "at": "check"}

    without = confirm(client, consultation, fields)
    response = confirm(client, consultation, fields | {"consent": "on"})

    assert without.status_code == 422
    assert "appointments/check.html" in [template.name for template in without.templates]
    assert response.status_code == 302
    assert Client.objects.get() == rina
    assert Consent.objects.get().client == rina


def test_a_signed_in_client_cannot_book_for_another_by_forging_fields(client, consultation, rina):
    client.force_login(rina.user)
    fields = held(client, consultation) | RINA | {"email": "victim@example.org", "name": "Victim"}

    confirm(client, consultation, fields)

    assert Client.objects.get().email == rina.email


def test_a_stranger_with_a_known_address_gets_a_record_of_their_own(client, consultation, rina):
    confirm(client, consultation, checked(client, consultation, email=rina.email))

    assert Client.objects.filter(email=rina.email).count() == 2


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


@pytest.mark.parametrize("name", ["book_extend", "book_confirm", "book_language"])
def test_what_changes_something_is_posted(client, consultation, name):
    assert client.get(address(name, consultation)).status_code == 405


@pytest.mark.parametrize("name", ["book_time", "book_check", "book_confirm", "book_extend"])
def test_a_form_from_elsewhere_is_refused(consultation, name):
    strict = Browser(enforce_csrf_checks=True)

    assert strict.post(address(name, consultation), {"start": MONDAY}).status_code == 403
