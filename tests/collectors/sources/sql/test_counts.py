from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import pytest

from leverwatch.collectors.errors import CollectorError
from leverwatch.collectors.interface import Operation, Result, UsageRow
from leverwatch.collectors.sources.sql.connection import reading
from tests.collectors.sources.sql.tables import Database, Record, by_day, days, sums

WEEK = days("2026-03-02", "2026-03-08")
AT = 1_772_700_000
"""The fifth of March, 2026."""


def ask(database: Database, columns: dict[str, str], records: Sequence[Record], **settings: Any) -> Any:
    database.write({"at": "int", **columns}, [{"at": AT, **record} for record in records])
    fields = {"time": "at", **settings.pop("fields", {})}
    return database.ask(WEEK, time_is="s", fields=fields, **settings)


def test_values_that_cannot_be_read_are_unknown_and_their_calls_count(database: Database) -> None:
    found = ask(
        database,
        {"tokens": "float"},
        [{"tokens": -5}, {"tokens": 1e300}, {"tokens": 7}, {"tokens": None}],
        fields={"input_tokens": "tokens"},
    )

    (row,) = found.usage
    assert (row.inferences, row.input_tokens, row.unknown_input) == (4, 7, 3)


def test_a_value_that_is_no_number_is_unknown(database: Database) -> None:
    odd = {"sqlite": ("many", "1e5x", "1.2.3"), "mariadb": (-1, 1e300)}.get(database.name, ("NaN", "Infinity"))
    kind = "text" if database.name == "sqlite" else "float"

    found = ask(
        database, {"tokens": kind}, [{"tokens": it} for it in (*odd, 3)], fields={"input_tokens": "tokens"}
    )

    (row,) = found.usage
    assert (row.inferences, row.input_tokens, row.unknown_input) == (len(odd) + 1, 3, len(odd))


def test_keys_of_json_are_read_and_what_is_no_number_there_is_unknown(database: Database) -> None:
    told = [
        {"usage": {"in": 10, "model.name": "a"}},
        {"usage": {"in": "12", "model.name": "a"}},
        {"usage": {"in": "twelve", "model.name": "a"}},
        {"usage": {}},
        None,
    ]

    found = ask(
        database,
        {"told": "json"},
        [{"told": it} for it in told],
        fields={"input_tokens": "told.usage.in", "model": r"told.usage.model\.name"},
    )

    assert sums(found.usage, "inferences", "input_tokens", "unknown_input") == {
        ("bot", "a", "generation", "2026-03-05"): (3, 22, 1),
        ("bot", "unknown", "generation", "2026-03-05"): (2, 0, 2),
    }


def test_rows_that_are_sums_already_count_for_as_many_calls_as_they_say(database: Database) -> None:
    found = ask(
        database,
        {"n": "int", "failed": "int", "tokens": "int"},
        [{"n": 1000, "failed": 4, "tokens": 50_000}, {"n": 20, "failed": 0, "tokens": 700}],
        fields={"inferences": "n", "errors": "failed", "input_tokens": "tokens"},
    )

    (row,) = found.usage
    assert (row.inferences, row.errors, row.attempts, row.input_tokens) == (1016, 4, 1020, 50_700)
    assert found.tiers == ()


def test_failed_calls_beside_inferences_are_none_of_them_as_in_a_log(database: Database) -> None:
    told: list[Record] = [
        {"n": 100, "failed": 30, "tries": 140},
        {"n": 7, "failed": 7, "tries": None},
        {"n": 5, "failed": None, "tries": None},
        {"n": 2, "failed": 3, "tries": 3},
        {"n": 9, "failed": 0.5, "tries": 9},
        {"n": 2.5, "failed": 0, "tries": 3},
    ]

    found = ask(
        database,
        {"n": "float", "failed": "float", "tries": "int"},
        told,
        fields={"inferences": "n", "errors": "failed", "attempts": "tries"},
    )

    totals = [sum(getattr(row, name) for row in found.usage) for name in ("inferences", "errors", "attempts")]
    assert totals == [75, 37, 152]
    assert [problem[2] for problem in found.problems] == [
        "inferences: 3 rows say no whole number, or fewer than errors"
    ]


def test_a_row_that_says_no_number_of_calls_is_refused_and_said(database: Database) -> None:
    found = ask(
        database, {"n": "int"}, [{"n": None}, {"n": None}, {"n": -1}, {"n": 5}], fields={"inferences": "n"}
    )

    (row,) = found.usage
    assert row.inferences == 5
    assert found.tallies == {Result.COUNTED: 1, Result.MISTYPED_FIELD: 1}
    assert found.problems == (
        ("source db: calls", "mistyped_field", "inferences: 3 rows say no whole number, or fewer than errors"),
    )


