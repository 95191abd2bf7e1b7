"""A connection that does not wait for ever: a frozen server, or a network that swallows everything, says nothing."""

import time

import psycopg
from psycopg.errors import _WaitTimeout

PATIENCE = 5.0  # longer than the three seconds of the booking locks, which end by themselves
PAUSE = 0.5  # seconds after which the database is tried again


class Connection(psycopg.Connection):
    """psycopg's connection, with a limit to how long an answer may take.

    After `patience` seconds it is closed, so that nobody reads the late answer, and OperationalError is raised. None,
    as in commands and in the worker, waits for as long as it takes; a web process sets it for all its connections.
    """

    patience: float | None = None
    gave_up_at = float("-inf")

    def wait(self, gen, interval=0.1, timeout=None):
        if timeout is not None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, self.patience)
        except _WaitTimeout:
            self.close()
            Connection.gave_up_at = time.monotonic()
            raise silent() from None

    @classmethod
    def refuse_so_soon(cls) -> None:
        """Raise OperationalError if a connection was given up a moment ago: the next one would wait again.

        Django makes one at once, when it ends the transaction that failed.
        """
        if time.monotonic() - cls.gave_up_at < PAUSE:
            raise silent()


def silent() -> psycopg.OperationalError:
    return psycopg.OperationalError("no answer from the database")
