"""Lists of keys and values, read as the objects that they stand for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from leverwatch.collectors.interface import Result
from tests.collectors.sources.files.logs import config, count, sums

AT = "2026-03-10T08:00:00Z"
FIELDS = {"time": "at", "model": "said.model", "input_tokens": "said.in"}


def read(*records: Any, **format_: Any) -> Any:
    data = b"".join(json.dumps(it).encode() + b"\n" for it in records)
    return count(
        data, config(format={"type": "jsonl", "fields": FIELDS, "pairs": "said", **format_}, system="bot")
    )


@pytest.mark.parametrize(
    "pairs",
    [
        [{"key": "model", "value": "m-1"}, {"key": "in", "value": 7}],
        [{"name": "model", "value": "m-1"}, {"name": "in", "value": "7"}],
        [{"k": "model", "v": "m-1"}, {"k": "in", "v": 7.0}],
        [{"key": "model", "value": {"stringValue": "m-1"}}, {"key": "in", "value": {"intValue": "7"}}],
        [
            {"key": "model", "value": {"string_value": "m-1", "int_value": None}},
            {"key": "in", "value": {"string_value": None, "int_value": 7, "double_value": None}},
        ],
        [{"key": "model", "string_value": "m-1", "int_value": None}, {"key": "in", "int_value": 7}],
        [3, "text", None, {"value": 9}, {"key": 4, "value": 1}, {"key": "model", "value": "m-1"},
         {"key": "in", "value": 7}, {"key": "in", "value": 7}],
    ],
)  # fmt: skip
def test_a_value_is_found_by_its_key_however_the_list_writes_it(pairs: Any) -> None:
    counted = read({"at": AT, "said": pairs})

    assert sums(counted.usage)["input_tokens"] == 7
    assert [row.model for row in counted.usage] == ["m-1"]


def test_a_key_with_two_different_values_has_none() -> None:
    counted = read({"at": AT, "said": [{"key": "in", "value": 7}, {"key": "in", "value": 8}]})

    assert sums(counted.usage) == {"inferences": 1, "attempts": 1, **_unknown(counted)}
    assert sums(counted.usage)["unknown_input"] == 1


def _unknown(counted: Any) -> dict[str, float]:
    return {key: it for key, it in sums(counted.usage).items() if key not in ("inferences", "attempts")}


@pytest.mark.parametrize("said", [None, "text", 3, {"model": "m-1", "in": 7}, []])
def test_what_is_no_list_stays_as_it_is(said: Any) -> None:
    counted = read({"at": AT, "said": said})

    assert sum(counted.tallies.values()) == 1
    assert [row.model for row in counted.usage] == (["m-1"] if isinstance(said, dict) else ["unknown"])[
        : len(counted.usage)
    ]


def test_lists_are_read_within_calls_of_a_document() -> None:
    spans = [{"attributes": [{"key": "llm.in", "value": {"intValue": 4}}]}, {"attributes": []}]
    counted = read(
        {"at": AT, "spans": spans},
        records="spans",
        pairs="spans.attributes",
        only={r"spans.attributes.llm\.in": {"present": True}},
        fields={"time": "at", "input_tokens": r"spans.attributes.llm\.in"},
    )

    assert counted.tallies == {Result.COUNTED: 1, Result.FILTERED: 1}
    assert sums(counted.usage)["input_tokens"] == 4


def test_a_line_that_is_no_json_is_refused_and_its_neighbours_count() -> None:
    good = json.dumps({"at": AT, "said": [{"key": "in", "value": 1}]}).encode() + b"\n"
    settings = config(format={"type": "jsonl", "fields": FIELDS, "pairs": "said"}, system="bot")
    counted = count(good + b'{"said": [\n\n' + good, settings)

    assert counted.tallies == {Result.COUNTED: 2, Result.INVALID_LINE: 1, Result.IGNORED: 1}
    assert [problem.place for problem in counted.problems] == ["app.jsonl:2"]
