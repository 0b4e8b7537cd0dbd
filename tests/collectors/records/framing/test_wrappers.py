from __future__ import annotations

import json

import pytest

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.framing.lines import LINES
from leverwatch.collectors.records.framing.values import VALUES
from leverwatch.collectors.records.framing.wrappers import JsonString, Prefix
from tests.collectors.sources.files.logs import FIELDS, config, count, record, sums

INNER = record(usage={"prompt_tokens": 7}).decode().strip()


@pytest.mark.parametrize("field", ["message", "log", "msg", "body"])
def test_a_record_inside_a_text_is_taken_out(field: str) -> None:
    units = JsonString().unwrap(LINES.split(json.dumps({field: INNER, "level": "info"}).encode() + b"\n"))

    assert units.units == [INNER.encode()]


def test_a_record_that_is_an_object_already_is_taken_out_too() -> None:
    assert JsonString().unwrap(LINES.split(b'{"message": {"a": 1}}\n')).units == [b'{"a": 1}']


def test_ordinary_messages_are_ignored_and_the_rest_is_refused_at_its_line() -> None:
    units = JsonString(["text"]).unwrap(LINES.split(b'{"text": "started"}\n{"message": "{}"}\n[1]\n\n'))

    assert (units.units, units.ignored) == ([], 2)
    assert [(index, result) for index, result, _ in units.refused] == [
        (1, Result.INVALID_LINE), (2, Result.INVALID_LINE),
    ]  # fmt: skip


def test_text_before_a_record_is_dropped_and_a_line_without_one_ignored() -> None:
    units = Prefix().unwrap(LINES.split(b'INFO 2026-03-10 {"a": 1}\nINFO started\n{"b": 2}\n'))

    assert (units.units, units.lines, units.ignored) == ([b'{"a": 1}', b'{"b": 2}'], [0, 2], 1)


def test_text_around_values_of_several_lines_is_dropped_and_a_broken_value_is_not() -> None:
    text = b'INFO started\nINFO it is {\n  "a": 1\n}\nINFO "POST" 200\n{\n  "b": [1\n}\n{"c": 3}\nINFO end\n'
    units = Prefix().unwrap(VALUES.split(text))

    assert [json.loads(it) for it in units.units] == [{"a": 1}, {"c": 3}]
    assert [it[:2] for it in units.refused] == [(5, Result.INVALID_LINE)]
    assert units.ignored == 4
    assert len(VALUES.split(text).refused) == 5


def wrapped(*names: str) -> object:
    return {"type": "jsonl", "fields": FIELDS, "wrap": list(names)}


def cri(text: str) -> bytes:
    return f"2026-03-10T08:00:00Z stdout F {text}\n".encode()


def test_wrappers_compose_and_problems_name_the_line_of_the_file() -> None:
    lines = [
        cri(json.dumps({"message": "INFO " + INNER})),
        b"no line of a runtime\n",
        cri(json.dumps({"message": "started"})),
        cri(json.dumps({"message": "INFO {canary"})),
    ]
    counted = count(b"".join(lines), config(format=wrapped("cri", "json-string", "prefix")))

    assert counted.tallies == {Result.COUNTED: 1, Result.IGNORED: 1, Result.INVALID_LINE: 2}
    assert [problem.place for problem in counted.problems] == ["app.jsonl:2", "app.jsonl:4"]
    assert "canary" not in repr(counted)
    assert sums(counted.usage)["input_tokens"] == 7


def test_the_time_of_a_wrapper_serves_a_record_that_has_none() -> None:
    timeless = json.dumps({"app": "bot"})

    assert count(cri(timeless), config(format=wrapped("cri"))).tallies == {Result.COUNTED: 1}
    assert count(timeless.encode(), config(format=wrapped())).tallies == {Result.MISSING_FIELD: 1}


@pytest.mark.parametrize(
    ("before", "time"),
    [
        (b"2026-03-10 08:00:00,125 INFO llm ", "2026-03-10 08:00:00.125"),
        (b"[2026-03-10T08:00:00+01:00] ", "2026-03-10T08:00:00+01:00"),
        (b"INFO ", None),
        (b"INFO 2026-03-10 ", None),
        (b"x" * 300 + b" 2026-03-10 08:00:00 ", None),
    ],
)
def test_a_date_with_a_time_of_day_before_a_record_is_its_time(before: bytes, time: str | None) -> None:
    units = Prefix().unwrap(LINES.split(before + b'{"a": 1}\n'))

    assert (units.units, units.times) == ([b'{"a": 1}'], [time])
