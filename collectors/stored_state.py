"""The values that a source stores between runs, each with the version of its layout.

A JSON value begins with `{"version":1,` and stays JSON; any other value begins with a line `version 1`. A value
without a version was written before there were versions, and is of version 0. Each value has its own version, so
that an upgrade need not rewrite all of them: a value gets the newest layout when it is next written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct

from leverwatch.collectors.errors import StateFromNewer, StateUnreadable

T = TypeVar("T")

Upgrade = Callable[[bytes], bytes]
"""Converts a value to the next version, both without their version. Pure; raises ValueError or a
`msgspec.MsgspecError` for a value that is not of that version."""

_PLAIN = re.compile(rb"version ([1-9][0-9]{0,8})\n")
_JSON = re.compile(rb'\{"version":([1-9][0-9]{0,8})(,|(?=\}))')
_LONGEST_SHOWN = 100


class Kind(Struct, Generic[T], frozen=True):
    """One kind of stored value: the newest version of its layout, and the upgrades from all older ones.

    Every change of what the bytes mean needs another version: a field that is added, renamed or counted from
    another start, and also a hash that is computed in another way.
    """

    name: str
    """The name of one value, for messages: `position in a file`."""
    key: str
    """The prefix of its keys if this ends in `/`; else its only key."""
    encode: Callable[[T], bytes]
    decode: Callable[[bytes], T]
    """Decodes the newest layout. Raises ValueError or a `msgspec.MsgspecError` when something is missing, of the
    wrong type or unknown; the message must not quote the value."""
    upgrades: tuple[Upgrade, ...]
    """The upgrades in order, the first one from version 0 to version 1; their number is the newest version."""
    is_json: bool = False
    """Whether values are JSON objects."""

    @property
    def version(self) -> int:
        """The newest version, in which values are written."""
        return len(self.upgrades)

    def holds(self, key: str) -> bool:
        """Return whether a key is of this kind."""
        return key.startswith(self.key) if self.key.endswith("/") else key == self.key

    def keys_of(self, stored: Mapping[str, bytes]) -> list[str]:
        """Return the keys of this kind; there may be a hundred thousand of other ones."""
        prefix = self.key
        if prefix.endswith("/"):
            return [key for key in stored if key.startswith(prefix)]
        return [prefix] if prefix in stored else []

    def dumps(self, value: T) -> bytes:
        """Return the bytes to store for a value."""
        return self.dumper()(value)

    def dumper(self) -> Callable[[T], bytes]:
        """Return the function that returns the bytes to store for a value; for thousands of them."""
        encode, start, skipped = self.encode, self.line, 0
        if self.is_json:
            start, skipped = b'{"version":%d,' % self.version, 1
        return lambda value: start + encode(value)[skipped:]

    @property
    def line(self) -> bytes:
        """The line that values of the newest version begin with, unless they are JSON."""
        return b"version %d\n" % self.version

    def loads(self, place: str, stored: bytes) -> T:
        """Return the value of stored bytes of any known version.

        Args:
            place: where the value is, for messages: `source gateway: file/ab`.
            stored: the stored bytes.

        Raises:
            StateFromNewer: the version is newer than this program.
            StateUnreadable: the bytes do not have the layout of their version.
        """
        version, body = self._opened(stored)
        if version > self.version:
            raise StateFromNewer(
                f"{place}: the stored {self.name} is of version {version}, and this leverwatch knows none after "
                f"{self.version}; run the version of leverwatch that wrote it, or restore the backup that was "
                "made before the upgrade"
            )
        try:
            for upgrade in self.upgrades[version:]:
                body = upgrade(body)
            return self.decode(body)
        except (ValueError, msgspec.MsgspecError, RecursionError) as error:
            reason = "bytes that are no text" if isinstance(error, UnicodeError) else error
            raise StateUnreadable(
                f"{place}: the stored {self.name} (version {version}) cannot be read: {reason}; "
                "restore the store from a backup"
            ) from error

    def _opened(self, stored: bytes) -> tuple[int, bytes]:
        """Return the version of stored bytes, and the bytes without it."""
        found = (_JSON if self.is_json else _PLAIN).match(stored)
        if found is None:
            return 0, stored
        rest = stored[found.end() :]
        return int(found[1]), b"{" + rest if self.is_json else rest


def same(body: bytes) -> bytes:
    """The upgrade to a version with the same layout, which only adds the version."""
    return body


def check_keys(source: str, stored: Mapping[str, bytes], kinds: tuple[Kind[Any], ...]) -> None:
    """Check that all keys are of these kinds: an unknown key may mean that something is done, or where to go on.

    Raises:
        StateFromNewer: a key is of another kind; the message names the first one.
    """
    prefixes = tuple(kind.key for kind in kinds if kind.key.endswith("/"))
    names = {kind.key for kind in kinds}
    for key in stored:
        if not key.startswith(prefixes) and key not in names:
            raise StateFromNewer(
                f"{place_of(source, key)}: no source of this type stores such a key: a source that gets another"
                " type needs another name; if it had this type before, run the version of leverwatch that wrote it"
            )


def entries(source: str, stored: Mapping[str, bytes], kind: Kind[T]) -> Iterator[tuple[str, T]]:
    """Yield every key of a kind with its value.

    Raises:
        StateFromNewer, StateUnreadable: as for `Kind.loads`.
    """
    for key in kind.keys_of(stored):
        yield key, kind.loads(place_of(source, key), stored[key])


def check_versions(source: str, stored: Mapping[str, bytes], kind: Kind[Any]) -> None:
    """Check that no value of a kind, of which JSON is none, is of a newer version, without decoding the newest.

    Raises:
        StateFromNewer, StateUnreadable: as for `Kind.loads`.
    """
    newest = kind.line
    for key in kind.keys_of(stored):
        if not stored[key].startswith(newest):
            kind.loads(place_of(source, key), stored[key])


def place_of(source: str, key: str) -> str:
    """Return the place of a value, for messages."""
    return f"source {source}: {key[:_LONGEST_SHOWN]}"
