"""Topics, plan, card, task and reflections: who may write them, until when, and that they are sealed."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from practice.calendar.models import Status
from practice.people.models import Role
from practice.records.actions import destroy_key, read
from practice.records.keys import Erased
from practice.records.models import AuditEvent
from programs.between.actions import (
    name_topics,
    plan_session,
    report_task,
    share_reflection,
    write_card,
    write_reflection,
)
from programs.between.models import Card, Reflection, SessionPlan, TaskReport, Topic
from programs.plan.models import Status as ProgramStatus
from tests.factories import NOW, make_attempt, make_client, make_counselor, make_program, make_supervision, make_user

HOUR = timedelta(hours=1)
CARD = {"done": "Napas", "task": "Dua malam", "next": "Jurnal", "share": True}


@pytest.fixture
def rina_and_budi(db):
    return [make_client(name=name, user=make_user(Role.CLIENT, name=name)) for name in ("Rina", "Budi")]


@pytest.fixture
def program(rina_and_budi):
    """A couple's program: session 1 was held yesterday, session 2 begins tomorrow."""
    program = make_program(clients=rina_and_budi, sessions=4)
    make_attempt(program, 1, starts_at=NOW - 24 * HOUR, status=Status.ATTENDED)
    make_attempt(program, 2, starts_at=NOW + 24 * HOUR)
    return program


def session(program, number):
    return program.sessions.get(number=number)


def topics(program, client, *texts, number=2, by=None, now=NOW):
    return name_topics(session=session(program, number), client=client, texts=texts, by=by or client.user, now=now)


def reflect(program, client, *, number=1, shared=False, by=None, found="KANARI-TEMUAN"):
    return write_reflection(
        session=session(program, number),
        client=client,
        found=found,
        will_try="",
        is_shared=shared,
        by=by or client.user,
        now=NOW,
    )


def card(program, number=1, by=None, **change):
    by = by or program.counselor.user
    return write_card(session=session(program, number), by=by, now=NOW, **CARD | change)


def opened(queryset, user):
    return read(queryset, by=user, reason="test")


# --- Topics


def test_a_client_names_one_or_two_topics_and_may_change_or_take_them_back(program, rina_and_budi):
    rina = rina_and_budi[0]
    topics(program, rina, "Tidur", "Kerja")
    topics(program, rina, "Libur")

    assert [topic.text for topic in opened(Topic.objects.all(), rina.user)] == ["Libur"]

    topics(program, rina)

    assert not Topic.objects.exists()


def test_topics_can_be_named_for_a_session_without_a_time(program, rina_and_budi):
    topics(program, rina_and_budi[0], "Tidur", number=3)

    assert Topic.objects.get().session == session(program, 3)


@pytest.mark.parametrize(
    ("number", "now"), [(1, NOW), (2, NOW + 24 * HOUR), (2, NOW + 30 * HOUR)], ids=["held", "begins now", "over"]
)
def test_no_topic_is_taken_once_the_session_has_begun(program, rina_and_budi, number, now):
    with pytest.raises(ValidationError, match=r"Topik|Topics"):
        topics(program, rina_and_budi[0], "Tidur", number=number, now=now)

    assert not Topic.objects.exists()


def test_no_topic_is_taken_for_a_session_that_counts_as_used(program, rina_and_budi):
    late = {"status": Status.CANCELLED, "ended_by": "client", "is_late": True}
    make_attempt(program, 3, starts_at=NOW + 48 * HOUR, **late)

    with pytest.raises(ValidationError):
        topics(program, rina_and_budi[0], "Tidur", number=3)


def test_topics_of_a_partner_stay_as_they_are(program, rina_and_budi):
    rina, budi = rina_and_budi
    topics(program, budi, "Kerja", "Libur")

    topics(program, rina, "Tidur")
    topics(program, rina)

    assert [topic.text for topic in opened(Topic.objects.order_by("position"), budi.user)] == ["Kerja", "Libur"]


def test_three_topics_are_too_many(program, rina_and_budi):
    with pytest.raises(ValidationError):
        topics(program, rina_and_budi[0], "a", "b", "c")


