"""A short queue for something that is done one at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

MOST = 8
"""Half of the threads that call the application: the others stay for those who need not wait here."""
MOST_OF_ONE = 4


class TooManyWaiting(Exception):
    """The queue is full, or one client has its share of it."""


class Turns:
    """Lets one thread in at a time; the others wait, up to `most` of them and `most_of_one` from one client."""

    def __init__(self, most: int = MOST, most_of_one: int = MOST_OF_ONE) -> None:
        self._most, self._most_of_one = most, most_of_one
        self._here: Counter[str] = Counter()
        self._counting, self._inside = Lock(), Lock()

    @property
    def length(self) -> int:
        """How many wait or have their turn."""
        with self._counting:
            return self._here.total()

    @contextmanager
    def turn(self, client: str) -> Iterator[None]:
        """Wait for the turn of `client`, which lasts as long as the block.

        Raises:
            TooManyWaiting: at once, without a turn.
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
