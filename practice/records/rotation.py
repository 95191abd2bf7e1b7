"""Re-wrap data keys when the key-encryption key changes. Texts stay as they are."""

from collections.abc import Iterator

from django.apps import apps
from django.db import transaction

from practice.records.actions import record
from practice.records.keys import RecordError, UnknownKey, current_key, wrap
from practice.records.models import KeyHolder

AT_ONCE = 500


def key_holder_models() -> list[type[KeyHolder]]:
    """Every kind of row that holds a data key."""
    return [model for model in apps.get_models() if issubclass(model, KeyHolder)]


def rotate_keys() -> Iterator[tuple[type[KeyHolder], int]]:
    """Wrap every data key with the current key-encryption key; yield the model and count of each batch once committed.

    Reads and writes go on meanwhile. Stopped at any moment, it goes on from there when run again. Raise UnknownKey if a
    data key is wrapped by a key that is not in BENANG_KEYS, RecordError if one does not open.
    """
    for model in key_holder_models():
        while count := _rotate_batch(model):
            yield model, count


@transaction.atomic
def _rotate_batch(model: type[KeyHolder]) -> int:
    current = current_key()
    waiting = model._base_manager.exclude(wrapped_key=None).exclude(key_name=current.name)
    holders = list(waiting.select_for_update().only("wrapped_key", "key_name", "key_version").order_by("pk")[:AT_ONCE])
    for holder in holders:
        holder.key_name, holder.wrapped_key = wrap(holder.open_key(), owner=holder.key_owner())
    model._base_manager.bulk_update(holders, ["key_name", "wrapped_key"])
    if holders:
        record(None, "keys.rotated", holders=model._meta.label_lower, count=len(holders), key=current.name)
    return len(holders)


def verify_keys() -> list[str]:
    """Open every data key and return what is wrong, in words; an empty list if all open with the current key."""
    current, problems = current_key().name, []
    for model in key_holder_models():
        for holder in model._base_manager.exclude(wrapped_key=None).order_by("pk").iterator(chunk_size=AT_ONCE):
            if holder.key_name != current:
                problems.append(f"{model._meta.label} {holder.pk} is still wrapped by “{holder.key_name}”.")
            try:
                holder.open_key()
            except (RecordError, UnknownKey) as error:
                problems.append(f"{model._meta.label} {holder.pk}: {error}")
    return problems
