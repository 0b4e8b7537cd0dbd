"""Makes a pattern of the rows of tables that are drawn with bars and rules, as in Markdown and psql. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from leverwatch.collectors.records.formats.cell_objects import object_of
from leverwatch.collectors.sniffing.columns import leaves
from leverwatch.collectors.sniffing.field_names import is_time, rank
from leverwatch.collectors.sniffing.html_tables import html_cells, html_pattern
from leverwatch.collectors.sniffing.moments import moments_of
from leverwatch.collectors.sniffing.name_words import TOKEN, bare_field, token_field, words_of
from leverwatch.collectors.sniffing.sum_row import SUMS

_BAR = re.compile(r"[|│┃]")
_RULE = re.compile(r"[\s|│┃+:=─━┼╋┿┬┴├┤┌┐└┘╞╪╡╒╤╕╘╧╛┏┳┓┡╇┩└┴┘-]+")
_APART = re.compile(r" {2,}")
_FEWEST_COLUMNS, _FEWEST_ROWS = 3, 2
_MOSTLY, _FAR, _FEWEST_SPACED = 0.8, 20, 4
_NAME = re.compile(r"[^\W\d][\w()$%/.-]*|[$€£#]")
_MARKED = re.compile(r"[`*]+[^`*|]+[`*]+")
"""A cell with what Markdown puts around code and emphasis."""
_CURRENCIES = {"$": "cost_usd", "US$": "cost_usd", "€": "cost_eur", "£": "cost_gbp"}
"""What a column is called whose name is nothing but the sign of a currency."""
_PAIR, _PAIR_OF = re.compile(r"[\d.,]+ ?/ ?[\d.,]+"), "pair_tokens"
_MOST_APART = 3
"""Lines from a header within which a rule must be."""


def drawn_table(lines: Sequence[str]) -> str | None:
    """Return the pattern of the rows of the first table with a column of times; None when there is none."""
    for at, line in enumerate(lines):
        names = _cells(line)
        if len(names) < _FEWEST_COLUMNS or _is_rule(line):
            continue
        if not any(map(_is_rule, lines[at + 1 : at + 1 + _MOST_APART])):
            continue
        rows = [_cells(row) for row in lines[at + 1 :] if not _is_rule(row)]
        rows = [row for row in rows if len(row) == len(names)]
        time = _time_of(names, [row for row in rows if any(map(_has_figure, row[:2])) or not _is_sum(row)])
        if time is not None:
            marked = any(_MARKED.match(cell) for row in rows for cell in row)
            inside = [_numbers_inside([row[at] for row in rows]) for at in range(len(names))]
            pattern = _pattern(names, time, inside, led=bool(_BAR.match(line.strip())), marked=marked)
            return _with_pair(pattern, names, rows)
    return _html_table(lines) or _padded_table(lines) or _spaced_table(lines)


def _html_table(lines: Sequence[str]) -> str | None:
    found = html_cells(lines)
    time = None if found is None else _time_of(*found)
    return None if found is None or time is None else html_pattern(_groups(found[0]), time)


def _with_pair(pattern: str, names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return the pattern with two groups for a column of tokens that has two numbers in each cell, `7 / 2`: what
    went in and what came out, the other way round where its name says so."""
    for at, name in enumerate(_groups(names)):
        cells = [row[at] for row in rows if row[at]]
        if TOKEN.isdisjoint(words_of(names[at])) or not cells or not all(map(_PAIR.fullmatch, cells)):
            continue
        sides = [bare_field((word,)) for word in words_of(names[at])]
        given_first = "output_tokens" in sides and "input_tokens" in sides[sides.index("output_tokens") :]
        one, other = ("out", "in") if given_first else ("in", "out")
        cell = re.compile(rf"\(\?P<{name}>[^()]*\)")
        two = rf"\s*(?P<{_PAIR_OF}_{one}>[\d.,]+)\s*/\s*(?P<{_PAIR_OF}_{other}>[\d.,]+)\s*"
        match = cell.search(pattern)
        return pattern if match is None else pattern.replace(match[0], two, 1)
    return pattern


def _padded_table(lines: Sequence[str]) -> str | None:
    """Return the pattern of rows whose columns are apart by several blanks, under a header of as many names."""
    for at, line in enumerate(lines[:_FAR]):
        names = _APART.split(line.strip())
        if len(names) < _FEWEST_COLUMNS or any(re.search(r"[\d|:=]", name) for name in names):
            continue
        rows = [_APART.split(row.strip()) for row in lines[at + 1 :] if not _is_rule(row)]
        whole = [row for row in rows if len(row) == len(names)]
        time = _time_of(names, whole) if len(whole) >= max(_FEWEST_ROWS, _MOSTLY * len(rows)) else None
        if time is not None:
            # A cell may have single blanks in it; a row begins with no letter where its time is.
            cells = [
                rf"(?P<{name}>{'[0-9]' if at == time else ''}[^ ]*(?: [^ ]+)*)"
                for at, name in enumerate(_groups(names))
            ]
            return "^" + r" {2,}".join(cells) + "$"
    return None


