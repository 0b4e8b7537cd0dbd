"""What is of ClickHouse servers alone: a Distributed table over two shards, one in New York and one in Tokyo."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from leverwatch.collectors.daily.errors import CredentialsRefused, PermissionRefused, SchemaDiffers, Unreachable
from leverwatch.collectors.errors import CollectorError, SourceRefused, SourceUnavailable
from leverwatch.collectors.interface import CollectorContext
from leverwatch.collectors.sources.sql.collector import Table
from leverwatch.collectors.sources.sql.connection import reading
from tests.collectors.sources.sql.tables import NOW, Database, by_day, days, url_of
from tests.e2e.servers import free_port, wait_until

WEEK = days("2026-03-02", "2026-03-08")
AT = 1_772_700_000
"""The fifth of March, 2026."""
FIELDS = {"time": "at", "model": "model", "input_tokens": "tokens"}


@pytest.fixture
def monthly(shards: Database) -> Database:
    """A table in partitions by month, with a row an hour over four months on each of both shards."""
    fill(shards, "MergeTree PARTITION BY toYYYYMM(at) ORDER BY at")
    return shards


def fill(shards: Database, engine: str, more: str = "") -> None:
    """Make a table with a part on each shard, and fill both alike."""
    columns = f"(at DateTime, model String, tokens UInt64, id String{more})"
    name = make_url(shards.url).database
    for shard in (shards, *shards.shards):
        shard.run(
            f"CREATE TABLE part {columns} ENGINE = {engine}",
            "INSERT INTO part (at, model, tokens, id)"
            " SELECT toDateTime(1767225600 + number * 3600), 'm', 7, toString(number) FROM numbers(2880)",
        )
    shards.run(f"CREATE TABLE calls AS part ENGINE = Distributed(two, {name}, part, rand())")


def log_of(shard: Database, condition: str) -> list[Any]:
    """What a server has logged of queries on this database, once it has something."""
    name = make_url(shard.url).database

    def rows() -> list[Any]:
        # The table is made with its first rows.
        there = "SELECT count() FROM system.tables WHERE database = 'system' AND name = 'query_log'"
        known = f"type = 2 AND query LIKE '%%{name}%%' AND query NOT LIKE '%%query_log%%'"
        asked = f"SELECT query, read_rows, result_rows FROM system.query_log WHERE {known} AND {condition}"  # noqa: S608
        with shard.engine.connect() as connection:
            is_there = connection.exec_driver_sql(there).scalar()
            return list(connection.exec_driver_sql(asked).fetchall()) if is_there else []

    wait_until(lambda: bool(rows()), 10, "the log of the queries")
    return rows()


def test_both_shards_add_up_their_own_rows_and_read_no_other_month(monthly: Database) -> None:
    found = monthly.ask(WEEK, table=f"{make_url(monthly.url).database}.calls", fields=FIELDS)

    assert by_day(found.usage) == {f"2026-03-0{day}": 48 for day in range(2, 9)}
    assert sum(row.input_tokens for row in found.usage) == 7 * 48 * 7
    (other,) = monthly.shards
    ((_, whole, answer),) = log_of(monthly, "is_initial_query = 1 AND query LIKE '%%GROUP BY%%'")
    ((query, part, moved),) = log_of(other, "is_initial_query = 0 AND query LIKE '%%GROUP BY%%'")
    # March, and none of the three months around it, on each, which has an hour less in New York; what left the
    # other shard is a row for each day.
    assert (whole - part, part) == (31 * 24 - 1, 31 * 24)
    assert (answer, moved) == (7, 7)
    assert "sum(" in query


def test_a_number_that_is_greater_than_a_whole_number_can_be_does_not_begin_anew(shards: Database) -> None:
    fill(shards, "MergeTree ORDER BY at")
    for shard in (shards, *shards.shards):
        shard.run(f"INSERT INTO part SELECT toDateTime({AT}), 'big', 999000000000000, '' FROM numbers(20000)")  # noqa: S608

    found = shards.ask(WEEK, fields=FIELDS)

    (big,) = [row for row in found.usage if row.model == "big"]
    assert big.input_tokens == pytest.approx(40_000 * 999e12)


def test_a_row_that_replaces_another_counts_in_its_place_before_both_are_merged(shards: Database) -> None:
    fill(
        shards, "ReplacingMergeTree(seen) PARTITION BY toYYYYMM(at) ORDER BY (at, id)", ", seen DateTime DEFAULT 0"
    )
    for tokens in (8, 9):
        shards.run(
            f"INSERT INTO part SELECT at, model, {tokens}, id, toDateTime({tokens}) FROM part WHERE seen = 0"  # noqa: S608
        )

    found = shards.ask(days("2026-03-05", "2026-03-05"), fields=FIELDS)

    # One shard has each row once, the other one three times.
    (row,) = found.usage
    assert (row.inferences, row.input_tokens) == (48, 24 * 9 + 24 * 7)


def test_an_id_that_both_shards_have_counts_once_and_rows_without_one_all_count(shards: Database) -> None:
    shards.write(
        {"at": "int", "id": "text"}, [{"at": AT + number, "id": f"{number % 50}"} for number in range(400)]
        + [{"at": AT} for _ in range(60)],
    )  # fmt: skip
    settings = {"time_is": "s", "fields": {"time": "at", "request_id": "id"}}

    found = shards.ask(WEEK, distinct=True, **settings)

    assert by_day(found.usage) == {"2026-03-05": 110}


def test_more_ids_than_are_told_apart_by_an_estimate_are_counted_exactly(shards: Database) -> None:
    fill(shards, "MergeTree ORDER BY at")
    for shard in (shards, *shards.shards):
        shard.run(
            f"INSERT INTO part SELECT toDateTime({AT}), 'many', 1, toString(sipHash64(number)) FROM numbers(90000)"  # noqa: S608
        )

    found = shards.ask(WEEK, distinct=True, fields={**FIELDS, "request_id": "id"})

    assert [row.inferences for row in found.usage if row.model == "many"] == [90_000]


def test_a_shard_that_is_down_is_unreachable_and_the_other_half_is_not_told(monthly: Database) -> None:
    address = make_url(monthly.url)
    both = f"127.0.0.1:{address.port},127.0.0.1:{free_port()}"
    half = f"SELECT at, model, tokens FROM remote('{both}', {address.database}, part)"  # noqa: S608 - a test

    with pytest.raises(Unreachable) as caught:
        monthly.ask(WEEK, table=None, statement=half, fields=FIELDS)

    assert "a shard does not answer, and the rest is not taken for the whole" in str(caught.value)


@pytest.fixture
def locked(monthly: Database) -> Database:
    """The same table for a user who can set nothing."""
    return Database(url_of(make_url(monthly.url).set(username="locked")), monthly.folder)


def test_a_user_who_can_set_nothing_reads_the_same(monthly: Database, locked: Database) -> None:
    assert locked.ask(WEEK, fields=FIELDS).usage == monthly.ask(WEEK, fields=FIELDS).usage


def test_a_profile_that_hides_shards_that_are_down_is_refused(monthly: Database) -> None:
    careless = Database(url_of(make_url(monthly.url).set(username="careless")), monthly.folder)

    with pytest.raises(SourceRefused, match=r"source db: .*skip_unavailable_shards.*readonly = 2"):
        careless.ask(WEEK, fields=FIELDS)


def test_a_session_can_write_nothing(monthly: Database) -> None:
    config = monthly.config(fields=FIELDS)

    with pytest.raises(PermissionRefused), reading(config, monthly.folder) as connection:
        connection.exec_driver_sql("INSERT INTO part SELECT * FROM part")


@pytest.mark.parametrize(
    ("changed", "kind", "said"),
    [
        ({"username": "nobody"}, CredentialsRefused, "the user or the password is not accepted"),
        (
            {"username": "default", "password": "canary-4711"},
            CredentialsRefused,
            "check `url` and `password_file`",
        ),
        ({"database": "nowhere"}, SchemaDiffers, "there is no such database; check `url`"),
    ],
)
def test_an_address_that_is_not_right_is_said(
    monthly: Database, changed: dict[str, Any], kind: type[CollectorError], said: str
) -> None:
    other = Database(url_of(make_url(monthly.url).set(**changed)), monthly.folder)

    with pytest.raises(kind) as caught:
        other.ask(WEEK, fields=FIELDS)

    assert said in str(caught.value)
    assert "canary" not in repr((caught.value, caught.value.__cause__))


def test_a_user_who_may_not_read_a_database_needs_a_grant(monthly: Database) -> None:
    address = make_url(monthly.url)
    elsewhere = Database(url_of(address.set(username="elsewhere", database="system")), monthly.folder)

    with pytest.raises(PermissionRefused, match="the user may not read it; grant SELECT"):
        elsewhere.ask(WEEK, table=f"{address.database}.calls", fields=FIELDS)


def test_nobody_at_the_address_is_unreachable_and_the_driver_prints_nothing(
    shards: Database, caplog: pytest.LogCaptureFixture
) -> None:
    other = Database(url_of(make_url(shards.url).set(port=free_port())), shards.folder)

    with pytest.raises(Unreachable, match="nobody answers at this address"):
        other.ask(WEEK, fields=FIELDS)

    assert caplog.records == []


def test_a_query_that_is_stopped_runs_on_on_no_shard(monthly: Database) -> None:
    slow = "SELECT at, model, tokens FROM calls WHERE NOT ignore(sleepEachRow(0.1), id)"
    stop = threading.Event()
    context = CollectorContext(monthly.folder, monthly.folder, lambda: NOW, {}, stopping=stop.is_set)
    table = Table(monthly.config(table=None, statement=slow, fields=FIELDS), context)
    threading.Timer(0.5, stop.set).start()
    started = time.monotonic()

    with pytest.raises(SourceUnavailable):
        table.ask(WEEK)

    def running() -> list[Any]:
        asked = "SELECT query FROM system.processes WHERE query LIKE '%%sleepEach%%' AND query NOT LIKE '%%proc%%'"
        found: list[Any] = []
        for shard in (monthly, *monthly.shards):
            with shard.engine.connect() as connection:
                found += connection.exec_driver_sql(asked).fetchall()
        return found

    wait_until(lambda: not running(), 20, "the end of the query on both shards")
    assert time.monotonic() - started < 30


def test_keys_of_json_are_those_of_the_outermost_object(shards: Database) -> None:
    told = [
        '{"other":{"in":5},"in":10}', '{"in" : 20, "text":"}{\\"in\\": 7"}', '{"a":[1,{"in":9}]}',
        '{"deep": {"x": {"y": [1, 2]}, "in": 1}, "in": "30"}', "no JSON", '{"in": null}', '{"in":{"in":3}}',
    ]  # fmt: skip
    shards.write({"at": "int", "told": "text"}, [{"at": AT, "told": text} for text in told])

    flat = shards.ask(WEEK, time_is="s", fields={"time": "at", "input_tokens": "told.in"})
    deep = shards.ask(WEEK, time_is="s", fields={"time": "at", "input_tokens": "told.deep.in"})
    named = shards.ask(WEEK, time_is="s", fields={"time": "at", "model": "told.text"})

    assert [(row.input_tokens, row.unknown_input) for row in flat.usage] == [(60, 4)]
    assert [(row.input_tokens, row.unknown_input) for row in deep.usage] == [(1, 6)]
    assert {row.model for row in named.usage} == {"unknown", '}{"in": 7'}


def test_days_beyond_what_a_time_can_be_are_asked_for_without_an_error(monthly: Database) -> None:
    found = monthly.ask(days("1969-12-01", "2149-01-01"), fields=FIELDS)

    assert sum(by_day(found.usage).values()) == 2 * 2880
