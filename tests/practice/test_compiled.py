"""Queries whose SQL is written once."""

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from practice.catalog.models import Room, Service
from practice.database.compiled import Compiled, IsAnyOf
from practice.people.models import Counselor
from practice.records.models import AuditEvent
from tests.factories import make_counselor, make_room, make_service

pytestmark = pytest.mark.django_db


def make_compiled() -> Compiled:
    return Compiled(lambda slug: Counselor.objects.listed().filter(slug=slug).values_list("pk", "name"), slug="a slug")


def test_each_run_brings_its_own_values():
    ayu, budi = make_counselor(), make_counselor()
    by_slug = make_compiled()

    assert by_slug.rows(slug=ayu.slug) == [(ayu.pk, ayu.name)]
    assert by_slug.rows(slug=budi.slug) == [(budi.pk, budi.name)]
    assert by_slug.rows(slug="nobody") == []


def test_a_run_is_one_statement():
    by_slug = make_compiled()
    by_slug.rows(slug="warm")

    with CaptureQueriesContext(connection) as statements:
        by_slug.rows(slug="nobody")

    assert len(statements) == 1


def test_a_sample_that_does_not_reach_the_sql_is_refused():
    lost = Compiled(lambda slug: Service.objects.filter(slug=slug.lower()).values_list("pk"), slug="SLUG")

    with pytest.raises(ValueError, match="slug"):
        lost.rows(slug=make_service().slug)


def test_a_column_that_django_would_convert_is_refused():
    converted = Compiled(lambda act: AuditEvent.objects.filter(act=act).values_list("facts"), act="an act")

    with pytest.raises(ValueError, match="convert"):
        converted.rows(act="meeting.booked")


def test_a_list_of_any_length_is_one_parameter():
    rooms = [make_room() for _ in range(3)]
    found = Compiled(
        lambda keys: Room.objects.filter(IsAnyOf(F("pk"), keys)).order_by("pk").values_list("pk"), keys=[0]
    )

    for wanted in (rooms, rooms[:1], []):
        keys = [room.pk for room in wanted]
        assert [pk for (pk,) in found.rows(keys=keys)] == keys
        assert list(Room.objects.filter(IsAnyOf(F("pk"), keys)).order_by("pk")) == wanted
