from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest

from leverwatch.collectors.aggregation.ingest import Counted, Ingest
from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.aggregation.native_counter import NativeCounter, Scanned
from leverwatch.collectors.counted_fields import COLUMNS
from leverwatch.collectors.interface import BackfillRequest, CollectorContext, Result
from leverwatch.collectors.sources.files import collector
from leverwatch.collectors.sources.files.collector import FilesCollector
from tests.collectors.sources.files.logs import FIELDS, NOW, config, ingest, record
from tests.collectors.sources.files.tailing import Bench, Store

MAPPED = {name: path for name, path in FIELDS.items() if name != "trace_id"}
SETTINGS = config(format={"type": "jsonl", "fields": MAPPED})


def lines(seed: int, number: int) -> list[bytes]:
    """Records of several systems and days, some repeated, broken, without an id or refused."""
    chance = random.Random(seed)
    made = []
    for at in range(number):
        values = {
            "ts": f"2026-03-{chance.randrange(8, 11):02}T0{chance.randrange(8)}:{chance.randrange(60):02}:00Z",
            "app": chance.choice(["x", "y", None]),
            "id": chance.choice([f"r{chance.randrange(number)}", at, None]),
            "status": chance.choice(["success", "success", "error", "perhaps"]),
            "usage": chance.choice([None, {"prompt_tokens": chance.randrange(100)}]),
            "cost": chance.randrange(64) / 64,
        }
        made.append(chance.choice([b"{broken\n", b"\n"]) if chance.random() < 0.05 else record(**values))
    return made


@contextmanager
def spread(number: int) -> Iterator[Ingest]:
    made = ingest(SETTINGS)
    made.use_workers(number)
    try:
        yield made
    finally:
        made.use_workers(0)


def add(made: Ingest, chunks: list[list[bytes]]) -> Counted:
    first = 1
    for chunk in chunks:
        made.add(Lines(b"".join(chunk), "app.jsonl", first))
        first += len(chunk)
    return made.drain()


def by_cell(counted: Counted) -> dict[tuple[object, ...], list[float]]:
    # The costs are multiples of 1/64, so that their sum does not depend on its order.
    return {
        (row.system, row.model, row.operation, row.day): [getattr(row, name) for name in COLUMNS]
        for row in counted.usage
    }


def test_workers_count_what_one_thread_counts() -> None:
    chunks = [lines(seed, 400) for seed in range(12)]
    alone = ingest(SETTINGS)
    with spread(2) as shared:
        for part in (chunks[:7], chunks[7:]):
            one, two = add(alone, part), add(shared, part)

            assert by_cell(two) == by_cell(one)
            assert two.tallies == one.tallies
            assert two.tallies[Result.DUPLICATE] > 0
            assert two.tallies[Result.INVALID_LINE] > 0
            assert two.state == one.state
            assert (two.days_seen, two.newest_record) == (one.days_seen, one.newest_record)
            assert {problem.place for problem in two.problems} <= {
                f"app.jsonl:{line}" for line in range(1, 400 * 7 + 1)
            }


def test_an_unterminated_line_between_chunks_can_be_taken_back() -> None:
    partial = record(id="r1")[:-1]
    with spread(2) as made:
        made.add(Lines(record(id="a"), "app.jsonl", 1))
        made.add(Lines(partial, "app.jsonl", 2))
        made.retract(Lines(partial, "app.jsonl", 2))
        made.add(Lines(partial + b"\n", "app.jsonl", 2))
        counted = made.drain()

    assert sum(row.inferences for row in counted.usage) == 2


def test_chunks_are_counted_in_the_order_in_which_they_were_added() -> None:
    same = record(id="r1", ms=1)
    with spread(2) as made:
        for at in range(40):
            made.add(Lines(same.replace(b"1}", b"%d}" % (at + 1)) * (1 if at else 2000), "app.jsonl", 1))
        counted = made.drain()

    assert counted.tallies == {Result.COUNTED: 1, Result.DUPLICATE: 1999 + 39}
    assert [row.latency_ms for row in counted.usage] == [1.0]


