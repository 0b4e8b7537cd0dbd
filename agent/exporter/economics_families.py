"""Metric families of the economics: what each strategy costs, and from which volume fine-tuning is cheaper."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from msgspec.structs import asdict

from leverwatch.agent.exporter.family import Family, Sample, kind
from leverwatch.agent.exporter.per_system import Number, as_of, one_of, per_system, per_system_and
from leverwatch.agent.framework.economics.amounts import Origin
from leverwatch.agent.framework.economics.model import Agreement, CostOutcome, Economics
from leverwatch.agent.snapshot import PriceFileState, SystemsSnapshot, SystemView

_KNOWN = "when the economics are known"
_ASSESSED = "for every system whose assessment is known"
_PRICE_FILE = "when a price file is configured"


def _economics(view: SystemView) -> Economics | None:
    found = view.assessment.economics if view.assessment else None
    return found if isinstance(found, Economics) else None


def _costs(view: SystemView) -> Iterable[tuple[str, float]]:
    economics = _economics(view)
    return [(cost.strategy.value, cost.monthly) for cost in economics.costs] if economics else []


def _costs_per_thousand(view: SystemView) -> Iterable[tuple[str, float]]:
    economics = _economics(view)
    for cost in economics.costs if economics else ():
        if cost.per_thousand is not None:
            yield cost.strategy.value, cost.per_thousand


def _parts(snapshot: SystemsSnapshot) -> Iterable[Sample]:
    for view in snapshot.systems:
        economics = _economics(view)
        for cost in economics.costs if economics else ():
            for part, amount in asdict(cost.split).items():
                yield (view.system, cost.strategy.value, part), amount


def _change(view: SystemView) -> Iterable[tuple[str, float]]:
    economics = _economics(view)
    change = economics.change if economics else None
    return [] if change is None else [("low", change.low), ("likely", change.saving), ("high", change.high)]


def _saves(view: SystemView) -> Number:
    economics = _economics(view)
    return economics.change.probability if economics and economics.change else None


def _break_even(view: SystemView) -> Iterable[tuple[str, float]]:
    economics = _economics(view)
    if economics is None:
        return
    low, high = economics.break_even_range
    for bound, volume in (("low", low), ("likely", economics.break_even_median), ("high", high)):
        if volume is not None:
            yield bound, volume


def _probability(view: SystemView) -> Number:
    economics = _economics(view)
    return economics.probability if economics else None


def _outcome(view: SystemView) -> Iterable[tuple[str, float]]:
    if view.assessment is None:
        return []
    economics = _economics(view)
    return one_of(CostOutcome, economics.outcome if economics else CostOutcome.UNKNOWN)


def _inputs(view: SystemView) -> Iterable[tuple[str, float]]:
    economics = _economics(view)
    if economics is None or economics.inputs is None:
        return []
    counts = Counter(amount.origin for amount in economics.inputs.values())
    return [(origin.value, counts[origin]) for origin in Origin]


def _of_price_file(name: str, meaning: str, value: Callable[[PriceFileState], float]) -> Family[SystemsSnapshot]:
    def samples(snapshot: SystemsSnapshot) -> Iterable[Sample]:
        return [] if snapshot.price_file is None else [((), value(snapshot.price_file))]

    return Family(name, kind(name), meaning, (), _PRICE_FILE, samples)


ECONOMICS: tuple[Family[SystemsSnapshot], ...] = (
    per_system_and(
        "strategy",
        "leverwatch_strategy_monthly_cost_usd",
        "US dollars a month of the strategy at the volume of the system, every input at its likely value.",
        _costs,
        _KNOWN,
    ),
    Family(
        "leverwatch_strategy_monthly_cost_part_usd",
        "gauge",
        as_of(
            "What the monthly cost of the strategy is paid for: tokens (with prompt_engineering the measured ones"
            " of today's bill), people, training, hosting."
        ),
        ("system", "strategy", "part"),
        _KNOWN,
        _parts,
    ),
    per_system_and(
        "strategy",
        "leverwatch_strategy_cost_per_thousand_inferences_usd",
        "The monthly cost of the strategy for each 1,000 inferences, in US dollars.",
        _costs_per_thousand,
        f"{_KNOWN} and there is traffic",
    ),
    per_system_and(
        "bound",
        "leverwatch_break_even_inferences",
        "Monthly inferences from which fine-tuning stays cheaper; low, likely and high are the 10%, 50% and 90%"
        " quantiles of the same draws.",
        _break_even,
        f"{_KNOWN} and there is such a volume",
    ),
    per_system(
        "leverwatch_fine_tuning_cheaper_probability_ratio",
        "Probability that fine-tuning is cheaper at the volume of the system.",
        _probability,
        _KNOWN,
    ),
    per_system_and(
        "bound",
        "leverwatch_recommendation_saving_usd",
        "US dollars a month that the recommended strategy saves against the declared one, negative when it costs"
        " more: likely, and the 10% (low) and 90% (high) quantile. 0 when both are the same.",
        _change,
        f"{_KNOWN}, something is recommended and a strategy is declared",
    ),
    per_system(
        "leverwatch_recommendation_saves_probability_ratio",
        "Probability that the recommended strategy costs less than the declared one.",
        _saves,
        f"{_KNOWN}, and the recommended strategy is not the declared one",
    ),
    per_system_and(
        "outcome",
        "leverwatch_economics_outcome",
        "1 for whether fine-tuning is cheaper (cheaper, not_cheaper, cannot_tell, unknown), 0 for the others.",
        _outcome,
        _ASSESSED,
    ),
    per_system_and(
        "agreement",
        "leverwatch_economics_agreement",
        "1 for whether cost speaks for the recommended strategy (agrees, disagrees, outranked, not_compared), 0"
        " for the others.",
        lambda view: one_of(Agreement, view.assessment.agreement) if view.assessment else [],
        _ASSESSED,
    ),
    per_system_and(
        "origin",
        "leverwatch_economics_inputs",
        "Inputs of the economics by where they come from: measured, configured or assumed.",
        _inputs,
        "for every system whose economics were worked out, as far as they are known",
    ),
    _of_price_file(
        "leverwatch_price_file_problems",
        "Problems of the present version of the price file; 0 when it is in use.",
        lambda state: len(state.problems),
    ),
    _of_price_file(
        "leverwatch_price_file_failures_total",
        "Versions of the price file that could not be used, since the agent started.",
        lambda state: state.failures,
    ),
)
"""The families of the economics."""
