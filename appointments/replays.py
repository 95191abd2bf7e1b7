"""Answer a repeated request as it was answered the first time: a double click or a retry is one booking."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.fernet import Fernet
from django.conf import settings

from appointments.models import Replay
from practice.calendar.locks import lock
from practice.database.compiled import Compiled

KEPT = timedelta(hours=24)
LONGEST_KEY = 64
EARLIER = Compiled(
    lambda key: Replay.objects.filter(key_hash=key).values_list("pk", "body_hash", "answer", "expires_at"), key="a key"
)


class Mismatch(Exception):
    """The key was used before, with another request."""


@dataclass(frozen=True)
class Request:
    """One request to be answered once: who asks by which key, for what. Only keyed hashes are stored."""

    key: str
    body: dict

    def key_hash(self) -> str:
        return _keyed("key", self.key)

    def body_hash(self) -> str:
        return _keyed("body", json.dumps(self.body, sort_keys=True, default=str, ensure_ascii=False))


def _keyed(what: str, text: str) -> str:
    digest = hmac.new(settings.SECRET_KEY.encode(), f"replay.{what}:".encode(), hashlib.sha256)
    digest.update(text.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _box() -> Fernet:
    secret = hashlib.sha256(b"replay.answer:" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(secret))


def earlier_answer(request: Request, *, now: datetime, also: Iterable[tuple[str, object]] = ()) -> dict | None:
    """The answer given before, or None; from here on, others with the same key wait until this transaction ends.

    `also` are further things to lock, in the same statement. Raise Mismatch if the key belongs to another request, Busy
    if the locks could not be had in three seconds.
    """
    lock([("replay", request.key_hash()), *also])
    for pk, body_hash, answer, expires_at in EARLIER.rows(key=request.key_hash()):  # at most one
        if expires_at <= now:
            Replay.objects.filter(pk=pk).delete()
            return None
        if not hmac.compare_digest(body_hash, request.body_hash()):
            raise Mismatch
        return json.loads(_box().decrypt(bytes(answer)))
    return None


def kept_answer(request: Request, answer: dict, *, now: datetime) -> Replay:
    """The unsaved row that will repeat this answer for 24 hours."""
    return Replay(
        key_hash=request.key_hash(),
        body_hash=request.body_hash(),
        status=201,
        answer=_box().encrypt(json.dumps(answer).encode()),
        created_at=now,
        expires_at=now + KEPT,
    )


def forget_expired(*, now: datetime) -> int:
    """Remove answers that are no longer repeated."""
    return Replay.objects.filter(expires_at__lte=now).delete()[0]
