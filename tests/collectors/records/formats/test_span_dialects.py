"""One invented call in the words of every instrumentation, with what must be counted."""

from __future__ import annotations

from typing import Any

import pytest

from leverwatch.collectors.interface import Operation, Result
from tests.collectors.records.formats.records import operations, read, totals
from tests.collectors.records.formats.span_records import START, export, span

WHOLE: dict[str, float] = {
    "inferences": 1, "input_tokens": 1350, "cached_input_tokens": 1000, "cache_write_tokens": 300,
    "output_tokens": 80, "reasoning_tokens": 60, "truncated": 1,
}  # fmt: skip
PRICED = {**WHOLE, "cost_usd": 0.5}
GEN_AI = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "gen_ai.response.id": "r"}
INPUT, OUTPUT = {"gen_ai.usage.input_tokens": 1350}, {"gen_ai.usage.output_tokens": 80}
DIALECTS: dict[str, tuple[str, dict[str, Any], dict[str, float]]] = {
    "the conventions": ("opentelemetry.instrumentation.genai.openai", {
        **GEN_AI, **INPUT, **OUTPUT, "gen_ai.usage.cache_read.input_tokens": 1000,
        "gen_ai.usage.cache_write.input_tokens": 300, "gen_ai.usage.reasoning.output_tokens": 60,
        "gen_ai.response.finish_reasons": ["length"]}, WHOLE),
    "the conventions, by kind of content only": ("opentelemetry.instrumentation.genai.google", {
        **GEN_AI, "gen_ai.usage.text.input_tokens": 350, "gen_ai.usage.image.input_tokens": 1000,
        "gen_ai.usage.text.cache_read.input_tokens": 200, "gen_ai.usage.image.cache_read.input_tokens": 800,
        "gen_ai.usage.cache_write.input_tokens": 300, "gen_ai.usage.text.output_tokens": 70,
        "gen_ai.usage.audio.output_tokens": 10, "gen_ai.usage.reasoning.output_tokens": 60,
        "gen_ai.response.finish_reasons": ["max_tokens"]}, WHOLE),
    "Anthropic's SDK": ("com.anthropic.sdk.python", {
        **GEN_AI, **INPUT, **OUTPUT, "gen_ai.usage.cache_read.input_tokens": 1000,
        "gen_ai.usage.cache_write.input_tokens": 300, "gen_ai.usage.reasoning.output_tokens": 60,
        "anthropic.message.stop_reason": "max_tokens"}, WHOLE),
    "Anthropic's SDK, with a compaction": ("com.anthropic.sdk.python", {
        **GEN_AI, "gen_ai.usage.input_tokens": 1320, "gen_ai.usage.output_tokens": 70,
        "anthropic.usage.compaction.input_tokens": 30, "anthropic.usage.compaction.output_tokens": 10,
        "gen_ai.usage.cache_read.input_tokens": 1000, "gen_ai.usage.cache_write.input_tokens": 300,
        "gen_ai.usage.reasoning.output_tokens": 60, "anthropic.message.stop_reason": "max_tokens"}, WHOLE),
    "OpenLLMetry": ("opentelemetry.instrumentation.anthropic", {
        **GEN_AI, **INPUT, **OUTPUT, "gen_ai.usage.total_tokens": 1430, "gen_ai.usage.reasoning_tokens": 60,
        "gen_ai.usage.cache_read.input_tokens": 1000, "gen_ai.usage.cache_creation.input_tokens": 300,
        "gen_ai.response.finish_reason": "length"}, WHOLE),
    "OpenLLMetry's Bedrock": ("opentelemetry.instrumentation.bedrock", {
        **GEN_AI, "gen_ai.usage.input_tokens": 1301, **OUTPUT, "gen_ai.usage.total_tokens": 1381,
        "gen_ai.usage.cache_read.input_tokens": 1000, "gen_ai.usage.cache_creation.input_tokens": 300,
        "gen_ai.usage.reasoning_tokens": 60, "gen_ai.response.finish_reasons": ["length"]},
        {**WHOLE, "input_tokens": 2601}),
    "OpenLIT": ("openlit.instrumentation.openai", {
        **GEN_AI, **INPUT, **OUTPUT, "gen_ai.usage.cost": 0.5, "gen_ai.client.token.usage": 1430,
        "gen_ai.usage.cache_read.input_tokens": 1000, "gen_ai.usage.cache_creation.input_tokens": 0,
        "gen_ai.usage.prompt_tokens_details.cache_creation_tokens": 300,
        "gen_ai.usage.completion_tokens_details.reasoning_tokens": 60,
        "gen_ai.response.finish_reasons": ["length"]}, PRICED),
    "OpenLIT's Anthropic": ("openlit.instrumentation.anthropic", {
        **GEN_AI, "gen_ai.usage.input_tokens": 5000, **OUTPUT, "gen_ai.usage.total_tokens": 5080,
        "gen_ai.usage.cache_read.input_tokens": 1000, "gen_ai.usage.cache_creation.input_tokens": 300,
        "gen_ai.usage.reasoning_tokens": 60, "gen_ai.usage.cost": 0,
        "gen_ai.response.finish_reasons": ["max_tokens"]},
        {**WHOLE, "input_tokens": 6300}),
    "OpenInference": ("openinference.instrumentation.openai", {
        "openinference.span.kind": "LLM", "llm.model_name": "m", "llm.token_count.prompt": 1350,
        "llm.token_count.completion": 80, "llm.token_count.total": 1430, "llm.cost.total": 0.5,
        "llm.token_count.prompt_details.cache_read": 1000, "llm.token_count.prompt_details.cache_write": 300,
        "llm.token_count.completion_details.reasoning": 60, "llm.finish_reason": "length"}, PRICED),
    "Logfire": ("logfire.anthropic", {
        **GEN_AI, **INPUT, **OUTPUT, "logfire.span_type": "span", "operation.cost": 0.5,
        "gen_ai.usage.cache_read.input_tokens": 1000, "gen_ai.usage.cache_creation.input_tokens": 300,
        "gen_ai.usage.details.reasoning_tokens": 60, "gen_ai.response.finish_reasons": '["max_tokens"]'}, PRICED),
    "Pydantic AI": ("pydantic-ai", {
        **GEN_AI, **INPUT, **OUTPUT, "operation.cost": 0.5, "gen_ai.usage.details.cache_read_tokens": 1000,
        "gen_ai.usage.details.cache_write_tokens": 300, "gen_ai.usage.details.reasoning_tokens": 60,
        "gen_ai.response.finish_reasons": ["length"]}, PRICED),
    "LiteLLM": ("litellm", {
        **GEN_AI, **INPUT, **OUTPUT, "llm.request.type": "completion", "gen_ai.usage.total_tokens": 1430,
        "gen_ai.cost.total_cost": 0.5, "litellm.cache_hit": False, "gen_ai.usage.reasoning.output_tokens": 60,
        "gen_ai.usage.cache_read.input_tokens": 1000, "gen_ai.usage.cache_creation.input_tokens": 300,
        "gen_ai.response.finish_reasons": '["length"]'}, PRICED),
    "LiteLLM's newer callback": ("litellm.integrations.otel", {
        **GEN_AI, **INPUT, **OUTPUT, "litellm.call_type": "acompletion", "litellm.cost.total": 0.5,
        "gen_ai.usage.cache_read.input_tokens": 1000, "gen_ai.usage.cache_creation.input_tokens": 300,
        "gen_ai.usage.reasoning.output_tokens": 60, "gen_ai.response.finish_reasons": ["length"]}, PRICED),
    "Strands, with the input as Bedrock has it": ("strands.telemetry.tracer", {
        **GEN_AI, "gen_ai.usage.input_tokens": 1301, **OUTPUT, "gen_ai.usage.total_tokens": 2681,
        "gen_ai.usage.cache_read_input_tokens": 1000, "gen_ai.usage.cache_write_input_tokens": 300,
        "gen_ai.usage.reasoning_tokens": 60, "gen_ai.response.stop_reason": "max_tokens"},
        {**WHOLE, "input_tokens": 2601}),
    "AI SDK": ("gen_ai", {
        **GEN_AI, **INPUT, **OUTPUT, "gen_ai.usage.cache_read.input_tokens": 1000,
        "gen_ai.usage.cache_creation.input_tokens": 300, "ai.usage.outputTokenDetails.reasoningTokens": 60,
        "gen_ai.response.finish_reasons": ["length"]}, WHOLE),
    "AI SDK, older names": ("ai", {
        "ai.operationId": "ai.streamText.doStream", "ai.model.id": "asked", "ai.response.model": "m",
        "ai.usage.inputTokens": 1350, "ai.usage.outputTokens": 80, "ai.usage.totalTokens": 1430,
        "ai.usage.inputTokenDetails.cacheReadTokens": 1000, "ai.usage.inputTokenDetails.cacheWriteTokens": 300,
        "ai.usage.outputTokenDetails.reasoningTokens": 60, "ai.response.finishReason": "length"}, WHOLE),
    "Langfuse, in its own form": ("langfuse-sdk", {
        "langfuse.observation.type": "generation", "langfuse.observation.model.name": "m",
        "langfuse.observation.usage_details":
            '{"input": 50, "output": 20, "cache_read_input_tokens": 1000, "cache_creation_input_tokens": 300,'
            ' "output_reasoning": 60}',
        "langfuse.observation.cost_details": '{"input": 0.25, "output": 0.25}'},
        {name: it for name, it in PRICED.items() if name != "truncated"}),
    "Langfuse, as OpenAI tells it": ("langfuse-sdk", {
        "langfuse.observation.type": "generation", "langfuse.observation.model.name": "m",
        "langfuse.observation.usage_details":
            '{"prompt_tokens": 1350, "completion_tokens": 80, "total_tokens": 1430, "prompt_tokens_details":'
            ' {"audio_tokens": 9, "cached_tokens": 1000, "cache_write_tokens": 300},'
            ' "completion_tokens_details": {"reasoning_tokens": 60}}',
        "langfuse.observation.cost_details": '{"total": 0.5}'},
        {name: it for name, it in PRICED.items() if name != "truncated"}),
}  # fmt: skip


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_instrumentation_says_the_same(dialect: str) -> None:
    scope, attributes, right = DIALECTS[dialect]
    counted = read("otlp", export(scope, span(attributes)))

    assert totals(counted, *PRICED) == right
    assert ("unpriced" in totals(counted)) == ("cost_usd" not in right)
    assert [row.model for row in counted.usage] == ["m"]


