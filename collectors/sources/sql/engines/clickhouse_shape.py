"""A statement of nested SELECTs as one that ClickHouse runs where the rows are. Pure.

On a Distributed table each shard runs the innermost SELECT alone: the rows of all shards would be moved to one
server before anything is added up. Here grouping is that SELECT. What was a column of an inner SELECT is a name
that is given to an expression where it stands first, so that nothing is written, or computed, twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import ColumnElement, FromClause, Select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import Label, Over
from sqlalchemy.sql.selectable import Subquery

_PREFIX = "leverwatch_"
"""No column of a table begins so: a name in a SELECT hides the column that has it, also within its expression."""
Types = Mapping[str, str]
"""The type of a column, by its name; without those that were not looked at."""


def quoted(name: str) -> str:
    """Return a name as ClickHouse reads it, whatever it has in it."""
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


class Written(ColumnElement[Any]):
    """A column of the table, without the table's name, which a shard calls otherwise."""

    inherit_cache = False

    def __init__(self, name: str) -> None:
        self.name, self.type = name, sa.types.NULLTYPE


class Named(ColumnElement[Any]):
    """An expression that has a name: the expression where it stands first, its name from then on."""

    inherit_cache = False

    def __init__(self, expression: ColumnElement[Any], name: str) -> None:
        self.named, self.name, self.type = expression, name, expression.type


class Once(Struct, frozen=True):
    """Which of several rows counts."""

    first: ColumnElement[Any]
    """The one with the least of this."""
    by: Sequence[ColumnElement[Any]]
    """Rows that have these in common are one."""
    where: Sequence[ColumnElement[Any]]
    """Only rows for which these hold are looked at."""
    read: Sequence[str]
    """The columns that are needed of them."""


class _Rows(Struct):
    """What the rows are that are grouped."""

    source: FromClause
    columns: dict[str, ColumnElement[Any]]
    """What each column of the innermost SELECT around which grouping is done stands for."""
    where: list[ColumnElement[Any]]
    once: Once | None = None


class Grouped(FromClause):
    """A SELECT that groups; the one around it names its columns."""

    inherit_cache = False
    named_with_column = False

    def __init__(self, shown: Sequence[Named], rows: _Rows, groups: Sequence[Named], is_final: bool) -> None:
        self.shown, self.rows, self.groups, self.is_final = shown, rows, groups, is_final


@compiles(Written)
def _written(element: Written, compiler: Any, **_: Any) -> str:
    return _escaped(quoted(element.name), compiler)


@compiles(Named)
def _named(element: Named, compiler: Any, **settings: Any) -> str:
    known: set[str] = compiler.__dict__.setdefault(f"{_PREFIX}names", set())
    if element.name in known:
        return element.name
    known.add(element.name)
    return f"({compiler.process(element.named, **_within(settings))} AS {element.name})"


@compiles(Grouped)
def _grouped(element: Grouped, compiler: Any, **settings: Any) -> str:
    inner, rows, once = _within(settings), element.rows, element.rows.once

    def listed(found: Sequence[Any], between: str = ", ") -> str:
        return between.join(compiler.process(each, **inner) for each in found)

    def where(conditions: Sequence[Any]) -> str:
        return f" WHERE {listed([sa.and_(*conditions)])}" if conditions else ""

    shown, table = listed(element.shown), _table(rows.source, compiler, inner)
    if element.is_final:
        table = f"{table} FINAL"
    if once is not None:
        # Names are known within one SELECT; these are none.
        chosen = f"ORDER BY {listed([once.first])} LIMIT 1 BY {listed(once.by)}"
        read = listed([Written(name) for name in once.read])
        table = f"(SELECT {read} FROM {table}{where(once.where)} {chosen}) AS {_PREFIX}once"  # noqa: S608 - of quoted names
    grouped = f"{table}{where(rows.where)} GROUP BY {listed(element.groups)}"
    return f"(SELECT {shown} FROM {grouped}) AS {_PREFIX}sums"  # noqa: S608 - of quoted names


