"""An agent that does not decide shows what the one that does has stored, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from leverwatch.agent.evaluation.assessor import Assessor
from leverwatch.agent.evaluation.decide import Plan
from leverwatch.agent.evaluation.evaluate import evaluate
from leverwatch.agent.evaluation.stored import stored_picture
from leverwatch.agent.framework.model import Declaration, Strategy
from leverwatch.agent.snapshot import SystemsSnapshot
from leverwatch.agent.store.schema import verdicts
from leverwatch.agent.store.scope import Scope
from leverwatch.agent.store.store import Store
from leverwatch.agent.web.api import systems_json
from leverwatch.collectors.interface import Batch, EvalResult, Operation, PromptCount, UsageRow

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
YESTERDAY = date(2026, 3, 9)
DECLARED = {"bot": Declaration(Strategy.PROMPT_ENGINEERING), "quiet": Declaration(Strategy.HYBRID)}


@pytest.fixture
def stores(store_file: Path) -> Iterator[list[Store]]:
    opened = [Store(f"sqlite:///{store_file}", lambda: NOW) for _ in range(2)]
    yield opened
    for store in opened:
        store.close()


def plan(node: str) -> Plan:
    """What the configuration of a DaemonSet says on a node."""
    part = f"pods@{node}"
    scope = Scope(DECLARED, counting={part: frozenset()}, naming=frozenset({part}), telling=frozenset({part}))
    return Plan(scope=scope, sources=frozenset({part}))


def feed(store: Store, source: str, system: str = "bot", number: float = 3_000_000) -> None:
    days = [YESTERDAY - timedelta(days=age) for age in range(60)]
    usage = tuple(UsageRow(system, "m", Operation.GENERATION, day, number) for day in days)
    prompts = tuple(PromptCount(system, day, f"v{day.day // 3}", number) for day in days)
    at = NOW - timedelta(days=2)
    result = EvalResult(system, "m", "v1", "suite", "", "accuracy", 0.9, None, 50, at, higher_is_better=True)
    revision = store.source_state(source).revision
    batch = Batch(state={}, usage=usage, days_seen=frozenset(days), prompt_counts=prompts, eval_results=(result,))
    store.apply(source, revision, batch)


def document(snapshot: SystemsSnapshot) -> Any:
    return json.loads(systems_json(snapshot))


def rows(store: Store) -> int:
    with store.reading() as connection:
        return connection.scalar(select(func.count()).select_from(verdicts)) or 0


def test_it_is_the_same_to_the_last_figure_on_whatever_node_it_is_shown(stores: list[Store]) -> None:
    leading, following = stores
    for node in ("node-1", "node-2"):
        feed(leading, f"pods@{node}")
    decided = evaluate(leading, plan("node-1"), NOW, Assessor())
    before = rows(leading)

    shown = stored_picture(following, plan("node-2"), NOW, Assessor())

    assert document(shown) == document(decided)
    assert [view.system for view in shown.systems] == ["bot", "quiet"]
    assert shown.systems[0].prompt_changes == decided.systems[0].prompt_changes != {}
    assert shown.former_eval_sources == decided.former_eval_sources == ()
    assert rows(following) == before


def test_an_agent_on_another_node_that_takes_over_decides_the_same(stores: list[Store]) -> None:
    leading, other = stores
    for node in ("node-1", "node-2"):
        feed(leading, f"pods@{node}")
    first = evaluate(leading, plan("node-1"), NOW, Assessor())
    before = rows(leading)

    assert document(evaluate(other, plan("node-2"), NOW, Assessor())) == document(first)
    assert rows(other) == before, "it found another verdict"


def test_what_nobody_decided_for_that_day_is_not_shown(stores: list[Store]) -> None:
    leading, following = stores
    feed(leading, "pods@node-1")
    evaluate(leading, plan("node-1"), NOW, Assessor())
    feed(leading, "pods@node-1", system="new")
    assessor = Assessor()

    (bot, quiet) = stored_picture(following, plan("node-1"), NOW, assessor).systems
    assert (bot.system, quiet.system) == ("bot", "quiet")
    tomorrow = stored_picture(following, plan("node-1"), NOW + timedelta(days=1), assessor)
    assert tomorrow.systems == ()


def test_a_verdict_that_cannot_be_read_costs_its_system_alone(stores: list[Store]) -> None:
    leading, following = stores
    feed(leading, "pods@node-1")
    evaluate(leading, plan("node-1"), NOW, Assessor())
    with leading.writing() as connection:
        connection.execute(update(verdicts).where(verdicts.c.system == "bot").values(verdict="{"))

    (quiet,) = stored_picture(following, plan("node-1"), NOW, Assessor()).systems
    assert quiet.system == "quiet"
