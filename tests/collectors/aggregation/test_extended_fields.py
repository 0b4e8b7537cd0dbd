from __future__ import annotations

from typing import Any

import pytest

from tests.collectors.sources.files.logs import FIELDS, config, count, csv_config, record, sums

RARE = {
    "cache_write_tokens": "written", "reasoning_tokens": "thought", "valid": "valid", "schema_mode": "mode",
    "finish_reason": "why", "static_input_tokens": "static",
}  # fmt: skip
SETTINGS = config(format={"type": "jsonl", "fields": FIELDS | RARE}, system="{app}")


def rare(**values: Any) -> dict[str, float]:
    totals = sums(count(record(**values), SETTINGS).usage)
    common = {"inferences", "attempts", "unpriced", "errors"}
    return {name: value for name, value in totals.items() if name not in common and "unknown" not in name}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, {}),
        ({"written": 5, "thought": 3}, {"cache_write_tokens": 5, "reasoning_tokens": 3}),
        ({"valid": True}, {"checked": 1}),
        ({"valid": "failed"}, {"checked": 1, "invalid": 1}),
        ({"valid": "perhaps"}, {}),
        ({"mode": "json_schema"}, {"schema_checked": 1, "schema_mode": 1}),
        ({"mode": True}, {"schema_checked": 1, "schema_mode": 1}),
        ({"mode": "json_object"}, {"schema_checked": 1}),
        ({"why": "stop"}, {"finish_known": 1}),
        ({"why": "MAX_TOKENS"}, {"finish_known": 1, "truncated": 1}),
        ({"static": 900}, {"static_known": 1, "static_tokens": 900}),
        ({"static": 900, "why": "length", "rate": 0.5}, {
            "static_known": 2, "static_tokens": 1800, "finish_known": 2, "truncated": 2,
        }),
        ({"static": 900, "why": "length", "valid": False, "status": "error"}, {}),
    ],
)  # fmt: skip
def test_what_few_records_say_counts_for_inferences_only(
    values: dict[str, Any], expected: dict[str, float]
) -> None:
    assert rare(**values) == expected


def test_the_columns_of_a_csv_say_the_same() -> None:
    fields = {"time": "t", "reasoning_tokens": "thought", "valid": "ok"}
    settings = csv_config(format={"type": "csv", "fields": fields}, system="{app}")
    counted = count(b"2026-03-10,5,false,bot\n", settings, b"t,thought,ok,app")

    totals = sums(counted.usage)
    assert (counted.usage[0].system, totals["reasoning_tokens"], totals["invalid"]) == ("bot", 5, 1)
