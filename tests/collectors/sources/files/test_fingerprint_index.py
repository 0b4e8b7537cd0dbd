from __future__ import annotations

import random

import pytest
from isal.isal_zlib import crc32
from msgspec.structs import replace

from leverwatch.collectors.content.fingerprint import Fingerprint
from leverwatch.collectors.sources.files.checkpoint import FileCheckpoint
from leverwatch.collectors.sources.files.fingerprint_index import FingerprintIndex
from leverwatch.collectors.sources.files.identity import Relation, could_match, lengths_to_measure, relation

_LOOK = 65536


def state_of(identity: str, data: bytes, rest: bytes = b"") -> FileCheckpoint:
    """An identity that consumed `data`, and counted `rest` behind it."""
    prefix = Fingerprint()
    for start in range(0, len(data), 50_000):
        prefix.feed(data[start : start + 50_000])
    state = FileCheckpoint(identity, "/a", "/a", 1, len(identity)).consumed(prefix, 1, None)
    return replace(state, rest_length=len(rest), rest_crc=crc32(rest, prefix.crc), rest_counted=bool(rest))


def related(states: list[FileCheckpoint], data: bytes) -> set[str]:
    """What a look at every identity finds."""
    head, found = data[:_LOOK], set()
    for state in states:
        if could_match(state, head, complete=len(head) < _LOOK):
            reached = {length: crc32(data[:length]) for length in lengths_to_measure(state) if length <= len(data)}
            total = len(data) if len(data) <= max(lengths_to_measure(state)) else None
            if relation(state, reached, total, data[:_LOOK].rfind(b"\n") + 1) is not Relation.DIFFERENT:
                found.add(state.id)
    return found


@pytest.mark.parametrize("seed", range(60))
def test_the_index_misses_nothing_that_a_look_at_every_identity_finds(seed: int) -> None:
    chance = random.Random(seed)
    scale = chance.choice([20, 200, 40_000])
    base = b"".join(chance.choice([b"a", b"bb", b"\n", b"{}\n"]) for _ in range(4 * scale))
    contents = []
    for _ in range(40):
        length = chance.randrange(1, scale * 4)
        tail = bytes(chance.randrange(97, 123) for _ in range(chance.choice([0, 0, 5])))
        contents.append(base[:length] + tail)
    states = []
    for number, content in enumerate(contents):
        cut = content.rfind(b"\n") + 1
        kept = chance.random() < 0.7
        states.append(state_of(f"s{number}", content[:cut], b"" if kept else content[cut:]))
    index = FingerprintIndex([])
    for state in states:
        index.replace(None, replace(state, marks=(), offset=0))
        index.replace(replace(state, marks=(), offset=0), state)
    gone = states.pop()
    index.replace(gone, None)
    looked = 0
    for content in [*contents, base, base[: scale // 2], b"", b"x"]:
        wanted = related(states, content)
        found = index.candidates(content[:_LOOK], complete=len(content) < _LOOK)
        looked += len(wanted)
        assert wanted <= found
        assert gone.id not in found
    assert looked


def test_many_small_files_with_the_same_start_are_told_apart() -> None:
    contents = [
        b'{"time": "2026-03-10T08:00:00Z", "app": "bot", "id": "r%05d", "x": "%s"}' % (number, b"x" * 99)
        for number in range(500)
    ]
    index = FingerprintIndex(state_of(str(number), content + b"\n") for number, content in enumerate(contents))
    for number, content in enumerate(contents):
        assert index.candidates(content + b"\n", complete=True) == {str(number)}


def test_an_identity_that_moves_is_found_by_its_new_file_only() -> None:
    state = state_of("a", b"x\n")
    index = FingerprintIndex([state])
    moved = replace(state, inode=77)
    index.replace(state, moved)
    assert index.at(state.key) == frozenset()
    assert index.at(moved.key) == frozenset({"a"})
