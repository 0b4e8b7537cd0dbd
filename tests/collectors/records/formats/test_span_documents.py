from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from leverwatch.collectors.interface import Operation, Result
from leverwatch.collectors.records.formats.otlp import OTLP
from tests.collectors.records.formats.records import NOW, lines, read, totals
from tests.collectors.records.formats.span_records import START, export, phoenix, span
from tests.collectors.sources.files.logs import config, count

CHAT = {
    "gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "gen_ai.usage.input_tokens": 70,
    "gen_ai.usage.output_tokens": 9,
}  # fmt: skip
RIGHT = {"inferences": 1, "input_tokens": 70, "output_tokens": 9, "latency_ms": 1000}
BATCH = export("made-up", span(CHAT))
GROUP = BATCH["resourceSpans"][0]
OLD = {"instrumentationLibrary": {"name": "made-up"}, "spans": GROUP["scopeSpans"][0]["spans"]}
SNAKE_SPAN = {
    "trace_id": "0a" * 16, "span_id": "0b" * 8, "parent_span_id": None, "start_time_unix_nano": START,
    "end_time_unix_nano": str(START + 10**9), "status": {"code": 1},
    "attributes": [
        {"key": "gen_ai.operation.name", "value": {"string_value": "chat"}},
        {"key": "gen_ai.usage.input_tokens", "value": {"int_value": 70}},
        {"key": "gen_ai.usage.output_tokens", "value": {"int_value": "9"}},
    ],
}  # fmt: skip
GO = {
    "Name": "canary", "SpanContext": {"TraceID": "0c" * 16, "SpanID": "0d" * 8, "TraceFlags": "01"},
    "Parent": {"TraceID": "0" * 32, "SpanID": "0" * 16}, "SpanKind": 3, "StartTime": "2026-03-10T08:00:00Z",
    "EndTime": "2026-03-10T09:00:01+01:00", "Status": {"Code": "Unset"},
    "Attributes": [{"Key": key, "Value": {"Type": "STRING", "Value": it}} for key, it in CHAT.items()],
    "Resource": [{"Key": "service.name", "Value": {"Type": "STRING", "Value": "bot"}}],
    "InstrumentationScope": {"Name": "made-up"},
}  # fmt: skip
JAVASCRIPT = {
    "resource": {"attributes": {"service.name": "bot"}}, "instrumentationScope": {"name": "made-up"},
    "traceId": "0e" * 16, "id": "0f" * 8, "name": "canary", "kind": 2, "timestamp": NOW * 10**6,
    "duration": 1_000_000, "attributes": CHAT, "status": {"code": 0}, "events": [], "links": [],
}  # fmt: skip
FORMS: dict[str, Any] = {
    "a batch": BATCH,
    "a part of a batch": GROUP,
    "a list of spans of one scope": GROUP["scopeSpans"][0],
    "one span": GROUP["scopeSpans"][0]["spans"][0],
    "a batch of before 2022": {"resourceSpans": [{"instrumentationLibrarySpans": [OLD]}]},
    "a part of one": {"instrumentationLibrarySpans": [OLD]},
    "the names of the protobuf files": {"resource_spans": [{"scope_spans": [{"spans": [SNAKE_SPAN]}]}]},
    "a span under these names": SNAKE_SPAN,
    "a page of such spans": {"data": [SNAKE_SPAN], "next_cursor": None},
    "batches of a trace": {"batches": [GROUP]},
    "a trace with its batch": {"trace": BATCH},
    "a span that the SDK for Go printed": GO,
    "a span that the SDK for JavaScript printed": JAVASCRIPT,
}


@pytest.mark.parametrize("form", FORMS)
def test_spans_are_read_in_every_form_in_which_they_are_stored(form: str) -> None:
    counted = read("otlp", FORMS[form])

    assert totals(counted, *RIGHT) == RIGHT
    assert counted.tallies == {Result.COUNTED: 1}
    assert OTLP.recognise(FORMS[form]) >= 80


def test_spans_in_an_array_and_spans_over_many_lines_are_read() -> None:
    array = json.dumps([GROUP, export("made-up", span(CHAT))["resourceSpans"][0]]).encode() + b"\n"
    printed = b"".join(json.dumps(it, indent=4).encode() + b"\n" for it in (GO, JAVASCRIPT))

    for text in (array, printed):
        assert count(text, config(format="otlp", system="bot")).tallies == {Result.COUNTED: 2}


def test_the_resource_of_a_part_of_a_batch_names_the_system() -> None:
    for record in (GROUP, GO, JAVASCRIPT):
        assert [row.system for row in read("otlp", record, system="{service.name}").usage] == ["bot"]


