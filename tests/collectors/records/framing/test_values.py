from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leverwatch.collectors.records.framing.values import VALUES, Kind, pieces
from tests.collectors.records.framing.chunks import cut, records
from tests.examples import examples

SCALAR = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(['"', "\\", "}{", "[{", "\n"])
)
VALUE = st.recursive(
    SCALAR, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
)
RECORD = st.dictionaries(st.text(max_size=4), VALUE, max_size=4)
INDENT = st.sampled_from([None, 1, 2, 4])
CUTS = st.lists(st.integers(0, 5000), max_size=12)


def dump(values: list[Any], indent: int | None, shape: str, ascii_only: bool) -> bytes:
    """The same records as lines, as documents one after the other, or as an array."""
    if shape == "array":
        return json.dumps(values, indent=indent, ensure_ascii=ascii_only).encode()
    joint = {"lines": "\n", "blank lines": "\n\n", "nothing": ""}[shape]
    return joint.join(json.dumps(value, indent=indent, ensure_ascii=ascii_only) for value in values).encode()


@given(
    st.lists(RECORD, max_size=5),
    INDENT,
    st.sampled_from(["array", "lines", "blank lines", "nothing"]),
    st.booleans(),
    CUTS,
)
def test_every_record_is_found_however_it_is_written_and_cut(
    values: list[Any], indent: int | None, shape: str, ascii_only: bool, places: list[int]
) -> None:
    data = dump(values, indent, shape, ascii_only)
    found, lines, refused, ignored = records(VALUES, cut(data, places))

    assert [json.loads(unit) for unit in found] == values
    assert all(unit.split(b"\n")[0] in data.split(b"\n")[line] for unit, line in zip(found, lines, strict=True))
    assert (refused, ignored) == (0, 0)


GARBAGE = st.binary(max_size=60).map(lambda data: b"x" + data.replace(b"data:", b"").replace(b"\r", b"") + b"\n")


@given(st.lists(st.tuples(RECORD, GARBAGE), min_size=1, max_size=5), st.sampled_from([None, 2]), CUTS)
def test_no_garbage_between_textscosts_a_neighbour(
    entries: list[tuple[Any, bytes]], indent: int | None, places: list[int]
) -> None:
    texts = [json.dumps({"mark": number, "v": value}, indent=indent) for number, (value, _) in enumerate(entries)]
    data = b"".join(text.encode() + b"\n" + bad for text, (_, bad) in zip(texts, entries, strict=True))
    found, _, refused, _ = records(VALUES, cut(data, places))
    whole = records(VALUES, [data])

    assert {unit for unit in found if unit.startswith((b'{"mark"', b'{\n  "mark"'))} == {
        text.encode() for text in texts
    }
    assert refused >= 1
    assert (found, refused) == (whole[0], whole[2])


@given(st.lists(RECORD, min_size=3, max_size=3), st.sampled_from([None, 2]), st.integers(1, 200), CUTS)
def test_a_record_that_is_cut_short_costs_only_itself(
    values: list[Any], indent: int | None, keep: int, places: list[int]
) -> None:
    first, middle, last = (json.dumps({"n": value}, indent=indent).encode() for value in values)
    data = first + b"\n" + middle[: min(keep, len(middle) - 1)] + b"\n" + last + b"\n"
    found, _, refused, _ = records(VALUES, cut(data, places))

    # A line that looks like an object is one for the framing; only the format can tell that it is none.
    assert [unit for unit in found if unit in (first, last)] == [first, last]
    assert refused + len(found) == 3


def test_a_broken_element_of_an_array_ends_where_the_next_one_begins() -> None:
    array = b'[\n  {"a": {"b": 1},\n  {"c": 2},\n  {"d": 3}\n]\n'
    line = b'[{"a": {"b": 1}, {"c": 2}, {"d": "x}, {"e": 5}]\n{"f": 6}'

    assert records(VALUES, [array])[0] == [b'{"c": 2}', b'{"d": 3}']
    assert records(VALUES, [line])[0] == [b'{"c": 2}', b'{"f": 6}']


