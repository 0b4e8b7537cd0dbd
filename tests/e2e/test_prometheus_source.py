"""Counters lead to the same store as a log of the same calls, also when runs are cut off."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from sqlalchemy import event, select

from leverwatch.agent.cli.main import main
from leverwatch.agent.scheduling.runner import SourceRunner
from leverwatch.agent.store.schema import source_days, sources, usage_daily
from leverwatch.agent.store.store import Store
from leverwatch.collectors.interface import CollectorContext
from leverwatch.collectors.registry import source_types
from tests.collectors.sources.models.server import provider
from tests.collectors.sources.prometheus.conftest import serving
from tests.collectors.sources.prometheus.pretended import PER_DAY, answered
from tests.collectors.sources.prometheus.stored import DAY, FIRST, Stored
from tests.days import day, midnight
from tests.e2e.test_sql_source import PowerCut

pytestmark = pytest.mark.e2e

DAYS, SCRAPE = 40, 1200
COUNTED = ("inferences", "errors", "input_tokens", "output_tokens", "cost_usd")
FIELDS = {
    "time": "at", "model": "model", "input_tokens": "in", "output_tokens": "out", "status": "ok",
    "cost_usd": "usd",
}  # fmt: skip
Call = dict[str, Any]


def calls(chance: random.Random, number: int) -> list[Call]:
    def one() -> Call:
        ok = chance.random() < 0.9
        return {
            "at": (midnight(DAYS) + timedelta(seconds=chance.randrange(2 * DAY, DAYS * DAY))).isoformat(),
            "model": chance.choice(["m", "n"]),
            "in": chance.randrange(10, 900),
            "out": chance.randrange(1, 90),
            "usd": chance.randrange(1, 64) / 64,
            "ok": "ok" if ok else "error",
            "app": chance.choice(["bot", "search"]),
        }

    return [one() for _ in range(number)]


def scraped(found: list[Call]) -> list[Stored]:
    """Return the counters of a gateway that served these calls, and restarted each week, as they were scraped."""
    grown: dict[tuple[str, tuple[tuple[str, str], ...]], dict[int, float]] = defaultdict(
        lambda: defaultdict(float)
    )
    for call in found:
        # Seen by the next scrape; one is at each midnight.
        at = -(-(datetime.fromisoformat(call["at"]) - midnight(DAYS)) // timedelta(seconds=SCRAPE))
        labels = {"app": call["app"], "model": call["model"]}
        named = {**labels, "code": "200" if call["ok"] == "ok" else "500"}
        grown["calls_total", tuple(named.items())][at] += 1
        amounts = {"in_total": "in", "out_total": "out", "spend_total": "usd"}
        for name, field in amounts.items():
            # Failed calls have a cost here, and no tokens, as in the log.
            if call["ok"] == "ok" or field == "usd":
                grown[name, tuple(labels.items())][at] += call[field]
    offset = (midnight(DAYS) - FIRST).total_seconds()
    series = []
    for (name, labels_of), by_scrape in grown.items():
        samples, total = [], 0.0
        for at in range(DAYS * DAY // SCRAPE + 1):
            if at % (7 * DAY // SCRAPE) == 100:
                total = 0.0
            total += by_scrape.get(at, 0.0)
            samples.append((offset + at * SCRAPE, total))
        series.append(Stored(name, {**dict(labels_of), "job": "gateway", "instance": "gw"}, samples))
    return series


class Company:
    """An agent with one source."""

    def __init__(self, folder: Path, source: dict[str, Any]) -> None:
        folder.mkdir()
        self._folder, self._source = folder, source

    def run(self, *arguments: str, code: int = 0) -> str:
        path = self._folder / "leverwatch.yaml"
        source = {"name": "usage", "system": "{app}", "history": "38d", **self._source}
        if source["type"] == "files":
            del source["history"]
        systems = {name: {"declared_strategy": "hybrid"} for name in ("bot", "search")}
        document = {"store": {"url": "sqlite:///store.db"}, "sources": [source], "systems": systems}
        path.write_text(yaml.safe_dump(document))
        result = CliRunner().invoke(main, [*arguments, "--config", str(path)])
        assert result.exit_code == code, result.output
        return result.stdout

    def counted(self) -> dict[tuple[str, ...], dict[str, float]]:
        self.run("collect")
        store = Store(f"sqlite:///{self._folder / 'store.db'}")
        with store.reading() as connection:
            rows = connection.execute(select(usage_daily)).mappings().all()
        store.close()
        return {
            (row["system"], row["model"], str(row["day"])): {name: row[name] for name in COUNTED} for row in rows
        }

    def verdicts(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.run("evaluate", "--format", "json"))
        return [{name: told for name, told in it.items() if name != "evaluated_at"} for it in found]


def test_a_month_in_a_log_and_in_counters_leads_to_the_same_days_and_the_same_verdict(tmp_path: Path) -> None:
    found = calls(random.Random(21), 3000)
    log = tmp_path / "calls.jsonl"
    log.write_text("".join(json.dumps(call) + "\n" for call in found))
    form = {"type": "jsonl", "fields": FIELDS}
    in_log = Company(tmp_path / "log", {"type": "files", "path": str(log), "format": form, "quiet_after": "0s"})
    with serving("prometheus", tmp_path / "prometheus", scraped(found)) as url:
        metrics = {
            "type": "prometheus", "url": url, "gap_after": "20m", "model": "model", "failed": {"code": "5.."},
            "ready_after": "0s",
            "metrics": {
                "inferences": "calls_total", "input_tokens": "in_total", "output_tokens": "out_total",
                "cost_usd": "spend_total",
            },
        }  # fmt: skip
        in_counters = Company(tmp_path / "counters", metrics)

        assert in_counters.counted() == in_log.counted()
        assert in_counters.verdicts() == in_log.verdicts()
        shown = in_counters.run("check-source", "usage")

    yesterday = str(day(1))
    assert shown.startswith(f"usage, {yesterday}: complete; ")
    assert "last_over_time(calls_total[2d])" in shown
    of_bot = [line.split() for line in shown.splitlines() if line.startswith("bot ")]
    told = {(row["system"], row["model"]): row for row in _as_rows(in_log, yesterday)}
    assert {(line[0], line[1]): (int(line[3]), int(line[4])) for line in of_bot} == {
        key: (row["inferences"], row["errors"]) for key, row in told.items() if key[0] == "bot"
    }


def _as_rows(company: Company, day: str) -> list[dict[str, Any]]:
    return [{"system": s, "model": m, **row} for (s, m, at), row in company.counted().items() if at == day]


@pytest.fixture
def counters() -> Iterator[str]:
    """The address of a server whose counter grows by ten calls a day."""
    with provider() as served:
        served.answer = lambda query: answered(query, {"app": "bot"})
        yield served.url


def runner(store: Store, url: str, folder: Path) -> SourceRunner:
    kind = source_types()["prometheus"]
    given = {"name": "usage", "url": url, "method": "get", "system": "{app}", "history": "18d"}
    config = kind.config.model_validate({**given, "metrics": {"inferences": "calls_total"}})
    context = CollectorContext(folder, folder, lambda: midnight() + timedelta(hours=12))
    return SourceRunner(config, kind.build(config, context), store, now=context.now)


def stored(store: Store) -> tuple[Any, ...]:
    with store.reading() as connection:
        usage = sorted(map(tuple, connection.execute(select(usage_daily)).all()))
        days = sorted(str(day) for (day,) in connection.execute(select(source_days.c.day)))
        return usage, days, float(connection.execute(select(sources.c.restated_inferences)).scalar() or 0)


def test_a_run_that_is_cut_off_at_any_statement_leads_to_the_same_store(counters: str, tmp_path: Path) -> None:
    whole, cut = (Store(f"sqlite:///{tmp_path / name}") for name in ("whole.db", "cut.db"))
    for store in (whole, cut):
        store.migrate()
    assert runner(whole, counters, tmp_path).run().error is None
    left = [10_000]

    def cut_off(*_: object) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise PowerCut

    event.listen(cut._engine, "before_cursor_execute", cut_off)
    cuts = 0
    while True:
        left[0] = cuts
        try:
            # Each run is another process, which knows nothing but what is stored.
            runner(cut, counters, tmp_path).run()
        except PowerCut:
            cuts += 1
        else:
            break
    left[0] = 10_000

    assert cuts > 10
    assert stored(cut) == stored(whole)
    usage, days, restated = stored(whole)
    assert (len(days), restated) == (19, 0)
    with whole.reading() as connection:
        counted = connection.execute(select(usage_daily.c.inferences)).scalars().all()
    # Of the present day, eleven hours and 59 minutes.
    assert (len(usage), sorted(counted)) == (19, [PER_DAY // 2 - 1 + 0.0, *[PER_DAY + 0.0] * 18])
    for store in (whole, cut):
        store.close()
