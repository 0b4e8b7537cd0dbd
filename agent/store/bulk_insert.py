"""Writes many rows with one prepared statement."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib import import_module
from typing import Any

from sqlalchemy import Connection, Dialect, Table

from leverwatch.agent.store.values import UnstorableValue

Values = tuple[Any, ...]
Processors = tuple[tuple[int, Callable[[Any], Any]], ...]
"""For the columns that need it, their index and the function that converts a value for the driver."""


def insert_into(dialect: Dialect, table: Table) -> Any:
    """Return an INSERT statement that supports a conflict clause."""
    return insert_for(dialect.name, table)


def insert_for(kind: str, table: Table) -> Any:
    """Return the same for a kind of database, given the name of its dialect."""
    # Only the one in use: importing either takes as long as a small command.
    return import_module(f"sqlalchemy.dialects.{kind}").insert(table)


class BulkInsert:
    """An insert `statement` for rows with the values of the columns `names`; for SQLite it is compiled once.

    SQLAlchemy's usual way makes a dictionary of every row twice, and takes several times as long as SQLite itself.
    """

    def __init__(self, connection: Connection, statement: Any, names: tuple[str, ...]) -> None:
        self._connection, self._statement, self._names = connection, statement, names
        self._plain = connection.dialect.name == "sqlite"

    def write(self, rows: Sequence[Values]) -> None:
        """Execute the statement for all rows.

        Raises:
            UnstorableValue: a value has not the type of its column.
        """
        if not self._plain:
            self._connection.execute(self._statement, [dict(zip(self._names, row, strict=True)) for row in rows])
            return
        text, order, processors = _compiled(self._statement, self._names)
        try:
            values = [_processed(row, order, processors) for row in rows]
        except (TypeError, ValueError, AttributeError) as error:
            raise UnstorableValue(type(error).__name__) from error
        self._connection.exec_driver_sql(text, values)


def _processed(row: Values, order: tuple[int, ...], processors: Processors) -> Values:
    values = [row[at] for at in order]
    for at, process in processors:
        values[at] = process(values[at])
    return tuple(values)


@lru_cache(maxsize=16)
def _compiled(statement: Any, names: tuple[str, ...]) -> tuple[str, tuple[int, ...], Processors]:
    """Return the text of a statement for SQLite, the index of each of its values in a row, and the conversions for
    the driver."""
    from sqlalchemy.dialects import sqlite

    # One for all stores of the process, as nothing of this depends on the file.
    dialect = sqlite.dialect(dbapi=sqlite3)
    compiled = statement.compile(dialect=dialect, column_keys=names)
    order = compiled.positiontup or ()
    kinds = (statement.table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in order)
    processors = tuple((at, process) for at, process in enumerate(kinds) if process is not None)
    return str(compiled), tuple(map(names.index, order)), processors
