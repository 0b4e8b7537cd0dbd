"""The line of a table that names its columns, wherever it is, and what may stand before it. Pure."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence

from msgspec import Struct

from leverwatch.collectors.records.formats.interface import MAX_RECORD, Preamble, Units

BOM = "\ufeff"
_NTH = re.compile(r"(.+)#([1-9][0-9]?)")
_SEPARATOR = re.compile(r"sep=.", re.IGNORECASE)
"""What spreadsheets write into a first line of its own."""
_NUMBER = re.compile(r"[-+.$]?\d")

csv.field_size_limit(MAX_RECORD)


class Dialect(Struct, frozen=True):
    """How a table is written."""

    delimiter: str = ","
    quote: str = '"'
    """Empty: none."""
    decimal: str = "."
    thousands: str = ""
    columns: tuple[str, ...] = ()
    """The names of the columns where the file does not say them, or not all; empty: its header does."""
    other_columns: tuple[tuple[str, ...], ...] = ()
    """The names of the columns of rows that have another number of values than `columns`."""
    missing_unknown: bool = False
    """Whether a mapped column that a header lacks is unknown, not a mistake."""
    objects: tuple[str, ...] = ()
    """The names of the columns whose cells are JSON objects, at whose keys other columns are."""

    def fault(self) -> str | None:
        """Return what of it cannot be meant; None for nothing."""
        if self.delimiter in {"\n", "\r", "\0"} or self.quote in {"\n", "\r", "\0"}:
            return "delimiter and quote cannot be a line break"
        if self.delimiter == self.quote:
            return "delimiter and quote are the same"
        if self.thousands and (
            self.thousands == self.decimal or self.thousands.isalnum() or self.thousands in "+-"
        ):
            return "thousands cannot be the decimal sign, a letter, a digit or a sign"
        if self.other_columns and not self.columns:
            return "other_columns needs columns"
        for setting, names in ("columns", self.columns), *(("other_columns", it) for it in self.other_columns):
            if twice := sorted({name for name in names if names.count(name) > 1}):
                return f"{setting} has {twice[0]} twice"
        if len({len(self.columns), *map(len, self.other_columns)}) <= len(self.other_columns):
            return "columns and other_columns have lists of the same length"
        return None

    @property
    def places_by_width(self) -> dict[int, list[int | None]]:
        """Of rows with another number of values, by that number, the place of what is in each of `columns`; None
        for what such rows lack."""
        return {
            len(names): [names.index(it) if it in names else None for it in self.columns]
            for names in self.other_columns
        }

    def cells(self, texts: Sequence[str]) -> list[list[str]]:
        """Return the cells of records. Raises `csv.Error` for a record that is none."""
        return list(
            csv.reader(
                texts,
                delimiter=self.delimiter,
                quotechar=self.quote or None,
                quoting=csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
                skipinitialspace=self.delimiter != " ",
                strict=True,
            )
        )


class Header:
    """Finds the headers of a table.

    `wanted` are the names of the columns that are read, the first that of the time; `split` cuts data into its
    records.
    """

    def __init__(self, dialect: Dialect, wanted: Sequence[str], split: Callable[[bytes], Units]) -> None:
        self._dialect, self._split = dialect, split
        self.wanted = tuple(dict.fromkeys(wanted))
        """The names of the columns that are read, each once."""
        self._time = self.wanted[0]
        base = _NTH.fullmatch(self._time)
        names = {self._time, *((base[1],) if base else ())}
        edges = dialect.delimiter.encode() + dialect.quote.encode()
        self.times, self.edges = tuple(it.encode() for it in sorted(names)), edges
        """What the column of the time is called in a header, and what stands around its cell."""
        behind = rb"(?=[ \t]*(?:[" + re.escape(edges) + rb"\r\n]|\Z))"
        # What begins with its text is found fastest.
        self._cells = [re.compile(re.escape(it) + behind) for it in self.times]
        self._edges = frozenset(edges + b"\n\xbf")

    def preamble(self, data: bytes) -> Preamble:
        """Return what precedes the records of a file that begins with `data`, which are whole records."""
        if self._dialect.columns:
            return Preamble(0, 0, b"")
        units = self._split(data)
        starts = units.starts if units.starts is not None else _starts(units)
        for index, (start, unit) in enumerate(zip(starts, units.units, strict=True)):
            if not self._comes_before(unit):
                end = data.find(b"\n", start + len(unit)) + 1 or len(data)
                # What stands before it is stored nowhere, and its length is: files may begin alike up to here.
                return Preamble(end, index + 1, bytes(start) + data[start:end].rstrip(b"\r\n"))
        return Preamble(len(data), len(units.units), None)

    def names(self, header: bytes) -> list[str]:
        """Return the names of the columns by a header with all that precedes it.

        Raises:
            csv.Error, UnicodeDecodeError: it is no header.
        """
        columns = list(self._dialect.columns)
        if columns and not header:
            return columns
        units = [it for it in self._split(header).units if not self._comes_before(it)]
        names = [] if not units else self.cells_of(units[0])
        return columns if columns and columns[: len(names)] == names else names

    def cells_of(self, unit: bytes) -> list[str]:
        """Return the names in a record that is a header."""
        text = unit.decode().lstrip("\0").removeprefix(BOM).rstrip("\r\n")
        (row,) = self._dialect.cells([text]) or [[]]
        return self.as_names(row)

    def names_after(self, row: Sequence[str]) -> list[str]:
        """Return the names of the columns behind a header with these cells."""
        return list(self._dialect.columns) or self.as_names(row)

    def as_names(self, row: Sequence[str]) -> list[str]:
        """Return the names of the columns by the cells of a header, which may begin like a comment."""
        names = [name.strip() for name in row]
        if names:
            first = names[0].removeprefix(BOM)
            names[0] = first if first in self.wanted else first.lstrip("# ")
        return names

    def places(self, names: Sequence[str], columns: Sequence[str | None]) -> list[int | None]:
        """Return the place of each column; None for one that is not wanted, or missing."""
        return [None if column is None else _place(names, column) for column in columns]

    def wrong(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return messages about columns that are missing or cannot be told apart."""
        if self._dialect.columns and list(names) != list(self._dialect.columns):
            return ("a header with other names than those in columns",)
        missing = [it for it in self.wanted if _place(names, it) is None and names.count(it) < 2]
        if self._dialect.missing_unknown:
            missing = [it for it in missing if it == self._time]
        twice = [it for it in self.wanted if names.count(it) > 1]
        return (
            *(f"no column {it}" for it in missing),
            *(f"column {it} twice; the first is written {it}#1" for it in twice),
        )

    def may_repeat(self, data: bytes) -> bool:
        """Return whether a header may be among records: whether a cell is the name of the time's column."""
        for cell in self._cells:
            for match in cell.finditer(data):
                before = match.start() - 1
                while before >= 0 and data[before] in b" \t#" and data[before] not in self._edges:
                    before -= 1
                if before < 0 or data[before] in self._edges:
                    return True
        return False

    def is_header(self, row: Sequence[str], names: Sequence[str]) -> bool:
        """Return whether a row is a header: it has the name of the time's column, and all other names that are
        wanted or no number at all."""
        cells = self.as_names(row)
        if _bare(self._time, names) not in cells:
            return False
        return all(_bare(it, names) in cells for it in self.wanted) or not any(map(_NUMBER.match, cells))

    def repeats(self, data: bytes, header: bytes | None) -> bool:
        """Return whether one of the records below a header is a header."""
        names = self.names(header or b"")
        for unit in self._split(data).units:
            if not self.may_repeat(unit):
                continue
            try:
                if self.is_header(self.cells_of(unit), names):
                    return True
            except (csv.Error, UnicodeDecodeError):
                continue
        return False

    def changes(self, data: bytes, header: bytes) -> list[tuple[int, bytes]]:
        """Return the headers among records that have other columns than the one before, each with its offset."""
        if not self.may_repeat(data):
            return []
        found: list[tuple[int, bytes]] = []
        names = self.names(header)
        units = self._split(data)
        starts = units.starts if units.starts is not None else _starts(units)
        for start, unit in zip(starts, units.units, strict=True):
            if not self.may_repeat(unit):
                continue
            try:
                row = self.cells_of(unit)
            except (csv.Error, UnicodeDecodeError):
                continue
            if self.is_header(row, names) and row != (names[: len(row)] if self._dialect.columns else names):
                found.append((start, unit.rstrip(b"\r\n")))
                names = row
        return found

    def _comes_before(self, unit: bytes) -> bool:
        """Whether a line is blank, a comment or a note on the delimiter: what may stand before the header."""
        text = unit.lstrip(b"\0").removeprefix(b"\xef\xbb\xbf").strip()
        if not text or _SEPARATOR.fullmatch(text.decode(errors="replace")):
            return True
        if not text.startswith(b"#"):
            return False
        try:
            names = self.cells_of(text)
        except (csv.Error, UnicodeDecodeError):
            return True
        # A header may begin like a comment; what names the columns is none by chance.
        named = [_bare(it, ()) in names for it in self.wanted]
        return not named[0] or 2 * sum(named) <= len(named)


def _place(names: Sequence[str], column: str) -> int | None:
    """Return where a column stands; `name#2` is the second one with a name."""
    if names.count(column) == 1:
        return names.index(column)
    nth = _NTH.fullmatch(column)
    if nth is None or column in names:
        return None
    places = [place for place, name in enumerate(names) if name == nth[1]]
    return places[int(nth[2]) - 1] if int(nth[2]) <= len(places) else None


def _bare(column: str, names: Sequence[str]) -> str:
    nth = _NTH.fullmatch(column)
    return column if nth is None or column in names else nth[1]


def _starts(units: Units) -> list[int]:
    starts, at = [], 0
    for unit in units.units:
        starts.append(at)
        at += len(unit) + 1
    return starts
