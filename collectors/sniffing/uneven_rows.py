"""Tables whose rows end before their header does, or whose header is followed by no line end. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from leverwatch.collectors.sniffing.field_names import is_time
from leverwatch.collectors.sniffing.numerals import number_of
from leverwatch.collectors.sniffing.widened import test_of

_FEWEST_NAMES = 3
_FEWEST_ALIKE = 3
"""Columns whose values have a kind, such as times, names of models and counts."""
_LONGEST_TIME = 40
_Row = Sequence[str]


def ends_early(full: Sequence[_Row], short: Sequence[_Row]) -> bool:
    """Whether rows of one smaller width have what the first columns of full rows have, of the same kinds."""
    if not full or not short:
        return False
    tests = [test_of([row[at] for row in full]) for at in range(len(short[0]))]
    known = [(at, test) for at, test in enumerate(tests) if test is not None]
    return (
        len(known) >= min(_FEWEST_ALIKE, len(full[0]) - 1)
        and any(all(is_time(row[at].strip()) for row in short) for at, _ in known)
        and all(test([row[at] for row in short]) for at, test in known)
    )


def by_ends(rows: Sequence[_Row], width: int) -> dict[int, int]:
    """Return how many rows there are of each smaller width that end early, by that width.

    Args:
        rows: the rows behind the header.
        width: the number of names in the header.
    """
    full = [row for row in rows if len(row) == width]
    widths = sorted({len(row) for row in rows if 1 < len(row) < width})
    by_width = {it: [row for row in rows if len(row) == it] for it in widths}
    return {it: len(some) for it, some in by_width.items() if ends_early(full, some)}


def said_of_ends(names: Sequence[str], ends: dict[int, int], rows: int) -> list[str]:
    """Return what is to be said of rows that end early."""
    return [
        f"columns: {number} of {rows} rows have the first {width} of {len(names)} values alone, by what they are"
        f" like, and none of {', '.join(names[width:])}, which stays unknown: were another value left out, those"
        " behind it would be wrong"
        for width, number in ends.items()
    ]


def without_line_end(first: _Row, rows: Sequence[_Row]) -> tuple[str, ...] | None:
    """Return the names in a first line that has the first record behind its header, as where a program wrote no
    line end between them; None when it is no such line.

    Args:
        first: the cells of the line.
        rows: the rows behind it.
    """
    widths = {len(row) for row in rows}
    width = max(widths, key=lambda it: sum(len(row) == it for row in rows), default=0)
    if width < _FEWEST_NAMES or len(first) != 2 * width - 1:
        return None
    last, start = _split(first[width - 1])
    alike = [row for row in rows if len(row) == width]
    record = [start, *first[width:]]
    names = tuple(name.strip() for name in (*first[: width - 1], last))
    is_named = all(name and number_of(name) is None and not is_time(name) for name in names)
    return names if is_named and len(set(names)) == width and _fits(record, alike) else None


def _split(cell: str) -> tuple[str, str]:
    """Return a name, and the time that stands directly behind it; an empty time when there is none."""
    starts = (at for at in range(1, len(cell)) if cell[at].isdigit() and not cell[at - 1].isdigit())
    for at in starts:
        if len(cell) - at <= _LONGEST_TIME and is_time(cell[at:].strip()):
            return cell[:at], cell[at:]
    return cell, ""


def _fits(record: _Row, rows: Sequence[_Row]) -> bool:
    tests = [test_of([row[at] for row in rows]) for at in range(len(record))]
    return bool(record[0]) and all(is_time(row[0].strip()) for row in rows) and all(
        test is None or test([cell]) or not cell.strip() for test, cell in zip(tests, record, strict=True)
    )  # fmt: skip
