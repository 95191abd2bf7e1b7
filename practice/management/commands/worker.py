"""Deliver messages, remind, tidy up: everything that no visitor waits for."""

import argparse
import asyncio
import functools
import os
import signal
from concurrent.futures import ThreadPoolExecutor

from django.core.management.base import BaseCommand, CommandError
from django.db import Error, connection
from procrastinate.contrib.django import app
from procrastinate.exceptions import ConnectorException

from practice.management.lifeline import end_with

LOOK_EVERY = 2.0
STOP_PATIENCE = 10.0
LOST_PATIENCE = 2.0
AT_ONCE = 4


class DatabaseGone(Exception):
    """The connection that we watch was cut, and with it those of the worker."""


class Command(BaseCommand):
    help = "Works off the jobs until told to stop. Ends with an error when the database goes away: start it again."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--supervisor", type=int, help=argparse.SUPPRESS)

    def handle(self, *, supervisor, **options):
        if supervisor:
            end_with(supervisor)
        try:
            with app.replace_connector(app.connector.get_worker_connector()):
                asyncio.run(work())
        except (DatabaseGone, ConnectorException, Error) as error:
            raise CommandError("The database has gone away.") from error


async def work() -> None:
    """Run the worker until a signal stops it. Raise DatabaseGone if the database goes away."""
    stop = asyncio.Event()
    for order in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(order, stop.set)

    async with app.open_async():
        worker = asyncio.create_task(
            app.run_worker_async(
                concurrency=AT_ONCE, shutdown_graceful_timeout=STOP_PATIENCE, install_signal_handlers=False
            )
        )
        watch = asyncio.create_task(watch_database())
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait([worker, watch, stopped], return_when=asyncio.FIRST_COMPLETED)

        worker.cancel()  # it finishes the jobs at hand
        watch.cancel()
        await asyncio.wait([worker], timeout=STOP_PATIENCE + 1 if stop.is_set() else LOST_PATIENCE)
        if not worker.done():
            os._exit(1)  # it waits for a database that does not answer
        if not stop.is_set():
            raise DatabaseGone


async def watch_database() -> None:
    """Return when the connection was cut. The worker itself would go on, deaf, on connections that are."""
    with ThreadPoolExecutor(1) as thread:  # Django's connections belong to a thread
        look = functools.partial(asyncio.get_running_loop().run_in_executor, thread, ask_database)
        first = await look()
        while await look() == first:
            await asyncio.sleep(LOOK_EVERY)


def ask_database() -> int:
    """Return the number of our connection. A cut one is made anew, which starts an embedded server that has died."""
    if not connection.is_usable():
        connection.close()
        connection.ensure_connection()
    return connection.connection.info.backend_pid
