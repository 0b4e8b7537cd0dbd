"""A cache of the last result for each system, as the facts of a day stay the same for many evaluations."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Generic, TypeVar

Given = TypeVar("Given")
Answer = TypeVar("Answer")


class LastResultCache(Generic[Given, Answer]):
    """Calls a pure function, and remembers its last result for each system."""

    def __init__(
        self, work: Callable[[Given], Answer], mark: Callable[[Given], object] = lambda given: given
    ) -> None:
        """Cache the results of `work`.

        Args:
            work: the function; it must depend on its argument alone.
            mark: makes the key that tells arguments apart; a digest saves memory where arguments are large.
        """
        self._work, self._mark = work, mark
        self._last: dict[str, tuple[object, Answer]] = {}

    def ask(self, system: str, given: Given) -> Answer:
        """Return `work(given)`; it is called only when the system's last argument was another one."""
        last, mark = self._last.get(system), self._mark(given)
        if last is not None and last[0] == mark:
            return last[1]
        answer = self._work(given)
        self._last[system] = (mark, answer)
        return answer

    def keep(self, systems: Collection[str]) -> None:
        """Forget the results of all systems but these."""
        self._last = {name: last for name, last in self._last.items() if name in systems}
