"""The small chart of a system's weekly volume against the thresholds, as numbers to draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leverwatch.agent.framework.model import Settings
from leverwatch.agent.web.page.labels import volume_text

WEEKS = 13
"""Weeks that are shown, the newest at the right."""
WIDTH, HEIGHT, FLOOR = 132, 44, 43
"""Of the drawing, and where its base line is, in its own units; labels of thresholds stand to the right."""

MONTH = 30.4375 / 7
"""A weekly total times this is a month, the unit of the thresholds."""

_STEP, _BAR, _TOP = 7.5, 6, 5
_FAR, _LOW = 4, 8
"""A threshold above this many times the largest week is left out, or it would flatten the weeks; so is one that
would lie less than so many units above the base line, where nothing can be read."""


@dataclass(frozen=True, slots=True)
class Line:
    """A threshold."""

    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """What to draw."""

    known: str
    """Path of the bars of weeks that are known."""
    gaps: str
    """Path of the marks where a week is unknown, so that it does not look like a week without calls."""
    lines: tuple[Line, ...]
    words: str
    """The same for those who do not see it."""


def chart(weeks: Sequence[float | None], settings: Settings) -> Chart | None:
    """Weekly totals as months; None when no week is known.

    Args:
        weeks: inferences by week, oldest first; None where the week is not known.
        settings: the thresholds.
    """
    months = [None if total is None else total * MONTH for total in weeks]
    known = [month for month in months if month is not None]
    if not known:
        return None
    largest = max(known)
    shown = [mark for mark in (settings.hybrid_from, settings.fine_tuning_above) if mark <= _FAR * largest]
    # One inference at least, so that no volume at all has a scale as well.
    scale = (FLOOR - _TOP) / max(largest, 1.0, *shown)
    lines = [(mark * scale, mark) for mark in shown]
    bars, gaps = [], []
    for index, month in enumerate(months):
        x = round((WEEKS - len(months) + index) * _STEP, 1)
        if month is None:
            gaps.append(f"M{x:g} {FLOOR}h{_BAR}")
        else:
            # A bar is never lower than a line, so that a small week and an unknown one differ.
            height = round(max(month * scale, 1.0), 1)
            bars.append(f"M{x:g} {FLOOR}v-{height:g}h{_BAR}v{height:g}z")
    return Chart(
        known="".join(bars),
        gaps="".join(gaps),
        lines=tuple(Line(round(FLOOR - y, 1), volume_text(mark, settings)) for y, mark in lines if y >= _LOW),
        words=_words(months, known, settings),
    )


def position(volume: float, settings: Settings) -> str:
    """A monthly volume as a share of the next threshold, or as a multiple of the last one."""
    if volume > settings.fine_tuning_above:
        times = volume / settings.fine_tuning_above
        return f"{times:.1f} times {volume_text(settings.fine_tuning_above, settings)}"
    threshold = settings.hybrid_from if volume < settings.hybrid_from else settings.fine_tuning_above
    share = 100 * volume / threshold
    # Cut, not rounded: what lies below a threshold is never shown as 100% of it.
    percent = f"{int(share)}%" if share >= 1 else "under 1%"
    return f"{percent} of {volume_text(threshold, settings)}"


def _words(months: Sequence[float | None], known: Sequence[float], settings: Settings) -> str:
    unknown = len(months) - len(known)
    plural = "" if len(months) == 1 else "s"
    text = (
        f"{len(months)} week{plural} as months: from {volume_text(known[0], settings)} to "
        f"{volume_text(known[-1], settings)}, largest {volume_text(max(known), settings)}"
    )
    return f"{text}, {unknown} unknown" if unknown else text
