from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from leverwatch.collectors.interface import Result
from tests.collectors.records.formats.reading import changed, counted, only, operations, sniffed, totals

BODY = {
    "choices": [{"finish_reason": "stop", "message": {"content": 'canary "usage": {"prompt_tokens": 999}'}}],
    "model": "gpt-35-turbo", "object": "chat.completion",
    "usage": {"prompt_tokens": 14, "completion_tokens": 8, "prompt_tokens_details": {"cached_tokens": 5}},
}  # fmt: skip
GATEWAY: dict[str, Any] = {
    "category": "GatewayLogs", "correlationId": "c1", "durationMs": 176, "isRequestSuccess": True,
    "time": "2026-03-10T08:00:00.4465902Z",
    "properties": {
        "apiId": "azure-openai", "backendMethod": "POST", "backendResponseBody": json.dumps(BODY) + "\n",
        "backendUrl": "https://a.example.com/openai/deployments/pilot/chat/completions?api-version=2024",
        "cache": "none", "operationId": "ChatCompletions_Create", "responseCode": 200,
    },
}  # fmt: skip
LLM: dict[str, Any] = {
    "TimeGenerated": "2026-03-10T08:00:00Z", "CorrelationId": "c2", "DeploymentName": "pilot",
    "ModelName": "gpt-4o", "PromptTokens": 100, "CompletionTokens": 9, "TotalTokens": 109, "SequenceNumber": 0,
}  # fmt: skip
OPENAI: dict[str, Any] = {
    "category": "RequestResponse", "correlationId": "c3", "durationMs": 1021, "location": "eastus",
    "operationName": "ChatCompletions_Create", "resultSignature": "200", "time": "2026-03-10T08:00:00.4350000Z",
    "resourceId": "/SUBSCRIPTIONS/S/PROVIDERS/MICROSOFT.COGNITIVESERVICES/ACCOUNTS/PROD",
    "properties": {
        "requestTime": 638515262815394150, "responseTime": 638515262825606520, "modelDeploymentName": "pilot",
        "modelName": "gpt-35-turbo", "streamType": "Non-Streaming",
    },
}  # fmt: skip


def test_the_usage_is_read_from_the_body_of_the_response() -> None:
    row = only("azure-apim", GATEWAY, system="{api}")

    assert (row.system, row.model, row.inferences, row.latency_ms) == ("azure-openai", "gpt-35-turbo", 1, 176)
    assert (row.input_tokens, row.cached_input_tokens, row.output_tokens, row.finish_known) == (14, 5, 8, 1)


def test_a_body_that_is_cut_or_a_stream_or_missing_costs_no_call() -> None:
    stream = "".join(
        f"data: {json.dumps(event)}\n\n"
        for event in ({"model": "m", "choices": [{"delta": {"content": "canary"}}]}, {"usage": BODY["usage"]})
    )
    row = only("azure-apim", changed(GATEWAY, "properties backendResponseBody", stream))
    assert (row.model, row.input_tokens, row.output_tokens) == ("m", 14, 8)

    for body in (json.dumps(BODY)[:60], "canary", None, '{"usage": {"prompt_tokens": {}}}', '"usage": {{x}}'):
        row = only("azure-apim", changed(GATEWAY, "properties backendResponseBody", body))
        assert (row.model, row.inferences, row.unknown_input) == ("pilot", 1, 1)


def test_claude_behind_the_gateway_has_its_cache_beside_the_input() -> None:
    start = {
        "input_tokens": 10,
        "cache_read_input_tokens": 40,
        "cache_creation_input_tokens": 7,
        "output_tokens": 1,
    }
    whole = json.dumps({"type": "message", "usage": start | {"output_tokens": 9}})
    events = [
        {"type": "message_start", "message": {"usage": start}},
        {"type": "message_delta", "usage": {"output_tokens": 9}},
    ]
    stream = "".join(f"data: {json.dumps(event)}\n\n" for event in events)
    for body in (whole, stream):
        row = only("azure-apim", changed(GATEWAY, "properties backendResponseBody", body))
        assert (row.input_tokens, row.cached_input_tokens, row.cache_write_tokens) == (57, 40, 7)
        assert row.output_tokens == 9


def test_rows_of_one_call_count_once_whichever_has_the_tokens() -> None:
    empty = {"PromptTokens": 0, "CompletionTokens": 0, "TotalTokens": 0}
    rows = [LLM, LLM | {"SequenceNumber": 1} | empty, LLM | {"SequenceNumber": 2, "RequestMessages": "canary"}]
    for order in itertools.permutations(rows):
        found = counted("azure-apim", *order)
        assert found.tallies == {Result.COUNTED: 1, Result.PART: 2}
        (row,) = found.usage
        assert (row.inferences, row.input_tokens, row.output_tokens, row.unknown_input) == (1, 100, 9, 0)


def test_a_row_that_tells_everything_leaves_no_open_call_and_no_other_row_adds_to_it() -> None:
    other = LLM | {"CorrelationId": "c1", "CompletionTokens": 99}
    for rows, is_open in (((GATEWAY,), False), ((GATEWAY, other, GATEWAY), False), ((other,), True)):
        found = counted("azure-apim", *rows)
        (row,) = found.usage
        assert (row.inferences, row.output_tokens) == (1, 99 if is_open else 8)
        assert any(key.startswith("open/") for key in found.state) is is_open


