"""What the documents of a log have in one place, as records, and whether these are the calls. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.records.shapes.spread import EVERY
from leverwatch.collectors.sniffing.calls_around import calls_around
from leverwatch.collectors.sniffing.columns import leaves
from leverwatch.collectors.sniffing.field_names import LED, rank
from leverwatch.collectors.sniffing.guess import FieldGuess
from leverwatch.collectors.sniffing.models import looks_like_model
from leverwatch.collectors.sniffing.name_words import bare_field, loose_rank
from leverwatch.collectors.sniffing.numerals import number_of, numerals_of
from leverwatch.collectors.sniffing.places import DATE, MODEL, Place, records_at, spell, without_times

_TOKENS = ("input_tokens", "output_tokens")
_MOSTLY = 0.9
_Document = dict[str, Any]


class Taken:
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
        if any(tells(plain.fields[name], self._place) for name in told):
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


def tells(setting: Any, place: Place) -> bool:
    """Whether what a field map says of a field leads through a place."""
    paths = setting.get("path") if isinstance(setting, Mapping) else setting
    many = [paths] if isinstance(paths, str) else list(paths or ())
    return any(isinstance(path, str) and path.lstrip("+").startswith(f"{place.spelled}.") for path in many)
