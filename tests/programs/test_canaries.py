"""Clinical text stays where it belongs: not before the eyes of the desk, and nowhere at rest in the clear."""

import base64
import html
import logging
import os
import re
from collections import Counter
from datetime import timedelta
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
import time_machine
from django.apps import apps
from django.conf import settings
from django.core import mail
from django.db import IntegrityError, connection, models, transaction
from django.urls import NoReverseMatch, URLPattern, get_resolver, reverse

from practice.calendar.actions import cancel_meeting, move_meeting
from practice.messages.actions import deliver
from practice.messages.models import Message
from practice.people.models import Role
from practice.people.policies import FOR_EVERY_ACCOUNT, POLICY
from practice.records.models import encrypted_fields
from tests.factories import NOW, make_counselor, make_user
from tests.programs.canaries import MARK, OURS, make_marked_practice, mark, sealed_models

DAY = timedelta(days=1)
# A page that names one of these tells the desk what somebody is treated for, or how.
CLINICAL_WORDS = re.compile(r"\b(pasien|patient|diagnos\w*|terapi|therapy|depresi|depression)\b", re.IGNORECASE)


def pages(resolver=None):
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLPattern):
            yield entry
        else:
            yield from pages(entry)


def is_open_to(page, role):
    policy = getattr(page.callback, "policy", None)
    if policy is None:
        return page.name in FOR_EVERY_ACCOUNT or not getattr(page.callback, "login_required", True)
    return any(role in POLICY[permission] for permission in policy)


def known_values():
    """What an address may be given: the key and the slug of one row of everything."""
    values = {"UUIDConverter": set(), "SlugConverter": set(), "IntConverter": set(), "StringConverter": set()}
    for model in apps.get_models():
        if model._meta.app_label not in OURS:
            continue
        row = model._base_manager.first()
        if row is None:
            continue
        kind = {models.UUIDField: "UUIDConverter", models.BigAutoField: "IntConverter"}.get(type(model._meta.pk))
        if kind:
            values[kind].add(row.pk)
        if slug := getattr(row, "slug", ""):
            values["SlugConverter"].add(slug)
    return values


def addresses_for(role):
    values = known_values()
    for page in pages():
        if not is_open_to(page, role):
            continue
        converters = page.pattern.converters
        if not converters:
            try:
                yield reverse(page.name)
            except NoReverseMatch:
                continue
        elif len(converters) == 1:
            [(name, converter)] = converters.items()
            for value in sorted(values[type(converter).__name__], key=str):
                yield reverse(page.name, kwargs={name: value})


VARIANTS = 4
POSITIVE = (models.PositiveIntegerField, models.PositiveSmallIntegerField)
LINK = re.compile(rb'(?:href|action|hx-get)="([^"#]+)"')


def crawl(client, role):
    """Every page that this role can reach: from the URLconf, and by every link that is found on the way.

    Of what a page shows by its query, the days of a calendar for example, a few are enough.
    """
    waiting, seen, of_path = list(addresses_for(role)), set(), Counter()
    while waiting:
        address = waiting.pop()
        path = urlsplit(address).path
        if address in seen or path.startswith(settings.STATIC_URL) or of_path[path] >= VARIANTS:
            continue
        seen.add(address)
        of_path[path] += 1
        answer = client.get(address, follow=False)
        assert client.cookies[settings.SESSION_COOKIE_NAME].value, f"{address} signed us out"
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        yield address, answer.status_code, str(answer.headers).encode() + body
        found = [html.unescape(link.decode()) for link in LINK.findall(body)]
        if answer.headers.get("Location"):
            found.append(answer.headers["Location"])
        for link in found:
            target = urlsplit(urljoin(address, link))
            if target.scheme in ("", "http") and target.netloc in ("", "testserver"):
                waiting.append(f"{target.path}?{target.query}" if target.query else target.path)


@pytest.fixture
def monday(practice):
    with time_machine.travel(NOW, tick=False):
        yield


def test_every_clinical_text_has_its_mark(monday):
    make_marked_practice(starts_at=NOW + 3 * DAY)

    assert len(sealed_models()) >= 20
    for model in sealed_models():
        for field in encrypted_fields(model):
            with connection.cursor() as cursor:
                cursor.execute(f'SELECT count("{field.column}") FROM "{model._meta.db_table}"')
                assert cursor.fetchone()[0] > 0, f"{model._meta.label}.{field.attname} was not filled"


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.MANAGER])
def test_the_desk_meets_no_clinical_word_on_any_page(monday, client, role):
    meeting, rina, _program = make_marked_practice(starts_at=NOW + 3 * DAY)
    user = make_user(role, name="Dewi")
    client.force_login(user)
    reached = 0

    for address, status, said in crawl(client, role):
        assert status < 500 or address == reverse("readyz"), address
        assert MARK.encode() not in said, address
        reached += status == 200
        if not address.startswith(("/counselors/", "/services/", "/help/", "/guide/")) and address != "/":
            found = CLINICAL_WORDS.search(said.decode())
            assert not found, f"{address}: {found}"
    client_page = client.get(reverse("desk_client", args=[rina.pk]))

    assert reached > 30
    assert client_page.status_code == 200, "the crawl came to where the person is"
    assert meeting.reference in client.get(reverse("desk_meeting", args=[meeting.pk])).content.decode()


