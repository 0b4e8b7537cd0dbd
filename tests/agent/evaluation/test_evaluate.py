from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from leverwatch.agent.config import load_config
from leverwatch.agent.errors import StoreUnreadable
from leverwatch.agent.evaluation.assessor import Assessor
from leverwatch.agent.evaluation.decide import CostPlans, Plan, decide, last_complete_day, narrowed, only
from leverwatch.agent.evaluation.evaluate import evaluate
from leverwatch.agent.framework.assessment import Unavailable
from leverwatch.agent.framework.mistakes import MistakeSettings
from leverwatch.agent.framework.model import Declaration, Settings, Strategy
from leverwatch.agent.log import configure, warnings_logged
from leverwatch.agent.store.names import OVERFLOW_SYSTEM, NameLimits
from leverwatch.agent.store.schema import verdicts
from leverwatch.agent.store.scope import Scope
from leverwatch.agent.store.store import Store
from leverwatch.collectors.interface import Batch, ChangeKind, EvalResult, Operation, PromptChange, UsageRow

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
YESTERDAY = date(2026, 3, 9)


@pytest.fixture
def memory(store_file: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{store_file}", lambda: NOW)
    yield store
    store.close()


def feed(store: Store, system: str, days: int, inferences: float = 1_000_000, until: date = YESTERDAY) -> None:
    rows = tuple(
        UsageRow(system, "m", Operation.GENERATION, until - timedelta(days=age), inferences=inferences)
        for age in range(days)
    )
    batch = Batch(state={}, usage=rows, days_seen=frozenset(row.day for row in rows))
    store.apply("gateway", store.source_state("gateway").revision, batch)


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (datetime(2026, 3, 10, 0, 0, tzinfo=UTC), date(2026, 3, 9)),
        (datetime(2026, 3, 10, 23, 59, tzinfo=UTC), date(2026, 3, 9)),
        (datetime.fromisoformat("2026-03-10T01:00:00+02:00"), date(2026, 3, 8)),
    ],
)
def test_the_last_complete_day_is_yesterday_in_utc(now: datetime, day: date) -> None:
    assert last_complete_day(now) == day


def test_an_evaluation_stores_every_verdict_and_shows_it_with_its_figures(memory: Store) -> None:
    feed(memory, "bot", 60, inferences=4_000_000)
    scope = Scope({"bot": Declaration(Strategy.PROMPT_ENGINEERING, date(2026, 1, 1), ("tone",))})
    snapshot = evaluate(memory, Plan(scope=scope), NOW)

    (view,) = snapshot.systems
    assert view.verdict.strategy is Strategy.FINE_TUNING
    assert view.declared
    assert view.locked_in_behaviors == 1
    assert view.reviewed == datetime(2026, 1, 1, tzinfo=UTC)
    assert view.month_to_date_inferences == 9 * 4_000_000
    assert view.last_month_inferences == 28 * 4_000_000
    assert view.weekly_inferences == (7 * 4_000_000,) * 8
    assert view.models[0].inferences == 60 * 4_000_000
    assert memory.verdicts(YESTERDAY) == {"bot": view.verdict}


def test_a_declaration_that_changes_is_dated_once_and_stays_so(memory: Store) -> None:
    feed(memory, "bot", 60, inferences=4_000_000)
    plans = [
        Plan(scope=Scope({"bot": Declaration(strategy)})) for strategy in (Strategy.HYBRID, Strategy.FINE_TUNING)
    ]
    steps = [(0, 0), (0, 1), (0, 1), (1, 1), (20, 1)]

    found = [evaluate(memory, plans[of], NOW + timedelta(days=days)).systems[0].verdict for days, of in steps]

    assert [verdict.declared_on for verdict in found] == [None, *[NOW.date()] * 4]


def test_a_month_that_is_not_wholly_covered_has_no_total(memory: Store) -> None:
    feed(memory, "bot", 36)  # back to 2 February

    (view,) = evaluate(memory, Plan(), NOW).systems

    assert view.last_month_inferences is None


def test_a_month_of_which_nothing_is_known_has_no_total_to_date(memory: Store) -> None:
    feed(memory, "bot", 30, until=date(2026, 2, 28))

    (view,) = evaluate(memory, Plan(), NOW).systems

    assert view.month_to_date_inferences is None
    assert view.last_month_inferences == 28_000_000


def test_deciding_a_past_day_writes_nothing(memory: Store) -> None:
    feed(memory, "bot", 60)

    ((_, verdict),) = decide(memory, Plan(), date(2026, 2, 20))

    assert verdict.as_of == date(2026, 2, 20)
    with memory.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(verdicts)) == 0


def test_a_past_day_sees_nothing_of_what_came_later(memory: Store) -> None:
    feed(memory, "bot", 40, inferences=1_000, until=date(2026, 2, 1))
    before = decide(memory, Plan(), date(2026, 2, 1))
    feed(memory, "bot", 30, inferences=90_000_000)

    assert decide(memory, Plan(), date(2026, 2, 1)) == before


def test_undeclared_systems_beyond_the_cap_are_left_out_and_counted(memory: Store) -> None:
    for system in ("a", "b", "c", "declared"):
        feed(memory, system, 1)

    plan = Plan(scope=Scope({"declared": Declaration()}), undeclared_systems=2)
    snapshot = evaluate(memory, plan, NOW)

    assert [view.system for view in snapshot.systems] == ["a", "b", "declared"]
    assert snapshot.undeclared_dropped == 1