def test_the_system_is_a_template_over_columns(database: Database) -> None:
    found = ask(
        database,
        {"team": "text", "app": "int"},
        [{"team": "a", "app": 1}, {"team": "b", "app": 2}, {"team": None, "app": 2}],
        system="{team}/{app}",
    )

    assert {row.system for row in found.usage} == {"a/1", "b/2"}
    assert found.tallies[Result.UNATTRIBUTED] == 1


def test_booleans_and_numbers_are_outcomes(database: Database) -> None:
    if database.name in ("postgresql", "duckdb"):
        flags = ask(
            database, {"ok": "bool"}, [{"ok": it} for it in ("true", "false", "true")], fields={"status": "ok"}
        )
        (row,) = flags.usage
        assert (row.inferences, row.errors) == (2, 1)
    rows = [{"code": 200}, {"code": 503}, {"code": 200}]

    found = ask(database, {"code": "int"}, rows, fields={"status": "code"})

    (row,) = found.usage
    assert (row.inferences, row.errors) == (2, 1)


def test_operations_are_told_apart(database: Database) -> None:
    found = ask(
        database, {"kind": "text"}, [{"kind": "chat"}, {"kind": "embeddings"}], fields={"operation": "kind"}
    )

    assert {row.operation for row in found.usage} == {Operation.GENERATION, Operation.EMBEDDING}


def test_rows_with_one_id_within_two_days_count_once_where_that_is_asked(database: Database) -> None:
    rows: list[dict[str, Any]] = [
        {"id": "a"}, {"id": "a"}, {"id": "b"}, {"id": None}, {"id": None}, {"id": "a", "at": AT + 86_400},
        {"id": "b", "at": AT + 3 * 86_400},
    ]  # fmt: skip
    database.write({"at": "int", "id": "text"}, [{"at": AT, **row} for row in rows])
    settings = {"time_is": "s", "fields": {"time": "at", "request_id": "id"}}

    plain = database.ask(WEEK, **settings)
    once = database.ask(WEEK, distinct=True, **settings)
    next_day = database.ask(days("2026-03-06", "2026-03-06"), distinct=True, **settings)

    assert by_day(plain.usage) == {"2026-03-05": 5, "2026-03-06": 1, "2026-03-08": 1}
    assert by_day(once.usage)["2026-03-05"] == 4
    assert "2026-03-06" not in by_day(once.usage)
    assert by_day(next_day.usage) == {}


def test_names_that_need_quotes_are_quoted(database: Database) -> None:
    database.write({"at": "int", "select": "text"}, [{"at": AT, "select": "m"}], table="a table")
    table, column = database.quote("a table"), database.quote("my col")
    kind = "String" if database.name in ("clickhouse", "chdb") else "VARCHAR(9)"
    added = f"ADD COLUMN {column} {kind} DEFAULT 'x'"
    for each in (database, *database.shards):
        each.run(f"ALTER TABLE {database.shard_of('a table')} {added}")
    if database.shards:
        database.run(f"ALTER TABLE {table} {added}")

    found = database.ask(
        WEEK, table="a table", time_is="s", fields={"time": "at", "model": "select"}, system="{my col}"
    )

    assert [(row.model, row.system) for row in found.usage] == [("m", "x")]


def test_a_statement_is_read_in_the_place_of_a_table(database: Database) -> None:
    database.write({"at": "int", "model": "text"}, [{"at": AT, "model": "a%b"}, {"at": AT, "model": "c:d"}])

    at = database.quote("at")
    found = database.ask(
        WEEK,
        table=None,
        statement=f"SELECT {at} AS moment, model FROM calls WHERE model LIKE 'c:%' ;",  # noqa: S608 - a test
        time_is="s",
        fields={"time": "moment", "model": "model"},
    )

    assert [row.model for row in found.usage] == ["c:d"]


def test_a_statement_that_writes_is_refused_and_writes_nothing(database: Database) -> None:
    database.write({"at": "int"}, [{"at": AT}])
    writes = "DELETE FROM calls"
    if database.name == "postgresql":
        database.run(
            "CREATE FUNCTION sneak() RETURNS bigint LANGUAGE plpgsql VOLATILE AS"
            f" $$ BEGIN {writes}; RETURN 1; END $$"
        )
        with pytest.raises(CollectorError, match="source db"):
            database.ask(WEEK, table=None, statement='SELECT sneak() AS "at"', time_is="s", fields={"time": "at"})
    with (
        pytest.raises(CollectorError, match="source db"),
        reading(database.config(fields={"time": "at"}), database.folder) as connection,
    ):
        connection.exec_driver_sql(writes)

    with database.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM calls").scalar() == 1


