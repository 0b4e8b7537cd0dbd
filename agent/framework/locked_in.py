"""Measurements that support a need for locked-in behaviour, or speak against it.

They are advice: the rule itself is decided by the declaration alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from fnmatch import fnmatchcase
from itertools import pairwise

from msgspec import Struct

from leverwatch.agent.framework.comparison import ComparisonOutcome, compare
from leverwatch.agent.framework.humanise import decimal, percent
from leverwatch.agent.framework.mistakes import LockedInSettings
from leverwatch.agent.framework.model import PromptFacts, Reason
from leverwatch.collectors.interface import EvalResult

_DAY = timedelta(days=1)


class OutputChecks(Struct, frozen=True, gc=False):
    """Counts of the validated outputs, and of the schema mode, on one day."""

    checked: float = 0.0
    """Outputs whose validation result is known."""
    invalid: float = 0.0
    schema_known: float = 0.0
    """Calls for which it is known whether a schema mode was on."""
    schema_mode: float = 0.0
    """Calls with a schema mode."""


class Support(StrEnum):
    """The kinds of evidence, the strongest first."""

    VALIDATION_FAILURES = "validation_failures"
    FLAT_SCORES = "flat_scores"
    STABLE_PROMPT = "stable_prompt"


class Standing(StrEnum):
    """Whether the declaration and the measurements agree."""

    DECLARED_SUPPORTED = "declared_supported"
    DECLARED_UNSUPPORTED = "declared_unsupported"
    """Declared, and no measurement supports it. That need not be wrong: tone cannot be seen in logs."""
    DECLARED_UNMEASURED = "declared_unmeasured"
    SUPPORTED_UNDECLARED = "supported_undeclared"
    NOT_SUPPORTED = "not_supported"
    UNMEASURED = "unmeasured"


class LockedInCode(StrEnum):
    """Every code that a `Reason` of the advice can have."""

    STRUCTURED_OUTPUT_FIRST = "structured_output_first"
    CONSIDER_DECLARING = "consider_declaring"


class SupportEvidence(Struct, frozen=True, gc=False):
    """One kind of evidence: the measured value, and the threshold that it was compared with."""

    support: Support
    active: bool | None
    """None: unknown, as it could not be evaluated."""
    value: float | None
    threshold: float
    unit: str
    text: str


class LockedIn(Struct, frozen=True):
    """Declared and measured need for locked-in behaviour."""

    standing: Standing
    declared: int
    evidence: tuple[SupportEvidence, ...]
    """All kinds, in the order of `Support`."""
    advice: tuple[Reason, ...]


def locked_in_support(
    as_of: date,
    declared: Sequence[str],
    checks: Mapping[date, OutputChecks],
    results: Sequence[EvalResult],
    prompts: PromptFacts,
    settings: LockedInSettings | None = None,
) -> LockedIn:
    """Compare the declared need for locked-in behaviour with what was measured.

    A stable prompt alone supports nothing: it says that the behaviour is settled, not that prompts fail at it.

    Args:
        as_of: the last complete UTC day that counts.
        declared: the declared reasons.
        checks: output validation by day; a day that is missing is unknown.
        results: eval results of the system.
        prompts: its prompt changes.
        settings: thresholds; the defaults when left out.
    """
    chosen = settings or LockedInSettings()
    failures, high_without_schema = _failures(as_of, checks, chosen)
    scores = _flat_scores(as_of, results, prompts, chosen)
    evidence = (failures, scores, _stable(as_of, prompts, chosen))
    standing = _standing(bool(declared), (failures.active, scores.active))
    advice = []
    if high_without_schema is not None:
        text = f"{high_without_schema}: turn on a schema mode before anything is tuned for the format"
        advice.append(Reason(LockedInCode.STRUCTURED_OUTPUT_FIRST.value, text))
    if standing is Standing.SUPPORTED_UNDECLARED:
        texts = "; ".join(item.text for item in evidence if item.active)
        advice.append(Reason(LockedInCode.CONSIDER_DECLARING.value, f"consider declaring it: {texts}"))
    return LockedIn(standing, len(declared), evidence, tuple(advice))


def _standing(declared: bool, measured: tuple[bool | None, ...]) -> Standing:
    if any(measured):
        return Standing.DECLARED_SUPPORTED if declared else Standing.SUPPORTED_UNDECLARED
    if all(active is None for active in measured):
        return Standing.DECLARED_UNMEASURED if declared else Standing.UNMEASURED
    return Standing.DECLARED_UNSUPPORTED if declared else Standing.NOT_SUPPORTED


def _failures(
    as_of: date, checks: Mapping[date, OutputChecks], settings: LockedInSettings
) -> tuple[SupportEvidence, str | None]:
    """The evidence of failures, and a sentence when they are high without a schema mode."""
    half = max(settings.failure_days // 2, 1)
    halves = [_sum(checks, as_of - timedelta(days=half * index), half) for index in (0, 1)]
    checked, invalid = sum(it.checked for it in halves), sum(it.invalid for it in halves)
    known, mode = sum(it.schema_known for it in halves), sum(it.schema_mode for it in halves)
    rate = invalid / checked if checked > 0 else None
    enough = all(it.checked >= settings.minimum_checked for it in halves)
    high = all(it.checked > 0 and it.invalid / it.checked > settings.failure_rate for it in halves)
    share = mode / known if known > 0 else None
    active: bool | None = None
    if enough:
        active = False if not high else None if share is None else share >= settings.schema_on
    # A mixture of calls with and without a schema mode does not tell which of them failed.
    mixed = share is not None and 1 - settings.schema_on < share < settings.schema_on
    if active is False and high and mixed:
        active = None
    if rate is None:
        text = "no output validation is known"
    else:
        modes = (
            "unknown whether a schema mode is on" if share is None else f"schema mode on in {share:.0%} of calls"
        )
        failed = percent(rate, settings.failure_rate, 1)
        text = (
            f"{failed} of {checked:,.0f} checked outputs failed validation in {2 * half} days "
            f"(threshold {settings.failure_rate:.0%}), {modes}"
        )
    threshold = settings.failure_rate
    evidence = SupportEvidence(Support.VALIDATION_FAILURES, active, rate, threshold, "share", text)
    without = enough and high and share is not None and share <= 1 - settings.schema_on
    return evidence, text if without else None


def _sum(checks: Mapping[date, OutputChecks], last: date, days: int) -> OutputChecks:
    checked = invalid = known = mode = 0.0
    for age in range(days):
        found = checks.get(last - age * _DAY)
        if found is not None:
            checked += found.checked
            invalid += found.invalid
            known += found.schema_known
            mode += found.schema_mode
    return OutputChecks(checked, invalid, known, mode)


def _flat_scores(
    as_of: date, results: Sequence[EvalResult], prompts: PromptFacts, settings: LockedInSettings
) -> SupportEvidence:
    series: dict[tuple[str, str, str], list[EvalResult]] = defaultdict(list)
    for result in sorted(results, key=lambda item: item.at):
        name = result.metric.lower()
        scored = any(fnmatchcase(name, pattern.lower()) for pattern in settings.scorers)
        if scored and result.higher_is_better and result.at.date() <= as_of:
            series[result.suite, result.suite_hash, result.metric].append(result)
    judged = [verdict for found in series.values() if (verdict := _is_flat(found, prompts, settings)) is not None]
    threshold, unit = float(settings.flat_changes), "prompt changes"
    flat = [(changes, found) for is_flat, changes, found in judged if is_flat]
    if flat:
        changes, newest = max(flat, key=lambda item: (item[0], item[1].suite, item[1].metric))
        text = (
            f"{newest.suite} {newest.metric} is {decimal(newest.value, settings.target, 3)}, below "
            f"{settings.target:g}, and did not get better over {changes} prompt changes"
        )
        return SupportEvidence(Support.FLAT_SCORES, True, float(changes), threshold, unit, text)
    if judged:
        text = (
            f"no format or tone score stayed below {settings.target:g} over {settings.flat_changes} prompt changes"
        )
        return SupportEvidence(Support.FLAT_SCORES, False, None, threshold, unit, text)
    text = f"no format or tone score spans {settings.flat_changes} prompt changes"
    return SupportEvidence(Support.FLAT_SCORES, None, None, threshold, unit, text)


def _is_flat(
    found: Sequence[EvalResult], prompts: PromptFacts, settings: LockedInSettings
) -> tuple[bool, int, EvalResult] | None:
    """Whether a score missed its target throughout without getting better, the number of prompt changes in
    between, and the newest result; None with too few changes, or when the results cannot be compared."""
    newest = found[-1]
    for index in range(len(found) - 2, -1, -1):
        changes = _changes_between(found[index:], prompts)
        if changes >= settings.flat_changes:
            compared = compare(found[index], newest, minimum_n=settings.minimum_checked, any_prompt=True).outcome
            if compared in {ComparisonOutcome.TOO_SMALL, ComparisonOutcome.NOT_COMPARABLE}:
                return None
            below = all(result.value < settings.target for result in found[index:])
            return below and compared is not ComparisonOutcome.BETTER, changes, newest
    return None


def _changes_between(found: Sequence[EvalResult], prompts: PromptFacts) -> int:
    """Prompt changes from the first to the last result: days with a change, or, for prompts that no source
    watches, changes of the version that the results name."""
    if prompts.watched:
        first, last = found[0].at.date(), found[-1].at.date()
        return sum(first < day <= last for day in prompts.active_days)
    versions = [result.prompt_version for result in found]
    return sum(before != after and bool(after) for before, after in pairwise(versions))


def _stable(as_of: date, prompts: PromptFacts, settings: LockedInSettings) -> SupportEvidence:
    threshold = float(settings.stable_weeks)
    past = [day for day in prompts.active_days if day <= as_of]
    if not prompts.watched or not past:
        text = "the last prompt change is unknown"
        return SupportEvidence(Support.STABLE_PROMPT, None, None, threshold, "weeks", text)
    last = max(past)
    weeks = (as_of - last).days / 7
    text = f"the prompt has not changed since {last} ({weeks:.0f} weeks, threshold {settings.stable_weeks})"
    return SupportEvidence(Support.STABLE_PROMPT, weeks >= threshold, weeks, threshold, "weeks", text)
