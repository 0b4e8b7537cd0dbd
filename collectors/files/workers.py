"""Spreads the chunks of a backlog over worker processes, and removes duplicates in the order of the file."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.shared_memory import SharedMemory
from typing import Any

from collectors.errors import SourceUnavailable
from collectors.files.config import FilesConfig
from collectors.files.dedupe import SeenIds
from collectors.files.worker import (
    NO_ID,
    SLOT_BYTES,
    SLOTS,
    Counted,
    Decode,
    Decoded,
    Repeated,
    Take,
    Taken,
    get,
    put,
    work,
)

Done = Callable[[Counted], None]
"""Hears what became of a chunk."""


@dataclass(slots=True)
class _Hand:
    """One worker, as it is seen from here."""

    process: BaseProcess
    connection: Connection
    memory: SharedMemory
    free: list[int] = field(default_factory=lambda: list(range(SLOTS)))
    decoded: deque[Decoded] = field(default_factory=deque)
    """Answers to chunks of the flight, oldest first."""
    counting: deque[tuple[int, Done]] = field(default_factory=deque)
    """Slot and listener of each chunk that is about to be counted."""
    groups: int = 0


class Workers:
    """Processes that decode for one source, started when they are first needed.

    Every method raises `SourceUnavailable` when a worker is gone.
    """

    def __init__(self, config: FilesConfig, number: int, seen: SeenIds | None) -> None:
        self._config, self._number, self._seen = config, number, seen
        self._hands: list[_Hand] = []
        self._turn = 0
        self._flight: deque[tuple[_Hand, int, Done]] = deque()
        """Chunks that are being decoded, oldest first."""

    @property
    def groups(self) -> int:
        """Cells that the workers held when they last told."""
        return sum(hand.groups for hand in self._hands)

    def submit(self, data: bytes, limit: datetime, done: Done) -> None:
        """Count a chunk of at most `MAX_CHUNK` bytes, at the latest when `finish` returns."""
        if not self._hands:
            self._start()
        hand = self._hands[self._turn]
        self._turn = (self._turn + 1) % self._number
        while not hand.free:
            if hand.counting:
                self._receive(hand)
            else:
                self._deduplicate()
        slot = hand.free.pop()
        put(hand.memory, slot, data)
        self._send(hand, Decode(slot, len(data), limit))
        self._flight.append((hand, slot, done))

    def finish(self) -> None:
        """Wait until every chunk is counted."""
        while self._flight:
            self._deduplicate()
        for hand in self._hands:
            while hand.counting:
                self._receive(hand)

    def take(self) -> list[Taken]:
        """What was counted since the last time, by worker."""
        self.finish()
        for hand in self._hands:
            self._send(hand, Take())
            hand.groups = 0
        return [self._receive(hand) for hand in self._hands]

    def stop(self) -> None:
        """End the workers, and forget what they counted."""
        for hand in self._hands:
            hand.connection.close()
            hand.process.terminate()
            hand.process.join()
            hand.memory.close()
            hand.memory.unlink()
        self._hands.clear()
        self._flight.clear()

    def _start(self) -> None:
        # Not fork: the agent has threads.
        context = get_context("spawn")
        for _ in range(self._number):
            here, there = context.Pipe()
            memory = SharedMemory(create=True, size=SLOTS * SLOT_BYTES)
            process = context.Process(target=work, args=(self._config, there, memory.name), daemon=True)
            process.start()
            there.close()
            self._hands.append(_Hand(process, here, memory))

    def _deduplicate(self) -> None:
        """Tell the worker of the oldest chunk which of its records are repeated."""
        hand, slot, done = self._flight.popleft()
        while not hand.decoded:
            self._receive(hand)
        decoded = hand.decoded.popleft()
        hand.groups = decoded.groups
        repeated = array("I", self._repeated(hand, slot, decoded))
        put(hand.memory, slot, repeated.tobytes())
        hand.counting.append((slot, done))
        self._send(hand, Repeated(slot, len(repeated)))

    def _repeated(self, hand: _Hand, slot: int, decoded: Decoded) -> list[int]:
        if self._seen is None or not decoded.keys:
            return []
        keys = array("Q")
        keys.frombytes(get(hand.memory, slot, decoded.keys * keys.itemsize))
        ids: list[int | None] = list(keys)
        if NO_ID in keys:
            ids = [None if key == NO_ID else key for key in keys]
        times = decoded.times if len(decoded.times) == len(ids) else list(decoded.times) * len(ids)
        return self._seen.add_all(ids, times)

    def _receive(self, hand: _Hand) -> Any:
        try:
            answer = hand.connection.recv()
        except (EOFError, OSError) as error:
            raise self._gone() from error
        if isinstance(answer, Counted):
            slot, done = hand.counting.popleft()
            hand.free.append(slot)
            done(answer)
        elif isinstance(answer, Decoded):
            hand.decoded.append(answer)
        return answer

    def _send(self, hand: _Hand, message: Decode | Repeated | Take) -> None:
        try:
            hand.connection.send(message)
        except OSError as error:
            raise self._gone() from error

    def _gone(self) -> SourceUnavailable:
        return SourceUnavailable(f"source {self._config.name}: a worker process ended")
