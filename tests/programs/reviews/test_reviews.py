"""Looking back on the way, the guided ending, and asking again some time after it."""

import re
from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from practice.calendar.actions import cancel_meeting
from practice.calendar.models import Status as MeetingStatus
from practice.catalog.models import Kind
from practice.messages.actions import deliver
from practice.messages.discretion import is_telling
from practice.messages.models import Message
from practice.people.models import CareRelationship, Consent, Role
from practice.records.actions import read
from programs.goals.models import Goal, GoalRating
from programs.plan.models import CloseReason, PlanStatus, Program, Status
from programs.reviews.actions import ENDING_TEXTS, hold_review, speak_before_review, write_ending
from programs.reviews.afterwards import (
    answer_follow_up,
    ask,
    book_follow_up,
    closed_without_follow_ups,
    plan_follow_ups,
    review_is_due,
)
from programs.reviews.models import Ending, FollowUp, Review, ReviewVoice
from programs.reviews.state import State, due_point, is_near_the_end, state_of
from programs.sessions.thread import thread_of
from tests.factories import (
    make_attempt,
    make_client,
    make_counselor,
    make_meeting,
    make_practice,
    make_program,
    make_service,
    make_user,
)

pytestmark = pytest.mark.django_db

WEEK, DAY = timedelta(days=7), timedelta(days=1)
TEXTS = dict.fromkeys(ENDING_TEXTS, "") | {"summary": "Anda tidur lebih baik.", "people": "Kakak"}


@pytest.fixture(autouse=True)
def house():
    make_practice()


@pytest.fixture
def program(rina, monday_at_nine):
    """Rina's program of six sessions with reviews after 2 and 4; two were held."""
    program = make_program(clients=[rina], goals=2)
    hold_sessions(program, 2, monday_at_nine)
    return program


def hold_sessions(program, until, monday, since=1):
    for number in range(since, until + 1):
        make_attempt(program, number, starts_at=monday + number * WEEK, status=MeetingStatus.ATTENDED)


def levels(program, level=0):
    return {goal.pk: level for goal in Goal.objects.of(program)}


def speak(program, client, now, *, helps="Latihan napas", by=None, **more):
    said = {"hinders": "", "levels": {}} | more
    return speak_before_review(program=program, helps=helps, client=client, by=by or client.user, now=now, **said)


def hold(program, now, *, by=None, **more):
    said = {"helps": "", "hinders": "", "summary": "Lanjut", "decision": "go_on", "levels": {}} | more
    return hold_review(program=program, by=by or program.counselor.user, now=now, **said)


def write(program, now, *, expected=0, share=False, given=None, by=None, **texts):
    return write_ending(
        program=program,
        texts=TEXTS | texts,
        levels=given or {},
        share=share,
        expected=expected,
        by=by or program.counselor.user,
        now=now,
    )


def refusal(act, *args, **said) -> str:
    """The code with which an action refuses."""
    with pytest.raises(ValidationError) as refused:
        act(*args, **said)
    return refused.value.error_list[0].code


# --- Before a review -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("points", "done", "held", "due"),
    [
        ([2, 4], 0, set(), None),
        ([2, 4], 1, set(), None),
        ([2, 4], 2, set(), 2),
        ([2, 4], 3, set(), 2),
        ([2, 4], 3, {2}, None),
        ([2, 4], 3, {3}, None),
        ([2, 4], 5, set(), 4),
        ([2, 4], 5, {2}, 4),
        ([], 5, set(), None),
    ],
)
def test_a_review_is_due_once_its_sessions_are_held_and_until_it_is(points, done, held, due):
    assert due_point(points, done, held) == due


@given(st.sets(st.integers(1, 20)), st.integers(0, 20), st.sets(st.integers(1, 20)))
def test_a_due_review_was_reached_and_is_not_held(points, done, held):
    due = due_point(sorted(points), done, held)

    assert due is None or (due in points and due <= done and not any(after >= due for after in held))


@pytest.mark.django_db(transaction=True)
def test_a_client_says_beforehand_what_helps_and_may_change_it(program, rina, now):
    speak(program, rina, now, levels=levels(program, 1))
    speak(program, rina, now, helps="Menulis jurnal")

    voice = read(ReviewVoice.objects.all(), by=rina.user, reason="a test")
    assert [(each.helps, each.after_session) for each in voice] == [("Menulis jurnal", 2)]
    assert set(GoalRating.objects.values_list("occasion", "client", "level")) == {("review", rina.pk, 1)}


