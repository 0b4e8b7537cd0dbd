"""Finds request ids that a server uses again for other calls. Pure."""

from __future__ import annotations

from datetime import UTC

from leverwatch.collectors.aggregation.identity import NUMBERS
from leverwatch.collectors.records.fields import field_indexes
from leverwatch.collectors.records.formats.interface import Parsed, Repeats
from leverwatch.collectors.records.names import id_of
from leverwatch.collectors.records.timestamps import millis_of

_NAMES = ("model", "operation", "status", "cache_hit")


def repeated_ids(parsed: Parsed, *, has_extended: bool) -> tuple[int, int]:
    """Return how many whole records have the id of an earlier one and say something else, and how many have an
    id."""
    places = field_indexes(has_extended=has_extended)
    told = [places[name] for name in (*_NAMES, *NUMBERS) if name in places]
    said: dict[str, set[tuple[object, ...]]] = {}
    repeated = records = 0
    for index, row in enumerate(parsed.rows):
        id_ = id_of(row[places["request_id"]])
        if id_ is None or index in parsed.pieces:
            continue
        records += 1
        content = (millis_of(row[places["time"]], UTC), *(row[place] for place in told))
        known = said.setdefault(id_, set())
        repeated += bool(known) and content not in known
        known.add(content)
    return repeated, records


def note_on(parsed: Parsed, repeats: Repeats, *, has_extended: bool) -> tuple[str, ...]:
    """Return a sentence about ids that are no ids of one call each; nothing when there is nothing to say."""
    if repeats is not Repeats.CALLS:
        return ()
    repeated, records = repeated_ids(parsed, has_extended=has_extended)
    if not repeated:
        return ()
    return (f"request ids repeat with other content: {repeated} of {records}; these count as separate calls",)
