from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.collectors.interface import ModelShutdown
from leverwatch.collectors.sources.models.pages import NotAModelList, parse_page

names = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=50)


days = st.dates(date(2000, 1, 1), date(2199, 12, 31))


@given(st.lists(st.tuples(names, st.none() | days), max_size=20))
def test_every_model_comes_back_with_its_day(models: list[tuple[str, date | None]]) -> None:
    data = [{"id": name, "shutdown_date": day and day.isoformat()} for name, day in models]

    page = parse_page(json.dumps({"data": data, "object": "list"}).encode())

    assert page.models == tuple(ModelShutdown(name, day) for name, day in models)
    assert (page.undated, page.after) == (0, None)


@given(st.binary(max_size=200) | st.recursive(st.none() | st.text(), lambda inner: st.dictionaries(names, inner)))
def test_no_answer_breaks_the_parser(answer: object) -> None:
    try:
        parse_page(answer if isinstance(answer, bytes) else json.dumps({"data": [{"id": "a"}, answer]}).encode())
    except NotAModelList:
        return


@pytest.mark.parametrize(
    "entry",
    [
        5,
        None,
        [],
        {},
        {"id": 5},
        {"id": "\0"},
        {"id": "\ud800"},
        {"id": " "},
        {"id": "x" * 201},
        {"id": "b", "shutdown_date": 1e308},
        {"id": "b", "shutdown_date": "0001-01-01"},
        {"id": "b", "shutdown_date": "9999-12-31"},
        {"id": "b", "shutdown_date": [[]]},
        {"id": "b", "description": "x" * (65 << 10)},
    ],
)
def test_an_entry_that_cannot_be_read_costs_no_other(entry: object) -> None:
    page = parse_page(json.dumps({"data": [{"id": "a"}, entry, {"id": "c"}]}).encode())

    assert [model.model for model in page.models] == ["a", "c"]
    assert page.undated == 1


def test_models_beyond_the_bound_are_counted_and_no_page_is_asked_for() -> None:
    data = [{"id": f"m{number}"} for number in range(5)]

    page = parse_page(json.dumps({"data": data, "has_more": True}).encode(), 3)

    assert [model.model for model in page.models] == ["m0", "m1", "m2"]
    assert (page.left, page.after) == (2, None)


@pytest.mark.parametrize("last", ["x" * 201, "a\nb", "\0"])
def test_a_page_that_leads_to_what_cannot_be_asked_for_is_no_page(last: str) -> None:
    with pytest.raises(NotAModelList):
        parse_page(json.dumps({"data": [{"id": "a"}], "has_more": True, "last_id": last}).encode())
