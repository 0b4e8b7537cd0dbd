"""Tables of producers in ClickHouse, as the producers make them, with the columns that are read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from leverwatch.collectors.daily.answers import Answer
from leverwatch.collectors.interface import CollectorContext
from leverwatch.collectors.sources.sql.collector import Table
from leverwatch.collectors.sources.sql.config import SqlConfig
from tests.collectors.sources.sql.tables import NOW, Database, days, sums

WEEK = days("2026-03-02", "2026-03-08")
LANGFUSE = """
CREATE TABLE observations (
  id String, trace_id String, project_id String, type LowCardinality(String),
  start_time DateTime64(3), end_time Nullable(DateTime64(3)), name String,
  metadata Map(LowCardinality(String), String), level LowCardinality(String), input Nullable(String),
  provided_model_name Nullable(String), usage_details Map(LowCardinality(String), UInt64),
  cost_details Map(LowCardinality(String), Decimal64(12)), total_cost Nullable(Decimal64(12)),
  prompt_name Nullable(String), environment LowCardinality(String) DEFAULT 'default', event_ts DateTime64(3),
  is_deleted UInt8
) ENGINE = ReplacingMergeTree(event_ts, is_deleted) PARTITION BY toYYYYMM(start_time)
PRIMARY KEY (project_id, type, toDate(start_time)) ORDER BY (project_id, type, toDate(start_time), id)
"""
"""Langfuse 3.100, from its migrations."""
HELICONE = """
CREATE TABLE request_response_rmt (
  latency Nullable(Int64), status Int64, completion_tokens Nullable(Int64), prompt_tokens Nullable(Int64),
  prompt_cache_write_tokens Int64 DEFAULT 0, prompt_cache_read_tokens Int64 DEFAULT 0,
  model LowCardinality(String), request_id UUID, request_created_at DateTime64(3), user_id LowCardinality(String),
  organization_id UUID, proxy_key_id Nullable(UUID), provider LowCardinality(String), target_url Nullable(String),
  properties Map(LowCardinality(String), String), cost UInt64 DEFAULT 0, cache_reference_id UUID,
  updated_at DateTime64(3, 'UTC') DEFAULT now()
) ENGINE = ReplacingMergeTree(updated_at) PARTITION BY toYYYYMM(request_created_at)
ORDER BY (organization_id, provider, model, user_id, request_created_at, request_id)
"""
"""Helicone, from its migrations of 2025."""
OTEL = """
CREATE TABLE otel_traces (
  Timestamp DateTime64(9), TraceId String, SpanId String, ParentSpanId String, SpanName LowCardinality(String),
  ServiceName LowCardinality(String), ResourceAttributes Map(LowCardinality(String), String), ScopeName String,
  SpanAttributes Map(LowCardinality(String), String), Duration UInt64, StatusCode LowCardinality(String),
  Events Nested (Timestamp DateTime64(9), Name LowCardinality(String))
) ENGINE = MergeTree PARTITION BY toDate(Timestamp)
ORDER BY (ServiceName, SpanName, toDateTime(Timestamp), Timestamp)
"""
"""The exporter of the Collector, 0.140."""
ORGANIZATION = "5b0c2f3e-9a44-4d8e-8d0a-3c2f7b1e6a01"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    """An empty folder of chDB."""
    found = Database(f"chdb:///{tmp_path / 'usage.db'}", tmp_path)
    yield found
    found.engine.dispose()


def fill(store: Database, table: str, *parts: Sequence[Mapping[str, Any]]) -> None:
    """Write rows, in as many parts that are not merged."""
    for rows in parts:
        lines = "\n".join(map(json.dumps, rows))
        store.run("SET date_time_input_format = 'best_effort'", f"INSERT INTO {table} FORMAT JSONEachRow {lines}")


def table(store: Database, preset: str, **settings: Any) -> Table:
    given = {"name": "db", "type": "sql", "url": store.url, "preset": preset, **settings}
    return Table(SqlConfig.model_validate(given), CollectorContext(store.folder, store.folder, lambda: NOW))


def ask(store: Database, preset: str, **settings: Any) -> Answer:
    return table(store, preset, **settings).ask(WEEK)


def observation(number: int, **changed: Any) -> dict[str, Any]:
    return {
        "id": f"o{number}", "trace_id": "t", "project_id": "shop", "type": "GENERATION", "name": "answer",
        "start_time": "2026-03-05T23:59:58Z", "end_time": "2026-03-05T23:59:59.500Z", "level": "DEFAULT",
        "input": "canary-4711", "provided_model_name": "m", "event_ts": "2026-03-05T23:59:58Z", "is_deleted": 0,
        "usage_details": {
            "input": 70, "input_cached_tokens": 30, "cache_creation_input_tokens": 5, "output": 20,
            "output_reasoning_tokens": 8, "total": 133,
        },
        "total_cost": 0.125, **changed,
    }  # fmt: skip


def test_langfuse_counts_what_its_observations_are_now_and_once(store: Database) -> None:
    later = {"event_ts": "2026-03-06T00:00:05Z"}
    store.run(LANGFUSE)
    fill(
        store,
        "observations",
        [
            observation(1, usage_details={}, total_cost=None, end_time=None),
            observation(2, level="ERROR", usage_details={}, total_cost=None),
            observation(3, type="EMBEDDING", usage_details={"input": 9}, total_cost=None),
            observation(4),
            *(
                observation(number, type=kind)
                for number, kind in enumerate(("SPAN", "AGENT", "TOOL", "EVENT"), 10)
            ),
        ],
        [observation(1, **later), observation(4, is_deleted=1, **later)],
    )

    found = ask(store, "langfuse")

    assert sums(
        found.usage, "inferences", "errors", "input_tokens", "cached_input_tokens", "cache_write_tokens",
        "output_tokens", "reasoning_tokens", "cost_usd", "latency_ms",
    ) == {
        ("shop", "m", "generation", "2026-03-05"): (1, 1, 105, 30, 5, 28, 8, 0.125, 1500),
        ("shop", "m", "embedding", "2026-03-05"): (1, 0, 9, 0, 0, 0, 0, 0, 1500),
    }  # fmt: skip


def test_langfuse_is_asked_for_the_partitions_of_the_days_and_for_no_prompt(store: Database) -> None:
    store.run(LANGFUSE)
    fill(
        store,
        "observations",
        *([observation(1, start_time=f"2026-0{month}-05T00:00:00Z")] for month in (1, 2, 3, 4)),
    )
    shown = table(store, "langfuse").shown(WEEK)

    with store.engine.connect() as connection:
        plan = [row[0].strip() for row in connection.exec_driver_sql(f"EXPLAIN indexes = 1, header = 1 {shown}")]

    assert "Parts: 1/4" in plan
    assert not [line for line in plan if line.split(".")[-1].startswith("input ")]


def request(number: int, **changed: Any) -> dict[str, Any]:
    return {
        "request_id": f"00000000-0000-4000-8000-{number:012}", "request_created_at": "2026-03-05T12:00:00Z",
        "organization_id": ORGANIZATION, "model": "m", "provider": "OPENAI", "status": 200, "latency": 800,
        "prompt_tokens": 100, "completion_tokens": 40, "prompt_cache_read_tokens": 60, "cost": 2_500_000,
        "target_url": "https://api.example.com/v1/chat/completions", "properties": {"App": "desk"}, "user_id": "",
        "updated_at": "2026-03-05T12:00:00Z", **changed,
    }  # fmt: skip


def test_helicone_counts_billionths_of_dollars_and_answers_of_its_cache_apart(store: Database) -> None:
    store.run(HELICONE)
    fill(
        store,
        "request_response_rmt",
        [
            request(1, prompt_tokens=None, cost=0),
            request(2, status=429, prompt_tokens=None, completion_tokens=None, cost=0),
            request(3, cache_reference_id=f"00000000-0000-4000-8000-{1:012}", cost=0),
            request(4, target_url="https://api.example.com/v1/embeddings", cost=1),
        ],
        [request(1, updated_at="2026-03-05T12:00:09Z")],
    )

    found = ask(store, "helicone-clickhouse")
    by_app = ask(store, "helicone-clickhouse", system="{properties.App}")

    names = ("inferences", "errors", "cache_hits", "input_tokens", "cached_input_tokens", "cost_usd")
    assert sums(found.usage, *names) == {
        (ORGANIZATION, "m", "generation", "2026-03-05"): (1, 1, 1, 100, 60, 0.0025),
        (ORGANIZATION, "m", "embedding", "2026-03-05"): (1, 0, 0, 100, 60, 1e-9),
    }
    assert {row.system for row in by_app.usage} == {"desk"}


def span(number: int, attributes: Mapping[str, Any], **changed: Any) -> dict[str, Any]:
    return {
        "Timestamp": "2026-03-05T12:00:00.000000001Z", "TraceId": "t", "SpanId": f"s{number}",
        "ServiceName": "shop",
        "SpanAttributes": {name: str(value) for name, value in attributes.items()}, "Duration": 250_000_000,
        "StatusCode": "Unset", **changed,
    }  # fmt: skip


NEW = {
    "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.response.model": "m",
    "gen_ai.request.model": "alias", "gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 20,
    "gen_ai.usage.cache_read.input_tokens": 60, "gen_ai.response.finish_reasons": '["length"]',
}  # fmt: skip
OLD = {"gen_ai.system": "openai", "gen_ai.request.model": "m", "gen_ai.usage.prompt_tokens": 7}


def test_spans_of_the_collector_count_in_old_and_new_names_and_other_work_does_not(store: Database) -> None:
    store.run(OTEL)
    fill(
        store,
        "otel_traces",
        [
            span(1, NEW),
            span(2, OLD, StatusCode="STATUS_CODE_ERROR"),
            span(3, {**OLD, "llm.request.type": "embedding"}),
            span(4, {"openinference.span.kind": "LLM", "llm.model_name": "m", "llm.token_count.prompt": 3}),
            span(5, {**NEW, "gen_ai.operation.name": "invoke_agent"}),
            span(6, {**NEW, "gen_ai.operation.name": "execute_tool"}),
            span(7, {"openinference.span.kind": "CHAIN", "llm.token_count.prompt": 3}),
            span(8, {"ai.operationId": "ai.generateText", "ai.model.id": "m", "ai.usage.inputTokens": 3}),
            span(9, {"ai.operationId": "ai.generateText.doGenerate", **OLD}),
            span(10, {"http.method": "GET"}),
            span(11, {"gen_ai.request.model": "m"}),
        ],
    )

    found = ask(store, "otel-traces-clickhouse")

    names = (
        "inferences",
        "errors",
        "input_tokens",
        "cached_input_tokens",
        "output_tokens",
        "latency_ms",
        "truncated",
    )
    assert sums(found.usage, *names) == {
        ("shop", "m", "generation", "2026-03-05"): (3, 1, 110, 60, 20, 750, 1),
        ("shop", "m", "embedding", "2026-03-05"): (1, 0, 7, 0, 0, 250, 0),
    }


def test_a_call_that_two_instrumentations_describe_counts_once_by_its_answer(store: Database) -> None:
    store.run(OTEL)
    answer = {"gen_ai.response.id": "resp-1"}
    fill(
        store,
        "otel_traces",
        [
            span(1, {**NEW, **answer}, ScopeName="outer"),
            span(2, {**NEW, **answer}, ParentSpanId="s1", ScopeName="inner", Timestamp="2026-03-05T12:00:00.5Z"),
            span(3, {**NEW, "gen_ai.response.id": "resp-2"}, ParentSpanId="s0"),
            span(4, NEW),
        ],
        [span(4, NEW)],
    )

    (row,) = ask(store, "otel-traces-clickhouse").usage

    # A span that was exported twice is one too.
    assert (row.inferences, row.input_tokens) == (3, 300)
