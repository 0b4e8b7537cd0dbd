"""Names as people write them, and figures in a few digits."""

from __future__ import annotations

import math

from leverwatch.agent.framework.humanise import humanise
from leverwatch.agent.framework.model import Rule, Settings, Strategy
from leverwatch.agent.framework.reasons import marks

STRATEGY_NAMES = {
    Strategy.PROMPT_ENGINEERING: "Prompt engineering",
    Strategy.HYBRID: "Hybrid",
    Strategy.FINE_TUNING: "Fine-tuning",
}
"""The strategies as people write them."""

RULE_NAMES = {
    Rule.VOLUME_LOW: "Low volume",
    Rule.VOLUME_MID: "Medium volume",
    Rule.VOLUME_HIGH: "High volume",
    Rule.FREQUENT_CHANGES: "Frequent changes",
    Rule.LOCKED_IN_BEHAVIOR: "Locked-in behaviour",
}
"""The rules as people say them."""


def volume_text(volume: float, settings: Settings) -> str:
    """A monthly volume in a few digits, on the true side of every threshold."""
    return humanise(volume, marks(settings))


def full(number: float) -> str:
    """A count with all its digits, grouped; a fraction of an inference is cut."""
    return f"{math.floor(number + 1e-6):,}"


def decimal(number: float) -> str:
    """A small figure without needless zeros."""
    return f"{number:.2f}".rstrip("0").rstrip(".")


def quantity(number: float) -> str:
    """Any figure: a count from 1,000 on, else with its decimals."""
    return full(number) if abs(number) >= 1000 else decimal(number)
