"""Recognises tables of delimited values. Pure."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.records.formats.cells import UNKNOWN
from leverwatch.collectors.sniffing.field_names import is_time
from leverwatch.collectors.sniffing.headerless import most_common_width, named_by_shape, names_by_shape
from leverwatch.collectors.sniffing.moments import moments_of
from leverwatch.collectors.sniffing.numerals import Scalar, number_of
from leverwatch.collectors.sniffing.uneven_rows import by_ends, said_of_ends, without_line_end
from leverwatch.collectors.sniffing.widened import names_of_wider, names_that_lead

DELIMITERS = (",", "\t", ";", "|")
_SEPARATOR = re.compile(r"sep=.", re.IGNORECASE)
_FEWEST_COLUMNS = 3
_TOKENS = frozenset({"input_tokens", "output_tokens", "cost_usd"})
_TRIED = 200
_LONGEST = 500
"""The most lines that one row may have."""
_MANY = 0.5
"""The share of the lines that has the width of the header; columns may be added later."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a header line."""

    delimiter: str
    records: list[dict[Path, Scalar]]
    """The cells of the rows that have the width of the header, by column; blank ones are left out."""
    notes: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    """The names of all columns, where rows have more values than the header from some line on; else empty."""
    other_columns: tuple[tuple[str, ...], ...] = ()
    """Those of the rows with more values, where these do not stand at the end, and of the rows with fewer."""


def _comes_before(line: str, following: str) -> bool:
    """Whether a line is a note on the delimiter, or a comment that is no header of the line behind it."""
    if _SEPARATOR.fullmatch(line.strip()):
        return True
    alike = any(0 < line.count(it) == following.count(it) for it in DELIMITERS)
    return line.startswith("#") and not alike


def _without_preamble(lines: Sequence[str]) -> Sequence[str]:
    """Return the lines from the header on: notes of spreadsheets and comments may stand before it."""
    at = 0
    while at < len(lines) - 1 and _comes_before(lines[at], lines[at + 1]):
        at += 1
    return lines[at:]


def table_of(all_lines: Sequence[str]) -> Table | None:
    """Return the table that these lines are; None when they are none."""
    lines = _without_preamble(all_lines)
    best: tuple[int, str] | None = None
    for delimiter in DELIMITERS:
        rows = cells_in(lines, delimiter, _TRIED)
        if not rows:
            continue
        width = len(rows[0])
        whole = sum(len(row) == width for row in rows[1:])
        if not whole and len(lines) > _TRIED:
            # A header is written anew for a column that only the last rows have.
            rows = [*rows, *cells_in(lines[-_TRIED:], delimiter)]
            whole = sum(len(row) == width for row in rows[1:])
        if width < 2 or not whole:
            continue
        whole += sum(by_ends(rows[1:], width).values()) if whole < _MANY * (len(rows) - 1) else 0
        if whole < _MANY * (len(rows) - 1) and _added(rows, width) is None:
            continue
        if best is None or width > best[0]:
            best = (width, delimiter)
    return None if best is None else _table(lines, best[1])


