from __future__ import annotations

from typing import Any

import pytest

from leverwatch.collectors.interface import Result
from tests.collectors.records.formats.reading import counted, only, operations, sniffed, totals

RECORD: dict[str, Any] = {
    "start_time": "2026-03-10T08:00:00.123Z", "method": "POST", "path": "/openai/deployments/d1/chat/completions",
    "response_code": 200, "duration": 512, "x-request-id": "r1", ":authority": "llm.example.com",
    "upstream_request_attempt_count": 2,
}  # fmt: skip
ISTIO = ' via_upstream - "-"'


def line(path: str = "/v1/chat/completions", code: int = 200, between: str = "", end: str = "") -> str:
    return (
        f'[2026-03-10T08:00:00.123Z] "POST {path} HTTP/1.1" {code} -{between} 105 432 1526 451 "10.0.0.1" '
        f'"curl/8.7.1" "r1" "llm.example.com" "10.0.0.2:443"{end}'
    )


@pytest.mark.parametrize(
    "text", [line(), line(between=ISTIO, end=" outbound|80||vllm inbound 10.0.0.1:1 10.0.0.2:2 - default")]
)
def test_a_line_of_envoy_or_istio_counts_and_its_tokens_are_unknown(text: str) -> None:
    row = only("envoy", text, system="{authority}")

    assert (row.system, row.inferences, row.latency_ms) == ("llm.example.com", 1, 1526)
    assert (row.unknown_input, row.unknown_output, row.unpriced) == (1, 1, 1)


def test_the_cluster_of_istio_is_a_name() -> None:
    text = line(between=ISTIO, end=" outbound|80||vllm inbound")

    assert only("envoy", text, system="{cluster}").system == "outbound|80||vllm"


def test_json_is_read_too() -> None:
    row = only("envoy", RECORD)

    assert (row.model, row.inferences, row.attempts, row.latency_ms) == ("d1", 1, 2, 512)


def test_paths_decide_what_counts() -> None:
    assert operations("envoy", line("/v1/embeddings")) == {"embedding": 1}
    assert counted("envoy", line("/v1/models"), RECORD | {"method": "GET"}).tallies == {Result.NOT_A_CALL: 2}


@pytest.mark.parametrize("code", [0, 429, 503])
def test_failures_and_requests_without_response_are_errors(code: int) -> None:
    assert totals("envoy", line(code=code)) == {"errors": 1, "attempts": 1}


def flagged(text: str, flags: str) -> str:
    return text.replace(" 200 - ", f" 200 {flags} ").replace(" 429 - ", f" 429 {flags} ")


@pytest.mark.parametrize("flags", ["DC", "UT", "UC", "SI", "URX,UT", "StreamIdleTimeout"])
def test_a_stream_that_was_cut_is_told_from_whole_ones(flags: str) -> None:
    text = only("envoy", line(), flagged(line().replace('"r1"', '"r2"'), flags))
    record = only("envoy", RECORD | {"response_flags": flags})

    assert (text.inferences, text.errors, text.unknown_latency, text.latency_ms) == (2, 0, 1, 1526)
    assert (record.inferences, record.unknown_latency) == (1, 1)
    assert only("envoy", flagged(line(), flags), system="{flags}").system == flags


def test_a_flag_of_an_answer_that_came_whole_changes_nothing() -> None:
    assert only("envoy", RECORD | {"response_flags": "RL"}).latency_ms == 512
    assert only("envoy", RECORD | {"response_flags": "-"}).latency_ms == 512


def test_what_envoy_limited_by_itself_asked_no_server() -> None:
    limited = flagged(line(code=429), "RL").replace('"10.0.0.2:443"', '"-"')

    assert totals("envoy", limited) == {"errors": 1}
    assert totals("envoy", RECORD | {"response_code": 429, "upstream_request_attempt_count": 0}) == {"errors": 1}


def test_a_line_that_is_delivered_twice_counts_once() -> None:
    assert counted("envoy", line(), line()).tallies == {Result.COUNTED: 1, Result.DUPLICATE: 1}


def test_it_is_recognised() -> None:
    assert sniffed(line()) == "envoy"
    assert sniffed(RECORD) == "envoy"
