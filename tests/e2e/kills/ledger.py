"""What a store holds, in plain SQL, and what must be true of it at every moment."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, create_engine, make_url, text
from sqlalchemy.pool import NullPool

from tests.e2e.kills.logs import Counts

COLUMNS = ("inferences", "errors", "input_tokens", "output_tokens", "unknown_input", "unknown_output")


class Ledger:
    """Reads a store without a line of the agent."""

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        # Nothing is kept open: the agents must find their database as the killed one left it.
        self._engine = create_engine(parsed, poolclass=NullPool)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One state of the database."""
        with self._engine.connect() as connection:
            if self._engine.dialect.name == "postgresql":
                connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            yield connection

    def tables(self) -> frozenset[str]:
        """Those of the agent that exist."""
        name, source = (
            ("name", "sqlite_master WHERE type = 'table'")
            if self._engine.dialect.name == "sqlite"
            else ("tablename", "pg_tables WHERE schemaname = 'public'")
        )
        with self.reading() as connection:
            found = connection.execute(text(f"SELECT {name} FROM {source}"))  # noqa: S608 - constants
            return frozenset(row[0] for row in found if not row[0].startswith("sqlite_"))


def progress(connection: Connection) -> tuple[Any, ...]:
    """Differs when anything was written since."""
    revisions = connection.execute(text("SELECT sum(revision) FROM sources")).scalar()
    verdicts = connection.execute(text("SELECT count(*), max(confirmed_at) FROM verdicts")).one()
    return (revisions, *verdicts)


def counts(connection: Connection) -> Counts:
    """By system, day and column."""
    sums = ", ".join(f"sum({column}) AS {column}" for column in COLUMNS)
    found: Counts = Counter()
    for row in connection.execute(text(f"SELECT system, day, {sums} FROM usage_daily GROUP BY system, day")):  # noqa: S608 - constants
        for column in COLUMNS:
            found[row.system, str(row.day), column] = getattr(row, column)
    return +found


def tallies(connection: Connection) -> dict[str, dict[str, int]]:
    """Records by source and result."""
    found: dict[str, dict[str, int]] = {}
    for row in connection.execute(text("SELECT source, result, records FROM record_tallies")):
        found.setdefault(row.source, {})[row.result] = row.records
    return found


def changes(connection: Connection) -> Counter[Any]:
    """The prompt changes."""
    query = "SELECT source, system, landed_at, kind, prompts, bulk FROM prompt_changes"
    return Counter(
        (row.source, row.system, str(row.landed_at)[:19], row.kind, row.prompts, bool(row.bulk))
        for row in connection.execute(text(query))
    )


def evaluations(connection: Connection) -> list[tuple[tuple[str, str, str], float]]:
    """The results of evaluations."""
    query = "SELECT source, suite, metric, value FROM eval_results"
    return [((row.source, row.suite, row.metric), row.value) for row in connection.execute(text(query))]


def shutdowns(connection: Connection) -> dict[str, str]:
    """The last day of each model."""
    query = "SELECT model, shutdown FROM model_shutdowns"
    return {row.model: str(row.shutdown) for row in connection.execute(text(query))}


def assert_whole(connection: Connection, usage: frozenset[str]) -> None:
    """Whatever was written in one transaction is there together. `usage` are sources whose records are calls."""
    sums = ", ".join(f"sum({column})" for column in COLUMNS)
    key = "source, system, model, operation"
    daily, totals = (
        sorted(map(tuple, connection.execute(text(f"SELECT {key}, {sums} FROM {table} GROUP BY {key}"))))  # noqa: S608 - constants
        for table in ("usage_daily", "usage_totals")
    )
    assert daily == totals
    calls = {
        row[0]: row[1]
        for row in connection.execute(
            text("SELECT source, sum(inferences) + sum(errors) FROM usage_daily GROUP BY source")
        )
        if row[0] in usage
    }
    counted = {source: found.get("counted", 0) for source, found in tallies(connection).items() if source in usage}
    assert {source: number for source, number in counted.items() if number} == calls
    _assert_verdicts_whole(connection)


def _assert_verdicts_whole(connection: Connection) -> None:
    newest: dict[str, Any] = {}
    for row in connection.execute(
        text("SELECT id, system, as_of, strategy, status, verdict, facts, confirmed_at FROM verdicts ORDER BY id")
    ):
        verdict, facts = json.loads(row.verdict), json.loads(row.facts)
        kept = (row.system, str(row.as_of), row.strategy, row.status)
        assert kept == tuple(verdict[name] for name in ("system", "as_of", "strategy", "status")), row
        assert (facts["system"], facts["as_of"]) == kept[:2], row
        newest[row.system] = row.confirmed_at
    # An evaluation confirms or renews the verdicts on all systems, in one transaction.
    assert len(set(newest.values())) <= 1, newest