@pytest.mark.parametrize(
    ("usage", "taken", "cached", "output"),
    [
        ('{"input": 10, "output": 5}', 10, 0, 5),
        ('{"input": 10, "total": 15, "output": 5, "input_cached_tokens": 0}', 10, 0, 5),
        ('{"input": 30, "input_cached_tokens": 20, "output": 5, "total": 35}', 30, 20, 5),
        ('{"total": 15}', 15, 0, 0),
        (('{"input_tokens": 10, "cache_read_input_tokens": 90, "output_tokens": 5,'
         ' "output_tokens_details": {"thinking_tokens": 3}}'), 100, 90, 5),
        ('{"input_tokens": 100, "input_tokens_details": {"cached_tokens": 90}, "output_tokens": 5}', 100, 90, 5),
        (('{"prompt_tokens": 100, "completion_tokens": 5, "prompt_cache_hit_tokens": 90,'
         ' "prompt_cache_miss_tokens": 10}'), 100, 90, 5),
        (('{"prompt_tokens": 100, "completion_tokens": 5, "cache_read_input_tokens": 90,'
         ' "prompt_tokens_details": {"cached_tokens": 90}}'), 100, 90, 5),
        ('{"input": 4, "input_cache_read": 90, "input_ephemeral_5m_input_tokens": 6, "output": 5}', 100, 90, 5),
        ('{"input": 10, "input_priority": 10, "input_audio_tokens": 90, "output": 5}', 100, 0, 5),
    ],
)  # fmt: skip
def test_usage_in_langfuse_is_whole_in_every_form(usage: str, taken: int, cached: int, output: int) -> None:
    observed = {"langfuse.observation.type": "generation", "langfuse.observation.usage_details": usage}
    counted = read("otlp", export("langfuse-sdk", span(observed)))

    names = ("input_tokens", "cached_input_tokens", "output_tokens")
    found = totals(counted, *names)
    assert tuple(found.get(name, 0) for name in names) == (taken, cached, output)


