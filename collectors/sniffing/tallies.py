"""Proposes a field map for documents in which a program keeps how many calls there were by day, model or provider.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.records.formats.interface import Repeats
from leverwatch.collectors.records.shapes.spread import EVERY
from leverwatch.collectors.sniffing.beside import merged_maps
from leverwatch.collectors.sniffing.calls_alone import PROVIDERS, is_provider
from leverwatch.collectors.sniffing.columns import leaves
from leverwatch.collectors.sniffing.field_names import LED
from leverwatch.collectors.sniffing.guess import FieldGuess, propose
from leverwatch.collectors.sniffing.models import looks_like_model
from leverwatch.collectors.sniffing.name_words import TOKEN, word_set, words_of
from leverwatch.collectors.sniffing.places import DATE, MODEL, records_at, spell
from leverwatch.collectors.sniffing.tally_places import TallyPlace, is_moment, tally_places, time_level

_OF_MODELS = (
    TOKEN | PROVIDERS | word_set("llm llms ai ia ki prompts prompt completions inferences inference chatbot")
)
_UPDATED = word_set("updated update saved written modified generated exported last start started created since")
_OF_ALL = word_set("total totals all lifetime overall cumulative sum")
_LOOKED_AT = 2000
_ALIKE, _MOST_DEPTH = 0.5, 8
_Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Tally:
    """A place with the field map of its records."""

    place: TallyPlace
    fields: FieldGuess
    calls: float
    days: frozenset[str]
    names: frozenset[str]
    """The names of what a record has of its own."""
    is_dated: bool
    """Whether the days are those of the records, and not the one of the file."""
    named: int
    """Whether a model is told, or at least who served."""


def speaks_of_models(documents: Sequence[_Document], file_name: str) -> bool:
    """Whether a key, a short word or the name of the file is that of a model, of who serves some, or of tokens."""
    texts = {*_texts(documents[:_LOOKED_AT], 0), file_name.rpartition(".")[0] or file_name}
    return any(looks_like_model(it) or not _OF_MODELS.isdisjoint(words_of(it)) for it in texts)


def _texts(value: Any, depth: int) -> Iterator[str]:
    if depth > _MOST_DEPTH:
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            if isinstance(inner, str) and (is_provider(inner) or looks_like_model(inner)):
                yield inner
            yield from _texts(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, depth + 1)


def tallied(documents: Sequence[_Document], file_name: str) -> FieldGuess | None:
    """Return a field map for the finest numbers of calls that documents have with a day; None when they have
    none, or nothing speaks of models."""
    if not documents or not speaks_of_models(documents, file_name):
        return None
    made = [it for place in tally_places(documents) for it in [_tally(documents, place)] if it is not None]
    if not made:
        return None
    dated = [it for it in made if it.is_dated] or made
    whole = max(it.calls for it in dated)
    full = [it for it in dated if it.calls == whole] or dated
    best = max(full, key=lambda it: (it.named, len(it.days), it.place.items, len(it.place.path)))
    finer = [it for it in dated if it.named > best.named and it.calls < whole]
    twin = next((it for it in made if it is not best and _is_twin(best, it)), None)
    found = best.fields if twin is None else _together(best, twin)
    if found is None:
        found, twin = best.fields, None
    notes = [*_of_others(best, twin, [*finer, *(it for it in made if it.calls != best.calls and it not in finer)])]
    if len(documents) > 1 or "request_id" in best.fields.fields:
        return replace(found, notes=tuple(dict.fromkeys((*notes, *found.notes))))
    if twin is None and _are_told_apart(best, documents):
        # The sums of the present day grow, in a document that is written anew.
        found = replace(found, fields={**found.fields, "request_id": "key.all"}, repeats=Repeats.VERSIONS)
    else:
        notes.append(
            "request_id: none tells the sums apart; those that have grown count again when they are written"
        )
    return replace(found, notes=tuple(dict.fromkeys((*notes, *found.notes))))


def _are_told_apart(best: _Tally, documents: Sequence[_Document]) -> bool:
    """Whether the keys of each record, a day among them, are those of no other."""
    keys = [keys for it in documents for _, keys in records_at(it, best.place.path, ())]
    return DATE in best.place.kinds and len(set(keys)) == len(keys)


def _of_others(best: _Tally, twin: _Tally | None, others: Sequence[_Tally]) -> Iterator[str]:
    for it in others:
        if it not in (best, twin):
            yield (
                f"inferences: {spell(it.place.path) or 'the document'} tells {it.calls:,.0f} calls in all, and"
                f" {spell(best.place.path) or 'the document'}, which is taken, {best.calls:,.0f}"
            )
    if not best.is_dated:
        yield "time: it is that of the whole document, and the calls may be of earlier days as well"


def _tally(documents: Sequence[_Document], place: TallyPlace) -> _Tally | None:
    made = [it for one in documents for it in records_at(one, place.path, ())]
    left = {(number, key) for number, key in place.outside}
    made = [(it, keys) for it, keys in made if not any((at, key) in left for at, key in enumerate(keys, 1))]
    dated_key = DATE in place.kinds
    level = None if dated_key else time_level(place, [it for it, _ in made])
    if not made or (level is None and not dated_key):
        return None
    bare = [(_own(_without_times(it, place.path, len(place.path) + 1 if level is None else level)), keys)
            for it, keys in made]  # fmt: skip
    names = [place.kinds[at] + (str(at + 1) if place.kinds[at] in place.kinds[:at] else "")
             for at in range(len(place.kinds))]  # fmt: skip
    records = [leaves({**it, **({LED: dict(zip(names, keys, strict=True))} if keys else {})}) for it, keys in bare]

    def spelled(path: Path) -> str:
        return spell(path) if path[0] != LED else f"key.{names.index(path[1]) + 1}"

    fields = propose(records, spelled, day_first=False, is_tally=True)
    if fields is None or "inferences" not in fields.fields:
        return None
    served = {f"key.{at}" for at, kind in enumerate(place.kinds, 1) if kind != MODEL}
    if fields.fields.get("model") in served:
        kept = {name: it for name, it in fields.fields.items() if name != "model"}
        fields = replace(fields, fields=kept, notes=(*fields.notes, "model: no field names one"))
    if MODEL in place.kinds and "model" not in fields.fields:
        fields = replace(fields, fields={**fields.fields, "model": f"key.{place.kinds.index(MODEL) + 1}"})
    excluded = dict(fields.excluded)
    for number, key in place.outside:
        excluded[f"key.{number}"] = [*excluded.get(f"key.{number}", []), key]
    extras = {"records": spell(place.path), **fields.extras} if place.path else fields.extras
    fields = replace(fields, excluded=excluded, extras=extras)
    found = {spelled(path): value for it in records for path, value in it.items()}
    time = _first_path(fields.fields["time"])
    days = {str(value)[:10] for it in records for path, value in it.items() if spelled(path) == time}
    own = {path[-1] for it in records for path in it if path[: len(place.path)] == place.path and path[0] != LED}
    top = level == 0 and bool(place.path)
    dated = not top or not _UPDATED.intersection(words_of(time.rpartition(".")[2]))
    since = words_of(time.rpartition(".")[2])
    if "reset" in since and not _OF_ALL.isdisjoint(words_of(_first_path(fields.fields["inferences"]))):
        return None  # of all days since then
    calls = _sum(fields.fields["inferences"], records, spelled)
    named = 2 if "model" in fields.fields else 1 if len(place.kinds) > dated_key else 0
    own_days = dated and bool(found)
    return _Tally(place, fields, calls, frozenset(days), frozenset(own), own_days, named)


def _first_path(setting: Any) -> str:
    paths = setting["path"] if isinstance(setting, dict) else setting
    return str(paths if isinstance(paths, str) else paths[0])


def _sum(setting: Any, records: Sequence[Any], spelled: Any) -> float:
    paths = setting["path"] if isinstance(setting, dict) else setting
    many = {it.lstrip("+") for it in ([paths] if isinstance(paths, str) else paths)}
    return float(
        sum(value for it in records for path, value in it.items()
            if isinstance(value, int | float) and spelled(path) in many)
    )  # fmt: skip


def _own(record: _Document) -> _Document:
    """Return a record without the tallies in it that are others."""
    return {
        key: _own(value) if isinstance(value, dict) else value for key, value in record.items()
        if not isinstance(value, list) and (key == EVERY or not _has_tallies(value))
    }  # fmt: skip


def _has_tallies(value: Any) -> bool:
    """Whether an entry has entries of its own that are named by days or models."""
    return isinstance(value, dict) and bool(value) and all(
        isinstance(it, dict | int) and looks_like_model(key) for key, it in value.items()
    )  # fmt: skip


def _without_times(record: _Document, path: Path, level: int) -> _Document:
    """Return a record without the times of objects that are further outside than a number of steps."""
    if level <= 0:
        return record
    kept = {
        key: it for key, it in record.items()
        if not is_moment(key, it) and (not isinstance(it, dict) or (bool(path) and key == path[0]))
    }  # fmt: skip
    if path and isinstance(kept.get(path[0]), dict):
        kept[path[0]] = _without_times(kept[path[0]], path[1:], level - 1)
    return kept


def _is_twin(best: _Tally, other: _Tally) -> bool:
    """Whether another place has the same of other days, as that of today beside those of a history."""
    one, two = best.place, other.place
    if one.path.count(EVERY) != two.path.count(EVERY) or not other.is_dated or best.days & other.days:
        return False
    prefix = any(a == b[: len(a)] for a, b in ((one.path, two.path), (two.path, one.path)))
    both = len(best.names & other.names)
    return not prefix and both >= _ALIKE * len(best.names | other.names)


def _together(best: _Tally, twin: _Tally) -> FieldGuess | None:
    """Return one field map for the records of both; None where there is none."""
    fields = merged_maps([best.fields.fields, twin.fields.fields])
    if fields is None:
        return None
    excluded = {**best.fields.excluded}
    for key, values in twin.fields.excluded.items():
        excluded[key] = list(dict.fromkeys([*excluded.get(key, []), *values]))
    note = f"inferences: {spell(twin.place.path)} is taken too, which has {twin.calls:,.0f} calls of other days"
    return replace(
        best.fields,
        fields=fields,
        excluded=excluded,
        notes=(note, *best.fields.notes),
        extras={**best.fields.extras, "records": [spell(best.place.path), spell(twin.place.path)]},
    )
