from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from leverwatch.collectors.interface import Result
from tests.collectors.sources.sql.conftest import CLICKHOUSE, ENGINES
from tests.collectors.sources.sql.tables import Database, by_day, days, minutes

FALL = datetime(2026, 10, 31, tzinfo=UTC)
SPRING = datetime(2026, 3, 7, tzinfo=UTC)
"""The days before clocks change in New York."""
INDIA = timezone(timedelta(hours=5, minutes=30))
BERLIN = ZoneInfo("Europe/Berlin")


def _zoned(moment: datetime) -> str:
    return moment.astimezone(ZoneInfo("America/New_York")).isoformat()


FORMS: dict[str, tuple[str, Any]] = {
    "zoned": ("zoned", _zoned),
    "utc": ("naive", lambda moment: moment.strftime("%Y-%m-%d %H:%M:%S")),
    "s": ("int", lambda moment: int(moment.timestamp())),
    "ms": ("int", lambda moment: int(moment.timestamp() * 1e3) + 999),
    "us": ("int", lambda moment: int(moment.timestamp()) * 1_000_000 + 999_999),
    "text": ("text", lambda moment: moment.astimezone(INDIA if moment.minute % 2 else BERLIN).isoformat()),
}


@pytest.mark.parametrize("start", [SPRING, FALL], ids=["spring", "fall"])
@pytest.mark.parametrize("form", FORMS)
def test_a_day_is_one_of_utc_in_any_session_and_over_the_change_of_clocks(
    database: Database, form: str, start: datetime
) -> None:
    kind, written = FORMS[form]
    moments = minutes(start, 3 * 1440)[4::5]
    if form == "zoned" and database.name == "mariadb":
        # It reads no offset; its sessions are five hours behind UTC.
        database.write(
            {"at": kind}, [{"at": f"{moment - timedelta(hours=5):%Y-%m-%d %H:%M:%S}"} for moment in moments]
        )
    else:
        database.write({"at": kind}, [{"at": written(moment)} for moment in moments])
    day = [f"{start.date() + timedelta(days=index)}" for index in range(4)]
    settings = {"time_is": form, "fields": {"time": "at"}}

    whole = database.ask(days("2026-01-01", "2026-12-31"), **settings)
    middle = database.ask(days(day[1], day[1]), **settings)

    assert by_day(whole.usage) == dict.fromkeys(day[:3], 288)
    assert by_day(middle.usage) == {day[1]: 288}
    assert whole.newest is not None
    assert timedelta(0) <= whole.newest - (start + timedelta(minutes=3 * 1440 - 1)) < timedelta(seconds=1)


def test_a_text_without_a_zone_is_in_utc(database: Database) -> None:
    database.write({"at": "text"}, [{"at": "2026-03-08T23:59:59"}, {"at": "2026-03-09 00:00:00"}])

    found = database.ask(days("2026-03-08", "2026-03-09"), time_is="text", fields={"time": "at"})

    assert by_day(found.usage) == {"2026-03-08": 1, "2026-03-09": 1}


def test_an_offset_is_read_however_it_is_written(database: Database) -> None:
    offsets = ("+02:00", "+0200", "+02", " +02")
    early = [f"2026-03-09T01:30:00{it}" for it in offsets] + ["2026-03-08 23:30:00+00", "2026-03-08 23:30 UTC"]
    late = [f"2026-03-08T22:30:00{it}" for it in ("-02:00", "-0200", "-02")] + ["2026-03-09 00:00:00.5+00"]
    if database.name == "duckdb":
        early.remove("2026-03-09T01:30:00 +02")
    database.write({"at": "text"}, [{"at": it} for it in (*early, *late)])

    found = database.ask(days("2026-03-08", "2026-03-09"), time_is="text", fields={"time": "at"})

    assert by_day(found.usage) == {"2026-03-08": len(early), "2026-03-09": len(late)}


def test_a_fraction_of_a_second_before_midnight_is_of_the_day_before(database: Database) -> None:
    midnight = datetime(2026, 3, 9, tzinfo=UTC).timestamp()
    database.write({"at": "float"}, [{"at": midnight - 0.25}, {"at": midnight + 0.25}])

    found = database.ask(days("2026-03-08", "2026-03-09"), time_is="s", fields={"time": "at"})

    assert by_day(found.usage) == {"2026-03-08": 1, "2026-03-09": 1}


def test_a_row_without_a_time_is_of_no_day(database: Database) -> None:
    database.write({"at": "int"}, [{"at": None}, {"at": 1_772_000_000}])

    found = database.ask(days("2026-01-01", "2026-12-31"), time_is="s", fields={"time": "at"})

    assert sum(by_day(found.usage).values()) == 1


