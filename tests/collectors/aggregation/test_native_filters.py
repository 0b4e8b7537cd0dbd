"""The compiled helper leaves out the records that Python leaves out."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leverwatch.collectors.aggregation.day_filter import Days
from leverwatch.collectors.aggregation.ingest import Ingest
from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.interface import Result
from tests.collectors.aggregation.test_batch_counter import UNCOMMON_FIELDS
from tests.collectors.aggregation.test_native_counter import LINES, SPANS, damaged, outcome
from tests.collectors.sources.files.logs import FIELDS, config, ingest, record
from tests.examples import examples

PATHS = st.sampled_from(
    ["app", "op", "status", "id", "usage", "usage.details", "usage.details.cached", "response", "response.model",
     "messages", "why", "n", "mode", "nowhere", "nowhere.else"]
)  # fmt: skip
SCALARS = st.sampled_from(
    [
        "x",
        "y",
        "ü",
        "chat",
        "embedding",
        "success",
        "stop",
        "a",
        "ö",
        "r1",
        "json_schema",
        1,
        5,
        200,
        7.0,
        0.5,
        True,
    ]
)
ENTRIES = st.one_of(
    SCALARS,
    st.lists(SCALARS, min_size=1, max_size=4),
    st.sampled_from(["x", "r", "json", "1", "2", "t", "ö", "embed"]).map(lambda text: {"prefix": text}),
    st.booleans().map(lambda there: {"present": there}),
)
FILTERS = st.fixed_dictionaries(
    {},
    optional={
        setting: st.dictionaries(PATHS, ENTRIES, min_size=1, max_size=3) for setting in ("only", "not")
    },
)  # fmt: skip


def both(chosen: dict[str, Any], days: Days | None = None) -> tuple[Ingest, Ingest]:
    # A map with both inferences and errors is read by Python alone.
    fields = {name: path for name, path in (FIELDS | UNCOMMON_FIELDS).items() if name != "errors"}
    made = config(format={"type": "jsonl", "fields": fields, **chosen}, system="{app}")
    helped, alone = ingest(made), ingest(made, compiled=False)
    for one in (helped, alone):
        one.keep(days)
    return helped, alone


@settings(max_examples=examples(50))
@given(
    FILTERS, SPANS, st.lists(st.lists(st.tuples(LINES, st.integers(0, 11)), max_size=12), min_size=1, max_size=3)
)
def test_the_helper_leaves_out_what_python_leaves_out(
    chosen: dict[str, Any], days: Days | None, chunks: list[list[tuple[bytes, int]]]
) -> None:
    helped, alone = both(chosen, days)
    first = 1
    for chunk in chunks:
        data = b"".join(damaged(line, seed) + b"\n" for line, seed in chunk)
        for one in (helped, alone):
            one.add(Lines(data, "app.jsonl", first))
        if helped.window is not None and alone.window is not None:
            assert helped.window.take() == alone.window.take()
        first += len(chunk)

    assert outcome(helped.drain()) == outcome(alone.drain())


@settings(max_examples=examples(50))
@given(
    st.sampled_from(["only", "not"]),
    ENTRIES,
    st.lists(
        st.one_of(
            SCALARS, st.none(), st.integers(), st.floats(allow_nan=False), st.just({}), st.just([]),
            st.text("x \t\u00a0\u3000é1t", max_size=4),
            st.sampled_from(["", "true", "7", "200", "1e2", "\\", '"']),
        ),
        min_size=1, max_size=8,
    ),
    st.booleans(),
)  # fmt: skip
def test_every_value_is_judged_the_same(setting: str, entry: Any, values: list[Any], is_ascii: bool) -> None:
    helped, alone = both({setting: {"kind": entry}})
    rows = ({"ts": "2026-03-10T08:00:00Z", "app": "x", "kind": value} for value in values)
    data = "".join(json.dumps(row, ensure_ascii=is_ascii) + "\n" for row in rows).encode(errors="replace")
    for one in (helped, alone):
        one.add(Lines(data, "app.jsonl", 1))

    assert outcome(helped.drain()) == outcome(alone.drain())


class Watched(Exception):
    """Python was asked to read a record."""


def test_records_that_are_left_out_are_counted_without_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where nearly every one has another value at the path."""
    made, _ = both({"only": {"id": {"prefix": "call-"}}, "not": {"response": {"present": False}}})
    call = {"response": {"model": "m"}, "usage": {"prompt_tokens": 2}}
    made.add(Lines(record(id="call-0", **call), "app.jsonl", 1))

    def watched(*_: object) -> None:
        raise Watched

    monkeypatch.setattr(Ingest, "_count_rows", watched)
    monkeypatch.setattr("leverwatch.collectors.aggregation.native_counter.NativeCounter._tell_place", watched)
    for at in range(1, 50):
        lines = record(id=f"call-{at}", **call) + record(id=f"tick-{at}", **call) + record(id=f"call-x{at}")
        made.add(Lines(lines, "app.jsonl", 3 * at))

    assert made.drain().tallies == {Result.COUNTED: 50, Result.FILTERED: 98}


def test_a_named_format_is_filtered_by_the_helper_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def call(at: int) -> bytes:
        return json.dumps({
            "id": f"c{at}", "object": "chat.completion", "created": 1773129600 + at, "model": "m", "choices": [],
            "usage": {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4},
            "env": ["prod", "test"][at % 2],
        }).encode() + b"\n"  # fmt: skip

    made = config(format={"type": "openai", "not": {"env": "test"}}, system="bot")
    helped, alone = ingest(made), ingest(made, compiled=False)
    for one in (helped, alone):
        one.add(Lines(b"".join(map(call, range(10))), "app.jsonl", 1))

    def watched(*_: object) -> None:
        raise Watched

    monkeypatch.setattr("leverwatch.collectors.aggregation.native_counter.NativeCounter._tell_place", watched)
    data = b"".join(map(call, range(10, 40)))
    helped.add(Lines(data, "app.jsonl", 11))
    alone.add(Lines(data, "app.jsonl", 11))

    counted = helped.drain()
    assert counted.tallies == {Result.COUNTED: 20, Result.FILTERED: 20}
    assert outcome(counted) == outcome(alone.drain())


def test_a_further_backfill_takes_what_was_left_out_for_settled() -> None:
    day = date(2026, 3, 10).toordinal()
    helped, alone = both({"only": {"id": {"prefix": "call-"}}})
    data = record(id="call-1") + record(id="tick-1") + record(id="tick-2", ts="2026-03-09T08:00:00Z")
    for one in (helped, alone):
        one.keep(((day - 1, day - 1),), before=((day, day),))
        one.add(Lines(data, "app.jsonl", 1))

    counted = helped.drain()
    assert counted.tallies == {Result.OUT_OF_RANGE: 3}
    assert outcome(counted) == outcome(alone.drain())


def test_a_test_inside_of_a_mapped_value_is_left_to_python() -> None:
    helped, _ = both({"only": {"ts.day": {"present": False}}})

    helped.add(Lines(record(), "app.jsonl", 1))

    assert helped.drain().tallies == {Result.COUNTED: 1}
