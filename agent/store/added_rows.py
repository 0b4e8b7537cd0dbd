"""The statements that write the rows of a batch. Each is made once for a kind of database: that takes longer than
to write a row."""

from __future__ import annotations

from dataclasses import fields
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Table, case

from leverwatch.agent.store.bulk_insert import BulkInsert, insert_for
from leverwatch.agent.store.schema import COUNTS, source_days, source_state, usage_daily, usage_totals
from leverwatch.collectors.interface import UsageRow

USAGE = ("source", *(field.name for field in fields(UsageRow)))
"""The values of a row of `daily`."""
KEY = ("source", "system", "model", "operation")
_TOTALS = (*KEY, "first_day", "first_written", *USAGE[len(KEY) + 1 :])
_STATE = ("source", "key", "versioned")
_DAYS = ("source", "day")


def daily(connection: Connection) -> BulkInsert:
    """Return what adds counts to days: rows of `USAGE`."""
    return BulkInsert(connection, _adding(connection.dialect.name, usage_daily, COUNTS), USAGE)


def totals(connection: Connection) -> BulkInsert:
    """Return what adds counts to the sums of all days: rows of `KEY`, the first day, now, and the counts."""
    return BulkInsert(connection, _totals(connection.dialect.name), _TOTALS)


def numbers(connection: Connection, table: Table, word: str, number: str) -> BulkInsert:
    """Return what adds to numbers of a table: rows of a source, a word of the column of that name, a number."""
    return BulkInsert(connection, _adding(connection.dialect.name, table, (number,)), ("source", word, number))


def state(connection: Connection) -> BulkInsert:
    """Return what sets the state of sources: rows of a source, a key, and a value."""
    return BulkInsert(connection, _state(connection.dialect.name), _STATE)


def days(connection: Connection) -> BulkInsert:
    """Return what notes the days of sources: rows of a source and a day."""
    return BulkInsert(connection, _days(connection.dialect.name), _DAYS)


@lru_cache(maxsize=8)
def _adding(kind: str, table: Table, columns: tuple[str, ...]) -> Any:
    statement = insert_for(kind, table)
    return statement.on_conflict_do_update(
        index_elements=list(table.primary_key.columns),
        set_={name: table.c[name] + statement.excluded[name] for name in columns},
    )


@lru_cache(maxsize=8)
def _totals(kind: str) -> Any:
    statement = insert_for(kind, usage_totals)
    new = statement.excluded
    earliest = case(
        (usage_totals.c.first_day <= new["first_day"], usage_totals.c.first_day), else_=new["first_day"]
    )
    return statement.on_conflict_do_update(
        index_elements=list(usage_totals.primary_key.columns),
        set_={"first_day": earliest, **{name: usage_totals.c[name] + new[name] for name in COUNTS}},
    )


@lru_cache(maxsize=8)
def _state(kind: str) -> Any:
    statement = insert_for(kind, source_state)
    return statement.on_conflict_do_update(
        index_elements=list(source_state.primary_key.columns),
        set_={"versioned": statement.excluded["versioned"]},
    )


@lru_cache(maxsize=8)
def _days(kind: str) -> Any:
    return insert_for(kind, source_days).on_conflict_do_nothing()
