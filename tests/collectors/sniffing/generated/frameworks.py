"""What callbacks of frameworks write."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

from .style import Truth, iso, lines, style, truth
from .traffic import traffic


@style("langchain-callback", "callbacks.jsonl", calls="event on_llm_end", errors="event on_llm_error error",
       model="model_name model")  # fmt: skip
def langchain(rng: Random, number: int) -> tuple[str, Truth]:
    """A start and an end of each call among those of chains and tools; the start of a failure names its model."""
    records: list[dict[str, Any]] = []
    true = []
    for call in traffic(rng, number, models=("gpt-4.1-mini", "gpt-4.1")):
        begun = (call.at - timedelta(milliseconds=call.ms or 0)).isoformat()
        tags = {"run_id": call.id, "parent_run_id": call.session}
        records.append(
            {"timestamp": begun, "event": "on_chain_start", "run_id": call.session, "name": "RunnableSequence"}
        )
        records.append(
            {
                "timestamp": begun,
                "event": "on_llm_start",
                **tags,
                "invocation_params": {"model_name": call.model, "temperature": 0},
            }
        )
        if call.ok:
            records.append(
                {
                    "timestamp": call.at.isoformat(),
                    "event": "on_llm_end",
                    **tags,
                    "llm_output": {
                        "token_usage": {
                            "prompt_tokens": call.input,
                            "completion_tokens": call.output,
                            "total_tokens": (call.input or 0) + (call.output or 0),
                        },
                        "model_name": call.model,
                        "system_fingerprint": None,
                    },
                }
            )
            true.append(call)
        else:
            records.append(
                {"timestamp": call.at.isoformat(), "event": "on_llm_error", **tags, "error": "APITimeoutError"}
            )
            true.append(call)
        if rng.random() < 0.4:
            records.append(
                {
                    "timestamp": call.at.isoformat(),
                    "event": "on_tool_end",
                    "run_id": call.id[::-1],
                    "name": "lookup_order",
                    "output_chars": rng.randrange(900),
                }
            )
    return lines(records), truth(true, "input output")


@style("llamaindex-counter", "events.jsonl", operation="event_type", calls="event_type")
def llamaindex(rng: Random, number: int) -> tuple[str, Truth]:
    others = (("text-embedding-3-large", "embedding"),)
    calls = traffic(rng, number, models=("gpt-4.1-mini",), others=others, share=0.4, failing=0)
    records = [
        {
            "event_id": call.id,
            "event_type": "llm" if call.operation == "generation" else "embedding",
            "time": call.at.isoformat(),
            "model_name": call.model,
            "prompt_token_count": call.input,
            "completion_token_count": call.output,
            "total_token_count": (call.input or 0) + (call.output or 0),
        }
        for call in calls
    ]
    return lines(records), truth(calls, "input output")


@style("spring-ai-logstash", "application.json.log", calls="logger_name totalTokens message", ms="durationMs")
def spring_ai(rng: Random, number: int) -> tuple[str, Truth]:
    """Calls among the lines of a whole application."""
    calls = traffic(rng, number, models=("gpt-4.1-mini", "mistral-small-2506"), failing=0)
    records = []
    noise = ("Started Application in 3.2 seconds", "HikariPool-1 - Start completed.", "Completed 200 OK")
    for call in calls:
        common = {
            "@timestamp": call.at.isoformat(),
            "@version": "1",
            "thread_name": f"exec-{rng.randrange(9)}",
            "level": "INFO",
            "level_value": 20000,
        }
        records += [
            {**common, "message": rng.choice(noise), "logger_name": "org.acme.shop.web.Dispatcher"}
            for _ in range(rng.choice((0, 1, 1, 2)))
        ]
        records.append(
            {
                **common,
                "message": "chat response",
                "logger_name": "org.acme.shop.ai.UsageAdvisor",
                "model": call.model,
                "promptTokens": call.input,
                "completionTokens": call.output,
                "totalTokens": (call.input or 0) + (call.output or 0),
                "durationMs": call.ms,
            }
        )
    return lines(records), truth(calls, "input output ms")


@style("semantic-kernel-serilog", "kernel20261009.json", calls="PromptTokens MessageTemplate")
def semantic_kernel(rng: Random, number: int) -> tuple[str, Truth]:
    calls = traffic(rng, number, models=("gpt-4.1", "gpt-4.1-mini"), failing=0)
    records = []
    for call in calls:
        stamp = call.at.strftime("%Y-%m-%dT%H:%M:%S.%f") + "0+00:00"
        records.append(
            {
                "Timestamp": stamp,
                "Level": "Information",
                "MessageTemplate": "Function {FunctionName} invoking.",
                "Properties": {
                    "FunctionName": "Answer",
                    "SourceContext": "Microsoft.SemanticKernel.KernelFunction",
                },
            }
        )
        records.append(
            {
                "Timestamp": stamp,
                "Level": "Information",
                "MessageTemplate": "Prompt tokens: {PromptTokens}. Completion tokens: {CompletionTokens}.",
                "Properties": {
                    "PromptTokens": call.input,
                    "CompletionTokens": call.output,
                    "TotalTokens": (call.input or 0) + (call.output or 0),
                    "ModelId": call.model,
                    "SourceContext": "Microsoft.SemanticKernel.Connectors.OpenAI",
                },
            }
        )
    return lines(records), truth(calls, "input output")


@style("litellm-own-callback", "spend.jsonl", calls="cache_hit", errors="outcome", cost="response_cost",
       cached="cache_read")  # fmt: skip
def litellm_callback(rng: Random, number: int) -> tuple[str, Truth]:
    """A callback of one's own; what the gateway's cache answered repeats tokens and costs nothing."""
    records, true = [], []
    for call in traffic(rng, number):
        hit = call.ok and rng.random() < 0.15
        if not hit:
            true.append(call)
        records.append(
            {
                "when": iso(call, "microseconds"),
                "model": call.model,
                "outcome": "success" if call.ok else "failure",
                "cache_hit": hit,
                "response_cost": (0.0 if hit else call.cost) if call.ok else None,
                "tokens": {"prompt": call.input, "completion": call.output, "cache_read": call.cached}
                if call.ok
                else None,
                "key_alias": call.app,
            }
        )
    return lines(records), truth(true, "input cached output cost")


@style(
    "attempts-as-records", "attempts.jsonl", errors="error will_retry attempt", calls="attempt will_retry", ms="ms"
)
def attempts(rng: Random, number: int) -> tuple[str, Truth]:
    """Each attempt of a retried call is a record of its own, under the id of the call."""
    records, true = [], []
    for call in traffic(rng, number, failing=0):
        tries = rng.choice((1, 1, 1, 1, 2, 3))
        for attempt in range(1, tries + 1):
            one = replace(call, at=call.at + timedelta(seconds=attempt), ok=attempt == tries)
            true.append(one)
            records.append(
                {
                    "ts": iso(one),
                    "call_id": call.id,
                    "attempt": attempt,
                    "will_retry": attempt < tries,
                    "model": call.model,
                    "error": None if one.ok else "APIConnectionError",
                    "input_tokens": call.input if one.ok else None,
                    "output_tokens": call.output if one.ok else None,
                    "ms": call.ms,
                }
            )
    return lines(records), truth(true, "input output ms")


@style("agent-running-totals", "session.jsonl", calls="type token_count", input="last total", output="last total",
       cached="last total")  # fmt: skip
def agent_totals(rng: Random, number: int) -> tuple[str, Truth]:
    """A terminal agent: totals of the session beside the usage of the last call, among messages and tools."""
    calls = traffic(rng, number, models=("gpt-5-codex",), failing=0)
    records: list[dict[str, Any]] = []
    sums = {"input": 0, "cached_input": 0, "output": 0}
    for call in calls:
        last = {"input": call.input or 0, "cached_input": call.cached or 0, "output": call.output or 0}
        sums = {key: sums[key] + last[key] for key in sums}
        stamp = {"timestamp": iso(call)}
        records.append({**stamp, "type": "user_message", "chars": rng.randrange(2000)})
        records.append({**stamp, "type": "tool_call", "tool": "shell", "exit": 0, "ms": rng.randrange(5000)})
        records.append(
            {
                **stamp,
                "type": "token_count",
                "model": call.model,
                "usage": {"total": sums, "last": last, "context_window": 272000},
            }
        )
    return lines(records), truth(calls, "input cached output")


@style("session-counters", "counters.jsonl", input="tokens_in session cumulative increase of_session",
       output="tokens_out session cumulative increase of_session", cost="cost_usd")  # fmt: skip
def session_counters(rng: Random, number: int) -> tuple[str, Truth]:
    """One record a turn, whose tokens and cost only grow within their session."""
    calls = [replace(c, model="claude-sonnet-4-5") for c in traffic(rng, number, failing=0)]
    sums: dict[str, list[float]] = {}
    records = []
    for call in calls:
        total = sums.setdefault(call.session, [0, 0, 0])
        total[0] += call.input or 0
        total[1] += call.output or 0
        total[2] += call.cost or 0
        records.append(
            {
                "ts": iso(call),
                "session": call.session,
                "model": call.model,
                "tokens_in": total[0],
                "tokens_out": total[1],
                "cost_usd": round(total[2], 6),
            }
        )
    return lines(records), truth(calls, "input output cost")
