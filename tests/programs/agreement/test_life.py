"""The life of a program after its agreement: pauses, endings, changes, another counselor."""

from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from practice.calendar.actions import Elsewhere, cancel_meeting, move_meeting
from practice.calendar.models import Meeting, Party
from practice.calendar.models import Status as MeetingStatus
from practice.calendar.reserving import NotAllowed
from practice.catalog.models import Service
from practice.messages.models import Message
from practice.people.models import CareRelationship, Consent, Role
from practice.records.actions import read
from practice.records.models import AuditEvent
from programs.agreement.changes import offer_extension, offer_method
from programs.agreement.handovers import (
    ask_handover,
)
from programs.agreement.life import (
    ask_paused,
    begin_ending,
    call_off,
    close_program,
    coming_meetings,
    go_on,
    pause_program,
    rest_longer,
    resume_program,
)
from programs.agreement.proposals import decline_proposal, withdraw_proposal
from programs.plan.actions import begin
from programs.plan.handover import Handover
from programs.plan.models import ALLOWED_STEPS, CloseReason, Plan, PlanStatus, Program, ProgramStep, Status
from programs.reviews.models import Review
from programs.sessions.thread import thread_of
from tests.factories import (
    NOW,
    make_attempt,
    make_client,
    make_counselor,
    make_meeting,
    make_method,
    make_practice,
    make_program,
    make_user,
)
from tests.programs.agreement.steps import DAY, hand_in, sign, write_note

pytestmark = pytest.mark.django_db
MONDAY = NOW + timedelta(days=7)


@pytest.fixture
def couple(db):
    make_practice()
    return [make_client(name=name, user=make_user(Role.CLIENT, name=name)) for name in ("Rina", "Budi")]


@pytest.fixture
def program(couple):
    """A couple's program of six sessions: the first was held, the next two are booked."""
    program = make_program(clients=couple, sessions=6)
    make_attempt(program, 1, starts_at=NOW - 7 * DAY, status=MeetingStatus.ATTENDED)
    make_attempt(program, 2, starts_at=MONDAY)
    make_attempt(program, 3, starts_at=MONDAY + 28 * DAY)
    return program


def kept(program):
    return Program.objects.get(pk=program.pk)


def by(program):
    return {"by": program.counselor.user, "now": NOW}


def pause(program, **fields):
    said = {"resume_on": (NOW + 21 * DAY).date(), "keep_meetings": True, "reason": "KANARI-JEDA"}
    return pause_program(program=program, **said | by(program) | fields)


def meetings(program):
    return dict(program.sessions.values_list("number", "attempts__meeting__status"))


# --- Steps -----------------------------------------------------------------------------------------------------------

STEPS = {
    Status.ACTIVE: lambda program: begin(program=program, **by(program)),
    Status.PAUSED: pause,
    Status.CLOSING: lambda program: begin_ending(program=program, **by(program)),
    Status.CLOSED: lambda program: close_program(
        program=program, close_reason="other" if program.agreed_at else "not_begun", **by(program)
    ),
}


@pytest.mark.parametrize("was", Status)
@pytest.mark.parametrize("wanted", STEPS)
def test_a_program_takes_only_steps_that_the_table_allows(couple, was, wanted):
    program = make_program(clients=couple, status=was)
    unchanged = wanted == Status.ACTIVE and was in (Status.ACTIVE, Status.CLOSING)
    is_resumed = wanted == Status.ACTIVE and was == Status.PAUSED

    if unchanged:
        STEPS[wanted](program)
        assert kept(program).status == was
    elif wanted in ALLOWED_STEPS[was] and not is_resumed:
        STEPS[wanted](program)
        step = ProgramStep.objects.get(program=program)
        assert (step.was, step.became, step.by, step.at) == (was, wanted, program.counselor.user, NOW)
    else:
        with pytest.raises(ValidationError):
            STEPS[wanted](program)
        assert kept(program).status == was
        assert not ProgramStep.objects.exists()


def test_a_step_is_never_changed(program):
    pause(program)

    with pytest.raises(Exception, match="Cannot update"):
        ProgramStep.objects.update(at=NOW + DAY)


# --- Pauses ----------------------------------------------------------------------------------------------------------


