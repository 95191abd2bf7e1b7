"""The front desk: the day, requests, one meeting, moving, cancelling, and nothing clinical anywhere."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from appointments.models import Consultation
from practice.calendar.actions import Elsewhere, approve, cancel_meeting, decline, expire_requests, move_meeting
from practice.calendar.desk.days import Filters, filter_choices, rows_of_day
from practice.calendar.models import Meeting, Party, Status
from practice.calendar.reserving import NotAllowed, Taken
from practice.catalog.models import Approval, Kind, Mode
from practice.messages.actions import deliver
from practice.messages.models import Message
from practice.people.models import CareRelationship, Role
from practice.records.models import AuditEvent
from tests.factories import (
    NOW,
    make_client,
    make_closure,
    make_counselor,
    make_hours,
    make_licence,
    make_location,
    make_meeting,
    make_room,
    make_service,
    make_time_off,
    make_user,
)

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
JAKARTA = ZoneInfo("Asia/Jakarta")
CLINICAL = "Sulit tidur sejak berpisah"


@pytest.fixture
def desk(client, practice, front_desk):
    """A browser at the front desk, on Monday 23 November 2026 at 08:00 in Jakarta."""
    front_desk.language = "en"
    front_desk.save()
    with time_machine.travel(NOW, tick=False) as clock:

        def at(moment):
            clock.move_to(moment)
            client.force_login(front_desk)  # a session lasts a day

        client.at = at
        at(NOW)
        yield client


@pytest.fixture
def booked(ayu, consultation, rina, monday_at_nine):
    """A confirmed meeting of Ayu and Rina."""
    return make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, clients=[rina])


@pytest.fixture
def asked(ayu, consultation, rina, monday_at_nine):
    """A request of Rina's that waits until tomorrow."""
    return make_meeting(
        starts_at=monday_at_nine,
        counselor=ayu,
        service=consultation,
        clients=[rina],
        status=Status.REQUESTED,
        answer_due_at=NOW + DAY,
    )


def to(name, meeting):
    return reverse(name, args=[meeting.pk])


def text(answer):
    return answer.content.decode()


def kinds_sent():
    return list(Message.objects.order_by("created_at", "kind").values_list("kind", flat=True))


# --- The day -------------------------------------------------------------------------------------------------------


def test_the_day_lists_its_meetings_by_time_with_their_people(desk, ayu, consultation, monday_at_nine):
    late = make_meeting(
        starts_at=monday_at_nine + 4 * HOUR, counselor=ayu, service=consultation, clients=[make_client(name="Budi")]
    )
    early = make_meeting(
        starts_at=monday_at_nine, counselor=ayu, service=consultation, clients=[make_client(name="Sari")]
    )
    make_meeting(
        starts_at=monday_at_nine + DAY, counselor=ayu, service=consultation, clients=[make_client(name="Tomo")]
    )

    page = text(desk.get(reverse("desk"), {"day": "2026-11-30"}))

    assert page.index("Sari") < page.index("Budi")
    assert "Tomo" not in page
    assert "Monday, 30 November 2026" in page
    assert "2 appointments." in page
    assert "09:00–10:00" in page
    assert to("desk_meeting", late) in page
    assert to("desk_meeting", early) in page


def test_a_day_begins_and_ends_on_the_readers_clock(desk, front_desk, ayu, consultation):
    midnight = datetime(2026, 11, 29, 17, 0, tzinfo=UTC)  # Monday 00:00 in Jakarta
    before = make_meeting(starts_at=midnight - HOUR, counselor=ayu, service=consultation)
    first = make_meeting(starts_at=midnight + timedelta(minutes=10), counselor=ayu, service=consultation)

    assert [row.pk for row in rows_of_day(front_desk, date(2026, 11, 30), JAKARTA, now=NOW)] == [first.pk]
    assert [row.pk for row in rows_of_day(front_desk, date(2026, 11, 29), JAKARTA, now=NOW)] == [before.pk]


def test_a_meeting_elsewhere_shows_both_clocks(desk, front_desk, consultation, monday_at_nine):
    daeng = make_counselor(name="Daeng", zone="Asia/Makassar")
    make_meeting(starts_at=monday_at_nine, counselor=daeng, service=consultation)

    [row] = rows_of_day(front_desk, date(2026, 11, 30), JAKARTA, now=NOW)

    assert (row.time, row.other_time) == ("09.00–10.00", "10.00 WITA")


def test_held_times_are_nobodys_appointments(desk, ayu, consultation, monday_at_nine):
    make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, status=Status.HELD)

    assert "0 appointments" in text(desk.get(reverse("desk"), {"day": "2026-11-30"}))


def test_two_heads_are_one_row(desk, front_desk, ayu, consultation, monday_at_nine):
    people = [make_client(name="Rina"), make_client(name="Budi")]
    make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, clients=people)

    [row] = rows_of_day(front_desk, date(2026, 11, 30), JAKARTA, now=NOW)

    assert set(row.names.split(", ")) == {"Rina", "Budi"}


