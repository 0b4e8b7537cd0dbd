"""Delimited records with line breaks in quotes: each is found where it is, in whatever pieces it comes."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.collectors.records.framing.quoted import STRAY, QuotedFraming
from tests.collectors.records.framing.chunks import cut, records

COMMAS = QuotedFraming(",", '"')
CELL = st.lists(st.sampled_from(["\r\n", *"ab\",;|\n \t'é1¦"]), max_size=6).map("".join)
ROWS = st.lists(st.lists(CELL, min_size=2, max_size=4), max_size=6)
CUTS = st.lists(st.integers(0, 400), max_size=12)
SOUP = st.text(st.sampled_from('a1,"\n\r #'), max_size=60)


def written(rows: list[list[str]], delimiter: str, quote: str, end: str) -> bytes:
    text = io.StringIO()
    made = csv.writer(text, delimiter=delimiter, quotechar=quote, lineterminator=end)
    for row in rows:
        # Blanks before a quote do not belong to a value.
        made.writerow([cell.lstrip() for cell in row])
    return text.getvalue().encode()


@given(
    ROWS,
    st.sampled_from([",", ";", "\t", "|", "¦"]),
    st.sampled_from(['"', "'"]),
    st.sampled_from(["\n", "\r\n"]),
    CUTS,
)
def test_what_was_written_as_records_is_found_as_such_in_any_pieces(
    rows: list[list[str]], delimiter: str, quote: str, end: str, cuts: list[int]
) -> None:
    framing = QuotedFraming(delimiter, quote)
    data = written(rows, delimiter, quote, end)
    found, lines, refused, _ = records(framing, cut(data, cuts))
    texts = [it.decode() for it in found]

    assert refused == 0
    assert list(csv.reader(texts, delimiter=delimiter, quotechar=quote, strict=True)) == [
        [cell.lstrip() for cell in row] for row in rows
    ]
    starts = [written(rows[:number], delimiter, quote, end).count(b"\n") for number in range(len(rows))]
    assert lines == starts


def test_a_sign_of_several_bytes_may_be_cut_within() -> None:
    data = written([["a\nb", "c"], ['d"\ne', "f\n"]], "¦", "»", "\n") + "»x\n»»y»¦z\n".encode()
    framing = QuotedFraming("¦", "»")

    for place in range(len(data)):
        found, _, refused, _ = records(framing, cut(data, [place]))
        assert (len(found), refused) == (3, 0), place


@given(SOUP, CUTS)
def test_what_is_no_table_is_cut_alike_whatever_the_pieces(text: str, cuts: list[int]) -> None:
    data = text.encode()

    assert records(COMMAS, cut(data, cuts)) == records(COMMAS, [data])


@given(SOUP)
def test_every_byte_belongs_to_one_record_or_refusal_and_each_begins_where_it_is_said(text: str) -> None:
    data = text.encode()
    units = COMMAS.split(data)
    lines = [units.line_of(index) for index in range(len(units.units))]
    begins = [0, *(at + 1 for at, byte in enumerate(data) if byte == 10)]

    assert len({*lines, *(line for line, _, _ in units.refused)}) == len(lines) + len(units.refused)
    for index, unit in enumerate(units.units):
        assert data[begins[lines[index]] :].startswith(unit)
    if units.starts is not None:
        assert units.starts == [begins[line] for line in lines]


ROW = b"2026-03-10T08:00:0%d,m,%s\n"


@pytest.mark.parametrize("stray", [b'"not closed', b'"closed" and more', b'""twice" '])
def test_a_stray_quote_costs_the_line_that_it_is_on(stray: bytes) -> None:
    rows = [ROW % (1, b"5"), ROW % (2, stray), *(ROW % (second, b'"6"') for second in range(3, 9))]
    units = COMMAS.split(b"".join(rows))

    assert len(units.units) == 7
    assert [(line, detail) for line, _, detail in units.refused] == [(1, STRAY)]


def test_rows_that_a_missing_quote_would_hide_are_rows_of_their_own() -> None:
    hidden = [ROW % (1, b'"an answer'), ROW % (2, b"5"), ROW % (3, b"6"), ROW % (4, b'7"')]
    units = COMMAS.split(b"".join(hidden))

    assert [line for line, _, _ in units.refused] == [0]
    assert units.units == [row.strip() for row in hidden[1:]]


def test_a_missing_quote_holds_nothing_up_once_two_rows_follow() -> None:
    data = b"".join([ROW % (1, b'"an answer'), ROW % (2, b"5")])

    assert COMMAS.complete(data, final=False) == 0
    assert COMMAS.complete(data + ROW % (3, b"6"), final=False) == len(data + ROW % (3, b"6"))


def test_a_quoted_text_may_be_a_table_itself() -> None:
    data = ROW % (1, b'"a,b,c\n1,2,3\n4,5,6"')

    assert COMMAS.split(data).units == [data.strip()]


def test_a_record_that_goes_on_for_more_than_a_mebibyte_is_a_stray_quote() -> None:
    data = b'1,"a\n' + b"word\n" * (1 << 18)

    assert COMMAS.complete(data, final=False) == len(data)
    assert COMMAS.split(data + b'"\n').refused[0][0] == 0


def test_without_a_quote_sign_every_line_is_a_record() -> None:
    units = QuotedFraming("\t", "").split(b'1\t"a\n2\tb"\n')

    assert units.units == [b'1\t"a', b'2\tb"']
