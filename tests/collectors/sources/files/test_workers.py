from __future__ import annotations

import random
import threading
import time
from datetime import date
from pathlib import Path

import pytest

from leverwatch.collectors.aggregation.native_counter import NativeCounter
from leverwatch.collectors.aggregation.native_scanned import Scanned
from leverwatch.collectors.interface import BackfillRequest, CollectorContext
from leverwatch.collectors.sources.files import collector
from leverwatch.collectors.sources.files.collector import FilesCollector
from tests.collectors.aggregation.test_scan_pool import MAPPED, lines
from tests.collectors.sources.files.logs import NOW, record
from tests.collectors.sources.files.tailing import Bench, Store


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


@pytest.mark.usefixtures("small_backlog")
def test_what_is_refused_is_remembered_at_the_same_places_with_and_without_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leverwatch.collectors.sources.files.read_context.CHUNK", 4096)
    monkeypatch.setattr(collector, "_BATCH_BYTES", 16 << 10)
    records = [record(app=None, team="qa") if number % 7 < 2 else record() for number in range(3000)]
    (tmp_path / "a.jsonl").write_bytes(b"".join(records))
    mapped = {"type": "jsonl", "fields": MAPPED}
    wrong, right = (Bench(tmp_path, format=mapped, system=it).settings for it in ("{app}", "{team}"))
    found = []
    for workers in (1, 2):
        store = Store()
        for settings in (wrong, right):
            context = CollectorContext(tmp_path, tmp_path / "cache", lambda: NOW, {}, workers=workers)
            for batch in FilesCollector(settings, context).collect(store.source_state()):
                store.apply(batch)
            ranges = [value for key, value in store.state.items() if key.startswith("refused/")]
            found.append((ranges, store.counted(), store.tallies.copy()))

    assert found[:2] == found[2:]
    assert len(found[0][0]) == 1
    assert found[1][1]["qa"] == sum(b"team" in it for it in records)
