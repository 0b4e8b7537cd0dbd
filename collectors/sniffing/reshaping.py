"""Proposes a field map for documents that have several calls each. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from leverwatch.collectors.records.formats.interface import Repeats
from leverwatch.collectors.records.shapes.spread import EVERY
from leverwatch.collectors.sniffing.beside import calls_beside
from leverwatch.collectors.sniffing.calls_alone import is_provider
from leverwatch.collectors.sniffing.columns import leaves
from leverwatch.collectors.sniffing.counts_by_day import counts_by_day
from leverwatch.collectors.sniffing.guess import FieldGuess, propose
from leverwatch.collectors.sniffing.paired import paired
from leverwatch.collectors.sniffing.places import DATE, Place, places_of
from leverwatch.collectors.sniffing.runs import parts_of_runs
from leverwatch.collectors.sniffing.stamps import is_stamp
from leverwatch.collectors.sniffing.taken import Taken, tells
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
            among = _Among(documents, places, plain, clock)
            more = _with_costs_around(among, place, found) or _of_more_calls(among, place, found)
            more = more or _with_models_inside(among, place, found)
            return more or _with_calls_inside(among, place, found) or found
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


@dataclass(frozen=True, slots=True)
class _Among:
    """The places of documents among which one is chosen."""

    documents: Sequence[_Document]
    places: Sequence[Place]
    plain: FieldGuess | None
    clock: str | None

    def spread(self, place: Place) -> Reshaped | None:
        """Return the field map of the records in a place; None where they are no calls."""
        return _spread(self.documents, place, self.plain, self.clock)

    def inside(self, place: Place) -> list[Place]:
        """Return the places within another one."""
        depth = len(place.path)
        return [it for it in self.places if len(it.path) > depth and it.path[:depth] == place.path]

    def totals(self, place: Place, fields: FieldGuess, names: Sequence[str]) -> list[float | None]:
        """Return the sums of what a field map tells of all records in a place; None: it is no plain path."""
        taken = Taken(self.documents, place)
        return [taken.total(fields.fields[name]) for name in names]


def _with_costs_around(among: _Among, place: Place, found: Reshaped) -> Reshaped | None:
    """Return the field map of the sums around some sums that tell neither a cost nor a model, where they are the
    same in all and have a cost; None where there are none."""
    inner = found.fields
    if "inferences" not in inner.fields or {"cost_usd", "model"} & inner.fields.keys():
        return None
    for other in among.places:
        if place not in among.inside(other):
            continue
        outer = among.spread(other)
        if outer is None or not {*inner.fields, "cost_usd"} <= outer.fields.fields.keys():
            continue
        amounts = [name for name in (*_TOKENS, "inferences") if name in inner.fields]
        sums = among.totals(place, inner, amounts)
        if None not in sums and sums == among.totals(other, outer.fields, amounts):
            note = (
                f"inferences: the entries at {place.spelled} have the same sums, and are left out, as only those"
                " around them tell a cost"
            )
            return replace(outer, fields=replace(outer.fields, notes=(*outer.fields.notes, note)))
    return None


def _of_more_calls(among: _Among, place: Place, found: Reshaped) -> Reshaped | None:
    """Return the field map of the sums of days that are more than a list of calls, as where only the last ones are
    kept; None where there are none."""
    told = [name for name in _TOKENS if name in found.fields.fields]
    if "inferences" in found.fields.fields or not told:
        return None
    own = among.totals(place, found.fields, told)
    for other in among.places:
        if other is place or DATE not in other.keys:
            continue
        outer = among.spread(other)
        if outer is None or not {*told, "inferences"} <= outer.fields.fields.keys():
            continue
        sums = among.totals(other, outer.fields, told)
        if any(mine is None or theirs is None or theirs <= mine for mine, theirs in zip(own, sums, strict=True)):
            continue
        note = (
            f"inferences: {place.spelled} has {place.items} calls, with fewer tokens than {other.spelled} tells in"
            " all: these are taken, as some calls are missing there"
        )
        return replace(outer, fields=replace(outer.fields, notes=(note, *outer.fields.notes)))
    return None


def _with_models_inside(among: _Among, place: Place, found: Reshaped) -> Reshaped | None:
    """Return the field map of the parts of some sums that name a model each, where the sums name none and the
    parts are all of them; None where there are none."""
    told = [name for name in (*_TOKENS, "inferences") if name in found.fields.fields]
    if "model" in found.fields.fields or not told:
        return None
    for other in among.inside(place):
        inner = among.spread(other)
        if inner is None or not {*told, "model", "time"} <= inner.fields.fields.keys():
            continue
        sums = among.totals(place, found.fields, told)
        if None not in sums and sums == among.totals(other, inner.fields, told):
            return inner
    return None


def _with_calls_inside(among: _Among, place: Place, found: Reshaped) -> Reshaped | None:
    """Return the field map of the calls inside of sums that say how many there were, where they are as many, have
    the same tokens in all, and each has a time of its own; None where there are none."""
    told = [name for name in _TOKENS if name in found.fields.fields]
    if "inferences" not in found.fields.fields or not told:
        return None
    *sums, number = among.totals(place, found.fields, [*told, "inferences"])
    for other in among.inside(place):
        inner = among.spread(other)
        if inner is None or "inferences" in inner.fields.fields or not {*told} <= inner.fields.fields.keys():
            continue
        if not tells(inner.fields.fields["time"], other) or number != len(Taken(among.documents, other).records):
            continue
        if None not in sums and sums == among.totals(other, inner.fields, told):
            return inner
    return None


def _spread(
    documents: Sequence[_Document], place: Place, plain: FieldGuess | None, clock: str | None
) -> Reshaped | None:
    taken = Taken(documents, place)
    if plain is not None and not taken.is_proven(plain):
        return None
    fields = propose([leaves(it) for it in taken.records], taken.spell, clock=clock, day_first=False)
    if fields is None or (place.tells_tokens and not {*_TOKENS, "model", "cost_usd"} & fields.fields.keys()):
        return None
    if is_stamp(fields.fields.get("time")) and EVERY in place.path:
        return None  # sums of a run, whose only time is in its id
    proving = _TOKENS if place.tells_tokens else ("time", "inferences")
    is_own = any(tells(setting, place) for name in proving for setting in [fields.fields.get(name)])
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
