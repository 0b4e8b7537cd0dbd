"""A value that cannot be read is unknown, and costs nothing else; what says whether a record counts refuses it."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from leverwatch.collectors.aggregation.ingest import Counted, Ingest
from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.interface import UNREADABLE_VALUE, Result
from tests.collectors.records.formats.reading import counted as named
from tests.collectors.sources.files.logs import config, ingest

FIELDS = {
    "time": "at", "model": "llm", "request_id": "id", "input_tokens": "used.in", "cached_input_tokens": "used.hit",
    "output_tokens": "used.out", "cost_usd": "price", "latency_ms": "took", "trace_id": "trace",
    "finish_reason": "end", "valid": "ok", "status": "state", "attempts": "tries", "cache_hit": "hit",
}  # fmt: skip
GOOD: dict[str, Any] = {"at": "2026-03-10T08:00:00Z", "llm": "m", "app": "bot", "used": {"in": 12, "out": 4}}


def made(*, compiled: bool = True) -> Ingest:
    return ingest(config(format={"type": "jsonl", "fields": FIELDS}, system="{app}"), compiled=compiled)


def read(*records: dict[str, Any] | bytes, compiled: bool = True) -> Counted:
    one = made(compiled=compiled)
    lines = [it if isinstance(it, bytes) else json.dumps(it).encode() for it in records]
    one.add(Lines(b"".join(line + b"\n" for line in lines), "a.log", 1))
    return one.drain()


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize(
    "text",
    [
        {"score": float("nan")},
        {"choices": [{"logprob": float("-inf")}, {"logprob": float("inf")}]},
        {"prompt": "cut in half \ud83d"},
        {"\ude00": ["\ud83d", {"deep": "\ud83d"}]},
    ],
)
def test_what_nobody_reads_may_be_no_json_and_costs_nothing(text: dict[str, Any], compiled: bool) -> None:
    found = read(GOOD, GOOD | text, GOOD, compiled=compiled)

    assert (found.tallies, found.unreadable, found.problems) == ({Result.COUNTED: 3}, {}, ())
    assert [(row.inferences, row.input_tokens) for row in found.usage] == [(3, 36)]


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        ({"used": {"in": -1, "out": 4}}, ["input_tokens"]),
        ({"used": {"in": 12, "out": "many"}}, ["output_tokens"]),
        ({"used": {"in": True, "out": 1.5}}, ["input_tokens", "output_tokens"]),
        ({"used": [1]}, ["input_tokens", "cached_input_tokens", "output_tokens"]),
        ({"price": "$0.0031"}, ["cost_usd"]),
        ({"price": -0.25}, ["cost_usd"]),
        ({"price": float("nan")}, ["cost_usd"]),
        ({"price": float("inf"), "took": "1.7s"}, ["cost_usd", "latency_ms"]),
        ({"trace": {"id": 7}}, ["trace_id"]),
        ({"end": 5, "ok": []}, ["finish_reason", "valid"]),
        ({"llm": "half \ud83d"}, ["model"]),
        ({"llm": ["m"]}, ["model"]),
        ({"id": {}}, ["request_id"]),
    ],
)
def test_a_bad_optional_value_is_unknown_and_its_call_counts(
    wrong: dict[str, Any], fields: list[str], compiled: bool
) -> None:
    found = read(GOOD, GOOD | wrong, compiled=compiled)

    assert found.tallies == {Result.COUNTED: 2}
    assert sum(row.inferences for row in found.usage) == 2
    assert found.unreadable == dict.fromkeys(fields, 1)
    assert [(it.place, it.reason) for it in found.problems] == [("a.log:2", UNREADABLE_VALUE)] * len(fields)
    assert {it.detail.partition(":")[0] for it in found.problems} == set(fields)


def test_the_good_values_beside_a_bad_one_are_kept() -> None:
    (row,) = read(GOOD | {"used": {"in": -1, "hit": 3, "out": 4}, "price": 0.5}).usage

    assert (row.input_tokens, row.unknown_input, row.output_tokens, row.cost_usd) == (0, 1, 4, 0.5)
    assert row.model == "m"


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize(
    ("wrong", "result"),
    [
        ({"at": {}}, Result.MISTYPED_FIELD),
        ({"at": float("nan")}, Result.MISTYPED_FIELD),
        ({"app": {"name": "bot"}}, Result.MISTYPED_FIELD),
        ({"app": "bot\ud83d"}, Result.MISTYPED_FIELD),
        ({"state": 2.5}, Result.MISTYPED_FIELD),
        ({"tries": -1}, Result.MISTYPED_FIELD),
        ({"hit": []}, Result.MISTYPED_FIELD),
    ],
)
def test_what_says_whether_and_how_often_a_record_counts_refuses_it(
    wrong: dict[str, Any], result: Result, compiled: bool
) -> None:
    found = read(GOOD, GOOD | wrong | {"price": -1}, compiled=compiled)

    assert (found.tallies, found.unreadable) == ({Result.COUNTED: 1, result: 1}, {})


@pytest.mark.parametrize("line", [b'{"at": nan}', b'{"at": Nan}', b"NaN", b'{"at": 1, "used": +Infinity}'])
def test_what_is_no_json_at_all_stays_refused(line: bytes) -> None:
    assert read(line).tallies == {Result.INVALID_LINE: 1}


def test_no_value_is_in_the_log() -> None:
    found = read(GOOD | {"price": "canary-91", "trace": ["canary-91"], "used": {"in": "canary-91"}})

    assert len(found.problems) == 3
    assert "canary-91" not in repr(found.problems)


def test_a_record_that_does_not_count_counts_no_values() -> None:
    again = GOOD | {"id": "r-1", "price": -2}
    found = read(again, again, GOOD | {"price": -2, "app": ""})

    assert found.tallies == {Result.COUNTED: 1, Result.DUPLICATE: 1, Result.UNATTRIBUTED: 1}
    assert found.unreadable == {"cost_usd": 1}


def test_a_backfill_of_some_days_counts_the_values_of_their_records_alone() -> None:
    one = made()
    day = date(2026, 3, 10).toordinal()
    one.keep(((day, day),))
    lines = [
        GOOD | {"price": -1},
        GOOD | {"at": "2026-03-09T08:00:00Z", "price": -1, "took": -1},
        GOOD | {"took": -1},
    ]
    one.add(Lines(b"".join(json.dumps(it).encode() + b"\n" for it in lines), "a.log", 1))
    found = one.drain()

    assert found.tallies == {Result.COUNTED: 2, Result.OUT_OF_RANGE: 1}
    assert found.unreadable == {"cost_usd": 1, "latency_ms": 1}
    assert [problem.place for problem in found.problems] == ["a.log:1", "a.log:3"]


def test_what_was_not_committed_is_forgotten() -> None:
    one = made()
    one.add(Lines(json.dumps(GOOD | {"price": -1}).encode() + b"\n", "a.log", 1))
    one.load({})

    assert one.drain().unreadable == {}


def test_a_bad_cell_of_a_table_is_unknown() -> None:
    fields = {"time": "at", "input_tokens": "in", "cost_usd": "price", "attempts": "tries"}
    one = ingest(config(format={"type": "csv", "fields": fields}, system="bot"))
    rows = b"2026-03-10T08:00:00Z,12,$1,1\n2026-03-10T08:00:01Z,-1,inf,\n2026-03-10T08:00:02Z,1,1,few\n"
    one.add(Lines(rows, "a.csv", 2, b"at,in,price,tries\n"))
    found = one.drain()

    assert found.tallies == {Result.COUNTED: 2, Result.MISTYPED_FIELD: 1}
    assert found.unreadable == {"cost_usd": 2, "input_tokens": 1}


def test_objects_of_an_api_count_with_infinities_in_their_probabilities_and_bad_numbers() -> None:
    call = {
        "id": "chatcmpl-51", "object": "chat.completion", "created": 1773129600, "model": "m",
        "choices": [{"index": 0, "finish_reason": "stop", "logprobs": {"content": [{"logprob": float("-inf")}]}}],
        "usage": {"prompt_tokens": 8, "completion_tokens": -1},
    }  # fmt: skip
    found = named("openai", json.dumps(call))

    assert (found.tallies, found.unreadable) == ({Result.COUNTED: 1}, {"output_tokens": 1})
    assert [(row.input_tokens, row.unknown_output) for row in found.usage] == [(8, 1)]


def test_a_span_counts_with_numbers_that_cannot_be_read() -> None:
    def span(number: int, **usage: dict[str, Any]) -> dict[str, Any]:
        told: list[tuple[str, dict[str, Any]]] = [("gen_ai.operation.name", {"stringValue": "chat"})]
        told += [(f"gen_ai.usage.{name}", value) for name, value in usage.items()]
        return {
            "traceId": "c" * 32, "spanId": f"{number:016x}", "name": "chat m\ud83d",
            "startTimeUnixNano": "1773129600000000000",
            "attributes": [{"key": key, "value": value} for key, value in told],
        }  # fmt: skip

    spans = [
        span(1, input_tokens={"intValue": "-1"}, output_tokens={"intValue": "6"}),
        span(2, input_tokens={"intValue": 5}, cost={"doubleValue": float("nan")}),
    ]
    found = named("otlp", json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}))

    assert (found.tallies, found.unreadable) == ({Result.COUNTED: 2}, {"input_tokens": 1, "cost_usd": 1})
    assert sum(row.input_tokens for row in found.usage) == 5
