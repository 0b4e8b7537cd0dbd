"""The output of commands: a table for people, or a JSON document for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import click

from leverwatch.agent.framework.model import Strategy


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


def _is_number(cell: str) -> bool:
    return not cell.strip("0123456789.,-KMB%s ") and cell != ""


def count(number: float) -> str:
    """Return a count with separators: 18,059,974, or 1,234.5 for a sampled one."""
    return f"{number:,.0f}" if float(number).is_integer() else f"{number:,.1f}"


def spoken(strategy: Strategy | None) -> str:
    """A strategy as a cell of a table."""
    return "-" if strategy is None else strategy.value.replace("_", " ")
