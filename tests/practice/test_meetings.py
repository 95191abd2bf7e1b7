"""Reserve, move, cancel, approve; and the constraints that hold when somebody goes round them."""

import uuid
from datetime import timedelta
from functools import partial

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from practice.calendar.actions import Elsewhere, approve, cancel_meeting, move_meeting, reserve
from practice.calendar.links import ManageToken, new_link
from practice.calendar.locks import lock
from practice.calendar.models import Meeting, Participant, Party, Status
from practice.calendar.reserving import (
    NotAllowed,
    Taken,
    TakenByOwn,
    Wanted,
    drop_expired_holds,
    offer_alternatives,
    release_hold,
)
from practice.messages.models import Message
from practice.people.models import CareRelationship
from practice.records.models import AuditEvent
from tests.factories import (
    NOW,
    make_client,
    make_closure,
    make_counselor,
    make_location,
    make_meeting,
    make_room,
    make_service,
    make_time_off,
)

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def want(service, counselor, starts_at, *clients, **more):
    return Wanted(service=service, candidates=[counselor], starts_at=starts_at, mode="video", clients=clients, **more)


def test_a_reserved_time_occupies_with_its_pauses(consultation, ayu, rina, monday_at_nine):
    [meeting] = reserve(wanted=[want(consultation, ayu, monday_at_nine, rina)], now=NOW)

    meeting.refresh_from_db()
    assert meeting.status == Status.CONFIRMED
    assert meeting.ends_at - meeting.starts_at == HOUR
    assert meeting.busy_until - meeting.ends_at == timedelta(minutes=10)
    assert meeting.free_cancel_until == monday_at_nine - DAY
    head = meeting.participants.get()
    assert (head.client, head.status, head.during.lower) == (rina, Status.CONFIRMED, monday_at_nine)


def test_a_taken_time_is_refused_as_taken(consultation, ayu, monday_at_nine):
    make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation)

    with pytest.raises(Taken):
        reserve(wanted=[want(consultation, ayu, monday_at_nine + HOUR, make_client())], now=NOW)


@pytest.mark.parametrize(
    ("shift", "rule"),
    [
        (timedelta(minutes=15), "hours"),
        (-2 * HOUR, "hours"),
        (5 * DAY, "hours"),
        (-10 * DAY, "past"),
        (200 * DAY, "horizon"),
        (timedelta(seconds=1), "hours"),
        (timedelta(minutes=3), "hours"),
        (-10 * DAY + timedelta(minutes=3), "past"),
        (200 * DAY + timedelta(minutes=3), "horizon"),
    ],
)
def test_a_time_against_the_rules_is_refused_with_its_rule(consultation, ayu, monday_at_nine, shift, rule):
    with pytest.raises(NotAllowed) as refused:
        reserve(wanted=[want(consultation, ayu, monday_at_nine + shift, make_client())], now=NOW)

    assert refused.value.code == rule
    assert not Meeting.objects.exists()


def test_a_series_is_all_or_nothing(consultation, ayu, rina, monday_at_nine):
    make_meeting(starts_at=monday_at_nine + 7 * DAY, counselor=ayu, service=consultation)
    weekly = [want(consultation, ayu, monday_at_nine + 7 * n * DAY, rina) for n in range(3)]

    with pytest.raises(Taken):
        reserve(wanted=weekly, now=NOW)

    assert Participant.objects.filter(client=rina).count() == 0


def test_a_series_says_which_of_its_times_was_refused(consultation, ayu, rina, monday_at_nine):
    make_meeting(starts_at=monday_at_nine + 7 * DAY, counselor=ayu, service=consultation)
    make_meeting(starts_at=monday_at_nine + 21 * DAY, clients=[rina])

    for starts, error, which in (
        ([0, 7], Taken, 1),
        ([14, 21], Taken, 1),
        ([28, 33], NotAllowed, 1),
        ([0, 0.25, 5], NotAllowed, 2),
    ):
        wanted = [want(consultation, ayu, monday_at_nine + n * DAY, rina) for n in starts]
        with pytest.raises(error) as refused:
            reserve(wanted=wanted, now=NOW)
        assert refused.value.which == which


