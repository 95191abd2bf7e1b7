"""Set up what is missing, then run web and worker until told to stop."""

import contextlib
import errno
import fcntl
import hashlib
import http.client
import os
import socket
import sys
import time
from collections.abc import Iterator

from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from practice.database.places import make_directory
from practice.management.supervisor import Stopped, Supervised, keep_running, stop_on_signals

GIVE_UP_AFTER_FAILURES = 3
ASK_EVERY = 0.2
PORT_PATIENCE = 5.0


class Command(BaseCommand):
    help = "Serves Benang: prepares the database, then runs web and worker, and starts again what dies."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--web-processes", type=int, default=2, metavar="N")
        parser.add_argument("--workers", type=int, default=1, metavar="N")

    def handle(self, *, host, port, web_processes, workers, **options):
        stop_on_signals()
        try:
            with sole_use_of(host, port):
                self.prepare()
                self.run(host, port, web_processes, workers)
        except OperationalError as error:
            raise CommandError(f"The database cannot be used. {error}") from error
        except Stopped:
            self.say("Benang has stopped.")

    def say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

    # --- Before -----------------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Bring database, translations and static files up to date; in the demo, make a practice on the first start."""
        if settings.PRODUCTION:
            call_command("check", deploy=True, fail_level="ERROR")
        call_command("translations", compile=True)
        if has_migrations_to_run():
            self.say("Preparing the database …")
            call_command("migrate", interactive=False, verbosity=0)
        self.collect_static_files()
        if settings.DEMO and "seed_demo" in get_commands() and not apps.get_model("practice.Practice").objects.exists():
            self.say("Making the demo practice …")
            call_command("seed_demo", verbosity=0)
        connection.close()

    def collect_static_files(self) -> None:
        """Collect them if any has changed since the last time: to compress them takes seconds."""
        stamp, state = settings.DATA_DIR / "static.stamp", state_of_static_files()
        if not stamp.exists() or stamp.read_text() != state:
            call_command("collectstatic", interactive=False, verbosity=0)
            stamp.write_text(state)

    # --- While it runs ----------------------------------------------------------------------------------------------

    def run(self, host: str, port: int, web_processes: int, workers: int) -> None:
        url = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
        os.chdir(settings.BASE_DIR)
        os.environ["BENANG_DATA"] = str(settings.DATA_DIR)
        if settings.DEMO:
            os.environ.setdefault("BENANG_URL", url)
        me = str(os.getpid())
        web_command = ["-m", "practice.management.web", host, str(port), str(web_processes), me]
        web = Supervised("web server", [sys.executable, *web_command])
        worker_command = [sys.executable, "manage.py", "worker", "--supervisor", me]
        children = [web, *(Supervised("worker", worker_command) for _ in range(workers))]
        is_ready, ask_again_at = False, 0.0

        def look():
            nonlocal is_ready, ask_again_at
            if is_ready or time.monotonic() < ask_again_at:
                return
            if web.failures >= GIVE_UP_AFTER_FAILURES:
                raise CommandError("The web server does not start; the reason is above.")
            is_ready = answers(host, port, "/healthz") and answers(host, port, "/")
            ask_again_at = time.monotonic() + ASK_EVERY
            if is_ready:
                self.say(f"Benang is ready at {url}")

        keep_running(children, say=self.say, on_tick=look)


@contextlib.contextmanager
def sole_use_of(host: str, port: int) -> Iterator[None]:
    """Keep a second `serve` off the port. Raise CommandError if anybody listens there.

    Without this the kernel would let several web servers share a port, each with some of the visitors.
    """
    make_directory(settings.DATA_DIR)
    with (settings.DATA_DIR / f"serve-{port}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            wait_until_free(host, port)
        except BlockingIOError as error:
            raise CommandError(f"Benang is served on port {port} already.") from error
        except OSError as error:
            raise CommandError(f"Cannot serve on {host} port {port}: {error.strerror}.") from error
        yield


def wait_until_free(host: str, port: int) -> None:
    """Wait a little for the web processes of a `serve` that was killed. Raise OSError if we cannot listen there."""
    deadline = time.monotonic() + PORT_PATIENCE
    family, kind, _protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    while True:
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(address)
                return probe.listen()
            except OSError as error:
                if error.errno != errno.EADDRINUSE or time.monotonic() > deadline:
                    raise
        time.sleep(0.1)


def has_migrations_to_run() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def state_of_static_files() -> str:
    """A digest that changes whenever a static file does, or the place they are collected in."""
    state = hashlib.sha256(str(settings.STATIC_ROOT.exists()).encode())
    for finder in get_finders():
        for name, storage in finder.list([]):
            file = storage.path(name)
            state.update(f"{name} {storage.get_modified_time(name).timestamp()} {storage.size(name)} {file}\n".encode())
    return state.hexdigest()


def answers(host: str, port: int, path: str) -> bool:
    """True if there is an answer that is not an error of ours. In production it may be: come by HTTPS."""
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104
    connection = http.client.HTTPConnection(everywhere.get(host, host), port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
