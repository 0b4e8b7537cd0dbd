"""Calls that lie somewhere in a document, each read as a record of its own."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leverwatch.collectors.aggregation.ingest import Counted
from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.formats.interface import Units
from leverwatch.collectors.records.shapes import spread
from leverwatch.collectors.records.shapes.spread import Spread
from tests.collectors.records.formats.test_every_format import mutate
from tests.collectors.sources.files.logs import config, count
from tests.examples import examples

AT = "2026-03-10T08:00:00Z"


def read(document: Any, system: str = "bot", **format_: Any) -> Counted:
    data = document if isinstance(document, bytes) else json.dumps(document).encode() + b"\n"
    return count(data, config(format={"type": "jsonl", **format_}, system=system))


def calls(counted: Counted) -> dict[str, tuple[float, float]]:
    """Inferences and input by model and day of the month."""
    return {f"{row.model} {row.day.day}": (row.inferences, row.input_tokens) for row in counted.usage}


def test_each_call_of_a_session_counts_with_what_the_session_says() -> None:
    sessions = {"at": AT, "team": {"name": "desk"}, "calls": [{"m": "a", "in": 3}, {"m": "b", "in": 4}]}
    counted = read(
        sessions,
        "{team.name}",
        records="calls",
        fields={"time": "at", "model": "calls.m", "input_tokens": "calls.in"},
    )

    assert calls(counted) == {"a 10": (1, 3), "b 10": (1, 4)}
    assert {row.system for row in counted.usage} == {"desk"}


def test_arrays_on_the_way_to_calls_are_followed_at_any_depth() -> None:
    document = [
        {"runs": [{"at": AT, "steps": [{"call": {"m": "a"}}]}, {"at": AT, "steps": [{}, {"call": {"m": "b"}}]}]}
    ]
    counted = read(document, records="runs.steps.call", fields={"time": "runs.at", "model": "runs.steps.call.m"})

    assert calls(counted) == {"a 10": (1, 0), "b 10": (1, 0)}


def test_days_and_models_may_be_keys() -> None:
    document = {
        "2026-03-09": {"m-1": {"calls": 3, "in": 30}},
        "2026-03-10": {"m-1": {"calls": 1, "in": 5}},
        "v": 2,
    }
    counted = read(
        document,
        records="*.*",
        fields={"time": "key.1", "model": "key.2", "inferences": "*.*.calls", "input_tokens": "*.*.in"},
    )

    assert calls(counted) == {"m-1 9": (3, 30), "m-1 10": (1, 5)}
    assert counted.tallies == {Result.COUNTED: 2}


def test_fractions_of_tokens_are_refused_unless_they_are_rounded() -> None:
    document = {"at": AT, "calls": [{"m": "a", "in": 50.7}, {"m": "a", "in": 20.2}, {"m": "a", "in": 1}]}
    fields: dict[str, Any] = {"time": "at", "model": "calls.m", "input_tokens": "calls.in"}
    rounded = {**fields, "input_tokens": {"path": "calls.in", "rounded": True}}

    assert calls(read(document, records="calls", fields=fields)) == {"a 10": (3, 1)}
    assert calls(read(document, records="calls", fields=rounded)) == {"a 10": (3, 72)}
    with pytest.raises(ValueError, match="only numbers of tokens are rounded"):
        read(document, records="calls", fields={**fields, "cost_usd": {"path": "calls.c", "rounded": True}})


def test_what_stands_beside_entries_by_their_keys_is_theirs_too() -> None:
    document = {"day": "2026-03-10", "m-1": {"calls": 3}, "m-2": {"calls": 1}, "v": 2}
    counted = read(document, records="*", fields={"time": "day", "model": "key.1", "inferences": "*.calls"})

    assert calls(counted) == {"m-1 10": (3, 0), "m-2 10": (1, 0)}


def test_a_key_may_be_the_system_and_be_left_out_by_a_filter() -> None:
    counted = read(
        {"by_team": {"desk": {"at": AT, "in": 2}, "total": {"at": AT, "in": 2}}},
        "{key.1}",
        records="by_team.*",
        fields={"time": "by_team.*.at", "input_tokens": "by_team.*.in"},
        **{"not": {"key.1": "total"}},
    )

    assert {row.system: row.input_tokens for row in counted.usage} == {"desk": 2}
    assert counted.tallies == {Result.COUNTED: 1, Result.FILTERED: 1}


def test_an_embedding_beside_a_generation_is_a_record_of_its_own() -> None:
    record = {
        "at": AT,
        "llm": {"model": "m-1", "in": 50, "out": 9},
        "embed": {"model": "text-embedding-3-small", "tokens": 4},
    }
    fields = {
        "time": "at",
        "model": ["llm.model", "embed.model"],
        "input_tokens": ["llm.in", "embed.tokens"],
        "output_tokens": "llm.out",
    }
    counted = read(record, records=["llm", "embed"], fields=fields)
    without = read({**record, "embed": None}, records=["llm", "embed"], fields=fields)

    assert calls(counted)["m-1 10"] == (1, 50)
    assert [(row.model, row.input_tokens) for row in counted.usage if row.operation == "embedding"] == [
        ("text-embedding-3-small", 4)
    ]
    assert calls(without) == {"m-1 10": (1, 50)}


def test_no_record_has_what_another_place_says_though_it_lies_in_an_array() -> None:
    record = {"at": AT, "steps": [{"m": "a", "in": 1}, {"m": "b", "in": 2}], "rerank": {"m": "c", "in": 7}}
    counted = read(
        record,
        records=["steps", "rerank"],
        fields={"time": "at", "model": ["steps.m", "rerank.m"], "input_tokens": ["steps.in", "rerank.in"]},
    )

    assert calls(counted) == {"a 10": (1, 1), "b 10": (1, 2), "c 10": (1, 7)}
    assert not counted.unreadable


@pytest.mark.parametrize("document", [{}, {"calls": None}, {"calls": []}, {"calls": [None]}, {"other": 1}])
def test_a_document_without_calls_is_no_record_and_nothing_is_refused(document: Any) -> None:
    counted = read(document, records="calls", fields={"time": "at"})

    assert counted.tallies == {Result.IGNORED: 1}


@pytest.mark.parametrize("wrong", [3, "canary", True, [3], ["canary"], [[1.5]]])
def test_what_is_no_object_where_a_call_should_be_is_refused_and_not_shown(wrong: Any) -> None:
    counted = read({"at": AT, "calls": wrong}, records="calls", fields={"time": "at"})

    assert counted.tallies == {Result.MISTYPED_FIELD: 1}
    assert "canary" not in repr(counted.problems)


@pytest.mark.parametrize(
    "text", [b'{"at": 1, "calls": [{]}\n', b'{"calls": [{"m": "a"}\n', b"text\n", b'{"calls" 1}\n']
)
def test_a_document_that_is_no_json_is_refused_and_never_read_as_one_call(text: bytes) -> None:
    counted = read(text, records="calls", fields={"time": "at", "model": "calls.m"})

    assert counted.tallies.keys() <= {Result.INVALID_LINE, Result.MISTYPED_FIELD}


def test_a_number_that_json_does_not_have_costs_that_value_alone() -> None:
    text = f'{{"at": "{AT}", "calls": [{{"in": NaN, "m": "a"}}, {{"in": 2, "m": "b"}}]}}\n'.encode()
    counted = read(text, records="calls", fields={"time": "at", "model": "calls.m", "input_tokens": "calls.in"})

    assert calls(counted) == {"a 10": (1, 0), "b 10": (1, 2)}
    assert counted.unreadable == {"input_tokens": 1}


def test_of_what_is_around_records_only_what_is_asked_for_is_kept() -> None:
    document = {"at": AT, "big": "x" * 1000, "run": {"id": 1, "log": "y" * 1000}, "calls": [{"m": "a"}]}
    made = Spread(["calls"], ["at", "run.id", "calls.m"]).unwrap(Units([json.dumps(document).encode()]))

    assert [json.loads(it) for it in made.units] == [{"at": AT, "run": {"id": 1}, "calls": {"m": "a"}}]


def test_a_document_whose_records_would_fill_the_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spread, "_LARGEST", 10_000)
    document = {"at": AT, "said": "x" * 500, "calls": [{}] * 100}
    made = Spread(["calls"], ["at", "said"]).unwrap(Units([json.dumps(document).encode()]))

    assert not made.units
    assert [(line, result) for line, result, _ in made.refused] == [(0, Result.MISTYPED_FIELD)]


@pytest.mark.parametrize("places", [["a", "a.b"], ["a", "a"], ["a.*", "b"], [""], ["a..b"]])
def test_places_that_cannot_be_told_apart_are_refused_where_they_are_written(places: list[str]) -> None:
    with pytest.raises(ValueError, match=r"records|path"):
        config(format={"type": "jsonl", "records": places, "fields": {"time": "ts"}})


@given(seed=st.integers(0, 2**32), changes=st.integers(1, 4))
@settings(max_examples=examples(100))
def test_a_document_of_any_shape_costs_no_neighbour_and_shows_nothing(seed: int, changes: int) -> None:
    whole = {"runs": {"desk": [{"at": AT, "calls": [{"m": "canary", "in": 1}, {"m": "a", "in": 2}]}]}, "n": 3}
    damaged = mutate(whole, random.Random(seed), changes)
    form: dict[str, Any] = {
        "records": "runs.*.calls",
        "fields": {"time": "runs.*.at", "model": "runs.*.calls.m", "input_tokens": "runs.*.calls.in"},
    }
    lines = b"".join(json.dumps(it).encode() + b"\n" for it in (whole, damaged, copy.deepcopy(whole)))
    alone = read(damaged, **form)
    counted = read(lines, **form)

    assert counted.tallies[Result.COUNTED] == 4 + alone.tallies.get(Result.COUNTED, 0)
    assert "canary" not in repr(counted.problems)
    assert {problem.place for problem in counted.problems} <= {"app.jsonl:2"}
