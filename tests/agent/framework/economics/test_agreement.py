from __future__ import annotations

from datetime import date

import pytest

from leverwatch.agent.framework.economics.agreement import agreement
from leverwatch.agent.framework.economics.model import (
    Agreement,
    CostOfChange,
    CostOutcome,
    CostSplit,
    Economics,
    StrategyCost,
)
from leverwatch.agent.framework.model import Rule, Strategy

PE, HYBRID, FT = Strategy
NOTHING = CostSplit(0.0, 0.0, 0.0, 0.0)


def economics(hybrid: float, tuning: float, change: CostOfChange | None = None) -> Economics:
    """Economics in which a hybrid and fine-tuning are cheaper than prompts with these probabilities."""
    cheaper = {PE: None, HYBRID: hybrid, FT: tuning}
    costs = tuple(StrategyCost(strategy, 1.0, 1.0, 1.0, NOTHING, share) for strategy, share in cheaper.items())
    outcome = CostOutcome.CANNOT_TELL
    return Economics("bot", date(2026, 10, 4), outcome, probability=tuning, costs=costs, change=change)


@pytest.mark.parametrize(
    ("hybrid", "tuning", "recommended", "rule", "expected"),
    [
        (0.7, 0.9, FT, Rule.VOLUME_HIGH, Agreement.AGREES),
        (0.9, 0.9, HYBRID, Rule.VOLUME_MID, Agreement.AGREES),
        (0.1, 0.1, PE, Rule.VOLUME_LOW, Agreement.AGREES),
        (0.1, 0.9, PE, Rule.VOLUME_LOW, Agreement.DISAGREES),
        (0.9, 0.1, PE, Rule.VOLUME_LOW, Agreement.DISAGREES),
        (0.1, 0.1, HYBRID, Rule.VOLUME_MID, Agreement.DISAGREES),
        # Fine-tuning would be cheaper, and the hybrid that is recommended is not.
        (0.1, 0.9, HYBRID, Rule.VOLUME_MID, Agreement.DISAGREES),
        (0.9, 0.1, FT, Rule.LOCKED_IN_BEHAVIOR, Agreement.OUTRANKED),
        (0.1, 0.9, PE, Rule.FREQUENT_CHANGES, Agreement.OUTRANKED),
        (0.1, 0.1, HYBRID, None, Agreement.OUTRANKED),
        (0.9, 0.5, FT, Rule.VOLUME_HIGH, Agreement.NOT_COMPARED),
        (0.5, 0.9, HYBRID, Rule.VOLUME_MID, Agreement.NOT_COMPARED),
        (0.9, 0.9, None, None, Agreement.NOT_COMPARED),
    ],
)
def test_cost_beside_the_verdict(
    hybrid: float, tuning: float, recommended: Strategy | None, rule: Rule | None, expected: Agreement
) -> None:
    assert agreement(economics(hybrid, tuning), recommended, rule) is expected


@pytest.mark.parametrize(
    ("probability", "expected"),
    [(0.9, Agreement.AGREES), (0.1, Agreement.DISAGREES), (0.5, Agreement.NOT_COMPARED)],
)
def test_a_recommendation_that_differs_is_compared_with_what_is_declared(
    probability: float, expected: Agreement
) -> None:
    change = CostOfChange(FT, HYBRID, 1.0, 0.0, 2.0, probability, NOTHING)
    assert agreement(economics(0.9, 0.9, change), HYBRID, Rule.VOLUME_MID) is expected


def test_a_recommendation_that_is_declared_is_compared_with_prompts() -> None:
    same = CostOfChange(HYBRID, HYBRID, 0.0, 0.0, 0.0, None, NOTHING)
    assert agreement(economics(0.1, 0.9, same), HYBRID, Rule.VOLUME_MID) is Agreement.DISAGREES


def test_unknown_economics_are_compared_with_nothing() -> None:
    unknown = Economics("bot", date(2026, 10, 4), CostOutcome.UNKNOWN)
    assert agreement(unknown, FT, Rule.VOLUME_HIGH) is Agreement.NOT_COMPARED
