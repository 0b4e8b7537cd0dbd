"""Proposes a field map for documents that have several calls each. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.records.formats.interface import Repeats
from leverwatch.collectors.records.shapes.spread import EVERY
from leverwatch.collectors.sniffing.beside import calls_beside
from leverwatch.collectors.sniffing.calls_alone import is_provider
from leverwatch.collectors.sniffing.calls_around import calls_around
from leverwatch.collectors.sniffing.columns import leaves
from leverwatch.collectors.sniffing.counts_by_day import counts_by_day
from leverwatch.collectors.sniffing.field_names import LED, rank
from leverwatch.collectors.sniffing.guess import FieldGuess, propose
from leverwatch.collectors.sniffing.models import looks_like_model
from leverwatch.collectors.sniffing.name_words import bare_field, loose_rank
from leverwatch.collectors.sniffing.numerals import number_of, numerals_of
from leverwatch.collectors.sniffing.paired import paired
from leverwatch.collectors.sniffing.places import DATE, MODEL, Place, places_of, records_at, spell, without_times
from leverwatch.collectors.sniffing.runs import parts_of_runs
from leverwatch.collectors.sniffing.stamps import is_stamp
from leverwatch.collectors.sniffing.tallies import tallied

_MAIN = frozenset({"model", "input_tokens", "output_tokens", "cost_usd", "inferences"})
_TOKENS = ("input_tokens", "output_tokens")
_MOSTLY = 0.9
_ALL_KEYS = "key.all"
_Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reshaped:
    """A field map, and whether a file has one document that is written anew with each change."""

    fields: FieldGuess
    is_document: bool = False


def reshaped(
    documents: Sequence[_Document], plain: FieldGuess | None, clock: str | None, file_name: str = ""
) -> Reshaped | None:
    """Return a field map for the records inside of documents; None when the documents themselves are the calls.

    Args:
        documents: documents of the log, in its order.
        plain: the field map that takes each document for one call, if there is one.
        clock: a time that a wrapper gives, so that the documents need none; None: it gives none.
        file_name: the name of the log, which may say what numbers are of.
    """
    if plain is not None and _adds_providers(plain):
        apart = tallied(documents, file_name)
        if apart is not None and EVERY in str(apart.extras.get("records")):
            return Reshaped(apart, is_document=len(documents) == 1)
    places = places_of(documents)
    # A file of one document that tells nothing but a total has its calls in a list, if it has one with times.
    lone = plain is not None and len(documents) == 1 and _MAIN.isdisjoint(plain.fields)
    silent = not places and (plain is None or lone)
    for place in places_of(documents, silent=True) if silent else places:
        found = _spread(documents, place, plain, clock)
        if found is not None:
            apart = tallied(documents, file_name) if _adds_providers(found.fields) else None
            if apart is not None:
                return Reshaped(apart, is_document=len(documents) == 1)
            known = (plain, clock)
            more = _with_costs_around(documents, place, found, places, known)
            more = more or _of_more_calls(documents, place, found, places, known)
            more = more or _with_models_inside(documents, place, found, places, known)
            return more or _with_calls_inside(documents, place, found, places, known) or found
    for place in () if places else parts_of_runs(documents, plain):
        found = _spread(documents, place, plain, clock)
        if found is not None:
            return found
    beside = calls_beside(documents, clock)
    if beside is not None:
        return Reshaped(beside)
    in_pairs = paired(documents, plain, clock)
    if in_pairs is not None:
        return Reshaped(in_pairs)
    if plain is not None:
        return None
    # Numbers below the names of models tell more than those of a day.
    told = [it for it in (tallied(documents, file_name), counts_by_day(documents, file_name)) if it is not None]
    if not told:
        return None
    return Reshaped(max(told, key=lambda it: "model" in it.fields), is_document=len(documents) == 1)


def _adds_providers(fields: FieldGuess) -> bool:
    """Whether the calls of several providers are added up, each of which has more to say of them."""
    setting = fields.fields.get("inferences")
    paths = [it.lstrip("+").split(".") for it in setting] if isinstance(setting, list) else []
    return len(paths) > 1 and all(len(it) > 1 and is_provider(it[-2]) for it in paths)


def _with_costs_around(
    documents: Sequence[_Document],
    place: Place,
    found: Reshaped,
    places: Sequence[Place],
    known: tuple[FieldGuess | None, str | None],
) -> Reshaped | None:
    """Return the field map of the sums around some sums that tell neither a cost nor a model, where they are the
    same in all and have a cost; None where there are none."""
    inner = found.fields
    if "inferences" not in inner.fields or {"cost_usd", "model"} & inner.fields.keys():
        return None
    for other in places:
        if len(other.path) >= len(place.path) or place.path[: len(other.path)] != other.path:
            continue
        outer = _spread(documents, other, *known)
        if outer is None or not {*inner.fields, "cost_usd"} <= outer.fields.fields.keys():
            continue
        amounts = [name for name in (*_TOKENS, "inferences") if name in inner.fields]
        sums = [
            [_Taken(documents, it).total(fields.fields[name]) for name in amounts]
            for it, fields in ((place, inner), (other, outer.fields))
        ]
        if sums[0] == sums[1] and None not in sums[0]:
            note = (
                f"inferences: the entries at {place.spelled} have the same sums, and are left out, as only those"
                " around them tell a cost"
            )
            return replace(outer, fields=replace(outer.fields, notes=(*outer.fields.notes, note)))
    return None


def _of_more_calls(
    documents: Sequence[_Document],
    place: Place,
    found: Reshaped,
    places: Sequence[Place],
    known: tuple[FieldGuess | None, str | None],
) -> Reshaped | None:
    """Return the field map of the sums of days that are more than a list of calls, as where only the last ones are
    kept; None where there are none."""
    told = [name for name in _TOKENS if name in found.fields.fields]
    if "inferences" in found.fields.fields or not told:
        return None
    own = [_Taken(documents, place).total(found.fields.fields[name]) for name in told]
    for other in places:
        if other is place or DATE not in other.keys:
            continue
        outer = _spread(documents, other, *known)
        if outer is None or not {*told, "inferences"} <= outer.fields.fields.keys():
            continue
        sums = [_Taken(documents, other).total(outer.fields.fields[name]) for name in told]
        if any(mine is None or theirs is None or theirs <= mine for mine, theirs in zip(own, sums, strict=True)):
            continue
        note = (
            f"inferences: {place.spelled} has {place.items} calls, with fewer tokens than {other.spelled} tells in"
            " all: these are taken, as some calls are missing there"
        )
        return replace(outer, fields=replace(outer.fields, notes=(note, *outer.fields.notes)))
    return None


def _with_models_inside(
    documents: Sequence[_Document],
    place: Place,
    found: Reshaped,
    places: Sequence[Place],
    known: tuple[FieldGuess | None, str | None],
) -> Reshaped | None:
    """Return the field map of the parts of some sums that name a model each, where the sums name none and the
    parts are all of them; None where there are none."""
    told = [name for name in (*_TOKENS, "inferences") if name in found.fields.fields]
    if "model" in found.fields.fields or not told:
        return None
    for other in places:
        if len(other.path) <= len(place.path) or other.path[: len(place.path)] != place.path:
            continue
        inner = _spread(documents, other, *known)
        if inner is None or not {*told, "model", "time"} <= inner.fields.fields.keys():
            continue
        sums = [
            [_Taken(documents, it).total(fields.fields[name]) for name in told]
            for it, fields in ((place, found.fields), (other, inner.fields))
        ]
        if sums[0] == sums[1] and None not in sums[0]:
            return inner
    return None


def _with_calls_inside(
    documents: Sequence[_Document],
    place: Place,
    found: Reshaped,
    places: Sequence[Place],
    known: tuple[FieldGuess | None, str | None],
) -> Reshaped | None:
    """Return the field map of the calls inside of sums that say how many there were, where they are as many, have
    the same tokens in all, and each has a time of its own; None where there are none."""
    told = [name for name in _TOKENS if name in found.fields.fields]
    if "inferences" not in found.fields.fields or not told:
        return None
    sums = _Taken(documents, place)
    for other in places:
        if len(other.path) <= len(place.path) or other.path[: len(place.path)] != place.path:
            continue
        inner, calls = _spread(documents, other, *known), _Taken(documents, other)
        if inner is None or "inferences" in inner.fields.fields or not {*told} <= inner.fields.fields.keys():
            continue
        same = [
            sums.total(found.fields.fields[name]) == calls.total(inner.fields.fields[name]) is not None
            for name in told
        ]
        number = sums.total(found.fields.fields["inferences"])
        if all(same) and number == len(calls.records) and _tells(inner.fields.fields["time"], other):
            return inner
    return None


def _spread(
    documents: Sequence[_Document], place: Place, plain: FieldGuess | None, clock: str | None
) -> Reshaped | None:
    taken = _Taken(documents, place)
    if plain is not None and not taken.is_proven(plain):
        return None
    fields = propose([leaves(it) for it in taken.records], taken.spell, clock=clock, day_first=False)
    if fields is None or (place.tells_tokens and not {*_TOKENS, "model", "cost_usd"} & fields.fields.keys()):
        return None
    if is_stamp(fields.fields.get("time")) and EVERY in place.path:
        return None  # sums of a run, whose only time is in its id
    proving = _TOKENS if place.tells_tokens else ("time", "inferences")
    is_own = any(_tells(setting, place) for name in proving for setting in [fields.fields.get(name)])
    if not is_own and not place.is_summed:
        return None
    notes = [*_notes(place, fields), *fields.notes, *taken.costs_around(fields)]
    more = taken.around.note(place) if taken.around is not None and "inferences" in fields.fields else None
    notes += [more] if more else []
    left = {f"key.{number}": [key] for number, key in place.totals}
    changes: dict[str, Any] = {"notes": tuple(notes), "extras": {"records": place.spelled, **fields.extras}}
    if left:
        changes["excluded"] = {**fields.excluded, **left}
    if len(documents) == 1 and DATE in place.keys and "request_id" not in fields.fields and taken.is_one_a_key:
        # The sums of the present day grow, in a document that is written anew.
        changes["fields"] = {**fields.fields, "request_id": _ALL_KEYS}
        changes["repeats"] = Repeats.VERSIONS
    return Reshaped(replace(fields, **changes), is_document=len(documents) == 1)


def _notes(place: Place, fields: FieldGuess) -> Iterator[str]:
    if "inferences" in fields.fields:
        return
    if EVERY in place.path:
        yield (
            f"inferences: each of the {place.items} entries at {place.spelled} counts as one call, and may be the"
            " sum of several; no field says of how many"
        )
    else:
        yield (
            f"inferences: {place.spelled} of {place.documents} records has {place.items} items in all, each of"
            f" which counts as one call; were the records the calls, there would be {place.documents}"
        )
    for number, key in place.totals:
        yield f"not: entries whose key.{number} is {key} are left out, as the sums of the others"


def _tells(setting: Any, place: Place) -> bool:
    """Whether what a field map says of a field leads through a place."""
    paths = setting.get("path") if isinstance(setting, Mapping) else setting
    many = [paths] if isinstance(paths, str) else list(paths or ())
    return any(isinstance(path, str) and path.lstrip("+").startswith(f"{place.spelled}.") for path in many)


class _Taken:
    """The records that documents have in one place, as `Spread` makes them."""

    def __init__(self, documents: Sequence[_Document], place: Place) -> None:
        self._documents, self._place = documents, place
        self._by_document = [list(records_at(it, place.path, ())) for it in documents]
        self.around = calls_around(documents, place, [[made for made, _ in some] for some in self._by_document])
        if self.around is not None:
            key = self.around.key
            self._by_document = [
                [({**made, key: it[key]}, keys) for made, keys in some]
                for it, some in zip(documents, self._by_document, strict=True)
            ]
        self.records = [
            {**(without_times(made, place.path) if place.timed else made), **self._keys(keys)}
            for found in self._by_document
            for made, keys in found
            if not any(keys[number - 1] == key for number, key in place.totals)
        ]
        """The records, with the keys that led to them."""

    def total(self, setting: Any) -> float | None:
        """Return the sum of what a field that is a path tells of all records; None for any other setting."""
        if not isinstance(setting, str):
            return None
        numbers = (
            value for it in self.records for path, value in leaves(it).items() if self.spell(path) == setting
        )
        return float(sum(it for it in numbers if isinstance(it, int | float)))

    @property
    def is_one_a_key(self) -> bool:
        """Whether the keys that led to a record led to no other one, as they do to the entries of a list."""
        keys = [keys for found in self._by_document for _, keys in found]
        return len(set(keys)) == len(keys)

    def _keys(self, keys: tuple[str, ...]) -> _Document:
        # The day above records that have a time of day of their own is no better than that.
        told = {
            self._name(at): key
            for at, key in enumerate(keys)
            if not (self._place.timed and self._place.signs and self._place.keys[at] == DATE)
        }
        return {LED: told} if told else {}

    def _name(self, at: int) -> str:
        kind = self._place.keys[at]
        return kind if kind not in self._place.keys[:at] else f"{kind}{at + 1}"

    def spell(self, path: Path) -> str:
        """Write a path as the configuration does."""
        if path[0] != LED:
            return spell(path)
        return next(f"key.{at + 1}" for at in range(len(self._place.keys)) if self._name(at) == path[1])

    def costs_around(self, fields: FieldGuess) -> Iterator[str]:
        """Yield what is to be said of costs of whole documents, where none is mapped for the records in them."""
        if "cost_usd" in fields.fields:
            return
        sums: dict[str, float] = {}
        for document in self._documents:
            for path, value in leaves(document).items():
                led = all(step in (EVERY, key) for step, key in zip(self._place.path, path, strict=False))
                is_inside = led and len(path) > len(self._place.path)
                # A cost of each model has the model's name below its own.
                named = any(loose_rank("cost_usd", (key,)) is not None for key in path)
                if is_inside or isinstance(value, bool) or not named:
                    continue
                number = number_of(value, numerals_of([]))
                sums[spell(path)] = sums.get(spell(path), 0.0) + (number or 0.0)
        for spelled, total in sums.items():
            if total:
                yield (
                    f"cost_usd: {spelled} stands around the records at {self._place.spelled}, {total:,.6g} in the"
                    " sample, and is of none of them alone: not mapped, so that no cost is known"
                )

    def is_proven(self, plain: FieldGuess) -> bool:
        """Whether the records are the calls, though the documents can be taken for calls as well."""
        told = [name for name in _TOKENS if name in plain.fields]
        if not told or any(_leads_through(plain.fields[name], self._place) for name in told):
            # The documents tell no tokens, or those of one key that is no name of a field.
            return bool(self.records)
        if any(_tells(plain.fields[name], self._place) for name in told):
            return True
        if not all(self._sums(name, plain.fields[name]) for name in told):
            return False
        by_model = MODEL in self._place.keys and not self._names_models(plain.fields.get("model"))
        if by_model and all(self._sums(name, plain.fields[name], any_number=False) for name in told):
            return True  # the sums of all calls, not of the last days alone, by the model that they lack
        inner = [leaves(it) for it in self.records]
        return any(self._is_own(path) and rank(name, path) is not None
                   for it in inner for path in it for name in ("model", "time"))  # fmt: skip

    def _names_models(self, setting: Any) -> bool:
        """Whether a field that is taken for the model has names of some, and not that of a tool or a vendor."""
        names = (value for it in self._documents for at, value in leaves(it).items() if spell(at) == setting)
        return any(map(looks_like_model, names)) or isinstance(setting, list | Mapping)

    def _is_own(self, path: Path) -> bool:
        return path[: len(self._place.path)] == self._place.path

    def _sums(self, name: str, setting: Any, *, any_number: bool = True) -> bool:
        """Whether what documents tell of a field is the sum of what their records tell, by any name of it; of one
        document any number may be that sum."""
        path = setting if isinstance(setting, str) else None
        if path is None:
            return False
        wholes, sums = [], []
        for document, found in zip(self._documents, self._by_document, strict=True):
            whole = next((value for at, value in leaves(document).items() if spell(at) == path), None)
            parts = [sum(_named(name, made, self._place.path)) for made, _ in found]
            number = None if whole is None else number_of(whole, numerals_of([]))
            if number is not None and (found or not number):
                wholes.append(number)
                sums.append(sum(parts))
        same = sum(one == other for one, other in zip(wholes, sums, strict=True))
        lone = any_number and len(self._documents) == 1 and any(
            isinstance(value, int | float) and value == sum(
                sum(_named(name, made, self._place.path)) for made, _ in self._by_document[0])
            for value in leaves(self._documents[0]).values()
        )  # fmt: skip
        return lone or (bool(wholes) and same >= _MOSTLY * len(self._documents) and any(sums))


def _leads_through(setting: Any, place: Place) -> bool:
    """Whether a path goes where keys are no names of fields."""
    if EVERY not in place.path:
        return False
    before = spell(place.path[: place.path.index(EVERY)])
    paths = setting.get("path") if isinstance(setting, Mapping) else setting
    many = [paths] if isinstance(paths, str) else list(paths or ())
    return any(path.lstrip("+").startswith(f"{before}." if before else "") for path in many)


def _named(name: str, record: _Document, place: Path) -> Iterator[float]:
    """Yield the first number of a record that has a name of the field."""
    for path, value in leaves(record).items():
        named = path[: len(place)] == place and (rank(name, path) is not None or bare_field(path) == name)
        if named and isinstance(value, int | float) and not isinstance(value, bool):
            yield float(value)
            return