def test_filters_leave_what_fits_and_say_how_many_each_would_leave(front_desk, ayu, consultation, monday_at_nine):
    daeng = make_counselor(name="Daeng")
    room = make_room()
    make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation)
    make_meeting(starts_at=monday_at_nine + 3 * HOUR, counselor=ayu, service=consultation, room=room)
    make_meeting(starts_at=monday_at_nine, counselor=daeng, service=consultation, status=Status.REQUESTED)
    rows = rows_of_day(front_desk, date(2026, 11, 30), JAKARTA, now=NOW)
    filters = Filters(day=date(2026, 11, 30), counselor=str(ayu.pk))

    choices = {each.name: {link.label: link.count for link in each.links} for each in filter_choices(rows, filters)}

    assert [filters.lets_through(row) for row in rows].count(True) == 2
    assert choices["counselor"] == {
        "Semua" if "Semua" in choices["counselor"] else "All": 3,
        "Ayu Pratiwi": 2,
        "Daeng": 1,
    }
    assert sorted(choices["mode"].values()) == [1, 1, 2]
    assert filters.query(counselor="", mode="video") == "?day=2026-11-30&mode=video"


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"situation": "waiting"}, {"Sari"}),
        ({"mode": "in_person"}, {"Budi"}),
        ({"mode": "video"}, {"Rina", "Sari"}),
        ({"counselor": "nobody"}, set()),
        ({"by": "counselor"}, {"Rina", "Budi", "Sari"}),
        ({"mode": "x" * 900}, set()),
    ],
)
def test_filters_are_links(desk, ayu, consultation, monday_at_nine, query, names):
    rina, budi, sari = (make_client(name=name) for name in ("Rina", "Budi", "Sari"))
    make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, clients=[rina])
    make_meeting(
        starts_at=monday_at_nine + 2 * HOUR, counselor=ayu, service=consultation, clients=[budi], room=make_room()
    )
    make_meeting(
        starts_at=monday_at_nine + 4 * HOUR,
        counselor=ayu,
        service=consultation,
        clients=[sari],
        status=Status.REQUESTED,
        answer_due_at=NOW + DAY,
    )

    page = text(desk.get(reverse("desk"), {"day": "2026-11-30"} | query))

    assert {name for name in ("Rina", "Budi", "Sari") if f"<b>{name}</b>" in page} == names


@pytest.mark.parametrize("typed", ["tomorrow", "2027-02-29", "0001-01-01", "9999-12-31", "30:00", "1" * 300])
def test_an_impossible_day_keeps_what_was_typed(desk, typed):
    answer = desk.get(reverse("desk"), {"day": typed})

    assert answer.status_code == 422
    assert "Enter a day of this century" in text(answer)
    assert f'value="{typed}"' in text(answer)


def test_the_day_takes_as_many_statements_for_forty_meetings_as_for_one(desk, ayu, consultation, monday_at_nine):
    counts = []
    for rows in (1, 39):
        for n in range(rows):
            counselor = make_counselor(name=f"C{n}")
            status = Status.REQUESTED if n % 3 == 0 else Status.CONFIRMED
            due = NOW + DAY if status == Status.REQUESTED else None
            make_meeting(
                starts_at=monday_at_nine,
                counselor=counselor,
                service=consultation,
                clients=[make_client()],
                status=status,
                answer_due_at=due,
                room=make_room() if n % 2 else None,
            )
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(reverse("desk"), {"day": "2026-11-30"}).status_code == 200
        counts.append(len(queries))

    assert counts[0] == counts[1] <= 8


def test_one_button_on_the_list_records_who_came_and_leads_back(desk, booked):
    desk.at(booked.starts_at + timedelta(minutes=5))
    here = f"{reverse('desk')}?day=2026-11-30&by=counselor"
    assert f'formaction="{to("desk_attendance", booked)}"' in text(desk.get(here))

    answer = desk.post(to("desk_attendance", booked), {"all": "attended", "next": here})

    booked.refresh_from_db()
    assert booked.status == Status.ATTENDED
    assert answer.headers["Location"] == f"{here}#m-{booked.pk}"
    assert "formaction" not in text(desk.get(here))


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "evil", ""])
def test_a_button_leads_back_to_pages_of_ours_only(desk, booked, elsewhere):
    desk.at(booked.ends_at)

    answer = desk.post(to("desk_attendance", booked), {"all": "missed", "next": elsewhere})

    assert answer.headers["Location"] == f"{reverse('desk')}#m-{booked.pk}"


def test_requests_that_wait_are_announced_on_the_day(desk, asked):
    page = text(desk.get(reverse("desk")))

    assert "1 request waits for an answer." in page
    assert "The first expires on" in page


# --- Requests ------------------------------------------------------------------------------------------------------


