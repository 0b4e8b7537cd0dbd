from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from leverwatch.collectors.daily.window import DAY
from tests.collectors.sources.sql.logs import differences, from_log, tiers
from tests.collectors.sources.sql.tables import Database, Record, by_day, days

MONTH = days("2026-11-01", "2026-11-28")
AT = 1_795_600_000
"""The 25th of November, 2026."""
COLUMNS = {
    "at": "naive", "model": "text", "alias": "text", "kind": "text", "result": "text", "fresh": "int",
    "cached": "int", "written": "int", "out": "int", "thought": "int", "price": "int", "took": "float",
    "team": "text", "told": "json", "note": "text", "hostile %s 'y' :z ; --": "text",
}  # fmt: skip
HOSTILE = "hostile %s 'y' :z ; --"
KEY = "k%s 'q' :z ; --"
NOTES = ["", "no JSON", "[1", '{"usage": 3}', "null"]


def a_call(chance: random.Random) -> Record:
    def maybe(value: Any, unknown: float = 0.25) -> Any:
        return None if chance.random() < unknown else value

    def number(*values: Any) -> Any:
        return maybe(chance.choice([*values, *map(str, values), "many", -4, 2.5, ""]))

    at = datetime(2026, 11, 24, tzinfo=UTC) + timedelta(minutes=chance.randrange(2 * 1440))
    usage = {"in": number(10, 900, 250_000), "part": number(0, 7, 800), "deep": {"er": {"out": number(5, 40)}}}
    return {
        "at": at.strftime("%Y-%m-%d %H:%M:%S"),
        "model": maybe(chance.choice(["GPT-x", "gpt-x", "text-embedding-3-small", ""])),
        "alias": maybe(chance.choice(["fast", "Fast", " "])),
        "kind": maybe(chance.choice(["chat", "Vec", "vec", "rank-v2", "Füll", "full", "tool"])),
        "result": maybe(
            chance.choice(["ok", "Fine", "err:timeout", "ERR:full", "200", "500", "skipped", "", "é"])
        ),
        "fresh": maybe(chance.choice([0, 5, 40_000, 250_000])),
        "cached": maybe(chance.choice([0, 3, 800])),
        "written": maybe(chance.choice([0, 100])),
        "out": maybe(chance.randrange(500)),
        "thought": maybe(chance.choice([0, 400])),
        "price": maybe(chance.choice([0, 25, 1_000_000])),
        "took": maybe(chance.choice([0.5, 12.0])),
        "team": maybe(chance.choice(["a", "A", "b"]), 0.05),
        "told": maybe(
            {"usage": usage, "model": maybe("inner"), "ok": maybe(chance.random() < 0.8), KEY: number(3)}, 0.1
        ),
        "note": maybe({"usage": usage, "stop": maybe(chance.choice(["length", "stop"]))}, 0.1),
        HOSTILE: maybe(chance.choice(["it's", 'say "x"', "50%", ":p", "a;b--c", "back\\slash"])),
    }


