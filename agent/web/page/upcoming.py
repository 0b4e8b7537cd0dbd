"""The next events of a system: known dates, and forecast ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from leverwatch.agent.framework.decision_table import STRATEGY_OF_BAND
from leverwatch.agent.framework.forecast.model import Direction, Forecast, Outlook
from leverwatch.agent.framework.humanise import humanise
from leverwatch.agent.framework.model import OPERATIONAL_RULES, Band, Boundary, Settings, Verdict
from leverwatch.agent.framework.reasons import marks
from leverwatch.agent.framework.review import Review
from leverwatch.agent.framework.volume import threshold_of
from leverwatch.agent.snapshot import SystemView
from leverwatch.agent.web.page.labels import STRATEGY_NAMES

_BEYOND = {
    (Boundary.HYBRID, Direction.UP): Band.MID,
    (Boundary.FINE_TUNING, Direction.UP): Band.HIGH,
    (Boundary.HYBRID, Direction.DOWN): Band.LOW,
    (Boundary.FINE_TUNING, Direction.DOWN): Band.MID,
}


@dataclass(frozen=True, slots=True)
class Upcoming:
    """An event that is going to happen."""

    day: date
    text: str
    more: str = ""
    """An addition in words, such as the probability."""


def upcoming(view: SystemView, settings: Settings) -> tuple[Upcoming, ...]:
    """Return the events, the nearest first. A review that is due already is not among them; it is a flag."""
    return tuple(sorted(_everything(view, settings), key=lambda one: (one.day, one.text)))


def unforeseen(view: SystemView) -> str:
    """Return why there is no forecast, in words; empty when there is one and nothing is near."""
    outlook = None if view.assessment is None else view.assessment.outlook
    if not isinstance(outlook, Forecast):
        return "no forecast" if outlook is None else f"no forecast: {outlook.reason}"
    if not outlook.volumes:
        return f"no forecast yet: {outlook.weeks} complete week{'' if outlook.weeks == 1 else 's'} of usage"
    return ""


def _everything(view: SystemView, settings: Settings) -> Iterator[Upcoming]:
    verdict, volume = view.verdict, view.verdict.volume
    if volume.candidate is not None and volume.newest_day is not None:
        left = max(1, settings.dwell_days - volume.candidate_days)
        yield Upcoming(
            volume.newest_day + timedelta(days=left),
            f"{volume.candidate} band settles if volume stays{_then(verdict, volume.candidate)}",
            _unless(verdict),
        )
    found = view.assessment
    if found is None:
        return
    if isinstance(found.outlook, Forecast):
        for outlook in found.outlook.outlooks:
            yield from _crossing(outlook, verdict, settings)
    if isinstance(found.review, Review) and found.review.due_on is not None and not found.review.due:
        yield Upcoming(found.review.due_on, "review due")
    if isinstance(found.shutdowns, tuple):
        for ending in found.shutdowns:
            yield Upcoming(ending.shutdown, f"{ending.model} is shut down")


def _crossing(outlook: Outlook, verdict: Verdict, settings: Settings) -> Iterator[Upcoming]:
    day = outlook.expected or outlook.earliest
    if day is None:
        return
    threshold = humanise(threshold_of(outlook.target.boundary, settings), marks(settings))
    band = _BEYOND[outlook.target.boundary, outlook.target.direction]
    verb = "reaches" if outlook.target.direction is Direction.UP else "falls below"
    sure = _span(outlook) if outlook.expected else "at the earliest"
    if outlook.probability is not None:
        sure = f"{sure}, {outlook.probability:.0%} likely" if sure else f"{outlook.probability:.0%} likely"
    yield Upcoming(
        day,
        f"volume {verb} {threshold}{_then(verdict, band)}",
        "; ".join(part for part in (sure, _unless(verdict)) if part),
    )


def _span(outlook: Outlook) -> str:
    if outlook.earliest is None:
        return ""
    return f"{outlook.earliest} to {outlook.latest or 'later'}"


def _then(verdict: Verdict, band: Band) -> str:
    return "" if _outranked(verdict) else f": {STRATEGY_NAMES[STRATEGY_OF_BAND[band]]}"


def _unless(verdict: Verdict) -> str:
    return "an operational rule decides, so the recommendation stays" if _outranked(verdict) else ""


def _outranked(verdict: Verdict) -> bool:
    return verdict.conflict or verdict.rule in OPERATIONAL_RULES
