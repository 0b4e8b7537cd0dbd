"""The fields of a row that a map makes of raw values: the generated function and the entries one by one agree."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.collectors.records.field_loops import compile_fill
from leverwatch.collectors.records.field_rows import Entries, FieldRows, paths_of
from leverwatch.collectors.records.field_specs import FieldSpec
from leverwatch.collectors.records.field_values import Mistyped, Words, Written
from leverwatch.collectors.records.fields import EXTENDED_FIELDS, FIELD_INDEX, FIELDS
from leverwatch.collectors.records.tokens import Stands

GERMAN = Written(",", ".")
SPECS: dict[str, list[FieldSpec]] = {
    "time": [
        FieldSpec(("a", "b")), FieldSpec(("a", "b"), is_sum=True, form="%d.%m.%Y %H"), FieldSpec(("a",), unit="s"),
    ],
    "model": [FieldSpec(("a", "b", "c")), FieldSpec(constant="m")],
    "status": [FieldSpec(("a", "b"), words=(Words("error", frozenset({"1"}), ("2",), present=True),))],
    "input_tokens": [
        FieldSpec(("a", "b", "c"), is_sum=True), FieldSpec(("a", "a"), is_sum=True), FieldSpec(("a", "b")),
        FieldSpec(("a",), written=GERMAN),
    ],
    "latency_ms": [FieldSpec(("a", "b"), unit="us"), FieldSpec(("a", "b"), is_sum=True, unit="s"),
                   FieldSpec(("a",), unit="text"), FieldSpec(("a", "b"), unit="text")],
    "cost_usd": [
        FieldSpec(("a",), unit="cents"), FieldSpec(("a", "b"), is_sum=True, unit="micros"),
        FieldSpec(("a",), unit="nanos", written=Written(".", ",", dollars=True)),
    ],
    "sample_rate": [FieldSpec(("a",)), FieldSpec(constant=0.5)],
}  # fmt: skip
VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [
        None,
        "",
        " ",
        "1.5s",
        0,
        1,
        5,
        1.5,
        True,
        "7",
        "1,5",
        "1.000",
        "01.02.2026",
        "10",
        "x",
        {},
        -3,
        1_772_524_800,
        "9" * 20,
    ]
)


@given(
    st.fixed_dictionaries({}, optional={name: st.sampled_from(specs) for name, specs in SPECS.items()}),
    st.lists(VALUES, min_size=15, max_size=15),
    st.sampled_from([None, GERMAN]),
)
def test_the_generated_function_does_what_each_entry_says(
    specs: dict[str, FieldSpec], raw: list[Any], written: Written | None
) -> None:
    expected: list[Any] = [None] * len(FIELDS)
    places, at, mistyped = [], 0, False
    for name, spec in specs.items():
        places.append((name, spec, at))
        try:
            expected[FIELD_INDEX[name]] = spec.reader(name, written)(raw[at : at + len(spec.paths)])
        except Mistyped:
            mistyped = True
        at += len(spec.paths)
    made: list[Any] = [None] * len(FIELDS)
    fill = compile_fill(places, written)

    if mistyped:
        with pytest.raises(Mistyped):
            fill(tuple(raw), made)
    else:
        fill(tuple(raw), made)
        assert made == expected


def test_the_raw_values_are_gone_from_the_row_and_extended_fields_are_at_its_end() -> None:
    beside = FieldSpec(("think",), stands=Stands.BESIDE)
    rows = FieldRows({"time": "at", "output_tokens": "out", "reasoning_tokens": beside}, own=1)
    raw: list[Any] = [None] * len(FIELDS)
    raw[FIELD_INDEX["time"]], raw[FIELD_INDEX["output_tokens"]] = "now", 5
    row, wrong = rows.made((*raw, "team", 7))

    assert len(row) == len(FIELDS) + 1 + len(EXTENDED_FIELDS)
    assert (row[len(FIELDS)], row[FIELD_INDEX["output_tokens"]], row[FIELD_INDEX["reasoning_tokens"]]) == (
        "team",
        12,
        7,
    )
    assert wrong == ()


def test_a_sum_with_what_stands_beside_it_is_unknown_beyond_the_largest_count() -> None:
    beside = FieldSpec(("c",), stands=Stands.BESIDE)
    rows = FieldRows({"time": "at", "input_tokens": FieldSpec(("a", "b")), "cached_input_tokens": beside}, own=0)
    row, wrong = rows.made((*[None] * len(FIELDS), 2**53, None, 1))

    assert row[FIELD_INDEX["input_tokens"]] is None
    assert wrong == (("input_tokens", "the sum: expected a whole number from 0 to 2**53"),)


@pytest.mark.parametrize(
    ("total", "taken"),
    [("120", 100), (120, 100), (150, 130), (149, 130), (None, 130), ("", 130), ("?", 130), (True, 130)],
)
def test_a_total_of_input_and_output_alone_says_that_a_part_is_inside(total: Any, taken: int) -> None:
    part = FieldSpec(("c",), stands=Stands.BESIDE, total="t")
    rows = FieldRows({"input_tokens": "in", "output_tokens": "out", "cached_input_tokens": part}, own=0)
    raw: list[Any] = [None] * len(FIELDS)
    raw[FIELD_INDEX["input_tokens"]], raw[FIELD_INDEX["output_tokens"]] = 100, 20
    row, wrong = rows.made((*raw, 30, total))

    assert rows.raw == ["c", "t"]
    assert (row[FIELD_INDEX["input_tokens"]], row[FIELD_INDEX["cached_input_tokens"]]) == (taken, 30)
    assert wrong == ()


def test_every_path_of_a_map_is_told() -> None:
    entries: Entries = {
        "time": "a",
        "input_tokens": FieldSpec(("b", "c"), session="s"),
        "cached_input_tokens": FieldSpec(("d",), stands=Stands.BESIDE, total="t"),
        "model": FieldSpec(constant="m"),
    }

    assert list(paths_of(entries)) == ["a", "b", "c", "s", "d", "t"]
