"""What services in several languages write, as themselves or as the place where they run wraps it."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from .style import Truth, iso, lines, style, truth, whole_seconds
from .traffic import Call, traffic


@style("rust-tracing", "bot.json", calls="message target fields", errors="level error message", ms="elapsed_ms")
def rust_tracing(rng: Random, number: int) -> tuple[str, Truth]:
    """A subscriber nests the fields of an event, and lists the spans around it."""
    calls = traffic(rng, number)
    records: list[dict[str, Any]] = []
    for call in calls:
        span = {"tenant": call.app, "name": "ask"}
        around = {"target": "bot::llm", "span": span, "spans": [{"name": "http"}, span]}
        fields: dict[str, Any] = {"model": call.model, "elapsed_ms": call.ms}
        if call.ok:
            usage = {"prompt_tokens": call.input, "completion_tokens": call.output}
            fields = {"message": "completion finished", **fields, **usage}
        else:
            fields = {"message": "completion failed", **fields, "error": "error sending request for url"}
        level = "INFO" if call.ok else "ERROR"
        records.append({"timestamp": iso(call, "microseconds"), "level": level, "fields": fields, **around})
        if rng.random() < 0.5:
            fields = {"message": "pooling idle connection", "host": "api.openai.com"}
            records.append(
                {
                    "timestamp": iso(call, "microseconds"),
                    "level": "DEBUG",
                    "fields": fields,
                    "target": "hyper_util::client",
                }
            )
    return lines(records), truth(calls, "input output ms")


@style("rails-lograge", "production.log", calls="llm status", errors="status llm", ms="llm duration")
def lograge(rng: Random, number: int) -> tuple[str, Truth]:
    """A line for each web request; those that asked a model have an object about it, and a duration of its own."""
    calls = traffic(rng, number, failing=0)
    records: list[dict[str, Any]] = []
    for call in calls:
        records.append(
            {
                "method": "POST",
                "path": "/tickets/answer",
                "format": "json",
                "controller": "AnswersController",
                "action": "create",
                "status": 200,
                "duration": (call.ms or 0) + rng.randrange(900) / 100,
                "view": 0.4,
                "db": rng.randrange(900) / 100,
                "@timestamp": iso(call),
                "llm": {"model": call.model, "in": call.input, "out": call.output, "ms": call.ms},
            }
        )
        for _ in range(rng.choice((0, 1, 2))):
            status, duration = rng.choice((200, 200, 302, 404)), rng.randrange(9000) / 100
            other: dict[str, Any] = {"method": "GET", "path": "/tickets", "format": "html"}
            other |= {"controller": "TicketsController", "action": "index", "status": status}
            other |= {"duration": duration, "view": 20.1, "db": 3.1}
            records.append({**other, "@timestamp": iso(call)})
    return lines(records), truth(calls, "input output ms")


@style("logrus-key-value", "relay.log", calls="msg", errors="level error", ms="took_ms")
def logrus(rng: Random, number: int) -> tuple[str, Truth]:
    """Plain key=value lines, quoted where there is a blank."""
    calls = whole_seconds(traffic(rng, number))
    out = []
    for call in calls:
        head = f'time="{iso(call, "seconds")}"'
        if call.ok:
            out.append(
                f'{head} level=info msg="completion done" model={call.model} prompt_tokens={call.input}'
                f" completion_tokens={call.output} took_ms={call.ms} tenant={call.app}\n"
            )
        else:
            out.append(
                f'{head} level=error msg="completion failed" model={call.model} took_ms={call.ms}'
                f' error="context deadline exceeded" tenant={call.app}\n'
            )
        if rng.random() < 0.3:
            out.append(f'{head} level=debug msg="config reloaded" file=/etc/relay.yaml\n')
    return "".join(out), truth(calls, "input output ms")


@style("php-monolog", "laravel-ai.log", errors="level level_name exception", ms="seconds", calls="message")
def monolog(rng: Random, number: int) -> tuple[str, Truth]:
    calls = traffic(rng, number)
    records = []
    for call in calls:
        context: dict[str, Any] = {"model": call.model, "seconds": (call.ms or 0) / 1000, "team_id": 12}
        if call.ok:
            context["usage"] = {"promptTokens": call.input, "completionTokens": call.output}
        else:
            context["exception"] = {
                "class": "OpenAI\\Exceptions\\ErrorException",
                "message": "Rate limit",
                "code": 0,
                "file": "/app/vendor/openai-php/client/src/Transporters/HttpTransporter.php:131",
            }
        records.append(
            {
                "message": "ai.answered" if call.ok else "ai.failed",
                "context": context,
                "level": 200 if call.ok else 400,
                "level_name": "INFO" if call.ok else "ERROR",
                "channel": "ai",
                "datetime": call.at.isoformat(timespec="microseconds"),
                "extra": {"uid": call.id[:7]},
            }
        )
    return lines(records), truth(calls, "input output ms")


@style("elixir-telemetry", "telemetry.json", errors="severity message kind", ms="duration_us", calls="message")
def elixir(rng: Random, number: int) -> tuple[str, Truth]:
    """Telemetry events of a start, a stop or an exception; durations are microseconds."""
    calls = traffic(rng, number, models=("gpt-4.1-mini", "gemini-2.5-flash"))
    records: list[dict[str, Any]] = []
    for call in calls:
        meta: dict[str, Any] = {
            "model": call.model,
            "request_id": call.id,
            "pid": f"#PID<0.{rng.randrange(900)}.0>",
        }
        time = iso(call)
        records.append({"time": time, "severity": "debug", "message": "desk.llm.start", "metadata": meta})
        meta = {**meta, "duration_us": (call.ms or 0) * 1000}
        if call.ok:
            meta |= {"usage": {"input_tokens": call.input, "output_tokens": call.output}}
            records.append({"time": time, "severity": "info", "message": "desk.llm.stop", "metadata": meta})
        else:
            meta |= {"kind": "error", "reason": "Mint.TransportError"}
            records.append({"time": time, "severity": "error", "message": "desk.llm.exception", "metadata": meta})
    return lines(records), truth(calls, "input output ms")


@style("dotnet-json-console", "console.json", calls="Category EventId Message State", errors="LogLevel EventId",
       ms="ElapsedMs")  # fmt: skip
def dotnet(rng: Random, number: int) -> tuple[str, Truth]:
    """The state repeats the message, beside the values that were put into it."""
    calls = traffic(rng, number, models=("gpt-4.1", "gpt-4.1-mini"))
    records: list[dict[str, Any]] = []
    for call in calls:
        stamp = {"Timestamp": call.at.strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"}
        if rng.random() < 0.4:
            text = "Request finished HTTP/1.1 GET /healthz - 200"
            records.append(
                {
                    **stamp,
                    "EventId": 2,
                    "LogLevel": "Information",
                    "Category": "Microsoft.AspNetCore.Hosting.Diagnostics",
                    "Message": text,
                    "State": {"Message": text, "ElapsedMilliseconds": 0.8, "StatusCode": 200},
                }
            )
        state: dict[str, Any] = {"Model": call.model, "ElapsedMs": call.ms}
        if call.ok:
            text = f"{call.model} used {call.input}+{call.output} tokens in {call.ms} ms"
            state |= {"InputTokens": call.input, "OutputTokens": call.output}
            state |= {"{OriginalFormat}": "{Model} used {InputTokens}+{OutputTokens} tokens in {ElapsedMs} ms"}
        else:
            text = f"{call.model} failed after {call.ms} ms"
            state |= {"{OriginalFormat}": "{Model} failed after {ElapsedMs} ms"}
        records.append(
            {
                **stamp,
                "EventId": 1204 if call.ok else 1205,
                "LogLevel": "Information" if call.ok else "Error",
                "Category": "Acme.Desk.ChatService",
                "Message": text,
                "State": {"Message": text, **state},
            }
        )
    return lines(records), truth(calls, "input output ms")


@style("go-duration-text", "zerolog.json", ms="latency", errors="err status", cost="cost")
def go_duration(rng: Random, number: int) -> tuple[str, Truth]:
    """Go prints a duration with its unit, which is another one below a second."""
    calls = traffic(rng, number)
    records = []
    for call in calls:
        ms = call.ms or 0
        record: dict[str, Any] = {
            "level": "info" if call.ok else "warn",
            "component": "chat",
            "llm_model": call.model,
            "latency": f"{ms}ms" if ms < 1000 else f"{ms / 1000:g}s",
            "status": 200 if call.ok else 529,
        }
        if call.ok:
            record |= {"tok_in": call.input, "tok_out": call.output, "cost": f"${call.cost:.6f}"}
        else:
            record["err"] = "overloaded"
        records.append(record | {"time": iso(call, "seconds"), "message": "chat"})
    return lines(records), truth(calls, "input output cost ms")


@style("python-jsonlogger", "celery.json", calls="message taskName", errors="levelname exc_info", time="asctime")
def jsonlogger(rng: Random, number: int) -> tuple[str, Truth]:
    """The time of the logging module, with a comma; the usage is a dump of the library's object."""
    calls = traffic(rng, number)
    records: list[dict[str, Any]] = []
    for call in calls:
        head = {
            "asctime": f"{call.at:%Y-%m-%d %H:%M:%S},{call.at.microsecond // 1000:03d}",
            "levelname": "INFO",
            "name": "tickets.tasks",
        }
        records.append({**head, "name": "celery.worker", "message": f"Task tickets.answer[{call.id}] received"})
        if call.ok:
            usage = {
                "completion_tokens": call.output,
                "prompt_tokens": call.input,
                "total_tokens": (call.input or 0) + (call.output or 0),
                "completion_tokens_details": {"reasoning_tokens": call.reasoning, "audio_tokens": 0},
                "prompt_tokens_details": {"cached_tokens": call.cached, "audio_tokens": 0},
            }
            records.append({**head, "message": "llm response", "model": call.model, "usage": usage})
        else:
            trace = 'Traceback (most recent call last):\n  File "tasks.py", line 41\nopenai.APITimeoutError'
            records.append(
                {
                    **head,
                    "levelname": "ERROR",
                    "message": "llm error",
                    "model": call.model,
                    "exc_info": trace,
                }
            )
    return lines(records, separators=(", ", ": ")), truth(calls, "input cached output")


