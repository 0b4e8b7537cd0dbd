"""Finds services that are no models among the models of a log, such as searches of the web. Pure."""

from __future__ import annotations

from leverwatch.collectors.sniffing.draft import Draft
from leverwatch.collectors.sniffing.invariants.amounts import amounts
from leverwatch.collectors.sniffing.models import looks_like_model
from leverwatch.collectors.sniffing.words import operation_named

_MOSTLY = 0.8
_MOST_NAMES = 3
_UNKNOWN = frozenset({"", "-", "?", "unknown", "none", "null", "n/a", "na", "default", "auto"})


def doubt_services(draft: Draft) -> None:
    """Say which models have names like none that is known, and no tokens, while those of known ones have."""
    counts = [amounts(draft, name) for name in ("input_tokens", "output_tokens")]
    told = {at for numbers in counts for at, number in numbers.items() if number > 0}
    column = draft.column("model")
    if column is None:
        _doubt_paid(draft, told)
        return
    models = {str(value) for value in column.values if looks_like_model(value)}
    known = [at for at, value in column.by_record.items() if str(value) in models]
    if not known or len(told.intersection(known)) < _MOSTLY * len(known):
        return
    strange: dict[str, int] = {}
    for at, value in column.by_record.items():
        name = str(value)
        if name not in models and name.strip().lower() not in _UNKNOWN and operation_named(value) is None:
            strange[name] = -1 if at in told or strange.get(name, 0) < 0 else strange.get(name, 0) + 1
    silent = {name: number for name, number in strange.items() if number > 0}
    if silent:
        number, names = sum(silent.values()), ", ".join(list(silent)[:_MOST_NAMES])
        draft.doubt(
            "inferences",
            f"{number} records whose {draft.spell(column.path)} is {names}, like no model that is known, have no"
            f" tokens, and count as calls; if it is another service, there are {number} fewer",
        )


def _doubt_paid(draft: Draft, told: set[int]) -> None:
    """Say which records without a model cost something and have no tokens, as speech and searches do."""
    silent = {at for at, number in amounts(draft, "cost_usd").items() if number > 0} - told
    if told and silent and "operation" not in draft.paths:
        draft.doubt(
            "inferences",
            f"{len(silent)} records have a cost and no tokens, as speech, images and searches have, and count as"
            f" generations; if they are none, there are {len(silent)} fewer",
        )
