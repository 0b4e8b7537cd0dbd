"""Finds the number of calls that a document tells of all entries of an object in it together. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from leverwatch.collectors.records.shapes.spread import EVERY
from leverwatch.collectors.sniffing.places import Place, tells_calls
from leverwatch.collectors.sniffing.presummed import names_calls

_MOSTLY = 0.9
_Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Around:
    """The key of a number of calls around entries."""

    key: str
    several: int
    """The number of documents with several entries, each of which would have the calls of all."""
    too_many: float
    """How many calls are counted more than once by that."""

    def note(self, place: Place) -> str | None:
        """Return what is to be said; None where each number is of one entry."""
        if not self.several:
            return None
        return (
            f"inferences: {self.several} of {place.documents} records have several entries at {place.spelled}, and"
            f" {self.key} is of all of these together: it counts for each, {self.too_many:,.0f} too many in the"
            " sample"
        )


def calls_around(
    documents: Sequence[_Document], place: Place, records: Sequence[Sequence[_Document]]
) -> Around | None:
    """Return the number of calls of documents that have nearly all one entry; None where there is no such number.

    Args:
        documents: documents of the log.
        place: where the entries are.
        records: the entries of each document.
    """
    if EVERY not in place.path or any(tells_calls(it) for some in records for it in some):
        return None
    found = [(it, len(some)) for it, some in zip(documents, records, strict=True) if some]
    if not found or sum(number == 1 for _, number in found) < _MOSTLY * len(found):
        return None
    for key in found[0][0]:
        told = [(it[key], number) for it, number in found if _is_whole(it.get(key))]
        if not names_calls((key,)) or len(told) < len(found) or all(calls <= 1 for calls, _ in told):
            continue
        several = [(calls, number) for calls, number in told if number > 1]
        return Around(key, len(several), sum(calls * (number - 1) for calls, number in several))
    return None


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
