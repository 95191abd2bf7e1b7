"""The code that proves an e-mail address: six digits that are never stored anywhere.

A sign-in holds a nonce: a random UUID, in the session of the browser that asked and in the outbox row of the mail. The
code is computed from it with SECRET_KEY, once by the worker that writes the mail and once when the code is typed. Who
reads the database (sessions, outbox, backups) finds no code, and a mail that is tried twice carries the same one.
"""

import uuid

from django.utils.crypto import constant_time_compare, salted_hmac

DIGITS = 6


def new_nonce() -> str:
    """What a new sign-in is known by."""
    return str(uuid.uuid4())


def code_of(nonce: str) -> str:
    """The code of this sign-in: six decimal digits."""
    digest = salted_hmac("practice.people.sign_in_code", nonce, algorithm="sha256").digest()
    return f"{int.from_bytes(digest[:8]) % 10**DIGITS:0{DIGITS}}"


def is_code_of(nonce: str, typed: str) -> bool:
    """True if this is what was mailed; spaces and dashes do not count. Never true without a nonce."""
    digits = typed.translate({ord(char): None for char in " -\u00a0\u2009\u2013"})
    return constant_time_compare(digits, code_of(nonce)) and bool(nonce)
