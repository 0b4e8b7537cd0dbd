"""What the visits of one run share: the ingest, the checkpoints, the memory to read into, and how far they are."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from leverwatch.collectors.aggregation.ingest import Ingest
from leverwatch.collectors.sources.files.checkpoint_set import CheckpointSet
from leverwatch.collectors.sources.files.partial_reads import Scope
from leverwatch.collectors.sources.files.quiet import Quiet
from leverwatch.collectors.unpacking_time import UnpackingTime

CHUNK = 1 << 20
"""Bytes of text that are read at once."""


@dataclass(slots=True)
class ReadProgress:
    """How far the reading is."""

    bytes_read: int = 0
    """Bytes of text given to the ingest, of all files."""
    position: int = 0
    """Bytes of the present file, as stored, that are done."""
    read_again: int = 0
    """Bytes of ranges of it that were read once more."""


class Buffers:
    """Memory that is used again, as soon as the ingest has read what was in it."""

    def __init__(self, ingest: Ingest) -> None:
        self.chunk = CHUNK
        self._ingest = ingest
        self._memory: deque[bytearray] = deque()

    @property
    def free(self) -> bytearray:
        """What to read into: the start of a record, and a chunk behind it. The ingest holds none of it."""
        if not self._memory:
            self._memory.append(bytearray(2 * self.chunk))
        return self._memory[0]

    def give(self) -> None:
        """The ingest was given what is in `free`; another one is free from now on."""
        if len(self._memory) <= self._ingest.holds:
            self._memory.append(bytearray(2 * self.chunk))
        self._memory.rotate()


@dataclass(frozen=True, slots=True)
class ReadContext:
    """What every visit of a run needs."""

    ingest: Ingest
    catalog: CheckpointSet
    quiet: Quiet
    buffers: Buffers
    scope: Scope = field(default_factory=Scope)
    progress: ReadProgress = field(default_factory=ReadProgress)
    unpacking: UnpackingTime = field(default_factory=UnpackingTime)
