"""Sealed text: what the database holds cannot be read there, moved, or opened without a trace."""

import base64
import copy
import itertools
import json
import os
import pickle
import threading
from datetime import timedelta
from io import StringIO

import pytest
from django.core import serializers
from django.core.exceptions import FieldError, ImproperlyConfigured, ValidationError
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, ProgrammingError, connection, models, transaction
from django.db.models import F, Q, Value
from django.db.models.sql import InsertQuery
from django.template import Context, Template
from django.test.utils import isolate_apps
from django.utils import timezone

from appointments.models import Consultation
from practice.people.models import Client
from practice.records import checks
from practice.records.actions import destroy_key, read, read_together
from practice.records.fields import EncryptedTextField, Sealed
from practice.records.keys import Erased, RecordError, UnknownKey, new_key, unwrap, wrap
from practice.records.models import AuditEvent, KeyHolder
from practice.records.rotation import rotate_keys, verify_keys
from tests.factories import NOW, make_client, make_meeting, make_user

pytestmark = pytest.mark.django_db

STORY = "Sejak pindah kota saya sulit tidur — dan tidak tahu kenapa."
TABLE = Consultation._meta.db_table

_starts = itertools.count()


def make_consultation(*, client=None, question=""):
    client = client or make_client()
    meeting = make_meeting(starts_at=NOW + next(_starts) * timedelta(days=1), clients=[client])
    return Consultation.objects.create(meeting=meeting, client=client, question=question, created_at=NOW)


def kek(name):
    """A fresh key-encryption key as the environment gives it."""
    return f"{name}:{base64.urlsafe_b64encode(os.urandom(32)).decode()}"


