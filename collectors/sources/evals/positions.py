"""What a source remembers of its files: which content was read, and how far a growing file was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import BinaryIO

import msgspec

from leverwatch.collectors.errors import StateUnreadable
from leverwatch.collectors.stored_state import Kind, entries, same

_PREFIX = "file/"
_PIECE = 1 << 20


class FileState(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file as it was read last."""

    path: str
    size: int
    mtime_ns: int
    """-1 where the file was written so recently that a change might leave the time as it is."""
    digest: str
    """Of the first `offset` bytes."""
    offset: int
    settings: str
    """Names the settings it was read with. Others give other results: the file is then read again."""


def state_key(path: str) -> str:
    """The key of a file in the source's state."""
    return _PREFIX + blake2b(path.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()


def content_digest(file: BinaryIO, end: int) -> str:
    """The name of the first `end` bytes of a file."""
    running = blake2b(digest_size=16)
    for piece in pieces(file, end):
        running.update(piece)
    return running.hexdigest()


def pieces(file: BinaryIO, end: int) -> Iterator[bytes]:
    """The next bytes of a file, up to its byte `end`, or to where it ends before that."""
    while piece := file.read(min(_PIECE, end - file.tell())):
        yield piece


def _checked(body: bytes) -> FileState:
    state = msgspec.json.decode(body, type=FileState)
    if min(state.size, state.offset) < 0:
        raise ValueError("a number of bytes is negative")
    return state


RESULT_FILE: Kind[FileState] = Kind(
    name="position in a file of results",
    key=_PREFIX,
    encode=msgspec.json.encode,
    decode=_checked,
    upgrades=(same,),
    is_json=True,
)


def decode_all(source: str, stored: Mapping[str, bytes], settings: str) -> dict[str, FileState]:
    """Every file that was read with these settings, by path.

    Raises:
        SourceRefused: a stored position is unreadable, or of a newer version; guessing would count twice.
    """
    found = {}
    for key, state in entries(source, stored, RESULT_FILE):
        if key != state_key(state.path):
            raise StateUnreadable(f"source {source}: {key}: the stored position is that of another file")
        if state.settings == settings:
            found[state.path] = state
    return found


@dataclass(frozen=True, slots=True)
class Prefix:
    """How much of a file of lines was read before."""

    offset: int
    lines: int
    """Ends of lines in it."""
    running: blake2b
    """The digest of it, to go on with."""


def known_prefix(file: BinaryIO, size: int, states: Iterable[FileState]) -> Prefix:
    """How many of the first bytes were read before, in this file or in one that it is a copy of."""
    by_offset: dict[int, set[str]] = {}
    for state in states:
        if 0 < state.offset <= size:
            by_offset.setdefault(state.offset, set()).add(state.digest)
    running, lines = blake2b(digest_size=16), 0
    best = Prefix(0, 0, running.copy())
    file.seek(0)
    for offset in sorted(by_offset):
        for piece in pieces(file, offset):
            running.update(piece)
            lines += piece.count(b"\n")
        if file.tell() == offset and running.hexdigest() in by_offset[offset]:
            best = Prefix(offset, lines, running.copy())
    return best
