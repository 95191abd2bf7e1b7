"""Secrets that the demo makes for itself on its first start. A real practice brings its own."""

import base64
import contextlib
import os
import secrets
import tempfile
from pathlib import Path

from .places import make_directory


def demo_secret(path: Path) -> str:
    """Return the secret kept in this file, making it on the first call: 86 characters, safe in a URL."""
    return _kept(path, secrets.token_urlsafe(64))


def demo_key(path: Path) -> str:
    """Return the key kept in this file, making it on the first call: 32 random bytes as URL-safe base64."""
    return _kept(path, base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())


def _kept(path: Path, candidate: str) -> str:
    """Return what the file holds; if there is none, make it with the candidate.

    Several processes may do so at once, and any may be killed: a hard link puts the whole file there, or nothing,
    and the first one wins.
    """
    with contextlib.suppress(FileNotFoundError):
        return path.read_text().strip()

    make_directory(path.parent)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w") as file:
            file.write(candidate + "\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        Path(draft).unlink()
    return path.read_text().strip()
