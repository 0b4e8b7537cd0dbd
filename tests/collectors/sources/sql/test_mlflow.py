from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.engine import make_url

from leverwatch.collectors.interface import CollectorContext, SourceState
from leverwatch.collectors.sources.files.collector import FilesCollector
from leverwatch.collectors.sources.files.config import FilesConfig
from tests.collectors.sources.sql.producers.filling import asked, filled
from tests.collectors.sources.sql.tables import NOW, Database, days, sums, url_of

WEEK = days("2026-11-16", "2026-11-22")
LAST = int(datetime(2026, 11, 21, tzinfo=UTC).timestamp()) * 1_000_000_000 - 1
"""The last nanosecond of a day."""
COUNTS = (
    "inferences", "errors", "input_tokens", "unknown_input", "cached_input_tokens", "cache_write_tokens",
    "output_tokens", "cost_usd", "unpriced",
)  # fmt: skip


@pytest.fixture(params=["postgresql", "sqlite", "mariadb"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database of each kind that MLflow may have."""
    if request.param == "postgresql":
        yield request.getfixturevalue("postgres")
        return
    if request.param == "sqlite":
        yield Database(f"sqlite:///{tmp_path / 'mlflow.db'}", tmp_path)
        return
    url, name = request.getfixturevalue("mariadb_url"), f"t{uuid4().hex}"
    server = Database(url, tmp_path)
    server.run(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    yield Database(url_of(make_url(url).set(database=name)), tmp_path)
    server.run(f"DROP DATABASE {name}")


def span(number: int, kind: str, usage: dict[str, int] | None = None, **given: Any) -> dict[str, Any]:
    """A span as the tracking store has it; in its content, values are JSON inside JSON."""
    told: dict[str, Any] = {"mlflow.spanType": kind, "mlflow.spanInputs": {"text": "a \u0000 and {"}}
    told |= given.pop("told", {"mlflow.llm.model": "gpt-4o"})
    if usage is not None:
        told["mlflow.chat.tokenUsage"] = usage
    start, parent, code = given.pop("at", LAST), given.get("parent_span_id"), given.get("status", "OK")
    content = {
        "trace_id": "tr-1", "span_id": f"s{number}", "parent_span_id": parent, "name": given.get("name", "call"),
        "start_time_unix_nano": start, "end_time_unix_nano": start + 1_500_000_000,
        "status": {"code": f"STATUS_CODE_{code}"},
        "attributes": {name: json.dumps(value) for name, value in told.items()},
    }  # fmt: skip
    if given.get("total_cost") is not None:
        content["attributes"]["mlflow.llm.cost"] = json.dumps({"total_cost": given["total_cost"]})
    return {
        "trace_id": "tr-1", "experiment_id": 1, "span_id": f"s{number}", "name": "call", "type": kind,
        "status": code, "start_time_unix_nano": start, "end_time_unix_nano": start + 1_500_000_000,
        "content": json.dumps(content), **given,
    }  # fmt: skip


def spans() -> list[dict[str, Any]]:
    plain = {"input_tokens": 100, "output_tokens": 20, "total_tokens": 120, "cache_read_input_tokens": 64}
    beside = {
        "input_tokens": 100, "output_tokens": 20, "total_tokens": 1320, "cache_read_input_tokens": 1000,
        "cache_creation_input_tokens": 200,
    }  # fmt: skip
    return [
        span(1, "UNKNOWN"),
        span(2, "CHAT_MODEL", plain, total_cost=0.25, model_name="gpt-4o", parent_span_id="s1"),
        span(3, "CHAT_MODEL", plain, at=LAST + 1),
        span(4, "LLM", beside),
        span(5, "LLM", status="ERROR"),
        span(6, "EMBEDDING", told={"model": "te-3"}),
        span(7, "LLM", name="Models.embed_content_2", told={"model": "te-3"}),
        span(8, "LLM", name="Models.count_tokens"),
        span(9, "LLM", name="transcriptions", told={"mlflow.llm.model": "whisper-1", "method": "transcriptions"}),
        span(10, "RERANKER", told={"model": "rr"}),
        span(11, "LLM", plain, name="outer"),
        span(12, "CHAT_MODEL", plain, parent_span_id="s11"),
        span(13, "TOOL", plain),
    ]


def tables(rows: list[dict[str, Any]]) -> dict[str, Any]:
    judged = [{**row, "trace_id": "tr-judge", "content": row["content"]} for row in rows[1:3]]
    return {
        "experiments": [{"experiment_id": 1, "name": "faq"}],
        "trace_info": [
            {"request_id": "tr-1", "experiment_id": 1, "trace_name": "answer", "session_id": "c-1"},
            {"request_id": "tr-judge", "experiment_id": 1},
        ],
        "trace_tags": [
            {"request_id": "tr-1", "key": "team", "value": "support"},
            {"request_id": "tr-judge", "key": "mlflow.trace.sourceScorer", "value": "Safety"},
        ],
        "trace_request_metadata": [{"request_id": "tr-1", "key": "mlflow.trace.user", "value": "u-1"}],
        "spans": rows + judged,
    }


def test_spans_of_calls_count_by_experiment(database: Database) -> None:
    filled(database, "mlflow", tables(spans()))

    found = asked(database, "mlflow", WEEK)

    assert sums(found.usage, *COUNTS) == {
        ("faq", "gpt-4o", "generation", "2026-11-20"): (3, 1, 1500, 0, 1128, 200, 60, 0.25, 2),
        ("faq", "gpt-4o", "generation", "2026-11-21"): (1, 0, 100, 0, 64, 0, 20, 0, 1),
        ("faq", "te-3", "embedding", "2026-11-20"): (2, 0, 0, 2, 0, 0, 0, 0, 2),
        ("faq", "whisper-1", "audio", "2026-11-20"): (1, 0, 0, 1, 0, 0, 0, 0, 1),
        ("faq", "rr", "rerank", "2026-11-20"): (1, 0, 0, 1, 0, 0, 0, 0, 1),
    }
    named = asked(database, "mlflow", WEEK, system="{experiment}/{trace}/{session}/{user}/{tags.team}")
    assert {it.system for it in named.usage} == {"faq/answer/c-1/u-1/support"}


def test_a_span_counts_as_it_does_in_a_log(database: Database, tmp_path: Path) -> None:
    rows = spans()
    filled(database, "mlflow", tables(rows))
    log = tmp_path / "trace.jsonl"
    documents = [json.loads(row["content"]) for row in rows]
    trace = {
        "info": {"trace_id": "tr-1", "trace_location": {"mlflow_experiment": {"experiment_id": "1"}}},
        "data": {"spans": documents},
    }
    log.write_text(json.dumps(trace) + "\n")
    config = FilesConfig.model_validate({
        "name": "log", "type": "files", "path": str(log), "format": "mlflow", "system": "{experiment}",
        "quiet_after": "0s",
    })  # fmt: skip
    reader = FilesCollector(config, CollectorContext(tmp_path, tmp_path, lambda: NOW))
    expected = [row for batch in reader.collect(SourceState(0, dict)) for row in batch.usage]

    found = asked(database, "mlflow", WEEK, system="{experiment_id}")

    assert sums(found.usage, *COUNTS, "latency_ms") == sums(expected, *COUNTS, "latency_ms")


def test_a_trace_that_was_archived_keeps_its_calls_and_loses_its_tokens(database: Database) -> None:
    rows = [{**row, "content": "", "model_name": "gpt-4o"} for row in spans()[1:3]]
    filled(database, "mlflow", tables(rows))

    found = asked(database, "mlflow", WEEK)

    assert sums(found.usage, "inferences", "unknown_input") == {
        ("faq", "gpt-4o", "generation", "2026-11-20"): (1, 1),
        ("faq", "gpt-4o", "generation", "2026-11-21"): (1, 1),
    }
