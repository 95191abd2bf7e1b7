"""The pages about sessions, as counselors and clients use them."""

import re
from datetime import date, timedelta

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from practice.calendar import locks
from practice.calendar.models import Meeting, Party, Status
from practice.catalog.models import Service
from practice.messages.actions import deliver
from practice.messages.models import Message
from practice.people.models import Client, Role, User
from programs.plan.models import Status as ProgramStatus
from programs.sessions.actions import book_session
from programs.sessions.models import Attempt
from programs.sessions.thread import thread_of
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
    make_supervision,
    make_user,
)
from tests.meanwhile import busy

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)


@pytest.fixture(autouse=True)
def clock(db):
    make_practice()
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def program():
    return make_program(clients=[make_client(name="Rina", user=make_user(Role.CLIENT, name="Rina"))], sessions=4)


def enter(client, person):
    client.force_login(getattr(person, "user", person))
    return client


def member(program):
    return program.members.get().client


def of(name, program, number):
    return reverse(name, args=[program.sessions.get(number=number).pk])


def stamp(moment):
    return f"{moment:%Y-%m-%dT%H:%MZ}"


def states(program):
    return [str(station.state) for station in thread_of(program).stations]


# --- Counselors: the series ------------------------------------------------------------------------------------------


def test_a_series_is_looked_at_before_it_is_booked(client, program, monday_at_nine):
    make_closure(date(2026, 12, 7))
    enter(client, program.counselor)
    where = reverse("schedule_remaining", args=[program.pk])
    assert "4" in client.get(where).content.decode()

    plan = client.get(where, {"first": "2026-11-30", "at": "09.00", "count": "4", "mode": ""})

    assert plan.status_code == 200
    assert [bool(proposal.problem) for proposal in plan.context["proposals"]] == [False, True, False, False]
    assert "Tutup: Libur." in plan.content.decode()
    assert not Meeting.objects.exists()

    chosen = {f"at_{n}": stamp(monday_at_nine + (n - 1) * WEEK) for n in range(1, 5)} | {"mode": "video"}
    refused = client.post(where, chosen | {"do": "book"})
    assert refused.status_code == 422
    assert not Meeting.objects.exists()

    skipped = client.post(where, chosen | {"do": "skip-2"})
    assert skipped.status_code == 200
    starts = [proposal.starts_at for proposal in skipped.context["proposals"]]
    assert starts == [monday_at_nine + n * WEEK for n in (0, 2, 3, 4)]
    assert not skipped.context["troubled"]

    done = client.post(
        where, {f"at_{n}": stamp(at) for n, at in enumerate(starts, 1)} | {"mode": "video", "do": "book"}
    )
    assert done.status_code == 302
    assert states(program) == ["booked"] * 4


@pytest.mark.parametrize("count", [2, 4])
def test_a_series_that_is_pressed_twice_is_answered_as_the_first_time(client, program, monday_at_nine, count):
    where = reverse("schedule_remaining", args=[program.pk])
    times = {f"at_{n + 1}": stamp(monday_at_nine + n * WEEK) for n in range(count)} | {"mode": "video"}
    enter(client, program.counselor)

    answers = [client.post(where, times | {"do": "book"}, follow=True) for _press in range(2)]

    for answer in answers:
        assert answer.redirect_chain == [(reverse("program", args=[program.pk]), 302)]
        assert f"{count} sesi sudah dipesan" in answer.text
    assert Meeting.objects.count() == count
    other = client.post(where, times | {"do": "book", "at_1": stamp(monday_at_nine + DAY)}, follow=True)
    assert f"{count} sesi sudah dipesan" not in other.text


