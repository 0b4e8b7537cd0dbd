from __future__ import annotations

from typing import Any

from tests.collectors.sources.sql.producers.filling import asked, explained, filled
from tests.collectors.sources.sql.tables import Database, days, sums

WEEK = days("2026-11-16", "2026-11-22")
COUNTS = ("inferences", "errors", "input_tokens", "unknown_input", "output_tokens", "unpriced", "latency_ms")


def observation(id_: str, **given: Any) -> dict[str, Any]:
    return {
        "id": id_, "type": "GENERATION", "trace_id": "tr-1", "project_id": "p-1", "name": "answer",
        "start_time": "2026-11-20 23:59:59.500", "end_time": "2026-11-21 00:00:01",
        "model": "gpt-4o-2024-08-06", "level": "DEFAULT",
        "internal_model": "gpt-4o", "prompt_tokens": 400, "completion_tokens": 50, "total_tokens": 450,
        "unit": "TOKENS", "calculated_total_cost": "0.002", **given,
    }  # fmt: skip


def test_generations_count_by_project_and_other_observations_do_not(postgres: Database) -> None:
    nothing: dict[str, Any] = {
        "prompt_tokens": 0,
        "completion_tokens": 0,
        "total_tokens": 0,
        "calculated_total_cost": None,
    }
    rows = [
        observation("plain"),
        observation("next day", start_time="2026-11-21 00:00:00", end_time=None),
        observation("failed", level="ERROR", **nothing),
        observation("warned", level="WARNING", model=None, **nothing),
        observation("letters", unit="CHARACTERS", prompt_tokens=9000),
        observation("total alone", prompt_tokens=0, completion_tokens=0, total_tokens=70, calculated_total_cost=0),
        observation("cached beside", total_tokens=1450, total_cost="0.5", calculated_total_cost=None),
        observation("embedding", model="text-embedding-3-small", completion_tokens=0, total_tokens=400),
        observation("no trace", trace_id=None, project_id="p-2"),
        observation("span", type="SPAN"),
        observation("event", type="EVENT"),
    ]
    traces = [{"id": "tr-1", "name": "chat", "user_id": "u-1", "tags": "{eu,beta}", "project_id": "p-1"}]
    database = filled(
        postgres, "langfuse", {"projects": [{"id": "p-1", "name": "shop"}], "traces": traces, "observations": rows}
    )

    found = asked(database, "langfuse", WEEK)

    assert sums(found.usage, *COUNTS) == {
        ("shop", "gpt-4o-2024-08-06", "generation", "2026-11-20"): (4, 1, 1870, 1, 100, 1, 6000),
        ("shop", "gpt-4o-2024-08-06", "generation", "2026-11-21"): (1, 0, 400, 0, 50, 0, 0),
        ("shop", "gpt-4o", "generation", "2026-11-20"): (1, 0, 0, 1, 0, 1, 1500),
        ("shop", "text-embedding-3-small", "embedding", "2026-11-20"): (1, 0, 400, 0, 0, 0, 1500),
        ("p-2", "gpt-4o-2024-08-06", "generation", "2026-11-20"): (1, 0, 400, 0, 50, 0, 1500),
    }
    assert {it.system for it in asked(database, "langfuse", WEEK, system="{project}/{trace}").usage} == {
        "shop/chat",
        "p-2/unnamed",
    }
    assert {it.system for it in asked(database, "langfuse", WEEK, system="{tag}").usage} == {"eu"}
    assert "observations_start_time_idx" in explained(database, "langfuse", WEEK)
