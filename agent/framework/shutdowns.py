"""The days on which the models that a system uses are shut down."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from fnmatch import fnmatchcase

from msgspec import Struct

from leverwatch.agent.framework.fine_tuned_models import RECENT_DAYS, ModelDays
from leverwatch.agent.framework.humanise import days as days_text
from leverwatch.agent.framework.mistakes import ShutdownSettings
from leverwatch.agent.framework.model_names import spellings


class Urgency(StrEnum):
    """How soon a model is shut down."""

    AHEAD = "ahead"
    WARNING = "warning"
    CRITICAL = "critical"
    PAST = "past"
    """The day is reached, so calls fail, or the date is wrong."""


class Shutdown(Struct, frozen=True):
    """A model that a system used in the trailing 28 days, and the day on which it is shut down."""

    model: str
    shutdown: date
    configured: bool
    """True: the day comes from the configuration; False: from a provider's list."""
    days_left: int
    """Days from `as_of` to the shutdown; negative after it."""
    warning_days: int
    critical_days: int
    share: float
    """The model's share of the system's inferences in these 28 days, 0 to 1."""
    urgency: Urgency
    text: str


def base_of(model: str) -> str | None:
    """The base model of a hosted fine-tune, `gpt-4o-mini` of `ft:gpt-4o-mini:org::id`; None for other names.

    A provider shuts a fine-tuned model down together with its base model.
    """
    before, sign, rest = model.rpartition("ft:")
    if not sign or (before and before[-1] not in ":/"):
        return None
    return rest.split(":", 1)[0] or None


def shutdown_of(
    model: str, configured: Mapping[str, date], listed: Mapping[str, date]
) -> tuple[date, bool] | None:
    """The day on which a model is shut down, and whether that day is configured; None when no day is known.

    A configured name is used before a configured glob (of several, the longest), a configured day before a
    provider's list, and a day of the model itself, also without the provider before its name, before one of its
    base model.
    """
    for name in (*(it.name for it in spellings(model)), base_of(model)):
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
    """The models that served the system in the trailing 28 days and are to be shut down, the nearest day first."""
    if not configured and not listed:
        return ()
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
            when = f"is shut down on {day}, in {days_text(left)}" if left > 0 else f"was to be shut down on {day}"
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
