"""Values of a record that are objects as text, read as if these stood in their place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.formats.interface import Units
from leverwatch.collectors.records.shapes.opened import Opened
from tests.collectors.sources.files.logs import config, count, sums

FIELDS = {"time": "at", "model": "model", "input_tokens": "said.usage.in", "output_tokens": "said.usage.out"}
USAGE = {"id": "c1", "usage": {"in": 7, "out": 2}}


def read(*texts: Any) -> Any:
    records = [{"at": "2026-03-10T08:00:00Z", "model": "m-1", "said": it} for it in texts]
    data = b"".join(json.dumps(it).encode() + b"\n" for it in records)
    settings = {"type": "jsonl", "objects": ["said"], "fields": FIELDS}
    return count(data, config(format=settings, system="bot"))


@pytest.mark.parametrize("text", [json.dumps(USAGE), f"  {json.dumps(USAGE, indent=2)}\n", str(USAGE), USAGE])
def test_a_path_goes_on_into_the_text_of_an_object(text: Any) -> None:
    found = sums(read(text).usage)

    assert (found["inferences"], found["input_tokens"], found["output_tokens"]) == (1, 7, 2)


@pytest.mark.parametrize("text", ["timeout", "{cut off", '{"usage": {"in": 7', "", None, 3, [1], "[1]", "\ud800{"])
def test_what_is_no_object_counts_with_what_stands_around_it_and_unknown_tokens(text: Any) -> None:
    found = read(text)

    assert found.tallies == {Result.COUNTED: 1}
    assert "input_tokens" not in sums(found.usage)


def test_a_line_that_is_no_json_is_refused_at_its_place_and_the_others_count() -> None:
    settings = {"type": "jsonl", "objects": ["said"], "fields": FIELDS}
    line = json.dumps({"at": "2026-03-10T08:00:00Z", "model": "m-1", "said": json.dumps(USAGE)}).encode()
    found = count(line + b'\n{"at": \n' + line + b"\n", config(format=settings, system="bot"))

    assert found.tallies == {Result.COUNTED: 2, Result.INVALID_LINE: 1}
    assert [it.place for it in found.problems] == ["app.jsonl:2"]


@given(st.dictionaries(st.text(max_size=3), st.integers() | st.text(max_size=5) | st.none(), max_size=4))
def test_every_object_as_text_is_the_object(value: dict[str, Any]) -> None:
    record = {"a": 1, "said": json.dumps(value)}
    made = Opened(["said"]).unwrap(Units([json.dumps(record).encode()]))

    assert [json.loads(it) for it in made.units] == [{"a": 1, "said": value}]