@style("lambda-console", "lambda.txt", errors="outcome", ms="ms", time="time at")
def lambda_console(rng: Random, number: int) -> tuple[str, Truth]:
    """The console of a function: tabs before the JSON, and lines about each start and end."""
    calls = traffic(rng, number)
    out = []
    for call in calls:
        request = f"{call.id[:8]}-1f2e-4d3c-9b8a-{call.id[4:]}"
        body: dict[str, Any] = {"evt": "model_call", "at": iso(call), "model": call.model}
        body["outcome"] = "ok" if call.ok else "error"
        body |= {"inputTokens": call.input, "outputTokens": call.output} if call.ok else {}
        out += [
            f"START RequestId: {request} Version: $LATEST\n",
            f"{iso(call)}\t{request}\tINFO\t{json.dumps(body | {'ms': call.ms}, separators=(',', ':'))}\n",
            f"END RequestId: {request}\n",
            f"REPORT RequestId: {request}\tDuration: {(call.ms or 0) + 3.4:.2f} ms\tMemory Size: 512 MB\t\n",
        ]
    return "".join(out), truth(calls, "input output ms")


@style("docker-json-file", "container-json.log", calls="log", errors="error", ms="secs", time="ts time")
def docker(rng: Random, number: int) -> tuple[str, Truth]:
    """The container runtime wraps every line, also those of the program that are no JSON."""
    calls = traffic(rng, number)
    records = []
    for call in calls:
        wrapped = {"stream": "stdout", "time": call.at.strftime("%Y-%m-%dT%H:%M:%S.%f") + "417Z"}
        inner: dict[str, Any] = {"ts": call.at.timestamp(), "llm": call.model, "secs": (call.ms or 0) / 1000}
        inner |= {"tin": call.input, "tout": call.output} if call.ok else {"error": "ReadTimeout"}
        records.append({"log": json.dumps(inner) + "\n", **wrapped})
        if rng.random() < 0.6:
            records.append({"log": 'INFO:     10.0.3.1:51234 - "POST /ask HTTP/1.1" 200 OK\n', **wrapped})
    return lines(records), truth(calls, "input output ms")


