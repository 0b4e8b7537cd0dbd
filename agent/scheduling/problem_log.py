"""What a source refuses, by reason: a few samples of each, and a line of the log at most once an hour each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from msgspec import Struct

from leverwatch.collectors.interface import UNREADABLE_VALUE, Batch, Problem, Result

MOST_SAMPLES = 3
"""How many places are kept of each reason."""
SECONDS = 3600.0
"""The shortest time between two lines of one reason."""
_MOST_REMARKS = 20
"""How many doubts about settings are said at once: each is said when it comes up, and is another one."""
_COUNTED_REASONS = frozenset({*map(str, Result), UNREADABLE_VALUE})


class Said(Struct, frozen=True):
    """One line for the log: the newest problem of a reason, and how many there were since the last line of it."""

    problem: Problem
    count: int


class ProblemLog:
    """The problems of one source in this process."""

    def __init__(self) -> None:
        self._waiting: Counter[str] = Counter()
        self._remarks: list[Problem] = []
        self._samples: dict[str, tuple[Problem, ...]] = {}
        self._said: dict[str, float] = {}

    def add(self, batch: Batch) -> None:
        """Take up the problems of a batch that was committed."""
        for problem in batch.problems:
            reason = str(problem.reason)
            if reason not in _COUNTED_REASONS:
                self._remarks.append(problem)
                continue
            kept = tuple(one for one in self._samples.get(reason, ()) if one.place != problem.place)
            self._samples[reason] = (*kept, problem)[-MOST_SAMPLES:]
        told = Counter(str(problem.reason) for problem in batch.problems)
        counts = Counter({str(result): number for result, number in batch.tallies.items()})
        counts[UNREADABLE_VALUE] = sum(batch.unreadable.values())
        for reason in _COUNTED_REASONS & (counts | told).keys():
            # Of a reason that came with a problem once, all count; other results are no bad input.
            if reason in self._samples:
                self._waiting[reason] += max(counts[reason], told[reason])

    def due(self, now: float) -> Iterator[Said]:
        """Yield what is to be logged now, by a clock in seconds that never goes back."""
        # A source that is asked for days says the same of each part of its history.
        for problem, number in list(Counter(self._remarks).items())[:_MOST_REMARKS]:
            yield Said(problem, number)
        self._remarks.clear()
        for reason, number in sorted(self._waiting.items()):
            said = self._said.get(reason)
            if number and (said is None or now - said >= SECONDS):
                self._said[reason] = now
                self._waiting[reason] = 0
                yield Said(self._samples[reason][-1], number)

    @property
    def samples(self) -> tuple[Problem, ...]:
        """The newest few places of each reason, in the order of the reasons."""
        return tuple(problem for reason in sorted(self._samples) for problem in self._samples[reason])
