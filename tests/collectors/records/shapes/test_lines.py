"""Lines of text whose values a pattern finds."""

from __future__ import annotations

import json
from typing import Any

import pytest

from leverwatch.collectors.aggregation.ingest import Counted
from leverwatch.collectors.interface import Result
from tests.collectors.records.framing.test_partial import cri, docker, journal_entry
from tests.collectors.sources.files.logs import config, count, sums

PATTERN = (
    r"^\[(?P<at>[^\]]+)\] (?P<model>\S+) took (?P<in>[\d,]+) and gave (?P<out>\d+)(?: for \$(?P<cost>[\d.]+))?"
)
FIELDS = {
    "time": "at",
    "model": "model",
    "input_tokens": {"path": "in", "thousands": ","},
    "output_tokens": "out",
    "cost_usd": "cost",
}
LINE = "[2026-03-10 08:00:00] m-1 took 1,207 and gave 30 for $0.02"


def read(data: bytes, **changes: Any) -> Counted:
    form = {"type": "lines", "pattern": PATTERN, "fields": FIELDS, **changes}
    return count(data, config(format=form, system="desk"))


def test_a_record_counts_where_the_pattern_fits_and_other_lines_cost_nothing() -> None:
    later = "\x1b[32m[2026-03-10 08:00:01]\x1b[0m ? took 5 and gave 4"
    counted = read(f"{LINE}\nlistening on 8080\n\n{later}\n".encode() + b"\xff\xfe canary\n")

    assert counted.tallies == {Result.COUNTED: 2, Result.IGNORED: 2, Result.INVALID_LINE: 1}
    assert [it.place for it in counted.problems] == ["app.jsonl:5"]
    assert "canary" not in repr(counted)
    assert sums(counted.usage)["input_tokens"] == 1212
    assert sums(counted.usage)["unpriced"] == 1
    assert {row.model for row in counted.usage} == {"m-1", "unknown"}


def test_the_time_before_what_fits_is_that_of_a_record_without_one() -> None:
    counted = read(
        b"2026-03-09 23:59:59,500 INFO desk: tokens used 7\n", pattern=r"used (?P<in>\d+)", fields={"time": "in"}
    )
    timeless = read(
        b"2026-03-09 23:59:59,500 INFO desk: tokens used 7\n",
        pattern=r"used (?P<in>\d+)(?P<at>never)?",
        fields={"time": "at", "input_tokens": "in"},
    )

    assert counted.tallies == {Result.BAD_TIME: 1}
    assert [(row.day.day, row.input_tokens) for row in timeless.usage] == [(9, 7)]


@pytest.mark.parametrize(
    ("data", "wrap"),
    [
        (docker(LINE), "docker"),
        (cri(LINE[:20], tag="P") + cri(LINE[20:]), "cri"),
        (journal_entry(LINE), "journald"),
        (json.dumps({"msg": LINE}).encode() + b"\n", "json-string"),
        (cri(json.dumps({"log": LINE})), ["cri", "json-string"]),
    ],
)
def test_lines_are_read_within_what_other_programs_put_around_them(data: bytes, wrap: Any) -> None:
    counted = read(data, wrap=wrap)

    assert counted.tallies == {Result.COUNTED: 1}
    assert sums(counted.usage)["input_tokens"] == 1207


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"pattern": "(?P<at>"}, "no regular expression"),
        ({"pattern": "took ([0-9]+)"}, "needs named groups"),
        ({"pattern": "(?P<at>.*)"}, "fits an empty line"),
        ({"fields": {"time": "when"}}, "the pattern has no group when"),
        ({"wrap": "prefix"}, "lines needs no wrap: prefix"),
        ({"wrap": "python"}, "lines reads text"),
        ({"block": "("}, "no regular expression"),
        ({"block": ".*"}, "fits an empty line"),
        ({"block": "at ", "wrap": "docker"}, "lines of one record cannot be in wrap"),
    ],
)
def test_a_pattern_that_cannot_be_meant_is_refused(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read(b"", **changes)


def test_a_line_that_is_too_long_for_a_pattern_is_refused_and_its_neighbours_count() -> None:
    counted = read(f"{LINE}\n{LINE}{'x' * 70_000}\n{LINE}\n".encode())

    assert counted.tallies == {Result.COUNTED: 2, Result.INVALID_LINE: 1}
