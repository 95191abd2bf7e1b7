"""Django's PostgreSQL backend with two additions: the embedded server, and no long wait for a server that hangs.

Before a request the server has half a second to answer, a connection that has to be made has two, and a statement has
as long as `patience` says.

With `EMBEDDED` in the database's settings (`{"DIR": path, "DURABLE": bool}`) it runs on a server of our own, started on
the first connection and again whenever it has died. Without it, on any PostgreSQL.
"""

import functools
import itertools
import re
import select
import time
from types import SimpleNamespace

import psycopg
from django.db.backends.postgresql import base, client

from . import binaries
from .patience import Connection
from .server import HEAL_PATIENCE, PORT, Server

ANSWER_PATIENCE = 0.5
PLACEHOLDER = re.compile("%s")
TRUSTED_FOR = 1.0  # seconds after an answer


@functools.cache
def embedded_server(directory, durable: bool) -> Server:
    """The one Server object that this process has for a directory."""
    return Server(directory, durable=durable)


class DatabaseClient(client.DatabaseClient):
    def runshell(self, parameters):
        """Open psql, the wheel's own for the embedded server."""
        if self.connection.server:
            self.connection.get_connection_params()
            self.executable_name = str(binaries.tool("psql"))
        super().runshell(parameters)


class LongCursor(psycopg.RawCursor):
    """A cursor for one very long statement that is run again and again, with `%s` for each of its parameters.

    psycopg takes a statement of over 4096 characters apart each time it runs; here that is done once.
    """

    def execute(self, query, params=None, **options):
        return super().execute(_numbered(query), params, **options)


@functools.lru_cache(maxsize=100)
def _numbered(query: str) -> str:
    """The same statement with `$1`, `$2` … as PostgreSQL reads it. It holds no other percent sign."""
    numbers = itertools.count(1)
    return PLACEHOLDER.sub(lambda _match: f"${next(numbers)}", query)


class DatabaseWrapper(base.DatabaseWrapper):
    client_class = DatabaseClient
    Database = SimpleNamespace(**vars(psycopg) | {"connect": Connection.connect})  # Django takes it from there
    answered_at = float("-inf")

    @property
    def server(self) -> Server | None:
        """The embedded server of this connection, if it has one."""
        embedded = self.settings_dict.get("EMBEDDED")
        return embedded_server(embedded["DIR"], embedded.get("DURABLE", True)) if embedded else None

    def get_connection_params(self):
        """Start the embedded server if need be. procrastinate asks here too, for its worker's own connections."""
        if self.server:
            self.settings_dict["HOST"] = self.server.join()
            self.settings_dict["PORT"] = str(PORT)
        return super().get_connection_params()

    def get_new_connection(self, conn_params):
        """Connect, healing an embedded server that has just died. Raise OperationalError after two seconds."""
        Connection.refuse_so_soon()
        deadline = time.monotonic() + HEAL_PATIENCE
        while True:
            try:
                return super().get_new_connection(conn_params)
            except psycopg.OperationalError as error:
                is_recovering = "the database system is" in str(error)
                if not self.server or time.monotonic() > deadline or (self.server.answers() and not is_recovering):
                    raise
            time.sleep(0.1)
            conn_params["host"] = self.settings_dict["HOST"] = self.server.join(look_again=True)

    def long_cursor(self):
        """A cursor as `cursor()` gives it, for one very long statement that is run again and again."""
        self.ensure_connection()
        with self.wrap_database_errors:
            return self._prepare_cursor(LongCursor(self.connection))

    def close_if_health_check_failed(self):
        """Leave out the question at the beginning of a request if it was answered within the last second.

        A look at the socket still tells a connection that was cut.
        """
        is_trusted = time.monotonic() - self.answered_at < TRUSTED_FOR
        if is_trusted and not self.health_check_done and not _is_cut(self.connection):
            self.health_check_done = True
        super().close_if_health_check_failed()

    def is_usable(self):
        """True if the server answers within half a second. Django waits for ever, and so would the visitor."""
        self.answered_at = float("-inf")
        if self.connection is None:
            return False
        try:
            usable = _answers(self.connection.pgconn, ANSWER_PATIENCE)
        except psycopg.Error:
            return False
        if usable:
            self.answered_at = time.monotonic()
        return usable


def _is_cut(connection) -> bool:
    """True if the server has hung up: the socket of a connection at rest is readable for nothing else."""
    if connection is None or connection.closed:
        return True
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def _answers(pgconn, patience: float) -> bool:
    """Send an empty query and wait for its end, at most `patience` seconds."""
    deadline = time.monotonic() + patience
    pgconn.send_query(b"")
    pgconn.flush()
    poll = select.poll()
    poll.register(pgconn.socket, select.POLLIN)
    while True:
        while not pgconn.is_busy():
            result = pgconn.get_result()
            if result is None:
                return True
            if result.status == psycopg.pq.ExecStatus.FATAL_ERROR:
                return False
        if not poll.poll(max(0, deadline - time.monotonic()) * 1000):
            return False
        pgconn.consume_input()
