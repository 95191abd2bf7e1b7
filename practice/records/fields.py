"""Model fields that keep text sealed: in Python until it is read on purpose, in SQL always."""

import hashlib
from functools import reduce

from django.core.exceptions import FieldError
from django.db import models
from django.db.models.query_utils import DeferredAttribute

from practice.records.keys import RecordError


class Sealed:
    """A stored text that nobody has opened. It tells only that there is one; `records.actions.read` opens it."""

    __slots__ = ("_stored",)

    def __init__(self, stored: bytes):
        self._stored = stored

    def __repr__(self):
        return "<sealed text>"

    def __bool__(self):
        return True

    def digest(self) -> str:
        """SHA-256 of the stored ciphertext, in hex: tells whether it is still the same, without opening it."""
        return hashlib.sha256(self._stored).hexdigest()

    def _refuse(self, *args):
        raise RecordError("This text is sealed. Open it with practice.records.actions.read, which leaves a trace.")

    __str__ = __format__ = __len__ = __iter__ = __contains__ = __getitem__ = __add__ = __html__ = _refuse


class EncryptedTextAttribute(DeferredAttribute):
    """Holds a str (assigned, or opened by `read`) or a Sealed; never anything else."""

    def __set__(self, instance, value):
        if value is None:
            value = ""
        if not isinstance(value, str | Sealed):
            raise TypeError(f"{self.field} holds text.")
        instance.__dict__[self.field.attname] = value


class EncryptedTextField(models.BinaryField):
    """Text that SQL sees only as ciphertext, bound to its table, column, row and key.

    `key_from` is the path from the row to the KeyHolder whose key seals it: "client", "session.program", or "" for
    the row itself. An empty text is stored as NULL. Renaming the table or column, or giving the row another key holder,
    needs the text to be read and saved again: what was sealed under the old name does not open under the new.
    """

    description = "Encrypted text"
    descriptor_class = EncryptedTextAttribute

    def __init__(self, *args, key_from: str, **kwargs):
        self.key_from = key_from
        kwargs["null"] = True
        kwargs.setdefault("blank", True)
        super().__init__(*args, **kwargs)

    def deconstruct(self):
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "key_from": self.key_from}

    def key_holder(self, instance):
        """The KeyHolder whose key seals this field of this row."""
        return reduce(getattr, filter(None, self.key_from.split(".")), instance)

    def bound_to(self, instance, holder) -> tuple:
        """What the ciphertext is bound to. Raise RecordError while row or key holder have no id."""
        if instance.pk is None or holder is None or holder.pk is None:
            raise RecordError(f"{self} is sealed for one row and one key: both need an id first.")
        return (instance._meta.db_table, self.column, instance.pk, holder.pk, holder.key_version)

    def opened(self, instance, holder=None) -> str:
        """The text of this row, in clear. Only `records.actions.read` calls this: it writes the trace."""
        value = getattr(instance, self.attname)
        if not isinstance(value, Sealed):
            return value
        holder = holder or self.key_holder(instance)
        return holder.open_key().open(value._stored, bound_to=self.bound_to(instance, holder))

    def pre_save(self, model_instance, add):
        value = getattr(model_instance, self.attname)
        if isinstance(value, Sealed):
            if add:
                raise RecordError(f"{self} of a new row was sealed for another row: open it first.")
            return value
        if not value:
            return None
        holder = self.key_holder(model_instance)
        bound_to = self.bound_to(model_instance, holder)
        return Sealed(holder.open_key().seal(value, bound_to=bound_to))

    def get_default(self):
        return ""

    def to_python(self, value):
        return value

    def from_db_value(self, value, expression, connection):
        return "" if value is None else Sealed(bytes(value))

    def get_db_prep_value(self, value, connection, prepared=False):
        if value is None:
            return None
        if not isinstance(value, Sealed):
            raise TypeError(f"{self} takes text only through save() or bulk_create(), which seal it.")
        return connection.Database.Binary(value._stored)

    def get_lookup(self, lookup_name):
        if lookup_name != "isnull":
            raise FieldError(f"{self} is encrypted: the database can tell only whether there is a text (isnull).")
        return super().get_lookup(lookup_name)

    def get_transform(self, lookup_name):
        raise FieldError(f"{self} is encrypted: the database cannot look into it.")

    def value_to_string(self, obj):
        raise TypeError(f"{self} is encrypted and is not serialized.")


class KeptByInsert:
    """A field that INSERT writes and save() leaves alone: a row loaded earlier never writes back an old key."""

    def pre_save(self, model_instance, add):
        if not add:
            return models.F(self.attname)
        model_instance.hold_new_key()
        return super().pre_save(model_instance, add)


class WrappedKeyField(KeptByInsert, models.BinaryField):
    """The wrapped data key; NULL once it was destroyed."""


class KeyNameField(KeptByInsert, models.CharField):
    """The name of the key-encryption key that wraps it."""


class KeyVersionField(KeptByInsert, models.PositiveSmallIntegerField):
    """Which data key of this holder it is; every text is bound to it."""
