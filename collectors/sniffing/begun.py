"""Tells records of one call apart that a log has two of: of its beginning and end, or of its input and output.

Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.columns import Columns
from leverwatch.collectors.sniffing.field_names import rank
from leverwatch.collectors.sniffing.kept import Kinds
from leverwatch.collectors.sniffing.moments import readable
from leverwatch.collectors.sniffing.name_words import word_set, words_of
from leverwatch.collectors.sniffing.numerals import Scalar
from leverwatch.collectors.sniffing.questions import is_asked
from leverwatch.collectors.sniffing.rest import failures_of
from leverwatch.collectors.sniffing.words import is_word

_IN = word_set("input in prompt request requested entrada eingabe entree")
_OUT = word_set("output out completion response responded salida ausgabe sortie")
_FEWEST, _MOSTLY, _ALIKE = 2, 0.8, 0.75
_TOGETHER = 0.02
"""Seconds between what a program writes of one call at once."""


def without_begun(found: Kinds, columns: Columns, spell: Callable[[Path], str]) -> Kinds:
    """Leave out records that tell of the beginning, or of the input, of a call that another record tells of."""
    return _without_inputs(_without_asked(found, columns, spell), columns, spell)


def _without_asked(found: Kinds, columns: Columns, spell: Callable[[Path], str]) -> Kinds:
    """Leave out records with what was asked, each of which one with output tokens follows that has it not."""
    for path, column in columns.of.items():
        if rank("output_tokens", path) is None or path in found.only:
            continue
        ended = [at for at in found.kept if column.counts.get(at, 0) > 0]
        begun = [at for at in found.kept if at not in column.by_record]
        if len(begun) < _FEWEST or len(ended) + len(begun) != len(found.kept) or set(begun) & failures_of(columns):
            continue
        if not _ALIKE <= len(begun) / max(len(ended), 1) <= 1 / _ALIKE or not _follow(found.kept, begun):
            continue
        texts = [it for it in columns.of.values() if is_asked(it) and not set(it.at) & set(ended)]
        if not any(len(set(begun) & set(it.at)) >= _MOSTLY * len(begun) for it in texts):
            continue
        note = (
            f"only: {len(begun)} records without {spell(path)}, each before one that has it, are left out as the"
            f" beginnings of calls; were they calls, such as failed ones, there would be {len(begun)} more"
        )
        only = {**found.only, path: {"present": True}}
        return replace(found, kept=ended, only=only, notes=(*found.notes, note))
    return found


def _without_inputs(found: Kinds, columns: Columns, spell: Callable[[Path], str]) -> Kinds:
    """Leave out records of inputs, where as many are of outputs, by words that say no more than which they are."""
    for path, column in columns.of.items():
        words = list(dict.fromkeys(column.by_record.get(at) for at in found.kept))
        taken, given = _sides(words)
        if not taken or path in found.only:
            continue
        inputs = [at for at in found.kept if column.by_record.get(at) in taken]
        outputs = [at for at in found.kept if column.by_record.get(at) in given]
        if not _ALIKE <= len(inputs) / len(outputs) <= 1 / _ALIKE or not _neighbours(found.kept, inputs, outputs):
            continue
        name, number = spell(path), len(inputs)
        asked, answered = (", ".join(map(str, it)) for it in (taken, given))
        if not _are_of_one(columns, inputs, outputs):
            note = (
                f"inferences: {number} records whose {name} is {asked} count as calls beside those of"
                f" {answered}; if they are the inputs of these, there are {number} fewer"
            )
            return replace(found, notes=(*found.notes, note))
        more = [
            (
                f"inferences: {number} records whose {name} is {asked} are taken for the inputs of the calls"
                f" whose outputs have {answered}, and are left out; were they calls, there would be {number} more"
            ),
            (
                f"input_tokens and cost_usd: what the records of {asked} tell of them is not in the calls, as"
                " no setting joins two records"
            ),
        ]
        if any(it not in taken and it not in given for it in words):
            # Other kinds of calls, of which there may be more than in a sample.
            return found.without({path: taken}, columns, more)
        only = {**found.only, path: given[0] if len(given) == 1 else given}
        kept = [at for at in found.kept if column.by_record.get(at) in given]
        return replace(found, kept=kept, only=only, notes=(*found.notes, *more))
    return found


def _sides(words: Sequence[Scalar | None]) -> tuple[list[Scalar], list[Scalar]]:
    """Return the words for inputs and those for outputs, each of which has one of the other side that says no more
    than it besides: `draft_prompt` and `draft_response`."""
    sides: list[dict[frozenset[str], list[Scalar]]] = [{}, {}]
    for side, (own, other) in zip(sides, ((_IN, _OUT), (_OUT, _IN)), strict=True):
        for word in words:
            if word is not None and _is_side(word, own, other):
                side.setdefault(_rest(word), []).append(word)
    both = [rest for rest, taken in sides[0].items() if len(taken) == 1 and len(sides[1].get(rest, ())) == 1]
    taken, given = ({it for rest in both for it in side[rest]} for side in sides)
    return [it for it in words if it in taken], [it for it in words if it in given]


def _are_of_one(columns: Columns, inputs: Sequence[int], outputs: Sequence[int]) -> bool:
    """Whether each input has the time, to few milliseconds, or the id of an output."""
    for path, column in columns.of.items():
        if all(rank(name, path) is None for name in ("time", "request_id")):
            continue
        pairs = list(zip(sorted(inputs), sorted(outputs), strict=False))
        values = column.by_record
        is_time = rank("time", path) is not None
        same = sum(
            one in values and _same(values[one], values.get(other), is_time=is_time) for one, other in pairs
        )
        if same >= _MOSTLY * len(inputs) and len({values.get(at) for at in inputs}) >= _MOSTLY * len(inputs):
            return True
    return False


def _same(one: Scalar, other: Scalar | None, *, is_time: bool) -> bool:
    if one == other or not is_time:
        return one == other
    begun, ended = readable(one, None), readable(other, None)
    return begun is not None and ended is not None and abs((ended - begun).total_seconds()) <= _TOGETHER


def _is_side(value: Scalar | None, own: frozenset[str], other: frozenset[str]) -> bool:
    words = frozenset(words_of(value)) if isinstance(value, str) and is_word(value) else frozenset()
    return bool(words & own) and not words & other


def _rest(value: Scalar | None) -> frozenset[str]:
    return frozenset(words_of(str(value))) - _IN - _OUT


def _follow(kept: Sequence[int], begun: Sequence[int]) -> bool:
    """Whether another record stands behind nearly each of some."""
    first = set(begun)
    return sum(one in first and other not in first for one, other in pairwise(kept)) >= _MOSTLY * len(begun)


def _neighbours(kept: Sequence[int], inputs: Sequence[int], outputs: Sequence[int]) -> bool:
    """Whether inputs and outputs stand beside each other, in whichever order."""
    side = {**dict.fromkeys(inputs, 0), **dict.fromkeys(outputs, 1)}
    told = [side[at] for at in kept if at in side]
    return sum(one != other for one, other in zip(told[::2], told[1::2], strict=False)) >= _MOSTLY * len(told) // 2
