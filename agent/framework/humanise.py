"""Short numbers for sentences: 1.00B, 112.4M, 950."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from math import isfinite

_UNITS = ((1.0, "", "", 0), (1e3, "K", "e3", 1), (1e6, "M", "e6", 1), (1e9, "B", "e9", 2))
_MOST_DECIMALS = 12


def humanise(value: float, thresholds: Iterable[float] = ()) -> str:
    """Return a count as short text in billions, millions or thousands, such as `112.4M`.

    Billions get two decimals, millions and thousands one (none when they are whole). Where rounding would move the
    value onto or across one of `thresholds`, or a positive value to zero, more decimals are written.
    """
    landmarks = (0.0, *thresholds)
    size = abs(value)
    index = 3 if size >= 1e9 else 2 if size >= 1e6 else 1 if size >= 1e3 else 0
    text = _rounded(value, index, landmarks)
    if abs(float(text)) >= 1000 and index + 1 < len(_UNITS):  # 999,960 rounds to 1000.0K, which reads as 1.0M
        index += 1
        text = _rounded(value, index, landmarks)
    return text + _UNITS[index][1]


def _rounded(value: float, index: int, landmarks: Iterable[float]) -> str:
    size, _, exponent, decimals = _UNITS[index]
    if decimals == 1 and value % size == 0:
        return f"{value / size:.0f}"
    for places in range(decimals, _MOST_DECIMALS):
        text = f"{value / size:.{places}f}"
        shown = float(text + exponent)
        for mark in landmarks:
            if (shown > mark) != (value > mark) or (shown < mark) != (value < mark):
                break
        else:
            return text
    # No division here: it rounds, and the value may differ from the threshold in its very last digit.
    return f"{Decimal(repr(value)).scaleb(-3 * index):f}"


def decimal(value: float, threshold: float, places: int = 2) -> str:
    """Return a number with `places` decimals, or with more where rounding would move it across the threshold."""
    for more in range(places, _MOST_DECIMALS):
        text = f"{value:.{more}f}"
        if (float(text) > threshold, float(text) < threshold) == (value > threshold, value < threshold):
            return text
    return repr(value)


def percent(value: float, threshold: float, places: int = 0) -> str:
    """Return a share (0 to 1) as percent, with more decimals where rounding would move it across the threshold."""
    # The product with 100 rounds, and might meet that of the threshold.
    for more in range(places, _MOST_DECIMALS):
        text = _unsigned(f"{value:.{more}%}")
        number = float(text[:-1] + "e-2") if isfinite(value) else value
        if (number > threshold, number < threshold) == (value > threshold, value < threshold):
            return text
    return f"{Decimal(repr(value)).scaleb(2):f}%"


def _unsigned(text: str) -> str:
    """The text without the sign of a number that rounds to nothing, as -0% is no change."""
    return text[1:] if text.startswith("-") and not text.strip("-0.%") else text


def days(number: int) -> str:
    """Return a number of days as text: 1 day, 2 days, 1,200 days."""
    return "1 day" if number == 1 else f"{number:,} days"
