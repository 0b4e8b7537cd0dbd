"""Leaves out records of another kind: those that name no model and took no tokens, and that a word or number of
their own tells from all that name one. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.records.vocabulary import CallStatus
from leverwatch.collectors.sniffing.columns import Column, Columns
from leverwatch.collectors.sniffing.field_names import is_called
from leverwatch.collectors.sniffing.kept import Kinds
from leverwatch.collectors.sniffing.name_words import COST, token_field, words_of
from leverwatch.collectors.sniffing.numerals import Scalar
from leverwatch.collectors.sniffing.words import outcome_of

_KINDS = ("type", "kind", "event", "eventtype", "action", "category", "recordtype", "logtype", "entrytype", "op")
_MOST_VALUES = 12
_MOST = 0.3
"""The largest share of such records: a log of calls has mostly calls."""


def without_nameless(found: Kinds, columns: Columns, models: set[Path], spell: Callable[[Path], str]) -> Kinds:
    """Return the kinds without the records of which nothing but the time is that of a call."""
    kept = set(found.kept)
    nameless = kept - columns.covered(models)
    if not models or not nameless or len(nameless) > _MOST * len(kept) or nameless & _with_amounts(columns):
        return found
    best: tuple[Path, list[Scalar]] | None = None
    for path, column in columns.of.items():
        values = _values_of(column, nameless, kept) if is_called(_KINDS, path[-1:]) else []
        if values and path not in found.only and path not in found.excluded:
            best = path, values
            break
    if best is None:
        return found
    path, values = best
    said = ", ".join(map(str, values))
    note = (
        f"not: {len(nameless)} records whose {spell(path)} is {said}, which have neither a model"
        f" nor tokens, are left out; were they calls, there would be {len(nameless)} more"
    )
    return replace(
        found,
        kept=[at for at in found.kept if at not in nameless],
        excluded={**found.excluded, path: values},
        notes=(*found.notes, note),
    )


def _with_amounts(columns: Columns) -> set[int]:
    """Return the records with tokens or a cost."""
    return {
        at
        for path, column in columns.of.items()
        if column.is_numeric and (token_field(path) is not None or not COST.isdisjoint(words_of(path[-1])))
        for at, number in column.numbers.items()
        if number > 0
    }


def _values_of(column: Column, nameless: set[int], kept: set[int]) -> list[Scalar]:
    """Return the values that all nameless records have and no others, where all have one of few."""
    own = {at: value for at, value in column.by_record.items() if at in kept}
    values = list(dict.fromkeys(value for at, value in own.items() if at in nameless))
    others = {value for at, value in own.items() if at not in nameless}
    few = len(own) == len(kept) and len(values) + len(others) <= _MOST_VALUES and len(others) < len(kept) / 2
    fails = any(outcome_of(it) is CallStatus.ERROR for it in values if isinstance(it, str))
    return values if few and not fails and not others.intersection(values) else []
