import contextlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from django.db import Error, OperationalError, connections, transaction

from practice.database import binaries
from practice.database.base import DatabaseWrapper
from practice.database.patience import PATIENCE, Connection
from practice.database.places import can_reach
from practice.database.secrets import demo_key, demo_secret
from practice.database.server import PORT, Server

ROOT = Path(__file__).parents[2]
VISIT = """
import sys, psycopg
from practice.database.server import Server
server = Server(sys.argv[1], durable=False)
with psycopg.connect(host=server.join(), port=5432, user="postgres", dbname="postgres") as connection:
    print(connection.execute("SELECT 6 * 7").fetchone()[0], flush=True)
    if "stay" in sys.argv:
        sys.stdin.read()
"""


@contextlib.contextmanager
def make_server(*, mode: int = 0o711, name: str = "postgres"):
    """A server that nobody has joined yet, in a directory of this mode; stopped and removed at the end."""
    parent = Path(tempfile.mkdtemp(prefix="benang-test-"))
    parent.chmod(mode)
    server = Server(parent / name, durable=False)
    try:
        yield server
    finally:
        server.leave()
        if server.home != server.directory:
            shutil.rmtree(server.home)
        shutil.rmtree(parent)


@pytest.fixture
def server():
    with make_server() as server:
        yield server


@pytest.fixture(scope="module")
def shared():
    """A server for tests that leave it as it is."""
    with make_server() as server:
        yield server


@pytest.fixture(autouse=True)
def _may_connect(django_db_blocker):
    """These tests use connections of their own, not the test database."""
    with django_db_blocker.unblock():
        yield


@contextlib.contextmanager
def make_backend(server: Server):
    """A Django connection to the server, with the settings that the project uses."""
    connections.settings["throwaway"] = {
        **connections.settings["default"],
        "NAME": "postgres",
        "HOST": "",
        "PORT": "",
        "EMBEDDED": {"DIR": server.directory, "DURABLE": False},
    }
    backend = connections["throwaway"]
    try:
        yield backend
    finally:
        backend.close()
        backend.server.leave()
        del connections["throwaway"]
        del connections.settings["throwaway"]


def begin_request(backend: DatabaseWrapper) -> None:
    """What Django does to a kept connection before each request."""
    backend.close_if_unusable_or_obsolete()


def ask(backend: DatabaseWrapper, sql: str):
    with backend.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


def ask_until_answered(backend: DatabaseWrapper, sql: str):
    """What visitors do: come again while they read that we are away. None of them waits for three seconds."""
    deadline = time.monotonic() + 60
    while True:
        begin_request(backend)
        started = time.monotonic()
        try:
            answer = ask(backend, sql)
        except OperationalError:
            assert time.monotonic() < deadline
        else:
            return answer
        finally:
            assert time.monotonic() - started < 3


def visit(server: Server, *, stay: bool = False, **options) -> subprocess.Popen:
    """Another process that joins, asks one question and leaves, or stays until its input ends."""
    return subprocess.Popen(
        [sys.executable, "-c", VISIT, server.directory, *(["stay"] if stay else [])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        **options,
    )


def pid_of(server: Server) -> int:
    return int((server.data / "postmaster.pid").read_text().split()[0])


def is_running(server: Server) -> bool:
    return server._living_postmaster() is not None


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and Path(f"/proc/{pid}/cmdline").exists():
        time.sleep(0.01)


def test_six_that_come_at_once_share_a_server_and_the_last_one_stops_it(server):
    visitors = [visit(server) for _ in range(6)]

    answers = [visitor.communicate(timeout=60)[0] for visitor in visitors]

    assert answers == ["42\n"] * 6
    assert not is_running(server)


def test_one_who_leaves_does_not_stop_the_server_of_the_others(server):
    server.join()
    before = pid_of(server)

    visit(server).communicate(timeout=60)

    assert pid_of(server) == before
    assert is_running(server)


def test_a_fork_that_ends_leaves_its_parents_server_alone(server):
    server.join()

    child = os.fork()
    if child == 0:
        os._exit(0 if server._membership is None else 1)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert visit(server).communicate(timeout=60)[0] == "42\n"
    assert is_running(server)


def test_killed_users_keep_nobody_from_stopping_or_starting_it(server):
    killed = [visit(server, stay=True) for _ in range(2)]
    for visitor in killed:
        assert visitor.stdout.readline() == "42\n"
        visitor.kill()
        visitor.wait()

    assert is_running(server)
    assert visit(server).communicate(timeout=60)[0] == "42\n"
    assert not is_running(server)


def test_the_file_of_a_server_that_begins_while_we_look_is_left_alone(server):
    server.join()
    pid_file = server.data / "postmaster.pid"
    before = pid_file.read_text()

    server._disown_pid_file()  # as from a start that saw no server a moment ago

    assert pid_file.read_text() == before


def test_a_pid_file_that_names_somebody_elses_process_is_seen_through(server):
    server.join()
    pid_file = server.data / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    kill(pid_of(server))
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:], ""]))

    server.join(look_again=True)

    assert is_running(server)
    assert pid_of(server) != os.getpid()