TIME = {"time": "at"}
MAPS: dict[str, dict[str, Any]] = {
    "lists": {"fields": {"model": ["told.model", "alias", "model"], "input_tokens": ["told.usage.in", "fresh"],
                         "output_tokens": ["note.usage.deep.er.out", "told.usage.deep.er.out", "out"],
                         "finish_reason": "note.stop"}},
    "sums": {"fields": {"input_tokens": ["fresh", "+cached", "+told.usage.part"], "model": "model",
                        "output_tokens": ["told.usage.deep.er.out", "+thought"]}},
    "beside": {"fields": {"input_tokens": "told.usage.in",
                          "cached_input_tokens": {"path": ["note.usage.part", "cached"], "stands": "beside"},
                          "cache_write_tokens": {"path": ["written", "+told.usage.part"], "stands": "beside"},
                          "output_tokens": ["out", "note.usage.deep.er.out"],
                          "reasoning_tokens": {"path": "thought", "stands": "inside"}}},
    "one beside": {"fields": {"output_tokens": "out", "reasoning_tokens": {"path": "thought", "stands": "beside"},
                              "input_tokens": "fresh",
                              "cached_input_tokens": {"path": "cached", "stands": "inside"}}},
    "constants": {"fields": {"operation": {"constant": "embedding"}, "cost_usd": {"constant": 0.125},
                             "tier": {"constant": "batch"}, "model": {"constant": "m"}, "input_tokens": "fresh",
                             "static_input_tokens": {"constant": 7}}},
    "units": {"fields": {"latency": {"path": "took", "unit": "s"}, "cost_usd": {"path": "price", "unit": "cents"},
                         "input_tokens": "fresh"}},
    "tiny units": {"fields": {"latency": {"path": ["told.usage.in", "+out"], "unit": "ns"},
                              "cost_usd": {"path": ["told.nothing", "price"], "unit": "nanos"}}},
    "words": {"fields": {"status": {"path": "result", "success": ["fine", 200, "skipped"],
                                    "error": [{"prefix": "err:"}, "é"]},
                         "operation": {"path": "kind", "embedding": "vec", "rerank": [{"prefix": "rank"}],
                                       "other": [{"prefix": "f"}]}}},
    "any word": {"fields": {"status": {"path": ["result"], "success": ["ok", "fine"], "error": {"present": True}},
                            "cache_hit": {"path": "told.ok", "hit": True, "miss": [False]},
                            "operation": {"path": "kind", "generation": {"present": True}}}},
    "booleans in JSON": {"fields": {"status": "told.ok", "valid": "told.ok", "schema_mode": "told.ok"}},
    "only": {"fields": {"input_tokens": "fresh"}, "only": {"kind": ["vec", "Vec", "full"], "told.ok": True}},
    "not": {"fields": {"model": "model"}, "not": {"result": ["skipped", "500"], "kind": {"prefix": "F"},
                                                  "note.stop": "length"}},
    "there": {"fields": {"model": "model"}, "only": {"model": {"present": True}, "alias": {"present": False}}},
    "accents and numbers": {"fields": {"model": "alias"}, "not": {"result": ["e", "OK"], "kind": "Full"},
                            "only": {"fresh": [5, 0, "40000"]}},
    "hostile": {"fields": {"model": HOSTILE, "input_tokens": f"told.{KEY}"}, "not": {HOSTILE: ["it's", "50%"]},
                "system": "{team}-{" + HOSTILE + "}"},
}  # fmt: skip


def the_same(database: Database, records: Sequence[Record], folder: Path, settings: dict[str, Any]) -> int:
    fields = {**TIME, **settings["fields"]}
    given = {"system": "{team}", **settings, "fields": fields}
    system = given.pop("system")
    expected, of_tiers = from_log(records, folder, system, **given)

    found = database.ask(MONTH, time_is="utc", system=system, **given)

    assert differences(found.usage, expected) == []
    assert tiers(found.tiers).keys() == of_tiers.keys()
    return len(expected)


@pytest.fixture
def calls() -> list[Record]:
    chance = random.Random(11)
    return [a_call(chance) for _ in range(700)]


def test_every_form_of_a_field_means_in_a_table_what_it_means_in_a_log(
    database: Database, calls: list[Record], tmp_path: Path
) -> None:
    # A text that is no JSON has no keys.
    written = [{**it, "note": NOTES[at % 5]} if at % 9 == 0 else it for at, it in enumerate(calls)]
    logged = [{**it, "note": None} if at % 9 == 0 else it for at, it in enumerate(calls)]
    database.write(COLUMNS, written)

    for settings in MAPS.values():
        assert the_same(database, logged, tmp_path, settings)


NUMBERS = (
    "fresh", "cached", "written", "out", "thought", "told.usage.in", "told.usage.part", "told.usage.deep.er.out",
    "note.usage.in", "note.usage.part", "note.usage.deep.er.out",
)  # fmt: skip
TEXTS = ("model", "alias", "kind", "result", "told.model", "note.stop", "told.ok")


def a_map(chance: random.Random) -> dict[str, Any]:
    """Settings of a source, each part of which may be there.

    No two fields have one path: a log takes what cannot be read for nothing where another field reads it as it is.
    """
    left = chance.sample(NUMBERS, len(NUMBERS))

    def number() -> Any:
        some = [left.pop() for _ in range(chance.randrange(1, 3))]
        return (
            some[0]
            if len(some) == 1
            else [some[0], *(f"+{it}" for it in some[1:])]
            if chance.random() < 0.5
            else some
        )

    def part() -> Any:
        return (
            {"path": number(), "stands": chance.choice(["beside", "inside"])}
            if chance.random() < 0.7
            else number()
        )

    def words(one: str, other: str) -> Any:
        some = chance.sample(["ok", "vec", "length", "true", "inner", 200], 3)
        rest = chance.choice([{"present": True}, {"prefix": "f"}, "gpt-x"])
        return {"path": chance.sample(TEXTS, 2), one: some[:2], other: [some[2], rest]}

    def test() -> Any:
        return chance.choice(["vec", ["ok", "GPT-x", 200], {"prefix": "F"}, {"present": chance.random() < 0.5}])

    last = left.pop()
    given: dict[str, Any] = {
        "model": chance.sample(TEXTS[:5], 2), "input_tokens": number(), "output_tokens": number(),
        "cached_input_tokens": part(), "cache_write_tokens": part(), "reasoning_tokens": part(),
        "status": words("success", "error"), "operation": words("embedding", "rerank"), "cost_usd": "took",
        "cache_hit": words("hit", "miss"), "finish_reason": words("length", "stop"),
        "latency": {"path": last, "unit": chance.choice(["s", "ms", "us", "ns"])},
    }  # fmt: skip
    wholes = {"input_tokens": given["input_tokens"], "output_tokens": given["output_tokens"]}
    fields = {name: entry for name, entry in given.items() if chance.random() < 0.5} | wholes
    tests = {key: {path: test() for path in chance.sample(TEXTS, 2)} for key in ("only", "not")}
    return {"fields": fields, **{key: it for key, it in tests.items() if chance.random() < 0.3}}


