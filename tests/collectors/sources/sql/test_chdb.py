"""What the ClickHouse of today has and the servers of the other tests have not, read by chDB."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from leverwatch.collectors.daily.errors import Unreachable
from leverwatch.collectors.errors import SourceUnavailable
from leverwatch.collectors.sources.sql.connection import reading
from tests.collectors.sources.sql.tables import Database, by_day, days, sums

WEEK = days("2026-03-02", "2026-03-08")
AT = "2026-03-05 23:59:59.999"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    """An empty folder of chDB."""
    found = Database(f"chdb:///{tmp_path / 'usage.db'}", tmp_path)
    yield found
    found.engine.dispose()


def test_keys_of_a_map_have_dots_and_one_that_is_missing_is_unknown(store: Database) -> None:
    store.run(
        "CREATE TABLE calls (at DateTime64(9), told Map(LowCardinality(String), String), used Map(String, UInt64))"
        " ENGINE = MergeTree ORDER BY at",
        f"INSERT INTO calls VALUES ('{AT}', map('gen_ai.model', 'a', 'cost', '0.25'), map('in', 5)),"  # noqa: S608
        f" ('{AT}', map('cost', 'much'), map('in', 0, 'out', 2)), ('{AT}', map(), map())",
    )

    found = store.ask(
        WEEK,
        time_is="zoned",
        fields={"time": "at", "model": "told.gen_ai.model", "cost_usd": "told.cost", "input_tokens": "used.in"},
    )

    assert sums(found.usage, "inferences", "input_tokens", "unknown_input", "cost_usd", "unpriced") == {
        ("bot", "a", "generation", "2026-03-05"): (1, 5, 0, 0.25, 0),
        ("bot", "unknown", "generation", "2026-03-05"): (2, 0, 1, 0, 2),
    }


def test_a_column_of_json_is_read_by_its_keys(store: Database) -> None:
    store.run(
        "CREATE TABLE calls (at DateTime64(9), told JSON) ENGINE = MergeTree ORDER BY at",
        f"""INSERT INTO calls VALUES ('{AT}', '{{"usage": {{"in": 12}}, "model": "a"}}')""",  # noqa: S608
        f"""INSERT INTO calls VALUES ('{AT}', '{{"usage": {{}}}}')""",  # noqa: S608
    )

    found = store.ask(WEEK, fields={"time": "at", "model": "told.model", "input_tokens": "told.usage.in"})

    assert sums(found.usage, "inferences", "input_tokens", "unknown_input") == {
        ("bot", "a", "generation", "2026-03-05"): (1, 12, 0),
        ("bot", "unknown", "generation", "2026-03-05"): (1, 0, 1),
    }


def test_a_row_that_replaces_another_counts_in_its_place_and_a_deleted_one_does_not(store: Database) -> None:
    store.run(
        "CREATE TABLE calls (at DateTime64(3), id String, n UInt64, seen DateTime, gone UInt8)"
        " ENGINE = ReplacingMergeTree(seen, gone) PARTITION BY toYYYYMM(at) ORDER BY id",
        f"INSERT INTO calls VALUES ('{AT}', 'a', 1, 1, 0), ('{AT}', 'b', 1, 1, 0), ('{AT}', 'c', 1, 1, 0)",  # noqa: S608
        f"INSERT INTO calls VALUES ('{AT}', 'a', 20, 2, 0), ('{AT}', 'b', 1, 2, 1)",  # noqa: S608
    )

    found = store.ask(WEEK, fields={"time": "at", "input_tokens": "n"})

    (row,) = found.usage
    assert (row.inferences, row.input_tokens) == (2, 21)


def test_a_column_of_days_is_read_as_one(store: Database) -> None:
    store.run(
        "CREATE TABLE calls (at Date, n UInt64) ENGINE = MergeTree ORDER BY at",
        "INSERT INTO calls SELECT toDate('2026-03-01') + number, 10 FROM numbers(9)",
    )

    found = store.ask(WEEK, time_is="utc", fields={"time": "at", "inferences": "n"})

    assert by_day(found.usage) == {f"2026-03-0{day}": 10 for day in range(2, 9)}


def test_folders_of_parquet_files_are_read_by_a_statement(store: Database, tmp_path: Path) -> None:
    for month in ("2026-02", "2026-03"):
        folder = tmp_path / "lake" / month
        folder.mkdir(parents=True)
        store.run(
            f"INSERT INTO FUNCTION file('{folder / 'part.parquet'}', Parquet)"  # noqa: S608
            f" SELECT toDateTime64('{month}-04 12:00:00', 3, 'UTC') AS at, 'm' AS model, 3 AS n FROM numbers(4)"
        )
    store.engine.dispose()

    found = Database("chdb:///:memory:", tmp_path).ask(
        WEEK,
        table=None,
        statement=f"SELECT * FROM file('{tmp_path}/lake/*/*.parquet', Parquet)",  # noqa: S608 - a test
        fields={"time": "at", "model": "model", "input_tokens": "n"},
    )

    assert sums(found.usage, "inferences", "input_tokens") == {("bot", "m", "generation", "2026-03-04"): (4, 12)}


def test_files_that_are_not_there_are_said(tmp_path: Path) -> None:
    database = Database("chdb:///:memory:", tmp_path)

    with pytest.raises(Unreachable, match="there is no such file"):
        database.ask(
            WEEK,
            table=None,
            fields={"time": "at"},
            statement=f"SELECT * FROM file('{tmp_path}/no.parquet')",  # noqa: S608
        )


def test_a_second_folder_waits_until_the_first_is_closed(store: Database, tmp_path: Path) -> None:
    store.write({"at": "int"}, [{"at": 1_772_700_000}])
    second = Database(f"chdb:///{tmp_path / 'second.db'}", tmp_path)
    settings = {"time_is": "s", "fields": {"time": "at"}}

    with (
        reading(store.config(**settings), tmp_path),
        pytest.raises(SourceUnavailable, match="has another folder open"),
    ):
        second.ask(WEEK, **settings)

    assert len(store.ask(WEEK, **settings).usage) == 1


def test_only_the_partitions_of_the_days_are_read(store: Database) -> None:
    store.run(
        "CREATE TABLE calls (at DateTime, model LowCardinality(String)) ENGINE = MergeTree"
        " PARTITION BY toYYYYMM(at) ORDER BY tuple()",
        "INSERT INTO calls SELECT toDateTime(1767225600 + number * 3600), 'm' FROM numbers(2880)",
    )
    shown = store.table(fields={"time": "at", "model": "model"}).shown(WEEK)

    with store.engine.connect() as connection:
        plan = [row[0].strip() for row in connection.exec_driver_sql(f"EXPLAIN indexes = 1 {shown}")]

    assert "Parts: 1/4" in plan
    assert plan.count("Aggregating") == 1


@pytest.mark.parametrize(("day", "expected"), [("2026-03-08", 30), ("2026-03-09", None), ("2026-03-10", 40)])
def test_a_folder_of_iceberg_is_read_without_the_rows_that_were_deleted(
    tmp_path: Path, day: str, expected: int | None
) -> None:
    """`fixtures/iceberg` was written by pyiceberg 0.12: three calls, two that were deleted, and four more."""
    shutil.copytree(Path(__file__).parents[3] / "fixtures/iceberg", tmp_path / "lake/calls")
    source = {
        "name": "lake", "type": "sql", "url": "chdb:///:memory:", "system": "bot",
        "statement": "SELECT * FROM icebergLocal('lake/calls')",
        "fields": {"time": "at", "model": "model", "input_tokens": "tin"},
    }  # fmt: skip
    config = tmp_path / "leverwatch.yaml"
    config.write_text(yaml.safe_dump({"store": {"url": "sqlite:///store.db"}, "sources": [source]}))
    command = [sys.executable, "-m", "leverwatch", "check-source", "lake", "--day", day, "--format", "json"]

    # ClickHouse reads files below the folder that its process runs in, and no others.
    asked = subprocess.run(
        [*command, "--config", str(config)], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    counted = json.loads(asked.stdout)["usage"]
    assert [row["input_tokens"] for row in counted] == ([] if expected is None else [expected])
