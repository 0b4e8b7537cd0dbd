from __future__ import annotations

from pathlib import Path

import duckdb

from leverwatch.collectors.interface import CollectorContext
from leverwatch.collectors.sources.sql.collector import Table
from leverwatch.collectors.sources.sql.config import SqlConfig
from tests.collectors.sources.sql.tables import NOW, by_day, days

DAYS = days("2026-03-07", "2026-03-09")


def folder_of_parquet(folder: Path) -> Path:
    """A folder with a folder for each day in New York, each with calls of every ten minutes."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'America/New_York'")
    connection.execute(f"""
        COPY (SELECT called, strftime(called, '%Y-%m-%d') AS dt, 'm' AS model, 5 AS tokens
              FROM range(TIMESTAMPTZ '2026-03-06 00:00:00+00', TIMESTAMPTZ '2026-03-11 00:00:00+00',
                         INTERVAL 10 MINUTE) AS it(called))
        TO '{folder / "calls"}' (FORMAT parquet, PARTITION_BY (dt))
    """)  # noqa: S608 - a folder of the test's own
    return folder / "calls"


def test_a_folder_of_parquet_files_is_read_by_days_of_utc(tmp_path: Path) -> None:
    folder = folder_of_parquet(tmp_path)
    assert len(list(folder.iterdir())) == 6
    config = SqlConfig.model_validate({
        "name": "lake", "type": "sql", "url": "duckdb://", "system": "bot",
        "statement": f"SELECT * FROM read_parquet('{folder}/*/*.parquet')",  # noqa: S608 - likewise
        "fields": {"time": "called", "model": "model", "input_tokens": "tokens"},
    })  # fmt: skip
    table = Table(config, CollectorContext(tmp_path, tmp_path, lambda: NOW))

    found = table.ask(DAYS)

    assert by_day(found.usage) == {"2026-03-07": 144, "2026-03-08": 144, "2026-03-09": 144}
    assert sum(row.input_tokens for row in found.usage) == 3 * 144 * 5
    plan = "".join(str(text) for row in duckdb.execute(f"EXPLAIN {table.shown(DAYS)}").fetchall() for text in row)
    # By the smallest and largest value of each group of rows in a file, which Parquet has.
    assert "Filters:" in plan
    assert "called>=" in plan.replace(" ", "").replace("\n", "").replace("│", "")