def test_nothing_is_said_for_others_or_when_no_review_is_due_or_with_no_word(program, rina, now):
    other = make_client(user=make_user(Role.CLIENT))
    fresh = make_program(clients=[rina])
    for call in (
        lambda: speak(program, rina, now, by=other.user),
        lambda: speak(program, other, now),
        lambda: speak(fresh, rina, now),
        lambda: speak(program, rina, now, helps="  "),
        lambda: speak(program, rina, now, levels={**levels(program), **levels(make_program(goals=1))}),
    ):
        with pytest.raises(ValidationError):
            call()

    assert not ReviewVoice.objects.exists()
    assert not GoalRating.objects.exists()


def test_each_of_a_couple_speaks_for_themselves(rina, now, monday_at_nine):
    budi = make_client(name="Budi", user=make_user(Role.CLIENT))
    program = make_program(clients=[rina, budi])
    hold_sessions(program, 2, monday_at_nine)

    speak(program, rina, now, helps="Jurnal")
    speak(program, budi, now, helps="Jalan pagi")

    said = read(ReviewVoice.objects.all(), by=program.counselor.user, reason="a test")
    assert {(voice.client, voice.helps) for voice in said} == {(rina, "Jurnal"), (budi, "Jalan pagi")}


def test_a_review_is_due_by_the_plan_that_holds(program, rina, now):
    other = make_program(clients=[rina])
    for plan in (program.plans.get(), other.plans.get()):
        plan.pk, plan.number, plan.cause, plan.review_after = uuid4(), 2, "extension", [6]
        plan.status = PlanStatus.OFFERED if plan.program_id == program.pk else PlanStatus.SIGNED
        plan.save(force_insert=True)

    Review.objects.create(program=other, after_session=6, decision="go_on", held_by=rina.user, held_at=now)

    assert speak(program, rina, now).after_session == 2
    assert review_is_due(program)


# --- The review ------------------------------------------------------------------------------------------------------


def test_a_review_keeps_the_decision_and_the_counselors_view(program, now):
    review = hold(program, now, decision="extend", levels=levels(program, -1))

    assert (review.after_session, review.decision) == (2, "extend")
    assert set(GoalRating.objects.values_list("rater", "occasion", "level")) == {("counselor", "review", -1)}
    assert state_of(program).due_review(thread_of(program)) is None


@pytest.mark.parametrize("changes", [{"summary": " "}, {"decision": ""}, {"decision": "stop"}, {"helps": "x" * 4001}])
def test_a_review_without_decision_or_reason_is_refused(program, now, changes):
    with pytest.raises(ValidationError):
        hold(program, now, levels=levels(program), **changes)

    assert not Review.objects.exists()
    assert not GoalRating.objects.exists()


def test_a_review_is_held_once_after_a_session_and_not_before_the_first(program, rina, now):
    hold(program, now)

    for each in (program, make_program(clients=[rina])):
        with pytest.raises(ValidationError):
            hold(each, now)

    assert Review.objects.count() == 1


def test_a_later_review_is_another_one(program, now, monday_at_nine):
    hold(program, now)
    hold_sessions(program, 4, monday_at_nine, since=3)

    hold(program, now + DAY)

    assert list(Review.objects.order_by("held_at").values_list("after_session", flat=True)) == [2, 4]


def test_how_a_program_stands_says_nothing_of_another(program, rina, now):
    speak(program, rina, now)
    hold(program, now)
    write(program, now, share=True)
    plan_follow_ups(program=closed(rina, now), now=now)

    assert state_of(make_program(clients=[rina])) == State()


@pytest.mark.parametrize("act", [hold, write, lambda program, now: speak(program, program.members.get().client, now)])
def test_a_closed_program_is_looked_back_on_no_more(program, now, act):
    Program.objects.update(status=Status.CLOSED, closed_at=now, close_reason="other")

    assert refusal(act, program, now) == "status"


def test_reviews_are_held_and_endings_written_by_the_programs_counselors(program, rina, now):
    write(program, now)

    for by in (make_counselor().user, rina.user):
        assert refusal(hold, program, now, by=by) == "role"
        assert refusal(write, program, now, expected=1, by=by) == "role"

    assert not Review.objects.exists()
    assert Ending.objects.get().revision == 1


# --- The ending ------------------------------------------------------------------------------------------------------


def test_the_end_is_near_from_the_third_last_session_on(program, monday_at_nine):
    assert not is_near_the_end(thread_of(program))

    hold_sessions(program, 4, monday_at_nine, since=3)

    assert is_near_the_end(thread_of(program))


