"""Computes checksums of the start of a file while it is consumed. Pure."""

from __future__ import annotations

from isal.isal_zlib import crc32
from xxhash import xxh3_64_intdigest

HEAD = 1024
"""Bytes at the start, and before the offset, that are checked each time that reading goes on."""
_LINE_MARKS = 8
_FIRST_POWER = 64


class Fingerprint:
    """Checksums of the consumed start of a file, updated while it grows.

    Marks are checksums of shorter starts: at the ends of the first lines, and at every power of two. They tell
    whether a shorter file is the beginning of this one.
    """

    __slots__ = ("crc", "head", "length", "lines", "marks", "tail")

    def __init__(
        self,
        length: int = 0,
        crc: int = 0,
        head: bytes = b"",
        tail: bytes = b"",
        lines: int = 0,
        marks: tuple[tuple[int, int], ...] = (),
    ) -> None:
        self.length = length
        self.crc = crc
        self.head = head
        self.tail = tail
        self.lines = lines
        self.marks = marks

    @property
    def settled(self) -> bool:
        """Whether all marks at the ends of lines are made, so that what follows need not be searched for
        newlines."""
        return self.lines >= _LINE_MARKS

    def feed(self, data: bytes | memoryview, lines: int | None = None) -> None:
        """Append data; `lines` is its number of records, None when each of them ends in a newline.

        A view may only be given with `lines`, and when the prefix is settled.
        """
        view, at = memoryview(data), 0
        for cut in self._cuts(data):
            self.crc = crc32(view[at:cut], self.crc)
            self.marks = (*self.marks, (self.length + cut, self.crc))
            at = cut
        self.crc = crc32(view[at:], self.crc)
        if len(self.head) < HEAD:
            self.head += data[: HEAD - len(self.head)]
        self.tail = bytes(data[-HEAD:]) if len(data) >= HEAD else (self.tail + data)[-HEAD:]
        self.length += len(data)
        self.lines += bytes(data).count(b"\n") if lines is None else lines

    def _cuts(self, data: bytes | memoryview) -> list[int]:
        cuts, end = set(), -1
        for _ in range(_LINE_MARKS - self.lines):
            end = bytes(data).find(b"\n", end + 1)
            if end < 0:
                break
            cuts.add(end + 1)
        power = max(_FIRST_POWER, 1 << self.length.bit_length())
        while power <= self.length + len(data):
            cuts.add(power - self.length)
            power *= 2
        return sorted(cuts)

    def fork(self) -> Fingerprint:
        """Return a copy that grows independently."""
        return Fingerprint(self.length, self.crc, self.head, self.tail, self.lines, self.marks)


def fingerprint(data: bytes) -> int:
    """Return a 64-bit hash that is the same in every process."""
    return xxh3_64_intdigest(data)
