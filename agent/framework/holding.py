"""What is held on a day that usage cannot decide: worked out from the facts, so that every view agrees. Pure."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from leverwatch.agent.framework.assess import assess
from leverwatch.agent.framework.model import Facts, Settings, Verdict
from leverwatch.agent.framework.timeline import Timeline, facts_as_of

_MOST_STEPS = 60
"""Days that are looked at for one that usage could decide. A window of 28 days is thin for fewer."""
_DAY = timedelta(days=1)


def verdict_on(timeline: Timeline, facts: Facts, settings: Settings, stored: Verdict | None) -> Verdict:
    """Return the verdict on the facts of one day of a timeline.

    What is held is the verdict of the last day that usage could decide, as the present facts and settings give it.
    `stored`, a verdict of that day or an earlier one, is held only where they give none: it may come from other
    settings, or from before late records were read.
    """
    verdict = assess(facts, settings, stored)
    previous = _previous(timeline, settings, verdict) if _is_held(verdict) else None
    # Of what was declared before only a stored verdict knows.
    return (
        verdict
        if previous is None
        else replace(assess(facts, settings, previous), declared_on=verdict.declared_on)
    )


def _is_held(verdict: Verdict) -> bool:
    """Return whether a verdict is held, or would be if anything was known of the days before."""
    return verdict.held or (verdict.strategy is None and verdict.volume.newest_day is not None)


def _previous(timeline: Timeline, settings: Settings, held: Verdict) -> Verdict | None:
    """The verdict before a held one, decided day by day from the last one that is not held; None without one."""
    last = _last_decided(timeline, settings, held)
    if last is None or last.strategy is None:
        return None
    previous = last
    # While usage decides nothing, the days differ only where the frequency of changes settled anew, or where a day
    # was counted twice.
    turns = {held.frequency.first_settled or held.as_of, *timeline.overlapping_days}
    turns.update(crossing.day for crossing in held.frequency.crossings)
    for turn in sorted({day for at in turns for day in (at - _DAY, at, at + _DAY)}):
        if last.as_of < turn < held.as_of and (facts := facts_as_of(timeline, turn)) is not None:
            previous = assess(facts, settings, previous)
    return previous


def _last_decided(timeline: Timeline, settings: Settings, held: Verdict) -> Verdict | None:
    """The newest earlier verdict that is not held; None when it is too far away."""
    verdict = held
    for _ in range(_MOST_STEPS):
        newest, before = verdict.volume.newest_day, verdict.as_of - _DAY
        fresh = before if newest is None else newest + timedelta(days=settings.stale_after_days)
        facts = facts_as_of(timeline, min(fresh, before))
        if facts is None:
            return None
        verdict = assess(facts, settings)
        if not _is_held(verdict):
            return verdict
    return None