def test_another_time_or_counselor_or_leaving_out_fixes_a_conflict(client, program, monday_at_nine):
    helper = make_counselor(name="Sari")
    program.co_counselors.add(helper)
    make_meeting(starts_at=monday_at_nine + WEEK, counselor=program.counselor, service=program.service)
    enter(client, program.counselor)
    where = reverse("schedule_remaining", args=[program.pk])
    chosen = {f"at_{n}": stamp(monday_at_nine + (n - 1) * WEEK) for n in range(1, 5)} | {"mode": "video"}

    first = client.post(where, chosen | {"do": "check"})
    [troubled] = first.context["troubled"]
    assert (troubled.number, troubled.others) == (2, [helper])
    assert stamp(troubled.nearby[0]) in first.content.decode()

    assert not client.post(where, chosen | {"with_2": helper.slug, "do": "check"}).context["troubled"]
    assert not client.post(where, chosen | {"at_2": stamp(troubled.nearby[0]), "do": "check"}).context["troubled"]
    left_out = client.post(where, chosen | {"do": "leave-2"}).context["proposals"]
    assert [proposal.number for proposal in left_out] == [1, 3, 4]

    client.post(where, chosen | {"with_2": helper.slug, "do": "book"})
    assert Meeting.objects.get(session_number=2).counselor == helper


@pytest.mark.parametrize(
    "said",
    [
        {"first": "2026-11-30", "at": "09.00", "count": "0"},
        {"first": "2026-11-30", "at": "09.00", "count": "5"},
        {"first": "2026-11-30", "at": "09.00", "count": "-3"},
        {"first": "2026-11-30", "at": "24.00", "count": "4"},
        {"first": "2026-11-30", "at": "9.03", "count": "4"},
        {"first": "soon", "at": "09.00", "count": "4"},
        {"first": "", "at": "", "count": ""},
    ],
)
def test_a_bad_start_of_a_series_is_explained(client, program, said):
    answer = enter(client, program.counselor).get(reverse("schedule_remaining", args=[program.pk]), said)

    assert answer.status_code == 422
    assert answer.context["form"].errors


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"at_1": "soon", "mode": "video"},
        {"at_1": "2026-11-30T02:00Z", "mode": "smoke"},
        {"at_1": "2026-11-30T02:00Z", "mode": "video", "with_1": "nobody"},
        {"at_9": "2026-11-30T02:00Z", "mode": "video"},
    ],
)
def test_what_no_page_sends_leads_back_to_the_beginning(client, program, said):
    where = reverse("schedule_remaining", args=[program.pk])

    answer = enter(client, program.counselor).post(where, said | {"do": "book"})

    assert (answer.status_code, answer.url) == (302, where)
    assert not Meeting.objects.exists()


@pytest.mark.parametrize("status", [ProgramStatus.PAUSED, ProgramStatus.CLOSED, ProgramStatus.PROPOSED])
def test_a_program_that_rests_is_not_scheduled(client, status):
    program = make_program(status=status)

    answer = enter(client, program.counselor).get(reverse("schedule_remaining", args=[program.pk]))

    assert (answer.status_code, answer.url) == (302, reverse("program", args=[program.pk]))


# --- Counselors: one session -----------------------------------------------------------------------------------------


def test_one_session_gets_a_time_from_the_list(client, program, monday_at_nine):
    enter(client, program.counselor)
    where = of("session_schedule", program, 2)
    page = client.get(where, {"from": "2026-11-30"})
    assert stamp(monday_at_nine) in page.content.decode()

    answer = client.post(where, {"start": stamp(monday_at_nine), "mode": "video", "counselor": program.counselor.slug})

    assert (answer.status_code, answer.url) == (302, of("session", program, 2))
    assert states(program) == ["open", "booked", "open", "open"]
    assert client.get(where).status_code == 302


@pytest.mark.parametrize(
    ("who", "title"), [("counselor", "Beri waktu"), ("client", "Waktu untuk sesi 1"), ("mover", "Ganti jadwal")]
)
def test_another_week_keeps_the_title_of_its_page(client, program, monday_at_nine, who, title):
    person, where = {
        "counselor": lambda: (program.counselor, of("session_schedule", program, 2)),
        "client": lambda: (member(program), reverse("own_booking", args=[program.pk])),
        "mover": lambda: (
            member(program),
            reverse("manage_move", args=[make_attempt(program, 1, starts_at=monday_at_nine).meeting_id]),
        ),
    }[who]()
    enter(client, person)

    whole, week = client.get(where), client.get(where, {"from": "2026-12-07"}, headers={"HX-Request": "true"})

    found = [re.search(r"<title>(.*?) · ", answer.content.decode())[1] for answer in (whole, week)]
    assert found == [title, title]


