"""Two layers of keys: a data key seals one client's texts; a key-encryption key, not in the database, wraps it."""

import base64
import binascii
import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

KEY_BYTES = 32
NONCE_BYTES = 12
FORMAT = b"\x01"


class RecordError(Exception):
    """A sealed text could not be sealed or opened. The message never holds text or key."""


class Erased(RecordError):
    """The key was destroyed, and so the text with it."""


class UnknownKey(ImproperlyConfigured):
    """A key-encryption key that the database names is not among BENANG_KEYS."""


def _bound(parts: tuple) -> bytes:
    """Join what a ciphertext is bound to; no part may hold the separator."""
    joined = [str(part).encode() for part in parts]
    if any(b"\x1f" in part for part in joined):
        raise RecordError("A name that a text is bound to holds a control character.")
    return b"\x1f".join(joined)


def _seal(secret: bytes, content: bytes, bound_to: tuple) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return FORMAT + nonce + AESGCM(secret).encrypt(nonce, content, _bound(bound_to))


def _open(secret: bytes, sealed: bytes, bound_to: tuple) -> bytes:
    if sealed[:1] != FORMAT:
        raise RecordError("This was not sealed here: unknown format.")
    nonce, content = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
    try:
        return AESGCM(secret).decrypt(nonce, content, _bound(bound_to))
    except (InvalidTag, ValueError):
        raise RecordError("This does not open: it was changed, moved, or sealed under another key.") from None


class DataKey:
    """The key that seals the texts of one record. It shows nothing of itself and cannot be pickled."""

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes):
        self._secret = secret

    def __repr__(self):
        return "<DataKey>"

    def __reduce__(self):
        raise TypeError("A data key is never copied or stored unwrapped.")

    def seal(self, text: str, *, bound_to: tuple) -> bytes:
        """Encrypt a text so that it opens only with the same `bound_to`. Raise RecordError for invalid Unicode."""
        try:
            content = text.encode()
        except UnicodeEncodeError:
            raise RecordError("A text with half a character (a lone surrogate) cannot be sealed.") from None
        return _seal(self._secret, content, bound_to)

    def open(self, sealed: bytes, *, bound_to: tuple) -> str:
        """Give back the text. Raise RecordError if the bytes or what they are bound to differ by one bit."""
        return _open(self._secret, sealed, bound_to).decode()


@dataclass(frozen=True)
class KeyEncryptionKey:
    """A named key from BENANG_KEYS."""

    name: str
    secret: bytes

    def __repr__(self):
        return f"<KeyEncryptionKey {self.name}>"


def key_ring() -> dict[str, KeyEncryptionKey]:
    """The key-encryption keys by name, the current one first.

    Raise ImproperlyConfigured, without saying the content, for an entry that is not "name:base64 of 32 bytes".
    """
    ring = {}
    for position, entry in enumerate(settings.RECORD_KEYS, start=1):
        name, _colon, encoded = entry.strip().partition(":")
        try:
            secret = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            secret = b""
        if not name or len(name) > 40 or not name.isprintable() or len(secret) != KEY_BYTES or name in ring:
            raise ImproperlyConfigured(
                f"Entry {position} of BENANG_KEYS is not a unique short name, a colon, and 32 bytes in URL-safe base64."
            )
        ring[name] = KeyEncryptionKey(name, secret)
    if not ring:
        raise ImproperlyConfigured("BENANG_KEYS is empty: without a key-encryption key no text can be kept.")
    return ring


def current_key() -> KeyEncryptionKey:
    """The key-encryption key that wraps new data keys."""
    return next(iter(key_ring().values()))


def new_key() -> DataKey:
    """A fresh random data key."""
    return DataKey(AESGCM.generate_key(bit_length=8 * KEY_BYTES))


def wrap(data_key: DataKey, *, owner: tuple) -> tuple[str, bytes]:
    """Wrap a data key under the current key-encryption key; `owner` is (table, id, version).

    Return that key's name and the wrapped bytes, which open only for the same name and owner.
    """
    current = current_key()
    return current.name, _seal(current.secret, data_key._secret, (current.name, *owner))


def unwrap(wrapped: bytes, *, name: str, owner: tuple) -> DataKey:
    """Open a wrapped data key. Raise UnknownKey if `name` is not in BENANG_KEYS, RecordError for another owner's."""
    try:
        key = key_ring()[name]
    except KeyError:
        raise UnknownKey(f"BENANG_KEYS has no key named “{name}”, but stored texts need it.") from None
    return DataKey(_open(key.secret, bytes(wrapped), (name, *owner)))
