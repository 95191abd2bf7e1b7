"""Saving rows of several tables in one statement."""

from django.db import DatabaseError, connections, models, router, transaction
from django.db.models.expressions import DatabaseDefault
from django.db.models.sql import InsertQuery


def insert_together(*instances: models.Model) -> None:
    """Insert new instances of any models in one SQL statement, in the order given: all of them, or none.

    For the booking path: one round trip to the database instead of one for each row. Values are prepared as by `save()`
    (`pre_save`, `get_db_prep_save`), but no signal is sent, and what the database makes itself (generated fields,
    database defaults) is fetched when first asked for. An automatic key stays unset, so nothing can refer to it.

    Raise ValueError for an instance that is saved already, has parent tables, or lacks a key that the database does not
    make.
    """
    if not instances:
        return
    using = router.db_for_write(type(instances[0]))
    connection = connections[using]

    parts, parameters = [], []
    for number, instance in enumerate(instances):
        sql, values = _insert(instance, number, connection, using)
        parts.append(sql)
        parameters += values
    *earlier, last = parts
    ahead = ", ".join(f"row_{number} AS ({sql} RETURNING 1)" for number, sql in enumerate(earlier))

    with transaction.mark_for_rollback_on_error(using=using), connection.cursor() as cursor:
        cursor.execute(f"WITH {ahead} {last}" if ahead else last, parameters)
        if cursor.rowcount != 1:
            raise DatabaseError("a trigger swallowed a row that was inserted together with others")

    for instance in instances:
        instance._state.adding = False
        instance._state.db = using


def _insert(instance: models.Model, number: int, connection, using: str) -> tuple[str, list]:
    """Build one INSERT out of the parts of Django's own.

    Each waits for the row before it: PostgreSQL runs the parts of a statement in no promised order, and a trigger on a
    later row (a participant copies the time of the meeting) must find the earlier one. A SELECT list takes the types of
    its parameters from the columns, just as VALUES does.
    """
    fields = _fields_to_write(instance)
    query = InsertQuery(type(instance))
    query.insert_values(fields, [instance])
    compiler = query.get_compiler(using=using)
    row = [compiler.prepare_value(field, compiler.pre_save_val(field, instance)) for field in fields]
    (placeholders,), (values,) = compiler.assemble_as_sql(fields, [row])

    quote = connection.ops.quote_name
    columns = ", ".join(quote(field.column) for field in fields)
    select = f"SELECT {', '.join(placeholders)}"
    if number:
        select += f" WHERE (SELECT count(*) FROM row_{number - 1}) = 1"  # noqa: S608 - a number
    return f"INSERT INTO {quote(instance._meta.db_table)} ({columns}) {select}", values


def _fields_to_write(instance: models.Model) -> list[models.Field]:
    """The fields whose value we know; for the others, make Django ask the database later."""
    meta = instance._meta
    if not instance._state.adding:
        raise ValueError(f"{meta.label} is saved already")
    if meta.parents:
        raise ValueError(f"{meta.label} has parent tables, which one INSERT cannot fill")

    written = []
    for field in meta.local_concrete_fields:
        if field.generated:
            continue
        value = getattr(instance, field.attname)
        if isinstance(value, DatabaseDefault):
            del instance.__dict__[field.attname]
        elif field.primary_key and value is None:
            if not isinstance(field, models.AutoField):
                raise ValueError(f"{meta.label} has no key, and the database does not make one")
        else:
            written.append(field)
    return written
