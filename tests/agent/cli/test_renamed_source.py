"""What the commands say of days whose source was removed from the configuration, or has another name there."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from leverwatch.agent.cli.main import main

DAYS, CALLS = 40, 10


class Company:
    """Ten calls a day in a table, and the configuration that reads them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def fill(self) -> None:
        today = datetime.now(UTC).date()
        with closing(sqlite3.connect(self._folder / "usage.db")) as database, database:
            database.execute("CREATE TABLE calls (at TEXT, model TEXT)")
            days = [today - timedelta(days=age) for age in range(DAYS)]
            rows = [(f"{day}T10:00:0{number}Z", "small") for day in days for number in range(CALLS)]
            database.executemany("INSERT INTO calls VALUES (?, ?)", rows)

    def say(self, name: str | None, *commands: str, **more: Any) -> str:
        """Run commands with a source of a name, or with none."""
        source = {
            "name": name, "type": "sql", "url": "sqlite:///usage.db", "table": "calls", "time_is": "text",
            "fields": {"time": "at", "model": "model"}, "system": "bot", "history": "35d", **more,
        }  # fmt: skip
        config = {"store": {"url": "sqlite:///store.db"}, "sources": [source] if name else []}
        path = self._folder / "leverwatch.yaml"
        path.write_text(yaml.safe_dump({**config, "systems": {"bot": {}}}))
        said = [CliRunner().invoke(main, [*command.split(), "--config", str(path)]) for command in commands]
        assert not [it.output for it in said if it.exit_code]
        return " ".join(" ".join(it.stdout for it in said).split())


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a company whose days are counted, by a source `first`."""
    folder = tmp_path_factory.mktemp("before")
    found = Company(folder)
    found.fill()
    assert "decided 304" in found.say("first", "collect", "evaluate")
    return folder


@pytest.fixture
def company(before: Path, tmp_path: Path) -> Company:
    copytree(before, tmp_path, dirs_exist_ok=True)
    return Company(tmp_path)


def test_the_days_of_a_source_that_was_removed_stay_and_count_once_also_when_it_is_back(company: Company) -> None:
    said = company.say(None, "collect", "evaluate", "explain bot")

    assert "decided 304" in said
    assert "twice" not in said
    assert "decided 304" in company.say("first", "collect", "evaluate")


def test_a_source_of_another_name_is_said_to_count_again_until_it_is_authoritative(company: Company) -> None:
    said = company.say("second", "collect", "evaluate", "explain bot")

    assert "provisional 609" in said
    assert "first (not in the configuration) and second may count the same traffic twice; mark second" in said
    assert "decided 304" in company.say("second", "evaluate", authoritative=True)
