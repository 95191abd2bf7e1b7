"""Bearer secrets for links. Whoever holds the token may do what it is for; only its hash is stored."""

import hashlib
import secrets


def mint() -> tuple[str, bytes]:
    """A new token of 256 random bits for a link, and the digest to store in its place."""
    token = secrets.token_urlsafe(32)
    return token, digest(token)


def digest(token: str) -> bytes:
    """The SHA-256 of a token: 32 bytes. Takes any text that a URL may carry."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
