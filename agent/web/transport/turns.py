"""A short queue for work that is done one at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

MOST = 8
"""Length of the queue: half of the threads that call the application, so that other requests find a thread."""
MOST_OF_ONE = 4


class TooManyWaiting(Exception):
    """The queue is full, or the client already has its share of it."""


class Turns:
    """A lock with a bounded queue: at most `most` threads hold it or wait, and `most_of_one` for one client."""

    def __init__(self, most: int = MOST, most_of_one: int = MOST_OF_ONE) -> None:
        self._most, self._most_of_one = most, most_of_one
        self._here: Counter[str] = Counter()
        self._counting, self._inside = Lock(), Lock()

    @property
    def length(self) -> int:
        """How many threads wait or hold the lock."""
        with self._counting:
            return self._here.total()

    @contextmanager
    def turn(self, client: str) -> Iterator[None]:
        """A context manager that waits for the lock on behalf of `client`, and holds it inside the block.

        Raises:
            TooManyWaiting: the queue is full; raised at once, without waiting.
        """
        with self._counting:
            if self._here.total() >= self._most or self._here[client] >= self._most_of_one:
                raise TooManyWaiting
            self._here[client] += 1
        try:
            with self._inside:
                yield
        finally:
            with self._counting:
                self._here[client] -= 1
                # Addresses are many, and only those that wait are of interest.
                self._here += Counter()
