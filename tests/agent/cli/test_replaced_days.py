"""What `collect` and `backfill` say of a source that gives whole days again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from leverwatch.agent.cli.main import main
from leverwatch.collectors import registry
from tests.e2e.bills import Bills, BillsConfig, publish


@pytest.fixture
def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    source = {"name": "bills", "type": "bills", "path": "bills.json"}
    config = {"store": {"url": "sqlite:///store.db"}, "sources": [source]}
    (tmp_path / "leverwatch.yaml").write_text(yaml.safe_dump(config))
    first = (1, {"bot/m": 100, "bot/n": 10})
    publish(tmp_path / "bills.json", {"2026-03-01": first, "2026-03-02": (1, {"bot/m": 50})})
    bills = registry.SourceType("bills", BillsConfig, Bills)
    monkeypatch.setitem(registry._TYPES, "bills", lambda: bills)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(*arguments: str) -> str:
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    return done.stdout


def as_json(*arguments: str) -> Any:
    return json.loads(call(*arguments, "--format", "json"))


def restate(company: Path) -> None:
    publish(
        company / "bills.json", {"2026-03-01": (2, {"bot/m": 90, "hr/m": 5}), "2026-03-02": (1, {"bot/m": 50})}
    )


def test_collect_says_what_was_added_and_what_was_taken_back(company: Path) -> None:
    assert "bills: replaced 2 days: 160 inferences added, 0 taken back" in call("collect")
    restate(company)
    (report,) = as_json("collect")
    assert (report["records"], report["replaced_days"]) == (2, 1)
    assert (report["added_inferences"], report["taken_back_inferences"]) == (5, 20)


@pytest.mark.usefixtures("company")
def test_a_run_that_replaces_nothing_says_nothing_of_it() -> None:
    call("collect")

    assert "replaced" not in call("collect")
    assert "replaced_days" not in as_json("collect")[0]


def test_a_rehearsal_knows_what_would_change_and_changes_nothing(company: Path) -> None:
    call("collect")
    restate(company)
    before = (company / "store.db").read_bytes()

    for _ in range(2):
        said = call("backfill", "--dry-run")
        assert "would replace 2 days: 5 inferences added, 20 taken back" in said
    assert (company / "store.db").read_bytes() == before

    assert "replaced 2 days: 5 inferences added, 20 taken back" in call("backfill")
    assert "replaced 2 days: 0 inferences added, 0 taken back" in call("backfill")


def test_a_backfill_sums_each_day_as_it_was_given_last(company: Path) -> None:
    call("backfill")
    restate(company)

    (report,) = as_json("backfill", "--since", "2026-03-01", "--until", "2026-03-01")["sources"]

    assert report["replaced_days"] == 1
    assert [(month["system"], month["inferences"]) for month in report["months"]] == [("bot", 90), ("hr", 5)]
