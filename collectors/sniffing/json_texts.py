"""Says which tokens stand in JSON that a record holds as text, where no path reaches them. Pure."""

from __future__ import annotations

import json

from leverwatch.collectors.sniffing.columns import Column, leaves
from leverwatch.collectors.sniffing.draft import Draft
from leverwatch.collectors.sniffing.name_words import token_field

_LOOKED_AT, _MANY = 50, 0.5


def doubt_json_texts(draft: Draft) -> None:
    """Say of each field of tokens that is not mapped that texts in JSON tell it."""
    for path, column in draft.columns.of.items():
        for field, (key, most) in _tokens_in(column).items():
            if field not in draft.paths:
                draft.doubt(
                    field,
                    f"{draft.spell(path)} is JSON in a text, whose {key} (up to {most:g}) no path reaches",
                )


def _tokens_in(column: Column) -> dict[str, tuple[str, float]]:
    """Return the fields that objects in texts tell, each with its key there and its largest number."""
    texts = [it for it in column.values[:_LOOKED_AT] if isinstance(it, str) and it.lstrip()[:1] == "{"]
    if len(texts) < _MANY * len(column.values[:_LOOKED_AT]):
        return {}
    found: dict[str, tuple[str, float]] = {}
    for text in texts:
        try:
            inside = json.loads(text)
        except (ValueError, RecursionError):
            continue
        for path, value in leaves(inside).items():
            field = token_field(path)
            if field is not None and isinstance(value, int | float) and value > found.get(field, ("", 0))[1]:
                found[field] = (".".join(path), float(value))
    return found