def test_an_object_without_a_newline_is_complete() -> None:
    assert VALUES.complete(b'{"a": {"b": "}"}}', final=False) == 17
    assert VALUES.complete(b'{"a": {"b": "}"}', final=False) == 0


def complete_in(data: bytes) -> int:
    """What is complete, found by looking at every piece."""
    end, open_at = 0, len(data)
    for piece in pieces(data):
        if piece.kind is Kind.OPEN:
            open_at = piece.start
            break
        end = piece.end
    return max(end, data.rfind(b"\n", end, open_at) + 1)


PARTS = st.sampled_from(
    [
        b"{",
        b"}",
        b"[",
        b"]",
        b'"',
        b"\\",
        b"\n",
        b"\n{",
        b"}\n",
        b"\n  ",
        b" ",
        b",",
        b":",
        b'"a": ',
        b"data: ",
        b"x",
    ]
)


@settings(max_examples=examples(1000))
@given(st.lists(PARTS | st.binary(max_size=3), max_size=40).map(b"".join))
def test_only_the_last_value_is_looked_at_and_the_end_is_the_same(data: bytes) -> None:
    assert VALUES.complete(data, final=False) == complete_in(data)


@given(st.lists(RECORD, max_size=4), INDENT, st.sampled_from(["array", "lines", "nothing"]), st.integers(0, 2000))
def test_the_same_holds_for_records_that_are_cut(
    values: list[Any], indent: int | None, shape: str, keep: int
) -> None:
    data = dump(values, indent, shape, ascii_only=True)[:keep]
    assert VALUES.complete(data, final=False) == complete_in(data)


def test_data_of_an_event_that_is_a_single_word_is_no_record_and_no_error() -> None:
    data = b'data: 1773129600000\n\ndata: {"a": 1}\n\ndata: ping\n'

    assert records(VALUES, [data]) == ([b'{"a": 1}'], [2], 0, 2)


def test_lines_of_server_sent_events_are_no_texts_and_no_errors() -> None:
    data = b'event: x\ndata: {"a": 1}\n\n: ping\nid: 7\ndata: {"b": 2}\n\ndata: [DONE]\n\n'

    assert records(VALUES, [data]) == ([b'{"a": 1}', b'{"b": 2}'], [1, 5], 0, 4)


@pytest.mark.parametrize(
    ("data", "kinds"),
    [
        (b'{"a": ]}', [Kind.BROKEN]),
        (b'{"a": "x\n{"b": 1}', [Kind.BROKEN, Kind.VALUE]),
        (b'{"a": "x\\', [Kind.OPEN]),
        (b"text", [Kind.OPEN]),
        (b'text\n{"a": "\\"}"}', [Kind.TEXT, Kind.VALUE]),
        (b"\xef\xbb\xbf\0\0 [ , ]", []),
    ],
)
def test_pieces_are_what_they_look_like(data: bytes, kinds: list[Kind]) -> None:
    assert [piece.kind for piece in pieces(data)] == kinds


def test_a_record_that_is_too_long_is_dropped_up_to_the_next_line_that_starts_a_value() -> None:
    assert VALUES.skip(b'   "x": 1}\n}\n{"a": 1}') == (13, True)
    assert VALUES.skip(b'   "x": 1\n') == (9, False)


@given(st.lists(RECORD, min_size=1, max_size=5), st.booleans())
def test_lines_of_one_object_each_are_cut_without_looking_into_them(values: list[Any], ascii_only: bool) -> None:
    data = dump(values, None, "lines", ascii_only) + b"\n"
    quick, slow = VALUES.split(data), VALUES.split_values(data)

    assert quick.lines is None
    assert (quick.units, list(range(len(values)))) == (slow.units, slow.lines)
    assert VALUES.complete(data + b'{"a', final=False) == len(data)


@pytest.mark.parametrize("two", [b'{"a":1}{"b":2}', b'{"a":1} {"b":2}'])
def test_two_objects_on_one_line_are_two_beside_lines_with_braces_in_their_texts(two: bytes) -> None:
    formula = rb'{"text":"\\frac{a}{b}"}'
    units = VALUES.split(formula + b"\n" + two + b"\n")

    assert (units.units, units.lines) == ([formula, b'{"a":1}', b'{"b":2}'], [0, 1, 1])
