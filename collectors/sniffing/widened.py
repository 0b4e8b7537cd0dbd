"""Finds where rows with more values than their header have those that it names, by what others had. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial

from leverwatch.collectors.sniffing.field_names import is_time
from leverwatch.collectors.sniffing.models import looks_like_model
from leverwatch.collectors.sniffing.numerals import number_of, numerals_of

_MOST_COLUMNS = 40
_FEWEST_KINDS = 3
_Cells = Sequence[str]


def names_of_wider(
    names: Sequence[str], narrow: Sequence[_Cells], wide: Sequence[_Cells]
) -> tuple[str, ...] | None:
    """Return the names of all columns of the wider rows, where values that the header does not name stand among
    those that it does; empty where nothing tells at which places, and None where they stand at the end.

    Args:
        names: the names in the header.
        narrow: rows with as many values.
        wide: rows with more, all with the same number.
    """
    width = len(wide[0]) if wide else 0
    if not narrow or not len(names) < width <= _MOST_COLUMNS:
        return None
    tests = [test_of([row[at] for row in narrow]) for at in range(len(names))]
    columns = [[row[at] for row in wide] for at in range(width)]
    fitting = [[test is None or test(column) for column in columns] for test in tests]
    if all(fitting[at][at] for at in range(len(names))):
        return None
    places = _places(fitting, width)
    if places is None:
        return ()
    named = dict(zip(places, names, strict=True))
    return tuple(named.get(at, f"column{at + 1}") for at in range(width))


def names_that_lead(
    names: Sequence[str], narrow: Sequence[_Cells], wide: Sequence[_Cells]
) -> tuple[str, ...] | None:
    """Return the names of the columns of wider rows, where their first values are like those of the header up to
    the last column with a kind, such as times and numbers; what is behind has made-up names. None where they are
    not, or what follows may be the rest of a number with a comma in it.

    Args:
        names: the names in the header.
        narrow: rows with as many values.
        wide: rows with more, all with the same number.
    """
    tests = {at: test_of([row[at] for row in narrow]) for at in range(len(names))} if narrow else {}
    kinds = {at: test for at, test in tests.items() if isinstance(test, partial)}
    last = max(kinds, default=0)
    if len(kinds) < _FEWEST_KINDS or last + 1 >= len(names) or not 0 < len(wide[0]) <= _MOST_COLUMNS:
        return None
    if not all(test([row[at] for row in wide]) for at, test in kinds.items()):
        return None
    if any(re.fullmatch(r"\d{3}", row[at].strip()) for row in wide for at in range(last + 1, len(row))):
        return None
    return (*names[: last + 1], *(f"column{at + 1}" for at in range(last + 1, len(wide[0]))))


def _places(fitting: Sequence[Sequence[bool]], width: int) -> list[int] | None:
    """Return the only places, in their order, where each column fits; None where there are none, or several."""
    first: list[int] = []
    for at, row in enumerate(fitting):
        start = first[-1] + 1 if first else 0
        place = next((it for it in range(start, width - len(fitting) + at + 1) if row[it]), None)
        if place is None:
            return None
        first.append(place)
    last: list[int] = []
    for at in reversed(range(len(fitting))):
        end = last[-1] if last else width
        last.append(next(it for it in reversed(range(end)) if fitting[at][it]))
    return first if first == last[::-1] else None


def test_of(cells: _Cells) -> Callable[[_Cells], bool] | None:
    """Return what tells whether other cells are of the same column; None where these are texts of any kind."""
    told = [it.strip() for it in cells if it.strip()]
    if set(told) == {"0"}:
        return partial(_all, _is_number)
    for kind in (is_time, looks_like_model, _is_whole, _is_fraction, _is_number):
        if told and all(map(kind, told)):
            return partial(_all, kind)
    words = set(told)
    return (
        (lambda others: not words.isdisjoint(it.strip() for it in others)) if 0 < len(words) < len(told) else None
    )


def _all(kind: Callable[[str], bool], cells: _Cells) -> bool:
    told = [it.strip() for it in cells if it.strip()]
    return bool(told) and all(map(kind, told))


def _is_whole(text: str) -> bool:
    return text.isdecimal()


def _is_fraction(text: str) -> bool:
    return _is_number(text) and (not _is_whole(text) or text == "0")


def _is_number(text: str) -> bool:
    return number_of(text, numerals_of([])) is not None
