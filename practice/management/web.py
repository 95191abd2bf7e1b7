"""The web processes of `manage.py serve`: `python -m practice.management.web HOST PORT PROCESSES SUPERVISOR`."""

import gc
import multiprocessing
import sys

from django.urls import get_resolver
from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

import practice.wsgi
from practice.management.lifeline import end_with


class NeverJustNow(dict):
    """Granian's memory of when it replaced a process, without the memory.

    It would end the server, and with it every visitor's request, when a process dies twice within 5.5 seconds. That is
    to catch an application that fails while it loads, which ours cannot do there: it is loaded before.
    """

    def __setitem__(self, process, at):
        pass


def load_application():
    """Return the application inside one of the web processes."""
    end_with(multiprocessing.parent_process().pid)
    gc.freeze()  # what was loaded stays: to look through it for garbage again and again takes longer than most requests
    return practice.wsgi.application


def main(host: str, port: str, processes: str, supervisor: str) -> None:
    """Answer requests until told to stop, or until the supervisor with this pid ends. Replace a process that dies."""
    end_with(int(supervisor))
    get_resolver().url_patterns  # noqa: B018 - every view is loaded once, before the processes fork and share it all
    server = Granian(
        "practice.management.web:load_application",
        factory=True,
        address=host,
        port=int(port),
        interface=Interfaces.WSGI,
        workers=int(processes),
        blocking_threads=1,  # Django's work is Python: a second thread would only wait for the first
        http=HTTPModes.http1,
        websockets=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        respawn_interval=0.1,
        workers_kill_timeout=10,
    )
    server.respawned_wrks = NeverJustNow()
    server.serve()


if __name__ == "__main__":
    main(*sys.argv[1:])
