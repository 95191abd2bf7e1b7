"""The pages between two sessions, as clients and counselors use them."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from practice.calendar.models import Meeting, Status
from practice.people.models import Role
from practice.records.actions import destroy_key
from programs.between.models import Card, Reflection, SessionPlan, TaskReport, Topic
from programs.goals.models import GoalSet
from programs.plan.models import Program
from programs.plan.models import Status as ProgramStatus
from tests.factories import (
    NOW,
    make_attempt,
    make_client,
    make_counselor,
    make_goal,
    make_practice,
    make_program,
    make_supervision,
    make_user,
)

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def clock(db):
    make_practice()
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def couple(db):
    return [make_client(name=name, user=make_user(Role.CLIENT, name=name)) for name in ("Rina", "Budi")]


@pytest.fixture
def program(couple):
    """A couple's program with two goals: session 1 was held, session 2 begins tomorrow."""
    program = make_program(clients=couple, sessions=4, goals=2)
    make_attempt(program, 1, starts_at=NOW - 24 * HOUR, status=Status.ATTENDED)
    make_attempt(program, 2, starts_at=NOW + 24 * HOUR)
    return program


def to(name, program, number):
    return reverse(name, args=[program.sessions.get(number=number).pk])


def enter(client, person):
    client.force_login(getattr(person, "user", person))
    return client


def shared_card(program):
    session = program.sessions.get(number=1)
    return Card.objects.create(session=session, done="Napas", task="KANARI-TUGAS", shared_at=NOW, written_at=NOW)


REFLECTION = {"found": "KANARI-TEMUAN", "will_try": "", "is_shared": "no"}


def test_a_client_picks_a_goal_as_a_topic_and_finds_it_picked_again(client, program, couple):
    enter(client, couple[0])
    where = to("topics", program, 2)

    answer = client.post(where, {"picked": ["0"], "first": "KANARI-LAIN", "second": ""})
    page = client.get(where).content.decode()

    assert answer.status_code == 302
    assert Topic.objects.count() == 2
    assert 'value="0" id="id_picked_0" checked' in page
    assert "KANARI-LAIN" in page


@pytest.mark.parametrize(
    "typed",
    [
        {"picked": ["0", "1"], "first": "Lain"},
        {"first": "x" * 301},
        {"first": "x\0"},
        {"picked": ["7"]},
        {"first": "x" * 100_000},
    ],
)
def test_wrong_topics_are_answered_in_words_and_nothing_typed_is_lost(client, program, couple, typed):
    enter(client, couple[0])

    answer = client.post(to("topics", program, 2), typed)

    assert answer.status_code == 422
    assert typed.get("first", "") in answer.content.decode()
    assert not Topic.objects.exists()


@pytest.mark.parametrize(("length", "status"), [(1_000_001, 422), (2_500_001, 413)])
def test_a_megabyte_of_topic_is_refused_in_words(client, program, couple, length, status):
    answer = enter(client, couple[0]).post(to("topics", program, 2), {"first": "x" * length})

    assert answer.status_code == status
    assert ("terlalu" if status == 413 else "lebih dari") in answer.content.decode().lower()


def test_topics_of_a_session_that_was_held_lead_back_to_the_program(client, program, couple):
    answer = enter(client, couple[0]).get(to("topics", program, 1))

    assert answer.headers["Location"] == reverse("program", args=[program.pk])


def test_a_client_reads_the_card_and_says_how_the_task_went(client, program, couple):
    enter(client, couple[0])
    where = to("task_report", program, 1)
    assert client.get(where).status_code == 404

    shared_card(program)
    assert "KANARI-TUGAS" in client.get(where).content.decode()
    assert client.post(where, {"outcome": "", "obstacle": "KANARI-HALANGAN"}).status_code == 422
    client.post(where, {"outcome": "partly", "obstacle": "KANARI-HALANGAN"})

    page = client.get(reverse("cards", args=[program.pk])).content.decode()
    assert "KANARI-TUGAS" in page
    assert "KANARI-HALANGAN" in page
    enter(client, couple[1])
    page = client.get(reverse("cards", args=[program.pk])).content.decode()
    assert "KANARI-TUGAS" in page
    assert "KANARI-HALANGAN" not in page
    assert "KANARI-HALANGAN" not in client.get(where).content.decode()


def test_a_client_writes_shares_and_takes_back_a_reflection(client, program, couple):
    enter(client, couple[0])
    client.post(to("reflection", program, 1), REFLECTION)
    reflection = Reflection.objects.get()
    share = reverse("reflection_share", args=[reflection.pk])
    shared = reverse("reflections_shared", args=[program.pk])

    def read_by_counselor():
        return "KANARI-TEMUAN" in enter(client, program.counselor).get(shared).content.decode()

    assert not read_by_counselor()
    enter(client, couple[0]).post(share, {"shared": "yes"})
    assert read_by_counselor()
    enter(client, couple[0]).post(share, {"shared": "no"})
    assert not read_by_counselor()


