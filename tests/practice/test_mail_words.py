"""What a mail looks like: the recipient's language, zone and name, and nothing that anybody could slip in."""

import email
import email.policy
import html
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail

from practice.calendar.actions import notice
from practice.calendar.links import ManageToken
from practice.calendar.models import Status
from practice.messages import kinds as known
from practice.messages.actions import Recipient, deliver, enqueue, outgoing
from practice.messages.by_hand import whatsapp_text
from practice.messages.kinds import Kind, Rendered
from practice.messages.models import AnswerLink
from practice.messages.models import Status as SendingStatus
from practice.messages.renderers import plain_name, render_mail
from practice.people.models import Role
from tests.factories import (
    NOW,
    make_client,
    make_counselor,
    make_location,
    make_meeting,
    make_practice,
    make_room,
    make_service,
    make_user,
)

pytestmark = pytest.mark.django_db

RINA = Recipient(email="rina@example.org", name="Rina", language="id", time_zone="Asia/Makassar")


@pytest.fixture(autouse=True)
def greeting(monkeypatch):
    rendered = Rendered(subject="Your appointment", text="Good morning.\n")
    monkeypatch.setitem(known._kinds, "tests.greeting", Kind(lambda message, now: rendered))


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

    assert deliver(message.pk, now=NOW).status == SendingStatus.QUEUED
    assert mail.outbox == []


# --- Mails about a meeting: every kind, both languages, discreet or not -----------------------------------------------

STARTS_AT = datetime(2026, 11, 30, 2, 0, tzinfo=UTC)
TELLING = re.compile(
    r"[ck]onsel|counsel|[ck]onsult|psik|psych|terap|therap|klini[ks]|clinic|jiwa|mental", re.IGNORECASE
)
UNKIND = re.compile(
    r"!|\b(maaf|silakan|harus|wajib|kamu|pasien|sorry|must|fail|fault|blame|no.?show|patient)", re.IGNORECASE
)
STATES = {
    "meeting.requested": {"status": Status.REQUESTED, "answer_due_at": NOW + timedelta(days=1)},
    "meeting.confirmed": {"status": Status.CONFIRMED},
    "meeting.declined": {"status": Status.CANCELLED, "answer_due_at": NOW + timedelta(days=1), "ended_by": "practice"},
    "meeting.expired": {"status": Status.CANCELLED, "answer_due_at": NOW, "ended_by": "practice"},
    "meeting.moved": {"status": Status.CONFIRMED},
    "meeting.cancelled": {"status": Status.CANCELLED, "ended_by": "client"},
    "meeting.reminder_day": {"status": Status.CONFIRMED},
    "meeting.reminder_soon": {"status": Status.CONFIRMED},
    "meeting.after": {"status": Status.ATTENDED, "came": "attended"},
    "meeting.missed": {"status": Status.MISSED, "came": "missed"},
}
KINDS = list(STATES)
TIMES = {
    "meeting.reminder_day": STARTS_AT - timedelta(days=1),
    "meeting.reminder_soon": STARTS_AT - timedelta(hours=2),
    "meeting.after": STARTS_AT + timedelta(hours=2),
    "meeting.missed": STARTS_AT + timedelta(hours=2),
}


@pytest.fixture
def practice():
    """A practice, a place, a service and a counselor, each with a name that tells all."""
    return make_practice(
        name="Pusat Psikologi dan Konseling Harapan", email="halo@konselingharapan.example", phone="021 555 0101"
    )


def write_about(kind, *, client, **more):
    """A message of this kind about a meeting of which it is true, at a time when it would be sent."""
    place = make_location(name="Klinik Psikologi Cikini", address="Jalan Cikini Raya 12\nJakarta")
    room, counselor = make_room(place), make_counselor(name="Ayu Pratiwi", location=place)
    names = {"name_id": "Konseling Pasangan", "name_en": "Couples therapy"}
    service = make_service(counselors=[counselor], rooms=[room], modes=["in_person"], **names)
    fields = STATES[kind] | more
    came = fields.pop("came", "")
    meeting = make_meeting(
        starts_at=STARTS_AT, counselor=counselor, service=service, clients=[client], room=room, version=3, **fields
    )
    meeting.participants.update(attendance=came)
    return enqueue(notice(meeting, client, kind, now=TIMES.get(kind, NOW)))


def sent(message):
    """The mail as a mail program reads it."""
    delivered = deliver(message.pk, now=message.next_attempt_at)
    assert delivered.status == SendingStatus.SENT
    return email.message_from_bytes(mail.outbox[-1].message().as_bytes(), policy=email.policy.default)


def everything_in(parsed):
    """Every word of a mail that somebody could see: headers, texts, the calendar part and the file.

    But not where a reply goes: that is the practice's own address, and shown to whoever replies.
    """
    del parsed["Reply-To"]
    parts = [part.get_content() for part in parsed.walk() if not part.is_multipart()]
    parts = [part.decode() if isinstance(part, bytes) else part for part in parts]
    return "\n".join([*(f"{name}: {value}" for name, value in parsed.items()), *parts]).replace("\r\n ", "")