def test_requests_come_in_the_order_in_which_they_are_due(desk, ayu, consultation, monday_at_nine):
    for day, (name, due) in enumerate((("Later", 20), ("Overdue", -1), ("Soon", 2))):
        make_meeting(
            starts_at=monday_at_nine + day * DAY,
            counselor=ayu,
            service=consultation,
            clients=[make_client(name=name)],
            status=Status.REQUESTED,
            answer_due_at=NOW + due * HOUR,
        )

    page = text(desk.get(reverse("desk_requests")))

    assert page.index("<b>Overdue</b>") < page.index("<b>Soon</b>") < page.index("<b>Later</b>")
    assert page.count("tag danger") == 1
    assert page.count("Soon due:") == 1


def test_requests_take_as_many_statements_for_twenty_as_for_one(desk, ayu, consultation, monday_at_nine):
    counts = []
    for rows in (1, 19):
        for _ in range(rows):
            make_meeting(
                starts_at=monday_at_nine,
                counselor=make_counselor(),
                service=consultation,
                clients=[make_client()],
                status=Status.REQUESTED,
                answer_due_at=NOW + DAY,
            )
        with CaptureQueriesContext(connection) as queries:
            desk.get(reverse("desk_requests"))
        counts.append(len(queries))

    assert counts[0] == counts[1] <= 8


def test_a_request_is_confirmed_from_the_list(desk, asked, rina, ayu):
    answer = desk.post(to("desk_approve", asked), {"version": 0, "next": reverse("desk_requests")})

    asked.refresh_from_db()
    assert asked.status == Status.CONFIRMED
    assert answer.headers["Location"] == reverse("desk_requests")
    assert kinds_sent() == ["meeting.confirmed"]
    assert CareRelationship.objects.filter(client=rina, counselor=ayu).exists()


def test_a_request_answered_meanwhile_is_told_so(desk, asked, front_desk):
    decline(meeting=asked, by=front_desk, now=NOW)

    answer = desk.post(to("desk_approve", asked), {"version": 0}, follow=True)

    assert "answered already" in text(answer)
    assert Meeting.objects.get().status == Status.CANCELLED


def test_a_request_whose_time_cannot_be_given_any_more_says_why_and_what_helps(desk, asked):
    asked.counselor.working_hours.all().delete()

    refused = desk.post(to("desk_approve", asked), {"version": 0})
    forged = desk.post(to("desk_approve", asked), {"version": 0, "outside_hours": "because"}, follow=True)
    given = desk.post(to("desk_approve", asked), {"version": 0, "outside_hours": "counselor_agreed"})

    assert refused.status_code == 422
    text = refused.content.decode()
    assert "The counselor takes no appointments at this time." in text
    assert "Confirm all the same" in text
    assert reverse("desk_decline", args=[asked.pk]) in text
    assert "Choose one of the reasons, or none." in forged.content.decode()
    assert given.status_code == 302
    asked.refresh_from_db()
    assert asked.status == Status.CONFIRMED


def test_no_reason_is_asked_for_where_none_helps(desk, asked):
    make_time_off(asked.counselor, asked.starts_at - HOUR, asked.starts_at + HOUR)

    first = desk.post(to("desk_approve", asked), {"version": 0})
    with_reason = desk.post(to("desk_approve", asked), {"version": 0, "outside_hours": "counselor_agreed"})
    make_licence(asked.counselor, expires_on=date(2026, 11, 1))
    licence = desk.post(to("desk_approve", asked), {"version": 0})

    assert "Confirm all the same" in text(first)
    for answer in (with_reason, licence):
        assert answer.status_code == 422
        assert "Confirm all the same" not in text(answer)
        assert to("desk_move", asked) in text(answer)


@pytest.mark.parametrize("address", ["desk_approve", "desk_decline"])
@pytest.mark.parametrize("version", [{}, {"version": 0}, {"version": "x"}])
def test_a_request_that_moved_meanwhile_is_looked_at_again(desk, asked, front_desk, address, version):
    move_meeting(
        meeting=asked, starts_at=asked.starts_at + HOUR, by=front_desk, now=NOW, party=Party.PRACTICE, expected=0
    )

    answer = desk.post(to(address, asked), {"reason": "no_time"} | version, follow=True)

    assert Meeting.objects.get().status == Status.REQUESTED
    assert answer.status_code == (200 if address == "desk_approve" else 422)


def test_a_declined_request_frees_its_time_and_tells_the_client(
    desk, asked, front_desk, ayu, consultation, monday_at_nine
):
    answer = desk.post(to("desk_decline", asked), {"version": 0, "reason": "no_time"})

    asked.refresh_from_db()
    assert answer.status_code == 302
    assert (asked.status, asked.ended_by, asked.is_late) == (Status.CANCELLED, Party.PRACTICE, False)
    assert kinds_sent() == ["meeting.declined"]
    event = AuditEvent.objects.get(act="meeting.declined")
    assert (event.actor, event.reason) == (front_desk.pk, "no_time")
    make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation)


