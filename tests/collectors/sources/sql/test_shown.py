from __future__ import annotations

from pathlib import Path

import pytest

from tests.collectors.sources.sql.tables import Database, days, sums

DAY = days("2026-03-05", "2026-03-05")


@pytest.mark.parametrize(
    ("kind", "time_is", "value"),
    [
        ("zoned", "zoned", "2026-03-05 10:00:00"),
        ("naive", "utc", "2026-03-05 10:00:00"),
        ("int", "ms", 1_772_700_000_000),
        ("text", "text", "2026-03-05T10:00:00Z"),
    ],
)
def test_the_statement_for_every_kind_of_time_is_shown_as_it_is_run(
    database: Database, kind: str, time_is: str, value: object
) -> None:
    database.write({"at": kind}, [{"at": value}])
    shown = database.table(time_is=time_is, fields={"time": "at"}).shown(DAY)

    # Not by SQLAlchemy, to which a percent sign begins a parameter.
    driver = database.engine.raw_connection()
    cursor = driver.cursor()
    cursor.execute(shown)
    (values,) = cursor.fetchall()
    row = dict(zip((column[0] for column in cursor.description or ()), values, strict=True))
    driver.close()

    assert (f"{row['day']}"[:10], row["rows"]) == ("2026-03-05", 1)


def test_a_text_that_has_no_json_has_no_keys_and_ends_no_question(tmp_path: Path) -> None:
    for name in ("duckdb", "sqlite"):
        database = Database(f"{name}:///{tmp_path / name}", tmp_path)
        rows = [{"at": 1_772_700_000, "told": told} for told in ('{"in": 7}', "no json", None)]
        database.write({"at": "int", "told": "text"}, rows)

        found = database.ask(DAY, time_is="s", fields={"time": "at", "input_tokens": "told.in"})

        (count,) = sums(found.usage, "inferences", "input_tokens", "unknown_input").values()
        assert count == (3, 7, 2), name