def test_a_series_takes_one_search_and_one_statement_for_each_table(consultation, ayu, rina, monday_at_nine):
    def statements(count, first):
        wanted = [want(consultation, ayu, monday_at_nine + 7 * n * DAY, rina) for n in range(first, first + count)]
        with CaptureQueriesContext(connection) as seen:
            reserve(wanted=wanted, now=NOW)
        return len(seen)

    assert statements(2, 0) == statements(6, 2) <= 9


def test_an_expired_hold_does_not_stop_a_series(consultation, ayu, rina, monday_at_nine):
    held = make_meeting(
        starts_at=monday_at_nine + 7 * DAY,
        counselor=ayu,
        service=consultation,
        status=Status.HELD,
        hold_expires_at=NOW - HOUR,
    )
    wanted = [want(consultation, ayu, monday_at_nine + 7 * n * DAY, rina) for n in range(3)]

    meetings = reserve(wanted=wanted, now=NOW)

    assert Participant.objects.filter(client=rina, meeting__in=meetings).count() == 3
    assert not Meeting.objects.filter(pk=held.pk).exists()


def test_each_meeting_of_a_series_keeps_its_own_limits(consultation, ayu, rina, monday_at_nine):
    first = want(consultation, ayu, monday_at_nine, rina, latest=monday_at_nine)
    second = want(consultation, ayu, monday_at_nine + 7 * DAY, rina, earliest=monday_at_nine + 8 * DAY)

    with pytest.raises(NotAllowed) as refused:
        reserve(wanted=[first, second], now=NOW)

    assert (refused.value.code, refused.value.which) == ("limits", 1)


def test_a_client_cannot_be_in_two_places(consultation, ayu, rina, monday_at_nine):
    other = make_counselor(name="Sari")
    service = make_service(counselors=[other])
    reserve(wanted=[want(consultation, ayu, monday_at_nine, rina)], now=NOW)

    with pytest.raises(Taken):
        reserve(wanted=[want(service, other, monday_at_nine, rina)], now=NOW)


def test_an_expired_hold_makes_way(consultation, ayu, rina, monday_at_nine):
    held = make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, status=Status.HELD)

    [meeting] = reserve(
        wanted=[want(consultation, ayu, monday_at_nine, rina)], now=held.hold_expires_at + timedelta(seconds=1)
    )

    assert list(Meeting.objects.all()) == [meeting]


def test_a_living_hold_of_somebody_else_does_not_make_way(consultation, ayu, rina, monday_at_nine):
    held = make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, status=Status.HELD, hold_key="a")

    with pytest.raises(Taken):
        reserve(wanted=[want(consultation, ayu, monday_at_nine, rina, hold_key="b", releasing=(held.pk,))], now=NOW)


def test_ones_own_hold_becomes_the_booking(consultation, ayu, rina, monday_at_nine):
    held = make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, status=Status.HELD, hold_key="a")

    [meeting] = reserve(
        wanted=[want(consultation, ayu, monday_at_nine, rina, hold_key="a", releasing=(held.pk,))], now=NOW
    )

    assert meeting.status == Status.CONFIRMED
    assert Meeting.objects.count() == 1


def test_a_hold_is_given_back_only_by_its_holder(consultation, ayu, monday_at_nine):
    held = make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, status=Status.HELD, hold_key="a")

    release_hold(meeting_id=held.pk, hold_key="b")
    assert Meeting.objects.exists()

    release_hold(meeting_id=held.pk, hold_key="a")
    assert not Meeting.objects.exists()


def test_the_sweep_removes_only_holds_that_ran_out(consultation, ayu, monday_at_nine):
    make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, status=Status.HELD)
    late = make_meeting(
        starts_at=monday_at_nine + 3 * HOUR,
        counselor=ayu,
        service=consultation,
        status=Status.HELD,
        hold_expires_at=NOW + HOUR,
    )

    drop_expired_holds(now=NOW + timedelta(minutes=11))

    assert list(Meeting.objects.all()) == [late]


def test_any_counselor_means_the_one_with_least_to_do(db, monday_at_nine):
    busy, idle = make_counselor(name="Ayu"), make_counselor(name="Sari")
    service = make_service(counselors=[busy, idle])
    make_meeting(starts_at=monday_at_nine + 3 * HOUR, counselor=busy, service=service)

    [meeting] = reserve(
        wanted=[Wanted(service=service, candidates=[busy, idle], starts_at=monday_at_nine, mode="video")],
        now=NOW,
    )

    assert meeting.counselor == idle


