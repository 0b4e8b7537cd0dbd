"""Days of Loki and of CloudWatch are exact after runs that are cut off before any statement of the store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select

from leverwatch.agent.scheduling.runner import SourceRunner
from leverwatch.agent.store.schema import source_days, source_state, sources, usage_daily, usage_totals
from leverwatch.agent.store.store import Store
from leverwatch.collectors.interface import CollectorContext
from leverwatch.collectors.registry import source_types
from tests.collectors.sources.cloudwatch.amazon import ALONE, KEYS, metric, result, scripted
from tests.collectors.sources.loki.test_collector import Loki, line
from tests.collectors.sources.usage_api.server import serving
from tests.e2e.test_sql_source import PowerCut

pytestmark = pytest.mark.e2e

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
MODELS = ("nova", "haiku")
LISTED = [metric(it, ModelId=model) for model in MODELS for it in ("Invocations", "InputTokenCount")]


@contextmanager
def loki() -> Iterator[Mapping[str, Any]]:
    at = (NOW - timedelta(days=age, hours=2) for age in range(1, 9))
    lines = (
        line(f"{it:%Y-%m-%dT%H:%M:%S}", n, team=team, **{"in": "5"}) for it in at for n, team in enumerate("aab")
    )
    with serving(Loki(*lines)) as served:
        served.now = NOW
        labels = {"model": "m", "input_tokens": "in"}
        yield {"url": served.url, "query": '{app="gw"} | json', "labels": labels, "system": "{team}"}


@contextmanager
def cloudwatch() -> Iterator[Mapping[str, Any]]:
    def answer(operation: str, asked: dict[str, Any]) -> tuple[int, Any]:
        if operation == "ListMetrics":
            return 200, {"Metrics": [it for it in LISTED if it["Namespace"] == asked["Namespace"]]}
        first, last = (datetime.fromtimestamp(asked[it], UTC) for it in ("StartTime", "EndTime"))
        days = [first + timedelta(days=number) for number in range((last - first).days)]
        values = {it: float(it.day) for it in days if it < NOW}
        return 200, {"MetricDataResults": [result(query, values) for query in asked["MetricDataQueries"]]}

    with scripted() as served:
        served.answer = answer
        yield {"url": served.url, "regions": ["us-east-1"], "system": "{model}"}


def run(store: Store, folder: Path, kind: str, settings: Mapping[str, Any]) -> None:
    source = source_types()[kind]
    config = source.config.model_validate({"name": "usage", "history": "6d", **settings})
    context = CollectorContext(folder, folder, lambda: NOW)
    report = SourceRunner(config, source.build(config, context), store, now=lambda: NOW).run()
    assert report.error is None


def stored(store: Store) -> list[Any]:
    with store.reading() as connection:
        # The totals have the time at which they were begun.
        tables = [
            select(usage_daily),
            select(usage_totals.c.system, usage_totals.c.inferences),
            select(source_days),
        ]
        found: list[Any] = [sorted(map(tuple, connection.execute(it).all()), key=repr) for it in tables]
        found.append(sorted(connection.execute(select(source_state.c.key)).scalars()))
        return [*found, connection.execute(select(sources.c.restated_inferences)).scalar()]


@pytest.mark.parametrize("server", [loki, cloudwatch])
def test_a_run_that_is_cut_off_at_any_statement_leads_to_the_same_store(
    server: Callable[[], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**KEYS, **ALONE}.items():
        monkeypatch.setenv(name, value)
    whole, cut = (Store(f"sqlite:///{tmp_path / name}.db") for name in ("whole", "cut"))
    left = [10_000]

    def cut_off(*_: object) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise PowerCut

    with server() as settings:
        for store in (whole, cut):
            store.migrate()
        run(whole, tmp_path, server.__name__, settings)
        event.listen(cut._engine, "before_cursor_execute", cut_off)
        # The statements of the store are the same for all; the library of one takes long to begin.
        cuts, at, every = 0, 0, 3 if server is cloudwatch else 1
        while True:
            left[0] = at
            try:
                # Each run is another process, which knows nothing but what is stored.
                run(cut, tmp_path, server.__name__, settings)
                break
            except PowerCut:
                cuts += 1
                at += every
    left[0] = 10_000

    assert cuts > 10
    assert stored(cut) == stored(whole)
    assert stored(cut)[-1] == 0
    for store in (whole, cut):
        store.close()
