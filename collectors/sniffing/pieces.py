"""What is said of records that need not tell a whole call. Pure."""

from __future__ import annotations

from collections import Counter

from leverwatch.collectors.records.fields import FIELD_INDEX
from leverwatch.collectors.records.formats.interface import STREAMED, VERSIONS, Parsed, Piece

_TIME, _REQUEST = FIELD_INDEX["time"], FIELD_INDEX["request_id"]
_CHUNKS = frozenset({Piece.CHUNK, Piece.END, Piece.REST})
_OWN_IDS = 2


def piece_notes(parsed: Parsed) -> tuple[str, ...]:
    """Return sentences about versions and parts of calls among the records of a sample."""
    notes = []
    found = set(parsed.pieces.values())
    if not VERSIONS.isdisjoint(found):
        notes.append("records of calls that had not ended: a later one with the same id replaces what was counted")
    chunks = [index for index, piece in parsed.pieces.items() if piece in _CHUNKS]
    ids = Counter(parsed.rows[index][_REQUEST] for index in chunks)
    alone = Counter(parsed.pieces[index] for index in chunks if ids[parsed.rows[index][_REQUEST]] == 1)
    ends = {parsed.rows[index][: _REQUEST + 1] for index in chunks if parsed.pieces[index] is Piece.END}
    times = Counter(row[_REQUEST] for row in {(row[_TIME], row[_REQUEST]): row for row in ends}.values())
    if None in ids:
        notes.append("chunks without an id: what ends is counted as a call, one stream after the other")
    elif alone[Piece.END] and alone[Piece.CHUNK] >= _OWN_IDS * alone[Piece.END]:
        notes.append("every chunk has an id of its own: what ends is counted as a call")
    elif max(times.values(), default=0) > 1:
        notes.append("streams share an id: one that goes on after its end is counted as another call")
    elif not found.isdisjoint(STREAMED):
        notes.append("parts of streamed calls: those with the same id are counted as one call")
    return tuple(notes)
