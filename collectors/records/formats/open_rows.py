"""Marks the rows of a log in which a later record with the same id is a later version of the same call."""

from __future__ import annotations

from leverwatch.collectors.records.fields import FIELD_INDEX
from leverwatch.collectors.records.formats.interface import Parsed, Piece
from leverwatch.collectors.records.names import id_of

_REQUEST = FIELD_INDEX["request_id"]


def with_versions(parsed: Parsed) -> Parsed:
    """Return the records of a chunk with each that has an id marked as open, as any of them may not be the last.

    An id becomes text, so that `7` and `"7"` are one; a record without an id is a call of its own.
    """
    for index, row in enumerate(parsed.rows):
        id_ = id_of(row[_REQUEST])
        if id_ is not None:
            parsed.rows[index] = (*row[:_REQUEST], id_, *row[_REQUEST + 1 :])
            parsed.pieces[index] = Piece.UPDATE
    return parsed
