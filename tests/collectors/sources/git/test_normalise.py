from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.collectors.sources.git.normalise import content_hash, normalise


@pytest.mark.parametrize(
    "same",
    [
        b"one\r\ntwo\r\n",
        b"one\rtwo",
        b"one  \ntwo\t\n",
        b"one\ntwo\n\n \n",
        b"\xef\xbb\xbfone\ntwo",
    ],
)
def test_line_ends_trailing_blanks_and_a_byte_order_mark_do_not_count(same: bytes) -> None:
    assert normalise(same) == b"one\ntwo"


@pytest.mark.parametrize("other", [b" one\ntwo", b"one\n\ntwo", b"one two", b"one\ntw o", b"\none\ntwo"])
def test_indentation_blank_lines_and_inner_blanks_count_by_default(other: bytes) -> None:
    assert content_hash(other) != content_hash(b"one\ntwo")


@pytest.mark.parametrize("same", [b"one\n  two", b"one two", b"\n\none\t\ttwo "])
def test_collapsed_white_space_makes_wrapping_and_indentation_equal(same: bytes) -> None:
    assert normalise(same, collapse_whitespace=True) == b"one two"


@given(st.binary(), st.booleans())
def test_normalising_any_bytes_twice_changes_nothing_more(text: bytes, collapse: bool) -> None:
    once = normalise(text, collapse_whitespace=collapse)
    # A byte-order mark that stood behind another one is text.
    if not once.startswith(b"\xef\xbb\xbf"):
        assert normalise(once, collapse_whitespace=collapse) == once


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"])), max_size=5))
def test_the_line_end_never_matters(lines: list[str]) -> None:
    unix = "\n".join(lines).encode()
    assert content_hash(unix) == content_hash("\r\n".join(lines).encode())


def test_the_hash_is_the_same_in_every_process() -> None:
    assert content_hash(b"You are a helpful assistant.\n") == "1e5db5b6e2db488f859a9261"
