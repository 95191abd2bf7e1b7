"""Saving rows of several tables in one statement."""

from functools import lru_cache

from django.db import DatabaseError, connections, models, router, transaction
from django.db.models.expressions import DatabaseDefault
from django.db.models.sql import InsertQuery


def insert_together(*instances: models.Model) -> None:
    """Insert new instances of any models in one SQL statement, in the order given: all of them, or none.

    For the booking path: one round trip to the database instead of one for each row. Values are prepared as by `save()`
    (`pre_save`, `get_db_prep_save`), but no signal is sent, and what the database makes itself (generated fields,
    database defaults) is fetched when first asked for. An automatic key stays unset, so nothing can refer to it.

    Raise ValueError for an instance that is saved already, has parent tables, lacks a key that the database does not
    make, or holds an expression instead of a value.
    """
    if not instances:
        return
    using = router.db_for_write(type(instances[0]))
    connection = connections[using]

    shape, parameters = [], []
    for instance in instances:
        fields = _fields_to_write(instance)
        shape.append((type(instance), fields))
        parameters += [_value(field, instance, connection) for field in fields]
    sql = _statement(tuple(shape), using)

    with transaction.mark_for_rollback_on_error(using=using), connection.long_cursor() as cursor:
        cursor.execute(sql, parameters)
        if cursor.rowcount != 1:
            raise DatabaseError("a trigger swallowed a row that was inserted together with others")

    for instance in instances:
        instance._state.adding = False
        instance._state.db = using


def _value(field: models.Field, instance: models.Model, connection):
    """What is written into a field of a new row, as the database takes it."""
    value = field.get_db_prep_save(field.pre_save(instance, add=True), connection=connection)
    if hasattr(value, "as_sql"):
        raise ValueError(f"{field} holds an expression, which only save() can write")
    return value


@lru_cache(maxsize=100)
def _statement(shape: tuple[tuple[type[models.Model], tuple[models.Field, ...]], ...], using: str) -> str:
    """The SQL that inserts a row of each model with these fields: the same for every booking, so written once."""
    *earlier, last = [_insert(model, fields, number, using) for number, (model, fields) in enumerate(shape)]
    ahead = ", ".join(f"row_{number} AS ({sql} RETURNING 1)" for number, sql in enumerate(earlier))
    return f"WITH {ahead} {last}" if ahead else last


def _insert(model: type[models.Model], fields: tuple[models.Field, ...], number: int, using: str) -> str:
    """Build one INSERT out of the parts of Django's own.

    Each waits for the row before it: PostgreSQL runs the parts of a statement in no promised order, and a trigger on a
    later row (a participant copies the time of the meeting) must find the earlier one. A SELECT list takes the types of
    its parameters from the columns, just as VALUES does.
    """
    connection = connections[using]
    (placeholders,), _values = (
        InsertQuery(model).get_compiler(using=using).assemble_as_sql(fields, [[None] * len(fields)])
    )

    quote = connection.ops.quote_name
    columns = ", ".join(quote(field.column) for field in fields)
    select = f"SELECT {', '.join(placeholders)}"
    if number:
        select += f" WHERE (SELECT count(*) FROM row_{number - 1}) = 1"  # noqa: S608 - a number
    return f"INSERT INTO {quote(model._meta.db_table)} ({columns}) {select}"


def _fields_to_write(instance: models.Model) -> tuple[models.Field, ...]:
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
    return tuple(written)