def test_declining_shows_the_times_that_are_offered_instead(desk, asked):
    page = text(desk.get(to("desk_decline", asked)))

    assert page.count("<li>Monday, 30 November, ") == 3


@pytest.mark.parametrize("reason", ["", "because", "x" * 3000, "depresi"])
def test_a_reason_is_chosen_not_written(desk, asked, reason):
    answer = desk.post(to("desk_decline", asked), {"version": 0, "reason": reason})

    assert answer.status_code == 422
    assert Meeting.objects.get().status == Status.REQUESTED


def test_a_confirmed_meeting_is_not_declined(booked, front_desk):
    with pytest.raises(ValidationError):
        decline(meeting=booked, by=front_desk, now=NOW)


def test_requests_nobody_answered_expire_and_tell_their_clients(ayu, consultation, monday_at_nine, practice):
    def ask(name, due, start=monday_at_nine):
        return make_meeting(
            starts_at=start,
            counselor=ayu,
            service=consultation,
            clients=[make_client(name=name)],
            status=Status.REQUESTED,
            answer_due_at=due,
        )

    overdue = ask("Overdue", NOW)
    waiting = ask("Waiting", NOW + timedelta(seconds=1), monday_at_nine + 2 * HOUR)

    assert expire_requests(now=NOW) == 1
    assert expire_requests(now=NOW) == 0

    overdue.refresh_from_db()
    waiting.refresh_from_db()
    assert (overdue.status, overdue.ended_by, waiting.status) == (Status.CANCELLED, Party.PRACTICE, Status.REQUESTED)
    assert [(each.kind, each.recipient_name) for each in Message.objects.all()] == [("meeting.expired", "Overdue")]
    assert AuditEvent.objects.get(act="meeting.expired").actor is None
    make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation)


def test_a_request_answered_in_the_last_moment_does_not_expire(asked, front_desk):
    approve(meeting=asked, by=front_desk, now=NOW)

    assert expire_requests(now=NOW + 3 * DAY) == 0
    asked.refresh_from_db()
    assert asked.status == Status.CONFIRMED


def test_a_request_moved_to_an_earlier_start_is_due_by_then(ayu, consultation, rina, front_desk, monday_at_nine):
    far = make_meeting(
        starts_at=monday_at_nine,
        counselor=ayu,
        service=consultation,
        clients=[rina],
        status=Status.REQUESTED,
        answer_due_at=NOW + DAY,
    )

    sooner = NOW + 2 * HOUR
    moved = move_meeting(meeting=far, starts_at=sooner, by=front_desk, now=NOW, party=Party.PRACTICE)

    assert moved.answer_due_at == sooner
    assert expire_requests(now=sooner) == 1


@pytest.mark.django_db(transaction=True)
def test_what_a_declined_client_reads_offers_other_times(practice, mailoutbox, monday_at_nine):
    ayu = make_counselor()
    service = make_service(counselors=[ayu])
    asked = make_meeting(
        starts_at=monday_at_nine,
        counselor=ayu,
        service=service,
        clients=[make_client(language="en")],
        status=Status.REQUESTED,
        answer_due_at=NOW + DAY,
    )
    decline(meeting=asked, by=make_user(Role.FRONT_DESK), now=NOW)

    deliver(Message.objects.get().pk, now=NOW)

    [mail] = mailoutbox
    assert mail.body.count("30 November") >= 3


# --- One meeting ---------------------------------------------------------------------------------------------------


def test_the_page_of_a_meeting_says_everything_but_what_it_is_about(desk, booked, rina, front_desk):
    Consultation.objects.create(meeting=booked, client=rina, question=CLINICAL, created_at=NOW)
    move_meeting(meeting=booked, starts_at=booked.starts_at + HOUR, by=front_desk, now=NOW, party=Party.PRACTICE)

    page = text(desk.get(to("desk_meeting", booked)))

    for fact in (
        "Rina",
        "Ayu Pratiwi",
        "Monday, 30 November 2026, 10:00–11:00 WIB",
        "Rp350,000",
        rina.email,
        "New time",
    ):
        assert fact in page, fact
    assert "Mon 30 Nov, 09:00 → Mon 30 Nov, 10:00" in page
    assert "Dewi" in page
    assert CLINICAL not in page


def test_the_history_tells_who_did_what(desk, asked, front_desk, manager):
    desk.post(to("desk_approve", asked), {"version": 0})
    cancel_meeting(meeting=asked, by=manager, now=NOW + 7 * DAY - HOUR, party=Party.CLIENT, reason="client_asked")

    page = text(desk.get(to("desk_meeting", asked)))

    assert page.index("Cancelled by the client, late") < page.index("Approved")
    assert "The client asked for it" in page
    assert "Bagus" in page