def test_a_pause_keeps_booked_sessions_if_asked_to(program):
    pause(program)

    assert (kept(program).status, kept(program).resume_on) == (Status.PAUSED, (NOW + 21 * DAY).date())
    assert meetings(program)[2] == MeetingStatus.CONFIRMED
    step = read(ProgramStep.objects.all(), by=program.counselor.user, reason="a test")[0]
    assert step.reason == "KANARI-JEDA"


def test_a_pause_calls_off_what_lies_in_it_and_nothing_after_it(program, couple):
    pause(program, keep_meetings=False)

    assert meetings(program)[2] == MeetingStatus.CANCELLED
    assert meetings(program)[3] == MeetingStatus.CONFIRMED
    meeting = program.sessions.get(number=2).attempts.get().meeting
    assert (meeting.ended_by, meeting.is_late) == (Party.PRACTICE, False)
    told = Message.objects.filter(kind="meeting.cancelled").values_list("client", flat=True)
    assert set(told) == {client.pk for client in couple}
    assert thread_of(program).open == 5


def test_a_pause_calls_off_by_the_clock_of_the_counselor_wherever_it_is_written(couple):
    program = make_program(counselor=make_counselor(zone="Europe/Berlin"), clients=couple, sessions=6)
    evening_before, day_itself = datetime(2026, 12, 13, 21, 30, tzinfo=UTC), datetime(2026, 12, 13, 23, 0, tzinfo=UTC)
    make_attempt(program, 1, starts_at=evening_before)
    make_attempt(program, 2, starts_at=day_itself)

    with timezone.override("Asia/Jakarta"):
        pause(program, keep_meetings=False, resume_on=date(2026, 12, 14))

    assert meetings(program)[1] == MeetingStatus.CANCELLED
    assert meetings(program)[2] == MeetingStatus.CONFIRMED


@pytest.mark.parametrize("booked", [True, False])
def test_clients_hear_of_a_pause_by_what_is_called_off_or_by_a_mail_of_its_own(program, couple, booked):
    if not booked:
        call_off(coming_meetings(program, NOW), **by(program))
        Message.objects.all().delete()

    pause(program, keep_meetings=False)

    told = Message.objects.values_list("kind", flat=True)
    assert set(told) == {"meeting.cancelled" if booked else "program.rests"}
    assert set(told.values_list("client", flat=True)) == {client.pk for client in couple}


@pytest.mark.parametrize("booked", [True, False])
def test_clients_hear_of_the_end_by_what_is_called_off_or_by_a_mail_of_its_own(program, couple, booked):
    if not booked:
        call_off(coming_meetings(program, NOW), **by(program))
        Message.objects.all().delete()

    close_program(program=program, close_reason="goals_reached", **by(program))

    told = Message.objects.values_list("kind", flat=True)
    assert set(told) == {"meeting.cancelled" if booked else "program.closed"}
    assert set(told.values_list("client", flat=True)) == {client.pk for client in couple}


def test_clients_hear_nothing_of_a_draft_that_is_laid_aside(couple):
    draft = make_program(clients=couple, status=Status.DRAFT)

    close_program(program=draft, close_reason="not_begun", **by(draft))

    assert not Message.objects.exists()


@pytest.mark.parametrize("days", [-1, 0, 181])
def test_a_pause_ends_on_a_day_that_makes_sense(program, days):
    with pytest.raises(ValidationError) as refusal:
        pause(program, resume_on=(NOW + days * DAY).date())

    assert list(refusal.value.message_dict) == ["resume_on"]
    assert kept(program).status == Status.ACTIVE


def test_a_paused_program_goes_on_again(program):
    pause(program)

    resume_program(program=program, **by(program))

    assert (kept(program).status, kept(program).resume_on) == (Status.ACTIVE, None)
    with pytest.raises(ValidationError):
        resume_program(program=program, **by(program))


def test_a_client_who_goes_on_tells_the_counselor_by_it(program, couple):
    pause(program)

    resume_program(program=program, by=couple[0].user, now=NOW)

    assert Message.objects.get(kind="program.response").user == program.counselor.user


def test_those_who_rest_are_asked_every_14_days_and_the_counselor_is_told_after_90(program, couple):
    pause(program, resume_on=(NOW + 170 * DAY).date())

    asked = {day for day in range(1, 100) if ask_paused(now=NOW + day * DAY)}

    assert asked == {14, 28, 42, 56, 70, 84, 98}
    assert Message.objects.filter(kind="program.pause").count() == 7 * 2
    assert Message.objects.filter(kind="program.long_pause").count() == 1


