"""Leaves out what other services took, where a field has models in some records and such services in others.

Pure.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.calls_alone import is_provider
from leverwatch.collectors.sniffing.columns import Columns
from leverwatch.collectors.sniffing.kept import Kinds
from leverwatch.collectors.sniffing.models import looks_like_model
from leverwatch.collectors.sniffing.numerals import Scalar
from leverwatch.collectors.sniffing.words import is_word, kind_of, operation_like

_FEWEST, _MOST_KINDS = 2, 20


def without_other_services(
    found: Kinds, columns: Columns, tokens: set[int], spell: Callable[[Path], str]
) -> Kinds:
    """Leave out records without tokens whose word is no model, where that of each record with tokens is one."""
    inside, outside = tokens.intersection(found.kept), set(found.kept) - tokens
    if len(inside) < _FEWEST or not outside:
        return found
    for path, column in columns.of.items():
        values = column.by_record
        models = {values.get(at) for at in inside}
        others = list(dict.fromkeys(values.get(at) for at in sorted(outside)))
        if not all(map(looks_like_model, models)) or len(others) > _MOST_KINDS or not all(map(_is_other, others)):
            continue
        named = [it for it in others if it is not None]
        note = (
            f"not: {len(outside)} records whose {spell(path)} is {', '.join(map(str, named))} have no tokens and"
            f" are left out, as others name models there; were they calls, there would be {len(outside)} more"
        )
        excluded = {**found.excluded, path: named}
        return replace(found, kept=sorted(inside), excluded=excluded, notes=(*found.notes, note))
    return found


def _is_other(value: Scalar | None) -> bool:
    """Whether a word may be the name of a service that serves no models."""
    return (
        isinstance(value, str) and is_word(value) and kind_of(value) is None and operation_like(value) is None
        and not looks_like_model(value) and not is_provider(value)
    )  # fmt: skip
