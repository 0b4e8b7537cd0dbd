"""Agents, evaluations, retrieval, telephone lines, proxies, and jobs at night."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from .style import Truth, iso, lines, style, truth
from .traffic import Call, by_day_and_model, traffic


def _sum(calls: list[Call], name: str) -> int:
    return sum(getattr(call, name) or 0 for call in calls)


@style("crew-of-agents", "crew_usage.jsonl", calls="successful_requests", number=400)
def crew(rng: Random, number: int) -> tuple[str, Truth]:
    """A record for each task of an agent, which needed one call or several, and says how many."""
    calls = traffic(rng, number, models=("gpt-4.1", "claude-sonnet-4-5"), failing=0)
    records = []
    for _, model, group in by_day_and_model(calls):
        position = 0
        while position < len(group):
            task = group[position : position + rng.choice((1, 2, 3, 4, 6))]
            position += len(task)
            records.append(
                {
                    "finished_at": iso(task[-1]),
                    "crew": "newsletter",
                    "agent": rng.choice(("researcher", "writer", "editor")),
                    "llm": model,
                    "usage_metrics": {
                        "total_tokens": _sum(task, "input") + _sum(task, "output"),
                        "prompt_tokens": _sum(task, "input"),
                        "cached_prompt_tokens": _sum(task, "cached"),
                        "completion_tokens": _sum(task, "output"),
                        "successful_requests": len(task),
                    },
                }
            )
    records.sort(key=lambda record: str(record["finished_at"]))
    return lines(records), truth(calls, "input cached output")


@style("evaluated-answers", "eval-run.jsonl", errors="passed error", ms="latency_s", calls="candidate")
def evaluated(rng: Random, number: int) -> tuple[str, Truth]:
    """An answer that does not pass was a call like any other; only an error is a failed one."""
    calls = traffic(rng, number)
    records = []
    for call in calls:
        candidate: dict[str, Any] = {"model": call.model, "latency_s": (call.ms or 0) / 1000}
        if call.ok:
            candidate["usage"] = {"prompt_tokens": call.input, "completion_tokens": call.output}
        score = round(rng.random(), 3)
        records.append(
            {
                "created": iso(call, "seconds"),
                "suite": "refunds-v3",
                "case": f"c{rng.randrange(60):03d}",
                "candidate": candidate,
                "score": score if call.ok else None,
                "passed": call.ok and score > 0.4,
                "error": None if call.ok else "APIConnectionError: Connection error.",
            }
        )
    return lines(records), truth(calls, "input output ms")


@style("captured-flows", "flows.jsonl", errors="status_code", time="timestamp_start timestamp_end", model="model",
       calls="host path")  # fmt: skip
def captured(rng: Random, number: int) -> tuple[str, Truth]:
    """A proxy wrote down all that passed it, from start to end, also what was for other hosts."""
    calls = traffic(rng, number, models=("gpt-4.1", "gpt-4.1-mini"))
    records: list[dict[str, Any]] = []
    for call in calls:
        begun = call.at.timestamp()
        answer: dict[str, Any] = {"timestamp_end": begun + (call.ms or 0) / 1000}
        answer["status_code"] = 200 if call.ok else rng.choice((429, 500))
        if call.ok:
            answer["json"] = {
                "object": "chat.completion",
                "model": call.model,
                "usage": {"prompt_tokens": call.input, "completion_tokens": call.output},
            }
        request = {"timestamp_start": begun, "method": "POST", "host": "api.openai.com"}
        request |= {"path": "/v1/chat/completions", "json": {"model": call.model, "n": 1}}
        records.append({"flow": call.id, "request": request, "response": answer})
        if rng.random() < 0.5:
            request = {
                "timestamp_start": begun,
                "method": "GET",
                "host": "registry.npmjs.org",
                "path": "/left-pad",
            }
            answer = {"timestamp_end": begun + 0.2, "status_code": 200}
            records.append({"flow": call.id[::-1], "request": request, "response": answer})
    return lines(records), truth(calls, "input output ms")


@style("telephone-legs", "legs.jsonl", operation="stage", ms="took_ms", cost="price", input="units")
def telephone(rng: Random, number: int) -> tuple[str, Truth]:
    """What was heard, what was thought and what was said: three models for each turn of a caller."""
    thought = traffic(rng, number // 3, models=("gpt-4.1-mini",), failing=0)
    calls, records = [], []
    for turn, call in enumerate(thought):
        heard = replace(call, model="nova-3-transcribe", operation="audio", input=None, output=None, cost=0.0043)
        said = replace(call, model="aura-2-tts", operation="audio", input=None, output=None, cost=0.0121)
        for stage, one in (("transcription", heard), ("chat", call), ("speech", said)):
            calls.append(one)
            record = {"call_sid": f"CA{call.session}", "turn": turn, "stage": stage, "at": iso(one)}
            record |= {"model": one.model, "took_ms": one.ms, "price_usd": one.cost}
            if stage == "transcription":
                record["audio_seconds"] = rng.randrange(10, 190) / 10
            elif stage == "speech":
                record["characters"] = rng.randrange(20, 400)
            else:
                record |= {"input_tokens": one.input, "output_tokens": one.output}
            records.append(record)
    return lines(records), truth(calls, "input output cost ms")


@style("retrieval-steps", "rag.jsonl", operation="step", calls="step", ms="ms")
def retrieval(rng: Random, number: int) -> tuple[str, Truth]:
    """Embedding, search, ranking and answer; the search asks an index and no model."""
    answers = traffic(rng, number // 3, models=("gpt-4.1", "claude-haiku-4-5"), failing=0)
    calls, records = [], []
    for call in answers:
        embedded = replace(call, model="text-embedding-3-large", operation="embedding", input=rng.randrange(8, 60))
        ranked = replace(call, model="rerank-v3.5", operation="rerank", input=None)
        calls += [embedded, ranked, call]
        head = {"t": iso(call), "query_id": call.id}
        took = {"ms": call.ms}
        records += [
            {**head, "step": "embed_query", "model": embedded.model, "tokens_in": embedded.input, **took},
            {**head, "step": "vector_search", "index": "kb-7", "top_k": 40, "hits": rng.randrange(40), "ms": 11},
            {**head, "step": "rerank", "model": ranked.model, "docs": 40, **took},
            {
                **head,
                "step": "generate",
                "model": call.model,
                "tokens_in": call.input,
                "tokens_out": call.output,
                **took,
            },
        ]
    return lines(records), truth(calls, "input output ms")


@style("two-calls-in-a-record", "answers.ndjson", calls="embedding llm", operation="embedding",
       model="embedding.model", ms="took_ms")  # fmt: skip
def two_calls(rng: Random, number: int) -> tuple[str, Truth]:
    """Each answer tells of the embedding of the question and of the generation, side by side."""
    answers = traffic(rng, number, models=("gpt-4.1", "gpt-4.1-mini"), failing=0)
    calls, records = [], []
    for call in answers:
        asked = rng.randrange(8, 60)
        calls += [call, replace(call, model="text-embedding-3-small", operation="embedding", input=asked)]
        records.append(
            {
                "ts": iso(call),
                "question_id": call.id,
                "embedding": {"model": "text-embedding-3-small", "tokens": asked},
                "llm": {"model": call.model, "prompt_tokens": call.input, "completion_tokens": call.output},
            }
        )
    return lines(records), truth(calls, "input output")


@style("batch-output", "batch_671f_output.jsonl", errors="error status_code", time="created")
def batch_output(rng: Random, number: int) -> tuple[str, Truth]:
    """The file that a provider gives back for a batch: whole answers, whose time is in whole seconds."""
    calls = [
        replace(call, at=call.at.replace(microsecond=0))
        for call in traffic(rng, number, models=("gpt-4.1-mini-2025-04-14", "gpt-4.1-2025-04-14"), failing=0)
    ]
    records = []
    for index, call in enumerate(calls):
        body = {
            "id": f"chatcmpl-{call.id}",
            "object": "chat.completion",
            "created": int(call.at.timestamp()),
            "model": call.model,
            "choices": [{"index": 0, "message": {"role": "assistant", "content": "B"}, "finish_reason": "stop"}],
            "usage": {
                "prompt_tokens": call.input,
                "completion_tokens": call.output,
                "total_tokens": (call.input or 0) + (call.output or 0),
                "prompt_tokens_details": {"cached_tokens": call.cached},
                "completion_tokens_details": {"reasoning_tokens": call.reasoning},
            },
        }
        response = {"status_code": 200, "request_id": call.id[::-1], "body": body}
        records.append(
            {
                "id": f"batch_req_{call.id}",
                "custom_id": f"row-{index}",
                "response": response,
                "error": None,
            }
        )
    return lines(records, separators=(", ", ": ")), truth(calls, "input cached output")


@style("hourly-map-of-models", "hourly.jsonl", calls="n per_model", model="per_model", number=900)
def hourly_map(rng: Random, number: int) -> tuple[str, Truth]:
    """A line an hour; the names of the models are keys, below which stand the sums."""
    calls = traffic(rng, number, failing=0)
    records = []
    for hour, group in _by_hour(calls).items():
        per_model: dict[str, dict[str, int]] = {}
        for model in sorted({call.model for call in group}):
            some = [call for call in group if call.model == model]
            per_model[model] = {"n": len(some), "in": _sum(some, "input"), "out": _sum(some, "output")}
        end = hour + timedelta(hours=1)
        records.append(
            {"from": hour.isoformat(), "to": end.isoformat(), "host": "batch-3", "per_model": per_model}
        )
    return lines(records), truth(calls, "input output")


@style("hourly-good-and-bad", "rollup.jsonl", calls="ok failed", errors="failed ok", number=900)
def hourly_rows(rng: Random, number: int) -> tuple[str, Truth]:
    """A row an hour and model, with the good and the failed calls beside each other, and percentiles."""
    calls = traffic(rng, number)
    records = []
    for hour, group in _by_hour(calls).items():
        for model in sorted({call.model for call in group}):
            some = [call for call in group if call.model == model]
            good = [call for call in some if call.ok]
            times = sorted(call.ms or 0 for call in good) or [0]
            records.append(
                {
                    "hour": hour.isoformat(timespec="minutes").replace("+00:00", "Z"),
                    "model": model,
                    "calls_ok": len(good),
                    "calls_failed": len(some) - len(good),
                    "tokens": {"input": _sum(good, "input"), "output": _sum(good, "output")},
                    "spend_usd": round(sum(call.cost or 0 for call in good), 6),
                    "p50_ms": times[len(times) // 2],
                    "p95_ms": times[-1],
                }
            )
    return lines(records), truth(calls, "input output cost")


def _by_hour(calls: list[Call]) -> dict[datetime, list[Call]]:
    hours: dict[datetime, list[Call]] = defaultdict(list)
    for call in calls:
        hours[call.at.replace(minute=0, second=0, microsecond=0)].append(call)
    return hours