def test_who_needs_more_time_is_asked_14_days_later(program, couple):
    pause(program)

    rest_longer(
        program=program, resume_on=(NOW + 60 * DAY).date(), keep_meetings=False, by=couple[0].user, now=NOW + 10 * DAY
    )

    assert not ask_paused(now=NOW + 14 * DAY)
    assert ask_paused(now=NOW + 24 * DAY)
    with pytest.raises(ValidationError):
        rest_longer(program=program, resume_on=NOW.date(), keep_meetings=False, by=couple[0].user, now=NOW)


def longer(program, *, days=60, **fields):
    said = {"resume_on": (NOW + days * DAY).date(), "keep_meetings": False} | by(program) | fields
    return rest_longer(program=program, **said)


def test_who_needs_more_time_pays_for_no_session_that_they_rest_through(program, couple):
    pause(program)

    longer(program, days=30, by=couple[0].user)

    assert meetings(program)[2] == MeetingStatus.CANCELLED
    assert meetings(program)[3] == MeetingStatus.CONFIRMED
    meeting = program.sessions.get(number=2).attempts.get().meeting
    assert (meeting.ended_by, meeting.is_late) == (Party.PRACTICE, False)
    told = Message.objects.filter(kind="meeting.cancelled").values_list("client", flat=True)
    assert set(told) == {client.pk for client in couple}
    assert (thread_of(program).open, thread_of(program).forfeited) == (5, 0)
    assert Message.objects.get(kind="program.response").user == program.counselor.user
    assert AuditEvent.objects.get(act="program.rests_longer").facts["called_off"] == 1


def test_a_counselor_who_lets_it_rest_longer_keeps_what_is_booked_or_calls_it_off(program):
    pause(program)

    longer(program, keep_meetings=True)
    assert (meetings(program)[2], meetings(program)[3]) == (MeetingStatus.CONFIRMED, MeetingStatus.CONFIRMED)

    longer(program, keep_meetings=False)
    assert (meetings(program)[2], meetings(program)[3]) == (MeetingStatus.CANCELLED, MeetingStatus.CANCELLED)


def test_the_day_to_go_on_begins_on_the_clock_of_the_counselor(couple):
    program = make_program(clients=couple, sessions=3, counselor=make_counselor(zone="Asia/Jayapura"))
    midnight = (NOW + 21 * DAY).replace(hour=0) - timedelta(hours=9)  # nine hours ahead
    make_attempt(program, 1, starts_at=midnight - timedelta(hours=2))
    make_attempt(program, 2, starts_at=midnight)

    pause(program, keep_meetings=False)

    assert (meetings(program)[1], meetings(program)[2]) == (MeetingStatus.CANCELLED, MeetingStatus.CONFIRMED)


@pytest.mark.parametrize("party", [Party.CLIENT, Party.PRACTICE])
def test_nobody_moves_a_session_to_before_the_day_to_go_on(program, couple, party):
    pause(program)
    person = couple[0].user if party == Party.CLIENT else make_user(Role.FRONT_DESK)

    def move(number, starts_at):
        meeting = program.sessions.get(number=number).attempts.get().meeting
        return move_meeting(meeting=meeting, starts_at=starts_at, by=person, now=NOW, party=party)

    for number, days in ((2, 8), (3, 14)):
        with pytest.raises(NotAllowed) as refused:
            move(number, NOW + days * DAY + timedelta(hours=1))
        assert refused.value.code == "rests"
        assert "14 Desember" in refused.value.messages[0]
    move(2, NOW + 22 * DAY + timedelta(hours=1))

    resume_program(program=program, **by(program))
    move(2, NOW + 8 * DAY + timedelta(hours=1))


def test_what_was_kept_in_a_pause_changes_its_place_without_changing_its_time(program):
    Service.objects.update(modes=["video", "phone"])
    pause(program)
    meeting = program.sessions.get(number=2).attempts.get().meeting

    move_meeting(
        meeting=meeting,
        starts_at=meeting.starts_at,
        by=make_user(Role.FRONT_DESK),
        now=NOW,
        party=Party.PRACTICE,
        elsewhere=Elsewhere(mode="phone", outside_hours="agreed"),
    )

    assert Meeting.objects.get(pk=meeting.pk).mode == "phone"


