"""Leaves out the beginnings of calls, where others tell the ends, and no event tells tokens. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.calls_alone import PROVIDERS
from leverwatch.collectors.sniffing.columns import Column, Columns
from leverwatch.collectors.sniffing.kept import Kinds
from leverwatch.collectors.sniffing.name_words import word_set, words_of
from leverwatch.collectors.sniffing.numerals import Scalar
from leverwatch.collectors.sniffing.words import Kind, kind_of, subject_of

_OF_MODELS = PROVIDERS | word_set("completion inference genai")
_FEWEST, _MOST_KINDS, _MOSTLY, _ALIKE, _LONGEST = 3, 20, 0.8, 0.75, 64


def started_of(columns: Columns, named: set[int], spell: Callable[[Path], str]) -> Kinds | None:
    """Return the ends of calls, good and bad ones, each behind its beginning; None where events are no such pairs.

    Args:
        columns: the records.
        named: those that name a model; where some do, most ends must.
        spell: writes a path as the configuration does.
    """
    for path, column in columns.of.items():
        words = list(dict.fromkeys(column.values))
        if not 2 <= len(words) <= _MOST_KINDS or not all(
            isinstance(it, str) and len(it) <= _LONGEST for it in words
        ):
            continue
        begun = [
            it for it in words if kind_of(it) in (Kind.ASKED, Kind.PENDING) and _is_of_models(it, column, named)
        ]
        if len(begun) != 1:
            continue
        about = subject_of(begun[0]) - _SMALL
        ends = [it for it in words if it not in begun and _same(about, it)]
        good = [it for it in ends if kind_of(it) is Kind.GOOD]
        bad = [it for it in ends if kind_of(it) is Kind.BAD]
        started, ended = _at(column, begun), _at(column, [*good, *bad])
        if not good or len(ended) < _FEWEST or not _ALIKE <= len(started) / len(ended) <= 1 / _ALIKE:
            continue
        if not in_turn(started, ended) or (named and 2 * len(named.intersection(ended)) < len(ended)):
            continue
        name, number = spell(path), len(started)
        note = (
            f"not: {number} records whose {name} is {begun[0]} are left out, as the beginnings of calls that"
            f" others end; were they calls, there would be {number} more inferences"
        )
        notes = [note]
        if bad:
            notes.append(f"status: {name} tells it: {', '.join(map(str, bad))} are failed calls")
        status = (path, {"success": good, "error": bad}) if bad else None
        values, others = [*good, *bad], len(columns) - number - len(ended)
        if others:
            notes[0] = (
                f"only: {number + others} records whose {name} is none of {', '.join(map(str, values))} are left"
                f" out, as the beginnings of calls and what happened around them; were they calls, there would be"
                f" {number + others} more inferences"
            )
            only = {path: values[0] if len(values) == 1 else values}
            return Kinds(ended, only, status=status, notes=tuple(notes), sign=(path,))
        return Kinds(ended, {}, {path: begun}, status, tuple(notes), sign=(path,))
    return None


_SMALL = word_set("to from for the a an of with by in at is")


def _is_of_models(word: Scalar, column: Column, named: set[int]) -> bool:
    return not _OF_MODELS.isdisjoint(words_of(str(word))) or set(_at(column, [word])) <= named


def _same(about: frozenset[str], word: Scalar) -> bool:
    own = subject_of(word) - _SMALL
    return own == about or bool(own & about)


def _at(column: Column, words: Sequence[Scalar]) -> list[int]:
    return [at for at, value in column.by_record.items() if value in words]


def in_turn(started: Sequence[int], ended: Sequence[int]) -> bool:
    """Whether an end follows nearly each beginning before the next one, or before so many as run beside it."""
    side = {**dict.fromkeys(started, 1), **dict.fromkeys(ended, -1)}
    open_ = wrong = 0
    for at in sorted(side):
        open_ += side[at]
        if open_ < 0:
            wrong, open_ = wrong + 1, 0
    return wrong <= (1 - _MOSTLY) * len(ended)
