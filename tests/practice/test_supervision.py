"""Who supervises whom: what the manager says, and what it opens and closes."""

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from practice.people.models import Role
from practice.people.supervising import begin_supervision, change_supervision, end_supervision
from practice.people.supervision import Supervision
from programs.plan.models import Program
from tests.factories import NOW, make_counselor, make_practice, make_program, make_supervision, make_user


@pytest.fixture
def ratna(db):
    return make_user(Role.SUPERVISOR, name="Ratna")


@pytest.fixture(autouse=True)
def clock(db):
    make_practice()
    with time_machine.travel(NOW, tick=False):
        yield


def begin(ratna, ayu, manager, **fields):
    said = {"supervisor": ratna, "counselor": ayu, "co_signs": True, "by": manager, "now": NOW}
    return begin_supervision(**said | fields)


def test_a_supervision_begins_changes_and_ends_with_its_dates(ratna, ayu, manager):
    begun = begin(ratna, ayu, manager)

    assert not change_supervision(supervision=begun, co_signs=False, by=manager, now=NOW).co_signs
    assert end_supervision(supervision=begun, by=manager, now=NOW).ended_at == NOW
    for change in (end_supervision, lambda **said: change_supervision(co_signs=True, **said)):
        with pytest.raises(ValidationError):
            change(supervision=begun, by=manager, now=NOW)
    assert begin(ratna, ayu, manager).pk != begun.pk


def test_who_cannot_supervise_is_refused(ratna, ayu, manager):
    begin(ratna, ayu, manager)

    for wrong in ({"supervisor": manager}, {"supervisor": ayu.user}, {}):
        with pytest.raises(ValidationError):
            begin(ratna, ayu, manager, **wrong)
    assert Supervision.objects.count() == 1


def test_nobody_supervises_themselves(manager):
    both = make_counselor(user=make_user(Role.COUNSELOR, Role.SUPERVISOR))

    with pytest.raises(ValidationError) as refusal:
        begin(both.user, both, manager)

    assert list(refusal.value.message_dict) == ["supervisor"]


def test_two_supervisions_of_the_same_two_meet_the_database(ratna, ayu):
    make_supervision(ayu, supervisor=ratna)

    with pytest.raises(IntegrityError), transaction.atomic():
        make_supervision(ayu, supervisor=ratna)


def test_an_ended_supervision_opens_nothing_from_then_on(ratna, ayu, manager, rina):
    make_program(counselor=ayu, clients=[rina])
    begun = begin(ratna, ayu, manager)
    assert Program.objects.visible_to(ratna).count() == 1

    end_supervision(supervision=begun, by=manager, now=NOW)

    assert not Program.objects.visible_to(ratna).exists()


def test_a_manager_works_on_the_page(client, ratna, ayu, manager):
    client.force_login(manager)
    where = reverse("supervision")

    assert client.post(where, {"supervisor": ratna.pk, "counselor": ayu.pk, "co_signs": "on"}).status_code == 302
    assert client.post(where, {"supervisor": ratna.pk, "counselor": ayu.pk}).status_code == 422
    assert client.post(where, {"supervisor": manager.pk, "counselor": ayu.pk}).status_code == 422
    one = reverse("supervision_change", args=[Supervision.objects.get().pk])
    client.post(one, {"co_signs": "no"})
    assert not Supervision.objects.get().co_signs
    client.post(one, {"end": "1"})
    assert Supervision.objects.get().ended_at == NOW
    assert "Ratna" in client.get(where).content.decode()


def test_the_page_asks_no_more_with_more_rows(client, manager):
    client.force_login(manager)
    where = reverse("supervision")

    def statements():
        client.get(where)
        with CaptureQueriesContext(connection) as found:
            client.get(where)
        return len(found)

    make_supervision(make_counselor(name="Satu", hours=False))
    few = statements()
    for name in ("Dua", "Tiga", "Empat"):
        make_supervision(make_counselor(name=name, hours=False))

    assert statements() == few


@pytest.mark.parametrize("role", [Role.COUNSELOR, Role.SUPERVISOR, Role.FRONT_DESK, Role.CLIENT, Role.DATA_OFFICER])
def test_nobody_else_finds_the_page(client, role):
    client.force_login(make_user(role))

    assert client.get(reverse("supervision")).status_code == 404
