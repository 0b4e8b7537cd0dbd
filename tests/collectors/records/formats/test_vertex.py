from __future__ import annotations

import json
from typing import Any

import pytest

from leverwatch.collectors.interface import Result
from tests.collectors.records.formats.reading import changed, counted, only, operations, sniffed, totals, without

CALL: dict[str, Any] = {
    "api_method": "GenerateContent", "endpoint": "projects/p/locations/l/endpoints/e1", "request_id": "5374",
    "full_request": {"contents": [{"parts": [{"text": "canary"}]}]},
    "full_response": {
        "candidates": [{"finish_reason": "STOP", "content": {"parts": [{"text": "canary"}]}}],
        "create_time": "2026-03-10T08:00:00.034753Z", "model_version": "gemini-2.5-pro", "response_id": "x",
        "usage_metadata": {
            "prompt_token_count": 100, "candidates_token_count": 29, "thoughts_token_count": 901,
            "cached_content_token_count": 60, "total_token_count": 1030,
        },
    },
    "logging_time": "2026-03-10T08:00:11Z", "metadata": {"request_latency": 11225.994},
    "model": "publishers/google/models/gemini-2.5-pro",
}  # fmt: skip


def camel(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            "".join(word.capitalize() if at else word for at, word in enumerate(key.split("_"))): camel(inner)
            for key, inner in value.items()
        }
    return [camel(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    "record",
    [
        CALL,
        camel(CALL),
        CALL | {"full_response": camel(CALL["full_response"])},
        CALL | {"full_response": json.dumps(CALL["full_response"]), "full_request": json.dumps({"a": "canary"})},
    ],
)
def test_thinking_is_added_to_the_output_in_every_spelling(record: dict[str, Any]) -> None:
    row = only("vertex", record, system="{endpoint}")

    assert (row.system, row.model, row.inferences) == ("e1", "gemini-2.5-pro", 1)
    assert (row.input_tokens, row.cached_input_tokens) == (100, 60)
    assert (row.output_tokens, row.reasoning_tokens) == (930, 901)
    assert (row.latency_ms, row.finish_known, row.truncated) == (11225.994, 1, 0)


def test_the_time_is_that_of_the_response() -> None:
    late = CALL | {"logging_time": "2026-03-11T00:00:05Z"}
    assert only("vertex", late).day.isoformat() == "2026-03-10"
    assert only("vertex", changed(CALL, "full_response create_time", None)).day.isoformat() == "2026-03-10"


def test_a_sample_stands_for_all_calls() -> None:
    found = totals("vertex", CALL, CALL | {"request_id": "2"}, sample_rate=0.25)

    assert (found["inferences"], found["input_tokens"]) == (8, 800)


def test_prompts_of_tools_are_input() -> None:
    assert (
        totals("vertex", changed(CALL, "full_response usage_metadata tool_use_prompt_token_count", 9))[
            "input_tokens"
        ]
        == 109
    )


def used(**tokens: int) -> dict[str, Any]:
    return changed(CALL, "full_response usage_metadata", tokens)


@pytest.mark.parametrize(
    ("tokens", "output"),
    [
        ({"prompt_token_count": 80, "thoughts_token_count": 40, "total_token_count": 120}, 40),
        ({"prompt_token_count": 80, "thoughts_token_count": 40}, 40),
        ({"prompt_token_count": 80, "thoughts_token_count": 40, "total_token_count": 129}, 49),
        ({"prompt_token_count": 80, "total_token_count": 80}, 0),
        ({"prompt_token_count": 80, "response_token_count": 9, "thoughts_token_count": 40}, 49),
        ({"prompt_token_count": 80, "candidates_token_count": 49, "thoughts_token_count": 40,
          "total_token_count": 129}, 49),
    ],
)  # fmt: skip
def test_what_the_candidates_left_out_follows_from_the_sum(tokens: dict[str, int], output: int) -> None:
    row = only("vertex", used(**tokens))

    assert (row.input_tokens, row.output_tokens, row.unknown_output) == (80, output, 0)


def test_an_output_that_nothing_tells_is_unknown() -> None:
    assert only("vertex", used(prompt_token_count=80)).unknown_output == 1


def test_an_answer_in_the_shape_of_openai_has_its_tokens_too() -> None:
    usage = {"prompt_tokens": 90, "completion_tokens": 8, "prompt_tokens_details": {"cached_tokens": 64}}
    response = {"usage": usage, "create_time": "2026-03-10T08:00:00Z"}
    row = only("vertex", CALL | {"api_method": "ChatCompletions", "full_response": response})

    assert (row.input_tokens, row.cached_input_tokens, row.output_tokens) == (90, 64, 8)


def test_claude_has_the_cache_beside_its_input() -> None:
    usage = {
        "input_tokens": 10, "output_tokens": 5, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 7,
    }  # fmt: skip
    response = {"usage": usage, "create_time": "2026-03-10T08:00:00Z"}
    row = only("vertex", CALL | {"api_method": "RawPredict", "full_response": response})

    assert (row.input_tokens, row.cached_input_tokens, row.cache_write_tokens, row.output_tokens) == (
        117,
        100,
        7,
        5,
    )


@pytest.mark.parametrize(
    ("method", "model", "operation"),
    [
        ("StreamGenerateContent", "gemini-2.5-flash", "generation"),
        ("google.cloud.aiplatform.v1.PredictionService.GenerateContent", "gemini-2.5-flash", "generation"),
        ("Predict", "publishers/google/models/text-embedding-005", "embedding"),
        ("Predict", "publishers/google/models/imagen-3.0", "image"),
    ],
)
def test_the_method_and_the_model_give_the_operation(method: str, model: str, operation: str) -> None:
    assert operations("vertex", CALL | {"api_method": method, "model": model}) == {operation: 1}


def test_counting_tokens_is_no_call_and_an_unknown_method_is_told() -> None:
    records = [CALL | {"api_method": method} for method in ("CountTokens", "Explain")]

    assert counted("vertex", *records).tallies == {Result.NOT_A_CALL: 1, Result.UNKNOWN_OPERATION: 1}


def test_a_blocked_prompt_and_a_failure_are_errors() -> None:
    for response in (
        {"prompt_feedback": {"block_reason": "SAFETY"}, "create_time": "2026-03-10T08:00:00Z"},
        {"error": {"code": 429, "message": "canary"}},
    ):
        assert totals("vertex", CALL | {"full_response": response}) == {"errors": 1, "attempts": 1}


def test_a_response_that_is_missing_leaves_tokens_unknown() -> None:
    row = only("vertex", without(CALL, "full_response"))

    assert (row.inferences, row.unknown_input, row.unknown_output) == (1, 1, 1)


def test_a_row_that_is_exported_twice_counts_once() -> None:
    assert counted("vertex", CALL, CALL).tallies == {Result.COUNTED: 1, Result.DUPLICATE: 1}


def test_it_is_recognised() -> None:
    assert sniffed(CALL) == "vertex"
    assert sniffed(camel(CALL)) == "vertex"


def test_an_endpoint_that_is_a_number_is_a_name() -> None:
    assert only("vertex", changed(CALL, "endpoint", 17), system="{endpoint}").system == "17"