def test_only_generations_and_embeddings_of_langfuse_are_calls_and_their_level_tells_of_errors() -> None:
    def observed(kind: str, **more: Any) -> dict[str, Any]:
        return {"langfuse.observation.type": kind, "langfuse.observation.model.name": "m", **more}

    spans = [
        span(observed("generation")),
        span(observed("generation", **{"langfuse.observation.level": "ERROR"})),
        span(observed("generation", **{"langfuse.observation.cost_details": '{"total": 0}'}), status={"code": 2}),
        span(observed("generation", **{"langfuse.observation.level": "WARNING"})),
        span(observed("embedding", **{"langfuse.observation.usage_details": '{"input": 16}'})),
        *(span(observed(kind)) for kind in ("agent", "tool", "span", "chain", "retriever", "guardrail", "event")),
    ]
    counted = read("otlp", export("langfuse-sdk", *spans))

    assert operations(counted) == {Operation.GENERATION: 2, Operation.EMBEDDING: 1}
    assert totals(counted, "errors", "cost_usd") == {"errors": 2}
    assert counted.tallies[Result.NOT_A_CALL] == 7


FIRST = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "gen_ai.response.model": "m"}
BEGAN = {**FIRST, "logfire.span_type": "span"}
ENDED = {
    **FIRST, "logfire.span_type": "log", "duration": 2.5, "gen_ai.usage.input_tokens": 7,
    "gen_ai.response.id": "r", "gen_ai.usage.output_tokens": 3, "gen_ai.response.finish_reasons": '["stop"]',
}  # fmt: skip


