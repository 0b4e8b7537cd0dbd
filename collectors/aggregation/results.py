"""Tallies what became of the records that were read, and notes the first problems."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from operator import itemgetter

from leverwatch.collectors.aggregation.chunk import Chunk
from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.interface import UNREADABLE_VALUE, Problem, Result
from leverwatch.collectors.records.formats.interface import Parsed
from leverwatch.collectors.records.systems import NoSystem
from leverwatch.collectors.unattributed import Tally

MAX_PROBLEMS = 5
"""How many problems of each reason a batch tells, and how many values of each field that cannot be read."""
_NORMAL = frozenset({Result.DUPLICATE, Result.PART})
"""Results of records that are not reported as problems."""


class Results:
    """The results since the last `clear`."""

    def __init__(self) -> None:
        self.read = 0
        """Records read, counted independently of their results."""
        self.tallies: Counter[Result] = Counter()
        self.unreadable: Counter[str] = Counter()
        """By field, values of counted records that cannot be read."""
        self.unattributed = Tally()
        self.problems: list[Problem] = []
        self._told: Counter[str] = Counter()
        """The problems by reason, or by the field that cannot be read."""

    def clear(self) -> None:
        """Forget everything."""
        self.__init__()  # type: ignore[misc]

    def saw(self, parsed: Parsed) -> None:
        """Note that the records of a parsed chunk were read."""
        self.read += len(parsed.rows) + len(parsed.refused) + parsed.ignored + sum(parsed.passed.values())

    def add(self, lines: Lines, chunk: Chunk) -> None:
        """Tally what became of the records of a chunk."""
        self.tallies[Result.COUNTED] += chunk.counted
        self.tallies[Result.IGNORED] += chunk.ignored
        if not chunk.others and not chunk.unreadable:
            return
        results = Counter(map(itemgetter(1), chunk.others))
        self.tallies.update(results)
        if results[Result.UNATTRIBUTED]:
            self.unattributed.add(Counter(it.values for _, _, it in chunk.others if isinstance(it, NoSystem)))
        untold = sum(
            min(number, self._room(result)) for result, number in results.items() if result not in _NORMAL
        )
        for index, result, detail in chunk.others:
            if not untold:
                break
            if result not in _NORMAL and self._room(result):
                self._note(f"{lines.path}:{lines.first_line + index}", result, detail, result)
                untold -= 1
        self._cannot_read(lines, chunk.unreadable)

    def _cannot_read(self, lines: Lines, values: Iterable[tuple[int, str, str]]) -> None:
        for index, field, detail in values:
            self.unreadable[field] += 1
            place = f"{lines.path}:{lines.first_line + index}"
            self._note(place, UNREADABLE_VALUE, f"{field}: {detail}", field)

    def refuse(self, result: Result, place: str, detail: str) -> None:
        """Tally a record that was read and cannot be counted, and note it as a problem."""
        self.tallies[result] += 1
        self._note(place, result, detail, result)

    def _room(self, kind: str) -> int:
        """Return how many more problems of a reason, or of the values of a field, are told in this batch."""
        return MAX_PROBLEMS - self._told[kind]

    def _note(self, place: str, result: str, detail: str, kind: str) -> None:
        if self._room(kind) > 0:
            self._told[kind] += 1
            self.problems.append(Problem(place, result, str(detail)))
