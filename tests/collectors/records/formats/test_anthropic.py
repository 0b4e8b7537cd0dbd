from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leverwatch.collectors.interface import Result
from tests.collectors.records.formats.records import NOW, lines, read, totals
from tests.collectors.records.framing.test_partial import cri, docker
from tests.collectors.sources.files.logs import config, count
from tests.collectors.sources.files.tailing import Bench, append
from tests.examples import examples

USAGE = {
    "input_tokens": 10, "cache_creation_input_tokens": 5, "cache_read_input_tokens": 100, "output_tokens": 7,
}  # fmt: skip
COUNTS = (
    "inferences", "errors", "input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens",
    "unknown_output", "truncated",
)  # fmt: skip
WHOLE = {
    "inferences": 1, "input_tokens": 115, "cached_input_tokens": 100, "cache_write_tokens": 5, "output_tokens": 7,
}  # fmt: skip


def message(id_: str = "m1", **values: Any) -> dict[str, Any]:
    return {
        "id": id_, "type": "message", "role": "assistant", "model": "claude", "created_at": NOW,
        "content": [{"type": "text", "text": 'canary "type":"message_start"'}], "stop_reason": "end_turn",
        "usage": USAGE,
    } | values  # fmt: skip


def events(id_: str = "m1", *, stop: bool = True, delta: bool = True) -> list[dict[str, Any]]:
    return [
        {"type": "message_start", "message": message(id_, stop_reason=None, usage={**USAGE, "output_tokens": 1})},
        {"type": "ping"},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "canary"}},
        *(
            [{"type": "message_delta", "delta": {"stop_reason": "max_tokens"}, "usage": {"output_tokens": 7}}]
            * delta
        ),
        *([{"type": "message_stop"}] * stop),
    ]


def test_tokens_read_from_and_written_to_the_cache_are_added_to_the_input() -> None:
    assert totals(read("anthropic", message()), *COUNTS) == WHOLE


def test_a_message_without_the_fields_of_a_cache_has_the_input_that_it_tells() -> None:
    counted = read("anthropic", message(usage={"input_tokens": 10, "output_tokens": 7}))

    assert totals(counted, "input_tokens", "unknown_cached") == {"input_tokens": 10, "unknown_cached": 1}


def test_the_events_of_a_message_are_one_call() -> None:
    counted = read("anthropic", *events())

    assert totals(counted, *COUNTS) == {**WHOLE, "truncated": 1}
    assert counted.tallies == {Result.COUNTED: 1, Result.PART: 5}


def test_the_output_of_a_message_that_was_cut_off_is_unknown() -> None:
    for tail in ([], events("m2")):
        counted = read("anthropic", *events(delta=False, stop=False), *tail)
        assert totals(counted, "unknown_output") == {"unknown_output": 1}


def test_an_error_in_the_middle_of_a_stream_is_an_error() -> None:
    failed = {"type": "error", "error": {"type": "overloaded_error", "message": "canary"}}
    counted = read("anthropic", *events(delta=False, stop=False), failed, message("m2"))

    assert totals(counted, "errors", "inferences") == {"errors": 1, "inferences": 1}


def test_an_error_that_stands_alone_needs_a_time() -> None:
    error = {"type": "error", "error": {"type": "x", "message": "canary"}, "request_id": "q1"}

    assert read("anthropic", error).tallies == {Result.MISSING_FIELD: 1}
    assert totals(read("anthropic", error | {"timestamp": NOW}), "errors") == {"errors": 1}


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ({"type": "succeeded", "message": message()}, {"inferences": 1}),
        ({"type": "errored", "error": {"type": "error"}}, {"errors": 1}),
        ({"type": "canceled"}, {"errors": 1}),
        ({"type": "expired"}, {"errors": 1}),
    ],
)
def test_a_result_of_a_batch_is_a_call(result: Any, expected: dict[str, float]) -> None:
    counted = read("anthropic", {"custom_id": "c1", "timestamp": NOW, "result": result})

    assert totals(counted, "inferences", "errors") == expected


def test_other_objects_are_no_calls() -> None:
    others = [{"type": "message_batch", "id": "b", "created_at": NOW}, {"type": "model", "id": "m"}]

    assert read("anthropic", *others).tallies == {Result.NOT_A_CALL: 2}
    assert read("anthropic", {"hello": 1}).tallies == {Result.MISSING_FIELD: 1}


def test_a_message_inside_the_record_of_an_application_has_its_time() -> None:
    outer = {"ts": NOW, "reply": {key: value for key, value in message().items() if key != "created_at"}}
    format_ = {"type": "anthropic", "wrap": "json-string", "text_fields": ["reply"]}

    assert totals(read(format_, outer), *COUNTS) == WHOLE


