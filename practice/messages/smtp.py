"""Mail by SMTP over lines that stay open: to greet a server, agree on TLS and log in takes longer than a mail does."""

import contextlib
import select
import smtplib
import threading
import time
from typing import NamedTuple

from django.core.mail.backends import smtp

FRESH_FOR = 2.0  # seconds; a line used just now need not be asked whether it lives
IDLE_AT_MOST = 20.0  # seconds; servers hang up on silence
MAILS_AT_MOST = 50  # servers tire of one line


class Line(NamedTuple):
    """An open connection to a server, when it was last used and for how many mails."""

    server: tuple
    connection: smtplib.SMTP
    used_at: float
    mails: int


_lines = threading.local()


def is_at_rest(line: Line) -> bool:
    """True if the line was used just now and the server has said nothing since: no goodbye, no hanging up."""
    return time.monotonic() - line.used_at < FRESH_FOR and not select.select([line.connection.sock], [], [], 0)[0]


class EmailBackend(smtp.EmailBackend):
    """Django's SMTP backend, but each thread keeps its connection for the next mail while the server answers on it.

    After any error the line is cut: what is sent next begins anew.
    """

    def send_messages(self, email_messages):
        line = self._take()
        self.connection = line and line.connection
        try:
            self.open()
            sent = super().send_messages(email_messages)
        except BaseException:
            self._cut(self.connection)
            raise
        mails = len(email_messages) + (line.mails if line else 0)
        if mails < MAILS_AT_MOST:
            _lines.line = Line(self._server(), self.connection, time.monotonic(), mails)
        else:
            self.close()
        self.connection = None
        return sent

    def _server(self):
        return self.host, self.port, self.username, self.use_tls, self.use_ssl

    def _take(self) -> Line | None:
        """This thread's open line, if it leads to the right server and that still answers."""
        line = _lines.__dict__.pop("line", None)
        if line is None:
            return None
        if line.server == self._server() and time.monotonic() - line.used_at < IDLE_AT_MOST:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                line.connection.sock.settimeout(self.timeout)
                if is_at_rest(line) or line.connection.noop()[0] == 250:
                    return line
        self._cut(line.connection)
        return None

    def _cut(self, connection):
        """Hang up without another word: the server may not be listening."""
        if connection is not None:
            connection.close()
        self.connection = None
