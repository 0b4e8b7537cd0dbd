"""Makes columns of what is inside of cells that are JSON objects, as databases export them. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from leverwatch.collectors.records.fields import Path, parse_path
from leverwatch.collectors.records.formats.cells import UNKNOWN
from leverwatch.collectors.records.framing.python_text import printed

NO_OBJECT = "the cell is no JSON object"


class CellObjects:
    """The columns that are inside of cells of others.

    Args:
        outer: the names of the columns whose cells are objects.
        wanted: the names of all columns that are read; those that begin with an outer one and a dot are inside.
        decimal: the sign in which numbers of the table have their fraction.
    """

    def __init__(self, outer: Sequence[str], wanted: Sequence[str], decimal: str = ".") -> None:
        self._decimal = decimal
        self._paths: dict[str, tuple[str, Path]] = {}
        for name in dict.fromkeys(wanted):
            column = next((it for it in outer if name.startswith(f"{it}.")), None)
            if column is not None:
                self._paths[name] = (column, parse_path(name[len(column) + 1 :]))

    def column_of(self, name: str) -> str:
        """Return the column of the table in which a wanted one is: mostly itself."""
        return self._paths[name][0] if name in self._paths else name

    def widened(
        self, names: Sequence[str], cells: Sequence[Sequence[str]]
    ) -> tuple[list[str], list[Sequence[str]], Mapping[str, Sequence[int]]]:
        """Return names and columns with those that are inside behind them, and by the name of each of these the
        rows whose cell has something, and is no object. What an object lacks is empty."""
        places = {name: names.index(outer) for name, (outer, _) in self._paths.items() if outer in names}
        objects = {at: list(map(object_of, cells[at])) for at in {*places.values()}}
        columns = [[self._text(it, self._paths[name][1]) for it in objects[at]] for name, at in places.items()]
        wrong = {name: [row for row, it in enumerate(objects[at]) if it is None] for name, at in places.items()}
        return [*names, *places], [*cells, *columns], {name: rows for name, rows in wrong.items() if rows}

    def _text(self, value: Any, path: Path) -> str:
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, str):
            return value
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, int | float):
            return repr(value).replace(".", self._decimal)
        return ""


def object_of(cell: str) -> dict[str, Any] | None:
    """Return the object that a cell is, as JSON or as Python prints it, an empty one for an empty cell; None where
    it is something else."""
    text = cell.strip()
    if text in UNKNOWN or text == "null":
        return {}
    if text[:1] != "{":
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        found = printed(text)
        return found[0] if found is not None and not found[1] else None
    return value if isinstance(value, dict) else None
