"""The days on which the models that a system uses are shut down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fnmatch import fnmatchcase

from leverwatch.agent.framework.fine_tuned_models import RECENT_DAYS, ModelDays


class Urgency(StrEnum):
    """How near a shutdown is."""

    AHEAD = "ahead"
    WARNING = "warning"
    CRITICAL = "critical"
    PAST = "past"
    """The day has come; calls fail, or the date is wrong."""


@dataclass(frozen=True, slots=True)
class ShutdownSettings:
    """How many days before a shutdown it becomes urgent."""

    warning_days: int = 90
    critical_days: int = 30


@dataclass(frozen=True, slots=True)
class Shutdown:
    """A model that a system used in the trailing 28 days, and its last day."""

    model: str
    shutdown: date
    configured: bool
    """From the configuration; otherwise from a provider's list."""
    days_left: int
    """From `as_of`; negative after the day."""
    warning_days: int
    critical_days: int
    share: float
    """Of the system's inferences in these 28 days."""
    urgency: Urgency
    text: str


def base_of(model: str) -> str | None:
    """The base of a hosted fine-tune: `gpt-4o-mini` of `ft:gpt-4o-mini:org::id`.

    A tuned model of a provider ends with its base.
    """
    before, sign, rest = model.rpartition("ft:")
    if not sign or (before and before[-1] not in ":/"):
        return None
    return rest.split(":", 1)[0] or None


def shutdown_of(
    model: str, configured: Mapping[str, date], listed: Mapping[str, date]
) -> tuple[date, bool] | None:
    """The last day of a model and whether it is configured; None when none is known.

    A configured name comes before a configured glob (the longest of several), that before a provider's list, and
    the model itself before its base.
    """
    for name in (model, base_of(model)):
        if name is None:
            continue
        if name in configured:
            return configured[name], True
        globs = [pattern for pattern in configured if fnmatchcase(name, pattern)]
        if globs:
            return configured[max(globs, key=lambda pattern: (len(pattern), pattern))], True
        if name in listed:
            return listed[name], False
    return None


def shutdowns(
    daily: ModelDays,
    as_of: date,
    configured: Mapping[str, date],
    listed: Mapping[str, date],
    settings: ShutdownSettings | None = None,
) -> tuple[Shutdown, ...]:
    """Every model that served the system in the trailing 28 days and has a last day, the nearest one first."""
    chosen = settings or ShutdownSettings()
    recent = {
        model: sum(count for day, count in days.items() if 0 <= (as_of - day).days < RECENT_DAYS)
        for model, days in daily.items()
    }
    total = sum(recent.values())
    found = []
    for model, count in recent.items():
        known = shutdown_of(model, configured, listed) if count > 0 else None
        if known is not None:
            day, by_config = known
            left = (day - as_of).days
            when = f"is shut down on {day}, in {left} days" if left > 0 else f"was to be shut down on {day}"
            found.append(
                Shutdown(
                    model=model,
                    shutdown=day,
                    configured=by_config,
                    days_left=left,
                    warning_days=chosen.warning_days,
                    critical_days=chosen.critical_days,
                    share=count / total,
                    urgency=_urgency(left, chosen),
                    text=f"{model}, {count / total:.1%} of the inferences of {RECENT_DAYS} days, {when}",
                )
            )
    return tuple(sorted(found, key=lambda item: (item.shutdown, item.model)))


def _urgency(left: int, settings: ShutdownSettings) -> Urgency:
    if left <= 0:
        return Urgency.PAST
    if left <= settings.critical_days:
        return Urgency.CRITICAL
    return Urgency.WARNING if left <= settings.warning_days else Urgency.AHEAD
