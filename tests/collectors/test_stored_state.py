from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.collectors.errors import SourceRefused, StateFromNewer, StateUnreadable
from leverwatch.collectors.stored_state import Kind, check_keys, entries, same

PLACE = "source gateway: at/1"


def number(body: bytes) -> int:
    if not body.isdigit():
        raise ValueError("it is no number")
    return int(body)


def in_lines(body: bytes) -> bytes:
    return b"%d" % (number(body) * 10)


def in_bytes(body: bytes) -> bytes:
    return b"%d" % (number(body) + 1)


NUMBER = Kind("offset", "at/", lambda value: b"%d" % value, number, (in_lines, in_bytes))
RAW = Kind("list of ids", "ids/", bytes, bytes, (same,))


class Place(msgspec.Struct, forbid_unknown_fields=True):
    offset: int
    path: str


def moved(body: bytes) -> bytes:
    return body.replace(b'"at"', b'"offset"')


PLACES = Kind(
    "position", "place", msgspec.json.encode, msgspec.json.Decoder(Place).decode, (moved, same), is_json=True
)


@given(st.integers(min_value=0), st.binary(), st.builds(Place, st.integers(-(2**60), 2**60), st.text()))
def test_what_is_stored_comes_back_as_it_was(offset: int, ids: bytes, place: Place) -> None:
    if offset < 10**4000:
        assert NUMBER.loads(PLACE, NUMBER.dumps(offset)) == offset
    assert RAW.loads(PLACE, RAW.dumps(ids)) == ids
    assert PLACES.loads(PLACE, PLACES.dumps(place)) == place


def test_a_value_says_its_version_and_json_stays_json() -> None:
    assert NUMBER.dumps(7) == b"version 2\n7"
    stored = PLACES.dumps(Place(7, "/a"))
    assert stored == b'{"version":2,"offset":7,"path":"/a"}'
    assert json.loads(stored) == {"version": 2, "offset": 7, "path": "/a"}


def test_an_older_value_takes_every_step_to_the_newest_version() -> None:
    assert NUMBER.loads(PLACE, b"7") == 71
    assert NUMBER.loads(PLACE, b"version 1\n7") == 8
    assert NUMBER.loads(PLACE, b"version 2\n7") == 7
    assert PLACES.loads(PLACE, b'{"at":7,"path":"/a"}') == Place(7, "/a")
    assert PLACES.loads(PLACE, b'{"version":1,"offset":7,"path":"/a"}') == Place(7, "/a")


@given(st.binary(min_size=1).filter(lambda ids: not ids.startswith(b"version ")))
def test_packed_values_of_before_there_were_versions_are_taken_for_no_version_of_another_layout(
    ids: bytes,
) -> None:
    assert RAW.loads(PLACE, ids) == ids


@pytest.mark.parametrize(
    ("kind", "stored"),
    [
        (NUMBER, b"version 3\n7"),
        (NUMBER, b"version 3\nwhatever it will be"),
        (RAW, b"version 214\n"),
        (PLACES, b'{"version":3,"byte":7}'),
        (PLACES, b'{"version":3}'),
    ],
)
def test_a_newer_value_is_refused_with_what_to_do(kind: Kind[Any], stored: bytes) -> None:
    with pytest.raises(StateFromNewer) as raised:
        kind.loads(PLACE, stored)

    message = str(raised.value)
    assert message.startswith(f"source gateway: at/1: the stored {kind.name} is of version ")
    assert f"knows none after {kind.version}; run the version of leverwatch that wrote it" in message
    assert "restore the backup that was made before the upgrade" in message
    assert isinstance(raised.value, SourceRefused)


@pytest.mark.parametrize(
    ("kind", "stored", "reason"),
    [
        (NUMBER, b"", "it is no number"),
        (NUMBER, b"version 2\n", "it is no number"),
        (NUMBER, b"version 2", "it is no number"),
        (NUMBER, b"version 02\n7", "it is no number"),
        (PLACES, b'{"version":2,"path":"/a"}', "missing required field `offset`"),
        (PLACES, b'{"version":2,"offset":"7","path":"/a"}', r"Expected `int`, got `str` - at `\$.offset`"),
        (PLACES, b'{"version":2,"offset":7,"path":"/a","more":1}', "unknown field `more`"),
        (PLACES, b'{"offset":7,"version":2,"path":"/a"}', "unknown field `version`"),
        (PLACES, b'{"version":2,"offset":7,"path":"/a"', "JSON is malformed|truncated"),
        (PLACES, b'{"version":2,"offset":7,"path":"\xff"}', "bytes that are no text"),
        (PLACES, b'{"version":2}', "missing required field"),
        (PLACES, b"[" * 100_000, "Expected `object`, got `array`"),
        (PLACES, b"version 2\n{}", "JSON is malformed"),
    ],
)
def test_a_damaged_value_is_refused_and_not_quoted(kind: Kind[Any], stored: bytes, reason: str) -> None:
    with pytest.raises(StateUnreadable, match=rf"^source gateway: at/1: the stored {kind.name} .*({reason})"):
        kind.loads(PLACE, stored)


def test_an_upgrade_that_meets_what_its_version_never_wrote_says_so() -> None:
    with pytest.raises(StateUnreadable, match=r"\(version 1\) cannot be read: it is no number; restore the store"):
        NUMBER.loads(PLACE, b"version 1\nsecret")


def test_a_key_that_no_kind_has_is_refused_as_it_may_say_what_is_done() -> None:
    kinds = (NUMBER, PLACES)
    check_keys("gateway", {"at/1": b"", "at/": b"", "place": b""}, kinds)
    check_keys("gateway", {}, ())

    for key in ("cursor", "at", "place/1", "places", "", "x" * 400):
        with pytest.raises(StateFromNewer, match=rf"^source gateway: {key[:100]}: no source of this type stores"):
            check_keys("gateway", {"at/1": b"", key: b""}, kinds)


def test_the_values_of_a_kind_are_found_by_their_keys() -> None:
    stored = {"at/1": b"version 2\n7", "place": b"{", "at/2": b"version 2\n8"}

    assert dict(entries("gateway", stored, NUMBER)) == {"at/1": 7, "at/2": 8}
    with pytest.raises(StateUnreadable, match=r"^source gateway: place: the stored position"):
        dict(entries("gateway", stored, PLACES))
