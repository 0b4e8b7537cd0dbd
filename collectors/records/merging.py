"""Makes one row of what several instrumentations tell of one call. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from leverwatch.collectors.records.fields import FIELD_INDEX
from leverwatch.collectors.records.formats.rows import settle_tokens
from leverwatch.collectors.records.observation import Key, Observation, Sight, undated
from leverwatch.collectors.records.tokens import Stands

_MODEL, _COST, _RATE = FIELD_INDEX["model"], FIELD_INDEX["cost_usd"], FIELD_INDEX["sample_rate"]
_INPUT, _OUTPUT = FIELD_INDEX["input_tokens"], FIELD_INDEX["output_tokens"]
_REASONING = FIELD_INDEX["reasoning_tokens"]
_PARTS = (FIELD_INDEX["cached_input_tokens"], FIELD_INDEX["cache_write_tokens"], _REASONING)
_DECIDED = frozenset({_MODEL, _INPUT, _OUTPUT, *_PARTS, _COST})


def merge(sights: Sequence[Sight]) -> tuple[Any, ...]:
    """Return the row of a call that all of these saw, the same in whatever order they are given.

    Time, trace, latency and sample rate are those of the outermost span; what it does not tell is taken from the
    next one inside.
    """
    first, *inner = outermost_first(sights)
    row = list(first.row)
    for sight in inner:
        _add(row, sight.row)
    row[_MODEL] = _model([first, *inner])
    settle_tokens(row, Stands.INSIDE, Stands.INSIDE)
    return tuple(row)


def outermost_first(sights: Sequence[Sight]) -> list[Sight]:
    """Return the sights with the outermost span first."""
    around: dict[Key, Observation] = {sight.seen.key: sight.seen for sight in sights}

    def place(sight: Sight) -> tuple[int, int, int, Key]:
        seen, depth, passed = sight.seen, 0, {sight.seen.key}
        outer = seen
        while outer.within is not None and (outer.trace, outer.within) in around:
            if (outer.trace, outer.within) in passed:
                break
            outer = around[outer.trace, outer.within]
            passed.add(outer.key)
            depth += 1
        return depth, (seen.start or 0) - (seen.end or 0), seen.start or 0, seen.key

    return sorted(sights, key=place)


def _add(row: list[Any], inner: tuple[Any, ...]) -> None:
    """Add to a row what the row of a span further inside tells and it does not."""
    row[_INPUT] = _larger_if_whole(row, inner)
    row[_OUTPUT] = _output(row, inner)
    for at in _PARTS:
        row[at] = _larger(row[at], inner[at])
    # Some write a price of zero for a model that they know no price of.
    row[_COST] = row[_COST] or (inner[_COST] if inner[_COST] is not None else row[_COST])
    extended = len(row)
    for at in range(extended):
        if row[at] is None and at not in _DECIDED and at - extended not in _DECIDED and at != _RATE:
            row[at] = inner[at]


def _larger(one: Any, other: Any) -> Any:
    return other if one is None else one if other is None else max(one, other)


def _larger_if_whole(row: Sequence[Any], inner: Sequence[Any]) -> Any:
    """Return the input: the larger one when it is the other with its cached tokens, else the outer one."""
    one, other = row[_INPUT], inner[_INPUT]
    if not one or not other:
        return one or (other if other is not None else one)
    cached, written = _PARTS[:2]
    parts = {side[cached] for side in (row, inner)}
    parts |= {(side[cached] or 0) + (side[written] or 0) for side in (row, inner)}
    return other if other > one and other - one in parts else one


def _output(row: Sequence[Any], inner: Sequence[Any]) -> Any:
    """Return the output: of two that are one apart the smaller, as a counter of chunks counts the last one too; of
    others the larger, which has the thinking in it, unless both tell how much they thought."""
    one, other = row[_OUTPUT], inner[_OUTPUT]
    if not one or not other:
        return one or (other if other is not None else one)
    if abs(one - other) == 1:
        return min(one, other)
    return other if row[_REASONING] and inner[_REASONING] else max(one, other)


def _model(sights: Sequence[Sight]) -> Any:
    """Return the model: a name with the date of its version before one without."""
    names = [sight.row[_MODEL] for sight in sights if sight.row[_MODEL] is not None]
    dated = [name for name in names if isinstance(name, str) and undated(name) != name]
    return next(iter(dated or names), None)