def test_writing_the_ending_begins_it_and_sharing_is_kept(program, now):
    write(program, now, given=levels(program, 1))
    ending = write(program, now, expected=1, share=True)
    again = write(program, now + DAY, expected=2)

    program.refresh_from_db()
    assert program.status == Status.CLOSING
    assert program.steps.get().became == Status.CLOSING
    assert (ending.shared_at, again.shared_at) == (now, now)
    assert set(GoalRating.objects.values_list("occasion", flat=True)) == {"ending"}


@pytest.mark.django_db(transaction=True)
def test_clients_are_told_once_that_their_ending_was_shared(program, rina, now):
    write(program, now)
    before = Message.objects.filter(kind="program.ending").exists()
    write(program, now, expected=1, share=True)
    write(program, now + DAY, expected=2, share=True)

    told = Message.objects.get(kind="program.ending")

    assert not before
    assert told.client == rina


def test_an_ending_reads_as_it_was_written(program, now):
    write(program, now, warning_signs="Begadang tiga malam")

    [ending] = read(Ending.objects.all(), by=program.counselor.user, reason="a test")
    assert (ending.warning_signs, ending.people, ending.summary) == (
        "Begadang tiga malam",
        "Kakak",
        "Anda tidur lebih baik.",
    )


def test_an_ending_is_not_overwritten_shared_empty_or_written_too_early(program, rina, now):
    write(program, now)

    for call in (
        lambda: write(program, now, expected=0),
        lambda: write(program, now, expected=1, share=True, summary=" "),
        lambda: write(make_program(clients=[rina]), now),
        lambda: write(make_program(clients=[rina], status=Status.CLOSED), now),
    ):
        with pytest.raises(ValidationError):
            call()

    ending = Ending.objects.get()
    assert (ending.revision, ending.shared_at) == (1, None)


def test_each_program_has_an_ending_of_its_own(program, rina, now, monday_at_nine):
    other = make_program(clients=[rina])
    hold_sessions(other, 1, monday_at_nine + DAY)
    write(other, now, share=True)

    assert write(program, now).shared_at is None
    assert Ending.objects.count() == 2


def test_an_ending_has_room_for_pages_and_no_more(program, now):
    with pytest.raises(ValidationError) as refused:
        write(program, now, people="x" * 4001)

    assert list(refused.value.message_dict) == ["people"]
    assert not Ending.objects.exists()


# --- Afterwards ------------------------------------------------------------------------------------------------------


def closed(rina, now, *, reason=CloseReason.GOALS_REACHED, **more):
    program = make_program(clients=[rina], status=Status.CLOSED, goals=1, now=now, **more)
    Program.objects.filter(pk=program.pk).update(close_reason=reason)
    CareRelationship.objects.filter(client=rina).update(is_kept_open=False, ends_at=now + 30 * DAY)
    return Program.objects.get(pk=program.pk)


def mails_of(kind):
    return Message.objects.filter(kind=kind)


def test_a_planned_end_plans_two_follow_ups_once(rina, now):
    program = closed(rina, now)

    plan_follow_ups(program=program, now=now)
    plan_follow_ups(program=program, now=now)

    assert list(FollowUp.objects.order_by("due_on").values_list("days_after", "due_on")) == [
        (30, date(2026, 12, 23)),
        (90, date(2027, 2, 21)),
    ]


@pytest.mark.parametrize(
    "reason", [each for each in CloseReason if each not in (CloseReason.GOALS_REACHED, CloseReason.PLANNED_PARTLY)]
)
def test_other_endings_are_left_in_peace(rina, now, reason):
    assert plan_follow_ups(program=closed(rina, now, reason=reason), now=now) == []


def test_a_client_is_asked_on_the_day_and_only_once(rina, now):
    closed(rina, now)

    assert ask(now=now) == 0
    assert ask(now=now + 29 * DAY) == 0
    assert ask(now=now + 30 * DAY) == 1
    assert ask(now=now + 31 * DAY) == 0
    assert ask(now=now + 90 * DAY) == 1

    assert mails_of("program.follow_up").count() == 2


def test_a_question_keeps_the_moment_at_which_it_was_asked(rina, now):
    _program, follow_up = asked(rina, now)

    ask(now=now + 31 * DAY)

    follow_up.refresh_from_db(fields=["asked_at"])
    assert follow_up.asked_at == now + 30 * DAY


def test_what_follows_is_planned_for_those_who_came_to_a_planned_end_lately(rina, now):
    lately = closed(rina, now)
    closed(rina, now, reason=CloseReason.CONTINUED)
    closed(rina, now - 30 * DAY)
    plan_follow_ups(program=closed(rina, now), now=now)
    make_program(clients=[rina])

    assert list(closed_without_follow_ups(now)) == [lately]


