"""Reads tables in whose cells the tokens of both sides of a call stand together, as in `412/88`. Pure.

No path leads into a cell, so the rows are read as lines of text, by a pattern with a group for each column.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.guess import FieldGuess, propose
from leverwatch.collectors.sniffing.name_words import TOKEN, bare_field, token_field, words_of
from leverwatch.collectors.sniffing.numerals import Scalar
from leverwatch.collectors.sniffing.reading import spread
from leverwatch.collectors.sniffing.sum_row import sum_row
from leverwatch.collectors.sniffing.table_guess import lines_of, rows_in
from leverwatch.collectors.sniffing.tables import Table

_NUMBER = r"\d[\d.,']{0,14}(?: ?[kK])?"
_SIGN = r"(?:/|→|->|=>|\+|\||>)"
_MANY_NUMBERS = re.compile(rf"\s*{_NUMBER}(?:\s*{_SIGN}\s*{_NUMBER}){{1,2}}\s*")
_NOTHING = r"(?:[-–—?]{0,3}|[nN]/?[aA]|[nN]one|[nN]ull|NULL)"  # noqa: RUF001
_SIDES = ("input_tokens", "output_tokens")
_FEWEST = 2


@dataclass(frozen=True, slots=True)
class _Column:
    """A column whose cells have several numbers, and what each of these is."""

    path: Path
    names: tuple[str, ...]
    is_told: bool
    """Whether the header says which of them is the input."""


def pairs_in_cells(data: bytes) -> FieldGuess | None:
    """Return a field map of the lines of a table with such cells; None: it has none, or others tell tokens."""
    every, table = lines_of(data), rows_in(data)
    lines = [*every[:1], *spread(every[1:])]
    if table is None or table.columns or table.notes or len(table.records) < _FEWEST or sum_row(table.records):
        return None
    names = [*dict.fromkeys(it.strip().strip('"').strip() for it in lines[0].split(table.delimiter))]
    column = _column_of(table.records)
    if column is None or {path[0] for it in table.records for path in it} - {*names} or "" in names:
        return None
    groups = _groups(names, column)
    if groups is None:
        return None
    records = [_split(it, column) for it in table.records]
    fields = propose(records, lambda path: groups.get(path[0], path[0]), day_first=table.delimiter == ";")
    if fields is None or not all(fields.fields.get(name) for name in _SIDES):
        return None
    used = [*map(str, (fields.fields[name] for name in _SIDES))]
    if not any(groups[name] in it for name in column.names for it in used):
        return None
    pattern = _pattern(names, column, groups, table)
    if sum(re.search(pattern, line) is not None for line in lines) != len(table.records):
        return None
    notes = [*fields.notes]
    if not column.is_told:
        notes.insert(
            0,
            f"input_tokens: the first of the numbers in {column.path[0]} is taken for it, and the second one for"
            " output_tokens; no name tells",
        )
    return replace(fields, notes=tuple(notes), extras={"pattern": pattern})


def _column_of(records: Sequence[Mapping[Path, Scalar]]) -> _Column | None:
    cells: dict[Path, list[str]] = {}
    for record in records:
        for path, cell in record.items():
            cells.setdefault(path, []).append(str(cell))
    for path, some in cells.items():
        numbers = {len(re.split(_SIGN, it)) for it in some if _MANY_NUMBERS.fullmatch(it)}
        whole = [it for it in some if _MANY_NUMBERS.fullmatch(it) or re.fullmatch(_NOTHING, it.strip())]
        if len(whole) < len(some) or len(numbers) != 1 or len(some) < _FEWEST:
            continue
        column = _named(path, numbers.pop())
        if column is not None:
            return column
    return None


def _named(path: Path, numbers: int) -> _Column | None:
    """Return what the numbers of a column are by its header, as of `Tokens (in/out)`; None where it is of no
    tokens."""
    sides = [_side(it) for it in re.split(rf"\s*{_SIGN}\s*|\s+(?:and|y|et|und|e)\s+", path[0])]
    if numbers == len(sides) and set(sides[:2]) == {*_SIDES}:
        return _Column(path, (*sides[:2], *(["total_tokens"] if numbers > len(_SIDES) else [])), is_told=True)
    if TOKEN.isdisjoint(words_of(path[0])) or numbers > len(_SIDES):
        return None
    return _Column(path, _SIDES, is_told=False)


def _side(text: str) -> str:
    """Return the side of a call that a part of a header names, whatever else stands in it; empty for none."""
    words = [word for word in re.findall(r"\w+", text) if TOKEN.isdisjoint(words_of(word))]
    found = [it for it in (bare_field((word,)) or token_field((word,)) for word in words) if it in _SIDES]
    return found[0] if len(set(found)) == 1 else ""


def _groups(names: Sequence[str], column: _Column) -> dict[str, str] | None:
    """Return the name of the group of each column and of each number; None where two would be the same."""
    groups = {name: re.sub(r"\W+", "_", name).strip("_").lower() or f"column{at}" for at, name in enumerate(names)}
    groups = {name: it if it[0].isalpha() else f"c_{it}" for name, it in groups.items() if name != column.path[0]}
    groups |= {name: name for name in column.names}
    return groups if len(set(groups.values())) == len(groups) == len(names) - 1 + len(column.names) else None


def _split(record: Mapping[Path, Scalar], column: _Column) -> dict[Path, Scalar]:
    own = {path: cell for path, cell in record.items() if path != column.path}
    cell = str(record.get(column.path, ""))
    numbers = re.split(_SIGN, cell) if _MANY_NUMBERS.fullmatch(cell) else []
    return own | {(name,): it.strip() for name, it in zip(column.names, numbers, strict=False)}


def _pattern(names: Sequence[str], column: _Column, groups: Mapping[str, str], table: Table) -> str:
    sign = re.escape(table.delimiter) if table.delimiter != "\t" else r"\t"
    quoted = {
        path[0] for it in table.records for path, cell in it.items() if {table.delimiter, '"'} & {*str(cell)}
    }
    numbers = rf" *{_SIGN} *".join(rf"(?P<{name}>{_NUMBER})" for name in column.names)
    parts = []
    for name in names:
        if name == column.path[0]:
            parts.append(rf'"? *(?:{numbers}|{_NOTHING}) *"?')
        elif name in quoted:
            parts.append(rf'(?:"(?:[^"\n]|"")*"|[^"{sign}\n]*)')
        else:
            parts.append(rf'"?(?P<{groups[name]}>[^"{sign}\n]*)"?')
    if table.delimiter != "\t":
        return f"^{sign.join(parts)} *$"
    # A line is read without the blanks at its end, and so without empty cells there.
    rest = ""
    for part in reversed(parts[1:]):
        rest = f"(?:{sign}{part}{rest})?"
    return rf"^(?=[^\n]*\d){parts[0]}{rest} *$"
