"""Lines of `key=value` pairs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.shapes.logfmt import BadPairs, named_pairs_of, pairs_of
from tests.collectors.records.framing.test_partial import cri, docker, journal_entry
from tests.collectors.sources.files.logs import config, count, sums

FIELDS = {
    "time": "time",
    "model": "model",
    "input_tokens": "in",
    "status": {"path": "level", "success": "info", "error": "error"},
}
LINE = 'time="2026-03-10T08:00:00Z" level=info msg="it is \\"done\\", in=9" model=m-1 in=7'


def read(data: bytes, **format_: Any) -> Any:
    return count(data, config(format={"type": "logfmt", "fields": FIELDS, **format_}, system="bot"))


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("a=1 b=two", {"a": "1", "b": "two"}),
        ('a="x y" b=""', {"a": "x y", "b": ""}),
        (r'a="say \"b=2\" \\ \n" c=3', {"a": 'say "b=2" \\ \n', "c": "3"}),
        ("a= b=2", {"a": None, "b": "2"}),
        ("word a=1 other", {"a": "1"}),
        ("INFO done (model=m-1, in=7)", {"model": "m-1", "in": "7"}),
        ("done: model=m-1,in=7;out=8", {"model": "m-1", "in": "7", "out": "8"}),
        ("model=m-1 | in=1,234", {"model": "m-1", "in": "1,234"}),
        ("[a=1] b=f(x)", {"a": "1", "b": "f(x)"}),
        ('usage={"in": 7, "d": {"c": 1}} b=2', {"usage": {"in": 7, "d": {"c": 1}}, "b": "2"}),
        (
            "use=Use(in=7, d=D(c=1), e=None) b=2",
            {"use": "Use", "in": "7", "d": "D", "c": "1", "e": "None", "b": "2"},
        ),
        ("use=Use{in=7, out=8}", {"use": "Use", "in": "7", "out": "8"}),
        ("a=[1, 2], b=2", {"a": [1, 2], "b": "2"}),
        ("a={broken b=2", {"a": "{broken", "b": "2"}),
        ("a='x y' b='it\\'s'", {"a": "x y", "b": "it's"}),
        ("gen_ai.usage.in=7 http/route=/a", {"gen_ai.usage.in": "7", "http/route": "/a"}),
        ("GET /ask?a=1&b=2 took=3", {"b": "2", "took": "3"}),
        ("\x1b[32mINFO\x1b[0m done \x1b[32mmodel\x1b[0m=m-1", {"model": "m-1"}),
        ("a=1 a=1 b=1 b=2", {"a": "1", "b": None}),
        ("x==y", {"x": "=y"}),
        ("größe=3", {"größe": "3"}),
        ("no pairs here", {}),
        ("", {}),
    ],
)
def test_pairs_are_found_however_they_are_written(line: str, values: dict[str, Any]) -> None:
    assert pairs_of(line)[0] == values


@pytest.mark.parametrize("line", ['a="open', 'a="x"y b=2', 'b=2 a="', r'a="x\"'])
def test_a_stray_quote_is_an_error(line: str) -> None:
    with pytest.raises(BadPairs, match="quote"):
        pairs_of(line)


@given(st.dictionaries(st.from_regex(r"[a-z][a-z_.]{0,8}", fullmatch=True), st.text(), max_size=6))
def test_what_is_quoted_as_go_does_comes_back_as_it_was(values: dict[str, str]) -> None:
    line = " ".join(f"{key}={json.dumps(value)}" for key, value in values.items())

    assert pairs_of(line)[0] == values


@given(st.text())
def test_no_text_raises_anything_but_that_it_is_broken(text: str) -> None:
    try:
        found, before = pairs_of(text)
    except BadPairs:
        return
    assert isinstance(found, dict)
    assert before in text or "\x1b" in text


def test_a_record_counts_and_other_lines_cost_nothing() -> None:
    failed = 'time="2026-03-10T08:00:01Z" level=error model=m-1 error="it broke"'
    counted = read(f'{LINE}\nlistening on 8080\n\n{failed}\nmodel="canary\n'.encode())

    assert counted.tallies == {Result.COUNTED: 2, Result.IGNORED: 2, Result.INVALID_LINE: 1}
    assert [(it.place, "canary" in it.detail) for it in counted.problems] == [("app.jsonl:5", False)]
    found = sums(counted.usage)
    assert (found["inferences"], found["errors"], found["input_tokens"]) == (1, 1, 7)


def test_the_time_before_the_pairs_is_that_of_a_record_without_one() -> None:
    counted = read(b"2026-03-09 23:59:59,500 INFO desk: done model=m-1 in=7\n")
    of_go = read(b"2026/03/09 23:59:59 desk: done model=m-1 in=7\n")

    assert of_go.usage == counted.usage
    assert [(row.day.day, row.input_tokens) for row in counted.usage] == [(9, 7)]


def test_values_of_json_in_a_pair_have_paths() -> None:
    fields = {"time": "at", "input_tokens": "usage.in"}
    counted = read(b'at=2026-03-10T08:00:00Z usage={"in": 7}\n', fields=fields)

    assert sums(counted.usage)["input_tokens"] == 7


@pytest.mark.parametrize(
    ("data", "wrap"),
    [
        (docker(LINE), "docker"),
        (cri(LINE[:40], tag="P") + cri(LINE[40:]), "cri"),
        (journal_entry(LINE), "journald"),
        (json.dumps({"msg": LINE}).encode() + b"\n", "json-string"),
        (cri(json.dumps({"log": LINE})), ["cri", "json-string"]),
    ],
)
def test_pairs_are_read_within_what_other_programs_put_around_them(data: bytes, wrap: Any) -> None:
    counted = read(data, wrap=wrap)

    assert counted.tallies == {Result.COUNTED: 1}
    assert sums(counted.usage)["input_tokens"] == 7


def test_text_around_pairs_needs_no_wrapper_and_says_so() -> None:
    with pytest.raises(ValueError, match="logfmt needs no wrap"):
        read(b"", wrap="prefix")


@pytest.mark.parametrize(
    ("line", "values"),
    [
        (
            "Model: m-1, Input tokens: 7, Output tokens: 1,234",
            {"Model": "m-1", "Input tokens": "7", "Output tokens": "1,234"},
        ),
        ("[2026-03-10T08:00:00] MODEL: m-1 | SAID: a: b, so it is", {"MODEL": "m-1", "SAID": "a: b, so it is"}),
        ('2026-03-10 08:00:00,1 - INFO - model: "m-1"; in: 7', {"model": "m-1", "in": "7"}),
        ("INFO:root:Model: m-1 | in:", {"Model": "m-1", "in": None}),
        ('SAID: {"a": 1, "b": 2} | in: 7', {"SAID": '{"a": 1, "b": 2}', "in": "7"}),
        ("in: 7, in: 8", {"in": None}),
        ("Sum: 9 (in: 7, out: 2) | by: x", {"Sum": "9", "in": "7", "out": "2", "by": "x"}),
        ("said: no (really) | by: f(x)", {"said": "no (really)", "by": "f(x)"}),
        ("http://a.example:80/b, 10:20:30", {}),
        ("", {}),
    ],
)
def test_keys_before_a_colon_have_the_text_up_to_the_next_key(line: str, values: dict[str, Any]) -> None:
    assert named_pairs_of(line)[0] == values


def test_a_line_of_keys_before_colons_counts_with_the_time_before_them() -> None:
    fields = {"time": "time", "model": "Model", "input_tokens": "Input tokens"}
    counted = read(b"[2026-03-09 23:59:59] Model: m-1 | Input tokens: 7\nall is well\n", sign=":", fields=fields)

    assert counted.tallies == {Result.COUNTED: 1, Result.IGNORED: 1}
    assert [(row.day.day, row.model, row.input_tokens) for row in counted.usage] == [(9, "m-1", 7)]


@given(st.text())
def test_no_text_with_colons_raises_anything(text: str) -> None:
    found, before = named_pairs_of(text)

    assert isinstance(found, dict)
    assert before in text or "\x1b" in text
