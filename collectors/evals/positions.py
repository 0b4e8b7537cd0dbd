"""What a source remembers of its files: which content was read, and how far a growing file was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b

import msgspec

_PREFIX = "file/"


class FileState(msgspec.Struct, frozen=True):
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


def content_digest(data: bytes) -> str:
    """The name of a content."""
    return blake2b(data, digest_size=16).hexdigest()


def encode(state: FileState) -> bytes:
    """As it is stored."""
    return msgspec.json.encode(state)


def decode_all(stored: Mapping[str, bytes], settings: str) -> dict[str, FileState]:
    """Every file that was read with these settings, by path. An entry that cannot be decoded is left out."""
    found = {}
    for key, value in stored.items():
        if key.startswith(_PREFIX):
            try:
                state = msgspec.json.decode(value, type=FileState)
            except msgspec.DecodeError:
                continue
            if state.settings == settings:
                found[state.path] = state
    return found


def known_prefix(data: bytes, states: Iterable[FileState]) -> int:
    """How many of the first bytes were read before, in this file or in one that it is a copy of."""
    by_offset: dict[int, set[str]] = {}
    for state in states:
        if 0 < state.offset <= len(data):
            by_offset.setdefault(state.offset, set()).add(state.digest)
    running, hashed, best = blake2b(digest_size=16), 0, 0
    for offset in sorted(by_offset):
        running.update(memoryview(data)[hashed:offset])
        hashed = offset
        if running.copy().hexdigest() in by_offset[offset]:
            best = offset
    return best
