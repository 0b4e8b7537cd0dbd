"""Times, sums, shares and units that have to be understood before anything can be counted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone
from email.utils import format_datetime
from random import Random

from .style import Truth, iso, lines, style, truth, whole_seconds
from .traffic import Call, by_day_and_model, traffic


def _tokens(calls: list[Call], name: str) -> int:
    return sum(getattr(call, name) or 0 for call in calls)


@style("sums-with-errors", "daily.jsonl", expected="doubt", errors="errors",
       number=900)  # fmt: skip
def sums(rng: Random, number: int) -> tuple[str, Truth]:
    """Whether the errors are among the requests or beside them, nobody can see."""
    calls = traffic(rng, number)
    records = []
    for day, model, group in by_day_and_model(calls):
        records.append(
            {
                "day": day,
                "model": model,
                "requests": len(group),
                "errors": sum(not c.ok for c in group),
                "prompt_tokens": _tokens(group, "input"),
                "completion_tokens": _tokens(group, "output"),
            }
        )
    return lines(records), truth(calls, "input output")


@style("sampled", "sampled.jsonl", calls="sample_rate", input="sample_rate", output="sample_rate", ms="latency_ms",
       errors="status sample_rate")  # fmt: skip
def sampled(rng: Random, number: int) -> tuple[str, Truth]:
    """Only one call of five is logged, and each record says so."""
    calls = traffic(rng, number)
    records = [
        {
            "timestamp": iso(call),
            "model": call.model,
            "status": "success" if call.ok else "error",
            "sample_rate": 0.2,
            "prompt_tokens": call.input,
            "completion_tokens": call.output,
            "latency_ms": call.ms,
        }
        for call in calls
    ]
    return lines(records), truth([replace(call, times=5) for call in calls], "input output ms")


@style("delivered-twice", "at-least-once.jsonl", calls="event_id", errors="ok")
def delivered_twice(rng: Random, number: int) -> tuple[str, Truth]:
    """A queue delivers some records again, a few lines later."""
    calls = traffic(rng, number)
    records: list[dict[str, object]] = []
    again: list[dict[str, object]] = []
    for call in calls:
        record = {
            "event_id": call.id,
            "occurred_at": iso(call),
            "model": call.model,
            "ok": call.ok,
            "usage": {"input_tokens": call.input, "output_tokens": call.output},
        }
        records.append(record)
        if again and rng.random() < 0.5:
            records.append(again.pop())
        if rng.random() < 0.12:
            again.append(record)
    return lines(records), truth(calls, "input output")


@style("mail-dates", "mail.jsonl", time="date", day="date", ms="millis", errors="failed")
def mail_dates(rng: Random, number: int) -> tuple[str, Truth]:
    """Times as mails have them, two hours ahead of UTC."""
    calls = whole_seconds(traffic(rng, number))
    zone = timezone(timedelta(hours=2))
    records = [
        {
            "date": format_datetime(call.at.astimezone(zone)),
            "model": call.model,
            "failed": not call.ok,
            "in_tokens": call.input,
            "out_tokens": call.output,
            "millis": call.ms,
        }
        for call in calls
    ]
    return lines(records), truth(calls, "input output ms")


@style("microseconds", "micros.jsonl", time="ts_us", ms="latency_us", errors="err")
def microseconds(rng: Random, number: int) -> tuple[str, Truth]:
    calls = traffic(rng, number)
    records = [
        {
            "ts_us": int(call.at.timestamp() * 1000) * 1000,
            "model_name": call.model,
            "err": 0 if call.ok else 1,
            "n_prompt_tokens": call.input,
            "n_completion_tokens": call.output,
            "latency_us": (call.ms or 0) * 1000,
        }
        for call in calls
    ]
    return lines(records), truth(calls, "input output ms")


@style("cents", "cents.jsonl", cost="cost_cents cents", ms="response_ms")
def cents(rng: Random, number: int) -> tuple[str, Truth]:
    calls = traffic(rng, number, failing=0)
    records = [
        {
            "created_at": iso(call, "seconds").replace("T", " ").removesuffix("Z"),
            "app": call.app,
            "model": call.model,
            "prompt_tokens": call.input,
            "completion_tokens": call.output,
            "cost_cents": round((call.cost or 0) * 100, 4),
            "response_ms": call.ms,
        }
        for call in calls
    ]
    return lines(records), truth(calls, "input output cost ms")


@style("cache-of-unknown-place", "unclear.jsonl", expected="doubt", cached="beside inside part")
def unclear_cache(rng: Random, number: int) -> tuple[str, Truth]:
    """Whether the cached tokens are among the input, no name and no total tells."""
    models = ("house-model-7b", "house-model-70b")
    calls = [
        replace(c, cached=min(c.cached or 0, (c.input or 0) // 3))
        for c in traffic(rng, number, models=models, failing=0)
    ]
    records = [
        {"ts": iso(call), "model": call.model, "in": call.input, "cached": call.cached, "out": call.output}
        for call in calls
    ]
    return lines(records), truth(calls, "input cached output")