@pytest.mark.parametrize("status", [Status.PAUSED, Status.CLOSING, Status.CLOSED])
def test_nobody_is_invited_to_a_review_while_the_program_rests_or_ends(program, now, status):
    changed = {"status": status}
    if status == Status.PAUSED:
        changed["resume_on"] = (now + 9 * DAY).date()
    elif status == Status.CLOSED:
        changed |= {"closed_at": now, "close_reason": "other"}
    Program.objects.update(**changed)

    assert ask(now=now) == 0


def test_nobody_is_invited_before_a_review_is_due(rina, now, monday_at_nine):
    hold_sessions(make_program(clients=[rina]), 1, monday_at_nine)

    assert ask(now=now) == 0


def test_after_three_weeks_nobody_is_asked_any_more(rina, now):
    plan_follow_ups(program=closed(rina, now), now=now)

    assert ask(now=now + 52 * DAY) == 0


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_mails_are_neutral_and_lead_to_the_sign_in(program, rina, now, language):
    rina.language = language
    rina.save()
    closed(rina, now)
    ask(now=now)
    ask(now=now + 30 * DAY)

    for message in Message.objects.all():
        deliver(message.pk, now=now + 31 * DAY)

    assert len(mail.outbox) == 2
    for sent in mail.outbox:
        assert not is_telling(sent.subject)
        assert not is_telling(sent.body)
        assert re.search(r"/programs/[0-9a-f-]+/my-(review|follow-ups/30)/$", sent.body, re.MULTILINE)
        assert "program" not in re.sub(r"https?://\S+", "", sent.body).lower()


def test_clients_are_invited_to_a_review_once_and_no_longer_once_it_was_held(program, now):
    assert ask(now=now) == 1
    assert ask(now=now + DAY) == 0
    hold(program, now)

    deliver(mails_of("program.review").get().pk, now=now + DAY)

    assert mail.outbox == []


def asked(rina, now):
    program = closed(rina, now)
    plan_follow_ups(program=program, now=now)
    ask(now=now + 30 * DAY)
    return program, program.follow_ups.get(days_after=30)


def answer(follow_up, client, now, *, text="Baik", by=None, given=None):
    return answer_follow_up(
        follow_up=follow_up, how_it_is=text, levels=given or {}, client=client, by=by or client.user, now=now
    )


def test_an_answer_lets_the_counselor_read_for_thirty_days(rina, now):
    program, follow_up = asked(rina, now)
    counselor = program.counselor.user
    later = now + 40 * DAY
    care = CareRelationship.objects.current(later).filter(client=rina)
    assert not care.exists()

    answer(follow_up, rina, later, given=levels(program, 1))

    assert care.exists()
    assert not CareRelationship.objects.current(later + 31 * DAY).filter(client=rina).exists()
    assert GoalRating.objects.get().occasion == "follow_up"
    assert counselor == program.counselor.user


def test_a_follow_up_is_answered_once_when_asked_and_by_its_client(rina, now):
    program, follow_up = asked(rina, now)
    later = now + 31 * DAY
    other = make_client(user=make_user(Role.CLIENT))
    for call in (
        lambda: answer(program.follow_ups.get(days_after=90), rina, later),
        lambda: answer(follow_up, rina, later, text=" "),
        lambda: answer(follow_up, rina, later, text="x" * 4001),
        lambda: answer(follow_up, rina, later, by=other.user),
        lambda: answer(follow_up, other, later),
    ):
        with pytest.raises(ValidationError):
            call()
    assert list(FollowUp.objects.waiting()) == [follow_up]
    answer(follow_up, rina, later)
    with pytest.raises(ValidationError):
        answer(follow_up, rina, later)
    assert not FollowUp.objects.waiting().exists()


def test_each_of_a_couple_is_asked_and_answers_for_themselves(rina, now):
    budi = make_client(name="Budi", user=make_user(Role.CLIENT, name="Budi"))
    program = make_program(clients=[rina, budi], status=Status.CLOSED, goals=1, now=now)
    plan_follow_ups(program=program, now=now)

    assert ask(now=now + 30 * DAY) == 2
    assert {message.client for message in mails_of("program.follow_up")} == {rina, budi}
    hers, his = (program.follow_ups.get(days_after=30, client=client) for client in (rina, budi))
    later = now + 31 * DAY
    with pytest.raises(ValidationError):
        answer(his, rina, later)
    answer(hers, rina, later, text="Lega")
    answer(his, budi, later, text="Biasa")

    said = read(FollowUp.objects.filter(days_after=30), by=program.counselor.user, reason="test")
    assert {each.client: each.how_it_is for each in said} == {rina: "Lega", budi: "Biasa"}