def _table(source: FromClause, compiler: Any, inner: Mapping[str, Any]) -> str:
    if not isinstance(source, sa.TableClause):
        return str(compiler.process(source, asfrom=True, **inner))
    names = [source.schema, source.name] if source.schema else [source.name]
    return _escaped(".".join(map(quoted, names)), compiler)


def _escaped(text: str, compiler: Any) -> str:
    # For a driver whose parameters are written with a percent sign.
    return text.replace("%", "%%") if "format" in compiler.dialect.paramstyle else text


def _within(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name == "literal_binds"}


def shaped(statement: Select[Any], types: Types, *, is_final: bool) -> Select[Any]:
    """Return a statement that groups what SELECTs within each other have of one table, as one SELECT in another
    that names its columns.

    Args:
        statement: the statement; the inner SELECTs do nothing but compute and choose.
        types: the types of the table's columns.
        is_final: whether the table has rows that replace others of its rows.
    """
    names = (f"{_PREFIX}{number}" for number in count(1))
    (within,) = statement.get_final_froms()
    rows = _rows(within, types, names)
    rows.where += [_put(condition, within, rows.columns) for condition in statement._where_criteria]  # noqa: SLF001
    shown: dict[str, Named] = {}
    for column in _columns(statement):
        shown[column.name] = _named_as(_put(_bare(column), within, rows.columns), names)
    groups = []
    for column in statement._group_by_clauses:  # noqa: SLF001
        known = shown.get(column.name)
        if known is None:
            known = _named_as(_put(_bare(column), within, rows.columns), names)
        groups.append(known)
    found = Grouped(tuple(shown.values()), rows, groups, is_final)
    told = (sa.literal_column(it.name, it.type).label(label) for label, it in shown.items())
    return sa.select(*told).select_from(found)


def _rows(found: FromClause, types: Types, names: Iterator[str]) -> _Rows:
    """Return what SELECTs within each other have."""
    inner = found.element if isinstance(found, Subquery) else None
    if not isinstance(inner, Select):
        return _Rows(found, {column.name: Written(column.name) for column in found.c}, [])
    (within,) = inner.get_final_froms()
    rows = _rows(within, types, names)
    below, rows.columns = rows.columns, {}
    conditions = [_put(condition, within, below) for condition in inner._where_criteria]  # noqa: SLF001
    for column in _columns(inner):
        bare = _bare(column)
        if isinstance(bare, Over):
            (of,), (order,) = (_put(each, within, below).clauses for each in (bare.partition_by, bare.order_by))
            rows.once = Once(order, (of, _each_without(of)), tuple(conditions), tuple(sorted(below)))
            conditions = []
            rows.columns[column.name] = sa.literal_column("1")
            continue
        expression = _put(bare, within, below)
        if isinstance(expression, Written) and _is_time(types.get(expression.name, "")):
            # Drivers lose the zone of a time, which is the server's where a column has none.
            expression = sa.func.toTimeZone(expression, sa.literal_column("'UTC'"))
        rows.columns[column.name] = _named_as(expression, names)
    rows.where += conditions
    return rows


def _each_without(key: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return what is another one for each row without a key: such rows have nothing in common on any shard."""
    return sa.case((key.is_(None), sa.func.toString(sa.func.generateUUIDv4())), else_=sa.literal_column("''"))


def _named_as(expression: ColumnElement[Any], names: Iterator[str]) -> Named:
    return expression if isinstance(expression, Named) else Named(expression, next(names))


def _columns(statement: Select[Any]) -> list[Any]:
    return list(statement.inner_columns)


def _bare(column: Any) -> ColumnElement[Any]:
    return column.element if isinstance(column, Label) else column


def _put(expression: Any, table: FromClause, columns: Mapping[str, ColumnElement[Any]]) -> Any:
    """Return an expression with what columns of a table stand for in their place."""

    def replace(element: Any, **_: Any) -> Any:
        return columns[element.name] if getattr(element, "table", None) is table else None

    return visitors.replacement_traverse(expression, {}, replace)


def _is_time(kind: str) -> bool:
    return kind.removeprefix("Nullable(").startswith("DateTime")
