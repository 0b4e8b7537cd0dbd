"""The tokens of calls that tell a cost are counted apart, so that a price is only for those of the others."""

from __future__ import annotations

from typing import Any

import pytest

from leverwatch.collectors.counted_fields import COLUMNS
from tests.collectors.sources.files.logs import FIELDS, config, count, record

APART = tuple(name for name in COLUMNS if name.startswith(("costed_", "uncosted_")))
SETTINGS = config(format={"type": "jsonl", "fields": FIELDS | {"cache_write_tokens": "written"}})
USAGE = {"prompt_tokens": 70, "completion_tokens": 5, "details": {"cached": 40}}
COSTED = {
    "costed_input_tokens": 70, "costed_cached_input_tokens": 40, "costed_cache_write_tokens": 9,
    "costed_output_tokens": 5,
}  # fmt: skip


def apart(lines: bytes, settings: Any = SETTINGS) -> dict[str, float]:
    (row,) = count(lines, settings).usage
    return {name: getattr(row, name) for name in APART if getattr(row, name)}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param({"usage": USAGE, "written": 9, "cost": 0.5}, COSTED, id="a cost"),
        pytest.param({"usage": USAGE, "written": 9, "cost": 0}, {}, id="a cost of zero"),
        pytest.param({"usage": {"completion_tokens": 5}, "cost": 0.0}, {"uncosted_input": 1}, id="zero, output"),
        pytest.param({"cost": 0}, {}, id="a cost of zero and no tokens"),
        pytest.param({"usage": USAGE, "written": 9}, {}, id="no cost"),
        pytest.param({"cost": 0.5}, {}, id="a cost and no tokens"),
        pytest.param({}, {"uncosted_input": 1}, id="nothing"),
        pytest.param({"usage": {"completion_tokens": 5}}, {"uncosted_input": 1}, id="only output"),
        pytest.param({"usage": {"prompt_tokens": 5}}, {"uncosted_output": 1}, id="only input"),
        pytest.param({"usage": USAGE, "cost": 0.5, "rate": 0.5}, {
            "costed_input_tokens": 140, "costed_cached_input_tokens": 80, "costed_output_tokens": 10,
        }, id="one of two"),
        pytest.param({"rate": 0.5}, {"uncosted_input": 2}, id="nothing of two"),
        pytest.param({"usage": USAGE, "cost": 0.5, "status": "error"}, {}, id="a failure"),
    ],
)  # fmt: skip
def test_a_record_is_apart_by_what_it_tells(values: dict[str, Any], expected: dict[str, float]) -> None:
    assert apart(record(**values), SETTINGS) == expected


def test_records_of_both_kinds_in_one_cell_are_told_apart() -> None:
    lines = record(usage=USAGE, written=9, cost=0.5) + record(usage=USAGE, written=9) + record()

    assert apart(lines) == {**COSTED, "uncosted_input": 1}


@pytest.mark.parametrize(
    ("fields", "values", "expected"),
    [
        ({"time": "ts"}, {}, {"uncosted_input": 1}),
        ({"time": "ts", "input_tokens": "n"}, {"n": 5}, {"uncosted_output": 1}),
        ({"time": "ts", "input_tokens": "n"}, {}, {"uncosted_input": 1}),
        ({"time": "ts", "output_tokens": "n"}, {"n": 5}, {"uncosted_input": 1}),
        ({"time": "ts", "cost_usd": "n"}, {"n": 5}, {}),
        ({"time": "ts", "cost_usd": "n"}, {}, {"uncosted_input": 1}),
    ],
)
def test_what_is_not_mapped_is_unknown(
    fields: dict[str, str], values: dict[str, Any], expected: dict[str, float]
) -> None:
    settings = config(format={"type": "jsonl", "fields": fields}, system="bot")

    assert apart(record(**values), settings) == expected
