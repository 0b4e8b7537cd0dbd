"""The stored state of an `evals` source: for each file, which content was read, and up to where."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import BinaryIO

import msgspec

from leverwatch.collectors.errors import StateUnreadable
from leverwatch.collectors.prepared import prepared
from leverwatch.collectors.stored_state import Kind, entries, same

_PREFIX = "file/"
_PIECE = 1 << 20


class ResultFilePosition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The state of one file when it was last read."""

    path: str
    size: int
    mtime_ns: int
    """Time of the last change in ns; -1 when that is so recent that another change might not alter it."""
    digest: str
    """Digest of the first `offset` bytes."""
    offset: int
    settings: str
    """Digest of the settings that the file was read with. With others it is read again."""
    refused: str
    """The first thing of it that was refused, and why; empty: nothing was."""


def state_key(path: str) -> str:
    """Return the key of a file in the source's state."""
    return _PREFIX + blake2b(path.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()


def content_digest(file: BinaryIO, end: int) -> str:
    """Return the digest of the first `end` bytes of a file."""
    running = blake2b(digest_size=16)
    for piece in pieces(file, end):
        running.update(piece)
    return running.hexdigest()


def pieces(file: BinaryIO, end: int) -> Iterator[bytes]:
    """Yield pieces of a file from its present position to byte `end`, or to its end if that comes first."""
    while piece := file.read(min(_PIECE, end - file.tell())):
        yield piece


def _checked(body: bytes) -> ResultFilePosition:
    state = msgspec.json.decode(body, type=prepared(ResultFilePosition))
    if min(state.size, state.offset) < 0:
        raise ValueError("a number of bytes is negative")
    return state


def _with_refused(body: bytes) -> bytes:
    """What was refused of a file is not known of one that was read before that was kept."""
    state = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    return msgspec.json.encode(state | {"refused": msgspec.Raw(b'""')})


RESULT_FILE: Kind[ResultFilePosition] = Kind(
    name="position in a file of results",
    key=_PREFIX,
    encode=msgspec.json.encode,
    decode=_checked,
    upgrades=(same, _with_refused),
    is_json=True,
)


def decode_all(
    source: str, stored: Mapping[str, bytes], settings: Collection[str]
) -> dict[str, ResultFilePosition]:
    """Return the states of all files that were read with one of these settings, by path.

    Raises:
        SourceRefused: a stored position is unreadable, or of a newer version; guessing would count twice.
    """
    found = {}
    for key, state in entries(source, stored, RESULT_FILE):
        if key != state_key(state.path):
            raise StateUnreadable(f"source {source}: {key}: the stored position is that of another file")
        if state.settings in settings:
            found[state.path] = state
    return found


def refused_of_all(source: str, stored: Mapping[str, bytes]) -> dict[str, str]:
    """Return why something of a file was refused when it was last read, by its path; empty where nothing was.

    Raises:
        SourceRefused: a stored position is unreadable, or of a newer version.
    """
    return {state.path: state.refused for _, state in entries(source, stored, RESULT_FILE)}


def refused_files(source: str, stored: Mapping[str, bytes]) -> dict[str, str]:
    """Return the same of the files of which something was refused."""
    return {path: why for path, why in refused_of_all(source, stored).items() if why}


@dataclass(frozen=True, slots=True)
class Prefix:
    """The part of a file of lines that was read before."""

    offset: int
    lines: int
    """Number of complete lines in it."""
    running: blake2b
    """The digest of it, to be continued with the following bytes."""


def known_prefix(file: BinaryIO, size: int, states: Iterable[ResultFilePosition]) -> Prefix:
    """Return the longest beginning of a file that was read before, in this file or in one that it is a copy of."""
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
