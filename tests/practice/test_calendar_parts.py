"""What a client's calendar makes of our mails: one event that appears, moves and goes, and says nothing of why."""

import email
import email.policy
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from icalendar import Calendar

from practice.calendar.actions import approve, cancel_meeting, decline, move_meeting, notice
from practice.calendar.mails import calendar_file
from practice.calendar.models import Meeting, Status
from practice.messages.actions import deliver, enqueue
from practice.messages.models import Message
from practice.people.models import Client
from tests.factories import NOW, make_client, make_meeting, make_practice, make_service

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class ClientsCalendar:
    """A calendar that does what RFC 5546 asks of one: newer REQUESTs replace an event, CANCEL removes it."""

    def __init__(self):
        self.events = {}
        self.heard = []

    def receive(self, part):
        calendar = Calendar.from_ical(part.get_content())
        (event,) = calendar.walk("VEVENT")
        method, uid, sequence = str(calendar["METHOD"]), str(event["UID"]), event["SEQUENCE"]
        assert part.get_param("method") == method
        self.heard.append((method, uid, sequence))
        known = self.events.get(uid)
        if known and known["SEQUENCE"] >= sequence:
            return
        if method == "REQUEST":
            self.events[uid] = event
        elif method == "CANCEL":
            assert event["STATUS"] == "CANCELLED"
            self.events.pop(uid, None)


@pytest.fixture(autouse=True)
def practice(db):
    return make_practice(name="Ruang Teduh")


def mails():
    """Send all that waits, oldest first, and return the mails as a mail program reads them."""
    sent_before = len(mail.outbox)
    for message in Message.objects.waiting().order_by("meeting_version"):
        deliver(message.pk, now=max(NOW, message.next_attempt_at))
    return [parsed(each) for each in mail.outbox[sent_before:]]


def parsed(sent):
    return email.message_from_bytes(sent.message().as_bytes(linesep="\r\n"), policy=email.policy.default)


def calendar_parts(parsed_mail):
    return [part for part in parsed_mail.walk() if part.get_content_type() == "text/calendar"]


def event_in(parsed_mail):
    (part,) = calendar_parts(parsed_mail)
    (event,) = Calendar.from_ical(part.get_content()).walk("VEVENT")
    return event


def book(client, service, starts_at, *, zone="Asia/Makassar"):
    body = {
        "service": service.slug,
        "counselor": "any",
        "starts_at": starts_at.isoformat(),
        "time_zone": zone,
        "name": "Rina",
        "email": "rina@example.org",
        "language": "id",
        "consent": True,
    }
    answer = client.post(
        "/api/v1/bookings", json.dumps(body), content_type="application/json", headers={"idempotency-key": "one"}
    )
    assert answer.status_code == 201, answer.content
    return Meeting.objects.get(pk=answer.json()["id"])


def mail_about(kind, *, status=Status.CONFIRMED, who=None, **fields):
    meeting = make_meeting(starts_at=NOW + DAY, clients=[who or make_client()], status=status, **fields)
    enqueue(notice(meeting, meeting.participants.get().client, kind, now=NOW))
    return mails()[0]


def test_booked_moved_and_cancelled_is_one_event_that_comes_moves_and_goes(
    client, time_machine, consultation, monday_at_nine
):
    time_machine.move_to(NOW)
    hers = ClientsCalendar()

    meeting = book(client, consultation, monday_at_nine)
    [booked] = mails()
    hers.receive(*calendar_parts(booked))
    first = {uid: event["DTSTART"].dt for uid, event in hers.events.items()}
    move_meeting(meeting=meeting, starts_at=monday_at_nine + 3 * HOUR, by=None, now=NOW)
    [moved] = mails()
    hers.receive(*calendar_parts(moved))
    second = {uid: event["DTSTART"].dt for uid, event in hers.events.items()}
    cancel_meeting(meeting=meeting, by=None, now=NOW)
    [cancelled] = mails()
    hers.receive(*calendar_parts(cancelled))

    uid = f"{meeting.pk}@benang"
    assert hers.heard == [("REQUEST", uid, 0), ("REQUEST", uid, 1), ("CANCEL", uid, 2)]
    assert (first, second) == ({uid: monday_at_nine}, {uid: monday_at_nine + 3 * HOUR})
    assert hers.events == {}


