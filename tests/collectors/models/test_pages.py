from __future__ import annotations

import json
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from collectors.interface import ModelShutdown
from collectors.models.pages import NotAModelList, parse_page

names = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=50)


@given(st.lists(st.tuples(names, st.none() | st.dates()), max_size=20))
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
