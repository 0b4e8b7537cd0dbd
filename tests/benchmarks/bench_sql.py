"""What it costs a database to add up, and what of it reaches the agent.

Run as `python -m tests.benchmarks.bench_sql [--rows N] [ENGINE ...]`. A table of N rows over 90 days, 20 systems
and 50 models, one of a tenth of the rows, and one in which a row of a hundred has no input that can be, are asked
for all days. Printed for each: the time of the statement by that of the plain GROUP BY of the same columns on the
same engine (median of three, in turn), the same where nobody reads the answer, as a slow driver would make both
longer, the rows and bytes that were moved, and the processor time of the agent.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from msgspec import Struct
from sqlalchemy.engine import make_url

from leverwatch.collectors.daily.answers import Answer
from leverwatch.collectors.daily.window import Days
from leverwatch.collectors.sources.sql.connection import reading
from tests.benchmarks.counting_relay import Relay
from tests.collectors.sources.sql.tables import Database
from tests.e2e.databases import clickhouse, postgresql

ROWS, TURNS, DAYS, SYSTEMS, MODELS = 10_000_000, 3, 90, 20, 50
ASKED = Days(date(2026, 8, 1), date(2026, 10, 29))
FIELDS = {
    "time": "ts", "model": "model", "status": "result", "input_tokens": "tin", "cached_input_tokens": "cached",
    "output_tokens": "tout", "cost_usd": "cost",
}  # fmt: skip


class Kind(Struct, frozen=True):
    """How an engine says things."""

    at: str
    """The time of row n of so many rows."""
    numbers: str
    """The numbers of the rows."""
    day: str
    """The UTC day of a time."""
    words: Mapping[str, str]
    first: str = "'2026-08-01'"
    end: str = "'2026-10-30'"
    by: str = "1, 2, 3, 4"

    @property
    def plain(self) -> str:
        """The statement that somebody would write."""
        return _PLAIN.format(day=self.day, first=self.first, end=self.end, by=self.by)

    def rows(self, number: int, shard: int = 0, *, odd: bool = False) -> str:
        """The SELECT of so many rows, of which a shard has its part; with `odd`, one of a hundred has no input
        that can be."""
        at, numbers = self.at.format(rows=number), self.numbers.format(rows=number, shard=shard)
        words = {"mod": "mod", "text": "", "end": "", **self.words}
        words["odd"] = f"CASE WHEN {words['mod']}(n, 100) = 7 THEN 4000 ELSE 0 END" if odd else "0"
        return f"SELECT {at} AS ts, {_TEXT.format(systems=SYSTEMS, models=MODELS, **words)} FROM {numbers}"  # noqa: S608


_PLAIN = (
    "SELECT {day} AS d, team, model, result, count(*), sum(tin), sum(cached), sum(tout), sum(cost) FROM calls"
    " WHERE ts >= {first} AND ts < {end} GROUP BY {by}"
)
_TEXT = (
    "concat('team-', {text}{mod}(n, {systems}){end}) AS team,"
    " concat('model-', {text}{mod}(CAST(floor(n / {systems}.0) AS {int}), {models}){end}) AS model,"
    " CASE WHEN {mod}(CAST(floor(n / 1000.0) AS {int}), 8) = 0 THEN 'error' ELSE 'success' END AS result,"
    " CAST({mod}(n, 3989) - {odd} AS {int}) AS tin, CAST(floor({mod}(n, 3989) / 4.0) AS {int}) AS cached,"
    " CAST({mod}(n, 701) AS {int}) AS tout, CAST((1 + {mod}(n, 997)) / 100000.0 AS {float}) AS cost"
)
_CLICKHOUSE = (
    "CREATE TABLE part (ts DateTime('UTC'), team String, model String, result String, tin Int64, cached Int64,"
    " tout Int64, cost Float64) ENGINE = MergeTree PARTITION BY toYYYYMM(ts) ORDER BY ts"
)
KINDS = {
    "postgresql": Kind(
        "timestamptz '2026-08-01 00:00:00+00' + (n * 7776000.0 / {rows}) * interval '1 s'",
        "generate_series(0, {rows} - 1) AS t(n)",
        "(ts AT TIME ZONE 'UTC')::date",
        {"int": "BIGINT", "float": "DOUBLE PRECISION"},
    ),
    "duckdb": Kind(
        "timestamptz '2026-08-01 00:00:00+00' + to_microseconds(CAST(n * (7776000000000.0 / {rows}) AS BIGINT))",
        "range({rows}) AS t(n)",
        "CAST(ts AT TIME ZONE 'UTC' AS DATE)",
        {"int": "BIGINT", "float": "DOUBLE"},
    ),
    "clickhouse": Kind(
        "toDateTime('2026-08-01 00:00:00', 'UTC') + toInt32(n * (7776000.0 / {rows}))",
        "(SELECT number AS n FROM numbers({rows}) WHERE number % 2 = {shard})",
        "toDate(ts, 'UTC')",
        {"int": "Int64", "float": "Float64", "mod": "modulo", "text": "toString(", "end": ")"},
        first="toDateTime('2026-08-01 00:00:00', 'UTC')",
        end="toDateTime('2026-10-30 00:00:00', 'UTC')",
        by="d, team, model, result",
    ),
    "spark": Kind(
        "timestamp_micros(1785542400000000 + CAST(n * (7776000000000.0 / {rows}) AS BIGINT))",
        "(SELECT id AS n FROM range({rows}))",
        "date_from_unix_date(CAST(unix_seconds(ts) DIV 86400 AS INT))",
        {"int": "BIGINT", "float": "DOUBLE"},
        first="timestamp '2026-08-01 00:00:00+00:00'",
        end="timestamp '2026-10-30 00:00:00+00:00'",
    ),
}
KINDS["chdb"] = KINDS["clickhouse"]
HERE = ("postgresql", "duckdb", "chdb")
"""What every environment of the project can ask; ClickHouse's driver is for SQLAlchemy before 2.1."""


