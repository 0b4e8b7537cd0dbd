"""Whether a fine-tuned model has a baseline: a result from before it and one after, of the same suite."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from enum import StrEnum
from itertools import groupby, product

from msgspec import Struct

from leverwatch.agent.framework.comparison import (
    MOST_ERRORS,
    Comparison,
    ComparisonOutcome,
    compare,
    same_suite,
)
from leverwatch.agent.framework.fine_tuned_models import ModelDays, TunedModel, predecessors, tuned_models
from leverwatch.agent.framework.humanise import days as days_text
from leverwatch.agent.framework.mistakes import BaselineSettings
from leverwatch.agent.framework.model import Reason
from leverwatch.collectors.interface import EvalResult


class Side(StrEnum):
    """The two results that a baseline consists of."""

    BEFORE = "before"
    AFTER = "after"


class BaselineCode(StrEnum):
    """Every code a `Reason` of a baseline can carry, beside `eval_<outcome>` for each comparison."""

    MISSING_BEFORE = "baseline_missing_before"
    MISSING_AFTER = "baseline_missing_after"
    NOTHING_SHARED = "baseline_nothing_shared"
    STALE_AGE = "baseline_stale_age"
    STALE_VERSION = "baseline_stale_version"


class Baseline(Struct, frozen=True):
    """Eval results from before and after the fine-tuned model that a system runs on, compared."""

    tuned: TunedModel
    """The fine-tuned model in use; of several, the one adopted last."""
    previous: tuple[str, ...]
    """Models that served the system in the 28 days before, the largest first; empty for a system that began with
    the tuned model."""
    outcome: ComparisonOutcome
    comparisons: tuple[Comparison, ...]
    """A comparison for each metric that has a result from before and from after, by suite and metric."""
    missing: tuple[Side, ...]
    newest: date | None
    """Day of the newest result of the tuned model, or of an earlier tuned model when this one has none."""
    age_days: int | None
    stale_after_days: int
    stale: bool
    """The newest result is too old, or belongs to an earlier tuned model."""
    reasons: tuple[Reason, ...]


def baseline(
    daily: ModelDays,
    results: Sequence[EvalResult],
    as_of: date,
    settings: BaselineSettings | None = None,
    patterns: Iterable[str] = (),
) -> Baseline | None:
    """The baseline of the fine-tuned model that was adopted last; None when no fine-tuned model is in use.

    Args:
        daily: inferences by model and day, as far back as they are known.
        results: eval results of the system; those dated after `as_of` are left out.
        as_of: the last complete UTC day that counts.
        settings: thresholds; the defaults when left out.
        patterns: globs of tuned models of this system, beside those of the settings.
    """
    chosen = settings or BaselineSettings()
    known = tuned_models(daily, as_of, (*chosen.tuned_models, *patterns), chosen.tuned_share)
    serving = [tuned for tuned in known if tuned.in_use(as_of)]
    if not serving:
        return None
    tuned = serving[-1]
    dated = [result for result in results if result.at.date() <= as_of]
    previous = predecessors(daily, tuned)
    before = _before(dated, tuned, previous, chosen)
    after = _after(dated, tuned, chosen)
    comparisons = _compare_all(before, after, chosen)
    missing = tuple(side for side, found in ((Side.BEFORE, before), (Side.AFTER, after)) if not found)
    earlier = {model.model for model in known if model.model != tuned.model}
    newest = max((result.at.date() for result in after), default=None)
    of_earlier = max((result.at.date() for result in dated if result.model in earlier), default=None)
    age = None if newest is None else (as_of - newest).days
    stale = (age is not None and age > chosen.stale_after_days) or (newest is None and of_earlier is not None)
    return Baseline(
        tuned=tuned,
        previous=previous,
        outcome=_overall(comparisons, missing),
        comparisons=comparisons,
        missing=missing,
        newest=newest or of_earlier,
        age_days=age if newest or of_earlier is None else (as_of - of_earlier).days,
        stale_after_days=chosen.stale_after_days,
        stale=stale,
        reasons=tuple(_reasons(tuned, previous, before, after, comparisons, age, of_earlier, chosen)),
    )


def _before(
    results: Sequence[EvalResult], tuned: TunedModel, previous: tuple[str, ...], settings: BaselineSettings
) -> list[EvalResult]:
    since = tuned.adopted_on - timedelta(days=settings.before_days)
    return [
        result
        for result in results
        if result.model != tuned.model
        and since <= result.at.date() <= tuned.adopted_on
        and (not previous or result.model in previous)
    ]


def _after(results: Sequence[EvalResult], tuned: TunedModel, settings: BaselineSettings) -> list[EvalResult]:
    # A tuned model is evaluated before it serves anybody, so its own results may be as old as those before.
    since = tuned.adopted_on - timedelta(days=settings.before_days)
    return [result for result in results if result.model == tuned.model and result.at.date() >= since]


def _key(result: EvalResult) -> tuple[str, str]:
    return result.suite, result.metric


def _compare_all(
    before: Sequence[EvalResult], after: Sequence[EvalResult], settings: BaselineSettings
) -> tuple[Comparison, ...]:
    old = {key: list(group) for key, group in groupby(sorted(before, key=_key), _key)}
    new = {key: list(group) for key, group in groupby(sorted(after, key=_key), _key)}
    found = {key: _pair(old[key], new[key], settings.minimum_n) for key in sorted(old.keys() & new.keys())}
    pairs = [
        pair for (suite, metric), pair in found.items() if not _repeats(pair, found.get((suite, _SHARE)), metric)
    ]
    return tuple(
        compare(
            *pair,
            minimum_n=settings.minimum_n,
            confidence=settings.confidence,
            comparisons=len(pairs),
        )
        for pair in pairs
    )


_SHARE, _SCORE = "pass_rate", "score"


def _repeats(
    pair: tuple[EvalResult, EvalResult], share: tuple[EvalResult, EvalResult] | None, metric: str
) -> bool:
    """Whether a pair of mean scores says nothing beside that of the passed cases; it would only widen both
    intervals."""
    if metric != _SCORE or share is None:
        return False
    return all(
        (one.value, one.n, one.at) == (two.value, two.n, two.at) for one, two in zip(pair, share, strict=True)
    )


def _pair(
    before: Sequence[EvalResult], after: Sequence[EvalResult], minimum_n: int
) -> tuple[EvalResult, EvalResult]:
    """The two results to compare: of the same test cases and the same prompt if there are such, with enough cases,
    without too many errors, the newest."""

    def quality(result: EvalResult) -> tuple[object, ...]:
        sound = result.errored <= MOST_ERRORS * (result.cases or result.n)
        return result.n >= minimum_n, sound, result.at, result.suite_hash, result.n

    def best(results: Sequence[EvalResult]) -> Iterable[EvalResult]:
        found: dict[tuple[str, str], EvalResult] = {}
        for result in sorted(results, key=quality):
            found[result.suite_hash, result.prompt_version] = result
        return found.values()

    def fit(pair: tuple[EvalResult, EvalResult]) -> tuple[object, ...]:
        old, new = pair
        same = same_suite(old, new)
        suites = 1 if same is None else 2 * same
        return suites, old.prompt_version == new.prompt_version, quality(new), quality(old)

    return max(product(best(before), best(after)), key=fit)


_WEIGHT = (
    ComparisonOutcome.WORSE,
    ComparisonOutcome.BETTER,
    ComparisonOutcome.NO_DIFFERENCE,
    ComparisonOutcome.TOO_SMALL,
    ComparisonOutcome.NOT_COMPARABLE,
)


def _overall(comparisons: Sequence[Comparison], missing: Sequence[Side]) -> ComparisonOutcome:
    """The outcome of all comparisons together; `worse` in one metric outweighs `better` in others."""
    if missing:
        return ComparisonOutcome.MISSING
    found = {comparison.outcome for comparison in comparisons}
    return next((outcome for outcome in _WEIGHT if outcome in found), ComparisonOutcome.NOT_COMPARABLE)


def _reasons(
    tuned: TunedModel,
    previous: tuple[str, ...],
    before: Sequence[EvalResult],
    after: Sequence[EvalResult],
    comparisons: Sequence[Comparison],
    age: int | None,
    of_earlier: date | None,
    settings: BaselineSettings,
) -> Iterable[Reason]:
    since = f"{tuned.model} first served {tuned.share:.1%} of the generations of a day on {tuned.adopted_on}"
    if not before:
        models = ", ".join(previous) or "any other model"
        window = f"in the {settings.before_days} days to {tuned.adopted_on}"
        yield Reason(BaselineCode.MISSING_BEFORE.value, f"{since}, and no result of {models} is dated {window}")
    if not after:
        yield Reason(BaselineCode.MISSING_AFTER.value, f"{since}, and no result of it was found")
    if before and after and not comparisons:
        text = f"{since}; the results before and after share no suite and metric"
        yield Reason(BaselineCode.NOTHING_SHARED.value, text)
    for outcome in _WEIGHT:
        yield from (comparison.reason for comparison in comparisons if comparison.outcome is outcome)
    if age is not None and age > settings.stale_after_days:
        text = f"the newest result is {days_text(age)} old, more than {settings.stale_after_days}"
        yield Reason(BaselineCode.STALE_AGE.value, text)
    if age is None and of_earlier is not None:
        text = f"the newest result, of {of_earlier}, belongs to an earlier tuned model"
        yield Reason(BaselineCode.STALE_VERSION.value, text)