def _table(lines: Sequence[str], delimiter: str) -> Table:
    rows = cells_in(lines, delimiter)
    if not rows:
        return Table(delimiter, [])
    written = [name.strip() for name in rows[0]]
    names = numbered(written)
    once = [at for at, name in enumerate(names) if name and name[0] != "+"]
    notes = [
        f"columns: {written.count(name)} are named {name}, and called {name}#1 and so on"
        for name in dict.fromkeys(written)
        if name and written.count(name) > 1
    ]
    # In a field map a plus before a name is a sum.
    notes += [
        f"the column {name} is not looked at, as its name begins with +" for name in names if name[:1] == "+"
    ]
    whole = [row for row in rows[1:] if len(row) == len(names)]
    added = _added(rows, len(names))
    if added is not None:
        first, width = added
        layouts = _layouts(names, rows[1:])
        more = sorted({it for own in layouts.values() for it in own} & _TOKENS - {*names})
        if layouts and all(layouts.values()):
            notes.append(
                f"columns: from line {first} of the sample on rows have {width} values, and the header names"
                f" {len(names)}; by what these are like, others stand among them, as other_columns has it"
            )
            order = {wide: [own.index(it) if it in own else None for it in names] for wide, own in layouts.items()}
            lost = list(dict.fromkeys(it for own in layouts.values() for it in names if it not in own))
            if lost:
                notes.append(
                    f"columns: nothing tells where {', '.join(lost)} stand in the rows with {width} values, and"
                    " they are unknown there, so that input_tokens, output_tokens or cost_usd may miss these"
                )
            if more:
                notes.append(
                    f"columns: {', '.join(more)} are named by what these rows have there, as no header names them;"
                    " the rows above lack them"
                )
                order = {wide: [own.index(it) if it in own else None for it in (*names, *more)]
                         for wide, own in layouts.items()}  # fmt: skip
            moved = [
                ["" if at is None else row[at] for at in order[len(row)]] if len(row) in order else row
                for row in rows[1:]
            ]
            every = [*names, *more]
            records = [_record(every, [*once, *range(len(names), len(every))][: len(row)], row) for row in moved]
            return Table(delimiter, records, tuple(notes), tuple(every), tuple(layouts.values()))
        if layouts:
            notes.append(
                f"columns: the values of rows from line {first} of the sample on are not like those of the columns"
                " that the header names: they may belong to others, and all numbers of these rows may be wrong"
            )
        columns = (*names, *(f"column{at}" for at in range(len(names) + 1, width + 1)))
        notes.append(
            f"columns: from line {first} of the sample on rows have {width} values, and the header names"
            f" {len(names)}; they are taken for added at the end"
        )
        records = [_record(names, once, row) for row in rows[1:]]
        return Table(delimiter, records, tuple(notes), columns if len(set(columns)) == width else ())
    ends = by_ends(rows[1:], len(names)) if len(set(names)) == len(names) and all(names) else {}
    notes += said_of_ends(names, ends, len(rows) - 1)
    leads = {} if ends or len(once) < len(names) else _leads(names, rows[1:])
    if leads:
        notes.append(
            f"columns: {sum(len(row) in leads for row in rows[1:])} of {len(rows) - 1} rows have more values than"
            f" the {len(names)} of the header; their first ones are like those of the others, and are read"
        )
        kept = [row for row in rows[1:] if row != rows[0]]
        # Only names of the header are looked at: those of the first values of wider rows are the same.
        records = [_record(own, [at for at in once if own[at] == names[at]], row)
                   for row in kept for own in (leads.get(len(row), names),)]  # fmt: skip
        return Table(delimiter, records, tuple(notes), tuple(names), tuple(leads.values()))
    if odd := len(rows) - 1 - len(whole) - sum(ends.values()):
        first = next(at for at, row in enumerate(rows[1:], 2) if len(row) != len(names) and len(row) not in ends)
        then = "all of them" if odd == len(rows) - first + 1 else "some"
        notes.append(
            f"{odd} of {len(rows) - 1} lines have not the {len(names)} columns of the header, from line {first} of"
            f" the sample on {then}"
        )
    taken = [row for row in rows[1:] if len(row) == len(names) or len(row) in ends]
    records = [_record(names, [at for at in once if at < len(row)], row) for row in taken if row != rows[0]]
    shorter = tuple(tuple(names[:width]) for width in ends)
    return Table(delimiter, records, tuple(notes), tuple(names) if ends else (), shorter)


def numbered(names: Sequence[str]) -> list[str]:
    """Return the names as the format calls them: several of one name are `name#1` and `name#2`."""
    return [
        f"{name}#{names[: at + 1].count(name)}" if name and names.count(name) > 1 else name
        for at, name in enumerate(names)
    ]


def _record(names: Sequence[str], once: Sequence[int], row: Sequence[str]) -> dict[Path, Scalar]:
    return {(names[at],): cell for at in once if (cell := row[at].strip()) not in UNKNOWN}


