"""Finds objects in documents that tell how many calls there were of a day, of a model or of a provider. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.records.shapes.spread import EVERY
from leverwatch.collectors.sniffing.calls_alone import is_provider
from leverwatch.collectors.sniffing.field_names import is_time, rank
from leverwatch.collectors.sniffing.models import looks_like_model
from leverwatch.collectors.sniffing.name_words import word_set, words_of
from leverwatch.collectors.sniffing.places import DATE, MODEL, NAME, TOTAL_KEYS, is_day_key
from leverwatch.collectors.sniffing.presummed import names_calls, names_outcomes, names_tally

_BY_MODEL = word_set(
    "by per model models llm llms usage stats breakdown modell modelle modele modeles modelo modelos"
)
_BY_SERVICE = word_set("by per provider providers service services backend backends vendor vendors source sources"
                       " usage api apis stats breakdown anbieter fournisseurs proveedores")  # fmt: skip
_PERIODS = word_set("today daily current history usage tokens total totals stats summary month monthly week weekly"
                    " hour hourly session lifetime last previous yesterday limits errors")  # fmt: skip
_KEYS = word_set("key keys account accounts user users client project")
_ALIKE, _MOSTLY, _FEWEST, _DEEPEST, _MOST_KEYS = 0.5, 0.6, 2, 6, 200


@dataclass(frozen=True, slots=True)
class TallyPlace:
    """Where objects with numbers of calls are."""

    path: Path
    """The keys that lead there, `*` for every entry of an object."""
    kinds: tuple[str, ...]
    """What each of these entries is called by."""
    outside: tuple[tuple[int, str], ...]
    """Keys of entries that are none of them, each with the number of its `*`."""
    items: int


def tally_places(documents: Sequence[dict[str, Any]]) -> list[TallyPlace]:
    """Return the places of objects that tell a number of calls, those of single days and models last."""
    return list(_within([*documents], (), (), ()))


def _within(
    nodes: Sequence[Any], path: Path, kinds: tuple[str, ...], outside: tuple[tuple[int, str], ...]
) -> Iterator[TallyPlace]:
    objects = [it for it in _flat(nodes) if isinstance(it, dict)]
    if not objects or len(path) > _DEEPEST:
        return
    if all(map(is_tally, objects)):
        yield TallyPlace(path, kinds, outside, len(objects))
    kind = _kind(objects, path)
    if kind is not None:
        inside = [(key, it) for one in objects for key, it in one.items() if isinstance(it, dict | list)]
        out = sorted({key for key, it in inside if not _is_entry(key, it, kind)})
        more = (*outside, *((len(kinds) + 1, key) for key in out))
        entries = [it for key, it in inside if key not in out]
        yield from _within(entries, (*path, EVERY), (*kinds, kind), more)
        if kind != NAME:
            return
    for key in list(dict.fromkeys(key for one in objects for key in one))[:_MOST_KEYS]:
        inner = [one[key] for one in objects if isinstance(one.get(key), dict | list)]
        if inner and (kind is None or not all(_is_entry(key, it, kind) for it in inner)):
            yield from _within(inner, (*path, key), kinds, outside)


def _is_entry(key: str, value: Any, kind: str) -> bool:
    """Whether an entry is one of those that the keys of its object name, and no sum or something beside them."""
    if key.lower() in TOTAL_KEYS:
        return False
    return (
        is_day_key(key)
        if kind == DATE
        else kind == MODEL
        or (isinstance(value, dict) and (is_tally(value) or is_provider(key) or all(map(is_day_key, value))))
    )


def _flat(nodes: Sequence[Any]) -> Iterator[Any]:
    for node in nodes:
        if isinstance(node, list):
            yield from _flat(node)
        else:
            yield node


def _kind(objects: Sequence[dict[str, Any]], path: Path) -> str | None:
    """Return what the keys of objects are that hold objects; None where they are names of fields."""
    every = [(key, it) for one in objects for key, it in one.items() if isinstance(it, dict | list) and it]
    every = [(key, it) for key, it in every if key.lower() not in TOTAL_KEYS]
    entries = [(key, it) for key, it in every if isinstance(it, dict)]
    if not entries and all(looks_like_model(key) for key, _ in every):
        entries = [(key, one) for key, it in every for one in it if isinstance(one, dict)]
    names = list(dict.fromkeys(key for key, _ in entries))
    if not names:
        return None
    if sum(map(is_day_key, names)) >= _MOSTLY * len(names):
        return DATE
    above = frozenset(words_of(path[-1])) if path and path[-1] != EVERY else frozenset()
    by_model = bool(above & {"model", "models"}) and above <= _BY_MODEL
    if by_model or sum(looks_like_model(it) and _KEYS.isdisjoint(words_of(it)) for it in names) >= _MOSTLY * len(
        names
    ):
        return MODEL
    served = len(names) > 1 and all(map(is_provider, names))
    dated = all(all(map(is_day_key, it)) for _, it in entries)
    tallies = [(key, it) for key, it in entries if served or dated or is_tally(it)]
    named = bool(above) and above <= _BY_SERVICE
    if not tallies or any(names_field(key) for key, _ in tallies):
        return None
    served = all(is_provider(key) for key, _ in tallies)
    if len({key for key, _ in tallies}) < (1 if named or served else _FEWEST):
        return None
    first = set(tallies[0][1])
    alike = dated or all(_ALIKE * len(first | set(it)) <= len(first & set(it)) for _, it in tallies)
    return NAME if alike else None


def names_field(name: str) -> bool:
    """Whether a key is a name of a field of a call or of a period, and nobody's name."""
    words = set(words_of(name))
    known = any(rank(it, (name,)) is not None for it in ("time", "model", "cost_usd"))
    return known or (bool(words) and words <= _PERIODS)


def is_tally(value: Any) -> bool:
    """Whether an object tells a number of calls."""
    if not isinstance(value, dict):
        return False
    numbers = [key for key, it in value.items() if _is_number(it)]
    if any(names_calls((key,)) or names_tally((key,)) for key in numbers):
        return True
    return len([key for key in numbers if names_outcomes((key,))]) >= _FEWEST


def _is_number(value: Any) -> bool:
    return isinstance(value, int | str) and not isinstance(value, bool) and str(value).isdecimal()


def time_level(place: TallyPlace, records: Sequence[dict[str, Any]]) -> int | None:
    """Return how many steps inwards the innermost time of all records is; None where they have none."""
    for depth in range(len(place.path), -1, -1):
        nodes = [_at(it, place.path[:depth]) for it in records]
        if nodes and sum(any(is_moment(key, it) for key, it in node.items()) for node in nodes) > len(nodes) / 2:
            return depth
    return None


def is_moment(key: str, value: Any) -> bool:
    """Whether an entry of an object is a time, by its name or as a text."""
    named = rank("time", (key,)) is not None or (isinstance(value, str) and "-" in value)
    return named and isinstance(value, str | int | float) and is_time(value)


def _at(record: dict[str, Any], path: Path) -> dict[str, Any]:
    node: Any = record
    for step in path:
        node = node.get(step, {}) if isinstance(node, dict) else {}
    return node if isinstance(node, dict) else {}
