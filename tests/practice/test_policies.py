"""Every address of the product against every role: whoever has no business on a page does not learn that it exists."""

import uuid

import pytest
from django.urls import URLPattern, get_resolver, reverse

from practice.people.models import Role
from practice.people.policies import FOR_EVERY_ACCOUNT, POLICY, may, requires
from tests.factories import NOW, make_counselor, make_user

MADE_UP = {
    "UUIDConverter": uuid.UUID(int=7),
    "SlugConverter": "nothing",
    "StringConverter": "nothing",
    "IntConverter": 4711,
}


def pages(resolver=None):
    """Every URL pattern of the product, those of included modules too."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLPattern):
            yield entry
        else:
            yield from pages(entry)


def is_public(page):
    return not getattr(page.callback, "login_required", True)


def roles_of(page):
    """The roles for which a page is there at all; None if it is for every account."""
    policy = getattr(page.callback, "policy", None)
    return None if policy is None else set().union(*(POLICY[permission] for permission in policy))


def address(page):
    """Where a page would be for something that does not exist."""
    kinds = {name: type(converter).__name__ for name, converter in page.pattern.converters.items()}
    return reverse(page.name, kwargs={name: MADE_UP[kind] for name, kind in kinds.items()})


ALL = list(pages())
GUARDED = [page for page in ALL if not is_public(page)]
FOR_SOME = [page for page in GUARDED if roles_of(page) is not None]


@pytest.mark.parametrize("page", ALL, ids=lambda page: page.name)
def test_somebody_decided_who_may_open_each_page(page):
    assert page.name, "an address without a name is in nobody's list"
    decisions = [is_public(page), roles_of(page) is not None, page.name in FOR_EVERY_ACCOUNT]

    assert any(decisions), "say @login_not_required, or @requires(…), or list it in FOR_EVERY_ACCOUNT"


def test_the_list_of_pages_for_every_account_names_pages_that_exist():
    assert {page.name for page in ALL} >= FOR_EVERY_ACCOUNT


@pytest.mark.parametrize("page", GUARDED, ids=lambda page: page.name)
def test_a_stranger_is_led_to_the_sign_in(db, client, page):
    where = address(page)

    for answer in (client.get(where), client.post(where)):
        assert answer.status_code == 302
        assert answer.headers["Location"] == f"{reverse('account_login')}?next={where}"


OUTSIDE = [(page, role) for page in FOR_SOME for role in [*Role, None] if role not in roles_of(page)]
INSIDE = [(page, role) for page in FOR_SOME for role in Role if role in roles_of(page)]


@pytest.mark.parametrize(("page", "role"), OUTSIDE, ids=[f"{page.name}-{role}" for page, role in OUTSIDE])
def test_outside_its_roles_a_page_is_not_there(db, client, page, role):
    client.force_login(make_user(role) if role else make_user())
    where = address(page)
    answers = [client.get(where), client.post(where), client.get(where, headers={"hx-request": "true"})]

    assert [answer.status_code for answer in answers] == [404, 404, 404]


@pytest.mark.parametrize(("page", "role"), INSIDE, ids=[f"{page.name}-{role}" for page, role in INSIDE])
def test_inside_its_roles_a_page_answers_and_never_breaks(db, client, page, role):
    user = make_user(role)
    user.password = "some hash"
    user.save()
    if role == Role.COUNSELOR:
        make_counselor(user=user, hours=False)
    client.force_login(user)
    where = address(page)

    got, sent = client.get(where), client.post(where)

    assert got.status_code in ((404, 405) if page.pattern.converters else (200, 302, 405))
    assert sent.status_code < 500


def test_an_ended_role_opens_nothing_from_the_next_request_on(db, client):
    user = make_user(Role.MANAGER)
    client.force_login(user)
    before = client.get(reverse("people")).status_code

    user.role_grants.update(ended_at=NOW)

    assert before == 200
    assert client.get(reverse("people")).status_code == 404


def test_a_closed_account_is_signed_out_at_the_next_request(db, client):
    user = make_user(Role.MANAGER)
    client.force_login(user)

    type(user).objects.filter(pk=user.pk).update(is_active=False)

    assert client.get(reverse("people")).headers["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("thing", ["consultation.question"])
def test_nobody_at_the_desk_or_in_charge_reads_what_clients_write(db, thing):
    assert [role for role in Role if may(make_user(role), "read", thing)] == [Role.COUNSELOR]


def test_a_page_cannot_ask_for_a_permission_that_nobody_decided_on():
    with pytest.raises(KeyError):
        requires("everything", "edit")


def test_a_closed_account_may_nothing(db):
    assert not may(make_user(Role.MANAGER, is_active=False), "edit", "service")
