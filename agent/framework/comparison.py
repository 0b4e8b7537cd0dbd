"""Compares two eval results, and tells whether the difference is significant for their sizes."""

from __future__ import annotations

from enum import StrEnum
from math import hypot, sqrt
from statistics import NormalDist

from msgspec import Struct

from leverwatch.agent.framework.model import Reason
from leverwatch.collectors.interface import EvalResult


class ComparisonOutcome(StrEnum):
    """The outcome of comparing a result from before with one from after."""

    BETTER = "better"
    WORSE = "worse"
    NO_DIFFERENCE = "no_difference"
    """The interval of the difference contains zero."""
    TOO_SMALL = "too_small"
    """One of the results has too few test cases."""
    NOT_COMPARABLE = "not_comparable"
    """The suites differ, or the standard error or the better direction is unknown."""
    MISSING = "missing"
    """There is no result from before, or none from after."""


class Comparison(Struct, frozen=True):
    """Two results of the same metric side by side."""

    before: EvalResult
    after: EvalResult
    outcome: ComparisonOutcome
    difference: float
    """`after` minus `before`, in the metric's own unit."""
    low: float | None
    """Lower end of the confidence interval of the difference; None when it cannot be computed."""
    high: float | None
    confidence: float
    """Confidence level of the interval, after the correction for the number of comparisons."""
    minimum_n: int
    """Test cases that each result needs at least."""
    reason: Reason


def compare(
    before: EvalResult, after: EvalResult, *, minimum_n: int = 30, confidence: float = 0.95, comparisons: int = 1
) -> Comparison:
    """Compare two results of one suite and metric.

    Shares of passed cases are compared with Newcombe's interval for the difference of two proportions (method 10,
    from two Wilson intervals), anything else with the normal interval of the two standard errors. The error
    probability is divided by the number of `comparisons` made at once (Bonferroni), so that many metrics do not
    make one of them better by chance.
    """
    level = 1 - (1 - confidence) / max(comparisons, 1)
    difference = after.value - before.value

    def result(outcome: ComparisonOutcome, text: str, interval: tuple[float, float] | None = None) -> Comparison:
        low, high = interval or (None, None)
        name = f"{after.suite} {after.metric}"
        reason = Reason(f"eval_{outcome}", f"{name}: {text}")
        return Comparison(before, after, outcome, difference, low, high, level, minimum_n, reason)

    if before.suite_hash != after.suite_hash:
        return result(ComparisonOutcome.NOT_COMPARABLE, "the suites differ in their test cases")
    if after.higher_is_better is None or before.higher_is_better is not after.higher_is_better:
        return result(ComparisonOutcome.NOT_COMPARABLE, "it is not known whether higher is better")
    least = min(before.n, after.n)
    if least < minimum_n:
        return result(ComparisonOutcome.TOO_SMALL, f"{least} cases, and {minimum_n} are needed")
    interval = _interval(before, after, NormalDist().inv_cdf((1 + level) / 2))
    if interval is None:
        return result(
            ComparisonOutcome.NOT_COMPARABLE, "the spread is unknown: neither a standard error nor passed cases"
        )
    low, high = interval
    change = f"from {before.value:.4g} (n={before.n}) to {after.value:.4g} (n={after.n})"
    shown = f"{change}, difference {difference:+.4g} ({low:+.4g} to {high:+.4g} at {level:.2%})"
    if low <= 0 <= high:
        return result(ComparisonOutcome.NO_DIFFERENCE, shown, interval)
    better = (low > 0) is after.higher_is_better
    return result(ComparisonOutcome.BETTER if better else ComparisonOutcome.WORSE, shown, interval)


def _interval(before: EvalResult, after: EvalResult, z: float) -> tuple[float, float] | None:
    if before.passed is not None and after.passed is not None:
        return _newcombe(before.passed, before.n, after.passed, after.n, z)
    first, second = _error(before), _error(after)
    if first is None or second is None:
        return None
    difference, half = after.value - before.value, z * hypot(first, second)
    return difference - half, difference + half


def _newcombe(x1: int, n1: int, x2: int, n2: int, z: float) -> tuple[float, float]:
    p1, p2 = x1 / n1, x2 / n2
    (low1, high1), (low2, high2) = _wilson(x1, n1, z), _wilson(x2, n2, z)
    difference = p2 - p1
    return difference - hypot(p2 - low2, high1 - p1), difference + hypot(high2 - p2, p1 - low1)


def _wilson(x: int, n: int, z: float) -> tuple[float, float]:
    p = x / n
    middle, spread = p + z * z / (2 * n), z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return (middle - spread) / scale, (middle + spread) / scale


def _error(result: EvalResult) -> float | None:
    if result.passed is not None:
        # The plain formula says zero at 0 and 100%; two passed and two failed cases more do not (Agresti, Coull).
        n = result.n + 4
        share = (result.passed + 2) / n
        return sqrt(share * (1 - share) / n)
    return result.stderr
