"""Records that a field map reads, and that are versions of a call because the configuration says so."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from leverwatch.collectors.aggregation.ingest import Ingest
from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.interface import Result
from tests.collectors.aggregation.restarting import Restarting, both, some
from tests.collectors.sources.files.logs import NOW, config, sums

TOLD = ("inferences", "input_tokens", "output_tokens")
FIELDS = {"time": "at", "model": "m", "request_id": "run", "input_tokens": "in", "output_tokens": "out"}
VERSIONS: dict[str, Any] = {"type": "jsonl", "fields": FIELDS, "repeats": "versions"}


def line(run: Any, out: int, second: int = 0) -> dict[str, Any]:
    return {"at": f"2026-03-10T08:00:{second:02d}Z", "m": "gpt-x", "run": run, "in": 70, "out": out}


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
