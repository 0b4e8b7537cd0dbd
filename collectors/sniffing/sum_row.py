"""Leaves out the last row of a table where its first word says that it is the sum of the others. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.guess import FieldGuess
from leverwatch.collectors.sniffing.numerals import Scalar

SUMS = frozenset(
    {
        "total",
        "totals",
        "sum",
        "grand total",
        "summe",
        "gesamt",
        "overall",
        "totale",
        "suma",
        "totaal",
        "总计",
        "合计",
    }
)
"""Words for what is the sum of others."""
_FEWEST = 3


def sum_row(records: Sequence[Mapping[Path, Scalar]]) -> tuple[str, str] | None:
    """Return the column and the word of a last row that sums the others; None where there is none."""
    if len(records) <= _FEWEST:
        return None
    (path, value) = next(iter(records[-1].items()), (("",), ""))
    alone = not any(record.get(path) == value for record in records[:-1])
    if isinstance(value, str) and value.strip().strip(":").lower() in SUMS and alone:
        return path[0], value
    return None


def with_sum_row(fields: FieldGuess, column: str, word: str) -> FieldGuess:
    """Return a field map that leaves out the row with a word for sums."""
    note = (
        f"not: the last row, whose {column} is {word}, is left out as the sum of the others; were it a call, there"
        " would be 1 more"
    )
    return replace(fields, excluded={**fields.excluded, column: [word]}, notes=(*fields.notes, note))
