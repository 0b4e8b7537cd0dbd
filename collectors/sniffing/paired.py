"""Proposes a field map for documents with lists of keys and values. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.records.shapes.pairs import NAMES, TYPED, VALUES
from leverwatch.collectors.sniffing.columns import leaves
from leverwatch.collectors.sniffing.guess import FieldGuess, propose
from leverwatch.collectors.sniffing.places import spell

_TOKENS = ("input_tokens", "output_tokens")
_Document = dict[str, Any]


def paired(documents: Sequence[_Document], plain: FieldGuess | None, clock: str | None) -> FieldGuess | None:
    """Return a field map for documents with lists of keys and values; None when these tell nothing more."""
    paths = sorted({path for it in documents[:2000] for path in _lists_of_pairs(it, ())})
    if not paths:
        return None
    made = [_with_objects(it, paths) for it in documents]
    fields = propose([leaves(it) for it in made], clock=clock, day_first=False)
    told = {"model", *_TOKENS}
    if fields is None or (plain is not None and not (told & fields.fields.keys()) - plain.fields.keys()):
        return None
    spelled = [spell(path) for path in paths]
    used = [it for it in spelled if any(f"{it}." in str(setting) for setting in _settings(fields))]
    if not used:
        return None
    pairs = used[0] if len(used) == 1 else used
    return replace(fields, extras={"pairs": pairs, **fields.extras})


def _settings(fields: FieldGuess) -> Iterator[Any]:
    yield from fields.fields.values()
    yield from fields.only
    yield from fields.excluded
    yield from fields.systems


def _lists_of_pairs(value: _Document, path: Path) -> Iterator[Path]:
    for key, inner in value.items():
        if isinstance(inner, dict) and len(path) < 6:
            yield from _lists_of_pairs(inner, (*path, key))
        elif isinstance(inner, list) and inner and all(_pair(it) is not None for it in inner):
            yield (*path, key)


def _pair(value: Any) -> tuple[str, Any] | None:
    if not isinstance(value, dict):
        return None
    name = next((it for it in NAMES if isinstance(value.get(it), str)), None)
    if name is None:
        return None
    key = next((it for it in VALUES if it in value), None)
    others = [it for at, it in value.items() if at != name and it is not None]
    if key is None and len(others) != 1:
        return None
    told = value[key] if key is not None else others[0]
    if isinstance(told, dict) and told and TYPED.issuperset(told):
        inner = [it for it in told.values() if it is not None]
        told = inner[0] if len(inner) == 1 else told
    return value[name], told


def _with_objects(value: _Document, paths: Sequence[Path]) -> _Document:
    made = dict(value)
    for path in paths:
        node = made
        for key in path[:-1]:
            inner = node.get(key)
            node[key] = dict(inner) if isinstance(inner, dict) else {}
            node = node[key]
        pairs = node.get(path[-1])
        if isinstance(pairs, list):
            node[path[-1]] = dict(it for it in map(_pair, pairs) if it is not None)
    return made
