"""What a person sees first: a client their sessions, a counselor their day and what was written for it."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from appointments.models import Consultation
from practice.calendar.models import Meeting, Status
from practice.people.models import CareRelationship, Role
from practice.records.actions import destroy_key
from practice.records.models import AuditEvent
from programs.between.models import Card, Reflection, TaskReport, Topic
from programs.goals.actions import rate_goals, start_new_set
from programs.goals.models import Goal
from programs.plan.handover import Handover
from programs.plan.models import Plan, PlanStatus, Signature
from programs.plan.models import Status as ProgramStatus
from programs.reviews.models import ReviewVoice
from programs.sessions.models import Attempt
from tests.factories import (
    NOW,
    make_attempt,
    make_client,
    make_counselor,
    make_goal,
    make_location,
    make_meeting,
    make_program,
    make_room,
    make_user,
)

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
QUESTION = "Apakah saya perlu pindah kerja?"


@pytest.fixture(autouse=True)
def monday_morning(practice):
    with time_machine.travel(NOW, tick=False):
        yield


def make_consultation(*, counselor, client, starts_at, status=Status.CONFIRMED, question=QUESTION):
    meeting = make_meeting(starts_at=starts_at, counselor=counselor, clients=[client], status=status)
    return Consultation.objects.create(meeting=meeting, client=client, question=question, created_at=NOW)


def page(client, user, name, *args, **query):
    client.force_login(user)
    answer = client.get(reverse(name, args=args), query)
    return answer.status_code, answer.content.decode()


# --- A client's home -------------------------------------------------------------------------------------------------


def test_a_client_sees_the_next_session_first_then_the_others(client, rina, ayu):
    later = make_meeting(starts_at=NOW + 8 * DAY, counselor=ayu, clients=[rina])
    soon = make_meeting(starts_at=NOW + DAY, counselor=ayu, clients=[rina])
    past = make_meeting(starts_at=NOW - 7 * DAY, counselor=ayu, clients=[rina], status=Status.ATTENDED)

    status, shown = page(client, rina.user, "home")

    assert status == 200
    assert shown.index(reverse("manage", args=[soon.pk])) < shown.index(reverse("manage", args=[later.pk]))
    assert reverse("manage", args=[past.pk]) not in shown
    assert shown.count("<time") == 3


def test_a_client_sees_what_all_their_records_booked_and_nothing_of_others(client, rina, ayu):
    second = make_client(name="Rina", user=rina.user, email=rina.email)
    mine = [make_meeting(starts_at=NOW + n * DAY, counselor=ayu, clients=[who]) for n, who in ((1, rina), (2, second))]
    other = make_meeting(starts_at=NOW + 3 * DAY, counselor=ayu, clients=[make_client(name="Tono")])

    _status, shown = page(client, rina.user, "home")

    assert all(reverse("manage", args=[meeting.pk]) in shown for meeting in mine)
    assert str(other.pk) not in shown


def test_a_client_without_a_session_is_shown_how_to_book_one(client, rina):
    status, shown = page(client, rina.user, "home")

    assert status == 200
    assert f'href="{reverse("services")}"' in shown


def test_a_cancelled_session_is_listed_as_such_and_a_held_one_is_not(client, rina, ayu):
    make_meeting(starts_at=NOW + DAY, counselor=ayu, clients=[rina], status=Status.CANCELLED)
    make_meeting(starts_at=NOW + 2 * DAY, counselor=ayu, status=Status.HELD)

    _status, shown = page(client, rina.user, "home")

    assert shown.count('<span class="tag">') == 1
    assert reverse("services") in shown


def test_a_client_s_home_asks_as_often_for_many_sessions_as_for_few(client, rina, ayu, django_assert_max_num_queries):
    for n in range(1, 25):
        make_meeting(starts_at=NOW + n * DAY, counselor=ayu, clients=[rina])
        make_meeting(starts_at=NOW - n * DAY, counselor=ayu, clients=[rina], status=Status.ATTENDED)
    client.force_login(rina.user)

    with django_assert_max_num_queries(10):
        assert client.get(reverse("home")).status_code == 200
    assert client.get(reverse("home"), {"page": "2"}).status_code == 200
    assert client.get(reverse("home"), {"page": "x"}).status_code == 200


@pytest.fixture
def program(ayu, rina):
    """Rina's program: of four sessions one was held, one begins tomorrow; a review is due after the first."""
    program = make_program(counselor=ayu, clients=[rina], sessions=4, goals=2, review_after=[1])
    make_attempt(program, 1, starts_at=NOW - 7 * DAY, status=Status.ATTENDED)
    make_attempt(program, 2, starts_at=NOW + 20 * HOUR)
    return program


