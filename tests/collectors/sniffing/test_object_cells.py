"""Tables whose cells are JSON objects are read by what is inside of these."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from leverwatch.collectors.sniffing.sniff import Guess, guess


def table(cell: Callable[[dict[str, Any]], str], *, delimiter: str = ",", **beside: str) -> Guess:
    text = io.StringIO()
    write = csv.writer(text, delimiter=delimiter)
    write.writerow(["created_at", "used", *beside])
    for n in range(12):
        used = {"model": "gpt-4o-mini", "tokens": {"input": 700 + n * 37 % 91, "output": 30 + n * 17 % 29}}
        write.writerow([f"2026-04-0{1 + n // 6}T10:1{n % 6}:00Z", cell(used), *beside.values()])
    found = guess(text.getvalue().encode(), "plain")
    assert found is not None
    return found


@pytest.mark.parametrize("cell", [json.dumps, str])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_call_inside_of_a_cell_is_found(cell: Callable[[dict[str, Any]], str], delimiter: str) -> None:
    found = table(cell, delimiter=delimiter, place="x")

    assert found.format == "csv"
    assert found.fields is not None
    assert found.fields.extras == {"objects": ["used"]}
    assert dict(found.fields.fields) == {
        "time": "created_at",
        "model": "used.model",
        "input_tokens": "used.tokens.input",
        "output_tokens": "used.tokens.output",
    }


def test_a_column_beside_an_object_is_read_as_ever() -> None:
    found = table(lambda it: json.dumps(it["tokens"]), model="claude-3-haiku").fields

    assert found is not None
    assert (found.fields["model"], found.fields["input_tokens"]) == ("model", "used.input")


def test_objects_that_tell_nothing_of_calls_are_texts() -> None:
    found = table(lambda it: '{"theme": "dark"}', model="claude-3-haiku", input_tokens="7").fields  # noqa: ARG005

    assert found is not None
    assert "objects" not in found.extras
    assert found.fields["input_tokens"] == "input_tokens"
