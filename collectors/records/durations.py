"""Reads durations that are texts and say their own unit, as programs and people write them. Pure."""

from __future__ import annotations

import re

_UNITS = {
    "ns": "ns nsec nanos nanosecond nanoseconds",
    "us": "us µs μs usec micros microsecond microseconds",
    "ms": "ms msec msecs millis millisecond milliseconds",
    "s": "s sec secs second seconds sek sekunden",
    "m": "m min mins minute minutes minuten",
    "h": "h hr hrs hour hours",
    "d": "d day days",
}
_MILLISECONDS = {"ns": 1e-6, "us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4, "h": 3.6e6, "d": 8.64e7}
_OF = {word: _MILLISECONDS[unit] for unit, words in _UNITS.items() for word in words.split()}
_LONGEST = 64
_NUMBER = r"\d{1,15}(?:\.\d{1,12})?"
_PART = re.compile(rf"\s*({_NUMBER})\s*([a-zµμ]{{1,12}})\.?,?", re.ASCII)
_CLOCK = re.compile(r"(?:(\d{1,4}) days?,? )?(\d{1,4}):([0-5]\d):([0-5]\d(?:\.\d{1,9})?)", re.ASCII)
_ISO = re.compile(rf"p(?:({_NUMBER})d)?(?:t(?:({_NUMBER})h)?(?:({_NUMBER})m)?(?:({_NUMBER})s)?)?", re.ASCII)
_OF_CLOCK = (8.64e7, 3.6e6, 6e4, 1e3)


def milliseconds_of(text: str) -> float | None:
    """Return a duration in ms: `812ms`, `1m3.5s`, `1.2 sec`, `0:00:04.2`, `PT1.5S`; None for any other text."""
    text = text.strip().lower()
    if not text or len(text) > _LONGEST:
        return None
    match = _CLOCK.fullmatch(text) or _ISO.fullmatch(text)
    if match is not None:
        found = [(float(number), by) for number, by in zip(match.groups(), _OF_CLOCK, strict=True) if number]
        return sum(number * by for number, by in found) if found else None
    return _of_parts(text)


def _of_parts(text: str) -> float | None:
    """Each part is shorter than the one before, as in `1h2m3s`."""
    total, at, last = 0.0, 0, float("inf")
    while at < len(text):
        part = _PART.match(text, at)
        each = None if part is None else _OF.get(part[2])
        if part is None or each is None or each >= last:
            return None
        total += float(part[1]) * each
        at, last = part.end(), each
    return total
