"""Teams whose prompts are in a database: records tell when a version began to serve, and no text is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from sqlalchemy import create_engine, text

from leverwatch.agent.cli.main import main
from tests import days
from tests.collectors.sources.git.repo import Repo

CANARY = "Quagga-marmalade: nobody outside of this house may read how the porter greets a guest."
FIELDS = {"time": "ts", "request_id": "id", "input_tokens": "in"}
CHANGED = (10, 24, 25, 41, 60)
"""Days on which another version began to serve. On day 25 the version before day 24 came back."""


def prompt(number: int) -> str:
    """The prompt that serves at the end of a day."""
    versions = (0, 1, 2, 1, 3, 4)
    return f"{CANARY} Edition {versions[sum(number >= day for day in CHANGED)]} of it."


def days_of(number: int) -> date:
    return days.day(70 - number)


def calls(number: int) -> Iterator[str]:
    for call in range(40):
        now = prompt(number) if call >= 20 or number == 25 else prompt(number - 1)
        value: Any = {"system": now} if call % 2 else {"system": [{"type": "text", "text": now}]}
        record = {
            "ts": f"{days_of(number)}T{call // 2:02}:00:00Z",
            "id": f"{number}-{call}",
            "in": 9,
            "request": value,
        }
        yield json.dumps(record) + "\n"


def source(**changes: Any) -> dict[str, Any]:
    log = {"type": "jsonl", "fields": FIELDS}
    made = {"name": "gateway", "type": "files", "path": "logs/*.jsonl", "format": log, "system": "porter"}
    return {**made, "prompt": "{request.system}", **changes}


def write(folder: Path, *sources: object) -> None:
    config = {"store": {"url": "sqlite:///store.db"}, "sources": sources}
    (folder / "leverwatch.yaml").write_text(yaml.safe_dump(config))


@pytest.fixture
def hotel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "logs").mkdir()
    # Late: the days of the second change come in a file that is read last.
    late = {24, 25}
    (tmp_path / "logs" / "a.jsonl").write_text(
        "".join(one for day in range(70) if day not in late for one in calls(day))
    )
    write(tmp_path, source())
    assert run("collect").exit_code == 0
    again = "".join([*calls(24), *calls(25), *calls(24), *calls(10)])
    (tmp_path / "logs" / "b.jsonl").write_text(again)
    assert run("collect").exit_code == 0
    return tmp_path


def run(*arguments: str) -> Any:
    return CliRunner().invoke(main, list(arguments))


def explained() -> Any:
    done = run("explain", "porter", "--format", "json")
    assert done.exit_code in {0, 1}, done.output
    return json.loads(done.stdout)


@pytest.mark.usefixtures("hotel")
def test_the_changes_are_found_on_the_right_days() -> None:
    from leverwatch.agent.store.facts import read_served
    from leverwatch.agent.store.scope import Scope

    with create_engine("sqlite:///store.db").connect() as connection:
        seen = read_served(connection, days.day(1), Scope(telling=frozenset({"gateway"})))["porter"]

    assert seen.first_day == days.day(70)
    assert {day: str(kind) for day, kind in seen.changes.items()} == {
        days_of(number): "reverted" if number == 25 else "modified" for number in CHANGED
    }


@pytest.mark.usefixtures("hotel")
def test_the_rule_counts_the_changes_and_says_that_they_are_from_traffic() -> None:
    shown = json.dumps(explained())

    assert "as traffic shows" in shown
    assert "prompt changes from traffic, first seen" in run("explain", "porter", "--all").output
    assert "no prompt source watches this system" not in shown


def test_no_text_of_a_prompt_is_stored_logged_or_shown(hotel: Path) -> None:
    shown = [
        run("explain", "porter"),
        run("metrics"),
        run("replay", "--since", str(days.day(70))),
        run("explain", "porter", "--format", "json"),
    ]

    assert all(one.stdout for one in shown)
    assert not [one for one in shown if "Quagga" in one.output + one.stderr]
    kept = [path for path in hotel.rglob("*") if path.is_file() and path.parent.name != "logs"]
    assert any(path.name.startswith("store.db") for path in kept)
    assert [path for path in kept if b"Quagga" in path.read_bytes()] == []


@pytest.mark.usefixtures("hotel")
def test_each_call_is_counted_once_by_version() -> None:
    with create_engine("sqlite:///store.db").connect() as connection:
        total = connection.execute(text("SELECT SUM(inferences), COUNT(DISTINCT version) FROM prompt_days")).one()

    assert tuple(total) == (70 * 40, 5)


def test_with_git_as_well_git_counts_and_what_differs_is_said(hotel: Path) -> None:
    repo = Repo(hotel / "prompts")
    for day in (5, 10, 50):
        moment = datetime.combine(days_of(day), datetime.min.time(), UTC)
        repo.commit({"porter.md": f"Edition {day}."}, at=moment)
    git = {"name": "prompts", "type": "git", "repo": str(repo.path), "systems": {"porter": ["porter.md"]}}
    write(hotel, source(), git)
    assert run("collect").exit_code == 0

    shown = json.dumps(explained())
    by_default, whole = run("explain", "porter").output, run("explain", "porter", "--all").output

    assert "prompt changes are taken from git, and records show others" in " ".join(by_default.split())
    assert "prompt changes from git, first seen" in whole
    assert "prompt changes are taken from git, and records show others" in shown
    assert f"1 day with a landing that never served (the last one {days_of(50)})" in shown
    assert f"that never landed (the last one {days_of(60)})" in shown
    assert 'leverwatch_prompt_divergences{kind="landed_never_served",system="porter"} 1.0' in run("metrics").output
    assert 'leverwatch_prompt_origin{origin="git",system="porter"} 1.0' in run("metrics").output


@pytest.mark.usefixtures("hotel")
def test_a_replay_counts_the_same_changes_on_the_days_on_which_they_began() -> None:
    done = run("replay", "--since", str(days.day(70)), "--format", "openmetrics", "--step", "1h")
    assert done.exit_code == 0, done.output

    counted: dict[date, float] = {}
    for line in done.stdout.splitlines():
        if line.startswith("leverwatch_prompt_changes_total"):
            _, value, moment = line.split()
            # A day is shown throughout the next one.
            day = datetime.fromtimestamp(float(moment), UTC).date() - timedelta(days=1)
            if moment == str(int(datetime.combine(day, datetime.min.time(), UTC).timestamp()) + 86_400):
                counted[day] = counted.get(day, 0.0) + float(value)
    steps = [day for day in sorted(counted) if counted[day] != counted.get(day - timedelta(days=1), 0.0)]
    assert steps == [days_of(number) for number in CHANGED]
    assert counted[max(counted)] == len(CHANGED)
    now = [
        line for line in run("metrics").stdout.splitlines() if line.startswith("leverwatch_prompt_changes_total")
    ]
    assert sum(float(line.split()[-1]) for line in now) == len(CHANGED)
