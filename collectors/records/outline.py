"""Reads chosen parts of a JSON document as a stream, and skips everything else.

Parsers that build values need several times the size of a document; this one holds a small piece of it and the
present part in memory. Of skipped parts only brackets and strings are looked at, so errors in them that a full
parser would refuse do not matter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.decode import BadInput, decode
from leverwatch.collectors.records.window import Window, not_json

_LARGEST_VALUE = 64 << 10
_LONGEST_KEY = 4 << 10
_MOST_KEYS = 100_000


@dataclass(frozen=True, slots=True)
class Value:
    """A small value that the outline is to have. A document in which it is larger than 64 KiB is refused."""


@dataclass(frozen=True, slots=True)
class Each:
    """The elements of a list or mapping are given to `sink` one at a time; in the outline it is empty."""

    sink: Callable[[str | int, bytes | None], None]
    """Called with the index or key of each element and its JSON text, or None when that is longer than
    `largest`."""
    largest: int


@dataclass(frozen=True, slots=True)
class Mark:
    """A key of which only the presence matters. The function is called before the value is skipped."""

    reached: Callable[[], None]


Wanted = Mapping[str, "Value | Each | Mark | Wanted"]
"""The wanted parts of a mapping, by key."""

VALUE = Value()


def outline(file: BinaryIO, wanted: Each | Wanted) -> Any:
    """Return the document with only the wanted values in it.

    Raises:
        BadInput: it is not JSON, or a wanted value is too large.
    """
    window = Window(file)
    found = _read(window, wanted)
    window.finish()
    return found


def _read(window: Window, wanted: Value | Each | Mark | Wanted) -> Any:
    opening = window.peek()
    if isinstance(wanted, Mark):
        wanted.reached()
        window.take(0)
        return None
    if isinstance(wanted, Each) and opening in b"[{":
        _each(window, wanted)
        return [] if opening == ord("[") else {}
    if isinstance(wanted, Mapping) and opening == ord("{"):
        return _mapping(window, wanted)
    text = window.take(_LARGEST_VALUE)
    if isinstance(wanted, Mapping | Each):
        # A list or a text where a mapping is wanted: whoever asked says so. What is in it does not matter.
        return [] if opening == ord("[") else None if text is None else decode(text, Any)
    if text is None:
        raise BadInput(Result.INVALID_LINE, f"one of its values is larger than {_LARGEST_VALUE >> 10} KiB")
    return decode(text, Any)


def _mapping(window: Window, wanted: Wanted) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for number, _ in enumerate(window.elements(ord("}"))):
        if number == _MOST_KEYS:
            raise BadInput(Result.INVALID_LINE, f"has more than {_MOST_KEYS:_} keys in one place")
        key = _key(window)
        part = None if key is None else wanted.get(key)
        if key is None or part is None:
            window.take(0)
            continue
        if key in found:
            # What both hold would add up to one result.
            raise BadInput(Result.INVALID_LINE, "has one of its keys twice")
        found[key] = _read(window, part)
    return found


def _each(window: Window, wanted: Each) -> None:
    if window.peek() == ord("["):
        for place, _ in enumerate(window.elements(ord("]"))):
            wanted.sink(place, window.take(wanted.largest))
        return
    for _ in window.elements(ord("}")):
        key = _key(window)
        text = window.take(wanted.largest)
        if key is not None:
            wanted.sink(key, text)


def _key(window: Window) -> str | None:
    """Read the next key and its colon; return None for a key that is longer than any wanted one."""
    if window.peek() != ord('"'):
        raise not_json()
    text = window.take(_LONGEST_KEY)
    window.colon()
    return None if text is None else decode(text, str)
