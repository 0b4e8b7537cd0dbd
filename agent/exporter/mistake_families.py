"""Metric families of what is watched beside the rules: baselines, prompts, reviews and locked-in evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from leverwatch.agent.exporter.family import Family
from leverwatch.agent.exporter.per_system import (
    DAY,
    EVALUATED,
    Number,
    flag,
    one_of,
    per_system,
    per_system_and,
    time,
)
from leverwatch.agent.framework.assessment import Assessment, PromptJudgement
from leverwatch.agent.framework.baselines import Baseline
from leverwatch.agent.framework.comparison import ComparisonOutcome
from leverwatch.agent.framework.locked_in import LockedIn, LockedInCode, Support, SupportEvidence
from leverwatch.agent.framework.mistakes import MistakeSettings
from leverwatch.agent.framework.overengineering import PromptMoments
from leverwatch.agent.framework.review import Review
from leverwatch.agent.snapshot import SystemsSnapshot, SystemView

_TUNED = "when a fine-tuned model is in use"
_KNOWN = "when it is known over the trailing 28 days"

Judgement = TypeVar("Judgement")


def _judgement(
    kind: type[Judgement], choose: Callable[[Assessment], object]
) -> Callable[[SystemView], Judgement | None]:
    def judgement(view: SystemView) -> Judgement | None:
        found = choose(view.assessment) if view.assessment else None
        return found if isinstance(found, kind) else None

    return judgement


_baseline = _judgement(Baseline, lambda assessment: assessment.baseline)
_prompts = _judgement(PromptJudgement, lambda assessment: assessment.prompts)
_review = _judgement(Review, lambda assessment: assessment.review)
_locked_in = _judgement(LockedIn, lambda assessment: assessment.locked_in)


def _of(
    judgement: Callable[[SystemView], Judgement | None], value: Callable[[Judgement], Number]
) -> Callable[[SystemView], Number]:
    def number(view: SystemView) -> Number:
        found = judgement(view)
        return None if found is None else value(found)

    return number


def _input(name: str, meaning: str, value: Callable[[PromptMoments], Number]) -> Family[SystemsSnapshot]:
    return per_system(name, meaning, _of(_prompts, lambda found: value(found.moments)), _KNOWN)


def _threshold(name: str, meaning: str, value: Callable[[MistakeSettings], float]) -> Family[SystemsSnapshot]:
    return Family(name, "gauge", meaning, (), EVALUATED, lambda snapshot: [((), value(snapshot.mistakes))])


def _outcome(view: SystemView) -> Iterable[tuple[str, float]]:
    found = _baseline(view)
    return one_of(ComparisonOutcome, found.outcome) if found else []


def _signs(view: SystemView) -> Iterable[tuple[str, float]]:
    found = _prompts(view)
    for evidence in found.verdict.evidence if found else ():
        if evidence.active is not None:
            yield evidence.sign.value, float(evidence.active)


def _shutdowns(view: SystemView) -> Iterable[tuple[str, float]]:
    found = view.assessment.shutdowns if view.assessment else ()
    for shutdown in found if isinstance(found, tuple) else ():
        moment = time(shutdown.shutdown)
        if moment is not None:
            yield shutdown.model, moment


def _support(view: SystemView) -> Iterable[tuple[str, float]]:
    found = _locked_in(view)
    for evidence in found.evidence if found else ():
        if evidence.active is not None:
            yield evidence.support.value, float(evidence.active)


def _failures(found: LockedIn) -> SupportEvidence:
    return found.evidence[list(Support).index(Support.VALIDATION_FAILURES)]


def _schema_first(found: LockedIn) -> Number:
    if _failures(found).value is None:
        return None
    return float(any(reason.code == LockedInCode.STRUCTURED_OUTPUT_FIRST for reason in found.advice))


BASELINES: tuple[Family[SystemsSnapshot], ...] = (
    per_system(
        "leverwatch_tuned_model_adopted_timestamp_seconds",
        "Midnight UTC that starts the day on which the fine-tuned model in use first served its part.",
        _of(_baseline, lambda found: time(found.tuned.adopted_on)),
        _TUNED,
    ),
    per_system_and(
        "outcome",
        "leverwatch_baseline_outcome",
        "1 for what the baseline of the fine-tuned model shows (better, worse, no_difference, too_small,"
        " not_comparable, missing), 0 for the others.",
        _outcome,
        _TUNED,
    ),
    per_system(
        "leverwatch_baseline_stale",
        "1 when the newest result of the fine-tuned model is too old, or belongs to an earlier one.",
        _of(_baseline, lambda found: float(found.stale)),
        _TUNED,
    ),
    per_system(
        "leverwatch_baseline_measured_timestamp_seconds",
        "Midnight UTC that starts the day of the newest result of a fine-tuned model.",
        _of(_baseline, lambda found: time(found.newest)),
        "when there is a result of a fine-tuned model",
    ),
    _threshold(
        "leverwatch_baseline_stale_after_seconds",
        "Age of leverwatch_baseline_measured_timestamp_seconds above which a baseline is stale; whole days.",
        lambda settings: settings.baselines.stale_after_days * DAY,
    ),
)
"""The families of baselines: eval results from before and after fine-tuning."""

OVER_ENGINEERING: tuple[Family[SystemsSnapshot], ...] = (
    per_system(
        "leverwatch_prompt_over_engineered",
        "1 when so many signs of an over-engineered prompt agree that it is flagged, 0 when they cannot.",
        _of(_prompts, lambda found: flag(found.verdict.flagged)),
        "unless unknown signs could still decide it",
    ),
    per_system_and(
        "sign",
        "leverwatch_over_engineering_sign",
        "1 when the sign of an over-engineered prompt is there, 0 when it is not.",
        _signs,
        "for every sign that could be evaluated",
    ),
    _threshold(
        "leverwatch_over_engineering_signs_needed",
        "Signs that must agree before a prompt is flagged.",
        lambda settings: settings.over_engineering.agree,
    ),
    _input(
        "leverwatch_static_input_ratio",
        "Share of the input tokens that is the same in every call.",
        lambda moments: moments.static_share,
    ),
    _threshold(
        "leverwatch_static_input_threshold_ratio",
        "Static share of the input above which it counts, when the input is large for the output too.",
        lambda settings: settings.over_engineering.static_share,
    ),
    _input(
        "leverwatch_input_per_output_token_ratio",
        "Input tokens for each output token; no sign by itself.",
        lambda moments: moments.input_output,
    ),
    _threshold(
        "leverwatch_input_per_output_token_threshold_ratio",
        "Input tokens for each output token above which a large static share counts.",
        lambda settings: settings.over_engineering.input_output,
    ),
    _input(
        "leverwatch_static_cached_ratio",
        "Share of the static input tokens that was read from the cache of the provider.",
        lambda moments: moments.cached_share,
    ),
    _threshold(
        "leverwatch_static_cached_threshold_ratio",
        "Cached share of the static tokens below which caching does not work.",
        lambda settings: settings.over_engineering.cached_share,
    ),
    _input(
        "leverwatch_prompt_growth_ratio",
        "Growth of the prompt over 13 weeks; 0.5 is 50%.",
        lambda moments: moments.growth,
    ),
    _threshold(
        "leverwatch_prompt_growth_threshold_ratio",
        "Growth of the prompt above which it counts, unless evals gained.",
        lambda settings: settings.over_engineering.growth,
    ),
    _input(
        "leverwatch_calls_per_trace_ratio",
        "Inferences for each trace, of those that name their trace.",
        lambda moments: moments.calls_per_trace,
    ),
    _threshold(
        "leverwatch_calls_per_trace_threshold_ratio",
        "Inferences for each trace from which a chain counts, when outputs are small.",
        lambda settings: settings.over_engineering.calls_per_trace,
    ),
    _input(
        "leverwatch_attempts_per_inference_ratio",
        "Calls to a model server for each inference, errors and retries included.",
        lambda moments: moments.attempts,
    ),
    _threshold(
        "leverwatch_attempts_per_inference_threshold_ratio",
        "Attempts for each inference above which retries count.",
        lambda settings: settings.over_engineering.attempts,
    ),
)
"""The families of the signs of an over-engineered prompt, and of their thresholds."""

REVIEWS: tuple[Family[SystemsSnapshot], ...] = (
    per_system(
        "leverwatch_review_due",
        "1 when a review is due: the declaration was never reviewed or is old, a rule changed, or a model ends.",
        _of(_review, lambda found: flag(found.due)),
        "when a strategy is declared",
    ),
    per_system(
        "leverwatch_review_due_timestamp_seconds",
        "Midnight UTC that starts the day on which the age of the declaration alone makes its review due.",
        _of(_review, lambda found: time(found.due_on)),
        "when a review date is declared",
    ),
    per_system(
        "leverwatch_strategy_mismatch_since_timestamp_seconds",
        "Midnight UTC that starts the day since which the recommended strategy has differed from the declaration.",
        _of(_review, lambda found: time(found.differing_since)),
        "while they differ",
    ),
    per_system_and(
        "model",
        "leverwatch_model_shutdown_timestamp_seconds",
        "Midnight UTC that starts the last day of a model that the system used in the trailing 28 days.",
        _shutdowns,
        "for every such model whose last day is known, up to the cap of models",
    ),
)
"""The families of reviews and of model shutdowns."""

LOCKED_IN: tuple[Family[SystemsSnapshot], ...] = (
    per_system(
        "leverwatch_output_invalid_ratio",
        "Share of the checked outputs of the latest days that failed validation.",
        _of(_locked_in, lambda found: _failures(found).value),
        "when outputs were checked",
    ),
    _threshold(
        "leverwatch_output_invalid_threshold_ratio",
        "Share of the checked outputs that fail validation above which failures are high.",
        lambda settings: settings.locked_in.failure_rate,
    ),
    per_system_and(
        "evidence",
        "leverwatch_locked_in_support",
        "1 when the measured evidence supports the need for locked-in behaviour, 0 when it does not.",
        _support,
        "for every kind of evidence that could be evaluated",
    ),
    per_system(
        "leverwatch_structured_output_first",
        "1 when validation failures are high and no schema mode is in use: turn one on before tuning.",
        _of(_locked_in, _schema_first),
        "when outputs were checked",
    ),
)
"""The families of measurements about locked-in behaviour."""

MISTAKES: tuple[Family[SystemsSnapshot], ...] = (*BASELINES, *OVER_ENGINEERING, *REVIEWS, *LOCKED_IN)