def test_nobody_names_topics_for_somebody_else(program, rina_and_budi):
    rina, budi = rina_and_budi
    stranger = make_client(user=make_user(Role.CLIENT))

    for client, by in ((rina, budi.user), (rina, program.counselor.user), (stranger, stranger.user)):
        with pytest.raises(ValidationError):
            topics(program, client, "Tidur", by=by)


# --- The plan of a session


def plan(program, text, seen, number=2, by=None):
    by = by or program.counselor.user
    return plan_session(session=session(program, number), text=text, seen=seen, by=by, now=NOW)


def test_a_plan_that_was_changed_elsewhere_is_not_overwritten(program):
    plan(program, "Pertama", None)

    with pytest.raises(ValidationError):
        plan(program, "Kedua", None)
    assert plan(program, "Ketiga", NOW).written_at == NOW
    assert [row.text for row in opened(SessionPlan.objects.all(), program.counselor.user)] == ["Ketiga"]


def test_a_session_that_was_held_is_not_planned(program):
    with pytest.raises(ValidationError):
        plan(program, "Terlambat", None, number=1)


def test_each_session_has_a_plan_of_its_own(program):
    plan(program, "Kedua", None)
    plan(program, "Ketiga", None, number=3)

    assert SessionPlan.objects.count() == 2


def test_a_session_is_planned_and_its_card_written_by_those_who_lead_it(program, rina_and_budi):
    supervisor = make_supervision(program.counselor).supervisor

    for by in (rina_and_budi[0].user, make_counselor().user, supervisor):
        for act in (lambda by=by: plan(program, "x", None, by=by), lambda by=by: card(program, by=by)):
            with pytest.raises(ValidationError) as refused:
                act()
            assert refused.value.code == "role"


# --- The card and its task


def test_a_card_is_a_draft_until_it_is_shared_and_then_stays_shared(program):
    assert card(program, share=False).shared_at is None
    assert card(program).shared_at == NOW
    assert card(program, share=False, done="Lain").shared_at == NOW


@pytest.mark.parametrize(
    "change",
    [
        {"number": 2},
        {"number": 2, "share": False},
        {"number": 3, "share": False},
        {"done": "", "task": " ", "next": ""},
    ],
)
def test_a_card_of_no_session_or_without_words_is_refused(program, change):
    with pytest.raises(ValidationError):
        card(program, **change)

    assert not Card.objects.exists()


def test_each_session_has_a_card_of_its_own(program):
    make_attempt(program, 3, starts_at=NOW - 2 * HOUR, status=Status.ATTENDED)
    card(program)
    card(program, number=3, share=False)

    assert list(Card.objects.order_by("session__number").values_list("shared_at", flat=True)) == [NOW, None]


def test_a_card_that_is_not_shared_is_not_there_for_clients(program, rina_and_budi):
    card(program, share=False)
    assert not Card.objects.for_client(rina_and_budi[0].user).exists()

    card(program)
    assert Card.objects.for_client(rina_and_budi[0].user).exists()
    assert not Card.objects.for_client(make_user(Role.CLIENT)).exists()


def report(program, client, outcome="partly", number=1, by=None):
    by = by or client.user
    return report_task(
        session=session(program, number), client=client, outcome=outcome, obstacle="Lembur", by=by, now=NOW
    )


def test_each_client_says_how_the_task_went_and_may_say_it_again(program, rina_and_budi):
    card(program)
    rina, budi = rina_and_budi
    report(program, rina)
    report(program, rina, "done")
    report(program, budi, "not")

    assert sorted(TaskReport.objects.values_list("client__preferred_name", "outcome")) == [
        ("Budi", "not"),
        ("Rina", "done"),
    ]


def test_a_report_says_one_of_three_things(program, rina_and_budi):
    card(program)

    with pytest.raises(ValidationError) as refused:
        report(program, rina_and_budi[0], "maybe")
    assert refused.value.code == "outcome"


def test_nobody_reports_or_reflects_for_somebody_else(program, rina_and_budi):
    rina, budi = rina_and_budi
    stranger = make_client(user=make_user(Role.CLIENT))
    card(program)

    for act in (report, reflect):
        for client, by in ((rina, budi.user), (rina, program.counselor.user), (stranger, stranger.user)):
            with pytest.raises(ValidationError) as refused:
                act(program, client, by=by)
            assert refused.value.code == "role"


