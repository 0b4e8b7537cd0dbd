"""What it costs a database to add up, and what of it reaches the agent.

Run as `python -m tests.benchmarks.bench_sql [--rows N] [ENGINE ...]`. A table of N rows over 90 days, 20 systems
and 50 models, and one of a tenth of the rows, are asked for all days. Printed for each: the time of the statement
by that of the plain GROUP BY of the same columns on the same engine (median of three, in turn), the rows and bytes
that were moved, and the processor time of the agent alone.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from msgspec import Struct
from sqlalchemy.engine import make_url

from leverwatch.collectors.daily.window import Days
from leverwatch.collectors.sources.sql.connection import reading
from leverwatch.collectors.sources.sql.engines.registry import engine_of
from leverwatch.collectors.sources.sql.statement import statement_of
from tests.benchmarks.counting_relay import Relay
from tests.collectors.sources.sql.tables import Database
from tests.e2e.servers import postgresql

ROWS, TURNS, DAYS, SYSTEMS, MODELS = 10_000_000, 3, 90, 20, 50
ASKED = Days(date(2026, 8, 1), date(2026, 10, 29))
FIELDS = {
    "time": "ts", "model": "model", "status": "result", "input_tokens": "tin", "cached_input_tokens": "cached",
    "output_tokens": "tout", "cost_usd": "cost",
}  # fmt: skip


class Kind(Struct, frozen=True):
    """How an engine says things."""

    at: str
    """The time since the first one of row n of so many rows."""
    numbers: str
    """The numbers of the rows."""
    day: str
    """The UTC day of a time."""


_PLAIN = (
    "SELECT {day} AS d, team, model, result, count(*), sum(tin), sum(cached), sum(tout), sum(cost) FROM calls"
    " WHERE ts >= '2026-08-01' AND ts < '2026-10-30' GROUP BY 1, 2, 3, 4"
)
_FILL = (
    "CREATE TABLE calls AS SELECT timestamptz '2026-08-01 00:00:00+00' + {at} AS ts,"
    " concat('team-', mod(n, {systems})) AS team,"
    " concat('model-', mod(CAST(floor(n / {systems}.0) AS BIGINT), {models})) AS model,"
    " CASE WHEN mod(CAST(floor(n / 1000.0) AS BIGINT), 8) = 0 THEN 'error' ELSE 'success' END AS result,"
    " CAST(mod(n, 3989) AS BIGINT) AS tin, CAST(floor(mod(n, 3989) / 4.0) AS BIGINT) AS cached,"
    " CAST(mod(n, 701) AS BIGINT) AS tout, CAST((1 + mod(n, 997)) / 100000.0 AS {float}) AS cost"
    " FROM {numbers} AS t(n)"
)
KINDS = {
    "postgresql": Kind(
        "(n * 7776000.0 / {rows}) * interval '1 s'",
        "generate_series(0, {rows} - 1)",
        "(ts AT TIME ZONE 'UTC')::date",
    ),
    "duckdb": Kind(
        "to_microseconds(CAST(n * (7776000000000.0 / {rows}) AS BIGINT))",
        "range({rows})",
        "CAST(ts AT TIME ZONE 'UTC' AS DATE)",
    ),
}


class Row(Struct, frozen=True):
    """What was measured with one table."""

    statement: float
    plain: float
    moved: int
    size: int
    agent: float
    """Seconds of processor time, without what an engine in the same process takes."""


@contextmanager
def server(name: str, folder: Path) -> Iterator[str]:
    """Yield the URL of an engine with an empty database."""
    if name == "postgresql":
        with postgresql() as url:
            yield url
    else:
        yield f"{name}:///{folder / 'usage.db'}"


def measured(name: str, url: str, folder: Path, rows: int) -> Row:
    """Return what a table of so many rows costs."""
    kind, database = KINDS[name], Database(url, folder)
    at, numbers = kind.at.format(rows=rows), kind.numbers.format(rows=rows)
    double = database.kinds["float"]
    fill = _FILL.format(at=at, numbers=numbers, systems=SYSTEMS, models=MODELS, float=double)
    plain = _PLAIN.format(day=kind.day)
    database.run("DROP TABLE IF EXISTS calls", fill)
    if name == "postgresql":
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE calls")
    with ExitStack() as stack:
        relay, asked = None, url
        if (parsed := make_url(url)).port is not None:
            relay = stack.enter_context(Relay(parsed.host or "127.0.0.1", parsed.port))
            asked = parsed.set(host="127.0.0.1", port=relay.port).render_as_string(hide_password=False)
        reached = Database(asked, folder)
        settings = {"time_is": "zoned", "fields": FIELDS, "system": "{team}", "timeout": "1h"}
        table, config = reached.table(**settings), reached.config(**settings)
        statement = statement_of(config, engine_of(name), ASKED)

        def ours() -> list[Any]:
            with reading(config, folder) as connection:
                return list(connection.execute(statement))

        def plainly() -> list[Any]:
            with reading(config, folder) as connection:
                return list(connection.exec_driver_sql(plain))

        times = [(took(plainly), took(ours)) for _ in range(TURNS)]
        found = ours()
        before = relay.received if relay else 0
        begun = time.process_time()
        answer = table.ask(ASKED)
        agent = time.process_time() - begun
        if relay is None:
            agent -= statistics.median(processor(ours) for _ in range(TURNS))
        calls = sum(it.inferences + it.errors for it in answer.usage)
        assert calls == rows, f"{calls} calls of {rows}"
        size = relay.received - before if relay else sum(len(repr(tuple(row))) for row in found)
    database.engine.dispose()
    plainly_took, took_ours = (statistics.median(it) for it in zip(*times, strict=True))
    return Row(took_ours, plainly_took, len(found), size, agent)


def took(run: Callable[[], object]) -> float:
    """Return the seconds of a call."""
    begun = time.perf_counter()
    run()
    return time.perf_counter() - begun


def processor(run: Callable[[], object]) -> float:
    """Return the seconds of processor time of a call."""
    begun = time.process_time()
    run()
    return time.process_time() - begun


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engines", nargs="*", default=list(KINDS))
    parser.add_argument("--rows", type=int, default=ROWS)
    chosen = parser.parse_args()
    print(f"{'engine':12} {'rows':>10} {'plain s':>8} {'ratio':>6} {'moved':>8} {'bytes':>10} {'agent s':>8}")
    for name in chosen.engines:
        with tempfile.TemporaryDirectory() as folder, server(name, Path(folder)) as url:
            for rows in (chosen.rows // 10, chosen.rows):
                row = measured(name, url, Path(folder), rows)
                print(
                    f"{name:12} {rows:10} {row.plain:8.2f} {row.statement / row.plain:6.2f} {row.moved:8}"
                    f" {row.size:10} {row.agent:8.3f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