def share_card(program):
    session = program.sessions.get(number=1)
    return Card.objects.create(session=session, done="Napas", task="KANARI-TUGAS", shared_at=NOW, written_at=NOW)


def write_down(program, client, found, at):
    return Reflection.objects.create(program=program, client=client, found=found, written_at=at, changed_at=at)


def ask_for_successor(program):
    successor = make_counselor(name="Daeng Rahman")
    texts = {"note": "KANARI-SERAH", "reason": "Pindah kota"}
    return Handover.objects.create(
        program=program, from_counselor=program.counselor, to_counselor=successor, asked_at=NOW, **texts
    )


def offer_more(program):
    plan = program.plans.get()
    plan.pk, plan._state.adding, plan.number, plan.planned_sessions = None, True, 2, 6
    plan.status, plan.cause, plan.answered_at = PlanStatus.OFFERED, Plan.Cause.EXTENSION, None
    plan.save()
    return plan


def test_a_client_s_home_leads_to_everything_that_waits_for_them(client, program, rina):
    offer_more(program)
    asked = ask_for_successor(program)
    start_new_set(program=program, by=program.counselor.user, now=NOW)
    make_goal(program.goal_sets.get(number=2), words="Menelepon Ibu")

    _status, shown = page(client, rina.user, "home")

    waits = shown.partition("Menunggu Anda")[2]
    session = program.sessions.get(number=2).pk
    ways = [("proposal", program.pk), ("handover_answer", asked.pk), ("own_goals", program.pk)]
    ways += [("own_review", program.pk), ("topics", session)]
    for name, key in ways:
        assert f'href="{reverse(name, args=[key])}"' in waits, name


def test_a_client_s_home_is_calm_once_everything_was_answered(client, program, rina):
    asked = ask_for_successor(program)
    asked.agreed_by.add(rina)
    plan = offer_more(program)
    signed = {"signed_at": NOW, "signed_by": rina.user, "language": "id", "text_hash": plan.text_hash}
    Signature.objects.create(plan=plan, client=rina, **signed)
    ReviewVoice.objects.create(program=program, client=rina, after_session=1, helps="Tenang", written_at=NOW)
    Topic.objects.create(session=program.sessions.get(number=2), client=rina, position=1, text="Tidur", written_at=NOW)

    _status, shown = page(client, rina.user, "home")

    assert "Menunggu Anda" not in shown


def test_topics_are_asked_for_a_day_before_the_session(client, program, rina):
    topics = reverse("topics", args=[program.sessions.get(number=2).pk])
    seen = []
    for before in (25, 23, 0):
        with time_machine.travel(NOW + 20 * HOUR - before * HOUR, tick=False):
            seen.append(topics in page(client, rina.user, "home")[1])

    assert seen == [False, True, False]


def test_a_client_s_home_shows_the_task_the_goals_and_the_last_finding(client, program, rina):
    card = share_card(program)
    goal = Goal.objects.of(program).first()
    rate_goals(program=program, levels={goal.pk: 2}, occasion="session", by=rina.user, now=NOW, client=rina)
    write_down(program, rina, "KANARI-LAMA", NOW - 2 * DAY)
    write_down(program, rina, "KANARI-BARU", NOW - DAY)

    _status, before = page(client, rina.user, "home")
    TaskReport.objects.create(session=card.session, client=rina, outcome="done", reported_at=NOW)
    _status, after = page(client, rina.user, "home")

    assert "KANARI-TUGAS" in before
    assert reverse("task_report", args=[card.session_id]) in before
    assert "1 malam → <b>7 malam</b>" in before
    assert "1 malam → <span" in before
    assert "KANARI-BARU" in before
    assert "KANARI-LAMA" not in before
    assert "KANARI-TUGAS" not in after