def stored(consultation):
    """The bytes in the database."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT question FROM {TABLE} WHERE id = %s", [consultation.pk])
        return cursor.fetchone()[0]


def store(consultation, sealed):
    """Put bytes into the database, going round everything."""
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {TABLE} SET question = %s WHERE id = %s", [sealed, consultation.pk])


def opened(consultation):
    """The text, opened on the proper way."""
    [row] = read(Consultation.objects.filter(pk=consultation.pk), by=make_user(), reason="test")
    return row.question


def unopened(consultation):
    return Consultation.objects.get(pk=consultation.pk)


def make_unsaved(*, client=None, question=STORY):
    """A consultation that could be saved."""
    saved = make_consultation(client=client or make_client())
    kept = {"meeting_id": saved.meeting_id, "client": saved.client, "created_at": saved.created_at}
    saved.delete()
    return Consultation(**kept, question=question)


def make_unsaved_client():
    """A client that could be saved and has no key yet."""
    saved = make_client()
    names = [f.attname for f in Client._meta.concrete_fields if f.attname not in {"wrapped_key", "key_name"}]
    kept = {name: getattr(saved, name) for name in names}
    saved.delete()
    return Client(**kept)


# --- What goes in comes out, and nowhere else ---------------------------------------------------------------------


@pytest.mark.parametrize("text", [STORY, "a", "🧵" * 5000, "nul \0 inside", "  spaces \n lines ", "'; DROP TABLE --"])
def test_a_text_comes_out_as_it_went_in(text):
    consultation = make_consultation(question=text)

    assert opened(consultation) == text


def test_the_database_never_holds_the_text():
    consultation = make_consultation(question=STORY)

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT t::text, t.question FROM {TABLE} t WHERE id = %s", [consultation.pk])
        row, sealed = cursor.fetchone()

    assert STORY not in row
    assert STORY.encode() not in sealed
    assert STORY.encode().hex() not in row


def test_equal_texts_are_sealed_differently():
    client = make_client()
    one, other = make_consultation(client=client, question=STORY), make_consultation(client=client, question=STORY)

    assert stored(one) != stored(other)


def test_no_text_is_stored_as_null():
    consultation = make_consultation(question="")

    assert stored(consultation) is None
    assert unopened(consultation).question == ""
    assert opened(consultation) == ""
    assert Consultation.objects.filter(question__isnull=True).get() == consultation


def test_what_was_assigned_can_be_read_back_before_and_after_saving():
    consultation = make_consultation(question="first")
    consultation.question = "second"

    before = consultation.question
    consultation.save()

    assert (before, consultation.question, opened(consultation)) == ("second", "second", "second")


def test_saving_an_unopened_row_keeps_its_text():
    row = unopened(make_consultation(question=STORY))

    row.save()

    assert opened(row) == STORY


def test_a_text_that_was_not_loaded_is_loaded_when_asked_for():
    consultation = make_consultation(question=STORY)
    row = Consultation.objects.defer("question").get(pk=consultation.pk)

    assert isinstance(row.question, Sealed)


def test_many_rows_are_sealed_in_one_insert():
    client = make_client()
    rows = [make_unsaved(client=client, question=f"{STORY} {number}") for number in range(3)]

    Consultation.objects.bulk_create(rows)

    found = read(Consultation.objects.all(), by=make_user(), reason="test")
    assert {row.question for row in found} == {f"{STORY} {number}" for number in range(3)}


def test_an_insert_built_by_the_compiler_seals_too():
    row = make_unsaved()
    query = InsertQuery(Consultation)
    query.insert_values(Consultation._meta.concrete_fields, [row])

    query.get_compiler("default").execute_sql()

    assert opened(row) == STORY


def test_a_text_can_be_sealed_before_its_client_is_saved():
    client = make_unsaved_client()
    row = make_unsaved()
    row.client = client

    sealed = Consultation._meta.get_field("question").pre_save(row, add=True)
    client.save(force_insert=True)
    row.save(force_insert=True)
    store(row, sealed._stored)

    assert opened(row) == STORY


def test_text_needs_valid_unicode_and_the_refusal_does_not_repeat_it():
    consultation = make_consultation()
    consultation.question = "secret \ud800"

    with pytest.raises(RecordError) as refused:
        consultation.save()

    assert "secret" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


@pytest.mark.parametrize("value", [b"bytes", 7, ["list"]])
def test_only_text_can_be_assigned(value):
    consultation = make_consultation()

    with pytest.raises(TypeError):
        consultation.question = value


# --- An unopened text says nothing --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "look",
    [str, len, list, "{}".format, lambda text: f"{text}", lambda text: text + "", lambda text: "a" in text],
    ids=["str", "len", "list", "format", "f-string", "add", "in"],
)
def test_an_unopened_text_does_not_show_itself(look):
    sealed = unopened(make_consultation(question=STORY)).question

    with pytest.raises(RecordError):
        look(sealed)


def test_an_unopened_text_has_a_harmless_name_and_counts_as_there():
    sealed = unopened(make_consultation(question=STORY)).question

    assert repr(sealed) == "<sealed text>"
    assert sealed


def test_a_template_cannot_show_an_unopened_text():
    row = unopened(make_consultation(question=STORY))

    with pytest.raises(RecordError):
        Template("{{ row.question }}").render(Context({"row": row}))


def test_json_and_serializers_do_not_take_encrypted_text():
    consultation = make_consultation(question=STORY)

    with pytest.raises(TypeError):
        json.dumps({"question": unopened(consultation).question})
    with pytest.raises(TypeError):
        serializers.serialize("json", [consultation])


# --- The side doors are shut --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "go_round",
    [
        lambda rows: rows.update(question=STORY),
        lambda rows: rows.update(question=F("question")),
        lambda rows: rows.bulk_update(list(rows), ["question"]),
        lambda rows: rows.bulk_create([], update_conflicts=True, update_fields=["question"], unique_fields=["id"]),
        lambda rows: rows.values("question"),
        lambda rows: rows.values("pk", "question"),
        lambda rows: rows.values(),
        lambda rows: rows.values_list("question", flat=True),
        lambda rows: rows.values_list(),
        lambda rows: rows.values("client__consultations__question"),
        lambda rows: rows.filter(question=STORY),
        lambda rows: rows.filter(question__icontains="tidur"),
        lambda rows: rows.filter(question__in=[STORY]),
        lambda rows: rows.exclude(Q(question=None)),
        lambda rows: rows.filter(question__length=3),
        lambda rows: rows.get_or_create(question=STORY),
    ],
)  # fmt: skip
def test_a_queryset_does_not_touch_encrypted_text(go_round):
    make_consultation(question="before")

    with pytest.raises(FieldError):
        go_round(Consultation.objects.all())


def test_the_base_manager_does_not_store_clear_text_either():
    consultation = make_consultation(question="before")
    plain = models.QuerySet(Consultation).filter(pk=consultation.pk)

    with pytest.raises(TypeError):
        plain.update(question=STORY)
    with pytest.raises(TypeError):
        plain.update(question=Value(STORY, output_field=Consultation._meta.get_field("question")))
    consultation.question = STORY
    with pytest.raises(TypeError):
        plain.bulk_update([consultation], ["question"])


def test_other_fields_are_updated_and_listed_as_ever():
    consultation = make_consultation(question=STORY)

    Consultation.objects.update(for_someone_else=True)

    assert list(Consultation.objects.values_list("pk", "for_someone_else")) == [(consultation.pk, True)]
    assert opened(consultation) == STORY


# --- A text stays where it was written ------------------------------------------------------------------------------


def test_a_text_moved_to_another_row_does_not_open():
    client = make_client()
    one, other = make_consultation(client=client, question="one"), make_consultation(client=client, question="other")

    store(one, stored(other))

    with pytest.raises(RecordError, match=str(one.pk)):
        opened(one)


@isolate_apps("practice")
@pytest.mark.parametrize(("table", "column"), [("another_table", "question"), (TABLE, "another_column")])
def test_a_text_moved_from_another_table_or_column_does_not_open(table, column):
    class Elsewhere(models.Model):
        id = models.UUIDField(primary_key=True)
        client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
        question = EncryptedTextField(key_from="client", db_column=column)

        class Meta:
            app_label = "practice"
            db_table = table

    consultation = make_consultation(question=STORY)
    twin = Elsewhere(id=consultation.pk, client=consultation.client, question=STORY)

    store(consultation, Elsewhere._meta.get_field("question").pre_save(twin, add=True)._stored)

    with pytest.raises(RecordError):
        opened(consultation)


def test_a_text_under_another_version_of_the_key_does_not_open():
    consultation = make_consultation(question=STORY)
    consultation.client.key_version += 1

    store(consultation, Consultation._meta.get_field("question").pre_save(consultation, add=True)._stored)

    with pytest.raises(RecordError):
        opened(consultation)


def test_a_row_given_to_another_client_does_not_open():
    consultation = make_consultation(question=STORY)

    Consultation.objects.filter(pk=consultation.pk).update(client=make_client())

    with pytest.raises(RecordError):
        opened(consultation)


def test_a_key_moved_to_another_client_does_not_open():
    consultation, stranger = make_consultation(question=STORY), make_client()

    Client.objects.filter(pk=consultation.client_id).update(wrapped_key=stranger.wrapped_key)

    with pytest.raises(RecordError):
        Client.objects.get(pk=consultation.client_id).open_key()
    with pytest.raises(RecordError):
        opened(consultation)


@pytest.mark.parametrize("place", [0, 1, 13, -1])
def test_a_changed_bit_is_noticed(place):
    consultation = make_consultation(question=STORY)
    sealed = bytearray(stored(consultation))
    sealed[place] ^= 1

    store(consultation, bytes(sealed))

    with pytest.raises(RecordError) as refused:
        opened(consultation)
    assert STORY not in str(refused.value)


def test_a_text_sealed_for_one_row_cannot_be_saved_as_a_new_row():
    client = make_client()
    row = make_unsaved(client=client, question=unopened(make_consultation(client=client, question=STORY)).question)

    with pytest.raises(RecordError):
        row.save()


# --- No log, no read ------------------------------------------------------------------------------------------------


def test_reading_says_who_read_what_whose_and_why():
    reader, consultation = make_user(), make_consultation(question=STORY)

    read(Consultation.objects.filter(pk=consultation.pk), by=reader, reason="preparing")

    event = AuditEvent.objects.reads().get()
    assert (event.act, event.actor, event.reason) == ("consultation.read", reader.pk, "preparing")
    assert (event.object_type, event.object_id) == ("appointments.consultation", str(consultation.pk))
    assert event.client_id == consultation.client_id
    assert AuditEvent.objects.about_client(consultation.client_id).get() == event
    assert STORY not in str(event.__dict__)


def test_reading_many_rows_leaves_a_line_for_each_in_a_constant_number_of_statements(django_assert_num_queries):
    reader = make_user()
    for _ in range(3):
        make_consultation(question=STORY)

    with django_assert_num_queries(3):  # rows with their keys, the reader's roles, audit rows
        rows = read(Consultation.objects.all(), by=reader, reason="test")

    assert [row.question for row in rows] == [STORY] * 3
    assert AuditEvent.objects.reads().count() == 3


def test_nothing_is_read_if_it_cannot_be_logged():
    consultation = make_consultation(question=STORY)
    queryset = Consultation.objects.filter(pk=consultation.pk)
    with connection.cursor() as cursor:
        cursor.execute(
            f"ALTER TABLE {AuditEvent._meta.db_table} ADD CONSTRAINT the_log_is_full CHECK (act <> 'consultation.read')"
        )
    rows, reader = [], make_user()
    savepoint = transaction.atomic()
    savepoint._from_testcase = True  # part of the test's own transaction, as if there were none

    with pytest.raises(IntegrityError, match="the_log_is_full"), savepoint:
        rows = read(queryset, by=reader, reason="test")

    assert rows == []
    assert all(isinstance(row.question, Sealed) for row in queryset)


def test_reading_inside_a_transaction_that_could_be_undone_is_refused():
    consultation = make_consultation(question=STORY)

    with transaction.atomic(), pytest.raises(RuntimeError):
        opened(consultation)

    assert not AuditEvent.objects.reads().exists()


@pytest.mark.parametrize("reason", ["", "   "])
def test_reading_needs_a_reason(reason):
    with pytest.raises(ValueError):
        read(Consultation.objects.all(), by=make_user(), reason=reason)


def test_reading_needs_a_reader():
    with pytest.raises(ValueError):
        read(Consultation.objects.all(), by=None, reason="test")


def test_reading_a_model_without_encrypted_text_is_refused():
    with pytest.raises(TypeError):
        read(Client.objects.all(), by=make_user(), reason="test")


def test_reading_nothing_leaves_no_line():
    assert read(Consultation.objects.none(), by=make_user(), reason="test") == []
    assert not AuditEvent.objects.exists()


# --- Keys -----------------------------------------------------------------------------------------------------------


def test_every_client_has_a_key_of_their_own_from_the_first_save():
    one, other = make_client(), make_client()

    assert one.wrapped_key
    assert one.wrapped_key != other.wrapped_key
    assert one.key_name == Client.objects.get(pk=one.pk).key_name != ""
    assert one.key_version == 1


def test_clients_made_in_bulk_have_keys_too():
    clients = [make_unsaved_client(), make_unsaved_client()]

    Client.objects.bulk_create(clients)

    assert all(client.open_key() for client in Client.objects.all())


def test_a_key_shows_nothing_and_does_not_travel():
    client = make_client()
    key = client.open_key()

    assert repr(key) == "<DataKey>"
    with pytest.raises(TypeError):
        pickle.dumps(key)
    travelled = pickle.loads(pickle.dumps(client))
    assert not any(value is key or (isinstance(value, tuple) and key in value) for value in travelled.__dict__.values())
    assert "_opened_key" not in copy.copy(client).__dict__


def test_saving_a_client_loaded_earlier_does_not_bring_an_old_key_back(settings):
    consultation = make_consultation(question=STORY)
    stale = Client.objects.get(pk=consultation.client_id)
    settings.RECORD_KEYS = [kek("new"), *settings.RECORD_KEYS]
    for _batch in rotate_keys():
        pass

    stale.save()

    assert Client.objects.get(pk=stale.pk).key_name == "new"
    assert opened(consultation) == STORY


def test_an_unknown_key_is_named_but_nothing_else_is_said(settings):
    consultation = make_consultation(question=STORY)
    name = consultation.client.key_name
    settings.RECORD_KEYS = [kek("other")]

    with pytest.raises(UnknownKey, match=name) as refused:
        opened(consultation)

    assert STORY not in str(refused.value)
    assert settings.RECORD_KEYS[0].split(":")[1] not in str(refused.value)


def test_a_key_of_the_same_name_but_another_content_does_not_open(settings):
    name, wrapped = wrap(new_key(), owner=("clients", 1, 1))
    settings.RECORD_KEYS = [kek(name)]

    with pytest.raises(RecordError):
        unwrap(wrapped, name=name, owner=("clients", 1, 1))


@pytest.mark.parametrize(
    "keys", [[], ["noname"], ["short:AAAA"], [":" + kek("x")[2:]], ["a:!!!"], ["a" * 41 + kek("")]]
)
def test_unusable_keys_are_refused_without_being_shown(settings, keys):
    settings.RECORD_KEYS = keys

    [error] = checks.record_keys_are_usable(None)

    assert error.id == "records.E001"
    assert not keys or keys[0] not in error.msg
    with pytest.raises(ImproperlyConfigured):
        wrap(new_key(), owner=("clients", 1, 1))


def test_a_key_is_named_once(settings):
    settings.RECORD_KEYS = [kek("one"), kek("one")]

    assert checks.record_keys_are_usable(None)


# --- Erasure --------------------------------------------------------------------------------------------------------


def test_a_destroyed_key_makes_the_texts_unreadable_and_says_so():
    consultation, keeper = make_consultation(question=STORY), make_user()

    destroy_key(holder=consultation.client, by=keeper, reason="asked by the client", now=timezone.now())

    assert consultation.client.is_erased
    assert stored(consultation) is not None
    with pytest.raises(Erased, match="destroyed"):
        opened(consultation)


def test_destroying_a_key_is_on_record():
    client, keeper = make_client(), make_user()

    destroy_key(holder=client, by=keeper, reason="asked by the client", now=timezone.now())

    event = AuditEvent.objects.get(act="key.destroyed")
    assert (event.actor, event.client_id, event.reason) == (keeper.pk, client.pk, "asked by the client")


def test_nothing_is_sealed_under_a_destroyed_key():
    consultation = make_consultation(question=STORY)
    destroy_key(holder=consultation.client, by=make_user(), reason="asked", now=timezone.now())
    consultation.question = "more"

    with pytest.raises(Erased):
        consultation.save()


def test_a_key_is_destroyed_once_and_for_a_reason():
    client, keeper = make_client(), make_user()

    with pytest.raises(ValidationError):
        destroy_key(holder=client, by=keeper, reason=" ", now=timezone.now())
    destroy_key(holder=client, by=keeper, reason="asked", now=timezone.now())
    with pytest.raises(ValidationError):
        destroy_key(holder=client, by=keeper, reason="asked", now=timezone.now())


def test_a_client_loaded_before_the_erasure_cannot_bring_the_key_back():
    client = make_client()
    stale = Client.objects.get(pk=client.pk)
    destroy_key(holder=client, by=make_user(), reason="asked", now=timezone.now())

    stale.save()

    assert Client.objects.get(pk=client.pk).is_erased


def test_not_even_sql_brings_an_erased_key_back():
    client = make_client()
    wrapped = client.wrapped_key
    destroy_key(holder=client, by=make_user(), reason="asked", now=timezone.now())

    with pytest.raises(ProgrammingError), transaction.atomic():
        Client.objects.filter(pk=client.pk).update(wrapped_key=wrapped)


# --- Rotation -------------------------------------------------------------------------------------------------------


def rotate(**options):
    out = StringIO()
    call_command("rotate_keys", stdout=out, stderr=out, **options)
    return out.getvalue()


def test_rotated_keys_open_with_the_new_key_alone(settings):
    consultation = make_consultation(question=STORY)
    sealed, new = stored(consultation), kek("new")
    settings.RECORD_KEYS = [new, *settings.RECORD_KEYS]

    said = rotate()

    settings.RECORD_KEYS = [new]
    assert opened(consultation) == STORY
    assert stored(consultation) == sealed
    assert "Keys now wrapped with “new”: 1." in said
    assert AuditEvent.objects.get(act="keys.rotated").facts["count"] == 1


def test_rotation_stopped_half_way_goes_on_when_run_again(settings, monkeypatch):
    monkeypatch.setattr("practice.records.rotation.AT_ONCE", 2)
    for _ in range(5):
        make_client()
    settings.RECORD_KEYS = [kek("new"), *settings.RECORD_KEYS]

    next(rotate_keys())

    assert Client.objects.filter(key_name="new").count() == 2
    assert len(verify_keys()) == 3
    assert "“new”: 3." in rotate()
    assert verify_keys() == []


def test_reads_and_writes_go_on_while_keys_rotate(transactional_db, settings, monkeypatch):
    monkeypatch.setattr("practice.records.rotation.AT_ONCE", 1)
    consultations = [make_consultation(question=STORY) for _ in range(8)]
    reader, ended, failures = make_user(), threading.Event(), []
    settings.RECORD_KEYS = [kek("new"), *settings.RECORD_KEYS]

    def work_on():
        try:
            while not ended.is_set():
                for row in read(Consultation.objects.select_related("client"), by=reader, reason="test"):
                    row.question += "."
                    row.client.save()
                    row.save()
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    workers = [threading.Thread(target=work_on) for _ in range(2)]
    for worker in workers:
        worker.start()
    rotate()
    ended.set()
    for worker in workers:
        worker.join()

    settings.RECORD_KEYS = settings.RECORD_KEYS[:1]
    assert failures == []
    assert verify_keys() == []
    assert all(opened(consultation).startswith(STORY) for consultation in consultations)


def test_erased_clients_are_left_alone_by_rotation(settings):
    client = make_client()
    destroy_key(holder=client, by=make_user(), reason="asked", now=timezone.now())
    settings.RECORD_KEYS = [kek("new"), *settings.RECORD_KEYS]

    rotate()

    assert Client.objects.get(pk=client.pk).is_erased


def test_verify_fails_until_every_key_is_rotated(settings):
    make_client()
    settings.RECORD_KEYS = [kek("new"), *settings.RECORD_KEYS]

    with pytest.raises(CommandError, match="need attention: 1"):
        rotate(verify=True)
    rotate()

    assert "Every key opens with “new”" in rotate(verify=True)


def test_rotation_without_the_old_key_fails_and_changes_nothing(settings):
    client = make_client()
    settings.RECORD_KEYS = [kek("new")]

    with pytest.raises(CommandError, match=client.key_name):
        rotate()

    assert bytes(Client.objects.get(pk=client.pk).wrapped_key) == bytes(client.wrapped_key)


# --- Checks ---------------------------------------------------------------------------------------------------------


def test_the_project_passes_its_checks():
    assert checks.encrypted_models_are_guarded(None) == []
    assert checks.erased_keys_stay_erased(None) == []


@pytest.fixture
def known_models(monkeypatch):
    """Make the checks look at these models."""

    def know(*found):
        monkeypatch.setattr(checks.apps, "get_models", lambda: found)

    return know


@isolate_apps("practice")
def test_an_unguarded_model_with_encrypted_text_fails_the_checks(known_models):
    class Unguarded(models.Model):
        text = EncryptedTextField(key_from="nobody")

        class Meta:
            app_label = "practice"

    known_models(Unguarded)

    found = {error.id for error in checks.encrypted_models_are_guarded(None)}

    assert found == {"records.E002", "records.E003", "records.E004"}


@isolate_apps("practice")
def test_a_key_holder_without_its_trigger_fails_the_checks(known_models):
    class Forgetful(KeyHolder):
        class Meta:
            app_label = "practice"

    known_models(Forgetful)

    assert [warning.id for warning in checks.erased_keys_stay_erased(None)] == ["records.W001"]


def test_rows_of_several_kinds_are_opened_in_one_transaction(django_assert_num_queries):
    client = make_client()
    rows = [make_consultation(client=client, question=f"Pertanyaan {n}") for n in range(2)]
    sealed = list(Consultation.objects.select_related("client").filter(pk=rows[0].pk))
    further, reader = Consultation.objects.filter(pk=rows[1].pk), make_user()
    assert reader.roles == frozenset()

    with django_assert_num_queries(2):  # the rows of the queryset, the trail
        opened, more = read_together([sealed, further], by=reader, reason="reading together", knowing=[client])

    assert (opened[0].question, more[0].question) == ("Pertanyaan 0", "Pertanyaan 1")
    assert AuditEvent.objects.filter(act="consultation.read", client_id=client.pk).count() == 2
