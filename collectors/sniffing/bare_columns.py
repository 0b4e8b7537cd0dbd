"""Makes a pattern of lines of a time, words and numbers that are apart by blanks alone, under no header. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from leverwatch.collectors.sniffing.headerless import most_common_width, named_by_shape
from leverwatch.collectors.sniffing.line_tokens import USUAL_TIME

_LINE = re.compile(rf"(?P<time>{USUAL_TIME})\s+(?P<rest>[^\t]*)")
_FEWEST_COLUMNS, _MOSTLY = 3, 0.8


@dataclass(frozen=True, slots=True)
class BareColumns:
    """A pattern with a group for each column, and what is to be said of it."""

    pattern: str
    notes: tuple[str, ...]


def bare_columns(texts: Sequence[str]) -> BareColumns | None:
    """Return the pattern of most lines; None where they have not as many columns, or nothing tells what these
    are."""
    found = [match for text in texts if (match := _LINE.fullmatch(text.strip())) is not None]
    rows = [[match["time"], *match["rest"].split()] for match in found]
    width = most_common_width(rows) if rows else 0
    whole = [row for row in rows if len(row) == width]
    if width < _FEWEST_COLUMNS or len(whole) < _MOSTLY * len(texts):
        return None
    named = named_by_shape(whole)
    if named is None or named.names[0] != "time" or "input_tokens" not in named.names:
        return None
    cells = (rf"(?P<{name}>\S+)" for name in named.names[1:])
    pattern = r"\s+".join([rf"^\s*(?P<time>{USUAL_TIME})", *cells]) + r"\s*$"
    return BareColumns(pattern, named.notes)
