"""The statement that adds a table up by UTC day, and by everything that tells one call from another. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import ColumnElement, FromClause, Select

from leverwatch.collectors.daily.window import DAY, Days
from leverwatch.collectors.records.fields import Path, parse_path, parse_template
from leverwatch.collectors.sources.sql.codes import CALLS, Codes, code
from leverwatch.collectors.sources.sql.config import SqlConfig
from leverwatch.collectors.sources.sql.engines.interface import Engine

NAMES = ("model", "operation", "status", "cache_hit", "tier", "finish_reason")
"""The fields by which rows are grouped."""
AMOUNTS = (
    "input_tokens", "cached_input_tokens", "output_tokens", "cost_usd", "latency_ms", "attempts", "errors",
    "cache_write_tokens", "reasoning_tokens",
)  # fmt: skip
"""The fields that are added up."""
ROWS, CODE, DAY_OF = "rows", "code", "day"
_FAILED_OF = frozenset({"inferences", "errors"})
"""With both, the errors are some of the calls that a row stands for, and none of its inferences."""


class Plan(Struct, frozen=True):
    """What a table is asked for."""

    names: tuple[str, ...]
    """The mapped fields by which rows are grouped."""
    amounts: tuple[str, ...]
    """The mapped fields that are added up."""
    template: tuple[str, ...]
    """Labels of the values of the system template."""

    @property
    def fields(self) -> tuple[str, ...]:
        """All fields that a group may have a value for."""
        return (CALLS, *self.names, *self.amounts)


def plan_of(config: SqlConfig) -> Plan:
    """Return what the table of a source is asked for."""
    mapped = config.fields.mapped()
    placeholders = parse_template(config.system).paths
    # Of a sum of calls of which some failed, it is known how many there were.
    amounts = {*mapped, "attempts"} if mapped.keys() >= _FAILED_OF else mapped.keys()
    return Plan(
        tuple(name for name in NAMES if name in mapped),
        tuple(name for name in AMOUNTS if name in amounts),
        tuple(f"system_{number}" for number in range(len(placeholders))),
    )


def statement_of(config: SqlConfig, engine: Engine, days: Days) -> Select[Any]:
    """Return the statement for some days: one row for each combination of a day, names, and what is known.

    The inner SELECT has one row for each row of the table, so that the outer one groups by names. The answer may have
    other days beside these: to leave them out would take the database time for each row.
    """
    plan, mapped = plan_of(config), config.fields.mapped()
    read = _read(config, engine, days, plan, mapped)
    columns = read.c
    day = columns[DAY_OF]
    codes = codes_of(plan, mapped)
    told = code(codes, {name: columns[name] for name in (CALLS, *codes.amounts) if name in columns})
    grouped = [day, *(columns[name] for name in (*plan.names, *plan.template))]
    grouped += [] if told is None else [told.label(CODE)]
    summed = (*codes.amounts, CALLS) if codes.has_calls else codes.amounts
    sums = [*(sa.func.sum(columns[name]).label(name) for name in summed), sa.func.count().label(ROWS)]
    found = sa.select(*grouped, *sums).group_by(*grouped)
    return found.where(sa.or_(columns["id"].is_(None), columns["nth"] == 1)) if config.distinct else found


def codes_of(plan: Plan, mapped: Mapping[str, Any]) -> Codes:
    """Return what the code of a row is asked of."""
    return Codes(tuple(name for name in plan.amounts if name in mapped), CALLS in mapped)


def newest_of(config: SqlConfig, engine: Engine, day: date | None = None) -> Select[Any]:
    """Return the statement for the greatest value of the column of the time: around a day, or of whatever day."""
    (name,) = parse_path(config.fields.time)
    column = _table(config, [name]).c[name]
    newest = sa.select(sa.func.max(column))
    return newest if day is None else newest.where(*engine.within(column, config.time_is, Days(day, day)))


def _read(config: SqlConfig, engine: Engine, days: Days, plan: Plan, mapped: Mapping[str, str]) -> FromClause:
    """Return the rows of some days, and of some more, with their values as they are."""
    paths = {name: parse_path(path) for name, path in mapped.items()}
    placeholders = [parse_path(path) for path in parse_template(config.system).paths]
    table = _table(config, sorted({path[0] for path in (*paths.values(), *placeholders)}))

    def text(path: Path) -> ColumnElement[Any]:
        column = table.c[path[0]]
        return column if len(path) == 1 else engine.key(column, path[1:])

    def number(path: Path) -> ColumnElement[Any]:
        return engine.number(table.c[path[0]], path[1:])

    when = table.c[paths["time"][0]]
    values: list[ColumnElement[Any]] = [
        engine.day(when, config.time_is).label(DAY_OF),
        *([number(paths[CALLS]).label(CALLS)] if CALLS in mapped else []),
        *(text(paths[name]).label(name) for name in plan.names),
        *(text(path).label(label) for path, label in zip(placeholders, plan.template, strict=True)),
        *(number(paths[name]).label(name) for name in plan.amounts if name in mapped),
    ]
    asked = days
    if config.distinct:
        # A copy may have come a day after the original, which is not among the days that are asked for.
        asked = Days(days.first - DAY, days.last)
        id_ = text(paths["request_id"])
        values += [
            id_.label("id"),
            sa.func.row_number().over(partition_by=id_, order_by=when).label("nth"),
        ]
    return sa.select(*values).where(*engine.within(when, config.time_is, asked)).subquery("read")


def _table(config: SqlConfig, columns: Sequence[str]) -> FromClause:
    named: list[sa.ColumnClause[Any]] = [sa.column(name) for name in columns]
    if config.statement is not None:
        # A colon is no parameter.
        return sa.text(config.statement.strip().rstrip(";").replace(":", r"\:")).columns(*named).subquery("told")
    *schema, name = parse_path(config.table or "")
    return sa.table(name, *named, schema=".".join(schema) or None)