@style("cloud-logging-export", "stdout_export.json", calls="jsonPayload logName", errors="severity",
       ms="latency", cached="cached")  # fmt: skip
def cloud_logging(rng: Random, number: int) -> tuple[str, Truth]:
    """The payload beside what the platform adds, which has times and latencies of its own."""
    calls = traffic(rng, number, models=("gemini-2.5-pro", "gemini-2.5-flash"))
    records: list[dict[str, Any]] = []
    for call in calls:
        head = _cloud(call)
        payload: dict[str, Any] = {"message": "generate", "model": call.model, "latencySeconds": _seconds(call)}
        if call.ok:
            payload["tokens"] = {"prompt": call.input, "cached": call.cached, "candidates": call.output}
        records.append({**head, "jsonPayload": payload, "severity": "INFO" if call.ok else "ERROR"})
        if rng.random() < 0.5:
            request = {
                "requestMethod": "POST",
                "requestUrl": "https://desk.example/ask",
                "requestSize": "812",
                "status": 200,
                "latency": f"{_seconds(call) + 0.02:.6f}s",
            }
            records.append({**head, "insertId": call.id[::-1], "httpRequest": request, "severity": "INFO"})
    return lines(records), truth(calls, "input cached output ms")


def _seconds(call: Call) -> float:
    return (call.ms or 0) / 1000


def _cloud(call: Call) -> dict[str, Any]:
    return {
        "insertId": call.id,
        "timestamp": iso(call, "microseconds"),
        "receiveTimestamp": iso(call, "microseconds").replace("Z", "9Z"),
        "resource": {
            "type": "cloud_run_revision",
            "labels": {"service_name": "desk", "revision_name": "desk-00042-abc", "location": "europe-west3"},
        },
        "logName": "projects/acme-desk/logs/run.googleapis.com%2Fstdout",
    }


@style("kubernetes-cri", "desk-7d9f.log", errors="result", cost="usd")
def cri(rng: Random, number: int) -> tuple[str, Truth]:
    """What a node keeps of a container: time, stream and a letter before each line."""
    calls = traffic(rng, number)
    out = []
    for call in calls:
        prefix = f"{call.at:%Y-%m-%dT%H:%M:%S.%f}123Z"
        body = {
            "when": iso(call),
            "model": call.model,
            "result": "ok" if call.ok else "upstream_error",
            "input_tokens": call.input or 0,
            "output_tokens": call.output or 0,
            "usd": call.cost or 0,
        }
        out.append(f"{prefix} stdout F {json.dumps(body, separators=(',', ':'))}\n")
        if rng.random() < 0.2:
            out.append(f"{prefix} stderr F W1009 reflector.go:539] watch closed\n")
    return "".join(out), truth(calls, "input output cost")
