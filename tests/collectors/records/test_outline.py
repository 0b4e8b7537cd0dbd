from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from leverwatch.collectors.records import window
from leverwatch.collectors.records.decode import BadInput
from leverwatch.collectors.records.outline import VALUE, Each, outline

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
pieces = st.sampled_from([1, 2, 3, 7, 64, 1 << 18])


def read(data: bytes, piece: int = 1 << 18, largest: int = 1 << 20) -> tuple[Any, list[Any]]:
    """What is found of a document, and of the elements of its list `rows`."""
    found: list[Any] = []

    def take(_: str | int, text: bytes | None) -> None:
        found.append(... if text is None else json.loads(text))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(window, "_PIECE", piece)
        whole = outline(BytesIO(data), {"kept": VALUE, "in": {"kept": VALUE, "rows": Each(take, largest)}})
    return whole, found


@given(values, st.lists(values, max_size=5), values, values, pieces, st.sampled_from([None, 1]))
def test_wanted_parts_come_back_wherever_the_pieces_end(
    kept: Any, rows: list[Any], skipped: Any, other: Any, piece: int, indent: int | None
) -> None:
    document = {
        "a": skipped,
        "kept": kept,
        "in": {"b": other, "rows": rows, "c": skipped, "kept": other},
        "d": kept,
    }
    data = json.dumps(document, indent=indent).encode()

    whole, found = read(data, piece)

    assert whole == {"kept": kept, "in": {"rows": [], "kept": other}}
    assert found == rows


@given(values, pieces, st.integers(1, 100))
def test_a_document_that_is_cut_off_is_no_json(value: Any, piece: int, cut: int) -> None:
    data = json.dumps({"skipped": value, "kept": value}).encode()

    with pytest.raises(BadInput, match="is not JSON"):
        read(data[: max(len(data) - cut, 0)], piece)


@example(b"0\0", 1)
@given(st.binary(max_size=200) | st.text('[]{}",:\\1e nulNa', max_size=60).map(str.encode), pieces)
def test_no_bytes_break_it_and_all_that_is_json_is_read(data: bytes, piece: int) -> None:
    try:
        whole, _ = read(data, piece)
    except BadInput:
        with pytest.raises(ValueError, match=r"."):
            _strictly(data)
    else:
        assert whole is None or isinstance(whole, str | int | float | list | dict)


def _strictly(data: bytes) -> None:
    """Raises ValueError for what is not JSON, or has a key twice."""

    def no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            raise ValueError("twice")
        return dict(pairs)

    json.loads(data.decode("utf-8-sig"), object_pairs_hook=no_key_twice)


def test_an_element_that_is_too_large_is_left_out_and_the_next_one_is_not() -> None:
    document = {"in": {"rows": ["x" * 50, "y", ["z"] * 50, {"w": 1}]}}

    for piece in (1, 8, 1 << 18):
        assert read(json.dumps(document).encode(), piece, 20)[1] == [..., "y", ..., {"w": 1}]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'{"kept": "' + b"x" * (65 << 10) + b'"}', "is larger than 64 KiB"),
        (b'{"skipped": ' + b"[" * 2000 + b"]" * 2000 + b"}", "is nested too deeply"),
        (b'{"kept": 1, "kept": 2}', "has one of its keys twice"),
        (b'{"in": {"rows": [1]}, "in": {"rows": [2]}}', "has one of its keys twice"),
        (b'{"kept": 1} {}', "is not JSON"),
        (b'{"skipped": [1, oops]}', "is not JSON"),
        (b"{'kept': 1}", "is not JSON"),
    ],
)
def test_what_is_no_document_says_why(data: bytes, reason: str) -> None:
    with pytest.raises(BadInput, match=reason):
        read(data)


def test_a_mark_of_the_order_of_bytes_is_passed_over() -> None:
    assert read(b'\xef\xbb\xbf{"kept": 1}')[0] == {"kept": 1}
