"""`only` and `not` say by any value of a record whether it is a call."""

from __future__ import annotations

import json
import re
from datetime import date
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from leverwatch.collectors.aggregation.ingest import Counted
from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.errors import SourceRefused
from leverwatch.collectors.interface import Result
from leverwatch.collectors.sources.files.refused import settings_digest
from tests.collectors.sources.files.logs import FIELDS, config, ingest, record, sums

PAGE = Path(__file__).parents[3] / "docs/sources/files.md"
FILTERED, COUNTED = Result.FILTERED, Result.COUNTED
CURSOR = (
    b"Date,User,Kind,Model,Max Mode,Input (w/ Cache Write),Input (w/o Cache Write),Cache Read,Output Tokens,"
    b"Total Tokens,Cost"
)


def counted(data: bytes, header: bytes | None = None, *, compiled: bool = True, **chosen: Any) -> Counted:
    settings = {"type": "jsonl", "fields": FIELDS, **chosen}
    made = ingest(config(format=settings, system="bot"), compiled=compiled)
    made.add(Lines(data, "app.jsonl", 1, header))
    return made.drain()


@pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "python"])
@pytest.mark.parametrize(
    ("entry", "held"),
    [
        ("send", ["send", " send ", "s\\u0065nd"]),
        (["send", 5, True], ["send", " send ", "s\\u0065nd", 5, "5", 5.0, True, "true"]),
        ("5", [5, "5", 5.0]),
        (1.5, [1.5, "1.5", 1.50]),
        (False, [False, "false"]),
        ({"prefix": "se"}, ["send", " send ", "s\\u0065nd", "sell"]),
        (
            {"present": True},
            [
                "send", " send ", "s\\u0065nd", "sell", "Send", 5, "5", 5.0, 1.5, "1.5", True, "true", False,
                "false", {}, {"a": 1}, [],
            ],
        ),
        ({"present": False}, [None, "", "  "]),
    ],
    ids=str,
)  # fmt: skip
def test_an_entry_holds_for_the_values_that_it_names(entry: Any, held: list[Any], compiled: bool) -> None:
    values: list[Any] = [
        "send", " send ", "s\\u0065nd", "sell", "Send", 5, "5", 5.0, 1.5, "1.5", True, "true", False, "false", {},
        {"a": 1}, [], None, "", "  ",
    ]  # fmt: skip

    def said(value: Any) -> bytes:
        return json.dumps({"ts": "2026-03-10T08:00:00Z", "kind": value}).replace("\\\\u", "\\u").encode() + b"\n"

    expected = sum(any(type(it) is type(value) and it == value for it in held) for value in values)
    for value in values:
        passes = any(type(it) is type(value) and it == value for it in held)
        assert counted(said(value), compiled=compiled, only={"kind": entry}).tallies == {
            COUNTED if passes else FILTERED: 1
        }, value
    whole = b"".join(map(said, values))
    lacks = record()
    absent = entry == {"present": False}
    assert counted(whole + lacks, compiled=compiled, only={"kind": entry}).tallies == {
        COUNTED: expected + absent, FILTERED: len(values) - expected + (not absent),
    }  # fmt: skip
    without: dict[str, Any] = {"not": {"kind": entry}}
    assert counted(whole + lacks, compiled=compiled, **without).tallies == {
        FILTERED: expected + absent, COUNTED: len(values) - expected + (not absent),
    }  # fmt: skip


@pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "python"])
def test_what_is_left_out_is_never_refused_whatever_is_wrong_with_it(compiled: bool) -> None:
    others = [
        b'{"kind": "boot"}\n',
        record(kind="tick", ts="some day"),
        record(kind="tick", status={"code": 7}),
        record(kind="tick", op="teleport", status="perhaps"),
        record(kind="tick", n=-5, response="none"),
        record(kind="tick", ts="2031-01-01T00:00:00Z"),
        record(kind="tick", load=float("nan")),
        b"\xef\xbb\xbf" + record(kind="tick"),
    ]
    calls = [record(kind="call", id=f"r{at}") for at in range(30)]

    made = counted(b"".join([*calls, *others]), compiled=compiled, only={"kind": "call"})

    assert made.tallies == {COUNTED: 30, FILTERED: len(others)}
    assert made.read == 38
    assert made.problems == ()


@pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "python"])
def test_the_day_of_a_record_that_is_left_out_is_seen(compiled: bool) -> None:
    data = record(kind="call") + record(kind="tick", ts="2026-03-07T08:00:00Z") * 3

    made = counted(data, compiled=compiled, only={"kind": "call"})

    assert made.days_seen == {date(2026, 3, 7), date(2026, 3, 10)}
    assert {row.day for row in made.usage} == {date(2026, 3, 10)}


def test_all_of_only_hold_and_none_of_not() -> None:
    data = b"".join(
        record(kind=kind, state=state, answer=answer)
        for kind in ("call", "tick")
        for state in ("done", "skipped", None)
        for answer in ({"text": "x"}, None)
    )

    chosen: dict[str, Any] = {"only": {"kind": "call", "answer": {"present": True}}, "not": {"state": ["skipped"]}}

    assert counted(data, **chosen).tallies == {COUNTED: 2, FILTERED: 10}


def test_a_path_may_lead_on_behind_a_value_that_is_asked_for_itself_and_behind_a_mapped_one() -> None:
    only = {"response": {"present": True}, "response.model": {"prefix": "m"}, r"a\.b": 1}
    data = b"".join(
        record(response=response, **{"a.b": 1})
        for response in ({"model": "m1"}, {"model": "x"}, {}, None, "text", ["m1"])
    )

    assert counted(data, only=only).tallies == {COUNTED: 1, FILTERED: 5}


def test_records_in_wrappers_and_over_several_lines_are_judged_by_themselves() -> None:
    inner = [json.dumps({"ts": "2026-03-10T08:00:00Z", "kind": kind}) for kind in ("call", "tick", "call")]
    docker = b"".join(
        json.dumps({"log": f"{text}\n", "stream": "stdout", "time": "2026-03-10T08:00:00Z"}).encode() + b"\n"
        for text in inner
    )
    array = json.dumps([json.loads(text) for text in inner], indent=1).encode()

    assert counted(docker, wrap="docker", only={"kind": "call"}).tallies == {COUNTED: 2, FILTERED: 1}
    assert counted(array, framing="json", only={"kind": "call"}).tallies == {COUNTED: 2, FILTERED: 1}


def test_cells_of_csv_are_compared_as_texts_and_a_bad_one_of_a_record_left_out_is_no_matter() -> None:
    fields = {"time": "ts", "input_tokens": "n"}
    header = b"ts,n,state,code\n"
    lines = b"2026-03-10,5,done,200\n2026-03-09,many,skipped,\nnever,x,skipped,200\n2026-03-10,7, done ,200\n"
    chosen: dict[str, Any] = {"type": "csv", "fields": fields, "only": {"code": 200}, "not": {"state": "skipped"}}

    made = counted(lines, header, **chosen)

    assert made.tallies == {COUNTED: 2, FILTERED: 2}
    assert sums(made.usage)["input_tokens"] == 12
    assert made.days_seen == {date(2026, 3, 9), date(2026, 3, 10)}


@pytest.mark.parametrize("quote", ["", '"'], ids=["plain", "quoted"])
@pytest.mark.parametrize(
    ("time", "cells"),
    [
        ("at", "{}T08:00:00Z"),
        ({"path": "at", "format": "%Y-%m-%d"}, "{}"),
        (["at", "clock"], "{}T08:00:00Z"),
        (["at", "+clock"], "{},08:00:00"),
    ],
    ids=["plain", "format", "list", "sum"],
)
def test_of_rows_of_csv_that_are_all_left_out_the_days_are_seen(time: Any, cells: str, quote: str) -> None:
    fields = {"time": time, "input_tokens": "n", "cost_usd": "usd"}
    days = ("2026-03-08", "2026-03-09")
    at = [cells.format(day) if "," in cells else f"{cells.format(day)},x" for day in days]
    rows = "".join(f"{it},{quote}skipped{quote},5,0.5\n" for it in at)

    made = counted(rows.encode(), b"at,clock,state,n,usd\n", type="csv", fields=fields, only={"state": "done"})

    assert made.tallies == {FILTERED: 2}
    assert made.days_seen == {date(2026, 3, 8), date(2026, 3, 9)}


