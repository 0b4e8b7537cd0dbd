"""Finds the header of a table below other rows: titles, as spreadsheets have them, or groups of columns. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from leverwatch.collectors.sniffing.guess import FieldGuess, propose
from leverwatch.collectors.sniffing.tables import Table, has_no_header, table_of

_MOST_TITLES = 12
_FEWEST_COLUMNS = 3
_CHOSEN = ("model", "input_tokens", "output_tokens")


def below_titles(lines: Sequence[str]) -> tuple[FieldGuess, Table] | None:
    """Return a field map for the table whose header is not the first row, and the table; None when there is none.

    What stands above the header is left out by a column that it does not fill.
    """
    for at in range(1, min(_MOST_TITLES, len(lines) - 1)):
        table = table_of(lines[at:])
        if table is None or has_no_header(table):
            continue
        names = tuple(name.strip().strip('"') for name in lines[at].split(table.delimiter))
        above = [[cell.strip() for cell in line.split(table.delimiter)] for line in lines[:at]]
        if len(names) < _FEWEST_COLUMNS or not all(names) or len(set(names)) < len(names):
            continue
        fields = propose(table.records, lambda path: path[0], day_first=table.delimiter == ";")
        by = None if fields is None else _filled(fields, names, above)
        if fields is None or by is None:
            continue
        only: dict[str, Any] = {by: {"present": True}, **fields.only}
        note = (
            f"columns: the header is row {at + 1}, and columns are named as in it; the {at} rows above it are left"
            f" out, as they have no {by}"
        )
        made = replace(
            fields, only=only, notes=(note, *fields.notes), extras={**fields.extras, "columns": list(names)}
        )
        return made, table
    return None


def _filled(fields: FieldGuess, names: Sequence[str], above: Sequence[Sequence[str]]) -> str | None:
    """Return a column of calls that no row above the header fills."""
    for field in _CHOSEN:
        setting = fields.fields.get(field)
        path = setting.get("path") if isinstance(setting, dict) else setting
        if isinstance(path, str) and path in names:
            at = names.index(path)
            if not any(len(row) > at and row[at] for row in above):
                return path
    return None
