"""Platforms that watch calls: sums of days, and calls one by one."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest

from leverwatch.collectors.daily.errors import SchemaDiffers, TimedOut
from leverwatch.collectors.interface import Operation
from leverwatch.collectors.sources.usage_api import paging
from leverwatch.collectors.sources.usage_api.apis import langfuse
from tests.collectors.sources.usage_api.server import KEY, Asked, Reply, ask, config_of, counted, serving


def metrics(rows: list[dict[str, Any]]) -> Callable[[Asked], Reply]:
    """Metrics of Langfuse: rows of the days that are asked for, at most the limit; numbers are texts."""

    def answer(asked: Asked) -> Reply:
        query = json.loads(asked.first("query"))
        first, end = query["fromTimestamp"][:10], query["toTimestamp"][:10]
        found = [row for row in rows if first <= row["time_dimension"][:10] < end]
        return Reply({"data": found[: query["config"]["row_limit"]]})

    return answer


def summed(day: str, **more: Any) -> dict[str, Any]:
    return {
        "time_dimension": f"{day}T00:00:00.000Z", "providedModelName": "m", "level": "DEFAULT",
        "type": "GENERATION", "count_count": "40", "sum_inputTokens": "9000", "sum_outputTokens": "700",
        "sum_totalCost": 0.25,
        "sum_latency": 80_000, **more,
    }  # fmt: skip


def test_langfuse_tells_sums_by_day_with_latency_in_milliseconds_and_errors_apart() -> None:
    rows = [
        summed("2026-11-18", environment="shop"),
        summed("2026-11-18", environment="shop", level="ERROR", count_count="2", sum_totalCost=None),
        summed("2026-11-17", environment="shop", type="EMBEDDING", sum_outputTokens="0"),
        summed("2026-11-17", environment=None),
    ]
    with serving(metrics(rows)) as served:
        found = ask(
            "langfuse", served, "2026-11-16", "2026-11-18", system="{environment}", only={"traceName": ["a"]}
        )

    names = ("inferences", "errors", "input_tokens", "latency_ms", "cost_usd", "unknown_output")
    assert counted(found.usage, *names) == {
        ("shop", "m", "2026-11-18"): (40, 2, 9000, 80_000, 0.25, 0),
        ("shop", "m", "2026-11-17"): (40, 0, 9000, 80_000, 0.25, 40),
    }
    query = json.loads(served.asked[0].first("query"))
    assert {"column": "traceName", "operator": "any of", "value": ["a"], "type": "stringOptions"} in query[
        "filters"
    ]
    assert served.asked[0].headers["authorization"] == f"Basic {b64encode(f'pk-lf-9:{KEY}'.encode()).decode()}"


def test_an_answer_of_langfuse_that_is_cut_off_is_asked_for_again_in_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(langfuse, "MOST_ROWS", 3)
    rows = [summed(f"2026-11-{day}", providedModelName=model) for day in range(10, 19) for model in "ab"]
    with serving(metrics(rows)) as served:
        found = ask("langfuse", served, "2026-11-10", "2026-11-18")

        assert sum(row.inferences for row in found.usage) == 18 * 40
        assert found.untold == frozenset()
        rows.append(summed("2026-11-18", providedModelName="c"))
        with pytest.raises(SchemaDiffers, match="has to tell fewer apart"):
            ask("langfuse", served, "2026-11-10", "2026-11-18")


def observation(at: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"o{at}", "traceId": "t1", "projectId": "p1", "parentObservationId": None, "isRootObservation": True,
        "endTime": "2026-11-18T10:00:01.500Z", "type": "GENERATION",
        "startTime": "2026-11-18T10:00:00.000Z", "level": "DEFAULT", "model": "m",
        "latency": 1.5, "totalCost": 0.01, "traceName": "shop",
        "usageDetails": {
            "input": 100, "input_cached_tokens": 400, "cache_creation_input_tokens": 30, "output": 20,
            "output_reasoning_tokens": 7, "total": 557,
        },
        **more,
    }  # fmt: skip


def test_observations_stand_beside_what_is_cached_and_come_once_over_all_pages() -> None:
    told = [observation(at) for at in range(3)]
    odd = observation(3, usageDetails={}, latency=None, totalCost=None, level="ERROR")
    pages: dict[str, tuple[list[dict[str, Any]], str | None]] = {
        "": (told[:2], "c1"),
        "c1": (told[1:], "c2"),
        "c2": ([odd], None),
    }

    def answer(asked: Asked) -> Reply:
        if asked.first("type") != "GENERATION":
            return Reply({"data": [observation(9, type="EMBEDDING")], "meta": {}})
        data, cursor = pages[asked.first("cursor")]
        return Reply({"data": data, "meta": {"cursor": cursor} if cursor else {}})

    with serving(answer) as served:
        found = ask("langfuse-observations", served, "2026-11-18", system="{traceName}")

    (row,) = (row for row in found.usage if row.operation is Operation.GENERATION)
    assert (row.inferences, row.errors, row.input_tokens, row.cached_input_tokens) == (3, 1, 1590, 1200)
    assert (row.cache_write_tokens, row.output_tokens, row.reasoning_tokens, row.latency_ms) == (90, 81, 21, 4500)
    assert [row.inferences for row in found.usage if row.operation is Operation.EMBEDDING] == [1]


def run(at: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"r{at}", "start_time": "2026-11-18T23:59:59.5Z", "status": "SUCCESS", "project_id": "p-1",
        "prompt_tokens": 50, "completion_tokens": 5, "total_cost": "0.002", "latency_seconds": 2,
        "prompt_token_details": {"raw": {"cache_read": 20}}, "metadata": {"ls_model_name": "m", "x": 1},
        **more,
    }  # fmt: skip


def test_runs_of_langsmith_are_calls_once_they_are_over() -> None:
    def answer(asked: Asked) -> Reply:
        if asked.body.get("cursor") is None:
            return Reply({"items": [run(1), run(2, status="ERROR")], "next_cursor": "more"})
        return Reply({"items": [run(3, status="PENDING"), run(4, start_time="2026-11-19T00:00:00Z"), run(1)]})

    with serving(answer) as served:
        found = ask("langsmith", served, "2026-11-18", system="{project_id}")

    names = ("inferences", "errors", "input_tokens", "cached_input_tokens", "cost_usd", "latency_ms")
    assert counted(found.usage, *names) == {("p-1", "m", "2026-11-18"): (1, 1, 50, 20, 0.004, 2000)}
    body = served.asked[0].body
    assert (body["project_ids"], body["run_type"], body["page_size"]) == (["p-1"], "LLM", 1000)
    assert not {"INPUTS", "OUTPUTS", "INPUTS_PREVIEW", "OUTPUTS_PREVIEW"} & set(body["selects"])
    with pytest.raises(ValueError, match="without which langsmith answers nothing"):
        config_of("langsmith", served.url, only={})


def test_requests_of_helicone_are_calls_and_answers_of_its_cache_are_none() -> None:
    def request(at: int, **more: Any) -> dict[str, Any]:
        return {
            "request_id": f"h{at}", "request_created_at": "2026-11-18 08:00:00.125", "response_status": 200,
            "response_model": "m", "prompt_tokens": 60, "completion_tokens": 6, "prompt_cache_read_tokens": 10,
            "delay_ms": 300, "cost": 0.003, "request_properties": {"app": "shop"}, "request_body": "x", **more,
        }  # fmt: skip

    told = [
        request(1), request(2, response_status=-3), request(3, cache_reference_id="h1"),
        request(4, cache_reference_id="00000000-0000-0000-0000-000000000000", cost=0),
    ]  # fmt: skip
    with serving(lambda asked: Reply({"data": told[asked.body["offset"] :], "error": None})) as served:
        found = ask("helicone", served, "2026-11-18", system="{properties.app}")

    names = ("inferences", "errors", "cache_hits", "input_tokens", "unpriced", "latency_ms")
    assert counted(found.usage, *names) == {("shop", "m", "2026-11-18"): (2, 1, 1, 120, 1, 600)}
    assert served.asked[0].body["limit"] == 1000


def test_more_calls_than_one_answer_may_have_are_asked_for_in_fewer_days(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "MOST_PAGES", 2)
    pages = iter(range(9))

    def answer(_: Asked) -> Reply:
        return Reply({"items": [], "next_cursor": f"c{next(pages)}"})

    with serving(answer) as served, pytest.raises(TimedOut, match="more than 2 pages"):
        ask("langsmith", served, "2026-11-10", "2026-11-18")
