from __future__ import annotations

from typing import Any

import pytest

from leverwatch.collectors.interface import Result
from tests.collectors.records.formats.reading import changed, counted, only, operations, sniffed, totals, without

CALL: dict[str, Any] = {
    "id": "o1", "traceId": "t1", "type": "GENERATION", "startTime": "2026-03-10T08:00:00.423Z",
    "endTime": "2026-03-10T08:00:02.130Z", "projectId": "p1", "environment": "production", "level": "DEFAULT",
    "name": "chat", "model": "gpt-4o-mini", "latency": 1707, "input": "canary", "output": "canary",
    "usageDetails": {"input": 417, "output": 53, "total": 470}, "costDetails": {"total": 0.5}, "totalCost": 0.5,
    "promptName": "support",
}  # fmt: skip
SPAN = CALL | {"id": "s1", "type": "SPAN", "usageDetails": {}, "costDetails": {}, "totalCost": 0, "model": None}


def test_a_generation_counts() -> None:
    row = only("langfuse", CALL, system="{environment}/{prompt}")

    assert (row.system, row.model, row.inferences) == ("production/support", "gpt-4o-mini", 1)
    assert (row.input_tokens, row.output_tokens, row.cost_usd, row.traced) == (417, 53, 0.5, 1)
    assert row.latency_ms == 1707


@pytest.mark.parametrize(
    "kind", ["SPAN", "EVENT", "AGENT", "TOOL", "CHAIN", "RETRIEVER", "EVALUATOR", "GUARDRAIL"]
)
def test_every_other_observation_is_no_call(kind: str) -> None:
    assert counted("langfuse", CALL | {"type": kind}).tallies == {Result.NOT_A_CALL: 1}


def test_embeddings_are_apart() -> None:
    assert operations("langfuse", CALL | {"type": "EMBEDDING"}) == {"embedding": 1}


@pytest.mark.parametrize("latency", [1.707, 1707, None])
def test_the_latency_is_from_start_to_end_whatever_the_unit_of_the_field(latency: float | None) -> None:
    assert only("langfuse", CALL | {"latency": latency}).latency_ms == 1707


@pytest.mark.parametrize(
    ("details", "known"),
    [
        ({"input": 17, "input_cached_tokens": 400, "output": 53, "total": 470}, (417, 400, 0, 53, 0)),
        ({"input": 17, "output": 53, "total": 470}, (417, 0, 0, 53, 0)),
        (
            {
                "input": 10,
                "cache_read_input_tokens": 100,
                "cache_creation_input_tokens": 7,
                "output": 5,
                "total": 122,
            },
            (117, 100, 7, 5, 0),
        ),
        ({"input": 10, "output": 5, "output_reasoning_tokens": 20, "total": 35}, (10, 0, 0, 25, 20)),
        ({"input": 10, "input_cached_tokens": 30}, (40, 30, 0, 0, 0)),
    ],
)
def test_the_total_has_what_input_and_output_lack(details: dict[str, int], known: tuple[int, ...]) -> None:
    row = only("langfuse", CALL | {"usageDetails": details})

    assert (
        row.input_tokens, row.cached_input_tokens, row.cache_write_tokens, row.output_tokens, row.reasoning_tokens,
    ) == known  # fmt: skip


def test_usage_and_cost_without_details_are_unknown_unless_an_older_field_tells() -> None:
    bare = CALL | {"usageDetails": {}, "costDetails": {}, "totalCost": 0, "inputUsage": 0}
    row = only("langfuse", bare | {"usage": {"unit": "TOKENS", "input": 0, "output": 0, "total": 0}})
    assert (row.unknown_input, row.unknown_output, row.unpriced) == (1, 1, 1)

    row = only("langfuse", bare | {"usage": {"unit": "TOKENS", "input": 7, "output": 3, "total": 10}})
    assert (row.input_tokens, row.output_tokens) == (7, 3)
    assert only("langfuse", bare | {"usage": {"unit": "CHARACTERS", "input": 7}}).unknown_input == 1
    assert only("langfuse", bare | {"costDetails": {"total": 0}}).unpriced == 0


def test_an_error_is_no_inference() -> None:
    assert totals("langfuse", CALL | {"level": "ERROR", "statusMessage": "canary", "costDetails": {}}) == {
        "errors": 1, "attempts": 1, "cost_usd": 0.5,
    }  # fmt: skip


@pytest.mark.parametrize(
    "document",
    [
        {"trace": {"id": "t1", "name": "joke"}, "observations": [SPAN, CALL, SPAN | {"id": "s2"}]},
        {"id": "t1", "projectId": "p1", "name": "joke", "observations": [SPAN, CALL, SPAN | {"id": "s2"}]},
        {"data": [SPAN, CALL | {"traceName": "joke"}, SPAN], "meta": {"page": 1}},
    ],
)
def test_observations_inside_a_trace_or_a_page_are_records(document: dict[str, Any]) -> None:
    found = counted("langfuse", document, system="{trace}")

    assert found.tallies == {Result.COUNTED: 1, Result.NOT_A_CALL: 2}
    assert found.usage[0].system == "joke"
    assert sniffed(document) == "langfuse"


def test_columns_of_the_store_are_read_too() -> None:
    record = {
        "id": "o1", "trace_id": "t1", "type": "GENERATION", "start_time": "2026-03-10 08:00:00.423",
        "end_time": "2026-03-10 08:00:01.423", "provided_model_name": "m", "level": "DEFAULT",
        "usage_details": {"input": 1, "output": 2, "total": 3}, "cost_details": {"total": 0.5},
    }  # fmt: skip
    row = only("langfuse", record)

    assert (row.model, row.input_tokens, row.output_tokens, row.cost_usd, row.latency_ms) == ("m", 1, 2, 0.5, 1000)
    assert sniffed(record) == "langfuse"


def test_an_observation_that_is_exported_again_is_a_duplicate_and_a_bad_one_costs_only_itself() -> None:
    bad = [
        changed(CALL, "usageDetails input", -1),
        changed(CALL, "usageDetails", "canary"),
        changed(CALL, "level", {"canary": 1}),
        without(CALL, "startTime"),
    ]
    found = counted("langfuse", {"trace": {}, "observations": [CALL, {}, 5, *bad, CALL]})

    assert found.tallies == {
        Result.COUNTED: 1, Result.DUPLICATE: 3, Result.MISTYPED_FIELD: 1, Result.MISSING_FIELD: 1,
        Result.NOT_A_CALL: 1, Result.INVALID_LINE: 1,
    }  # fmt: skip
    assert "canary" not in str(found.problems)
