"""The helper counts spans as Python counts them, whatever is unusual about some of them."""

from __future__ import annotations

import json
import random
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leverwatch.collectors.aggregation import known_records
from leverwatch.collectors.aggregation.ingest import Ingest
from leverwatch.collectors.aggregation.known_records import KnownRecords
from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.aggregation.pipeline import assemble
from tests.collectors.aggregation.test_native_counter import damaged
from tests.collectors.aggregation.test_native_declared import expected, told
from tests.collectors.aggregation.test_native_wrapped import noted
from tests.collectors.records.formats.test_otlp import (
    OPENINFERENCE,
    OPENLLMETRY,
    SEMCONV,
    START,
    attributes,
    value,
)
from tests.collectors.sources.files.logs import NOW, config, ingest

SPELLINGS: tuple[dict[str, Any], ...] = (
    SEMCONV, SEMCONV, OPENLLMETRY, OPENINFERENCE, {"gen_ai.operation.name": "invoke_agent"},
    {"gen_ai.operation.name": "execute_tool", "gen_ai.usage.input_tokens": 3}, {}, {"http.method": "POST"},
)  # fmt: skip
CHANGES: tuple[dict[str, Any], ...] = (
    {"gen_ai.response.id": "a"}, {"gen_ai.response.id": "é"}, {"gen_ai.usage.input_tokens": 0},
    {"gen_ai.usage.input_tokens": -1}, {"gen_ai.usage.input_tokens": "7"}, {"gen_ai.usage.input_tokens": 7.0},
    {"gen_ai.usage.input_tokens": 2**53 + 1}, {"gen_ai.usage.cost": 0}, {"gen_ai.usage.cost": 0.25},
    {"llm.cost.total": 1}, {"gen_ai.usage.cost": 0.0, "llm.cost.total": 0.5}, {"gen_ai.response.model": ""},
    {"gen_ai.response.model": 7}, {"gen_ai.response.model": 7.0}, {"gen_ai.response.model": "ü\n\"a\\"},
    {"error.type": "timeout"}, {"litellm.cache_hit": True}, {"litellm.cache_hit": False},
    {"gen_ai.operation.name": "new thing"}, {"gen_ai.operation.name": "embeddings"}, {"gen_ai.agent.name": "x"},
    {"gen_ai.usage.cached_tokens": 4}, {"gen_ai.usage.total_tokens": 70}, {"gen_ai.usage.total_tokens": 9},
    {"gen_ai.usage.text.input_tokens": 4}, {"langfuse.observation.type": "generation"},
    {"gen_ai.usage.reasoning_tokens": 90}, {"logfire.span_type": "log"},
    {"llm.invocation_parameters": '{"model": "x", "response_format": {"type": "json_schema"}}'}, {"duration": 1.5},
    {"openai.response.service_tier": "flex"}, {"gen_ai.response.finish_reasons": '["length"]'},
)  # fmt: skip
SCOPES: tuple[Any, ...] = (
    {}, {"name": "a"}, {"name": "a"}, {"name": "a", "version": "1"}, {"name": "openlit.b"}, {"name": None},
    {"name": "openlit.instrumentation.anthropic"}, {"name": "gcp.vertex.agent"}, {"name": "é"},
)  # fmt: skip
PARTS: tuple[dict[str, Any], ...] = (
    {}, {"status": {"code": 2}}, {"status": {"code": "STATUS_CODE_ERROR", "message": "x"}}, {"status": None},
    {"status": {"code": 1}}, {"traceState": ""}, {"traceState": "ot=th:8"}, {"endTimeUnixNano": None},
    {"startTimeUnixNano": START}, {"startTimeUnixNano": "x"}, {"endTimeUnixNano": START - 1},
    {"spanId": "0xAb"}, {"traceId": ""}, {"startTimeUnixNano": START + 10**15}, {"name": "chat m"},
    {"startTimeUnixNano": START // 1000},
    {"attributes": None}, {"startTimeUnixNano": START + 1234567}, {"kind": 3, "events": [{"name": '"'}]},
)  # fmt: skip


def one(chance: random.Random, trace: str, calm: bool, nests: bool = False) -> dict[str, Any]:
    """A span; `calm`: one that the helper can count; `nests`: inside another one, more often than not."""
    made = dict(chance.choice(SPELLINGS))
    for key in list(made):
        if chance.random() < 0.05:
            del made[key]
        elif type(made[key]) is int and chance.random() < 0.5:
            made[key] += chance.randrange(60, 90) if "output" in key or "prompt" in key else 0
    if not calm and chance.random() < 0.3:
        made |= chance.choice(CHANGES)
    listed = attributes(made)
    if not calm and chance.random() < 0.05 and listed:
        listed.append({"key": listed[0]["key"], "value": value(chance.choice(["m", 3]))})
    if chance.random() < 0.5:
        chance.shuffle(listed)
    start = START + chance.randrange(9) * 10**9 + chance.randrange(10**9)
    span = {
        "traceId": trace, "spanId": f"{chance.randrange(2**20):016x}", "name": "chat",
        "parentSpanId": chance.choice(["", f"{chance.randrange(40 if nests else 2**30):016x}"]),
        "startTimeUnixNano": str(start), "endTimeUnixNano": str(start + chance.randrange(10**10)),
        "attributes": listed, "status": {},
    }  # fmt: skip
    if nests or chance.random() < 0.1:
        span["spanId"] = f"{chance.randrange(40):016x}"
    if not calm and chance.random() < 0.15:
        span |= chance.choice(PARTS)
    return span


def batch(chance: random.Random, calm: bool, nests: bool) -> bytes:
    groups = []
    for _ in range(chance.randrange(1, 3)):
        resource = attributes({"service.name": chance.choice(["bot", "other", "", 7]), "process.pid": 3})
        scopes = []
        for _ in range(chance.randrange(1, 3)):
            trace = f"{chance.randrange(9):032x}"
            spans = [one(chance, trace, calm, nests) for _ in range(chance.randrange(1 if calm else 0, 4))]
            scopes.append({"scope": {"name": "a"} if calm else chance.choice(SCOPES), "spans": spans})
        group = {"resource": {"attributes": resource}, "scopeSpans": scopes, "schemaUrl": "x"}
        keys = list(group)
        if not calm and chance.random() < 0.1:
            chance.shuffle(keys)
        groups.append({key: group[key] for key in keys if calm or chance.random() < 0.97})
    document: dict[str, Any] = {"resourceSpans": groups}
    if not calm and chance.random() < 0.05:
        document = chance.choice(
            [{"resourceLogs": [{}]}, {"resourceSpans": []}, {"resourceSpans": None}, {}, groups[0]]
        )
    return json.dumps(document, separators=chance.choice([(",", ":"), (", ", ": ")])).encode()


@given(st.integers(0, 2**32), st.sampled_from(["{service.name}", "{service.name}-{gen_ai.response.model}", "bot"]))
@settings(max_examples=40)
def test_the_helper_counts_what_python_counts(seed: int, system: str) -> None:
    chance = random.Random(seed)
    made = config(format={"type": "otlp"}, system=system, dedupe_window=chance.choice(["0s", "1h"]))
    helped, alone = ingest(made), ingest(made, compiled=False)
    assert helped.takes_views
    if chance.random() < 0.1:
        for it in (helped, alone):
            it.keep(((date(2026, 3, 10).toordinal(), date(2026, 3, 10).toordinal()),))
    refused = refusals(helped), refusals(alone)
    for it in (helped, alone):
        it.known = KnownRecords() if seed % 3 == 0 else None
    first, calm, nests = 1, chance.random() < 0.7, chance.random() < 0.3
    for _ in range(chance.randrange(1, 6)):
        texts = [batch(chance, calm or chance.random() < 0.5, nests) for _ in range(chance.randrange(1, 5))]
        if chance.random() < 0.2:
            texts.append(texts[0])
        if not calm and chance.random() < 0.2:
            texts[0] = damaged(texts[0], chance.randrange(12))
        data = b"\n".join(texts) + b"\n"
        count(helped, alone, Lines(data, "traces.json", first, key="a"), chance)
        first += data.count(b"\n")
        calm = calm and chance.random() < 0.8

    assert refused[0] == refused[1]
    assert (helped.observers.seen, helped.observers.joined) == (alone.observers.seen, alone.observers.joined)
    assert noted(helped) == noted(alone)
    assert told(helped.drain()) == expected(alone.drain())


def test_of_many_spans_the_same_sample_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_records, "MOST", 20)
    monkeypatch.setattr(known_records, "SAMPLE", 8)
    chance = random.Random(5)
    made = config(format={"type": "otlp"}, system="{service.name}")
    helped, alone = ingest(made), ingest(made, compiled=False)
    helped.known, alone.known = KnownRecords(), KnownRecords()
    for first in range(1, 40, 4):
        data = b"".join(batch(chance, True, False) + b"\n" for _ in range(4))
        for one in (helped, alone):
            one.add(Lines(data, "traces.json", first))
    assert noted(helped) == noted(alone)
    assert alone.known.stored().many


