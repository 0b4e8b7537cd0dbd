"""Remembers which lines without an end were counted, so that they can be taken back when they turn out longer."""

from __future__ import annotations

from xxhash import xxh3_64_hexdigest

from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.stored_state import Kind, same

_PREFIX = "partial/"
_MOST_DIGITS = 12


def partial_key(lines: Lines) -> str:
    """Return the state key for the last of these lines, which has no end."""
    # Two files may end in the same bytes at different lines; the same content is one file wherever it lies.
    *before, last = bytes(lines.data).rstrip(b"\n").split(b"\n")
    number = lines.first_line + len(before)
    return f"{_PREFIX}{number}/{xxh3_64_hexdigest(last)}"


def _times(body: bytes) -> int:
    if not (body.isdigit() and len(body) <= _MOST_DIGITS and int(body)):
        raise ValueError("it is no number above zero")
    return int(body)


PARTIAL_LINE: Kind[int] = Kind(
    name="number of times that a line without an end was counted",
    key=_PREFIX,
    encode=lambda times: b"%d" % times,
    decode=_times,
    upgrades=(same,),
)
