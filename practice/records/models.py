"""Holders of data keys, querysets that respect sealed text, and the audit trail."""

import hashlib
import json
from uuid import UUID

import pgtrigger
from django.core.exceptions import FieldDoesNotExist, FieldError
from django.db import models

from practice.records.fields import EncryptedTextField, KeyNameField, KeyVersionField, WrappedKeyField
from practice.records.keys import DataKey, Erased, new_key, unwrap, wrap


class KeyHolder(models.Model):
    """A row with its own data key: a client, or a program of several clients.

    Subclass it with `class Meta(KeyHolder.Meta)` and a UUID primary key, known before saving. The key is made when the
    row is first saved and kept wrapped. `actions.destroy_key` destroys it, which erases every text sealed with it.
    """

    clients_path = ""  # the lookup that `client_ids` reads, for a holder that is not the client

    wrapped_key = WrappedKeyField(null=True, editable=False)
    key_name = KeyNameField(max_length=40, editable=False)
    key_version = KeyVersionField(default=1, editable=False)

    class Meta:
        abstract = True
        triggers = [
            pgtrigger.Protect(
                name="an_erased_key_stays_erased",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__wrapped_key__isnull=True, new__wrapped_key__isnull=False),
            )
        ]

    def __getstate__(self):
        return {name: value for name, value in super().__getstate__().items() if name != "_opened_key"}

    @property
    def is_erased(self) -> bool:
        """True once the key was destroyed: the texts of this record cannot be read any more."""
        return self.wrapped_key is None and not self._state.adding

    def client_ids(self) -> list[UUID]:
        """Whose record this key protects: the client themselves. A program of several clients says which."""
        return [self.pk]

    def key_owner(self) -> tuple:
        """What the wrapped key is bound to: it opens for no other row."""
        return (self._meta.db_table, self.pk, self.key_version)

    def hold_new_key(self):
        """Make and wrap a data key, unless there is one. Inserting the row does this by itself."""
        if self.wrapped_key is None:
            data_key = new_key()
            self.key_name, self.wrapped_key = wrap(data_key, owner=self.key_owner())
            self._opened_key = (self.wrapped_key, data_key)

    def open_key(self) -> DataKey:
        """The data key, unwrapped once and then kept on this instance only. Raise Erased if it was destroyed."""
        if self.is_erased:
            raise Erased(f"The key of this {self._meta.model_name} was destroyed, and its texts with it.")
        self.hold_new_key()
        wrapped, data_key = self.__dict__.get("_opened_key", (None, None))
        if wrapped != self.wrapped_key:
            data_key = unwrap(self.wrapped_key, name=self.key_name, owner=self.key_owner())
            self._opened_key = (self.wrapped_key, data_key)
        return data_key


def encrypted_fields(model) -> list[EncryptedTextField]:
    """The encrypted fields of a model."""
    return [field for field in model._meta.concrete_fields if isinstance(field, EncryptedTextField)]


def _names_encrypted(model, path: str) -> bool:
    """True if a lookup path such as "meeting__consultation__question" ends in an encrypted field."""
    field = None
    for name in path.split("__"):
        if model is None:
            break
        try:
            field = model._meta.get_field(name)
        except FieldDoesNotExist:
            break
        model = field.related_model
    return isinstance(field, EncryptedTextField)