def test_in_person_takes_a_free_room(db, monday_at_nine):
    place = make_location()
    first, second = make_room(place), make_room(place)
    ayu, sari = make_counselor(location=place), make_counselor(location=place)
    service = make_service(counselors=[ayu, sari], rooms=[first, second], modes=["in_person"])

    def book(counselor):
        wanted = Wanted(service=service, candidates=[counselor], starts_at=monday_at_nine, mode="in_person")
        return reserve(wanted=[wanted], now=NOW)[0]

    assert {book(ayu).room, book(sari).room} == {first, second}
    with pytest.raises(Taken):
        book(make_counselor_at(place, service))


def make_counselor_at(place, service):
    counselor = make_counselor(location=place)
    service.counselors.add(counselor)
    return counselor


def test_alternatives_are_the_three_nearest_free_times(consultation, ayu, monday_at_nine):
    make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation)

    found = offer_alternatives(want(consultation, ayu, monday_at_nine), now=NOW)

    assert len(found) == 3
    assert (monday_at_nine + timedelta(minutes=90), ayu) in found


def test_a_time_at_which_the_client_is_with_somebody_else_is_told_apart(consultation, ayu, rina, monday_at_nine):
    make_meeting(starts_at=monday_at_nine, clients=[rina])
    mine = want(consultation, ayu, monday_at_nine + HOUR / 2, rina)

    with override("en"), pytest.raises(TakenByOwn) as refused:
        reserve(wanted=[mine], now=NOW)
    found = [start for start, _counselor in offer_alternatives(mine, now=NOW)]

    assert refused.value.messages == ["You have an appointment at this time already."]
    assert found == [monday_at_nine + HOUR, monday_at_nine + 1.5 * HOUR, monday_at_nine + 2 * HOUR]


def test_staff_read_that_the_client_has_an_appointment_then(practice, consultation, ayu, rina, monday_at_nine):
    make_meeting(starts_at=monday_at_nine, clients=[rina])
    meeting = make_meeting(starts_at=monday_at_nine + DAY, counselor=ayu, service=consultation, clients=[rina])

    with override("en"), pytest.raises(TakenByOwn) as by_client:
        move_meeting(meeting=meeting, starts_at=monday_at_nine, by=None, now=NOW)
    with override("en"), pytest.raises(TakenByOwn) as by_staff:
        move_meeting(meeting=meeting, starts_at=monday_at_nine, by=None, now=NOW, party=Party.PRACTICE)

    assert by_client.value.messages == ["You have an appointment at this time already."]
    assert by_staff.value.messages == ["The client has an appointment then already."]


def test_a_move_keeps_everything_but_the_time_and_tells_the_client(practice, consultation, ayu, rina, monday_at_nine):
    meeting = make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, clients=[rina])
    _token, link = new_link(meeting, None, now=NOW)
    link.save()

    moved = move_meeting(meeting=meeting, starts_at=monday_at_nine + 2 * HOUR, by=rina.user, now=NOW)

    assert moved.version == meeting.version + 1
    assert moved.moves_left == meeting.moves_left - 1
    assert moved.participants.get().during.lower == monday_at_nine + 2 * HOUR
    assert not ManageToken.objects.exists()
    assert Message.objects.get().kind == "meeting.moved"
    assert AuditEvent.objects.get().act == "meeting.moved"


def test_a_meeting_can_move_to_a_time_that_overlaps_its_old_one(practice, consultation, ayu, rina, monday_at_nine):
    meeting = make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, clients=[rina])

    moved = move_meeting(meeting=meeting, starts_at=monday_at_nine + HOUR / 2, by=rina.user, now=NOW)

    assert moved.starts_at == monday_at_nine + HOUR / 2


def test_a_client_cannot_move_past_the_limit_or_too_often(practice, ayu, rina, monday_at_nine):
    service = make_service(counselors=[ayu], moves_allowed=1)
    meeting = make_meeting(starts_at=monday_at_nine, counselor=ayu, service=service, clients=[rina])

    with pytest.raises(NotAllowed):
        move_meeting(meeting=meeting, starts_at=monday_at_nine + DAY, by=None, now=monday_at_nine - DAY)
    move_meeting(meeting=meeting, starts_at=monday_at_nine + DAY, by=None, now=NOW)
    with pytest.raises(NotAllowed):
        move_meeting(meeting=meeting, starts_at=monday_at_nine, by=None, now=NOW)


