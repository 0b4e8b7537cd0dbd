"""What would change a verdict: for each rule, the distance to its threshold and the strategy beyond it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from leverwatch.agent.framework.assess import STRATEGY_OF_BAND
from leverwatch.agent.framework.evidence import RULE_OF_BAND
from leverwatch.agent.framework.frequency import active_days_by_week
from leverwatch.agent.framework.humanise import humanise
from leverwatch.agent.framework.model import Band, Boundary, Facts, Rule, Settings, Strategy, Verdict
from leverwatch.agent.framework.reasons import marks, spoken
from leverwatch.agent.framework.volume import threshold_of

_DAYS = 7


class WouldChange(Struct, frozen=True):
    """A change of one rule that would change the verdict."""

    rule: Rule
    """The rule that would become active or inactive."""
    strategy: Strategy | None
    """The strategy recommended then; None: no recommendation, as the volume is unknown."""
    text: str


def would_change(facts: Facts, verdict: Verdict, settings: Settings) -> tuple[WouldChange, ...]:
    """For each rule, in the order of `Rule`, what would turn it on or off while all other facts stay the same."""
    active = {evidence.rule: bool(evidence.active) for evidence in verdict.evidence}
    frequent, locked = active[Rule.FREQUENT_CHANGES], active[Rule.LOCKED_IN_BEHAVIOR]
    band = verdict.volume.band
    return (
        *_by_volume(verdict, settings, outranked=frequent or locked),
        *_by_frequency(facts, verdict, settings, _decided(not frequent, locked, band)),
        _by_behavior(facts, _decided(frequent, not locked, band)),
    )


def _decided(frequent: bool, locked: bool, band: Band | None) -> Strategy | None:
    if frequent and locked:
        return Strategy.HYBRID
    if locked:
        return Strategy.FINE_TUNING
    if frequent:
        return Strategy.PROMPT_ENGINEERING
    return None if band is None else STRATEGY_OF_BAND[band]


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
            way = f"reached; it settles after {settings.dwell_days} days in a row"
            if volume.candidate is band:
                way = f"reached for {volume.candidate_days} of {settings.dwell_days} days"
        else:
            way = f"{humanise(abs(gap))} {'more' if gap > 0 else 'less'}, for {settings.dwell_days} days"
        strategy = verdict.strategy if outranked else STRATEGY_OF_BAND[band]
        end = "an operational rule outranks volume" if outranked else _then(strategy)
        text = f"{band} band {word} {humanise(threshold, marks(settings))} a month: {way}; {end}"
        yield WouldChange(RULE_OF_BAND[band], strategy, text)


def _by_frequency(
    facts: Facts, verdict: Verdict, settings: Settings, strategy: Strategy | None
) -> Iterator[WouldChange]:
    if verdict.changes_per_week is None:
        return
    weeks = active_days_by_week(facts.prompts, facts.as_of, settings)
    threshold = settings.frequent_days_per_week
    frequent = verdict.changes_per_week >= threshold
    days = days_to(weeks, threshold, up=not frequent)
    if days is None:
        return
    state = "no longer frequent" if frequent else "frequent"
    word = "below" if frequent else "from"
    amount = f"{days} {'fewer' if frequent else 'more'} active day{'' if days == 1 else 's'}"
    median = f"a median of {threshold:g} day{'' if threshold == 1 else 's'} a week"
    text = f"prompt changes {state} {word} {median}: {amount} in {len(weeks)} weeks; {_then(strategy)}"
    yield WouldChange(Rule.FREQUENT_CHANGES, strategy, text)


def _by_behavior(facts: Facts, strategy: Strategy | None) -> WouldChange:
    declared = facts.declaration.locked_in_behavior if facts.declaration else ()
    if declared:
        text = f"without the {len(declared)} declared for locked-in behaviour: {_then(strategy)}"
        text = text.replace(" declared", " reason declared" if len(declared) == 1 else " reasons declared")
    else:
        text = f"with a declared reason for locked-in behaviour: {_then(strategy)}"
    return WouldChange(Rule.LOCKED_IN_BEHAVIOR, strategy, text)


def days_to(weeks: Sequence[int], threshold: float, *, up: bool) -> int | None:
    """The smallest number of additional active days (with `up`; else of fewer ones) that brings the median of the
    weeks to the threshold (else below it); None when no number does, as a week has 0 to 7 active days.
    """
    ranked = sorted(weeks, reverse=up)
    half, odd = divmod(len(ranked), 2)
    if not ranked:
        return None
    best: int | None = None
    for near in range(_DAYS + 1):
        for far in [near] if odd else range(_DAYS + 1):
            # `near` and `far` are the two middle weeks after the change; `near` lies on the side to reach.
            if ((near + far) / 2 >= threshold) is not up or (far > near if up else far < near):
                continue
            goals = [near] * (half + odd) + ([] if odd else [far])
            moves = [goal - days if up else days - goal for goal, days in zip(goals, ranked, strict=False)]
            needed = sum(max(move, 0) for move in moves)
            best = needed if best is None else min(best, needed)
    return best
