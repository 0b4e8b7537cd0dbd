"""The evidence of each rule: the measured value, the threshold, and whether the rule is active."""

from __future__ import annotations

from functools import lru_cache

from leverwatch.agent.framework import reasons
from leverwatch.agent.framework.frequency import whole_weeks
from leverwatch.agent.framework.humanise import humanise
from leverwatch.agent.framework.model import (
    Band,
    Facts,
    FrequencyState,
    Rule,
    RuleEvidence,
    Settings,
    VolumeState,
)

RULE_OF_BAND = {Band.LOW: Rule.VOLUME_LOW, Band.MID: Rule.VOLUME_MID, Band.HIGH: Rule.VOLUME_HIGH}
"""The volume rule of each band."""


def gather(
    facts: Facts, volume: VolumeState, frequency: FrequencyState, settings: Settings
) -> tuple[RuleEvidence, ...]:
    """The evidence of all five rules, in the order of `Rule`."""
    known = volume.monthly_inferences is not None
    now = reasons.inferences(volume, facts.as_of, settings) if known else ""
    return (
        *(_volume_rule(band, volume, now, settings) for band in Band),
        _frequent_changes(facts, frequency, settings),
        _locked_in(facts),
    )


@lru_cache(maxsize=64)
def _condition(band: Band, low: float, high: float) -> str:
    return {
        Band.LOW: f"below {humanise(low)}",
        Band.MID: f"from {humanise(low)} to {humanise(high)}",
        Band.HIGH: f"above {humanise(high)}",
    }[band]


def _volume_rule(band: Band, volume: VolumeState, now: str, settings: Settings) -> RuleEvidence:
    low, high = settings.hybrid_from, settings.fine_tuning_above
    condition = _condition(band, low, high)
    value = volume.monthly_inferences
    if volume.newest_day is None:
        text = f"holds {condition}; no usage was seen"
    elif value is None:
        text = f"holds {condition}; {reasons.coverage(volume, settings)}"
    else:
        text = f"holds {condition}; seen {now}, settled in the {volume.band} band since {volume.band_since}"
    return RuleEvidence(
        rule=RULE_OF_BAND[band],
        active=None if value is None else volume.band is band,
        value=value,
        threshold=high if band is Band.HIGH else low,
        unit="inferences/month",
        text=text,
    )


def _frequent_changes(facts: Facts, frequency: FrequencyState, settings: Settings) -> RuleEvidence:
    if facts.prompts.scattered:
        text = reasons.SCATTERED
    elif not facts.prompts.watched:
        text = "no prompt source watches this system"
    elif frequency.frequent is None:
        text = reasons.short_history(facts.prompts, whole_weeks(facts.prompts, facts.as_of), settings)
    else:
        text = reasons.frequency(frequency, settings, facts.prompts.origin)
    return RuleEvidence(
        rule=Rule.FREQUENT_CHANGES,
        active=frequency.frequent,
        value=frequency.per_week,
        threshold=settings.frequent_days_per_week,
        unit="days/week",
        text=text,
    )


def _locked_in(facts: Facts) -> RuleEvidence:
    declared = facts.declaration.locked_in_behavior if facts.declaration else ()
    return RuleEvidence(
        rule=Rule.LOCKED_IN_BEHAVIOR,
        active=bool(declared),
        value=float(len(declared)),
        threshold=1.0,
        unit="reasons",
        text=reasons.locked_in(facts.declaration),
    )