def test_a_killed_server_is_back_with_the_next_request(server):
    with make_backend(server) as backend:
        ask(backend, "SELECT 1")

        kill(pid_of(server))

        assert ask_until_answered(backend, "SELECT 6 * 7") == 42


def test_a_killed_connection_is_back_with_the_next_request(server):
    with make_backend(server) as backend:
        victim = ask(backend, "SELECT pg_backend_pid()")

        kill(victim)  # PostgreSQL answers this by throwing everybody out and recovering

        assert ask_until_answered(backend, "SELECT 6 * 7") == 42


def test_a_connection_cut_a_moment_after_it_answered_is_noticed(server):
    with make_backend(server) as backend:
        victim = ask(backend, "SELECT pg_backend_pid()")
        assert backend.is_usable()

        with psycopg.connect(host=server.join(), user="postgres", dbname="postgres") as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", [victim])
        begin_request(backend)

        assert ask(backend, "SELECT pg_backend_pid()") != victim


def test_a_connection_is_asked_once_a_second_at_most(server):
    with make_backend(server) as backend:
        ask(backend, "SELECT 1")
        begin_request(backend)
        ask(backend, "SELECT 1")
        answered_at = backend.answered_at

        begin_request(backend)
        ask(backend, "SELECT 1")
        assert backend.answered_at == answered_at

        backend.answered_at -= 10
        begin_request(backend)
        ask(backend, "SELECT 1")
        assert backend.answered_at > answered_at


def test_a_server_that_hangs_is_given_up_within_three_seconds(server):
    with make_backend(server) as backend:
        stuck = [ask(backend, "SELECT pg_backend_pid()"), pid_of(server)]
        for pid in stuck:
            os.kill(pid, signal.SIGSTOP)

        try:
            started = time.monotonic()
            assert not backend.is_usable()
            assert time.monotonic() - started < 1
            begin_request(backend)
            with pytest.raises(OperationalError):
                ask(backend, "SELECT 1")
            assert time.monotonic() - started < 3
        finally:
            for pid in stuck:
                os.kill(pid, signal.SIGCONT)

        assert ask(backend, "SELECT 6 * 7") == 42
        assert backend.is_usable()


@contextlib.contextmanager
def frozen(*pids: int):
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield time.monotonic()
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def test_a_server_that_freezes_in_the_middle_of_a_transaction_is_given_up(server, monkeypatch):
    monkeypatch.setattr(Connection, "patience", 1.0)
    with make_backend(server) as backend:
        ask(backend, "SELECT 1")
        begin_request(backend)
        with (
            frozen(ask(backend, "SELECT pg_backend_pid()"), pid_of(server)) as since,
            pytest.raises(OperationalError, match="no answer"),
            transaction.atomic(using="throwaway"),
        ):
            ask(backend, "SELECT 1")
        assert time.monotonic() - since < 2

        assert ask_until_answered(backend, "SELECT 6 * 7") == 42


def test_nobody_reads_an_answer_that_came_too_late(server, monkeypatch):
    monkeypatch.setattr(Connection, "patience", 0.3)
    with make_backend(server) as backend:
        ask(backend, "SELECT 1")
        late = backend.connection
        with pytest.raises(OperationalError):
            ask(backend, "SELECT 'late' FROM pg_sleep(0.6)")
        time.sleep(0.5)

        assert late.closed
        with pytest.raises(Error):
            ask(backend, "SELECT 'early'")
        assert ask_until_answered(backend, "SELECT 'early'") == "early"


def test_only_web_processes_are_in_a_hurry(server):
    asked = "import practice.wsgi; from practice.database.patience import Connection; print(Connection.patience)"
    told = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)

    assert told.stdout == f"{PATIENCE}\n"
    assert Connection.patience is None
    with make_backend(server) as backend:
        assert ask(backend, "SELECT 42 FROM pg_sleep(0.5)") == 42


def test_a_server_that_cannot_start_again_is_given_up_within_three_seconds(server):
    with make_backend(server) as backend:
        ask(backend, "SELECT 1")
        control = server.data / "global" / "pg_control"
        kill(pid_of(server))
        control.rename(control.with_name("away"))
        begin_request(backend)

        started = time.monotonic()
        with pytest.raises(OperationalError, match="cannot be started"):
            ask(backend, "SELECT 1")
        assert time.monotonic() - started < 3

        control.with_name("away").rename(control)

        assert ask_until_answered(backend, "SELECT 6 * 7") == 42


