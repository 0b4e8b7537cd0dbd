"""The demo company, over the real agent: the verdicts and totals are the generator's own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import fields

from leverwatch.agent.config import load_config
from leverwatch.agent.demo.build import Demo, build
from leverwatch.agent.demo.company import ADOPTED
from leverwatch.agent.evaluation.assessor import Assessor
from leverwatch.agent.evaluation.decide import Plan
from leverwatch.agent.evaluation.evaluate import evaluate
from leverwatch.agent.framework.assessment import PromptJudgement, Unavailable
from leverwatch.agent.framework.baselines import Baseline
from leverwatch.agent.framework.comparison import ComparisonOutcome as BaselineOutcome
from leverwatch.agent.framework.economics.model import Agreement, Economics
from leverwatch.agent.framework.economics.model import CostOutcome as EconomicsOutcome
from leverwatch.agent.framework.economics.words import change_text
from leverwatch.agent.framework.forecast.model import Forecast
from leverwatch.agent.framework.locked_in import LockedIn, Standing
from leverwatch.agent.framework.model import Strategy
from leverwatch.agent.framework.review import Review
from leverwatch.agent.scheduling.source_runner import source_runner
from leverwatch.agent.store.store import Store
from leverwatch.collectors.interface import MALFORMED, ChangeKind, Result
from tests.e2e.agents import COMMAND, Agent, leverwatch
from tests.e2e.servers import free_port, wait_until

pytestmark = pytest.mark.e2e

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


def read(demo: Demo, url: str) -> Store:
    """Run every source of the demo once, into a store."""
    loaded = load_config(demo.config)
    store = Store(url, lambda: NOW)
    store.migrate()
    for source in loaded.config.sources:
        report = source_runner(source, loaded, store, lambda: NOW).run()
        assert report.success, report.error
    return store


def test_verdicts_and_totals_are_what_the_company_was_built_with(tmp_path: Path, store_url: str) -> None:
    demo = build(tmp_path / "company", NOW)
    store = read(demo, store_url)
    snapshot = evaluate(store, Plan.of(load_config(demo.config).config), NOW)
    tallies = store.tallies()["gateway"]
    store.close()

    expected = demo.expected
    assert {view.system for view in snapshot.systems} == set(expected.systems)
    for view in snapshot.systems:
        wanted, verdict = expected.systems[view.system], view.verdict
        assert verdict.strategy == wanted.recommended, view.system
        assert (verdict.status, verdict.mismatch) == (wanted.status, wanted.mismatch), view.system
        assert (verdict.declared, verdict.conflict) == (wanted.declared, wanted.conflict), view.system
        totals = wanted.totals
        assert sum(model.inferences for model in view.models) == totals.inferences
        assert sum(model.errors for model in view.models) == totals.errors
        assert sum(model.input_tokens for model in view.models) == totals.input_tokens
        assert sum(model.cached_input_tokens for model in view.models) == totals.cached_tokens
        assert sum(model.output_tokens for model in view.models) == totals.output_tokens
        assert sum(model.unpriced for model in view.models) == totals.unpriced
        landings = {kind: number for kind, number in wanted.landings.items() if number}
        assert {kind: count for kind, count in view.prompt_changes.items() if count} == landings, view.system
    assert tallies[Result.COUNTED] == expected.counted
    assert tallies[Result.DUPLICATE] == expected.duplicates
    assert {result: number for result, number in tallies.items() if result in MALFORMED} == expected.malformed


def test_every_part_beside_a_verdict_shows_something_real(tmp_path: Path) -> None:
    demo = build(tmp_path / "company", NOW)
    store = read(demo, f"sqlite:///{tmp_path / 'store.db'}")
    loaded = load_config(demo.config)
    snapshot = evaluate(store, Plan.of(loaded.config), NOW, Assessor.of(loaded))
    store.close()
    found = {view.system: view.assessment for view in snapshot.systems}

    for system, assessment in found.items():
        assert assessment is not None, system
        for field in fields(assessment):
            assert not isinstance(getattr(assessment, field.name), Unavailable), (system, field.name)
        assert isinstance(assessment.economics, Economics)
        assert assessment.economics.outcome is not EconomicsOutcome.UNKNOWN, (system, assessment.economics.unknown)
        assert isinstance(assessment.outlook, Forecast)
        assert assessment.outlook.volumes, system
    contracts, claims, faq = (found[name] for name in ("contract-extraction", "claims-triage", "hr-faq"))
    assert contracts is not None
    assert claims is not None
    assert faq is not None
    assert isinstance(contracts.baseline, Baseline)
    assert (contracts.baseline.outcome, contracts.baseline.stale) == (BaselineOutcome.BETTER, False)
    assert contracts.baseline.tuned.adopted_on == demo.expected.last_day - timedelta(days=ADOPTED)
    assert isinstance(contracts.locked_in, LockedIn)
    assert contracts.locked_in.standing is Standing.DECLARED_SUPPORTED
    assert isinstance(claims.baseline, Baseline)
    assert claims.baseline.outcome is BaselineOutcome.MISSING
    assert isinstance(claims.prompts, PromptJudgement)
    assert claims.prompts.verdict.flagged is True
    assert isinstance(claims.review, Review)
    assert claims.review.due is True
    assert isinstance(faq.shutdowns, tuple)
    assert [(ending.model, ending.days_left) for ending in faq.shutdowns] == [("atlas-large", 70)]


def test_a_hybrid_that_is_dearer_than_the_declared_prompts_says_what_it_costs(tmp_path: Path) -> None:
    demo = build(tmp_path / "company", NOW)
    store = read(demo, f"sqlite:///{tmp_path / 'store.db'}")
    loaded = load_config(demo.config)
    snapshot = evaluate(store, Plan.of(loaded.config), NOW, Assessor.of(loaded))
    store.close()
    [view] = [view for view in snapshot.systems if view.system == "support-bot"]
    assert view.assessment is not None
    economics = view.assessment.economics
    assert isinstance(economics, Economics)
    prompts, hybrid, _ = economics.costs
    change = economics.change

    assert change is not None
    assert (change.before, change.after) == (Strategy.PROMPT_ENGINEERING, Strategy.HYBRID)
    assert change.saving == pytest.approx(prompts.monthly - hybrid.monthly)
    assert change.low < change.saving < change.high < 0
    assert change.probability is not None
    assert change.probability < 0.2
    assert change.saving == pytest.approx(change.split.total)
    assert (prompts.split.hosting, prompts.split.tokens) == (0.0, economics.bill)
    assert hybrid.split.hosting > change.split.tokens > 0
    assert view.assessment.agreement is Agreement.DISAGREES
    assert change_text(economics).startswith("hybrid instead of prompt engineering: costs ")


def test_the_command_prints_every_verdict_with_its_reasons(tmp_path: Path) -> None:
    done = leverwatch("demo", "--no-serve", "--folder", str(tmp_path / "company"))

    assert done.returncode == 0, done.stderr
    for system in ("support-bot", "search-summaries", "contract-extraction", "claims-triage", "hr-faq"):
        assert re.search(rf"^{system} .*(decided)", done.stdout, re.MULTILINE)
        assert re.search(rf"^{system}:\n  - ", done.stdout, re.MULTILINE)


def test_the_command_as_json(tmp_path: Path) -> None:
    done = leverwatch("demo", "--no-serve", "--format", "json", "--folder", str(tmp_path / "company"))
    verdicts = {verdict["system"]: verdict for verdict in json.loads(done.stdout)}

    assert verdicts["support-bot"]["strategy"] == "hybrid"
    assert verdicts["support-bot"]["mismatch"] is True
    assert verdicts["claims-triage"]["conflict"] is True
    assert verdicts["search-summaries"]["rule"] == "frequent_changes"


def test_the_demo_serves_goes_on_and_ends_when_told(tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "demo.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*COMMAND, "demo", "--folder", str(tmp_path / "company"), "--listen", f"127.0.0.1:{port}"],
            stdout=output,
            stderr=output,
        )
    agent = Agent(process, f"http://127.0.0.1:{port}", log)
    try:
        wait_until(agent.is_ready, 30, "the demo is ready")
        series = 'leverwatch_inferences_total{model="atlas-mini",system="support-bot"}'
        first = agent.value(series)
        assert first is not None
        wait_until(lambda: (agent.value(series) or 0) > first, 60, "traffic goes on")
        lint = subprocess.run(
            ["promtool", "check", "metrics"], input=agent.metrics(), capture_output=True, text=True, check=False
        )
        assert (lint.returncode, lint.stdout, lint.stderr) == (0, "", "")
        assert agent.terminate() == 0
    finally:
        process.kill()
        process.wait()
    assert not agent.is_ready()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
@pytest.mark.parametrize("when", ["building", "serving"])
def test_a_folder_of_its_own_is_gone_when_a_signal_ends_the_demo(
    number: signal.Signals, when: str, tmp_path: Path
) -> None:
    log = tmp_path / "demo.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*COMMAND, "demo", "--listen", f"127.0.0.1:{free_port()}"],
            stdout=output, stderr=output, env={**os.environ, "TMPDIR": str(tmp_path)},
        )  # fmt: skip
    try:
        said = {"building": "building an invented company in", "serving": "event=started"}[when]
        wait_until(lambda: said in log.read_text(), 60, when)
        assert len([*tmp_path.glob("leverwatch-demo-*")]) == 1
        # Twice, as under `make`, which passes on what its whole group got.
        process.send_signal(number)
        process.send_signal(number)
        code = process.wait(30)
    finally:
        process.kill()
        process.wait()

    ended_by = signal.SIGTERM if number == signal.SIGHUP else number
    assert code == (0 if when == "serving" else 128 + ended_by), log.read_text()
    assert [*tmp_path.iterdir()] == [log]


def test_a_folder_of_its_own_is_gone_at_the_end(tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "demo", "--no-serve"],
        capture_output=True, text=True, timeout=120, check=False, env={**os.environ, "TMPDIR": str(tmp_path)},
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert "leverwatch-demo-" not in done.stdout
    assert [*tmp_path.iterdir()] == []


def test_a_folder_that_is_not_a_demo_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("mine")

    done = leverwatch("demo", "--no-serve", "--folder", str(tmp_path))

    assert done.returncode == 1
    assert (tmp_path / "precious.txt").read_text() == "mine"


def test_every_kind_of_change_of_a_repository_is_in_the_demo(tmp_path: Path) -> None:
    demo = build(tmp_path / "company", NOW)

    kinds = {
        kind for system in demo.expected.systems.values() for kind, number in system.landings.items() if number
    }
    # The demo has a repository of prompts and no registry, of which alone the last kind is.
    assert kinds == set(ChangeKind) - {ChangeKind.FIRST_SEEN}