def test_a_stream_that_logfire_tells_of_twice_counts_once_with_its_whole_duration() -> None:
    end = START + 10**12
    log = span(ENDED, kind=1, startTimeUnixNano=str(end), endTimeUnixNano=str(end))
    counted = read("otlp", export("logfire.openai", span(BEGAN), log))

    assert totals(counted, "inferences", "input_tokens", "latency_ms") == {
        "inferences": 1, "input_tokens": 7, "latency_ms": 2500,
    }  # fmt: skip
    assert counted.tallies == {Result.COUNTED: 1, Result.NOT_A_CALL: 1}


@pytest.mark.parametrize(
    ("scope", "values"),
    [
        ("logfire.openai", {"status": {"code": 2}}),
        ("logfire.openai", {"more": {"error.type": "timeout"}}),
        ("logfire.openai", {"more": {"gen_ai.response.id": "r"}}),
        ("logfire.openai", {"more": {"gen_ai.response.finish_reasons": '["stop"]'}}),
        ("logfire.openai", {"more": {"gen_ai.usage.input_tokens": 7}}),
        ("logfire.openai", {"more": {"gen_ai.operation.name": "embeddings"}}),
        ("logfire.openai", {"more": {"request_data": '{"model": "m", "stream": false}'}}),
        ("logfire.openai_agents", {"kind": 1}),
        ("pydantic-ai", {}),
    ],
)
def test_a_span_of_logfire_that_is_the_only_one_of_its_call_counts(scope: str, values: dict[str, Any]) -> None:
    others = {name: it for name, it in values.items() if name != "more"}
    only = span(BEGAN | values.get("more", {}), **others)

    assert read("otlp", export(scope, only)).tallies == {Result.COUNTED: 1}


def test_a_span_that_logfire_sends_while_it_is_open_is_no_call() -> None:
    pending = span(ENDED | {"logfire.span_type": "pending_span"})

    assert read("otlp", export("logfire.openai", pending)).tallies == {Result.NOT_A_CALL: 1}


def test_a_failed_call_of_which_openlit_tells_only_the_name_is_an_error_of_that_model() -> None:
    failed = span({}, name="chat claude-next", status={"code": 2})
    tool = span({}, name="execute_tool weather", status={"code": 2})
    counted = read("otlp", export("openlit.instrumentation.anthropic", failed, tool))

    assert [(row.model, row.errors) for row in counted.usage] == [("claude-next", 1)]
    assert counted.tallies == {Result.COUNTED: 1, Result.NOT_A_CALL: 1}
    others = export("opentelemetry.instrumentation.httpx", failed), export("openlit.instrumentation.ag2", failed)
    assert read("otlp", *others).tallies == {Result.NOT_A_CALL: 2}


