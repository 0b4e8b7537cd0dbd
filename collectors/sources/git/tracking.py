"""Decides which files are read for which system, and what of them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from leverwatch.collectors.selection.selector import Selector
from leverwatch.collectors.sources.git.patterns import PathFilter
from leverwatch.collectors.sources.git.prompt_files import PromptFiles


class Reading(Struct, frozen=True):
    """One way to read a file."""

    system: str
    selector: Selector | None
    """None: the whole file is the prompt."""


class Tracking:
    """The files of all systems. Of several patterns of a system that match a file, the first one counts."""

    def __init__(self, systems: Mapping[str, Sequence[PromptFiles]], exclude: Sequence[str] = ()) -> None:
        self._entries = {name: tuple(entries) for name, entries in systems.items()}
        patterns = {
            f"{number:06} {name}": (entry.files,)
            for name, entries in systems.items()
            for number, entry in enumerate(entries)
        }
        self._filter = PathFilter(patterns, exclude)
        self._known: dict[str, tuple[Reading, ...]] = {}

    def readings_of(self, path: str) -> tuple[Reading, ...]:
        """Return how a file is read, sorted by system; nothing for one that is no prompt of any."""
        known = self._known.get(path)
        if known is None:
            known = self._known[path] = tuple(self._readings(path))
        return known

    def entries(self) -> Iterator[tuple[str, int, PromptFiles]]:
        """Yield all patterns, with their system and their number in it."""
        for name, entries in self._entries.items():
            for number, entry in enumerate(entries):
                yield name, number, entry

    def entry_of(self, system: str, path: str) -> int | None:
        """Return the number of the pattern that counts for a file of a system; None without any."""
        numbers = (found.partition(" ") for found in self._filter.systems_of(path))
        return next((int(number) for number, _, name in numbers if name == system), None)

    def _readings(self, path: str) -> list[Reading]:
        first: dict[str, PromptFiles] = {}
        for found in self._filter.systems_of(path):
            number, _, name = found.partition(" ")
            first.setdefault(name, self._entries[name][int(number)])
        readings = []
        for name, entry in sorted(first.items()):
            selector = None if entry.select is None else entry.selector_of(path)
            if entry.select is None or selector is not None:
                readings.append(Reading(name, selector))
        return readings
