"""What going from the declared strategy to the recommended one costs or saves."""

from __future__ import annotations

from collections.abc import Mapping

from leverwatch.agent.framework.economics.drawn import Compared, Saved
from leverwatch.agent.framework.economics.model import CostOfChange, CostSplit
from leverwatch.agent.framework.model import Strategy

_ROUNDING = 1e-9


def compared(
    declared: Strategy | None, recommended: Strategy | None, splits: Mapping[Strategy, CostSplit]
) -> Compared | None:
    """Return which strategies the draws have to compare; None: there is nothing to compare."""
    if recommended is None or declared is None or recommended is declared:
        return None
    # Equal sums that were added in another order are equal.
    return Compared(declared, recommended, _ROUNDING * (splits[declared].total + splits[recommended].total))


def cost_of_change(
    declared: Strategy | None,
    recommended: Strategy | None,
    splits: Mapping[Strategy, CostSplit],
    saved: Saved | None,
) -> tuple[CostOfChange | None, str]:
    """Return what the change saves, and why it is None when there is nothing to compare.

    Args:
        declared: what the team runs today; None when it does not say.
        recommended: what the framework recommends; None for nothing.
        splits: the likely cost of each strategy.
        saved: what the draws say of the two that are `compared`.
    """
    if recommended is None or declared is None:
        return None, "nothing is recommended" if recommended is None else "no strategy is declared"
    pair = compared(declared, recommended, splits)
    if pair is None or saved is None:
        return CostOfChange(declared, recommended, 0.0, 0.0, 0.0, None, CostSplit(0.0, 0.0, 0.0, 0.0)), ""
    low, high, probability = saved
    split = splits[declared].minus(splits[recommended])
    saving = splits[declared].total - splits[recommended].total
    if low - pair.hair <= saving <= high + pair.hair:
        low, high = min(low, saving), max(high, saving)
    return CostOfChange(declared, recommended, saving, low, high, probability, split), ""
