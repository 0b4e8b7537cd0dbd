"""What logging libraries make of a line about a call."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from .style import Truth, iso, lines, style, truth
from .traffic import traffic


@style("python-logging-prefix", "worker.log", calls="event", ms="duration_s", errors="ok")
def python_prefix(rng: Random, number: int) -> tuple[str, Truth]:
    """JSON behind the usual prefix, which also stands before lines of plain text."""
    calls = traffic(rng, number)
    out = []
    for call in calls:
        prefix = f"{call.at:%Y-%m-%d %H:%M:%S},{call.at.microsecond // 1000:03d} INFO acme.llm:"
        if rng.random() < 0.5:
            out.append(
                f'{prefix[:23]} DEBUG urllib3.connectionpool: https://api.openai.com:443 "POST /v1 HTTP/1.1" 200\n'
            )
        body = {
            "time": iso(call),
            "model": call.model,
            "ok": call.ok,
            "prompt_tokens": call.input,
            "completion_tokens": call.output,
            "duration_s": (call.ms or 0) / 1000,
        }
        out.append(f"{prefix} llm_call {json.dumps(body)}\n")
    return "".join(out), truth(calls, "input output ms")


@style("python-logging-time-in-prefix", "batch.log", time="time")
def prefix_time(rng: Random, number: int) -> tuple[str, Truth]:
    """The only time stands in the prefix, outside of the JSON."""
    calls = traffic(rng, number, failing=0)
    out = [
        f"[{call.at:%Y-%m-%d %H:%M:%S}] usage "
        + json.dumps({"model": call.model, "input_tokens": call.input, "output_tokens": call.output})
        + "\n"
        for call in calls
    ]
    return "".join(out), truth(calls, "input output")


@style("structlog", "app.json", calls="event llm.completion", errors="outcome", ms="duration")
def structlog(rng: Random, number: int) -> tuple[str, Truth]:
    calls = traffic(rng, number)
    records: list[dict[str, Any]] = []
    for call in calls:
        stamp = {"level": "info", "timestamp": iso(call, "microseconds"), "logger": "acme.answers"}
        records.append({"event": "request.received", **stamp, "path": "/answer", "bytes_in": rng.randrange(4000)})
        records.append(
            {
                "event": "llm.completion",
                **stamp,
                "model": call.model,
                "outcome": "ok" if call.ok else "timeout",
                "tokens_in": call.input,
                "tokens_out": call.output,
                "duration": (call.ms or 0) / 1000,
            }
        )
        records.append({"event": "request.done", **stamp, "status": 200, "duration": (call.ms or 0) / 1000 + 0.02})
    return lines(records, separators=(", ", ": ")), truth(calls, "input output ms")


@style("pino", "server.ndjson", calls="msg llm", errors="err level", ms="responseTime")
def pino(rng: Random, number: int) -> tuple[str, Truth]:
    calls = traffic(rng, number)
    records: list[dict[str, Any]] = []
    for call in calls:
        head = {"time": int(call.at.timestamp() * 1000), "pid": 4711, "hostname": "web-2"}
        if call.ok:
            records.append(
                {
                    "level": 30,
                    **head,
                    "llm": {
                        "model": call.model,
                        "promptTokens": call.input,
                        "completionTokens": call.output,
                        "cachedTokens": call.cached,
                    },
                    "responseTime": call.ms,
                    "msg": "llm completed",
                }
            )
        else:
            records.append(
                {
                    "level": 50,
                    **head,
                    "llm": {"model": call.model},
                    "responseTime": call.ms,
                    "err": {"type": "APIError", "message": "upstream", "status": 503},
                    "msg": "llm failed",
                }
            )
        if rng.random() < 0.3:
            records.append(
                {"level": 30, **head, "req": {"method": "GET", "url": "/healthz"}, "responseTime": 1, "msg": "ok"}
            )
    return lines(records), truth(calls, "input cached output ms")


@style("bunyan", "bunyan.log", errors="error", ms="took_ms")
def bunyan(rng: Random, number: int) -> tuple[str, Truth]:
    calls = traffic(rng, number)
    records = [
        {
            "name": "answers",
            "hostname": "ip-10-0-0-7",
            "pid": 1,
            "level": 30 if call.ok else 50,
            "component": "openai",
            "model": call.model,
            "tokens": {"in": call.input, "out": call.output},
            "took_ms": call.ms,
            "error": None if call.ok else "ETIMEDOUT",
            "msg": "",
            "time": iso(call),
            "v": 0,
        }
        for call in calls
    ]
    return lines(records), truth(calls, "input output ms")


@style("zap-micro-dollars", "gateway.log", cost="cost_micro_usd", ms="latency", errors="error", calls="msg")
def zap(rng: Random, number: int) -> tuple[str, Truth]:
    """Epoch seconds as a float, durations in seconds, costs in millionths of a dollar."""
    calls = traffic(rng, number)
    records: list[dict[str, Any]] = []
    for call in calls:
        record: dict[str, Any] = {
            "level": "info" if call.ok else "error",
            "ts": call.at.timestamp(),
            "caller": "llm/client.go:88",
            "msg": "llm call",
            "model": call.model,
        }
        if call.ok:
            record |= {
                "prompt_tokens": call.input,
                "completion_tokens": call.output,
                "cost_micro_usd": round((call.cost or 0) * 1e6),
            }
        else:
            record["error"] = "context deadline exceeded"
        records.append(record | {"latency": (call.ms or 0) / 1000})
    return lines(records), truth(calls, "input output cost ms")


@style("slog-nanoseconds", "slog.json", ms="elapsed", errors="result", calls="msg")
def slog(rng: Random, number: int) -> tuple[str, Truth]:
    """Go writes durations in nanoseconds."""
    calls = traffic(rng, number)
    records = [
        {
            "time": call.at.isoformat(timespec="microseconds").replace("+00:00", "123Z"),
            "level": "INFO",
            "msg": "chat",
            "usage": {"input": call.input, "output": call.output, "cached": call.cached},
            "model": call.model,
            "result": "ok" if call.ok else "refused",
            "elapsed": (call.ms or 0) * 1_000_000,
        }
        for call in calls
    ]
    return lines(records), truth(calls, "input cached output ms")


@style(
    "serilog-compact",
    "log-20261009.clef",
    calls="@mt PromptTokens",
    errors="@l @x Outcome",
    ms="ElapsedMilliseconds",
)
def serilog_compact(rng: Random, number: int) -> tuple[str, Truth]:
    calls = traffic(rng, number)
    records: list[dict[str, Any]] = []
    for call in calls:
        stamp = iso(call, "microseconds")
        records.append(
            {
                "@t": stamp,
                "@mt": "HTTP {Method} {Path} received",
                "@i": "a1b2c3d4",
                "Method": "POST",
                "Path": "/ask",
            }
        )
        record: dict[str, Any] = {
            "@t": stamp,
            "@mt": "LLM {Model} took {ElapsedMilliseconds} ms",
            "@i": "99d0e1f2",
        }
        if not call.ok:
            record["@l"] = "Error"
        record |= {
            "Model": call.model,
            "ElapsedMilliseconds": call.ms,
            "Outcome": "Success" if call.ok else "Failure",
        }
        if call.ok:
            record |= {"PromptTokens": call.input, "CompletionTokens": call.output}
        records.append(record)
    return lines(records), truth(calls, "input output ms")


@style("logfmt-as-json", "vector.json", errors="status", ms="dur_ms")
def logfmt(rng: Random, number: int) -> tuple[str, Truth]:
    """Key=value lines that a shipper turned into JSON: every value is a text."""
    calls = traffic(rng, number)
    records = []
    for call in calls:
        record = {
            "ts": iso(call, "seconds"),
            "lvl": "info",
            "svc": call.app,
            "model": call.model,
            "status": "200" if call.ok else "429",
            "dur_ms": str(call.ms),
        }
        if call.ok:
            record |= {"in_tokens": str(call.input), "out_tokens": str(call.output), "usd": f"{call.cost:.6f}"}
        records.append(record)
    return lines(records), truth(calls, "input output cost ms")


@style("json-in-a-message", "ecs.ndjson", ms="ms", errors="success", calls="message")
def json_in_message(rng: Random, number: int) -> tuple[str, Truth]:
    """The record is a text within the record of a shipper, among plain messages."""
    calls = traffic(rng, number)
    records = []
    for call in calls:
        outer = {"@timestamp": iso(call), "log.level": "info", "ecs.version": "1.6.0", "host": {"name": "n1"}}
        inner = {
            "at": iso(call),
            "llm_model": call.model,
            "success": call.ok,
            "input_tokens": call.input,
            "output_tokens": call.output,
            "ms": call.ms,
        }
        records.append({**outer, "message": json.dumps(inner)})
        if rng.random() < 0.3:
            records.append({**outer, "message": "cache refreshed"})
    return lines(records), truth(calls, "input output ms")


@style(
    "log4j-template",
    "log4j.json",
    errors="level contextMap",
    calls="contextMap message",
    time="instant",
    ms="tookMs",
)
def log4j(rng: Random, number: int) -> tuple[str, Truth]:
    """The time is an object of two numbers; values of the context are texts."""
    calls = traffic(rng, number, failing=0)
    records = [
        {
            "instant": {"epochSecond": int(call.at.timestamp()), "nanoOfSecond": call.at.microsecond * 1000},
            "thread": "main",
            "level": "INFO",
            "loggerName": "com.acme.Llm",
            "message": "completion",
            "contextMap": {
                "llmModel": call.model,
                "inputTokens": str(call.input),
                "outputTokens": str(call.output),
                "tookMs": str(call.ms),
                "tenant": call.app,
            },
            "threadId": 1,
            "threadPriority": 5,
        }
        for call in calls
    ]
    return lines(records), truth(calls, "input output ms")