def _spaced_table(lines: Sequence[str]) -> str | None:
    """Return the pattern of rows whose columns are apart by any blanks, under a header of as many single words, of
    which a time may have two."""
    for at, line in enumerate(lines[:_FAR]):
        names = line.split()
        if len(names) < _FEWEST_SPACED or not all(map(_NAME.fullmatch, names)):
            continue
        rows = [row.split() for row in lines[at + 1 :] if not _is_rule(row)]
        for width in (1, 2):
            whole = [[" ".join(row[:width]), *row[width:]] for row in rows if len(row) == len(names) + width - 1]
            times = [row[0] for row in whole]
            if len(whole) < max(_FEWEST_ROWS, _MOSTLY * len(rows)) or not _are_times(times):
                continue
            first, *others = _groups(names)
            begins = rf"(?P<{first}>\d{r'[^ ]*' + r' +[^ ]+' * (width - 1)})"
            return "^" + " +".join([begins, *(f"(?P<{name}>[^ ]+)" for name in others)]) + "$"
    return None


def _has_figure(cell: str) -> bool:
    return any(map(str.isdigit, cell))


def _is_sum(row: Sequence[str]) -> bool:
    """Whether a row has a word for a sum in its first cells."""
    return any(cell.strip("*_` :").lower() in SUMS for cell in row[:2])


def _is_rule(line: str) -> bool:
    return _RULE.fullmatch(line.strip()) is not None and any(it * 3 in line for it in "-─━=")


def _cells(line: str) -> list[str]:
    parts = [it.strip() for it in _BAR.split(line.strip())]
    if parts and not parts[0]:
        parts = parts[1:]
        if parts and not parts[-1]:
            parts = parts[:-1]
    return parts if len(parts) > 1 else []


def _time_of(names: Sequence[str], rows: Sequence[Sequence[str]]) -> int | None:
    """Return the column whose cells are times: one with such a name, or else the first."""
    timed = [at for at in range(len(names)) if rows and _are_times([row[at] for row in rows if row[at]])]
    return next((at for at in timed if rank("time", (names[at],)) is not None), timed[0] if timed else None)


def _are_times(cells: Sequence[str]) -> bool:
    dated = [cell for cell in cells if re.search(r"\d[-/.:]\d", cell)]
    return (
        bool(dated)
        and len(dated) == len(cells)
        and (all(map(is_time, dated)) or moments_of(dated, day_first=False) is not None)
    )


def _numbers_inside(cells: Sequence[str]) -> str:
    """Return the part of a pattern that finds the tokens told by objects in the cells of a column."""
    found: dict[str, str] = {}
    for cell in cells:
        for path, value in leaves((object_of(cell) if cell[:1] == "{" else None) or {}).items():
            if isinstance(value, int) and token_field(path) is not None:
                found.setdefault(path[-1], "_".join(path))
    return "".join(
        rf'(?=(?:[^|│┃]*"{re.escape(key)}": ?(?P<{group}>\d+))?)'
        for key, group in zip(found, _groups([*found.values()]), strict=True)
    )


def _pattern(names: Sequence[str], time: int, inside: Sequence[str], *, led: bool, marked: bool) -> str:
    """Return the pattern of a row; a header has no digit where rows have their time, and does not fit."""
    before, cell, behind = (r"[\s`*]*+", r"[^|│┃`*]*+", r"[\s`*]*+") if marked else ("", r"[^|│┃]*", "")
    groups = [
        rf"{before or chr(92) + 's*'}(?P<{name}>\d{cell}){behind}"
        if at == time
        else f"{before}{inside[at]}(?P<{name}>{cell}){behind}"
        for at, name in enumerate(_groups(names))
    ]
    bar = "[|│┃]"
    row = bar.join(groups)
    return rf"^\s*{bar}{row}{bar}" if led else f"^{row}$"


def _groups(names: Sequence[str]) -> list[str]:
    """Return a name for the group of each column, no two of them the same."""
    chosen: list[str] = []
    for at, name in enumerate(names, 1):
        base = re.sub(r"\W+", "_", _CURRENCIES.get(name.strip(), name).lower()).strip("_")
        base = base if base.isidentifier() else f"column{at}"
        chosen.append(f"{base}_{at}" if base in chosen else base)
    return chosen