def test_a_partner_s_home_shows_nothing_that_the_other_wrote(client, ayu, rina):
    budi = make_client(name="Budi", user=make_user(Role.CLIENT, name="Budi"))
    shared = make_program(counselor=ayu, clients=[rina, budi], goals=1)
    goal = Goal.objects.of(shared).get()
    rate_goals(program=shared, levels={goal.pk: 2}, occasion="session", by=rina.user, now=NOW, client=rina)
    write_down(shared, rina, "KANARI-TEMUAN", NOW)

    _status, shown = page(client, budi.user, "home")

    assert "KANARI-TEMUAN" not in shown
    assert "7 malam" not in shown


def test_a_client_s_home_takes_as_many_statements_for_much_as_for_little(client, ayu, rina):
    counts = []
    for more in (1, 3):
        for _each in range(more):
            program = make_program(counselor=ayu, clients=[rina], sessions=3 * more, goals=more)
            for number in range(1, more + 1):
                at = NOW - (len(counts) * 90 + Attempt.objects.count() + 1) * DAY
                make_attempt(program, number, starts_at=at, status=Status.ATTENDED)
                write_down(program, rina, "Napas", NOW - number * DAY)
            share_card(program)
        make_program(counselor=ayu, clients=[rina], status=ProgramStatus.CLOSED)
        client.force_login(rina.user)
        client.get(reverse("home"))
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse("home")).status_code == 200
        counts.append(len(queries))

    assert counts[0] == counts[1] <= 20, counts


def test_someone_without_any_role_has_an_empty_home(client, db):
    assert page(client, make_user(), "home")[0] == 200


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.CLIENT}))
def test_staff_begin_with_their_day(client, db, role):
    client.force_login(make_user(role))

    assert client.get(reverse("home")).headers["Location"] == reverse("today")


# --- A counselor's day -----------------------------------------------------------------------------------------------


def test_a_counselor_sees_today_and_the_next_seven_days(client, ayu, rina):
    budi, sari = make_client(name="Budi"), make_client(name="Sari")
    make_meeting(starts_at=NOW + HOUR, counselor=ayu, clients=[rina])
    make_meeting(starts_at=NOW + 7 * DAY, counselor=ayu, clients=[budi])
    make_meeting(starts_at=NOW + 8 * DAY, counselor=ayu, clients=[sari])
    make_meeting(starts_at=NOW + 3 * HOUR, clients=[make_client(name="Tono")])

    status, shown = page(client, ayu.user, "today")

    assert status == 200
    assert all(name in shown for name in ("Rina", "Budi"))
    assert not any(name in shown for name in ("Sari", "Tono"))


def test_the_day_is_the_one_on_the_counselor_s_clock(client):
    daeng = make_counselor(name="Daeng", zone="Asia/Makassar")
    make_meeting(
        starts_at=datetime(2026, 11, 23, 15, 30, tzinfo=UTC), counselor=daeng, clients=[make_client(name="Budi")]
    )
    make_meeting(
        starts_at=datetime(2026, 11, 23, 17, 0, tzinfo=UTC), counselor=daeng, clients=[make_client(name="Sari")]
    )

    _status, shown = page(client, daeng.user, "today")

    assert shown.index("Budi") < shown.index("<h2>") < shown.index("Sari")
    assert "23.30" in shown or "23:30" in shown


def test_what_is_cancelled_or_only_held_is_not_on_the_day(client, ayu):
    make_meeting(starts_at=NOW + HOUR, counselor=ayu, clients=[make_client(name="Budi")], status=Status.CANCELLED)
    make_meeting(starts_at=NOW + 3 * HOUR, counselor=ayu, status=Status.HELD)

    _status, shown = page(client, ayu.user, "today")

    assert "Budi" not in shown
    assert 'id="m-' not in shown


def test_free_time_between_meetings_is_on_the_list(client, ayu):
    ten, two = NOW + 2 * HOUR, NOW + 6 * HOUR
    make_meeting(starts_at=ten, counselor=ayu, clients=[make_client(name="Budi")])
    make_meeting(starts_at=two, counselor=ayu, clients=[make_client(name="Sari")])

    _status, shown = page(client, ayu.user, "today")

    text = re.sub(r"<[^>]+>", "", shown)
    order = ["09.00–10.00", "Budi", "11.10–14.00", "Sari", "15.10–17.00"]  # ten minutes of pause after each
    assert [text.index(word) for word in order] == sorted(text.index(word) for word in order)
    assert shown.count('class="gap"') == 3