def test_the_kinds_of_mail_about_a_meeting_are_all_looked_at_here():
    assert [name for name in known.kinds() if name.startswith("meeting.")] == sorted(KINDS)


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_discreet_mail_gives_nothing_away(practice, kind, language):
    rina = make_client(name="Rina", language=language, is_discreet=True)

    words = everything_in(sent(write_about(kind, client=rina)))

    assert not TELLING.findall(words)
    assert "Ayu" not in words
    assert "Pratiwi" not in words


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_mail_that_may_name_names_still_tells_nothing_of_the_service(kind, language):
    make_practice(name="Ruang Teduh")
    rina = make_client(name="Rina", language=language, is_discreet=False)

    words = everything_in(sent(write_about(kind, client=rina)))

    assert not TELLING.findall(words.replace("Klinik Psikologi Cikini", ""))
    assert "Pasangan" not in words
    assert "Couples" not in words


@pytest.mark.parametrize("kind", ["meeting.confirmed", "meeting.reminder_day", "meeting.moved"])
def test_a_mail_names_the_counselor_and_the_practice_to_those_who_want_it(practice, kind):
    rina = make_client(name="Rina", language="en", is_discreet=False)

    words = everything_in(sent(write_about(kind, client=rina)))

    assert "With: Ayu Pratiwi" in words
    assert "Where: Klinik Psikologi Cikini, Jalan Cikini Raya 12, Jakarta" in words
    assert "Pusat Psikologi dan Konseling Harapan" in words


def test_who_became_discreet_after_a_mail_was_written_gets_it_discreetly(practice):
    rina = make_client(name="Rina", is_discreet=False)
    message = write_about("meeting.confirmed", client=rina)
    type(rina).objects.filter(pk=rina.pk).update(is_discreet=True)

    assert not TELLING.findall(everything_in(sent(message)))


@pytest.mark.parametrize("is_discreet", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_a_mail_is_whole_in_each_language(kind, is_discreet):
    make_practice(name="Ruang Teduh")
    clients = [make_client(name="Rina", language=each, is_discreet=is_discreet) for each in ("id", "en")]

    indonesian, english = (sent(write_about(kind, client=client)) for client in clients)

    for of in (lambda parsed: {parsed["Subject"]}, text_lines, html_lines):
        assert not of(indonesian) & of(english)
    assert indonesian.get_body(("html",)).get_content().startswith('<!doctype html>\n<html lang="id">')


def text_lines(parsed):
    """The lines of the text that are words, and not the same in any language."""
    lines = parsed.get_body(("plain",)).get_content().splitlines()
    same = re.compile(r"^(--|Ruang Teduh|021 555 0101|halo@ruangteduh\.example|http\S*|)$")
    return {line for line in lines if not same.match(line)}


def html_lines(parsed):
    page = re.sub(r"<[^>]*>", "\n", parsed.get_body(("html",)).get_content())
    same = re.compile(r"^(Ruang Teduh|021 555 0101|halo@ruangteduh\.example|Ayu Pratiwi|Klinik.*|Jalan.*|R\d+|\.|)$")
    return {line for line in map(str.strip, page.splitlines()) if not same.match(line)}


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_mail_is_calm_and_short(kind, language):
    make_practice(name="Ruang Teduh")
    text = sent(write_about(kind, client=make_client(language=language))).get_body(("plain",)).get_content()

    assert not UNKIND.findall(text)
    for sentence in re.split(r"\n|(?<=[.?:])\s", re.sub(r"http\S+|\d+\.\d+", "x", text)):
        assert len(sentence.split()) <= 25, sentence


@pytest.mark.parametrize("kind", KINDS)
def test_text_and_html_say_the_same(kind):
    make_practice(name="Ruang Teduh")
    parsed = sent(write_about(kind, client=make_client(language="en")))

    said = words_of(html.unescape(re.sub(r"<[^>]*>", " ", parsed.get_body(("html",)).get_content())))
    for sentence in re.split(r"(?<=[.?])\s", parsed.get_body(("plain",)).get_content().split("--")[0]):
        sentence = re.sub(r"(When|How|Where|Reference|it|tap|here|address|moment): ?|http\S+|^- ", " ", sentence)
        assert words_of(sentence) <= said, sentence


def words_of(text):
    return set(re.findall(r"\w+", text))


@pytest.mark.parametrize(
    ("zone", "told"), [("Asia/Makassar", "10:00 WITA"), ("America/New_York", "21:00 (New York, UTC−5)")]
)
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("meeting.after", "meeting.missed")])
def test_a_mail_tells_the_time_in_the_clients_zone(kind, zone, told):
    make_practice()
    parsed = sent(write_about(kind, client=make_client(language="en", time_zone=zone)))

    day = "Monday, 30 November" if zone.startswith("Asia") else "Sunday, 29 November"
    assert f"{day}, {told}" in parsed["Subject"]
    assert f"{day} 2026, {told}" in parsed.get_body(("plain",)).get_content()


