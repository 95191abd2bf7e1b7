"""Booking for a client at the front desk: by phone, at the door, once, and with a consultation like any other."""

from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from uuid import uuid4

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from appointments.desk import book_for_client
from appointments.models import Consultation
from appointments.replays import Mismatch, Request
from practice.calendar import locks
from practice.calendar.desk.times import Search
from practice.calendar.models import Meeting, Status
from practice.calendar.reserving import NotAllowed, Taken, Wanted
from practice.catalog.models import Approval, Kind, Mode
from practice.messages.models import Message
from practice.people.models import CareRelationship, Client, Counselor, Role, User
from practice.records.actions import read
from practice.records.models import AuditEvent
from tests.factories import (
    NOW,
    make_client,
    make_counselor,
    make_location,
    make_meeting,
    make_practice,
    make_room,
    make_service,
    make_user,
)
from tests.meanwhile import busy

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def desk(client, practice, front_desk):
    """A browser at the front desk, in English, on Monday 23 November 2026 at 08:00 in Jakarta."""
    front_desk.language = "en"
    front_desk.save()
    with time_machine.travel(NOW, tick=False) as clock:

        def at(moment):
            clock.move_to(moment)
            client.force_login(front_desk)

        client.at = at
        at(NOW)
        yield client


def form(client, service, **fields):
    return {"client": client.pk, "service": service.pk, "key": uuid4().hex} | fields


def wanted(service, starts_at, **more):
    counselors = list(service.counselors.order_by("name"))
    return Search(service, counselors, more.pop("mode", service.modes[0]), starts_at.date(), **more).wanted(starts_at)


def asking(key="k", **body):
    return Request(key, body)


def test_the_desk_books_at_once_and_the_client_is_told(desk, consultation, ayu, rina, front_desk, monday_at_nine):
    consultation.approval = Approval.REQUEST
    consultation.save()

    answer = desk.post(reverse("desk_book"), form(rina, consultation, start="2026-11-30T02:00Z"))

    meeting = Meeting.objects.get()
    assert answer.headers["Location"] == reverse("desk_meeting", args=[meeting.pk])
    assert (meeting.status, meeting.starts_at, meeting.counselor) == (Status.CONFIRMED, monday_at_nine, ayu)
    assert [head.client for head in meeting.participants.all()] == [rina]
    assert [(each.kind, each.client) for each in Message.objects.all()] == [("meeting.confirmed", rina)]
    assert CareRelationship.objects.filter(client=rina, counselor=ayu).exists()
    event = AuditEvent.objects.get(act="meeting.confirmed")
    assert (event.actor, event.client_id, event.reason) == (front_desk.pk, rina.pk, "")


def test_the_consultation_is_there_with_an_empty_question(desk, consultation, rina, ayu):
    desk.post(reverse("desk_book"), form(rina, consultation, start="2026-11-30T02:00Z"))

    consultations = Consultation.objects.visible_to(ayu.user)
    assert (consultations.get().meeting, consultations.get().client) == (Meeting.objects.get(), rina)


@pytest.mark.django_db(transaction=True)
def test_the_empty_question_opens_like_any_other(monday_at_nine):
    make_practice()
    ayu, rina, service = make_counselor(), make_client(), make_service()
    service.counselors.add(ayu)
    book_for_client(
        client=rina,
        wanted=wanted(service, monday_at_nine),
        request=asking(),
        by=make_user(Role.FRONT_DESK),
        now=NOW,
    )

    [opened] = read(Consultation.objects.visible_to(ayu.user), by=ayu.user, reason="preparing the meeting")

    assert opened.question == ""


def test_notice_and_horizon_do_not_bind_the_desk(consultation, rina, front_desk, monday_at_nine):
    consultation.notice = consultation.notice_new_client = 30 * 24 * 60
    consultation.horizon_days = 30
    consultation.save()

    for n, start in enumerate((monday_at_nine, monday_at_nine + 350 * DAY)):
        meeting = book_for_client(
            client=rina, wanted=wanted(consultation, start), request=asking(f"k{n}"), by=front_desk, now=NOW
        )
        assert meeting.starts_at == start


def test_a_client_at_the_door_gets_the_next_five_minutes(desk, consultation, rina):
    noon = datetime(2026, 11, 23, 5, 2, tzinfo=UTC)  # 12:02 in Jakarta
    desk.at(noon)
    page = desk.get(reverse("desk_book"), {"client": rina.pk}).content.decode()
    assert "Here now" in page
    assert 'value="2026-11-23T05:05Z"' in page

    desk.post(reverse("desk_book"), form(rina, consultation, start="2026-11-23T05:05Z"))

    assert Meeting.objects.get().starts_at == noon + timedelta(minutes=3)


