"""Field maps that say what people mean: several paths, sums, constants, units, words, parts beside their whole."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.collectors.aggregation.ingest import Counted
from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.errors import SourceRefused
from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.field_specs import FieldSpec
from leverwatch.collectors.records.fields import FIELD_INDEX
from leverwatch.collectors.records.formats.mapped import MappedCsv
from leverwatch.collectors.records.formats.table_header import Dialect
from tests.collectors.sources.files.logs import config, ingest, sums

DAY = "2026-03-10T08:00:00Z"


def read(fields: Mapping[str, Any], *records: Mapping[str, Any], compiled: bool = True, **format_: Any) -> Counted:
    settings = config(format={"type": "jsonl", "fields": {"time": "at", **fields}, **format_}, system="bot")
    made = ingest(settings, compiled=compiled)
    lines = "".join(json.dumps({"at": DAY, **record}) + "\n" for record in records)
    made.add(Lines(lines.encode(), "app.jsonl", 1))
    return made.drain()


def table(fields: Mapping[str, Any], *rows: Mapping[str, Any], **format_: Any) -> Counted:
    """The same of rows that are written as a table, all with the columns of the first one."""
    settings = config(format={"type": "csv", "fields": {"time": "at", **fields}, **format_}, system="bot")
    text = io.StringIO()
    names = ["at", *(name for name in rows[0] if name != "at")]
    writer = csv.DictWriter(text, names, lineterminator="\n", **format_)
    writer.writerows({"at": DAY, **row} for row in rows)
    head = format_.get("delimiter", ",").join(names)
    made = ingest(settings)
    made.add(Lines(text.getvalue().encode(), "app.csv", 2, head.encode()))
    return made.drain()


def told(counted: Counted, *names: str) -> tuple[float, ...]:
    found = sums(counted.usage)
    return tuple(found.get(name, 0) for name in names)


def models(counted: Counted) -> dict[str, float]:
    return {row.model: row.inferences for row in counted.usage}


SUM = {"input_tokens": ["fresh", "+cached", "+written"]}


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize(
    ("record", "tokens", "unknown"),
    [
        ({"fresh": 7, "cached": 100, "written": 20}, 127, 0),
        ({"fresh": 7, "cached": None}, 7, 0),
        ({"fresh": 7}, 7, 0),
        ({"cached": 0, "written": 20}, 0, 1),
        ({"fresh": None, "cached": 5}, 0, 1),
    ],
)
def test_a_sum_is_told_by_its_first_path_and_takes_what_the_others_tell(
    record: dict[str, Any], tokens: int, unknown: int, compiled: bool
) -> None:
    assert told(read(SUM, record, compiled=compiled), "input_tokens", "unknown_input") == (tokens, unknown)


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("bad", ["many", -1, 1.5, [], 2**53, {}])
def test_a_sum_with_a_part_that_cannot_be_read_is_unknown(bad: object, compiled: bool) -> None:
    counted = read(SUM, {"fresh": 7, "cached": bad}, compiled=compiled)

    assert told(counted, "inferences", "input_tokens", "unknown_input") == (1, 0, 1)
    assert counted.unreadable == {"input_tokens": 1}


def test_costs_and_latencies_are_added_up_too() -> None:
    fields = {"cost_usd": ["in", "+out"], "latency_ms": ["queue", "+run"]}

    assert told(read(fields, {"in": 0.25, "out": 0.5, "queue": 5, "run": 1.5}), "cost_usd", "latency_ms") == (
        0.75,
        6.5,
    )


@pytest.mark.parametrize("compiled", [True, False])
def test_of_several_paths_the_first_that_tells_counts(compiled: bool) -> None:
    fields = {
        "model": ["response.model", "request.model"],
        "input_tokens": ["in", "usage.in"],
        "request_id": ["a", "b"],
    }
    records: list[dict[str, Any]] = [
        {"response": {"model": "x"}, "request": {"model": "y"}, "in": 1, "usage": {"in": 50}, "a": "1"},
        {"request": {"model": "y"}, "usage": {"in": 3}, "b": "2"},
        {"response": {"model": " "}, "request": {"model": "y"}, "in": 0, "usage": {"in": 50}, "a": "", "b": "3"},
        {"response": None, "in": None, "usage": None, "a": "none", "b": "3", "request": {"model": "y"}},
        {"request": {"model": "y"}, "usage": {"in": 3}, "b": 2},
    ]
    counted = read(fields, *records, compiled=compiled)

    assert models(counted) == {"x": 1, "y": 3}
    assert told(counted, "input_tokens", "unknown_input") == (4, 1)
    assert counted.tallies[Result.DUPLICATE] == 1


@pytest.mark.parametrize("compiled", [True, False])
def test_a_constant_is_the_value_of_every_record(compiled: bool) -> None:
    fields = {"model": {"constant": "small"}, "operation": {"constant": "embedding"}, "input_tokens": "n"}
    (row,) = read(fields, {"n": 4, "model": "other"}, {"n": 5}, compiled=compiled).usage

    assert (row.model, row.operation, row.input_tokens, row.inferences) == ("small", "embedding", 9, 2)


def test_a_constant_may_be_a_number() -> None:
    assert told(read({"sample_rate": {"constant": 0.1}}, {}), "inferences") == (10,)


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize(("unit", "value"), [("s", 1.5), ("ms", 1500), ("us", 1.5e6), ("ns", 1.5e9)])
def test_a_latency_is_in_the_unit_that_the_map_says(unit: str, value: float, compiled: bool) -> None:
    counted = read({"latency": {"path": "took", "unit": unit}}, {"took": value}, {"took": None}, compiled=compiled)

    assert told(counted, "latency_ms", "unknown_latency") == (1500, 1)


@pytest.mark.parametrize("compiled", [True, False])
def test_words_of_a_producer_say_what_the_map_says(compiled: bool) -> None:
    status = {"path": "result", "success": ["fine", 0], "error": ["refused", {"prefix": "upstream_"}]}
    results = ["fine", "Refused", "upstream_timeout", 0, "ok", 500, None, "odd"]
    counted = read({"status": status}, *({"result": it} for it in results), compiled=compiled)

    assert told(counted, "inferences", "errors") == (4, 3)
    assert counted.tallies == {Result.COUNTED: 7, Result.UNKNOWN_STATUS: 1}


@pytest.mark.parametrize("compiled", [True, False])
def test_any_value_can_be_the_sign_of_an_error(compiled: bool) -> None:
    fields = {"status": {"path": "error", "success": [False], "error": {"present": True}}}
    errors = ["it broke", "", None, False, True, "other"]
    counted = read(fields, *({"error": it} for it in errors), compiled=compiled)

    assert told(counted, "inferences", "errors") == (3, 3)


def test_every_field_of_words_can_have_its_own() -> None:
    fields = {
        "operation": {"path": "kind", "embedding": "vectors", "generation": "talk"},
        "cache_hit": {"path": "cache", "hit": "warm", "miss": "cold"},
        "tier": {"path": "class", "batch": "night"},
        "valid": {"path": "check", "valid": "good", "invalid": ["poor", "bad"]},
        "schema_mode": {"path": "mode", "structured": "typed", "text": "free"},
        "finish_reason": {"path": "end", "length": "cut", "stop": "done"},
        "input_tokens": "n",
    }
    counted = read(
        fields,
        {
            "kind": "talk",
            "cache": "cold",
            "class": "night",
            "n": 5,
            "check": "poor",
            "mode": "typed",
            "end": "cut",
        },
        {"kind": "vectors", "cache": "cold", "check": "good", "mode": "free", "end": "done"},
        {"kind": "talk", "cache": "warm"},
    )

    assert {row.operation for row in counted.usage} == {"generation", "embedding"}
    names = ("cache_hits", "checked", "invalid", "schema_checked", "schema_mode", "finish_known", "truncated")
    assert told(counted, *names) == (1, 2, 1, 2, 1, 2, 1)
    assert [(tier.tier, tier.input_tokens) for tier in counted.tiers] == [("batch", 5)]


@pytest.mark.parametrize("compiled", [True, False])
def test_a_part_stands_beside_its_whole_where_the_map_says_so(compiled: bool) -> None:
    fields = {
        "input_tokens": "in",
        "cached_input_tokens": {"path": "read", "stands": "beside"},
        "cache_write_tokens": {"path": "write", "stands": "inside"},
        "output_tokens": "out",
        "reasoning_tokens": {"path": "thought", "stands": "beside"},
    }
    counted = read(
        fields, {"in": 100, "read": 30, "write": 20, "out": 10, "thought": 7}, {"read": 5}, compiled=compiled
    )

    assert told(counted, "input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens") == (
        130,
        35,
        20,
        17,
    )
    assert told(counted, "unknown_input", "unknown_output") == (1, 1)


@pytest.mark.parametrize("compiled", [True, False])
def test_a_whole_is_unknown_when_what_stands_beside_it_cannot_be_read(compiled: bool) -> None:
    fields = {"input_tokens": "in", "cached_input_tokens": {"path": "read", "stands": "beside"}}
    counted = read(fields, {"in": 100, "read": "many"}, compiled=compiled)

    assert told(counted, "inferences", "input_tokens", "unknown_input", "unknown_cached") == (1, 0, 1, 1)


@pytest.mark.parametrize("read_rows", [read, table])
def test_of_a_row_of_several_calls_the_failed_ones_are_errors(read_rows: Any) -> None:
    fields = {"inferences": "calls", "errors": "failed", "input_tokens": "in"}
    rows: list[dict[str, Any]] = [
        {"calls": 120, "failed": 7, "in": 5000},
        {"calls": 3, "failed": "", "in": 10},
        {"calls": 2, "failed": 2, "in": ""},
    ]
    rows = [{name: None if value == "" else value for name, value in row.items()} for row in rows]
    counted = read_rows(fields, *rows)

    assert told(counted, "inferences", "errors", "attempts", "input_tokens") == (116, 9, 125, 5010)
    assert counted.tallies == {Result.COUNTED: 3}


@pytest.mark.parametrize(
    "row", [{"calls": 3, "failed": 4}, {"calls": 3, "failed": 0.5}, {"calls": 3, "failed": -1}, {"failed": 2}]
)
def test_more_failed_calls_than_calls_refuse_the_row(row: dict[str, Any]) -> None:
    counted = read({"inferences": "calls", "errors": "failed"}, row, {"calls": 5, "failed": 1})

    assert counted.tallies == {Result.COUNTED: 1, Result.MISTYPED_FIELD: 1}
    assert told(counted, "inferences", "errors") == (4, 1)


def test_errors_without_inferences_are_failed_attempts_as_before() -> None:
    assert told(read({"errors": "failed"}, {"failed": 3}), "inferences", "errors", "attempts") == (1, 3, 1)


def test_numbers_times_and_a_date_with_its_time_apart_are_read_from_a_table() -> None:
    fields = {
        "time": {"path": ["Tag", "+Uhrzeit"], "format": "%d.%m.%Y %H:%M"},
        "input_tokens": {"path": "Eingabe", "thousands": "."},
        "cost_usd": {"path": "Kosten", "decimal": ",", "thousands": "."},
    }
    rows = [
        {"Tag": "09.03.2026", "Uhrzeit": "23:59", "Eingabe": "1.200", "Kosten": "1.000,25"},
        {"Tag": "10.03.2026", "Uhrzeit": "08:00", "Eingabe": "30", "Kosten": "0,5"},
        {"Tag": "2026-03-10", "Uhrzeit": "08:00", "Eingabe": "1", "Kosten": "1"},
        {"Tag": "", "Uhrzeit": "08:00", "Eingabe": "1", "Kosten": "1"},
        {"Tag": "10.03.2026", "Uhrzeit": "08:00", "Eingabe": "1.5", "Kosten": "0.5"},
    ]
    counted = table(fields, *rows, delimiter=";")

    assert {str(row.day): row.inferences for row in counted.usage} == {"2026-03-09": 1, "2026-03-10": 2}
    assert told(counted, "input_tokens", "cost_usd") == (1230, 1000.75)
    assert counted.tallies == {Result.COUNTED: 3, Result.BAD_TIME: 1, Result.MISSING_FIELD: 1}
    assert counted.unreadable == {"input_tokens": 1, "cost_usd": 1}


def test_a_map_of_columns_has_sums_words_and_constants_too() -> None:
    fields = {
        "model": {"constant": "m"},
        "input_tokens": ["in", "+in.cached"],
        "status": {"path": "state", "error": ["kaputt"]},
        "latency": {"path": "took", "unit": "s"},
    }
    counted = table(
        fields,
        {"in": 5, "in.cached": 6, "state": "ok", "took": 2},
        {"in": 5, "in.cached": "", "state": "kaputt", "took": 2},
        {"in": "", "in.cached": 6, "state": "", "took": ""},
    )

    assert told(counted, "inferences", "errors", "input_tokens", "unknown_input", "latency_ms") == (
        2,
        1,
        11,
        1,
        2000,
    )
    assert models(counted) == {"m": 2}


def test_versions_of_a_call_are_known_by_an_id_that_is_the_first_that_tells() -> None:
    fields = {"request_id": ["id", "run"], "output_tokens": ["out", "+more"]}
    records = [{"id": "a", "out": 1}, {"run": "a", "out": 5, "more": 2}]

    assert told(read(fields, *records, repeats="versions"), "inferences", "output_tokens") == (1, 7)


def test_a_bad_value_costs_its_field_and_what_says_whether_a_record_counts_refuses_it() -> None:
    fields = {
        "model": ["a", "b"],
        "cached_input_tokens": ["c", "d"],
        "status": ["s", "t"],
        "inferences": ["n", "m"],
    }
    counted = read(fields, {"a": {}, "c": "x"}, {"s": {}}, {"n": "x"}, {"a": "y\ud800"}, {"n": 1.5})

    assert models(counted) == {"unknown": 2}
    assert counted.unreadable == {"model": 2, "cached_input_tokens": 1}
    assert counted.tallies == {Result.COUNTED: 2, Result.MISTYPED_FIELD: 3}


def test_a_system_template_goes_with_such_a_map() -> None:
    settings = config(
        format={"type": "jsonl", "fields": {"time": "at", "input_tokens": ["n", "+m"], "reasoning_tokens": "r"}},
        system="{team}-{n}",
    )
    made = ingest(settings)
    made.add(Lines(json.dumps({"at": DAY, "n": 3, "m": 4, "team": "x", "r": 9}).encode() + b"\n", "app.jsonl", 1))
    (row,) = made.drain().usage

    assert (row.system, row.input_tokens, row.reasoning_tokens) == ("x-3", 7, 9)


NUMBERS = st.sampled_from([None, 0, 5, 7.0, 1.5, "3", "x", "", True, -1, 2**53, 1e300])
NAMES: st.SearchStrategy[Any] = st.sampled_from([None, "", " ", "a", "b", "None", 3, True, {}, "ü"])
RECORDS = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys("abc", NUMBERS),
        **dict.fromkeys("xyz", NAMES),
        "at": st.sampled_from([DAY, None, 5]),
    },
)
PATHS = st.sampled_from("abc")
ENTRIES = st.one_of(
    PATHS,
    st.permutations("abc").map(list),
    st.permutations("abc").map(lambda it: [it[0], f"+{it[1]}", f"+{it[2]}"]),
)
TEXTS = st.one_of(st.sampled_from("xyz"), st.permutations("xyz").map(list))
MAPS = st.fixed_dictionaries(
    {"input_tokens": ENTRIES},
    optional={
        "cached_input_tokens": PATHS.flatmap(
            lambda it: st.sampled_from([it, {"path": it, "stands": "beside"}, {"path": it, "stands": "inside"}])
        ),
        "latency": st.sampled_from(["s", "us"]).map(lambda unit: {"path": ["b", "c"], "unit": unit}),
        "cost_usd": st.just(["b", "c"]),
        "model": TEXTS,
        "request_id": st.permutations("xyz").map(list),
        "status": st.sampled_from(
            [
                {"path": ["x", "y"], "success": ["a"], "error": [{"prefix": "b"}, 3]},
                {"path": "z", "error": {"present": True}},
            ]
        ),
        "operation": st.just({"constant": "embedding"}),
    },
)


@given(MAPS, st.lists(RECORDS, max_size=12))
def test_the_helper_counts_what_python_counts(fields: dict[str, Any], records: Sequence[dict[str, Any]]) -> None:
    helped, alone = (read(fields, *records, compiled=compiled) for compiled in (True, False))

    def all_of(counted: Counted) -> tuple[Any, ...]:
        usage = sorted(counted.usage, key=lambda row: (row.model, row.operation, row.day))
        return usage, counted.tallies, counted.unreadable, counted.read

    assert all_of(helped) == all_of(alone)


def test_the_helper_counts_records_of_sums_units_and_words() -> None:
    fields = {
        "time": "at", **SUM, "latency": {"path": "t", "unit": "s"}, "model": ["m", "n"],
        "status": {"path": "s", "error": ["bad"]}, "cached_input_tokens": {"path": "cached", "stands": "inside"},
    }  # fmt: skip
    settings = config(format={"type": "jsonl", "fields": fields}, system="bot")

    assert ingest(settings).takes_views


@pytest.mark.parametrize(
    ("header", "missing"),
    [
        ("at,one,a,b", []),
        ("at,two,a,b", []),
        ("at,one,two,a,b", []),
        ("at,a,b", ["no column one", "no column two"]),
        ("at,one,a", ["no column b"]),
        ("one,a,b", ["no column at"]),
    ],
)
def test_of_columns_with_alternatives_one_is_enough(header: str, missing: list[str]) -> None:
    fields = {"time": "at", "model": ["one", "two"], "input_tokens": ["a", "+b"]}
    made = ingest(config(format={"type": "csv", "fields": fields}, system="bot"))
    if missing:
        with pytest.raises(SourceRefused, match=", ".join(missing)):
            made.headers.check(header.encode(), "app.csv")
        return
    made.headers.check(header.encode(), "app.csv")
    names = header.split(",")
    made.add(
        Lines(
            ",".join({"at": DAY}.get(name, "5") for name in names).encode() + b"\n", "app.csv", 2, header.encode()
        )
    )

    assert [(row.model, row.input_tokens) for row in made.drain().usage] == [("5", 10)]


def test_records_inside_of_others_are_read_by_such_a_map_too() -> None:
    record = json.dumps({"at": DAY, "in": 5, "cached": 6, "journal": {"x": 1}})
    counted = [
        read({"input_tokens": ["in", "+cached"]}, {"log": f"{record}\n", "stream": "stdout"}, wrap="docker"),
        read({"input_tokens": ["in", "+cached"]}, {"message": record}, wrap="json-string"),
        read({"input_tokens": ["in", "+cached"]}, json.loads(record), framing="json"),
    ]

    assert [told(it, "inferences", "input_tokens") for it in counted] == [(1, 11)] * 3


def test_the_signs_of_a_whole_table_are_those_of_entries_that_name_none() -> None:
    made = MappedCsv(
        {"time": "at", "input_tokens": FieldSpec(("a", "b"), is_sum=True)},
        (),
        dialect=Dialect(decimal=",", thousands="."),
    )
    parsed = made.parse(b'x,"1.000","2.000"\n', b"at,a,b")

    assert parsed.rows[0][FIELD_INDEX["input_tokens"]] == 3000


@pytest.mark.parametrize("time", ["at", {"path": "at", "unit": "s"}], ids=["plain", "rich"])
def test_where_missing_columns_are_unknown_only_that_of_the_time_has_to_be_there(time: Any) -> None:
    fields = {"time": time, "model": "model", "input_tokens": "n"}
    made = ingest(config(format={"type": "csv", "fields": fields, "missing_columns": "unknown"}, system="bot"))

    made.headers.check(b"at,n\n", "x.csv")
    with pytest.raises(SourceRefused, match="no column at"):
        made.headers.check(b"model,n\n", "x.csv")
