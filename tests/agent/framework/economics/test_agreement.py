from __future__ import annotations

import pytest

from leverwatch.agent.framework.economics.agreement import agreement
from leverwatch.agent.framework.economics.model import Agreement, CostOutcome
from leverwatch.agent.framework.model import Rule, Strategy

PE, HYBRID, FT = Strategy


@pytest.mark.parametrize(
    ("outcome", "recommended", "rule", "expected"),
    [
        (CostOutcome.CHEAPER, FT, Rule.VOLUME_HIGH, Agreement.AGREES),
        (CostOutcome.CHEAPER, HYBRID, Rule.VOLUME_MID, Agreement.AGREES),
        (CostOutcome.NOT_CHEAPER, PE, Rule.VOLUME_LOW, Agreement.AGREES),
        (CostOutcome.CHEAPER, PE, Rule.VOLUME_LOW, Agreement.DISAGREES),
        (CostOutcome.NOT_CHEAPER, HYBRID, Rule.VOLUME_MID, Agreement.DISAGREES),
        (CostOutcome.NOT_CHEAPER, FT, Rule.LOCKED_IN_BEHAVIOR, Agreement.OUTRANKED),
        (CostOutcome.CHEAPER, PE, Rule.FREQUENT_CHANGES, Agreement.OUTRANKED),
        (CostOutcome.NOT_CHEAPER, HYBRID, None, Agreement.OUTRANKED),
        (CostOutcome.CANNOT_TELL, FT, Rule.VOLUME_HIGH, Agreement.NOT_COMPARED),
        (CostOutcome.UNKNOWN, FT, Rule.VOLUME_HIGH, Agreement.NOT_COMPARED),
        (CostOutcome.CHEAPER, None, None, Agreement.NOT_COMPARED),
    ],
)
def test_cost_beside_the_verdict(
    outcome: CostOutcome, recommended: Strategy | None, rule: Rule | None, expected: Agreement
) -> None:
    assert agreement(outcome, recommended, rule) is expected