@pytest.mark.parametrize("act", [resume_program, begin_ending, partial(close_program, close_reason="other")])
def test_nothing_rests_when_the_pause_is_over(program, act):
    pause(program)
    assert Meeting.objects.filter(rests_until=kept(program).resume_on).count() == 2

    act(program=program, **by(program))

    assert not Meeting.objects.exclude(rests_until=None).exists()


# --- Endings ---------------------------------------------------------------------------------------------------------


def test_closing_calls_off_releases_and_lets_care_end_in_30_days(program, couple):
    hand_in(write_note(program))
    close_program(program=program, close_reason=CloseReason.GOALS_REACHED, reason="KANARI", **by(program))

    closed = kept(program)
    assert (closed.status, closed.close_reason, closed.closed_at) == (Status.CLOSED, "goals_reached", NOW)
    assert closed.ended_as_planned
    assert meetings(program)[2] == meetings(program)[3] == MeetingStatus.CANCELLED
    thread = thread_of(program)
    assert (thread.done, thread.released, thread.open, len(thread)) == (1, 5, 0, 6)
    for care in CareRelationship.objects.filter(counselor=program.counselor):
        assert not care.is_kept_open
        assert care.ends_at == NOW + 30 * DAY


def test_a_meeting_cancelled_after_the_end_leaves_the_care_of_the_closing(program, couple):
    consultation = make_meeting(starts_at=MONDAY + 7 * DAY, counselor=program.counselor, clients=couple)
    close_program(program=program, close_reason="other", **by(program))

    cancel_meeting(meeting=consultation, by=None, now=NOW)

    assert {care.ends_at for care in CareRelationship.objects.all()} == {NOW + 30 * DAY}


def test_care_stays_open_for_another_program_with_the_same_counselor(program, couple):
    hand_in(write_note(program))
    other = make_program(counselor=program.counselor, clients=couple[:1], service=program.service)

    close_program(program=program, close_reason="other", **by(program))

    open_for = CareRelationship.objects.filter(is_kept_open=True).values_list("client", flat=True)
    assert list(open_for) == [couple[0].pk]
    close_program(program=other, close_reason="other", **by(program))
    assert not CareRelationship.objects.filter(is_kept_open=True).exists()


@pytest.mark.parametrize("reason", CloseReason)
@pytest.mark.parametrize("status", [Status.DRAFT, Status.PROPOSED, Status.ACTIVE])
def test_a_close_reason_fits_where_the_program_stands(couple, status, reason):
    program = make_program(clients=couple, status=status)
    fits = (reason == CloseReason.NOT_BEGUN) == (status != Status.ACTIVE)

    if fits:
        assert close_program(program=program, close_reason=reason, **by(program)).status == Status.CLOSED
        assert not program.plans.filter(status=PlanStatus.OFFERED).exists()
    else:
        with pytest.raises(ValidationError):
            close_program(program=program, close_reason=reason, **by(program))


def test_an_ending_that_had_begun_can_be_left_again(program):
    begin_ending(program=program, **by(program))

    go_on(program=program, reason="Belum siap", **by(program))

    assert kept(program).status == Status.ACTIVE
    with pytest.raises(ValidationError):
        go_on(program=program, **by(program))


def handover(program, to=None, **fields):
    if to is None:
        to = make_counselor(name="Daeng")
        program.service.counselors.add(to)
    said = {"note": "KANARI-CATATAN", "reason": "KANARI-SEBAB"} | by(program) | fields
    return ask_handover(program=program, to_counselor=to, **said)


def test_closing_takes_back_what_was_still_asked(program, couple):
    asked = handover(program)

    close_program(program=program, close_reason="client_told", **by(program))

    asked.refresh_from_db()
    assert asked.answer == Handover.Answer.WITHDRAWN


# --- More sessions, another method -----------------------------------------------------------------------------------


def review(program, decision="extend", *, at=NOW):
    return Review.objects.create(
        program=program, after_session=2, decision=decision, held_by=program.counselor.user, held_at=at
    )


def extend(program, added=3, **fields):
    return offer_extension(program=program, added=added, **{"reason": "KANARI-SEBAB"} | by(program) | fields)


