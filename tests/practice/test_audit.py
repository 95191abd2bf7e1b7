"""The audit trail: what is written stays, says nothing clinical, and shows when someone went round the locks."""

import uuid
from datetime import date, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import timezone
from procrastinate.contrib.django import app

from appointments.models import Consultation
from practice.records import tasks
from practice.records.actions import event, record
from practice.records.chain import LOCK, chain_head, seal_committed_events, verify_chain
from practice.records.context import client_ip, current_request, request_context
from practice.records.models import AuditEvent, AuditSeal
from tests.factories import NOW, make_client, make_meeting, make_user

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
EVENTS, SEALS = AuditEvent._meta.db_table, AuditSeal._meta.db_table


def make_consultation(*, client=None, question=""):
    client = client or make_client()
    meeting = make_meeting(starts_at=NOW + timedelta(days=7), clients=[client])
    return Consultation.objects.create(meeting=meeting, client=client, question=question, created_at=NOW)


def make_events(count=3, *, at=NOW):
    return [record(None, "thing.done", now=at, number=number) for number in range(count)]


def make_chain(count=3):
    """Sealed events and nothing else in the trail."""
    events = make_events(count)
    assert seal_committed_events(now=NOW + MINUTE) == count
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    return events


def tamper(sql, *params):
    """What someone with full power over the database could do: change rows with all triggers and keys switched off."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(sql, params)
        cursor.execute("SET session_replication_role = DEFAULT")


def problems(now=NOW + MINUTE, **options):
    return verify_chain(now=now, **options)


# --- What a line says -------------------------------------------------------------------------------------------------


def test_a_line_says_who_did_what_to_which_thing_when_and_why():
    someone, client = make_user(), make_client()

    written = record(someone, "client.merged", client, reason="same person", now=NOW, into=uuid.UUID(int=5))

    saved = AuditEvent.objects.get(pk=written.pk)
    assert (saved.at, saved.actor, saved.act, saved.reason) == (NOW, someone.pk, "client.merged", "same person")
    assert (saved.object_type, saved.object_id) == (client._meta.label_lower, str(client.pk))
    assert saved.client_id == client.pk
    assert saved.actor_role == ",".join(sorted(someone.roles))
    assert saved.facts == {"into": str(uuid.UUID(int=5))}


def test_a_line_knows_whose_record_it_concerns():
    consultation, other = make_consultation(), make_client()

    assert event(None, "thing.done", consultation).client_id == consultation.client_id
    assert event(None, "thing.done", consultation, client=other).client_id == other.pk
    assert event(None, "thing.done").client_id is None


def test_a_line_can_be_built_without_being_saved():
    built = event(None, "thing.done", now=NOW)

    assert built.pk is None
    assert not AuditEvent.objects.exists()


def test_lines_are_listed_newest_first():
    first, second = record(None, "thing.done", now=NOW), record(None, "thing.done", now=NOW + MINUTE)

    assert list(AuditEvent.objects.for_listing()) == [second, first]


@pytest.mark.parametrize(
    ("given", "kept"),
    [(3, 3), (True, True), (None, None), (1.5, 1.5), ("word", "word"), (Decimal("1.50"), "1.50"),
     (date(2026, 1, 2), "2026-01-02"), (NOW, NOW.isoformat())],
)  # fmt: skip
def test_facts_are_plain_values(given, kept):
    record(None, "thing.done", fact=given)

    assert AuditEvent.objects.get().facts == {"fact": kept}


@pytest.mark.parametrize("fact", ["x" * 201, "nul \0", float("nan"), float("inf")])
def test_facts_that_could_quote_a_person_or_break_the_store_are_refused(fact):
    with pytest.raises(ValueError):
        record(None, "thing.done", fact=fact)


@pytest.mark.parametrize("fact", [["list"], {"a": 1}, b"bytes", object()])
def test_facts_that_are_not_plain_are_refused(fact):
    with pytest.raises(TypeError):
        record(None, "thing.done", fact=fact)


def test_clinical_text_is_no_fact():
    consultation = make_consultation(question="I cannot sleep")
    unopened = type(consultation).objects.get(pk=consultation.pk)

    with pytest.raises(TypeError):
        record(None, "thing.done", fact=unopened.question)
    with pytest.raises(ValueError):
        record(None, "thing.done", consultation, fact=consultation.question)


@pytest.mark.parametrize("reason", ["x" * 501, "nul \0"])
def test_a_reason_too_long_or_with_a_nul_is_refused_in_words(reason):
    with pytest.raises(ValidationError):
        record(None, "thing.done", reason=reason)


def test_an_act_names_thing_and_deed():
    with pytest.raises(ValueError):
        record(None, "done")


def test_a_line_is_undone_with_what_it_tells_of():
    def act_and_fail():
        with transaction.atomic():
            record(None, "thing.done")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        act_and_fail()
    assert not AuditEvent.objects.exists()


# --- From where -------------------------------------------------------------------------------------------------------


def answer(view, **meta):
    """Answer a request through the middleware."""
    request = RequestFactory().get("/", **meta)
    request.request_id = "r-1"
    return request_context(view)(request)


def test_a_line_tells_the_request_but_not_the_address():
    def view(request):
        record(None, "thing.done")
        return HttpResponse()

    answer(view, REMOTE_ADDR="203.0.113.7")
    answer(view, REMOTE_ADDR="203.0.113.7")
    answer(view, REMOTE_ADDR="203.0.113.8")

    one, two, three = AuditEvent.objects.order_by("pk")
    assert one.request_id == "r-1"
    assert one.actor_role == "public"
    assert one.ip_hash == two.ip_hash != three.ip_hash != ""
    assert "203.0.113" not in str(one.__dict__)


def test_after_the_answer_the_request_is_forgotten():
    answer(lambda request: HttpResponse())

    def broken(request):
        raise RuntimeError

    with pytest.raises(RuntimeError):
        answer(broken)
    assert current_request() is None
    assert record(None, "thing.done").actor_role == "system"


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [(0, "198.51.100.1", "203.0.113.7"), (1, "6.6.6.6, 198.51.100.1", "198.51.100.1"),
     (2, "6.6.6.6, 198.51.100.1, 10.0.0.1", "198.51.100.1"), (2, "198.51.100.1", "203.0.113.7"),
     (1, "", "203.0.113.7")],
)  # fmt: skip
def test_only_what_trusted_proxies_say_about_the_address_is_believed(settings, proxies, forwarded, expected):
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", REMOTE_ADDR="203.0.113.7", HTTP_X_FORWARDED_FOR=forwarded)

    assert client_ip(request) == expected


# --- What is written stays --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sql",
    [
        f"UPDATE {EVENTS} SET reason = 'other'",
        f"DELETE FROM {EVENTS}",
        f"TRUNCATE {EVENTS} CASCADE",
        f"UPDATE {SEALS} SET hash = ''",
        f"DELETE FROM {SEALS}",
        f"TRUNCATE {SEALS}",
    ],
)
def test_sql_cannot_change_or_remove_lines_or_seals(sql):
    make_chain(1)

    with connection.cursor() as cursor, pytest.raises(ProgrammingError), transaction.atomic():
        cursor.execute(sql)

    assert problems() == []


def test_the_orm_cannot_change_or_remove_lines():
    [line] = make_events(1)

    with pytest.raises(ProgrammingError), transaction.atomic():
        line.save()
    with pytest.raises(ProgrammingError), transaction.atomic():
        line.delete()
    with pytest.raises(ProgrammingError), transaction.atomic():
        AuditEvent.objects.update(actor=None)


# --- The chain --------------------------------------------------------------------------------------------------------


def test_every_event_is_sealed_once_in_the_order_of_writing():
    events = make_chain(3)

    assert seal_committed_events(now=NOW + MINUTE) == 0
    assert list(AuditSeal.objects.order_by("position").values_list("position", "event_id")) == [
        (position, written.pk) for position, written in enumerate(events, start=1)
    ]
    assert problems() == []


def test_events_of_the_last_seconds_wait_for_those_still_on_their_way():
    make_events(1, at=NOW)

    assert seal_committed_events(now=NOW + timedelta(seconds=5)) == 0
    assert seal_committed_events(now=NOW + MINUTE) == 1


def test_many_events_are_sealed_in_batches(monkeypatch):
    monkeypatch.setattr("practice.records.chain.AT_ONCE", 2)

    make_chain(5)

    assert problems() == []


def test_a_later_run_continues_the_chain_and_picks_up_what_committed_late():
    make_chain(2)
    late = AuditEvent.objects.create(pk=make_events(1)[0].pk + 10, at=NOW, act="thing.done")
    seal_committed_events(now=NOW + MINUTE)
    overtaken = AuditEvent.objects.create(pk=late.pk - 1, at=NOW, act="thing.done")

    assert seal_committed_events(now=NOW + 2 * MINUTE) == 1

    assert AuditSeal.objects.order_by("-position").first().event == overtaken
    assert problems() == []


def test_the_worker_seals_every_minute():
    make_events(2, at=timezone.now() - MINUTE)

    tasks.seal_audit(timestamp=0)

    assert AuditSeal.objects.count() == 2
    periodic = app.periodic_registry.periodic_tasks.values()
    assert [task.cron for task in periodic if task.task.name == tasks.seal_audit.name] == ["* * * * *"]


def test_an_event_is_sealed_once_only():
    [sealed] = make_chain(1)

    with pytest.raises(IntegrityError), transaction.atomic():
        AuditSeal.objects.create(position=2, event=sealed, sealed_at=NOW, hash=b"")


@pytest.mark.parametrize(
    "column",
    ["at = at + interval '1 s'", "actor = gen_random_uuid()", "actor_role = 'x'", "act = 'a.b'", "object_type = 'x'",
     "object_id = 'x'", "client_id = gen_random_uuid()", "reason = 'x'", "facts = '{}'", "ip_hash = 'x'",
     "session_hash = 'x'", "request_id = 'x'"],
)  # fmt: skip
def test_an_edited_event_shows_whatever_was_edited(column):
    _first, edited, _last = make_chain(3)

    tamper(f"UPDATE {EVENTS} SET {column} WHERE id = %s", edited.pk)

    assert problems() == [f"Event {edited.pk}, sealed at position 2, was changed or moved."]


def test_every_column_of_an_event_goes_into_its_hash():
    [written] = make_events(1)
    before = written.hash_after(b"")

    for field in AuditEvent._meta.concrete_fields:
        changed = AuditEvent.objects.get(pk=written.pk)
        setattr(
            changed, field.attname, {"x": 1} if field.name == "facts" else NOW + MINUTE if field.name == "at" else 99
        )
        assert changed.hash_after(b"") != before, field.name


def test_a_deleted_event_shows():
    _first, deleted, _last = make_chain(3)

    tamper(f"DELETE FROM {EVENTS} WHERE id = %s", deleted.pk)

    assert problems() == [f"Event {deleted.pk}, sealed at position 2, was deleted."]


def test_an_event_deleted_with_its_seal_shows():
    _first, deleted, last = make_chain(3)

    tamper(f"DELETE FROM {SEALS} WHERE event_id = %s", deleted.pk)
    tamper(f"DELETE FROM {EVENTS} WHERE id = %s", deleted.pk)

    assert problems() == [
        "Seals 2 to 2 are gone.",
        f"Event {last.pk}, sealed at position 3, was changed or moved.",
    ]


def test_reordered_events_show():
    first, second, _last = make_chain(3)

    tamper(f"UPDATE {SEALS} SET event_id = -1 WHERE position = 1")
    tamper(f"UPDATE {SEALS} SET event_id = %s WHERE position = 2", first.pk)
    tamper(f"UPDATE {SEALS} SET event_id = %s WHERE position = 1", second.pk)

    assert len(problems()) == 2


def test_an_event_inserted_behind_the_chain_shows_sealed_or_not():
    make_events(1)
    free = AuditEvent.objects.create(pk=AuditEvent.objects.get().pk + 10, at=NOW, act="thing.done").pk - 5
    seal_committed_events(now=NOW + MINUTE)
    tomorrow = NOW + timedelta(days=1)
    AuditEvent.objects.create(pk=free, at=NOW, act="thing.forged")

    assert problems(now=tomorrow) == [f"Event {free} was inserted behind the chain."]
    seal_committed_events(now=tomorrow)

    assert problems(now=tomorrow) == [f"Event {free}, sealed at position 3, was inserted long after its time."]


def test_a_chain_cut_off_or_made_anew_shows_against_a_noted_head():
    events = make_chain(3)
    head = chain_head()
    assert problems(head=head) == []

    tamper(f"DELETE FROM {SEALS} WHERE position = 3")
    tamper(f"DELETE FROM {EVENTS} WHERE id = %s", events[-1].pk)

    assert problems() == []
    assert len(problems(head=head)) == 1


def test_events_that_wait_too_long_for_their_seal_are_told():
    make_events(2)

    [problem] = problems(now=NOW + timedelta(hours=2))

    assert "2 events wait" in problem


def run_verify(**options):
    out = StringIO()
    call_command("verify_audit", stdout=out, stderr=out, **options)
    return out.getvalue()


def test_the_command_prints_the_head_of_a_whole_chain():
    make_chain(2)
    position, digest = chain_head()

    said = run_verify()

    assert f"Head: {position}:{digest}" in said
    assert call_command("verify_audit", f"--head={position}:{digest}", stdout=StringIO()) is None


def test_the_command_fails_when_the_trail_was_tampered_with():
    edited, _other = make_chain(2)
    tamper(f"UPDATE {EVENTS} SET reason = 'other' WHERE id = %s", edited.pk)

    with pytest.raises(CommandError, match="Problems in the audit trail: 1"):
        run_verify()


def test_an_empty_trail_is_whole():
    assert chain_head() == (0, "")
    assert "whole" in run_verify()


def test_only_one_process_seals_at_a_time():
    make_events(2)
    other = connection.copy()

    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
            assert seal_committed_events(now=NOW + MINUTE) == 0
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
    finally:
        other.close()

    assert seal_committed_events(now=NOW + MINUTE) == 2
