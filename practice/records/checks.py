"""System checks that keep encrypted text from being used wrongly. Import this module from the app's ready()."""

from django.apps import apps
from django.core.checks import Error, Warning, register
from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured

from practice.records.keys import key_ring
from practice.records.models import KeyHolder, RecordQuerySet, encrypted_fields


@register()
def record_keys_are_usable(app_configs, **kwargs):
    """BENANG_KEYS holds at least one good key-encryption key."""
    try:
        key_ring()
    except ImproperlyConfigured as error:
        return [Error(str(error), id="records.E001")]
    return []


@register()
def encrypted_models_are_guarded(app_configs, **kwargs):
    """Every model with encrypted text refuses to leak or lose it, and knows its id before it is saved."""
    problems = []
    for model in apps.get_models():
        for field in encrypted_fields(model):
            problems += _check_field(model, field)
    return problems


def _check_field(model, field):
    problems = []
    for manager in model._meta.managers:
        if not issubclass(getattr(manager, "_queryset_class", type(None)), RecordQuerySet):
            problems.append(
                Error(
                    f"{field} is encrypted, but the manager “{manager.name}” is not made from a RecordQuerySet.",
                    obj=model,
                    id="records.E002",
                )
            )
    if not model._meta.pk.has_default():
        problems.append(
            Error(
                f"{field} is sealed before it is saved, so its row needs a key with a default, such as a UUID.",
                obj=model,
                id="records.E003",
            )
        )
    if not _leads_to_key_holder(model, field.key_from):
        problems.append(
            Error(f"key_from of {field} leads to no KeyHolder.", obj=model, id="records.E004"),
        )
    return problems


def _leads_to_key_holder(model, key_from: str) -> bool:
    for name in filter(None, key_from.split(".")):
        try:
            model = model._meta.get_field(name).related_model
        except FieldDoesNotExist:
            return False
        if model is None:
            return False
    return issubclass(model, KeyHolder)


@register()
def erased_keys_stay_erased(app_configs, **kwargs):
    """Every KeyHolder has the trigger that keeps a destroyed key from coming back."""
    (wanted,) = KeyHolder._meta.triggers
    return [
        Warning(
            f"{model._meta.label} lacks the trigger “{wanted.name}”: write its Meta as `class Meta(KeyHolder.Meta)`.",
            obj=model,
            id="records.W001",
        )
        for model in apps.get_models()
        if issubclass(model, KeyHolder)
        and wanted.name not in {trigger.name for trigger in getattr(model._meta, "triggers", ())}
    ]
