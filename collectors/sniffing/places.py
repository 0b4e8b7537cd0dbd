"""Finds where in documents calls lie: in arrays, and under keys that are days, models or other names. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.records.shapes.spread import EVERY
from leverwatch.collectors.sniffing.called_events import event_of_calls
from leverwatch.collectors.sniffing.calls_alone import TOTALS, is_provider, sign_of_calls
from leverwatch.collectors.sniffing.columns import Columns, dotted, leaves
from leverwatch.collectors.sniffing.field_names import FAILURES, is_called, is_time, rank
from leverwatch.collectors.sniffing.models import looks_like_model
from leverwatch.collectors.sniffing.name_words import bare_field, token_field
from leverwatch.collectors.sniffing.presummed import names_calls

DATE, MODEL, ID, NAME = "date", "model", "requestid", "system"
"""What the keys of an object are, each by the name of a field that has such values."""
_DAY = re.compile(
    r"20\d\d([./]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])"
    r"|(?:0?[1-9]|[12]\d|3[01])([./-])(?:0?[1-9]|[12]\d|3[01])\2(?:20)?\d\d"
)
_STARTS = ("start", "from", "begin", "begins", "periodstart", "bucketstart", "startts", "intervalstart")
"""Names of a time at which the sums of a period begin."""
_DEEPEST = 8
_MOST_KEYS = 200
_LOOKED_AT = 2000
_MOSTLY = 0.6
_FEWEST_NAMES, _FEWEST_BELOW, _FEWEST_SILENT = 3, 2, 2
"""Keys that are other names: below those of days or models, fewer tell."""
TOTAL_KEYS = frozenset({"total", "totals", "all", "sum", "overall", "gesamt", "summe", "grand_total", "combined"})
"""Keys of what is the sum of the others."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where records lie in a document."""

    path: Path
    """The keys that lead there, `*` for every entry of an object."""
    keys: tuple[str, ...]
    """What each of these entries is called by."""
    items: int
    """The number of records there."""
    documents: int
    """The number of documents."""
    totals: tuple[tuple[int, str], ...] = ()
    """Keys of sums of the others, each with the number of its `*`."""
    timed: bool = False
    """Whether the records have a time of their own."""
    signs: int = 0
    """How many of a time of day and a model these records tell, which calls have and sums of days have not."""

    tells_tokens: bool = True
    """Whether the records tell tokens."""
    is_summed: bool = False
    """Whether the documents tell their number and the sum of what they say, and have the only time."""

    @property
    def spelled(self) -> str:
        """The place as the configuration has it."""
        return spell(self.path)


spell = dotted


def places_of(documents: Sequence[dict[str, Any]], *, silent: bool = False) -> list[Place]:
    """Return the places whose records tell tokens of their own: those with a time first, then those with a time of
    day and a model, then those with most records. `silent` ones are those whose records tell none, and have a time
    of day and a sign of a call, or are sums of days that say of how many calls."""
    tells = _are_silent if silent else _tell_tokens
    found = _within([*documents[:_LOOKED_AT]], (), (), (), len(documents), tells, many=False)
    return sorted(found, key=lambda place: (not place.timed, -place.signs, -place.items, -len(place.path)))


def _within(
    nodes: list[Any],
    path: Path,
    keys: tuple[str, ...],
    totals: tuple[tuple[int, str], ...],
    documents: int,
    tells: Callable[[list[dict[str, Any]]], bool],
    *,
    many: bool,
) -> Iterator[Place]:
    many = many or any(isinstance(node, list) for node in nodes)
    objects = [it for it in _flat(nodes) if isinstance(it, dict)]
    if not objects or len(path) > _DEEPEST:
        return
    kind = _kind_of_keys(objects, _FEWEST_NAMES if EVERY not in path else _FEWEST_BELOW)
    if many and path and tells(objects[:_LOOKED_AT]):
        timed = all(map(_has_time, objects[:_LOOKED_AT]))
        signs = sum(all(map(has, objects[:_LOOKED_AT])) for has in (_has_time_of_day, _has_model))
        yield Place(path, keys, len(objects), documents, totals, timed, signs if timed else 0,
                    tells is _tell_tokens)  # fmt: skip
    if kind is not None:
        sums = {key for it in objects for key in it if key.lower() in TOTAL_KEYS}
        number = len(keys) + 1
        inner = [value for it in objects for value in it.values() if isinstance(value, dict | list)]
        more = (*totals, *((number, key) for key in sorted(sums)))
        yield from _within(inner, (*path, EVERY), (*keys, kind), more, documents, tells, many=True)
        return
    for key in islice(dict.fromkeys(key for it in objects for key in it), _MOST_KEYS):
        inner = [it[key] for it in objects if isinstance(it.get(key), dict | list)]
        if inner:
            yield from _within(inner, (*path, key), keys, totals, documents, tells, many=False)


