"""What stands beside a verdict, from counted usage in a real store; and that its failures cost nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import fields
from structlog.testing import capture_logs

from leverwatch.agent.config.economics import EconomicsConfig, plan_of
from leverwatch.agent.errors import StoreError
from leverwatch.agent.evaluation import assessor as assessing
from leverwatch.agent.evaluation.assessor import Assessor, nothing
from leverwatch.agent.evaluation.decide import CostPlans, Plan, decide
from leverwatch.agent.evaluation.evaluate import evaluate
from leverwatch.agent.evaluation.stored_facts import StoredFacts
from leverwatch.agent.framework import assessment as framework
from leverwatch.agent.framework.assessment import Assessment, PromptJudgement, Unavailable
from leverwatch.agent.framework.baselines import Baseline
from leverwatch.agent.framework.comparison import ComparisonOutcome as BaselineOutcome
from leverwatch.agent.framework.daily_usage import DailyUsage, recent_uses
from leverwatch.agent.framework.economics.amounts import Origin
from leverwatch.agent.framework.economics.assess import assess_economics
from leverwatch.agent.framework.economics.model import Agreement, CostOutcome, Economics, EconomicsFacts, Missing
from leverwatch.agent.framework.forecast.model import Forecast
from leverwatch.agent.framework.locked_in import LockedIn, Support
from leverwatch.agent.framework.mistakes import MistakeSettings
from leverwatch.agent.framework.model import Declaration, Strategy
from leverwatch.agent.framework.overengineering import Sign
from leverwatch.agent.framework.review import Review, ReviewCode
from leverwatch.agent.prices.current import CurrentPrices
from leverwatch.agent.store.scope import Scope
from leverwatch.agent.store.store import Store
from leverwatch.collectors.interface import Batch, EvalResult, ModelShutdown, Operation, UsageRow

AS_OF = date(2026, 10, 4)
NOW = datetime(2026, 10, 5, 12, tzinfo=UTC)
BASE, TUNED = "mini", "mini-lora"
PRICES = (
    f"prices:\n  - {{model: {BASE}, input: 0.15, output: 0.6}}\n  - {{model: {TUNED}, input: 0.3, output: 1.2}}\n"
)
REVIEWED = AS_OF - timedelta(days=100)
SCOPE = Scope({"bot": Declaration(Strategy.FINE_TUNING, REVIEWED)})
PLAN = Plan(
    scope=SCOPE,
    mistakes=MistakeSettings(last_days={BASE: AS_OF + timedelta(days=20)}),
    costs=CostPlans({"bot": plan_of(EconomicsConfig(), EconomicsConfig())}),
)


@pytest.fixture
def memory(store_file: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{store_file}", lambda: NOW)
    yield store
    store.close()


@pytest.fixture
def prices(tmp_path: Path) -> CurrentPrices:
    path = tmp_path / "prices.yaml"
    path.write_text(PRICES)
    return CurrentPrices(path)


def row(system: str, model: str, age: int, count: float) -> UsageRow:
    """Long prompts that doubled in 13 weeks, chains of calls, retries, and outputs that fail validation."""
    static = 3_600.0 if age < 60 else 1_700.0
    return UsageRow(
        system,
        model,
        Operation.GENERATION,
        AS_OF - timedelta(days=age),
        inferences=count,
        attempts=count * 1.3,
        input_tokens=count * (static + 400),
        cached_input_tokens=count * 100,
        output_tokens=count * 40,
        traced=count,
        traces=count / 4,
        checked=count,
        invalid=count * 0.05,
        schema_checked=count,
        schema_mode=0.0,
        static_known=count,
        static_tokens=count * static,
    )


def result(day: date, model: str, passed: int) -> EvalResult:
    at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return EvalResult("bot", model, "v1", "answers", "h", "accuracy", passed / 200, None, 200, at, True, passed)


def feed(store: Store, system: str = "bot", count: float = 1_000_000) -> None:
    """120 days, the last 30 of them with a tuned model beside the base."""
    rows = [row(system, BASE, age, count) for age in range(120)]
    rows += [row(system, TUNED, age, count / 4) for age in range(30)]
    batch = Batch(state={}, usage=tuple(rows), days_seen=frozenset(each.day for each in rows))
    store.apply("gateway", store.source_state("gateway").revision, batch)


def beside(store: Store, assessor: Assessor, plan: Plan = PLAN, day: date = AS_OF) -> Assessment:
    return assessor.assess(store, plan.scope, plan.costs, plan.beside, decide(store, plan, day))["bot"]


def test_every_part_is_worked_out_from_what_is_stored(memory: Store, prices: CurrentPrices) -> None:
    feed(memory)
    adopted = AS_OF - timedelta(days=29)
    results = (result(adopted - timedelta(days=3), BASE, 120), result(adopted + timedelta(days=3), TUNED, 180))
    memory.apply("evals", 0, Batch(state={}, eval_results=results))
    (view,) = evaluate(memory, PLAN, NOW, Assessor(prices)).systems
    found = view.assessment
    assert found is not None

    assert isinstance(found.economics, Economics)
    assert found.economics.outcome is not CostOutcome.UNKNOWN
    assert found.economics.inputs is not None
    assert found.economics.inputs["static_share"].origin is Origin.MEASURED
    assert found.economics.inputs["static_share"].likely == pytest.approx(0.9)
    assert found.economics.inputs["prompt_changes_per_month"].origin is Origin.ASSUMED
    assert isinstance(found.outlook, Forecast)
    assert (found.outlook.as_of, found.outlook.weeks) == (AS_OF, 17)
    assert isinstance(found.baseline, Baseline)
    assert (found.baseline.outcome, found.baseline.tuned.adopted_on) == (BaselineOutcome.BETTER, adopted)
    assert isinstance(found.prompts, PromptJudgement)
    assert found.prompts.verdict.flagged is True
    active = {evidence.sign: evidence.active for evidence in found.prompts.verdict.evidence}
    assert active == {
        Sign.CACHING: True,
        Sign.RETRIES: True,
        Sign.CHAIN: True,
        Sign.GROWTH: None,
        Sign.STATIC_SHARE: True,
    }
    assert found.prompts.moments.growth == pytest.approx(3_600 / 1_700 - 1)
    assert isinstance(found.shutdowns, tuple)
    assert [ending.model for ending in found.shutdowns] == [BASE]
    assert found.shutdowns[0].share == pytest.approx(28 / (28 + 7))
    assert isinstance(found.review, Review)
    assert {reason.code for reason in found.review.reasons} == {ReviewCode.TOO_OLD, ReviewCode.MODEL_SHUTDOWN}
    assert found.review.differing_since == view.verdict.changed_on
    assert isinstance(found.locked_in, LockedIn)
    assert found.locked_in.evidence[0].support is Support.VALIDATION_FAILURES
    assert found.locked_in.evidence[0].value == pytest.approx(0.05)
    assert [advice.code for advice in found.locked_in.advice] == ["structured_output_first"]


def test_a_system_without_prices_is_unknown_for_that_reason_and_has_everything_else(memory: Store) -> None:
    feed(memory)

    found = beside(memory, Assessor())

    assert isinstance(found.economics, Economics)
    assert {unknown.code for unknown in found.economics.unknown} == {Missing.PRICE}
    assert found.agreement is Agreement.NOT_COMPARED
    assert not any(isinstance(getattr(found, field.name), Unavailable) for field in fields(found))


def test_a_system_that_was_never_seen_has_an_assessment_that_knows_little(memory: Store) -> None:
    found = beside(memory, Assessor())

    assert isinstance(found.economics, Economics)
    assert {unknown.code for unknown in found.economics.unknown} == {Missing.VOLUME, Missing.TOKENS}
    assert found.outlook == Unavailable("no usage was seen")
    assert found.baseline is None
    assert isinstance(found.prompts, PromptJudgement)
    assert found.prompts.verdict.flagged is None


def test_usage_that_is_stale_foretells_nothing(memory: Store) -> None:
    feed(memory)

    found = beside(memory, Assessor(), day=AS_OF + timedelta(days=5))

    assert found.outlook == Unavailable(f"no usage has been seen since {AS_OF}")


def test_usage_that_is_a_day_late_has_its_four_full_weeks(memory: Store, prices: CurrentPrices) -> None:
    feed(memory)

    today, late = (beside(memory, Assessor(prices), day=AS_OF + timedelta(days=age)) for age in (0, 2))

    assert isinstance(today.economics, Economics)
    assert isinstance(late.economics, Economics)
    assert today.economics.costs == late.economics.costs


def test_a_part_that_fails_is_logged_and_loses_nothing_else(
    memory: Store, prices: CurrentPrices, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Economics:
        raise ZeroDivisionError("secret 42")

    feed(memory)
    whole = beside(memory, Assessor(prices))
    monkeypatch.setattr(framework, "assess_economics", broken)
    with capture_logs() as logs:
        found = beside(memory, Assessor(prices))

    assert found.economics == Unavailable("it could not be worked out (ZeroDivisionError)")
    assert found.agreement is Agreement.NOT_COMPARED
    for name in ("outlook", "baseline", "prompts", "shutdowns", "review", "locked_in"):
        assert getattr(found, name) == getattr(whole, name), name
    assert [(log["event"], log["part"], log["system"], log["log_level"]) for log in logs] == [
        ("assessment_failed", "economics", "bot", "warning")
    ]
    assert "42" not in str(logs)


def test_a_system_whose_facts_cannot_be_made_loses_no_other_system(
    memory: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(rows: Sequence[DailyUsage], as_of: date) -> object:
        if rows and rows[0].inferences == 7:
            raise KeyError("odd")
        return recent_uses(rows, as_of)

    feed(memory)
    feed(memory, "odd", 7)
    monkeypatch.setattr("leverwatch.agent.evaluation.stored_facts.recent_uses", broken)
    with capture_logs() as logs:
        views = {view.system: view.assessment for view in evaluate(memory, PLAN, NOW, Assessor()).systems}

    assert views["odd"] == nothing("it could not be worked out (KeyError)")
    assert views["bot"] is not None
    assert isinstance(views["bot"].review, Review)
    assert [(log["event"], log["system"]) for log in logs] == [("assessment_failed", "odd")]


def test_a_store_that_refuses_costs_no_verdict(
    memory: Store, prices: CurrentPrices, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise StoreError("the disk is full")

    feed(memory)
    monkeypatch.setattr(memory, "daily_usage", refuse)
    with capture_logs() as logs:
        (view,) = evaluate(memory, PLAN, NOW, Assessor(prices)).systems

    assert memory.verdicts(AS_OF) == {"bot": view.verdict}
    assert view.assessment is not None
    assert view.assessment.outlook == Unavailable("it could not be worked out (the disk is full)")
    assert [log["event"] for log in logs] == ["assessment_failed"]


def test_only_systems_whose_facts_changed_are_worked_out_again(
    memory: Store, prices: CurrentPrices, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked: list[str] = []

    def counted(facts: EconomicsFacts) -> Economics:
        worked.append(facts.system)
        return assess_economics(facts)

    monkeypatch.setattr(framework, "assess_economics", counted)
    feed(memory)
    feed(memory, "other")
    assessor, systems = Assessor(prices), Plan(scope=SCOPE)

    first = evaluate(memory, systems, NOW, assessor)
    again = evaluate(memory, systems, NOW, assessor)
    assert sorted(worked) == ["bot", "other"]
    assert [view.assessment for view in first.systems] == [view.assessment for view in again.systems]

    rows = (row("other", BASE, 0, 5.0),)
    memory.apply("gateway", memory.source_state("gateway").revision, Batch(state={}, usage=rows))
    evaluate(memory, systems, NOW, assessor)
    assert sorted(worked) == ["bot", "other", "other"]


def test_a_past_day_sees_nothing_of_what_came_later(memory: Store, prices: CurrentPrices) -> None:
    feed(memory)
    day = AS_OF - timedelta(days=40)
    before = beside(memory, Assessor(prices), day=day)
    rows = tuple(row("bot", TUNED, age, 9e6) for age in range(20))
    late = (result(AS_OF, TUNED, 10),)
    memory.apply("evals", 0, Batch(state={}, eval_results=late))
    memory.apply("gateway", 1, Batch(state={}, usage=rows, days_seen=frozenset({AS_OF})))
    evaluate(memory, PLAN, NOW, Assessor(prices))

    assert beside(memory, Assessor(prices), day=day) == before


def test_the_verdict_of_the_review_is_read_once_it_lies_in_the_past(
    memory: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[set[str]] = []
    real = memory.at_review

    def counted(reviewed: dict[str, date]) -> object:
        asked.append(set(reviewed))
        return real(reviewed)

    feed(memory)
    monkeypatch.setattr(memory, "at_review", counted)
    assessor = Assessor()
    for days in (0, 1, 1, 2):
        evaluate(memory, PLAN, NOW + timedelta(days=days), assessor)

    # The first verdict that is stored stands for the review; it may change until the day after. Then the second
    # evaluation of that day reads nothing, as nothing changed.
    assert asked == [{"bot"}, {"bot"}, set()]


def test_a_difference_stands_since_the_recommendation_whatever_was_stored_before(memory: Store) -> None:
    feed(memory)
    (first,) = evaluate(memory, PLAN, NOW, Assessor()).systems
    (later,) = evaluate(memory, PLAN, NOW + timedelta(days=1), Assessor()).systems

    for view in (first, later):
        assert view.assessment is not None
        assert isinstance(view.assessment.review, Review)
        assert view.assessment.review.differing_since == view.verdict.changed_on == first.verdict.changed_on


def test_models_that_end_are_shown_up_to_the_cap(memory: Store) -> None:
    models = [f"m{number}" for number in range(6)]
    memory.apply("gateway", 0, Batch(state={}, usage=tuple(row("bot", model, 0, 10.0) for model in models)))
    listed = tuple(ModelShutdown(model, AS_OF + timedelta(days=9 - int(model[1]))) for model in models)
    memory.apply("models", 0, Batch(state={}, model_shutdowns=listed))

    (view,) = evaluate(memory, Plan(scope=SCOPE, models_per_system=2), NOW, Assessor()).systems

    assert view.assessment is not None
    assert isinstance(view.assessment.shutdowns, tuple)
    assert [ending.model for ending in view.assessment.shutdowns] == ["m5", "m4"]


def test_facts_are_read_of_a_few_systems_at_a_time_and_nothing_else_changes(
    memory: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"s{number}" for number in range(5)]
    days = [NOW.date() - timedelta(days=age) for age in range(1, 40)]
    rows = tuple(
        UsageRow(name, "m", Operation.GENERATION, day, 1_000.0 * (number + 1))
        for number, name in enumerate(names)
        for day in days
    )
    memory.apply("gateway", 0, Batch(state={}, usage=rows, days_seen=frozenset(days)))
    plan = Plan(scope=Scope({name: Declaration(reviewed=days[5]) for name in names}))
    decided = decide(memory, plan, AS_OF)
    read: list[int] = []
    before = StoredFacts.read

    def counted(store: Store, scope: Scope, *rest: Any) -> StoredFacts:
        read.append(len(scope.systems or ()))
        return before(store, scope, *rest)

    monkeypatch.setattr(StoredFacts, "read", counted)
    whole = Assessor().assess(memory, plan.scope, plan.costs, plan.beside, decided)
    assert read == [5]
    monkeypatch.setattr(assessing, "_AT_ONCE", 2)
    assert Assessor().assess(memory, plan.scope, plan.costs, plan.beside, decided) == whole
    assert read == [5, 2, 2, 1]
