"""Display names of strategies and rules, and short forms of numbers."""

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
"""Display names of the strategies."""

RULE_NAMES = {
    Rule.VOLUME_LOW: "Low volume",
    Rule.VOLUME_MID: "Medium volume",
    Rule.VOLUME_HIGH: "High volume",
    Rule.FREQUENT_CHANGES: "Frequent changes",
    Rule.LOCKED_IN_BEHAVIOR: "Locked-in behaviour",
}
"""Display names of the rules."""


def volume_text(volume: float, settings: Settings) -> str:
    """Return a monthly volume in few digits, never rounded across a threshold."""
    return humanise(volume, marks(settings))


def full(number: float) -> str:
    """Return a count with all its digits in groups of three; fractions are cut off."""
    return f"{math.floor(number + 1e-6):,}"


def decimal(number: float) -> str:
    """Return a number with up to two decimals, without trailing zeros."""
    return f"{number:.2f}".rstrip("0").rstrip(".")


def quantity(number: float) -> str:
    """Return a number as `full` writes it from 1,000 on, and as `decimal` does below."""
    return full(number) if abs(number) >= 1000 else decimal(number)
