"""Writes many rows with one statement."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Table

Values = tuple[Any, ...]


def write_many(connection: Connection, statement: Any, names: tuple[str, ...], rows: Sequence[Values]) -> None:
    """Execute an insert `statement` for each of the rows, which have the values of the columns `names`.

    The general way makes a dictionary of every row twice, and takes several times as long as SQLite itself.
    """
    if connection.dialect.name != "sqlite":
        connection.execute(statement, [dict(zip(names, row, strict=True)) for row in rows])
        return
    compiled = statement.compile(dialect=connection.dialect, column_keys=names)
    order = [names.index(name) for name in compiled.positiontup or ()]
    if order != list(range(len(names))):
        rows = [tuple(row[at] for at in order) for row in rows]
    processors = _processors(connection.dialect, statement.table, tuple(compiled.positiontup or ()))
    connection.exec_driver_sql(str(compiled), [_processed(row, processors) for row in rows])


def _processed(row: Values, processors: tuple[tuple[int, Any], ...]) -> Values:
    values = list(row)
    for at, process in processors:
        values[at] = process(values[at])
    return tuple(values)


@lru_cache(maxsize=16)
def _processors(dialect: Dialect, table: Table, names: tuple[str, ...]) -> tuple[tuple[int, Any], ...]:
    """What turns values into those of the driver, by place, for the columns that need it."""
    found = []
    for at, name in enumerate(names):
        column = table.c[name]
        process = column.type.dialect_impl(dialect).bind_processor(dialect)
        if process is not None:
            found.append((at, process))
    return tuple(found)
