"""A table of a database and a log of the same calls lead to the same store, also when runs are cut off."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select

from leverwatch.agent.scheduling.runner import SourceRunner
from leverwatch.agent.store.schema import source_days, sources, usage_daily
from leverwatch.agent.store.store import Store
from leverwatch.collectors.interface import CollectorContext
from leverwatch.collectors.registry import source_types
from tests.collectors.sources.sql.conftest import database, mariadb_url, postgres
from tests.collectors.sources.sql.tables import Database

__all__ = ["database", "mariadb_url", "postgres"]

pytestmark = pytest.mark.e2e

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
COLUMNS = {"at": "naive", "model": "text", "fresh": "int", "out": "int", "ok": "text", "app": "text"}
FIELDS = {"time": "at", "model": "model", "input_tokens": "fresh", "output_tokens": "out", "status": "ok"}
Call = dict[str, Any]


class PowerCut(BaseException):
    """What no code expects."""


def calls(chance: random.Random, number: int, days: int = 45) -> list[Call]:
    def one() -> Call:
        at = NOW - timedelta(days=chance.randrange(1, days), seconds=chance.randrange(86_000))
        return {
            "at": at.strftime("%Y-%m-%d %H:%M:%S"),
            "model": chance.choice(["m", "n"]),
            "fresh": chance.choice([None, 10, 500]),
            "out": chance.choice([None, 3, 70]),
            "ok": chance.choice(["ok", "ok", "error"]),
            "app": chance.choice(["bot", "search"]),
        }

    return [one() for _ in range(number)]


def write(database: Database, found: list[Call]) -> None:
    database.write(COLUMNS, found)


def runner(store: Store, folder: Path, now: datetime = NOW, **settings: Any) -> SourceRunner:
    kind = source_types()[settings["type"]]
    config = kind.config.model_validate({"name": "usage", "system": "{app}", **settings})
    context = CollectorContext(folder, folder, lambda: now)
    return SourceRunner(config, kind.build(config, context), store, now=lambda: now)


def from_table(store: Store, database: Database, now: datetime = NOW, **settings: Any) -> SourceRunner:
    given = {"type": "sql", "url": database.url, "table": "calls", "time_is": "utc", "fields": FIELDS, **settings}
    return runner(store, database.folder, now, **given)


def from_log(store: Store, folder: Path, found: list[Call]) -> SourceRunner:
    path = folder / "calls.jsonl"
    path.write_text("".join(json.dumps(call) + "\n" for call in sorted(found, key=lambda call: str(call["at"]))))
    form = {"type": "jsonl", "fields": FIELDS}
    return runner(store, folder, type="files", path=str(path), format=form, quiet_after="0s")


def stored(store: Store) -> list[tuple[Any, ...]]:
    with store.reading() as connection:
        return sorted(map(tuple, connection.execute(select(usage_daily)).all()))


def days_of(store: Store) -> set[str]:
    with store.reading() as connection:
        return {str(day) for (day,) in connection.execute(select(source_days.c.day))}


def restated(store: Store) -> float:
    with store.reading() as connection:
        return float(connection.execute(select(sources.c.restated_inferences)).scalar() or 0)


@pytest.fixture
def new_store(tmp_path: Path) -> Iterator[Callable[[str], Store]]:
    opened: list[Store] = []

    def make(name: str) -> Store:
        store = Store(f"sqlite:///{tmp_path / name}")
        opened.append(store)
        store.migrate()
        return store

    yield make
    for store in opened:
        store.close()


def test_a_table_and_a_log_lead_to_the_same_store(
    database: Database, new_store: Callable[[str], Store], tmp_path: Path
) -> None:
    found = calls(random.Random(3), 4000)
    write(database, found)
    table, log = new_store("table.db"), new_store("log.db")

    assert from_table(table, database).run().error is None
    assert from_log(log, tmp_path, found).run().error is None

    assert stored(table) == stored(log)
    assert days_of(table) == days_of(log)


def test_late_rows_change_exactly_their_day_and_rows_that_are_gone_are_restated(
    database: Database, new_store: Callable[[str], Store], tmp_path: Path
) -> None:
    found = calls(random.Random(4), 2000)
    write(database, found)
    store, log = new_store("table.db"), new_store("log.db")
    from_table(store, database).run()
    yesterday = str(NOW.date() - timedelta(days=1))
    gone = [call for call in found if str(call["at"]).startswith(yesterday) and call["ok"] == "ok"]
    late = [{**call, "at": f"{yesterday} 03:00:00"} for call in calls(random.Random(5), 7)]
    now = [call for call in found if call not in gone] + late
    write(database, now)

    report = from_table(store, database).run()

    from_log(log, tmp_path, now).run()
    assert stored(store) == stored(log)
    assert report.replaced.taken_back > 0
    assert restated(store) == report.replaced.taken_back


def test_a_run_that_is_cut_off_at_any_statement_leads_to_the_same_store(
    database: Database, new_store: Callable[[str], Store]
) -> None:
    found = calls(random.Random(6), 300, days=20)
    write(database, found)
    whole = new_store("whole.db")
    from_table(whole, database, history="18d").run()
    store = new_store("cut.db")
    left = [10_000]

    def cut(*_: object) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise PowerCut

    event.listen(store._engine, "before_cursor_execute", cut)
    # The statements of the store are the same for all. These two take long to open.
    cuts, at, every = 0, 0, 3 if database.name in ("chdb", "spark") else 1
    while True:
        left[0] = at
        try:
            # Each run is another process, which knows nothing but what is stored.
            from_table(store, database, history="18d").run()
        except PowerCut:
            cuts += 1
            at += every
        else:
            break
    left[0] = 10_000

    assert cuts > 10
    assert stored(store) == stored(whole)
    assert days_of(store) == days_of(whole)
    assert restated(store) == 0


def test_a_day_that_nobody_used_is_a_true_zero_and_one_before_the_first_row_is_unknown(
    database: Database, new_store: Callable[[str], Store]
) -> None:
    rows = [
        {"at": f"2026-11-{day} 10:00:00", "model": "m", "fresh": 1, "out": 1, "ok": "ok", "app": "bot"}
        for day in (20, 21, 24, 25, 26, 27)
    ]
    write(database, rows)
    store = new_store("table.db")

    from_table(store, database).run()

    assert days_of(store) == {f"2026-11-{day}" for day in range(20, 28)}
