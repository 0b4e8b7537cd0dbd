"""Whoever stops the agent waits longer than it may take."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import pytest
import yaml

from leverwatch.agent.app import STOP_SECONDS
from leverwatch.agent.scheduling.scheduler import THREADS, Pool

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "docs" / "deploy" / "systemd" / "leverwatch.service"


def unit(name: str) -> str:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # names are case-sensitive
    parser.read(UNIT)
    return parser["Service"][name]


def chart() -> int:
    values = yaml.safe_load((ROOT / "helm" / "leverwatch" / "values.yaml").read_text())
    grace: int = values["terminationGracePeriodSeconds"]
    return grace


def compose() -> int:
    stack = yaml.safe_load((ROOT / "docs" / "deploy" / "compose" / "compose.yaml").read_text())
    return int(stack["services"]["leverwatch"]["stop_grace_period"].removesuffix("s"))


@pytest.mark.parametrize("given", [lambda: int(unit("TimeoutStopSec").removesuffix("s")), chart, compose])
def test_the_time_that_is_given_is_longer_than_the_agent_takes(given: object) -> None:
    assert callable(given)
    assert given() >= STOP_SECONDS + 5


def test_the_pages_say_the_time_that_the_agent_takes() -> None:
    said = re.findall(r"within \*\*(\d+) s", (ROOT / "docs" / "cli.md").read_text())

    assert said == [f"{STOP_SECONDS:g}"]


def test_the_threads_of_sources_and_their_git_fit_into_the_tasks_of_the_unit() -> None:
    # A fetch: a shell, its watcher, git, a transport, an indexer with a thread a core, and one of the agent's own.
    git = THREADS[Pool.REMOTE] * 8 + THREADS[Pool.LOCAL] * 5
    assert sum(THREADS.values()) + git + 60 <= int(unit("TasksMax"))