def test_one_session_whose_button_is_pressed_twice_is_answered_twice(client, program, monday_at_nine):
    enter(client, program.counselor)
    time = {"start": stamp(monday_at_nine), "mode": "video", "counselor": program.counselor.slug}

    answers = [client.post(of("session_schedule", program, 2), time, follow=True) for _time in range(2)]

    assert Meeting.objects.count() == 1
    assert all("1 sesi sudah dipesan" in answer.content.decode() for answer in answers)
    other = client.post(of("session_schedule", program, 2), time | {"start": stamp(monday_at_nine + HOUR)})
    assert other.status_code == 422


def test_a_client_reads_that_a_request_costs_nothing_until_it_is_confirmed(client, program, monday_at_nine):
    Service.objects.filter(pk=program.service_id).update(approval="request")
    enter(client, member(program))

    page = client.get(
        reverse("own_booking", args=[program.pk]), {"check": "1", "start": stamp(monday_at_nine), "mode": "video"}
    )

    assert page.context["is_request"]
    assert "Selama belum kami konfirmasi, Anda bisa menariknya tanpa biaya." in page.content.decode()


def test_a_time_that_was_taken_meanwhile_is_said_so(client, program, monday_at_nine):
    make_meeting(starts_at=monday_at_nine, counselor=program.counselor, service=program.service)

    answer = enter(client, program.counselor).post(
        of("session_schedule", program, 2), {"start": stamp(monday_at_nine), "mode": "video"}
    )

    assert answer.status_code == 409
    assert enter(client, program.counselor).post(of("session_schedule", program, 2), {}).status_code == 422


@pytest.mark.django_db(transaction=True)
def test_while_many_book_everybody_hears_when_to_try_again(client, program, monday_at_nine, monkeypatch):
    monkeypatch.setattr(locks, "PATIENCE", "100ms")
    time = {"start": stamp(monday_at_nine), "mode": "video"}
    starts = {f"at_{n}": stamp(monday_at_nine + (n - 1) * WEEK) for n in range(1, 5)}
    own = {"session": str(program.sessions.get(number=1).pk)} | time

    with busy(program.counselor):
        enter(client, program.counselor)
        one = client.post(of("session_schedule", program, 2), time)
        all_of_them = client.post(
            reverse("schedule_remaining", args=[program.pk]), starts | {"mode": "video", "do": "book"}
        )
        enter(client, member(program))
        next_one = client.post(reverse("own_booking", args=[program.pk]), own)

    for answer in (one, all_of_them, next_one):
        assert (answer.status_code, answer.get("Retry-After")) == (503, "2")
    assert not Meeting.objects.exists()


def test_the_list_of_times_leaves_out_what_the_client_cannot_and_what_is_too_near(client, program, monday_at_nine):
    make_attempt(program, 1, starts_at=monday_at_nine)
    make_meeting(starts_at=monday_at_nine + 3 * DAY, clients=[member(program)])

    page = enter(client, program.counselor).get(of("session_schedule", program, 2), {"from": "2026-11-30"})

    shown = [time.value for day in page.context["week"].days for time in day.times]
    assert shown[0] == stamp(monday_at_nine + 3 * DAY + HOUR)
    assert all(value >= stamp(monday_at_nine + 56 * HOUR) for value in shown)


