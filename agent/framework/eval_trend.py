"""Whether eval results got better over some weeks, whatever the reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from leverwatch.agent.framework.comparison import ComparisonOutcome, compare
from leverwatch.collectors.interface import EvalResult

_JUDGED = frozenset({ComparisonOutcome.BETTER, ComparisonOutcome.WORSE, ComparisonOutcome.NO_DIFFERENCE})


def eval_gain(
    results: Sequence[EvalResult],
    as_of: date,
    *,
    weeks: int = 13,
    minimum_n: int = 30,
    confidence: float = 0.95,
) -> bool | None:
    """Return whether any metric got better over the `weeks` before `as_of`; None without results to compare.

    For each suite, suite hash and metric, the newest result of these weeks is compared with the newest one from
    the same number of weeks before them. The error probability is divided by the number of comparisons.
    """
    start = as_of - timedelta(weeks=weeks)
    oldest = start - timedelta(weeks=weeks)
    before: dict[tuple[str, str, str], EvalResult] = {}
    after: dict[tuple[str, str, str], EvalResult] = {}
    for result in sorted(results, key=lambda item: item.at):
        day = result.at.date()
        if oldest < day <= as_of:
            side = before if day <= start else after
            side[result.suite, result.suite_hash, result.metric] = result
    pairs = [(before[key], after[key]) for key in sorted(before.keys() & after.keys())]
    outcomes = {
        compare(*pair, minimum_n=minimum_n, confidence=confidence, comparisons=len(pairs), any_prompt=True).outcome
        for pair in pairs
    }
    if ComparisonOutcome.BETTER in outcomes:
        return True
    return False if outcomes & _JUDGED else None
