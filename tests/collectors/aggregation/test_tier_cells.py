"""What is counted of each tier, over restarts, parts and versions of calls, and lines that grew."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from leverwatch.collectors.aggregation.ingest import Counted
from leverwatch.collectors.aggregation.lines import Lines
from tests.collectors.aggregation.restarting import Restarting, both, some
from tests.collectors.records.formats.records import NOW, read
from tests.collectors.records.formats.span_records import export, span
from tests.collectors.records.formats.test_anthropic import message
from tests.collectors.records.formats.test_openai import batch, completion, response
from tests.collectors.sources.files.logs import config, ingest

FIELDS = {
    "time": "at", "model": "m", "request_id": "run", "input_tokens": "in", "output_tokens": "out", "tier": "tier",
    "trace_id": "trace",
}  # fmt: skip


def tiers(*counted: Counted) -> dict[str, tuple[float, ...]]:
    """Input and output tokens and inferences of each tier that are not zero."""
    found: dict[str, Counter[str]] = {}
    for batch_ in counted:
        for count in batch_.tiers:
            sums = found.setdefault(count.tier, Counter())
            sums.update({"in": count.input_tokens, "out": count.output_tokens, "n": count.inferences})
    told = {tier: tuple(sums[name] for name in ("in", "out", "n")) for tier, sums in found.items()}
    return {tier: numbers for tier, numbers in told.items() if any(numbers)}


def line(run: int, entered: int, out: int | None, tier: str | None = None, second: int = 0) -> dict[str, Any]:
    return {"at": f"2026-03-10T08:00:{second:02d}Z", "m": "m", "run": run, "in": entered, "out": out, "tier": tier}


def chunk(usage: dict[str, int] | None = None, *, end: bool = False, **values: Any) -> dict[str, Any]:
    choices = [{"index": 0, "finish_reason": "stop" if end else None}] if usage is None else []
    made = {"id": "c1", "object": "chat.completion.chunk", "created": NOW, "model": "m", "choices": choices}
    return made | {"usage": usage} | values


def test_a_version_moves_its_call_to_the_tier_and_the_length_that_it_tells() -> None:
    settings = {"type": "jsonl", "fields": FIELDS, "repeats": "versions"}
    records = [
        line(1, 70, 5),
        line(1, 70, 9, "flex", 2),
        line(2, 40_000, 1, "batch"),
        line(2, 300_000, 2, "batch", 4),
    ]

    for made in both(settings, records):
        assert tiers(*made.batches) == {"flex": (70, 9, 1), "batch>272000": (300_000, 2, 1)}
        assert some(made.totals, "inferences", "input_tokens") == (2, 300_070)


def test_the_last_part_of_a_stream_moves_its_call_to_the_length_that_it_tells() -> None:
    usage = {"prompt_tokens": 200_001, "completion_tokens": 30}
    records = [chunk(service_tier="flex"), chunk(end=True, service_tier="flex"), chunk(usage, service_tier="flex")]

    for made in both("openai", records):
        assert tiers(*made.batches) == {"flex>200000": (200_001, 30, 1)}
        assert some(made.totals, "inferences", "input_tokens") == (1, 200_001)


def test_a_part_that_names_no_tier_leaves_that_of_the_others() -> None:
    usage = {"prompt_tokens": 70, "completion_tokens": 30}

    for made in both("openai", [chunk(service_tier="priority"), chunk(end=True), chunk(usage)]):
        assert tiers(*made.batches) == {"priority": (70, 30, 1)}


def test_a_line_that_grew_is_taken_back_from_its_tier() -> None:
    text = json.dumps(line(1, 200_001, 5, "batch")).encode()
    for compiled in (True, False):
        made = ingest(config(format={"type": "jsonl", "fields": FIELDS}, system="bot"), compiled=compiled)
        part = Lines(text, "app.jsonl", 1)
        made.add(part)
        first = made.drain()
        made.retract(part)
        second = made.drain()
        assert tiers(first) == {"batch>200000": (200_001, 5, 1)}
        assert tiers(first, second) == {}


def test_records_that_are_read_again_are_the_same_whatever_tier_they_tell() -> None:
    made = Restarting({"type": "jsonl", "fields": FIELDS})
    made.read(line(1, 70, 5))
    made.read(line(1, 70, 5, "batch"))

    assert some(made.totals, "inferences", "input_tokens") == (1, 70)
    assert tiers(*made.batches) == {}


def test_a_call_that_counts_for_others_or_tells_no_tokens_adds_no_tokens_to_a_tier() -> None:
    made = Restarting(
        {"type": "jsonl", "fields": {**FIELDS, "status": "s", "operation": "op", "cache_hit": "hit"}}
    )
    made.read(
        line(1, 70, 5, "batch") | {"s": "error"}, line(2, 70, 5, "batch") | {"op": "embedding"},
        line(3, 70, 5, "batch") | {"hit": True}, line(4, 70, None, "batch"),
    )  # fmt: skip

    assert tiers(*made.batches) == {"batch": (70, 0, 0)}


LONG = {"prompt_tokens": 300_000, "completion_tokens": 4}
CLAUDE = {
    "input_tokens": 10, "cache_creation_input_tokens": 900, "cache_read_input_tokens": 7, "output_tokens": 3,
    "cache_creation": {"ephemeral_5m_input_tokens": 400, "ephemeral_1h_input_tokens": 500},
}  # fmt: skip
VERTEX = {"prompt_token_count": 5, "candidates_token_count": 2, "total_token_count": 7}
SPAN = {
    "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "m",
    "gen_ai.usage.input_tokens": 5, "gen_ai.usage.output_tokens": 2,
}  # fmt: skip


def vertex(traffic: str) -> dict[str, Any]:
    answer = {"usage_metadata": VERTEX | {"traffic_type": traffic}, "candidates": [{"finish_reason": "STOP"}]}
    call = {"logging_time": "2026-03-10T08:00:00Z", "request_id": 1, "model": "gemini-2.5-pro"}
    return call | {"api_method": "GenerateContent", "full_response": answer}


@pytest.mark.parametrize(
    ("name", "record", "expected"),
    [
        pytest.param("openai", completion(service_tier="flex"), {"flex": (19, 10, 1)}, id="chat completion"),
        pytest.param("openai", completion(service_tier="default"), {}, id="default"),
        pytest.param("openai", response(service_tier="priority"), {"priority": (19, 10, 1)}, id="response"),
        pytest.param("openai", batch("1"), {"batch": (19, 10, 1)}, id="line of a batch"),
        pytest.param("openai", completion(usage=LONG), {">272000": (300_000, 4, 1)}, id="long input"),
        pytest.param(
            "anthropic",
            message(usage=CLAUDE | {"service_tier": "priority"}),
            {"priority": (917, 3, 1)},
            id="message",
        ),
        pytest.param(
            "anthropic",
            message(usage=CLAUDE | {"service_tier": "standard", "speed": "fast"}),
            {"fast": (917, 3, 1)},
            id="fast message",
        ),
        pytest.param(
            "anthropic",
            {
                "custom_id": "c",
                "timestamp": NOW,
                "result": {"type": "succeeded", "message": message(usage=CLAUDE)},
            },
            {"batch": (917, 3, 1)},
            id="result of a batch",
        ),
        pytest.param("vertex", vertex("ON_DEMAND_FLEX"), {"flex": (5, 2, 1)}, id="flex on Vertex"),
        pytest.param("vertex", vertex("PROVISIONED_THROUGHPUT"), {"reserved": (5, 2, 1)}, id="provisioned"),
        pytest.param("vertex", vertex("ON_DEMAND"), {}, id="on demand"),
        pytest.param(
            "otlp",
            export(
                "opentelemetry.instrumentation.openai_v2", span(SPAN | {"openai.response.service_tier": "flex"})
            ),
            {"flex": (5, 2, 1)},
            id="span",
        ),
    ],
)
def test_a_format_reads_the_tier_where_its_producer_writes_it(
    name: str, record: dict[str, Any], expected: dict[str, Any]
) -> None:
    counted = read(name, record)

    assert tiers(counted) == expected
    assert sum(row.inferences for row in counted.usage) == 1


def test_what_is_cached_for_an_hour_is_a_part_of_what_is_written_to_the_cache() -> None:
    (row,) = read("anthropic", message(usage=CLAUDE)).usage

    assert (row.input_tokens, row.cache_write_tokens, row.uncosted_write_1h_tokens) == (917, 900, 500)
