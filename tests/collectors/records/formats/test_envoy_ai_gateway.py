from __future__ import annotations

from typing import Any

import pytest

from leverwatch.collectors.interface import Result
from tests.collectors.records.formats.reading import counted, only, operations, sniffed, totals, without

CALL: dict[str, Any] = {
    ":authority": "api.example.com", "duration": 1526, "gen_ai.provider.name": "default/openai",
    "gen_ai.request.model": "gpt-4o-mini", "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
    "gen_ai.usage.input_tokens": 15, "gen_ai.usage.output_tokens": 7, "gen_ai.usage.total_tokens": 22,
    "gen_ai.usage.reasoning_tokens": 3, "method": "POST", "response_code": 200, "response_flags": "-",
    "route_name": "search", "start_time": "2026-03-10T08:00:00.894Z", "x-request-id": "r1",
    "x-envoy-origin-path": "/v1/chat/completions",
}  # fmt: skip
MCP = CALL | {
    "gen_ai.request.model": None, "gen_ai.response.model": None, "gen_ai.usage.input_tokens": None,
    "gen_ai.usage.output_tokens": None, "mcp.method.name": "tools/call", "x-envoy-origin-path": "/mcp",
}  # fmt: skip


def test_names_with_dots_are_read_flat() -> None:
    row = only("envoy-ai-gateway", CALL, system="{route}")

    assert (row.system, row.model) == ("search", "gpt-4o-mini-2024-07-18")
    assert (row.inferences, row.input_tokens, row.output_tokens, row.reasoning_tokens) == (1, 15, 7, 3)
    assert (row.latency_ms, row.unpriced, row.unknown_cached) == (1526, 1, 1)


def test_the_total_proves_that_thoughts_and_cache_stand_beside() -> None:
    beside = CALL | {"gen_ai.usage.total_tokens": 35, "gen_ai.usage.cached_input_tokens": 10}
    row = only("envoy-ai-gateway", beside)

    assert (row.input_tokens, row.output_tokens) == (25, 10)


def test_a_stream_that_was_cut_has_no_latency_and_retries_are_attempts() -> None:
    cut = CALL | {"response_flags": "UT", "upstream_request_attempt_count": 3}
    row = only("envoy-ai-gateway", cut, system="{flags}")

    assert (row.system, row.inferences, row.attempts, row.unknown_latency) == ("UT", 1, 3, 1)


def test_mcp_lines_are_no_calls() -> None:
    without_method = without(MCP, "mcp.method.name")

    assert counted("envoy-ai-gateway", MCP, without_method).tallies == {Result.NOT_A_CALL: 2}


@pytest.mark.parametrize(
    ("path", "operation"),
    [
        ("/v1/chat/completions?x=1", "generation"),
        ("/anthropic/v1/messages", "generation"),
        ("/v1/embeddings", "embedding"),
        ("/cohere/v2/rerank", "rerank"),
        ("/v1/images/generations", "image"),
    ],
)
def test_the_path_gives_the_operation(path: str, operation: str) -> None:
    assert operations("envoy-ai-gateway", CALL | {"x-envoy-origin-path": path}) == {operation: 1}


@pytest.mark.parametrize("path", ["/v1/models", "/tokenize", "/v1/messages/count_tokens"])
def test_paths_that_call_no_model_do_not_count(path: str) -> None:
    record = CALL | {"x-envoy-origin-path": path, "gen_ai.usage.output_tokens": None}

    assert counted("envoy-ai-gateway", record).tallies == {Result.NOT_A_CALL: 1}


@pytest.mark.parametrize("code", [0, 429, 503])
def test_failures_and_requests_without_response_are_errors(code: int) -> None:
    assert totals("envoy-ai-gateway", CALL | {"response_code": code}) == {"errors": 1, "attempts": 1}


@pytest.mark.parametrize("nothing", [None, "-", ""])
def test_an_attribute_without_value_is_unknown(nothing: object) -> None:
    row = only("envoy-ai-gateway", CALL | {"gen_ai.usage.input_tokens": nothing})

    assert (row.inferences, row.unknown_input, row.output_tokens) == (1, 1, 7)


def test_a_line_that_is_delivered_twice_counts_once() -> None:
    assert counted("envoy-ai-gateway", CALL, CALL).tallies == {Result.COUNTED: 1, Result.DUPLICATE: 1}


def test_it_is_recognised() -> None:
    assert sniffed(CALL, MCP) == "envoy-ai-gateway"