def test_for_a_couple_too_one_meeting_is_booked(rina, now, monday_at_nine):
    budi = make_client(name="Budi", user=make_user(Role.CLIENT, name="Budi"))
    program = make_program(clients=[rina, budi], status=Status.CLOSED, now=now)
    plan_follow_ups(program=program, now=now)
    again = make_service(counselors=[program.counselor], kind=Kind.FOLLOW_UP, name_id="Pertemuan lanjutan")
    said = {"service": again, "mode": "video", "by": program.counselor.user, "now": now}
    hers, his = (program.follow_ups.get(days_after=30, client=client) for client in (rina, budi))

    meeting = book_follow_up(follow_up=hers, starts_at=monday_at_nine, **said)
    with pytest.raises(ValidationError):
        book_follow_up(follow_up=his, starts_at=monday_at_nine + 2 * DAY, **said)

    assert {head.client for head in meeting.participants.all()} == {rina, budi}


def test_a_meeting_after_the_end_is_of_the_counselors_own_service_and_one_for_each_time_of_asking(
    rina, now, monday_at_nine
):
    program = closed(rina, now)
    plan_follow_ups(program=program, now=now)
    soon, late = (program.follow_ups.get(days_after=days) for days in (30, 90))
    own = make_service(counselors=[program.counselor], kind=Kind.FOLLOW_UP)
    others = make_service(counselors=[make_counselor()], kind=Kind.FOLLOW_UP)
    said = {"mode": "video", "starts_at": monday_at_nine, "by": program.counselor.user, "now": now}
    assert refusal(book_follow_up, follow_up=soon, service=others, **said) == "service"

    book_follow_up(follow_up=soon, service=own, **said)

    said["starts_at"] += DAY
    assert refusal(book_follow_up, follow_up=soon, service=own, **said) == "booked"
    assert book_follow_up(follow_up=late, service=own, **said)


def test_an_answer_can_still_be_read_when_the_meeting_booked_upon_it_is_cancelled(rina, now):
    program, follow_up = asked(rina, now)
    later = now + 40 * DAY
    answer(follow_up, rina, later)
    meeting = make_meeting(starts_at=later + 7 * DAY, counselor=program.counselor, clients=[rina])

    cancel_meeting(meeting=meeting, by=rina.user, now=later + DAY)

    assert CareRelationship.objects.get(client=rina).ends_at == later + 30 * DAY


def test_a_meeting_is_booked_from_a_follow_up_once(rina, now, monday_at_nine):
    program, follow_up = asked(rina, now)
    again = make_service(counselors=[program.counselor], kind=Kind.FOLLOW_UP, name_id="Pertemuan lanjutan")
    other = make_service(counselors=[program.counselor])
    by = program.counselor.user

    def book(service):
        return book_follow_up(
            follow_up=follow_up, service=service, mode="video", starts_at=monday_at_nine, by=by, now=now
        )

    with pytest.raises(ValidationError):
        book(other)
    meeting = book(again)
    with pytest.raises(ValidationError):
        book(again)

    follow_up.refresh_from_db(fields=["meeting"])
    assert follow_up.meeting == meeting
    assert meeting.participants.get().client == rina
    assert mails_of("meeting.confirmed").count() == 1


def test_after_the_end_too_nobody_is_met_by_video_without_their_consent(rina, now, monday_at_nine):
    program, follow_up = asked(rina, now)
    service = make_service(counselors=[program.counselor], kind=Kind.FOLLOW_UP, modes=["video", "phone"])
    Consent.objects.filter(given_for=program.pk, purpose="online").update(withdrawn_at=now)
    said = {"follow_up": follow_up, "service": service, "starts_at": monday_at_nine, "by": program.counselor.user}

    assert refusal(book_follow_up, mode="video", now=now, **said) == "video"
    assert book_follow_up(mode="phone", now=now, **said).mode == "phone"


def test_the_state_of_a_program_takes_one_statement(program, rina, now, django_assert_num_queries):
    speak(program, rina, now)
    hold(program, now)
    write(program, now, share=True)

    with django_assert_num_queries(1):
        state = state_of(program)

    assert state.is_shared
    assert state.has_spoken(rina, 2)
    assert state.reviews[0].decision == "go_on"