def test_a_move_to_a_taken_time_leaves_the_old_one(practice, consultation, ayu, rina, monday_at_nine):
    meeting = make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, clients=[rina])
    make_meeting(starts_at=monday_at_nine + 3 * HOUR, counselor=ayu, service=consultation)

    with pytest.raises(Taken):
        move_meeting(meeting=meeting, starts_at=monday_at_nine + 3 * HOUR, by=None, now=NOW)

    meeting.refresh_from_db()
    assert (meeting.starts_at, meeting.version) == (monday_at_nine, 0)
    assert not Message.objects.exists()


def test_a_move_of_something_seen_before_its_last_change_is_refused(practice, consultation, ayu, rina, monday_at_nine):
    meeting = make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, clients=[rina])
    move_meeting(meeting=meeting, starts_at=monday_at_nine + DAY, by=None, now=NOW, expected=0)

    with pytest.raises(ValidationError):
        move_meeting(meeting=meeting, starts_at=monday_at_nine + 2 * DAY, by=None, now=NOW, expected=0)


def test_a_cancelled_time_can_be_booked_again(practice, consultation, ayu, rina, monday_at_nine):
    meeting = make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, clients=[rina])

    cancelled = cancel_meeting(meeting=meeting, by=rina.user, now=NOW)

    assert (cancelled.status, cancelled.ended_by, cancelled.is_late) == (Status.CANCELLED, Party.CLIENT, False)
    assert Message.objects.get().kind == "meeting.cancelled"
    assert reserve(wanted=[want(consultation, ayu, monday_at_nine, rina)], now=NOW)


def test_a_late_cancellation_is_kept_as_late(practice, consultation, ayu, rina, monday_at_nine):
    meeting = make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, clients=[rina])

    assert cancel_meeting(meeting=meeting, by=rina.user, now=monday_at_nine - HOUR).is_late


def test_a_cancellation_of_what_was_moved_meanwhile_is_refused(practice, consultation, ayu, rina, monday_at_nine):
    meeting = make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, clients=[rina])
    seen = meeting.version
    stale = Meeting.objects.get(pk=meeting.pk)
    move_meeting(meeting=meeting, starts_at=monday_at_nine + DAY, by=None, now=NOW)

    with pytest.raises(ValidationError) as refused:
        cancel_meeting(meeting=stale, by=rina.user, expected=seen, now=NOW)

    meeting.refresh_from_db()
    assert refused.value.code == "changed"
    assert (meeting.status, meeting.starts_at) == (Status.CONFIRMED, monday_at_nine + DAY)
    assert cancel_meeting(meeting=stale, by=rina.user, expected=meeting.version, now=NOW).status == Status.CANCELLED


def test_nothing_is_cancelled_twice_or_after_it_began(practice, consultation, ayu, rina, monday_at_nine):
    meeting = make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, clients=[rina])

    with pytest.raises(ValidationError):
        cancel_meeting(meeting=meeting, by=rina.user, now=monday_at_nine)
    cancel_meeting(meeting=meeting, by=rina.user, now=NOW)
    with pytest.raises(ValidationError):
        cancel_meeting(meeting=meeting, by=rina.user, now=NOW)


@pytest.mark.parametrize(
    ("change", "rule"), [("time off", "hours"), ("licence", "licence"), ("closure", "hours"), ("hours", "hours")]
)
def test_a_request_is_looked_at_again_before_it_is_approved(practice, ayu, rina, monday_at_nine, change, rule):
    service = make_service(counselors=[ayu], approval="request")
    [meeting] = reserve(wanted=[want(service, ayu, monday_at_nine, rina, status=Status.REQUESTED)], now=NOW)
    if change == "time off":
        make_time_off(ayu, monday_at_nine - HOUR, monday_at_nine + DAY)
    elif change == "closure":
        make_closure(monday_at_nine.date())
    elif change == "licence":
        ayu.licences.create(kind="SIPP", number="7", expires_on=(monday_at_nine - DAY).date())
    else:
        ayu.working_hours.all().delete()

    with pytest.raises(NotAllowed) as refused:
        approve(meeting=meeting, by=None, now=NOW)

    assert refused.value.code == rule
    meeting.refresh_from_db()
    assert meeting.status == Status.REQUESTED


