"""The agent changes nothing of what it follows, and connects to nothing that the configuration does not name."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.collectors.sources.evals import samples
from tests.collectors.sources.git.repo import Repo
from tests.collectors.sources.models.server import models, provider
from tests.e2e.agents import Agent
from tests.e2e.audited import CHANGES, NETWORK, PROGRAMS
from tests.e2e.servers import free_port, wait_until
from tests.e2e.test_signals import configure, counted, files, lines

pytestmark = pytest.mark.e2e

AUDITED = (sys.executable, "-m", "tests.e2e.audited")
ROOT = Path(__file__).parents[2]


def known(folder: Path) -> dict[str, tuple[int, ...]]:
    """Everything below a folder, with what a change of it would change."""
    found: dict[str, tuple[int, ...]] = {}
    for path in [folder, *folder.rglob("*")]:
        stat = path.stat()
        found[str(path)] = (stat.st_ino, stat.st_mode, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
    return found


def events(file: Path) -> list[list[str]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def audited(file: Path, config: Path, *arguments: str) -> subprocess.Popen[bytes]:
    with (config.parent / "agent.log").open("ab") as log:
        command = [*AUDITED, str(file), *arguments, "--config", str(config)]
        return subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """A log, a rotated part of it that the glob does not match, one that is compressed, and results."""
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "a.jsonl").write_bytes(lines(10))
    (folder / "b.jsonl.gz").write_bytes(gzip.compress(lines(10, first=10)))
    (folder / "broken.jsonl").write_bytes(b"no record\n" + lines(1, first=20)[:-1])
    (folder / "evals.ndjson").write_text(json.dumps(samples.own()) + "\n")
    return folder


def settings(folder: Path, port: int, *more: dict[str, Any]) -> Path:
    repo = Repo(folder / "repo")
    repo.commit({"system.md": "Be brief."})
    return configure(
        folder,
        port,
        files(path="logs/*.jsonl*", quiet_after="0s"),
        {"name": "local", "type": "git", "repo": "repo", "systems": {"bot": ["*.md"]}},
        {"name": "evals", "type": "evals", "path": "logs/*.ndjson", "system": "bot"},
        *more,
    )


def assert_harmless(found: list[list[str]], folder: Path) -> None:
    changed = [event for event in found if event[0] == "open" or event[0].startswith(CHANGES)]
    touched = [
        event for event in changed if any(str(folder / name) in " ".join(event) for name in ("logs", "repo"))
    ]
    assert touched == []
    started = [event for event in found if event[0].startswith(PROGRAMS)]
    assert started != []
    assert [event for event in started if "git" not in " ".join(event)] == []


def test_logs_and_results_are_only_read_and_nobody_is_connected_to(tmp_path: Path, logs: Path) -> None:
    port = free_port()
    config, file = settings(tmp_path, port), tmp_path / "events"
    before = known(logs)
    for arguments in (["collect"], ["backfill"], ["evaluate"], ["explain", "bot"], ["metrics"], ["check-config"]):
        assert audited(file, config, *arguments).wait(60) == 0, (arguments, (tmp_path / "agent.log").read_text())
    agent = Agent(audited(file, config, "run"), f"http://127.0.0.1:{port}", tmp_path / "agent.log")
    try:
        wait_until(agent.is_ready, 60, "the agent is ready")
        wait_until(lambda: agent.value(counted()) == 21, 30, "every record")
        agent.reload()
        wait_until(lambda: "event=config_reloaded" in agent.log.read_text(), 30, "a reload")
        assert agent.terminate() == 0
    finally:
        if agent.is_alive():
            agent.kill()

    found = events(file)
    assert_harmless(found, tmp_path)
    assert known(logs) == before
    # An address of one's own to listen on is no way out.
    names = [event for event in found if event[0].startswith(NETWORK)]
    assert [event for event in names if event[:3] != ["socket.getaddrinfo", "'127.0.0.1'", str(port)]] == []


def test_what_the_configuration_names_is_the_only_way_out(tmp_path: Path, logs: Path) -> None:
    with provider() as served:
        served.answer = lambda _: models({"id": "m", "shutdown_date": "2027-01-14"})
        config = settings(tmp_path, 0, {"name": "models", "type": "models", "url": served.url})
        file = tmp_path / "events"
        before = known(logs)
        assert audited(file, config, "collect").wait(60) == 0
        own = served.url.removeprefix("http://").partition("/")[0].partition(":")

    found = events(file)
    assert_harmless(found, tmp_path)
    assert known(logs) == before
    ways = {tuple(event) for event in found if event[0] == "socket.connect"}
    assert len(ways) > 0, "what is looked for can be seen"
    assert {way[-1] for way in ways} == {f"('{own[0]}', {own[2]})"}


def test_a_change_would_be_seen(logs: Path) -> None:
    before, log = known(logs), logs / "a.jsonl"
    os.utime(log, (1, 1))
    touched = known(logs)
    log.chmod(0o600)

    assert before != touched != known(logs)
