"""What wrappers around the SDKs of providers write, one line of JSON a call."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random

from .style import Truth, iso, lines, style, truth
from .traffic import traffic


@style("openai-python", "llm_calls.jsonl", model="model", ms="elapsed", errors="error")
def openai_python(rng: Random, number: int) -> tuple[str, Truth]:
    """Request and response beside each other; the response names the model with its date, a failure has none."""
    records, true = [], []
    for call in traffic(rng, number, models=("gpt-4.1", "gpt-4.1-mini")):
        served = replace(call, model=f"{call.model}-2025-04-14") if call.ok else call
        true.append(served)
        response = {
            "id": f"chatcmpl-{call.id}",
            "model": served.model,
            "choices": [{"index": 0, "finish_reason": "stop"}],
            "usage": {
                "prompt_tokens": call.input, "completion_tokens": call.output,
                "total_tokens": (call.input or 0) + (call.output or 0),
                "prompt_tokens_details": {"cached_tokens": call.cached, "audio_tokens": 0},
                "completion_tokens_details": {"reasoning_tokens": call.reasoning, "audio_tokens": 0},
            },
        }  # fmt: skip
        records.append({
            "timestamp": call.at.isoformat(),
            "service": call.app,
            "request": {"model": call.model, "temperature": 0.2, "max_tokens": 1024, "n_messages": 3},
            "response": response if call.ok else None,
            "elapsed": (call.ms or 0) / 1000,
            "error": None if call.ok else {"type": "RateLimitError", "code": 429},
        })  # fmt: skip
    return lines(records), truth(true, "input cached output ms")


@style("openai-responses-node", "responses.ndjson", ms="durationMs", errors="status")
def openai_responses(rng: Random, number: int) -> tuple[str, Truth]:
    calls = traffic(rng, number, models=("gpt-4.1", "o4-mini"))
    records = [
        {
            "at": int(call.at.timestamp() * 1000),
            "params": {"model": call.model, "store": False, "max_output_tokens": 2000},
            "result": {
                "status": "completed" if call.ok else "failed",
                "usage": {
                    "input_tokens": call.input, "input_tokens_details": {"cached_tokens": call.cached},
                    "output_tokens": call.output, "output_tokens_details": {"reasoning_tokens": call.reasoning},
                    "total_tokens": (call.input or 0) + (call.output or 0),
                } if call.ok else None,
            },
            "durationMs": call.ms,
        }
        for call in calls
    ]  # fmt: skip
    return lines(records), truth(calls, "input cached output ms")


@style("anthropic-python", "claude.jsonl", input="cache_read_input_tokens cache_creation_input_tokens",
       cached="cache_read_input_tokens", ms="latency_s", errors="ok error_type")  # fmt: skip
def anthropic_python(rng: Random, number: int) -> tuple[str, Truth]:
    """The cache stands beside the input, as this provider has it."""
    calls = traffic(rng, number, models=("claude-sonnet-4-5", "claude-haiku-4-5"), written=True)
    records = [
        {
            "ts": iso(call), "ok": call.ok, "model": call.model, "max_tokens": 2048,
            **({"stop_reason": "end_turn", "usage": {
                "input_tokens": (call.input or 0) - (call.cached or 0) - (call.written or 0),
                "cache_creation_input_tokens": call.written,
                "cache_read_input_tokens": call.cached, "output_tokens": call.output,
            }} if call.ok else {"error_type": "overloaded_error"}),
            "latency_s": (call.ms or 0) / 1000,
        }
        for call in calls
    ]  # fmt: skip
    return lines(records), truth(calls, "input cached output ms")


@style("gemini-node", "gemini.log", output="thoughtsTokenCount candidatesTokenCount", ms="tookMs")
def gemini_node(rng: Random, number: int) -> tuple[str, Truth]:
    """Thoughts stand beside the candidates, and the total proves it."""
    calls = traffic(rng, number, models=("gemini-2.5-pro", "gemini-2.5-flash"), failing=0)
    records = []
    for call in calls:
        thoughts = call.reasoning or 0
        records.append({
            "createTime": iso(call, "microseconds"), "modelVersion": call.model, "responseId": call.id,
            "finishReason": "STOP",
            "usageMetadata": {
                "promptTokenCount": call.input, "cachedContentTokenCount": call.cached,
                "candidatesTokenCount": (call.output or 0) - thoughts, "thoughtsTokenCount": thoughts,
                "totalTokenCount": (call.input or 0) + (call.output or 0),
            },
            "tookMs": call.ms,
        })  # fmt: skip
    return lines(records), truth(calls, "input cached output ms")


@style("bedrock-converse", "converse.jsonl", input="cacheReadInputTokens cacheWriteInputTokens",
       cached="cacheReadInputTokens", ms="latencyMs", errors="error")  # fmt: skip
def bedrock_converse(rng: Random, number: int) -> tuple[str, Truth]:
    models = ("eu.anthropic.claude-sonnet-4-5-20250929-v1:0", "eu.amazon.nova-lite-v1:0")
    calls = traffic(rng, number, models=models, written=True)
    records = []
    for call in calls:
        record: dict[str, object] = {"@timestamp": iso(call), "modelId": call.model, "caller": call.app}
        if call.ok:
            fresh = (call.input or 0) - (call.cached or 0) - (call.written or 0)
            record |= {
                "stopReason": "end_turn",
                "usage": {
                    "inputTokens": fresh, "outputTokens": call.output,
                    "totalTokens": (call.input or 0) + (call.output or 0),
                    "cacheReadInputTokens": call.cached, "cacheWriteInputTokens": call.written,
                },
                "metrics": {"latencyMs": call.ms},
            }  # fmt: skip
        else:
            record |= {"error": "ThrottlingException", "retryAttempts": 3}
        records.append(record)
    return lines(records), truth(calls, "input cached output ms")


@style("mistral-typescript", "mistral.jsonl", ms="seconds", time="created")
def mistral_typescript(rng: Random, number: int) -> tuple[str, Truth]:
    """Only successes are logged; the time is in seconds, the duration too."""
    calls = [
        replace(call, at=call.at.replace(microsecond=0))
        for call in traffic(rng, number, models=("mistral-large-2512", "codestral-2508"), failing=0)
    ]
    records = [
        {
            "id": call.id, "object": "chat.completion.log", "created": int(call.at.timestamp()),
            "model": call.model, "finishReason": "stop",
            "usage": {"promptTokens": call.input, "completionTokens": call.output,
                      "totalTokens": (call.input or 0) + (call.output or 0)},
            "seconds": (call.ms or 0) / 1000, "environment": "production",
        }
        for call in calls
    ]  # fmt: skip
    return lines(records), truth(calls, "input output ms")


@style("cohere-python", "cohere.jsonl", input="billed_units tokens", output="billed_units tokens",
       operation="endpoint", calls="endpoint", ms="ms")  # fmt: skip
def cohere_python(rng: Random, number: int) -> tuple[str, Truth]:
    """What was billed stands beside what was used, and reranking and embedding beside chat."""
    others = (("rerank-v3.5", "rerank"), ("embed-v4.0", "embedding"))
    calls = traffic(rng, number, models=("command-a-03-2025",), others=others, failing=0)
    calls = [replace(call, input=None) if call.operation == "rerank" else call for call in calls]
    words = {"generation": "chat", "rerank": "rerank", "embedding": "embed"}
    records = []
    for call in calls:
        meta: dict[str, object] = {"api_version": {"version": "2"}}
        if call.operation == "generation":
            meta["billed_units"] = {"input_tokens": int((call.input or 0) * 0.8), "output_tokens": call.output}
            meta["tokens"] = {"input_tokens": call.input, "output_tokens": call.output}
        elif call.operation == "embedding":
            meta["billed_units"] = {"input_tokens": call.input}
            meta["tokens"] = {"input_tokens": call.input}
        else:
            meta["billed_units"] = {"search_units": 1}
        records.append({"at": iso(call), "endpoint": words[call.operation], "model": call.model, "meta": meta,
                        "ms": call.ms})  # fmt: skip
    return lines(records), truth(calls, "input output ms")


@style("vercel-ai-steps", "ai-sdk.jsonl", calls="event finish", input="totalUsage usage event",
       output="totalUsage usage event", cached="cachedInputTokens")  # fmt: skip
def vercel_ai(rng: Random, number: int) -> tuple[str, Truth]:
    """Each step is a call; the end of a run repeats the sum of its steps, beside the usage of the last one."""
    calls = traffic(rng, number, models=("gpt-4.1", "claude-sonnet-4-5"), failing=0)
    records: list[dict[str, object]] = []
    position = 0
    while position < len(calls):
        run = [replace(call, model=calls[position].model) for call in calls[position : position + 3]]
        run = run[: rng.choice((1, 2, 3))]
        calls[position : position + len(run)] = run
        position += len(run)
        usages: list[dict[str, int | None]] = [
            {
                "inputTokens": call.input, "outputTokens": call.output,
                "totalTokens": (call.input or 0) + (call.output or 0), "reasoningTokens": call.reasoning,
                "cachedInputTokens": call.cached,
            }
            for call in run
        ]  # fmt: skip
        for call, usage in zip(run, usages, strict=True):
            records.append({"time": iso(call), "event": "step-finish", "runId": run[0].id, "modelId": call.model,
                            "usage": usage, "finishReason": "tool-calls"})  # fmt: skip
        records.append({
            "time": (run[-1].at + timedelta(milliseconds=40)).isoformat(timespec="milliseconds"),
            "event": "finish", "runId": run[0].id, "modelId": run[0].model, "steps": len(run),
            "usage": usages[-1],
            "totalUsage": {key: sum(usage[key] or 0 for usage in usages) for key in usages[0]},
            "finishReason": "stop",
        })  # fmt: skip
    return lines(records), truth(calls, "input cached output")
