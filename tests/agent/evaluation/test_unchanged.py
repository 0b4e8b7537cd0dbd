"""Only what changed is worked out again, and everything is as if all of it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from leverwatch.agent.evaluation.assessor import Assessor
from leverwatch.agent.evaluation.decide import Plan
from leverwatch.agent.evaluation.evaluate import evaluate
from leverwatch.agent.framework.model import Declaration, Strategy
from leverwatch.agent.prices.current import CurrentPrices
from leverwatch.agent.snapshot import SystemsSnapshot
from leverwatch.agent.store.scope import Scope
from leverwatch.agent.store.store import Store
from leverwatch.collectors.interface import (
    Batch,
    ChangeKind,
    EvalResult,
    ModelShutdown,
    Operation,
    PromptChange,
    TierCount,
    UsageRow,
)

AS_OF = date(2026, 10, 4)
NOW = datetime(2026, 10, 5, 12, tzinfo=UTC)
DAY = timedelta(days=1)
PLAN = Plan(scope=Scope({"bot": Declaration(Strategy.FINE_TUNING)}, watched=frozenset({"bot"})))


def row(system: str, day: date, number: float = 1e6, **more: float) -> UsageRow:
    tokens = {"attempts": number, "input_tokens": number * 900, "output_tokens": number * 90, "unpriced": number}
    return UsageRow(system, "m", Operation.GENERATION, day, inferences=number, **{**tokens, **more})


def put(store: Store, source: str = "gateway", **more: object) -> None:
    batch = Batch(state={}, **more)  # type: ignore[arg-type]  # a test's shorthand
    store.apply(source, store.source_state(source).revision, batch)


def put_by_another(store: Store, **more: object) -> None:
    with closing(Store(store._url, lambda: NOW)) as other:
        put(other, **more)  # type: ignore[arg-type]  # a test's shorthand


@pytest.fixture
def memory(store_file: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{store_file}", lambda: NOW)
    days = [AS_OF - DAY * age for age in range(60)]
    put(store, usage=tuple(row(name, day) for name in ("bot", "faq") for day in days), days_seen=frozenset(days))
    yield store
    store.close()


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    path = tmp_path / "prices.yaml"
    path.write_text("prices:\n  - {model: m, input: 0.15, output: 0.6}\n")
    return path


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[frozenset[str] | None]:
    """The systems of each reading of daily sums."""
    found: list[frozenset[str] | None] = []
    read = Store.daily_usage

    def counted(store: Store, since: date, as_of: date, scope: Scope) -> object:
        found.append(scope.systems)
        return read(store, since, as_of, scope)

    monkeypatch.setattr(Store, "daily_usage", counted)
    return found


def new_result() -> EvalResult:
    return EvalResult("bot", "m", "", "suite", "1", "accuracy", 0.9, None, 100, NOW - DAY, True)


CHANGES: dict[str, tuple[Callable[[Store], object], bool]] = {
    "nothing": (lambda _: None, False),
    "calls of today": (lambda store: put(store, usage=(row("bot", AS_OF + DAY),)), False),
    "a late call": (lambda store: put(store, usage=(row("bot", AS_OF - 3 * DAY, 5),)), True),
    "late tokens": (lambda store: put(store, usage=(row("bot", AS_OF, 0, input_tokens=7),)), True),
    "a day that is told again": (
        lambda store: put(store, usage=(row("faq", AS_OF, 5),), replaces=frozenset({AS_OF})),
        True,
    ),
    "a tier": (
        lambda store: put(store, tier_counts=(TierCount("bot", "m", AS_OF, "batch", 10, 0, 0, 0, 5, 1),)),
        True,
    ),
    "a result": (lambda store: put(store, "evals", eval_results=(new_result(),)), True),
    "a shutdown": (
        lambda store: put(store, "list", model_shutdowns=(ModelShutdown("m", AS_OF + 9 * DAY),)),
        True,
    ),
    "a prompt change": (
        lambda store: put(
            store, "git", prompt_changes=(PromptChange("bot", "c", NOW - DAY, ChangeKind.MODIFIED, 1),)
        ),
        True,
    ),
    "another process": (
        lambda store: put_by_another(store, usage=(row("bot", AS_OF - DAY, 5),)),
        True,
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_did_not_change_is_not_read_and_nothing_is_missed(
    name: str, memory: Store, prices: Path, asked: list[object]
) -> None:
    change, is_read = CHANGES[name]
    assessor = Assessor(CurrentPrices(prices))
    # From the second one on, the verdict before is one of the same day.
    for _ in range(2):
        evaluate(memory, PLAN, NOW, assessor)
    change(memory)
    asked.clear()

    again = evaluate(memory, PLAN, NOW + timedelta(minutes=5), assessor)

    assert bool(asked) is is_read
    assert again == whole(memory, prices)


def whole(store: Store, prices: Path) -> SystemsSnapshot:
    return evaluate(store, PLAN, NOW + timedelta(minutes=5), Assessor(CurrentPrices(prices)))


def test_another_price_is_another_assessment(memory: Store, prices: Path) -> None:
    assessor = Assessor(CurrentPrices(prices))
    before = evaluate(memory, PLAN, NOW, assessor)
    prices.write_text("prices:\n  - {model: m, input: 150, output: 600}\n")

    after = evaluate(memory, PLAN, NOW + timedelta(minutes=5), assessor)

    assert after == whole(memory, prices)
    assert after.systems[0].assessment != before.systems[0].assessment


def test_the_first_evaluation_of_a_day_is_as_if_it_was_the_first_of_all(memory: Store, prices: Path) -> None:
    assessor = Assessor(CurrentPrices(prices))
    evaluate(memory, PLAN, NOW, assessor)
    put(memory, usage=(row("bot", AS_OF + DAY), row("faq", AS_OF + DAY)), days_seen=frozenset({AS_OF + DAY}))

    found = evaluate(memory, PLAN, NOW + DAY, assessor)

    assert found == evaluate(memory, PLAN, NOW + DAY, Assessor(CurrentPrices(prices)))


def test_what_has_no_price_is_priced_once_it_has_one(memory: Store, prices: Path) -> None:
    assessor = Assessor(CurrentPrices(prices))
    put(memory, usage=(row("bot", AS_OF),))
    prices.write_text("prices:\n  - {model: other, input: 1, output: 1}\n")
    evaluate(memory, PLAN, NOW, assessor)
    put(memory, usage=(row("bot", AS_OF - DAY),))
    assert not evaluate(memory, PLAN, NOW, assessor).systems[0].priced
    prices.write_text("prices:\n  - {model: m, input: 1, output: 1, cached_input: 0.5}\n")

    priced = evaluate(memory, PLAN, NOW, assessor).systems[0].priced

    assert priced["m"].inferences == 62e6
