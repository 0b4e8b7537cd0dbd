from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, get_type_hints
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from leverwatch.collectors.aggregation.dedupe import SeenIds
from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.errors import StateFromNewer, StateUnreadable
from leverwatch.collectors.registry import source_types
from leverwatch.collectors.sources.evals.positions import decode_all as decode_results
from leverwatch.collectors.sources.files.checkpoint import CHECKPOINT, FileCheckpoint
from leverwatch.collectors.sources.files.checkpoint import decode_all as decode_files
from leverwatch.collectors.sources.files.config import FilesConfig
from leverwatch.collectors.sources.files.partial_reads import PartialRead
from tests.collectors.aggregation.test_streams import PARTS
from tests.collectors.aggregation.test_streams import settings as streamed
from tests.collectors.sources.files.logs import config, ingest
from tests.collectors.sources.stored_values import STORED, Stored, kinds_of

each = pytest.mark.parametrize("one", STORED, ids=str)
PLACE = "source gateway: key"


def test_every_kind_of_stored_value_of_every_source_has_a_version_and_an_example_of_each() -> None:
    registered = {(kind.key, name) for name in source_types() for kind in kinds_of(name)}

    assert {(one.kind.key, one.type) for one in STORED} == registered
    for one in STORED:
        assert one.kind.version >= 1
        assert len(one.versions) == one.kind.version + 1, f"{one} lacks an example of a version"
        assert one.kind.holds(one.key)


@each
def test_a_value_of_every_version_is_read(one: Stored) -> None:
    for stored in one.versions:
        assert one.kind.loads(PLACE, stored) == one.value


@each
def test_what_is_written_is_the_newest_version(one: Stored) -> None:
    assert one.kind.dumps(one.value) == one.versions[-1]


@each
def test_a_newer_version_is_refused(one: Stored) -> None:
    newest = one.kind.version
    newer = one.versions[-1].replace(b"%d" % newest, b"%d" % (newest + 1), 1)
    assert newer.startswith((b'{"version":%d,' % (newest + 1), b"version %d\n" % (newest + 1)))

    reason = f"is of version {newest + 1}, and this leverwatch knows none after {newest}"
    with pytest.raises(StateFromNewer, match=reason):
        one.kind.loads(PLACE, newer)


