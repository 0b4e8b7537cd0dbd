"""What databases and analytics give out, each with its own idea of a value."""

from __future__ import annotations

import json
from datetime import timedelta, timezone
from random import Random
from typing import Any

from .spreadsheets import table
from .style import Truth, lines, style, truth, whole_seconds
from .traffic import Call, traffic


@style("bigquery-rows", "bq-results.json", errors="response", ms="latency_millis", time="event_time")
def bigquery(rng: Random, number: int) -> tuple[str, Truth]:
    """Whole numbers are texts, times end in UTC as a word, and what is missing is null."""
    calls = traffic(rng, number)
    records = [
        {
            "event_time": call.at.strftime("%Y-%m-%d %H:%M:%S.%f UTC"),
            "tenant": call.app,
            "request": {"model_name": call.model, "labels": [{"key": "env", "value": "prod"}]},
            "response": {
                "http_status": "200" if call.ok else "503",
                "input_tokens": str(call.input) if call.ok else None,
                "output_tokens": str(call.output) if call.ok else None,
            },
            "latency_millis": str(call.ms),
        }
        for call in calls
    ]
    return lines(records), truth(calls, "input output ms")


@style("postgres-copy", "llm_usage.csv", errors="succeeded", time="called_at", ms="elapsed", cost="cost_usd",
       day="called_at")  # fmt: skip
def postgres(rng: Random, number: int) -> tuple[str, Truth]:
    """Truth is `t` or `f`, the zone is a bare `+02`, and a null is nothing."""
    calls = traffic(rng, number)
    zone = timezone(timedelta(hours=2))
    header = (
        "id",
        "called_at",
        "model",
        "succeeded",
        "input_tokens",
        "cached_tokens",
        "output_tokens",
        "cost_usd",
    )
    rows = (
        (
            70000 + i,
            f"{c.at.astimezone(zone):%Y-%m-%d %H:%M:%S.%f}+02",
            c.model,
            "t" if c.ok else "f",
            c.input,
            c.cached,
            c.output,
            f"{c.cost:.6f}" if c.ok else "",
        )
        for i, c in enumerate(calls)
    )
    return table(header, rows), truth(calls, "input cached output cost")


@style("dynamodb-export", "part-00000.json", errors="ok", time="ts", ms="tookMs")
def dynamodb(rng: Random, number: int) -> tuple[str, Truth]:
    """Every value is an object whose only key is its type; numbers are texts."""
    calls = traffic(rng, number)
    records = []
    for call in calls:
        item: dict[str, Any] = {
            "pk": {"S": f"TENANT#{call.app}"},
            "sk": {"S": f"CALL#{call.id}"},
            "ts": {"N": str(int(call.at.timestamp() * 1000))},
            "model": {"S": call.model},
            "ok": {"BOOL": call.ok},
            "tookMs": {"N": str(call.ms)},
            "ttl": {"N": str(int(call.at.timestamp()) + 7776000)},
        }
        if call.ok:
            item["usage"] = {"M": {"inputTokens": {"N": str(call.input)}, "outputTokens": {"N": str(call.output)}}}
        records.append({"Item": item})
    return lines(records), truth(calls, "input output ms")


@style("clickhouse-document", "query.json", errors="status", ms="duration_ms", cost="cost", calls="data rows")
def clickhouse(rng: Random, number: int) -> tuple[str, Truth]:
    """One document: the columns with their types, the rows, and how long the query took."""
    calls = whole_seconds(traffic(rng, number))
    types = {
        "event_time": "DateTime('UTC')",
        "model": "LowCardinality(String)",
        "status": "Enum8('ok' = 1, 'error' = 2)",
        "prompt_tokens": "UInt32",
        "completion_tokens": "UInt32",
        "duration_ms": "UInt32",
        "cost": "Decimal(18, 6)",
    }
    data = [
        {
            "event_time": f"{call.at:%Y-%m-%d %H:%M:%S}",
            "model": call.model,
            "status": "ok" if call.ok else "error",
            "prompt_tokens": call.input or 0,
            "completion_tokens": call.output or 0,
            "duration_ms": call.ms,
            "cost": call.cost or 0,
        }
        for call in calls
    ]
    document = {
        "meta": [{"name": name, "type": kind} for name, kind in types.items()],
        "data": data,
        "rows": len(data),
        "statistics": {"elapsed": 0.0123, "rows_read": 48211, "bytes_read": 9120044},
    }
    return json.dumps(document, indent="\t"), truth(calls, "input output cost ms")


@style("mobile-analytics", "events_20261009.json", calls="event_name", ms="latency", time="event_timestamp")
def analytics(rng: Random, number: int) -> tuple[str, Truth]:
    """What an event tells is a list of keys and values; the time is a text of microseconds."""
    calls = traffic(rng, number, models=("gemini-2.5-flash", "gpt-4.1-mini"), failing=0)
    records = []
    for call in calls:
        base = {
            "event_date": f"{call.at:%Y%m%d}",
            "event_timestamp": str(int(call.at.timestamp() * 1000) * 1000),
            "user_pseudo_id": call.session,
            "platform": rng.choice(("IOS", "ANDROID")),
        }
        records.append({**base, "event_name": "ai_reply", "event_params": _parameters(call)})
        if rng.random() < 0.6:
            screen = [{"key": "screen", "value": {"string_value": "home"}}]
            records.append({**base, "event_name": "screen_view", "event_params": screen})
    return lines(records), truth(calls, "input output ms")


def _parameters(call: Call) -> list[dict[str, Any]]:
    numbers = {"prompt_tokens": call.input, "reply_tokens": call.output, "latency_ms": call.ms}
    return [
        {"key": "model", "value": {"string_value": call.model}},
        *({"key": key, "value": {"int_value": str(number)}} for key, number in numbers.items()),
    ]
