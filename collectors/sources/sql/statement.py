"""The statement that adds a table up by UTC day, and by everything that tells one call from another. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import ColumnElement, FromClause, Select

from leverwatch.collectors.daily.window import DAY, Days
from leverwatch.collectors.records.fields import Path, parse_path, parse_template
from leverwatch.collectors.records.formats.interface import MAX_AMOUNT
from leverwatch.collectors.records.service_tiers import BOUNDS
from leverwatch.collectors.sources.sql.config import SqlConfig
from leverwatch.collectors.sources.sql.engines.interface import Engine, schema_of

NAMES = ("model", "operation", "status", "cache_hit", "tier", "finish_reason")
"""The fields by which rows are grouped."""
AMOUNTS = (
    "input_tokens", "cached_input_tokens", "output_tokens", "cost_usd", "latency_ms", "attempts", "errors",
    "cache_write_tokens", "reasoning_tokens",
)  # fmt: skip
"""The fields that are added up."""
CALLS, ROWS, SIZE, DAY_OF, NEWEST = "inferences", "rows", "size", "day", "newest"
_PARTS = ("cached_input_tokens", "cache_write_tokens")
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

    The inner SELECTs have one row for each row of the table, so that the outer one groups by names.
    """
    plan, mapped = plan_of(config), config.fields.mapped()
    rows = _rows(config, engine, days, plan, mapped)
    column = rows.c
    # No condition is a value in SQL Server, and no label that is not selected is one to BigQuery.
    no: ColumnElement[Any] = sa.literal_column("0")
    yes: ColumnElement[Any] = sa.literal_column("1")
    known = [sa.case((column[name].is_(None), yes), else_=no) for name in (*plan.amounts, CALLS)]
    sizes = [column[SIZE]] if SIZE in column else []
    grouped = [column[DAY_OF], *(column[name] for name in (*plan.names, *plan.template)), *sizes]
    sums = [
        sa.func.sum(column[CALLS]).label(CALLS),
        *(sa.func.sum(column[name]).label(name) for name in plan.amounts),
        sa.func.count().label(ROWS),
        sa.func.max(column["time"]).label(NEWEST),
    ]
    found = sa.select(*grouped, *sums).group_by(*grouped, *known)
    return found.where(sa.or_(column["id"].is_(None), column["nth"] == 1)) if config.distinct else found


def newest_of(config: SqlConfig, engine: Engine) -> Select[Any]:
    """Return the statement for the greatest value of the column of the time, of whatever day."""
    (name,) = parse_path(config.fields.time)
    return sa.select(sa.func.max(_table(config, engine, [name]).c[name]))


def _rows(config: SqlConfig, engine: Engine, days: Days, plan: Plan, mapped: Mapping[str, str]) -> FromClause:
    """Return the rows of some days, with their values under the names of the fields.

    Each SELECT needs what the one within it computes, so that no expression is written twice.
    """
    read = _read(config, engine, days, plan, mapped)
    day = read.c[DAY_OF]
    wanted = day.between(_day(read, days.first), _day(read, days.last))
    kept = [read.c[name] for name in (DAY_OF, "time", *plan.names, *plan.template)]
    kept += [read.c[name] for name in ("id", "nth") if config.distinct]
    # NaN is greater than every number where there is one. Rows whose time is none are said, and not lost.
    calls = read.c[CALLS]
    bounded = (
        sa.select(
            *kept,
            (_bounded(calls, sa.func.floor(calls) == calls) if CALLS in mapped else calls).label(CALLS),
            *(_bounded(read.c[name]).label(name) for name in plan.amounts if name in mapped),
        )
        .where(sa.or_(wanted, day.is_(None)))
        .subquery("bounded")
    )
    amounts = _whole({name: bounded.c[name] for name in plan.amounts if name in mapped})
    if mapped.keys() >= _FAILED_OF:
        amounts |= _failed_apart(bounded.c[CALLS], bounded.c["errors"], amounts.get("attempts"))
    others = [column for column in bounded.c if column.name not in amounts]
    shown = sa.select(*others, *(column.label(name) for name, column in amounts.items())).subquery("calls")
    if "input_tokens" not in amounts or CALLS in mapped:
        # Of a sum of calls, the length of each one is unknown.
        return shown
    return sa.select(*shown.c, _size(shown.c["input_tokens"]).label(SIZE)).subquery("sized")


