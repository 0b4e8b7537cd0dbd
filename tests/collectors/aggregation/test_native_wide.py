"""Where the processor looks at many bytes at once, the helper finds the same values as where it does not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import product
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from leverwatch.collectors.aggregation import _native
from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.aggregation.native_scans import ROLES
from leverwatch.collectors.records.formats.plain import IN_TEXT
from tests.collectors.aggregation.test_native_counter import LINES, both, damaged, helped, outcome
from tests.collectors.sources.files.logs import FIELDS

SOUND = (
    r"\n", r"\"", r"\\", r"\\\\", r"\\\"", r"\/", r"\u00fc", r"\uFFFF", r"\ud7ff", r"\uD800\uDC00",
    r"\udbff\udfff", r"\uD83D\uDE00\uD83D\uDE01", r"\u005cx", r"\\u12", "ü", "\x7f", r"\\\u0041", r"\\ud800", "",
    "{[,:]}",
)  # fmt: skip
BROKEN = (
    r"\x", r"\u12", r"\u12g4", r"\uDC00", r"\uD800", r"\uD800\n", r"\uD800\uD800", r"\uD800\u0041",
    r"\ud83dx\ude00", "\x00", "\x1f", "\t", r"\\\x", r"\u123\ud800\udc00", r"\U0041", r"\ ", r"\u\u0041", r"\ü",
)  # fmt: skip


class _Record(msgspec.Struct):
    ts: str
    id: str = ""


_decoder = msgspec.json.Decoder(_Record)


def line(text: str, behind: str = "") -> bytes:
    """A record with a text that nobody asks for, and an id behind it."""
    return f'{{"x":"{text}","ts":"2026-03-10T08:00:00Z","id":"{behind}r1"}}'.encode()


def inside(text: str) -> bytes:
    """A record whose id is in a text, behind another text of that, written as it is."""
    return f'{{"in":"{{\\"x\\":\\"{text}\\",\\"id\\":\\"r1\\"}}","ts":"2026-03-10T08:00:00Z"}}'.encode()


PLAIN = ((b"ts",), 0), ((b"id",), 1)
INSIDE = ((b"ts",), 0, 0), ((b"in",), ROLES.index(IN_TEXT), 0), ((b"in", b"id"), 1, 0)


def found(lines: Sequence[bytes], *, wide: bool, paths: tuple[tuple[Any, ...], ...] = PLAIN) -> list[Any]:
    """Where the values of each line are; None where it is left to Python."""
    _native.wide(wide)
    scan = _native.Scan(paths, int(paths is not PLAIN))
    assert scan.read(b"".join(it + b"\n" for it in lines)) == len(lines)
    told: list[Any] = []
    for at in range(len(lines)):
        try:
            told.append(scan.told(at))
        except IndexError:
            told.append(None)
    _native.wide(True)
    return told


def is_json(text: bytes) -> bool:
    try:
        _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True


def check(lines: Sequence[bytes]) -> None:
    wide = found(lines, wide=True)
    assert wide == found(lines, wide=False)
    assert [told is not None for told in wide] == list(map(is_json, lines))


def test_an_escape_is_the_same_wherever_it_lies() -> None:
    pieces = [*SOUND, *BROKEN]
    check([line("a" * before + piece + "b" * 70) for piece in pieces for before in range(140)])
    check([line("a" * before + piece) for piece in pieces for before in range(70)])


def test_escapes_that_follow_each_other_are_the_same_wherever_they_lie() -> None:
    pairs = product((*SOUND, *BROKEN), repeat=2)
    check([line("a" * before + first + second + "b" * 64) for first, second in pairs for before in range(50, 66)])


def test_an_escape_inside_of_a_text_inside_of_a_text_is_the_same_wherever_it_lies() -> None:
    twice = [json.dumps(piece)[1:-1] for piece in (*SOUND, *BROKEN)]
    pieces = [*SOUND, *BROKEN, *twice, *("\\" * run + end for run in range(2, 9) for end in ("", '"', "n"))]
    lines = [inside("a" * before + piece + "b" * 70) for piece in pieces for before in range(52, 70)]
    lines += [inside("a" * 30 + one + other + "b" * 64) for one, other in product(pieces, repeat=2)]
    wide = found(lines, wide=True, paths=INSIDE)
    assert wide == found(lines, wide=False, paths=INSIDE)
    told = [line for line, values in zip(lines, wide, strict=True) if values is not None]
    assert {json.loads(json.loads(line)["in"])["id"] for line in told} == {"r1"}
    read = {piece for piece in pieces if inside("a" * 60 + piece + "b" * 70) in told}
    assert {r"\\n", r"\\\"", r"\\u00fc", r"\u00fc", "ü", r"\\ud800\\udc00"} <= {it.lower() for it in read}


def test_runs_of_backslashes_are_as_long_as_they_are() -> None:
    lines = [line("a" * before + "\\" * run + '"' * (run % 2)) for before in range(66) for run in range(1, 135, 3)]
    assert all(map(is_json, lines))
    check(lines)


def test_the_table_of_escapes_says_what_is_json() -> None:
    assert all(is_json(line(piece)) for piece in SOUND)
    assert not any(is_json(line(piece)) for piece in BROKEN)
    check([line("\\" + chr(byte) + "a" * 80) for byte in range(128) if byte not in b"\n"])
    check([line("\\u00" + chr(byte) + "0" + "a" * 80) for byte in range(128) if byte not in b"\n"])
    check([line("a" * 40 + chr(byte) + "a" * 80) for byte in range(128) if byte not in b"\n"])


@given(st.lists(st.sampled_from([*SOUND, *BROKEN[:4], "abc", '"', "a" * 30]), max_size=30), st.integers(0, 70))
def test_texts_of_many_escapes_are_the_same(pieces: list[str], before: int) -> None:
    both_ways = [line("a" * before + "".join(pieces)), line("a", "b" * before)]

    assert found(both_ways, wide=True) == found(both_ways, wide=False)


@settings(max_examples=30)
@given(st.lists(st.tuples(LINES, st.integers(0, 11)), max_size=12))
def test_where_few_bytes_are_looked_at_the_helper_counts_what_python_counts(
    chunk: list[tuple[bytes, int]],
) -> None:
    data = b"".join(damaged(one, seed) + b"\n" for one, seed in chunk)
    _native.wide(False)
    try:
        plain, alone = both(helped(FIELDS), system="{app}")
        for one in (plain, alone):
            one.add(Lines(data, "app.jsonl", 1))
        assert outcome(plain.drain()) == outcome(alone.drain())
    finally:
        _native.wide(True)


def test_the_helper_can_be_told_to_look_at_few_bytes() -> None:
    had = _native.wide(True)

    assert not _native.wide(False)
    assert _native.wide(True) == had
