"""What going from the declared strategy to the recommended one costs or saves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import sub

from leverwatch.agent.framework.economics.draws import DRAWS
from leverwatch.agent.framework.economics.model import CostOfChange, CostSplit
from leverwatch.agent.framework.model import Strategy

_ROUNDING = 1e-9
_TENTH = DRAWS // 10


def cost_of_change(
    declared: Strategy | None,
    recommended: Strategy | None,
    splits: Mapping[Strategy, CostSplit],
    drawn: Mapping[Strategy, Sequence[float]],
) -> tuple[CostOfChange | None, str]:
    """Return what the change saves, and why it is None when there is nothing to compare.

    Args:
        declared: what the team runs today; None when it does not say.
        recommended: what the framework recommends; None for nothing.
        splits: the likely cost of each strategy.
        drawn: the cost of each strategy in each draw; one draw has the same inputs for all of them.
    """
    if recommended is None or declared is None:
        return None, "nothing is recommended" if recommended is None else "no strategy is declared"
    if recommended is declared:
        return CostOfChange(declared, recommended, 0.0, 0.0, 0.0, None, CostSplit(0.0, 0.0, 0.0, 0.0)), ""
    savings = sorted(map(sub, drawn[declared], drawn[recommended]))
    low, high = savings[_TENTH], savings[-1 - _TENTH]
    split = splits[declared].minus(splits[recommended])
    saving = splits[declared].total - splits[recommended].total
    # Equal sums that were added in another order are equal.
    hair = _ROUNDING * (splits[declared].total + splits[recommended].total)
    if low - hair <= saving <= high + hair:
        low, high = min(low, saving), max(high, saving)
    probability = sum(amount > hair for amount in savings) / DRAWS
    return CostOfChange(declared, recommended, saving, low, high, probability, split), ""
