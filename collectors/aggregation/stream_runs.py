"""Finds the parts of a streamed call that follow each other, so that they are counted as one. Pure.

Most streams lie in a log as they were sent: all parts in a row, with the same time. What such parts tell together
is what one part would tell that has all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from msgspec import Struct

from leverwatch.collectors.records.fields import FIELD_INDEX, template_slice
from leverwatch.collectors.records.formats.interface import Piece, Row

_REQUEST = FIELD_INDEX["request_id"]
_OUTPUT, _COST = FIELD_INDEX["output_tokens"], FIELD_INDEX["cost_usd"]
_SAME = (
    "time", "model", "request_id", "operation", "status", "cache_hit", "trace_id", "sample_rate", "inferences",
    "cost_usd", "tier",
)  # fmt: skip
"""The fields that say where and how much a part counts. What a part costs decides how its tokens count, so that
only parts without a cost are taken together."""
_same = itemgetter(*map(FIELD_INDEX.__getitem__, _SAME))
_names = itemgetter(
    *(_SAME.index(it) for it in ("model", "request_id", "operation", "status", "cache_hit", "tier"))
)
"""Those of them that are compared as texts."""
_TEXTS = frozenset({str, type(None)})
_BEGINS = frozenset({Piece.CHUNK, Piece.PART})
_ENDS = frozenset({Piece.END, Piece.REST, Piece.DONE})
_GOES_ON = _BEGINS | _ENDS


class Run(Struct, frozen=True):
    """Parts of one call that follow each other."""

    end: int
    """The index behind the last one."""
    row: Row
    """What they tell together."""
    piece: Piece
    """What one part is that stands for all of them."""


class Runs:
    """Takes parts together; `aspects` are the places in a row of what parts tell together, `usage` says which of
    them is the usage, and `telling` returns the bits of those that a row tells."""

    def __init__(
        self, aspects: Sequence[Sequence[int]], usage: int, telling: Callable[[Row], int], *, has_extended: bool
    ) -> None:
        self._aspects, self._usage, self._telling = aspects, usage, telling
        self._template = template_slice(has_extended=has_extended)

    def find(self, rows: Sequence[Row], pieces: Mapping[int, Piece], start: int) -> Run | None:
        """Return the parts of one call from an index on; None when there is only one, or they cannot be taken
        together."""
        first = rows[start]
        if start + 1 >= len(rows) or rows[start + 1][_REQUEST] != first[_REQUEST]:
            return None
        same, template = _same(first), first[self._template]
        if first[_COST] is not None or type(first[_REQUEST]) is not str or pieces.get(start) not in _BEGINS:
            return None
        if not _TEXTS.issuperset(map(type, (*_names(same), *template))):
            return None  # 1 and True are equal, but not as texts
        told, has_ended, before = self._telling(first), False, first
        together: list[Any] | None = None
        end = start + 1
        for end in range(start + 1, len(rows) + 1):
            piece = pieces.get(end)
            if end == len(rows) or piece not in _GOES_ON:
                break
            row = rows[end]
            if row is not before:
                if _same(row) != same or row[self._template] != template:
                    break
                before = row
                if telling := self._telling(row):
                    together = list(first) if together is None else together
                    told |= self._add(together, row, told, telling)
            has_ended = has_ended or piece in _ENDS
        if end == start + 1:
            return None
        return Run(end, first if together is None else tuple(together), Piece.DONE if has_ended else Piece.PART)

    def _add(self, together: list[Any], row: Row, told: int, telling: int) -> int:
        """Add what a part tells that was not told before, or a usage with more output; return the bits of it."""
        new = telling & ~told
        if telling & told & 1 << self._usage and _is_more(row[_OUTPUT], together[_OUTPUT]):
            new |= 1 << self._usage
        for at, places in enumerate(self._aspects):
            if new & 1 << at:
                for place in places:
                    together[place] = row[place]
        return new


def _is_more(new: float | None, old: float | None) -> bool:
    return new is not None and (old is None or new > old)