def test_nothing_is_read_decided_or_stored_of_a_system_that_is_not_shown(memory: Store) -> None:
    memory.limits = NameLimits(systems=3)
    for system in ("a", "b", "c", "d", "e"):
        feed(memory, system, 30)
    for system in ("b", "c"):
        result = EvalResult(system, "m", "", "suite", "", "score", 0.5, None, 1, NOW, None)
        memory.apply(f"evals-{system}", 0, Batch(state={}, eval_results=(result,)))

    plan = narrowed(memory, Plan(undeclared_systems=1))
    snapshot = evaluate(memory, Plan(undeclared_systems=1), NOW, Assessor())

    assert plan.scope.systems == frozenset({"a"})
    for read in (
        memory.facts(NOW.date(), plan.scope),
        memory.totals(plan.scope, 20),
        memory.daily_usage(date.min, NOW.date(), plan.scope),
        memory.prompt_sums(date.min, NOW.date(), plan.scope),
        memory.model_days(date.min, NOW.date(), plan.scope),
        memory.model_names(plan.scope),
    ):
        assert list(read) == ["a"]
    assert memory.eval_results(date.min, NOW.date(), plan.scope) == {}
    assert list(memory.verdicts(NOW.date())) == ["a"]
    assert (snapshot.undeclared_dropped, snapshot.overflow_inferences) == (2, 60_000_000)


def test_the_name_of_all_other_systems_is_never_decided_on(memory: Store) -> None:
    memory.limits = NameLimits(systems=0)
    feed(memory, "a", 30)

    snapshot = evaluate(memory, Plan(), NOW, Assessor())

    assert (snapshot.systems, snapshot.undeclared_dropped, snapshot.overflow_inferences) == ((), 0, 30_000_000)
    assert memory.verdicts(NOW.date()) == {}
    assert decide(memory, only(Plan(), OVERFLOW_SYSTEM), NOW.date()) == []


def test_prompt_figures_are_shown_only_for_watched_systems(memory: Store) -> None:
    landed = NOW - timedelta(days=3)
    for system in ("watched", "unwatched"):
        change = PromptChange(system, "c", landed, ChangeKind.ADDED, 1)
        memory.apply(system, 0, Batch(state={}, prompt_changes=(change,)))

    views = {
        view.system: view
        for view in evaluate(memory, Plan(scope=Scope(watched=frozenset({"watched"}))), NOW).systems
    }

    assert views["watched"].prompt_changes == dict.fromkeys(ChangeKind, 0) | {ChangeKind.ADDED: 1}
    assert views["watched"].last_prompt_change == landed
    assert views["unwatched"].prompt_changes == {}


def test_a_plan_is_what_the_configuration_says(tmp_path: Path) -> None:
    path = tmp_path / "leverwatch.yaml"
    path.write_text(
        """\
framework: {hybrid_from: 5, dwell_days: 3}
limits: {undeclared_systems: 7, models_per_system: 2}
sources:
  - {name: main, type: files, path: a, system: bot, authoritative: true, format: {type: csv, fields: {time: t}}}
  - {name: other, type: files, path: b, system: bot, format: {type: csv, fields: {time: t}}}
  - {name: prompts, type: git, repo: r, systems: {bot: ["*.md"]}}
systems:
  bot: {declared_strategy: hybrid, locked_in_behavior: [tone]}
"""
    )

    plan = Plan.of(load_config(path).config)

    assert plan == Plan(
        settings=Settings(hybrid_from=5, dwell_days=3),
        scope=Scope(
            declarations={"bot": Declaration(Strategy.HYBRID, None, ("tone",))},
            watched=frozenset({"bot"}),
            counting={"main": frozenset({"bot"}), "other": frozenset({"bot"})},
            authoritative=frozenset({"main"}),
        ),
        undeclared_systems=7,
        models_per_system=2,
        mistakes=MistakeSettings(tuned_models={"bot": ()}),
        costs=CostPlans({"bot": CostPlans().everywhere}),
        sources=frozenset({"prompts", "main", "other"}),
    )


def _damage(store: Store, system: str, day: date) -> None:
    with store.writing() as connection:
        of_day = (verdicts.c.system == system) & (verdicts.c.as_of == day)
        connection.execute(update(verdicts).where(of_day).values(verdict='{"version":1,"sys'))


def test_an_unreadable_stored_verdict_costs_its_system_alone(
    memory: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    for system in ("a", "b", "c"):
        feed(memory, system, 60)
    plan, later = Plan(), NOW + timedelta(days=1)
    evaluate(memory, plan, NOW)
    _damage(memory, "b", YESTERDAY)
    configure()
    before = warnings_logged.counts().get("verdict_unreadable", 0)

    snapshot = evaluate(memory, plan, later, Assessor())

    assert [view.system for view in snapshot.systems] == ["a", "c"]
    assert warnings_logged.counts()["verdict_unreadable"] == before + 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "event=verdict_unreadable system=b" in line
    assert "store: verdicts of b: the stored verdict" in line
    assert set(memory.verdicts(NOW.date(), ["a", "c"])) == {"a", "c"}
    with pytest.raises(StoreUnreadable, match="verdicts of b"):
        decide(memory, only(plan, "b"), NOW.date())


def test_a_verdict_at_a_review_that_is_unreadable_costs_the_assessment_of_its_system_alone(memory: Store) -> None:
    systems = ("a", "b", "c", "d", "e")
    for system in systems:
        feed(memory, system, 60)
    plan = Plan(scope=Scope({system: Declaration(Strategy.PROMPT_ENGINEERING, YESTERDAY) for system in systems}))
    evaluate(memory, plan, NOW)
    evaluate(memory, plan, NOW + timedelta(days=1))
    _damage(memory, "d", YESTERDAY)

    snapshot = evaluate(memory, plan, NOW + timedelta(days=1), Assessor())

    unknown = {
        view.system: isinstance(view.assessment.review, Unavailable)
        for view in snapshot.systems
        if view.assessment
    }
    assert unknown == {"a": False, "b": False, "c": False, "d": True, "e": False}
