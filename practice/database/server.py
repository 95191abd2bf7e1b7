"""An embedded PostgreSQL server, for a machine that has none.

It listens on a Unix socket only and belongs to everyone who has joined it: each process holds a shared lock on a file,
and the last one that leaves stops the server. The kernel drops the lock of a process that is killed, so nothing has to
be tidied up; a server left over that way is simply joined by the next process.
"""

import atexit
import contextlib
import fcntl
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psycopg

from . import binaries
from .places import can_reach, make_directory, run_as

PORT = 5432
HEAL_PATIENCE = 2.0
RETRY_PATIENCE = 5.0
STOP_PATIENCE = 10.0
LONGEST_SOCKET_PATH = 100  # macOS allows 103 bytes, Linux 107
LARGEST_LOG = 5_000_000
HOMES = ("/var/lib", "/var/tmp")  # noqa: S108 - for root only, and mkdtemp makes the directory there
INITDB = (
    "--auth=trust",  # whoever can reach the socket is us: its directory is closed to everyone else
    "--username=postgres",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-instructions",
)
SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    # What people write must never reach a log: no statement, no parameter, no row.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}
THROW_AWAY_PREFIX = "benang-throw-away-"
THROW_AWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postmaster(NamedTuple):
    """A living server process, as its pid file describes it."""

    pid: int
    socket_directory: str
    state: str


