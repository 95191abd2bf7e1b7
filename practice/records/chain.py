"""The hash chain over the audit trail: what was written can be removed or changed, but not without showing."""

from datetime import datetime, timedelta
from itertools import islice

from django.db import connection, transaction

from practice.records.models import AuditEvent, AuditSeal

LOCK = 0x62656E616E67
AT_ONCE = 1000
GRACE = timedelta(seconds=10)
LATE = timedelta(hours=1)
LATE_IDS = 100_000


def seal_committed_events(*, now: datetime) -> int:
    """Link all committed audit events older than ten seconds that have no seal yet, oldest first; return how many.

    Only one process seals at a time; another returns 0. An event that commits later than its neighbours is sealed by a
    later run, unless 100,000 newer ones were sealed meanwhile: then it shows as inserted.
    """
    sealed = 0
    while batch := _seal_batch(now):
        sealed += batch
    return sealed


@transaction.atomic
def _seal_batch(now: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return 0
    last = AuditSeal.objects.order_by("-position").first()
    position, chain, event_id = (last.position, bytes(last.hash), last.event_id) if last else (0, b"", 0)
    waiting = AuditEvent.objects.filter(seal=None, pk__gt=event_id - LATE_IDS, at__lt=now - GRACE)
    seals = []
    for event in waiting.order_by("pk")[:AT_ONCE]:
        position, chain = position + 1, event.hash_after(chain)
        seals.append(AuditSeal(position=position, event=event, sealed_at=now, hash=chain))
    AuditSeal.objects.bulk_create(seals)
    return len(seals)


def chain_head() -> tuple[int, str]:
    """Position and hash (hex) of the newest seal, to be noted outside the database; (0, "") before the first."""
    last = AuditSeal.objects.order_by("-position").first()
    return (last.position, bytes(last.hash).hex()) if last else (0, "")


def verify_chain(*, now: datetime, head: tuple[int, str] | None = None) -> list[str]:
    """Compare every event with its seal and return what is wrong, in words; an empty list if nothing is.

    `head` is what `chain_head` once said: with it, a chain that was cut off at the end or made anew shows too.
    """
    problems = []
    position, chain, newest, head_seen = 0, b"", 0, head in {None, (0, "")}
    seals = AuditSeal.objects.order_by("position").iterator(chunk_size=AT_ONCE)
    while links := list(islice(seals, AT_ONCE)):
        events = AuditEvent.objects.in_bulk([seal.event_id for seal in links])
        for seal in links:
            problems += _broken_link(seal, events.get(seal.event_id), position=position, chain=chain, newest=newest)
            position, chain, newest = seal.position, bytes(seal.hash), max(newest, seal.event_id)
            head_seen = head_seen or (position, chain.hex()) == head
    if not head_seen:
        problems.append(f"The noted head {head[0]}:{head[1]} is not in the chain: it was cut off or made anew.")
    return problems + _unsealed(newest=newest, now=now)


def _broken_link(seal, event, *, position: int, chain: bytes, newest: int) -> list[str]:
    problems = []
    if seal.position != position + 1:
        problems.append(f"Seals {position + 1} to {seal.position - 1} are gone.")
    if event is None:
        problems.append(f"Event {seal.event_id}, sealed at position {seal.position}, was deleted.")
    elif event.hash_after(chain) != bytes(seal.hash):
        problems.append(f"Event {event.pk}, sealed at position {seal.position}, was changed or moved.")
    elif event.pk < newest and seal.sealed_at - event.at > LATE:
        problems.append(f"Event {event.pk}, sealed at position {seal.position}, was inserted long after its time.")
    return problems


def _unsealed(*, newest: int, now: datetime) -> list[str]:
    waiting = AuditEvent.objects.filter(seal=None, at__lt=now - LATE)
    behind = waiting.filter(pk__lt=newest).order_by("pk").values_list("pk", flat=True)
    problems = [f"Event {pk} was inserted behind the chain." for pk in behind]
    ahead = waiting.filter(pk__gt=newest).count()
    if ahead:
        problems.append(f"{ahead} events wait for their seal for more than an hour: is the worker running?")
    return problems
