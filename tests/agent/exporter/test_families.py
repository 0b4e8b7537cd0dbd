"""What each family makes of a snapshot, most of all of what is unknown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from leverwatch.agent.exporter.families import AGENT, SECTIONS, SYSTEMS
from leverwatch.agent.exporter.family import timestamp
from leverwatch.agent.framework.model import Band, Crossing, Settings
from leverwatch.agent.snapshot import ModelTotals, PricedUsage, SystemView
from leverwatch.collectors.interface import Operation, Result
from tests.agent.exporter import samples


def series(name: str, *views: SystemView) -> Mapping[tuple[str, ...], float]:
    [family] = [family for family in SYSTEMS if family.name == name]
    return dict(family.samples(samples.systems(*views)))


def agent_series(name: str) -> Mapping[tuple[str, ...], float]:
    [family] = [family for family in AGENT if family.name == name]
    return dict(family.samples(samples.agent()))


def with_models(*models: ModelTotals) -> SystemView:
    return replace(samples.unseen(), system="s", models=models)


def test_names_are_unique_prefixed_and_named_after_their_type() -> None:
    families = [(f.name, f.type) for section in SECTIONS.values() for f in section]

    assert len({name for name, _ in families}) == len(families)
    assert all(name.startswith("leverwatch_") for name, _ in families)
    assert all((kind == "counter") == name.endswith("_total") for name, kind in families)


def test_every_sample_has_a_value_for_every_label() -> None:
    for family in SYSTEMS:
        assert {len(labels) for labels, _ in family.samples(samples.systems())} <= {len(family.labels)}
    for agent_family in AGENT:
        assert {len(labels) for labels, _ in agent_family.samples(samples.agent())} <= {len(agent_family.labels)}


def test_every_family_has_a_series_in_the_full_sample() -> None:
    assert [f.name for f in SYSTEMS if not list(f.samples(samples.systems()))] == []
    assert [f.name for f in AGENT if not list(f.samples(samples.agent()))] == []


SUMS = [
    ("leverwatch_input_tokens_total", "input_tokens", "unknown_input"),
    ("leverwatch_cached_input_tokens_total", "cached_input_tokens", "unknown_cached"),
    ("leverwatch_output_tokens_total", "output_tokens", "unknown_output"),
    ("leverwatch_cost_usd_total", "cost_usd", "unpriced"),
    ("leverwatch_inference_latency_seconds_total", "latency_ms", "unknown_latency"),
]


@pytest.mark.parametrize(("name", "unknown"), [(name, unknown) for name, _, unknown in SUMS])
def test_a_sum_whose_every_part_is_unknown_is_absent(name: str, unknown: str) -> None:
    assert series(name, with_models(ModelTotals("m", inferences=4, **{unknown: 4}))) == {}


@pytest.mark.parametrize(("name", "unknown"), [(name, unknown) for name, _, unknown in SUMS])
def test_a_sum_of_known_zeros_is_zero(name: str, unknown: str) -> None:
    assert list(series(name, with_models(ModelTotals("m", inferences=4, **{unknown: 3}))).values()) == [0]


@pytest.mark.parametrize(("name", "total", "unknown"), SUMS)
def test_a_sum_that_knows_something_is_present(name: str, total: str, unknown: str) -> None:
    scale = 1000 if name.endswith("seconds_total") else 1
    found = series(name, with_models(ModelTotals("m", inferences=4, **{unknown: 4, total: 2.0 * scale})))

    origin = ("told",) if "cost" in name else ()
    assert found == {("s", "m", *origin): 2.0}


@given(weights=st.lists(st.floats(min_value=1, max_value=1000), min_size=1, max_size=50))
def test_sampled_records_do_not_hide_that_everything_is_unknown(weights: list[float]) -> None:
    totals = ModelTotals("m", inferences=sum(weights), unknown_input=sum(reversed(weights)))

    assert series("leverwatch_input_tokens_total", with_models(totals)) == {}


@given(st.permutations([0.1, 0.2, 0.3, 1234.5, 0.0000123]))
def test_the_order_of_adding_costs_makes_no_counter_fall(costs: list[float]) -> None:
    one, other = (ModelTotals("m", inferences=5, cost_usd=sum(order)) for order in (sorted(costs), costs))

    name = "leverwatch_cost_usd_total"
    assert series(name, with_models(one)) == series(name, with_models(other))


def test_a_model_with_only_errors_has_zero_inferences_and_no_unknown_sum() -> None:
    view = with_models(ModelTotals("m", errors=3, attempts=3))

    assert series("leverwatch_inferences_total", view) == {("s", "m"): 0}
    assert series("leverwatch_cost_usd_total", view) == {("s", "m", "told"): 0}


def test_a_cost_that_is_told_and_one_that_is_priced_are_shown_apart() -> None:
    view = replace(
        with_models(
            ModelTotals("m", inferences=4, unpriced=3, cost_usd=2.0), ModelTotals("x", unpriced=3, inferences=3)
        ),
        priced={"m": PricedUsage(0.5, 2)},
    )

    assert series("leverwatch_cost_usd_total", view) == {("s", "m", "told"): 2.0, ("s", "m", "priced"): 0.5}
    assert series("leverwatch_inferences_priced_total", view) == {("s", "m"): 2, ("s", "x"): 0}


def test_a_price_of_zero_makes_a_cost_of_zero_and_no_price_makes_none() -> None:
    view = with_models(ModelTotals("m", inferences=3, unpriced=3))

    assert series("leverwatch_cost_usd_total", replace(view, priced={"m": PricedUsage(0.0, 3)})) == {
        ("s", "m", "priced"): 0
    }
    assert series("leverwatch_cost_usd_total", replace(view, priced={"m": PricedUsage(0.0, 0)})) == {}


@pytest.mark.parametrize(
    "name",
    [
        "leverwatch_monthly_inferences",
        "leverwatch_month_to_date_inferences",
        "leverwatch_last_calendar_month_inferences",
        "leverwatch_usage_newest_day_timestamp_seconds",
        "leverwatch_volume_candidate_seconds",
        "leverwatch_volume_crossing_timestamp_seconds",
        "leverwatch_prompt_change_frequency_per_week",
        "leverwatch_prompt_changes_total",
        "leverwatch_prompt_origin",
        "leverwatch_prompt_divergences",
        "leverwatch_prompt_last_change_timestamp_seconds",
        "leverwatch_strategy_mismatch",
        "leverwatch_recommendation_changed_timestamp_seconds",
        "leverwatch_declaration_reviewed_timestamp_seconds",
    ],
)
def test_what_is_unknown_of_a_system_without_usage_has_no_series(name: str) -> None:
    assert series(name, samples.unseen()) == {}


def test_an_undecided_system_recommends_no_strategy_and_has_no_band() -> None:
    view = samples.unseen()

    assert set(series("leverwatch_recommended_strategy", view).values()) == {0}
    assert set(series("leverwatch_volume_band", view).values()) == {0}
    assert [labels for labels, value in series("leverwatch_verdict_status", view).items() if value] == [
        ("voice-notes", "undecided")
    ]


def test_a_rule_that_could_not_be_evaluated_is_absent() -> None:
    assert series("leverwatch_rule_active", samples.unseen()) == {("voice-notes", "locked_in_behavior"): 0}


def test_a_system_that_declares_nothing_has_no_declared_strategy() -> None:
    assert series("leverwatch_declared_strategy", samples.discovered()) == {}
    assert series("leverwatch_system_declared", samples.discovered()) == {(samples.AWKWARD,): 0}


def test_a_declaration_tells_when_it_changed_where_another_one_is_known() -> None:
    name, discovered = "leverwatch_declaration_changed_timestamp_seconds", samples.discovered()
    told = replace(discovered, verdict=replace(discovered.verdict, declared_on=date(2026, 2, 3)))

    assert series(name, samples.conflicting()) == {("contract-writer", "hybrid"): 1770076800}
    assert series(name, samples.grown()) == series(name, told) == {}


def test_exactly_one_strategy_of_a_state_set_is_one() -> None:
    for name in ("leverwatch_declared_strategy", "leverwatch_recommended_strategy"):
        assert sorted(series(name, samples.grown()).values()) == [0, 0, 1]


def test_the_crossing_of_each_boundary_is_the_latest_one() -> None:
    assert series("leverwatch_volume_crossing_timestamp_seconds", samples.grown()) == {
        ("checkout-helper", "hybrid"): datetime(2026, 3, 10, tzinfo=UTC).timestamp(),
        ("checkout-helper", "fine_tuning"): datetime(2025, 9, 1, tzinfo=UTC).timestamp(),
    }


@pytest.mark.parametrize(
    ("previous", "band", "crossed"),
    [
        (Band.LOW, Band.MID, {"hybrid"}),
        (Band.MID, Band.LOW, {"hybrid"}),
        (Band.MID, Band.HIGH, {"fine_tuning"}),
        (Band.HIGH, Band.MID, {"fine_tuning"}),
        (Band.LOW, Band.HIGH, {"hybrid", "fine_tuning"}),
        (Band.HIGH, Band.LOW, {"hybrid", "fine_tuning"}),
    ],
)
def test_a_jump_crosses_every_boundary_in_between(previous: Band, band: Band, crossed: set[str]) -> None:
    view = samples.agreeing()
    volume = replace(view.verdict.volume, crossings=(Crossing(date(2026, 1, 1), previous, band),))
    found = series(
        "leverwatch_volume_crossing_timestamp_seconds",
        replace(view, verdict=replace(view.verdict, volume=volume)),
    )

    assert {boundary for _, boundary in found} == crossed


def test_a_candidate_band_counts_whole_days_in_seconds() -> None:
    assert series("leverwatch_volume_candidate_seconds", samples.discovered()) == {(samples.AWKWARD,): 3 * 86_400}
    assert series("leverwatch_volume_candidate_seconds", samples.agreeing()) == {("answer-bot",): 0}


def test_coverage_is_the_share_of_the_window() -> None:
    assert series("leverwatch_usage_coverage_ratio", samples.stale()) == {("mail-sorter",): 0.75}
    assert series("leverwatch_usage_minimum_coverage_ratio") == {(): 0.75}


def test_prompt_changes_of_a_watched_system_have_every_kind() -> None:
    found = series("leverwatch_prompt_changes_total", samples.grown())

    assert found["checkout-helper", "modified"] == 14
    assert found["checkout-helper", "reverted"] == 0
    assert found["checkout-helper", "removed"] == 3, "it holds what it was"


def test_where_prompts_are_seen_is_one_of_three_and_both_kinds_of_divergence_are_counted() -> None:
    assert series("leverwatch_prompt_origin", samples.conflicting()) == {
        ("contract-writer", "git"): 0,
        ("contract-writer", "registry"): 0,
        ("contract-writer", "traffic"): 1,
    }
    assert series("leverwatch_prompt_divergences", samples.conflicting()) == {}
    assert series("leverwatch_prompt_divergences", samples.grown()) == {
        ("checkout-helper", "landed_never_served"): 1,
        ("checkout-helper", "served_never_landed"): 2,
    }


def test_other_operations_are_named() -> None:
    found = series("leverwatch_other_operations_total", samples.grown())

    assert found == {("checkout-helper", op): n for op, n in ((Operation.EMBEDDING, 300), (Operation.RERANK, 0.5))}


def test_thresholds_are_those_of_the_settings() -> None:
    [family] = [family for family in SYSTEMS if family.name == "leverwatch_volume_threshold_inferences"]
    [stale] = [family for family in SYSTEMS if family.name == "leverwatch_usage_stale_after_seconds"]
    settings = Settings(hybrid_from=5, fine_tuning_above=50, stale_after_days=4)
    snapshot = replace(samples.systems(), settings=settings)

    assert dict(family.samples(snapshot)) == {("hybrid",): 5, ("fine_tuning",): 50}
    assert dict(stale.samples(snapshot)) == {(): 6 * 86_400}


def test_failures_and_results_exist_before_the_first_one() -> None:
    failures = agent_series("leverwatch_collector_failures_total")
    records = agent_series("leverwatch_records_total")

    assert {reason: n for (source, reason), n in failures.items() if source == "legacy/app.log"} == {
        "unavailable": 0,
        "refused": 0,
        "incomplete": 0,
        "error": 0,
        "store": 0,
    }
    assert {result for source, result in records if source == "legacy/app.log"} == set(Result)
    assert failures["prompts", "brand_new"] == 1


def test_a_source_that_never_ran_neither_succeeded_nor_failed() -> None:
    assert agent_series("leverwatch_collector_success") == {
        ("gateway",): 1,
        ("prompts",): 0,
        ("ledger",): 1,
        ("batch",): 1,
    }
    assert ("legacy/app.log",) not in agent_series("leverwatch_collector_duration_seconds")


def test_a_day_is_the_midnight_that_starts_it() -> None:
    assert timestamp(date(1970, 1, 2)) == 86_400
    assert timestamp(datetime(1970, 1, 2, 1, tzinfo=UTC)) == 90_000


def test_what_a_source_matches_is_known_after_a_look_and_its_share_while_it_reads() -> None:
    assert agent_series("leverwatch_source_matches") == {("gateway",): 4, ("batch",): 0}
    assert agent_series("leverwatch_source_unreadable_ratio") == {("gateway",): 0.004, ("batch",): 0.875}
