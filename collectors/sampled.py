"""A look at a part of what a source reads, which counts nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from msgspec import Struct

from leverwatch.collectors.interface import Problem, Result, UsageRow


class Sampled(Struct, frozen=True):
    """What a part of the newest file of a source would count as."""

    file: str
    part: str
    """Which part was read, in words."""
    files: int
    """How many files the source matches."""
    usage: tuple[UsageRow, ...]
    tallies: Mapping[Result, int]
    unattributed: Mapping[str, int]
    """As in `Batch`."""
    problems: tuple[Problem, ...]


@runtime_checkable
class Samples(Protocol):
    """A source of which a part can be read without counting it."""

    def sample(self) -> Sampled:
        """Return what a bounded part of the newest file would count as. Nothing of it is counted or remembered.

        Raises:
            CollectorError: there is no file, or it cannot be read.
        """
        ...