def test_an_extension_is_signed_by_everybody_before_it_holds(program, couple):
    review(program)

    plan = extend(program)
    sign(plan, couple[0])
    assert len(thread_of(program)) == 6
    sign(plan, couple[1])

    thread = thread_of(program)
    assert (len(thread), thread.plan.pk, thread.plan.cause) == (9, plan.pk, "extension")
    assert kept(program).status == Status.ACTIVE
    assert [station.session.plan_id == plan.pk for station in thread.stations] == [False] * 6 + [True] * 3
    meeting = program.sessions.get(number=2).attempts.get().meeting
    assert (meeting.session_number, meeting.session_count) == (2, 9)
    assert plan.review_after == [2, 4, 8]


def test_a_change_that_is_signed_or_declined_asks_for_no_consent_and_ends_none(program, couple):
    held = set(Consent.objects.filter(withdrawn_at=None))
    review(program)
    plan = extend(program)
    sign(plan, couple[0])

    decline_proposal(plan=plan, client=couple[1], reason="", by=couple[1].user, now=NOW)

    assert held
    assert set(Consent.objects.filter(withdrawn_at=None)) == held


@pytest.mark.parametrize("added", [0, -1, 4, 1000])
def test_an_extension_adds_at_most_half_as_many_again(program, added):
    review(program)

    with pytest.raises(ValidationError) as refusal:
        extend(program, added)

    assert list(refusal.value.message_dict) == ["added"]
    assert Plan.objects.count() == 1


def test_an_extension_needs_a_review_that_decided_so_since_the_last_signature(program, couple):
    review(program, "go_on")
    review(program, at=NOW - DAY)

    with pytest.raises(ValidationError) as refusal:
        extend(program)

    assert refusal.value.code == "review"


def test_an_extension_that_was_decided_on_is_still_offered_after_another_method(program, couple):
    review(program, at=NOW + 1 * DAY)
    change = offer_method(program=program, method=make_method(), reason="x", **by(program) | {"now": NOW + 2 * DAY})
    for client in couple:
        sign(change, client, now=NOW + 3 * DAY)

    plan = extend(program, now=NOW + 4 * DAY)
    for client in couple:
        sign(plan, client, now=NOW + 5 * DAY)

    assert (kept(program).plans.count(), len(thread_of(program))) == (3, 9)


def test_a_further_extension_needs_a_review_after_the_last_one(program, couple):
    review(program, at=NOW + 1 * DAY)
    plan = extend(program, now=NOW + 2 * DAY)
    for client in couple:
        sign(plan, client, now=NOW + 3 * DAY)
    change = offer_method(program=program, method=make_method(), reason="x", **by(program) | {"now": NOW + 4 * DAY})
    for client in couple:
        sign(change, client, now=NOW + 5 * DAY)

    with pytest.raises(ValidationError) as refusal:
        extend(program, now=NOW + 6 * DAY)
    assert refusal.value.code == "review"

    review(program, at=NOW + 6 * DAY)
    assert extend(program, now=NOW + 6 * DAY).cause == "extension"


def test_an_extension_without_a_reason_is_refused(program):
    review(program)

    with pytest.raises(ValidationError) as refusal:
        extend(program, reason="  ")

    assert list(refusal.value.message_dict) == ["reason"]


def test_one_change_is_on_offer_at_a_time(program):
    review(program)
    plan = extend(program)

    with pytest.raises(ValidationError) as refusal:
        extend(program)
    assert refusal.value.code == "offered"

    withdraw_proposal(plan=plan, **by(program))
    assert extend(program).number == 3
    assert kept(program).status == Status.ACTIVE


def test_a_resting_program_is_not_extended(program):
    review(program)
    pause(program)

    with pytest.raises(ValidationError) as refusal:
        extend(program)

    assert refusal.value.code == "status"


def test_another_method_is_a_version_that_everybody_signs(program, couple):
    method = make_method(name_id="Terapi penerimaan")

    plan = offer_method(program=program, method=method, reason="KANARI-SEBAB", **by(program))
    for client in couple:
        sign(plan, client)

    thread = thread_of(program)
    assert (thread.plan.method, thread.plan.cause, len(thread)) == (method, "method", 6)


def test_the_same_method_or_a_retired_one_is_no_change(program):
    for method in (program.plans.get().method, make_method(is_in_use=False)):
        with pytest.raises(ValidationError) as refusal:
            offer_method(program=program, method=method, reason="x", **by(program))
        assert list(refusal.value.message_dict) == ["method"]
