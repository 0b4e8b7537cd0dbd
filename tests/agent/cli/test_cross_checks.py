"""A table that counts and a log that compares, by the commands that people use."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from leverwatch.agent.cli.main import main
from tests.days import day


def ago(days: int) -> date:
    return day(days)


class Company:
    """60 calls a day in a table, of which a log has so many more or less."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.authoritative = "database"
        with self._open() as database, database:
            database.execute("CREATE TABLE calls (at TEXT, model TEXT)")

    def _open(self) -> closing[sqlite3.Connection]:
        return closing(sqlite3.connect(self._folder / "usage.db"))

    def wrote(self, day: date, calls: int) -> None:
        with self._open() as database, database:
            rows = [(f"{day}T10:{minute:02}:00Z", "small") for minute in range(calls)]
            database.executemany("INSERT INTO calls VALUES (?, ?)", rows)

    def logged(self, day: date, calls: int, hour: int = 10) -> None:
        with (self._folder / "calls.jsonl").open("a") as log:
            for second in range(calls):
                at = f"{day}T{hour:02}:{second // 60:02}:{second % 60:02}Z"
                log.write(json.dumps({"ts": at, "m": "small"}) + "\n")

    def run(self, *arguments: str, **settings: Any) -> str:
        database = {
            "name": "database", "type": "sql", "url": "sqlite:///usage.db", "table": "calls", "time_is": "text",
            "fields": {"time": "at", "model": "model"}, "system": "bot", "history": "30d", "ready_after": "0s",
        }  # fmt: skip
        log = {
            "name": "gateway", "type": "files", "path": "*.jsonl", "quiet_after": "0s", "system": "bot",
            "format": {"type": "jsonl", "fields": {"time": "ts", "model": "m"}},
        }  # fmt: skip
        sources = [{**source, "authoritative": source["name"] == self.authoritative} for source in (database, log)]
        path = self._folder / "leverwatch.yaml"
        store = {"url": "sqlite:///store.db"}
        path.write_text(yaml.safe_dump({"store": store, "sources": sources, **settings}))
        result = CliRunner().invoke(main, [*arguments, "--config", str(path)])
        assert result.exit_code == 0, result.output
        return result.stdout

    def explained(self, **settings: Any) -> str:
        return self.run("explain", "bot", "--all", **settings)

    def metric(self, name: str) -> dict[str, float]:
        found = re.findall(rf"^{name}{{(.*)}} (\S+)$", self.run("metrics"), re.MULTILINE)
        return {labels: float(value) for labels, value in found}


@pytest.fixture
def company(tmp_path: Path) -> Company:
    made = Company(tmp_path)
    for back, more in ((6, 0), (5, 0), (4, 0), (3, 60), (2, 60), (1, 60)):
        made.wrote(ago(back), 60)
        made.logged(ago(back), 60 + more)
    made.logged(day(), 1, hour=0)
    return made


def test_the_log_compares_and_says_since_when_it_differs(company: Company) -> None:
    company.run("collect")

    shown = company.explained()
    assert f"gateway says 360, database says 180 since {ago(3):%A, %Y-%m-%d}" in shown
    assert re.search(rf"{ago(4)} +60 +60 +\+0\.0%\n +{ago(3)} +120 +60 +\+100\.0%", shown)
    assert "usage from database," in shown
    assert "gateway says 360" in company.run("explain", "bot")
    # The labels are in the order of the alphabet.
    of_both = 'authoritative="database",counted_by="{}",source="gateway",system="bot"'
    assert company.metric("leverwatch_cross_check_diverging_inferences") == {
        of_both.format("compared"): 360,
        of_both.format("authoritative"): 180,
    }
    assert list(company.metric("leverwatch_inferences_total").values()) == [360]


def test_a_second_run_adds_nothing_and_late_rows_end_the_divergence(company: Company) -> None:
    company.run("collect")
    company.run("collect")
    assert list(company.metric("leverwatch_inferences_total").values()) == [360]

    for back in (3, 2, 1):
        company.wrote(ago(back), 60)
    company.run("collect")

    assert f"gateway agrees with database on {ago(1)}, the newest day that both know whole" in company.explained()
    assert company.metric("leverwatch_cross_check_diverging_inferences") == {}
    assert list(company.metric("leverwatch_inferences_total").values()) == [540]


def test_another_authoritative_source_moves_whole_days_and_the_other_one_compares(company: Company) -> None:
    company.run("collect")

    company.authoritative = "gateway"

    shown = company.explained()
    assert "usage from gateway," in shown
    assert f"database says 180, gateway says 360 since {ago(3):%A, %Y-%m-%d}" in shown
    assert list(company.metric("leverwatch_inferences_total").values()) == [541]
    company.authoritative = "database"
    assert list(company.metric("leverwatch_inferences_total").values()) == [360]


def test_the_settings_say_when_sources_diverge(company: Company) -> None:
    company.run("collect")

    assert "since" not in company.explained(cross_checks={"least_inferences": 181})
    assert "since" not in company.explained(cross_checks={"tolerance_ratio": 0.5})
    assert "since" not in company.explained(cross_checks={"days": 4})
    assert "gateway says 360, database says 180 since" in company.explained(
        cross_checks={"least_inferences": 180, "days": 3}
    )


def test_programs_get_both_numbers_of_each_day(company: Company) -> None:
    company.run("collect")

    (check,) = json.loads(company.run("explain", "bot", "--format", "json"))["cross_checks"]

    assert (check["source"], check["authoritative"]) == ("gateway", ["database"])
    # Of the first day of a log nobody knows what was before it.
    assert [(one["day"], one["compared"], one["authoritative"]) for one in check["days"]] == [
        (f"{ago(back)}", 60 + more, 60) for back, more in ((5, 0), (4, 0), (3, 60), (2, 60), (1, 60))
    ]
    assert check["divergence"]["since"] == f"{ago(3)}"


def test_what_is_known_of_each_day_is_shown_with_why(company: Company) -> None:
    company.run("collect")

    for shown in (company.explained(), company.run("check-source", "database")):
        assert "history: 30 of 30 days\n" in shown
        assert "complete 6, partial 0, empty 0, unknown 25\n" in shown
        assert f"{ago(6)} to {ago(1)} (6 days): complete: it is over, and its rows are counted\n" in shown
        assert "(24 days): unknown: it has no row, and none before it: the records may begin later" in shown
        assert f"{day()} (1 day): unknown: it has no row, and none after it" in shown
    known = json.loads(company.run("check-source", "database", "--format", "json"))["known"]
    assert known["states"] == {"complete": 6, "partial": 0, "empty": 0, "unknown": 25}
    assert known["history"] == {"answered": 30, "days": 30, "open_questions": 0}
    assert sorted(company.metric("leverwatch_source_day_states").values()) == [0, 0, 6, 25]
    assert list(company.metric("leverwatch_source_history_ratio").values()) == [1]


def test_what_was_taken_back_is_shown(company: Company, tmp_path: Path) -> None:
    company.run("collect")
    with closing(sqlite3.connect(tmp_path / "usage.db")) as database, database:
        database.execute("DELETE FROM calls WHERE at LIKE ?", (f"{ago(2)}%",))
    company.run("collect")

    shown = company.explained()

    assert "taken back when days were given again, since the store exists: 60" in shown
    assert f"{ago(2)} (1 day): empty: its rows are gone: it had 60 calls, which are taken back; that was" in shown
