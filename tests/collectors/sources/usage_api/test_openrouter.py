from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from leverwatch.collectors.billed import BilledAmount
from leverwatch.collectors.daily.errors import PermissionRefused
from tests.collectors.sources.usage_api.providers import openrouter
from tests.collectors.sources.usage_api.server import Reply, ask, config_of, counted, serving


def item(day: str, **more: Any) -> dict[str, Any]:
    return {
        "date": day, "model": "acme/m-1", "requests": 7, "prompt_tokens": 500, "completion_tokens": 60,
        "reasoning_tokens": 20, "usage": 0.5, **more,
    }  # fmt: skip


def test_requests_tokens_and_cost_are_told_by_day_and_model() -> None:
    items = [
        item("2026-11-18", cached_tokens=100, byok_usage_inference=0.25),
        item("2026-11-18", endpoint_id="e-20", provider_name="Another"),
        item("2026-11-16", model="acme/m-2"),
        item("2026-10-30"),
    ]
    with serving(openrouter(items)) as served:
        found = ask("openrouter", served, "2026-11-15", "2026-11-19")

    names = ("inferences", "input_tokens", "output_tokens", "reasoning_tokens", "cached_input_tokens", "cost_usd")
    assert counted(found.usage, *names) == {
        ("bot", "acme/m-1", "2026-11-18"): (14, 1000, 120, 40, 100, 1.25),
        ("bot", "acme/m-2", "2026-11-16"): (7, 500, 60, 20, 0, 0.5),
    }
    assert found.billed == (
        BilledAmount(date(2026, 11, 16), "", "acme/m-2", 0.5),
        BilledAmount(date(2026, 11, 18), "", "acme/m-1", 1.0),
    )
    assert [one.query for one in served.asked] == [{}]


def test_days_after_the_newest_one_are_unknown_and_idle_ones_between_are_not() -> None:
    with serving(openrouter([item("2026-11-18"), item("2026-11-16"), item("2026-11-12")])) as served:
        found = ask("openrouter", served, "2026-11-14", "2026-11-20")

    assert found.untold == {date(2026, 11, 19), date(2026, 11, 20)}


def test_one_day_is_asked_for_alone_and_a_workspace_when_the_system_names_it() -> None:
    with serving(openrouter([item("2026-11-18", workspace_id="w-9"), item("2026-11-17")])) as served:
        found = ask("openrouter", served, "2026-11-18", system="{workspace_id}", only={"api_key_hash": ["ab12"]})

    assert [(row.system, row.inferences) for row in found.usage] == [("w-9", 7)]
    assert served.asked[0].query == {"date": ["2026-11-18"], "group_by": ["workspace"], "api_key_hash": ["ab12"]}


def test_cached_tokens_of_replayed_answers_are_no_part_of_the_prompt() -> None:
    with serving(openrouter([item("2026-11-18", cached_tokens=900)])) as served:
        found = ask("openrouter", served, "2026-11-18")

    assert (found.usage[0].cached_input_tokens, found.usage[0].unknown_cached) == (0, 7)


def test_no_more_history_is_asked_for_than_there_is() -> None:
    assert config_of("openrouter", "https://x.example").history == timedelta(days=30)
    with pytest.raises(ValueError, match="more than the 30 days"):
        config_of("openrouter", "https://x.example", history="90d")


def test_a_key_for_calls_is_refused_with_the_kind_that_is_needed() -> None:
    with serving(lambda _: Reply({"error": {"code": 403}}, 403)) as served, pytest.raises(PermissionRefused) as no:
        ask("openrouter", served, "2026-11-18")

    assert "it needs a management key" in str(no.value)