@pytest.fixture
def small_backlog(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collector, "_BACKLOG_BYTES", 0)
    monkeypatch.setattr(collector, "_BATCH_BYTES", 64 << 10)


@pytest.mark.usefixtures("small_backlog")
@pytest.mark.parametrize("seed", range(4))
def test_a_backlog_left_after_any_batch_leaves_exact_totals(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    for name in ("a", "b"):
        (tmp_path / f"{name}.jsonl").write_bytes(b"".join(lines(seed * 7 + ord(name), 3000)))
    alone = Bench(tmp_path, format={"type": "jsonl", "fields": MAPPED})
    alone.collect()

    store = Store()
    for leave_after in (chance.randrange(1, 4), chance.randrange(1, 4), 0):
        made = FilesCollector(
            alone.settings, CollectorContext(tmp_path, tmp_path / "cache", alone.now, {}, workers=2)
        )
        batches = made.collect(store.source_state())
        for number, batch in enumerate(batches, start=1):
            if number == leave_after:
                break
            store.apply(batch)
        batches.close()  # type: ignore[attr-defined]  # it is a generator
        assert [thread.name for thread in threading.enumerate() if thread.name.startswith("scan")] == []

    assert store.inferences == alone.store.inferences
    assert store.tallies == alone.store.tallies


@pytest.mark.usefixtures("small_backlog")
@pytest.mark.parametrize(
    "histories",
    [
        [BackfillRequest(None, None, ())],
        [BackfillRequest(date(2026, 3, 9), date(2026, 3, 9), ()), BackfillRequest(None, None, ())],
        [BackfillRequest(date(2026, 3, 10), None, ()), BackfillRequest(None, date(2026, 3, 8), ())],
    ],
)
def test_history_is_the_same_with_and_without_workers(tmp_path: Path, histories: list[BackfillRequest]) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"".join(lines(5, 3000)))
    settings = Bench(tmp_path, format={"type": "jsonl", "fields": MAPPED}).settings
    stores = []
    for number in (1, 2):
        store = Store()
        made = FilesCollector(
            settings, CollectorContext(tmp_path, tmp_path / "cache", lambda: NOW, {}, workers=number)
        )
        for history in histories:
            for batch in made.backfill(store.source_state(), history):
                store.apply(batch)
        stores.append(store)

    assert stores[0].inferences == stores[1].inferences
    assert stores[0].inferences
    assert stores[0].tallies == stores[1].tallies


def whole_chunk(number: int) -> bytes:
    """Records that end where a chunk of the reader ends."""
    made = b"".join(record(id=f"{number}/{at}", app=f"a{number}") for at in range(200))
    last = record(id=f"{number}/last", app=f"a{number}", pad="")
    return made + last.replace(b'"pad": "', b'"pad": "' + b"x" * ((1 << 20) - len(made) - len(last)))


@pytest.mark.usefixtures("small_backlog")
def test_memory_is_not_used_again_before_its_lines_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chunks = [whole_chunk(number) for number in range(5)]
    long = record(id="long", app="a5", pad="x" * (3 << 19))
    (tmp_path / "a.jsonl").write_bytes(b"".join([*chunks, long, *map(whole_chunk, range(6, 9))]))
    monkeypatch.setattr(collector, "_BATCH_BYTES", 1 << 30)
    real = NativeCounter.scan

    def slow(self: NativeCounter, data: bytes | memoryview) -> Scanned | None:
        time.sleep(0.1)
        return real(self, data)

    monkeypatch.setattr(NativeCounter, "scan", slow)
    settings = Bench(tmp_path, format={"type": "jsonl", "fields": MAPPED}).settings
    store = Store()
    made = FilesCollector(settings, CollectorContext(tmp_path, tmp_path / "cache", lambda: NOW, {}, workers=2))
    for batch in made.collect(store.source_state()):
        store.apply(batch)

    assert store.inferences == {f"a{number}": 1 if number == 5 else 201 for number in range(9)}
