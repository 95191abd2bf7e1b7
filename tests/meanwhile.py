"""What somebody else does between the look at a page and the lock of its action, or while this one waits for it."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from django.db import connection

from practice.calendar.locks import lock_key


@contextmanager
def meanwhile(act):
    """Call `act` once, on a connection of its own, right before the first row is locked. For tests with transactions.

    It is as if somebody else had been quicker while the page was on its way. Raise AssertionError if nothing is locked.
    """
    done = False

    def elsewhere():
        try:
            act()
        finally:
            connection.close()

    def before_the_lock(execute, sql, params, many, context):
        nonlocal done
        if not done and "FOR UPDATE" in sql:
            done = True
            with ThreadPoolExecutor(1) as threads:
                threads.submit(elsewhere).result(timeout=20)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(before_the_lock):
        yield
    assert done, "nothing was locked"


@contextmanager
def busy(counselor):
    """Hold a counselor's calendar as others' bookings do. For tests with transactions: the locks are another's."""
    somebody = connection.copy()
    try:
        with somebody.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [lock_key("counselor", counselor.pk)])
        yield
    finally:
        somebody.close()
