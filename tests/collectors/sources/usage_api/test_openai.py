from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from leverwatch.collectors.billed import BilledAmount
from leverwatch.collectors.daily.errors import PermissionRefused
from leverwatch.collectors.interface import Operation, Result
from tests.collectors.sources.usage_api.providers import OpenAi, call
from tests.collectors.sources.usage_api.server import Reply, ask, counted, serving

MORNING = call(
    "2026-11-18", model="gpt-x", project_id="proj_a", batch=False, service_tier="default", num_model_requests=40,
    input_tokens=9000, input_cached_tokens=3000, input_cache_write_tokens=500, output_tokens=700,
)  # fmt: skip


def test_calls_and_tokens_are_told_by_day_model_and_project_over_all_pages() -> None:
    evening = {**MORNING, "num_model_requests": 2, "input_tokens": 100, "input_cached_tokens": 0}
    other = {**MORNING, "day": "2026-11-16", "project_id": "proj_b", "model": "gpt-y"}
    with serving(OpenAi([MORNING, evening, other, {**MORNING, "model": "gpt-y"}], rows=1)) as served:
        found = ask("openai", served, "2026-11-16", "2026-11-18", system="{project_id}", costs=False)

    assert counted(found.usage, "inferences", "input_tokens", "cached_input_tokens", "cache_write_tokens") == {
        ("proj_a", "gpt-x", "2026-11-18"): (42, 9100, 3000, 1000),
        ("proj_a", "gpt-y", "2026-11-18"): (40, 9000, 3000, 500),
        ("proj_b", "gpt-y", "2026-11-16"): (40, 9000, 3000, 500),
    }
    assert found.filled == {date(2026, 11, 16), date(2026, 11, 18)}
    assert found.untold == found.partial == frozenset()
    assert len([path for path in served.paths() if path.endswith("completions")]) == 4


def test_every_endpoint_is_an_operation_of_its_own_and_tools_are_no_calls() -> None:
    asked = {
        "embeddings": Operation.EMBEDDING,
        "moderations": Operation.MODERATION,
        "images": Operation.IMAGE,
        "audio_speeches": Operation.AUDIO,
        "audio_transcriptions": Operation.AUDIO,
    }
    calls = [
        call("2026-11-18", name, model=f"m-{name}", num_model_requests=at)
        for at, name in enumerate([*asked, "vector_stores", "web_search_calls"], 1)
    ]
    with serving(OpenAi(calls)) as served:
        found = ask("openai", served, "2026-11-18")

    assert {row.model: (row.operation, row.inferences) for row in found.usage} == {
        f"m-{name}": (operation, at) for at, (name, operation) in enumerate(asked.items(), 1)
    }


def test_a_batch_and_a_tier_are_priced_as_such() -> None:
    calls = [{**MORNING, "batch": True}, {**MORNING, "service_tier": "flex"}, MORNING]
    with serving(OpenAi(calls)) as served:
        found = ask("openai", served, "2026-11-18")

    assert {(one.tier, one.inferences, one.input_tokens) for one in found.tiers} == {
        ("batch", 40, 9000),
        ("flex", 40, 9000),
    }
    assert found.usage[0].inferences == 120


def test_calls_of_a_project_without_a_name_are_said_and_not_given_to_another_one() -> None:
    with serving(OpenAi([MORNING, {**MORNING, "project_id": None}])) as served:
        found = ask("openai", served, "2026-11-18", system="{project_id}")

    assert [row.inferences for row in found.usage] == [40]
    assert found.calls[Result.UNATTRIBUTED] == 40


def test_a_day_without_a_bucket_is_unknown_and_one_with_an_empty_bucket_is_not() -> None:
    provider = OpenAi([MORNING, {**MORNING, "day": "2026-11-15"}], without=frozenset({"2026-11-16"}))
    with serving(provider) as served:
        found = ask("openai", served, "2026-11-15", "2026-11-18")

    assert found.untold == {date(2026, 11, 16)}


def test_costs_are_told_by_day_project_and_line_item_as_numbers_or_texts() -> None:
    costs: list[dict[str, Any]] = [
        {"day": "2026-11-18", "project_id": "proj_a", "line_item": "gpt-x, input", "value": 1.25},
        {"day": "2026-11-18", "project_id": "proj_a", "line_item": "gpt-x, input", "value": "0.75"},
        {"day": "2026-11-18", "line_item": "web search", "value": "0.0301000000000000000001"},
        {"day": "2026-11-18", "line_item": "credit", "value": -2},
        {"day": "2026-11-18", "line_item": "foreign", "value": 9, "currency": "eur"},
    ]
    with serving(OpenAi([MORNING], costs)) as served:
        found = ask("openai", served, "2026-11-18")

    day = date(2026, 11, 18)
    assert found.billed == (
        BilledAmount(day, "", "credit", -2.0),
        BilledAmount(day, "", "web search", 0.0301),
        BilledAmount(day, "proj_a", "gpt-x, input", 2.0),
    )
    assert [detail for _, _, detail in found.problems] == ["amounts in another currency than dollars: 1"]


def test_a_key_of_a_project_is_told_from_a_wrong_one_and_the_kind_that_is_needed_is_named() -> None:
    message = {"error": {"message": "You have insufficient permissions. Missing scopes: api.usage.read"}}
    with serving(lambda _: Reply(message, 403)) as served, pytest.raises(PermissionRefused) as refused:
        ask("openai", served, "2026-11-18")

    assert "it needs an admin key of the organisation" in str(refused.value)
    assert "completions" in str(refused.value)
