"""Sessions get their times: one or all that remain, within the rules, all or none; and absences are excused."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from practice.calendar.actions import cancel_meeting, move_meeting
from practice.calendar.attendance import record_attendance
from practice.calendar.models import Meeting, Party, Status
from practice.calendar.reserving import NotAllowed, Taken
from practice.catalog.models import Approval, Service
from practice.messages.actions import deliver
from practice.messages.models import Message
from practice.people.models import CareRelationship, Role
from practice.records.actions import read
from practice.records.keys import RecordError
from practice.records.models import AuditEvent
from practice.zones import zone
from programs.agreement.life import close_program
from programs.plan.models import AbsenceRule, Program, ProgramStep
from programs.plan.models import Status as ProgramStatus
from programs.sessions.actions import (
    book_session,
    excuse_absence,
    schedule_remaining,
    schedule_session,
    word_session,
)
from programs.sessions.models import Attempt
from programs.sessions.planning import Slot, propose_times, weekly_times
from programs.sessions.rules import is_overdue, own_booking_problem
from programs.sessions.thread import State, thread_of
from tests.factories import (
    NOW,
    make_attempt,
    make_client,
    make_closure,
    make_counselor,
    make_meeting,
    make_practice,
    make_program,
    make_room,
    make_session_service,
    make_time_off,
    make_user,
)

DAY, WEEK = timedelta(days=1), timedelta(days=7)
JAKARTA = zone("Asia/Jakarta")

pytestmark = pytest.mark.django_db


def weekly(program, *, first=date(2026, 11, 30), at=time(9), count=None, start=1, pace=7, where=JAKARTA):
    count = count or program.sessions.count() - start + 1
    times = weekly_times(first, at, pace_days=pace, count=count, zone=where)
    return [Slot(start + n, moment, program.counselor) for n, moment in enumerate(times)]


def schedule(program, slots, **more):
    more = {"mode": "video", "by": program.counselor.user, "now": NOW} | more
    return schedule_remaining(program=program, slots=slots, **more)


def states(program):
    return [str(station.state) for station in thread_of(program).stations]


def propose(program, slots, **more):
    found = Program.objects.for_page().get(pk=program.pk)
    return propose_times(found, thread_of(found), slots, **{"mode": "video", "now": NOW} | more)


def member(program):
    return program.members.get().client


# --- A whole series --------------------------------------------------------------------------------------------------


def test_all_sessions_are_booked_in_one_act(monday_at_nine):
    program = make_program(sessions=4, status=ProgramStatus.AGREED, pace_days=7, price=425_000)

    meetings = schedule(program, weekly(program))

    assert states(program) == ["booked"] * 4
    assert [meeting.starts_at for meeting in meetings] == [monday_at_nine + n * WEEK for n in range(4)]
    first, last = Meeting.objects.order_by("starts_at")[0], Meeting.objects.order_by("starts_at").last()
    assert (first.session_number, first.session_count, first.price) == (1, 4, 425_000)
    assert {(each.series, each.series_gap) for each in meetings} == {(program.pk, WEEK / 3)}
    assert first.participants.get().client == member(program)
    program.refresh_from_db()
    assert program.status == ProgramStatus.ACTIVE
    assert ProgramStep.objects.get().became == ProgramStatus.ACTIVE
    assert CareRelationship.objects.get().ends_at == last.ends_at + timedelta(days=30)
    assert AuditEvent.objects.filter(act="meeting.confirmed", client_id=member(program).pk).count() == 4
    assert AuditEvent.objects.get(act="sessions.scheduled").facts == {"number": 4, "first": 1}


def test_a_series_that_is_sent_again_changes_nothing_and_another_one_is_refused():
    program = make_program(sessions=4)
    slots = weekly(program, count=2)
    meetings = schedule(program, slots)
    told = Message.objects.count()

    assert schedule(program, slots) == meetings

    assert (Meeting.objects.count(), Message.objects.count()) == (2, told)
    later = [replace(slots[0], starts_at=slots[0].starts_at + DAY), slots[1]]
    for other in (later, weekly(program, count=3)):
        with pytest.raises(ValidationError) as refused:
            schedule(program, other)
        assert refused.value.code == "booked"
    Service.objects.update(modes=["video", "phone"])
    with pytest.raises(ValidationError) as refused:
        schedule(program, slots, mode="phone")
    assert refused.value.code == "booked"


def test_each_client_gets_one_mail_about_the_whole_series(mailoutbox):
    make_practice()
    couple = [make_client(name="Rina", user=make_user(Role.CLIENT)), make_client(name="Budi", is_discreet=False)]
    program = make_program(sessions=4, clients=couple)

    schedule(program, weekly(program))
    for message in Message.objects.all():
        deliver(message.pk, now=NOW)

    assert len(mailoutbox) == 2
    text = mailoutbox[1].body
    assert text.count("2026") == 4
    assert "Tidur" not in str(mailoutbox[1].message())
    assert "Sesi" not in text
    [calendar] = [part for part in mailoutbox[1].message().walk() if part.get_content_type() == "text/calendar"]
    entries = calendar.get_payload(decode=True).decode()
    assert entries.count("BEGIN:VEVENT") == 4
    assert "METHOD:PUBLISH" in entries
    for meeting in Meeting.objects.all():
        assert f"UID:{meeting.pk}@benang" in entries.replace("\r\n ", "")


def test_a_mail_about_a_series_tells_what_is_left_of_it(mailoutbox):
    make_practice()
    program = make_program(sessions=3)
    meetings = schedule(program, weekly(program))
    cancel_meeting(meeting=meetings[1], by=program.counselor.user, now=NOW, party=Party.COUNSELOR)

    deliver(Message.objects.get(kind="sessions.scheduled").pk, now=NOW)

    assert mailoutbox[0].body.count("2026") == 2


def test_twelve_sessions_take_few_statements():
    program = make_program(sessions=12, status=ProgramStatus.AGREED)
    slots = weekly(program)

    with CaptureQueriesContext(
        connection,
    ) as seen:
        schedule(program, slots)

    assert len(seen) <= 12 + 3 * 12
    three = make_program(sessions=3, status=ProgramStatus.AGREED)
    slots = weekly(three)
    with CaptureQueriesContext(connection) as few:
        schedule(three, slots)
    assert len(seen) == len(few)


def test_a_series_keeps_its_wall_time_across_a_holiday_and_a_change_of_clocks():
    berlin = zone("Europe/Berlin")
    counselor = make_counselor(zone="Europe/Berlin")
    program = make_program(counselor=counselor, sessions=12)
    make_closure(date(2027, 3, 18))
    slots = weekly(program, first=date(2027, 2, 11), at=time(10), where=berlin)

    [held_up] = [each for each in propose(program, slots) if each.problem]
    assert (held_up.number, held_up.problem) == (6, "Tutup: Libur.")
    skipped = slots[:5] + [
        replace(slot, starts_at=start)
        for slot, start in zip(
            slots[5:],
            weekly_times(date(2027, 3, 25), time(10), pace_days=7, count=7, zone=berlin),
            strict=True,
        )
    ]
    assert not any(each.problem for each in propose(program, skipped))
    schedule(program, skipped)

    times = [meeting.starts_at for meeting in Meeting.objects.order_by("starts_at")]
    assert {moment.astimezone(berlin).time() for moment in times} == {time(10)}
    assert {moment.astimezone(UTC).hour for moment in times} == {8, 9}


def test_a_series_is_booked_whole_or_not_at_all_and_says_which_was_taken():
    program = make_program(sessions=4, status=ProgramStatus.AGREED)
    slots = weekly(program)
    make_meeting(starts_at=slots[2].starts_at, counselor=program.counselor, service=program.service)

    with pytest.raises(Taken) as refused:
        schedule(program, slots)

    assert refused.value.which == 2
    assert states(program) == ["open"] * 4
    program.refresh_from_db()
    assert program.status == ProgramStatus.AGREED
    assert not Message.objects.exists()


def test_a_series_names_the_session_in_which_the_client_is_elsewhere():
    program = make_program(sessions=4)
    slots = weekly(program)
    make_meeting(starts_at=slots[3].starts_at, clients=[member(program)])

    with pytest.raises(Taken) as refused:
        schedule(program, slots)

    assert refused.value.which == 3
    assert states(program) == ["open"] * 4


def test_sessions_may_be_given_by_several_counselors_of_the_program():
    helper = make_counselor(name="Sari")
    program = make_program(sessions=3)
    program.co_counselors.add(helper)
    slots = weekly(program)
    slots[1] = replace(slots[1], counselor=helper)

    schedule(program, slots)

    assert [m.counselor_id for m in Meeting.objects.order_by("starts_at")][1] == helper.pk
    assert CareRelationship.objects.filter(counselor=helper, client=member(program)).exists()


# --- What is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [ProgramStatus.PAUSED, ProgramStatus.CLOSED, ProgramStatus.PROPOSED])
def test_nothing_is_booked_for_a_program_that_is_not_agreed_rests_or_is_closed(status):
    program = make_program(sessions=3, status=status)

    with pytest.raises(ValidationError):
        schedule(program, weekly(program))

    assert not Meeting.objects.exists()


def test_sessions_that_need_no_time_get_none(monday_at_nine):
    program = make_program(sessions=5)
    make_attempt(program, 1, starts_at=monday_at_nine - WEEK, status=Status.ATTENDED)
    make_attempt(program, 2, starts_at=monday_at_nine, status=Status.MISSED, ended_by=Party.CLIENT)
    make_attempt(program, 3, starts_at=monday_at_nine + WEEK)
    program.sessions.filter(number=4).update(released_at=NOW)
    assert states(program) == ["done", "forfeited", "booked", "released", "open"]

    for number, code in enumerate(["done", "forfeited", "booked", "released"], start=1):
        with pytest.raises(ValidationError) as refused:
            schedule(program, [Slot(number, monday_at_nine + 5 * WEEK, program.counselor)])
        assert refused.value.code == code
    with pytest.raises(ValidationError) as refused:
        schedule(program, [Slot(6, monday_at_nine + 5 * WEEK, program.counselor)])
    assert refused.value.code == "beyond"


def test_a_session_too_near_to_another_is_refused(monday_at_nine):
    program = make_program(sessions=3, pace_days=7)
    make_attempt(program, 1, starts_at=monday_at_nine)

    for start in (monday_at_nine + 2 * DAY, monday_at_nine - 2 * DAY):
        with pytest.raises(NotAllowed) as refused:
            schedule(program, [Slot(2, start, program.counselor)])
        assert refused.value.code == "gap"
    schedule(program, [Slot(2, monday_at_nine + 3 * DAY, program.counselor)])

    assert states(program) == ["booked", "booked", "open"]


@pytest.mark.parametrize("days", [1, 13, 7 + 8])
@pytest.mark.parametrize("party", [Party.CLIENT, Party.PRACTICE])
def test_nobody_moves_a_session_too_near_to_another_or_past_it(monday_at_nine, days, party):
    program = make_program(sessions=3)
    meetings = schedule(program, weekly(program))

    with pytest.raises(NotAllowed) as refused:
        move_meeting(
            meeting=meetings[1],
            starts_at=monday_at_nine + days * DAY,
            by=member(program).user,
            now=NOW,
            party=party,
        )

    assert refused.value.code == "limits"


def test_how_far_a_session_can_move_follows_where_the_others_are_now(monday_at_nine):
    program = make_program(sessions=3)
    first, second, third = schedule(program, weekly(program))
    by, near = member(program).user, monday_at_nine + DAY

    cancel_meeting(meeting=first, by=by, now=NOW)
    move_meeting(meeting=third, starts_at=third.starts_at + WEEK, by=by, now=NOW)
    move_meeting(meeting=second, starts_at=second.starts_at + WEEK, by=by, now=NOW)

    assert Meeting.objects.get(pk=second.pk).limits() == (None, third.starts_at + WEEK - WEEK / 3)
    move_meeting(meeting=Meeting.objects.get(pk=second.pk), starts_at=near, by=by, now=NOW, party=Party.PRACTICE)
    assert Meeting.objects.get(pk=third.pk).limits() == (near + WEEK / 3, None)


def test_only_counselors_of_the_program_schedule_and_only_they_give_its_sessions(monday_at_nine):
    program, stranger = make_program(sessions=3), make_counselor(name="Sari")

    with pytest.raises(NotAllowed):
        schedule(program, weekly(program), by=stranger.user)
    with pytest.raises(ValidationError):
        schedule(program, [Slot(1, monday_at_nine, stranger)])
    with pytest.raises(ValidationError) as refused:
        schedule(program, weekly(program), mode="phone")
    assert refused.value.code == "mode"
    with pytest.raises(ValidationError):
        schedule(program, [])
    with pytest.raises(ValidationError) as refused:
        schedule(
            program, [Slot(1, monday_at_nine, program.counselor), Slot(1, monday_at_nine + WEEK, program.counselor)]
        )
    assert refused.value.code == "slots"

    assert not Meeting.objects.exists()


def test_nobody_plans_further_ahead_than_a_year(monday_at_nine):
    program = make_program(sessions=3)
    far = [Slot(1, monday_at_nine + 57 * WEEK, program.counselor)]

    with pytest.raises(NotAllowed) as refused:
        schedule(program, far)

    assert (refused.value.code, refused.value.which) == ("horizon", 0)
    assert "setahun" in propose(program, far)[0].problem
    assert not Meeting.objects.exists()


# --- One session -----------------------------------------------------------------------------------------------------


def test_a_counselor_gives_one_session_any_time_of_the_working_hours(monday_at_nine):
    program = make_program(sessions=3)
    session = program.sessions.get(number=2)
    soon = NOW + timedelta(hours=2, minutes=5)

    meeting = schedule_session(
        session=session, starts_at=soon, counselor=program.counselor, mode="video", by=program.counselor.user, now=NOW
    )

    assert (meeting.session_number, meeting.starts_at) == (2, soon)
    assert Message.objects.get().kind == "meeting.confirmed"


def test_a_client_books_the_next_session_and_no_other(monday_at_nine):
    program = make_program(sessions=4)
    user = member(program).user

    def book(number, start, now=NOW):
        session = program.sessions.get(number=number)
        return book_session(session=session, starts_at=start, mode="video", by=user, now=now)

    with pytest.raises(ValidationError) as refused:
        book(2, monday_at_nine)
    assert refused.value.code == "order"
    book(1, monday_at_nine)
    with pytest.raises(ValidationError) as refused:
        book(1, monday_at_nine + WEEK)
    assert refused.value.code == "booked"
    with pytest.raises(NotAllowed) as refused:
        book(2, monday_at_nine - 5 * DAY)
    assert refused.value.code == "order"
    book(2, monday_at_nine + WEEK)
    with pytest.raises(ValidationError) as refused:
        book(3, monday_at_nine + 2 * WEEK)
    assert refused.value.code == "ahead"
    assert states(program) == ["booked", "booked", "open", "open"]


def test_a_client_fills_a_gap_in_a_series_that_is_booked_already(monday_at_nine):
    program = make_program(sessions=6, pace_days=7)
    meetings = schedule(program, weekly(program))
    rina = member(program).user
    cancel_meeting(meeting=meetings[1], by=rina, now=NOW)

    book_session(
        session=program.sessions.get(number=2), starts_at=monday_at_nine + 4 * DAY, mode="video", by=rina, now=NOW
    )

    assert states(program) == ["booked"] * 6


def test_a_client_keeps_to_notice_horizon_and_to_their_own_program(monday_at_nine):
    counselor = make_counselor()
    program = make_program(counselor=counselor, sessions=3, service=make_session_service(notice=720))
    session, user = program.sessions.get(number=1), member(program).user

    for start, code in ((NOW + timedelta(hours=3), "notice"), (monday_at_nine + 20 * WEEK, "horizon")):
        with pytest.raises(NotAllowed) as refused:
            book_session(session=session, starts_at=start, mode="video", by=user, now=NOW)
        assert refused.value.code == code
    with pytest.raises(NotAllowed):
        book_session(session=session, starts_at=monday_at_nine, mode="video", by=make_user(Role.CLIENT), now=NOW)
    with pytest.raises(ValidationError) as refused:
        book_session(session=session, starts_at=monday_at_nine, mode="phone", by=user, now=NOW)
    assert refused.value.code == "mode"


def test_where_bookings_need_an_answer_the_clients_session_waits_for_it(monday_at_nine):
    counselor = make_counselor()
    program = make_program(counselor=counselor, service=make_session_service(approval=Approval.REQUEST))

    meeting = book_session(
        session=program.sessions.get(number=1), starts_at=monday_at_nine, mode="video", by=member(program).user, now=NOW
    )

    assert (meeting.status, states(program)[0]) == (Status.REQUESTED, "booked")


# --- What the calendar does with them --------------------------------------------------------------------------------


def test_a_session_that_the_practice_cancels_is_open_again_and_one_that_moves_stays_booked(monday_at_nine, front_desk):
    program = make_program(sessions=3)
    meetings = schedule(program, weekly(program))

    cancel_meeting(meeting=meetings[0], by=front_desk, now=NOW, party=Party.PRACTICE)
    move_meeting(
        meeting=meetings[1], starts_at=meetings[1].starts_at + DAY, by=front_desk, now=NOW, party=Party.PRACTICE
    )

    assert states(program) == ["open", "booked", "booked"]
    schedule(program, [Slot(1, monday_at_nine, program.counselor)])
    assert states(program) == ["booked"] * 3


def test_a_missed_session_that_turns_out_attended_is_done_and_what_replaced_it_is_left_over(monday_at_nine):
    program = make_program(sessions=3, missed_rule=AbsenceRule.REPLACED)
    [first] = schedule(program, [Slot(1, monday_at_nine, program.counselor)])
    by, later = program.counselor.user, monday_at_nine + DAY
    head = first.participants.get()
    record_attendance(meeting=first, by=by, now=later, heads={head.pk: "missed"})
    [second] = schedule(program, [Slot(1, monday_at_nine + WEEK, program.counselor)], now=later)

    first.refresh_from_db()
    record_attendance(meeting=first, by=by, now=later, heads={head.pk: "attended"})

    station = thread_of(program).stations[0]
    assert (station.state, station.meeting.pk) == (State.DONE, first.pk)
    assert [meeting.pk for meeting in station.left_over] == [second.pk]


def test_what_is_corrected_after_the_end_does_not_open_a_session_again(monday_at_nine):
    program = make_program(sessions=3)
    missed, by = make_attempt(program, 1, starts_at=monday_at_nine, status=Status.MISSED), program.counselor.user
    Meeting.objects.update(ended_by=Party.CLIENT)
    later = monday_at_nine + DAY
    close_program(program=program, close_reason="goals_reached", by=by, now=later)
    assert states(program) == ["forfeited", "released", "released"]

    record_attendance(meeting=missed.meeting, by=by, now=later, called_off_by=Party.COUNSELOR)

    assert states(program) == ["released"] * 3


# --- Absences --------------------------------------------------------------------------------------------------------


def test_an_absence_that_counts_is_excused_by_the_counselor_once(monday_at_nine):
    program = make_program(sessions=3)
    attempt = make_attempt(program, 1, starts_at=monday_at_nine, status=Status.MISSED, ended_by=Party.CLIENT)
    assert states(program)[0] == "forfeited"

    with pytest.raises(NotAllowed):
        excuse_absence(attempt=attempt, by=make_counselor().user, now=NOW)
    excuse_absence(attempt=attempt, by=program.counselor.user, now=NOW)

    assert states(program)[0] == "open"
    assert AuditEvent.objects.get(act="absence.excused").facts == {"session": 1}
    with pytest.raises(ValidationError):
        excuse_absence(attempt=attempt, by=program.counselor.user, now=NOW)


def test_nothing_is_excused_or_worded_once_the_program_is_closed(monday_at_nine):
    program = make_program(sessions=3, status=ProgramStatus.CLOSED)
    attempt = make_attempt(program, 1, starts_at=monday_at_nine, status=Status.MISSED, ended_by=Party.CLIENT)
    said = {"by": program.counselor.user, "now": NOW}

    with pytest.raises(ValidationError) as refused:
        excuse_absence(attempt=attempt, **said)
    assert refused.value.code == "closed"
    with pytest.raises(ValidationError) as refused:
        word_session(session=program.sessions.get(number=2), texts={}, seen="", **said)
    assert refused.value.code == "over"


def test_only_an_absence_can_be_excused(monday_at_nine):
    program = make_program(sessions=3)
    attended = make_attempt(program, 1, starts_at=monday_at_nine, status=Status.ATTENDED)
    called_off = make_attempt(
        program, 2, starts_at=monday_at_nine + WEEK, status=Status.CANCELLED, ended_by=Party.COUNSELOR
    )

    for attempt in (attended, called_off):
        with pytest.raises(ValidationError):
            excuse_absence(attempt=attempt, by=program.counselor.user, now=NOW)
    assert not Attempt.objects.exclude(excused_at=None).exists()


# --- Looking before booking ------------------------------------------------------------------------------------------


def test_the_plan_says_of_every_session_what_stands_in_its_way(monday_at_nine):
    program = make_program(sessions=9)
    slots = weekly(program)
    make_closure(date(2026, 12, 7))
    make_time_off(program.counselor, slots[2].starts_at - DAY, slots[2].starts_at + DAY)
    make_meeting(starts_at=slots[3].starts_at, counselor=program.counselor, service=program.service)
    make_meeting(starts_at=slots[4].starts_at, clients=[member(program)])
    slots[5] = replace(slots[5], starts_at=slots[5].starts_at - timedelta(hours=2))
    slots[7] = replace(slots[7], starts_at=slots[6].starts_at + DAY)
    slots[8] = replace(slots[8], starts_at=NOW - DAY)

    problems = [proposal.problem for proposal in propose(program, slots)]

    assert problems == [
        "",
        "Tutup: Libur.",
        "Ayu Pratiwi sedang tidak bertugas saat itu.",
        "Ayu Pratiwi sudah punya janji lain saat itu.",
        "Rina sudah punya janji lain saat itu.",
        "Di luar jam kerja Ayu Pratiwi.",
        "Terlalu dekat dengan sesi lain: jaraknya paling sedikit 56 jam.",
        "Terlalu dekat dengan sesi lain: jaraknya paling sedikit 56 jam.",
        "Jam ini sudah lewat. Pilih jam yang lebih akhir.",
    ]


def test_neither_somebody_elses_appointment_nor_one_that_was_called_off_stands_in_the_way(monday_at_nine):
    program = make_program(sessions=3)
    slots = weekly(program)
    make_meeting(starts_at=slots[0].starts_at, clients=[make_client(name="Sari")])
    make_meeting(
        starts_at=slots[1].starts_at, clients=[member(program)], status=Status.CANCELLED, ended_by=Party.CLIENT
    )

    assert [proposal.problem for proposal in propose(program, slots)] == ["", "", ""]


def test_the_plan_offers_what_is_free_nearby_and_who_else_is_free(monday_at_nine):
    helper = make_counselor(name="Sari")
    program = make_program(sessions=3)
    program.co_counselors.add(helper)
    slots = weekly(program)
    make_meeting(starts_at=slots[1].starts_at, counselor=program.counselor, service=program.service)

    _first, second, _third = propose(program, slots)

    assert second.others == [helper]
    assert [start - slots[1].starts_at for start in second.nearby] == [
        timedelta(minutes=90), timedelta(minutes=120), timedelta(minutes=150),
    ]  # fmt: skip
    schedule(program, [replace(slots[1], starts_at=second.nearby[0])])


def test_what_is_offered_keeps_the_order_of_the_sessions(monday_at_nine):
    program = make_program(sessions=3)
    make_attempt(program, 1, starts_at=monday_at_nine)

    [second] = propose(program, [Slot(2, monday_at_nine + DAY, program.counselor)])

    assert second.problem
    assert min(second.nearby) >= monday_at_nine + WEEK / 3


def test_the_plan_says_when_no_room_is_free(monday_at_nine):
    room = make_room()
    counselor = make_counselor(location=room.location)
    service = make_session_service(rooms=[room], modes=["in_person"])
    program = make_program(sessions=3, counselor=counselor, service=service)
    slots = weekly(program)
    make_meeting(starts_at=slots[1].starts_at, room=room)

    problems = [proposal.problem for proposal in propose(program, slots, mode="in_person")]

    assert problems == ["", "Tidak ada ruangan yang kosong saat itu.", ""]
    with pytest.raises(Taken) as refused:
        schedule(program, slots, mode="in_person")
    assert refused.value.which == 1


def test_a_plan_for_many_sessions_takes_as_many_statements_as_for_few(django_assert_num_queries):
    program = Program.objects.for_page().get(pk=make_program(sessions=30).pk)
    thread = thread_of(program)

    with django_assert_num_queries(6):
        propose_times(program, thread, weekly(program, count=30), mode="video", now=NOW)
    with django_assert_num_queries(6):
        propose_times(program, thread, weekly(program, count=2), mode="video", now=NOW)


# --- Time that passes, and words -------------------------------------------------------------------------------------


def test_a_thread_lies_still_after_twice_the_pace_without_a_time_for_the_next(monday_at_nine):
    program = make_program(sessions=3, pace_days=7)
    make_attempt(program, 1, starts_at=monday_at_nine, status=Status.ATTENDED)

    thread = thread_of(program)
    assert not is_overdue(program, thread, monday_at_nine + 14 * DAY)
    assert is_overdue(program, thread, monday_at_nine + 15 * DAY)
    make_attempt(program, 2, starts_at=monday_at_nine + 20 * DAY)
    assert not is_overdue(program, thread_of(program), monday_at_nine + 15 * DAY)


def test_a_thread_with_nothing_to_book_never_lies_still(monday_at_nine):
    late = monday_at_nine + 100 * DAY
    resting, over = make_program(sessions=3, status=ProgramStatus.PAUSED), make_program(sessions=3)
    for number in (1, 2, 3):
        make_attempt(over, number, starts_at=monday_at_nine + number * WEEK, status=Status.ATTENDED)

    for program in (resting, over):
        assert not is_overdue(program, thread_of(program), late)
        assert own_booking_problem(program, thread_of(program))


def test_what_a_session_is_for_changes_until_it_is_over(monday_at_nine):
    program = make_program(sessions=3)
    make_attempt(program, 2, starts_at=monday_at_nine, status=Status.ATTENDED)
    texts = {"aim": "Tidur", "agenda": "Catatan", "technique": "Latihan", "task": "Menulis"}

    first, second = program.sessions.order_by("number")[:2]
    before = first.mark

    word_session(session=first, texts=texts, seen=before, by=program.counselor.user, now=NOW)

    worded = program.sessions.get(number=1).mark
    assert worded != before
    with pytest.raises(ValidationError):
        word_session(session=second, texts=texts, seen=second.mark, by=program.counselor.user, now=NOW)
    with pytest.raises(NotAllowed):
        word_session(session=first, texts=texts, seen=worded, by=make_counselor().user, now=NOW)
    with pytest.raises(ValidationError) as refused:
        word_session(session=first, texts=texts, seen=before, by=program.counselor.user, now=NOW)
    assert refused.value.code == "conflict"
    assert AuditEvent.objects.get(act="session.worded").facts == {}


def test_the_mark_of_a_session_is_told_of_sealed_texts_alone():
    [opened] = read(make_program(sessions=3).sessions.filter(number=1), by=make_counselor().user, reason="a test")

    with pytest.raises(RecordError):
        _mark = opened.mark


def test_the_time_of_a_series_is_read_on_the_clocks_of_its_counselor():
    times = weekly_times(date(2026, 10, 19), time(9), pace_days=7, count=2, zone=zone("Europe/Berlin"))

    assert times == [datetime(2026, 10, 19, 7, tzinfo=UTC), datetime(2026, 10, 26, 8, tzinfo=UTC)]