def test_the_rows_that_are_moved_do_not_grow_with_the_table(database: Database) -> None:
    few = ask(database, {"model": "text"}, [{"model": "a"}, {"model": "b"}] * 10, fields={"model": "model"})
    many = ask(database, {"model": "text"}, [{"model": "a"}, {"model": "b"}] * 500, fields={"model": "model"})

    assert few.rows == many.rows == 2
    assert sum(by_day(many.usage).values()) == 1000


def test_a_text_is_the_number_that_is_written_in_it_and_no_other_one(database: Database) -> None:
    numbers = {"5": 5, " 7 ": 7, "+11": 11, "007": 7, "2.0": 2, "13.": 13, "1e2": 100}
    odd = [
        "many", "12abc", "1,000", "1_000", "0x10", "", " ", "-4", "2.5", "1e", "[1]", "{}", "null", "true", "--4",
    ]  # fmt: skip
    if database.name == "clickhouse":
        # Servers as old as this one read no sign before a number: it is unknown there.
        odd.append("+11")
        del numbers["+11"]
    for form in ("tokens", ["tokens", "nothing"], ["five", "+tokens"]):
        found = ask(
            database,
            {"tokens": "text", "nothing": "int", "five": "int"},
            [{"tokens": it, "nothing": None, "five": 5} for it in (*numbers, *odd)],
            fields={"input_tokens": form},
        )

        (row,) = found.usage
        blanks = 2 if form == ["five", "+tokens"] else 0
        fives = 5 * (len(numbers) + blanks) if blanks else 0
        assert (row.inferences, row.input_tokens, row.unknown_input) == (
            len(numbers) + len(odd), sum(numbers.values()) + fives, len(odd) - blanks,
        )  # fmt: skip


def test_columns_are_named_by_any_word_that_a_database_has_of_its_own(database: Database) -> None:
    words = ("nothing", "pivot", "qualify", "system", "rows", "offset", "window", "returning", "lambda", "final")
    kinds = {**dict.fromkeys(words, "int"), "source": "text"}
    database.write({"at": "int", **kinds}, [{"at": AT, "source": "m", **dict.fromkeys(words, 1)}])

    (row,) = database.ask(
        WEEK,
        time_is="s",
        fields={"time": "at", "model": "source", "input_tokens": [words[0], *(f"+{it}" for it in words[1:])]},
    ).usage

    assert (row.model, row.input_tokens) == ("m", len(words))


def test_a_word_null_in_json_is_a_text_and_null_is_none(database: Database) -> None:
    found = ask(
        database,
        {"told": "json"},
        [{"told": {"model": it}} for it in ("null", None, "m")],
        fields={"model": "told.model"},
    )

    assert {it.model for it in found.usage} == {"null", "unknown", "m"}


def test_names_in_columns_of_numbers_and_booleans_are_texts(database: Database) -> None:
    found = ask(
        database,
        {"deployment": "int", "kind": "int", "stop": "bool"},
        [{"deployment": 7, "kind": 3, "stop": True}, {"deployment": None, "kind": None, "stop": None}],
        fields={"model": "deployment", "finish_reason": "stop"},
    )
    refused = database.ask(WEEK, time_is="s", fields={"time": "at", "operation": "kind"})

    assert {(it.model, it.inferences) for it in found.usage} == {("7", 1), ("unknown", 1)}
    assert refused.tallies[Result.UNKNOWN_OPERATION] == 1


def test_a_whole_document_or_list_is_no_name_and_is_shown_nowhere(postgres: Database) -> None:
    postgres.run(
        "CREATE TABLE calls (told JSONB, tags TEXT[], of UUID, at BIGINT)",
        """INSERT INTO calls VALUES ('{"prompt": "canary"}', '{canary}', gen_random_uuid(), 1772700000)""",
    )

    for column in ("told", "tags"):
        named = postgres.ask(WEEK, time_is="s", fields={"time": "at", "model": column})
        template = postgres.ask(WEEK, time_is="s", fields={"time": "at"}, system="{" + column + "}")
        assert [it.model for it in named.usage] == ["unknown"]
        assert template.tallies == {Result.UNATTRIBUTED: 1}
        assert "canary" not in repr((named, template))
    (row,) = postgres.ask(WEEK, time_is="s", fields={"time": "at", "model": "of"}).usage
    assert len(row.model) == 36


