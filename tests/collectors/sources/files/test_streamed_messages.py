"""Streamed messages whose events are written with a pause, or into the log that follows a rotated one."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.collectors.sources.files.logs import config
from tests.collectors.sources.files.tailing import Bench, append, compress, copytruncate

ASKED = {"input_tokens": 31, "cache_read_input_tokens": 400, "output_tokens": 1}


def events(name: str, output: int) -> list[bytes]:
    start = {"id": name, "type": "message", "model": "m", "stop_reason": None, "usage": ASKED}
    piece = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "canary"}}
    told: Sequence[dict[str, Any]] = (
        {"type": "message_start", "message": start},
        piece,
        piece,
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": output}},
        {"type": "message_stop"},
    )
    return [json.dumps(it | {"app": "bot", "timestamp": "2026-03-10T08:00:00Z"}).encode() + b"\n" for it in told]


def bench(folder: Path, **changes: Any) -> Bench:
    return Bench(folder, config(path="app.log", format="anthropic", system="{app}", **changes))


def counted(made: Bench) -> tuple[float, ...]:
    """Inferences, input and output tokens, unknown outputs and known finishes."""
    rows = [row for batch in made.store.batches for row in batch.usage]
    names = ("inferences", "input_tokens", "output_tokens", "unknown_output", "finish_known")
    return tuple(sum(getattr(row, name) for row in rows) for name in names)


@pytest.mark.parametrize("at", [1, 2, 3, 4])
@pytest.mark.parametrize("restarts", [False, True])
def test_a_message_that_pauses_counts_at_once_and_gets_its_output_when_it_goes_on(
    tmp_path: Path, at: int, restarts: bool
) -> None:
    made, log = bench(tmp_path), tmp_path / "app.log"
    all_ = events("msg-1", 70)
    append(log, b"".join(events("msg-0", 7) + all_[:at]))
    made.settle()
    assert counted(made)[:2] == (2, 862)
    if restarts:
        made.restart()
    append(log, b"".join(all_[at:] + events("msg-2", 9)))

    made.collect()
    assert counted(made) == (3, 1293, 86, 0, 3)
    made.settle()
    assert counted(made) == (3, 1293, 86, 0, 3)
    assert all(batch.read == sum(batch.tallies.values()) for batch in made.store.batches)


def test_a_message_that_pauses_twice_and_is_cut_off_counts_once_with_unknown_output(tmp_path: Path) -> None:
    made, log = bench(tmp_path), tmp_path / "app.log"
    all_ = events("msg-1", 70)
    for part in all_[:3]:
        append(log, part)
        made.settle()
    append(log, b"".join(events("msg-2", 9)))
    made.settle()

    assert counted(made) == (2, 862, 9, 1, 1)


def renamed(log: Path) -> None:
    log.rename(log.with_name("app.log.1"))


def truncated(log: Path) -> None:
    copytruncate(log, log.with_name("app.log.1"))


def packed(log: Path) -> None:
    compress(log.rename(log.with_name("app.log.1")))


@pytest.mark.parametrize("rotate", [renamed, truncated, packed])
@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_a_message_in_the_middle_of_which_its_log_was_rotated_gets_its_output(
    tmp_path: Path, at: int, rotate: Callable[[Path], None]
) -> None:
    made, log = bench(tmp_path), tmp_path / "app.log"
    all_ = events("msg-1", 70)
    append(log, b"".join(events("msg-0", 7) + all_[:at]))
    made.collect()
    rotate(log)
    for part in (*all_[at:], b"".join(events("msg-2", 9))):
        append(log, part)
        made.collect()
        made.restart()
    made.collect()

    assert counted(made) == (3, 1293, 86, 0, 3)
    made.settle()
    assert counted(made) == (3, 1293, 86, 0, 3)


@pytest.mark.parametrize("waits", [0, 600])
def test_a_message_that_is_rotated_twice_while_it_pauses_gets_its_output(tmp_path: Path, waits: int) -> None:
    made, log = bench(tmp_path), tmp_path / "app.log"
    all_ = events("msg-1", 70)
    append(log, all_[0] + all_[1])
    made.collect()
    renamed(log)
    append(log, all_[2])
    made.collect()
    made.wait(waits)
    made.collect()
    log.with_name("app.log.1").rename(log.with_name("app.log.2"))
    renamed(log)
    append(log, b"".join(all_[3:] + events("msg-2", 9)))

    made.collect()
    made.settle()
    assert counted(made) == (2, 862, 79, 0, 2)


def test_events_of_a_message_that_no_file_names_are_no_call_and_change_none(tmp_path: Path) -> None:
    made, log = bench(tmp_path), tmp_path / "app.log"
    append(log, b"".join(events("msg-0", 7)))
    made.collect()
    renamed(log)
    append(log, b"".join(events("msg-1", 70)[2:] + events("msg-2", 9)))
    made.collect()
    made.settle()

    assert counted(made) == (2, 862, 16, 0, 2)
