"""What a field map says of one field, and the function that reads it from the raw values of a record. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from leverwatch.collectors.counted_fields import Unit, amounts
from leverwatch.collectors.records.field_values import (
    BOUNDED,
    TEXT,
    Mistyped,
    Words,
    Written,
    as_dollars,
    as_milliseconds,
    duration_reader,
    number_reader,
    text_reader,
    time_reader,
    word_reader,
)
from leverwatch.collectors.records.tokens import WHOLES, Stands

PLUS = "+"
"""What every path of a sum after the first begins with."""
WHOLE_OF = {part: whole for whole, parts in WHOLES.items() for part in parts}
"""By field that is a part of another one, this one."""

_DIGITS = 15
_SHORT = 10**_DIGITS - 1
ReadField = Callable[[Sequence[Any]], Any]
"""Returns the value of a field, given the raw values at its paths; None when it is unknown. Raises Mistyped."""


class FieldSpec(Struct, frozen=True):
    """Where the value of a field is, and how it is written."""

    paths: tuple[str, ...] = ()
    """As written in the map: names of columns, or paths into the record."""
    is_sum: bool = False
    """Whether the values at the paths are added up; else the first one that is told is the value."""
    constant: Any = None
    """The value of every record; None: the paths tell it."""
    form: str | None = None
    """How a time is written, as `strptime` has it."""
    unit: str | None = None
    """The unit of a time, a duration or a cost."""
    written: Written | None = None
    """How numbers are written that are texts; None: as JSON has them."""
    words: tuple[Words, ...] = ()
    stands: Stands | None = None
    """Where a part of tokens stands; None: nobody says it."""
    total: str | None = None
    """Where the total of input and output is, in records of which a part that mostly stands beside its whole is
    inside where both are the total; None: it is beside in all of them."""
    session: str | None = None
    """Where the session is within which the value is a counter that only grows; None: it is no such counter."""

    @property
    def is_beside(self) -> bool:
        """Whether it is a part that its whole leaves out."""
        return self.stands is Stands.BESIDE

    def reader(self, name: str, written: Written | None = None) -> ReadField:
        """Return the function that reads the field of this name; `written` is how its numbers are written, if it
        does not say so itself."""
        if self.constant is not None:
            return lambda _: self.constant
        if self.is_sum:
            return (
                _joined(self)
                if name == "time"
                else _added(self.paths, BOUNDED[name], self.value_reader(name, written))
            )
        return _first(self.paths, self.value_reader(name, written))

    def _number(self, written: Written | None) -> Callable[[Any], float | None]:
        read = number_reader(written if self.written is None else self.written.signed_as(written))
        return lambda value: None if value.__class__ is str and not value.strip() else read(value)

    def value_reader(self, name: str, written: Written | None = None) -> Callable[[Any], Any]:
        """Return the function that reads the value at one of the paths."""
        if name == "time":
            return time_reader(self.form, self.unit)
        if name not in BOUNDED:
            as_text = name in ("operation", "finish_reason")
            return word_reader(self.words, as_text=as_text) if self.words else text_reader(name)
        if self.unit == TEXT:
            duration = duration_reader()
            return lambda raw: None if isinstance(raw, str) and not raw.strip() else duration(raw)
        read, bound = self._number(written), BOUNDED[name]
        if self.unit is not None:
            bound = as_dollars(self.unit) if name == "cost_usd" else as_milliseconds(self.unit)

        def value(raw: Any) -> float | None:
            number = read(raw)
            return None if number is None else bound(number)

        def plain(raw: Any) -> float | None:
            # Most values are short whole numbers, which every field but a rate takes as they are.
            if raw.__class__ is int and 0 <= raw <= _SHORT:
                whole: int = raw
                return whole
            if raw.__class__ is str and len(raw) <= _DIGITS and raw.isascii() and raw.isdigit():
                return int(raw)
            return value(raw)

        return value if name == "sample_rate" or self.unit is not None else plain

    def plain(self) -> str | None:
        """Return the single path of a field of which nothing else is said; None when there is more to it."""
        return self.paths[0] if self == FieldSpec(self.paths) and len(self.paths) == 1 else None


def _first(paths: Sequence[str], read: Callable[[Any], Any]) -> ReadField:
    if len(paths) == 1:
        (path,) = paths

        def only(raw: Sequence[Any]) -> Any:
            (value,) = raw
            if value is None:
                return None
            try:
                return read(value)
            except Mistyped as error:
                raise Mistyped(f"{path}: {error}") from None

        return only

    def first(raw: Sequence[Any]) -> Any:
        for path, value in zip(paths, raw, strict=True):
            if value is not None and (told := _at(path, read, value)) is not None:
                return told
        return None

    return first


def _added(
    paths: Sequence[str], bound: Callable[[float], float], read: Callable[[Any], float | None]
) -> ReadField:
    def added(raw: Sequence[Any]) -> float | None:
        """What the first path does not tell is unknown, whatever the others do."""
        total: float | None = None
        is_first = True
        for path, value in zip(paths, raw, strict=True):
            number = None
            if value is not None:
                try:
                    number = read(value)
                except Mistyped as error:
                    raise Mistyped(f"{path}: {error}") from None
            if is_first:
                total, is_first = number, False
            elif total is not None and number is not None:
                total += number
        return None if total is None else _at("the sum", bound, total)

    return added


def _joined(spec: FieldSpec) -> ReadField:
    """A date and the time of day that stands apart from it."""
    read, paths = time_reader(spec.form, spec.unit), spec.paths

    def joined(raw: Sequence[Any]) -> Any:
        parts: list[str] = []
        for path, value in zip(paths, raw, strict=True):
            if value is not None and not isinstance(value, str | int | float):
                raise Mistyped(f"{path}: expected a text")
            if value is None or not str(value).strip():
                return None
            parts.append(str(value).strip())
        return read(" ".join(parts))

    return joined


def _at(path: str, read: Callable[[Any], Any], value: Any) -> Any:
    try:
        return read(value)
    except Mistyped as error:
        raise Mistyped(f"{path}: {error}") from None


WHOLE_FIELDS = frozenset(amounts(Unit.TOKENS))
"""The fields that are numbers of tokens."""
COUNTERS = frozenset((*amounts(), "inferences", "attempts", "errors"))
"""The fields that can be counters which only grow."""