@pytest.mark.parametrize("database", ["sqlite", "duckdb"], indirect=True)
def test_any_calls_by_any_map_are_counted_as_those_of_a_log(database: Database, tmp_path: Path) -> None:
    chance = random.Random(20261128)
    calls = [a_call(chance) for _ in range(250)]
    database.write(COLUMNS, calls)

    found = [the_same(database, calls, tmp_path, a_map(chance)) for _ in range(40)]

    assert len([it for it in found if it]) > 30


def test_names_and_keys_of_any_characters_name_what_they_name(database: Database) -> None:
    signs = "a \"b\" 'c' `d` [e] %s :f ; -- /* \\"
    key = signs if database.name != "sqlite" else signs.replace('"', "")
    column, path = signs.replace("\\", "\\\\"), key.replace("\\", "\\\\")
    database.write(
        {"at": "int", signs: "text", "told": "json"},
        [{"at": AT, signs: signs, "told": {key: {"in": 5}}}, {"at": AT, signs: "other", "told": None}],
        table=signs,
    )

    found = database.ask(
        MONTH,
        table=column,
        time_is="s",
        fields={
            "time": "at",
            "model": {"path": [column]},
            "input_tokens": f"told.{path}.in",
            "status": {"path": column, "success": {"prefix": signs[:9]}, "error": "other"},
        },
        only={column: [signs, "other"]},
        system="{" + column + "}",
    )

    assert {(it.system, it.inferences, it.errors, it.input_tokens) for it in found.usage} == {
        (signs, 1, 0, 5),
        ("other", 0, 1, 0),
    }


def test_texts_that_differ_in_case_or_accents_are_different_texts(database: Database) -> None:
    rows = [{"at": AT, "id": it, "model": it} for it in ("a", "A", "á", "a")]
    database.write({"at": "int", "id": "text", "model": "text"}, rows)
    fields = {"time": "at", "model": "model", "request_id": "id"}

    found = database.ask(MONTH, time_is="s", fields=fields, distinct=True)
    chosen = database.ask(MONTH, time_is="s", fields=fields, only={"model": "A"})

    assert {it.model: it.inferences for it in found.usage} == {"a": 1, "A": 1, "á": 1}
    assert {it.model: it.inferences for it in chosen.usage} == {"A": 1}


def test_rows_without_an_id_are_calls_of_their_own_whatever_is_written_in_its_place(database: Database) -> None:
    rows = [{"at": AT, "id": it} for it in (None, None, "", "", "None", "None", "null", " ", "x", "x ")]
    database.write({"at": "int", "id": "text"}, rows)

    (row,) = database.ask(MONTH, time_is="s", fields={"time": "at", "request_id": "id"}, distinct=True).usage

    assert row.inferences == 9


def test_a_filter_and_a_map_of_words_take_the_booleans_of_a_database(database: Database) -> None:
    database.write({"at": "int", "ok": "bool"}, [{"at": AT, "ok": it} for it in (True, True, False, None)])
    words = {"path": "ok", "success": True, "error": False}

    found = database.ask(MONTH, time_is="s", fields={"time": "at", "status": words})
    chosen = database.ask(MONTH, time_is="s", fields={"time": "at"}, only={"ok": True})

    assert [(it.inferences, it.errors) for it in found.usage] == [(3, 1)]
    assert [it.inferences for it in chosen.usage] == [2]


def test_a_unit_of_the_time_says_what_the_time_is(database: Database) -> None:
    midnight = AT // 86_400 * 86_400 + 86_400
    for unit, number in (("s", 1), ("ms", 1_000), ("us", 1_000_000), ("ns", 1_000_000_000)):
        database.write({"at": "int"}, [{"at": midnight * number - 1}, {"at": midnight * number}])

        found = database.ask(MONTH, fields={"time": {"path": "at", "unit": unit}})

        assert by_day(found.usage) == {f"{MONTH.first + DAY * at}": 1 for at in (24, 25)}, unit