class RecordQuerySet(models.QuerySet):
    """A queryset whose encrypted fields go in and out only through instances. Models with such a field need it."""

    def _refuse_encrypted(self, method, names):
        for name in names:
            if isinstance(name, str) and _names_encrypted(self.model, name):
                raise FieldError(f"{method}() cannot take “{name}”: it is encrypted. Save and read whole rows.")

    def values(self, *fields, **expressions):
        if not fields and not expressions and encrypted_fields(self.model):
            raise FieldError("values() needs the names of fields here: this model has encrypted text.")
        self._refuse_encrypted("values", fields)
        return super().values(*fields, **expressions)

    def values_list(self, *fields, flat=False, named=False):
        if not fields and encrypted_fields(self.model):
            raise FieldError("values_list() needs the names of fields here: this model has encrypted text.")
        self._refuse_encrypted("values_list", fields)
        return super().values_list(*fields, flat=flat, named=named)

    def update(self, **kwargs):
        self._refuse_encrypted("update", kwargs)
        return super().update(**kwargs)

    update.alters_data = True

    def bulk_create(
        self,
        objs,
        batch_size=None,
        ignore_conflicts=False,
        update_conflicts=False,
        update_fields=None,
        unique_fields=None,
    ):
        update_fields = list(update_fields) if update_fields else update_fields
        self._refuse_encrypted("bulk_create", update_fields or ())
        return super().bulk_create(
            objs,
            batch_size=batch_size,
            ignore_conflicts=ignore_conflicts,
            update_conflicts=update_conflicts,
            update_fields=update_fields,
            unique_fields=unique_fields,
        )


def _append_only() -> list[pgtrigger.Trigger]:
    return [
        pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        pgtrigger.Trigger(
            name="never_emptied",
            level=pgtrigger.Statement,
            when=pgtrigger.Before,
            operation=pgtrigger.Truncate,
            func="RAISE EXCEPTION 'pgtrigger: Cannot truncate % table', TG_TABLE_NAME;",
        ),
    ]


class AuditEventQuerySet(models.QuerySet):
    def about_client(self, client_id: UUID):
        """What happened to one client's record."""
        return self.filter(client_id=client_id)

    def reads(self):
        """Openings of clinical text."""
        return self.filter(act__endswith=".read")

    def for_listing(self):
        """Newest first."""
        return self.order_by("-at", "-pk")


class AuditEvent(models.Model):
    """Who did what to which thing, when and why; never what it said. Rows are added, not changed or removed.

    Ids are kept without foreign keys, so that the trail outlives people and things.
    """

    at = models.DateTimeField()
    actor = models.UUIDField(null=True)
    actor_role = models.CharField(max_length=80, blank=True)
    act = models.CharField(max_length=80)
    object_type = models.CharField(max_length=80, blank=True)
    object_id = models.CharField(max_length=40, blank=True)
    client_id = models.UUIDField(null=True)
    reason = models.CharField(max_length=500, blank=True)
    facts = models.JSONField(default=dict)
    ip_hash = models.CharField(max_length=32, blank=True)
    session_hash = models.CharField(max_length=32, blank=True)
    request_id = models.CharField(max_length=64, blank=True)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["client_id", "at"], name="audit_by_client", condition=models.Q(client_id__isnull=False)
            ),
            models.Index(fields=["actor", "at"], name="audit_by_actor", condition=models.Q(actor__isnull=False)),
            models.Index(fields=["object_id", "at"], name="audit_by_object"),
            models.Index(fields=["-at", "-id"], name="audit_by_time"),
        ]
        triggers = _append_only()

    def __str__(self):
        return f"{self.act} #{self.pk}"

    def hash_after(self, previous: bytes) -> bytes:
        """SHA-256 of the previous event's hash and all that this event says, as JSON with sorted keys."""
        said = {field.attname: field.value_from_object(self) for field in self._meta.concrete_fields}
        said["at"] = self.at.isoformat(timespec="microseconds")
        text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
        return hashlib.sha256(previous + text.encode()).digest()


class AuditSeal(models.Model):
    """One link of the chain that makes an edited, removed, reordered or inserted event show."""

    position = models.BigIntegerField(primary_key=True)
    event = models.OneToOneField(AuditEvent, on_delete=models.PROTECT, related_name="seal")
    sealed_at = models.DateTimeField()
    hash = models.BinaryField(max_length=32)

    class Meta:
        triggers = _append_only()

    def __str__(self):
        return f"{self.position}: {bytes(self.hash).hex()[:12]}"
