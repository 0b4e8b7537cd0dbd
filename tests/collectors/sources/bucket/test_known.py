from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.collectors.sources.bucket import known
from leverwatch.collectors.sources.bucket.known import OBJECT_BLOCK, RECORD_BLOCK, UNKNOWN, Entry, KnownObjects

U64, U32 = st.integers(0, 2**64 - 1), st.integers(0, 2**32 - 1)
ENTRIES = st.builds(
    Entry,
    key=st.integers(0, 30),
    version=U64,
    modified=U32,
    length=U64,
    crc=U32,
    last=U32,
    crc_before=U32,
    records=st.integers(0, 5) | st.just(UNKNOWN),
    last_counted=st.booleans(),
    refused=st.booleans(),
    some_refused=st.booleans(),
    has_left=st.booleans(),
)


def digests(entry: Entry) -> bytes:
    return bytes([entry.version % 251]) * 8 * entry.remembered


def stored(state: dict[str, bytes]) -> KnownObjects:
    """What another process reads."""

    def of(start: str) -> dict[int, bytes]:
        kind = {"objects/": OBJECT_BLOCK, "records/": RECORD_BLOCK}[start]
        found = {key: value for key, value in state.items() if key.startswith(start)}
        return {int(key.rpartition("/")[2]): kind.loads("here", value) for key, value in found.items()}

    return KnownObjects("u", of("objects/"), of("records/"))


@given(st.lists(ENTRIES, max_size=40), st.integers(1, 7))
def test_what_is_known_is_what_was_put_last_in_this_process_and_in_the_next(
    entries: list[Entry], block: int
) -> None:
    state: dict[str, bytes] = {}
    wanted: dict[int, Entry] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(known, "BLOCK", block)
        here = KnownObjects("u", {}, {})
        for entry in entries:
            wanted[entry.key] = entry
            here.put(entry, digests(entry))
            state |= {key: value for key, value in here.take_changes().items() if value is not None}
        for found in (here, stored(state)):
            assert len(found) == len(wanted)
            assert {entry.key: entry for entry in found.entries()} == wanted
            for key, entry in wanted.items():
                assert found.records_of(key) == (None if entry.records == UNKNOWN else digests(entry))


def test_records_of_the_oldest_objects_are_forgotten_when_there_are_too_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(known, "BLOCK", 10)
    monkeypatch.setattr(known, "MOST_RECORDS", 50)
    here = KnownObjects("u", {}, {})

    for key in range(100):
        here.put(Entry(key, 1, key, records=2), b"x" * 16)

    remembered = [key for key in range(100) if here.records_of(key) is not None]
    assert remembered == list(range(80, 100))
    assert len(here) == 100


def test_old_objects_that_are_gone_are_forgotten_once_they_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known, "BLOCK", 10)
    here = KnownObjects("u", {}, {})
    for key in range(100):
        here.put(Entry(key, 1, key, records=1), bytes([key]) * 8)
    here.take_changes()

    for last_gone, left in ((40, 100), (90, 8)):
        here.begin()
        here.meet(5)
        for key in range(last_gone, 95):
            here.meet(key)
        here.forget_gone(98)
        assert len(here) == left

    # What is there stays, and so does what changed lately.
    assert [entry.key for entry in here.entries()] == [5, *range(90, 95), 98, 99]
    assert here.records_of(92) == bytes([92]) * 8
    here.drop()
    assert set(here.take_changes().values()) == {None}
    assert len(here) == 0