def refusals(made: Ingest) -> list[Any]:
    """What is told of refused records from now on."""
    found: list[Any] = []
    made.on_refused = lambda it: found.append((sorted(map(str, it.others)), dict(it.mixed), it.counted))
    return found


def count(helped: Ingest, alone: Ingest, lines: Lines, chance: random.Random) -> None:
    """Count with both, sometimes after all that came was committed."""
    alone.add(lines)
    if chance.random() < 0.5 or helped.add_lines(lines) is None:
        helped.add(lines)
    if chance.random() < 0.3:
        assert told(helped.drain()) == expected(alone.drain())


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
def test_plain_spans_are_not_given_to_python(separators: tuple[str, str]) -> None:
    plain = assemble(config(format={"type": "otlp"}, system="{service.name}"), lambda: NOW).plain
    assert plain is not None
    chance = random.Random(1)
    call = {**one(chance, "ab", True), "attributes": attributes(SEMCONV), "spanId": "1", "parentSpanId": "2"}
    tool = {**call, "attributes": attributes({"gen_ai.operation.name": "execute_tool"}), "spanId": "2"}
    resource = {"attributes": attributes({"service.name": "bot"})}
    document = {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [call, tool]}]}]}
    line = json.dumps(document, separators=separators).encode() + b"\n"
    found = plain.scan(line + line.replace(b'"1"', b'"4"'))
    assert found is not None

    outlined = plain.outline(found, NOW)
    counted = plain.count(found, NOW, None, lambda *_: pytest.fail("it was given to Python"))

    assert outlined is not None
    assert (outlined[1].spans, outlined[1].parents) == ({"1", "4"}, {"2"})
    assert (outlined[0].number, outlined[0].lines(), found.newlines) == (2, [0, 2], 2)
    assert [row[0] for row in outlined[0].some(0, 2).rows] == 2 * [int(call["startTimeUnixNano"])]
    assert outlined[0].text(0, 2) == outlined[0].text(0, 1) + outlined[0].text(1, 2)
    assert (counted.counted, len(counted.passed)) == (2, 2)
