"""The small chart of a system's weekly volume with the thresholds, as coordinates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leverwatch.agent.framework.model import Settings
from leverwatch.agent.web.page.labels import volume_text

WEEKS = 13
"""How many weeks are shown; the newest one is at the right."""
WIDTH, HEIGHT, FLOOR = 132, 44, 43
"""Width and height of the drawing, and the y of its base line, in its own units; labels are right of it."""

MONTH = 30.4375 / 7
"""Factor from a weekly to a monthly total, the unit of the thresholds."""

_STEP, _BAR, _TOP = 7.5, 6, 5
_FAR, _LOW = 4, 8
"""A threshold is not drawn when it is more than `_FAR` times the largest week, as the bars would become flat, or
when it would be less than `_LOW` units above the base line."""


@dataclass(frozen=True, slots=True)
class Line:
    """The line of a threshold."""

    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """The parts of the drawing."""

    known: str
    """SVG path of the bars of weeks whose volume is known."""
    gaps: str
    """SVG path of the marks of weeks whose volume is unknown, which must not look like weeks without calls."""
    lines: tuple[Line, ...]
    words: str
    """The chart in words, as its alternative text."""


def chart(weeks: Sequence[float | None], settings: Settings) -> Chart | None:
    """Return the chart of weekly totals, scaled to months; None when no week is known.

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
    """Return a monthly volume as percent of the next threshold, or as a multiple of the last one, in words."""
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
