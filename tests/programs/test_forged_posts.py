"""What nobody's browser would send: to every address that takes something, everything that a form does not expect.

Each address is asked as those who may open it, with every object of a practice, in whatever state the object is: a
clear answer, and whoever is refused has changed nothing. An exception of the view fails the test by itself.
"""

import contextlib
import html
import re
from urllib.parse import urlencode

import pytest
import time_machine
from django.apps import apps
from django.db import connection
from django.urls import NoReverseMatch, reverse

from practice.people.models import Role, RoleGrant
from tests.factories import NOW, make_client, make_counselor, make_user
from tests.programs.canaries import make_marked_practice
from tests.programs.test_canaries import is_open_to, known_values, pages

CLEAR = {200, 302, 303, 400, 403, 404, 405, 409, 413, 422, 429}
ENDS_THE_VISIT = {"account_logout", "sign_out"}  # nobody could go on afterwards
NASTY = [
    "",
    "a\0b",
    "x" * 60_000,
    "depresi",
    "-1",
    "99999999999999999999",
    "2026-02-30",
    "\ud800",
    "00000000-0000-0000-0000-000000000007",
]
FORM = "application/x-www-form-urlencoded"
USUAL = ["choice", "key", "next", "reason", "revision", "start", "text", "version"]  # where a page shows no form
FIELD = re.compile(r'<(?:input|textarea|select|button)\b[^>]*\bname="([^"]+)"')
KEPT = re.compile(r"-(TOTAL|INITIAL|MIN_NUM|MAX_NUM)_FORMS$")


@pytest.fixture
def people(practice, monday_at_nine):
    """Everybody who works in a practice that holds one row of everything, or comes to it."""
    with time_machine.travel(NOW, tick=False):
        rina = make_client(name="Rina", user=make_user(Role.CLIENT, name="Rina"), email_proven_at=NOW)
        _meeting, _client, program = make_marked_practice(client=rina, starts_at=monday_at_nine)
        counselor = program.counselor.user
        yield {
            Role.COUNSELOR: counselor,
            Role.CLIENT: rina.user,
            Role.SUPERVISOR: supervisor_of(counselor),
            Role.FRONT_DESK: make_user(Role.FRONT_DESK),
            Role.MANAGER: make_user(Role.MANAGER),
            Role.DATA_OFFICER: make_user(Role.DATA_OFFICER),
        }


def supervisor_of(user):
    made = make_counselor(name="Sari").user
    RoleGrant.objects.create(user=made, role=Role.SUPERVISOR, granted_at=NOW)
    user.counselor.supervisions.create(supervisor=made, started_at=NOW)
    return made


def addresses(role):
    """Every address that this role may open, with every object that it takes."""
    values = known_values()
    for page in pages():
        converters = page.pattern.converters
        is_for_all = getattr(page.callback, "policy", None) is None
        if page.name is None or page.name in ENDS_THE_VISIT or (is_for_all and role != Role.CLIENT):
            continue
        if len(converters) > 1 or not is_open_to(page, role):
            continue
        if not converters:
            with contextlib.suppress(NoReverseMatch):  # it takes something without a converter: no object of ours
                yield page.name, reverse(page.name)
        for argument, converter in converters.items():
            for value in values[type(converter).__name__]:
                yield page.name, reverse(page.name, kwargs={argument: value})


def fields_of(page):
    return sorted({html.unescape(name) for name in FIELD.findall(page)} - {"csrfmiddlewaretoken"})


def bodies(fields):
    """Nothing at all, nasty things in turn in every field, lists, and forms that count wrongly."""
    yield "an empty form", {}
    for turn in range(0, len(NASTY), 3):
        said = {name: NASTY[(turn + place) % len(NASTY)] for place, name in enumerate(fields)}
        yield f"nasty things from the {turn}th", {n: "1" if KEPT.search(n) else v for n, v in said.items()} | {"?": "1"}
    yield "lists", {name: ["1", "2"] for name in fields}
    if any(KEPT.search(name) for name in fields):
        yield "broken counts", {name: "-3" if KEPT.search(name) else "1" for name in fields}


# What a refusal may leave behind: counts of what was tried, and who read what before it was refused.
TRACES = {"practice_ratecount", "practice_auditevent"}


def kept_rows():
    """A number that changes with any row of the practice, of whichever table."""
    tables = sorted(model._meta.db_table for model in apps.get_models(include_auto_created=True) if model._meta.managed)
    parts = [
        f"SELECT coalesce(sum(hashtextextended(t::text, 7)), 0) AS one FROM {table} t"
        for table in tables
        if table.startswith(("practice_", "programs_", "appointments_")) and table not in TRACES
    ]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT sum(one) FROM ({' UNION ALL '.join(parts)}) every_table")
        return cursor.fetchone()[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    "role",
    [Role.COUNSELOR, Role.CLIENT, Role.SUPERVISOR, Role.FRONT_DESK, Role.MANAGER, Role.DATA_OFFICER],
)
def test_no_forged_post_breaks_a_page(people, client, role):
    unclear, changed, asked = [], [], 0
    for name, address in addresses(role):
        client.force_login(people[role])
        page = client.get(address)
        if page.status_code not in (200, 405):
            continue
        for what, body in bodies(fields_of(page.content.decode()) if page.status_code == 200 else USUAL):
            before = kept_rows()
            answer = client.post(address, urlencode(body, doseq=True, errors="surrogatepass"), content_type=FORM)
            asked += 1
            if answer.status_code >= 400 and kept_rows() != before:
                changed.append((name, what, answer.status_code))
            if answer.status_code not in CLEAR:
                unclear.append((name, what, answer.status_code))
            if answer.status_code == 405:
                break

    assert unclear == []
    assert changed == []
    assert asked > (20 if role in (Role.COUNSELOR, Role.CLIENT, Role.FRONT_DESK, Role.MANAGER) else 0)
