from __future__ import annotations

import json
from typing import Any

import pytest

from leverwatch.collectors.interface import Operation, Result
from tests.collectors.records.formats.records import NOW, operations, read, totals
from tests.collectors.sources.files.logs import config, count

START = NOW * 10**9
SEMCONV = {
    "gen_ai.operation.name": "chat", "gen_ai.request.model": "asked", "gen_ai.response.model": "m",
    "gen_ai.usage.input_tokens": 50, "gen_ai.usage.output_tokens": 20, "gen_ai.usage.cache_read.input_tokens": 30,
    "gen_ai.usage.cache_creation.input_tokens": 5, "gen_ai.usage.reasoning.output_tokens": 8,
    "gen_ai.response.finish_reasons": ["length"], "gen_ai.input.messages": "canary",
}  # fmt: skip
OPENLLMETRY = {
    "llm.request.type": "chat", "gen_ai.request.model": "asked", "gen_ai.response.model": "m",
    "gen_ai.usage.prompt_tokens": 50, "gen_ai.usage.completion_tokens": 20,
    "gen_ai.usage.cache_read_input_tokens": 30, "gen_ai.usage.cache_creation_input_tokens": 5,
    "gen_ai.usage.reasoning_tokens": 8, "gen_ai.completion.0.finish_reason": "length",
    "gen_ai.prompt.0.content": "canary",
}  # fmt: skip
OPENINFERENCE = {
    "openinference.span.kind": "LLM", "llm.model_name": "m", "llm.token_count.prompt": 50,
    "llm.token_count.completion": 20, "llm.token_count.prompt_details.cache_read": 30,
    "llm.token_count.prompt_details.cache_write": 5, "llm.token_count.completion_details.reasoning": 8,
    "llm.cost.total": 0.25, "input.value": "canary",
}  # fmt: skip
KNOWN = {
    "inferences": 1, "input_tokens": 50, "cached_input_tokens": 30, "cache_write_tokens": 5, "output_tokens": 20,
    "reasoning_tokens": 8,
}  # fmt: skip
ids = iter(range(1, 10**6))


def value(it: Any) -> dict[str, Any]:
    if isinstance(it, bool):
        return {"boolValue": it}
    if isinstance(it, int):
        return {"intValue": str(it)}
    if isinstance(it, float):
        return {"doubleValue": it}
    if isinstance(it, list):
        return {"arrayValue": {"values": [value(inner) for inner in it]}}
    return {"stringValue": it}


