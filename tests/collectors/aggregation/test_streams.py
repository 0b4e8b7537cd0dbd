"""A streamed call counts once, whatever part of it comes first and wherever the others are."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.collectors.aggregation.ingest import Ingest
from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.interface import Result
from tests.collectors.sources.files.logs import NOW, config, count, ingest, sums
from tests.collectors.sources.files.tailing import Bench, append

USAGE = {"prompt_tokens": 9, "completion_tokens": 4, "completion_tokens_details": {"reasoning_tokens": 1}}
UNKNOWN = {"unknown_input": 1, "unknown_output": 1}
KNOWN = {"inferences": 1, "input_tokens": 9, "output_tokens": 4, "reasoning_tokens": 1}


def chunk(id_: str = "c1", *, end: bool = False, usage: Any = None, text: str = "canary", **values: Any) -> bytes:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": "length" if end else None}
    record = {
        "id": id_, "object": "chat.completion.chunk", "created": 1773129600, "model": "m",
        "choices": [] if usage else [choice], "usage": usage,
    }  # fmt: skip
    return json.dumps(record | values).encode() + b"\n"


PARTS = [chunk(), chunk(), chunk(end=True), chunk(usage=USAGE)]


def settings(**changes: Any) -> Any:
    return config(**{"format": "openai", "system": "bot", "path": "*.jsonl", **changes})


def known(totals: dict[str, float]) -> dict[str, float]:
    names = (*KNOWN, *UNKNOWN, "finish_known", "truncated", "attempts", "errors")
    return {name: totals[name] for name in names if totals.get(name)}


WHOLE = {**KNOWN, "finish_known": 1, "truncated": 1, "attempts": 1}


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_any_part_may_come_first(order: tuple[int, ...]) -> None:
    counted = count(b"".join(PARTS[place] for place in order), settings())

    assert known(sums(counted.usage)) == WHOLE
    assert counted.tallies == {Result.COUNTED: 1, Result.PART: 3}
    assert counted.problems == ()


@given(st.lists(st.integers(0, 3), min_size=1, max_size=12))
def test_parts_that_are_delivered_again_add_nothing(order: list[int]) -> None:
    counted = count(b"".join(PARTS[place] for place in order), settings())
    totals = sums(counted.usage)

    assert totals["inferences"] == 1
    assert totals.get("input_tokens", 0) == (9 if 3 in order else 0)
    assert totals.get("unknown_input", 0) == (0 if 3 in order else 1)
    assert sum(counted.tallies.values()) == len(order)


def test_an_interrupted_stream_counts_once_and_its_tokens_are_unknown() -> None:
    counted = count(PARTS[0] + PARTS[1], settings())

    assert known(sums(counted.usage)) == {"inferences": 1, "attempts": 1, **UNKNOWN}


def test_streams_that_interleave_are_apart() -> None:
    lines = [chunk(name, usage=USAGE if last else None) for last in (False, True) for name in "abc"]
    totals = sums(count(b"".join(lines), settings()).usage)

    assert (totals["inferences"], totals["input_tokens"]) == (3, 27)


def test_a_whole_record_with_the_id_of_a_stream_is_another_call() -> None:
    whole = json.dumps(
        {"id": "c1", "object": "chat.completion", "created": 1773129600, "model": "m", "choices": []}
    )

    stream = b"".join(PARTS)
    for data in (stream + whole.encode(), whole.encode() + b"\n" + stream):
        counted = count(data, settings())
        assert counted.tallies == {Result.COUNTED: 2, Result.PART: 3}
        assert sums(counted.usage)["input_tokens"] == 9


@pytest.mark.parametrize("window", ["0s", "1m", "1h"])
def test_it_holds_in_other_batches_after_a_restart_and_with_any_window(window: str) -> None:
    state: dict[str, bytes] = {}
    totals: dict[str, float] = {}
    for part in (*PARTS, *PARTS):
        made = Ingest(settings(dedupe_window=window), lambda: NOW)
        made.load(state)
        # Another call, minutes later, must not push the first one out.
        made.add(Lines(part + chunk(f"x{len(totals)}", created=1773129600 + 1200), "app.jsonl", 1))
        counted = made.drain()
        for key, value in counted.state.items():
            if value is None:
                state.pop(key, None)
            else:
                state[key] = value
        for name, value_ in sums(counted.usage).items():
            totals[name] = totals.get(name, 0) + value_

    assert totals["input_tokens"] == 9
    assert totals["inferences"] - totals["unknown_input"] == 1


@pytest.mark.parametrize("committed", [False, True])
@pytest.mark.parametrize("batch", [1, 2])
def test_parts_in_two_files_on_both_sides_of_a_crash_count_once(
    tmp_path: Path, batch: int, committed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leverwatch.collectors.sources.files.collector._BATCH_BYTES", 1)
    bench = Bench(tmp_path, settings())
    append(tmp_path / "a.jsonl", PARTS[0] + PARTS[2])
    append(tmp_path / "b.jsonl", PARTS[1] + PARTS[3])
    bench.crash(batch, committed)
    bench.collect()
    bench.restart()
    append(tmp_path / "a.jsonl", PARTS[3])

    assert bench.collect() == {"bot": 1}
    assert bench.store.input_tokens == 9
    assert bench.store.tallies[Result.COUNTED] == 1


def event(kind: str, status: str, **values: Any) -> bytes:
    response = {
        "id": "r1",
        "object": "response",
        "created_at": 1773129600,
        "model": "m",
        "status": status,
        **values,
    }
    return b"data: " + json.dumps({"type": f"response.{kind}", "response": response}).encode() + b"\n"


def test_a_response_that_fails_while_it_streams_is_an_error_and_no_inference() -> None:
    failed = event("failed", "failed", error={"code": "x", "message": "canary"})
    for lines in (event("created", "in_progress") + failed, failed + event("created", "in_progress"), failed):
        assert known(sums(count(lines, settings()).usage)) == {"errors": 1, "attempts": 1}


def test_a_part_that_is_refused_leaves_the_call_to_the_next_one() -> None:
    counted = count(chunk(created=0) + PARTS[3], settings())

    assert counted.tallies == {Result.BAD_TIME: 1, Result.COUNTED: 1}
    assert known(sums(counted.usage))["input_tokens"] == 9


def test_traces_are_counted_where_they_first_appear() -> None:
    lines = b"".join(
        json.dumps({"ts": NOW.isoformat(), "app": "bot", "trace": trace, "status": status}).encode() + b"\n"
        for trace, status in [("t1", 200), ("t1", 200), ("t2", 200), (None, 200), ("t3", 500)]
    )
    made = ingest()
    for _ in range(2):
        made.add(Lines(lines, "app.jsonl", 1))

    totals = sums(made.drain().usage)
    assert (totals["traced"], totals["traces"], totals["inferences"]) == (6, 2, 8)


def test_a_usage_that_grows_with_every_chunk_is_that_of_the_last_one() -> None:
    growing = [{"prompt_tokens": 9, "completion_tokens": number} for number in range(5)]
    lines = b"".join(
        chunk(usage=usage, choices=[{"finish_reason": "stop" if usage is growing[-1] else None}])
        for usage in growing
    )

    assert sums(count(lines, settings()).usage)["output_tokens"] == 4


BEFORE, AFTER = 1773100799, 1773100801
"""Around midnight of 2026-03-10, UTC."""


@pytest.mark.parametrize(("first", "later"), [("m", "m"), ("", "m"), ("m", ""), ("m", "m-2026")])
@pytest.mark.parametrize("restarts", [False, True])
def test_what_a_later_part_tells_lands_where_the_call_counts(first: str, later: str, restarts: bool) -> None:
    made = ingest(settings())
    made.add(Lines(chunk(created=BEFORE, model=first), "app.jsonl", 1))
    one = made.drain()
    if restarts:
        made = ingest(settings())
        made.load({key: value for key, value in one.state.items() if value is not None})
        # What it knows of the models is gone until it has counted one call of each again.
        made.add(Lines(chunk("c0", created=BEFORE, model=first), "app.jsonl", 2))
    made.add(Lines(chunk(created=AFTER, model=later, usage=USAGE), "app.jsonl", 3))
    two = made.drain()

    cells = {(row.model, row.day) for counted in (one, two) for row in counted.usage}
    assert len(cells) == 1
    assert known(sums((*one.usage, *two.usage))) == {
        "inferences": 1 + restarts, "attempts": 1 + restarts, "input_tokens": 9, "output_tokens": 4,
        "reasoning_tokens": 1, **({"unknown_input": 1, "unknown_output": 1} if restarts else {}),
    }  # fmt: skip
