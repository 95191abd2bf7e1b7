"""A practice with a mark in every clinical text there is, so that a text that leaks is known by its mark.

Models and fields are found by looking, not listed: one that is added later is marked without a change here.
"""

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import IntegrityError, connection, models, transaction
from django.db.models.fields import NOT_PROVIDED

from appointments.models import Consultation
from practice.records.fields import EncryptedTextField
from practice.records.models import encrypted_fields
from tests.factories import NOW, make_attempt, make_client, make_counselor, make_meeting, make_program, make_user

MARK = "kenari"
OURS = ("practice", "appointments", "programs")


def sealed_models():
    """Every model with an encrypted text."""
    return [model for model in apps.get_models() if encrypted_fields(model)]


def plain_texts(model):
    """Free texts of the library: not about a person, but not the desk's to read either."""
    kinds = (models.CharField, models.TextField)
    return [
        field
        for field in model._meta.concrete_fields
        if isinstance(field, kinds) and not isinstance(field, models.SlugField) and not field.choices
    ]


def library_models():
    return [model for model in apps.get_models() if model.__module__.startswith("programs.library")]


def mark(model, field) -> str:
    return f"{MARK}-{model._meta.model_name}-{field.attname}"


def make_marked_practice(*, client=None, starts_at):
    """A meeting with its question, a program with sessions and goals, one row of everything else, all marked."""
    counselor = make_counselor()
    client = client or make_client()
    meeting = make_meeting(starts_at=starts_at, counselor=counselor, clients=[client])
    Consultation.objects.create(meeting=meeting, client=client, created_at=NOW)
    program = make_program(counselor=counselor, clients=[client], goals=1)
    make_attempt(program, 1, starts_at=starts_at + 7 * (starts_at - NOW))
    with connection.cursor() as cursor:  # texts that are locked once signed are marked all the same
        cursor.execute("SET session_replication_role = replica")
    try:
        for model in sealed_models():
            row = model._base_manager.first() or filled(model)
            for field in encrypted_fields(model):
                setattr(row, field.attname, mark(model, field))
            row.save()
        for model in library_models():
            row = model._base_manager.first() or filled(model)
            for field in plain_texts(model):
                setattr(row, field.attname, mark(model, field)[: field.max_length])
            row.save()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = DEFAULT")
    return meeting, client, program


def filled(model):
    """A saved row of a model with something in every field that needs it: with small numbers that its rules allow."""
    for number in (1, 2, 3):
        row = model()
        for field in model._meta.concrete_fields:
            if needs_something(field):
                setattr(row, field.name, something_for(field, number))
        try:
            with transaction.atomic():
                row.save()
        except IntegrityError:
            if number == 3:
                raise
        else:
            return row
    return None


def needs_something(field):
    if field.primary_key or field.has_default() or field.null or isinstance(field, EncryptedTextField):
        return False
    return field.db_default is NOT_PROVIDED


def something_for(field, number):
    if field.is_relation:
        related = field.related_model
        if related._meta.label == "practice.User":
            return make_user()
        return related._base_manager.first() or filled(related)
    if field.choices:
        return field.choices[0][0]
    for kind, value in {
        models.DateTimeField: NOW,
        models.DateField: NOW.date(),
        models.IntegerField: number,
        models.DecimalField: number,
        models.BooleanField: False,
        models.UUIDField: make_user().pk,
        models.JSONField: {},
        ArrayField: [max(1, number - 1)],
        models.BinaryField: b"\0" * 32,
    }.items():
        if isinstance(field, kind):
            return value
    return "" if field.blank else "x"