@pytest.mark.parametrize("database", ["postgresql", "duckdb"], indirect=True)
def test_a_time_that_is_infinity_is_of_no_day_and_ends_no_answer(database: Database) -> None:
    kinds = {"at": "naive", "zoned": "zoned"}
    rows = [{"at": it, "zoned": it} for it in ("2026-03-05 10:00:00+00", "infinity", "-infinity")]
    database.write(kinds, [{**it, "at": it["at"].removesuffix("+00")} for it in rows])

    for column, kind in (("at", "utc"), ("zoned", "zoned")):
        found = database.ask(WEEK, time_is=kind, fields={"time": column})
        later = database.ask(days("2026-05-01", "2026-05-28"), time_is=kind, fields={"time": column})

        assert by_day(found.usage) == {"2026-03-05": 1}
        assert (later.filled, str(later.newest)) == (frozenset(), "2026-03-05 10:00:00+00:00")


def test_rules_give_rows_to_systems_by_columns_and_by_keys_of_json(database: Database) -> None:
    rules = [
        {"is": "search", "where": {"key": ["k1", "k2"]}},
        {"is": "{tags.team}", "where": {"tags.team": {"present": True}, "n": 7}},
    ]
    rows: list[Record] = [
        {"key": "k1", "n": 1, "tags": None},
        {"key": "k2", "n": 7, "tags": {"team": "ads"}},
        {"key": "k3", "n": 7, "tags": {"team": "ads"}},
        {"key": "k3", "n": 8, "tags": {"team": "ads"}},
        {"key": None, "n": 7, "tags": None},
    ]

    found = ask(database, {"key": "text", "n": "int", "tags": "json"}, rows, system=rules)

    counted = {row.system: row.inferences for row in found.usage}
    assert counted == {"search": 2, "ads": 1}
    assert found.unattributed == {"key: k3, tags.team: ads, n: 8": 1, "key: (none), tags.team: (none), n: 7": 1}


def test_of_an_array_in_json_one_element_has_to_fit(database: Database) -> None:
    rows: list[Record] = [{"told": {"tags": ["x", "red"]}}, {"told": {"tags": ["y"]}}, {"told": {"tags": "red"}}]
    rules = [{"is": "search", "where": {"told.tags": ["blue", "red"]}}]

    found = ask(database, {"told": "json"}, rows, system=rules)

    assert {row.system: row.inferences for row in found.usage} == {"search": 2}
    assert sum(found.unattributed.values()) == 1


def test_numbers_at_every_edge_mean_the_same_in_every_database(database: Database) -> None:
    edges = [None, -1, 0, 1, 32_000, 32_001, 200_000, 524_289, 2**53, 2**53 + 2, 2**54]
    costs = [None, -0.5, 0.0, 0.25, 1e15, 2e15]
    rows = [
        {"i": edges[n % 11], "c": edges[n // 2 % 11], "w": edges[n // 3 % 11], "o": edges[n // 5 % 11],
         "r": edges[n // 7 % 11], "usd": costs[n % 6]}
        for n in range(300)
    ]  # fmt: skip
    fields = {
        "input_tokens": "i", "cached_input_tokens": "c", "cache_write_tokens": "w", "output_tokens": "o",
        "reasoning_tokens": "r", "cost_usd": "usd",
    }  # fmt: skip

    found = ask(database, {**dict.fromkeys("icwor", "int"), "usd": "float"}, rows, fields=fields)

    small = Database(f"sqlite:///{database.folder / 'other.db'}", database.folder)
    expected = ask(small, {**dict.fromkeys("icwor", "int"), "usd": "float"}, rows, fields=fields)
    # Sums of so great numbers differ in their last digit by the order in which they are added.
    assert len(found.usage) == len(expected.usage)
    for row, other in zip(found.usage, expected.usage, strict=True):
        assert _numbers_of(row) == pytest.approx(_numbers_of(other))


def test_numbers_whose_sum_no_column_could_have_are_unknown_and_those_beside_them_count(
    database: Database,
) -> None:
    most = 2**63 - 1
    rows: list[Record] = [{"i": most, "o": 1}, {"i": most, "o": 2}, {"i": 5, "o": 3}, {"i": 7, "o": None}]

    found = ask(database, {"i": "int", "o": "int"}, rows, fields={"input_tokens": "i", "output_tokens": "o"})

    (row,) = found.usage
    assert (row.inferences, row.input_tokens, row.unknown_input) == (4, 12, 2)
    assert (row.output_tokens, row.unknown_output) == (6, 1)


def _numbers_of(row: UsageRow) -> dict[str, float]:
    return {name: it for name, it in asdict(row).items() if isinstance(it, int | float)}
