"""A process that decodes and adds up chunks of lines for another one, which keeps everything that must be exact.

Of each chunk it first tells the keys of its request ids, and counts the chunk when it hears which of them are
repeated. It holds nothing that matters: when it dies, the run fails, and the next one reads on from the store.
"""

from __future__ import annotations

import os
import signal
from array import array
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from multiprocessing.connection import Connection
from multiprocessing.shared_memory import SharedMemory

from collectors.files.assembly import assemble
from collectors.files.bulk import Prepared
from collectors.files.config import FilesConfig
from collectors.files.formats.interface import Parsed, RecordFormat
from collectors.files.rollup import lines_of, slots_of
from collectors.interface import Result, UsageRow, utc_now

SLOT_BYTES = 4 << 20
"""Shared memory for one chunk, then for the keys of its ids, then for the indices of the repeated ones."""
MAX_CHUNK = SLOT_BYTES // 8 * 3
"""The shortest record has three bytes, and a key has eight."""
SLOTS = 4
NO_ID = 0
"""Stands for the key of a record without an id. A real key is 0 once in 1.8e19, and is then never repeated."""


@dataclass(frozen=True, slots=True)
class Decode:
    """A chunk lies in a slot; records after `limit` are refused. Answered by `Decoded`."""

    slot: int
    length: int
    limit: datetime


@dataclass(frozen=True, slots=True)
class Decoded:
    """The keys of so many records lie in the slot."""

    keys: int
    times: Sequence[int]
    """The time slot of each record; a single one when it is the same for all."""
    groups: int
    """Cells that the worker holds."""


@dataclass(frozen=True, slots=True)
class Repeated:
    """The indices of so many repeated records lie in the slot of the oldest chunk. Answered by `Counted`."""

    slot: int
    length: int


@dataclass(frozen=True, slots=True)
class Counted:
    """What became of that chunk."""

    counted: int
    ignored: int
    others: list[tuple[int, Result, str]]
    """Line, result and detail of everything else."""


@dataclass(frozen=True, slots=True)
class Take:
    """Asks for what was counted since the last time. Answered by `Taken`."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What was counted."""

    usage: tuple[UsageRow, ...]
    days: frozenset[date]
    newest: datetime | None


def put(memory: SharedMemory, slot: int, data: bytes) -> None:
    """Write the start of a slot."""
    start = slot * SLOT_BYTES
    memory.buf[start : start + len(data)] = data  # type: ignore[index]  # None only when it is closed


def get(memory: SharedMemory, slot: int, length: int) -> bytes:
    """Read the start of a slot."""
    start = slot * SLOT_BYTES
    return bytes(memory.buf[start : start + length])  # type: ignore[index]  # None only when it is closed


def work(config: FilesConfig, connection: Connection, memory_name: str) -> None:
    """Answer until the other end is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the other end decides when to stop
    memory = SharedMemory(memory_name)
    worker = _Worker(config, memory)
    try:
        while True:
            connection.send(worker.answer(connection.recv()))
    except (EOFError, OSError):
        os._exit(0)
    except Exception:  # noqa: BLE001 - its text may quote a record; the other end reports that the worker is gone
        os._exit(1)


class _Worker:
    """Holds what was counted and not taken."""

    def __init__(self, config: FilesConfig, memory: SharedMemory) -> None:
        # The clock is asked by the other end, with every chunk.
        parts = assemble(config, utc_now)
        if not isinstance(parts.format, RecordFormat):
            raise TypeError("only for formats whose records are counted as they were decoded")
        self._format, self._rollup, self._seen = parts.format, parts.rollup, parts.seen
        self._memory = memory
        self._waiting: deque[tuple[Parsed, Prepared]] = deque()

    def answer(self, message: Decode | Repeated | Take) -> Decoded | Counted | Taken:
        """Do what a message asks."""
        if isinstance(message, Decode):
            return self._decode(message)
        if isinstance(message, Repeated):
            return self._count(message)
        return Taken(*self._rollup.take())

    def _decode(self, message: Decode) -> Decoded:
        parsed = self._format.records(get(self._memory, message.slot, message.length))
        found = self._rollup.prepare(parsed.rows, self._format.layout, message.limit)
        self._waiting.append((parsed, found))
        times: list[int] = []
        if self._seen is not None and found.ids:
            times = slots_of(found, self._seen.slot_seconds)
            times = times[:1] if len(set(times)) == 1 else times
            keys = array("Q", [NO_ID if key is None else key for key in found.ids])
            put(self._memory, message.slot, keys.tobytes())
        return Decoded(len(found.ids), times, len(self._rollup.cells))

    def _count(self, message: Repeated) -> Counted:
        repeated = array("I")
        repeated.frombytes(get(self._memory, message.slot, message.length * repeated.itemsize))
        parsed, found = self._waiting.popleft()
        counted, others = self._rollup.count(found, repeated)
        return Counted(counted, parsed.ignored, [*parsed.refused, *lines_of(others, parsed.lines)])
