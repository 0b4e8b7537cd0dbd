"""Tells why lines of calls that have a time of day and no date cannot be read. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from leverwatch.collectors.sniffing.line_tokens import TIME, Kind, Part, parts_of, speaks_of_tokens
from leverwatch.collectors.sniffing.models import looks_like_model

_CLOCK = re.compile(r"^\W{0,3}\d\d?:\d\d(?::\d\d(?:[.,]\d+)?)?(?=[\s\])|,;])")
_DATE = re.compile(rf"{TIME}|\d{{4}}-\d\d-\d\d")
_FEWEST, _MOSTLY, _MOST = 2, 0.5, 2000


def without_date(lines: Sequence[str]) -> str:
    """Return what is to be said of lines that tell tokens and the time of day, and no date; empty for others."""
    some = [line for line in lines[:_MOST] if line.strip()]
    told = [line for line in some if _CLOCK.match(line) and not _DATE.search(line)]
    calls = sum(_is_call(parts_of(line)) for line in told)
    if calls < _FEWEST or calls < _MOSTLY * len(some):
        return ""
    return (
        f"{calls} lines tell a model or tokens and the time of day, and no date, without which no call can be"
        " counted: write the date into the lines, even where the name of the file has it"
    )


def _is_call(parts: Sequence[Part]) -> bool:
    return speaks_of_tokens(parts) or any(it.kind is Kind.VALUE and looks_like_model(it.text) for it in parts)