def test_both_categories_of_one_call_count_once() -> None:
    bare = changed(GATEWAY | {"correlationId": "c2"}, "properties backendResponseBody", None)
    bare = changed(bare, "properties modelName", "gpt-4o")
    for order in ((bare, LLM), (LLM, bare)):
        found = totals("azure-apim", *order)
        assert (found["inferences"], found["input_tokens"]) == (1, 100)


def test_a_refused_request_is_an_error_and_a_cached_one_a_cache_hit() -> None:
    refused = changed(GATEWAY | {"isRequestSuccess": False}, "properties responseCode", 400)
    assert totals("azure-apim", refused) == {"errors": 1, "attempts": 1}
    assert totals("azure-apim", changed(GATEWAY, "properties cache", "hit")) == {"cache_hits": 1}


def test_other_apis_behind_the_gateway_are_no_calls() -> None:
    other = changed(
        changed(GATEWAY, "properties backendUrl", "https://a/orders"), "properties operationId", "Order"
    )
    listed = changed(GATEWAY, "properties backendMethod", "GET")

    assert counted("azure-apim", other, listed).tallies == {Result.NOT_A_CALL: 2}


def test_rows_of_log_analytics_are_read_too() -> None:
    row = {
        "TimeGenerated": "2026-03-10T08:00:00Z", "CorrelationId": "c9", "BackendMethod": "POST",
        "ResponseCode": 200,
        "BackendUrl": "https://a/openai/deployments/d/embeddings", "BackendResponseBody": json.dumps(BODY),
        "TotalTime": 12, "Type": "ApiManagementGatewayLogs",
    }  # fmt: skip
    assert operations("azure-apim", row) == {"embedding": 1}


@pytest.mark.parametrize("name", ["azure-apim", "azure-openai"])
def test_records_inside_one_object_are_records(name: str) -> None:
    rows = [GATEWAY, LLM, GATEWAY] if name == "azure-apim" else [OPENAI, OPENAI | {"correlationId": "c4"}, OPENAI]
    found = counted(name, {"records": rows})

    assert (found.tallies[Result.COUNTED], sum(found.tallies.values())) == (2, 3)
    assert sniffed({"records": rows}) == name


@pytest.mark.parametrize("as_text", [True, False])
def test_the_log_of_azure_openai_knows_calls_and_no_tokens(as_text: bool) -> None:
    properties = json.dumps(OPENAI["properties"]) if as_text else OPENAI["properties"]
    row = only("azure-openai", OPENAI | {"properties": properties}, system="{resource}")

    assert (row.system, row.model, row.inferences, row.latency_ms) == ("prod", "gpt-35-turbo", 1, 1021)
    assert (row.unknown_input, row.unknown_output, row.unpriced) == (1, 1, 1)


def test_a_negative_duration_is_that_of_the_ticks_or_unknown() -> None:
    assert only("azure-openai", OPENAI | {"durationMs": -5}).latency_ms == pytest.approx(1021.237)
    assert only("azure-openai", changed(OPENAI, "properties responseTime", 0) | {"durationMs": -5}).unknown_latency
    assert only("azure-apim", GATEWAY | {"durationMs": -5}).unknown_latency == 1


def test_ticks_serve_as_time_where_there_is_no_other() -> None:
    record = changed(OPENAI | {"time": None}, "properties requestTime", 639087264815394150)

    assert only("azure-openai", record).day.isoformat() == "2026-03-10"


@pytest.mark.parametrize(
    ("name", "operation"),
    [
        ("ChatCompletions_Create", "generation"),
        ("Completions_Create", "generation"),
        ("ExtensionsChatCompletions_Create", "generation"),
        ("Embeddings_Create", "embedding"),
        ("ImageGenerations_Create", "image"),
        ("AudioTranscriptions_Create", "audio"),
    ],
)
def test_the_name_of_the_operation_tells_what_was_asked(name: str, operation: str) -> None:
    assert operations("azure-openai", OPENAI | {"operationName": name}) == {operation: 1}


@pytest.mark.parametrize("name", ["Create_Thread", "Files_Upload", "ListModels", "ChatCompletions_List", None])
def test_other_operations_and_categories_are_no_calls(name: str | None) -> None:
    records = (OPENAI | {"operationName": name}, OPENAI | {"category": "Audit"})

    assert counted("azure-openai", *records).tallies == {Result.NOT_A_CALL: 2}


def test_failures_are_errors_and_repetitions_duplicates() -> None:
    assert totals("azure-openai", OPENAI | {"resultSignature": "429"}) == {"errors": 1, "attempts": 1}
    assert counted("azure-openai", OPENAI, OPENAI).tallies == {Result.COUNTED: 1, Result.DUPLICATE: 1}


def test_they_are_recognised_apart() -> None:
    assert (sniffed(GATEWAY), sniffed(LLM), sniffed(OPENAI)) == ("azure-apim", "azure-apim", "azure-openai")
