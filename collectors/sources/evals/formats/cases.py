"""Adds up scores by test case, so that a case that ran several times counts once."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

from leverwatch.collectors.sources.evals.formats.interface import mean_and_error

PASS_RATE = "pass_rate"  # noqa: S105 - the name of a metric


@dataclass(frozen=True, slots=True)
class Measure:
    """A metric over all cases of one run."""

    metric: str
    value: float
    stderr: float | None
    n: int
    passed: int | None = None


@dataclass(slots=True)
class _Series:
    values: array[float] = field(default_factory=lambda: array("d"))
    cases: array[int] = field(default_factory=lambda: array("i"))

    def by_case(self) -> list[float]:
        """The mean of each case."""
        sums: dict[int, list[float]] = {}
        for case, value in zip(self.cases, self.values, strict=True):
            sums.setdefault(case, []).append(value)
        return [values[0] if len(values) == 1 else sum(values) / len(values) for values in sums.values()]


@dataclass(slots=True)
class Cases:
    """The scores of one model and prompt."""

    known: dict[bytes, int] = field(default_factory=dict)
    """The number of each case, by its digest."""
    scores: dict[str, _Series] = field(default_factory=dict)
    failed: set[int] = field(default_factory=set)
    """Cases that ended with an error, at least once."""

    def case(self, digest: bytes, *, errored: bool = False) -> int:
        """Return the number of a case, and note whether it ended with an error."""
        number = self.known.setdefault(digest, len(self.known))
        if errored:
            self.failed.add(number)
        return number

    def score(self, name: str, case: int, value: float) -> None:
        """Add one score of a case."""
        series = self.scores.get(name)
        if series is None:
            series = self.scores[name] = _Series()
        series.values.append(value)
        series.cases.append(case)

    def measures(self, *shares: str) -> Iterator[Measure]:
        """Yield every metric; those named are shares of passed cases, as far as each case has one outcome."""
        for name, series in self.scores.items():
            values = series.by_case()
            mean, stderr = mean_and_error(values)
            passed = None
            if name in shares and all(value in {0.0, 1.0} for value in values):
                passed, stderr = int(sum(values)), None
            yield Measure(name, mean, stderr, len(values), passed)
