"""The body of a response, in pieces that bodies share, and its gzip."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from leverwatch.agent.exporter.packed import Packed, Piece, joined


class Payload:
    """A response body and its gzip, compressed on first use. It is kept in pieces, which other bodies share."""

    def __init__(self, *pieces: Piece) -> None:
        self.pieces = pieces
        """The consecutive pieces of the body, sent without being joined, so that no client costs a copy."""
        self._packed: Packed | None = None
        self._lock = threading.Lock()

    @classmethod
    def of(cls, chunks: Iterable[bytes], most: int) -> Payload:
        """Make a body of chunks; one of more than `most` bytes is kept packed only."""
        kept, size, rest = [], 0, iter(chunks)
        for chunk in rest:
            kept.append(chunk)
            size += len(chunk)
            if size > most:
                return cls(joined((Packed.of(kept), Packed.of(rest))))
        return cls(b"".join(kept))

    @property
    def plain(self) -> bytes:
        """The whole body; joined at each call when there are several pieces."""
        if len(self.pieces) == 1 and isinstance(self.pieces[0], bytes):
            return self.pieces[0]
        return b"".join(map(whole, self.pieces))

    def packed(self) -> Packed:
        """The compressed body; computed once."""
        with self._lock:
            if self._packed is None:
                self._packed = packed(self.pieces)
            return self._packed

    def gzip(self) -> bytes:
        """The body compressed with gzip; joined at each call."""
        return b"".join(self.packed().gzip())


class Followed(Payload):
    """A body that many share, and an end. Only the end is compressed anew."""

    def __init__(self, front: Payload, end: bytes) -> None:
        super().__init__(*front.pieces, end)
        self._front, self._end = front, end

    def packed(self) -> Packed:
        """The compressed body."""
        return joined((self._front.packed(), Packed.of((self._end,))))


def packed(pieces: Iterable[Piece]) -> Packed:
    """Return the pieces compressed, those in a row together; what is packed already stays as it is."""
    parts: list[Packed] = []
    row: list[bytes] = []
    for piece in pieces:
        if isinstance(piece, Packed):
            parts += (Packed.of(row), piece)
            row = []
        else:
            row.append(piece)
    return joined((*parts, Packed.of(row)))


def whole(piece: Piece) -> bytes:
    """Return the bytes of a piece."""
    return piece if isinstance(piece, bytes) else b"".join(piece.unpacked())