def test_staff_confirm_a_request_outside_the_hours_with_a_reason(practice, ayu, rina, monday_at_nine):
    service = make_service(counselors=[ayu], approval="request")
    [meeting] = reserve(wanted=[want(service, ayu, monday_at_nine, rina, status=Status.REQUESTED)], now=NOW)
    ayu.working_hours.all().delete()

    approved = approve(meeting=meeting, by=None, now=NOW, outside_hours="counselor_agreed")

    assert approved.status == Status.CONFIRMED
    assert AuditEvent.objects.get(act="meeting.approved").reason == "counselor_agreed"


def test_a_request_holds_its_time_until_it_is_approved(practice, ayu, rina, monday_at_nine):
    service = make_service(counselors=[ayu], approval="request")
    [meeting] = reserve(wanted=[want(service, ayu, monday_at_nine, rina, status=Status.REQUESTED)], now=NOW)
    assert meeting.answer_due_at == NOW + DAY
    with pytest.raises(Taken):
        reserve(wanted=[want(service, ayu, monday_at_nine, make_client())], now=NOW)

    approved = approve(meeting=meeting, by=None, now=NOW)

    assert approved.status == Status.CONFIRMED
    assert CareRelationship.objects.current(NOW).get().client == rina
    with pytest.raises(ValidationError):
        approve(meeting=meeting, by=None, now=NOW)


def test_care_lasts_thirty_days_past_the_last_meeting_and_ends_with_a_cancellation(
    practice, consultation, ayu, rina, monday_at_nine
):
    first = make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, clients=[rina])
    second = make_meeting(starts_at=monday_at_nine + 7 * DAY, counselor=ayu, service=consultation, clients=[rina])
    care = CareRelationship.objects.get()
    assert care.ends_at == second.ends_at + 30 * DAY

    cancel_meeting(meeting=second, by=None, now=NOW)
    care.refresh_from_db()
    assert care.ends_at == first.ends_at + 30 * DAY

    cancel_meeting(meeting=first, by=None, now=NOW)
    care.refresh_from_db()
    assert care.ends_at == NOW


def test_no_cancellation_ends_care_before_what_was_promised(practice, consultation, ayu, rina, monday_at_nine):
    meeting = make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, clients=[rina])
    prolong = partial(CareRelationship.objects.all().prolong, clients=[rina], counselor_id=ayu.pk, now=NOW)
    prolong(until=NOW + 5 * DAY, promised=True)
    prolong(until=NOW + 3 * DAY, promised=True)
    prolong(until=NOW + 9 * DAY)

    cancel_meeting(meeting=meeting, by=None, now=NOW)

    assert CareRelationship.objects.get().ends_at == NOW + 5 * DAY


def test_care_follows_a_meeting_that_is_moved(practice, consultation, ayu, rina, monday_at_nine):
    meeting = make_meeting(starts_at=monday_at_nine + 7 * DAY, counselor=ayu, service=consultation, clients=[rina])

    for days in (0, 14):
        moved = move_meeting(
            meeting=meeting, starts_at=monday_at_nine + days * DAY, by=None, now=NOW, party=Party.PRACTICE
        )
        assert CareRelationship.objects.get().ends_at == moved.ends_at + 30 * DAY

    cancel_meeting(meeting=moved, by=None, now=NOW)
    assert CareRelationship.objects.get().ends_at == NOW


def test_a_meeting_moved_to_another_counselor_leaves_what_the_first_was_promised(
    practice, consultation, ayu, rina, monday_at_nine
):
    meeting = make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, clients=[rina])
    daeng = make_counselor(name="Daeng")
    consultation.counselors.add(daeng)
    until = NOW + 50 * DAY
    CareRelationship.objects.all().prolong(clients=[rina], counselor_id=ayu.pk, now=NOW, until=until, promised=True)

    moved = move_meeting(
        meeting=meeting,
        starts_at=meeting.starts_at,
        by=None,
        now=NOW,
        party=Party.PRACTICE,
        elsewhere=Elsewhere(counselor=daeng),
    )

    ends = dict(CareRelationship.objects.values_list("counselor", "ends_at"))
    assert ends == {ayu.pk: until, daeng.pk: moved.ends_at + 30 * DAY}


