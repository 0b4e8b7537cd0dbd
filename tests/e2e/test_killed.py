"""Counts stay exact however often the agent is killed while every type of source changes, on both stores.

`make soak` is the same with a thousand kills.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from uuid import uuid4

import pytest

from tests.e2e.killing import Ordeal
from tests.e2e.kills.databases import postgresql_on, sqlite_in
from tests.e2e.kills.processes import MARK, assert_gone, of_lives
from tests.e2e.kills.world import world
from tests.e2e.servers import wait_until

pytestmark = pytest.mark.e2e

KILLS = 40


def test_everything_is_exact_on_both_stores_after_many_kills(tmp_path: Path, postgres_url: str) -> None:
    seed = 1
    stores = {"sqlite": sqlite_in(tmp_path / "databases"), "postgresql": postgresql_on(postgres_url)}
    with world(tmp_path, seed) as sources:
        ordeal = Ordeal(tmp_path, sources, stores, seed)
        while ordeal.kills < KILLS or not ordeal.reached_work():
            ordeal.round(burst=60, backlog=8_000)
        ordeal.check()

    killed = {command for victim in ordeal.victims for command in victim.kills}
    assert {"run", "collect"} <= killed


def test_a_process_that_a_killed_agent_left_behind_is_found() -> None:
    life = uuid4().hex
    left = subprocess.Popen(["sleep", "60"], env={**os.environ, MARK: life})
    try:
        wait_until(lambda: of_lives([life]) == ["sleep 60 "], 10, "it is found")
    finally:
        left.kill()
        left.wait()

    assert_gone([life])