def test_no_mail_and_no_calendar_file_says_anything_clinical(monday):
    meeting, _client, _program = make_marked_practice(starts_at=NOW + 3 * DAY)
    move_meeting(meeting=meeting, starts_at=NOW + 4 * DAY + timedelta(hours=1), by=None, now=NOW)
    cancel_meeting(meeting=meeting, by=None, now=NOW)

    for message in Message.objects.all():
        deliver(message.pk, now=NOW)

    assert mail.outbox
    for each in mail.outbox:
        assert MARK not in each.message().as_string()
        assert MARK not in repr(each.attachments) + repr(each.alternatives)


def in_every_guise(text):
    """A text as it is, in hexadecimal, and in base64 wherever it begins in a longer text."""
    raw = text.encode()
    coded = [base64.b64encode(b"\0" * shift + raw)[4:-4] for shift in range(3)]
    return [raw, raw.hex().encode(), *coded]


def provoke(model):
    """Make the database refuse a row with clinical text in it, in three ways; return what it says."""
    said = []
    row = model._base_manager.first()
    for field in encrypted_fields(model):
        setattr(row, field.attname, mark(model, field))
    wrongs = [{}]
    for field in model._meta.concrete_fields:
        if isinstance(field, POSITIVE) and field.name != "key_version" and len(wrongs) < 2:
            wrongs.append({field.attname: -1})
    needed = [each for each in model._meta.concrete_fields if not each.null and not each.primary_key]
    own = ("key_name", "key_version", *(each.name for each in encrypted_fields(model)))
    holders = {each.key_from.split(".")[0] for each in encrypted_fields(model)}
    wrongs += [{each.attname: None} for each in needed if each.name not in {*own, *holders}][:1]
    for wrong in wrongs:
        bad = model._base_manager.first()
        for field in encrypted_fields(model):
            setattr(bad, field.attname, mark(model, field))
        for name, value in wrong.items():
            setattr(bad, name, value)
        try:
            with transaction.atomic():
                bad.save(force_insert=True)
        except IntegrityError as error:
            said.append(f"{error!r} {error.__cause__!r}")
    return said


@pytest.mark.django_db(transaction=True)
def test_nothing_at_rest_holds_clinical_text_in_the_clear(settings, tmp_path, caplog, client):
    settings.EMAIL_BACKEND = "practice.messages.eml.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path / "outbox"
    caplog.set_level(logging.DEBUG)
    with time_machine.travel(NOW, tick=False):
        meeting, _client, _program = make_marked_practice(starts_at=NOW + 3 * DAY)
        refusals = [said for model in sealed_models() for said in provoke(model)]
        cancel_meeting(meeting=meeting, by=None, now=NOW)
        for message in Message.objects.all():
            deliver(message.pk, now=NOW)
    marks = [mark(model, field) for model in sealed_models() for field in encrypted_fields(model)]
    wanted = re.compile(b"|".join(re.escape(guise) for text in marks for guise in in_every_guise(text)))
    with connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")
        cursor.execute("SELECT current_setting('data_directory'), pg_walfile_name(pg_current_wal_lsn())")
        directory, wal = cursor.fetchone()
    home = Path(directory)
    walked = [step for root in (home.parent, home, tmp_path) for step in os.walk(root)]
    files = {Path(folder, name) for folder, _folders, names in walked for name in names}
    leaks = {each: bool(wanted.search(held)) for each in files if (held := content(each))}

    assert len(refusals) > 2 * len(sealed_models())
    assert not wanted.search("\n".join(refusals).encode())
    assert not wanted.search(caplog.text.encode())
    assert any(each.suffix == ".eml" for each in leaks)
    assert any(each.name == wal for each in leaks)
    assert any(each.name == "server.log" for each in leaks)
    assert [str(each) for each, leaking in leaks.items() if leaking] == []
    assert not wanted.search(dump())


def content(path):
    """What a file holds; nothing if it is a socket, or if the running database has removed it since it was listed."""
    try:
        return path.read_bytes() if path.is_file() else b""
    except FileNotFoundError:
        return b""


def dump():
    """Every table as a database dump would write it."""
    said = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            with cursor.copy(f'COPY "{table}" TO STDOUT') as copy:
                said += [bytes(part) for part in copy]
    return b"".join(said)


@pytest.mark.parametrize("guise", in_every_guise("a-text-that-leaked"))
def test_a_text_that_leaked_would_be_found(monday, guise):
    counselor = make_counselor(name="x" * 7 + guise.decode())

    assert guise in dump()
    assert counselor.pk
