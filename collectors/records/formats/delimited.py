"""CSV: one record a line, with the names of its columns in the first line of every file."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from typing import Any

from leverwatch.collectors.counted_fields import Unit, amounts
from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.fields import EXTENDED_FIELDS, FIELDS
from leverwatch.collectors.records.formats.interface import (
    MAX_AMOUNT,
    MAX_COUNT,
    MIN_RATE,
    Framing,
    Parsed,
    Repeats,
    Row,
    split_lines,
)
from leverwatch.collectors.records.formats.open_rows import with_versions
from leverwatch.collectors.records.framing.lines import LINES
from leverwatch.collectors.records.lenient import OPTIONAL

NO_COLUMN = "no column "
"""What a message about a column that is missing begins with."""


class _Mistyped(ValueError):
    """A cell does not have the type of its column."""


def _text(cell: str) -> str:
    return cell


def _count(cell: str) -> int:
    try:
        number = float(cell)
    except ValueError:
        raise _Mistyped("expected a whole number") from None
    if not (0 <= number <= MAX_COUNT and number.is_integer()):
        raise _Mistyped("expected a whole number from 0 to 2**53")
    return int(number)


def _amount(cell: str) -> float:
    try:
        number = float(cell)
    except ValueError:
        raise _Mistyped("expected a number") from None
    if not 0 <= number <= MAX_AMOUNT:
        raise _Mistyped("expected a number from 0 to 1e15")
    return number


def _rate(cell: str) -> float:
    number = _amount(cell)
    if not MIN_RATE <= number <= 1:
        raise _Mistyped("expected a rate from 1e-6 to 1")
    return number


_CONVERT: Mapping[str, Callable[[str], Any]] = {
    **dict.fromkeys(amounts(), _amount),
    **dict.fromkeys(amounts(Unit.TOKENS), _count),
    "inferences": _amount,
    "sample_rate": _rate,
    "attempts": _amount,
    "errors": _amount,
}


class Delimited:
    """Reads delimited lines by column names; `template` are the columns of the system template."""

    wants_header = True
    framing: Framing = LINES

    def __init__(
        self,
        fields: Mapping[str, str],
        template: tuple[str, ...],
        delimiter: str,
        repeats: Repeats = Repeats.CALLS,
    ) -> None:
        self.repeats = repeats
        self.has_extended = any(name in fields for name in EXTENDED_FIELDS)
        self.known = frozenset(fields)
        extended = EXTENDED_FIELDS if self.has_extended else ()
        self._columns = [
            *(fields.get(name) for name in FIELDS),
            *template,
            *(fields.get(name) for name in extended),
        ]
        self._fields = [*FIELDS, *([""] * len(template)), *extended]
        self._converters = [
            *(_CONVERT.get(name, _text) for name in FIELDS),
            *([_text] * len(template)),
            *(_CONVERT.get(name, _text) for name in extended),
        ]
        self._delimiter = delimiter

    def _cells(self, line: bytes) -> list[str]:
        rows = list(csv.reader([line.decode().rstrip("\r")], delimiter=self._delimiter, strict=True))
        return rows[0] if rows else []

    def _names(self, header: bytes) -> list[str]:
        return [name.strip() for name in self._cells(header.rstrip(b"\r\n").removeprefix(b"\xef\xbb\xbf"))]

    def check_header(self, line: bytes) -> tuple[str, ...]:
        """Return messages about columns that are missing or occur twice."""
        try:
            names = self._names(line)
        except (csv.Error, UnicodeDecodeError):
            return ("the first line is no header",)
        wanted = [column for column in dict.fromkeys(self._columns) if column is not None]
        missing = [f"{NO_COLUMN}{column}" for column in wanted if column not in names]
        return (*missing, *(f"column {column} twice" for column in wanted if names.count(column) > 1))

    def parse(self, data: bytes, header: bytes | None) -> Parsed:
        """Parse every line separately, so that a stray quote does not affect the lines after it."""
        names = self._names(header or b"")
        places = [
            (names.index(column) if column in names else None, convert)
            for column, convert in zip(self._columns, self._converters, strict=True)
        ]
        parsed, indices = Parsed(), []
        for index, line in enumerate(split_lines(data)):
            text = line.strip(b"\0\r\n\t ")
            if not text:
                parsed.ignored += 1
                continue
            try:
                cells = self._cells(line.lstrip(b"\0"))
            except (csv.Error, UnicodeDecodeError):
                parsed.refused.append((index, Result.INVALID_LINE, "not a line of delimited values"))
                continue
            if len(cells) != len(names):
                detail = f"{len(cells)} values in {len(names)} columns"
                parsed.refused.append((index, Result.INVALID_LINE, detail))
                continue
            unreadable: list[tuple[int, str, str]] = []
            try:
                row = self._row(cells, places, len(parsed.rows), unreadable)
            except _Mistyped as error:
                parsed.refused.append((index, Result.MISTYPED_FIELD, str(error)))
            else:
                parsed.rows.append(row)
                parsed.unreadable += unreadable
                indices.append(index)
        parsed.lines = indices
        return with_versions(parsed) if self.repeats is Repeats.VERSIONS else parsed

    def _row(
        self,
        cells: list[str],
        places: list[tuple[int | None, Callable[[str], Any]]],
        at: int,
        unreadable: list[tuple[int, str, str]],
    ) -> Row:
        values: list[Any] = []
        for index, (place, convert) in enumerate(places):
            cell = "" if place is None else cells[place].strip()
            if not cell:
                values.append(None)
                continue
            try:
                values.append(convert(cell))
            except _Mistyped as error:
                why, field = f"{self._columns[index]}: {error}", self._fields[index]
                if field not in OPTIONAL:
                    raise _Mistyped(why) from None
                values.append(None)
                unreadable.append((at, field, why))
        return tuple(values)