def paths(document: Any, before: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The way to every named field of a document, however deep; names that are data are left out."""
    if isinstance(document, list):
        for index, inner in enumerate(document):
            yield from paths(inner, (*before, index))
    elif isinstance(document, dict):
        for name, inner in document.items():
            if "/" not in name and len(name) < 20 and (*before, name) != ("version",) and name != "qa":
                yield (*before, name)
            yield from paths(inner, (*before, name))


def changed(document: Any, path: tuple[str | int, ...], value: Any = ...) -> bytes:
    """The document with another value at a path, or with nothing there."""
    copy = at = json.loads(json.dumps(document))
    for step in path[:-1]:
        at = at[step]
    if value is ...:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return json.dumps(copy, separators=(",", ":")).encode()


WRONG: tuple[object, ...] = ({"a": []}, [[{}]])
"""Of no field's type."""
LATER = {("unread",), ("limited",), ("kept",)}
"""Fields that version 0 of a position got in the course of time."""
UPGRADED = {("prompt",), ("tier",), ("tallied",)}
"""Fields that an upgrade adds to open calls: these have a field `version` of their own, which the changed text
keeps in the place of its version, so that it is upgraded."""


@pytest.mark.parametrize("one", [one for one in STORED if one.kind.is_json], ids=str)
def test_a_field_that_is_missing_or_mistyped_or_unknown_is_never_a_silent_zero(one: Stored) -> None:
    for version, stored in enumerate(one.versions):
        document = json.loads(stored)
        found = list(paths(document))
        assert len(found) > 1
        for path in found:
            if path not in UPGRADED and (version or path not in LATER):
                with pytest.raises(StateUnreadable, match=rf"missing required field `{path[-1]}`"):
                    one.kind.loads(PLACE, changed(document, path))
            for wrong in WRONG:
                with pytest.raises(StateUnreadable, match="Expected"):
                    one.kind.loads(PLACE, changed(document, path, wrong))
        with pytest.raises(StateUnreadable, match="unknown field `more`"):
            one.kind.loads(PLACE, changed(document, ("more",), 1))
        for end in range(1, len(stored)):
            with pytest.raises(StateUnreadable):
                one.kind.loads(PLACE, stored[:-end])


BY_TYPE: dict[object, st.SearchStrategy[Any]] = {
    str: st.text(max_size=20),
    int: st.integers(0, 2**63),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    bytes | None: st.none() | st.binary(),
    tuple[tuple[int, int], ...]: st.lists(st.tuples(st.integers(0, 2**63), st.integers(0, 2**32))).map(tuple),
    tuple[tuple[int, bytes], ...]: st.lists(st.tuples(st.integers(0, 2**63), st.binary())).map(tuple),
}
READS = st.builds(
    PartialRead, *[BY_TYPE[int]] * 3, st.lists(st.tuples(BY_TYPE[int], BY_TYPE[int])).map(tuple), st.booleans()
)
FIELDS = get_type_hints(FileCheckpoint) | {"head_length": bool, "tail_length": bool, "offset": int}
POSITIONS = st.builds(
    FileCheckpoint,
    **{name: BY_TYPE.get(kind, st.lists(READS, max_size=3).map(tuple)) for name, kind in FIELDS.items()},
)


@given(POSITIONS)
def test_every_position_comes_back_as_it_was(state: FileCheckpoint) -> None:
    state = replace(state, offset=state.offset + 1, head_length=int(state.head_length), tail_length=0)

    assert CHECKPOINT.loads(PLACE, CHECKPOINT.dumps(state)) == state


def test_a_position_of_before_backfills_and_dense_files_were_known_is_read() -> None:
    (one,) = (one for one in STORED if one.kind is CHECKPOINT)
    document = json.loads(one.versions[0])
    for (name,) in LATER:
        del document[name]

    state = CHECKPOINT.loads(PLACE, json.dumps(document).encode())

    assert (state.unread, state.limited, state.kept) == ("", (), False)
    assert state.offset == one.value.offset


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"offset": -1}, "contradict"),
        ({"offset": 312}, "contradict"),
        ({"lines": -1}, "contradict"),
        ({"rest_length": -1}, "contradict"),
        ({"tail_length": 314}, "contradict"),
        ({"offset": None}, "Expected `int`"),
        ({"offset": 0}, "contradict"),
        ({"header": "%"}, "base64"),
        ({"id": "another"}, "another key"),
    ],
)
def test_a_position_that_cannot_be_true_is_refused(change: dict[str, Any], reason: str) -> None:
    (one,) = (one for one in STORED if one.kind is CHECKPOINT)
    document = json.dumps(json.loads(one.versions[1]) | change, separators=(",", ":")).encode()

    with pytest.raises(StateUnreadable, match=rf"^source gateway: file/5676c5c2059b77bb: .*({reason})"):
        decode_files("gateway", {one.key: document})


