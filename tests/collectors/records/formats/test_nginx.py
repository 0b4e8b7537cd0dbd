from __future__ import annotations

from typing import Any

import pytest

from leverwatch.collectors.interface import Result
from tests.collectors.records.formats.reading import counted, only, operations, sniffed, totals

RECORD: dict[str, Any] = {
    "time_iso8601": "2026-03-10T08:00:00+00:00", "remote_addr": "10.0.0.1", "request_method": "POST",
    "request_uri": "/v1/chat/completions", "status": "200", "request_time": "0.512", "upstream_status": "502, 200",
    "request_id": "r1", "host": "llm.example.com",
}  # fmt: skip
INGRESS = (
    ' 512 1.250 [search-vllm-80] [] 10.0.0.1:8000, 10.0.0.2:8000 0, 99 0.100, 1.150 502, 200 '
    "9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d"
)  # fmt: skip


def line(path: str = "/v1/messages", tail: str = "", *, method: str = "POST", status: str = "200") -> str:
    return (
        f'1.1.1.1 - alice [10/Mar/2026:08:00:00 +0100] "{method} {path} HTTP/1.1" {status} 804 "-" "py \\"x\\""'
        + tail
    )


def test_a_combined_line_counts_and_its_tokens_are_unknown() -> None:
    row = only("nginx", line(), system="{user}")

    assert (row.system, row.model, row.inferences, row.attempts) == ("alice", "unknown", 1, 1)
    assert (row.unknown_input, row.unknown_output, row.unpriced, row.unknown_latency) == (1, 1, 1, 1)


@pytest.mark.parametrize(
    ("tail", "latency", "attempts"),
    [
        (' "10.0.0.9"', None, 1),
        (" 2.858", 2858, 1),
        (' "10.123.1.2" 0.123 0.100', 123, 1),
        (' 0.512 "0.100, 0.200 : 0.200"', 512, 3),
        (" 0.512 0.100, 0.400 502, 200", 512, 2),
        (' rt=0.512 uct="0.001" uht="0.1" urt="0.100, 0.400"', 512, 2),
        (" request_time=0.512 upstream_status=502 : 200 upstream_response_time=0.512", 512, 2),
        (" - - -", None, 1),
        (INGRESS, 1250, 2),
    ],
)
def test_what_is_appended_tells_latency_and_attempts(tail: str, latency: float | None, attempts: int) -> None:
    row = only("nginx", line(tail=tail))

    assert (row.inferences, row.attempts) == (1, attempts)
    assert (row.latency_ms if row.unknown_latency == 0 else None) == latency


def test_the_ingress_of_kubernetes_names_the_upstream_and_the_request() -> None:
    assert only("nginx", line(tail=INGRESS), system="{upstream}").system == "search-vllm-80"
    assert counted("nginx", line(tail=INGRESS), line(tail=INGRESS)).tallies[Result.DUPLICATE] == 1


@pytest.mark.parametrize(
    "path",
    [
        "/v1/chat/completions?api-version=1", "/v1/completions", "/v1/responses", "/v1/messages", "/api/chat",
        "/api/generate", "/openai/v1/chat/completions", "/v1beta/models/gemini-2.5-pro:generateContent",
        "/v1/projects/p/locations/l/publishers/google/models/gemini-2.5-pro:streamGenerateContent?alt=sse",
        "/v1beta/interactions", "/v1beta1/projects/p/locations/l/interactions?x=1", "/v1/responses/compact",
        "/v1/decisions", "/openai/responses?api-version=2025-03-01-preview", "/v1/fim/completions",
        "/v1/projects/p/locations/l/publishers/anthropic/models/claude-x:rawPredict",
        "/v1/projects/p/locations/l/publishers/anthropic/models/claude-x:streamRawPredict",
        "/v1/projects/p/locations/l/endpoints/77:streamGenerateContent",
    ],
)  # fmt: skip
def test_a_post_to_these_paths_is_an_inference(path: str) -> None:
    assert operations("nginx", line(path)) == {"generation": 1}


@pytest.mark.parametrize(
    ("path", "operation"),
    [
        ("/v1/embeddings", "embedding"),
        ("/api/embed", "embedding"),
        ("/v1/rerank", "rerank"),
        ("/v1/images/generations", "image"),
        ("/v1/audio/transcriptions", "audio"),
        ("/v1/moderations", "moderation"),
        ("/model/amazon.titan-embed-text-v2%3A0/invoke", "embedding"),
        ("/v1/projects/p/locations/l/publishers/google/models/text-embedding-005:predict", "embedding"),
        ("/v1/projects/p/locations/l/publishers/google/models/imagen-4:predict", "image"),
    ],
)
def test_these_paths_are_other_operations(path: str, operation: str) -> None:
    assert operations("nginx", line(path)) == {operation: 1}


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/v1/models", "GET"), ("/v1/chat/completions", "OPTIONS"), ("/v1/chat/completions", "GET"),
        ("/health", "GET"), ("/metrics", "GET"), ("/v1/messages/count_tokens", "POST"), ("/tokenize", "POST"),
        ("/v1/files", "POST"), ("/v1/responses/resp_1/cancel", "POST"), ("/v1/messages/batches", "POST"),
        ("//[x", "POST"), ("/v1/responses/input_tokens", "POST"), ("/v1/interactions/i1/cancel", "POST"),
        ("/v1beta/models/gemini-2.5-pro:countTokens", "POST"), ("/v1/projects/p/endpoints/77:predict", "POST"),
        ("/v1/projects/p/locations/l/publishers/anthropic/models/count-tokens:rawPredict", "POST"),
        ("/model/anthropic.claude-x/count-tokens", "POST"),
    ],
)  # fmt: skip
def test_everything_else_is_no_call(path: str, method: str) -> None:
    assert counted("nginx", line(path, method=method)).tallies == {Result.NOT_A_CALL: 1}