def _flat(nodes: Sequence[Any]) -> Iterator[Any]:
    for node in nodes:
        if isinstance(node, list):
            yield from _flat(node)
        else:
            yield node


def _own(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record without objects below keys that are no names of fields."""
    if _kind_of_keys([record]) is not None:
        return {key: value for key, value in record.items() if not isinstance(value, dict | list)}
    return {key: _own(value) if isinstance(value, dict) else value for key, value in record.items()}


def _kind_of_keys(objects: Sequence[dict[str, Any]], fewest: int = _FEWEST_NAMES) -> str | None:
    """Return what the keys of these objects are that hold objects; None when they are names of fields."""
    entries = [
        (key, value) for it in objects for key, value in it.items() if isinstance(value, dict | list) and value
    ]
    names = list(dict.fromkeys(key for key, _ in entries if key.lower() not in TOTAL_KEYS))
    if not names:
        return None
    if all(map(is_day_key, names)):
        return DATE
    if sum(map(looks_like_model, names)) >= _MOSTLY * len(names):
        return MODEL
    if len(names) >= _FEWEST_NAMES and all(isinstance(value, list) for _, value in entries):
        items = [it for _, value in entries for it in value]
        named = any(_is_name_of_field(name) for name in names)
        alike = all(isinstance(it, dict) for it in items) and not named and _are_alike(items)
        return NAME if alike and all(map(_has_time, items)) else None
    inner = [value for _, value in entries if isinstance(value, dict)]
    dated = len(inner) == len(entries) and all(all(map(is_day_key, it)) for it in inner)
    sums = all(_has_model(it) and _has_tokens(it) and tells_calls(it) for it in inner)
    if (
        dated
        or sums
        or all(map(is_provider, names))
        or (len(inner) == len(entries) and all(map(_has_calls, inner)))
    ):
        fewest = min(fewest, _FEWEST_BELOW)
    alike = len(names) >= fewest and len(inner) == len(entries) and (dated or _are_alike(inner))
    if not alike or any(_is_name_of_field(name) for name in names):
        return None
    if all(map(_has_time, inner)):
        return ID
    return NAME if dated or all(_has_tokens(it) or _has_calls(it) for it in inner) else None


def _has_calls(value: dict[str, Any]) -> bool:
    """Whether an object has a list of objects with a time and tokens each."""
    lists = [it for it in value.values() if isinstance(it, list) and it]
    return any(all(isinstance(it, dict) and _has_time(it) and _has_tokens(it) for it in some) for some in lists)


def is_day_key(name: str) -> bool:
    """Whether a key is a day, as programs or people write it, or a time of one."""
    return (name[:2] in ("19", "20") and "-" in name and is_time(name)) or _DAY.fullmatch(name) is not None


def _is_name_of_field(name: str) -> bool:
    path = (name,)
    known = any(
        rank(it, path) is not None for it in ("time", "model", "input_tokens", "output_tokens", "cost_usd")
    )
    return known or token_field(path) is not None or bare_field(path) is not None


def _are_alike(objects: Sequence[dict[str, Any]]) -> bool:
    first = set(objects[0])
    return all(2 * len(first & set(it)) >= len(first | set(it)) for it in objects)


def _has_time(value: dict[str, Any]) -> bool:
    return any(rank("time", path) is not None and is_time(told) for path, told in leaves(value).items())


def _has_time_of_day(value: dict[str, Any]) -> bool:
    return any(
        rank("time", path) is not None and is_time(told) and (not isinstance(told, str) or ":" in told)
        for path, told in leaves(value).items()
    )


def _has_model(value: dict[str, Any]) -> bool:
    return any(rank("model", path) is not None and isinstance(told, str) for path, told in leaves(value).items())


def _has_tokens(value: dict[str, Any]) -> bool:
    return tells_tokens(leaves(value))


def _tell_tokens(objects: list[dict[str, Any]]) -> bool:
    return any(map(tells_tokens, (leaves(_own(it)) for it in objects)))


def _are_silent(objects: list[dict[str, Any]]) -> bool:
    """Whether objects are calls that tell no tokens, by a time of day and a model or another sign of one; or sums
    with a number of calls, and with a cost or a total of tokens."""
    if all(map(_has_sums, objects)):
        return True
    if not all(map(_has_time_of_day, objects)):
        return False
    if len(objects) < _FEWEST_SILENT and not all(_has_model(it) and _has_amount(it) for it in objects):
        return False
    if all(map(_has_model, objects)):
        return True
    columns = Columns([leaves(_own(it)) for it in objects])
    return sign_of_calls(columns) is not None or event_of_calls(columns) is not None


def _has_sums(value: dict[str, Any]) -> bool:
    numbers = [path for path, told in leaves(value).items() if isinstance(told, int | float)]
    return any(map(names_calls, numbers)) and _has_amount(value)


def tells_calls(value: dict[str, Any]) -> bool:
    """Whether an object tells a number of calls."""
    return any(names_calls(path) for path, told in leaves(value).items() if isinstance(told, int | float))


def _has_amount(value: dict[str, Any]) -> bool:
    """Whether an object has a cost or a total of tokens."""
    numbers = [path for path, told in leaves(value).items() if isinstance(told, int | float)]
    return any(is_called(TOTALS, path) or rank("cost_usd", path) is not None for path in numbers)


def tells_tokens(record: Any) -> bool:
    """Whether the values of a record, by path, have tokens among them."""
    return any(
        isinstance(value, int | float) and not isinstance(value, bool) and _names_tokens(path)
        for path, value in record.items()
    )


def _names_tokens(path: Path) -> bool:
    named = any(rank(name, path) is not None for name in ("input_tokens", "output_tokens"))
    return named or bare_field(path) is not None


def records_at(value: Any, place: Path, keys: tuple[str, ...]) -> Iterator[tuple[dict[str, Any], tuple[str, ...]]]:
    """Yield the records of a value, each within the objects around it, of which amounts and outcomes are none of
    its own."""
    if isinstance(value, list):
        for element in value:
            yield from records_at(element, place, keys)
    elif isinstance(value, dict) and not place:
        yield value, keys
    elif isinstance(value, dict) and place[0] == EVERY:
        kept = _of_around({key: it for key, it in value.items() if not isinstance(it, dict | list)})
        for key, entry in value.items():
            for made, all_keys in records_at(entry, place[1:], (*keys, key)):
                yield {**kept, EVERY: made}, all_keys
    elif isinstance(value, dict):
        around = {key: it for key, it in value.items() if key != place[0]}
        kept = _of_around(around)
        for made, all_keys in records_at(value.get(place[0]), place[1:], keys):
            yield {**kept, place[0]: made}, all_keys


def without_times(record: dict[str, Any], place: Path) -> dict[str, Any]:
    """Return a record that has a time of its own without those around it, as of the file."""
    kept: dict[str, Any] = {}
    for key, inner in record.items():
        if place and key == place[0]:
            kept[key] = without_times(inner, place[1:]) if len(place) > 1 and isinstance(inner, dict) else inner
        elif isinstance(inner, dict):
            kept[key] = without_times(inner, ())
        elif not (rank("time", (key,)) is not None and is_time(inner)):
            kept[key] = inner
    return kept


def _of_around(value: dict[str, Any], above: Path = ()) -> dict[str, Any]:
    """Return what an object says of each of the calls in it: no amounts, no outcomes, and no arrays."""
    kept: dict[str, Any] = {}
    for key, inner in value.items():
        path = (*above, key)
        if isinstance(inner, dict):
            kept[key] = _of_around(inner, path)
        elif isinstance(inner, list) or rank("status", path) is not None or is_called(FAILURES, path):
            continue
        elif isinstance(inner, str) or (
            (rank("time", path) is not None or is_called(_STARTS, (key,))) and is_time(inner)
        ):
            kept[key] = inner
    return kept
