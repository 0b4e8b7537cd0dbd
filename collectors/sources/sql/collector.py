"""Asks a table of a database for days: one statement that adds up there, and whose sums are counted here."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import msgspec
from sqlalchemy import Connection, Select
from sqlalchemy import Result as Rows

from leverwatch.collectors.daily.answers import Answer
from leverwatch.collectors.daily.collector import DailyCollector
from leverwatch.collectors.daily.known_days import KINDS as KINDS
from leverwatch.collectors.daily.sums import Group, added_up
from leverwatch.collectors.daily.window import DAY, Days
from leverwatch.collectors.errors import CollectorError
from leverwatch.collectors.interface import CollectorContext, Result
from leverwatch.collectors.records.fields import parse_path, parse_template, system_lookup, text_of
from leverwatch.collectors.records.timestamps import EPOCH, parse_time
from leverwatch.collectors.sources.sql.codes import CALLS, CODE, Codes, known, size
from leverwatch.collectors.sources.sql.config import SqlConfig, SqlFields, TimeIs
from leverwatch.collectors.sources.sql.connection import reading, shown_address
from leverwatch.collectors.sources.sql.engines.interface import Engine, HidesRows, Looking, TellsTypes
from leverwatch.collectors.sources.sql.engines.registry import engine_of
from leverwatch.collectors.sources.sql.statement import (
    DAY_OF,
    ROWS,
    Plan,
    Types,
    codes_of,
    columns_of,
    ends_of,
    newest_of,
    plan_of,
    statement_of,
    table_of,
)

_UNITS = {
    TimeIs.SECONDS: 1,
    TimeIs.MILLISECONDS: 1_000,
    TimeIs.MICROSECONDS: 1_000_000,
    TimeIs.NANOSECONDS: 1_000_000_000,
}
_FIRST, _LAST = (datetime(year, 1, 1, tzinfo=UTC).timestamp() for year in (2000, 2100))
_TEXTS = frozenset({"model", "operation", "finish_reason"})
"""The names that are nothing but texts."""
_NO_NAMES = (dict, list, tuple, bytes)
"""Whole documents, which may have texts of prompts, and are no names."""
_DATED = re.compile(r"[0-9]{4}-")
"""How texts begin that are in the order of their times."""
Moved = Mapping[str, Any]
"""A row of the answer, by label."""


class Table:
    """A table of a database that is asked for days."""

    def __init__(self, config: SqlConfig, context: CollectorContext) -> None:
        self._config, self._context = config, context
        self._engine = engine_of(config.address.get_backend_name())
        self._plan = plan_of(config)
        self._system_of = system_lookup(parse_template(config.system))

    @property
    def settings(self) -> str:
        """A digest of everything that the answers depend on; the user and the password are not among it."""
        config = self._config
        told: tuple[Any, ...] = (
            shown_address(config.address), config.table, config.statement, config.time_is.value,
            _told(config.fields), config.system, config.distinct,
        )  # fmt: skip
        if config.filter is not None:
            told = (*told, _in_order(config.filter))
        return blake2b(repr(told).encode(), digest_size=8).hexdigest()

    def ask(self, days: Days) -> Answer:
        """Return what the table has of some days.

        Raises:
            CollectorError: as for `reading`.
        """
        with reading(self._config, self._context.base_dir, self._context.stopping) as connection:
            engine = self._looked(connection)
            statement = self._statement(engine, connection, days)
            names, found = moved(connection.execute(statement), days)
            newest, unseen = None, False
            at = names.index(DAY_OF)
            last = max((day for row in found if (day := day_of(row[at])) is not None), default=None)
            # Of old days nobody asks what their newest row is.
            if last is None or days.last >= self._context.now().date() - DAY:
                newest = connection.scalar(newest_of(self._config, engine, last))
                if self._config.time_is is TimeIs.TEXT:
                    ends = connection.execute(ends_of(self._config, engine)).one()
                    unseen = any(it is not None and not _DATED.match(str(it)) for it in ends)
            # A column that is read as what it is not has no row on any day, and nothing else would say so.
            wrong = misfit(newest, self._config.time_is) if not found else None
        if wrong is not None:
            problem = (place_of(self._config), str(Result.BAD_TIME), f"time: {wrong}")
            return Answer((), frozenset(), {Result.BAD_TIME: 1}, problems=(problem,))
        moment = _moment(newest, self._config.time_is)
        rows = (dict(zip(names, row, strict=True)) for row in found)
        answer = answer_of(rows, self._plan, self._config, self._system_of, moment)
        return with_unseen(answer, place_of(self._config)) if unseen else answer

    def shown(self, days: Days) -> str:
        """Return the statement for some days, as text with its values.

        Raises:
            CollectorError: as for `reading`.
        """
        with reading(self._config, self._context.base_dir) as connection:
            statement = self.statement(connection, days)
            text = str(statement.compile(connection, compile_kwargs={"literal_binds": True}))
            # For a driver whose parameters begin with it, the sign is written twice.
            text = text.replace("%%", "%") if "format" in connection.dialect.paramstyle else text
        preset = self._config.preset
        return text if preset is None else f"-- preset {preset}\n{text}"

    def doubts(self) -> Sequence[str]:
        """Return why rows may be missing from answers although nothing fails, in words."""
        if not isinstance(self._engine, HidesRows):
            return ()
        try:
            with reading(self._config, self._context.base_dir, self._context.stopping) as connection:
                hiding = self._engine.hiding(connection)
        except CollectorError as error:
            # Servers that speak as PostgreSQL does need not have its catalog.
            return (f"whether rows are hidden from this user is not known: {error.reason}",)
        return [
            f"row-level security is on for {schema}.{name}, and this user is not exempt from it: rows that no"
            " policy shows it are missing without an error; give it a policy that shows all rows, or BYPASSRLS"
            for schema, name, alone in hiding
            if is_asked(self._config, schema, name, alone=alone)
        ]

    def statement(self, connection: Connection, days: Days) -> Select[Any]:
        """Return the statement for some days, as the database is asked.

        Raises:
            SQLAlchemyError: the database refuses to say what its table is.
        """
        return self._statement(self._looked(connection), connection, days)

    def _looked(self, connection: Connection) -> Engine:
        """Return the database, with what it has to know of the table."""
        if not isinstance(self._engine, Looking):
            return self._engine
        return self._engine.seen(connection, table_of(self._config, self._engine, columns_of(self._config)))

    def _statement(self, engine: Engine, connection: Connection, days: Days) -> Select[Any]:
        if not isinstance(engine, Looking):
            return statement_of(self._config, engine, days, self._types(connection))
        days = Days(max(days.first, engine.span.first), min(days.last, engine.span.last))
        return engine.shaped(statement_of(self._config, engine, days, engine.kinds))

    def _types(self, connection: Connection) -> Types:
        if not isinstance(self._engine, TellsTypes):
            return {}
        columns = columns_of(self._config)
        return self._engine.types(connection, table_of(self._config, self._engine, columns), columns)


def _told(fields: SqlFields) -> list[tuple[str, Any]]:
    """Return what is said of each field; a path as it was before more could be said."""
    entries = fields.entries().items()
    return sorted((name, entry if isinstance(entry, str) else _in_order(entry)) for name, entry in entries)


def _in_order(told: msgspec.Struct) -> bytes:
    return msgspec.json.encode(told, order="deterministic")


def place_of(config: SqlConfig) -> str:
    """Return how messages name what a source reads."""
    return f"source {config.name}: {config.table or 'statement'}"


def is_asked(config: SqlConfig, schema: str, name: str, *, alone: bool) -> bool:
    """Return whether a table may be one that is asked: the one of the settings, or one whose name is a word of the
    statement. `alone`: its name means it without the schema."""
    if config.statement is not None:
        return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", config.statement, re.IGNORECASE) is not None
    *schemas, table = parse_path(config.table or "")
    return table == name and (schemas[-1] == schema if schemas else alone)


def misfit(newest: Any, kind: TimeIs) -> str | None:
    """Return why the greatest value of the column of the time is not of the declared kind; None when it may be."""
    is_number = isinstance(newest, int | float | Decimal) and not isinstance(newest, bool)
    if newest is None or (not is_number and not isinstance(newest, str)):
        return None
    if not is_number:
        has_time = kind not in _UNITS and parse_time(newest, UTC) is not None
        return None if has_time else f"its column has texts, and none is a time by `time_is: {kind}`"
    fits = [it for it, unit in _UNITS.items() if _FIRST <= newest / unit < _LAST]
    if kind in fits:
        return None
    hint = f"; as `time_is: {fits[0]}` they would be" if fits else ""
    return f"its column has numbers, which are no times by `time_is: {kind}`{hint}"


def with_unseen(answer: Answer, place: str) -> Answer:
    """Return an answer that says that some rows are found on no day: their texts are not in the order of times."""
    what = "time: some rows have texts that do not begin as 2026-11-28 does, and are found on no day"
    tallies = Counter(answer.tallies) + Counter({Result.BAD_TIME: 1})
    problems = (*answer.problems, (place, str(Result.BAD_TIME), what))
    return msgspec.structs.replace(answer, tallies=tallies, problems=problems)


def moved(result: Rows[Any], days: Days) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
    """Return the labels of an answer, and its rows without those of other days. Rows whose time is none stay: they
    are said, and not lost.

    All are taken at once: for one after the other, `clickhouse-sqlalchemy` moves all that are left each time.
    """
    names = tuple(result.keys())
    at = names.index(DAY_OF)
    known: dict[Any, bool] = {None: True}
    rows = result.all()
    for value in {row[at] for row in rows}:
        day = day_of(value)
        known[value] = day is None or days.first <= day <= days.last
    return names, [row for row in rows if known[row[at]]]


def answer_of(
    found: Iterable[Moved], plan: Plan, config: SqlConfig, system_of: Any, newest: datetime | None = None
) -> Answer:
    """Return what the rows of an answer mean. Pure."""
    place = place_of(config)
    codes = codes_of(plan)
    days: set[date] = set()
    untimed: list[int] = []
    uncounted: list[int] = []

    def groups() -> Iterator[Group]:
        for row in found:
            day = day_of(row[DAY_OF])
            if day is None:
                untimed.append(int(row[ROWS]))
                continue
            days.add(day)
            # Some drivers have texts or decimals for whole numbers.
            told = int(row.get(CODE, 0))
            amounts = _known(row, codes, told)
            if amounts[CALLS] is None:
                uncounted.append(int(row[ROWS]))
            else:
                yield _group(day, row, amounts, plan, size(codes, told))

    sums = added_up(groups(), plan.fields, system_of)
    tallies, calls, problems = sums.tallies, sums.calls, [(place, *it) for it in sums.problems]
    for result, refused, what in (
        (Result.BAD_TIME, untimed, "time: {} rows have none that is a time"),
        (Result.MISTYPED_FIELD, uncounted, "inferences: {} rows say no whole number, or fewer than errors"),
    ):
        if refused:
            number = sum(refused)
            tallies[result] += len(refused)
            calls[result] += number
            problems.append((place, str(result), what.format(f"{number:,}")))
    return Answer(
        usage=sums.usage,
        filled=frozenset(days),
        tallies=tallies,
        calls=calls,
        unattributed=sums.unattributed,
        tiers=sums.tiers,
        newest=newest,
        problems=tuple(problems),
    )


def _known(row: Moved, codes: Codes, told: int) -> dict[str, float | None]:
    # Sums are exact decimals where there are such.
    sums = {name: None if (it := row[name]) is None else float(it) for name in codes.amounts}
    calls = row[CALLS] if codes.has_calls else row[ROWS]
    sums[CALLS] = None if calls is None else float(calls)
    return known(codes, told, sums)


def _group(day: date, row: Moved, amounts: Mapping[str, float | None], plan: Plan, beyond: int) -> Group:
    values: dict[str, Any] = {name: value for name in plan.names if (value := _named(name, row[name])) is not None}
    values |= plan.constants
    values |= {name: number for name, number in amounts.items() if number is not None}
    for name, number in plan.per.items():
        if name in values:
            values[name] /= number
    template = tuple([None if isinstance(it := row[label], _NO_NAMES) else it for label in plan.template])
    return Group(day, values, template, beyond)


def _named(name: str, value: Any) -> Any:
    """Return a name as a record has it, whatever the type of its column: a number, a UUID, a decimal. None: it is
    none."""
    if value is None or isinstance(value, _NO_NAMES):
        return None
    if isinstance(value, str) or (name not in _TEXTS and isinstance(value, int | float)):
        return value
    return text_of(float(value) if isinstance(value, Decimal) else value)


def day_of(value: Any) -> date | None:
    """Return the day of a row as a driver has it: a day, its midnight, or a text of either; None for none."""
    if value is None or type(value) is date:
        return value
    return value.date() if isinstance(value, datetime) else date.fromisoformat(str(value)[:10])


def _moment(value: Any, kind: TimeIs) -> datetime | None:
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    if kind in _UNITS and value is not None:
        seconds = float(value) / _UNITS[kind]
        return datetime.fromtimestamp(seconds, UTC) if seconds > EPOCH.timestamp() else None
    return parse_time(value, UTC)


class SqlCollector(DailyCollector):
    """An `sql` source."""

    def __init__(self, config: SqlConfig, context: CollectorContext) -> None:
        super().__init__(config, context, Table(config, context))