def test_a_meeting_page_takes_as_many_statements_however_much_happened(desk, booked, front_desk, monday_at_nine):
    counts = []
    for times in (1, 6):
        for n in range(times):
            start = monday_at_nine + (n % 2 + times) * HOUR
            move_meeting(meeting=booked, starts_at=start, by=front_desk, now=NOW, party=Party.PRACTICE)
        with CaptureQueriesContext(connection) as queries:
            desk.get(to("desk_meeting", booked))
        counts.append(len(queries))

    assert counts[0] == counts[1] <= 12


def test_a_held_time_has_no_page(desk, ayu, consultation, monday_at_nine):
    held = make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, status=Status.HELD)

    assert desk.get(to("desk_meeting", held)).status_code == 404


def test_the_service_is_named_by_its_kind_alone(desk, ayu, rina, monday_at_nine):
    service = make_service(counselors=[ayu], name_en="Trauma and grief", name_id="Trauma dan duka", slug="trauma-duka")
    meeting = make_meeting(starts_at=monday_at_nine, counselor=ayu, service=service, clients=[rina])
    pages = [
        desk.get(reverse("desk"), {"day": "2026-11-30"}),
        *(desk.get(to(name, meeting)) for name in ("desk_meeting", "desk_move", "desk_cancel", "desk_attendance")),
        desk.get(reverse("desk_client", args=[rina.pk])),
        desk.get(reverse("desk_book"), {"client": rina.pk}),
    ]

    for page in pages:
        assert "rauma" not in text(page)
        assert "Consultation" in text(page)


# --- Move ----------------------------------------------------------------------------------------------------------


def move_form(meeting, **fields):
    return {"version": meeting.version, "counselor": meeting.counselor_id, "mode": meeting.mode} | fields


def test_the_desk_moves_a_meeting_to_a_free_time(desk, booked, front_desk):
    page = text(desk.get(to("desk_move", booked)))
    assert 'value="2026-11-30T06:00Z"' in page

    answer = desk.post(to("desk_move", booked), move_form(booked, start="2026-11-30T06:00Z"))

    booked.refresh_from_db()
    assert answer.headers["Location"] == to("desk_meeting", booked)
    assert booked.starts_at == datetime(2026, 11, 30, 6, 0, tzinfo=UTC)
    assert booked.moves_left == booked.service.moves_allowed
    assert kinds_sent() == ["meeting.moved"]
    event = AuditEvent.objects.get(act="meeting.moved")
    assert event.actor == front_desk.pk


def test_the_desk_moves_past_the_clients_limits(desk, booked):
    Meeting.objects.update(moves_left=0, free_move_until=NOW - DAY)

    desk.post(to("desk_move", booked), move_form(booked, start="2026-11-30T06:00Z"))

    booked.refresh_from_db()
    assert booked.starts_at == datetime(2026, 11, 30, 6, 0, tzinfo=UTC)


def test_a_meeting_goes_to_another_counselor_with_its_care(booked, rina, ayu, front_desk):
    daeng = make_counselor(name="Daeng")
    booked.service.counselors.add(daeng)

    moved = move_meeting(
        meeting=booked,
        starts_at=booked.starts_at,
        by=front_desk,
        now=NOW,
        party=Party.PRACTICE,
        elsewhere=Elsewhere(counselor=daeng),
    )

    assert moved.counselor == daeng
    care = CareRelationship.objects.current(NOW + timedelta(minutes=1)).values_list("counselor", flat=True)
    assert list(care) == [daeng.pk]
    facts = AuditEvent.objects.get(act="meeting.moved").facts
    assert (facts["counselor_before"], facts["counselor_after"]) == (str(ayu.pk), str(daeng.pk))


def test_a_meeting_goes_to_another_room(front_desk, monday_at_nine):
    place = make_location()
    small, large = make_room(place), make_room(place)
    ayu = make_counselor(location=place)
    service = make_service(counselors=[ayu], rooms=[small, large], modes=[Mode.IN_PERSON])
    meeting = make_meeting(
        starts_at=monday_at_nine, counselor=ayu, service=service, room=small, clients=[make_client()]
    )

    moved = move_meeting(
        meeting=meeting,
        starts_at=monday_at_nine,
        by=front_desk,
        now=NOW,
        party=Party.PRACTICE,
        elsewhere=Elsewhere(room=large.pk),
    )

    assert moved.room == large


def test_a_move_keeps_the_room_where_it_can(front_desk, monday_at_nine):
    place = make_location()
    first, second = make_room(place), make_room(place)
    ayu = make_counselor(location=place)
    service = make_service(counselors=[ayu], rooms=[first, second], modes=[Mode.IN_PERSON])
    meeting = make_meeting(
        starts_at=monday_at_nine, counselor=ayu, service=service, room=second, clients=[make_client()]
    )

    moved = move_meeting(
        meeting=meeting, starts_at=monday_at_nine + 2 * HOUR, by=front_desk, now=NOW, party=Party.PRACTICE
    )

    assert moved.room == second


