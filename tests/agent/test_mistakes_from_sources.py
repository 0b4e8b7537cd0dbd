"""From result files, a provider on a socket and counted usage, through a real store, to the judgements."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from leverwatch.agent.framework.assess import assess
from leverwatch.agent.framework.baselines import Side, baseline
from leverwatch.agent.framework.comparison import ComparisonOutcome
from leverwatch.agent.framework.mistakes import MistakeSettings
from leverwatch.agent.framework.model import Declaration, Strategy
from leverwatch.agent.framework.review import PastVerdict, ReviewCode, review
from leverwatch.agent.framework.shutdowns import Urgency, shutdowns
from leverwatch.agent.scheduling.runner import RunReport, SourceRunner
from leverwatch.agent.store.scope import Scope
from leverwatch.agent.store.store import Store
from leverwatch.collectors.config import SourceConfig
from leverwatch.collectors.interface import Batch, CollectorContext, Operation, Result, UsageRow
from leverwatch.collectors.registry import source_types
from leverwatch.collectors.sources.evals.config import EvalsConfig
from leverwatch.collectors.sources.models.config import ModelsConfig
from tests.collectors.sources.evals import samples
from tests.collectors.sources.models.server import models, provider

AS_OF = date(2026, 10, 4)
NOW = datetime(2026, 10, 5, 12, tzinfo=UTC)
BASE, TUNED = "gpt-4o-mini", "ft:gpt-4o-mini:org::v1"
SCOPE = Scope({"bot": Declaration(Strategy.PROMPT_ENGINEERING, AS_OF - timedelta(days=20))})
SETTINGS = MistakeSettings()


def run(store: Store, config: SourceConfig, folder: Path) -> RunReport:
    collector = source_types()[config.type].build(config, CollectorContext(folder, folder / "cache", lambda: NOW))
    return SourceRunner(config, collector, store, now=lambda: NOW).run()


def count_usage(store: Store, tuned_since: date) -> None:
    rows = [
        UsageRow("bot", model, Operation.GENERATION, day, inferences=count, attempts=count)
        for day in (AS_OF - timedelta(days=age) for age in range(60))
        for model, count in ((BASE, 80.0), (TUNED, 20.0))
        if model == BASE or day >= tuned_since
    ]
    store.apply("gateway", 0, Batch(state={}, usage=tuple(rows), days_seen=frozenset(row.day for row in rows)))


def write(path: Path, *records: dict[str, object]) -> None:
    path.write_bytes(samples.lines(*records))
    os.utime(path, (NOW.timestamp() - 3600,) * 2)


def test_a_baseline_grows_from_nothing_to_a_comparison(store: Store, tmp_path: Path) -> None:
    adopted = AS_OF - timedelta(days=10)
    count_usage(store, adopted)
    evals = EvalsConfig.model_validate({"name": "evals", "path": "*.jsonl"})

    def judged() -> tuple[ComparisonOutcome, tuple[Side, ...]]:
        results = store.eval_results(AS_OF - timedelta(days=400), AS_OF).get("bot", ())
        daily = store.model_days(AS_OF - timedelta(days=400), AS_OF, SCOPE)["bot"]
        found = baseline(daily, results, AS_OF, SETTINGS.baselines)
        assert found is not None
        assert (found.tuned.model, found.tuned.adopted_on, found.previous) == (TUNED, adopted, (BASE,))
        return found.outcome, found.missing

    assert judged() == (ComparisonOutcome.MISSING, (Side.BEFORE, Side.AFTER))

    before = samples.own(ts=f"{adopted - timedelta(days=3)}T08:00:00Z", value=0.75)
    write(tmp_path / "a.jsonl", before)
    assert run(store, evals, tmp_path).tallies == {Result.COUNTED: 1}
    assert judged() == (ComparisonOutcome.MISSING, (Side.AFTER,))

    after = samples.own(ts=f"{adopted + timedelta(days=3)}T08:00:00Z", value=0.9, model=TUNED)
    write(tmp_path / "a.jsonl", before, after, {"ts": "broken"})
    report = run(store, evals, tmp_path)
    assert (report.success, report.tallies) == (True, {Result.COUNTED: 1, Result.MISSING_FIELD: 1})
    assert judged() == (ComparisonOutcome.BETTER, ())
    assert run(store, evals, tmp_path).tallies == {}


def test_a_shutdown_that_a_provider_announces_makes_a_review_due(store: Store, tmp_path: Path) -> None:
    count_usage(store, AS_OF - timedelta(days=10))
    facts = store.facts(AS_OF, SCOPE)["bot"]
    current = assess(facts)
    store.save_verdicts([(facts, current)], {}, NOW)

    def codes() -> list[str]:
        daily = store.model_days(AS_OF - timedelta(days=27), AS_OF, SCOPE)["bot"]
        ending = shutdowns(daily, AS_OF, SETTINGS.last_days, store.shutdowns(), SETTINGS.shutdowns)
        assert [item.urgency for item in ending] == [Urgency.WARNING] * len(ending)
        declaration = SCOPE.declarations["bot"]
        at_review = store.at_review({"bot": declaration.reviewed or AS_OF})["bot"]
        found = review(PastVerdict.of(current), declaration, at_review, ending, SETTINGS.reviews)
        assert found.differing_since is None
        return [reason.code for reason in found.reasons]

    assert codes() == []
    with provider() as served:
        end = AS_OF + timedelta(days=60)
        served.answer = lambda _: models({"id": BASE, "shutdown_date": str(end)}, {"id": "another"})
        config = ModelsConfig.model_validate({"name": "provider", "url": served.url, "token": "t"})
        assert run(store, config, tmp_path).tallies == {Result.COUNTED: 2}
    assert codes() == [ReviewCode.MODEL_SHUTDOWN, ReviewCode.MODEL_SHUTDOWN]

    report = run(store, config, tmp_path)
    assert (report.success, report.reason) == (False, "unavailable")
    assert codes() == [ReviewCode.MODEL_SHUTDOWN, ReviewCode.MODEL_SHUTDOWN]
