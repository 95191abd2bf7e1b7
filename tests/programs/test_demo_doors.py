"""The demo's cast: anyone may be anyone there, and nowhere else is there such a door."""

import os
import subprocess
import sys

import pytest
from django.urls import reverse

from practice.people.models import Role
from programs.ruang_teduh.cast import CAST, HOST
from tests.factories import make_client, make_counselor, make_user

WHERE = """
import django
django.setup()
from django.conf import settings
from django.urls import get_resolver, resolve, Resolver404
import sys
try:
    resolve("/demo/")
except Resolver404:
    pass
else:
    raise SystemExit("there is a door")
assert not settings.DEMO
assert "programs.demo" not in sys.modules
assert "programs.views" in sys.modules
"""


@pytest.fixture
def cast(practice):
    users = {
        member.who: make_user(member.role, name=member.name, email=member.email, time_zone=member.time_zone)
        for member in CAST
    }
    for who in ("ayu", "daeng"):
        make_counselor(name=users[who].name, user=users[who])
    for who in ("rina", "budi", "sari"):
        make_client(name=users[who].name, user=users[who], email=users[who].email)
    return users


def test_the_demo_lists_the_cast_with_one_button_each(client, cast):
    page = client.get(reverse("demo"))

    assert page.status_code == 200
    for who, user in cast.items():
        assert page.content.decode().count(f'action="{reverse("demo_enter", args=[who])}"') == 1
        assert user.name in page.content.decode()


def test_only_those_who_are_there_are_listed(client, cast):
    cast["sari"].is_active = False
    cast["sari"].save()

    assert reverse("demo_enter", args=["sari"]) not in client.get(reverse("demo")).content.decode()
    assert client.post(reverse("demo_enter", args=["sari"])).status_code == 404


def test_an_empty_demo_says_how_to_fill_it(client, db):
    assert "seed_demo" in client.get(reverse("demo")).content.decode()


@pytest.mark.parametrize(
    ("who", "led_to", "seen"),
    [
        ("rina", "/home/", 200),
        ("ayu", "/today/", 200),
        ("dewi", "/today/", 302),
        ("bagus", "/today/", 302),
        ("ratna", "/today/", 302),
        ("nadia", "/today/", 302),
    ],
)
def test_one_press_and_one_is_in(client, cast, who, led_to, seen):
    answer = client.post(reverse("demo_enter", args=[who]))

    assert answer.headers["Location"] == led_to
    first = client.get(led_to)
    assert first.status_code == seen
    assert first.wsgi_request.user == cast[who]
    assert client.get(led_to, follow=True).status_code == 200


def test_one_can_change_from_one_to_another(client, cast):
    client.post(reverse("demo_enter", args=["rina"]))

    client.post(reverse("demo_enter", args=["ayu"]))

    assert client.get(reverse("account")).wsgi_request.user == cast["ayu"]


def test_a_link_is_not_enough_to_be_someone(client, cast):
    assert client.get(reverse("demo_enter", args=["rina"])).status_code == 405
    assert not client.get(reverse("demo")).wsgi_request.user.is_authenticated


@pytest.mark.parametrize("who", ["nobody", "rina-evil", "manager"])
def test_nobody_but_the_cast_can_be_entered(client, cast, who):
    make_user(Role.MANAGER, email=f"manager@{HOST}")

    assert client.post(reverse("demo_enter", args=[who])).status_code == 404


def test_in_a_real_practice_there_is_no_such_door():
    environment = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "practice.settings",
        "DATABASE_URL": "postgres://benang@127.0.0.1:1/benang",
        "SECRET_KEY": "x" * 60,
        "BENANG_KEYS": "a:" + "A" * 43 + "=",
        "ALLOWED_HOSTS": "benang.example",
        "BENANG_URL": "https://benang.example",
    }

    done = subprocess.run(
        [sys.executable, "-c", WHERE], env=environment, capture_output=True, text=True, timeout=60, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
