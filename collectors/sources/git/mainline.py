"""The commits that were the tip of a branch one after the other: the chain that its landings are on. Pure.

That chain follows first parents, with one exception. Who merges the branch into a local commit and pushes the
merge makes the branch's own commits those of a second parent. These did land, and stay: such a merge is a turn.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple


class Turn(NamedTuple):
    """A merge that does not continue the branch by its first parent."""

    merge: str
    parent: str
    """The parent that was on the branch before."""


class Span(NamedTuple):
    """Commits after `start` (None: from the first one) up to `end`, by first parents, and the turn that ends
    them."""

    start: str | None
    end: str
    turn: Turn | None


def spans(start: str | None, end: str, turns: Sequence[Turn]) -> Iterator[Span]:
    """Yield the parts of a chain, oldest first, with the turns between them."""
    for turn in turns:
        yield Span(start, turn.parent, turn)
        start = turn.merge
    yield Span(start, end, None)


def turns_to(tip: str, old: str, parents: Mapping[str, Sequence[str]]) -> tuple[Turn, ...] | None:
    """Return the turns on the way from `old` to `tip`, oldest first; None when `tip` does not contain `old`.

    Args:
        tip: the newest commit.
        old: an earlier one.
        parents: the parents of every commit between the two, `tip` included; commits that do not contain `old`
            need not be there.
    """
    turns: list[Turn] = []
    commit = tip
    while commit != old:
        if commit not in parents:
            return None
        way = next((parent for parent in parents[commit] if parent == old or parent in parents), None)
        if way is None:
            return None
        if way != parents[commit][0]:
            turns.append(Turn(commit, way))
        commit = way
    return tuple(reversed(turns))