def attributes(values: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": value(it)} for key, it in values.items()]


def span(attributes_: dict[str, Any], **values: Any) -> dict[str, Any]:
    return {
        "traceId": "AB" * 16, "spanId": f"{next(ids):016x}", "name": "canary", "startTimeUnixNano": str(START),
        "endTimeUnixNano": START + 1_500_000_000, "attributes": attributes(attributes_), "status": {},
        "events": [{"name": "canary"}],
    } | values  # fmt: skip


def export(*spans: Any, **resource: Any) -> dict[str, Any]:
    resource = {"service.name": "bot", "deployment.environment": "prod", **resource}
    return {
        "resourceSpans": [
            {"resource": {"attributes": attributes(resource)}, "scopeSpans": [{"spans": list(spans)}]}
        ]
    }


@pytest.mark.parametrize("spelling", [SEMCONV, OPENLLMETRY, OPENINFERENCE])
def test_every_spelling_says_the_same(spelling: dict[str, Any]) -> None:
    counted = read("otlp", export(span(spelling)), system="{service.name}")

    assert totals(counted, *KNOWN) == KNOWN
    assert totals(counted, "latency_ms", "traced", "traces") == {"latency_ms": 1500, "traced": 1, "traces": 1}
    assert [(row.system, row.model) for row in counted.usage] == [("bot", "m")]


def test_what_only_some_tell_is_read_where_it_is() -> None:
    assert totals(read("otlp", export(span(OPENINFERENCE))), "cost_usd") == {"cost_usd": 0.25}
    assert totals(read("otlp", export(span(SEMCONV | {"gen_ai.usage.cost": 0.5}))), "cost_usd") == {
        "cost_usd": 0.5
    }
    for spelling in (SEMCONV, OPENLLMETRY):
        assert totals(read("otlp", export(span(spelling))), "truncated") == {"truncated": 1}
    asked = span(OPENINFERENCE | {"llm.invocation_parameters": '{"response_format": {"type": "json_schema"}}'})
    assert totals(read("otlp", export(asked)), "schema_mode") == {"schema_mode": 1}


@pytest.mark.parametrize(
    ("kind", "operation"),
    [
        ({"gen_ai.operation.name": "text_completion"}, Operation.GENERATION),
        ({"gen_ai.operation.name": "generate_content"}, Operation.GENERATION),
        ({"gen_ai.operation.name": "embeddings"}, Operation.EMBEDDING),
        ({"gen_ai.operation.name": "image"}, Operation.IMAGE),
        ({"llm.request.type": "completion"}, Operation.GENERATION),
        ({"llm.request.type": "embedding"}, Operation.EMBEDDING),
        ({"llm.request.type": "rerank"}, Operation.RERANK),
        ({"openinference.span.kind": "EMBEDDING"}, Operation.EMBEDDING),
        ({"openinference.span.kind": "RERANKER"}, Operation.RERANK),
        ({"ai.operationId": "ai.generateText.doGenerate"}, Operation.GENERATION),
        ({"llm.token_count.prompt": 5}, Operation.GENERATION),
    ],
)
def test_the_kind_of_a_span_decides_what_it_counts_as(kind: dict[str, Any], operation: Operation) -> None:
    assert operations(read("otlp", export(span(kind)))) == {operation: 1}


@pytest.mark.parametrize(
    "kind",
    [
        *({"gen_ai.operation.name": name} for name in (
            "invoke_agent", "create_agent", "execute_tool", "invoke_workflow", "plan", "retrieval",
            "search_memory", "vectordb",
        )),
        *({"openinference.span.kind": name} for name in ("CHAIN", "AGENT", "TOOL", "RETRIEVER", "GUARDRAIL")),
        *({"traceloop.span.kind": name} for name in ("workflow", "task", "agent", "tool")),
        {"ai.operationId": "ai.generateText"},
    ],
)  # fmt: skip
def test_agents_workflows_and_tools_are_no_calls_even_with_the_usage_of_their_calls(kind: dict[str, Any]) -> None:
    usage = {"gen_ai.usage.input_tokens": 50, "gen_ai.usage.output_tokens": 20, "gen_ai.request.model": "m"}
    counted = read("otlp", export(span(kind | usage)))

    assert counted.tallies == {Result.NOT_A_CALL: 1}
    assert (counted.usage, len(counted.days_seen)) == ((), 1)


def test_a_span_about_something_else_is_no_call_and_an_unknown_kind_that_spent_tokens_is_reported() -> None:
    assert read("otlp", export(span({"http.method": "GET"}))).tallies == {Result.NOT_A_CALL: 1}
    odd = {"gen_ai.operation.name": "teleport"}
    assert read("otlp", export(span(odd))).tallies == {Result.NOT_A_CALL: 1}
    assert read("otlp", export(span(odd | {"gen_ai.usage.input_tokens": 1}))).tallies == {
        Result.UNKNOWN_OPERATION: 1
    }


@pytest.mark.parametrize(
    "values",
    [{"status": {"code": 2}}, {"status": {"code": "STATUS_CODE_ERROR"}}, {"attributes": attributes(
        SEMCONV | {"error.type": "timeout"})}],
)  # fmt: skip
def test_a_failed_span_is_an_error_and_no_inference(values: Any) -> None:
    assert totals(read("otlp", export(span(SEMCONV, **values))), "inferences", "errors") == {"errors": 1}


def test_a_cached_part_that_is_larger_than_the_input_was_left_out_of_it() -> None:
    old = {"gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 3, "gen_ai.usage.reasoning_tokens": 4}
    counted = read("otlp", export(span(SEMCONV | old)))

    assert totals(counted, "input_tokens", "output_tokens") == {"input_tokens": 45, "output_tokens": 11}


def test_a_span_that_is_delivered_twice_counts_once() -> None:
    one, other = span(SEMCONV), span(SEMCONV)
    counted = read("otlp", export(one, other), export(one | {"traceId": "ab" * 16}))

    assert counted.tallies == {Result.COUNTED: 2, Result.DUPLICATE: 1}


@pytest.mark.parametrize("window", ["1h", "0s"])
def test_a_call_that_two_instrumentations_saw_counts_once(window: str) -> None:
    outer = span(SEMCONV | {"gen_ai.response.id": "r1"})
    chain = span({"openinference.span.kind": "CHAIN"}, parentSpanId=outer["spanId"])
    same = span(
        SEMCONV | {"gen_ai.response.id": "r1", "gen_ai.usage.input_tokens": 51}, parentSpanId=chain["spanId"]
    )
    counted = read("otlp", export(same, chain, outer), dedupe_window=window)

    assert counted.tallies == {Result.COUNTED: 1, Result.DUPLICATE: 1, Result.NOT_A_CALL: 1}
    assert totals(counted, "inferences", "input_tokens") == {"inferences": 1, "input_tokens": 50}

    equal = span(OPENLLMETRY, parentSpanId=outer["spanId"].upper())
    counted = read("otlp", export(equal, outer), dedupe_window=window)

    assert counted.tallies == {Result.COUNTED: 1, Result.DUPLICATE: 1}


def test_calls_with_equal_tokens_that_are_not_inside_each_other_all_count() -> None:
    agent = span({"gen_ai.operation.name": "invoke_agent"})
    calls = [span(SEMCONV, parentSpanId=agent["spanId"]) for _ in range(3)]
    other = span(SEMCONV | {"gen_ai.usage.output_tokens": 9}, parentSpanId=calls[0]["spanId"])

    assert totals(read("otlp", export(agent, *calls, other)), "inferences", "traces") == {
        "inferences": 4,
        "traces": 1,
    }


def test_a_circle_of_parents_ends() -> None:
    one, other = span(SEMCONV), span(SEMCONV)
    one["parentSpanId"], other["parentSpanId"] = other["spanId"], one["spanId"]

    assert sum(read("otlp", export(one, other)).tallies.values()) == 2


def test_a_sampled_trace_stands_for_those_that_were_dropped() -> None:
    sampled = span(SEMCONV, traceState="vendor=x, ot=rv:1;th:c")

    assert totals(read("otlp", export(sampled)), "inferences", "input_tokens") == {
        "inferences": 4, "input_tokens": 200,
    }  # fmt: skip
    assert totals(read("otlp", export(span(SEMCONV, traceState="ot=th:0"))), "inferences") == {"inferences": 1}


def test_a_bad_span_costs_only_itself() -> None:
    bad = [
        span({}, attributes=[{"key": "gen_ai.usage.input_tokens", "value": {"intValue": "canary"}}]),
        span({}, startTimeUnixNano="canary"),
        span(SEMCONV | {"gen_ai.usage.input_tokens": -1}),
        span(SEMCONV | {"gen_ai.usage.output_tokens": "canary"}),
        7,
    ]
    counted = read("otlp", export(*bad, span(SEMCONV)), export(span(SEMCONV)))

    assert counted.tallies[Result.COUNTED] == 5
    assert counted.unreadable == {"input_tokens": 2, "output_tokens": 1}
    assert sum(counted.tallies.values()) == 7
    assert {problem.place for problem in counted.problems} == {"app.jsonl:1"}


def test_logs_and_metrics_are_no_calls_and_what_is_nothing_of_this_is_refused() -> None:
    assert read("otlp", {"resourceLogs": []}, {"resourceMetrics": []}).tallies == {Result.NOT_A_CALL: 2}
    assert read("otlp", {"hello": "canary"}).tallies == {Result.MISSING_FIELD: 1}
    assert read("otlp", {"resourceSpans": []}, {"resourceSpans": [{}]}).tallies == {}


def test_a_span_as_an_sdk_prints_it_is_read_too() -> None:
    printed = {
        "name": "canary", "context": {"trace_id": "0x" + "ab" * 16, "span_id": "0x01", "trace_state": "[]"},
        "parent_id": None, "start_time": "2026-03-10T08:00:00.000000Z", "end_time": "2026-03-10T08:00:01.500000Z",
        "status": {"status_code": "UNSET"}, "attributes": SEMCONV,
        "resource": {"attributes": {"service.name": "bot"}},
    }  # fmt: skip
    counted = read("otlp", printed, system="{service.name}")

    assert totals(counted, *KNOWN, "latency_ms") == {**KNOWN, "latency_ms": 1500}
    assert read("otlp", export(span({})), printed, printed).tallies[Result.DUPLICATE] == 1
    failed = printed | {"status_code": "ERROR", "status": None}
    assert totals(read("otlp", failed), "errors") == {"errors": 1}


def test_a_system_is_named_by_attributes_of_the_span_or_the_resource() -> None:
    counted = read(
        "otlp",
        export(span(SEMCONV | {"gen_ai.agent.name": "a"})),
        system="{service.name}/{deployment.environment}/{gen_ai.agent.name}",
    )

    assert [row.system for row in counted.usage] == ["bot/prod/a"]
    assert read("otlp", export(span(SEMCONV)), system="{nothing}").tallies == {Result.UNATTRIBUTED: 1}


def test_attributes_of_a_broken_resource_leave_their_spans_unattributed_and_cost_no_other() -> None:
    broken = export(span(SEMCONV))
    broken["resourceSpans"][0]["resource"]["attributes"] = [
        {"key": "service.name", "value": {"intValue": "canary"}}
    ]
    counted = read("otlp", broken, export(span(SEMCONV)), system="{service.name}")

    assert counted.tallies == {Result.COUNTED: 1, Result.UNATTRIBUTED: 1}


def test_a_document_over_many_lines_is_one_export() -> None:
    text = json.dumps(export(span(SEMCONV), span(SEMCONV)), indent=2).encode()
    assert count(text * 2, config(format="otlp", system="bot")).tallies == {Result.COUNTED: 2, Result.DUPLICATE: 2}