class Row(Struct, frozen=True):
    """What was measured with one table."""

    statement: float
    plain: float
    alone: float
    """The ratio of the engine alone."""
    moved: int
    size: int
    agent: float
    """Seconds of processor time, without those of an engine in the same process, and of what counts the bytes."""


@contextmanager
def server(name: str, folder: Path) -> Iterator[Database]:
    """Yield an engine with an empty database."""
    if name == "postgresql":
        with postgresql() as url:
            yield Database(url, folder)
    elif name == "clickhouse":
        with clickhouse() as urls:
            first, second = (Database(url, folder) for url in urls)
            yield Database(first.url, folder, [first, second])
    elif name == "spark":
        yield Database(os.environ["LEVERWATCH_SPARK"], folder)
    else:
        yield Database(f"{name}:///{folder / 'usage.db'}", folder)


def fill(database: Database, kind: Kind, rows: int, *, odd: bool = False) -> None:
    """Make a table of so many rows, some of them odd where that is asked."""
    if database.shards:
        for shard, part in enumerate(database.shards):
            part.run(
                "DROP TABLE IF EXISTS part", _CLICKHOUSE, f"INSERT INTO part {kind.rows(rows, shard, odd=odd)}"
            )
        database.run("DROP TABLE IF EXISTS calls")
        database.run("CREATE TABLE calls AS part ENGINE = Distributed(two, default, part)")
        return
    if database.name == "chdb":
        into = f"INSERT INTO calls {kind.rows(rows, odd=odd).replace('WHERE number % 2 = 0', '')}"
        database.run("DROP TABLE IF EXISTS calls", _CLICKHOUSE.replace("TABLE part", "TABLE calls"), into)
        return
    form = "USING parquet " if database.name == "spark" else ""
    database.run("DROP TABLE IF EXISTS calls", f"CREATE TABLE calls {form}AS {kind.rows(rows, odd=odd)}")
    if database.name == "postgresql":
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE calls")