def _read(config: SqlConfig, engine: Engine, days: Days, plan: Plan, mapped: Mapping[str, str]) -> FromClause:
    """Return the rows of some days, and of some more, with their values as they are."""
    paths = {name: parse_path(path) for name, path in mapped.items()}
    placeholders = [parse_path(path) for path in parse_template(config.system).paths]
    table = _table(config, engine, sorted({path[0] for path in (*paths.values(), *placeholders)}))

    def text(path: Path) -> ColumnElement[Any]:
        column = table.c[path[0]]
        return column if len(path) == 1 else engine.key(column, path[1:])

    def number(path: Path) -> ColumnElement[Any]:
        return engine.number(table.c[path[0]], path[1:])

    when = table.c[paths["time"][0]]
    values: list[ColumnElement[Any]] = [
        engine.day(when, config.time_is).label(DAY_OF),
        when.label("time"),
        (number(paths[CALLS]) if CALLS in mapped else sa.literal_column("1")).label(CALLS),
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


def _bounded(number: ColumnElement[Any], *conditions: ColumnElement[bool]) -> ColumnElement[Any]:
    return sa.case((sa.and_(number.between(0, int(MAX_AMOUNT)), *conditions), number))


def _failed_apart(
    calls: ColumnElement[Any], failed: ColumnElement[Any], tries: ColumnElement[Any] | None
) -> dict[str, ColumnElement[Any]]:
    """Return the inferences and attempts of rows that say how many of their calls failed, as
    `records/field_rows.py` has it for single records: more failed calls than calls, or a part of one, leave no
    number of inferences."""
    known = failed.is_not(None)
    some = sa.and_(failed <= calls, sa.func.floor(failed) == failed)
    every = sa.case((known, calls))
    return {
        CALLS: sa.case((failed.is_(None), calls), (some, calls - failed)),
        "attempts": every if tries is None else sa.func.coalesce(tries, every),
    }


def _day(inner: FromClause, day: Any) -> ColumnElement[Any]:
    """Return a day as the database compares it with the days that it computed."""
    kind = inner.c[DAY_OF].type
    is_text = isinstance(kind, sa.String | sa.types.NullType)
    return sa.literal(f"{day}", sa.String) if is_text else sa.literal(day, kind)


def _whole(amounts: Mapping[str, ColumnElement[Any]]) -> dict[str, ColumnElement[Any]]:
    """Return the amounts with parts of tokens inside their wholes, and a cost of zero beside tokens as unknown, as
    `records/tokens.py` and `Layout` have it for single records."""
    shown = dict(amounts)
    parts = [sa.func.coalesce(amounts[name], 0) for name in _PARTS if name in amounts]
    if "input_tokens" in amounts and parts:
        taken, inside = amounts["input_tokens"], sum(parts[1:], parts[0])
        shown["input_tokens"] = sa.case((inside > taken, taken + inside), else_=taken)
    if "output_tokens" in amounts and "reasoning_tokens" in amounts:
        output, thought = amounts["output_tokens"], sa.func.coalesce(amounts["reasoning_tokens"], 0)
        shown["output_tokens"] = sa.case((thought > output, output + thought), else_=output)
    tokens = [sa.func.coalesce(amounts[name], 0) for name in ("input_tokens", "output_tokens") if name in amounts]
    if "cost_usd" in amounts and tokens:
        used = sum(tokens[1:], tokens[0])
        shown["cost_usd"] = sa.case((sa.or_(amounts["cost_usd"] > 0, used == 0), amounts["cost_usd"]))
    return shown


def _size(tokens: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return how many of the bounds a number of tokens is beyond."""
    beyond = [(tokens > bound, number) for number, bound in reversed(list(enumerate(BOUNDS, 1)))]
    return sa.case(
        *((condition, sa.literal_column(str(number))) for condition, number in beyond),
        else_=sa.literal_column("0"),
    )


def _table(config: SqlConfig, engine: Engine, columns: Sequence[str]) -> FromClause:
    named: list[sa.ColumnClause[Any]] = [sa.column(name) for name in columns]
    if config.statement is not None:
        # A colon is no parameter.
        return sa.text(config.statement.strip().rstrip(";").replace(":", r"\:")).columns(*named).subquery("told")
    *schema, name = parse_path(config.table or "")
    # Under another name, as dialects differ in how a column is named that is in a table of a schema.
    return sa.table(name, *named, schema=schema_of(engine, schema)).alias("source")
