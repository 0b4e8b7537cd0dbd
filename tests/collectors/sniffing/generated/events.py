"""Home-made logs of events, of which only some are calls that ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

from .style import Truth, iso, lines, style, truth
from .traffic import Call, traffic


def _begun(call: Call) -> str:
    return (call.at - timedelta(milliseconds=call.ms or 0)).isoformat(timespec="milliseconds")


@style("request-response-pairs", "pairs.jsonl", calls="type response request", errors="error status", ms="took_ms",
       input="estimate prompt_tokens")  # fmt: skip
def pairs(rng: Random, number: int) -> tuple[str, Truth]:
    """The request has an estimate of its tokens, the response has the truth."""
    calls = traffic(rng, number)
    records: list[dict[str, Any]] = []
    for call in calls:
        records.append(
            {
                "ts": _begun(call),
                "type": "request",
                "req": call.id,
                "model": call.model,
                "prompt_tokens_estimate": int((call.input or 900) * 0.93),
            }
        )
        end = {"ts": iso(call), "type": "response", "req": call.id, "model": call.model, "took_ms": call.ms}
        if call.ok:
            records.append({**end, "status": 200, "prompt_tokens": call.input, "completion_tokens": call.output})
        else:
            records.append({**end, "status": 500, "error": "server_error"})
    return lines(records), truth(calls, "input output ms")


@style("model-only-in-the-request", "exchange.jsonl", calls="dir type", model="model")
def split_pairs(rng: Random, number: int) -> tuple[str, Truth]:
    """Whoever joins the two lines by their id knows the model of each response."""
    calls = traffic(rng, number, failing=0)
    records: list[dict[str, Any]] = []
    for call in calls:
        records.append(
            {"t": _begun(call), "dir": "out", "id": call.id, "body": {"model": call.model, "stream": False}}
        )
        records.append(
            {
                "t": iso(call),
                "dir": "in",
                "id": call.id,
                "body": {"usage": {"input_tokens": call.input, "output_tokens": call.output}},
            }
        )
    return lines(records), truth(calls, "input output")


@style("stream-chunks-and-done", "stream.jsonl", calls="type chunk done", ms="total_ms")
def chunks(rng: Random, number: int) -> tuple[str, Truth]:
    """A line for each chunk of a stream, and one for its end, which tells the usage."""
    calls = traffic(rng, number, failing=0)
    records: list[dict[str, Any]] = []
    for call in calls:
        head = {"stream": call.id, "model": call.model}
        records += [
            {"at": iso(call), "type": "chunk", **head, "seq": seq, "chars": rng.randrange(40)}
            for seq in range(rng.randrange(2, 7))
        ]
        records.append(
            {
                "at": iso(call),
                "type": "done",
                **head,
                "in_tokens": call.input,
                "out_tokens": call.output,
                "total_ms": call.ms,
            }
        )
    return lines(records), truth(calls, "input output ms")


@style("states-of-a-job", "jobs.jsonl", calls="state id repeats versions", errors="state failed", cost="cost")
def states(rng: Random, number: int) -> tuple[str, Truth]:
    """A job is written down whenever its state changes."""
    calls = traffic(rng, number)
    records: list[dict[str, Any]] = []
    for call in calls:
        job = {"id": call.id, "model": call.model, "tenant": call.app}
        records.append(
            {"updated_at": _begun(call), **job, "state": "queued", "input_tokens": None, "output_tokens": None}
        )
        if rng.random() < 0.6:
            records.append(
                {
                    "updated_at": _begun(call),
                    **job,
                    "state": "running",
                    "input_tokens": None,
                    "output_tokens": None,
                }
            )
        records.append(
            {
                "updated_at": iso(call),
                **job,
                "state": "done" if call.ok else "failed",
                "input_tokens": call.input,
                "output_tokens": call.output,
                **({"cost_usd": call.cost} if call.ok else {}),
            }
        )
    return lines(records), truth(calls, "input output cost")


@style(
    "skipped-and-fallback",
    "answers.jsonl",
    calls="state skipped fallback asked_model",
    errors="state failed",
    ms="ms",
)
def skipped(rng: Random, number: int) -> tuple[str, Truth]:
    """Some questions never reached a model, or were answered by a template."""
    records, true = [], []
    for call in traffic(rng, number):
        state = "answered" if call.ok else "failed"
        asked = rng.random() < 0.75
        if asked:
            true.append(call)
        else:
            state = rng.choice(("skipped", "fallback"))
        records.append(
            {
                "ts": iso(call),
                "question": call.id,
                "state": state,
                "asked_model": asked,
                "model": call.model,
                "tokens_in": call.input if asked and call.ok else 0,
                "tokens_out": call.output if asked and call.ok else 0,
                "ms": call.ms if asked else 2,
            }
        )
    return lines(records), truth(true, "input output ms")


@style("mixed-modalities", "usage.jsonl", operation="model", ms="ms")
def modalities(rng: Random, number: int) -> tuple[str, Truth]:
    """Nothing but the name of the model says what was asked for."""
    others = (
        ("text-embedding-3-small", "embedding"),
        ("gpt-image-1", "image"),
        ("tts-1-hd", "audio"),
        ("whisper-1", "audio"),
        ("rerank-v3.5", "rerank"),
    )
    calls = [
        call if call.operation in ("generation", "embedding") else replace(call, input=None)
        for call in traffic(rng, number, others=others, share=0.5, failing=0)
    ]
    records = [
        {
            "time": iso(call),
            "model": call.model,
            "input_tokens": call.input,
            "output_tokens": call.output if call.operation == "generation" else None,
            "usd": call.cost,
            "ms": call.ms,
        }
        for call in calls
    ]
    return lines(records), truth(calls, "input output cost ms")


@style(
    "home-made-spans",
    "spans.jsonl",
    calls="kind name",
    input="kind tokens",
    output="kind tokens",
    ms="duration_ns",
)
def spans(rng: Random, number: int) -> tuple[str, Truth]:
    """The span of an agent repeats the sum of the calls within it; times and durations are nanoseconds."""
    calls = traffic(rng, number, failing=0)
    records: list[dict[str, Any]] = []
    for position in range(0, len(calls), 2):
        inside = calls[position : position + 2]
        trace = inside[0].id * 2
        records += [
            {
                "trace": trace,
                "span": call.id,
                "name": "chat",
                "kind": "llm",
                **_nanoseconds(call),
                "attrs": {"model": call.model, "tokens.in": call.input, "tokens.out": call.output},
            }
            for call in inside
        ]
        records.append(
            {
                "trace": trace,
                "span": f"{position:016x}",
                "name": "lookup",
                "kind": "tool",
                **_nanoseconds(inside[0]),
                "attrs": {"tool": "search"},
            }
        )
        records.append(
            {
                "trace": trace,
                "span": f"f{position:015x}",
                "name": "answer",
                "kind": "agent",
                **_nanoseconds(inside[-1]),
                "attrs": {
                    "model": inside[0].model,
                    "tokens.in": sum(c.input or 0 for c in inside),
                    "tokens.out": sum(c.output or 0 for c in inside),
                },
            }
        )
    return lines(records), truth(calls, "input output ms")


def _nanoseconds(call: Call) -> dict[str, int]:
    return {"start_ns": int(call.at.timestamp() * 1000) * 1_000_000, "duration_ns": (call.ms or 0) * 1_000_000}


@style("gateway-access-json", "access.json", calls="request_uri x_model", errors="status", ms="request_time",
       operation="request_uri")  # fmt: skip
def gateway(rng: Random, number: int) -> tuple[str, Truth]:
    """An access log in JSON, with what the gateway knows of a call in fields of its own."""
    calls = traffic(rng, number, others=(("text-embedding-3-small", "embedding"),))
    records: list[dict[str, Any]] = []
    for call in calls:
        uri = "/v1/chat/completions" if call.operation == "generation" else "/v1/embeddings"
        records.append(
            {
                "time_iso8601": call.at.replace(microsecond=0).isoformat(),
                "remote_addr": "10.1.2.3",
                "request_method": "POST",
                "request_uri": uri,
                "status": 200 if call.ok else rng.choice((429, 502)),
                "request_time": (call.ms or 0) / 1000,
                "body_bytes_sent": rng.randrange(9000),
                "x_model": call.model,
                "x_prompt_tokens": str(call.input) if call.ok else "",
                "x_completion_tokens": str(call.output) if call.ok else "",
            }
        )
        if rng.random() < 0.35:
            records.append(
                {
                    "time_iso8601": call.at.replace(microsecond=0).isoformat(),
                    "remote_addr": "10.1.2.9",
                    "request_method": "GET",
                    "request_uri": rng.choice(("/health", "/v1/models")),
                    "status": 200,
                    "request_time": 0.001,
                    "body_bytes_sent": 2,
                    "x_model": "",
                    "x_prompt_tokens": "",
                    "x_completion_tokens": "",
                }
            )
    return lines(records), truth(calls, "input output ms")


@style("edge-gateway-export", "gateway-logs.jsonl", calls="cached", errors="success", cost="cost", ms="duration")
def edge_gateway(rng: Random, number: int) -> tuple[str, Truth]:
    """Answers from the gateway's cache are marked, keep their tokens and cost nothing."""
    records, true = [], []
    for call in traffic(rng, number):
        cached = call.ok and rng.random() < 0.2
        if not cached:
            true.append(call)
        records.append(
            {
                "id": call.id.upper(),
                "created_at": iso(call),
                "provider": "openai",
                "model": call.model,
                "model_type": "",
                "request_type": "",
                "path": "chat/completions",
                "tokens_in": call.input or 0,
                "tokens_out": call.output or 0,
                "cost": 0 if cached else call.cost or 0,
                "cached": cached,
                "duration": 4 if cached else call.ms,
                "status_code": 200 if call.ok else 400,
                "success": call.ok,
                "step": 0,
                "metadata": "{}",
            }
        )
    return lines(records), truth(true, "input output cost ms")
