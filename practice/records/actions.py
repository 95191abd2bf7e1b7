"""Read sealed text, write the audit trail, destroy keys."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import ProhibitNullCharactersValidator
from django.db import connection, models, transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from practice.records.context import current_request, origin
from practice.records.keys import Erased, RecordError
from practice.records.models import AuditEvent, KeyHolder, encrypted_fields

FACT_LENGTH = 200
REASON_LENGTH = 500
READS_AT_ONCE = 1000


def _fact(name: str, value):
    """A fact as JSON can hold it. Raise TypeError or ValueError for anything that is not a short, plain value."""
    if isinstance(value, UUID | Decimal | Promise):
        value = str(value)
    elif isinstance(value, date | datetime):
        value = value.isoformat()
    if not (value is None or isinstance(value, bool | int | float | str)):
        raise TypeError(f"The fact “{name}” is not a plain value.")
    if isinstance(value, str) and (len(value) > FACT_LENGTH or "\0" in value):
        raise ValueError(f"The fact “{name}” is too long or holds a NUL: facts name and count, they do not quote.")
    if isinstance(value, float) and value - value != 0:
        raise ValueError(f"The fact “{name}” is not a finite number.")
    return value


def _refuse_encrypted_facts(obj, facts: dict):
    for field in encrypted_fields(type(obj)) if isinstance(obj, models.Model) else ():
        text = obj.__dict__.get(field.attname)
        if isinstance(text, str) and text and text in facts.values():
            raise ValueError("A fact repeats an encrypted text.")


def _concerned_client(obj) -> UUID | None:
    if isinstance(obj, KeyHolder):
        clients = obj.client_ids()
        return clients[0] if len(clients) == 1 else None
    return getattr(obj, "client_id", None)


def _role(by, request) -> str:
    """The roles held, by name; without an account the public inside a request, the system outside."""
    if getattr(by, "pk", None) is not None:
        return ",".join(sorted(getattr(by, "roles", ())))
    return "public" if request or current_request() else "system"


def event(by, act: str, obj=None, *, client=None, reason="", now: datetime | None = None, request=None, **facts):
    """Build, without saving it, the audit event of one act; `record` says what the arguments mean."""
    if "." not in act:
        raise ValueError("An act is two words with a dot, thing and what was done to it: meeting.booked.")
    reason = str(reason)
    ProhibitNullCharactersValidator()(reason)
    if len(reason) > REASON_LENGTH:
        raise ValidationError(_("Keep the reason under %(limit)d characters.") % {"limit": REASON_LENGTH})
    _refuse_encrypted_facts(obj, facts)
    return AuditEvent(
        at=now or timezone.now(),
        actor=getattr(by, "pk", None),
        actor_role=_role(by, request),
        act=act,
        object_type=obj._meta.label_lower if obj is not None else "",
        object_id=str(obj.pk) if obj is not None else "",
        client_id=client.pk if client is not None else _concerned_client(obj),
        reason=reason,
        facts={name: _fact(name, value) for name, value in facts.items()},
        **origin(request)._asdict(),
    )


def record(by, act: str, obj=None, *, client=None, reason="", now: datetime | None = None, request=None, **facts):
    """Write one line of the audit trail, in the caller's transaction, and return it.

    `by` is the user who acts; None is the public inside a request and the system outside. `act` is "thing.done".
    `obj` is the row acted on. `client` is whose record it concerns: by default the row's own client, if it has one.
    `facts` are short plain values that say nothing clinical; longer ones raise ValueError, others TypeError.
    Raise ValidationError for a reason of more than 500 characters or with a NUL in it.
    """
    written = event(by, act, obj, client=client, reason=reason, now=now, request=request, **facts)
    written.save(force_insert=True)
    return written


def _reads(rows, holder_of, by, reason, request) -> list[AuditEvent]:
    act = f"{rows[0]._meta.model_name}.read"
    now = timezone.now()
    events = []
    for row in rows:
        clients = {}
        for field in encrypted_fields(type(row)):
            clients |= dict.fromkeys(holder_of(field, row).client_ids())
        for client_id in clients:
            read = event(by, act, row, reason=reason, now=now, request=request)
            read.client_id = client_id
            events.append(read)
    return events


def read(queryset, *, by, reason: str, request=None) -> list:
    """Open the encrypted texts of these rows, after writing who reads them and why. Return the rows.

    The audit rows are committed before anything is opened: no log, no read. So this refuses (RuntimeError) to run
    inside another transaction, which could be rolled back. Raise ValueError without reader or reason or for more than
    1000 rows, Erased if a key was destroyed, RecordError if a text was tampered with.
    """
    return read_together([queryset], by=by, reason=reason, request=request)[0]


def read_together(sources, *, by, reason: str, request=None, knowing: Iterable[KeyHolder] = ()) -> list[list]:
    """`read` for rows of several kinds that one page shows, in one transaction. Return a list for each source.

    A source is a queryset, or a list of rows that were fetched sealed. `knowing` are key holders that the caller has
    loaded, members included: they need not be fetched for every kind.
    """
    if getattr(by, "pk", None) is None or not str(reason).strip():
        raise ValueError("Someone reads, for a reason: both are needed.")
    for source in sources:
        for model in [source.model] if isinstance(source, models.QuerySet) else {type(row) for row in source}:
            if not encrypted_fields(model):
                raise TypeError(f"{model._meta.label} has no encrypted text.")
    known = {(type(holder), holder.pk): holder for holder in knowing}

    def holder_of(field, row):
        holder = field.key_holder(row)
        return known.get((type(holder), holder.pk), holder)

    _refuse_to_be_undone()
    found = [
        list(_with_holders(source, fetch_members=not known)) if isinstance(source, models.QuerySet) else source
        for source in sources
    ]
    if sum(len(rows) for rows in found) > READS_AT_ONCE:
        raise ValueError(f"At most {READS_AT_ONCE} rows are opened at once.")
    _write_at_once([each for rows in found if rows for each in _reads(rows, holder_of, by, reason, request)])
    for rows in found:
        for row in rows:
            for field in encrypted_fields(type(row)):
                _open_field(row, field, holder_of(field, row))
    return found


def _refuse_to_be_undone() -> None:
    """Raise RuntimeError inside a transaction: it could be undone, and the line about the reading with it."""
    blocks = connection.atomic_blocks
    if connection.in_atomic_block and not (blocks and blocks[-1]._from_testcase):
        raise RuntimeError("Reading leaves a trace that nothing may undo: it cannot be part of a transaction.")


def _write_at_once(events: list[AuditEvent]) -> None:
    """Save new lines in one statement, which commits by itself: all of them, or none."""
    if events:
        fields = [field for field in AuditEvent._meta.local_concrete_fields if not field.primary_key]
        AuditEvent.objects.all()._insert(events, fields=fields, using=connection.alias)


def _with_holders(queryset, *, fetch_members: bool):
    """Fetch the key holders with the rows, and whose records they protect: no statement for each row."""
    paths = [field.key_from.replace(".", "__") for field in encrypted_fields(queryset.model) if field.key_from]
    if paths:
        queryset = queryset.select_related(*paths)
    return queryset.prefetch_related(*_members_of_holders(queryset.model)) if fetch_members else queryset


def _members_of_holders(model) -> list[str]:
    """The lookups from a row of this model to those whose records its key holders protect."""
    found = {}
    for field in encrypted_fields(model):
        holder = model
        for step in filter(None, field.key_from.split(".")):
            holder = holder._meta.get_field(step).related_model
        if getattr(holder, "clients_path", ""):
            found["__".join(filter(None, [field.key_from.replace(".", "__"), holder.clients_path]))] = True
    return list(found)


def _open_field(row, field, holder):
    try:
        setattr(row, field.attname, field.opened(row, holder))
    except Erased:
        raise
    except RecordError as error:
        raise RecordError(f"{field} of row {row.pk}: {error}") from None


@transaction.atomic
def destroy_key(*, holder: KeyHolder, by, reason: str, now: datetime) -> KeyHolder:
    """Erase every text sealed with this holder's key, in this database for good, by destroying the key.

    Backups keep the wrapped key until they lapse. Raise ValidationError without a reason, or if it is erased already.
    """
    if not str(reason).strip():
        raise ValidationError(_("Say why this is erased."))
    rows = type(holder)._base_manager
    if rows.select_for_update().get(pk=holder.pk).is_erased:
        raise ValidationError(_("These texts were erased before."))
    rows.filter(pk=holder.pk).update(wrapped_key=None)
    holder.wrapped_key = None
    holder.__dict__.pop("_opened_key", None)
    record(by, "key.destroyed", holder, reason=reason, now=now)
    return holder
