"""Days that are given again stay exact however often an agent is killed while it replaces them."""

from __future__ import annotations

import json
import multiprocessing
import random
import time
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import Connection, text

from tests.e2e import bills
from tests.e2e.kills.ledger import Ledger
from tests.e2e.servers import free_port, wait_until

pytestmark = pytest.mark.e2e

KILLS = 12
_SYSTEMS, _MODELS, _DAYS = 20, 10, 12
_PATIENCE = 180
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.e2e.bills", "alembic.command", "psycopg", "sqlalchemy.dialects.postgresql"])

Cell = tuple[str, str, str]
"""System, model and day."""


class Provider:
    """Publishes bills, restates some of them, and remembers every version."""

    def __init__(self, path: Path, chance: random.Random) -> None:
        self._path, self._random = path, chance
        today = datetime.now(UTC).date()
        self.days = [str(today - timedelta(days=age)) for age in range(1, _DAYS + 1)]
        self.versions: dict[str, list[bills.Bill]] = {day: [] for day in self.days}
        self.restate(self.days)

    def restate(self, days: list[str]) -> None:
        for day in days:
            self.versions[day].append(self._bill())
        newest = {day: (len(versions), versions[-1]) for day, versions in self.versions.items()}
        bills.publish(self._path, newest)

    def step(self) -> None:
        self.restate(self._random.sample(self.days, self._random.randrange(1, 6)))

    def _bill(self) -> bills.Bill:
        named = [f"system-{system}/model-{model}" for system in range(_SYSTEMS) for model in range(_MODELS)]
        kept = self._random.sample(named, self._random.randrange(len(named) // 2, len(named)))
        return {name: float(self._random.randrange(1, 1000)) for name in kept}

    def cells(self, day: str, version: int) -> dict[Cell, float]:
        return {
            (*name.split("/"), day): number  # type: ignore[misc]  # two names
            for name, number in self.versions[day][version - 1].items()
        }


class Expected:
    """What the log of a source's batches, kept in its state, must have led to."""

    def __init__(self, provider: Provider, state: dict[str, bytes]) -> None:
        self.cells: dict[Cell, float] = {}
        self.highest: dict[tuple[str, str], float] = defaultdict(float)
        self.restated = 0.0
        for key in sorted(key for key in state if key.startswith("log/")):
            versions: dict[str, int] = json.loads(state[key])
            before = {cell: number for cell, number in self.cells.items() if cell[2] in versions}
            for cell in before:
                del self.cells[cell]
            for day, version in versions.items():
                self.cells |= provider.cells(day, version)
            self.restated += sum(max(0.0, number - self.cells.get(cell, 0.0)) for cell, number in before.items())
            for name, total in self.totals().items():
                self.highest[name] = max(self.highest[name], total)

    def totals(self) -> dict[tuple[str, str], float]:
        found: Counter[tuple[str, str]] = Counter()
        for (system, model, _), number in self.cells.items():
            found[system, model] += number  # type: ignore[assignment]  # a sum
        return dict(found)


def look(connection: Connection, provider: Provider) -> tuple[int, Expected]:
    """The store holds whole batches, and everything that follows from them; its revision."""
    stored = connection.execute(text("SELECT key, versioned FROM source_state")).all()
    state = {row.key: bytes(row.versioned) for row in stored}
    expected = Expected(provider, state)
    daily = connection.execute(text("SELECT system, model, day, inferences FROM usage_daily")).all()
    assert {(row.system, row.model, str(row.day)): row.inferences for row in daily} == expected.cells
    totals = {
        (row.system, row.model): row.inferences
        for row in connection.execute(text("SELECT system, model, inferences FROM usage_totals"))
    }
    assert {name: number for name, number in totals.items() if number} == expected.totals()
    remembered = {
        (row.system, row.model): row.inferences
        for row in connection.execute(text("SELECT system, model, inferences FROM usage_highest"))
    }
    assert {name: max(number, remembered.get(name, 0.0)) for name, number in totals.items()} == expected.highest
    source = connection.execute(text("SELECT revision, restated_inferences FROM sources")).first()
    revision, restated = (0, 0.0) if source is None else source
    assert (revision, restated) == (sum(key.startswith("log/") for key in state), expected.restated)
    tallies = connection.execute(text("SELECT sum(records) FROM record_tallies")).scalar() or 0
    read = [json.loads(value) for key, value in state.items() if key.startswith("log/")]
    assert tallies == sum(len(provider.cells(*one)) for versions in read for one in versions.items())
    return revision, expected


def test_every_day_is_a_whole_version_after_each_kill_and_the_newest_in_the_end(
    tmp_path: Path, store_url: str
) -> None:
    chance = random.Random(7)
    provider = Provider(tmp_path / "bills.json", chance)
    source = {"name": "bills", "type": "bills", "path": "bills.json", "interval": "100ms"}
    config: dict[str, Any] = {
        "store": {"url": store_url},
        "server": {"listen": f"127.0.0.1:{free_port()}"},
        "evaluation": {"interval": "300ms"},
        "sources": [source],
    }
    path = tmp_path / "leverwatch.yaml"
    path.write_text(yaml.safe_dump(config))
    ledger = Ledger(store_url)

    def launch(*arguments: str) -> Any:
        life = _FORKS.Process(target=bills.run, args=(str(path), [*arguments]))
        life.start()
        return life

    first = launch("collect")
    first.join(_PATIENCE)
    assert first.exitcode == 0, (tmp_path / "agent.log").read_text()
    revision, kills, at_work, longest = 0, 0, 0, 2.0
    started = time.monotonic()
    while kills < KILLS or at_work < KILLS // 3:
        assert time.monotonic() - started < _PATIENCE
        life = launch(chance.choice(["run", "run", "collect"]))
        dies = time.monotonic() + chance.uniform(0, longest)
        while time.monotonic() < dies:
            provider.step()
            time.sleep(0.02)
        life.kill()
        life.join()
        kills += life.exitcode == -9
        with ledger.reading() as connection:
            before, (revision, _) = revision, look(connection, provider)
        wrote = revision > before
        at_work += wrote
        # On a busy machine most would die before they did anything.
        longest = min(8.0, max(0.3, longest * (0.9 if wrote else 1.15)))

    last = launch("collect")
    wait_until(lambda: last.exitcode is not None, _PATIENCE, "the last reading")
    assert last.exitcode == 0, (tmp_path / "agent.log").read_text()
    with ledger.reading() as connection:
        _, expected = look(connection, provider)
    newest = [provider.cells(day, len(versions)) for day, versions in provider.versions.items()]
    assert expected.cells == {cell: number for cells in newest for cell, number in cells.items()}
    assert expected.restated > 0
    assert "Traceback" not in (tmp_path / "agent.log").read_text()