def test_a_text_that_is_no_time_is_said_and_loses_nothing_around_it(database: Database) -> None:
    good = ["2026-03-08T10:00:00Z", "2026-03-08 10:00:00.123456+05:30", "2028-02-29T10:00:00", "2026-03-08 10:00"]
    bad = ["2026-03-08 soon", "2026-02-30T10:00:00Z", "2026-13-08T10:00:00Z", "2026-03-08T25:00:00Z"]
    # SQLite takes it for the second of March.
    bad = [text for text in bad if text[5:10] != "02-30"] if database.name == "sqlite" else bad
    database.write({"at": "text"}, [{"at": text} for text in [*good, *bad]])

    found = database.ask(days("2026-01-01", "2028-12-31"), time_is="text", fields={"time": "at"})

    assert sum(by_day(found.usage).values()) == len(good)
    assert found.tallies[Result.BAD_TIME] == 1
    assert found.problems == (("source db: calls", "bad_time", f"time: {len(bad)} rows have none that is a time"),)


@pytest.mark.parametrize("database", [name for name in ENGINES if name != CLICKHOUSE], indirect=True)
def test_the_column_of_the_time_bounds_what_is_read(database: Database) -> None:
    database.write({"at": "int", "n": "int"}, [{"at": 1_772_000_000 + index * 60} for index in range(5000)])
    if database.name != "spark":
        database.run(f"CREATE INDEX at_of_calls ON calls ({database.quote('at')})")
    shown = database.table(time_is="s", fields={"time": "at"}).shown(days("2026-02-25", "2026-02-25"))
    explain = "EXPLAIN QUERY PLAN" if database.name == "sqlite" else "EXPLAIN"

    with database.engine.connect() as connection:
        if database.name == "postgresql":
            connection.exec_driver_sql("SET enable_seqscan = off")
        plan = "".join(str(text) for row in connection.exec_driver_sql(f"{explain} {shown}") for text in row)

    # These bound by the smallest and largest value of each group of rows, which the filter of a scan shows.
    filters = {"duckdb": "at < 1772064000", "spark": "LessThan(at,1772064000)"}
    assert filters.get(database.name, "at_of_calls") in plan


@pytest.mark.parametrize(
    ("kind", "value", "time_is", "said"),
    [
        (
            "int",
            1_772_700_000_000,
            "s",
            "numbers, which are no times by `time_is: s`; as `time_is: ms` they would be",
        ),
        (
            "int",
            1_772_700_000,
            "us",
            "numbers, which are no times by `time_is: us`; as `time_is: s` they would be",
        ),
        ("text", "05.03.2026 10:00", "text", "texts, and none is a time by `time_is: text`"),
    ],
)
def test_a_column_that_is_read_as_what_it_is_not_is_said_where_no_day_has_a_row(
    database: Database, kind: str, value: Any, time_is: str, said: str
) -> None:
    database.write({"at": kind}, [{"at": value}])

    found = database.ask(days("2026-03-01", "2026-03-09"), time_is=time_is, fields={"time": "at"})

    assert found.problems == (("source db: calls", "bad_time", f"time: its column has {said}"),)
    assert (found.tallies, found.usage, found.filled) == ({Result.BAD_TIME: 1}, (), frozenset())


def test_numbers_in_a_column_of_times_are_said_where_any_value_goes_into_any_column(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'usage.db'}", tmp_path)
    database.write({"at": "int"}, [{"at": 1_772_700_000}])

    found = database.ask(days("2026-03-01", "2026-03-09"), fields={"time": "at"})

    assert "as `time_is: s` they would be" in found.problems[0][2]


def test_days_without_rows_in_a_table_with_others_are_no_problem(database: Database) -> None:
    database.write({"at": "int"}, [{"at": 1_772_700_000}, {"at": None}])

    for span in (days("2026-03-01", "2026-03-03"), days("2026-04-01", "2026-04-09")):
        found = database.ask(span, time_is="s", fields={"time": "at"})
        assert (found.problems, found.tallies) == ((), {})


@pytest.mark.parametrize("odd", [" 2026-11-27T10:00:00Z", "20261127T100000Z", "27.11.2026 10:00", ""])
def test_texts_that_no_search_by_day_finds_are_said(database: Database, odd: str) -> None:
    database.write({"at": "text"}, [{"at": "2026-11-27T09:00:00Z"}, {"at": odd}])

    found = database.ask(days("2026-11-20", "2026-11-28"), time_is="text", fields={"time": "at"})

    assert by_day(found.usage) == {"2026-11-27": 1}
    assert found.tallies[Result.BAD_TIME] == 1
    assert "begin as 2026-11-28 does" in found.problems[-1][2]
