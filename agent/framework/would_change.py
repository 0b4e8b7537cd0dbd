"""What would change a verdict: for each rule, the distance to its threshold and the strategy beyond it."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil, inf, log2

from msgspec import Struct

from leverwatch.agent.framework.decision_table import STRATEGY_OF_BAND, strategy_of
from leverwatch.agent.framework.evidence import RULE_OF_BAND
from leverwatch.agent.framework.humanise import days as days_text
from leverwatch.agent.framework.humanise import humanise
from leverwatch.agent.framework.model import Band, Boundary, Facts, Rule, Settings, Strategy, Verdict
from leverwatch.agent.framework.reasons import marks, spoken
from leverwatch.agent.framework.volume import threshold_of

_DAYS = 7


class WouldChange(Struct, frozen=True, gc=False):
    """A change of one rule that would change the verdict."""

    rule: Rule
    """The rule that would become active or inactive."""
    strategy: Strategy | None
    """The strategy recommended then; None: no recommendation, as the volume is unknown."""
    text: str
    distance: float | None = None
    """How far the rule is from its mark, to rank rules by: 0 when reached, 1 at half or twice the mark. None for a
    rule without a number."""


def would_change(facts: Facts, verdict: Verdict, settings: Settings) -> tuple[WouldChange, ...]:
    """For each rule, in the order of `Rule`, what would turn it on or off while all other facts stay the same."""
    active = {evidence.rule: bool(evidence.active) for evidence in verdict.evidence}
    frequent, locked = active[Rule.FREQUENT_CHANGES], active[Rule.LOCKED_IN_BEHAVIOR]
    band = verdict.volume.band
    return (
        *_by_volume(verdict, settings, outranked=frequent or locked),
        *_by_frequency(verdict, settings, strategy_of(not frequent, locked, band)),
        _by_behavior(facts, strategy_of(frequent, not locked, band)),
    )


def _then(strategy: Strategy | None) -> str:
    return "nothing could be recommended" if strategy is None else f"{spoken(strategy)} would be recommended"


def _by_volume(verdict: Verdict, settings: Settings, *, outranked: bool) -> Iterator[WouldChange]:
    volume = verdict.volume
    if volume.band is None or volume.monthly_inferences is None:
        return
    for boundary in Boundary:
        threshold = threshold_of(boundary, settings)
        below = volume.band is Band.LOW or (boundary is Boundary.FINE_TUNING and volume.band is Band.MID)
        if below:
            band = Band.MID if boundary is Boundary.HYBRID else Band.HIGH
            word = "from" if boundary is Boundary.HYBRID else "above"
        else:
            threshold *= settings.leave_ratio
            band = Band.LOW if boundary is Boundary.HYBRID else Band.MID
            word = "below"
        gap = threshold - volume.monthly_inferences
        if abs(gap) == 0 or (gap > 0) is not below:
            way = f"reached; it settles after {days_text(settings.dwell_days)} in a row"
            if volume.candidate is band:
                way = f"reached for {volume.candidate_days} of {days_text(settings.dwell_days)}"
        else:
            way = f"{humanise(abs(gap))} {'more' if gap > 0 else 'less'}, for {days_text(settings.dwell_days)}"
        strategy = verdict.strategy if outranked else STRATEGY_OF_BAND[band]
        end = "an operational rule outranks volume" if outranked else _then(strategy)
        text = f"{band} band {word} {humanise(threshold, marks(settings))} a month: {way}; {end}"
        far = _distance(volume.monthly_inferences, threshold, reached=way.startswith("reached"))
        yield WouldChange(RULE_OF_BAND[band], strategy, text, far)


def _by_frequency(verdict: Verdict, settings: Settings, strategy: Strategy | None) -> Iterator[WouldChange]:
    state = verdict.frequency
    if state.frequent is None or state.per_week is None:
        return
    threshold = settings.frequent_days_per_week * (settings.frequency_leave_ratio if state.frequent else 1)
    days, weeks, dwell = round(state.per_week * state.weeks), state.weeks, settings.frequency_dwell_days
    # The fewest whole days beyond the mark. Below it, as a rate of the mark itself is not yet beyond.
    goal = ceil(threshold * weeks) - 1 if state.frequent else ceil(threshold * weeks)
    if goal > _DAYS * weeks:
        return
    more = abs(goal - days)
    if state.candidate is not None:
        way = f"reached for {state.candidate_days} of {days_text(dwell)}"
    else:
        word = "fewer" if state.frequent else "more"
        way = f"{more} {word} active day{'' if more == 1 else 's'} in {weeks} weeks, for {days_text(dwell)}"
    then = "no longer frequent below" if state.frequent else "frequent from"
    level = f"{threshold:g} day{'' if threshold == 1 else 's'} a week"
    text = f"prompt changes {then} {level}: {way}; {_then(strategy)}"
    far = _distance(state.per_week, threshold, reached=state.candidate is not None)
    yield WouldChange(Rule.FREQUENT_CHANGES, strategy, text, far)


def _distance(value: float, mark: float, *, reached: bool) -> float:
    if reached:
        return 0.0
    return abs(log2(value / mark)) if value > 0 else inf


def _by_behavior(facts: Facts, strategy: Strategy | None) -> WouldChange:
    declared = facts.declaration.locked_in_behavior if facts.declaration else ()
    if declared:
        text = f"without the {len(declared)} declared for locked-in behaviour: {_then(strategy)}"
        text = text.replace(" declared", " reason declared" if len(declared) == 1 else " reasons declared")
    else:
        text = f"with a declared reason for locked-in behaviour: {_then(strategy)}"
    return WouldChange(Rule.LOCKED_IN_BEHAVIOR, strategy, text)
