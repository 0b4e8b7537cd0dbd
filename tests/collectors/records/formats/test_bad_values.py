"""In every named format: an optional number that cannot be read costs that number alone, and is counted."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from leverwatch.collectors.aggregation.ingest import Counted
from leverwatch.collectors.counted_fields import COUNTED, Unit
from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.lenient import REQUIRED, sound
from tests.collectors.records.formats import test_otlp, test_vertex
from tests.collectors.records.formats.examples import CASES, Make
from tests.collectors.records.formats.reading import changed, counted, only
from tests.collectors.sources.files.logs import config, count, sums

BAD = ("-1", "NaN", "Infinity", "-Infinity", '"abc"', "true", "null", "[]", "{}", "1e400", '"\\ud800"')
"""JSON, or what producers write for it."""
TOKENS = ("input_tokens", "output_tokens", "cached_input_tokens", "cache_write_tokens", "reasoning_tokens")
WHOLE = [line.name for line in COUNTED if line.unit in {Unit.CALLS, Unit.TOKENS}]
TIMES = frozenset(
    {
        "created", "created_at", "start_time", "started_at", "startTime", "start_time_unix_nano",
        "startTimeUnixNano", "requestTime",
    }
)  # fmt: skip
STATUSES = frozenset({"status", "status_code", "response_code", "responseCode", "resultSignature"})
IDS = frozenset({"spanId"})
DECIDING = TIMES | STATUSES | IDS
"""What says whether and where a call counts: a bad one may refuse it."""
HOLE = "@@hole@@"
Path = tuple[str | int, ...]


def numbers(value: Any, path: Path = ()) -> Iterator[Path]:
    """The paths of all numbers, also of those written as text, and of those in JSON inside a text (""
    in a path)."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from numbers(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from numbers(inner, (*path, index))
    elif isinstance(value, str) and value[:1] in ("{", "["):
        yield from numbers(json.loads(value), (*path, ""))
    elif (isinstance(value, int | float) and not isinstance(value, bool)) or (
        isinstance(value, str) and value.replace(".", "").isdigit()
    ):
        yield path


def with_hole(value: Any, path: Path, text: str) -> Any:
    if not path:
        return HOLE
    key, *rest = path
    if key == "":
        return filled(with_hole(json.loads(value), tuple(rest), text), text)
    value[key] = with_hole(value[key], tuple(rest), text)
    return value


def filled(value: Any, text: str) -> str:
    return json.dumps(value).replace(json.dumps(HOLE), text)


def read(name: str, records: list[str]) -> Counted:
    return count(("\n".join(records) + "\n").encode(), config(format={"type": name}, system="bot"))


PLACES = [
    pytest.param(name, make, at, path, id=f"{name}-{number}-{at}-{'.'.join(map(str, path))}")
    for number, (name, make) in enumerate(CASES)
    for at, record in enumerate(make("one"))
    for path in numbers(record)
    if DECIDING.isdisjoint(path)
]


def told(found: Counted) -> dict[str, float]:
    return {
        name: value for name, value in sums(found.usage).items() if not name.startswith(("unknown", "unpriced"))
    }


@pytest.mark.parametrize(("name", "make", "at", "path"), PLACES)
def test_a_bad_number_costs_that_number_alone(name: str, make: Make, at: int, path: Path) -> None:
    records = make("one")
    whole = read(name, [json.dumps(it) for it in records])
    for text in BAD:
        texts = [json.dumps(it) for it in records]
        texts[at] = filled(with_hole(copy.deepcopy(records[at]), path, text), text)
        found = read(name, texts)

        assert found.tallies == whole.tallies, text
        assert REQUIRED.isdisjoint(found.unreadable), text
        values, right = told(found), told(whole)
        gone = {it for it in TOKENS if it in right and it not in values}
        if text != "null" and "backendResponseBody" not in path:
            # Of a body that may be cut off only what can be read is looked for.
            assert gone <= found.unreadable.keys(), text
        for field in TOKENS:
            # What stands beside its whole is missing there.
            assert field in gone or values.get(field, 0) <= right.get(field, 0), (text, field)
        assert values["inferences"] == right["inferences"] == 1


