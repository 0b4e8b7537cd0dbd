"""The statement that adds a table up by UTC day, and by everything that tells one call from another. Pure.

It is a stack of SELECTs, each of which needs what the one within it computes, so that no expression is written
twice: the raw values of the days, what fields are made of, the fields of each row, and their sums by names.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import ColumnElement, FromClause, Select
from sqlalchemy.types import TypeEngine

from leverwatch.collectors.daily.window import DAY, Days
from leverwatch.collectors.records.field_specs import WHOLE_OF, FieldSpec
from leverwatch.collectors.records.field_values import PER_DOLLAR, PER_MILLISECOND
from leverwatch.collectors.records.fields import Path, parse_path, parse_template
from leverwatch.collectors.records.filters import ValueTest
from leverwatch.collectors.sources.sql.codes import CALLS, CODE, LENGTH, Codes, code, length
from leverwatch.collectors.sources.sql.config import SqlConfig, TimeIs
from leverwatch.collectors.sources.sql.engines.interface import (
    Engine,
    Looking,
    TakesEveryBranch,
    apart,
    exact,
    has_infinity,
    quoted,
    schema_of,
    stores_booleans,
    summed,
)
from leverwatch.collectors.sources.sql.unbranched import Unbranched
from leverwatch.collectors.sources.sql.values import (
    combined,
    first_text,
    holds,
    id_of,
    meaning_of,
    readable,
    text_of,
    with_beside,
)

NAMES = ("model", "operation", "status", "cache_hit", "tier", "finish_reason", "valid", "schema_mode")
"""The fields by which rows are grouped."""
AMOUNTS = (
    "input_tokens", "cached_input_tokens", "output_tokens", "cost_usd", "latency_ms", "attempts", "errors",
    "cache_write_tokens", "reasoning_tokens", "cache_write_1h_tokens", "static_input_tokens",
)  # fmt: skip
"""The fields that are added up."""
ROWS, DAY_OF = "rows", "day"
Types = Mapping[str, TypeEngine[Any]]
"""The types of columns by name, as far as they are known and matter."""
_FAILED_OF = frozenset({"inferences", "errors"})
"""With both, the errors are some of the calls that a row stands for, and none of its inferences."""


class Plan(Struct, frozen=True):
    """What a table is asked for."""

    names: tuple[str, ...]
    """The mapped fields by which rows are grouped."""
    amounts: tuple[str, ...]
    """The fields that are added up."""
    told: tuple[str, ...]
    """Those of them that a row has a value for."""
    has_calls: bool
    """Whether a row says how many calls it stands for."""
    template: tuple[str, ...]
    """Labels of the values of the system template."""
    constants: Mapping[str, Any]
    """The names that are the same for every row, which no table is asked for."""
    per: Mapping[str, float]
    """By field whose sums are in another unit, how many of it are one of the unit of the field."""

    @property
    def fields(self) -> tuple[str, ...]:
        """All fields that a group may have a value for."""
        return (CALLS, *self.names, *self.constants, *self.amounts)


def plan_of(config: SqlConfig) -> Plan:
    """Return what the table of a source is asked for."""
    specs = config.fields.specs()
    placeholders = parse_template(config.system).paths
    # Of a sum of calls of which some failed, it is known how many there were.
    amounts = {*specs, "attempts"} if specs.keys() >= _FAILED_OF else specs.keys()
    units = {"cost_usd": PER_DOLLAR, "latency_ms": PER_MILLISECOND}
    return Plan(
        tuple(name for name in NAMES if name in specs and specs[name].constant is None),
        tuple(name for name in AMOUNTS if name in amounts),
        tuple(name for name in AMOUNTS if name in specs),
        CALLS in specs,
        tuple(f"system_{number}" for number in range(len(placeholders))),
        {name: specs[name].constant for name in NAMES if name in specs and specs[name].constant is not None},
        {name: per[unit] for name, per in units.items() if name in specs and (unit := specs[name].unit)},
    )


def statement_of(config: SqlConfig, engine: Engine, days: Days, types: Types | None = None) -> Select[Any]:
    """Return the statement for some days: one row for each combination of a day, names, and what is known.

    The answer may have other days beside these: to leave them out would take the database time for each row.
    `types` are those of columns that `Engine.key` and `Engine.number` need to know.
    """
    plan = plan_of(config)
    codes = codes_of(plan)
    rows = _Rows(config, engine, plan, types or {}).of(days)
    rows = _coded(rows, codes, engine)
    column = rows.c
    grouped = [column[DAY_OF], *(column[name] for name in (*plan.names, *plan.template))]
    grouped += [column[CODE]] if CODE in column else []
    amounts = (*codes.amounts, CALLS) if codes.has_calls else codes.amounts
    sums = [*(summed(engine, column[name]).label(name) for name in amounts), sa.func.count().label(ROWS)]
    return sa.select(*grouped, *sums).group_by(*grouped)


def _coded(rows: FromClause, codes: Codes, engine: Engine) -> FromClause:
    """Return rows with the code of each, unless all are plain."""
    if isinstance(engine, TakesEveryBranch):
        for name, made_of in Unbranched(codes, engine).steps():
            made = made_of(dict(rows.c.items()))
            rows = sa.select(*rows.c, *(column.label(label) for label, column in made.items())).subquery(name)
        return rows
    whole = length(codes, dict(rows.c.items()))
    if whole is not None:
        rows = sa.select(*rows.c, whole.label(LENGTH)).subquery("measured")
    told = code(codes, dict(rows.c.items()))
    if told is None:
        return rows
    return sa.select(*(it for it in rows.c if it.name != LENGTH), told.label(CODE)).subquery("coded")


def codes_of(plan: Plan) -> Codes:
    """Return what the code of a row is asked of."""
    return Codes(plan.told, plan.has_calls)


def newest_of(config: SqlConfig, engine: Engine, day: date | None = None) -> Select[Any]:
    """Return the statement for the greatest value of the column of the time: around a day, or of whatever day."""
    (name,) = parse_path(config.fields.column)
    column = table_of(config, engine, [name]).c[name]
    newest = sa.select(
        sa.func.max(engine.moment(column) if isinstance(engine, Looking) else column).label("newest")
    )
    if day is None and has_infinity(engine) and config.time_is in (TimeIs.ZONED, TimeIs.UTC):
        # No driver has a time for it, and some end the answer there.
        newest = newest.where(sa.func.isfinite(column))
    if day is not None:
        newest = newest.where(*engine.within(column, config.time_is, Days(day, day)))
    return engine.shaped(newest) if isinstance(engine, Looking) else newest


def ends_of(config: SqlConfig, engine: Engine) -> Select[Any]:
    """Return the statement for the least and the greatest text in the column of the time."""
    (name,) = parse_path(config.fields.column)
    column = table_of(config, engine, [name]).c[name]
    found = sa.select(sa.func.min(column).label("least"), sa.func.max(column).label("greatest"))
    return engine.shaped(found) if isinstance(engine, Looking) else found


def columns_of(config: SqlConfig) -> tuple[str, ...]:
    """Return the names of all columns that are read."""
    placeholders = parse_template(config.system).paths
    tests = () if config.filter is None else config.filter.tests
    paths = (
        *(it for spec in config.fields.specs().values() for it in spec.paths),
        *placeholders,
        *(it[0] for it in tests),
    )
    return tuple(sorted({parse_path(path)[0] for path in paths}))


def table_of(config: SqlConfig, engine: Engine, columns: Sequence[str], types: Types | None = None) -> FromClause:
    """Return the table of a source, or the statement in its place, with some of its columns."""
    named: list[sa.ColumnClause[Any]] = [
        sa.column(quoted(engine, name), (types or {}).get(name)) for name in columns
    ]
    if config.statement is not None:
        # A colon is no parameter.
        return sa.text(config.statement.strip().rstrip(";").replace(":", r"\:")).columns(*named).subquery("told")
    *schema, name = parse_path(config.table or "")
    table = sa.table(quoted(engine, name), *named, schema=schema_of(engine, schema))
    # Under another name, as dialects differ in how a column is named that is in a table of a schema.
    return table if isinstance(engine, Looking) else table.alias("source")


class _Rows:
    """Makes the SELECT that has a row with the values of its fields for each row of a table."""

    def __init__(self, config: SqlConfig, engine: Engine, plan: Plan, types: Types) -> None:
        self._config, self._engine, self._plan = config, engine, plan
        self._specs: Mapping[str, FieldSpec] = config.fields.specs()
        # What a time is, is said in the settings.
        others = {name: kind for name, kind in types.items() if (name,) != parse_path(config.fields.column)}
        self._table = table_of(config, engine, columns_of(config), others)
        self._raw: dict[tuple[Path, bool], str] = {}
        """By path, and whether it is read as a number, the label of the raw value."""
        self._rich: dict[str, list[str]] = {}
        """By number whose raw value has to be seen, the labels of its raw values."""
        self._with_numbers = stores_booleans(engine)
        self._is_costly = self._works_hard()

    def _works_hard(self) -> bool:
        """Return whether values are more than columns as they are, so that to keep the SELECTs apart pays."""
        tests = () if self._config.filter is None else self._config.filter.tests
        paths = [*(it for spec in self._specs.values() for it in spec.paths), *(path for path, _, _ in tests)]
        if any(len(parse_path(it)) > 1 for it in (*paths, *parse_template(self._config.system).paths)):
            return True
        amounts = [spec for name, spec in self._specs.items() if name in (CALLS, *AMOUNTS)]
        columns = [self._table.c[parse_path(it)[0]] for spec in amounts for it in spec.paths]
        return any(len(it.paths) > 1 or it.is_beside for it in amounts) or any(
            isinstance(it.type, sa.String) for it in columns
        )

    def of(self, days: Days) -> FromClause:
        """Return the rows of some days. Rows whose time is none are among them: they are said, and not lost."""
        config = self._config
        # A copy may have come a day after the original, which is not among the days that are asked for.
        asked = Days(days.first - DAY, days.last) if config.distinct else days
        texts = self._texts()
        rows = self._numbers(self._read(asked, texts))
        rows = self._values(rows, texts)
        if config.distinct:
            nth = sa.func.row_number().over(partition_by=rows.c.id, order_by=rows.c.time).label("nth")
            rows = sa.select(*rows.c, nth).subquery("numbered")
            kept = [it for it in rows.c if it.name not in ("id", "nth", "time")]
            rows = sa.select(*kept).where(sa.or_(rows.c.id.is_(None), rows.c.nth == 1)).subquery("wanted")
        return self._settled(rows)

    def _texts(self) -> dict[str, list[Path]]:
        """Return the paths of all values that are read as texts, by what they become."""
        found = {name: [parse_path(it) for it in self._specs[name].paths] for name in self._plan.names}
        placeholders = parse_template(self._config.system).paths
        found |= {label: [parse_path(it)] for label, it in zip(self._plan.template, placeholders, strict=True)}
        if self._config.distinct:
            found["id"] = [parse_path(it) for it in self._specs["request_id"].paths]
        return found

    def _tests(self) -> list[tuple[Path, ValueTest, bool]]:
        chosen = self._config.filter
        return [] if chosen is None else [(parse_path(path), test, to) for path, test, to in chosen.tests]

    def _read(self, asked: Days, texts: Mapping[str, Sequence[Path]]) -> FromClause:
        """Return the raw values of the rows of some days, each under a label of its own."""
        engine, kind = self._engine, self._config.time_is
        when = self._table.c[self._config.fields.column]
        columns: list[ColumnElement[Any]] = [engine.day(when, kind).label(DAY_OF)]
        columns += [when.label("time")] if self._config.distinct else []
        for path in (*(it for paths in texts.values() for it in paths), *(it[0] for it in self._tests())):
            columns += self._new(path, exact(engine, self._value(path)))
        beside = {name for name, spec in self._specs.items() if spec.is_beside}
        seen = beside | {WHOLE_OF[name] for name in beside}
        for name in (CALLS, *self._plan.amounts):
            spec = self._specs.get(name)
            if spec is None or spec.constant is not None:
                continue
            paths = [parse_path(it) for it in spec.paths]
            if name in seen or len(paths) > 1:
                columns += [it for path in paths for it in self._new(path, self._value(path))]
                self._rich[name] = [self._raw[path, False] for path in paths]
            else:
                (path,) = paths
                number = engine.number(self._table.c[path[0]], path[1:])
                columns += self._new(path, number, is_number=True)
        return self._apart(sa.select(*columns).where(*engine.within(when, kind, asked)), "read")

    def _value(self, path: Path) -> ColumnElement[Any]:
        column = self._table.c[path[0]]
        return column if len(path) == 1 else self._engine.key(column, path[1:])

    def _new(self, path: Path, value: ColumnElement[Any], *, is_number: bool = False) -> list[ColumnElement[Any]]:
        """Return a raw value under a new label, unless it has one."""
        if (path, is_number) in self._raw:
            return []
        label = self._raw[path, is_number] = f"raw_{len(self._raw)}"
        return [value.label(label)]

    def _over(
        self, rows: FromClause, made: Mapping[str, ColumnElement[Any]], name: str, without: Collection[str] = ()
    ) -> FromClause:
        """Return rows with more columns, or others in the place of theirs."""
        if not made:
            return rows
        kept = [it for it in rows.c if it.name not in made and it.name not in without]
        return self._apart(sa.select(*kept, *(column.label(label) for label, column in made.items())), name)

    def _apart(self, select: Select[Any], name: str) -> FromClause:
        return apart(self._engine, select, name) if self._is_costly else select.subquery(name)

    def _numbers(self, rows: FromClause) -> FromClause:
        """Return the rows with the numbers of those raw values that are looked at beside them."""
        labels = dict.fromkeys(label for labels in self._rich.values() for label in labels)
        return self._over(rows, {f"{it}_number": self._engine.number(rows.c[it], ()) for it in labels}, "numbers")

    def _values(self, rows: FromClause, texts: Mapping[str, Sequence[Path]]) -> FromClause:
        """Return the rows that are calls, with their names, and with numbers within the bounds of their fields."""

        def raw(path: Path, *, is_number: bool = False) -> ColumnElement[Any]:
            return rows.c[self._raw[path, is_number]]

        columns: list[ColumnElement[Any]] = [rows.c[DAY_OF]]
        columns += [rows.c.time] if self._config.distinct else []
        for label, paths in texts.items():
            columns.append(self._text(label, paths, list(map(raw, paths))).label(label))
        for name in (CALLS, *self._plan.amounts):
            spec = self._specs.get(name)
            if spec is None:
                continue
            if spec.constant is not None:
                columns.append(sa.literal_column(repr(spec.constant)).label(name))
            elif name in self._rich:
                columns += [
                    readable(name, rows.c[it], rows.c[f"{it}_number"]).label(f"{name}_{at}")
                    for at, it in enumerate(self._rich[name])
                ]
            else:
                columns.append(raw(parse_path(spec.paths[0]), is_number=True).label(name))
        found = sa.select(*columns)
        for path, test, to_hold in self._tests():
            with_numbers = self._with_numbers and len(path) == 1
            it = holds(test, text_of(raw(path)), with_numbers=with_numbers)
            found = found.where(it if to_hold else sa.not_(it))
        return self._apart(found, "made_of")

    def _text(self, label: str, paths: Sequence[Path], raw: Sequence[ColumnElement[Any]]) -> ColumnElement[Any]:
        """Return a name, a value of the template, or an id."""
        if label == "id":
            return sa.func.coalesce(*(id_of(text_of(it)) for it in raw), sa.null(), type_=sa.Text)
        spec = self._specs.get(label, FieldSpec())
        if len(raw) == 1 and not spec.words:
            return raw[0]
        text = first_text([text_of(it) for it in raw])
        if not spec.words:
            return text
        with_numbers = self._with_numbers and any(len(path) == 1 for path in paths)
        return meaning_of(spec.words, text, with_numbers=with_numbers)

    def _settled(self, rows: FromClause) -> FromClause:
        """Return the rows with the numbers of lists and sums, and with what stands beside its whole in it."""
        if not self._rich:
            return rows
        made = {
            name: combined(self._specs[name], [rows.c[f"{name}_{at}"] for at in range(len(labels))])
            for name, labels in self._rich.items()
        }
        parts = {f"{name}_{at}" for name, labels in self._rich.items() for at in range(len(labels))}
        rows = self._over(rows, made, "made", without=parts)
        beside: dict[str, list[str]] = {}
        for name in self._rich:
            if self._specs[name].is_beside:
                beside.setdefault(WHOLE_OF[name], []).append(name)
        wholes = {whole: with_beside(rows.c[whole], [rows.c[part] for part in of]) for whole, of in beside.items()}
        return self._over(rows, wholes, "whole")
