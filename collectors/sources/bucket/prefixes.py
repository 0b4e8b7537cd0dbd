"""Which prefixes are open, how far each is listed, and what is stored of that. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import TypeVar

import msgspec
from msgspec import Struct
from xxhash import xxh3_64_hexdigest

from leverwatch.collectors.errors import StateUnreadable
from leverwatch.collectors.exact_json import exact_decoder
from leverwatch.collectors.stored_state import Kind, entries, same

T = TypeVar("T")

DAY = timedelta(days=1)
_encode = msgspec.json.Encoder().encode
Spans = tuple[tuple[int, int], ...]
"""Ranges of days as ordinals, both ends included, ascending, apart from each other."""


class Template(Struct, frozen=True):
    """Of which days the prefixes of a template were opened."""

    template: str
    days: Spans


class Prefix(Struct, frozen=True):
    """How far an open prefix is listed."""

    prefix: str
    day: int
    """The ordinal of its day; 0: it has none."""
    since: int
    """Objects that were last changed before this second since the epoch are not read."""
    cursor: str = ""
    """The last key that a listing came to."""
    floor: str = ""
    """No object behind this key, or at it, can still be new."""
    listed: float = 0.0
    """When the last whole listing began of which every object was read, in seconds since the epoch; 0: none."""
    again: bool = False
    """Whether an object could not be read, so that the prefix has to be listed from its start."""

    settings: str = ""
    """The digest of the settings under which its records were read."""
    shut: bool = False
    """Whether its day is over, and it is kept for other settings alone, as hardly anything of it counted."""

    @property
    def unit(self) -> str:
        """The id under which it is stored."""
        return unit_of(self.prefix)


def unit_of(text: str) -> str:
    """Return a short id of a prefix or a template."""
    return xxh3_64_hexdigest(text.encode())


TEMPLATE: Kind[Template] = Kind("list of days of a path", "days/", _encode, exact_decoder(Template), (same,), True)
PREFIX: Kind[Prefix] = Kind("position in a prefix", "prefix/", _encode, exact_decoder(Prefix), (same,), True)


def templates_of(source: str, stored: Mapping[str, bytes]) -> dict[str, Template]:
    """Return the templates that were read, by their text. Raises SourceRefused as `entries` does."""
    return {
        it.template: _at(source, key, "days/", it, it.template) for key, it in entries(source, stored, TEMPLATE)
    }


def prefixes_of(source: str, stored: Mapping[str, bytes]) -> dict[str, Prefix]:
    """Return the open prefixes by their text. Raises SourceRefused as `entries` does."""
    return {it.prefix: _at(source, key, "prefix/", it, it.prefix) for key, it in entries(source, stored, PREFIX)}


def _at(source: str, key: str, start: str, value: T, text: str) -> T:
    if key != start + unit_of(text):
        raise StateUnreadable(f"source {source}: {key}: the stored position is that of another prefix")
    return value


def opened(days: Spans, more: Iterable[int]) -> Spans:
    """Return the ranges with more days in them."""
    whole = sorted({*(day for first, last in days for day in range(first, last + 1)), *more})
    found: list[tuple[int, int]] = []
    for day in whole:
        if found and found[-1][1] == day - 1:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return tuple(found)


def holds(days: Spans, day: int) -> bool:
    """Whether a day is in one of the ranges."""
    return any(first <= day <= last for first, last in days)
