"""The one home of the booking locks: taken before looking, sorted, and released by the end of the transaction."""

import hashlib
from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import OperationalError, connection
from django.utils.translation import gettext as _

PATIENCE = "3s"


class Busy(ValidationError):
    """Somebody else has held the same counselor, room or client for too long: try again."""

    def __init__(self):
        super().__init__(_("Many people are booking at this moment. Try again."), code="busy")


def lock_key(kind: str, key) -> int:
    """A 64-bit signed key for one scarce thing."""
    return int.from_bytes(hashlib.blake2b(f"{kind}:{key}".encode(), digest_size=8).digest(), "big", signed=True)


def lock(things: Iterable[tuple[str, object]]) -> None:
    """Hold each (kind, key) until the transaction ends, in one statement and one order for everybody.

    Raise Busy after three seconds. Must run inside a transaction, before anything is looked at.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("a lock without a transaction protects nothing")
    keys = sorted({lock_key(kind, key) for kind, key in things})
    takes = ", ".join(["pg_advisory_xact_lock(%s)"] * len(keys))
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT set_config('lock_timeout', %s, true), {takes}", [PATIENCE, *keys])
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") in {"55P03", "40P01"}:
            raise Busy from error
        raise
