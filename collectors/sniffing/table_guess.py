"""Proposes a field map for a table of delimited values. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from leverwatch.collectors.records.formats.cell_objects import object_of
from leverwatch.collectors.sniffing.guess import FieldGuess, propose
from leverwatch.collectors.sniffing.new_headers import parts_of_table
from leverwatch.collectors.sniffing.object_cells import (
    among_texts,
    are_few,
    object_columns,
    paths_in,
    told_in_all,
    with_inside,
)
from leverwatch.collectors.sniffing.reading import MOST_RECORDS, spread
from leverwatch.collectors.sniffing.sum_row import sum_row, with_sum_row
from leverwatch.collectors.sniffing.tables import (
    DELIMITERS,
    Table,
    cells_in,
    has_no_header,
    header_and_record,
    table_of,
    without_header,
)
from leverwatch.collectors.sniffing.titles import below_titles

SQL = re.compile(
    rb"^[ \t]*(?:INSERT\s+(?:IGNORE\s+)?INTO\s+\S+|REPLACE\s+INTO\s+\S+|COPY\s+\S+[^\n]*\bFROM\s+stdin"
    rb"|CREATE\s+TABLE\s+\S+[^\n]*\()",
    re.IGNORECASE | re.MULTILINE,
)
"""Statements of a dump of a database."""
_TOKENS = ("input_tokens", "output_tokens")


def rows_in(data: bytes) -> Table | None:
    """Return the rows of a table, some of a long one; None where the data are none."""
    lines = lines_of(data)
    return table_of([*lines[:1], *spread(lines[1:])])


def is_table(data: bytes) -> bool:
    """Whether the first line is the header of nearly all rows."""
    found = rows_in(data)
    # Bars may as well be drawn.
    if found is None or found.delimiter == "|" or has_no_header(found):
        return False
    return not found.notes and len(found.records) > 1


def lines_of(data: bytes) -> list[str]:
    """Return the lines that are not blank."""
    text = data.decode("utf-8-sig", errors="replace")
    return [line for line in text.splitlines() if line.strip()]


def table_in(data: bytes) -> tuple[FieldGuess, str] | None:
    """Return the map of a table and its delimiter; None where it is no table with calls."""
    if SQL.match(data.lstrip()) is not None:
        return None  # values in quotes, with their statements around them
    of_parts = _of_parts(data)
    if of_parts is not None:
        return of_parts
    found = rows_in(data)
    if found is None or has_no_header(found):
        lines = [*spread(lines_of(data))]
        found = header_and_record(lines) or without_header(lines)
    if found is None:
        return _below_titles(data)
    sums = sum_row(found.records)
    records = found.records if sums is None else found.records[:-1]
    fields = propose(records, lambda path: path[0], day_first=found.delimiter == ";")
    if fields is None:
        return _below_titles(data)
    if sums is not None:
        fields = with_sum_row(fields, *sums)
    extras: dict[str, Any] = {"columns": list(found.columns)} if found.columns else {}
    if found.other_columns:
        extras["other_columns"] = [list(it) for it in found.other_columns]
    fields = replace(fields, notes=(*fields.notes, *found.notes), extras=extras)
    return fields, found.delimiter


def _of_parts(data: bytes) -> tuple[FieldGuess, str] | None:
    """Return the map of a table with several headers, all of which name the time alike, and its delimiter."""
    lines = lines_of(data)
    for delimiter in DELIMITERS:
        found = parts_of_table(cells_in(lines, delimiter))
        fields = (
            None if found is None else propose(found.records, lambda path: path[0], day_first=delimiter == ";")
        )
        if found is None or fields is None or found.lacking([*paths_in(fields.fields["time"])]):
            continue
        known = {name for names in found.headers for name in names}
        lacking = found.lacking([it for it in dict.fromkeys(paths_in(fields.settings)) if it in known])
        notes = [
            f"columns: {len(found.headers)} headers with other columns each, by which the rows below are read"
        ]
        if lacking:
            notes.append(
                f"columns: {', '.join(lacking)} are not in all headers, and unknown below those that lack them"
            )
        if found.odd:
            notes.append(f"columns: {found.odd} lines have not the columns of the header above them")
        extras = {"missing_columns": "unknown"} if lacking else {}
        return replace(fields, notes=(*fields.notes, *notes), extras=extras), delimiter
    return None


def objects_in(data: bytes) -> tuple[FieldGuess, str] | None:
    """Return the map of a table that tells of calls in cells that are objects, and its delimiter; else None."""
    if data.lstrip()[:1] in {b"{", b"["} or b"{" not in data or SQL.match(data.lstrip()) is not None:
        return None
    found = rows_in(data)
    if found is None or has_no_header(found) or not (columns := object_columns(found.records)):
        return None
    texts = among_texts(found.records, columns)
    if texts is not None and found.delimiter == "|":
        return None  # bars may as well be drawn, with a rule below the header
    records = (
        found.records if texts is None else [it for it in found.records if object_of(str(it.get((texts,), "")))]
    )
    made = with_inside(records, columns)
    sign = None if texts is None else told_in_all(made, texts)
    fields = propose(made, lambda path: path[0], day_first=found.delimiter == ";")
    mapped = () if fields is None else paths_in(fields.settings)
    used = [name for name in columns if any(it.startswith(f"{name}.") for it in mapped)]
    if fields is None or not used or found.columns or (texts is not None and sign is None):
        return None
    if texts is not None and are_few(len(records), len(found.records)):
        tokens = paths_in([fields.fields.get(name) for name in _TOKENS])
        others_too = propose(
            [it for it in found.records if not object_of(str(it.get((texts,), "")))], lambda path: path[0]
        )
        if not any(it.startswith(f"{texts}.") for it in tokens) or others_too is not None:
            return None
    notes = [*fields.notes, *found.notes]
    only = dict(fields.only)
    if sign is not None:
        only.setdefault(sign, {"present": True})
        others = len(found.records) - len(records)
        notes.append(
            f"only: {others} records whose {texts} is no object are left out; were they calls, there would be"
            f" {others} more inferences"
        )
    fields = replace(fields, notes=tuple(notes), only=only, extras={"objects": used})
    return fields, found.delimiter


def _below_titles(data: bytes) -> tuple[FieldGuess, str] | None:
    below = below_titles(lines_of(data)[:MOST_RECORDS])
    if below is None:
        return None
    fields, table = below
    return fields, table.delimiter
