"""Finds the selectors that select no text in any file of their pattern at the tip of the branch. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from leverwatch.collectors.interface import Problem
from leverwatch.collectors.prompts.history import WITHIN
from leverwatch.collectors.sources.git.history import History
from leverwatch.collectors.sources.git.prompt_files import PromptFiles
from leverwatch.collectors.sources.git.tracking import Tracking

REASON = "nothing_selected"
"""The reason of a problem with a selector and not with a record."""

Entry: TypeAlias = tuple[str, int]
"""A system, and the number of its pattern."""


def empty(history: History, tracking: Tracking) -> frozenset[Entry]:
    """Return the patterns with a selector that has no text in what a history knows as present."""
    left = {(system, number) for system, number, entry in tracking.entries() if entry.select is not None}
    for system in {system for system, _ in left} & history.systems.keys():
        for key in history.systems[system].present:
            number = tracking.entry_of(system, key.partition(WITHIN)[0])
            if number is not None:
                left.discard((system, number))
    return frozenset(left)


def problems(found: Iterable[Entry], tracking: Tracking) -> Iterator[Problem]:
    """Yield what to say of each pattern whose selector selects nothing."""
    entries = {(system, number): entry for system, number, entry in tracking.entries()}
    for each in sorted(found):
        entry = entries[each]
        yield Problem(
            each[0],
            REASON,
            f"`select` ({_spoken(entry)}) selects no text in any file that matches {entry.files!r} at the tip of"
            " the branch",
        )


def _spoken(entry: PromptFiles) -> str:
    given = entry.select.model_dump(exclude_defaults=True) if entry.select else {}
    return "; ".join(
        f"{key}: {', '.join(value) if isinstance(value, tuple | list) else value}" for key, value in given.items()
    )
