"""Rules for frequent changes that were not taken, to measure them beside the one that was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from itertools import accumulate
from statistics import median

from leverwatch.agent.framework.frequency_state import frequency_state
from leverwatch.agent.framework.model import PromptFacts, Settings

Rule = Callable[[Sequence[bool]], tuple[bool | None, list[int]]]
"""From a history to the first settled state (None: never), and the days on which it changed."""
LAST = date(2026, 10, 4)
FOUR_WEEKS = 28


def settled(values: Sequence[float], enter: float, leave: float, dwell: int) -> tuple[bool | None, list[int]]:
    """Settle the values of each day, of which the first 27 are left out, with two marks and days in a row."""
    state: bool | None = None
    first: bool | None = None
    run, changes = 0, []
    for day, value in enumerate(values):
        if day < FOUR_WEEKS - 1:
            continue
        if state is None:
            first = state = value >= enter
            continue
        run = run + 1 if (value < leave if state else value >= enter) else 0
        if run >= dwell:
            state, run = not state, 0
            changes.append(day)
    return first, changes


def median_of_weeks(weeks: int, dwell: int) -> Rule:
    """The median of active days a week over the trailing weeks, without a second mark."""

    def rule(days: Sequence[bool]) -> tuple[bool | None, list[int]]:
        total = [0, *accumulate(days)]
        values = []
        for end in range(1, len(total)):
            blocks = [total[end - 7 * age] - total[end - 7 * age - 7] for age in range(min(end // 7, weeks))]
            values.append(float(median(blocks)) if blocks else 0.0)
        return settled(values, 1, 1, dwell)

    return rule


def count_of_days(window: int, enter: float, leave: float, dwell: int) -> Rule:
    """The mean over a fixed window, with two marks."""

    def rule(days: Sequence[bool]) -> tuple[bool | None, list[int]]:
        total = [0, *accumulate(days)]
        spans = [min(end // 7 * 7, window) for end in range(1, len(total))]
        means = [(total[end] - total[end - span]) * 7 / max(span, 1) for end, span in enumerate(spans, 1)]
        return settled(means, enter, leave, dwell)

    return rule


def cusum(days: Sequence[bool]) -> tuple[bool | None, list[int]]:
    """Two cumulative sums against fixed rates, tuned to notice 0.3 to 2 days a week in four weeks."""
    first: bool | None = None
    state, score, changes = False, 0.0, []
    for day, active in enumerate(days):
        if day < FOUR_WEEKS - 1:
            continue
        if first is None:
            first = state = sum(days[:FOUR_WEEKS]) >= FOUR_WEEKS / 7
            continue
        score = max(0.0, score + (0.65 / 7 - active if state else active - 1.3 / 7))
        if score >= (1.6 if state else 2.8):
            state, score = not state, 0.0
            changes.append(day)
    return first, changes


def shipped(settings: Settings) -> Rule:
    """The rule of the framework, with other settings."""

    def rule(days: Sequence[bool]) -> tuple[bool | None, list[int]]:
        begin = LAST - timedelta(days=len(days) - 1)
        active = frozenset(begin + timedelta(days=day) for day, changed in enumerate(days) if changed)
        state = frequency_state(PromptFacts(True, begin, active), LAST, settings)
        first = not state.crossings[0].frequent if state.crossings else state.frequent
        return first, [(crossing.day - begin).days for crossing in state.crossings]

    return rule


RULES: dict[str, Rule] = {
    "median of 13 weeks (before)": median_of_weeks(13, 1),
    "median of 13 weeks, dwell 14": median_of_weeks(13, 14),
    "median of 9 weeks, dwell 7": median_of_weeks(9, 7),
    "28 days, 1.5 and 0.5": count_of_days(28, 1.5, 0.5, 1),
    "56 days, 1 and 0.5, dwell 7": count_of_days(56, 1.0, 0.5, 7),
    "cusum of 0.65 and 1.3": cusum,
    "present rate, leave 0.75": shipped(Settings(frequency_leave_ratio=0.75)),
    "present rate, odds 50": shipped(Settings(frequency_change_odds=50)),
    "present rate, odds 1000": shipped(Settings(frequency_change_odds=1000)),
    "present rate, dwell 7": shipped(Settings(frequency_dwell_days=7)),
    "present rate (shipped)": shipped(Settings()),
}
