"""Collects what each of several texts is made into. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.formats.interface import Units
from leverwatch.collectors.records.lenient import sound
from leverwatch.collectors.records.shapes.nested import BAD

T = TypeVar("T")
BLANK = b"\0\r \t\n\xef\xbb\xbf"
"""Bytes around a text that are no part of it; a file that was truncated under its writer has a hole of NULs."""


class InnerUnits:
    """The texts that others are made into, with their lines and times: of each none, one or several."""

    def __init__(self, outer: Units) -> None:
        self._outer = outer
        self._made: list[bytes] = []
        self._from: list[int] = []
        self._times: list[str | None] = []
        self._refused = list(outer.refused)
        self.ignored = outer.ignored
        """The number of texts that are no records."""

    def each(self, read: Callable[[bytes], T]) -> Iterator[tuple[int, T]]:
        """Yield what is read of each text that has something, by its index; what is no JSON is refused."""
        for index, unit in enumerate(self._outer.units):
            text = unit.strip(BLANK)
            if not text:
                self.ignored += 1
                continue
            try:
                found = read(text)
            except BAD:
                try:
                    found = read(sound(text))
                except BAD:
                    self.refuse(index, Result.INVALID_LINE, "not one JSON object")
                    continue
            yield index, found

    def add(self, index: int, made: bytes, time: str | None = None) -> None:
        """Add what the text with this index is made into; `time` is one that stands beside it."""
        outer = None if self._outer.times is None else self._outer.times[index]
        self._made.append(made)
        self._from.append(index)
        self._times.append(time or outer)

    def refuse(self, index: int, result: Result, detail: str) -> None:
        """Note that the text with this index, or a part of it, is no record."""
        self._refused.append((self._outer.line_of(index), result, detail))

    def units(self) -> Units:
        """Return all of them."""
        return Units(
            self._made,
            [self._outer.line_of(index) for index in self._from],
            self._refused,
            self.ignored,
            times=self._times if any(self._times) else None,
        )
