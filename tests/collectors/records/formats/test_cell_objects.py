"""Cells of a table that are JSON objects have columns inside."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.collectors.errors import CollectorError
from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.formats.cell_objects import CellObjects, object_of
from leverwatch.collectors.sniffing.counting import Summary, summarise
from leverwatch.collectors.sniffing.loading import config_of
from tests.collectors.sources.files.logs import sums

FIELDS = {"time": "at", "model": "call.model", "input_tokens": "call.use.in", "output_tokens": "call.use.out"}
ONE = '{"model": "m-1", "use": {"in": 70, "out": 9}}'
PRINTED = "{'model': 'm-1', 'use': {'in': 30, 'out': 4, 'kept': True}}"


def counted(folder: Path, *cells: str, fields: dict[str, Any] = FIELDS, **more: Any) -> Summary:
    text = io.StringIO()
    rows = ([f"2026-03-10T08:00:0{n}Z", cell] for n, cell in enumerate(cells))
    csv.writer(text, delimiter=more.get("delimiter", ",")).writerows([["at", "call"], *rows])
    path = folder / "a.csv"
    path.write_text(text.getvalue())
    return summarise(config_of(path, {"type": "csv", "objects": ["call"], "fields": fields, **more}))


@pytest.mark.parametrize("model", ["call.model", ["call.model", "call.name"]])
def test_what_an_object_in_a_cell_has_is_counted(tmp_path: Path, model: object) -> None:
    found = counted(tmp_path, ONE, PRINTED, fields={**FIELDS, "model": model})

    assert {row.model for row in found.usage} == {"m-1"}
    assert sums(found.usage)["inferences"] == 2
    assert sums(found.usage)["input_tokens"] == 100
    assert sums(found.usage)["output_tokens"] == 13


@pytest.mark.parametrize("model", ["call.model", ["call.model", "call.name"]])
def test_a_cell_that_is_no_object_has_unreadable_values_and_loses_no_record(tmp_path: Path, model: object) -> None:
    found = counted(tmp_path, ONE, "[1]", '{"model": ', "", fields={**FIELDS, "model": model})

    assert found.tallies[Result.COUNTED] == 4
    assert found.unreadable == {"model": 2, "input_tokens": 2, "output_tokens": 2}
    assert sums(found.usage)["unknown_input"] == 3


def test_a_filter_sees_what_is_inside(tmp_path: Path) -> None:
    found = counted(tmp_path, ONE, PRINTED, "oops", only={"call.use.kept": True})

    assert found.tallies == {Result.COUNTED: 1, Result.FILTERED: 2, Result.IGNORED: 1}
    assert not found.unreadable


def test_numbers_of_objects_are_not_written_like_those_of_the_table(tmp_path: Path) -> None:
    costs = {**FIELDS, "cost_usd": "call.usd"}
    found = counted(tmp_path, '{"usd": 1.234}', fields=costs, decimal=",", thousands=".", delimiter=";")

    assert sums(found.usage)["cost_usd"] == 1.234


@pytest.mark.parametrize("model", ["call.model", ["call.model", "call.name"]])
def test_a_header_without_the_column_of_objects_is_refused(tmp_path: Path, model: object) -> None:
    path = tmp_path / "a.csv"
    path.write_text("at,other\n2026-03-10T08:00:00Z,x\n")
    settings = {"type": "csv", "objects": ["call"], "fields": {**FIELDS, "model": model}}

    with pytest.raises(CollectorError, match=r"a\.csv:1: no column call$"):
        summarise(config_of(path, settings))


LEAVES = st.one_of(st.text(min_size=1), st.booleans(), st.integers(0, 10**9), st.none())


@given(st.dictionaries(st.text("abc", min_size=1), LEAVES, min_size=1))
def test_every_value_of_an_object_is_found_at_its_key(made: dict[str, Any]) -> None:
    names = [f"x.{key}" for key in made]
    cells = CellObjects(["x"], names)

    found, columns, wrong = cells.widened(["at", "x"], [["t"], [json.dumps(made)]])

    assert object_of(json.dumps(made)) == made
    assert not wrong
    expected = ["" if it is None else str(it).lower() if isinstance(it, bool) else str(it) for it in made.values()]
    assert dict(zip(found[2:], (it[0] for it in columns[2:]), strict=True)) == dict(
        zip(names, expected, strict=True)
    )


def test_a_broken_cell_costs_no_record_whose_sum_it_has(tmp_path: Path) -> None:
    sums_of = {**FIELDS, "input_tokens": ["call.use.in", "+call.use.more"]}
    found = counted(tmp_path, ONE, "[1]", fields=sums_of)

    assert found.tallies[Result.COUNTED] == 2
    assert found.unreadable["input_tokens"] == 1
