from __future__ import annotations

from typing import Any

import pytest

from leverwatch.collectors.interface import Operation, Result
from tests.collectors.records.formats.reading import changed, counted, only, operations, sniffed, totals, without

CALL: dict[str, Any] = {
    "schemaType": "ModelInvocationLog", "schemaVersion": "1.0", "timestamp": "2026-03-10T08:00:00Z",
    "accountId": "111122223333", "region": "us-east-1", "requestId": "r1", "operation": "Converse",
    "identity": {"arn": "arn:aws:sts::111122223333:assumed-role/search-prod/i-0abc"},
    "modelId": "arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.anthropic.claude-haiku-4-5-v1:0",
    "input": {"inputBodyJson": {"messages": ["canary"]}, "inputTokenCount": 20},
    "output": {
        "outputBodyJson": {
            "output": {"message": {"content": [{"text": "canary"}]}}, "stopReason": "end_turn",
            "metrics": {"latencyMs": 1200}, "usage": {"inputTokens": 20, "outputTokens": 18, "totalTokens": 38},
        },
        "outputTokenCount": 18,
    },
}  # fmt: skip
EVENTS = [
    {"type": "message_start", "message": {"usage": {"input_tokens": 0, "output_tokens": 0}}},
    {"type": "content_block_delta", "delta": {"text": "canary"}},
    {"type": "message_delta", "delta": {"stop_reason": "max_tokens"}},
    {"type": "message_stop", "amazon-bedrock-invocationMetrics": {"invocationLatency": 700}},
    "[DONE]",
]


def test_a_call_counts_with_the_id_inside_the_arn_of_its_model() -> None:
    row = only("bedrock", CALL)

    assert (row.model, row.operation) == ("us.anthropic.claude-haiku-4-5-v1:0", Operation.GENERATION)
    assert (row.inferences, row.input_tokens, row.output_tokens, row.latency_ms) == (1, 20, 18, 1200)
    assert (row.unpriced, row.unknown_cached, row.finish_known, row.truncated) == (1, 1, 1, 0)


@pytest.mark.parametrize(
    ("arn", "name"),
    [
        ("arn:aws:sts::1:assumed-role/search-prod/i-0abc", "search-prod"),
        ("arn:aws:iam::1:role/teams/search", "search"),
        ("arn:aws:iam::1:user/observe-test", "observe-test"),
        ("arn:aws:iam::1:root", "arn:aws:iam::1:root"),
    ],
)
def test_the_identity_is_the_role_or_user_without_its_session(arn: str, name: str) -> None:
    assert only("bedrock", changed(CALL, "identity arn", arn), system="{identity}").system == name


def test_the_events_of_a_stream_are_one_record_and_one_call() -> None:
    row = only(
        "bedrock",
        changed(CALL, "output outputBodyJson", EVENTS) | {"operation": "InvokeModelWithResponseStream"},
    )

    assert (row.inferences, row.output_tokens, row.latency_ms, row.truncated) == (1, 18, 700, 1)


def blocked(body: Any, **tokens: int) -> dict[str, Any]:
    record = changed(changed(CALL, "output outputBodyJson", body), "output outputTokenCount", 0)
    return changed(record, "input inputTokenCount", tokens.get("input", 0))


@pytest.mark.parametrize(
    "body",
    [
        {"stopReason": "guardrail_intervened", "usage": {"inputTokens": 0}},
        {"amazon-bedrock-guardrailAction": "INTERVENED", "completion": "canary"},
        [*EVENTS[:2], {"type": "content_block_delta", "amazon-bedrock-guardrailAction": "INTERVENED"}],
    ],
)
def test_a_call_that_a_guardrail_kept_from_the_model_is_an_error(body: Any) -> None:
    assert totals("bedrock", blocked(body)) == {"errors": 1, "attempts": 1}
    assert totals("bedrock", blocked(body, input=5)) == {"errors": 1, "attempts": 1}
    # An answer that was held back has been written, and paid for.
    assert totals("bedrock", changed(CALL, "output outputBodyJson", body))["inferences"] == 1


def test_tokens_of_zero_without_a_guardrail_are_unknown() -> None:
    row = only("bedrock", blocked({"stopReason": "end_turn"}))

    assert (row.inferences, row.errors, row.unknown_input, row.unknown_output) == (1, 0, 1, 1)


def test_what_went_through_the_cache_is_added_where_the_input_lacks_it() -> None:
    cached = changed(changed(CALL, "input cacheReadInputTokenCount", 100), "input cacheWriteInputTokenCount", 7)
    row = only("bedrock", cached)
    assert (row.input_tokens, row.cached_input_tokens, row.cache_write_tokens) == (127, 100, 7)

    nova = cached | {"modelId": "amazon.nova-lite-v1:0"}
    assert only("bedrock", changed(nova, "output outputBodyJson usage totalTokens", None)).input_tokens == 127
    inside = changed(nova, "input cacheReadInputTokenCount", 10)
    assert only("bedrock", inside).input_tokens == 20
    proven = changed(inside, "output outputBodyJson usage totalTokens", 55)
    assert only("bedrock", proven).input_tokens == 37


