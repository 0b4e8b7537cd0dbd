"""Writes the table of values in the chart's README."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import groupby

from helm.values_file import Value, walk
from leverwatch.agent.config.generated_part import with_part

BEGIN = "<!-- values: generated, do not edit -->"
END = "<!-- values: end -->"


def with_values(page: str, values: Sequence[Value]) -> str:
    """Return the page with its generated part replaced.

    Raises:
        ValueError: the page lacks the marks of the generated part.
    """
    sections = (_section(title, tuple(part)) for title, part in groupby(values, lambda value: value.section))
    return with_part(page, BEGIN, END, chr(10).join(sections))


def _section(title: str, values: Sequence[Value]) -> str:
    rows = [_row(value) for value in walk(values) if value.about]
    return "\n".join([f"### {title}", "", "| Value | Default | Meaning |", "|---|---|---|", *rows, ""])


def _row(value: Value) -> str:
    default = "" if value.children else f"`{_written(value)}`"
    cells = (f"`{value.name}`", default, value.about)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _written(value: Value) -> str:
    return json.dumps(value.default, ensure_ascii=False)