@pytest.mark.parametrize(
    ("header", "settings"),
    [
        (b"ts,n", {"type": "csv", "fields": {"time": "ts"}}),
        (b"ts,n,m", {"type": "csv", "fields": {"time": ["ts", "at"], "input_tokens": ["n", "+m"]}}),
        (CURSOR, {"type": "cursor-usage"}),
    ],
    ids=["plain", "rich", "export"],
)
def test_a_csv_file_without_the_column_of_a_filter_is_named(header: bytes, settings: dict[str, Any]) -> None:
    made = ingest(config(format={**settings, "only": {"state": "done"}}, system="s"))

    with pytest.raises(SourceRefused, match=r"no column state"):
        made.headers.check(header, "x.csv")


def test_a_document_loses_the_records_that_are_left_out_and_keeps_the_others() -> None:
    def row(name: str, **more: Any) -> dict[str, Any]:
        call = {"id": f"o-{name}", "type": "GENERATION", "model": "m", "startTime": "2026-03-10T08:00:00Z"}
        return {**call, "name": name, "usage": {"input": 3, "output": 2}, **more}

    page = json.dumps({"data": [row("chat"), row("judge"), row("chat2")], "meta": {}}).encode() + b"\n"
    alone = json.dumps(row("judge", startTime="2026-03-08T08:00:00Z")).encode() + b"\n"

    made = counted_by_name("langfuse", page + alone, {"not": {"name": "judge"}})

    assert made.tallies == {COUNTED: 2, FILTERED: 2}
    assert made.days_seen == {date(2026, 3, 8), date(2026, 3, 10)}


def counted_by_name(name: str, data: bytes, chosen: dict[str, Any]) -> Counted:
    made = ingest(config(format={"type": name, **chosen}, system="bot"))
    made.add(Lines(data, "app.jsonl", 1, None))
    return made.drain()


@pytest.mark.parametrize("name", ["otlp", "mlflow", "nginx", "envoy", "apisix"])
def test_formats_whose_records_are_no_objects_of_their_own_say_so(name: str) -> None:
    with pytest.raises(ValidationError, match=f"{name} has no only and not"):
        config(format={"type": name, "only": {"a": "b"}}, system="bot")


@pytest.mark.parametrize(
    ("entries", "why"),
    [
        ({"a": None}, r"written \{present: false\}"),
        ({"a": ["x", ""]}, r"written \{present: false\}"),
        ({"a": []}, "empty list"),
        ({"a": {"prefix": " "}}, r"none of a value, a list of values"),
        ({"a": {"suffix": "x"}}, r"none of a value, a list of values"),
        ({"a": {"prefix": "x", "present": True}}, r"none of a value, a list of values"),
        ({"a": date(2026, 3, 1)}, "put a date in quotes"),
        ({"a": [["x"]]}, "no text, number or boolean"),
        ({"a": float("inf")}, "no record has"),
        ({"a..b": "x"}, "keys joined by dots"),
        ({}, "at least 1 item"),
    ],
)
def test_a_filter_that_means_nothing_is_refused_with_the_reason(entries: dict[str, Any], why: str) -> None:
    for setting in ("only", "not"):
        with pytest.raises(ValidationError, match=why):
            config(format={"type": "jsonl", "fields": FIELDS, setting: entries})


def test_a_source_without_a_filter_has_the_digest_that_it_had_and_a_filter_changes_it() -> None:
    plain = config()
    told = json.loads(plain.format.model_dump_json())
    before = {name: value for name, value in told.items() if name not in {"only", "without"}}
    parts = (json.dumps(before, separators=(",", ":")), plain.system, "UTC", "600.0")

    assert settings_digest(plain) == blake2b("\0".join(parts).encode(), digest_size=8).hexdigest()
    for chosen in ({"only": {"a": 1}}, {"not": {"a": 1}}, {"only": {"a": 2}}):
        other = config(format={"type": "jsonl", "fields": FIELDS, **chosen})
        assert settings_digest(other) != settings_digest(plain)