def _layouts(names: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[int, tuple[str, ...]]:
    """Return the names of the columns of wider rows by their number, empty ones where nothing tells them; nothing
    where what is more stands at the end of all rows."""
    narrow = [row for row in rows if len(row) == len(names)]
    found: dict[int, tuple[str, ...] | None] = {}
    for width in sorted({len(row) for row in rows if len(row) > len(names)}):
        wide = [row for row in rows if len(row) == width]
        own = names_of_wider(names, narrow, wide)
        found[width] = names_by_shape(names, wide) if own == () else own
    if all(it is None for it in found.values()) or len(set(names)) < len(names):
        return {}
    ends = {width: (*names, *(f"column{at + 1}" for at in range(len(names), width))) for width in found}
    return {width: ends[width] if own is None else own for width, own in found.items()}


def _leads(names: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[int, tuple[str, ...]]:
    """Return the names of the columns of few rows with more values, by their number; nothing where any of them is
    not like the others at its beginning, or rows have fewer values."""
    narrow = [row for row in rows if len(row) == len(names)]
    widths = sorted({len(row) for row in rows if len(row) != len(names)})
    if not widths or widths[0] < len(names) or 2 * len(narrow) < len(rows):
        return {}
    found = {it: names_that_lead(names, narrow, [row for row in rows if len(row) == it]) for it in widths}
    return {it: own for it, own in found.items() if own is not None} if None not in found.values() else {}


def _added(rows: Sequence[Sequence[str]], width: int) -> tuple[int, int] | None:
    """Return from which line on rows have more values than the header, and how many; None where not all have."""
    widths = [len(row) for row in rows]
    wider = [at for at, own in enumerate(widths) if own > width]
    if not wider or any(own < width for own in widths) or any(after < own for own, after in pairwise(widths)):
        return None
    # One row alone may as well have a delimiter without quotes.
    return (
        (wider[0] + 1, widths[-1]) if widths.count(widths[wider[0]]) > 1 and widths[-2:-1] == widths[-1:] else None
    )


def has_no_header(table: Table) -> bool:
    """Whether the names of the columns are numbers or times, as where the first line is a record."""
    names = {path[0] for record in table.records for path in record}
    return any(
        number_of(name) is not None or (("-" in name or ":" in name) and is_time(name))
        or moments_of([name], day_first=True) is not None
        for name in names
    )  # fmt: skip


def header_and_record(all_lines: Sequence[str]) -> Table | None:
    """Return the table that lines are whose first one has the header and the first record; None: they are none."""
    for delimiter in DELIMITERS:
        rows = cells_in(_without_preamble(all_lines), delimiter)
        names = without_line_end(rows[0], rows[1:]) if rows else None
        if names is None:
            continue
        note = (
            f"columns: the first line has the names of the {len(names)} columns and, without a line end between,"
            " the first record, which is refused: there is 1 call more, if it is one"
        )
        records = [_record(names, range(len(names)), row) for row in rows[1:] if len(row) == len(names)]
        return Table(delimiter, records, (note,), names)
    return None


def without_header(all_lines: Sequence[str]) -> Table | None:
    """Return the table that lines are whose first one is a record, by the shapes of values; None when nothing
    tells what its columns are."""
    lines = [line for line in all_lines if not line.startswith("#")]
    best: Table | None = None
    for delimiter in DELIMITERS:
        rows = cells_in(lines, delimiter)
        width = most_common_width(rows) if rows else 0
        whole = [row for row in rows if len(row) == width]
        if width < _FEWEST_COLUMNS or len(whole) < _MANY * len(rows):
            continue
        named = named_by_shape(whole)
        if named is None or (best is not None and width <= len(best.columns)):
            continue
        notes = [*named.notes]
        if odd := len(rows) - len(whole):
            notes.append(
                f"columns: {odd} of {len(rows)} lines have not the {width} values of the others; longer ones"
                " are refused, and what shorter ones have stands under the first columns"
            )
        records = [_record(named.names, range(width), row) for row in whole]
        best = Table(delimiter, records, tuple(notes), named.names)
    return best


def columns(lines: Sequence[str]) -> tuple[str, list[dict[Path, Scalar]]] | None:
    """Return the delimiter of a table with a header line, and its cells by column; None when it is not a table."""
    found = table_of(lines)
    return None if found is None else (found.delimiter, found.records)


def no_table(all_lines: Sequence[str]) -> str | None:
    """Return why lines whose first one has columns are no table; None when it has none."""
    lines = _without_preamble(all_lines)
    delimiter = max(DELIMITERS, key=lambda it: lines[0].count(it) if lines else 0)
    rows = cells_in(lines, delimiter)
    if len(rows) < 2 or len(rows[0]) < 2:
        return None
    whole = sum(len(row) == len(rows[0]) for row in rows[1:])
    return (
        f"the first line has {len(rows[0])} columns by {delimiter!r}, and {whole} of {len(rows) - 1} rows behind"
        " it have as many, so that it cannot be read as a table"
    )


def cells_in(lines: Sequence[str], delimiter: str, most: int | None = None) -> list[list[str]]:
    """Return the rows, at most so many; a line that cannot be read is a row without cells."""
    rows: list[list[str]] = []
    at = 0
    while at < len(lines) and (most is None or len(rows) < most):
        # A value in quotes may have line breaks; a stray quote spoils no more than its own line.
        several = '"' in lines[at] and lines[at].count('"') % 2
        reader = csv.reader(
            [f"{line}\n" for line in lines[at : at + _LONGEST]] if several else [lines[at]],
            delimiter=delimiter,
            strict=True,
        )
        try:
            rows.append(next(reader, []))
            at += max(reader.line_num, 1)
        except csv.Error:
            rows.append([])
            at += 1
    return rows
