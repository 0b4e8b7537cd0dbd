"""The values of a sample of records, by path. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.field_names import is_plain
from leverwatch.collectors.sniffing.numerals import Numerals, Scalar, number_of, numerals_of

Record = Mapping[Path, Scalar]
"""The scalar values of a record, by path."""

_DEEPEST = 16
_MOST_PATHS = 300
"""Of more paths than these, those are looked at that most records have."""
_SELDOM = 0.005
_NOTHING = frozenset(
    {
        "none",
        "null",
        "nan",
        "n/a",
        "na",
        "-",
        "--",
        "\\n",
        "undefined",
        "#n/a",
        "unknown",
        "unavailable",
    }
)
MOSTLY = 0.9
"""The share of the values that must fit a field; a few records may be broken."""


def leaves(value: Any, path: Path = ()) -> dict[Path, Scalar]:
    """Return the scalar values of a record by path, without nulls, blank texts and the contents of arrays."""
    if isinstance(value, Mapping):
        if len(path) >= _DEEPEST:
            return {}
        found: dict[Path, Scalar] = {}
        for key, inner in value.items():
            found |= leaves(inner, (*path, str(key)))
        return found
    if isinstance(value, str):
        return {path: value} if value.strip() else {}
    return {path: value} if isinstance(value, int | float) else {}


def dotted(path: Path) -> str:
    """Return a path into JSON as it is written in the configuration."""
    text = ".".join(key.replace("\\", "\\\\").replace(".", "\\.") for key in path)
    # A path that begins with a plus is one that is added to others.
    return f"\\{text}" if text.startswith("+") else text


@dataclass(frozen=True)
class Column:
    """The values at one path, in the order of their records."""

    path: Path
    at: list[int] = field(default_factory=list)
    """The numbers of the records that have a value."""
    values: list[Scalar] = field(default_factory=list)

    @cached_property
    def texts(self) -> list[str]:
        """The values that are texts, without words for none."""
        return [it for it in self.values if isinstance(it, str) and it.strip().lower() not in _NOTHING]

    @cached_property
    def numerals(self) -> Numerals:
        """How the texts among the values write numbers."""
        return numerals_of(self.texts)

    @cached_property
    def numbers(self) -> dict[int, float]:
        """The numbers, by record; values that are none are left out."""
        read = ((at, number_of(value, self.numerals)) for at, value in zip(self.at, self.values, strict=True))
        return {at: number for at, number in read if number is not None}

    @cached_property
    def count_numerals(self) -> Numerals:
        """How the texts among the values write numbers, if these are counts."""
        return numerals_of(self.texts, whole=True)

    @cached_property
    def counts(self) -> dict[int, float]:
        """The numbers, by record, if they are counts."""
        if self.count_numerals == self.numerals:
            return self.numbers
        read = (
            (at, number_of(value, self.count_numerals)) for at, value in zip(self.at, self.values, strict=True)
        )
        return {at: number for at, number in read if number is not None}

    @cached_property
    def by_record(self) -> dict[int, Scalar]:
        """The values, by record."""
        return dict(zip(self.at, self.values, strict=True))

    @cached_property
    def told(self) -> int:
        """How many values are there; words for none, as programs write into tables, are none."""
        return sum(not (isinstance(it, str) and it.strip().lower() in _NOTHING) for it in self.values)

    @cached_property
    def is_numeric(self) -> bool:
        """Whether nearly all values are numbers."""
        return bool(self.numbers) and len(self.numbers) >= MOSTLY * self.told


class Columns:
    """The columns of some records."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.records = records
        self.of: dict[Path, Column] = {}
        for at, record in enumerate(records):
            for path, value in record.items():
                column = self.of.get(path)
                if column is None:
                    column = self.of[path] = Column(path)
                column.at.append(at)
                column.values.append(value)
        self.of = {path: column for path, column in self.of.items() if is_plain(path)}
        if len(self.of) > _MOST_PATHS:
            # Keys that are values, such as names of users, are no names of fields.
            often = sorted(self.of.values(), key=lambda it: -len(it.at))[:_MOST_PATHS]
            kept = {it.path for it in often if len(it.at) >= max(_SELDOM * len(records), 2)}
            self.of = {path: column for path, column in self.of.items() if path in kept}

    def __len__(self) -> int:
        return len(self.records)

    def share(self, path: Path) -> float:
        """Return the share of the records that have a value there."""
        return len(self.of[path].at) / len(self.records) if path in self.of else 0.0

    def covered(self, paths: Iterable[Path]) -> set[int]:
        """Return the numbers of the records that have a value at one of the paths."""
        return {at for path in paths if path in self.of for at in self.of[path].at}
