from __future__ import annotations

import json
from typing import Any

import pytest

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.formats.apisix import APISIX
from tests.collectors.records.formats.reading import changed, counted, only, operations, sniffed, totals, without

SUMMARY: dict[str, Any] = {
    "start_time": 1773129600123, "latency": 2900, "upstream_latency": 2800, "route_id": "support",
    "response": {"status": 200, "headers": {"x-request-id": "r1"}}, "llm_request": {"messages": "canary"},
    "llm_summary": {
        "request_model": "gpt-4o", "model": "gpt-4o-0806", "duration": 12, "prompt_tokens": 11,
        "completion_tokens": 22, "cache_read_input_tokens": 5, "cache_creation_input_tokens": 6,
        "reasoning_tokens": 7, "upstream_response_time": 1.5,
    },
}  # fmt: skip


def line(
    *, kind: str = "ai_chat", status: str = "200", upstream: str = "200", model: str = "gpt-4o",
    tokens: str = "23", path: str = "/v1/chat/completions",
) -> str:  # fmt: skip
    return (
        f'1.1.1.1 - - [10/Mar/2026:08:00:00 +0000] a.example.com "POST /ask HTTP/1.1" {status} 804 2.858 "-" '
        f'"curl/8.6.0" api.example.com:443 {upstream} 2.858 "https://api.example.com{path}" "r1" "{kind}" "300" '
        f'"{model}" "gpt-4" "{tokens}" "8"'
    )


def test_an_access_line_with_the_variables_of_ai_proxy_counts() -> None:
    row = only("apisix", line(), system="{host}")

    assert (row.system, row.model, row.inferences) == ("a.example.com", "gpt-4o", 1)
    assert (row.input_tokens, row.output_tokens, row.unpriced) == (23, 8, 1)
    assert row.latency_ms == 2858  # of the request, not the time to the first token
    assert (row.day.isoformat(), row.attempts) == ("2026-03-10", 1)


def test_other_traffic_is_no_call() -> None:
    assert counted("apisix", line(kind="traditional_http")).tallies == {Result.NOT_A_CALL: 1}
    assert counted("apisix", without(SUMMARY, "llm_summary")).tallies == {Result.NOT_A_CALL: 1}


def test_a_summary_counts_and_its_duration_is_no_latency() -> None:
    row = only("apisix", SUMMARY, system="{route}")
    assert (row.system, row.model, row.inferences) == ("support", "gpt-4o-0806", 1)
    assert (row.input_tokens, row.output_tokens, row.cached_input_tokens) == (11, 22, 5)
    assert (row.cache_write_tokens, row.reasoning_tokens, row.latency_ms) == (6, 7, 2900)

    assert only("apisix", without(SUMMARY, "latency")).unknown_latency == 1


def test_the_total_of_a_summary_proves_where_its_parts_stand() -> None:
    summary = SUMMARY["llm_summary"] | {"total_tokens": 44}
    row = only("apisix", SUMMARY | {"llm_summary": summary})
    assert (row.input_tokens, row.output_tokens) == (22, 22)

    row = only("apisix", SUMMARY | {"llm_summary": summary | {"total_tokens": 33}})
    assert (row.input_tokens, row.output_tokens) == (11, 22)


def test_variables_as_keys_are_read_too() -> None:
    record = {
        "time_iso8601": "2026-03-10T08:00:00+00:00", "request_type": "ai_stream", "llm_model": "m",
        "status": "200",
        "llm_prompt_tokens": "23", "llm_completion_tokens": "", "request_time": "1.5", "upstream_status": "200",
    }  # fmt: skip
    row = only("apisix", record)

    assert (row.model, row.input_tokens, row.unknown_output, row.latency_ms) == ("m", 23, 1, 1500)


def test_tokens_of_zero_are_unknown() -> None:
    row = only("apisix", line(tokens="0").replace('"8"', '"0"'))

    assert (row.inferences, row.unknown_input, row.unknown_output) == (1, 1, 1)


def test_an_answer_without_model_and_upstream_is_a_cache_hit() -> None:
    cached = line(model="", upstream="-", tokens="0").replace('"8"', '"0"')
    assert totals("apisix", cached) == {"cache_hits": 1}

    summary = {"request_model": "gpt-4o", "duration": 1}
    assert totals("apisix", without(SUMMARY, "upstream_latency") | {"llm_summary": summary}) == {"cache_hits": 1}
    assert totals("apisix", SUMMARY | {"llm_summary": summary})["inferences"] == 1


@pytest.mark.parametrize(("upstream", "attempts"), [("200", 1), ("502, 200", 2), ("502, 502 : 200", 3)])
def test_every_upstream_that_was_tried_is_an_attempt(upstream: str, attempts: int) -> None:
    found = totals("apisix", line(upstream=upstream))
    assert (found["inferences"], found["attempts"]) == (1, attempts)


def test_a_failed_call_is_an_error() -> None:
    assert totals("apisix", line(status="499"))["errors"] == 1
    assert totals("apisix", changed(SUMMARY, "response status", 500))["errors"] == 1


def test_embeddings_are_told_by_the_path_of_the_upstream() -> None:
    assert operations("apisix", line(path="/v1/embeddings")) == {"embedding": 1}


def test_a_line_of_another_format_is_refused_and_costs_only_itself() -> None:
    found = counted("apisix", "canary", line(), line(), "", SUMMARY | {"start_time": 1773129601000})

    # The line and the summary have the same request id, and say something else.
    assert found.tallies == {Result.INVALID_LINE: 1, Result.COUNTED: 2, Result.DUPLICATE: 1, Result.IGNORED: 1}
    assert [problem.place for problem in found.problems] == ["app.jsonl:1"]
    assert "canary" not in str(found.problems)


def test_it_is_recognised() -> None:
    assert sniffed(line(), line()) == "apisix"
    assert sniffed(SUMMARY, SUMMARY) == "apisix"


def test_a_value_that_is_no_number_is_not_told() -> None:
    found = counted("apisix", changed(SUMMARY, "llm_summary prompt_tokens", "canary - at `$.x`"))

    assert (found.tallies, found.unreadable) == ({Result.COUNTED: 1}, {"input_tokens": 1})
    assert [problem.detail.partition(": ")[2] for problem in found.problems] == [
        "llm_summary.prompt_tokens: invalid enum value"
    ]


def test_records_of_json_and_of_text_are_read_alike_whatever_stands_beside_them() -> None:
    reader = APISIX.build(())
    text, blank = line().encode(), b" "
    told = [json.dumps(SUMMARY | {"apisix_request_id": f"r{at}"}).encode() for at in range(6)]
    plain = [told[0], b" " + told[1], told[2] + b"\r"]
    mixed = [*plain, b"\xef\xbb\xbf" + told[3], told[4] + b"\0", text, blank, b"{", told[5]]
    for units in (plain, mixed, mixed[::-1]):
        together = reader.read(units)
        alone = [reader.read([unit]) for unit in units]
        assert together.rows == [row for one in alone for row in one.rows]
        assert [result for _, result, _ in together.refused] == [it[1] for one in alone for it in one.refused]
        assert len(together.rows) == sum(unit not in {blank, b"{"} for unit in units)
