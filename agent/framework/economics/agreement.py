"""Compares the cost of the recommended strategy with the framework's verdict, which it does not change."""

from __future__ import annotations

from leverwatch.agent.framework.economics.model import CHEAPER_FROM, NOT_CHEAPER_BELOW, Agreement, Economics
from leverwatch.agent.framework.model import OPERATIONAL_RULES, Rule, Strategy


def agreement(economics: Economics, recommended: Strategy | None, rule: Rule | None) -> Agreement:
    """Return whether cost speaks for the recommended strategy.

    Args:
        economics: what the strategies cost.
        recommended: the strategy that the framework recommends; None when it recommends none.
        rule: the rule that decided; None in the conflict case, in which both operational rules did.
    """
    probability = None if recommended is None else recommended_cheaper(economics, recommended)
    if probability is None or NOT_CHEAPER_BELOW <= probability <= CHEAPER_FROM:
        return Agreement.NOT_COMPARED
    if probability > CHEAPER_FROM:
        return Agreement.AGREES
    return Agreement.OUTRANKED if rule is None or rule in OPERATIONAL_RULES else Agreement.DISAGREES


def recommended_cheaper(economics: Economics, recommended: Strategy) -> float | None:
    """Return the probability that the recommended strategy is the cheaper one, 0 to 1; None when it is unknown.

    It is compared with the declared strategy. Where that is the same or missing, a hybrid and fine-tuning are
    compared with prompt engineering, and prompt engineering with the likelier cheaper one of both.
    """
    if economics.change is not None and economics.change.probability is not None:
        return economics.change.probability
    cheaper = {cost.strategy: cost.cheaper for cost in economics.costs if cost.cheaper is not None}
    if not cheaper:
        return None
    return 1 - max(cheaper.values()) if recommended is Strategy.PROMPT_ENGINEERING else cheaper[recommended]
