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
from sqlalchemy import ColumnElement, FromClause, Function, Select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.elements import Cast, Label, Over, UnaryExpression
from sqlalchemy.sql.selectable import Subquery

_PREFIX = "leverwatch_"
"""No column of a table begins so: a name in a SELECT hides the column that has it, also within its expression."""
_LARGE = 3000
"""With so many parts, the expressions of a SELECT are worked out before the next one needs them."""
_BLANKS = "^ +| +$"
_KNOWN = f"{_PREFIX}names"
_STORED, _WITHIN = f"{_PREFIX}stored", f"{_PREFIX}within"
Types = Mapping[str, str]
"""The type of a column, by its name; without those that were not looked at."""


def quoted(name: str) -> str:
    """Return a name as ClickHouse reads it, whatever it has in it."""
    # By number where it has signs: drivers put parameters in the place of what they take for their signs.
    plain = (it if it.isalnum() or it in "_ " or not it.isascii() else f"\\x{ord(it):02x}" for it in name)
    return f"`{''.join(plain)}`"


class Written(ColumnElement[Any]):
    """A column of the table, without the table's name, which a shard calls otherwise."""

    inherit_cache = False

    def __init__(self, name: str, type_: Any) -> None:
        self.name, self.type = name, type_


class Named(ColumnElement[Any]):
    """An expression that has a name: the expression where it stands first, its name from then on."""

    inherit_cache = False

    def __init__(self, expression: ColumnElement[Any], name: str, size: int) -> None:
        self.named, self.name, self.type = expression, name, expression.type
        self.size = size
        """How many parts the expression has with what its names stand for in the place of each of them, where a
        server puts it."""


class Inner(FromClause):
    """A SELECT within another, which knows its names as columns. With `once`, of the rows that have all but the
    first of these in common, it has the one with the least of the first."""

    inherit_cache = False
    named_with_column = False

    def __init__(self, shown: Sequence[Named], rows: _Rows, once: Sequence[ColumnElement[Any]] = ()) -> None:
        self.shown, self.rows, self.once = shown, rows, once


class _Rows(Struct):
    """What the rows are that are grouped."""

    source: FromClause
    columns: dict[str, ColumnElement[Any]]
    """What each column of the outermost of them stands for."""
    where: list[ColumnElement[Any]]
    is_final: bool = False
    """Whether rows of the source replace others of its rows."""


class Grouped(FromClause):
    """A SELECT that groups; the one around it names its columns."""

    inherit_cache = False
    named_with_column = False

    def __init__(self, shown: Sequence[Named], rows: _Rows, groups: Sequence[Named]) -> None:
        self.shown, self.rows, self.groups = shown, rows, groups


@compiles(Written)
def _written(element: Written, _: Any, **__: Any) -> str:
    return quoted(element.name)


@compiles(Named)
def _named(element: Named, compiler: Any, **settings: Any) -> str:
    known: set[str] = compiler.__dict__.setdefault(_KNOWN, set())
    if element.name in known:
        return element.name
    known.add(element.name)
    return f"({compiler.process(element.named, **_within(settings))} AS {element.name})"


@compiles(Grouped)
def _grouped(element: Grouped, compiler: Any, **settings: Any) -> str:
    rows = _selected(element.shown, element.rows, compiler, settings)
    groups = ", ".join(compiler.process(each, **_within(settings)) for each in element.groups)
    return f"({rows} GROUP BY {groups}) AS {_PREFIX}sums"


@compiles(Inner)
def _inner(element: Inner, compiler: Any, **settings: Any) -> str:
    around = compiler.__dict__.pop(_KNOWN, set())
    rows = _selected(element.shown, element.rows, compiler, settings)
    if element.once:
        first, *by = (compiler.process(each, **_within(settings)) for each in element.once)
        rows = f"{rows} ORDER BY {first} LIMIT 1 BY {', '.join(by)}"
    compiler.__dict__[_KNOWN] = around
    return f"({rows}) AS {_PREFIX}rows"


def _selected(shown: Sequence[Named], rows: _Rows, compiler: Any, settings: Mapping[str, Any]) -> str:
    inner = _within(settings)
    columns = ", ".join(compiler.process(each, **inner) for each in shown)
    table = _table(rows.source, compiler, inner)
    # FINAL: also rows that were replaced, and are not yet merged, do not count.
    final = " FINAL" if rows.is_final else ""
    where = f" WHERE {compiler.process(sa.and_(*rows.where), **inner)}" if rows.where else ""
    return f"SELECT {columns} FROM {table}{final}{where}"  # noqa: S608 - of quoted names


