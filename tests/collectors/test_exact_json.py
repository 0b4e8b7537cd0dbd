from __future__ import annotations

import json
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from typing import Any, get_type_hints

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.agent.framework.model import Facts, Verdict
from leverwatch.collectors.exact_json import exact_decoder
from leverwatch.collectors.sources.files.checkpoint import FileCheckpoint

UINT64 = st.integers(0, 2**64 - 1)
TEXT = st.text(max_size=20)


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True)
class Inner:
    first: int = 0
    colour: Colour | None = None


@dataclass(frozen=True, slots=True)
class Outer:
    day: date = date(2026, 1, 1)
    inner: Inner = Inner()
    several: tuple[Inner, ...] = ()
    perhaps: Inner | None = None
    data: bytes | None = None


FULL = Outer(date(2026, 3, 1), Inner(1, Colour.RED), (Inner(2), Inner(3)), Inner(4), b"\x00\xff")
decode = exact_decoder(Outer)


@given(
    st.builds(
        Outer,
        st.dates(),
        st.builds(Inner, UINT64, st.sampled_from([Colour.RED, None])),
        st.lists(st.builds(Inner, UINT64)).map(tuple),
        st.none() | st.builds(Inner),
        st.none() | st.binary(),
    )
)
def test_what_was_written_is_read_as_it_was(value: Outer) -> None:
    assert decode(msgspec.json.encode(value)) == value


def without(document: Any, path: tuple[str | int, ...]) -> Any:
    """The document with the field at a path left out."""
    copy = json.loads(json.dumps(document))
    at = copy
    for step in path[:-1]:
        at = at[step]
    del at[path[-1]]
    return copy


@pytest.mark.parametrize(
    "path",
    [
        *[(field.name,) for field in fields(Outer)],
        ("inner", "first"),
        ("several", 1, "colour"),
        ("perhaps", "first"),
    ],
)
def test_a_field_that_is_missing_is_an_error_also_where_it_has_a_default(path: tuple[str | int, ...]) -> None:
    document = json.loads(msgspec.json.encode(FULL))

    with pytest.raises(msgspec.ValidationError, match=f"missing required field `{path[-1]}`"):
        decode(json.dumps(without(document, path)).encode())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"first":1', b'"first":"1"'),
        (b'"first":2', b'"first":2,"more":1'),
        (b'"first":3', b'"first":3.5'),
        (b'"red"', b'"blue"'),
        (b"2026-03-01", b"2026-03"),
        (b"AP8=", b"?"),
        (b'{"day"', b'{"more":1,"day"'),
    ],
)
def test_what_is_mistyped_or_unknown_is_an_error(old: bytes, new: bytes) -> None:
    written = msgspec.json.encode(FULL)
    assert old in written

    with pytest.raises(msgspec.ValidationError):
        decode(written.replace(old, new))


@pytest.mark.parametrize("kind", [FileCheckpoint, Verdict, Facts])
def test_nothing_of_what_the_program_stores_has_a_default(kind: type[Any]) -> None:
    with pytest.raises(
        msgspec.ValidationError, match=f"missing required field `{next(iter(get_type_hints(kind)))}`"
    ):
        exact_decoder(kind)(b"{}")
