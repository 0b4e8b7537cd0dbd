from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from leverwatch.collectors.billed import BilledAmount, UncountedTokens
from leverwatch.collectors.daily.errors import CredentialsRefused
from leverwatch.collectors.interface import Operation, Result
from tests.collectors.sources.usage_api.providers import Anthropic, AnthropicReport
from tests.collectors.sources.usage_api.server import Reply, ask, config_of, counted, serving

DAY = date(2026, 11, 18)
USED: dict[str, Any] = {
    "day": "2026-11-18", "model": "claude-q", "service_tier": "standard", "context_window": "0-200k",
    "workspace_id": "wrkspc_1", "requests": 12, "uncached": 1000, "read": 300, "written": 40, "hour": 60,
    "output": 90,
}  # fmt: skip


def test_requests_are_calls_and_input_is_the_sum_of_all_its_parts_over_all_pages() -> None:
    rows = [USED, {**USED, "requests": 1}, {**USED, "day": "2026-11-16"}, {**USED, "workspace_id": "wrkspc_2"}]
    with serving(Anthropic(rows)) as served:
        found = ask("anthropic", served, "2026-11-16", "2026-11-18", system="{workspace_id}", costs=False)

    names = ("inferences", "input_tokens", "cached_input_tokens", "cache_write_tokens", "uncosted_write_1h_tokens")
    assert counted(found.usage, *names, "output_tokens") == {
        ("wrkspc_1", "claude-q", "2026-11-18"): (13, 2800, 600, 200, 120, 180),
        ("wrkspc_1", "claude-q", "2026-11-16"): (12, 1400, 300, 100, 60, 90),
        ("wrkspc_2", "claude-q", "2026-11-18"): (12, 1400, 300, 100, 60, 90),
    }
    assert len(served.asked) == 2
    assert served.asked[0].query["products[]"] == ["messages_api", "message_batches_api", "managed_agents_api"]
    assert not found.uncounted


def test_the_tier_the_speed_and_the_length_of_inputs_are_priced_as_such() -> None:
    rows = [
        {**USED, "service_tier": "batch"},
        {**USED, "context_window": "200k-1M"},
        {**USED, "speed": "fast"},
        {**USED, "service_tier": "flex_discount"},
    ]
    with serving(Anthropic(rows)) as served:
        found = ask("anthropic", served, "2026-11-18", costs=False)

    assert {(one.tier, one.inferences) for one in found.tiers} == {
        ("batch", 12), (">200000", 12), ("fast", 12), ("flex", 12),
    }  # fmt: skip


def test_what_has_no_model_is_a_tool_and_no_call_of_one() -> None:
    with serving(Anthropic([USED, {"day": "2026-11-18", "requests": 5}])) as served:
        found = ask("anthropic", served, "2026-11-18")

    assert {row.operation: row.inferences for row in found.usage} == {Operation.GENERATION: 12, Operation.TOOL: 5}


def test_a_row_without_its_requests_is_neither_no_call_nor_one() -> None:
    with serving(Anthropic([USED, {**USED, "requests": None}])) as served:
        found = ask("anthropic", served, "2026-11-18")

    assert [row.inferences for row in found.usage] == [12]
    assert [(one.input_tokens, one.output_tokens) for one in found.uncounted] == [(1400, 90)]
    assert found.partial == {DAY}
    assert "the number of calls is unknown" in found.problems[0][2]


def test_cents_are_a_hundredth_of_a_dollar() -> None:
    costs = [
        {"day": "2026-11-18", "amount": "12345.67", "model": "claude-q", "cost_type": "tokens"},
        {"day": "2026-11-18", "amount": "250", "cost_type": "web_search", "workspace_id": "wrkspc_1"},
    ]
    with serving(Anthropic([USED], costs)) as served:
        found = ask("anthropic", served, "2026-11-18")

    assert found.billed == (
        BilledAmount(DAY, "", "claude-q, tokens", 123.4567),
        BilledAmount(DAY, "wrkspc_1", "web_search", 2.5),
    )


def test_no_more_dimensions_are_asked_for_than_the_analytics_tell_at_once() -> None:
    with serving(Anthropic([USED])) as served:
        ask("anthropic", served, "2026-11-18", system="{workspace_id}/{api_key_id}")

    assert len(served.asked[0].query["group_by[]"]) == 5
    with pytest.raises(ValueError, match="more than 2 dimensions"):
        config_of("anthropic", served.url, system="{workspace_id}/{api_key_id}/{product}")


def test_an_ordinary_key_is_refused_with_the_kind_that_is_needed() -> None:
    with serving(lambda _: Reply({"type": "error"}, 401)) as served, pytest.raises(CredentialsRefused) as refused:
        ask("anthropic", served, "2026-11-18")

    assert "an admin key (sk-ant-admin...) or a key with the scope read:analytics" in str(refused.value)


def test_the_older_report_tells_tokens_and_its_calls_are_unknown() -> None:
    rows = [USED, {**USED, "output": 10}, {**USED, "day": "2026-11-17", "workspace_id": None}]
    with serving(AnthropicReport(rows)) as served:
        found = ask("anthropic-report", served, "2026-11-15", "2026-11-18", system="{workspace_id}")

    assert found.usage == ()
    assert found.calls.get(Result.COUNTED, 0) == 0
    assert found.uncounted == (
        UncountedTokens("wrkspc_1", "claude-q", DAY, "", 2800, 600, 200, 120, 100),
        UncountedTokens("default", "claude-q", date(2026, 11, 17), "", 1400, 300, 100, 60, 90),
    )
    assert found.filled == {DAY, date(2026, 11, 17)}
    assert found.untold == frozenset()
    assert not config_of("anthropic-report", served.url).counts_usage()
    assert config_of("anthropic-report", served.url).declared_systems() == frozenset()


def test_the_older_report_tells_costs_in_cents_by_workspace_and_description() -> None:
    costs = [{"day": "2026-11-18", "amount": "123.45", "description": "Claude Q Usage - Output Tokens"}]
    with serving(AnthropicReport([USED], costs)) as served:
        found = ask("anthropic-report", served, "2026-11-18")

    assert found.billed == (BilledAmount(DAY, "default", "Claude Q Usage - Output Tokens", 1.2345),)