def stored(number: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return a whole number for a statement that is shaped: there it is as its column has it, and not as what it
    is added up as."""
    return Function(_STORED, number, type_=number.type)


def within(number: ColumnElement[Any], most: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return whether a whole number is from zero to another one, for a statement that is shaped: there it is asked
    in one comparison, where the column has nothing but numbers of 64 bits."""
    return Function(_WITHIN, number, most, type_=sa.Boolean())


def name_of(table: sa.TableClause) -> str:
    """Return the quoted name of a table, with its database where that is said."""
    return ".".join(map(quoted, [table.schema, table.name] if table.schema else [table.name]))


def _table(source: FromClause, compiler: Any, inner: Mapping[str, Any]) -> str:
    if isinstance(source, sa.TableClause):
        return name_of(source)
    return str(compiler.process(source, asfrom=True, **inner))


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
    rows = _rows(within, types, names, is_final=is_final)
    rows.where += [_put(condition, within, rows.columns) for condition in statement._where_criteria]  # noqa: SLF001
    shown: dict[str, Named] = {}
    for column in _columns(statement):
        shown[column.name] = _named_as(_put(_bare(column), within, rows.columns), names)
    if not statement._group_by_clauses:  # noqa: SLF001
        return sa.select(*_outside(shown).values()).select_from(Inner(tuple(shown.values()), rows))
    groups = []
    for column in statement._group_by_clauses:  # noqa: SLF001
        known = shown.get(column.name)
        if known is None:
            known = _named_as(_put(_bare(column), within, rows.columns), names)
        groups.append(known)
    found = Grouped(tuple(shown.values()), rows, groups)
    told = (sa.literal_column(it.name, it.type).label(label) for label, it in shown.items())
    return sa.select(*told).select_from(found)


def _rows(found: FromClause, types: Types, names: Iterator[str], *, is_final: bool) -> _Rows:
    """Return what SELECTs within each other have."""
    inner = found.element if isinstance(found, Subquery) else None
    if not isinstance(inner, Select):
        return _Rows(found, {column.name: Written(column.name, column.type) for column in found.c}, [], is_final)
    (within,) = inner.get_final_froms()
    rows = _rows(within, types, names, is_final=is_final)
    below, rows.columns = rows.columns, {}
    rows.where += [_put(condition, within, below) for condition in inner._where_criteria]  # noqa: SLF001
    numbered = [column for column in _columns(inner) if isinstance(_bare(column), Over)]
    if numbered:
        named = {name: _named_as(_in_utc(column, types), names) for name, column in below.items()}
        rows, below = _one_of_each(_bare(numbered[0]), within, rows, named)
        rows.columns[numbered[0].name] = sa.literal_column("1")
    for column in _columns(inner):
        if column.name not in rows.columns:
            expression = _in_utc(_put(_bare(column), within, below), types)
            rows.columns[column.name] = _named_as(expression, names)
    named = {name: column for name, column in rows.columns.items() if isinstance(column, Named)}
    if sum(column.size for column in named.values()) > _LARGE:
        rows = _Rows(Inner(tuple(named.values()), rows), rows.columns | _outside(named), [])
    return rows


def _outside(named: Mapping[str, Named]) -> dict[str, ColumnElement[Any]]:
    """Return names as the columns that they are around their SELECT."""
    return {name: sa.literal_column(it.name, it.type) for name, it in named.items()}


def _in_utc(expression: ColumnElement[Any], types: Types) -> ColumnElement[Any]:
    """Return a column of times as those of UTC: drivers lose the zone, which is the server's where it has none."""
    if isinstance(expression, Written) and _is_time(types.get(expression.name, "")):
        return sa.func.toTimeZone(expression, sa.literal_column("'UTC'"))
    return expression


def _one_of_each(
    over: Any, within: FromClause, rows: _Rows, named: Mapping[str, Named]
) -> tuple[_Rows, dict[str, ColumnElement[Any]]]:
    """Return the rows without the later ones of each key, and their columns: old servers cannot number rows."""
    (of,), (order,) = (_put(each, within, named).clauses for each in (over.partition_by, over.order_by))
    once = Inner(tuple(named.values()), rows, (order, of, _each_without(of)))
    return _Rows(once, {}, []), _outside(named)


def _each_without(key: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return what is another one for each row without a key: such rows have nothing in common on any shard."""
    return sa.case((key.is_(None), sa.func.toString(sa.func.generateUUIDv4())), else_=sa.literal_column("''"))


def _named_as(expression: ColumnElement[Any], names: Iterator[str]) -> Named:
    if isinstance(expression, Named):
        return expression
    size = sum(part.size if isinstance(part, Named) else 1 for part in visitors.iterate(expression))
    return Named(expression, next(names), size)


def _columns(statement: Select[Any]) -> list[Any]:
    return list(statement.inner_columns)


def _bare(column: Any) -> ColumnElement[Any]:
    return column.element if isinstance(column, Label) else column


def _put(expression: Any, table: FromClause, columns: Mapping[str, ColumnElement[Any]]) -> Any:
    """Return an expression with what columns of a table stand for in their place."""

    def replace(element: Any, **_: Any) -> Any:
        if getattr(element, "table", None) is table:
            return columns[element.name]
        if isinstance(element, Function) and element.name == _STORED:
            return _as_written(_put(element.clauses.clauses[0], table, columns))
        if isinstance(element, Function) and element.name == _WITHIN:
            number, most = (_put(each, table, columns) for each in element.clauses)
            written = _as_written(number)
            if written is number:
                return number.between(sa.literal_column("0"), most)
            # What is below zero has the sign as its highest bit.
            return sa.func.toUInt64(written) <= most
        if isinstance(element, Cast) and isinstance(element.type, sa.String):
            # A cast would have no NULL.
            return sa.func.toString(_put(element.clause, table, columns), type_=element.type)
        if isinstance(element, UnaryExpression) and element.operator is operators.inv:
            # In old servers something false and NULL are NULL.
            return sa.func.ifNull(sa.not_(_put(element.element, table, columns)), sa.literal_column("1"))
        if isinstance(element, Function) and element.name == "trim":
            # Old servers have none.
            bare = [_put(each, table, columns) for each in element.clauses]
            return sa.func.replaceRegexpAll(*bare, _BLANKS, "", type_=element.type)
        return None

    return visitors.replacement_traverse(expression, {}, replace)


def _as_written(number: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the column that a number is, or the number where it is none."""
    made = number.named if isinstance(number, Named) else number
    of = made.clauses.clauses if isinstance(made, Function) and made.name == "toFloat64" else ()
    return of[0] if of and isinstance(of[0], Written) else number


def _is_time(kind: str) -> bool:
    return kind.removeprefix("Nullable(").startswith("DateTime")
