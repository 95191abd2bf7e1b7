"""`serve`, `worker` and `translations`, as a person at the terminal meets them."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import polib
import pytest
from django.core.management import CommandError, call_command
from django.utils.translation import gettext, ngettext, override

from practice.database.server import Server
from practice.management.commands import translations
from practice.management.commands.serve import sole_use_of

ROOT = Path(__file__).parents[2]
READY = re.compile(r"^Benang is ready at (http://127\.0\.0\.1:\d+/)$", re.MULTILINE)


class Serving:
    """`manage.py serve` on a port and in a data directory of its own."""

    def __init__(self, data: Path):
        self.data = data
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = None

    @property
    def log(self) -> str:
        return (self.data / "serve.log").read_text()

    def start(self) -> None:
        """Start it and wait until it says that it is ready."""
        command = [sys.executable, "manage.py", "serve", "--port", str(self.port)]
        environment = {**os.environ, "BENANG_DATA": str(self.data), "BENANG_DURABLE": "off"}
        with (self.data / "serve.log").open("w") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            wait_until(lambda: READY.search(self.log) or not self.is_running(), 240)
            assert READY.search(self.log), self.log
        except AssertionError:
            self.process.kill()
            self.process.wait()
            raise

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self, order: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(order)
        return self.process.wait(30)

    def processes(self, words: str) -> list[int]:
        """The pids of the processes that serve this data directory and have these words in their command."""
        every = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
        return [pid for pid in every if words in command_of(pid) and self.is_ours(pid)]

    def is_ours(self, pid: int) -> bool:
        with contextlib.suppress(OSError):
            environment = Path(f"/proc/{pid}/environ").read_bytes()
            return f"BENANG_DATA={self.data}\0".encode() in environment
        return False

    def status(self) -> int:
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=30).status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0


def command_of(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return ""


def wait_until(is_so, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def practice_of_this_module():
    with tempfile.TemporaryDirectory(prefix="benang-test-") as directory:
        Path(directory).chmod(0o711)
        serving = Serving(Path(directory))
        yield serving
        if serving.is_running():
            serving.stop()


@pytest.fixture
def serving(practice_of_this_module):
    """A practice that is being served: one for all tests, started again after those that stop it."""
    if not practice_of_this_module.is_running():
        practice_of_this_module.start()
    return practice_of_this_module


def test_ready_is_said_once_when_pages_answer(serving):
    assert len(READY.findall(serving.log)) == 1
    assert serving.status() == 200


def test_a_second_serve_is_kept_off_the_port(serving, settings):
    settings.DATA_DIR = serving.data

    with pytest.raises(CommandError, match=f"served on port {serving.port} already"):
        sole_use_of("127.0.0.1", serving.port).__enter__()


def test_a_port_that_others_use_is_refused(serving, settings, tmp_path):
    settings.DATA_DIR = tmp_path

    with pytest.raises(CommandError, match="Address already in use"):
        sole_use_of("127.0.0.1", serving.port).__enter__()


def test_killed_web_processes_are_replaced(serving):
    for pid in serving.processes("practice.management.web"):
        os.kill(pid, signal.SIGKILL)

    wait_until(lambda: serving.status() == 200, 60)


def test_a_killed_worker_is_replaced(serving):
    wait_until(lambda: len(serving.processes("manage.py worker")) == 1, 60)
    (killed,) = serving.processes("manage.py worker")
    os.kill(killed, signal.SIGKILL)

    wait_until(lambda: set(serving.processes("manage.py worker")) - {killed}, 60)


def test_a_killed_database_is_back_for_web_and_worker(serving):
    wait_until(lambda: serving.processes("manage.py worker"), 60)
    server = Server(serving.data / "postgres")
    killed = server._living_postmaster().pid
    os.kill(killed, signal.SIGKILL)

    wait_until(lambda: serving.status() == 200, 60)
    assert server._living_postmaster().pid != killed


def test_without_its_supervisor_everything_ends_and_can_start_again(serving):
    serving.process.kill()
    serving.process.wait()

    serving.start()

    assert serving.status() == 200
    assert len(serving.processes("manage.py serve")) == 1
    wait_until(lambda: len(serving.processes("manage.py worker")) == 1, 60)


@pytest.mark.parametrize("order", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_everything_cleanly(serving, order):
    assert serving.stop(order) == 0

    assert serving.processes("manage.py") == []
    assert serving.processes("practice.management.web") == []
    assert Server(serving.data / "postgres")._living_postmaster() is None


# --- Translations ---------------------------------------------------------------------------------------------------


@pytest.fixture
def project(settings, tmp_path):
    """A project that is nothing but a template, and its catalogue."""
    settings.BASE_DIR = tmp_path
    settings.LOCALE_PATHS = [tmp_path / "locale"]
    write(tmp_path, '{% load i18n %}<p>{% translate "Good day" %}</p>')
    return tmp_path


def write(project: Path, template: str) -> None:
    page = project / "templates" / "page.html"
    page.parent.mkdir(exist_ok=True)
    page.write_text(template)


def catalogue(project: Path) -> Path:
    return project / "locale" / "id" / "LC_MESSAGES" / "django.po"


def translate(project: Path, **texts: str) -> None:
    """Write a file of translations, as somebody hands one in, and merge it."""
    other = polib.POFile()
    for name, text in texts.items():
        other.append(polib.POEntry(msgid=name.replace("_", " "), msgstr=text))
    other.save(str(project / "other.po"))
    call_command("translations", merge=[str(project / "other.po")])


def found(tmp_path: Path, name: str, source: str) -> list[translations.Message]:
    path = tmp_path / name
    path.write_text(source)
    return list(translations.messages_in(path))


def test_messages_of_python_are_found_under_any_name(tmp_path):
    source = """
