"""A practice served by two web processes on a database of its own, for tests that need real parallel requests."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[1]
SETUP = "import django, json, sys; django.setup()\n"


class Served:
    """Runs commands and Python against the practice in `data`, and serves it."""

    def __init__(self, data: Path, *, web_processes: int = 2):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.web_processes = web_processes
        self.data = data
        self.log = data / "web.log"
        self.environment = os.environ | {
            "BENANG_DATA": str(data),
            "BENANG_DURABLE": "off",
            "BENANG_LIMITS": "off",
            "BENANG_URL": self.url,
            "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        }
        self.process = None

    def manage(self, *arguments: str) -> None:
        self._run(sys.executable, "manage.py", *arguments)

    def python(self, code: str):
        """Run code in the practice; what it prints as JSON in its last line comes back."""
        lines = self._run(sys.executable, "-c", SETUP + code).strip().splitlines()
        return json.loads(lines[-1]) if lines else None

    def _run(self, *command: str) -> str:
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self) -> None:
        self.manage("collectstatic", "--noinput", "-v0")
        command = [
            *(sys.executable, "-m", "granian", "--interface", "wsgi", "practice.wsgi:application"),
            *("--port", str(self.port), "--workers", str(self.web_processes), "--blocking-threads", "1"),
            *("--no-ws", "--respawn-failed-workers"),
        ]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )
        for _ in range(150):
            try:
                urllib.request.urlopen(f"{self.url}/healthz", timeout=2)
                return
            except (OSError, urllib.error.URLError):
                time.sleep(0.1)
        raise AssertionError(self.log.read_text())

    def stop(self) -> None:
        """End the web processes, and the database with its data: who was killed could not leave it properly."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait(timeout=20)
        self.python("from django.db import connection; connection.ensure_connection()")  # the last one out stops it
        shutil.rmtree((self.data / "postgres" / "elsewhere").resolve(), ignore_errors=True)


def post_json(url: str, body: dict, headers: dict) -> tuple[int, dict]:
    """POST and return status and answer, whatever the status."""
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"Content-Type": "application/json"} | headers, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)
