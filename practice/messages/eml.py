"""A mail server for those who have none: every mail becomes a file that any mail program opens."""

import hashlib
import os
import secrets
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.core.mail.backends.base import BaseEmailBackend


class EmailBackend(BaseEmailBackend):
    """Write each mail to `settings.EMAIL_FILE_PATH`, a folder that only its owner may enter.

    A file appears whole or not at all. Its name is the time and a hash of the Message-ID: nothing about anybody.
    """

    def send_messages(self, email_messages):
        folder = Path(settings.EMAIL_FILE_PATH)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for mail in email_messages:
            self._write(folder, mail.message())
        return len(email_messages)

    def _write(self, folder, message):
        digest = hashlib.sha256(message["Message-ID"].encode()).hexdigest()[:16]
        path = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{digest}.eml"
        unfinished = folder / f".{secrets.token_hex(8)}"
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(message.as_bytes(linesep="\r\n"))
        unfinished.rename(path)
