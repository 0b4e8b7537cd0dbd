"""Counts stay exact however often the agent is killed while every type of source changes, on both stores.

`make soak` is the same with a thousand kills.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.killing import Ordeal
from tests.e2e.kills.databases import postgresql_on, sqlite_in
from tests.e2e.kills.world import world

pytestmark = pytest.mark.e2e

KILLS = 40


def test_everything_is_exact_on_both_stores_after_many_kills(tmp_path: Path, postgres_url: str) -> None:
    seed = 1
    stores = {"sqlite": sqlite_in(tmp_path / "databases"), "postgresql": postgresql_on(postgres_url)}
    with world(tmp_path, seed) as sources:
        ordeal = Ordeal(tmp_path, sources, stores, seed)
        while ordeal.kills < KILLS:
            ordeal.round(burst=60, backlog=8_000)
        shares = ordeal.check()

    assert all(shares), "agents were always killed before they counted anything"
    killed = {command for victim in ordeal.victims for command in victim.kills}
    assert {"run", "collect"} <= killed