from django.utils.translation import gettext as _now, gettext_lazy as _, ngettext, pgettext, npgettext_lazy
_now("one " "text")
_("two")
ngettext("%(n)s day", "%(n)s days", 2)
pgettext("month", "May")
npgettext_lazy("in a list", "a", "b", "count")
unrelated("three")
_(variable)
"""

    assert found(tmp_path, "code.py", source) == [
        ("one text", None, ""),
        ("two", None, ""),
        ("%(n)s day", None, "%(n)s days"),
        ("May", "month", ""),
        ("a", "in a list", "b"),
    ]


def test_messages_of_templates_are_found(tmp_path):
    source = """{% load i18n %}<p title="it's">100 % {% translate "Save" context "button" %}
    {% blocktranslate trimmed with name=x.y %}
       Hello {{ name }},
       50 % off
    {% endblocktranslate %}
  {% blocktranslate count n=n %}one{% plural %}{{ n }} many{% endblocktranslate %}</p>
{% include "a.html" with title=_("A title") %} {{ _("Shown") }} {# {% translate "Not this" %} #}"""

    assert found(tmp_path, "page.html", source) == [
        ("Save", "button", ""),
        ("Hello %(name)s, 50 %% off", None, ""),
        ("one", None, "%(n)s many"),
        ("A title", None, ""),
        ("Shown", None, ""),
    ]


def test_a_catalogue_is_extracted_translated_checked_and_compiled(project):
    call_command("translations", extract=True)
    translate(project, Good_day="Selamat siang")

    call_command("translations", check=True, compile=True)

    compiled = polib.mofile(str(catalogue(project).with_suffix(".mo")))
    assert [(entry.msgid, entry.msgstr) for entry in compiled] == [("Good day", "Selamat siang")]


def test_extracting_again_keeps_translations_and_changes_nothing_else(project):
    call_command("translations", extract=True)
    translate(project, Good_day="Selamat siang")
    before = catalogue(project).read_text()

    call_command("translations", extract=True)

    assert catalogue(project).read_text() == before
    assert re.search(r"\d{4}-\d\d|page.html:\d", before) is None


def test_compiling_again_does_nothing_until_the_catalogue_changes(project):
    call_command("translations", extract=True, compile=True)
    compiled = catalogue(project).with_suffix(".mo")
    first = compiled.stat().st_mtime_ns

    call_command("translations", compile=True)
    assert compiled.stat().st_mtime_ns == first

    translate(project, Good_day="Selamat siang")
    call_command("translations", compile=True)
    assert compiled.stat().st_mtime_ns > first


def test_what_nobody_says_is_not_taken_in(project, capsys):
    call_command("translations", extract=True)

    translate(project, Good_night="Selamat malam")

    assert "nobody uses 'Good night'" in capsys.readouterr().out
    assert "Selamat malam" not in catalogue(project).read_text()


def faulty(project: Path) -> str:
    with pytest.raises(CommandError) as caught:
        call_command("translations", check=True)
    return str(caught.value)


def test_a_message_that_was_not_extracted_fails_the_check(project):
    assert faulty(project) == "not extracted: 'Good day' in templates/page.html"


def test_a_message_without_translation_fails_the_check(project):
    call_command("translations", extract=True)

    assert faulty(project) == "not translated: 'Good day'"


def test_a_fuzzy_translation_fails_the_check(project):
    call_command("translations", extract=True)
    translate(project, Good_day="Selamat siang")
    path = catalogue(project)
    path.write_text(path.read_text().replace('msgid "Good day"', '#, fuzzy\nmsgid "Good day"'))

    assert faulty(project) == "fuzzy: 'Good day'"


def test_a_message_that_nobody_uses_any_more_fails_the_check(project):
    call_command("translations", extract=True)
    translate(project, Good_day="Selamat siang")
    write(project, "<p>Nothing</p>")

    assert faulty(project) == "used by nobody: 'Good day'"


def test_a_lost_placeholder_fails_the_check(project):
    write(project, "{% load i18n %}{% blocktranslate %}Hello {{ name }}{% endblocktranslate %}")
    call_command("translations", extract=True)
    path = catalogue(project)
    path.write_text(path.read_text().replace('msgstr ""\n\n', 'msgstr ""\n\n').rstrip()[:-2] + '"Halo %(nama)s"\n')

    assert "other placeholders: 'Hello %(name)s' and 'Halo %(nama)s'" in faulty(project)


def test_english_stays_english_where_indonesian_comes_first(settings):
    settings.LANGUAGE_CODE = "id"

    with override("en"):
        assert gettext("Attended") == "Attended"
        assert ngettext("%(n)s day", "%(n)s days", 2) == "%(n)s days"
        assert gettext("Enter a valid date.") == "Enter a valid date."
    with override("id"):
        assert gettext("Enter a valid date.") != "Enter a valid date."
