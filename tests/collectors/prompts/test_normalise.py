from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.collectors.prompts.normalise import content_hash, normalise


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


@given(st.text("a \n\t\r\v\f", max_size=12).map(str.encode))
def test_a_text_that_is_as_it_should_be_is_told_from_one_that_is_not(text: bytes) -> None:
    assert normalise(text) == b"\n".join(line.rstrip() for line in text.splitlines()).rstrip(b"\n")


@given(st.binary(), st.booleans())
def test_normalising_any_bytes_twice_changes_nothing_more(text: bytes, collapse: bool) -> None:
    once = normalise(text, collapse_whitespace=collapse)
    # A byte-order mark that stood behind another one is text. What has zero bytes and is no UTF-16 may look like
    # it without some of its blanks.
    if not once.startswith(b"\xef\xbb\xbf") and not (b"\0" in once and once != text):
        assert normalise(once, collapse_whitespace=collapse) == once


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"])), max_size=5))
def test_the_line_end_never_matters(lines: list[str]) -> None:
    unix = "\n".join(lines).encode()
    assert content_hash(unix) == content_hash("\r\n".join(lines).encode())


def test_the_hash_is_the_same_in_every_process() -> None:
    assert content_hash(b"You are a helpful assistant.\n") == "1e5db5b6e2db488f859a9261"


_TEXT = "You are a helper.\nAnswer \u2014 briefly\u2026\n"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_the_encoding_of_a_text_does_not_count(encoding: str) -> None:
    unix, other = _TEXT.encode(encoding), _TEXT.replace("\n", "\r\n").encode(encoding)

    assert content_hash(unix) == content_hash(other) == content_hash(_TEXT.encode())
    assert content_hash(_TEXT.replace("brief", "long").encode(encoding)) != content_hash(_TEXT.encode())


@pytest.mark.parametrize("mark", [codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE])
def test_text_in_two_bytes_that_is_broken_is_compared_by_its_bytes(mark: bytes) -> None:
    broken = [mark + b"\x00\xd8" * 3, mark + b"\xd8\x00" * 3, mark + b"a\x00b"]

    assert len({content_hash(text) for text in broken}) == 3


@pytest.mark.parametrize("binary", [b"\x00" * 100, bytes(range(256)) * 2, b"a\x00\x00b" * 9])
def test_binary_files_are_no_text_in_two_bytes(binary: bytes) -> None:
    assert normalise(binary + b"x\r\n") != normalise(binary + b"y\r\n")