def test_free_time_that_is_over_is_no_news(client, ayu):
    make_meeting(starts_at=NOW + 2 * HOUR, counselor=ayu, clients=[make_client()])

    with time_machine.travel(NOW + 4 * HOUR, tick=False):
        _status, shown = page(client, ayu.user, "today")

    assert shown.count('class="gap"') == 1


def test_in_person_names_the_room_and_by_phone_the_number(client, ayu):
    room = make_room(make_location(), name="Ruang Melati")
    make_meeting(starts_at=NOW + HOUR, counselor=ayu, room=room, clients=[make_client(name="Budi")])
    caller = make_client(name="Sari", phone="+6281234567890")
    make_meeting(starts_at=NOW + 3 * HOUR, counselor=ayu, mode="phone", clients=[caller])

    _status, shown = page(client, ayu.user, "today")

    assert "Ruang Melati" in shown
    assert 'href="tel:+6281234567890"' in shown


def test_a_session_of_a_program_says_which_it_is(client, ayu, rina):
    make_meeting(starts_at=NOW + HOUR, counselor=ayu, clients=[rina], session_number=5, session_count=12)

    assert "Sesi 5 dari 12" in page(client, ayu.user, "today")[1]


def test_the_day_takes_as_many_statements_for_many_as_for_one(client, ayu):
    counts = []
    for days in (range(1), [*range(-60, 0), *range(1, 20)]):
        for n in days:
            status = [Status.CONFIRMED, Status.ATTENDED][n % 2]
            at = NOW + n * 8 * HOUR + 2 * HOUR
            make_consultation(counselor=ayu, client=make_client(), starts_at=at, status=status)
        client.force_login(ayu.user)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse("today")).status_code == 200
        counts.append(len(queries))

    assert counts[0] == counts[1] <= 9


def test_what_is_still_to_be_written_is_listed_until_it_is(client, ayu, rina):
    budi = make_client(name="Budi")
    written = make_consultation(counselor=ayu, client=rina, starts_at=NOW - 3 * DAY, status=Status.ATTENDED)
    unknown = make_meeting(starts_at=NOW - 2 * DAY, counselor=ayu, clients=[budi])
    make_consultation(counselor=ayu, client=make_client(name="Tono"), starts_at=NOW - DAY, status=Status.MISSED)

    _status, before = page(client, ayu.user, "today")
    Consultation.objects.filter(pk=written.pk).update(recorded_at=NOW)
    Meeting.objects.filter(pk=unknown.pk).update(status=Status.ATTENDED)
    _status, after = page(client, ayu.user, "today")

    assert reverse("consultation", args=[written.pk]) in before
    assert reverse("attendance", args=[unknown.pk]) in before
    assert "Tono" not in before
    assert not any(name in after for name in ("Rina", "Budi"))


def test_a_counselor_records_who_came_from_the_list(client, ayu, rina):
    meeting = make_meeting(starts_at=NOW - HOUR / 2, counselor=ayu, clients=[rina])
    address = reverse("attendance", args=[meeting.pk])
    assert f'formaction="{address}"' in page(client, ayu.user, "today")[1]

    answer = client.post(address, {"all": "attended"})

    meeting.refresh_from_db()
    assert answer.headers["Location"] == f"{reverse('today')}#m-{meeting.pk}"
    assert meeting.status == Status.ATTENDED
    assert f'formaction="{address}"' not in page(client, ayu.user, "today")[1]


def test_a_counselor_corrects_who_came_with_a_trace(client, ayu, rina):
    meeting = make_meeting(starts_at=NOW - 2 * HOUR, counselor=ayu, clients=[rina])
    head = meeting.participants.get()
    client.force_login(ayu.user)
    address = reverse("attendance", args=[meeting.pk])
    client.post(address, {"all": "missed"})

    late = {f"head-{head.pk}": "late", "version": "1"}
    assert client.post(address, {"version": "1"}).status_code == 422
    assert client.post(address, late).headers["Location"] == reverse("today")

    head.refresh_from_db()
    assert head.attendance == "late"
    assert AuditEvent.objects.get(act="attendance.corrected").facts == {"before": "missed", "after": "late"}