def test_a_partner_finds_neither_reflection_nor_topics(client, program, couple):
    enter(client, couple[0])
    client.post(to("reflection", program, 1), REFLECTION | {"is_shared": "yes"})
    client.post(to("topics", program, 2), {"first": "KANARI-TOPIK"})
    reflection = Reflection.objects.get()

    enter(client, couple[1])
    pages = [
        client.get(where).content.decode()
        for where in (
            to("topics", program, 2),
            to("reflection", program, 1),
            reverse("reflections", args=[program.pk]),
            reverse("program", args=[program.pk]),
        )
    ]

    assert not any("KANARI" in page for page in pages)
    assert client.post(reverse("reflection_share", args=[reflection.pk]), {"shared": "no"}).status_code == 404


def test_a_reflection_of_a_session_to_come_is_refused_in_words(client, program, couple):
    answer = enter(client, couple[0]).post(to("reflection", program, 2), REFLECTION)

    assert answer.status_code == 422
    assert "KANARI-TEMUAN" in answer.content.decode()


def test_a_counselor_plans_a_session_beside_what_clients_named(client, program, couple):
    enter(client, couple[0]).post(to("topics", program, 2), {"first": "KANARI-TOPIK"})
    enter(client, program.counselor)
    where = to("session_plan", program, 2)

    assert "KANARI-TOPIK" in client.get(where).content.decode()
    assert client.post(where, {"text": "KANARI-RENCANA", "seen": ""}).status_code == 302
    assert "KANARI-RENCANA" in client.get(where).content.decode()
    late = client.post(where, {"text": "Dari tab lain", "seen": ""})
    assert late.status_code == 422
    assert "Dari tab lain" in late.content.decode()
    assert "KANARI-RENCANA" in late.content.decode()
    assert client.post(where, {"text": "x", "seen": "kemarin"}).status_code == 422
    assert client.post(where, {"text": "x", "seen": "2026-99-99"}).status_code == 422
    assert SessionPlan.objects.count() == 1


def test_a_counselor_writes_the_card_and_shares_it(client, program):
    enter(client, program.counselor)
    where = to("card", program, 1)

    client.post(where, {"done": "Napas", "task": "", "next": "", "keep": "1"})
    assert Card.objects.get().shared_at is None
    seen = {"seen": client.get(where).context["form"]["seen"].value()}
    client.post(where, {"done": "Napas", "task": "", "next": "", "share": "1"} | seen)
    assert Card.objects.get().shared_at == NOW
    assert client.post(where, {"done": "", "task": "", "next": "", "share": "1"} | seen).status_code == 422


def test_a_card_that_was_changed_elsewhere_is_not_written_over(client, program):
    enter(client, program.counselor)
    where = to("card", program, 1)
    client.post(where, {"done": "Napas", "task": "", "next": "", "keep": "1", "seen": ""})

    late = client.post(where, {"done": "KANARI-LAIN", "task": "", "next": "", "keep": "1", "seen": ""})

    assert late.status_code == 422
    assert "KANARI-LAIN" in late.text
    assert "diubah di tempat lain" in late.text
    assert client.get(where).context["form"]["done"].value() == "Napas"


def write_down(session, client, words, **more):
    """All that a client leaves at a session."""
    said = {"session": session, "client": client}
    TaskReport.objects.create(outcome="not", obstacle=words, reported_at=NOW, **said)
    Topic.objects.create(position=1, text=words, written_at=NOW, **said)
    return Reflection.objects.create(
        program=session.program, found=words, will_try="", written_at=NOW, changed_at=NOW, **said, **more
    )


@pytest.fixture
def other(program, couple):
    """Another program of Rina's with the same counselor, with all that she left there."""
    other = make_program(clients=couple[:1], counselor=program.counselor, sessions=4)
    session = make_attempt(other, 1, starts_at=NOW - 20 * HOUR, status=Status.ATTENDED).session
    write_down(session, couple[0], "KANARI-LAIN", is_shared=True)
    Card.objects.create(session=session, done="KANARI-LAIN", task="x", shared_at=NOW, written_at=NOW)
    return other


def test_a_client_finds_on_the_page_of_a_program_only_what_is_theirs_there(client, program, couple, other):
    rina, budi = couple
    shared_card(program)
    for number in (1, 2, 3):
        write_down(program.sessions.get(number=number), budi, "KANARI-BUDI", is_shared=True)
    write_down(program.sessions.get(number=1), rina, "Milik Rina", is_shared=False)
    Card.objects.create(session=program.sessions.get(number=2), done="KANARI-DRAF", written_at=NOW)
    Topic.objects.create(
        session=program.sessions.get(number=3), client=rina, position=1, text="KANARI-NANTI", written_at=NOW
    )

    page = enter(client, rina).get(reverse("program", args=[program.pk])).text

    assert "Milik Rina" in page
    for words in ("KANARI-BUDI", "KANARI-LAIN", "KANARI-DRAF", "KANARI-NANTI"):
        assert words not in page