def test_a_video_call_becomes_a_phone_call(desk, booked):
    booked.service.modes = [Mode.VIDEO, Mode.PHONE]
    booked.service.save()

    desk.post(to("desk_move", booked), move_form(booked, mode="phone", start="2026-11-30T02:00Z"))

    booked.refresh_from_db()
    assert booked.mode == Mode.PHONE


def test_a_move_that_changes_nothing_is_refused(booked, front_desk):
    with pytest.raises(ValidationError) as refused:
        move_meeting(meeting=booked, starts_at=booked.starts_at, by=front_desk, now=NOW, party=Party.PRACTICE)

    assert refused.value.code == "same"
    assert not Message.objects.exists()


def test_a_lost_time_offers_the_nearest_and_keeps_what_was_chosen(desk, booked, ayu, consultation):
    make_meeting(starts_at=booked.starts_at + 4 * HOUR, counselor=ayu, service=consultation, clients=[make_client()])

    answer = desk.post(to("desk_move", booked), move_form(booked, start="2026-11-30T06:00Z"))

    assert answer.status_code == 409
    assert "The nearest free times" in text(answer)
    booked.refresh_from_db()
    assert booked.starts_at == datetime(2026, 11, 30, 2, 0, tzinfo=UTC)


def test_the_nearest_times_keep_the_distance_of_a_series(desk, booked):
    Meeting.objects.filter(pk=booked.pk).update(
        series=booked.pk, series_gap=HOUR, rests_until=booked.starts_at.date() + DAY
    )

    answer = desk.post(to("desk_move", booked), move_form(booked, start="2026-11-30T06:00Z"))

    assert answer.status_code == 422
    times = [time.value for day in answer.context["nearby"] for time in day.times]
    assert times
    assert min(times) >= "2026-11-30T17:00Z"  # midnight in Jakarta


def test_a_move_from_an_old_page_is_refused(desk, booked, front_desk):
    form = move_form(booked, start="2026-11-30T06:00Z")
    move_meeting(meeting=booked, starts_at=booked.starts_at + HOUR, by=front_desk, now=NOW, party=Party.PRACTICE)

    answer = desk.post(to("desk_move", booked), form)

    assert answer.status_code == 422
    assert "changed meanwhile" in text(answer)


def test_the_desk_goes_outside_the_hours_only_with_a_reason(desk, booked):
    evening = move_form(booked, day="2026-11-30", clock="19.05")

    assert desk.post(to("desk_move", booked), evening).status_code == 422
    assert desk.post(to("desk_move", booked), evening | {"outside_hours": "counselor_agreed"}).status_code == 302

    booked.refresh_from_db()
    assert booked.starts_at == datetime(2026, 11, 30, 12, 5, tzinfo=UTC)
    assert AuditEvent.objects.get(act="meeting.moved").reason == "counselor_agreed"


def test_the_desk_starts_on_any_five_minutes_of_the_hours(desk, booked):
    desk.post(to("desk_move", booked), move_form(booked, day="2026-11-30", clock="13.05"))

    booked.refresh_from_db()
    assert booked.starts_at == datetime(2026, 11, 30, 6, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({}, "Choose a time, or type a day and a time."),
        ({"start": "soon"}, "Choose a time, or type a day and a time."),
        ({"start": "2026-11-30T06:00:00+07:00"}, "Choose a time, or type a day and a time."),
        ({"day": "2026-11-30"}, "Enter both a day and a time."),
        ({"clock": "9"}, "Enter both a day and a time."),
        ({"day": "2027-02-29", "clock": "9"}, "Enter a day of this century"),
        ({"day": "2026-11-30", "clock": "25.00"}, "Enter a time such as"),
        ({"day": "2026-11-30", "clock": "9.03"}, "steps of 5 minutes"),
        ({"day": "2026-11-20", "clock": "9"}, "This time has passed"),
        ({"start": "2026-11-30T06:00Z", "outside_hours": "no reason"}, "Choose one of the reasons, or none."),
        ({"start": "2026-11-30T06:00Z", "counselor": "11111111-1111-4111-8111-111111111111"}, "Select a valid choice"),
        ({"start": "2026-11-30T06:00Z", "mode": "telepathy"}, ""),
        ({"start": "2026-11-30T06:00Z", "version": "x"}, ""),
        ({"start": "2026-11-30T06:00Z", "version": ""}, "changed meanwhile"),
        ({"start": "\0" * 5, "clock": "\0"}, ""),
        ({"clock": "9" * 100_000}, ""),
    ],
)
def test_bad_input_is_told_and_nothing_typed_is_lost(desk, booked, typed, words):
    booked.service.modes = [Mode.VIDEO, Mode.PHONE]
    booked.service.save()

    answer = desk.post(to("desk_move", booked), move_form(booked) | typed)

    assert answer.status_code == 422
    assert words in text(answer)
    booked.refresh_from_db()
    assert booked.version == 0


