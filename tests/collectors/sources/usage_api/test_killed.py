"""A run that ends in the middle of anything leads to exact days, as each further one is another process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import event, select

from leverwatch.agent.scheduling.runner import RunReport, SourceRunner
from leverwatch.agent.store.schema import billed_days, source_days, uncounted_days, usage_daily
from leverwatch.agent.store.store import Store
from tests.collectors.sources.usage_api.providers import Anthropic, AnthropicReport
from tests.collectors.sources.usage_api.server import NOW, Served, collector, config_of, serving

EVERY = 3
"""Statements between two kills."""
HISTORY = 7
"""Days, which take two questions."""
TABLES = (usage_daily, billed_days, uncounted_days, source_days)


class PowerCut(BaseException):
    """What no code expects."""


def opened(path: Path) -> Store:
    store = Store(f"sqlite:///{path}")
    store.migrate()
    return store


def run(store: Store, api: str, served: Served) -> RunReport:
    """One run of another process."""
    more: Any = {"history": f"{HISTORY + 1}d"}
    config = config_of(api, served.url, **more)
    return SourceRunner(config, collector(api, served, **more), store, now=lambda: NOW).run()


def held(store: Store) -> dict[str, list[str]]:
    with store.reading() as connection:
        return {
            table.name: sorted(repr(tuple(row)) for row in connection.execute(select(table)).all())
            for table in TABLES
        }


def killed_everywhere(store: Store, api: str, served: Served) -> int:
    left, at, kills = [0], 0, 0

    def cut(*_: object) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise PowerCut

    event.listen(store._engine, "before_cursor_execute", cut)
    while True:
        left[0] = at
        try:
            report = run(store, api, served)
        except PowerCut:
            kills += 1
            at += EVERY
        else:
            assert report.success, report.error
            break
    event.remove(store._engine, "before_cursor_execute", cut)
    return kills


def days() -> list[str]:
    return [f"2026-11-{20 - back}" for back in range(HISTORY)]


def test_calls_and_bills_are_exact_wherever_a_run_was_killed(tmp_path: Path) -> None:
    usage: list[dict[str, Any]] = [
        {"day": day, "model": model, "requests": at, "output": 9}
        for at, day in enumerate(days(), 1)
        for model in "ab"
    ]
    costs = [{"day": day, "amount": f"{at}", "model": "a"} for at, day in enumerate(days())]
    whole, cut = opened(tmp_path / "whole.db"), opened(tmp_path / "cut.db")
    with serving(Anthropic(usage, costs, 20)) as served:
        assert run(whole, "anthropic", served).success
        assert killed_everywhere(cut, "anthropic", served) > 5
        assert held(cut) == held(whole)

        # A provider that restates days, killed again.
        restated = [{**one, "requests": 40} for one in usage[:6]] + usage[6:]
        served.answer = Anthropic(restated, costs[2:], 20)
        assert run(whole, "anthropic", served).success
        assert killed_everywhere(cut, "anthropic", served) > 2
    assert held(cut) == held(whole)
    assert sum(" 40" in row for row in held(cut)["usage_daily"]) == 6
    assert len(held(cut)["source_days"]) == HISTORY
    for store in (whole, cut):
        store.close()


def test_tokens_without_calls_are_exact_wherever_a_run_was_killed(tmp_path: Path) -> None:
    usage = [{"day": day, "model": "m", "uncached": at, "output": 3} for at, day in enumerate(days())]
    whole, cut = opened(tmp_path / "whole.db"), opened(tmp_path / "cut.db")
    with serving(AnthropicReport(usage, [], 20)) as served:
        assert run(whole, "anthropic-report", served).success
        assert killed_everywhere(cut, "anthropic-report", served) > 3
    assert held(cut) == held(whole)
    assert len(held(cut)["uncounted_days"]) == HISTORY
    for store in (whole, cut):
        store.close()
