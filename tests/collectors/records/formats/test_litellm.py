from __future__ import annotations

import json
from typing import Any

import pytest

from leverwatch.collectors.interface import Result
from tests.collectors.records.formats.records import lines, read, totals
from tests.collectors.sources.files.logs import config, count

METADATA = {
    "user_api_key_team_alias": "core", "user_api_key_alias": "key", "status": None,
    "usage_object": {
        "prompt_tokens_details": {"cached_tokens": 4}, "completion_tokens_details": {"reasoning_tokens": 3},
        "cache_creation_input_tokens": 2,
    },
}  # fmt: skip


def row(**values: Any) -> dict[str, Any]:
    """A row of the spend log, as a queue has it: objects are JSON in strings."""
    return {
        "request_id": "r1", "session_id": "s1", "call_type": "acompletion", "cache_hit": "None",
        "startTime": "2026-03-10 08:00:00.250000", "endTime": "2026-03-10 08:00:01.500000", "model": "gpt-4o",
        "team_id": "t1", "metadata": json.dumps(METADATA), "spend": 0.5, "total_tokens": 30, "prompt_tokens": 10,
        "completion_tokens": 20, "request_tags": "[]", "messages": '{"m": "canary"}', "response": "{}",
        "status": "success",
    } | values  # fmt: skip


def payload(**values: Any) -> dict[str, Any]:
    """The standard payload of a callback."""
    return {
        "id": "p1", "trace_id": None, "call_type": "acompletion", "cache_hit": None, "status": "success",
        "startTime": 1773129600.25, "endTime": 1773129601.5, "response_time": 0.1, "model": "gpt-4o",
        "metadata": METADATA, "response_cost": 0.5, "prompt_tokens": 10, "completion_tokens": 20,
        "model_parameters": {"response_format": {"type": "json_schema", "json_schema": {"canary": 1}}},
        "messages": [{"content": "canary"}],
        "response": {"choices": [{"finish_reason": "length", "message": {"content": "canary"}}]},
    } | values  # fmt: skip


FULL = {
    "inferences": 1, "attempts": 1, "input_tokens": 10, "cached_input_tokens": 4, "output_tokens": 20,
    "cost_usd": 0.5, "latency_ms": 1250, "cache_write_tokens": 2, "reasoning_tokens": 3,
}  # fmt: skip


def test_a_row_of_the_spend_log_is_one_inference_with_all_it_tells() -> None:
    counted = read("litellm", row())

    assert totals(counted) == {**FULL, "traced": 1, "traces": 1}
    assert counted.usage[0].model == "gpt-4o"
    assert counted.tallies == {Result.COUNTED: 1}


def test_a_payload_tells_the_same_and_how_the_output_ended() -> None:
    expected = {**FULL, "finish_known": 1, "truncated": 1, "schema_checked": 1, "schema_mode": 1}

    assert totals(read("litellm", payload())) == expected


@pytest.mark.parametrize("hit", ["True", True, "true"])
def test_a_cache_hit_replays_tokens_that_no_model_read(hit: Any) -> None:
    counted = read("litellm", row(cache_hit=hit, request_id="r1_cache_hit1773129600.5", spend=0))

    assert totals(counted) == {"cache_hits": 1}


@pytest.mark.parametrize("hit", ["None", "False", "", None, False])
def test_what_is_no_cache_hit_is_an_inference(hit: Any) -> None:
    assert totals(read("litellm", row(cache_hit=hit)), "inferences", "cache_hits") == {"inferences": 1}


def test_zeros_in_columns_that_are_never_null_are_unknown() -> None:
    counted = read("litellm", row(prompt_tokens=0, completion_tokens=0, spend=0.0))

    expected = {"unknown_input": 1, "unknown_cached": 1, "unknown_output": 1, "unpriced": 1}
    assert totals(counted, *expected, "input_tokens", "cost_usd") == expected
    assert totals(read("litellm", row(spend=0.0)), "input_tokens", "unpriced") == {
        "input_tokens": 10,
        "unpriced": 1,
    }


def test_an_old_row_has_its_status_in_the_metadata() -> None:
    old = [row(status=None, metadata=form({**METADATA, "status": "failure"})) for form in (json.dumps, dict)]

    assert totals(read("litellm", *old, dedupe_window="0s"), "errors") == {"errors": 2}


def test_the_response_time_of_a_stream_is_no_latency() -> None:
    assert totals(read("litellm", payload(endTime=None)), "unknown_latency") == {"unknown_latency": 1}
    assert totals(read("litellm", row(request_duration_ms=7)), "latency_ms") == {"latency_ms": 7}


def test_an_id_of_none_is_no_id() -> None:
    assert read("litellm", row(request_id="None"), row(request_id="None")).tallies == {Result.COUNTED: 2}
    assert read("litellm", row(), row()).tallies == {Result.COUNTED: 1, Result.DUPLICATE: 1}


@pytest.mark.parametrize("response", ["", "plain canary", None, [], ["canary"], "[]", {"choices": "canary"}, 7])
def test_a_response_of_any_shape_costs_nothing(response: Any) -> None:
    made = payload(response=response, model_parameters={"response_format": "canary"})

    assert read("litellm", made).tallies == {Result.COUNTED: 1}


@pytest.mark.parametrize(
    ("template", "system"),
    [
        ("{team_id}", "t1"),
        ("{user_api_key_team_alias}", "core"),
        ("{team_alias}/{key_alias}", "core/key"),
        ("{metadata.user_api_key_alias}", "key"),
        ("{model_group}", "gpt-4o"),
    ],
)
def test_a_system_has_a_friendly_name_or_a_path(template: str, system: str) -> None:
    assert [usage.system for usage in read("litellm", row(), system=template).usage] == [system]
    assert read("litellm", row(team_id=""), system="{team_id}").tallies == {Result.UNATTRIBUTED: 1}


def test_objects_arrays_and_lines_hold_the_same_rows() -> None:
    rows = [row(request_id=str(number)) for number in range(3)]
    for data in (
        lines(*rows),
        json.dumps(rows, indent=2).encode(),
        b"".join(map(str.encode, map(json.dumps, rows))),
    ):
        assert count(data, config(format="litellm", system="bot")).tallies == {Result.COUNTED: 3}


def test_a_bad_row_costs_only_itself_and_shows_nothing() -> None:
    bad = [row(metadata="canary {"), row(prompt_tokens="canary"), row(startTime="canary")]
    counted = read("litellm", *bad, row())

    assert counted.tallies == {Result.COUNTED: 2, Result.MISTYPED_FIELD: 1, Result.BAD_TIME: 1}
    assert counted.unreadable == {"input_tokens": 1}
    assert {problem.place for problem in counted.problems} == {f"app.jsonl:{number}" for number in (1, 2, 3)}
