"""Queries whose SQL is written once: for the busiest roads, where Django takes longer over it than PostgreSQL."""

from collections.abc import Callable
from functools import cached_property

from django.db import connection
from django.db.models import BooleanField, Func, QuerySet, Value


class IsAnyOf(Func):
    """True if the first expression is one of a list: one parameter, however many there are in the list."""

    arg_joiner = " = ANY("
    template = "%(expressions)s)"
    output_field = BooleanField()

    def __init__(self, expression, values: list):
        super().__init__(expression, Value(values))


class Compiled:
    """A query that Django compiles on its first run; later runs only bring other values.

    `build` takes the samples by name and returns a queryset of `values_list()`: so the rules stay in the querysets.
    A sample is any value of the right type that the query does not hold otherwise; each run puts its own in its place.
    Raise ValueError, on the first run, for a sample that did not arrive in the SQL unchanged, and for columns that
    Django would have to convert.
    """

    def __init__(self, build: Callable[..., QuerySet], **samples):
        self.build, self.samples = build, samples

    def rows(self, **values) -> list[tuple]:
        """Run it with these values, one for each sample."""
        sql, parameters = self._statement
        with connection.cursor() as cursor:
            cursor.execute(sql, [values[name] if name else fixed for name, fixed in parameters])
            return cursor.fetchall()

    @cached_property
    def _statement(self) -> tuple[str, list[tuple[str, object]]]:
        """The SQL, and for each of its parameters the name of the sample in its place, or "" and the value itself."""
        compiler = self.build(**self.samples).query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
        if compiler.get_converters([expression for expression, _sql, _alias in compiler.select]):
            raise ValueError("a compiled query gives what the database gives: this one has a column to convert")
        names = {id(sample): name for name, sample in self.samples.items()}
        placed = [(names.get(id(parameter), ""), parameter) for parameter in parameters]
        if missing := self.samples.keys() - {name for name, _value in placed}:
            raise ValueError(f"not in the SQL as it was given: {', '.join(sorted(missing))}")
        return sql, placed