@pytest.mark.parametrize("zone", ["Asia/Makassar", "Asia/Jakarta"])
@pytest.mark.parametrize("kind", ["meeting.confirmed", "meeting.moved", "meeting.reminder_day"])
def test_a_mail_tells_the_clock_there_too_where_it_shows_another_time(practice, kind, zone):
    message = write_about(kind, client=make_client(language="en", time_zone=zone))
    short = whatsapp_text(message, now=message.next_attempt_at)
    parsed = sent(message)
    bodies = [parsed.get_body((form,)).get_content() for form in ("plain", "html")]

    told = "Monday, 30 November 2026, 09:00 WIB"
    if zone == "Asia/Makassar":
        assert f"There: {told}" in short
        assert f"There: {told}" in bodies[0]
        assert ">There<" in bodies[1]
        assert all(told in body for body in bodies)
    else:
        assert not any("There" in text for text in (short, *bodies))


def test_the_mail_after_a_missed_meeting_asks_only_for_a_choice():
    make_practice()
    text = sent(write_about("meeting.missed", client=make_client(language="en"))).get_body(("plain",)).get_content()

    assert text.count("http") == 1
    assert "did not take place" in text
    assert not re.search(r"Rp|fee|cost|free of charge|attend|absen|come to", text)


def test_the_answer_to_a_request_offers_the_three_nearest_times():
    make_practice()
    text = sent(write_about("meeting.declined", client=make_client(language="en"))).get_body(("plain",)).get_content()

    offered = re.findall(r"^- (.*)$", text, re.MULTILINE)
    assert len(offered) == 3
    assert offered == [f"Monday, 30 November 2026, {time} WIB" for time in ("09:30", "10:00", "10:30")]


def test_a_request_that_ended_late_at_night_is_told_of_in_the_morning():
    make_practice()
    late = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)  # 22:30 in Jakarta
    message = write_about("meeting.expired", client=make_client())

    later = outgoing(kind="meeting.expired", to=message.client, meeting=message.meeting, dedupe_key="late", now=late)

    assert later.not_before == datetime(2026, 11, 24, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "field", [{"status": Status.ATTENDED}, {"status": Status.CANCELLED}, {"status": Status.MISSED}]
)
@pytest.mark.parametrize(
    "kind", ["meeting.confirmed", "meeting.reminder_day", "meeting.reminder_soon", "meeting.moved"]
)
def test_a_mail_about_what_no_longer_holds_is_not_sent(kind, field):
    make_practice()
    message = write_about(kind, client=make_client())
    type(message.meeting).objects.filter(pk=message.meeting_id).update(**field)

    assert deliver(message.pk, now=message.next_attempt_at).status == SendingStatus.DROPPED
    assert mail.outbox == []


@pytest.mark.parametrize(("kind", "came"), [("meeting.after", "missed"), ("meeting.missed", "late")])
def test_a_correction_of_who_came_takes_the_mail_about_it_back(kind, came):
    make_practice()
    message = write_about(kind, client=make_client())
    message.meeting.participants.update(attendance=came)

    assert deliver(message.pk, now=message.next_attempt_at).status == SendingStatus.DROPPED


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_words_for_whatsapp_give_nothing_away_and_open_nothing(practice, kind, language):
    rina = make_client(name="Rina", language=language)
    message = write_about(kind, client=rina)

    text = whatsapp_text(message, now=message.next_attempt_at)

    assert text.startswith("Halo Rina," if language == "id" else "Hello Rina,")
    assert not TELLING.findall(text)
    assert not UNKIND.findall(text)
    assert "Ayu" not in text
    assert not re.search(r"/b/|/answer/|[\w-]{40,}", text)
    assert ManageToken.objects.count() == AnswerLink.objects.count() == 0


@pytest.mark.parametrize("kind", KINDS)
def test_the_words_for_whatsapp_are_others_in_each_language(kind):
    make_practice()
    messages = [write_about(kind, client=make_client(name="Rina", language=each)) for each in ("id", "en")]

    indonesian, english = (whatsapp_text(each, now=each.next_attempt_at).splitlines() for each in messages)

    assert set(indonesian) & set(english) <= {"", "Ruang Teduh"}


@pytest.mark.parametrize("name", ["Ruang Teduh", "Klinik Psikologi Harapan"])
def test_staff_are_written_to_in_the_practices_name_whatever_it_is(name):
    make_practice(name=name)
    ayu = make_user(Role.COUNSELOR, name="Ayu")

    message = enqueue(outgoing(kind="tests.greeting", to=ayu, dedupe_key="x", now=NOW))
    deliver(message.pk, now=NOW)

    assert mail.outbox[0].from_email == f"{name} <janji@ruangteduh.example>"