def test_locks_are_refused_outside_a_transaction(transactional_db):
    with pytest.raises(RuntimeError):
        lock([("counselor", 1)])


# Round the action: the database itself refuses.


def refused(constraint, act):
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        act()
    assert constraint in str(error.value)


def test_the_database_refuses_two_meetings_of_a_counselor_at_once(consultation, ayu, monday_at_nine):
    make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation)

    refused(
        "a_counselor_is_in_one_meeting_at_a_time",
        lambda: make_meeting(
            starts_at=monday_at_nine + timedelta(minutes=65), counselor=ayu, service=consultation, status=Status.HELD
        ),
    )


def test_the_database_refuses_two_meetings_in_a_room_at_once(consultation, ayu, monday_at_nine):
    room = make_room()
    make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, room=room)

    refused(
        "a_room_holds_one_meeting_at_a_time",
        lambda: make_meeting(starts_at=monday_at_nine, counselor=make_counselor(), service=consultation, room=room),
    )


def test_the_database_refuses_two_meetings_of_a_client_at_once(consultation, ayu, rina, monday_at_nine):
    make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, clients=[rina])
    other = make_meeting(starts_at=monday_at_nine, counselor=make_counselor(), service=consultation)

    refused("a_client_is_in_one_meeting_at_a_time", lambda: Participant.objects.create(meeting=other, client=rina))


def test_the_database_refuses_a_move_of_a_client_into_another_meeting(consultation, ayu, rina, monday_at_nine):
    make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, clients=[rina])
    other = make_meeting(
        starts_at=monday_at_nine + 5 * HOUR, counselor=make_counselor(), service=consultation, clients=[rina]
    )

    refused(
        "a_client_is_in_one_meeting_at_a_time",
        lambda: Meeting.objects.filter(pk=other.pk).update(starts_at=monday_at_nine, busy_from=monday_at_nine),
    )


@pytest.mark.parametrize(
    ("constraint", "wrong"),
    [
        ("a_hold_and_nothing_else_expires", {"hold_expires_at": NOW}),
        ("a_meeting_in_person_has_a_room", {"mode": "in_person"}),
        ("a_meeting_ends_after_it_begins_and_pauses_lie_around_it", {"starts_at": NOW}),
    ],
)
def test_the_database_refuses_a_meeting_that_makes_no_sense(consultation, ayu, monday_at_nine, constraint, wrong):
    meeting = make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation)

    refused(constraint, lambda: Meeting.objects.filter(pk=meeting.pk).update(**wrong))


def test_the_listing_takes_two_queries_however_many_rows(consultation, ayu, monday_at_nine):
    counts = []
    for day in range(4):
        make_meeting(starts_at=monday_at_nine + day * DAY, counselor=ayu, service=consultation, clients=[make_client()])
        with CaptureQueriesContext(connection) as queries:
            for meeting in Meeting.objects.for_listing():
                [head] = meeting.participants.all()
                assert all([meeting.counselor.name, meeting.service.name, head.client.email])
        counts.append(len(queries))

    assert set(counts) == {2}


def test_who_sees_which_meetings(consultation, ayu, rina, front_desk, manager, monday_at_nine):
    meeting = make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, clients=[rina])
    stranger, other = make_client(user=make_counselor().user), make_counselor()

    for user in (rina.user, ayu.user, front_desk, manager):
        assert meeting in Meeting.objects.visible_to(user)
    for user in (stranger.user, other.user):
        assert meeting not in Meeting.objects.visible_to(user)


SOME = uuid.UUID(int=7)


@pytest.mark.parametrize("fields", [{"series_gap": DAY}, {"series_gap": -DAY, "series": SOME}, {"series": SOME}])
def test_a_series_and_its_gap_come_together(consultation, ayu, monday_at_nine, fields):
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, **fields)

    assert "a_series_keeps_a_gap" in str(error.value)


def test_nothing_but_a_series_rests(consultation, ayu, monday_at_nine):
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        make_meeting(starts_at=monday_at_nine, counselor=ayu, service=consultation, rests_until=monday_at_nine.date())

    assert "nothing_but_a_series_rests" in str(error.value)
