"""A field map while it is being made. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.columns import MOSTLY, Column, Columns
from leverwatch.collectors.sniffing.field_names import COUNTS, KNOWN, is_amount, is_count, rank
from leverwatch.collectors.sniffing.numerals import Numerals

MOST_OTHERS = 5
_MOST_PATHS = 6
"""Paths of one field, of which the first that tells is taken."""
_RARE = 0.5
"""A path that fewer records have than this share of what another has is not looked at before that one."""


@dataclass
class Draft:
    """The fields that are found so far, and what is to be said about them."""

    columns: Columns
    """Of the records that are calls."""
    spell: Callable[[Path], str]
    settings: dict[str, Any] = field(default_factory=dict)
    """The settings, by field."""
    paths: dict[str, tuple[Path, ...]] = field(default_factory=dict)
    """The paths that the settings name, by field."""
    others: dict[str, tuple[Path, ...]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    evidence: list[str] = field(default_factory=list)
    settled: set[Path] = field(default_factory=set)
    """Paths that are not mapped, and about which there is nothing more to say."""
    is_tally: bool = False
    """Whether the records are known to be sums of calls of models."""

    @cached_property
    def habit(self) -> Numerals | None:
        """How the numbers of a table are written, where some of them show it; None where none does."""
        shown = [
            numerals
            for column in self.columns.of.values()
            for numerals in (column.numerals, column.count_numerals)
            if numerals.is_sure and not numerals.is_plain and (column.is_numeric or column.counts)
        ]
        if not shown:
            return None
        thousands = next((it.thousands for it in shown if it.thousands), "")
        comma = thousands == "." or any(it.decimal == "," for it in shown)
        return Numerals("," if comma and thousands != "," else ".", thousands)

    def signs(self, column: Column) -> dict[str, str | bool]:
        """Return the settings that say how counts are written: as all of the table are, where these may be."""
        own, habit = column.count_numerals, self.habit
        if habit is not None and column.texts and all(habit.pattern.fullmatch(it.strip()) for it in column.texts):
            return habit.settings
        return own.settings

    def set(self, name: str, setting: Any, *paths: Path) -> None:
        """Map a field."""
        self.settings[name] = setting
        self.paths[name] = paths

    def first(self, name: str) -> Path | None:
        """Return the first path of a field; None when the field is not mapped."""
        found = self.paths.get(name, ())
        return found[0] if found else None

    def column(self, name: str) -> Column | None:
        """Return the column of the first path of a field."""
        path = self.first(name)
        return None if path is None else self.columns.of.get(path)

    def counts(self, name: str) -> dict[int, float]:
        """Return the counts of a field by record, of the first of its paths that tells."""
        merged: dict[int, float] = {}
        for path in self.paths.get(name, ()):
            merged = {**self.columns.of[path].counts, **merged}
        return merged

    def doubt(self, name: str, text: str) -> None:
        """Say what is not sure about a field."""
        self.notes.append(f"{name}: {text}")

    def prove(self, name: str, text: str) -> None:
        """Say why a field is what it is."""
        self.evidence.append(f"{name}: {text}")

    def is_free(self, path: Path) -> bool:
        """Whether the path is neither taken, nor inside a taken path, nor contains one."""
        taken = (other for paths in self.paths.values() for other in paths)
        return not any(path[: len(other)] == other or other[: len(path)] == path for other in taken)

    def named(self, name: str) -> list[Path]:
        """Return the free paths that have a name of a field, the best first."""
        return self.ranked(name, (path for path in self.columns.of if self.is_free(path)))

    def ranked(self, name: str, paths: Iterable[Path]) -> list[Path]:
        """Return those of the paths that have a name of a field, the best first, rare ones last."""
        found = [(rank(name, path), len(path), at, path) for at, path in enumerate(paths)]
        known = [(place, depth, at, path) for place, depth, at, path in found if place is not None]
        # What lies deeper is more likely the time of something else.
        known.sort(key=(lambda it: (it[1], it[0], it[2])) if name == "time" else None)
        ordered = [path for *_, path in known]
        most = max(map(self.columns.share, ordered), default=0.0)
        often = [path for path in ordered if self.columns.share(path) >= _RARE * most]
        return often + [path for path in ordered if path not in often]

    def fits(self, name: str, path: Path) -> bool:
        """Whether the values at a path can be those of a field."""
        return fits(name, self.columns.of[path])


def fits(name: str, column: Column) -> bool:
    """Whether values can be those of a field."""
    known, told = KNOWN[name], len(column.values)
    if name in COUNTS or known.fits is is_amount:
        told = column.told
    if name in COUNTS:
        good = sum(map(is_count, column.counts.values()))
    elif known.fits is is_amount:
        good = sum(map(is_amount, column.numbers.values()))
    else:
        good = sum(map(known.fits, column.values))
    return bool(good) and good >= told * (1 if known.exact else MOSTLY)


def exclusive(first: Column, second: Column, values: Callable[[Column], dict[int, Any]]) -> tuple[int, int]:
    """Return how many records have both, and in how many of these the two differ."""
    one, other = values(first), values(second)
    both = one.keys() & other.keys()
    return len(both), sum(one[at] != other[at] for at in both)


def first_that_tells(
    draft: Draft, fitting: Sequence[Path], values: Callable[[Column], dict[int, Any]]
) -> list[Path]:
    """Return the first path with those others that fill its gaps, and never say anything else than it."""
    chosen = [fitting[0]]
    columns = draft.columns
    for path in fitting[1:]:
        if not draft.is_free(path) or any(path[: len(it)] == it or it[: len(path)] == path for it in chosen):
            continue
        new = columns.covered([path]) - columns.covered(chosen)
        if (
            len(chosen) < _MOST_PATHS
            and new
            and all(exclusive(columns.of[it], columns.of[path], values)[1] == 0 for it in chosen)
        ):
            chosen.append(path)
    return chosen
