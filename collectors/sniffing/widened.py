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
_MODELS = 0.6
_NOTHING = frozenset({"n/a", "na", "-", "none", "null", "nan"})
"""What stands in a cell of any column that has no value."""
_Cells = Sequence[str]
_Test = Callable[[_Cells], bool]


def names_of_wider(
    names: Sequence[str], narrow: Sequence[_Cells], wide: Sequence[_Cells]
) -> tuple[str, ...] | None:
    """Return the names of all columns of the wider rows, where values that the header does not name stand among
    those that it does, or in another order; without those names whose place nothing tells. Empty where nothing
    tells any, and None where they stand at the end.

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
    places = _places(fitting, width) or _alone(tests, fitting)
    if len(places) < len(names) and not _are_enough([tests[at] for at in places.values()], len(names)):
        return ()
    named = {place: names[at] for place, at in places.items()}
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


def _places(fitting: Sequence[Sequence[bool]], width: int) -> dict[int, int]:
    """Return which column is at a place, where they are in their order, as far as there is only one place for it;
    nothing where they are not."""
    first: list[int] = []
    for at, row in enumerate(fitting):
        start = first[-1] + 1 if first else 0
        place = next((it for it in range(start, width - len(fitting) + at + 1) if row[it]), None)
        if place is None:
            return {}
        first.append(place)
    last: list[int] = []
    for at in reversed(range(len(fitting))):
        end = last[-1] if last else width
        last.append(next(it for it in reversed(range(end)) if fitting[at][it]))
    return {one: at for at, (one, other) in enumerate(zip(first, last[::-1], strict=True)) if one == other}


def _alone(tests: Sequence[_Test | None], fitting: Sequence[Sequence[bool]]) -> dict[int, int]:
    """Return which column is at a place, in whatever order, as far as each has only one place, and no other one
    has it as its only one."""
    sole = {at: row.index(True) for at, row in enumerate(fitting) if tests[at] is not None and sum(row) == 1}
    taken = list(sole.values())
    return {place: at for at, place in sole.items() if taken.count(place) == 1}


def _are_enough(tests: Sequence[_Test | None], columns: int) -> bool:
    """Whether columns whose places are known tell a row: the time is among them, and most are."""
    kinds = [_kind_of(test) for test in tests]
    known = sum(it is not None for it in kinds)
    return is_time in kinds and known >= _FEWEST_KINDS and 2 * len(tests) > columns


def _kind_of(test: _Test | None) -> object:
    """Return what a test asks of each cell; None where it is of no kind."""
    return test.args[0] if isinstance(test, partial) else None


def test_of(cells: _Cells) -> _Test | None:
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
    told = [text for it in cells if (text := it.strip()) and text.lower() not in _NOTHING]
    # Some models have names that nobody knows.
    least = _MODELS if kind is looks_like_model else 1.0
    return bool(told) and sum(map(kind, told)) >= least * len(told)


def _is_whole(text: str) -> bool:
    return text.isdecimal()


def _is_fraction(text: str) -> bool:
    return _is_number(text) and (not _is_whole(text) or text == "0")


def _is_number(text: str) -> bool:
    return number_of(text, numerals_of([])) is not None