def test_parts_that_the_total_leaves_no_room_for_are_unknown() -> None:
    cached = changed(changed(CALL, "input cacheReadInputTokenCount", 100), "input cacheWriteInputTokenCount", 7)
    row = only("bedrock", cached | {"modelId": "eu.amazon.nova-2-lite-v1:0"})

    assert (row.input_tokens, row.output_tokens) == (20, 18)
    assert (row.cached_input_tokens, row.unknown_cached, row.cache_write_tokens) == (0, 1, 0)


@pytest.mark.parametrize("prefix", ["", "eu.", "us.", "apac.", "global."])
def test_claude_is_known_behind_every_prefix_of_an_inference_profile(prefix: str) -> None:
    record = changed(CALL, "input cacheReadInputTokenCount", 10) | {"modelId": f"{prefix}anthropic.claude-x-v1:0"}

    assert only("bedrock", changed(record, "output outputBodyJson usage", None)).input_tokens == 30


def test_claude_behind_a_profile_of_the_account_is_known_by_its_answer() -> None:
    arn = "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/q1w2e3"
    record = changed(CALL, "input cacheReadInputTokenCount", 10) | {"modelId": arn, "operation": "InvokeModel"}
    body = {"type": "message", "stop_reason": "end_turn", "usage": {"input_tokens": 20, "output_tokens": 18}}
    row = only("bedrock", changed(record, "output outputBodyJson", body))

    assert (row.model, row.input_tokens) == ("q1w2e3", 30)


@pytest.mark.parametrize(
    "body",
    [
        {"usage": {"inputTokens": 9, "outputTokens": 4, "cacheReadInputTokens": 6, "totalTokens": 19}},
        {"usage": {"input_tokens": 9, "output_tokens": 4, "cache_read_input_tokens": 6}},
        [
            {"type": "message_start", "message": {"usage": {"input_tokens": 9, "output_tokens": 1,
                                                            "cache_read_input_tokens": 6}}},
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 4}},
        ],
        [{"amazon-bedrock-invocationMetrics": {"inputTokenCount": 9, "outputTokenCount": 4,
                                               "cacheReadInputTokenCount": 6}}],
    ],
)  # fmt: skip
def test_tokens_that_only_the_body_tells_are_read_from_it(body: Any) -> None:
    bare = changed(CALL, "input inputTokenCount", None)
    row = only("bedrock", changed(changed(bare, "output outputTokenCount", None), "output outputBodyJson", body))

    assert (row.input_tokens, row.cached_input_tokens, row.output_tokens) == (15, 6, 4)


@pytest.mark.parametrize(
    ("reason", "truncated"),
    [("model_context_window_exceeded", 1), ("malformed_tool_use", 0), ("content_filtered", 0)],
)
def test_a_window_that_was_full_cut_the_answer(reason: str, truncated: int) -> None:
    row = only("bedrock", changed(CALL, "output outputBodyJson stopReason", reason))

    assert (row.inferences, row.errors, row.truncated) == (1, 0, truncated)


def test_the_other_operations_of_the_runtime_are_no_calls() -> None:
    others = [CALL | {"operation": name} for name in ("CountTokens", "ApplyGuardrail", "InvokeGuardrailChecks")]

    assert counted("bedrock", *others).tallies == {Result.NOT_A_CALL: 3}
    assert operations("bedrock", CALL | {"operation": "InvokeModelWithBidirectionalStream"}) == {"generation": 1}


def test_an_error_is_no_inference() -> None:
    failed = without(CALL, "output") | {"errorCode": "ThrottlingException"}

    assert totals("bedrock", failed) == {"errors": 1, "attempts": 1}


@pytest.mark.parametrize(
    ("model", "operation"),
    [
        ("amazon.titan-embed-text-v2:0", "embedding"),
        ("cohere.rerank-v3-5:0", "rerank"),
        ("amazon.nova-canvas-v1:0", "image"),
        ("amazon.nova-reel-v1:0", "other"),
        ("mistral.mistral-large-2402-v1:0", "generation"),
    ],
)
def test_other_models_are_other_operations(model: str, operation: str) -> None:
    record = changed(CALL, "output outputBodyJson", {"embedding": [0.1]})
    assert operations("bedrock", record | {"modelId": model, "operation": "InvokeModel"}) == {operation: 1}


@pytest.mark.parametrize("body", [None, [], {}, 5, "canary", [[["x"]]], {"metrics": 3, "usage": []}])
def test_a_body_of_any_shape_costs_no_call(body: Any) -> None:
    assert totals("bedrock", changed(CALL, "output outputBodyJson", body))["input_tokens"] == 20


def test_the_bodies_of_the_data_folder_are_no_calls() -> None:
    found = counted("bedrock", {"messages": [{"role": "user"}]}, CALL, CALL)

    assert found.tallies == {Result.NOT_A_CALL: 1, Result.COUNTED: 1, Result.DUPLICATE: 1}


def test_it_is_recognised() -> None:
    assert sniffed(CALL) == "bedrock"


@pytest.mark.parametrize("value", [{}, [], {"a": 1}, [[]], 1.5, True])
@pytest.mark.parametrize(
    "key",
    [
        "type", "usage", "metrics", "stopReason", "stop_reason", "delta", "message",
        "amazon-bedrock-guardrailAction",
    ],
)  # fmt: skip
def test_a_body_with_values_of_other_types_costs_no_call(key: str, value: Any) -> None:
    call = changed(CALL | {"modelId": "amazon.nova-lite-v1:0"}, f"output outputBodyJson {key}", value)

    assert totals("bedrock", call)["inferences"] == 1
