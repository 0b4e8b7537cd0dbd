"""Counters that only grow within a session, in logs that are rotated while runs die."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from leverwatch.collectors.interface import Result
from tests.collectors.sources.files.logs import config
from tests.collectors.sources.files.tailing import Bench, append, compress, copytruncate, line

COUNTER = {"path": "total", "of_session": "chat"}


def settings(**fields: Any) -> Any:
    told = {"time": "ts", "input_tokens": COUNTER, **fields}
    return config(path="*.jsonl", format={"type": "jsonl", "fields": told}, system="bot")


def total(chat: str, number: int, second: int, **more: Any) -> bytes:
    return line(
        "bot", chat=chat, total=number, **{"ts": f"2026-03-10T08:{second // 60:02}:{second % 60:02}Z", **more}
    )


@pytest.mark.parametrize("seed", range(12))
def test_the_increase_is_exact_whatever_happens_to_the_log_and_to_runs(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    bench, log, written = Bench(tmp_path, settings()), tmp_path / "app.jsonl", 0
    totals = dict.fromkeys("abc", 0)

    def write() -> None:
        nonlocal written
        for _ in range(chance.randrange(1, 15)):
            chat = chance.choice("abc")
            totals[chat] += chance.randrange(5)
            append(log, total(chat, totals[chat], written))
            written += 1

    for step in range(14):
        write()
        bench.collect()  # a log that nobody saw before it was rotated away is not looked for
        write()
        what = chance.randrange(5)
        if what == 0:
            log.rename(tmp_path / f"app.jsonl.{step + 1}")
        elif what == 1:
            copytruncate(log, tmp_path / f"app.jsonl.{step + 1}")
        elif what == 2:
            log.rename(tmp_path / f"app.jsonl.{step + 1}")
            compress(tmp_path / f"app.jsonl.{step + 1}")
        elif what == 3:
            bench.crash(1, committed=chance.random() < 0.5)
            bench.restart()
        bench.collect()
        if chance.random() < 0.5:
            bench.restart()
    bench.collect()

    assert bench.store.counted() == {"bot": written}
    assert bench.store.input_tokens == sum(totals.values())


def test_a_last_line_without_its_end_is_taken_back_with_what_it_grew(tmp_path: Path) -> None:
    bench, log = Bench(tmp_path, settings()), tmp_path / "app.jsonl"
    append(log, total("a", 10, 0) + total("a", 15, 1)[:-1])
    bench.collect()
    bench.offset += 600
    bench.collect()
    assert (bench.store.counted(), bench.store.input_tokens) == ({"bot": 2}, 15)

    append(log, b"\n" + total("a", 18, 2))
    bench.restart()
    bench.collect()
    assert (bench.store.counted(), bench.store.input_tokens) == ({"bot": 3}, 18)


def test_what_was_refused_adds_no_growth_twice_when_it_is_read_again(tmp_path: Path) -> None:
    log = tmp_path / "app.jsonl"
    ends = ["odd", "ok", "odd", "ok", "error", "odd"]
    append(log, b"".join(total("a", 10 * (at + 1), at, end=end) for at, end in enumerate(ends)))
    before = Bench(tmp_path, settings(status="end"))
    before.collect()
    assert (before.store.counted(), before.store.input_tokens) == ({"bot": 2}, 40)

    after = Bench(tmp_path, settings(status={"path": "end", "success": "odd"}))
    after.store = before.store
    append(log, total("a", 70, 9, end="ok"))
    after.collect()
    assert (after.store.counted(), after.store.input_tokens) == ({"bot": 6}, 70)
    assert after.store.tallies[Result.COUNTED] == 7