def test_a_session_page_shows_what_it_is_for_and_what_came_of_it(client, program, monday_at_nine):
    attempt = make_attempt(program, 1, starts_at=monday_at_nine, status=Status.MISSED, ended_by=Party.CLIENT)
    enter(client, program.counselor)

    page = client.get(of("session", program, 1)).content.decode()
    assert "Langkah 1" in page
    assert reverse("absence_excuse", args=[attempt.pk]) in page

    answer = client.post(reverse("absence_excuse", args=[attempt.pk]))
    assert answer.status_code == 302
    assert Attempt.objects.get().excused_at == NOW
    assert reverse("absence_excuse", args=[attempt.pk]) not in client.get(of("session", program, 1)).content.decode()


def test_an_outline_is_changed_until_the_session_is_over(client, program, monday_at_nine):
    enter(client, program.counselor)
    make_attempt(program, 2, starts_at=monday_at_nine, status=Status.ATTENDED)
    said = {"aim": "KANARI-TUJUAN", "agenda": "", "technique": "", "task": ""}
    said["seen"] = program.sessions.get(number=1).mark

    assert client.post(of("session_edit", program, 1), said).status_code == 302
    assert "KANARI-TUJUAN" in client.get(of("session", program, 1)).content.decode()
    assert client.post(of("session_edit", program, 2), said).status_code == 422
    assert client.post(of("session_edit", program, 1), said | {"aim": "x" * 2001}).status_code == 422


def test_an_outline_that_somebody_changed_meanwhile_is_not_written_over(client, program):
    enter(client, program.counselor)
    where = of("session_edit", program, 1)
    [seen] = re.findall(r'name="seen" value="(\w+)"', client.get(where).content.decode())
    said = {"aim": "KANARI-PERTAMA", "agenda": "", "technique": "", "task": "", "seen": seen}
    client.post(where, said)

    late = client.post(where, said | {"aim": "KANARI-KEDUA"})
    page = late.content.decode()

    assert late.status_code == 422
    assert "KANARI-PERTAMA" in page
    assert "KANARI-KEDUA" in page
    [now_seen] = re.findall(r'name="seen" value="(\w+)"', page)
    assert client.post(where, said | {"aim": "KANARI-KEDUA", "seen": now_seen}).status_code == 302
    assert "KANARI-KEDUA" in client.get(of("session", program, 1)).content.decode()


@pytest.mark.parametrize("name", ["session", "session_edit", "session_schedule"])
def test_sessions_are_not_there_for_others(client, program, name, manager, front_desk):
    for person in (
        member(program).user,
        make_counselor(),
        make_client(user=make_user(Role.CLIENT)).user,
        manager,
        front_desk,
    ):
        assert enter(client, person).get(of(name, program, 1)).status_code == 404
    supervisor = make_supervision(program.counselor).supervisor
    assert enter(client, supervisor).get(of(name, program, 1)).status_code == (200 if name == "session" else 404)


def test_a_series_and_an_excuse_are_not_there_for_others(client, program, monday_at_nine, manager):
    attempt = make_attempt(program, 1, starts_at=monday_at_nine, status=Status.MISSED, ended_by=Party.CLIENT)
    supervisor = make_supervision(program.counselor).supervisor
    for person in (member(program).user, make_counselor(), manager, supervisor):
        assert enter(client, person).get(reverse("schedule_remaining", args=[program.pk])).status_code == 404
        assert enter(client, person).post(reverse("absence_excuse", args=[attempt.pk])).status_code == 404


# --- Clients ---------------------------------------------------------------------------------------------------------


def test_a_client_books_the_next_session_in_two_steps(client, program, monday_at_nine):
    enter(client, member(program))
    where = reverse("own_booking", args=[program.pk])
    session = str(program.sessions.get(number=1).pk)
    assert stamp(monday_at_nine) in client.get(where, {"from": "2026-11-30"}).content.decode()
    check = client.get(where, {"check": "1", "start": stamp(monday_at_nine), "mode": "video"})
    assert "400.000" in check.content.decode()
    assert not Meeting.objects.exists()

    answer = client.post(where, {"session": session, "start": stamp(monday_at_nine), "mode": "video"})

    assert (answer.status_code, answer.url) == (302, reverse("program", args=[program.pk]))
    assert states(program)[0] == "booked"


