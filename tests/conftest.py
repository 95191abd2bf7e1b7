"""The cast and the clock."""

from datetime import UTC, datetime

import hypothesis
import pytest
from django.conf import settings
from django.db import connection
from django.test import TransactionTestCase
from django.utils import timezone, translation

from practice.people.models import Role
from practice.people.practices import zone_known
from tests.factories import NOW, make_client, make_counselor, make_practice, make_service, make_user

LONGEST = {"test_outbox_storms", "test_program_journey"}


def pytest_configure():
    """Static files come straight from their folders: no test waits for them to be collected."""
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }
    TransactionTestCase._fixture_teardown = empty_every_table


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Browsers last: their loop stays open in a process, and no job can run a loop of its own beside it.

    Of the others and of them the longest first, so that no process is left alone with one at the end.
    """
    items.sort(key=lambda item: ("browser" in item.path.parts, item.path.stem not in LONGEST))


def empty_every_table(self):
    """Between transactional tests every row of ours goes; the triggers that forbid it rest meanwhile.

    Deleting a few rows takes a twentieth of the time of Django's own way, which truncates every table and describes
    all models anew. Whoever still writes is waited for, as there.
    """
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    tables = sorted(connection.ops.quote_name(each) for each in {*tables} - {"django_content_type", "auth_permission"})
    with connection.cursor() as cursor:
        cursor.execute(
            "BEGIN; SET LOCAL session_replication_role = replica;"
            f"LOCK TABLE {', '.join(tables)} IN EXCLUSIVE MODE;"
            + "".join(f"DELETE FROM {each};" for each in tables)
            + "COMMIT"
        )


@pytest.fixture(scope="session", autouse=True)
def nobody_lingers(django_db_setup, django_db_blocker):
    """Threads of a server or worker may leave a connection open; the test database is dropped all the same."""
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


# Whatever else runs on this machine makes no example wrong.
hypothesis.settings.register_profile("busy", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("busy")


@pytest.fixture(autouse=True)
def as_at_the_start():
    """Nothing is left of the page that the test before looked at: its language, its clock, the practice's zone."""
    translation.activate(settings.LANGUAGE_CODE)
    timezone.deactivate()
    zone_known.name = settings.TIME_ZONE


@pytest.fixture
def now():
    return NOW


@pytest.fixture
def monday_at_nine():
    """Monday 30 November 2026, 09:00 in Jakarta: a week after NOW."""
    return datetime(2026, 11, 30, 2, 0, tzinfo=UTC)


@pytest.fixture
def practice(db):
    return make_practice()


@pytest.fixture
def ayu(db):
    """A counselor in Jakarta, Monday to Friday 09:00–17:00."""
    return make_counselor(name="Ayu Pratiwi")


@pytest.fixture
def consultation(ayu):
    """Ayu's consultation by video, without notice."""
    return make_service(counselors=[ayu])


@pytest.fixture
def rina(db):
    """A client with a sign-in."""
    return make_client(name="Rina", user=make_user(Role.CLIENT, name="Rina"), email_proven_at=NOW)


@pytest.fixture
def front_desk(db):
    return make_user(Role.FRONT_DESK, name="Dewi")


@pytest.fixture
def manager(db):
    return make_user(Role.MANAGER, name="Bagus")