def sse(*records: Any) -> bytes:
    return b"".join(f"event: {record['type']}\ndata: {json.dumps(record)}\n\n".encode() for record in records)


DUMPS: dict[str, tuple[Any, bytes]] = {
    "lines": ("anthropic", lines(*events("a"), *events("b"), message("c"), *events("d", stop=False))),
    "events": ("anthropic", sse(*events("a"), *events("b"), message("c"), *events("d", stop=False))),
    "docker": (
        {"type": "anthropic", "wrap": "docker"},
        b"".join(docker(json.dumps(it)) for it in (*events("a"), *events("b"), message("c"), *events("d"))),
    ),
    "cri": (
        {"type": "anthropic", "wrap": "cri"},
        b"".join(
            cri(text[:40], tag="P") + cri("{}", "stderr") + cri(text[40:])
            for text in map(json.dumps, (*events("a"), *events("b"), message("c"), *events("d")))
        ),
    ),
}


@pytest.mark.parametrize("shape", DUMPS)
@given(places=st.lists(st.integers(0, 8000), max_size=4))
@settings(max_examples=examples(30))
def test_a_dump_that_grows_in_any_pieces_counts_each_message_once(
    tmp_path_factory: pytest.TempPathFactory, shape: str, places: list[int]
) -> None:
    format_, data = DUMPS[shape]
    folder = tmp_path_factory.mktemp("dump")
    bench = Bench(folder, config(path="*.log", format=format_, system="bot"))
    ends = sorted({place % (len(data) + 1) for place in places} | {len(data)})
    for start, end in zip([0, *ends], ends, strict=False):
        append(folder / "app.log", data[start:end])
        bench.collect()
        bench.restart()

    assert bench.settle() == {"bot": 4}
    assert bench.store.input_tokens == 4 * 115
    assert sum(row.output_tokens for batch in bench.store.batches for row in batch.usage) == 4 * 7


def test_a_dump_in_one_array_is_read_too(tmp_path: Path) -> None:
    data = json.dumps([*events("a"), *events("b")]).encode()

    assert count(data, config(format="anthropic", system="bot")).tallies == {Result.COUNTED: 2, Result.PART: 10}
    bench = Bench(tmp_path, config(path="*.log", format="anthropic", system="bot"))
    append(tmp_path / "a.log", data[:900])
    bench.collect()
    append(tmp_path / "a.log", data[900:])
    assert bench.settle() == {"bot": 2}


def test_the_tokens_of_a_compaction_are_added_to_the_totals_which_leave_them_out() -> None:
    iterations = [
        {"type": "message", "input_tokens": 10, "output_tokens": 7, "cache_read_input_tokens": 100},
        {
            "type": "compaction", "input_tokens": 900, "output_tokens": 60, "cache_read_input_tokens": 40,
            "cache_creation_input_tokens": 2,
        },
        {"type": "advisor_message", "input_tokens": 5000, "output_tokens": 5000},
    ]  # fmt: skip
    whole = message(usage=USAGE | {"iterations": iterations})
    start, *inner, delta, stop = events()
    delta["usage"] = {"output_tokens": 7, "iterations": iterations}
    for records in ([whole], [start, *inner, delta, stop]):
        known = totals(read("anthropic", *records), *COUNTS[:6])
        assert known == {
            "inferences": 1, "input_tokens": 115 + 942, "cached_input_tokens": 140, "cache_write_tokens": 7,
            "output_tokens": 67,
        }  # fmt: skip


def test_thinking_is_inside_the_output() -> None:
    counted = read("anthropic", message(usage=USAGE | {"output_tokens_details": {"thinking_tokens": 4}}))

    assert totals(counted, "output_tokens", "reasoning_tokens") == {"output_tokens": 7, "reasoning_tokens": 4}


def test_the_time_and_the_names_beside_the_first_event_are_those_of_the_message() -> None:
    logged = [{"ts": "2026-03-10T08:00:00Z", "team": "ops"} | it for it in events()]
    for it in logged:
        if "message" in it:
            del it["message"]["created_at"]
    counted = count(lines(*logged), config(format="anthropic", system="{team}"))

    assert [(row.system, row.input_tokens, row.output_tokens) for row in counted.usage] == [("ops", 115, 7)]


def test_a_message_that_does_not_say_whether_it_stopped_is_complete() -> None:
    one = message()
    del one["stop_reason"]
    counted = read("anthropic", one, one | {"usage": USAGE | {"output_tokens": 90}})

    assert totals(counted, "inferences", "output_tokens") == {"inferences": 1, "output_tokens": 7}
    assert not any(key.startswith("open/") for key in counted.state)
