"""Reads tables in which a header with other columns is written anew, as by a new version of a program. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.numerals import Scalar, number_of

_SHARED = 0.5
_FEWEST = 3


@dataclass(frozen=True, slots=True)
class Parts:
    """A table of several parts, each with a header of its own."""

    records: list[dict[Path, Scalar]]
    headers: tuple[tuple[str, ...], ...]
    """The names of the columns of each part."""
    odd: int
    """How many rows have not the columns of their header."""

    def lacking(self, columns: Sequence[str]) -> list[str]:
        """Return those of some columns that not all headers have."""
        return [it for it in columns if not all(it in names for names in self.headers)]


def parts_of_table(rows: Sequence[Sequence[str]]) -> Parts | None:
    """Return the parts of a table by its rows; None where no other header is written anew, or a name is twice."""
    names = [it.strip() for it in rows[0]] if rows else []
    if len(names) < _FEWEST:
        return None
    headers, odd = [tuple(names)], 0
    records: list[dict[Path, Scalar]] = []
    for row in rows[1:]:
        cells = [it.strip() for it in row]
        if _is_header(cells, names):
            if cells != names:
                headers.append(tuple(cells))
            names = cells
        elif len(cells) != len(names):
            odd += any(cells)
        else:
            records.append({(name,): cell for name, cell in zip(names, cells, strict=True) if name and cell})
    if len(headers) < 2 or any(len(set(it)) < len(it) for it in headers):
        return None
    return Parts(records, tuple(headers), odd)


def _is_header(cells: Sequence[str], names: Sequence[str]) -> bool:
    """Whether cells are names of columns, many of them those of before."""
    shared = len(set(cells) & set(names))
    return (
        shared >= max(2, _SHARED * len(names))
        and all(cells)
        and not any(number_of(it) is not None for it in cells)
    )
