"""What became of the lines of a chunk that the compiled helper read."""

from __future__ import annotations

from msgspec import Struct

from leverwatch.collectors.interface import Result


class Counts(Struct):
    """The results of the records of a chunk that the helper counted, by their indices."""

    counted: int
    repeated: int
    left_out: int
    """Records of days that are not asked for."""
    filtered: int
    nothing: int
    """What is by design no record."""
    refused: list[tuple[int, Result, str]]
    again: list[int]
    """Lines of records that were counted before."""
    passed: list[int]
    """Lines of records that are no calls."""
    others: int
    """The number of further ones, of which nobody asks where they are."""

    @property
    def no_calls(self) -> int:
        """The number of records that are no calls."""
        return len(self.passed) + self.others
