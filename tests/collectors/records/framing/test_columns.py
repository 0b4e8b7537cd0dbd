"""Documents that have the values of each column together are read row by row."""

from __future__ import annotations

import json
from typing import Any

import pytest

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.framing.columns import rows_of
from tests.collectors.sources.files.logs import config, count

ROWS = [{"at": "2026-03-10T08:00:00Z", "in": 4, "of": "m"}, {"at": "2026-03-10T08:00:01Z", "in": 7, "of": "m"}]
LISTED = {"at": [it["at"] for it in ROWS], "in": [4, 7], "of": "m"}


@pytest.mark.parametrize(
    ("document", "rows"),
    [
        (LISTED, ROWS),
        ({"columns": ["at", "in"], "data": [[it["at"], it["in"]] for it in ROWS], "of": "m"}, ROWS),
        ({"in": {"0": 4, "1": 7}, "out": {"0": 1}}, [{"key": "0", "in": 4, "out": 1}, {"key": "1", "in": 7}]),
        ({"in": [4, 7], "out": [1]}, None),
        ({"in": [4, 7], "out": [[1], [2]]}, None),
        ({"columns": ["at", "in"], "data": [["2026-03-10", 4, 5]]}, None),
        ({"usage": {"in": 4, "out": 5}}, None),
        ([1, 2], None),
        (None, None),
    ],
)
def test_rows_are_told_by_arrays_by_keys_and_below_names(document: Any, rows: Any) -> None:
    assert rows_of(document) == rows


def test_each_row_counts_and_a_document_without_columns_costs_no_neighbour() -> None:
    data = b"".join(json.dumps(it, indent=1).encode() + b"\n" for it in (LISTED, {"said": "canary"}, LISTED))
    fields = {"time": "at", "model": "of", "input_tokens": "in"}
    counted = count(
        data, config(format={"type": "jsonl", "framing": "json", "wrap": "columns", "fields": fields}, system="a")
    )

    assert counted.tallies == {Result.COUNTED: 4, Result.INVALID_LINE: 1}
    assert sum(row.input_tokens for row in counted.usage) == 22
    assert "canary" not in repr(counted)


def test_lines_that_are_no_json_cost_no_neighbour_and_one_row_is_a_row() -> None:
    one, named = {"at": [ROWS[0]["at"]], "in": [40]}, {"columns": ["at", "in"], "data": [[ROWS[1]["at"], 300]]}
    keyed = {"at": {"0": ROWS[0]["at"]}, "in": {"0": 5000}}
    empty = [{"at": [], "in": []}, {"columns": ["at", "in"], "data": []}, {"at": {}, "in": {}}]
    good = [json.dumps(it).encode() for it in (one, named, keyed, *empty, LISTED)]
    bad = [b'{"at": [', b"\xff", b"9" * 5000, b"[" * 100_000, b'{"at": 1}']
    lines = [line for it in zip(good, [*bad, b"", b""], strict=True) for line in it]
    settings = config(
        format={"type": "jsonl", "wrap": "columns", "fields": {"time": "at", "input_tokens": "in"}}, system="a"
    )
    counted = count(b"\n".join(lines) + b"\n", settings)

    assert counted.tallies[Result.COUNTED] == 5
    assert counted.tallies[Result.INVALID_LINE] == len(bad)
    assert sum(row.input_tokens for row in counted.usage) == 5351