def test_mails_that_arrive_in_the_wrong_order_leave_the_last_word(client, time_machine, consultation, monday_at_nine):
    time_machine.move_to(NOW)
    meeting = book(client, consultation, monday_at_nine)
    [booked] = mails()
    move_meeting(meeting=meeting, starts_at=monday_at_nine + 3 * HOUR, by=None, now=NOW)
    [moved] = mails()
    hers = ClientsCalendar()

    hers.receive(*calendar_parts(moved))
    hers.receive(*calendar_parts(booked))

    assert [event["DTSTART"].dt for event in hers.events.values()] == [monday_at_nine + 3 * HOUR]


def test_a_request_enters_the_calendar_when_it_is_approved_and_keeps_rising(ayu, rina, monday_at_nine):
    service = make_service(counselors=[ayu], approval="request")
    meeting = make_meeting(
        starts_at=monday_at_nine,
        counselor=ayu,
        service=service,
        clients=[rina],
        status=Status.REQUESTED,
        answer_due_at=NOW + DAY,
    )
    enqueue(notice(meeting, rina, "meeting.requested", now=NOW))
    [requested] = mails()
    move_meeting(meeting=meeting, starts_at=monday_at_nine + 3 * HOUR, by=None, now=NOW)
    [moved_request] = mails()
    hers = ClientsCalendar()

    for change in (
        lambda: approve(meeting=meeting, by=None, now=NOW),
        lambda: move_meeting(meeting=meeting, starts_at=monday_at_nine, by=None, now=NOW),
        lambda: cancel_meeting(meeting=meeting, by=None, now=NOW),
    ):
        change()
        [sent] = mails()
        hers.receive(*calendar_parts(sent))

    assert calendar_parts(requested) == calendar_parts(moved_request) == []
    assert [(method, sequence) for method, _uid, sequence in hers.heard] == [
        ("REQUEST", 2),
        ("REQUEST", 3),
        ("CANCEL", 4),
    ]
    assert hers.events == {}


@pytest.mark.parametrize("end", [decline, cancel_meeting])
def test_a_request_that_comes_to_nothing_sends_no_calendar_after_anything(rina, monday_at_nine, end):
    meeting = make_meeting(starts_at=monday_at_nine, clients=[rina], status=Status.REQUESTED, answer_due_at=NOW + DAY)

    end(meeting=meeting, by=None, now=NOW)
    [sent] = mails()

    assert calendar_parts(sent) == []
    assert [part.get_filename() for part in sent.walk() if part.get_filename()] == []


def test_the_calendar_part_is_an_alternative_and_a_file_with_one_content(rina):
    sent = mail_about("meeting.confirmed", who=rina)

    types = [part.get_content_type() for part in sent.walk()]
    assert types == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/calendar",
        "application/ics",
    ]
    [part] = calendar_parts(sent)
    [file] = sent.iter_attachments()
    assert file.get_filename() == "appointment.ics"
    assert part.get_content_disposition() is None
    assert part.get_content_charset() == "utf-8"
    assert file.get_content().decode() == part.get_payload(decode=True).decode()


def test_the_calendar_part_is_folded_and_ends_its_lines_as_it_must(rina):
    [file] = mail_about("meeting.confirmed", who=rina).iter_attachments()

    content = file.get_content()
    lines = content.split(b"\r\n")
    assert content.count(b"\n") == content.count(b"\r\n")
    assert max(len(line) for line in lines) <= 75
    assert lines[0] == b"BEGIN:VCALENDAR"
    assert lines[-2:] == [b"END:VCALENDAR", b""]


def test_organiser_and_attendee_are_the_two_ends_of_the_mail(rina):
    sent = mail_about("meeting.confirmed", who=rina)

    event = event_in(sent)
    assert str(event["ORGANIZER"]) == f"mailto:{sent['From'].addresses[0].addr_spec}"
    assert event["ORGANIZER"].params["CN"] == "Ruang Teduh"
    assert str(event["ATTENDEE"]) == f"mailto:{sent['To'].addresses[0].addr_spec}"
    assert event["ATTENDEE"].params["CN"] == "Rina"
    assert (event["ATTENDEE"].params["PARTSTAT"], event["ATTENDEE"].params["RSVP"]) == ("ACCEPTED", "FALSE")


def test_nobody_else_in_the_meeting_is_named():
    budi, sari = make_client(name="Budi"), make_client(name="Sari")
    meeting = make_meeting(starts_at=NOW + DAY, clients=[budi, sari])
    enqueue(notice(meeting, budi, "meeting.confirmed", now=NOW))

    [sent] = mails()

    assert "Sari" not in str(sent)
    assert sari.email not in str(sent)