def test_attendance_of_others_is_not_there(client, ayu, rina, front_desk):
    elsewhere = make_meeting(starts_at=NOW - HOUR, clients=[rina])
    as_client = make_meeting(starts_at=NOW - HOUR, clients=[make_client(user=ayu.user)])
    mine = make_meeting(starts_at=NOW - HOUR, counselor=ayu, clients=[make_client()])
    held = make_meeting(starts_at=NOW + DAY, counselor=ayu, status=Status.HELD)

    seen = [page(client, ayu.user, "attendance", each.pk)[0] for each in (elsewhere, as_client, held, mine)]

    assert seen == [404, 404, 404, 200]
    assert [page(client, user, "attendance", mine.pk)[0] for user in (front_desk, rina.user)] == [404, 404]


def test_a_counselor_without_a_profile_has_an_empty_day(client, db):
    assert page(client, make_user(Role.COUNSELOR), "today")[0] == 200


def test_others_of_the_staff_are_led_to_where_their_work_is(client, manager, front_desk):
    for user, place in ((manager, "desk"), (front_desk, "desk"), (make_user(Role.SUPERVISOR), "account")):
        client.force_login(user)
        assert client.get(reverse("today")).headers["Location"] == reverse(place)


# --- What the client wrote -------------------------------------------------------------------------------------------


def test_a_counselor_reads_what_was_written_and_that_is_written_down(client, ayu, rina):
    written = make_consultation(counselor=ayu, client=rina, starts_at=NOW + DAY)
    _status, day = page(client, ayu.user, "today")

    status, shown = page(client, ayu.user, "consultation", written.pk)

    reads = AuditEvent.objects.filter(act="consultation.read")
    assert (status, QUESTION in shown) == (200, True)
    assert reverse("consultation", args=[written.pk]) in day
    assert QUESTION not in day
    assert (reads.get().actor, reads.get().client_id) == (ayu.user.pk, rina.pk)


def test_what_was_written_is_shown_as_text_and_never_run(client, ayu, rina):
    nasty = "<script>alert(1)</script>\n\nBaris kedua {{ 7 }}"
    written = make_consultation(counselor=ayu, client=rina, starts_at=NOW + DAY, question=nasty)

    _status, shown = page(client, ayu.user, "consultation", written.pk)

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert "<script>alert" not in shown


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.COUNSELOR}))
def test_nobody_else_reads_it_in_whatever_role(client, ayu, rina, role):
    written = make_consultation(counselor=ayu, client=rina, starts_at=NOW + DAY)

    status, shown = page(client, make_user(role), "consultation", written.pk)

    assert (status, QUESTION in shown) == (404, False)
    assert not AuditEvent.objects.filter(act="consultation.read").exists()


def test_another_counselor_does_not_learn_that_it_exists(client, ayu, rina):
    written = make_consultation(counselor=ayu, client=rina, starts_at=NOW + DAY)
    other = make_counselor(name="Daeng")

    assert page(client, other.user, "consultation", written.pk)[0] == 404


def test_after_the_care_has_ended_it_is_closed(client, ayu, rina):
    written = make_consultation(counselor=ayu, client=rina, starts_at=NOW + DAY)
    Meeting.objects.filter(pk=written.meeting.pk).update(status=Status.ATTENDED)

    within = page(client, ayu.user, "consultation", written.pk)[0]
    CareRelationship.objects.filter(client=rina).update(ends_at=NOW - DAY)

    assert (within, page(client, ayu.user, "consultation", written.pk)[0]) == (200, 404)


def test_an_erased_text_is_said_to_be_erased(client, ayu, rina, manager):
    written = make_consultation(counselor=ayu, client=rina, starts_at=NOW + DAY)
    destroy_key(holder=rina, by=manager, reason="asked for it", now=NOW)

    status, shown = page(client, ayu.user, "consultation", written.pk)

    assert (status, QUESTION in shown) == (200, False)