@pytest.mark.parametrize(("name", "make", "at", "path"), PLACES)
def test_no_fraction_of_a_call_or_of_a_token_counts(name: str, make: Make, at: int, path: Path) -> None:
    texts = [json.dumps(it) for it in make("one")]
    texts[at] = filled(with_hole(copy.deepcopy(make("one")[at]), path, "7.5"), "7.5")

    for row in read(name, texts).usage:
        assert all(float(getattr(row, column)).is_integer() for column in WHOLE)


def test_there_are_numbers_in_the_examples_of_every_format() -> None:
    assert {it.values[0] for it in PLACES} == {name for name, _ in CASES}
    assert len(PLACES) > 80


@pytest.mark.parametrize("text", [text for text in BAD if text != "null"])
def test_a_part_of_a_sum_that_cannot_be_read_leaves_the_sum_unknown(text: str) -> None:
    record = changed(test_vertex.CALL, "full_response usage_metadata tool_use_prompt_token_count", HOLE)
    found = counted("vertex", filled(record, text))
    (row,) = found.usage

    assert (found.tallies, found.unreadable) == ({Result.COUNTED: 1}, {"input_tokens": 1})
    assert (row.unknown_input, row.input_tokens, row.unknown_output) == (1, 0, 0)


@pytest.mark.parametrize("value", ["twelve", True, [], {}, "", -1])
def test_a_number_of_a_span_that_is_none_is_unknown_whatever_it_is_instead(value: Any) -> None:
    span = test_otlp.span({"gen_ai.usage.output_tokens": 7})
    span["attributes"].append({"key": "gen_ai.usage.input_tokens", "value": {"intValue": value}})
    beside = test_otlp.span({"gen_ai.usage.output_tokens": 8, "gen_ai.usage.input_tokens": 9})
    found = counted("otlp", test_otlp.export(span, {**beside, "traceId": "f" * 32}))

    assert (found.tallies, found.unreadable) == ({Result.COUNTED: 2}, {"input_tokens": 1})
    assert sums(found.usage)["output_tokens"] == 15
    assert sums(found.usage)["input_tokens"] == 9


@pytest.mark.parametrize(
    ("name", "field"),
    [("gen_ai.request.model", "model"), ("gen_ai.response.finish_reasons", "finish_reason")],
)
def test_a_text_of_a_span_that_is_none_is_unknown(name: str, field: str) -> None:
    span = test_otlp.span({"gen_ai.usage.output_tokens": 7})
    span["attributes"] = [it for it in span["attributes"] if "model" not in it["key"]]
    span["attributes"].append({"key": name, "value": {"stringValue": [5]}})
    found = counted("otlp", test_otlp.export(span))

    assert (found.tallies, found.unreadable) == ({Result.COUNTED: 1}, {field: 1})
    assert found.usage[0].model == "unknown"


@pytest.mark.parametrize("name", ["gen_ai.operation.name", "error.type"])
def test_what_says_how_a_span_counts_refuses_it_alone(name: str) -> None:
    span = test_otlp.span({"gen_ai.usage.output_tokens": 7})
    span["attributes"] = [it for it in span["attributes"] if it["key"] != name]
    span["attributes"].append({"key": name, "value": {"stringValue": 5}})
    beside = test_otlp.span({"gen_ai.usage.output_tokens": 8})
    found = counted("otlp", test_otlp.export(span, {**beside, "traceId": "f" * 32}))

    assert found.tallies == {Result.COUNTED: 1, Result.MISTYPED_FIELD: 1}


def test_what_json_has_not_is_mended_and_what_is_no_json_is_left() -> None:
    assert json.loads(sound(b'{"a": [NaN, 1e400, "\\ud800"], "b": 1}')) == {"a": ["NaN", "NaN", "?"], "b": 1}
    assert sound(b"{nothing") == b"{nothing"


def test_a_record_of_an_attempt_keeps_what_else_it_tells() -> None:
    entry: dict[str, Any] = {
        "id": "o-1",
        "traceId": "t-1",
        "type": "GENERATION",
        "startTime": "2026-03-10T08:00:00Z",
    }
    entry |= {"endTime": "2026-03-10T08:00:02Z", "model": "m"}
    entry["usageDetails"] = {"input": 5, "input_cached_tokens": "few", "output": 3, "total": 8}
    entry["costDetails"] = {"total": 0.5, "input": -3}
    row = only("langfuse", entry)

    assert (row.input_tokens, row.output_tokens, row.unknown_cached, row.cost_usd) == (5, 3, 1, 0.5)
