"""Keeps a few processes running until told to stop."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable

LOOK_EVERY = 0.1
STOP_PATIENCE = 15.0
LONGEST_PAUSE = 5.0
STEADY_AFTER = 5.0


class Stopped(BaseException):
    """Somebody asked us to stop. Not an Exception, so that nothing on the way swallows it."""


class Supervised:
    """One process that is started again whenever it ends, after a pause that grows while it keeps failing."""

    def __init__(self, name: str, command: list[str]):
        self.name = name
        self.command = command
        self.process: subprocess.Popen | None = None
        self.failures = 0
        self._started_at = 0.0
        self._start_again_at = 0.0

    def tend(self, say: Callable[[str], None]) -> None:
        """Start it if it is due; notice if it has ended."""
        now = time.monotonic()
        if self.process is None:
            if now >= self._start_again_at:
                self._started_at = now
                self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, process_group=0)
        elif self.process.poll() is not None:
            self.failures = 1 if now - self._started_at > STEADY_AFTER else self.failures + 1
            pause = min(LONGEST_PAUSE, 0.1 * 2**self.failures)
            say(f"The {self.name} ended with {self.process.returncode}; starting it again")
            self.process, self._start_again_at = None, now + pause

    def signal(self, order: signal.Signals) -> None:
        if self.process is not None and self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, order)

    def has_ended(self) -> bool:
        return self.process is None or self.process.poll() is not None


def stop_on_signals() -> None:
    """Turn Ctrl-C, SIGTERM and SIGHUP into Stopped, once; further ones do not disturb the stopping."""
    orders = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def stop(number, frame):
        for order in orders:
            signal.signal(order, signal.SIG_IGN)
        raise Stopped

    for order in orders:
        signal.signal(order, stop)


def keep_running(children: list[Supervised], *, say: Callable[[str], None], on_tick: Callable[[], None]) -> None:
    """Run the processes until Stopped or another exception comes, then stop them all, the slow ones hard."""
    try:
        while True:
            for child in children:
                child.tend(say)
            on_tick()
            time.sleep(LOOK_EVERY)
    finally:
        for child in children:
            child.signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_PATIENCE
        while not all(child.has_ended() for child in children) and time.monotonic() < deadline:
            time.sleep(0.02)
        for child in children:
            child.signal(signal.SIGKILL)