@pytest.mark.django_db(transaction=True)
def test_while_many_book_the_desk_hears_when_to_try_again(desk, consultation, ayu, rina, monday_at_nine, monkeypatch):
    monkeypatch.setattr(locks, "PATIENCE", "100ms")
    booked = make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, clients=[rina])
    about = {"version": booked.version, "counselor": ayu.pk, "mode": booked.mode, "start": "2026-12-01T02:00Z"}
    sent = [
        (reverse("desk_book"), form(make_client(), consultation, start="2026-12-01T02:00Z")),
        (reverse("desk_move", args=[booked.pk]), about),
        (reverse("desk_cancel", args=[booked.pk]), about | {"party": "client", "reason": "other"}),
    ]

    with busy(ayu):
        waiting = [desk.post(address, fields) for address, fields in sent]
    again = [desk.post(address, fields) for address, fields in sent[1:]]

    assert [(answer.status_code, answer.get("Retry-After")) for answer in waiting] == [(503, "2")] * 3
    assert all("Many people are booking at this moment" in answer.content.decode() for answer in waiting)
    assert "Retry-After" not in again[1]


def test_nobody_at_the_door_is_promised_a_busy_counselor(desk, consultation, ayu, rina):
    noon = datetime(2026, 11, 23, 5, 2, tzinfo=UTC)
    make_meeting(
        starts_at=noon - 20 * timedelta(minutes=1), counselor=ayu, service=consultation, clients=[make_client()]
    )
    desk.at(noon)

    assert "Here now" not in desk.get(reverse("desk_book"), {"client": rina.pk}).content.decode()
    answer = desk.post(reverse("desk_book"), form(rina, consultation, start="2026-11-23T05:05Z"))

    assert answer.status_code == 409
    assert Meeting.objects.count() == 1


def test_outside_the_hours_a_reason_is_kept(desk, consultation, rina):
    sunday = {"day": "2026-11-29", "clock": "20.00"}
    refused = desk.post(reverse("desk_book"), form(rina, consultation, **sunday))
    assert refused.status_code == 422
    assert "takes no appointments at this time" in refused.content.decode()
    assert 'value="20.00"' in refused.content.decode()

    desk.post(reverse("desk_book"), form(rina, consultation, **sunday, outside_hours="counselor_agreed"))

    assert Meeting.objects.get().starts_at == datetime(2026, 11, 29, 13, 0, tzinfo=UTC)
    assert AuditEvent.objects.get(act="meeting.confirmed").reason == "counselor_agreed"


def test_a_double_click_is_one_booking(desk, consultation, rina):
    twice = form(rina, consultation, start="2026-11-30T02:00Z")

    answers = [desk.post(reverse("desk_book"), twice) for _ in range(2)]

    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    assert (Meeting.objects.count(), Message.objects.count(), Consultation.objects.count()) == (1, 1, 1)


def test_one_page_sent_with_another_choice_books_nothing_more(desk, consultation, rina):
    once = form(rina, consultation, start="2026-11-30T02:00Z")
    desk.post(reverse("desk_book"), once)

    answer = desk.post(reverse("desk_book"), once | {"start": "2026-11-30T06:00Z"})

    assert answer.status_code == 422
    assert "was sent before" in answer.content.decode()
    assert Meeting.objects.count() == 1


def test_anothers_key_is_not_mine(desk, consultation, rina, client, manager):
    sent = form(rina, consultation, start="2026-11-30T02:00Z")
    desk.post(reverse("desk_book"), sent)
    client.force_login(manager)

    assert client.post(reverse("desk_book"), sent).status_code == 409


def test_the_same_key_for_something_else_is_refused(consultation, rina, front_desk, monday_at_nine):
    book_for_client(
        client=rina, wanted=wanted(consultation, monday_at_nine), request=asking(a=1), by=front_desk, now=NOW
    )

    with pytest.raises(Mismatch):
        book_for_client(
            client=rina, wanted=wanted(consultation, monday_at_nine), request=asking(a=2), by=front_desk, now=NOW
        )


def test_a_taken_time_offers_the_nearest_and_keeps_the_choice(desk, consultation, ayu, rina, monday_at_nine):
    make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, clients=[make_client()])

    answer = desk.post(reverse("desk_book"), form(rina, consultation, start="2026-11-30T02:00Z"))

    page = answer.content.decode()
    assert answer.status_code == 409
    assert "The nearest free times" in page
    assert str(rina.pk) in page
    assert Meeting.objects.count() == 1


def test_a_client_is_in_one_place_at_a_time(consultation, rina, front_desk, monday_at_nine):
    other = make_counselor(name="Daeng")
    make_meeting(starts_at=monday_at_nine, counselor=other, service=make_service(counselors=[other]), clients=[rina])

    with pytest.raises(Taken):
        book_for_client(
            client=rina, wanted=wanted(consultation, monday_at_nine), request=asking(), by=front_desk, now=NOW
        )


