"""The output of commands: a table for people, or a JSON document for programs."""

from __future__ import annotations

import json
import shutil
import textwrap
from collections.abc import Sequence
from typing import Any

import click

from leverwatch.agent.framework.model import Strategy

WIDTH = 80
"""Columns of what is no terminal, and of one that does not tell its size."""
_NARROWEST = 60
_BESIDE = 40
"""Columns that a text beside a table needs at least; with fewer it is below its row."""


def terminal_width() -> int:
    """Return how many columns a line of text may have."""
    return max(shutil.get_terminal_size((WIDTH, 24)).columns or WIDTH, _NARROWEST)


def print_json(value: Any) -> None:
    """Write one JSON document to standard output."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table as text, with columns as wide as needed, and numbers aligned to the right."""
    columns = list(zip(header, *rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    numeric = [all(_is_number(cell) for cell in column[1:]) and len(column) > 1 for column in columns]

    def line(cells: Sequence[str]) -> str:
        parts = (
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(cells, widths, numeric, strict=True)
        )
        return "  ".join(parts).rstrip()

    return "\n".join(line(cells) for cells in (header, *rows))


def told_table(header: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> str:
    """Return a table whose last column is a text, wrapped so that no line of it is longer than `width`.

    The text is beside its row, or below it where there is too little room.
    """
    told, texts = header[-1], [plain(row[-1]) for row in rows]
    first, *lines = table(header[:-1], [row[:-1] for row in rows]).splitlines()
    indent = max(map(len, (first, *lines))) + 2
    if width - indent < _BESIDE:
        below = (
            f"{line}\n{textwrap.fill(text, width, initial_indent='  ', subsequent_indent='  ', **_WHOLE)}"
            for line, text in zip(lines, texts, strict=True)
        )
        return "\n".join((first, *below))
    found = [f"{first:<{indent}}{told}"]
    for line, text in zip(lines, texts, strict=True):
        parts = textwrap.wrap(text, width - indent, **_WHOLE) or [""]
        found += [f"{line if at == 0 else '':<{indent}}{part}".rstrip() for at, part in enumerate(parts)]
    return "\n".join(found)


def plain(text: str) -> str:
    """Return a text without what a terminal takes for the end of a line: names in it come from records."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


_WHOLE: dict[str, Any] = {"break_on_hyphens": False}


def _is_number(cell: str) -> bool:
    return not cell.strip("0123456789.,-KMB%s ") and cell != ""


def count(number: float) -> str:
    """Return a count with separators: 18,059,974, or 1,234.5 for a sampled one."""
    return f"{number:,.0f}" if float(number).is_integer() else f"{number:,.1f}"


def spoken(strategy: Strategy | None) -> str:
    """A strategy as a cell of a table."""
    return "-" if strategy is None else strategy.value.replace("_", " ")
