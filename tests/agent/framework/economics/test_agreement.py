from __future__ import annotations

import pytest

from leverwatch.agent.framework.economics.agreement import agreement
from leverwatch.agent.framework.economics.model import Agreement, Outcome
from leverwatch.agent.framework.model import Rule, Strategy

PE, HYBRID, FT = Strategy


@pytest.mark.parametrize(
    ("outcome", "recommended", "rule", "expected"),
    [
        (Outcome.CHEAPER, FT, Rule.VOLUME_HIGH, Agreement.AGREES),
        (Outcome.CHEAPER, HYBRID, Rule.VOLUME_MID, Agreement.AGREES),
        (Outcome.NOT_CHEAPER, PE, Rule.VOLUME_LOW, Agreement.AGREES),
        (Outcome.CHEAPER, PE, Rule.VOLUME_LOW, Agreement.DISAGREES),
        (Outcome.NOT_CHEAPER, HYBRID, Rule.VOLUME_MID, Agreement.DISAGREES),
        (Outcome.NOT_CHEAPER, FT, Rule.LOCKED_IN_BEHAVIOR, Agreement.OUTRANKED),
        (Outcome.CHEAPER, PE, Rule.FREQUENT_CHANGES, Agreement.OUTRANKED),
        (Outcome.NOT_CHEAPER, HYBRID, None, Agreement.OUTRANKED),
        (Outcome.CANNOT_TELL, FT, Rule.VOLUME_HIGH, Agreement.NOT_COMPARED),
        (Outcome.UNKNOWN, FT, Rule.VOLUME_HIGH, Agreement.NOT_COMPARED),
        (Outcome.CHEAPER, None, None, Agreement.NOT_COMPARED),
    ],
)
def test_cost_beside_the_verdict(
    outcome: Outcome, recommended: Strategy | None, rule: Rule | None, expected: Agreement
) -> None:
    assert agreement(outcome, recommended, rule) is expected
