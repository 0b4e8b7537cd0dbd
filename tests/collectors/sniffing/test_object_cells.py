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


@pytest.mark.parametrize("others", [4, 9])
def test_calls_among_many_lines_of_a_log_in_one_column_are_found(others: int) -> None:
    rows = []
    for n in range(12):
        at = f"2026-04-0{1 + n // 6} 10:1{n % 6}:0"
        call = {"kind": "asked", "model": "mistral-small", "in_tokens": 300 + n * 37 % 91, "out_tokens": 9 + n % 5}
        rows += [[f"{at}{k}", f"step {k} of {n} runs\n", "a"] for k in range(others)]
        rows.append([f"{at}9", json.dumps(call) + "\n", "a"])
    text = io.StringIO()
    csv.writer(text).writerows([["@timestamp", "@message", "@log"], *rows])
    found = guess(text.getvalue().encode(), "plain")

    assert found is not None
    assert found.fields is not None
    assert found.fields.only == {"@message.kind": {"present": True}}
    assert found.fields.fields["output_tokens"] == "@message.out_tokens"
    assert f"{12 * others} records whose @message is no object" in "".join(found.fields.notes)


def test_few_objects_in_a_column_of_texts_are_details_of_calls_that_all_rows_are() -> None:
    text = io.StringIO()
    write = csv.writer(text)
    write.writerow(["at", "model", "tokens_in", "tokens_out", "said"])
    for n in range(20):
        said = json.dumps({"tokens_in": 5, "code": 429}) if n % 7 == 3 else f"note {n}"
        write.writerow([f"2026-04-01T10:{n:02}:00Z", "gpt-4o", 300 + n, 20 + n % 7, said])
    found = guess(text.getvalue().encode(), "plain")

    assert found is not None
    assert found.fields is not None
    assert (found.fields.only, found.fields.fields["input_tokens"]) == ({}, "tokens_in")
