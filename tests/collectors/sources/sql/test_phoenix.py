from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.collectors.sources.sql.producers.filling import asked, explained, filled, insert
from tests.collectors.sources.sql.tables import Database, days, sums

WEEK = days("2026-11-16", "2026-11-22")
COUNTS = (
    "inferences", "errors", "input_tokens", "unknown_input", "cached_input_tokens", "output_tokens",
    "reasoning_tokens", "cost_usd", "latency_ms",
)  # fmt: skip


@pytest.fixture(params=["postgresql", "sqlite"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database of each kind that Phoenix may have."""
    if request.param == "postgresql":
        yield request.getfixturevalue("postgres")
        return
    yield Database(f"sqlite:///{tmp_path / 'phoenix.db'}", tmp_path)


def attributes(model: str = "gpt-4o", **tokens: Any) -> dict[str, Any]:
    return {"llm": {"model_name": model, "token_count": tokens}, "user": {"id": "u-1"}, "metadata": {"app": "faq"}}


def span(number: int, kind: str, told: dict[str, Any], database: Database, **given: Any) -> dict[str, Any]:
    # SQLite has the times of Phoenix without a zone, in UTC.
    zone = "+00" if database.name == "postgresql" else ""
    found = {
        "id": number, "trace_rowid": 1, "span_id": f"s{number}", "parent_id": None, "name": "call",
        "span_kind": kind, "start_time": "2026-11-20 23:59:59.500000", "end_time": "2026-11-21 00:00:01.000000",
        "attributes": told, "events": [], "status_code": "OK", "status_message": "", **given,
    }  # fmt: skip
    return {name: f"{it}{zone}" if name.endswith("_time") else it for name, it in found.items()}


def test_spans_of_calls_count_by_project(database: Database) -> None:
    whole = attributes(
        prompt=1000, completion=80, prompt_details={"cache_read": 640}, completion_details={"reasoning": 30}
    )
    asked_for = {"llm": {"invocation_parameters": json.dumps({"model": "gpt-4o", "temperature": 0})}}
    embedding = {"embedding": {"model_name": "te-3"}, "llm": {"token_count": {"prompt": 7}}}
    inner = attributes(prompt=20, completion=2)
    told: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        ("LLM", whole, {}),
        ("LLM", whole, {"start_time": "2026-11-21 00:00:00.000000", "trace_rowid": 2}),
        ("LLM", asked_for, {"status_code": "ERROR"}),
        ("LLM", attributes(), {"status_code": "UNSET"}),
        ("EMBEDDING", embedding, {}),
        ("RERANKER", {"reranker": {"model_name": "rr"}}, {}),
        ("CHAIN", attributes(prompt=5), {}),
        ("LLM", attributes(prompt=20), {"name": "outer"}),
        ("CHAIN", {}, {"parent_id": "s8"}),
        ("LLM", inner, {"parent_id": "s9"}),
        ("LLM", inner, {"parent_id": "s7"}),
    ]
    tables: dict[str, Any] = {
        "projects": [{"id": 1, "name": "shop"}, {"id": 2, "name": "playground"}],
        "traces": [
            {"id": 1, "project_rowid": 1, "trace_id": "t1"},
            {"id": 2, "project_rowid": 2, "trace_id": "t2"},
        ],
        "spans": [span(number, kind, it, database, **given) for number, (kind, it, given) in enumerate(told, 1)],
        "span_costs": [
            {"id": 1, "span_rowid": 1, "trace_rowid": 1, "total_cost": 0.25},
            {"id": 2, "span_rowid": 1, "trace_rowid": 1, "total_cost": 0.5},
        ],
    }
    filled(database, "phoenix", tables)

    found = asked(database, "phoenix", WEEK)

    assert sums(found.usage, *COUNTS) == {
        ("shop", "gpt-4o", "generation", "2026-11-20"): (4, 1, 1040, 1, 640, 84, 30, 0.75, 6000),
        ("playground", "gpt-4o", "generation", "2026-11-21"): (1, 0, 1000, 0, 640, 80, 30, 0, 1000),
        ("shop", "te-3", "embedding", "2026-11-20"): (1, 0, 7, 0, 0, 0, 0, 0, 1500),
        ("shop", "rr", "rerank", "2026-11-20"): (1, 0, 0, 1, 0, 0, 0, 0, 1500),
    }
    by_app = asked(database, "phoenix", WEEK, system="{attributes.metadata.app}")
    assert sum(it.inferences for it in by_app.usage if it.system == "faq") == 5
    assert "ix_spans_start_time" in explained(database, "phoenix", WEEK)


def test_a_span_that_comes_late_below_another_call_takes_the_place_of_this(database: Database) -> None:
    outer = span(1, "LLM", attributes(prompt=20, completion=2), database)
    filled(database, "phoenix", {"projects": [{"id": 1, "name": "shop"}], "spans": [outer]})
    insert(database, "traces", [{"id": 1, "project_rowid": 1, "trace_id": "t1"}])
    before = asked(database, "phoenix", WEEK)

    insert(database, "spans", [span(2, "LLM", attributes(prompt=21, completion=2), database, parent_id="s1")])
    after = asked(database, "phoenix", WEEK)

    assert [(it.inferences, it.input_tokens) for it in before.usage] == [(1, 20)]
    assert [(it.inferences, it.input_tokens) for it in after.usage] == [(1, 21)]