def recipe(heading: str) -> dict[str, Any]:
    """The settings below a heading of the page."""
    found = re.search(rf"\*\*{heading}[^\n]*\n\n((?:    [^\n]*\n)+)", PAGE.read_text())
    assert found is not None, heading
    made: dict[str, Any] = yaml.safe_load(found[1])["format"]
    return made


def test_of_a_request_and_its_response_the_response_counts() -> None:
    usage = {"in": 40, "out": 9}
    data = b"".join(
        json.dumps({"at": "2026-03-10T08:00:00Z", "call": f"c{at}", "event": event, "body": body}).encode() + b"\n"
        for at in range(3)
        for event, body in (
            ("request", {"model": "m", "messages": []}),
            ("response", {"model": "m", "usage": usage}),
        )
    )

    made = counted(data, **recipe("A request and its response are two records"))

    assert made.tallies == {COUNTED: 3, FILTERED: 3}
    assert sums(made.usage)["input_tokens"] == 120


def test_what_was_skipped_or_answered_by_something_else_is_no_call() -> None:
    header = b"when,engine,outcome,state,tokens_in,tokens_out\n"
    states = ["sent", "skipped", "sent", "fallback", ""]
    lines = "".join(f"2026-03-10 08:00:00,m,ok,{state},12,3\n" for state in states).encode()

    made = counted(lines, header, **recipe("A call may be skipped"))

    assert made.tallies == {COUNTED: 3, FILTERED: 2}
    assert sums(made.usage)["output_tokens"] == 9


def test_of_running_totals_and_the_usage_of_the_last_call_the_latter_counts() -> None:
    def event(kind: str, info: Any) -> bytes:
        return json.dumps({"ts": "2026-03-10T08:00:00Z", "kind": kind, "info": info}).encode() + b"\n"

    total = 0
    lines = [event("turn", {"model": "m"}), event("usage", None)]
    for spent in (10, 20, 30):
        total += spent
        lines.append(
            event("usage", {"model": "m", "last": {"input": spent, "output": 1}, "total": {"input": total}})
        )

    made = counted(b"".join(lines), **recipe("Running totals stand beside"))

    assert made.tallies == {COUNTED: 3, FILTERED: 2}
    assert sums(made.usage)["input_tokens"] == 60


def test_events_of_other_kinds_and_of_tests_are_no_calls() -> None:
    def event(name: str, **more: Any) -> bytes:
        return json.dumps({"ts": "2026-03-10T08:00:00Z", "event": name, "model": "m", **more}).encode() + b"\n"

    lines = [
        event("llm.chat", user="ann"), event("llm.embed"), event("llmx"), event("login", user="ann"),
        event("llm.chat", user="load-test"), event("llm.chat", dry_run=True), event("llm.chat", dry_run=False),
    ]  # fmt: skip

    made = counted(b"".join(lines), **recipe("Events of other kinds share the log"))

    assert made.tallies == {COUNTED: 3, FILTERED: 4}


def test_a_named_format_takes_paths_of_its_records_also_into_json_in_a_text() -> None:
    def call(at: int, alias: str | None) -> dict[str, Any]:
        metadata = {"user_api_key_alias": alias}
        return {
            "id": f"l{at}", "call_type": "acompletion", "model": "m", "startTime": "2026-03-10T08:00:00Z",
            "endTime": "2026-03-10T08:00:01Z", "status": "success", "prompt_tokens": 4, "completion_tokens": 1,
            "total_tokens": 5, "metadata": metadata if at % 2 else json.dumps(metadata),
        }  # fmt: skip

    aliases = ["health-eu", "health-us", "app", "health", None, "app"]
    data = b"".join(json.dumps(call(at, alias)).encode() + b"\n" for at, alias in enumerate(aliases))

    made = counted_by_name("litellm", data, {**recipe("A named format has traffic"), "type": "litellm"})

    assert made.tallies == {COUNTED: 4, FILTERED: 2}
