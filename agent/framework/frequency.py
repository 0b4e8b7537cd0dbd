"""How often a system's prompts change: the median of active days a week."""

from __future__ import annotations

from datetime import date
from statistics import median

from leverwatch.agent.framework.model import PromptFacts, Settings


def whole_weeks(prompts: PromptFacts, as_of: date) -> int:
    """How many whole weeks the history of the prompts has: 7-day blocks back from `as_of` to the first event."""
    if not prompts.watched or prompts.first_change is None or prompts.first_change > as_of:
        return 0
    return ((as_of - prompts.first_change).days + 1) // 7


def changes_per_week(prompts: PromptFacts, as_of: date, settings: Settings) -> float | None:
    """Return the median number of active days a week, weeks without a change included as zero.

    None when nothing watches the prompts, or when the history has fewer whole weeks than
    `settings.minimum_history_weeks`. Days, not landings, are counted, so ten landings in one afternoon are one
    (the measure of DORA's Four Keys for deployment frequency).
    """
    if whole_weeks(prompts, as_of) < max(settings.minimum_history_weeks, 1):
        return None
    return float(median(active_days_by_week(prompts, as_of, settings)))


def active_days_by_week(prompts: PromptFacts, as_of: date, settings: Settings) -> list[int]:
    """Active days in each of the weeks that `changes_per_week` takes its median over, newest first."""
    active = [0] * min(whole_weeks(prompts, as_of), settings.frequency_weeks)
    for day in prompts.active_days:
        age = (as_of - day).days
        if age >= 0 and age // 7 < len(active):
            active[age // 7] += 1
    return active