def test_pressing_twice_books_once(client, program, monday_at_nine):
    enter(client, member(program))
    where = reverse("own_booking", args=[program.pk])
    said = {"session": str(program.sessions.get(number=1).pk), "start": stamp(monday_at_nine), "mode": "video"}

    client.post(where, said)
    again = client.post(where, said)

    assert (again.status_code, again.url) == (302, reverse("own_sessions", args=[program.pk]))
    assert Meeting.objects.count() == 1


def test_a_client_is_told_why_a_time_cannot_be_had(client, program, monday_at_nine):
    make_meeting(starts_at=monday_at_nine, counselor=program.counselor, service=program.service)
    enter(client, member(program))
    where = reverse("own_booking", args=[program.pk])
    said = {"session": str(program.sessions.get(number=1).pk), "mode": "video"}

    assert client.post(where, said | {"start": stamp(monday_at_nine)}).status_code == 409
    assert client.post(where, said | {"start": stamp(monday_at_nine + 100 * WEEK)}).status_code == 422
    assert client.post(where, said | {"start": "soon"}).status_code == 422
    assert client.get(where, {"check": "1"}).status_code == 422


def test_a_client_finds_all_sessions_and_the_way_to_change_them(client, program, monday_at_nine):
    attempt = make_attempt(program, 1, starts_at=monday_at_nine)
    enter(client, member(program))

    page = client.get(reverse("own_sessions", args=[program.pk])).content.decode()

    assert reverse("manage", args=[attempt.meeting_id]) in page
    assert "Langkah" not in page
    assert client.get(reverse("manage", args=[attempt.meeting_id])).status_code == 200


@pytest.mark.parametrize("name", ["own_sessions", "own_booking"])
def test_a_clients_sessions_are_not_there_for_others(client, program, name):
    for person in (program.counselor, make_client(user=make_user(Role.CLIENT)).user):
        assert enter(client, person).get(reverse(name, args=[program.pk])).status_code == 404


PAGES = ["own_sessions", "own_booking", "cards", "reflections", "own_review", "own_goals", "own_goals_rate"]


def test_a_program_that_is_still_being_written_is_not_there_for_its_client(client):
    program = make_program(sessions=3, status=ProgramStatus.DRAFT, goals=1)
    pages = [reverse(name, args=[program.pk]) for name in PAGES]
    pages += [of(name, program, 1) for name in ("topics", "reflection", "task_report")]
    enter(client, member(program))

    assert {client.get(where).status_code for where in pages} == {404}


def test_two_sessions_ahead_are_enough_to_book_alone(client, program, monday_at_nine):
    make_attempt(program, 1, starts_at=monday_at_nine)
    make_attempt(program, 2, starts_at=monday_at_nine + WEEK)

    answer = enter(client, member(program)).get(reverse("own_booking", args=[program.pk]))

    assert (answer.status_code, answer.url) == (302, reverse("program", args=[program.pk]))


def test_a_client_reads_why_a_session_without_a_time_cannot_be_booked_yet(client, program, monday_at_nine):
    enter(client, member(program))
    where, book = reverse("own_sessions", args=[program.pk]), reverse("own_booking", args=[program.pk])
    reason = "Anda sudah punya 2 sesi yang akan datang"
    make_attempt(program, 1, starts_at=monday_at_nine)
    free = client.get(where).text
    make_attempt(program, 2, starts_at=monday_at_nine + WEEK)
    waiting = client.get(where).text
    for number in (3, 4):
        make_attempt(program, number, starts_at=monday_at_nine + number * WEEK)
    whole = client.get(where).text

    assert [book in page for page in (free, waiting, whole)] == [True, False, False]
    assert [reason in page for page in (free, waiting, whole)] == [False, True, False]
    assert "Semua sesi sudah punya waktu" not in whole


