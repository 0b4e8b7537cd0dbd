"""Wrappers around records on a single line: JSON inside a JSON string, and text before JSON."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

import msgspec
from msgspec.structs import replace

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.formats.interface import Units
from leverwatch.collectors.records.framing.values import NOT_JSON

STRING_FIELDS = ("message", "log", "msg", "body")
"""The keys under which log shippers put the text of a line."""
_TIME_FIELDS = ("time", "timestamp", "@timestamp", "ts", "datetime", "created_at", "asctime")
_STAMP = re.compile(
    rb"\d{4}(?:-\d\d-|/\d\d/)\d\d[T ]\d\d:\d\d(?!\d)(?::\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)?"
)
_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"
_OF_SHELLS = re.compile(
    rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +(\d{1,2})"
    rb" (\d\d:\d\d:\d\d)(?: (UTC|GMT))? (\d{4})(?!\d)"
)
"""What `date` of a shell prints in the C locale, in UTC or without a zone."""
_FAR = 200
"""Bytes of a line before its record in which a time is looked for."""
_Object = dict[str, msgspec.Raw]


class Wrapper(Protocol):
    """Removes what another program put around records."""

    def unwrap(self, outer: Units) -> Units:
        """Return the records inside; units without one are in `refused` or counted in `ignored`."""
        ...


_any = msgspec.json.Decoder().decode
_whole = msgspec.json.Decoder(str).decode


class JsonString:
    """An object with a field that has the record, as JSON text or as an object.

    A text that is not JSON is an ordinary message and ignored, unless `any_text` says that another wrapper
    follows.
    """

    def __init__(self, fields: Sequence[str] = (), *, any_text: bool = False) -> None:
        self.fields, self.any_text = tuple(fields) or STRING_FIELDS, any_text
        self._start = b"" if any_text else b"{"
        self._decoder = msgspec.json.Decoder(_Object)

    def unwrap(self, outer: Units) -> Units:
        """Return the texts of that field; ordinary messages are ignored."""
        inner = _Inner(outer)
        for index, text in enumerate(outer.units):
            stripped = text.strip(b"\0\r \t\xef\xbb\xbf")
            if not stripped:
                inner.ignored += 1
                continue
            try:
                found, time = self._inner(stripped)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                inner.refuse(index, "not one JSON object around a text")
                continue
            if found is None:
                inner.refuse(index, f"has no text in {', '.join(self.fields)}")
            elif not found.startswith(self._start):
                inner.ignored += 1
            else:
                inner.add(index, found, time)
        return inner.units()

    def _inner(self, text: bytes) -> tuple[bytes | None, str | None]:
        values = self._decoder.decode(text)
        time = None
        for name in _TIME_FIELDS:
            if name in values:
                time = _text(values[name])
                break
        for name in self.fields:
            raw = bytes(values.get(name, b"")).strip()
            if raw.startswith(b"{"):
                return raw, time
            if raw.startswith(b'"'):
                return _whole(raw).strip().encode(errors="surrogatepass"), time
        return None, time


def _text(raw: msgspec.Raw) -> str | None:
    value = _any(raw)
    if type(value) is str:
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


class Prefix:
    """Text before a record, such as `LEVEL time {json}`: the record begins at the first brace of the line.

    A date with a time of day in that text is the time of a record that has none.

    Around values that may be longer than a line, it is all text before and between them.
    """

    def unwrap(self, outer: Units) -> Units:
        """Return the records; lines without a brace are ignored."""
        refused = [it for it in outer.refused if it[2] != NOT_JSON]
        between = len(outer.refused) - len(refused)
        inner = _Inner(replace(outer, refused=refused, ignored=outer.ignored + between) if between else outer)
        for index, text in enumerate(outer.units):
            brace = text.find(b"{")
            if brace < 0:
                inner.ignored += 1
            else:
                inner.add(index, _without_rest(text[brace:]), time_before(text[:brace]))
        return inner.units()


def _without_rest(text: bytes) -> bytes:
    """Return an object without the empty list or object that loggers of PHP write behind it on its line."""
    bare = text.rstrip()
    return bare[:-3] if bare.endswith((b"} []", b"} {}")) else text


def time_before(text: bytes) -> str | None:
    """Return the date with a time of day in the text before a record; None when there is none."""
    found = _STAMP.search(text, 0, _FAR)
    if found is not None:
        return found[0].decode().replace(",", ".").replace("/", "-")
    dated = _OF_SHELLS.search(text, 0, _FAR)
    if dated is None:
        return None
    month, day, clock, zone, year = (part.decode() if part else "" for part in dated.groups())
    return f"{year}-{_MONTHS.index(month) // 3 + 1:02}-{int(day):02}T{clock}{'Z' if zone else ''}"


class _Inner:
    """Collects the records inside those of another wrapper, with their lines and times."""

    def __init__(self, outer: Units) -> None:
        self._outer = outer
        self._found: list[tuple[bytes, int, str | None]] = []
        self._refused = list(outer.refused)
        self.ignored = outer.ignored

    def add(self, index: int, text: bytes, time: str | None) -> None:
        outer_time = self._outer.times[index] if self._outer.times is not None else None
        self._found.append((text, self._outer.line_of(index), time or outer_time))

    def refuse(self, index: int, detail: str) -> None:
        self._refused.append((self._outer.line_of(index), Result.INVALID_LINE, detail))

    def units(self) -> Units:
        return Units(
            [text for text, _, _ in self._found],
            [line for _, line, _ in self._found],
            self._refused,
            self.ignored,
            times=[time for _, _, time in self._found],
        )
