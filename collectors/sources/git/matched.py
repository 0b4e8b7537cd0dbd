"""What the patterns of the systems match at the tip of the branch, and which of them never matched anything."""

from __future__ import annotations

from collections.abc import Callable

from leverwatch.collectors.interface import Matched
from leverwatch.collectors.prompts.history import WITHIN
from leverwatch.collectors.sources.git.empty_selectors import Entry
from leverwatch.collectors.sources.git.history import History
from leverwatch.collectors.sources.git.tracking import Tracking


def matched(history: History | None, tracking: Tracking, was_touched: Callable[[str], bool]) -> Matched:
    """Return how many files have a prompt at the tip, and the patterns without a prompt now or before.

    Args:
        history: None: the repository has no commit.
        tracking: the patterns.
        was_touched: returns whether a landing ever touched a file that a pattern matches. It is asked of patterns
            without a prompt: one may have moved to the place of another pattern, as the old one says.
    """
    files: set[str] = set()
    seen: set[Entry] = set()
    for system, known in history.systems.items() if history else ():
        present = {key.partition(WITHIN)[0] for key in known.present}
        files |= present
        for path in present | {key.partition(WITHIN)[0] for key in known.removed}:
            number = tracking.entry_of(system, path)
            if number is not None:
                seen.add((system, number))
    nothing = []
    for system, number, entry in tracking.entries():
        if (system, number) in seen:
            continue
        if not was_touched(entry.files):
            nothing.append(f"{system}: {entry.files}")
        elif entry.select is not None:
            nothing.append(f"{system}: {entry.files} (`select` finds no text)")
    return Matched(len(files), tuple(nothing))
