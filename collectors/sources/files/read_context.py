"""What the visits of one run share: the ingest, the checkpoints, the buffers and the progress."""

from __future__ import annotations

from collections import deque

from msgspec import Struct, field

from leverwatch.collectors.aggregation.ingest import Ingest
from leverwatch.collectors.sources.files.checkpoint_set import CheckpointSet
from leverwatch.collectors.sources.files.partial_reads import Scope
from leverwatch.collectors.sources.files.quiet import Quiet
from leverwatch.collectors.unpacking_time import UnpackingTime

CHUNK = 1 << 20
"""Bytes of text that are read at a time."""


class ReadProgress(Struct):
    """The progress of reading, in bytes."""

    bytes_read: int = 0
    """Bytes of text passed to the ingest, of all files."""
    position: int = 0
    """Bytes of the current file that are done, as stored on disk."""
    read_again: int = 0
    """Bytes of its ranges that were read again."""


class Buffers:
    """Buffers that are reused as soon as the ingest no longer reads them."""

    def __init__(self, ingest: Ingest) -> None:
        self.chunk = CHUNK
        self._ingest = ingest
        self._memory: deque[bytearray] = deque()

    @property
    def free(self) -> bytearray:
        """The buffer to read into, for the start of a record and a chunk behind it. The ingest does not use it."""
        if not self._memory:
            self._memory.append(bytearray(2 * self.chunk))
        return self._memory[0]

    def give(self) -> None:
        """Mark the buffer `free` as passed to the ingest; another one takes its place."""
        if len(self._memory) <= self._ingest.holds:
            self._memory.append(bytearray(2 * self.chunk))
        self._memory.rotate()

    def drop(self) -> None:
        """Free the memory at the end of a run. Each run has its own, and a visit is freed when Python looks for
        cycles: in an agent with little to do that is hours later."""
        self._memory.clear()


class ReadContext(Struct, frozen=True):
    """The objects that every visit of a run needs."""

    ingest: Ingest
    checkpoints: CheckpointSet
    quiet: Quiet
    buffers: Buffers
    scope: Scope = field(default_factory=Scope)
    progress: ReadProgress = field(default_factory=ReadProgress)
    unpacking: UnpackingTime = field(default_factory=UnpackingTime)
