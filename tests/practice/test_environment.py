"""`.env.example` lists what the settings read, and the deploy checks fire when a real practice lacks something."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.checks.registry import registry
from django.db import connection
from environs import Env

import practice.checks

ROOT = Path(__file__).parents[2]
REAL_PRACTICE = {
    "BENANG_DEMO": "off",
    "SECRET_KEY": "a-long-secret-key-for-a-check-that-stores-nothing-0123456789",
    "BENANG_KEYS": "2026:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    "ALLOWED_HOSTS": "benang.example",
    "BENANG_URL": "https://benang.example",
    "BENANG_TRUSTED_PROXIES": "1",
    "EMAIL_URL": "submission://user:password@mail.example:587",
    "BENANG_FROM": "appointments@benang.example",
    "DATABASE_URL": "postgres://benang@127.0.0.1:9/benang",
    "BENANG_DURABLE": "on",
    "BENANG_LIMITS": "on",
}


def names_in_code() -> set[str]:
    """The names that our code reads from the environment."""
    ours = [path for app in ("practice", "appointments", "programs") for path in (ROOT / app).rglob("*.py")]
    names = set()
    for path in ours:
        for node in ast.walk(ast.parse(path.read_text())):
            if reads_environment(node):
                names.add(node.args[0].value)
    return names


def reads_environment(node: ast.AST) -> bool:
    """True for env.str("NAME"), os.environ.get("NAME") and their like."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
        return False
    owner = ast.unparse(node.func.value)
    return owner in ("env", "os.environ") and isinstance(node.args[0], ast.Constant) and node.func.attr != "setdefault"


def names_in_example() -> set[str]:
    lines = (ROOT / ".env.example").read_text().splitlines()
    return {line.partition("=")[0] for line in lines if line and not line.startswith("#")}


def check(settings_of_a_practice: dict[str, str]) -> subprocess.CompletedProcess:
    """`manage.py check --deploy` in a process of its own, as the real settings are read only once."""
    environment = {**os.environ, **settings_of_a_practice}
    environment.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)  # browser tests in this process set it for themselves
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def findings(settings, **changes) -> set[str]:
    """The ids of what our deploy checks find in a practice that is set up well but for the changes."""
    good = {
        "DEMO": False,
        "SECRET_KEY": "k" * 60,
        "SECRET_KEY_FALLBACKS": [],
        "LIMITS": True,
        "BASE_URL": "https://benang.example",
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_USE_TLS": True,
        "EMAIL_USE_SSL": False,
        "DEFAULT_FROM_EMAIL": "appointments@benang.example",
        "TRUSTED_PROXIES": 1,
    }
    for name, value in {**good, **changes}.items():
        setattr(settings, name, value)
    ours = [
        check
        for check in registry.get_checks(include_deployment_checks=True)
        if check.__module__ == practice.checks.__name__
    ]
    return {message.id for check in ours for message in check(app_configs=None)}


@pytest.fixture
def durable(monkeypatch):
    """The database of a real practice keeps what it has confirmed; that of the tests does not."""
    embedded = {"DIR": "somewhere", "DURABLE": True}
    monkeypatch.setitem(connection.settings_dict, "EMBEDDED", embedded)
    return embedded


def test_the_example_lists_every_variable_and_no_other():
    assert names_in_example() == names_in_code()


def test_the_example_can_be_read():
    Env().read_env(ROOT / ".env.example", recurse=False)


def test_a_practice_that_is_set_up_well_passes_all_checks():
    result = check(REAL_PRACTICE)

    assert result.returncode == 0, result.stderr
    assert "no issues" in result.stdout


def test_a_setting_with_a_flaw_fails_the_check():
    assert check({**REAL_PRACTICE, "SECRET_KEY": "short"}).returncode != 0


@pytest.mark.parametrize("name", ["SECRET_KEY", "BENANG_KEYS"])
def test_a_real_practice_brings_its_own_secrets(name):
    result = check({**REAL_PRACTICE, name: ""})

    assert result.returncode != 0


def test_the_demo_is_refused_on_a_database_of_its_own():
    assert "embedded database only" in check({**REAL_PRACTICE, "BENANG_DEMO": "on"}).stderr


def test_limits_stay_on_in_a_real_practice():
    assert "keeps its limits" in check({**REAL_PRACTICE, "BENANG_LIMITS": "off"}).stderr


@pytest.mark.usefixtures("durable")
def test_nothing_is_found_where_nothing_is_wrong(settings):
    assert findings(settings) == set()


def test_a_database_that_may_lose_data_is_found(settings, durable):
    durable["DURABLE"] = False

    assert findings(settings) == {"practice.E007"}


@pytest.mark.usefixtures("durable")
@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ({"DEMO": True}, "practice.E001"),
        ({"SECRET_KEY": "k" * 49}, "practice.E002"),
        ({"SECRET_KEY_FALLBACKS": ["short"]}, "practice.E002"),
        ({"LIMITS": False}, "practice.E003"),
        ({"BASE_URL": ""}, "practice.E004"),
        ({"BASE_URL": "http://benang.example"}, "practice.E004"),
        ({"EMAIL_BACKEND": "practice.messages.eml.EmailBackend"}, "practice.E005"),
        ({"EMAIL_USE_TLS": False}, "practice.E005"),
        ({"DEFAULT_FROM_EMAIL": ""}, "practice.E006"),
        ({"TRUSTED_PROXIES": 0}, "practice.W001"),
    ],
    ids=str,
)
def test_a_missing_control_is_found(settings, change, finding):
    assert findings(settings, **change) == {finding}
