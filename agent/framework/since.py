"""Since when a recommendation stands, worked out from what usage and prompt changes have settled on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TypeVar

from leverwatch.agent.framework.decision_table import strategy_of
from leverwatch.agent.framework.model import Band, Facts, FrequencyState, Strategy, VolumeState

State = TypeVar("State")


def recommended_since(
    strategy: Strategy, facts: Facts, volume: VolumeState, frequency: FrequencyState
) -> date | None:
    """Return the first day of the unbroken run of days up to `facts.as_of` on which `strategy` was recommended.

    Each day takes the band and the frequency that had settled by then, and what is declared now: of a declaration
    only the present state is known. A recommendation that nothing but the declaration makes has stood since the
    first day of which something is known, that is of usage or prompt changes, else since `facts.as_of`. None when
    the present states do not lead to `strategy`, as then something else decided.
    """
    locked = bool(facts.declaration and facts.declaration.locked_in_behavior)
    bands = _bands(volume)
    changes = _changes(frequency)
    since: date | None = None
    for day in sorted({*bands, *changes}, reverse=True):
        if strategy_of(_at(changes, day) or False, locked, _at(bands, day)) is not strategy:
            return since
        since = day
    if strategy_of(False, locked, None) is not strategy:
        return since
    return min(_known(facts), default=facts.as_of)


def _bands(volume: VolumeState) -> dict[date, Band]:
    if volume.band is None or volume.first_settled is None:
        return {}
    first = volume.crossings[0].previous if volume.crossings else volume.band
    return {volume.first_settled: first, **{crossing.day: crossing.band for crossing in volume.crossings}}


def _changes(frequency: FrequencyState) -> dict[date, bool]:
    if frequency.frequent is None or frequency.first_settled is None:
        return {}
    first = not frequency.crossings[0].frequent if frequency.crossings else frequency.frequent
    later = {crossing.day: crossing.frequent for crossing in frequency.crossings}
    return {frequency.first_settled: first, **later}


def _at(states: Mapping[date, State], day: date) -> State | None:
    earlier = [settled for settled in states if settled <= day]
    return states[max(earlier)] if earlier else None


def _known(facts: Facts) -> list[date]:
    first = facts.prompts.first_change
    days = [day for day in facts.usage.daily if day <= facts.as_of]
    return [*days, first] if first is not None and first <= facts.as_of else days
