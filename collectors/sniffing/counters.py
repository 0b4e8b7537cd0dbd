"""Finds values that only grow: sums so far of a session or a process, not numbers of one call. Pure."""

from __future__ import annotations

from collections import Counter as Counts
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.columns import Column, Columns
from leverwatch.collectors.sniffing.name_words import SESSION, word_set, words_of

_FEWEST = 5
"""Steps from one record to the next that must all go up; so many hardly do by chance."""
_SOME = 4
"""Numbers that never fall, of which it is said that they may be sums so far."""
_ANY_KEY = 12
"""The same when nothing but the numbers says what the key of the counter is."""
_RESETS = 0.04
_GROWS = 0.5
_ANEW, _NEARLY, _MANY, _ONE_MORE = 0.12, 0.88, 20, 0.8
"""The share of the steps at which a counter may start anew, as that of a process does with this, where it grows at
nearly all others, of so many at least."""
_MOST_KEYS = 12
_SAME = 0.7
"""The share of the steps up that may be equal: different calls do not all take the same."""
_CUMULATIVE = word_set(
    "total cumulative session running lifetime overall accumulated acc sofar cum gesamt kumuliert cumul cumule"
)
_SINGLE = word_set("last current delta turn step this latest per increment call")


@dataclass(frozen=True, slots=True)
class Counter:
    """What a counter counts over."""

    session: Path | None
    """The path of what has a counter of its own; None: the whole file has one."""
    by_value: bool = False
    """Whether nothing but the numbers says so."""


def says_cumulative(path: Path) -> bool:
    """Whether the name says that the numbers are sums so far."""
    words = {word for key in path for word in words_of(key)}
    return bool(words & _CUMULATIVE) and not words & _SINGLE


def says_single(path: Path) -> bool:
    """Whether the name says that the numbers are of one call."""
    return not _SINGLE.isdisjoint(word for key in path for word in words_of(key))


def session_keys(columns: Columns) -> list[Path]:
    """Return the paths that may name a session, the likeliest first."""
    named = [
        path for path in columns.of
        if SESSION.intersection(words_of(path[-1])) or (len(path) > 1 and SESSION.intersection(words_of(path[-2])))
    ]  # fmt: skip
    return [path for path in named if _is_key(columns, path)][:_MOST_KEYS]


def _is_key(columns: Columns, path: Path) -> bool:
    column = columns.of[path]
    return columns.share(path) > 0.9 and all(not isinstance(value, float) for value in column.values)


def counter_of(columns: Columns, column: Column, keys: Sequence[Path], *, any_key: bool = False) -> Counter | None:
    """Return what a column counts over when its values only grow; None when they are numbers of single calls.

    Args:
        columns: all columns.
        column: the one in question.
        keys: paths that may name a session.
        any_key: whether other values that come again are tried as well.
    """
    for key in keys:
        if _grows(_series(column, columns.of[key].by_record), _FEWEST):
            return Counter(key)
    if _grows([list(column.counts.values())], _FEWEST):
        return Counter(None)
    if not any_key:
        return None
    for path, other in columns.of.items():
        again = 1 < len(set(map(str, other.values))) <= len(other.at) / 4
        tried = again and path != column.path and path not in keys and _is_key(columns, path)
        if tried and _grows(_series(column, other.by_record), _ANY_KEY):
            return Counter(path, by_value=True)
    return None


def numbers_records(column: Column) -> bool:
    """Whether the numbers are those of the records: one more than the one before, or one where they begin anew."""
    steps = list(pairwise(column.counts.values()))
    ups = sum(after == before + 1 for before, after in steps)
    anew = sum(after == 1 != before for before, after in steps)
    return ups >= _FEWEST and ups >= _ONE_MORE * len(steps) and ups + anew == len(steps)


def goes_up(column: Column) -> bool:
    """Whether the numbers never fall and end higher than they began, by whatever steps."""
    numbers = list(column.counts.values())
    return len(numbers) >= _SOME and numbers[-1] > numbers[0] and all(a <= b for a, b in pairwise(numbers))


def _series(column: Column, keys: Mapping[int, object]) -> Iterable[list[float]]:
    found: dict[str, list[float]] = {}
    for at, number in column.counts.items():
        if at in keys:
            found.setdefault(str(keys[at]), []).append(number)
    return found.values()


def _grows(series: Iterable[list[float]], fewest: int) -> bool:
    ups = downs = same = 0
    after_fall: list[float] = []
    by: Counts[float] = Counts()
    for numbers in series:
        for before, after in pairwise(numbers):
            ups += after > before
            downs += after < before
            after_fall += [after] if after < before else []
            same += after == before
            if after > before:
                by[after - before] += 1
    steps = ups + downs + same
    if not by or max(by.values()) > _SAME * ups:
        return False  # calls do not all take the same, and what does is a number of the record
    usual = median(by.elements())
    anew = downs <= _ANEW * steps and all(it <= _FEWEST * usual for it in after_fall)
    if anew and steps >= _MANY and ups >= _NEARLY * steps:
        return True
    # A counter that starts anew goes down once; one that is given again does not move.
    return ups >= fewest and downs <= _RESETS * steps and ups >= _GROWS * steps


def differences(columns: Columns, column: Column, key: Path | None) -> dict[int, float]:
    """Return by how much a counter grew at each record; a fall is a new start."""
    keys = columns.of[key].by_record if key is not None else dict.fromkeys(range(len(columns)), "")
    last: dict[str, float] = {}
    grown: dict[int, float] = {}
    for at, number in column.counts.items():
        if at not in keys:
            continue
        before = last.get(str(keys[at]), 0.0)
        grown[at] = number - before if number >= before else number
        last[str(keys[at])] = number
    return grown
