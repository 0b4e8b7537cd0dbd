"""Ids by which the records of a log of an unknown format are versions of calls."""

from __future__ import annotations

from typing import Any

import pytest

from leverwatch.collectors.records.formats.interface import Repeats
from leverwatch.collectors.sniffing.guess import leaves, propose
from leverwatch.collectors.sniffing.sniff import Guess


def line(id_: str, out: int, second: int, **values: Any) -> dict[str, Any]:
    return {
        "time": f"2026-03-10T08:{second // 60:02d}:{second % 60:02d}Z", "id": id_, "model": "m",
        "usage": {"input_tokens": 70, "output_tokens": out},
    } | values  # fmt: skip


def test_an_id_whose_output_grows_is_proposed_as_that_of_versions() -> None:
    lines = [line("a", 1, 0), line("a", 1, 1), line("a", 9, 2), line("b", 2, 3), line("b", 30, 8), line("c", 5, 9)]
    found = propose(list(map(leaves, lines)))

    assert found is not None
    assert (found.fields["request_id"], found.repeats) == ("id", Repeats.VERSIONS)
    (note,) = found.notes
    assert note.startswith("request_id: id is the same in different records, whose output grows: ")
    settings = Guess("jsonl", "plain", fields=found).settings
    assert isinstance(settings, dict)
    assert settings["repeats"] == "versions"


def test_an_output_that_only_the_last_record_tells_has_grown() -> None:
    lines = [line(id_, 5, 0, **values) for id_ in "ab" for values in ({"usage": {"input_tokens": 70}}, {})]
    found = propose(list(map(leaves, lines)))

    assert found is not None
    assert (found.fields["request_id"], found.repeats) == ("id", Repeats.VERSIONS)


def test_the_chunks_of_a_gemini_stream_are_versions_of_one_call() -> None:
    start = {"responseId": "", "modelVersion": "gemini-y", "createTime": "2026-03-10T08:00:00Z"}
    lines = [
        {**start, "responseId": id_, "usageMetadata": {"promptTokenCount": 6, **usage}}
        for id_ in "ab"
        for usage in ({}, {"candidatesTokenCount": 2}, {"candidatesTokenCount": 5})
    ]
    found = propose(list(map(leaves, lines)))

    assert found is not None
    assert found.repeats is Repeats.VERSIONS
    assert (found.fields["model"], found.fields["request_id"]) == ("modelVersion", "responseId")


GROWING = [line("a", 1, 0), line("a", 9, 2), line("b", 2, 3), line("b", 30, 8)]


@pytest.mark.parametrize(
    "lines",
    [
        [*GROWING, line("b", 29, 9)],
        [*GROWING, line("b", 40, 9, model="other")],
        [*GROWING, line("b", 40, 9, usage={"input_tokens": 71, "output_tokens": 40})],
        [*GROWING, line("b", 40, 1800)],
        [*GROWING, line("b", 40, 1)],
        [*GROWING, line("b", 40, 9, usage={"input_tokens": 70})],
        GROWING[1:],
        [{**it, "request_id": f"r{number}"} for number, it in enumerate(GROWING)],
    ],
)
def test_an_id_that_may_be_of_several_calls_is_not_proposed_as_that_of_versions(
    lines: list[dict[str, Any]],
) -> None:
    found = propose(list(map(leaves, lines)))

    assert found is not None
    assert found.repeats is Repeats.CALLS
    assert found.fields.get("request_id") != "id"
    assert "request_id: id is the same in different records" in found.notes