def test_a_request_line_that_is_none_is_no_call() -> None:
    broken = line().replace("POST /v1/messages HTTP/1.1", r"\x16\x03\x01")

    assert counted("nginx", broken).tallies == {Result.NOT_A_CALL: 1}


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("/openai/deployments/gpt-chat-pilot/chat/completions?api-version=2024-02-15", "gpt-chat-pilot"),
        ("/model/anthropic.claude-3-haiku-20240307-v1%3A0/invoke", "anthropic.claude-3-haiku-20240307-v1:0"),
        ("/model/us.amazon.nova-lite-v1:0/converse-stream", "us.amazon.nova-lite-v1:0"),
        ("/model/arn%3Aaws%3Abedrock%3Aeu-west-1%3A1%3Ainference-profile%2Feu.x-v1%3A0/converse", "eu.x-v1:0"),
        ("/model/arn:aws:bedrock:eu-west-1:1:inference-profile/eu.x-v1:0/converse", "eu.x-v1:0"),
        ("/v1beta/models/gemini-2.5-pro:generateContent", "gemini-2.5-pro"),
        ("/v1/projects/p/locations/l/publishers/anthropic/models/claude-x:rawPredict", "claude-x"),
    ],
)
def test_a_path_may_name_the_model(path: str, model: str) -> None:
    assert only("nginx", line(path)).model == model


@pytest.mark.parametrize("status", ["499", "429", "500", "301"])
def test_any_other_status_is_an_error(status: str) -> None:
    assert totals("nginx", line(status=status)) == {"errors": 1, "attempts": 1}


@pytest.mark.parametrize("path", ["/v1/responses/compact", "/v1beta/interactions"])
def test_a_server_that_lacks_a_rare_path_asked_no_model(path: str) -> None:
    assert counted("nginx", line(path, status="404")).tallies == {Result.NOT_A_CALL: 1}
    assert totals("nginx", line(path, status="500"))["errors"] == 1


@pytest.mark.parametrize(
    "limited",
    [
        line(status="429", tail=' rt=0.000 urt="-" us="-"'),
        line(status="503", tail=" 0 0.000 [x-80] [] - - - - 77aa"),
        RECORD | {"status": 429, "request_time": 0.000, "upstream_status": "", "upstream_response_time": ""},
        RECORD | {"status": 429, "request_time": 0.000, "upstream_status": "-", "upstream_addr": "-"},
    ],
)
def test_what_nginx_refused_by_itself_asked_no_server(limited: Any) -> None:
    assert totals("nginx", limited) == {"errors": 1}


def test_a_client_that_left_before_the_answer_had_asked_a_server() -> None:
    left = RECORD | {"status": 499, "upstream_status": "-", "upstream_response_time": "0.495"}

    assert totals("nginx", left) == {"errors": 1, "attempts": 1}


@pytest.mark.parametrize("seconds", [0, 0.0, "0.000"])
def test_a_time_of_zero_is_known(seconds: Any) -> None:
    row = only("nginx", RECORD | {"request_time": seconds})

    assert (row.latency_ms, row.unknown_latency) == (0, 0)


def test_a_stream_that_did_not_come_to_its_end_has_no_latency() -> None:
    assert only("nginx", RECORD | {"request_completion": ""}).unknown_latency == 1
    assert only("nginx", RECORD | {"request_completion": "OK"}).latency_ms == 512


def test_json_with_the_names_of_the_variables_is_read_too() -> None:
    row = only("nginx", RECORD, system="{host}")
    assert (row.system, row.inferences, row.attempts, row.latency_ms) == ("llm.example.com", 1, 2, 512)

    asked = {"time_local": "10/Mar/2026:08:00:00 +0100", "request": "POST /v1/messages HTTP/2.0", "status": 200}
    assert only("nginx", asked).inferences == 1


def test_a_virtual_host_may_stand_in_front() -> None:
    assert only("nginx", "llm.example.com:443 " + line(), system="{host}").system == "llm.example.com:443"


def test_a_line_may_be_inside_a_json_string() -> None:
    wrapped = {"message": line() + "\n"}

    assert counted("nginx", wrapped, wrap="json-string").tallies == {Result.COUNTED: 1}
    assert sniffed(wrapped) == {"type": "nginx", "wrap": "json-string"}


def test_a_line_that_is_none_is_refused() -> None:
    found = counted("nginx", "2026/03/10 08:00:00 [error] 7#7: canary", line())

    assert found.tallies == {Result.INVALID_LINE: 1, Result.COUNTED: 1}
    assert "canary" not in str(found.problems)


def test_it_is_recognised() -> None:
    assert sniffed(line(), line("/health", method="GET")) == "nginx"
    assert sniffed(RECORD, RECORD) == "nginx"
