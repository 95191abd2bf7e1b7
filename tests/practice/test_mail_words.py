"""What a mail looks like: the recipient's language, zone and name, and nothing that anybody could slip in."""

import email
import email.policy
from dataclasses import replace

import pytest
from django.core import mail

from practice.messages import renderers
from practice.messages.actions import Recipient, deliver, enqueue, outgoing
from practice.messages.models import Status
from practice.messages.renderers import Kind, Rendered, plain_name, render_mail
from tests.factories import NOW, make_practice

pytestmark = pytest.mark.django_db

RINA = Recipient(email="rina@example.org", name="Rina", language="id", time_zone="Asia/Makassar")


@pytest.fixture(autouse=True)
def greeting(monkeypatch):
    rendered = Rendered(subject="Your appointment", text="Good morning.\n")
    monkeypatch.setitem(renderers._kinds, "tests.greeting", Kind(lambda message, now: rendered))


@pytest.fixture
def hello(settings, tmp_path):
    """A kind of mail with templates of its own: its two files, in a folder of this test."""
    folder = tmp_path / "email"
    folder.mkdir()
    text = (
        '{% extends "email/layout.txt" %}{% load tz %}{% block subject %}{{ name }}: {{ at|date:"l H:i" }}'
        "{% endblock subject %}{% block body %}Halo {{ name }},\n\n\n\n{{ base_url }}/b/\n{% endblock body %}"
    )
    html = '{% extends "email/layout.html" %}{% block body %}<p>Halo {{ name }}</p>{% endblock body %}'
    (folder / "hello.txt").write_text(text)
    (folder / "hello.html").write_text(html)
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path, *settings.TEMPLATES[0]["DIRS"]]}]
    return lambda **fields: render_mail("hello", {"at": NOW}, outgoing_to(**fields))


def outgoing_to(**fields):
    return outgoing(kind="tests.greeting", to=replace(RINA, **fields), dedupe_key="x", now=NOW)


def saved(**fields):
    return enqueue(outgoing_to(**fields))


def test_a_mail_speaks_the_recipients_language_in_their_zone(hello):
    assert hello(language="id", time_zone="Asia/Jayapura").subject == "Rina: Senin 10:00"
    assert hello(language="en", time_zone="Asia/Jakarta").subject == "Rina: Monday 08:00"


def test_a_mail_has_text_and_html_signed_by_the_practice(hello, settings):
    make_practice(name="Ruang Teduh", phone="021 555 0100", email="")

    rendered = hello()

    assert rendered.text == f"Halo Rina,\n\n{settings.BASE_URL}/b/\n\n--\nRuang Teduh\n021 555 0100\n"
    assert '<html lang="id">' in rendered.html
    assert "<p>Halo Rina</p>" in rendered.html
    assert "Ruang Teduh" in rendered.html


def test_a_mail_loads_nothing_and_watches_nobody(hello):
    html = hello().html

    assert not [word for word in ("<img", "<script", "<link", "<iframe", "url(", "http:", "https:") if word in html]


def test_names_are_escaped_in_html_and_plain_in_text(hello):
    rendered = hello(name="O'Brien & <b>")

    assert "Halo O'Brien & b," in rendered.text
    assert "Halo O&#x27;Brien &amp; b" in rendered.html


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Rina", "Rina"),
        ("  Ayu   Pratiwi ", "Ayu Pratiwi"),
        ("Rina\r\nBcc: all@example.org", "Rina Bcc: all@ example. org"),
        ("Rina\u2028\x00\x1b", "Rina"),
        ("\u202eaniR\u2066", "aniR"),
        ("Menang di https://judi.example/x", "Menang di https: judi. example x"),
        ("judi.example", "judi. example"),
        ("all@example.org", "all@ example. org"),
        ("J.R. Sitorus", "J. R. Sitorus"),
        ("Müller-Ño'a", "Müller-Ño'a"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("N" * 200, "N" * 80),
    ],
)
def test_a_name_is_one_line_without_links(typed, shown):
    assert plain_name(typed) == shown


@pytest.mark.parametrize("name", ["Rina\r\nBcc: all@example.org", "Rina\nSubject: win", 'Rina", <all@example.org>'])
def test_a_name_cannot_add_headers_or_recipients(name):
    deliver(saved(name=name).pk, now=NOW)

    parsed = email.message_from_bytes(mail.outbox[0].message().as_bytes(), policy=email.policy.default)
    assert parsed["Bcc"] is None
    assert parsed["Subject"] == "Your appointment"
    assert [address.addr_spec for address in parsed["To"].addresses] == ["rina@example.org"]


def test_a_subject_is_one_line_whatever_is_in_it(hello):
    assert "\n" not in hello(name="Rina\nBcc: all@example.org").subject


def test_an_address_with_a_line_break_is_never_sent_to():
    message = saved(email="rina@example.org\nBcc: all@example.org")

    assert deliver(message.pk, now=NOW).status == Status.QUEUED
    assert mail.outbox == []
