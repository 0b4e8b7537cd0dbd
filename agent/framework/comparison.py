"""Compares two eval results, and tells whether the difference is significant for their sizes."""

from __future__ import annotations

from enum import StrEnum
from math import hypot, isclose, sqrt
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
    """The suites or prompts differ, too many cases ended with an error, or the standard error or the better
    direction is unknown."""
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


MOST_ERRORS = 0.05
"""Above this share of cases that ended with an error, a result says more of the run than of the model."""
_ZERO = 1e-9
"""A standard error up to this is zero but for rounding: no case differed from another."""


def same_suite(before: EvalResult, after: EvalResult) -> bool | None:
    """Whether two results are of the same test cases; None: it cannot be told.

    A suite hash of two parts, `a~b`, has the digest of what the suite was made from, and that of the cases
    themselves, which not every run writes.
    """
    (made, _, cases), (other, _, others) = (one.suite_hash.partition("~") for one in (before, after))
    if cases and others:
        return cases == others
    if made != other:
        return False
    return None if cases or others else True


def compare(
    before: EvalResult,
    after: EvalResult,
    *,
    minimum_n: int = 30,
    confidence: float = 0.95,
    comparisons: int = 1,
    any_prompt: bool = False,
) -> Comparison:
    """Compare two results of one suite and metric, and of one prompt unless `any_prompt`.

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

    doubt = _doubt(before, after, any_prompt)
    if doubt:
        return result(ComparisonOutcome.NOT_COMPARABLE, doubt)
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


def _doubt(before: EvalResult, after: EvalResult, any_prompt: bool) -> str:
    """Why the two do not measure the same; empty when they do."""
    same = same_suite(before, after)
    if same is None:
        return "whether the test cases are the same cannot be told: one of the two runs did not write their hash"
    if not same:
        return "the suites differ in their test cases"
    first, second = before.prompt_version, after.prompt_version
    if not any_prompt and first != second:
        if not (first and second):
            return f"whether the prompts are the same cannot be told: only one is named, {first or second}"
        return f"the prompts differ: {first} before, {second} after"
    for when, one in (("before", before), ("after", after)):
        cases = one.cases or one.n
        if one.errored > MOST_ERRORS * cases:
            return f"{one.errored} of {cases} cases ended with an error in the result from {when}"
    return ""


def _interval(before: EvalResult, after: EvalResult, z: float) -> tuple[float, float] | None:
    x1, x2 = _passed(before), _passed(after)
    if x1 is not None and x2 is not None:
        return _newcombe(x1, before.n, x2, after.n, z)
    first, second = _error(before), _error(after)
    if first is None or second is None:
        return None
    difference, half = after.value - before.value, z * hypot(first, second)
    return difference - half, difference + half


def _newcombe(x1: float, n1: int, x2: float, n2: int, z: float) -> tuple[float, float]:
    p1, p2 = x1 / n1, x2 / n2
    (low1, high1), (low2, high2) = _wilson(x1, n1, z), _wilson(x2, n2, z)
    difference = p2 - p1
    return difference - hypot(p2 - low2, high1 - p1), difference + hypot(high2 - p2, p1 - low1)


def _wilson(x: float, n: int, z: float) -> tuple[float, float]:
    p = x / n
    middle, spread = p + z * z / (2 * n), z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return (middle - spread) / scale, (middle + spread) / scale


def _passed(result: EvalResult) -> float | None:
    """How many cases passed; None when the cases were scored with more than two values, or nobody knows.

    Scores from 0 to 1 with the largest spread that their mean allows are zeros and ones. Where no case differs
    from another, the spread of such scores is taken to be that largest one: a standard error of zero is no
    certainty.
    """
    if result.passed is not None:
        return float(result.passed)
    if result.stderr is None or not 0 <= result.value <= 1 or result.n < 2:
        return None
    spread = result.value * (1 - result.value)
    largest = (sqrt(spread / (result.n - 1)), sqrt(spread / result.n))
    if result.stderr <= _ZERO or any(isclose(result.stderr, one, rel_tol=1e-6) for one in largest):
        return result.value * result.n
    return None


def _error(result: EvalResult) -> float | None:
    passed = _passed(result)
    if passed is not None:
        # The plain formula says zero at 0 and 100%; two passed and two failed cases more do not (Agresti, Coull).
        n = result.n + 4
        share = (passed + 2) / n
        return sqrt(share * (1 - share) / n)
    return result.stderr if result.n > 1 and (result.stderr or 0) > _ZERO else None
