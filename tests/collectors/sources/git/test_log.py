from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.collectors.sources.git.log import Edit, Landing, parse_log, parse_time, read_log

COMMIT, OLD, NEW, NONE = "c" * 40, "a" * 40, "b" * 40, "0" * 40


def entry(old_mode: str, new_mode: str, path: bytes) -> bytes:
    old = NONE if old_mode == "000000" else OLD
    new = NONE if new_mode == "000000" else NEW
    return f":{old_mode} {new_mode} {old} {new} M".encode() + b"\0" + path + b"\0"


def test_a_landing_is_read_with_its_date_and_its_files() -> None:
    output = f"{COMMIT} 1767603600".encode() + b"\0\n" + entry("100644", "100755", b"a b\nc.md")

    assert list(parse_log(output)) == [
        Landing(COMMIT, datetime(2026, 1, 5, 9, tzinfo=UTC), (Edit("a b\nc.md", OLD, NEW),))
    ]


@pytest.mark.parametrize("mode", ["120000", "160000", "000000"])
def test_links_and_submodules_are_as_good_as_absent(mode: str) -> None:
    output = f"{COMMIT} 0".encode() + b"\0\n" + entry(mode, "100644", b"a") + entry("100644", mode, b"b")

    (landing,) = parse_log(output)
    assert landing.edits == (Edit("a", None, NEW), Edit("b", OLD, None))


def test_the_first_parent_of_the_oldest_commit_is_kept() -> None:
    first, second = (f"{COMMIT} 0 0 {parents}".encode() + b"\0" for parents in (f"{OLD} {NEW}", NEW))
    roots: list[str] = []

    assert not list(read_log([first + second], roots=roots))
    assert not list(read_log([f"{COMMIT} 0 0 ".encode() + b"\0"], roots=roots))
    assert roots == [OLD, ""]


def test_a_landing_without_files_is_left_out() -> None:
    header = f"{COMMIT} 0".encode() + b"\0"

    assert list(parse_log(header + header)) == []
    assert list(parse_log(b"")) == []
    assert len(list(parse_log(header + header + b"\n" + entry("000000", "100644", b"a") + header))) == 1


def test_a_path_that_looks_like_an_entry_is_a_path() -> None:
    output = (
        f"{COMMIT} 0".encode()
        + b"\0\n"
        + entry("000000", "100644", b":100644 x")
        + entry("000000", "100644", b"b")
    )

    (landing,) = parse_log(output)
    assert [edit.path for edit in landing.edits] == [":100644 x", "b"]


def test_a_path_that_is_not_utf_8_keeps_its_bytes_as_escapes() -> None:
    (landing,) = parse_log(f"{COMMIT} 0".encode() + b"\0\n" + entry("000000", "100644", b"\xff.md"))

    assert landing.edits[0].path == "\\xff.md"


@pytest.mark.parametrize(
    "output",
    [
        b":100644 100644 a b M\0path\0",
        f"{COMMIT} 0".encode() + b"\0\n:100644 100644 a b M\0",
        f"{COMMIT} 0".encode() + b"\0\n:100644 a b M\0path\0",
        f"{COMMIT} 0".encode() + b"\0\n:mode 100644 a b M\0path\0",
    ],
)
def test_anything_else_is_refused(output: bytes) -> None:
    with pytest.raises(ValueError, match=r"not the output|invalid literal"):
        list(parse_log(output))


@pytest.mark.parametrize("seconds", ["", "soon", "99999999999999999999"])
def test_a_date_outside_of_the_calendar_becomes_the_epoch(seconds: str) -> None:
    assert parse_time(seconds) == datetime(1970, 1, 1, tzinfo=UTC)


def test_a_date_in_the_future_is_kept() -> None:
    assert parse_time("4102444800") == datetime(2100, 1, 1, tzinfo=UTC)


@given(st.integers(1, 40))
def test_the_output_may_be_cut_anywhere(size: int) -> None:
    header = f"{COMMIT} 1767603600".encode() + b"\0"
    output = (
        header + b"\n" + entry("100644", "100644", b"a\nb.md") + header + b"\n" + entry("000000", "100644", b":c")
    )

    pieces = [output[start : start + size] for start in range(0, len(output), size)]
    assert list(read_log(pieces)) == list(parse_log(output))
