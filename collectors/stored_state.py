"""What a source stores between runs: every value says which version of its layout it has.

A value in JSON begins with `{"version":1,` and stays JSON; any other one begins with a line `version 1`. A value
that says nothing is of version 0, as everything was before there were versions. Each value speaks for itself, so
that an upgrade rewrites nothing at once: a value gets the newest layout when it is written next.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from leverwatch.collectors.errors import StateFromNewer, StateUnreadable

T = TypeVar("T")

Upgrade = Callable[[bytes], bytes]
"""Makes the next version of a value, both without what says the version. Pure; raises ValueError or a
`msgspec.MsgspecError` for a value that is not what that version wrote."""

_PLAIN = re.compile(rb"version ([1-9][0-9]{0,8})\n")
_JSON = re.compile(rb'\{"version":([1-9][0-9]{0,8})(,|(?=\}))')
_LONGEST_SHOWN = 100


@dataclass(frozen=True)
class Kind(Generic[T]):
    """One kind of value that is stored: the newest version of its layout, and the way there from each older one.

    Whatever changes what the bytes mean is another version: a field that is added, renamed or counted from
    elsewhere, and also a hash that is computed in another way.
    """

    name: str
    """What one value is, for messages: `position in a file`."""
    key: str
    """What its keys begin with when this ends in `/`; else its only key."""
    encode: Callable[[T], bytes]
    decode: Callable[[bytes], T]
    """Reads the newest layout. Raises ValueError or a `msgspec.MsgspecError` when anything is missing, mistyped or
    unknown; its message must not quote the value."""
    upgrades: tuple[Upgrade, ...]
    """The first one makes version 1 of version 0, and so on: there are as many as there are versions."""
    is_json: bool = False
    """Whether a value is a JSON object."""

    @property
    def version(self) -> int:
        """The version that is written."""
        return len(self.upgrades)

    def holds(self, key: str) -> bool:
        """Whether a key is of this kind."""
        return key.startswith(self.key) if self.key.endswith("/") else key == self.key

    def dumps(self, value: T) -> bytes:
        """The value as it is stored."""
        body = self.encode(value)
        return b'{"version":%d,%b' % (self.version, body[1:]) if self.is_json else self._line + body

    @property
    def _line(self) -> bytes:
        return b"version %d\n" % self.version

    def loads(self, place: str, stored: bytes) -> T:
        """The value that was stored, in whatever version.

        Args:
            place: where it was found, for messages: `source gateway: file/ab`.
            stored: what is there.

        Raises:
            StateFromNewer: its version is newer than this program.
            StateUnreadable: it is not what its version looks like.
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
        """The version of a value, and the value without it."""
        found = (_JSON if self.is_json else _PLAIN).match(stored)
        if found is None:
            return 0, stored
        rest = stored[found.end() :]
        return int(found[1]), b"{" + rest if self.is_json else rest


def same(body: bytes) -> bytes:
    """The upgrade to a version that differs only in saying that it is one."""
    return body


def check_keys(source: str, stored: Mapping[str, bytes], kinds: tuple[Kind[Any], ...]) -> None:
    """Refuse what none of these kinds has written: it may say that something is done, or where to go on.

    Raises:
        StateFromNewer: naming the first such key.
    """
    prefixes = tuple(kind.key for kind in kinds if kind.key.endswith("/"))
    names = {kind.key for kind in kinds}
    for key in stored:
        if not (key.startswith(prefixes) or key in names):
            raise StateFromNewer(
                f"{place_of(source, key)}: no source of this type stores such a key in this leverwatch;"
                " run the version of leverwatch that wrote it, or give a source of another type another name"
            )


def entries(source: str, stored: Mapping[str, bytes], kind: Kind[T]) -> Iterator[tuple[str, T]]:
    """Every key of a kind with its value.

    Raises:
        StateFromNewer, StateUnreadable: as for `Kind.loads`.
    """
    for key, value in stored.items():
        if kind.holds(key):
            yield key, kind.loads(place_of(source, key), value)


def place_of(source: str, key: str) -> str:
    """Where a value is, for messages."""
    return f"source {source}: {key[:_LONGEST_SHOWN]}"
