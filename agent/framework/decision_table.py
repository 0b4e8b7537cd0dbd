"""Which strategy the rules lead to. The two operational rules outrank volume."""

from __future__ import annotations

from leverwatch.agent.framework.model import Band, Strategy

STRATEGY_OF_BAND = {
    Band.LOW: Strategy.PROMPT_ENGINEERING,
    Band.MID: Strategy.HYBRID,
    Band.HIGH: Strategy.FINE_TUNING,
}
"""What volume alone would recommend."""


def strategy_of(frequent: bool, locked: bool, band: Band | None) -> Strategy | None:
    """The strategy for frequent changes or not, locked-in behaviour or not, and a band; None: nothing decides."""
    if frequent and locked:
        return Strategy.HYBRID
    if locked:
        return Strategy.FINE_TUNING
    if frequent:
        return Strategy.PROMPT_ENGINEERING
    return None if band is None else STRATEGY_OF_BAND[band]
