"""CSV: one record a row, with the names of its columns in the first row of every file."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from typing import Any

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.field_specs import FieldSpec
from leverwatch.collectors.records.field_values import Mistyped, Words
from leverwatch.collectors.records.fields import EXTENDED_FIELDS, FIELDS
from leverwatch.collectors.records.filters import Filter, ValueTest
from leverwatch.collectors.records.formats.cell_objects import NO_OBJECT, CellObjects
from leverwatch.collectors.records.formats.cells import UNKNOWN, Column, number_reader
from leverwatch.collectors.records.formats.interface import Framing, Parsed, Repeats, Row, Units
from leverwatch.collectors.records.formats.open_rows import with_versions
from leverwatch.collectors.records.formats.plain import NAME, AsTable, Place, PlainTest, Plan
from leverwatch.collectors.records.formats.table_header import BOM, Dialect, Header
from leverwatch.collectors.records.framing.quoted import COMMENT, QuotedFraming
from leverwatch.collectors.records.lenient import OPTIONAL

_TIME = FIELDS.index("time")
_BOM = BOM.encode()
_NONE: Mapping[int, str] = {}
_NO_WORDS: Mapping[int, tuple[Words, ...]] = {}
_NO_ROW = "not a line of delimited values"
NO_COLUMN = "no column "
"""What a message about a column that is missing begins with."""


class _Rows:
    """Rows as cells, each with the index of its line."""

    def __init__(self, cells: list[list[str]], lines: Sequence[int]) -> None:
        self.cells, self.lines = cells, lines

    def add(self, row: list[str], line: int) -> None:
        """Append one."""
        self.cells.append(row)
        self.lines = self.lines if isinstance(self.lines, list) else [*self.lines]
        self.lines.append(line)


class Delimited:
    """Reads delimited rows by column names; `template` are the columns of the system template, `time` is what is
    said of a time that others read, `told` the fields of those columns of the template that others read, and
    `meant` the words of these that have a meaning, whatever they mean elsewhere."""

    wants_header = True

    def __init__(
        self,
        fields: Mapping[str, str],
        template: tuple[str, ...],
        delimiter: str,
        repeats: Repeats = Repeats.CALLS,
        dialect: Dialect | None = None,
        chosen: Filter | None = None,
        time: FieldSpec | None = None,
        told: Mapping[int, str] = _NONE,
        meant: Mapping[int, tuple[Words, ...]] = _NO_WORDS,
    ) -> None:
        self.repeats = repeats
        self._paths = [*fields.items(), *((NAME, column) for column in template)]
        self._tests = () if chosen is None else chosen.tests
        self.has_extended = any(name in fields for name in EXTENDED_FIELDS)
        self.known = frozenset(fields)
        extended = EXTENDED_FIELDS if self.has_extended else ()
        self._columns = [
            *(fields.get(name) for name in FIELDS),
            *template,
            *(fields.get(name) for name in extended),
        ]
        self._fields = [*FIELDS, *([""] * len(template)), *extended]
        self._told = [*FIELDS, *(told.get(at, "") for at in range(len(template))), *extended]
        self._dialect = Dialect(delimiter) if dialect is None else dialect
        number = number_reader(self._dialect.decimal, self._dialect.thousands)
        words = {len(FIELDS) + at: it for at, it in meant.items()}
        self._readers = [Column(name, number, _unmeant(words.get(at, ()))) for at, name in enumerate(self._fields)]
        self._by_width = self._dialect.places_by_width
        framing = QuotedFraming(self._dialect.delimiter, self._dialect.quote)
        self.framing: Framing = framing
        self._time = (
            FieldSpec(tuple(it for it in self._columns[_TIME : _TIME + 1] if it)) if time is None else time
        )
        self._read_time = self._time.reader("time")
        columns = (*self._time.paths, *self._columns, *(column for column, _, _ in self._tests))
        named = [it for it in columns if it is not None]
        objects = self._dialect.objects
        self._inside = CellObjects(objects, named, self._dialect.decimal) if objects else None
        wanted = named if self._inside is None else list(map(self._inside.column_of, named))
        self.table = Header(self._dialect, wanted, framing.split)
        """Finds the headers of a file."""
        self._header: tuple[bytes | None, list[str]] = (None, list(self._dialect.columns))

    def check_header(self, line: bytes) -> tuple[str, ...]:
        """Return messages about columns that are missing or occur twice."""
        try:
            return self.table.wrong(self.table.names(line))
        except (csv.Error, UnicodeDecodeError):
            return ("the first line is no header",)

    def plan(self) -> Plan | None:
        """Return what the compiled helper needs to count plain rows; None when it cannot."""
        table = self.as_table()
        paths = tuple((((column.encode(),), name, 0) for name, column in self._paths))
        return None if table is None else self.planned(paths, table)

    def planned(self, paths: tuple[Place, ...], table: AsTable) -> Plan:
        """Return a plan of rows with what is at some paths, each of which is a column."""
        tests: tuple[PlainTest, ...] = tuple(
            ((column.encode(),), test, wanted) for column, test, wanted in self._tests
        )
        return Plan(paths, self._read_units, self.has_extended, tests=tests, table=table)

    def as_table(self) -> AsTable | None:
        """Return how the helper finds rows and columns; None when it cannot."""
        dialect = self._dialect
        delimiter, quote = dialect.delimiter.encode(), dialect.quote.encode()
        blank = any(_is_meant(text, test) for _, test, _ in self._tests for text in UNKNOWN)
        is_plain = len(delimiter) == 1 and len(quote) <= 1 and self._inside is None
        if not is_plain or blank or self.repeats is Repeats.VERSIONS:
            return None
        digits = dialect.decimal != "." or dialect.thousands != ""
        table = self.table
        return AsTable(delimiter, quote, digits, self._places, table.times, table.edges, table.repeats, self.parse)

    def _places(self, header: bytes | None) -> tuple[int, dict[str, int | None]]:
        names, wanted = self.table.names(header or b""), self.table.wanted
        return len(names), dict(zip(wanted, self.table.places(names, wanted), strict=True))

    def _read_units(self, units: Sequence[bytes]) -> Parsed:
        """Read rows below the names that the dialect has."""
        return self.parse(b"".join(it + b"\n" for it in units), None)

    def parse(self, data: bytes, header: bytes | None) -> Parsed:
        """Parse every record separately, so that a stray quote does not affect the records after it."""
        if self._header[0] != header:
            self._header = header, self.table.names(header or b"")
        names, parsed = self._header[1], Parsed(lines=[])
        units = self.framing.split(data)
        parsed.refused, parsed.ignored = units.refused, units.ignored
        repeats = self.table.may_repeat(data)
        # Without a quote a delimiter is always one.
        plain = units.lines is None and b"\0" not in data and _BOM not in data
        columns = _by_column(units, self._dialect.delimiter, len(names)) if plain and not repeats else None
        if columns is not None:
            self._add(columns, range(len(units.units)), names, parsed)
        else:
            rows, first = self._rows(units, parsed, plain=plain), 0
            for index, row in enumerate(rows.cells if repeats else ()):
                if self.table.is_header(row, names):
                    self._read(rows, first, index, names, parsed)
                    parsed.ignored += 1
                    names, first = self.table.names_after(row), index + 1
            self._read(rows, first, len(rows.cells), names, parsed)
            parsed.refused.sort(key=lambda refusal: refusal[0])
        return with_versions(parsed) if self.repeats is Repeats.VERSIONS else parsed

    def _rows(self, units: Units, parsed: Parsed, *, plain: bool) -> _Rows:
        """Return the cells of records; `plain`: without quotes."""
        texts = units.units
        lines = range(len(texts)) if units.lines is None else units.lines
        try:
            if plain:
                return _Rows([it.decode().split(self._dialect.delimiter) for it in texts], lines)
            cells = self._dialect.cells([_text(it) for it in texts])
        except (csv.Error, UnicodeDecodeError):
            return self._one_by_one(texts, lines, parsed)
        # A record that goes on in the next one is none.
        return _Rows(cells, lines) if len(cells) == len(texts) else self._one_by_one(texts, lines, parsed)

    def _one_by_one(self, texts: Sequence[bytes], lines: Sequence[int], parsed: Parsed) -> _Rows:
        rows = _Rows([], [])
        for line, text in zip(lines, texts, strict=True):
            try:
                (row,) = self._dialect.cells([_text(text)]) or [[""]]
            except (csv.Error, UnicodeDecodeError):
                parsed.refused.append((line, Result.INVALID_LINE, _NO_ROW))
            else:
                rows.add(row, line)
        return rows

    def _read(self, rows: _Rows, first: int, end: int, names: Sequence[str], parsed: Parsed) -> None:
        """Add the records among rows from `first` to `end`, which have columns of these names."""
        part = _Rows(rows.cells[first:end], rows.lines[first:end])
        if not {*map(len, part.cells)} <= {len(names)}:
            part = self._of_width(part, len(names), parsed)
        if part.cells:
            self._add(list(zip(*part.cells, strict=True)), part.lines, names, parsed)

    def _of_width(self, rows: _Rows, width: int, parsed: Parsed) -> _Rows:
        """Return the rows with a cell for each name, those of another layout in their order; blank lines and
        comments are ignored, all others refused."""
        kept = _Rows([], [])
        for row, line in zip(rows.cells, rows.lines, strict=True):
            if len(row) == width:
                kept.add(row, line)
            elif not "".join(row).strip("\0 \t\r\n") or row[0].lstrip("\0 \t").startswith(COMMENT.decode()):
                parsed.ignored += 1
            elif len(row) in self._by_width:
                kept.add(["" if at is None else row[at] for at in self._by_width[len(row)]], line)
            elif self._dialect.columns and len(row) < width:
                kept.add([*row, *[""] * (width - len(row))], line)
            else:
                parsed.refused.append((line, Result.INVALID_LINE, f"{len(row)} values in {width} columns"))
        return kept

    def _add(
        self, cells: Sequence[Sequence[str]], lines: Sequence[int], names: Sequence[str], parsed: Parsed
    ) -> None:
        """Add the records of rows, of which each column has the cells; `names` are those of the columns."""
        broken: Mapping[str, Sequence[int]] = {}
        if self._inside is not None:
            names, cells, broken = self._inside.widened(names, cells)
        if self._tests:
            before = lines
            cells, lines = self._chosen(cells, lines, names, parsed)
            moved_to = {line: index for index, line in enumerate(lines)}
            broken = {
                name: [moved_to[before[at]] for at in rows if before[at] in moved_to]
                for name, rows in broken.items()
            }
        if not lines:
            return
        columns: list[Iterable[Any]] = []
        lost: dict[int, str | None] = {}
        unreadable: list[tuple[int, str, str]] = []
        for place, name, field, reader in zip(
            self.table.places(names, self._columns), self._columns, self._told, self._readers, strict=True
        ):
            if place is None:
                columns.append(repeat(None, len(lines)))
                continue
            values, wrong = reader.read(cells[place])
            columns.append(values)
            if field:
                wrong |= dict.fromkeys(broken.get(name or "", ()), NO_OBJECT)
            for index, why in wrong.items():
                if field.removeprefix("+") in OPTIONAL:
                    unreadable.append((index, field, f"{name}: {why}"))
                else:
                    lost.setdefault(index, f"{name}: {why}")
        made: list[Row] = list(zip(*columns, strict=False))
        for index, row in enumerate(made):
            if row[_TIME] is None and not any(column[index].strip() for column in cells):
                lost[index] = None
        if lost:
            parsed.ignored += sum(detail is None for detail in lost.values())
            parsed.refused += (
                (lines[index], Result.MISTYPED_FIELD, detail)
                for index, detail in lost.items()
                if detail is not None
            )
            kept = [index for index in range(len(made)) if index not in lost]
            made, lines = [made[index] for index in kept], [lines[index] for index in kept]
            moved = {index: place for place, index in enumerate(kept)}
            unreadable = [(moved[index], field, why) for index, field, why in unreadable if index in moved]
        start = len(parsed.rows)
        parsed.rows += made
        parsed.lines = [*(parsed.lines or ()), *lines]
        unreadable.sort(key=lambda value: value[0])
        parsed.unreadable += ((start + index, field, why) for index, field, why in unreadable)

    def _chosen(
        self, cells: Sequence[Sequence[str]], lines: Sequence[int], names: Sequence[str], parsed: Parsed
    ) -> tuple[Sequence[Sequence[str]], Sequence[int]]:
        """Return the rows that the filter does not leave out; a row without any value is none."""
        out: set[int] = set()
        places = self.table.places(names, [column for column, _, _ in self._tests])
        for place, (_, test, wanted) in zip(places, self._tests, strict=True):
            values = [""] * len(lines) if place is None else [_value(cell, test) for cell in cells[place]]
            out.update(index for index, value in enumerate(values) if test.holds(value) is not wanted)
        out = {index for index in out if any(column[index].strip() for column in cells)}
        if not out:
            return cells, lines
        parsed.passed[Result.FILTERED] = parsed.passed.get(Result.FILTERED, 0) + len(out)
        parsed.seen += self._times(cells, sorted(out), names)
        kept = [index for index in range(len(lines)) if index not in out]
        return [[column[index] for index in kept] for column in cells], [lines[index] for index in kept]

    def _times(self, cells: Sequence[Sequence[str]], rows: Iterable[int], names: Sequence[str]) -> Iterable[Any]:
        """Yield the times of rows, without those that cannot be read."""
        columns = [None if place is None else cells[place] for place in self.table.places(names, self._time.paths)]
        for index in rows:
            try:
                time = self._read_time([None if it is None else it[index].strip() for it in columns])
            except Mistyped:
                continue
            if time is not None:
                yield time


def _value(cell: str, test: ValueTest) -> str:
    text = cell.strip()
    return "" if text in UNKNOWN and not _is_meant(text, test) else text


def _unmeant(words: tuple[Words, ...]) -> frozenset[str]:
    """Return what stands in a cell without a value, without what is one of some words."""
    return frozenset(it for it in UNKNOWN if not it or not any(word.lists(it.lower()) for word in words))


def _is_meant(text: str, test: ValueTest) -> bool:
    """Whether a test looks for a text that means nothing elsewhere: it is there, then."""
    return text in test.texts or bool(test.prefix and text.startswith(test.prefix))


def _text(unit: bytes) -> str:
    """Return the text of a record: what was truncated under its writer has a hole of NULs at its start."""
    return unit.decode().lstrip("\0").removeprefix(BOM).rstrip("\r\n")


def _by_column(units: Units, delimiter: str, width: int) -> list[list[str]] | None:
    """Return the cells of rows without quotes by column; None when not every row has as many as that."""
    # A mark behind each row shows where it ends: one that has other cells moves all marks behind it.
    mark = f"{delimiter}\n{delimiter}"
    try:
        cells = mark.encode().join([*units.units, b""]).decode().split(delimiter)
    except UnicodeDecodeError:
        return None
    if len(cells) != len(units.units) * (width + 1) + 1 or {*cells[width :: width + 1]} != {"\n"}:
        return None
    return [cells[place :: width + 1][: len(units.units)] for place in range(width)]
