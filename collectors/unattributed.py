"""What calls that name no system have in its place, as it may be shown, and how many they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from msgspec import Struct

MOST = 1000
"""So many different values are told apart at a time; beyond that the rarest are the rest."""
SHOWN = 20
REST = ""
"""The key of those that are not told apart."""


class Unattributed(Struct, frozen=True):
    """The heaviest values, and what all others come to."""

    heaviest: tuple[tuple[str, int], ...] = ()
    """At most `SHOWN` lines of paths with their values, each with the number of calls, the most first."""
    rest: int = 0
    """The calls with other values."""


class Tally:
    """Adds up calls without a system by their values."""

    def __init__(self) -> None:
        self._of: Counter[str] = Counter()

    def add(self, calls: Mapping[str, int]) -> None:
        """Add calls by their values."""
        self._of.update(calls)
        if len(self._of) > 2 * MOST:
            rest = self._of.pop(REST, 0)
            kept = self._of.most_common(MOST)
            rest += self._of.total() - sum(number for _, number in kept)
            self._of = Counter({**dict(kept), REST: rest})

    @property
    def all(self) -> Mapping[str, int]:
        """What was added."""
        return self._of

    def take(self) -> dict[str, int]:
        """Return all of it, and forget it."""
        taken, self._of = dict(self._of), Counter()
        return taken


def heaviest_of(calls: Mapping[str, int]) -> Unattributed:
    """Return the values with the most calls, and how many calls have others."""
    named = [(values, number) for values, number in calls.items() if values != REST and number > 0]
    ordered = sorted(named, key=lambda it: (-it[1], it[0]))
    rest = max(0, calls.get(REST, 0)) + sum(number for _, number in ordered[SHOWN:])
    return Unattributed(tuple(ordered[:SHOWN]), rest)


def lines_of(found: Unattributed, what: str = "call") -> list[str]:
    """Return a line for each of the values, and one for the rest."""
    rest = [("other values", found.rest)] if found.rest else []
    return [
        f"{values}: {number:,} {what}{'' if number == 1 else 's'}" for values, number in (*found.heaviest, *rest)
    ]
