"""Sentences that the summary of a verdict and its whole story share."""

from __future__ import annotations

from leverwatch.agent.cli.output import spoken
from leverwatch.agent.framework.forecast.model import Outlook
from leverwatch.agent.framework.model import Verdict


def declared(verdict: Verdict) -> str:
    """Return what is declared, and since when where another declaration is known."""
    known = verdict.declared is not None and verdict.declared_on is not None
    return f"declared: {spoken(verdict.declared)}" + (f" since {verdict.declared_on}" if known else "")


def when(outlook: Outlook) -> str:
    """Return when a boundary is expected to be reached, and how likely that is."""
    chance = "probability withheld" if outlook.probability is None else f"probability {outlook.probability:.0%}"
    if outlook.expected is None and outlook.earliest is None:
        return f"not within the horizon, {chance}"
    known = outlook.probability is not None or outlook.earliest is not None
    absent = "beyond the horizon" if known else "unknown"
    earliest, latest = (absent if day is None else str(day) for day in (outlook.earliest, outlook.latest))
    expected = "beyond the horizon" if outlook.expected is None else str(outlook.expected)
    return f"expected {expected} (earliest {earliest}, latest {latest}), {chance}"