@pytest.mark.parametrize(
    ("zone", "wall", "offset"),
    [
        ("Asia/Jakarta", "20261201T080000", [timedelta(hours=7)]),
        ("Asia/Jayapura", "20261201T100000", [timedelta(hours=9)]),
        ("Europe/Berlin", "20261201T020000", [timedelta(hours=1), timedelta(hours=2)]),
        ("America/Sao_Paulo", "20261130T220000", [timedelta(hours=-3)]),
    ],
)
def test_times_carry_the_clients_zone_and_its_rules(zone, wall, offset):
    meeting = make_meeting(starts_at=datetime(2026, 12, 1, 1, 0, tzinfo=UTC), clients=[make_client(time_zone=zone)])
    enqueue(notice(meeting, meeting.participants.get().client, "meeting.confirmed", now=NOW))
    [sent] = mails()

    [part] = calendar_parts(sent)
    calendar = Calendar.from_ical(part.get_content())
    (event,), (rules,) = calendar.walk("VEVENT"), calendar.walk("VTIMEZONE")

    assert event["DTSTART"].params["TZID"] == str(rules["TZID"]) == zone
    assert f"DTSTART;TZID={zone}:{wall}" in part.get_content().replace("\r", "")
    assert event["DTSTART"].dt == meeting.starts_at
    assert event["DTEND"].dt == meeting.ends_at
    found = {each["TZOFFSETTO"].td for each in rules.walk() if each.name in ("STANDARD", "DAYLIGHT")}
    assert found >= set(offset)


@pytest.mark.parametrize("minutes", [-60, 0, 60])
def test_an_hour_that_comes_twice_is_told_so_that_nobody_takes_it_for_the_other(minutes):
    """On 31 October 2027 Berlin's clocks go back at 01:00 UTC, and 02:30 happens twice."""
    at = datetime(2027, 10, 31, 1, 30, tzinfo=UTC) + timedelta(minutes=minutes)
    meeting = make_meeting(starts_at=at, clients=[make_client(time_zone="Europe/Berlin", language="en")])
    enqueue(notice(meeting, meeting.participants.get().client, "meeting.confirmed", now=NOW))
    [sent] = mails()

    event = event_in(sent)
    read_by_the_rules = [event[name].dt.replace(fold=0).astimezone(UTC) for name in ("DTSTART", "DTEND")]

    assert read_by_the_rules == [meeting.starts_at, meeting.ends_at]
    assert f"UTC+{2 if minutes < 0 else 1})" in sent["Subject"]


def test_the_event_says_appointment_and_nothing_else(rina):
    Client.objects.filter(pk=rina.pk).update(language="en")
    make_practice(name="Klinik Konseling")

    event = event_in(mail_about("meeting.confirmed", who=Client.objects.get(pk=rina.pk)))

    assert event["SUMMARY"] == "Appointment"
    assert {"DESCRIPTION", "URL", "COMMENT", "CATEGORIES", "VALARM"}.isdisjoint(event)
    assert event["CLASS"] == "PRIVATE"
    assert "CN" not in event["ORGANIZER"].params


@pytest.mark.parametrize("kind", ["meeting.reminder_day", "meeting.reminder_soon"])
def test_a_reminder_brings_no_second_event(kind):
    meeting = make_meeting(starts_at=NOW + 3 * HOUR if "soon" in kind else NOW + DAY, clients=[make_client()])
    enqueue(notice(meeting, meeting.participants.get().client, kind, now=NOW))

    [sent] = mails()

    assert calendar_parts(sent) == []


def test_a_file_to_download_is_the_same_event_without_an_invitation(rina):
    meeting = make_meeting(starts_at=NOW + DAY, clients=[rina], version=1)

    calendar = Calendar.from_ical(calendar_file(meeting, language="en", zone_name="Asia/Jakarta", now=NOW))

    (event,) = calendar.walk("VEVENT")
    assert str(calendar["METHOD"]) == "PUBLISH"
    assert (str(event["UID"]), event["SEQUENCE"]) == (f"{meeting.pk}@benang", 1)
    assert "ATTENDEE" not in event


@pytest.mark.parametrize("name", ["Rina\r\nX-EVIL:1", 'Ri";na:x', "Rína, 'O’Brien'", "R" * 80, "^n^'"])
def test_a_name_cannot_break_out_of_the_calendar(name):
    rina = make_client(name=name)

    event = event_in(mail_about("meeting.confirmed", who=rina))

    assert "X-EVIL" not in event
    assert str(event["ATTENDEE"]) == f"mailto:{rina.email}"
