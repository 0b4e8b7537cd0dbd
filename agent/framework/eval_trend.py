"""Whether evals got better over a span of weeks, whatever changed in it."""

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
    """Whether any metric got better from `weeks` ago to `as_of`; None when nobody measured at both ends.

    For each suite, suite hash and metric, the newest result of these weeks is compared with the newest one from
    before them that is not twice as old. All comparisons share the error probability.
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
        compare(*pair, minimum_n=minimum_n, confidence=confidence, comparisons=len(pairs)).outcome
        for pair in pairs
    }
    if ComparisonOutcome.BETTER in outcomes:
        return True
    return False if outcomes & _JUDGED else None
