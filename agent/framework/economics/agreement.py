"""Compares the cheaper strategy with the framework's verdict, which it does not change."""

from __future__ import annotations

from leverwatch.agent.framework.economics.model import Agreement, CostOutcome
from leverwatch.agent.framework.model import OPERATIONAL_RULES, Rule, Strategy


def agreement(outcome: CostOutcome, recommended: Strategy | None, rule: Rule | None) -> Agreement:
    """Return whether the cheaper strategy is the recommended one.

    A hybrid tunes a part of the system, so it agrees with fine-tuning being cheaper.

    Args:
        outcome: the outcome of the economics.
                recommended: the strategy that the framework recommends; None when it recommends none.
        rule: the rule that decided; None in the conflict case, in which both operational rules did.
    """
    if recommended is None or outcome not in {CostOutcome.CHEAPER, CostOutcome.NOT_CHEAPER}:
        return Agreement.NOT_COMPARED
    tunes = recommended is not Strategy.PROMPT_ENGINEERING
    if tunes is (outcome is CostOutcome.CHEAPER):
        return Agreement.AGREES
    return Agreement.OUTRANKED if rule is None or rule in OPERATIONAL_RULES else Agreement.DISAGREES