def test_the_desk_is_told_of_the_clients_other_appointment_and_offered_times_beside_it(
    desk, consultation, rina, monday_at_nine
):
    make_meeting(starts_at=monday_at_nine, clients=[rina])
    shown = desk.get(reverse("desk_book"), {"client": rina.pk, "service": consultation.pk, "first": "2026-11-30"})

    answer = desk.post(reverse("desk_book"), form(rina, consultation, start="2026-11-30T02:30Z"))

    assert "2026-11-30T02:30Z" not in shown.content.decode()
    assert "2026-11-30T03:00Z" in shown.content.decode()
    assert answer.status_code == 409
    assert "The client has an appointment then already." in answer.content.decode()
    assert next(time.value for day in answer.context["nearby"] for time in day.times) == "2026-11-30T03:00Z"


@pytest.mark.django_db(transaction=True)
def test_twelve_desks_at_once_book_one_place_once(monday_at_nine):
    make_practice()
    service = make_service(counselors=[make_counselor()])
    by, people = make_user(Role.FRONT_DESK), [make_client() for _ in range(12)]
    service.counselors.all()
    together, outcomes = Barrier(12), []

    def book(n):
        try:
            mine = Wanted(service=service, candidates=counselors, starts_at=monday_at_nine, mode=Mode.VIDEO)
            together.wait()
            book_for_client(client=people[n], wanted=mine, request=asking(f"k{n}"), by=by, now=NOW)
            outcomes.append("booked")
        except ValidationError as error:
            outcomes.append(type(error).__name__)
        finally:
            connection.close()

    counselors = list(Counselor.objects.all())
    threads = [Thread(target=book, args=[n]) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["Taken"] * 11 + ["booked"]
    assert (Meeting.objects.count(), Consultation.objects.count(), Message.objects.count()) == (1, 1, 1)


def test_a_call_needs_a_number(desk, ayu, rina):
    service = make_service(counselors=[ayu], modes=[Mode.PHONE])

    answer = desk.post(reverse("desk_book"), form(rina, service, start="2026-11-30T02:00Z"))

    assert answer.status_code == 422
    assert "no phone number" in answer.content.decode()
    Client.objects.update(phone="+6281200000000")
    assert desk.post(reverse("desk_book"), form(rina, service, start="2026-11-30T02:00Z")).status_code == 302


def test_whoever_is_free_is_asked_and_one_can_be_asked_for(desk, consultation, ayu, rina, monday_at_nine):
    daeng = make_counselor(name="Daeng")
    consultation.counselors.add(daeng)
    make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, clients=[make_client()])

    desk.post(reverse("desk_book"), form(rina, consultation, counselor="any", start="2026-11-30T02:00Z"))
    assert Meeting.objects.filter(participants__client=rina).get().counselor == daeng
    answer = desk.post(
        reverse("desk_book"), form(make_client(), consultation, counselor=ayu.pk, start="2026-11-30T02:00Z")
    )

    assert answer.status_code == 409


def test_a_room_can_be_asked_for(desk, rina):
    place = make_location()
    small, large = make_room(place, name="Kecil"), make_room(place, name="Besar")
    ayu = make_counselor(location=place)
    service = make_service(counselors=[ayu], rooms=[small, large], modes=[Mode.IN_PERSON])

    desk.post(reverse("desk_book"), form(rina, service, room=large.pk, start="2026-11-30T02:00Z"))

    assert Meeting.objects.get().room == large


def test_sessions_of_a_program_are_not_booked_here(desk, ayu, rina):
    session = make_service(counselors=[ayu], kind=Kind.SESSION)
    consultation = make_service(counselors=[ayu])

    answer = desk.post(reverse("desk_book"), form(rina, session, start="2026-11-30T02:00Z"))

    assert answer.status_code == 422
    assert not Meeting.objects.exists()
    assert list(answer.context["service_form"].services) == [str(consultation.pk)]


def test_services_that_look_alike_are_told_apart_by_their_people(desk, ayu, rina):
    daeng = make_counselor(name="Daeng")
    make_service(counselors=[ayu], name_en="Grief")
    make_service(counselors=[daeng], name_en="Work")

    labels = [
        label
        for _key, label in desk.get(reverse("desk_book"), {"client": rina.pk})
        .context["service_form"]
        .fields["service"]
        .choices
    ]

    assert labels == [
        "Consultation · 60 minutes · Rp350,000 · Ayu Pratiwi",
        "Consultation · 60 minutes · Rp350,000 · Daeng",
    ]