def test_an_answer_from_a_cache_is_a_hit_also_with_the_id_of_the_first_answer() -> None:
    call = {
        **FIRST, "gen_ai.response.id": "r", "gen_ai.usage.input_tokens": 30, "gen_ai.usage.output_tokens": 2,
        "litellm.cache_hit": False, "gen_ai.cost.total_cost": 0.5,
    }  # fmt: skip
    hit = call | {"litellm.cache_hit": True, "gen_ai.cost.total_cost": 0.0}
    counted = read("otlp", export("litellm", span(call), span(hit)), export("litellm", span(hit)))

    assert totals(counted, "inferences", "cache_hits", "cost_usd", "unpriced") == {
        "inferences": 1, "cache_hits": 2, "cost_usd": 0.5,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("attributes", "operation"),
    [
        ({"litellm.call_type": "aimage_generation", "gen_ai.operation.name": "generate_content"}, Operation.IMAGE),
        ({"litellm.call_type": "aspeech", "gen_ai.operation.name": "generate_content"}, Operation.AUDIO),
        ({"gen_ai.operation.name": "litellm.moderation"}, Operation.MODERATION),
        ({"gen_ai.operation.name": "litellm.passthrough", "gen_ai.usage.input_tokens": 3}, Operation.GENERATION),
        ({"gen_ai.operation.name": "litellm.passthrough"}, None),
        ({"gen_ai.operation.name": "litellm.responses_management", "gen_ai.usage.input_tokens": 3}, None),
        ({"gen_ai.operation.name": "speech_to_text"}, Operation.AUDIO),
        ({"gen_ai.operation.name": "model_request", "gen_ai.usage.input_tokens": 3}, None),
        ({"gen_ai.operation.name": "agent_step", "gen_ai.usage.input_tokens": 3}, None),
        ({"ai.operationId": "ai.embed.doEmbed", "ai.usage.tokens": 16}, Operation.EMBEDDING),
        ({"ai.operationId": "ai.embed", "ai.usage.tokens": 16}, None),
        ({"ai.operationId": "ai.rerank.doRerank"}, Operation.RERANK),
        ({"gen_ai.operation.name": "invoke_agent", "gen_ai.aggregated_usage.input_tokens": 3}, None),
        ({"openinference.span.kind": "UNKNOWN", "gen_ai.operation.name": "chat"}, Operation.GENERATION),
    ],
)
def test_the_operations_of_each_instrumentation_are_known(
    attributes: dict[str, Any], operation: Operation | None
) -> None:
    counted = read("otlp", export("any", span(attributes)))

    assert operations(counted) == ({} if operation is None else {operation: 1})
    if operation is None:
        assert counted.tallies == {Result.NOT_A_CALL: 1}
    elif "ai.usage.tokens" in attributes:
        assert totals(counted, "input_tokens") == {"input_tokens": 16}


def test_the_model_of_a_failed_call_is_the_one_that_was_asked() -> None:
    asked = {"openinference.span.kind": "LLM", "llm.invocation_parameters": '{"model": "asked", "seed": 3}'}
    counted = read("otlp", export("openinference.instrumentation.openai", span(asked, status={"code": 2})))

    assert [(row.model, row.errors) for row in counted.usage] == [("asked", 1)]


@pytest.mark.parametrize(
    ("version", "model", "right"),
    [
        ("2.13.0", "openai/o9-mini", 80), ("2.6.3", "anthropic/claude-next", 80), ("2.5.0", "openai/o9-mini", 140),
        ("3.0.0", "openai/o9-mini", 140), ("2.13.0", "gemini-9-pro", 140),
        ("2.13.0", "projects/p/locations/l/endpoints/e", 140),
    ],
)  # fmt: skip
def test_reasoning_that_adk_adds_a_second_time_counts_once(version: str, model: str, right: int) -> None:
    told = {
        "gen_ai.operation.name": "generate_content", "gen_ai.request.model": model,
        "gen_ai.usage.output_tokens": 140, "gen_ai.usage.reasoning.output_tokens": 60,
    }  # fmt: skip
    batch = export("gcp.vertex.agent", span(told))
    batch["resourceSpans"][0]["scopeSpans"][0]["scope"]["version"] = version

    names = ("output_tokens", "reasoning_tokens")
    assert totals(read("otlp", batch), *names) == {"output_tokens": right, "reasoning_tokens": 60}