def test_numbers_may_be_numbers_or_text_and_enums_may_be_names() -> None:
    loose = span({}, startTimeUnixNano=START, endTimeUnixNano=START + 10**9, kind="SPAN_KIND_CLIENT")
    loose["attributes"] = [
        {"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}},
        {"key": "gen_ai.usage.input_tokens", "value": {"intValue": 70}},
        {"key": "gen_ai.usage.output_tokens", "value": {"doubleValue": 9}},
    ]
    failed = span(CHAT, status={"code": "STATUS_CODE_ERROR"})

    assert totals(read("otlp", export("x", loose, failed)), "inferences", "input_tokens", "errors") == {
        "inferences": 1, "input_tokens": 70, "errors": 1,
    }  # fmt: skip


def test_a_clock_of_milliseconds_gives_the_right_day_and_latency() -> None:
    slow = span(CHAT, startTimeUnixNano=NOW * 1000, endTimeUnixNano=str(NOW * 1000 + 2500))
    counted = read("otlp", export("made-up", slow))

    assert totals(counted, "latency_ms") == {"latency_ms": 2500}
    assert [str(row.day) for row in counted.usage] == ["2026-03-10"]


LLM = {
    "llm.model_name": "m", "llm.token_count.prompt": 120, "llm.token_count.completion": 30,
    "llm.token_count.prompt_details.cache_read": 64, "llm.token_count.total": 150, "llm.finish_reason": "length",
}  # fmt: skip
NESTED = {
    "llm": {
        "model_name": "m", "finish_reason": "length",
        "token_count": {"prompt": 120, "completion": 30, "total": 150, "prompt_details": {"cache_read": 64}},
    }
}  # fmt: skip
PHOENIX = [
    phoenix("LLM", LLM, status_code="OK"),
    phoenix("LLM", NESTED),
    phoenix("LLM", {"llm.model_name": "streamed without usage"}),
    phoenix("LLM", {}, status_code="ERROR"),
    phoenix("EMBEDDING", {"embedding.model_name": "e", "llm.token_count.prompt": 16}),
    phoenix("AGENT", LLM),
    phoenix("UNKNOWN", CHAT),
    phoenix("UNKNOWN", {"http.method": "GET"}),
]


def as_row(record: dict[str, Any], *, epochs: bool) -> dict[str, Any]:
    """A span as a row of the table that Phoenix's client makes."""
    row = {key: it for key, it in record.items() if key not in ("context", "attributes")}
    row |= {f"context.{key}": it for key, it in record["context"].items()}
    row |= {f"attributes.{key}": it for key, it in record["attributes"].items()}
    row["attributes.llm.provider"] = None
    if epochs:
        row |= {"start_time": NOW * 1000, "end_time": NOW * 1000 + 750}
    return row


@pytest.mark.parametrize(
    "records",
    [
        PHOENIX,
        [{"data": PHOENIX, "next_cursor": "canary"}],
        [{"traceId": "canary", "spans": PHOENIX, "status": "OK"}],
        [as_row(it, epochs=False) for it in PHOENIX],
        [as_row(it, epochs=True) for it in PHOENIX],
    ],
)  # fmt: skip
def test_every_export_of_phoenix_counts_the_same(records: Any) -> None:
    counted = read("otlp", *records)

    calls = Counter[Operation]()
    for row in counted.usage:
        calls[row.operation] += int(row.inferences)
    assert calls == {Operation.GENERATION: 4, Operation.EMBEDDING: 1}
    names = ("errors", "input_tokens", "output_tokens", "cached_input_tokens", "unknown_output", "truncated")
    assert totals(counted, *names) == {
        "errors": 1, "input_tokens": 120 + 120 + 70 + 16, "output_tokens": 30 + 30 + 9, "cached_input_tokens": 128,
        "unknown_output": 2, "truncated": 2,
    }  # fmt: skip
    assert totals(counted, "latency_ms")["latency_ms"] % 750 == 0
    assert counted.tallies[Result.NOT_A_CALL] == 2
    assert OTLP.recognise(records[0]) >= 80


def test_what_is_no_span_on_a_page_costs_only_itself_and_an_empty_page_has_none() -> None:
    assert read("otlp", {"data": [phoenix("LLM", LLM), {"hello": "canary"}, 7]}).tallies == {
        Result.COUNTED: 1, Result.MISSING_FIELD: 2,
    }  # fmt: skip
    assert read("otlp", {"data": [], "next_cursor": None}).tallies == {}
    assert read("otlp", {"data": [{"hello": "canary"}]}).tallies == {Result.MISSING_FIELD: 1}


def test_a_page_with_a_broken_text_or_number_that_nobody_reads_counts() -> None:
    page = lines({"data": [phoenix("LLM", LLM | {"input.value": "broken", "score": 0.5})]})
    page = page.replace(b'"broken"', b'"\\ud800"').replace(b"0.5", b"NaN")

    assert count(page, config(format="otlp", system="bot")).tallies == {Result.COUNTED: 1}


def test_what_has_no_spans_is_not_recognised() -> None:
    mlflow = SNAKE_SPAN | {"attributes": {"mlflow.spanType": '"LLM"'}}
    nothing: tuple[Any, ...] = (
        mlflow,
        {"spans": [mlflow]},
        {"data": [{"id": "x"}]},
        {"spans": 3},
        {"trace": "x"},
        {"context": "x"},
        [],
        7,
    )
    for record in nothing:
        assert OTLP.recognise(record) == 0
