"""Builders of small facts and readers of verdicts; every date is relative to one fixed day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from leverwatch.agent.framework.assess import assess
from leverwatch.agent.framework.model import (
    Band,
    Declaration,
    Facts,
    PromptFacts,
    Rule,
    Settings,
    Strategy,
    UsageFacts,
    Verdict,
)
from leverwatch.agent.framework.reasons import ReasonCode

AS_OF = date(2026, 10, 4)
SMALL = Settings(hybrid_from=487_000, fine_tuning_above=4_870_000)
"""Thresholds that whole daily counts reach exactly: 16,000 a day is 487,000 a month."""
LOW, MID, HIGH = 1_000.0, 100_000.0, 1_000_000.0
"""Daily counts well inside each band of `SMALL`."""


def ago(days: int) -> date:
    return AS_OF - timedelta(days=days)


def constant(count: float, days: int = 60, until: date = AS_OF) -> dict[date, float]:
    """The same count on each of `days` days that end at `until`."""
    return {until - timedelta(days=age): count for age in range(days)}


def series(*spans: tuple[int, float | None]) -> dict[date, float]:
    """Spans of (days, daily count), oldest first, that end at `AS_OF`; None leaves the days uncovered."""
    counts = [count for days, count in spans for _ in range(days)]
    return {ago(len(counts) - 1 - index): count for index, count in enumerate(counts) if count is not None}


def prompts(days_a_week: int, weeks: int = 20) -> PromptFacts:
    """A history with the same number of active days in every week."""
    active = frozenset(ago(7 * week + day) for week in range(weeks) for day in range(days_a_week))
    return PromptFacts(watched=True, first_change=ago(7 * weeks - 1), active_days=active)


QUIET = prompts(0)
FREQUENT = prompts(2)
ENDED = PromptFacts(True, ago(279), frozenset(ago(age) for age in range(100, 280) if age % 7 < 2))
"""Two active days a week, until none came any more."""
SHORT = PromptFacts(watched=True, first_change=ago(10), active_days=frozenset({ago(10)}))


def facts(
    daily: Mapping[date, float] | None = None,
    prompt_facts: PromptFacts = QUIET,
    locked_in: tuple[str, ...] = (),
    declared: Strategy | None = None,
    as_of: date = AS_OF,
    overlapping: bool = False,
) -> Facts:
    return Facts(
        system="support-bot",
        as_of=as_of,
        usage=UsageFacts(daily or {}, ("app-log", "gateway") if overlapping else ("gateway",), overlapping),
        prompts=prompt_facts,
        declaration=Declaration(strategy=declared, locked_in_behavior=locked_in),
    )


PE, HYBRID, FT = Strategy.PROMPT_ENGINEERING, Strategy.HYBRID, Strategy.FINE_TUNING
UNWATCHED = PromptFacts()
LOCKED = ("JSON schema v3",)
BY_VOLUME = {LOW: (PE, Rule.VOLUME_LOW), MID: (HYBRID, Rule.VOLUME_MID), HIGH: (FT, Rule.VOLUME_HIGH)}
COUNTS = {Band.LOW: LOW, Band.MID: MID, Band.HIGH: HIGH}


def verdict(given_facts: Facts, previous: Verdict | None = None, settings: Settings = SMALL) -> Verdict:
    return assess(given_facts, settings, previous)


def codes(result: Verdict) -> list[str]:
    return [reason.code for reason in result.reasons]


def sentence(result: Verdict, code: ReasonCode) -> str:
    return next(reason.text for reason in result.reasons if reason.code == code)


def active(result: Verdict) -> list[bool | None]:
    return [evidence.active for evidence in result.evidence]
