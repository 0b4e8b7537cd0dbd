"""What the rows of an answer mean, however a driver has them."""

from __future__ import annotations

import sqlite3
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.fields import parse_template, system_lookup
from leverwatch.collectors.sources.sql.collector import answer_of, day_of, moved
from leverwatch.collectors.sources.sql.engines.snowflake import Snowflake
from leverwatch.collectors.sources.sql.statement import plan_of
from tests.collectors.sources.sql.tables import Database, days, url_of

DAY = date(2026, 3, 5)
FIELDS = {"time": "at", "model": "model", "input_tokens": "n", "cached_input_tokens": "c", "cost_usd": "cost"}


def answer(*rows: dict[str, Any]) -> Any:
    source = Database("sqlite://", Path()).config(fields=FIELDS, system="{team}")
    return answer_of(rows, plan_of(source), source, system_lookup(parse_template("{team}")))


def row(**other: Any) -> dict[str, Any]:
    found = {"day": DAY, "model": "m", "system_0": "bot", "code": 0, "rows": 3}
    return {**found, "input_tokens": 30, "cached_input_tokens": 9, "cost_usd": 0.5, **other}


@pytest.mark.parametrize(
    "value",
    [
        DAY,
        datetime.fromisoformat("2026-03-05"),
        datetime(2026, 3, 5, tzinfo=UTC),
        "2026-03-05",
        "2026-03-05 00:00:00",
    ],
)
def test_a_day_is_one_as_a_day_its_midnight_or_a_text(value: object) -> None:
    assert day_of(value) == DAY
    assert type(day_of(value)) is date
    assert answer(row(day=value)).filled == {DAY}


@pytest.mark.parametrize("kind", [int, float, Decimal, str])
def test_sums_count_as_numbers_decimals_or_texts(kind: Any) -> None:
    given = {"code": kind(1), "rows": kind(3), "input_tokens": kind(30), "cached_input_tokens": kind(9)}

    found = answer(row(), row(**given), row(day=None, rows=kind(4)))

    (usage,) = found.usage
    assert (usage.inferences, usage.unknown_input, usage.input_tokens, usage.cost_usd) == (6, 3, 30, 1.0)
    assert found.calls[Result.BAD_TIME] == 4


def test_a_sum_beyond_2_to_the_53rd_is_the_nearest_number_and_nothing_is_lost_around_it() -> None:
    (usage,) = answer(row(input_tokens=Decimal(2**63 + 1)), row(input_tokens=str(2**63))).usage

    assert (usage.inferences, usage.input_tokens, usage.unknown_input) == (6, 2.0**64, 0)


def test_sums_that_are_null_are_unknown() -> None:
    (usage,) = answer(row(input_tokens=None, cost_usd=None)).usage

    assert (usage.inferences, usage.unknown_input, usage.unpriced) == (3, 3, 3)


class _WholeAnswers(sqlite3.Cursor):
    """A cursor that has rows of a table one by one to nobody: some drivers move all that are left each time."""

    def fetchone(self) -> Any:
        assert self.description[0][0] != "day"
        return super().fetchone()

    def fetchmany(self, *_: Any) -> Any:
        return self.fetchone()


class _Connection(sqlite3.Connection):
    def cursor(self, *_: Any) -> Any:
        return super().cursor(_WholeAnswers)


def test_an_answer_is_taken_whole_and_has_the_days_at_both_edges_and_rows_without_one() -> None:
    told = ["2026-03-01", "2026-03-02", "2026-03-08", "2026-03-09", None]
    values = ", ".join("(NULL)" if it is None else f"('{it}')" for it in told)
    engine = sa.create_engine("sqlite://", connect_args={"factory": _Connection})
    text = f"SELECT column1 AS day FROM (VALUES {values})"  # noqa: S608 - a test

    with engine.connect() as connection:
        names, rows = moved(connection.exec_driver_sql(text), days("2026-03-02", "2026-03-08"))
    engine.dispose()

    assert names == ("day",)
    assert [it[0] for it in rows] == ["2026-03-02", "2026-03-08", None]


def test_an_answer_is_not_cut_by_a_default_of_the_server(mariadb_url: str, tmp_path: Path) -> None:
    address = make_url(mariadb_url).update_query_dict({"init_command": "SET SESSION sql_select_limit = 1"})
    cut = Database(url_of(address), tmp_path)
    records = [{"at": 1_772_700_000, "model": name} for name in "abc"]
    cut.write({"at": "int", "model": "text"}, records, table="cut")

    found = cut.ask(
        days("2026-03-01", "2026-03-08"), table="cut", time_is="s", fields={"time": "at", "model": "model"}
    )

    with cut.engine.connect() as connection:
        assert len(connection.exec_driver_sql("SELECT model FROM cut").all()) == 1
    cut.run("DROP TABLE cut")
    assert sum(it.inferences for it in found.usage) == 3


def test_an_answer_of_snowflake_is_not_cut_by_a_parameter_of_the_account() -> None:
    opening = Snowflake().opening(make_url("snowflake://user@account/name"), Path(), 30)

    assert opening.arguments["session_parameters"]["ROWS_PER_RESULTSET"] == 0
