"""Which days a source is asked for, and in which order. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from msgspec import Struct

DAY = timedelta(days=1)
LONGEST_SLICE = 28
"""The most days that one question is about: the days that a verdict looks at."""


class Days(Struct, frozen=True, order=True):
    """Consecutive UTC days, both ends included."""

    first: date
    last: date

    def __iter__(self) -> Iterator[date]:
        return (self.first + DAY * index for index in range(len(self)))

    def __len__(self) -> int:
        return max((self.last - self.first).days + 1, 0)

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and self.first <= day <= self.last

    def __str__(self) -> str:
        return f"{self.first}" if self.first == self.last else f"{self.first} to {self.last}"


def joined(spans: Iterable[Days]) -> tuple[Days, ...]:
    """Return the same days as the fewest spans, the oldest first."""
    found: list[Days] = []
    for span in sorted(span for span in spans if len(span)):
        if found and span.first <= found[-1].last + DAY:
            found[-1] = Days(found[-1].first, max(found[-1].last, span.last))
        else:
            found.append(span)
    return tuple(found)


def spans_of(days: Iterable[date]) -> tuple[Days, ...]:
    """Return single days as the fewest spans, the oldest first."""
    return joined(Days(day, day) for day in days)


def without(spans: Iterable[Days], taken: Iterable[Days]) -> tuple[Days, ...]:
    """Return the days of the spans that are not among those taken, the oldest first."""
    left = joined(spans)
    for gone in joined(taken):
        rest: list[Days] = []
        for span in left:
            rest.append(Days(span.first, min(span.last, gone.first - DAY)))
            rest.append(Days(max(span.first, gone.last + DAY), span.last))
        left = joined(rest)
    return left


def slices(span: Days, longest: int = LONGEST_SLICE) -> Iterator[Days]:
    """Yield a span in slices of at most so many days, the newest first."""
    last = span.last
    while last >= span.first:
        first = max(span.first, last - DAY * (longest - 1))
        yield Days(first, last)
        last = first - DAY


class Wanted(Struct, frozen=True):
    """The days that a source is asked for at one time."""

    today: date
    ended: date
    """The newest day that is over, and long enough for its rows to have arrived."""
    lookback: int
    """Days before and with `ended` that are asked for in every run, for rows that arrive late."""
    history: int
    """Days before and with `ended` that are asked for at all."""

    @property
    def all(self) -> Days:
        """Every day that may be asked for, but those that are not over."""
        return Days(self.ended - DAY * (self.history - 1), self.ended)

    @property
    def recent(self) -> Days:
        """The days that are asked for in every run; the present one is among them."""
        return Days(self.ended - DAY * (min(self.lookback, self.history) - 1), self.today)


def questions(wanted: Wanted, asked: Iterable[Days], longest: int = LONGEST_SLICE) -> list[Days]:
    """Return what is to be asked for in one run, given the days that have an answer already; a question is about
    at most so many days.

    The recent days come first, then what has no answer yet, the newest slice first: a verdict looks at
    these, and a history that takes long is gone on with where the last run ended.
    """
    recent = wanted.recent
    found = list(slices(recent, longest))
    for span in reversed(without([wanted.all], [*asked, recent])):
        found += slices(span, longest)
    return found
