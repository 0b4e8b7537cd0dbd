"""Answers that are remembered from one evaluation to the next: the facts of a day stay the same for most of it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Generic, TypeVar

Given = TypeVar("Given")
Answer = TypeVar("Answer")


class LastResultCache(Generic[Given, Answer]):
    """The last answer of a pure function for each system."""

    def __init__(
        self, work: Callable[[Given], Answer], mark: Callable[[Given], object] = lambda given: given
    ) -> None:
        """Remember the answers of `work`.

        Args:
            work: the function.
            mark: what is kept of a `given`, to tell it from another one; a digest, where a `given` is large.
        """
        self._work, self._mark = work, mark
        self._last: dict[str, tuple[object, Answer]] = {}

    def ask(self, system: str, given: Given) -> Answer:
        """The answer for `given`; worked out only when the system's last one was for something else."""
        last, mark = self._last.get(system), self._mark(given)
        if last is not None and last[0] == mark:
            return last[1]
        answer = self._work(given)
        self._last[system] = (mark, answer)
        return answer

    def keep(self, systems: Collection[str]) -> None:
        """Forget every other system."""
        self._last = {name: last for name, last in self._last.items() if name in systems}