def test_a_counselor_finds_on_the_page_of_a_program_what_was_shared_there(client, program, couple, other):
    rina, budi = couple
    first, _second, third = program.sessions.filter(number__lte=3).order_by("number")
    write_down(first, rina, "Milik Rina", is_shared=True)
    Reflection.objects.create(
        program=program, session=first, client=budi, found="KANARI-BUDI", written_at=NOW, changed_at=NOW
    )
    Topic.objects.create(session=third, client=budi, position=1, text="KANARI-NANTI", written_at=NOW)
    where = reverse("program", args=[program.pk])

    page = enter(client, program.counselor).get(where).text

    assert "Milik Rina" in page
    for words in ("KANARI-BUDI", "KANARI-LAIN", "KANARI-NANTI"):
        assert words not in page
    destroy_key(holder=rina, by=make_user(Role.DATA_OFFICER), reason="asked", now=NOW)
    assert client.get(where).status_code == 200


def test_lists_and_forms_hold_nothing_of_another_program_or_session_and_nothing_unshared(
    client, program, couple, other
):
    rina, budi = couple
    make_goal(GoalSet.objects.create(program=other, number=1), words="KANARI-TUJUAN")
    first, second, third = program.sessions.filter(number__lte=3).order_by("number")
    write_down(first, rina, "Milik Rina", is_shared=True)
    Card.objects.create(session=second, done="KANARI-DRAF", written_at=NOW)
    Topic.objects.create(session=third, client=budi, position=1, text="KANARI-NANTI", written_at=NOW)
    lists = [reverse(name, args=[program.pk]) for name in ("cards", "reflections")]
    own = [*lists, to("topics", program, 2), to("reflection", program, 2)]
    shared = reverse("reflections_shared", args=[program.pk])

    enter(client, rina)
    pages = [client.get(where) for where in own]
    enter(client, program.counselor)
    pages += [client.get(where) for where in (shared, to("session_plan", program, 2))]

    assert {page.status_code for page in pages} == {200}
    assert ["Milik Rina" in page.text for page in pages] == [False, True, False, False, True, False]
    assert not any("KANARI" in page.text for page in pages)
    destroy_key(holder=rina, by=make_user(Role.DATA_OFFICER), reason="asked", now=NOW)
    assert client.get(shared).status_code == 200


def test_a_task_is_reported_on_where_one_was_shared_for_that_session(client, program, couple):
    shared_card(program)
    second = Card.objects.create(session=program.sessions.get(number=2), task="KANARI-TUGAS", written_at=NOW)
    where = to("task_report", program, 2)
    enter(client, couple[0])

    assert client.get(where).status_code == 404
    second.task, second.shared_at = "", NOW
    second.save()
    assert client.get(where).status_code == 404
    assert client.get(to("task_report", program, 3)).status_code == 404


@pytest.mark.parametrize("why", ["begun", "used", "closed"])
def test_topics_that_come_too_late_lead_back_to_the_program(client, program, couple, why):
    if why == "used":
        Meeting.objects.filter(session_number=2).update(status=Status.CANCELLED, ended_by="client", is_late=True)
    elif why == "closed":
        Program.objects.update(status=ProgramStatus.CLOSED, closed_at=NOW, close_reason="other")

    with time_machine.travel(NOW + 24 * HOUR if why == "begun" else NOW, tick=False):
        answer = enter(client, couple[0]).get(to("topics", program, 2))

    assert answer.headers["Location"] == reverse("program", args=[program.pk])


def test_whoever_has_no_business_in_the_program_finds_no_page(client, program, couple):
    TaskReport.objects.create(session=program.sessions.get(number=1), client=couple[0], outcome="done", reported_at=NOW)
    shared_card(program)
    own = [to("topics", program, 2), to("task_report", program, 1), to("reflection", program, 1)]
    own += [reverse(name, args=[program.pk]) for name in ("cards", "reflections")]
    led = [to("session_plan", program, 2), to("card", program, 1)]
    watched = [reverse("reflections_shared", args=[program.pk])]
    strangers = [make_counselor(), make_user(Role.CLIENT), make_user(Role.FRONT_DESK), make_user(Role.MANAGER)]

    for person in [*strangers, make_user(Role.SUPERVISOR)]:
        enter(client, person)
        assert {client.get(where).status_code for where in own + led + watched} == {404}
    enter(client, program.counselor)
    assert {client.get(where).status_code for where in own} == {404}
    enter(client, couple[0])
    assert {client.get(where).status_code for where in led + watched} == {404}
    enter(client, make_supervision(program.counselor).supervisor)
    assert {client.get(where).status_code for where in led} == {404}
    assert client.get(watched[0]).status_code == 200


def test_topics_and_plan_are_those_of_the_session_that_is_held_next(client, couple, program):
    """Session 2 was called off and has no time yet, session 3 is tomorrow."""
    Meeting.objects.filter(session_number=2).update(status=Status.CANCELLED, ended_by="client")
    make_attempt(program, 3, starts_at=NOW + 20 * HOUR)

    own = enter(client, couple[0]).get(reverse("program", args=[program.pk])).text
    led = enter(client, program.counselor).get(reverse("program", args=[program.pk])).text

    assert to("topics", program, 3) in own
    assert to("topics", program, 2) not in own
    assert to("session_plan", program, 3) in led
