"""Records that a field map reads, and that are versions of a call because the configuration says so."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest
from pydantic import ValidationError

from leverwatch.collectors.aggregation.ingest import Ingest
from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.interface import Operation, Result, UsageRow
from tests.collectors.aggregation.restarting import Restarting, both, some
from tests.collectors.sources.files.logs import NOW, config, sums

TOLD = ("inferences", "input_tokens", "output_tokens")
FIELDS = {"time": "at", "model": "m", "request_id": "run", "input_tokens": "in", "output_tokens": "out"}
VERSIONS: dict[str, Any] = {"type": "jsonl", "fields": FIELDS, "repeats": "versions"}


def line(run: Any, out: int, second: int = 0) -> dict[str, Any]:
    return {"at": f"2026-03-10T08:00:{second:02d}Z", "m": "gpt-x", "run": run, "in": 70, "out": out}


def operations(read: Restarting) -> dict[tuple[str, str], float]:
    """The calls of each model and operation that has some."""
    found: dict[tuple[str, str], float] = defaultdict(float)
    for counted in read.batches:
        for row in counted.usage:
            found[row.model, row.operation] += row.inferences + row.attempts * (not row.inferences)
    return {name: number for name, number in found.items() if number}


def test_a_later_record_with_the_same_id_replaces_the_earlier_one_also_over_restarts() -> None:
    records = [line(7, 1), line("7", 20, 3), line("8", 5), line("7", 33, 9), line("8", 5), line("8", 6, 2)]

    for read in both(VERSIONS, records):
        assert some(read.totals, *TOLD) == (2, 140, 39)
        assert read.tallies == {Result.COUNTED: 2, Result.PART: 4}


def test_without_the_setting_such_records_are_calls() -> None:
    for read in both({"type": "jsonl", "fields": FIELDS}, [line("7", 1), line("7", 20, 3)]):
        assert some(read.totals, *TOLD) == (2, 140, 21)


def test_a_version_may_tell_another_model_and_a_failure() -> None:
    for read in both(
        {**VERSIONS, "fields": {**FIELDS, "status": "end"}},
        [line("7", 1), {**line("7", 9, 1), "m": "gpt-x-2026"}, {**line("8", 1), "end": "error"}, line("8", 4, 2)],
    ):
        assert some(read.totals, *TOLD, "errors") == (2, 140, 13, 0)
        assert read.cells[("gpt-x-2026", "2026-03-10")]["inferences"] == 1


def test_the_end_of_a_call_need_not_repeat_its_model() -> None:
    begun, named = line("7", 0), line("9", 0, 4)
    ended = [{**line(run, 30, 5), "m": model} for run, model in (("7", None), ("8", None), ("9", "gpt-y"))]
    failed = {**line("6", 0, 8), "m": "", "end": "error"}
    settings = {**VERSIONS, "fields": {**FIELDS, "status": "end"}}

    for read in both(settings, [begun, line("6", 0), named, *ended, failed]):
        assert some(read.totals, *TOLD, "errors") == (3, 210, 90, 1)
        assert {model: some(cell, "inferences", "errors") for (model, _), cell in read.cells.items()} == {
            "gpt-x": (1, 1),
            "unknown": (1, 0),
            "gpt-y": (1, 0),
        }


def test_a_beginning_that_comes_behind_the_end_still_names_its_model() -> None:
    nameless = {**line("7", 30, 5), "m": None}

    for read in both(VERSIONS, [nameless, line("7", 0), nameless, {**line("7", 0, 1), "m": "gpt-y"}]):
        assert some(read.totals, *TOLD) == (1, 70, 30)
        assert [model for model, _ in read.cells] == ["gpt-x"]


def test_the_name_of_the_model_tells_the_operation_of_versions_too() -> None:
    begun = {**line("7", 0), "m": "text-embedding-3-small"}
    records = [begun, {**line("7", 0, 2), "m": None}, {**line("8", 0, 2), "m": None}, {**begun, "run": "8"}]

    for read in both(VERSIONS, records):
        assert operations(read) == {("text-embedding-3-small", Operation.EMBEDDING): 2}


def test_the_end_of_a_call_need_not_repeat_its_operation() -> None:
    settings = {**VERSIONS, "fields": {**FIELDS, "operation": "what"}}
    begun, ended = {**line("7", 0), "what": "rerank"}, {**line("7", 4, 2), "m": None}
    tool, asked = {**line("8", 0), "m": "search", "what": "tool"}, line("8", 3, 1)

    for read in both(settings, [begun, ended, tool, asked]):
        assert operations(read) == {
            ("gpt-x", Operation.RERANK): 1,
            ("search", Operation.TOOL): 1,
            ("gpt-x", Operation.GENERATION): 1,
        }


@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.parametrize(
    ("before", "goes_on", "expected"),
    [
        (b"", b"2\n", (1, 70, 3)),
        (b"", b"\n", (1, 70, 3)),
        # One whose id is that of another call stays with that: it is not known any more what was told of it.
        (b"2026-03-10T08:00:00Z,m,5,1,r1\n", b"2\n", (2, 140, 6)),
    ],
)
def test_a_version_whose_id_goes_on_is_taken_back(
    before: bytes, goes_on: bytes, expected: tuple[float, ...], *, stored: bool
) -> None:
    names = ("time", "model", "input_tokens", "output_tokens", "request_id")
    mapped = {"type": "csv", "fields": {name: name for name in names}, "repeats": "versions"}
    settings, header = config(format=mapped, system="bot"), ",".join(names).encode()
    part = b"2026-03-10T08:00:03Z,m,70,3,r1"
    usage: list[UsageRow] = []
    made = Ingest(settings, lambda: NOW)
    made.add(Lines(before, "a.csv", 2, header))
    made.add(Lines(part, "a.csv", 3, header), may_go_on=True)
    if stored:
        counted = made.drain()
        usage += counted.usage
        made = Ingest(settings, lambda: NOW)
        made.load({key: value for key, value in counted.state.items() if value is not None})
    made.retract(Lines(part, "a.csv", 3, header))
    made.add(Lines(part + goes_on, "a.csv", 3, header))

    assert some(sums([*usage, *made.drain().usage]), *TOLD) == expected


@pytest.mark.parametrize("blank", [None, "", "none", " null "])
def test_records_without_an_id_are_calls_of_their_own(blank: str | None) -> None:
    for read in both(VERSIONS, [line(blank, 1), line(blank, 2, 1)]):
        assert some(read.totals, *TOLD) == (2, 140, 3)


def test_a_table_has_versions_too() -> None:
    settings = config(
        format={"type": "csv", "fields": {name: name for name in FIELDS}, "repeats": "versions"}, system="bot"
    )
    made = Ingest(settings, lambda: NOW)
    rows = [
        f"2026-03-10T08:00:0{second}Z,m,r{run},70,{out}" for run, out, second in ((1, 2, 0), (2, 3, 1), (1, 9, 4))
    ]
    made.add(Lines("\n".join(rows).encode() + b"\n", "a.csv", 2, ",".join(FIELDS).encode()))

    assert some(sums(made.drain().usage), *TOLD) == (2, 140, 12)


def test_old_state_of_calls_goes_on_when_the_setting_is_turned_on() -> None:
    before = Restarting({"type": "jsonl", "fields": FIELDS})
    before.each([line("7", 1), line("8", 2, 1)])
    after = Restarting(VERSIONS)
    after.state = before.state
    after.each([line("9", 1, 2), line("9", 30, 3)])

    assert some(after.totals, *TOLD) == (1, 70, 30)


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_versions_need_an_id(kind: str) -> None:
    with pytest.raises(ValidationError, match=r"repeats: versions needs fields\.request_id"):
        config(format={"type": kind, "fields": {"time": "at", "model": "m"}, "repeats": "versions"}, system="bot")
