"""The decision: facts in, verdict out. No clock, no input or output, no logging."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from msgspec import Struct

from leverwatch.agent.framework import missing_days, reasons
from leverwatch.agent.framework.decision_table import STRATEGY_OF_BAND
from leverwatch.agent.framework.evidence import RULE_OF_BAND, gather
from leverwatch.agent.framework.frequency import changes_per_week
from leverwatch.agent.framework.frequency_state import frequency_state
from leverwatch.agent.framework.humanise import days as days_text
from leverwatch.agent.framework.model import (
    Facts,
    FrequencyState,
    Reason,
    Rule,
    RuleEvidence,
    Settings,
    Status,
    Strategy,
    UsageFacts,
    Verdict,
    VolumeState,
)
from leverwatch.agent.framework.reasons import ReasonCode, reason
from leverwatch.agent.framework.served_prompts import told
from leverwatch.agent.framework.since import recommended_since
from leverwatch.agent.framework.volume import is_stale, last_seen, state_of

_DEFAULTS = Settings()
_VOLUME_RULES = frozenset(RULE_OF_BAND.values())


class _Decision(Struct, frozen=True):
    strategy: Strategy | None
    status: Status
    rule: Rule | None
    why: Reason
    conflict: bool = False
    held: bool = False
    by_volume: bool = False


def assess(facts: Facts, settings: Settings = _DEFAULTS, previous: Verdict | None = None) -> Verdict:
    """Apply the framework to one system on one day, and return the verdict with its reasons.

    Raises nothing: when the facts do not suffice, the verdict has the status `undecided` and says why.

    Args:
        facts: what is known of the system as of `facts.as_of`.
        settings: the thresholds; the defaults when left out.
        previous: the system's latest verdict of an earlier evaluation, if any. While usage is stale its
            recommendation is kept, and it tells whether another strategy was declared.
    """
    volume = state_of(facts.usage, facts.as_of, settings)
    frequency = frequency_state(facts.prompts, facts.as_of, settings)
    evidence = gather(facts, volume, frequency, settings)
    *_, changes, behavior = evidence
    if changes.active or behavior.active:
        decision = _operational(changes, behavior)
    else:
        decision = _by_volume(facts, volume, settings, previous)
    declared = facts.declaration.strategy if facts.declaration else None
    unknown = declared is None or decision.strategy is None
    return Verdict(
        system=facts.system,
        as_of=facts.as_of,
        strategy=decision.strategy,
        status=_status(decision, facts, frequency),
        rule=decision.rule,
        reasons=(decision.why, *_remarks(decision, facts, volume, frequency, changes, settings)),
        evidence=evidence,
        volume=volume,
        changes_per_week=changes_per_week(facts.prompts, facts.as_of, settings),
        declared=declared,
        mismatch=None if unknown else decision.strategy != declared,
        conflict=decision.conflict,
        held=decision.held,
        changed_on=_changed_on(decision, facts, volume, frequency, previous),
        frequency=frequency,
        declared_on=_declared_on(facts.as_of, declared, previous),
    )


def _operational(changes: RuleEvidence, behavior: RuleEvidence) -> _Decision:
    """Decide by the two rules that outrank volume; the caller has checked that at least one is active."""
    if changes.active and behavior.active:
        text = f"{behavior.text}, while {changes.text}: tune the stable layer and prompt the volatile one"
        why = reason(ReasonCode.CONFLICT, text)
        return _Decision(Strategy.HYBRID, Status.DECIDED, None, why, conflict=True)
    if behavior.active:
        why = reason(ReasonCode.DECIDED_BY_LOCKED_IN, behavior.text)
        return _Decision(Strategy.FINE_TUNING, Status.DECIDED, behavior.rule, why)
    why = reason(ReasonCode.DECIDED_BY_FREQUENCY, changes.text)
    return _Decision(Strategy.PROMPT_ENGINEERING, Status.DECIDED, changes.rule, why)


def _by_volume(facts: Facts, volume: VolumeState, settings: Settings, previous: Verdict | None) -> _Decision:
    if volume.newest_day is None:
        why = reason(ReasonCode.NO_USAGE, reasons.no_usage(facts))
        return _Decision(None, Status.UNDECIDED, None, why)
    stale = is_stale(volume, facts.as_of, settings)
    if stale or volume.monthly_inferences is None or volume.band is None:
        return _hold(volume, stale, facts.as_of, settings, previous)
    status = Status.DECIDED if volume.certain else Status.PROVISIONAL
    why = reasons.by_volume(volume.band, volume, facts.as_of, settings)
    return _Decision(STRATEGY_OF_BAND[volume.band], status, RULE_OF_BAND[volume.band], why, by_volume=True)


def _hold(
    volume: VolumeState, stale: bool, as_of: date, settings: Settings, previous: Verdict | None
) -> _Decision:
    """Decide while usage is too old, or covers too few days, for a new decision by volume.

    The previous recommendation is kept if volume decided it. One that an operational rule decided ended together
    with that rule; then, or without a previous verdict, the settled band decides.
    """
    seen = last_seen(volume)
    if stale and seen is not None:
        days = (as_of - seen).days
        code, text = ReasonCode.STALE_USAGE_HELD, f"no usage has been seen since {seen} ({days_text(days)})"
    else:
        code, text = ReasonCode.TOO_LITTLE_USAGE, reasons.coverage(volume, settings)
    if previous is not None and previous.strategy is not None and previous.rule in _VOLUME_RULES:
        why = reason(code, f"{text}; the last recommendation, {reasons.spoken(previous.strategy)}, is held")
        return _Decision(previous.strategy, previous.status, previous.rule, why, held=True, by_volume=True)
    if volume.band is None:
        why = reason(ReasonCode.TOO_LITTLE_USAGE, reasons.coverage(volume, settings))
        return _Decision(None, Status.UNDECIDED, None, why)
    strategy = STRATEGY_OF_BAND[volume.band]
    text = (
        f"{text}; the {volume.band} band, settled since {volume.band_since}, is held ({reasons.spoken(strategy)})"
    )
    why = reason(code, text)
    rule = RULE_OF_BAND[volume.band]
    return _Decision(strategy, Status.PROVISIONAL, rule, why, held=True, by_volume=True)


def _status(decision: _Decision, facts: Facts, frequency: FrequencyState) -> Status:
    """The status: `provisional` also when an unknown rule could overturn it, or traffic may be counted twice."""
    frequency_open = facts.prompts.watched and frequency.frequent is None
    doubtful = frequency_open or (decision.by_volume and facts.usage.overlapping)
    return Status.PROVISIONAL if doubtful and decision.status is Status.DECIDED else decision.status


def _twice(usage: UsageFacts) -> str:
    """Which sources may count the same traffic, and what to do about it."""
    names = [f"{it} (not in the configuration)" if it in usage.former else it for it in usage.sources]
    text = f"{' and '.join(names)} may count the same traffic twice"
    if not usage.former:
        return f"{text}; mark one authoritative"
    left = [it for it in usage.sources if it not in usage.former]
    marked = f"mark {' or '.join(left)} authoritative" if left else "name one again, and mark it authoritative"
    return f"{text}; {marked}, or give a source that was renamed its former name"


def _remarks(
    decision: _Decision,
    facts: Facts,
    volume: VolumeState,
    frequency: FrequencyState,
    changes: RuleEvidence,
    settings: Settings,
) -> Iterator[Reason]:
    """The reasons of a verdict other than the deciding one, most important first."""
    declared = facts.declaration.strategy if facts.declaration else None
    if declared and decision.strategy and declared != decision.strategy:
        text = f"{reasons.spoken(decision.strategy)} is recommended, {reasons.spoken(declared)} is declared"
        yield reason(ReasonCode.MISMATCH, text)
    if facts.usage.overlapping:
        yield reason(ReasonCode.OVERLAPPING_SOURCES, _twice(facts.usage))
    if decision.by_volume and volume.bounded_days:
        text = missing_days.bounded(volume, facts.usage, reasons.marks(settings))
        yield reason(ReasonCode.PARTIAL_WINDOW, text)
    if decision.by_volume and volume.idle_days:
        yield reason(ReasonCode.IDLE_DAYS, missing_days.idle(volume))
    if facts.prompts.watched and changes.active is None:
        yield reason(ReasonCode.PROMPT_HISTORY_SHORT, f"change frequency is unknown: {changes.text}")
    if decision.by_volume and not decision.held:
        yield from reasons.on_the_way(volume, settings)
    yield from reasons.frequency_on_the_way(frequency, settings)
    compared = facts.prompts.divergence
    if compared is not None:
        diverge = compared.never_served or compared.never_landed
        code = ReasonCode.PROMPTS_DIVERGE if diverge else ReasonCode.PROMPTS_FROM_BOTH
        yield reason(code, told(compared, facts.prompts.origin))
    if not facts.prompts.watched:
        scattered = facts.prompts.scattered
        yield reason(ReasonCode.PROMPTS_SCATTERED if scattered else ReasonCode.PROMPTS_NOT_WATCHED, changes.text)
    if facts.declaration is None:
        yield reason(ReasonCode.UNDECLARED, "the system was found in usage and is not declared")


def _changed_on(
    decision: _Decision,
    facts: Facts,
    volume: VolumeState,
    frequency: FrequencyState,
    previous: Verdict | None,
) -> date | None:
    if decision.strategy is None:
        return None
    since = recommended_since(decision.strategy, facts, volume, frequency)
    if since is None and previous is not None and previous.strategy is decision.strategy:
        # Held against the settled band, as when settings changed while usage was stale: only the past can tell.
        return previous.changed_on or previous.as_of
    return since or facts.as_of


def _declared_on(as_of: date, declared: Strategy | None, previous: Verdict | None) -> date | None:
    """The day of the evaluation that first saw what is declared; the one on `as_of` is made on the next day."""
    if previous is None or previous.declared is declared:
        return None if previous is None else previous.declared_on
    return as_of + timedelta(days=1)