class Server:
    """The server of one directory. With `durable=False` it is one for tests, which a power cut may break."""

    patience = 60.0  # seconds that the first joining may take; a web process lowers it

    def __init__(self, directory: Path, *, durable: bool = True):
        self.directory = Path(directory).resolve()
        self.durable = durable
        self._membership: int | None = None
        self._postmaster: Postmaster | None = None

    def join(self, *, look_again: bool = False) -> str:
        """Use the server, starting it if nobody has; return the directory of its socket.

        Cheap when already joined: one look at the process. `look_again` distrusts that look. The first call waits up to
        `patience`; later ones, which find the server dead and start it again, two seconds. Raise
        psycopg.OperationalError if it cannot be had by then.
        """
        postmaster = self._postmaster
        if postmaster is not None and not look_again and _is_alive(postmaster.pid):
            return postmaster.socket_directory

        deadline = time.monotonic() + (self.patience if postmaster is None else HEAL_PATIENCE)
        try:
            make_directory(self.directory)
            with self._alone(deadline):
                self._become_member()
                self._postmaster = self._ready_postmaster(deadline)
        except (OSError, LookupError, subprocess.CalledProcessError) as error:
            raise psycopg.OperationalError(f"The embedded PostgreSQL cannot be started: {_reason(error)}") from error
        return self._postmaster.socket_directory

    def answers(self) -> bool:
        """True if something accepts connections on the socket."""
        if self._postmaster is None:
            return False
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(HEAL_PATIENCE)
            return connection.connect_ex(f"{self._postmaster.socket_directory}/.s.PGSQL.{PORT}") == 0

    def leave(self) -> None:
        """Stop using the server. The last one out stops it; leaving twice does nothing."""
        if self._membership is None:
            return
        membership, self._membership, self._postmaster = self._membership, None, None
        _joined.discard(self)
        try:
            with self._alone(time.monotonic() + self.patience):
                fcntl.flock(membership, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._stop()
        except (BlockingIOError, TimeoutError, FileNotFoundError):
            pass  # somebody uses it, or is starting it; or the whole directory is gone, and PostgreSQL ends by itself
        finally:
            os.close(membership)

    def forget(self) -> None:
        """Drop what a fork copied from its parent, whose membership stays the parent's."""
        if self._membership is not None:
            os.close(self._membership)
            self._membership = self._postmaster = None

    # --- Who uses it ------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _alone(self, deadline: float) -> Iterator[None]:
        """Let one process at a time start, join or stop."""
        handle = os.open(self.directory / "start.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            while True:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise TimeoutError("another process has been starting it for too long") from None
                    time.sleep(0.02)
            yield
        finally:
            os.close(handle)

    def _become_member(self) -> None:
        if self._membership is None:
            handle = os.open(self.directory / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(handle, fcntl.LOCK_SH)
            self._membership = handle
            _joined.add(self)

    # --- Where it lives ---------------------------------------------------------------------------------------------

    @property
    def home(self) -> Path:
        """Where data, socket and log are: the directory, or for root the place that `elsewhere` in it points to."""
        elsewhere = self.directory / "elsewhere"
        return elsewhere.resolve() if elsewhere.is_symlink() else self.directory

    @property
    def data(self) -> Path:
        return self.home / "data"

    def _user(self) -> pwd.struct_passwd | None:
        """Who runs it: ourselves, or for root the owner of the data (PostgreSQL refuses to run as root)."""
        if os.geteuid() != 0:
            return None
        if self.data.exists() and (owner := self.data.stat().st_uid) != 0:
            return pwd.getpwuid(owner)
        for name in ("postgres", "_postgres", "daemon", "nobody"):
            with contextlib.suppress(KeyError):
                return pwd.getpwnam(name)
        raise OSError("PostgreSQL does not run as root, and there is no other user here")

    def _move_in(self, user: pwd.struct_passwd | None) -> None:
        """Make a home that the user can reach. Parents that are closed to it stay closed: we go elsewhere."""
        if user is not None and not self.data.exists() and not can_reach(user, self.directory.parent):
            place = next(Path(home) for home in HOMES if can_reach(user, Path(home)))
            _remove_orphans(place)
            home = tempfile.mkdtemp(prefix="benang-" if self.durable else THROW_AWAY_PREFIX, dir=place)
            (self.directory / "elsewhere").unlink(missing_ok=True)
            (self.directory / "elsewhere").symlink_to(home)
            (Path(home) / "owner").symlink_to(self.directory)
        self.home.mkdir(exist_ok=True)
        _hand_over(self.home, user)

    def _socket_directory(self, user: pwd.struct_passwd | None) -> Path:
        """The home, unless its path is too long for a socket."""
        if len(f"{self.home}/.s.PGSQL.{PORT}".encode()) <= LONGEST_SOCKET_PATH:
            return self.home
        directory = Path(tempfile.mkdtemp(prefix="benang-", dir="/tmp"))
        _hand_over(directory, user)
        return directory

    # --- Start and stop ---------------------------------------------------------------------------------------------

    def _ready_postmaster(self, deadline: float) -> Postmaster:
        """Wait for the server to be ready, and start it when there is none.

        Raise OSError if it keeps failing, TimeoutError at the deadline. A start may fail at first: the processes of a
        killed server need a moment to notice.
        """
        started = 0
        hope_ends = min(deadline, time.monotonic() + RETRY_PATIENCE)
        while True:
            postmaster = self._living_postmaster()
            if postmaster is not None and postmaster.state == "ready":
                return postmaster
            if postmaster is None and not (started and _command_line(started)):
                if started and time.monotonic() > hope_ends:
                    raise OSError(f"PostgreSQL says {self._last_words()}")
                started = self._start()
            if time.monotonic() > deadline:
                raise TimeoutError("it is not ready yet")
            time.sleep(0.02)

    def _living_postmaster(self) -> Postmaster | None:
        lines = self._pid_file()
        if not lines or f" -D {self.data} " not in f"{_command_line(int(lines[0]))} ":
            return None
        return Postmaster(int(lines[0]), lines[4] if len(lines) > 4 else "", lines[7] if len(lines) > 7 else "starting")

    def _pid_file(self) -> list[str]:
        try:
            lines = [line.strip() for line in (self.data / "postmaster.pid").read_text().splitlines()]
        except FileNotFoundError:
            return []
        return lines if lines and lines[0].isdigit() else []

    def _start(self) -> int:
        """Start a server process, which may still fail, and return its pid.

        It is no child of ours: a shell between us ends at once. So nobody has to wait for it, and in a session of its
        own no Ctrl-C reaches it.
        """
        user = self._user()
        self._move_in(user)
        programs = binaries.directory_for(user)
        if not (self.data / "PG_VERSION").exists():
            self._make_data(programs, user)
        self._disown_pid_file()

        settings = {**SETTINGS, "unix_socket_directories": _quoted(self._socket_directory(user))}
        if not self.durable:
            settings |= THROW_AWAY
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = ["sh", "-c", '"$@" >&2 & echo $!', "sh", programs / "postgres", "-D", self.data, *options]
        with self._open_log() as log:
            shell = {**_quietly(log, user), "stdout": subprocess.PIPE, "start_new_session": True}
            return int(subprocess.run(command, check=True, **shell).stdout)

    def _open_log(self):
        log = self.home / "server.log"
        if log.exists() and log.stat().st_size > LARGEST_LOG:
            log.replace(self.home / "server.log.1")
        return log.open("a")

    def _last_words(self) -> str:
        """Why it did not start, from the end of its log."""
        words = (self.home / "server.log").read_text(errors="replace").splitlines()[-20:]
        return next((line for line in reversed(words) if "FATAL" in line), words[-1] if words else "nothing")

    def _make_data(self, programs: Path, user: pwd.struct_passwd | None) -> None:
        """Make an empty cluster, whole or not at all: a killed initdb leaves only a draft."""
        draft = self.home / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        command = [programs / "initdb", *INITDB, "-D", draft, *([] if self.durable else ["--no-sync"])]
        with tempfile.TemporaryFile("w+") as output:
            result = subprocess.run(command, check=False, **_quietly(output, user))
            if result.returncode:
                output.seek(0)
                raise subprocess.CalledProcessError(result.returncode, "initdb", output.read())
        draft.rename(self.data)

    def _disown_pid_file(self) -> None:
        """If the pid in a dead server's file now belongs to another process, put a dead one there.

        PostgreSQL would take that process for a living server. The file must stay: by it PostgreSQL sees whether
        processes of the dead server still use its memory. The file of a server that has just begun, after we looked,
        is left alone: without it that server would keep others out, and end itself a minute later.
        """
        lines = self._pid_file()
        if lines and _is_alive(int(lines[0])) and self._living_postmaster() is None:
            nobody = subprocess.Popen(["true"])
            nobody.wait()
            (self.data / "postmaster.pid").write_text("\n".join([str(nobody.pid), *lines[1:], ""]))

    def _stop(self) -> None:
        """Stop it without waiting for clients; if it hangs, the hard way, which its next start repairs."""
        postmaster = self._living_postmaster()
        if postmaster is None:
            return
        for order in (signal.SIGINT, signal.SIGQUIT):
            os.kill(postmaster.pid, order)
            deadline = time.monotonic() + STOP_PATIENCE
            while _command_line(postmaster.pid) and time.monotonic() < deadline:
                time.sleep(0.02)
            if not _command_line(postmaster.pid):
                break
        if Path(postmaster.socket_directory) != self.home:
            shutil.rmtree(postmaster.socket_directory, ignore_errors=True)


_joined: set[Server] = set()


@atexit.register
def _leave_all() -> None:
    for server in list(_joined):
        server.leave()


def _forget_all() -> None:
    while _joined:
        _joined.pop().forget()


os.register_at_fork(after_in_child=_forget_all)


def _quietly(output, user: pwd.struct_passwd | None) -> dict:
    """How PostgreSQL's programs are run: as the user, with nothing of our environment and its secrets."""
    return {
        "stdin": subprocess.DEVNULL,
        "stdout": output,
        "stderr": output,
        "cwd": "/",
        "env": {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
        **run_as(user),
    }


def _hand_over(path: Path, user: pwd.struct_passwd | None) -> None:
    """Give a directory of ours to the user, closed to everyone else."""
    if user is not None:
        os.chown(path, user.pw_uid, user.pw_gid)
    path.chmod(0o700)


def _remove_orphans(place: Path) -> None:
    """Remove homes of servers for tests whose own directory has gone, or lives elsewhere now. Nobody else would."""
    for home in place.glob(f"{THROW_AWAY_PREFIX}*"):
        if (home / "owner").is_symlink() and (home / "owner" / "elsewhere").resolve() != home:
            shutil.rmtree(home, ignore_errors=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _command_line(pid: int) -> str:
    """What a process was started with; nothing if it is gone, or a zombie."""
    if Path("/proc/self").exists():
        with contextlib.suppress(OSError):
            return os.fsdecode(Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" "))
        return ""
    look = subprocess.run(["ps", "-o", "args=", "-p", str(pid)], check=False, capture_output=True, text=True)
    return look.stdout


def _quoted(path: Path) -> str:
    """A path as one element of a list in PostgreSQL's settings."""
    return '"' + str(path).replace('"', '""') + '"'


def _reason(error: Exception) -> str:
    return (getattr(error, "output", None) or str(error)).strip()
