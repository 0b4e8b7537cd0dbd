"""Applies landings to a history: whole files, and the texts that are selected within files. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from leverwatch.collectors.interface import Problem, PromptChange, Result
from leverwatch.collectors.prompts.history import WITHIN, Touched
from leverwatch.collectors.sources.git.contents import Contents, Unread
from leverwatch.collectors.sources.git.history import History, apply_landing
from leverwatch.collectors.sources.git.log import Edit, Landing
from leverwatch.collectors.sources.git.tracking import Reading


class Followed(NamedTuple):
    """What some landings did."""

    changes: list[PromptChange]
    unread: list[Problem]
    """One for each version of a file in which nothing could be selected, so that its last texts stand."""


class Follower:
    """Applies landings one after the other."""

    def __init__(
        self,
        history: History,
        contents: Contents,
        readings_of: Callable[[str], tuple[Reading, ...]],
        bulk_above: int,
    ) -> None:
        self._history = history
        self._contents = contents
        self._readings_of = readings_of
        self._bulk_above = bulk_above
        self._labels: dict[tuple[str, str], set[str]] = {}
        for name, system in history.systems.items():
            for key in system.present:
                self._note(name, key, present=True)

    def follow(self, landings: Iterable[Landing]) -> Followed:
        """Apply landings, oldest first."""
        found = Followed([], [])
        for landing in landings:
            touched: dict[str, list[Touched]] = {}
            for edit in landing.edits:
                for reading in self._readings_of(edit.path):
                    items = touched.setdefault(reading.system, [])
                    items += self._touched(edit, reading, landing, found.unread)
            found.changes.extend(apply_landing(self._history, landing, touched, self._bulk_above))
            for name, items in touched.items():
                for item in items:
                    self._note(name, item.path, present=item.content is not None)
        return found

    def _touched(self, edit: Edit, reading: Reading, landing: Landing, unread: list[Problem]) -> Iterable[Touched]:
        if reading.selector is None:
            content = None if edit.new is None else self._contents.whole(edit.new)
            return [Touched(edit.path, content, edit.old != edit.new)]
        if edit.new is None:
            return self._texts(reading.system, edit.path, {})
        found = self._contents.selected(edit.new, reading.selector)
        if not isinstance(found, Unread):
            return self._texts(reading.system, edit.path, found)
        problem = Problem(
            f"{landing.commit}:{edit.path}", Result.INVALID_LINE, f"{found.why}; what the file said before stands"
        )
        if problem not in unread[-len(landing.edits) :]:
            unread.append(problem)
        return self._carried(edit, reading, landing)

    def _texts(self, system: str, path: str, found: Mapping[str, str]) -> Iterator[Touched]:
        """Yield what a file has now, and what it had before and has no longer."""
        for label in sorted(self._labels.get((system, path), set()) | found.keys()):
            yield Touched(f"{path}{WITHIN}{label}", found.get(label), rewritten=False)

    def _carried(self, edit: Edit, reading: Reading, landing: Landing) -> Iterator[Touched]:
        """Yield what is known of a file that cannot be read, and has just been moved as it is."""
        if self._labels.get((reading.system, edit.path)):
            return
        origin = next((one.path for one in landing.edits if one.new is None and one.old == edit.new), None)
        for label in sorted(self._labels.get((reading.system, origin or ""), ())):
            known = self._history.systems[reading.system].present[f"{origin}{WITHIN}{label}"]
            yield Touched(f"{edit.path}{WITHIN}{label}", known.current, rewritten=False)

    def _note(self, system: str, key: str, *, present: bool) -> None:
        path, within, label = key.partition(WITHIN)
        if not within:
            return
        labels = self._labels.setdefault((system, path), set())
        (labels.add if present else labels.discard)(label)
