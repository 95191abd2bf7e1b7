"""What belongs to others is not there: every address of an object, with every object of a practice, for strangers."""

import uuid

import pytest
import time_machine
from django.urls import reverse

from practice.people.models import Role
from tests.factories import NOW, make_client, make_counselor, make_user
from tests.programs.canaries import make_marked_practice
from tests.programs.test_canaries import is_open_to, known_values, pages

# The library is the practice's own, for everybody who counsels or supervises.
LIBRARY = "library_"


ROLES = [Role.CLIENT, Role.COUNSELOR, Role.SUPERVISOR, Role.DATA_OFFICER]


def stranger(roles):
    """Somebody with these roles and with nothing to do with anybody here."""
    user = make_user(*roles, name="Orang Lain")
    if Role.COUNSELOR in roles:
        make_counselor(user=user, name="Orang Lain")
    if Role.CLIENT in roles:
        make_client(user=user, name="Orang Lain", email_proven_at=NOW)
    return user


def objects_by_address(roles):
    """Each guarded page of one object by UUID that one of the roles may open at all."""
    for page in pages():
        [*converters] = page.pattern.converters.items()
        is_guarded = getattr(page.callback, "policy", None) is not None
        if not (is_guarded and any(is_open_to(page, role) for role in roles)) or [
            type(c).__name__ for _n, c in converters
        ] != ["UUIDConverter"]:
            continue
        yield page.name, converters[0][0]


@pytest.mark.parametrize(
    "roles",  # whoever has all roles at once may open whatever anybody with one of them may
    [pytest.param(ROLES, id="all"), *(pytest.param([role], id=role, marks=pytest.mark.slow) for role in ROLES)],
)
def test_what_belongs_to_others_is_the_same_404_as_what_does_not_exist(practice, client, monday_at_nine, roles):
    with time_machine.travel(NOW, tick=False):
        make_marked_practice(starts_at=monday_at_nine)
        values = known_values()["UUIDConverter"]
        client.force_login(stranger(roles))
        leaks, asked = [], 0
        for name, argument in objects_by_address(roles):
            if name.startswith(LIBRARY):
                continue
            nothing = client.get(reverse(name, kwargs={argument: uuid.UUID(int=7)})).status_code
            assert nothing in (404, 405), name
            for value in values:
                asked += 1
                if client.get(reverse(name, kwargs={argument: value})).status_code != nothing:
                    leaks.append((name, value))

    assert leaks == []
    assert asked > len(values) or roles == [Role.DATA_OFFICER]
