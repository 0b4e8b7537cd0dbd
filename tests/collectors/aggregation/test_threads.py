"""The helper lets go of the interpreter's lock while it works: what several threads count at once is exact.

Under ThreadSanitizer (`make sanitize`) these tests also fail when two threads touch the same memory unordered.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Lock
from typing import TypeVar

import pytest

from leverwatch.collectors.aggregation import _native
from leverwatch.collectors.aggregation.ingest import Counted, Ingest
from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.counted_fields import COLUMNS
from leverwatch.collectors.interface import Result
from tests.collectors.sources.files.logs import ingest, record

THREADS = 4
T = TypeVar("T")


@pytest.fixture(autouse=True)
def many_switches() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def chunk(seed: int, number: int = 400) -> bytes:
    """Records with numbers too long to be read at a glance, of which some are repeated, and odd lines."""
    chance = random.Random(seed)
    made: list[bytes] = []
    for at in range(number):
        values = {
            "ts": f"2026-03-{chance.randrange(8, 11):02}T0{chance.randrange(8)}:{chance.randrange(60):02}:00Z",
            "app": f"app-{chance.randrange(20)}",
            "id": f"{seed}/{chance.randrange(number)}",
            "trace": f"{seed}/{at // 3}",
            "ms": chance.random() * 1000,
            "usage": {"prompt_tokens": chance.randrange(5000)},
        }
        again = made[chance.randrange(at)] if at and chance.random() < 0.1 else record(**values)
        made.append(b"{broken\n" if at % 97 == 0 else again)
    return b"".join(made)


def at_once(work: Callable[[int], T]) -> list[T]:
    """What the work returns for each number, done by as many threads that begin together."""
    together = Barrier(THREADS)

    def one(number: int) -> T:
        together.wait(60)
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(one, range(THREADS)))


def outcome(counted: Counted) -> tuple[object, ...]:
    cells = {
        (row.system, row.model, row.operation, row.day): [getattr(row, name) for name in COLUMNS]
        for row in counted.usage
    }
    return cells, counted.tallies, counted.read, counted.days_seen, counted.newest_record, counted.state


def counted_by(made: Ingest, seeds: range) -> Counted:
    for seed in seeds:
        made.add(Lines(chunk(seed), "app.jsonl", 1))
    return made.drain()


def test_a_counter_in_each_of_several_threads_counts_what_it_counts_alone() -> None:
    together = at_once(lambda number: outcome(counted_by(ingest(), range(number, number + 5))))

    assert together == [outcome(counted_by(ingest(), range(number, number + 5))) for number in range(THREADS)]


def test_one_counter_that_threads_take_turns_with_counts_every_line_once() -> None:
    made, turn = ingest(), Lock()

    def add(number: int) -> None:
        for seed in range(number * 5, number * 5 + 5):
            data = chunk(seed)
            with turn:
                made.add(Lines(data, "app.jsonl", 1))

    at_once(add)
    # The order of the chunks is not the same each time, and with it the last digits of the sums of latencies.
    counted, alone = made.drain(), counted_by(ingest(), range(THREADS * 5))
    assert counted.tallies == alone.tallies
    assert counted.tallies[Result.DUPLICATE] > 0
    assert sum(row.input_tokens for row in counted.usage) == sum(row.input_tokens for row in alone.usage)
    assert sum(row.traces for row in counted.usage) == sum(row.traces for row in alone.usage)
    assert sum(row.latency_ms for row in counted.usage) == pytest.approx(
        sum(row.latency_ms for row in alone.usage)
    )


def test_lines_that_threads_scan_for_one_counter_are_counted_in_order() -> None:
    made = ingest()
    made.use_workers(THREADS)
    try:
        assert outcome(counted_by(made, range(20))) == outcome(counted_by(ingest(), range(20)))
    finally:
        made.use_workers(0)


def test_threads_that_only_read_the_same_bytes_need_no_turns() -> None:
    data = b"".join(map(chunk, range(5)))

    assert at_once(lambda _: [_native.count_lines(data) for _ in range(20)]) == [[2000] * 20] * THREADS
    assert len(set(at_once(lambda _: _native.hash64(data, 7)))) == 1
