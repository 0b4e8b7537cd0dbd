"""Makes a record of each of the calls that lie in one document, wherever in it they are. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Raw, Struct

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.fields import Path, parse_path
from leverwatch.collectors.records.formats.interface import Units
from leverwatch.collectors.records.shapes.inner_units import InnerUnits
from leverwatch.collectors.records.shapes.nested import (
    Tree,
    kind_of,
    list_of,
    members,
    object_of,
    text_of,
    tree_of,
)

EVERY = "*"
"""The step of a path to every entry of an object."""
KEYS = "key"
"""The key under which a record has the keys that led to it."""
ALL_KEYS = "all"
_OF_NUMBERS = frozenset(b"-0123456789"[at : at + 1] for at in range(11))
"""What numbers begin with."""
_LARGEST = 256 << 20
"""Bytes of all records of one document, each with what stands around it; beyond them the document is refused."""
_Keys = tuple[str, ...]


class _Wrong(Exception):
    """Something that should be a record is none."""


class _Found(Struct, frozen=True):
    """A record: its text, and the keys of objects that led to it."""

    text: bytes
    keys: _Keys


class Spread:
    """Of each document the objects at some places, each as the document itself would be if it had no other.

    An array is replaced by one of its elements, an object of which every entry is wanted by one entry, at `*`.

    Of what stands around them only the wanted paths are kept. With keys on the way, these are at `key.1`, `key.2`
    and, joined by slashes, `key.all`.
    """

    def __init__(self, places: Sequence[str], wanted: Iterable[str]) -> None:
        wanted = [*wanted]
        self._places = [parse_path(place) for place in places]
        self._kept = tree_of(map(parse_path, wanted))
        self._stars = max(place.count(EVERY) for place in self._places)
        asked = set(map(parse_path, wanted))
        self._numbers = [place for place in self._places if place[-1] == EVERY and place in asked]
        """Places whose entries are numbers, as a field is mapped to them as such."""

    def unwrap(self, outer: Units) -> Units:
        """Return the records inside; documents without any are ignored, and what else is there is refused."""
        inner = InnerUnits(outer)
        for index, found in inner.each(self._read):
            inner.ignored += not found
            for one in found:
                if isinstance(one, _Wrong):
                    inner.refuse(index, Result.MISTYPED_FIELD, str(one))
                else:
                    inner.add(index, one.text)
        return inner.units()

    def _read(self, text: bytes) -> list[_Found | _Wrong]:
        """Return the records of a document, and what is wrong with others.

        Raises:
            DecodeError, UnicodeDecodeError, RecursionError: it is no JSON.
        """
        if kind_of(text) not in (b"{", b"["):
            return [_Wrong("expected an object or an array")]
        made: list[_Found | _Wrong] = []
        size = 0
        for place in self._places:
            others = [it for it in self._places if it is not place]
            for one in self._at(Raw(text), place, 0, (), _Around(self._kept, others)):
                if isinstance(one, _Found):
                    one = self._with_keys(one)
                    size += len(one.text)
                    if size > _LARGEST:
                        return [_Wrong(f"more than {_LARGEST >> 20} MiB of records with what is around them")]
                made.append(one)
        return made

    def _with_keys(self, one: _Found) -> _Found:
        if not self._stars:
            return one
        keys = {str(number): key for number, key in enumerate(one.keys, 1)}
        own = text_of({**keys, ALL_KEYS: "/".join(one.keys)})
        # The last one of two members with the same key is taken.
        text = one.text[:-1] + (b"," if len(one.text) > len(b"{}") else b"") + b'"key":' + own + b"}"
        return _Found(text, one.keys)

    def _at(self, raw: Raw, place: Path, depth: int, keys: _Keys, around: _Around) -> Iterator[_Found | _Wrong]:
        """Yield the records in a value that is at so many steps of the place."""
        kind = kind_of(raw)
        if kind == b"[":
            for element in list_of(raw):
                yield from self._at(element, place, depth, keys, around)
        elif kind != b"{" and depth == len(place) and place in self._numbers and kind in _OF_NUMBERS:
            yield _Found(bytes(raw).strip(), keys)
        elif kind != b"{":
            # What stands beside records by their keys, such as a version of the file, is none.
            if kind != b"n" and (depth == 0 or place[depth - 1] != EVERY):
                path = ".".join(place[:depth])
                yield _Wrong(f"{path}: expected an object or an array" if path else "expected an object")
        elif depth == len(place):
            yield _Found(bytes(raw).strip(), keys)
        else:
            yield from self._inside(raw, place, depth, keys, around)

    def _inside(
        self, raw: Raw, place: Path, depth: int, keys: _Keys, around: _Around
    ) -> Iterator[_Found | _Wrong]:
        step, entries = place[depth], object_of(raw)
        deeper = around.inside(step)
        if step == EVERY:
            tail = _tail(around, entries, step)
            for key, entry in entries.items():
                for one in self._at(entry, place, depth + 1, (*keys, key), deeper):
                    yield one if isinstance(one, _Wrong) else _Found(b'{"*":' + one.text + tail, one.keys)
            return
        if step not in entries:
            return
        head, tail = b"{" + text_of(step) + b":", _tail(around, entries, step)
        for one in self._at(entries[step], place, depth + 1, keys, deeper):
            yield one if isinstance(one, _Wrong) else _Found(head + one.text + tail, one.keys)


def _tail(around: _Around, entries: dict[str, Raw], step: str) -> bytes:
    """Return the end of an object, with those of its entries that are kept beside the one that leads on."""
    beside = members(around.beside(entries, step))
    return (b"," + beside if beside else b"") + b"}"


class _Around(Struct, frozen=True):
    """What is kept of the objects around a record."""

    kept: Tree
    others: list[Path]
    """Where other records are, which are no part of this one."""

    def inside(self, step: str) -> _Around:
        """Return the same for the value at a key."""
        return _Around(self.kept.get(step, {}), [it[1:] for it in self.others if len(it) > 1 and it[0] == step])

    def beside(self, entries: dict[str, Raw], step: str | None) -> dict[str, bytes | Raw]:
        """Return the wanted entries of an object but the one that leads on."""
        found: dict[str, bytes | Raw] = {}
        for key, tree in self.kept.items():
            if key != step and key in entries:
                value = self._without_others(entries[key], tree, [it[1:] for it in self.others if it[0] == key])
                if value is not None:
                    found[key] = value
        return found

    def _without_others(self, raw: Raw, tree: Tree, others: list[Path]) -> bytes | Raw | None:
        """Return a value without what is not wanted of it; None when other records are all that it is."""
        is_object = kind_of(raw) == b"{"
        if () in others or (others and not is_object):
            return None
        if not tree or not is_object:
            return raw
        around = _Around(tree, others)
        return b"{" + members(around.beside(object_of(raw), None)) + b"}"


def check_places(places: Sequence[str]) -> None:
    """Check the places of records.

    Raises:
        ValueError: one is no path, or leads through another one; or they have several numbers of keys.
    """
    paths = [parse_path(place) for place in places]
    for path in paths:
        if any(path is not other and other[: len(path)] == path for other in paths):
            raise ValueError(f"records: {'.'.join(path)} is a part of another one, or there twice")
    if len({path.count(EVERY) for path in paths}) > 1:
        raise ValueError("records: either all places have the same number of * or there is but one place")
