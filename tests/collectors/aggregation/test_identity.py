"""What is the same call: generated records, delivered again in any order, against a plain set of what they say."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leverwatch.collectors.aggregation import _native
from leverwatch.collectors.aggregation.bulk_timestamps import Stamps
from leverwatch.collectors.aggregation.identity import NUMBERS, identity
from leverwatch.collectors.aggregation.ingest import Counted, Ingest
from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.timestamps import millis_of
from leverwatch.collectors.sources.files.config import FilesConfig
from tests.collectors.aggregation.test_batch_counter import TIMES
from tests.collectors.sources.files.logs import NOW, config
from tests.examples import examples

MAPPED = {
    "time": "ts", "model": "m", "request_id": "id", "status": "s", "input_tokens": "in",
    "cached_input_tokens": "cached", "output_tokens": "out", "reasoning_tokens": "thought",
}  # fmt: skip
COLUMNS = tuple(MAPPED.values())
HEADER = (",".join(COLUMNS) + "\n").encode()
BEGIN = datetime(2026, 3, 9, 1, tzinfo=UTC)
MOMENTS = [
    BEGIN + timedelta(hours=hours, milliseconds=millis) for hours in (0, 1, 20, 30) for millis in (0, 7, 500)
]
SPELLINGS: list[Callable[[datetime], Any]] = [
    lambda moment: moment.isoformat(timespec="milliseconds"),
    lambda moment: moment.isoformat(timespec="microseconds").replace("+00:00", "Z"),
    lambda moment: moment.astimezone(timezone(timedelta(hours=5, minutes=30))).isoformat(timespec="milliseconds"),
    lambda moment: moment.replace(tzinfo=None).isoformat(sep=" ", timespec="milliseconds"),
    lambda moment: moment.timestamp(),
    lambda moment: round(moment.timestamp() * 1000),
    lambda moment: round(moment.timestamp() * 1000) * 1_000_000,
]
TOKENS = st.sampled_from([None, 0, 1, 2])
RECORDS = st.fixed_dictionaries(
    {
        "ts": st.sampled_from(MOMENTS),
        "m": st.sampled_from(["a", "b"]),
        "id": st.sampled_from(["r1", "r2", "", "None", None]),
        "s": st.sampled_from(["success", "error"]),
        "in": TOKENS, "cached": TOKENS, "out": TOKENS, "thought": TOKENS,
    }
)  # fmt: skip
DELIVERED = st.lists(RECORDS, min_size=1, max_size=8).flatmap(
    lambda records: st.lists(
        st.lists(st.tuples(st.sampled_from(records), st.sampled_from(SPELLINGS)), max_size=6), max_size=5
    )
)
"""Batches of records in any order, each as often as it comes, with its time as it is spelled there."""


def as_json(records: Sequence[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def as_csv(records: Sequence[dict[str, Any]]) -> bytes:
    rows = (",".join("" if record[name] is None else str(record[name]) for name in COLUMNS) for record in records)
    return "".join(f"{row}\n" for row in rows).encode()


def as_docker(records: Sequence[dict[str, Any]]) -> bytes:
    return as_json([{"log": json.dumps(record) + "\n", "stream": "stdout"} for record in records])


JSONL = config(format={"type": "jsonl", "fields": MAPPED}, system="bot")
WAYS: dict[str, tuple[FilesConfig, Callable[[Sequence[dict[str, Any]]], bytes], bool]] = {
    "the helper": (JSONL, as_json, True),
    "Python": (JSONL, as_json, False),
    "columns": (config(format={"type": "csv", "fields": MAPPED}, system="bot"), as_csv, True),
    "columns in Python": (config(format={"type": "csv", "fields": MAPPED}, system="bot"), as_csv, False),
    "a wrapper": (
        config(format={"type": "jsonl", "fields": MAPPED, "wrap": "docker"}, system="bot"), as_docker, True,
    ),
}  # fmt: skip


def restarted(way: str, state: dict[str, bytes]) -> Ingest:
    made = Ingest(WAYS[way][0], lambda: NOW, compiled=WAYS[way][2])
    made.load(state)
    return made


def add(made: Ingest, way: str, records: Sequence[dict[str, Any]], state: dict[str, bytes]) -> Counted:
    """Count a batch and store what it changed."""
    made.add(Lines(WAYS[way][1](records), "app.log", 1, HEADER))
    counted = made.drain()
    for key, value in counted.state.items():
        if value is None:
            del state[key]
        else:
            state[key] = value
    return counted


def said(record: dict[str, Any]) -> tuple[object, ...]:
    return tuple(record[name] for name in COLUMNS)


@settings(max_examples=examples(150))
@given(DELIVERED, st.sampled_from(sorted(WAYS)), st.lists(st.booleans(), min_size=5, max_size=5))
def test_what_says_the_same_counts_once_and_everything_else_counts(
    batches: list[list[tuple[dict[str, Any], Callable[[datetime], Any]]]], way: str, restarts: list[bool]
) -> None:
    state: dict[str, bytes] = {}
    made, known, calls, counted = restarted(way, state), set[tuple[object, ...]](), 0, 0
    for batch, restart in zip(batches, restarts, strict=False):
        for record, _ in batch:
            if record["id"] in {"", "None", None}:
                calls += 1
            elif said(record) not in known:
                known.add(said(record))
                calls += 1
        found = add(made, way, [{**record, "ts": spell(record["ts"])} for record, spell in batch], state)
        counted += sum(int(row.inferences + row.errors) for row in found.usage)
        assert found.tallies.get(Result.COUNTED, 0) + found.tallies.get(Result.DUPLICATE, 0) == len(batch)
        assert counted == calls
        made = restarted(way, state) if restart else made


@given(RECORDS, st.sampled_from(SPELLINGS))
def test_a_record_has_one_identity_however_it_is_written_and_read(
    record: dict[str, Any], spell: Callable[[datetime], Any]
) -> None:
    plain = {**record, "ts": SPELLINGS[0](record["ts"])}
    states = [add(restarted(way, {}), way, [plain], {}).state for way in WAYS]
    states += [add(restarted(way, {}), way, [{**record, "ts": spell(record["ts"])}], {}).state for way in WAYS]

    assert all(state == states[0] for state in states)
    assert bool(states[0]) is (record["id"] in {"r1", "r2"})


@given(
    st.text(),
    st.integers(0, 2**64 - 1),
    st.integers(0, 2**47),
    st.lists(st.one_of(st.none(), st.integers(0, 2**53)), min_size=len(NUMBERS), max_size=len(NUMBERS)),
)
def test_the_helper_computes_the_keys_that_python_computes(
    id_: str, seed: int, millis: int, numbers: list[int | None]
) -> None:
    expected = identity(id_, seed, millis, *numbers)

    assert _native.identity(id_, seed, millis, *numbers) == expected
    floats = [None if number is None else float(number) for number in numbers]
    assert _native.identity(id_, seed, millis, *floats) == identity(id_, seed, millis, *floats) == expected


def test_the_helper_refuses_another_number_of_values() -> None:
    with pytest.raises(TypeError):
        _native.identity("r1", 1, 2, None)
    with pytest.raises(TypeError):
        _native.identity("r1", 1, "2", *[None] * len(NUMBERS))  # type: ignore[arg-type]


@given(st.lists(TIMES, max_size=8), st.sampled_from(["UTC", "Europe/Berlin"]))
def test_the_times_of_a_batch_are_those_of_its_records_to_the_millisecond(values: list[Any], zone: str) -> None:
    stamps = Stamps(ZoneInfo(zone), 15)
    for batch in (values, *([value] * 3 for value in values)):
        times = stamps.read(list(batch), NOW)
        for value, stamp, millis in zip(batch, times.stamps, stamps.millis(times), strict=True):
            assert stamp.refusal is not None or millis == millis_of(value, ZoneInfo(zone))


def test_a_record_of_long_ago_is_recognised_whatever_newer_ones_came_between() -> None:
    state: dict[str, bytes] = {}
    day = [
        {**dict.fromkeys(COLUMNS), "ts": f"2026-03-09T{hour:02}:00:00Z", "id": f"r{hour}"} for hour in range(24)
    ]
    for way in WAYS:
        state = {}
        for record in day:
            assert add(restarted(way, state), way, [record], state).tallies == {Result.COUNTED: 1}
        assert add(restarted(way, state), way, day[1:4], state).tallies == {Result.DUPLICATE: 3}


@pytest.mark.parametrize("window", ["10m", "1h", "7h", "2d"])
def test_a_window_that_is_changed_forgets_no_record(window: str) -> None:
    state: dict[str, bytes] = {}
    records = [{**dict.fromkeys(COLUMNS), "ts": f"2026-03-09T{hour:02}:05:00Z", "id": "r"} for hour in range(24)]
    add(restarted("the helper", state), "the helper", records, state)
    made = Ingest(
        JSONL.model_copy(update={"dedupe_window": config(dedupe_window=window).dedupe_window}), lambda: NOW
    )
    made.load(state)
    changed = add(made, "the helper", [*records, {**records[0], "in": 1}], state)

    assert changed.tallies == {Result.DUPLICATE: 24, Result.COUNTED: 1}
    assert add(restarted("the helper", state), "the helper", records, state).tallies == {Result.DUPLICATE: 24}