def test_without_a_shared_task_there_is_nothing_to_report(program, rina_and_budi):
    for make in (lambda: card(program, share=False), lambda: card(program, task="")):
        make()
        with pytest.raises(ValidationError):
            report(program, rina_and_budi[0])


# --- Reflections


def test_a_reflection_is_written_after_a_session_that_was_held_and_once(program, rina_and_budi):
    rina = rina_and_budi[0]
    reflect(program, rina)
    reflect(program, rina, found="Baru")

    [only] = opened(Reflection.objects.all(), rina.user)
    assert (only.found, only.is_shared) == ("Baru", False)


@pytest.mark.parametrize("change", [{"number": 2}, {"number": 3}, {"found": "  "}])
def test_a_reflection_without_session_or_words_is_refused(program, rina_and_budi, change):
    with pytest.raises(ValidationError):
        reflect(program, rina_and_budi[0], **change)


def test_a_private_reflection_is_its_clients_alone_and_a_shared_one_goes_to_the_counselor_not_the_partner(
    program, rina_and_budi
):
    rina, budi = rina_and_budi
    supervisor = make_supervision(program.counselor).supervisor
    reflection = reflect(program, rina)

    def seers():
        people = {"rina": rina.user, "budi": budi.user, "ayu": program.counselor.user, "supervisor": supervisor}
        people |= {"other": make_counselor().user}
        return {name for name, user in people.items() if Reflection.objects.visible_to(user).exists()}

    assert seers() == {"rina"}
    share_reflection(reflection=reflection, is_shared=True, by=rina.user, now=NOW)
    assert seers() == {"rina", "ayu", "supervisor"}
    share_reflection(reflection=reflection, is_shared=False, by=rina.user, now=NOW)
    assert seers() == {"rina"}


def test_a_supervisor_who_is_a_client_reads_nothing_of_their_partner(program, rina_and_budi):
    rina, budi = rina_and_budi
    budi.user.role_grants.create(role=Role.SUPERVISOR, granted_at=NOW - 100 * HOUR)
    budi.user.__dict__.pop("roles", None)
    assert budi.user.has_role(Role.SUPERVISOR)
    reflect(program, rina, shared=True)
    topics(program, rina, "Tidur")

    assert not Reflection.objects.visible_to(budi.user).exists()
    assert not Topic.objects.visible_to(budi.user).exists()


def test_only_the_client_decides_who_reads_a_reflection(program, rina_and_budi):
    rina, budi = rina_and_budi
    reflection = reflect(program, rina)

    for by in (budi.user, program.counselor.user):
        with pytest.raises(ValidationError):
            share_reflection(reflection=reflection, is_shared=True, by=by, now=NOW)


def test_a_reflection_is_sealed_with_its_clients_own_key(program, rina_and_budi):
    rina, budi = rina_and_budi
    reflect(program, rina)
    reflect(program, budi)

    destroy_key(holder=rina, by=make_user(Role.DATA_OFFICER), reason="asked", now=NOW)

    with pytest.raises(Erased):
        opened(Reflection.objects.filter(client=rina), rina.user)
    assert [row.found for row in opened(Reflection.objects.readable(), budi.user)] == ["KANARI-TEMUAN"]


# --- At rest


def test_nothing_of_it_lies_open_in_the_database_or_the_trail(program, rina_and_budi):
    rina = rina_and_budi[0]
    topics(program, rina, "KANARI-TOPIK")
    plan(program, "KANARI-RENCANA", None)
    card(program, done="KANARI-KARTU", task="KANARI-TUGAS")
    report(program, rina)
    reflect(program, rina)

    with connection.cursor() as cursor:
        for model in (Topic, SessionPlan, Card, TaskReport, Reflection, AuditEvent):
            cursor.execute(f"SELECT t::text FROM {model._meta.db_table} t")
            rows = cursor.fetchall()
            assert rows
            assert not any(b"KANARI".hex() in row[0] or "KANARI" in row[0] for row in rows)


@pytest.mark.parametrize("status", [ProgramStatus.PROPOSED, ProgramStatus.CLOSED])
def test_topics_need_a_program_that_is_agreed_and_open(db, status):
    rina = make_client(user=make_user(Role.CLIENT))
    program = make_program(clients=[rina], status=status)

    with pytest.raises(ValidationError):
        topics(program, rina, "Tidur")
