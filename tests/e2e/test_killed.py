"""Counts stay exact however often the agent is killed while logs grow, rotate, are truncated and compressed.

`make soak` is the same with more rounds and more shapes of logs.
"""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy.engine import make_url

from tests.e2e.killing import run_and_kill

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("seed", [1, 2])
def test_counts_are_exact_after_many_kills(tmp_path: Path, seed: int) -> None:
    run_and_kill(tmp_path, f"sqlite:///{tmp_path / 'store.db'}", seed, kills=26)


def test_counts_are_exact_after_many_kills_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    name = f"t{uuid4().hex}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    url = make_url(postgres_url).set(database=name, drivername="postgresql")
    run_and_kill(tmp_path, url.render_as_string(hide_password=False), seed=3, kills=12)