def measured(database: Database, rows: int, *, odd: bool = False) -> Row:
    """Return what a table of so many rows costs, some of them odd where that is asked."""
    kind, folder, url = KINDS[database.name], database.folder, database.url
    fill(database, kind, rows, odd=odd)
    with ExitStack() as stack:
        relay, asked = None, url
        if (parsed := make_url(url)).port is not None:
            relay = stack.enter_context(Relay(parsed.host or "127.0.0.1", parsed.port))
            asked = parsed.set(host="127.0.0.1", port=relay.port).render_as_string(hide_password=False)
        reached = Database(asked, folder)
        settings = {"time_is": "zoned", "fields": FIELDS, "system": "{team}", "timeout": "1h"}
        table, config = reached.table(**settings), reached.config(**settings)

        def ours() -> list[Any]:
            with reading(config, folder) as connection:
                return list(connection.execute(table.statement(connection, ASKED)).all())

        def plainly() -> list[Any]:
            with reading(config, folder) as connection:
                return list(connection.exec_driver_sql(kind.plain).all())

        times = [(took(plainly), took(ours)) for _ in range(TURNS)]
        found = ours()
        before = relay.received if relay else 0
        answers: list[Answer] = []
        agent = processor(lambda: answers.append(table.ask(ASKED)))
        if relay is None:
            agent -= statistics.median(processor(ours) for _ in range(TURNS))
        calls = sum(it.inferences + it.errors for it in answers[0].usage)
        assert calls == rows, f"{calls} calls of {rows}"
        size = relay.received - before if relay else sum(len(repr(tuple(row))) for row in found)
        shown = table.shown(ASKED)
    plainly_took, took_ours = (statistics.median(it) for it in zip(*times, strict=True))
    alone = [(seconds_of(database, kind.plain), seconds_of(database, shown)) for _ in range(TURNS)]
    plainly, wholly = (statistics.median(it) for it in zip(*alone, strict=True))
    database.engine.dispose()
    return Row(took_ours, plainly_took, wholly / plainly, len(found), size, agent)


def seconds_of(database: Database, statement: str) -> float:
    """Return the seconds that an engine takes for an answer that nobody reads."""
    with database.engine.connect() as connection:
        if database.name in ("clickhouse", "chdb"):
            connection.exec_driver_sql("DROP TABLE IF EXISTS nobody")
            made = f"CREATE TABLE nobody ENGINE = Null AS SELECT * FROM ({statement}) LIMIT 0"  # noqa: S608
            connection.exec_driver_sql(made)
            return took(lambda: connection.exec_driver_sql(f"INSERT INTO nobody {statement}"))
        if database.name == "spark":
            # Its server has the whole answer before it says that it is done.
            return took(lambda: connection.exec_driver_sql(statement))
        return took(lambda: connection.exec_driver_sql(f"EXPLAIN ANALYZE {statement}").all())


def took(run: Callable[[], object]) -> float:
    """Return the seconds of a call."""
    begun = time.perf_counter()
    run()
    return time.perf_counter() - begun


def processor(run: Callable[[], object]) -> float:
    """Return the seconds of processor time of a call, in this thread."""
    begun = time.thread_time()
    run()
    return time.thread_time() - begun


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engines", nargs="*", default=list(HERE))
    parser.add_argument("--rows", type=int, default=ROWS)
    chosen = parser.parse_args()
    told = f"{'engine':12} {'rows':>10} {'odd':>4} {'plain s':>8} {'ratio':>6} {'alone':>6}"
    print(f"{told} {'moved':>8} {'bytes':>10} {'agent s':>8}")
    for name in chosen.engines:
        with tempfile.TemporaryDirectory() as folder, server(name, Path(folder)) as database:
            for rows, odd in ((chosen.rows // 10, False), (chosen.rows, False), (chosen.rows, True)):
                row = measured(database, rows, odd=odd)
                print(
                    f"{name:12} {rows:10} {odd:3}% {row.plain:8.2f} {row.statement / row.plain:6.2f}"
                    f" {row.alone:6.2f} {row.moved:8} {row.size:10} {row.agent:8.3f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