@pytest.mark.parametrize("rule", ["time off", "closure", "licence"])
def test_a_reason_opens_closed_days_but_nobodys_time_off(booked, ayu, front_desk, monday_at_nine, rule):
    start = monday_at_nine + 4 * HOUR
    if rule == "time off":
        make_time_off(ayu, start - HOUR, start + HOUR)
    elif rule == "closure":
        make_closure(date(2026, 11, 30))
    else:
        ayu.licences.create(kind="SIPP", number="1", expires_on=date(2026, 11, 1))

    def act():
        return move_meeting(
            meeting=booked,
            starts_at=start,
            by=front_desk,
            now=NOW,
            party=Party.PRACTICE,
            elsewhere=Elsewhere(outside_hours="urgent"),
        )

    if rule == "closure":
        assert act().starts_at == start
    else:
        with pytest.raises(NotAllowed):
            act()


def test_no_reason_makes_two_meetings_overlap(booked, ayu, consultation, front_desk):
    other = make_meeting(
        starts_at=booked.starts_at + 12 * HOUR, counselor=ayu, service=consultation, clients=[make_client()]
    )

    with pytest.raises(Taken):
        move_meeting(
            meeting=booked,
            starts_at=other.starts_at + timedelta(minutes=30),
            by=front_desk,
            now=NOW,
            party=Party.PRACTICE,
            elsewhere=Elsewhere(outside_hours="urgent"),
        )


def test_a_client_never_moves_outside_the_grid_or_the_hours(booked, rina):
    for minutes in (25, 12 * 60):
        with pytest.raises(NotAllowed):
            move_meeting(meeting=booked, starts_at=booked.starts_at + timedelta(minutes=minutes), by=rina.user, now=NOW)


# --- Cancel and attendance -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("party", "at", "late"),
    [("client", 0, False), ("client", 6.5, True), ("counselor", 6.5, False), ("practice", 6.5, False)],
)
def test_a_cancellation_says_whose_doing_it_was_and_whether_late(desk, booked, party, at, late):
    desk.at(NOW + at * DAY)

    answer = desk.post(to("desk_cancel", booked), {"version": 0, "party": party, "reason": "other"})

    booked.refresh_from_db()
    assert answer.status_code == 302
    assert (booked.status, booked.ended_by, booked.is_late) == (Status.CANCELLED, party, late)
    assert kinds_sent() == ["meeting.cancelled"]


@pytest.mark.parametrize("form", [{}, {"party": "client"}, {"reason": "other"}, {"party": "god", "reason": "other"}])
def test_a_cancellation_without_party_or_reason_is_asked_again(desk, booked, form):
    answer = desk.post(to("desk_cancel", booked), {"version": 0} | form)

    assert answer.status_code == 422
    assert Meeting.objects.get().status == Status.CONFIRMED


def test_a_cancellation_from_an_old_page_is_refused(desk, booked, front_desk):
    move_meeting(meeting=booked, starts_at=booked.starts_at + HOUR, by=front_desk, now=NOW, party=Party.PRACTICE)

    answer = desk.post(to("desk_cancel", booked), {"version": 0, "party": "client", "reason": "other"})

    assert answer.status_code == 422
    assert Meeting.objects.get().status == Status.CONFIRMED


def test_a_cancelled_meeting_has_nothing_left_to_do(desk, booked, front_desk):
    cancel_meeting(meeting=booked, by=front_desk, now=NOW, party=Party.PRACTICE)

    for name in ("desk_cancel", "desk_move", "desk_decline"):
        assert desk.get(to(name, booked)).headers["Location"] == to("desk_meeting", booked)


@pytest.mark.parametrize(
    ("word", "status", "party"),
    [
        ("attended", "attended", ""),
        ("late", "attended", ""),
        ("missed", "missed", "client"),
        ("called_off_by_client", "cancelled", "client"),
        ("called_off_by_counselor", "cancelled", "counselor"),
        ("called_off_by_practice", "cancelled", "practice"),
    ],
)
def test_the_page_of_attendance_knows_every_case_and_every_correction(desk, booked, word, status, party):
    desk.at(booked.starts_at)
    head = booked.participants.get()
    for said in ("missed", word):
        version = Meeting.objects.get().version
        desk.post(to("desk_attendance", booked), {"version": version, f"head-{head.pk}": said})

    booked.refresh_from_db()
    assert (booked.status, booked.ended_by) == (status, party)
    checked = f'value="{word}"'
    page = text(desk.get(to("desk_attendance", booked)))
    assert "checked" in page[page.index(checked) : page.index(checked) + 200].split(">")[0]


