"""Tells the occurrences of one change of content apart, also after the history was rewritten. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import msgspec

Numbered = list[tuple[Annotated[int, msgspec.Meta(ge=1)], str]]
"""Numbers, which ids are made of, each with the mark of its landing."""
Occurrences = dict[str, Annotated[Numbered, msgspec.Meta(min_length=1)]]
"""The occurrences of each transition of contents by its digest."""
_COMMIT = 10
"""Characters of a commit in a mark; only landings that did the same are told apart by it."""


def mark(commit: str, written: str) -> str:
    """Return the mark of a landing: its commit, and its author date, which a rebased copy of it keeps."""
    return f"{commit[:_COMMIT]} {written}"


def _by_commit(mark: str) -> str:
    return mark.partition(" ")[0]


def _by_author_date(mark: str) -> str:
    return mark.partition(" ")[2]


def renumber(before: Sequence[tuple[int, str]], after: Sequence[tuple[int, str]]) -> dict[int, int]:
    """Return the number that each occurrence of `after` keeps from `before`, or a new one that was never used."""
    numbers: dict[int, int] = {}
    known, left = list(before), list(after)
    keys: tuple[Callable[[str], str], ...] = (_by_commit, _by_author_date, lambda _: "any")
    for key in keys:
        free: dict[str, list[int]] = {}
        for number, mark in reversed(known):
            free.setdefault(key(mark), []).append(number)
        for number, mark in left:
            # A mark that says nothing is of a landing that nobody knows.
            if key(mark) and (candidates := free.get(key(mark))):
                numbers[number] = candidates.pop()
        taken = set(numbers.values())
        known = [one for one in known if one[0] not in taken]
        left = [one for one in left if one[0] not in numbers]
    unused = max((number for number, _ in before), default=0)
    for number, _ in left:
        unused += 1
        numbers[number] = unused
    return numbers