def test_a_client_chooses_how_to_meet_where_there_is_a_choice(client, monday_at_nine):
    program = make_program(service=make_session_service(modes=["video", "phone"]))

    page = enter(client, member(program)).get(
        reverse("own_booking", args=[program.pk]), {"mode": "phone", "from": "2026-11-30"}
    )

    assert page.context["asked"].mode == "phone"


# --- The program page ------------------------------------------------------------------------------------------------


def test_the_program_page_leads_to_every_session_and_says_when_the_thread_lies_still(client, program, monday_at_nine):
    make_attempt(program, 1, starts_at=NOW - 3 * WEEK, status=Status.ATTENDED)

    page = enter(client, program.counselor).get(reverse("program", args=[program.pk])).content.decode()

    assert of("session", program, 4) in page
    assert of("session_schedule", program, 2) in page
    assert reverse("schedule_remaining", args=[program.pk]) in page
    assert "dua kali jarak" in page


def test_a_clients_page_leads_to_the_next_session(client, program, monday_at_nine):
    enter(client, member(program))
    where = reverse("program", args=[program.pk])
    assert reverse("own_booking", args=[program.pk]) in client.get(where).content.decode()

    attempt = make_attempt(program, 1, starts_at=monday_at_nine)

    page = client.get(where).content.decode()
    assert reverse("manage", args=[attempt.meeting_id]) in page
    assert reverse("own_sessions", args=[program.pk]) in page


# --- The front desk --------------------------------------------------------------------------------------------------


def test_the_front_desk_sees_which_session_of_how_many_and_nothing_else(client, program, front_desk):
    attempt = make_attempt(program, 2, starts_at=NOW + HOUR)
    enter(client, front_desk)

    for address in (
        reverse("desk"),
        reverse("desk_meeting", args=[attempt.meeting_id]),
        reverse("desk_client", args=[member(program).pk]),
    ):
        page = client.get(address).content.decode()
        assert "Sesi 2 dari 4" in page
        assert "Tidur" not in page
        assert "Langkah" not in page


def test_a_clients_page_takes_as_many_statements_in_a_room_as_by_video(client, program, monday_at_nine):
    other = make_program(sessions=4)
    make_attempt(program, 1, starts_at=monday_at_nine)
    make_attempt(other, 1, starts_at=monday_at_nine, room=make_room())

    def statements(which):
        enter(client, member(which))
        with CaptureQueriesContext(connection) as seen:
            page = client.get(reverse("program", args=[which.pk]))
        assert page.status_code == 200
        return len(seen)

    statements(program)
    assert statements(other) == statements(program)


@pytest.mark.parametrize(
    ("rule", "before", "late", "after"),
    [
        ("counts", "After that it counts as one", "If you cancel now, it counts as one", "it counts as one of the"),
        ("replaced", "After that it is replaced", "If you cancel now, it is replaced", "It is replaced by another"),
    ],
)
def test_what_a_late_cancellation_means_is_said_as_it_was_agreed(client, monday_at_nine, rule, before, late, after):
    program = make_program(late_cancel_rule=rule, service=make_session_service(free_cancel=24 * 60))
    rina = member(program).user
    User.objects.filter(pk=rina.pk).update(language="en")
    Client.objects.update(language="en")
    meeting = book_session(
        session=program.sessions.get(number=1), starts_at=monday_at_nine, mode="video", by=rina, now=NOW
    )
    enter(client, member(program))
    manage, cancel = reverse("manage", args=[meeting.pk]), reverse("manage_cancel", args=[meeting.pk])

    assert before in client.get(manage).text
    with time_machine.travel(monday_at_nine - timedelta(hours=3), tick=False):
        enter(client, member(program))
        assert late in client.get(cancel).text
        client.post(cancel, {"version": meeting.version})
        assert after in client.get(manage).text
    deliver(message_id=Message.objects.get(kind="meeting.cancelled").pk, now=monday_at_nine)
    [sent] = mail.outbox
    assert after.lower() in " ".join(sent.body.lower().split())