def test_attendance_of_two_is_asked_for_each(desk, ayu, consultation, monday_at_nine):
    people = [make_client(name="Rina"), make_client(name="Budi")]
    meeting = make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, clients=people)
    desk.at(meeting.ends_at)
    one, two = (f"head-{head.pk}" for head in meeting.participants.all())

    assert desk.post(to("desk_attendance", meeting), {"version": 0, one: "attended"}).status_code == 422
    answer = desk.post(to("desk_attendance", meeting), {"version": 0, one: "attended", two: "missed", "called_off": ""})
    assert answer.status_code == 302
    meeting.refresh_from_db()
    assert meeting.status == Status.ATTENDED
    answer = desk.post(to("desk_attendance", meeting), {"version": 1, "called_off": "called_off_by_counselor"})

    meeting.refresh_from_db()
    assert (answer.status_code, meeting.status, meeting.ended_by) == (302, Status.CANCELLED, Party.COUNSELOR)


def test_before_the_start_the_page_of_attendance_says_when(desk, booked):
    assert "once the appointment has begun" in text(desk.get(to("desk_attendance", booked)))
    head = booked.participants.get()
    answer = desk.post(to("desk_attendance", booked), {"version": 0, f"head-{head.pk}": "attended"})
    assert answer.status_code == 422


# --- Who may be here -------------------------------------------------------------------------------------------------

MEETING_PAGES = ["desk_meeting", "desk_approve", "desk_decline", "desk_move", "desk_cancel", "desk_attendance"]


@pytest.mark.parametrize("role", [Role.CLIENT, Role.COUNSELOR, Role.SUPERVISOR, Role.DATA_OFFICER, None])
def test_the_desk_is_not_there_for_others(client, practice, booked, rina, role):
    client.force_login(booked.counselor.user if role == Role.COUNSELOR else make_user(*([role] if role else [])))
    pages = [reverse(name, args=[booked.pk]) for name in MEETING_PAGES]
    pages += [reverse(name) for name in ("desk", "desk_requests", "desk_clients", "desk_client_new", "desk_book")]
    pages += [reverse(name, args=[rina.pk]) for name in ("desk_client", "desk_client_edit")]

    for page in pages:
        assert client.get(page).status_code == 404
        assert client.post(page, {"all": "attended"}).status_code == 404
    booked.refresh_from_db()
    assert booked.status == Status.CONFIRMED


def test_looking_changes_nothing(desk, booked, asked_elsewhere, rina):
    before = list(Meeting.objects.order_by("pk").values())
    events = AuditEvent.objects.count()
    for meeting in (booked, asked_elsewhere):
        for name in MEETING_PAGES:
            desk.get(to(name, meeting))
    for name in ("desk", "desk_requests", "desk_clients", "desk_client_new", "desk_book"):
        desk.get(reverse(name))

    assert list(Meeting.objects.order_by("pk").values()) == before
    assert AuditEvent.objects.count() == events
    assert not Message.objects.exists()


@pytest.fixture
def asked_elsewhere(consultation, monday_at_nine):
    """Somebody else's request."""
    return make_meeting(
        starts_at=monday_at_nine,
        counselor=make_counselor(name="Daeng"),
        service=consultation,
        clients=[make_client(name="Sari")],
        status=Status.REQUESTED,
        answer_due_at=NOW + DAY,
    )


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.MANAGER])
def test_no_clinical_word_reaches_the_desk(client, practice, role, booked, rina):
    Consultation.objects.create(meeting=booked, client=rina, question=CLINICAL, created_at=NOW)
    booked.service.kind = Kind.CONSULTATION
    booked.service.approval = Approval.INSTANT
    booked.service.save()
    client.force_login(make_user(role))
    pages = [reverse(name, args=[booked.pk]) for name in MEETING_PAGES]
    pages += [reverse("desk_client", args=[rina.pk]), reverse("desk_client_edit", args=[rina.pk])]
    pages += [
        f"{reverse('desk')}?day=2026-11-30",
        f"{reverse('desk_clients')}?q=rina",
        f"{reverse('desk_book')}?client={rina.pk}",
        f"{reverse('desk_book')}?q=rina",
    ]
    with time_machine.travel(NOW, tick=False):
        for page in pages:
            answer = client.get(page, follow=True)
            assert answer.status_code in (200, 405)
            assert not [word for word in CLINICAL.split() if word in text(answer) and word != "sejak"]
        assert "<b>Rina</b>" not in text(client.get(reverse("desk_clients"), {"q": "berpisah"}))


def test_hours_of_another_place_do_not_open_this_one(front_desk, monday_at_nine):
    here, there = make_location(), make_location(name="Ruang Teduh Makassar")
    room = make_room(here)
    ayu = make_counselor(hours=False)
    make_hours(ayu, weekday=0, location=there)
    service = make_service(counselors=[ayu], rooms=[room], modes=[Mode.IN_PERSON])
    meeting = make_meeting(starts_at=monday_at_nine, counselor=ayu, service=service, room=room, clients=[make_client()])

    with pytest.raises(NotAllowed):
        move_meeting(meeting=meeting, starts_at=monday_at_nine + HOUR, by=front_desk, now=NOW, party=Party.PRACTICE)