@pytest.mark.parametrize("mode", [0o700, 0o711, 0o755, 0o1777])
def test_the_directory_above_keeps_its_permissions(mode):
    with make_server(mode=mode) as server:
        server.join()

        assert stat.S_IMODE(server.directory.parent.stat().st_mode) == mode
        assert visit(server).communicate(timeout=60)[0] == "42\n"
        assert stat.S_IMODE(server.data.stat().st_mode) == 0o700


if os.geteuid() == 0:  # nobody else ever has to go elsewhere

    def test_what_went_elsewhere_is_removed_once_its_directory_has_gone():
        with make_server(mode=0o700) as server:
            server.join()
            gone = server.home
            server.leave()
            shutil.rmtree(server.directory)
            server.join()

            assert server.home != gone
            assert not gone.exists()


def test_a_path_too_long_for_a_socket_gets_one_elsewhere():
    with make_server(name="long" * 30) as server:
        socket_directory = Path(server.join())

        assert server.answers()
        assert socket_directory != server.home
        assert stat.S_IMODE(socket_directory.stat().st_mode) == 0o700
        server.leave()
        assert not socket_directory.exists()


def test_a_path_may_hold_spaces_quotes_and_commas():
    with make_server(name='it\'s a "test", $(really)') as server:
        server.join()

        assert server.answers()


NOBODY = next((user for user in pwd.getpwall() if user.pw_name == "nobody"), None)

if os.geteuid() == 0 and NOBODY and can_reach(NOBODY, binaries.directory()):  # else all tests here run as they can

    def test_root_joins_the_server_of_an_ordinary_user_as_that_user():
        with make_server() as server:
            os.chown(server.directory.parent, NOBODY.pw_uid, NOBODY.pw_gid)
            child = os.fork()
            if child == 0:
                become(NOBODY)
                server.join()
                server.leave()
                os._exit(0)

            assert os.waitpid(child, 0)[1] == 0
            assert not is_running(server)
            server.join()

            assert server.data.stat().st_uid == NOBODY.pw_uid
            assert server.answers()


def become(user: pwd.struct_passwd) -> None:
    os.setgroups([])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)


def test_only_the_socket_leads_in(shared):
    with make_backend(shared) as backend:
        assert ask(backend, "SHOW listen_addresses") == ""
        assert stat.S_IMODE(Path(shared.join()).stat().st_mode) == 0o700
        assert stat.S_IMODE((Path(shared.join()) / f".s.PGSQL.{PORT}").stat().st_mode) == 0o700


def test_the_log_of_the_database_does_not_repeat_what_people_wrote(shared):
    with make_backend(shared) as backend:
        provocations = [
            "INSERT INTO note VALUES ('canary-unique'), ('canary-unique')",
            "INSERT INTO note VALUES (repeat('canary-check', 9))",
            "SELECT 'canary-cast'::int",
            "SELECT 'canary-syntax' FRM note",
        ]
        with backend.cursor() as cursor:
            cursor.execute("CREATE TABLE note (text text UNIQUE CHECK (length(text) < 50))")

        for sql in provocations:
            with pytest.raises(Error):
                ask(backend, sql)

        log = (shared.home / "server.log").read_text()
        assert "violates unique constraint" in log
        assert "canary-unique" not in log
        assert "canary-check" not in log
        assert "canary-syntax" not in log


def test_secrets_of_this_process_do_not_reach_the_server(shared, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "canary")
    shared.join()

    environment = subprocess.run(["ps", "eww", "-p", str(pid_of(shared))], capture_output=True, text=True, check=True)

    assert "canary" not in environment.stdout


@pytest.mark.parametrize("name", ["psql", "pg_dump", "pgbench"])
def test_postgresql_brings_its_tools(name):
    version = subprocess.run([binaries.tool(name), "--version"], capture_output=True, text=True, check=True)

    assert "18." in version.stdout


def test_a_tool_that_is_not_there_is_refused():
    with pytest.raises(FileNotFoundError, match="pg_magic"):
        binaries.tool("pg_magic")


@pytest.mark.parametrize(("make", "length"), [(demo_secret, 86), (demo_key, 44)])
def test_a_secret_is_made_once_however_many_ask(tmp_path, make, length):
    path = tmp_path / "var" / "secret"

    with ThreadPoolExecutor(20) as crowd:
        answers = set(crowd.map(lambda _: make(path), range(200)))

    assert len(answers) == 1
    assert len(answers.pop()) == length
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["secret"]