def test_a_position_under_the_key_of_another_result_file_is_refused() -> None:
    (one,) = (one for one in STORED if one.type == "evals")

    assert decode_results("evals", {one.key: one.versions[0]}, one.value.settings) == {one.value.path: one.value}
    with pytest.raises(StateUnreadable, match=r"^source evals: file/0: .* another file"):
        decode_results("evals", {"file/0": one.versions[0]}, one.value.settings)


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("seen/1970340/0/add", b"version 1\n--------\n1234567", "it is no list of ids"),
        ("seen/1970340/0/add", b"123456789", "it is no list of ids"),
        ("seen/1970340/0/add", b"version 2\n-------- id 900\n1234567", "it is no list of ids"),
        ("seen/1970340/0/add", b"version 2\n-------- it 900\n12345678", "does not say what it is a list of"),
        ("seen/1970340/0/add", b"version 2\n-------- id\n12345678", "does not say what it is a list of"),
        (
            "seen/1970340/0/add",
            b"version 2\n00000000 record 900\n12345678",
            "is not what was stored under this key",
        ),
        ("seen/1970340/add", b"12345678", "no key of stored ids"),
        ("seen/1970340/0/sub", b"12345678", "no key of stored ids"),
        ("seen/01/0/add", b"12345678", "no key of stored ids"),
        ("seen/1/-1/add", b"12345678", "no key of stored ids"),
        ("seen/2147483648/1/add", b"12345678", "no key of stored ids"),
        ("seen/1/5000000000000000000/add", b"12345678", "no key of stored ids"),
        ("seen/x/1/add", b"12345678", "no key of stored ids"),
        ("partial/1/x", b"0", "no number above zero"),
        ("partial/1/x", b"-1", "no number above zero"),
        ("partial/1/x", b"", "no number above zero"),
        ("partial/1/x", b"1" * 5000, "no number above zero"),
        ("partial/1/x", b"\xb2", "no number above zero"),
    ],
)
@pytest.mark.parametrize("compiled", [True, False])
def test_damaged_ids_and_counts_are_refused(key: str, value: bytes, reason: str, compiled: bool) -> None:
    made = ingest(compiled=compiled)

    def restore() -> None:
        made.load({key: value})
        made.restore_ids()

    with pytest.raises(StateUnreadable, match=rf"^source gateway: {key}: .*{reason}"):
        restore()


TRACED = b'{"ts":"2026-03-10T08:00:00Z","app":"bot","id":"r1","trace":"t1"}\n'


@pytest.mark.parametrize(
    ("lines", "settings", "seen", "calls"),
    [
        (TRACED, config(), "00e8c167c48c787f", "0948faff4af0f3cc"),
        (
            b"".join(PARTS),
            streamed(),
            "88925ff945ed78c3",
            "9ef3cbc65088ec2c",
        ),
    ],
    ids=["traces", "streamed calls"],
)
@pytest.mark.parametrize("compiled", [True, False])
def test_the_ids_of_records_calls_and_traces_are_those_of_their_version(
    lines: bytes, settings: FilesConfig, seen: str, calls: str, compiled: bool
) -> None:
    made = ingest(settings, compiled=compiled)
    for line in lines.splitlines(keepends=True):
        made.add(Lines(line, "app.jsonl", 1, None))

    # Whoever changes how an id is computed makes every stored id one of nothing: that is another version.
    state = {key: value for key, value in made.drain().state.items() if not key.startswith("open/")}
    assert state == {
        key: b"version 2\n%08x %s 900\n" % (crc32(ids, crc32(b"%s %s 900" % (key.encode(), of))), of) + ids
        for key, of, ids in (
            ("seen/1970144/0/add", b"record", bytes.fromhex(seen)),
            ("calls/1970144/0/add", b"id", bytes.fromhex(calls)),
        )
    }


def test_ids_that_were_written_without_a_version_are_still_known_beside_newer_ones() -> None:
    seen = SeenIds(3600)
    seen.load(
        {
            "seen/100/0/add": (7).to_bytes(8, "little") + (8).to_bytes(8, "little"),
            "seen/100/1/del": b"version 1\nd21bc369\n" + (8).to_bytes(8, "little"),
            "seen/101/2/add": b"version 1\n3fcd11b5\n" + (9).to_bytes(8, "little"),
        },
        "gateway",
    )

    assert [seen.add(identity, 100) for identity in (7, 8, 9)] == [False, True, False]


@pytest.mark.parametrize("damage", ["shortened", "emptied", "swapped"])
def test_a_list_of_ids_that_is_not_the_one_that_was_stored_is_refused(damage: str) -> None:
    seen = SeenIds(3600)
    for identity, slot in ((1, 100), (2, 100), (3, 101)):
        seen.add(identity, slot)
    stored = {key: value for key, value in seen.changes().items() if value is not None}
    first, second = stored
    damaged = {
        "shortened": {first: stored[first][:-8]},
        "emptied": {first: b""},
        "swapped": {first: stored[second], second: stored[first]},
    }[damage]

    with pytest.raises(StateUnreadable, match=r"^source gateway: seen/10[01]/[01]/add: .*list of ids"):
        SeenIds(3600).load(stored | damaged, "gateway")
    SeenIds(3600).load(stored, "gateway")
