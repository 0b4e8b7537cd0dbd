"""Makes a pattern of the rows of a table of HTML that has each row on a line of its own. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

_HEAD = re.compile(r"<th\b[^>]*>(.*?)</th>", re.IGNORECASE)
_CELL = re.compile(r"<td\b[^>]*>(.*?)</td>", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")
_BLANK = r"\s*+"
_FEWEST_COLUMNS, _FEWEST_ROWS = 3, 2


def html_cells(lines: Sequence[str]) -> tuple[list[str], list[list[str]]] | None:
    """Return the names of the columns of the first table with them, and the cells of its rows; None for none."""
    names = next((found for line in lines if len(found := _HEAD.findall(line)) >= _FEWEST_COLUMNS), [])
    rows = [found for line in lines if len(found := _CELL.findall(line)) == len(names)] if names else []
    if len(rows) < _FEWEST_ROWS:
        return None
    return [_text(it) for it in names], [[_text(it) for it in row] for row in rows]


def html_pattern(groups: Sequence[str], time: int) -> str:
    """Return the pattern of a row with a group for each column, of which one is a time."""
    cells = (
        rf"<td\b[^>]*+>{_BLANK}(?:<[^>]*+>{_BLANK})*+(?P<{name}>{chr(92) + 'd' if at == time else ''}[^<]*+)"
        rf"(?:</?[^td/>][^>]*+>{_BLANK})*+</td>"
        for at, name in enumerate(groups)
    )
    return "(?i)" + _BLANK.join(cells)


def _text(cell: str) -> str:
    return _TAG.sub("", cell).strip()