def test_another_service_forgets_what_fits_the_first_only(desk, ayu, rina):
    daeng = make_counselor(name="Daeng")
    first = make_service(counselors=[ayu, daeng], modes=[Mode.VIDEO, Mode.PHONE])
    second = make_service(counselors=[daeng], kind=Kind.INITIAL)

    answer = desk.get(
        reverse("desk_book"), {"client": rina.pk, "service": second.pk, "counselor": ayu.pk, "mode": "phone"}
    )

    assert answer.status_code == 200
    assert first.pk != second.pk


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"client": "nobody"}, 404),
        ({"client": "11111111-1111-4111-8111-111111111111"}, 404),
        ({"client": "\0"}, 404),
        ({"service": "x"}, 422),
        ({"service": "99999999999999999999"}, 422),
        ({"counselor": "x"}, 422),
        ({"mode": "x"}, 422),
        ({"first": "x"}, 422),
        ({"start": ""}, 422),
        ({"start": "2026-11-30T02:00"}, 422),
        ({"start": "2026-11-30T02:01Z"}, 422),
        ({"start": "2026-11-20T02:00Z"}, 422),
        ({"start": "9999-12-31T23:59Z"}, 422),
        ({"key": ""}, 422),
        ({"key": "k" * 65}, 422),
        ({"key": "\0"}, 422),
        ({"outside_hours": "depresi"}, 422),
    ],
)
def test_forged_and_impossible_bookings_are_refused(desk, consultation, rina, wrong, status):
    consultation.counselors.add(make_counselor(name="Daeng"))
    consultation.modes = [Mode.VIDEO, Mode.PHONE]
    consultation.save()

    answer = desk.post(reverse("desk_book"), form(rina, consultation, start="2026-11-30T02:00Z") | wrong)

    assert answer.status_code == status
    assert not Meeting.objects.exists()


def test_forged_fields_change_nothing(desk, consultation, rina, manager):
    forged = {"price": 1, "status": "attended", "party": "client", "by": manager.pk, "is_late": "on"}

    desk.post(reverse("desk_book"), form(rina, consultation, start="2026-11-30T02:00Z", **forged))

    meeting = Meeting.objects.get()
    assert (meeting.price, meeting.status) == (consultation.price, Status.CONFIRMED)


@pytest.mark.parametrize("typed", [{"first": "2027-02-30"}, {"first": "x" * 300}])
def test_an_impossible_day_to_look_from_is_told(desk, consultation, rina, typed):
    answer = desk.get(reverse("desk_book"), {"client": rina.pk} | typed)

    assert answer.status_code == 422
    assert "Enter a day of this century" in answer.content.decode()


def test_the_desk_says_when_nothing_is_free(desk, rina):
    service = make_service(counselors=[make_counselor(hours=False)])

    assert "Nothing is free within four weeks." in desk.get(reverse("desk_book"), {"client": rina.pk}).content.decode()
    assert service.counselors.exists()


def test_without_a_service_there_is_nothing_to_book(desk, rina):
    assert "There is nothing to book yet" in desk.get(reverse("desk_book"), {"client": rina.pk}).content.decode()


def test_booking_begins_with_the_client(desk, consultation, rina):
    page = desk.get(reverse("desk_book"), {"q": "rin"}).content.decode()

    assert f'href="{reverse("desk_book")}?client={rina.pk}"' in page
    assert "book=1" in page


def test_who_may_not_work_at_the_desk_books_nothing(client, practice, consultation, ayu, rina):
    client.force_login(ayu.user)

    with time_machine.travel(NOW, tick=False):
        client.force_login(ayu.user)
        assert client.post(reverse("desk_book"), form(rina, consultation, start="2026-11-30T02:00Z")).status_code == 404
    assert not Meeting.objects.exists()


def test_a_booking_takes_few_statements(consultation, rina, front_desk, monday_at_nine):
    User.objects.get(pk=front_desk.pk)
    front_desk.has_role(Role.FRONT_DESK)
    mine = wanted(consultation, monday_at_nine)

    with CaptureQueriesContext(connection) as queries:
        book_for_client(client=rina, wanted=mine, request=asking(), by=front_desk, now=NOW)

    assert len(queries) <= 14


def test_a_reason_alone_opens_no_time_that_is_taken(consultation, ayu, rina, front_desk, monday_at_nine):
    evening = monday_at_nine + 11 * HOUR
    make_meeting(starts_at=evening, counselor=ayu, service=consultation, clients=[make_client()])

    with pytest.raises(Taken):
        book_for_client(
            client=rina,
            wanted=wanted(consultation, evening),
            request=asking(),
            by=front_desk,
            now=NOW,
            outside_hours="urgent",
        )
    with pytest.raises(NotAllowed):
        book_for_client(
            client=rina, wanted=wanted(consultation, evening + 2 * HOUR), request=asking(), by=front_desk, now=NOW
        )
