"""A full disk under the store: the agent says so, goes on, and counts exactly once there is room again."""

from __future__ import annotations

import errno
import json
import resource
import subprocess
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from tests.e2e.agents import COMMAND, Agent
from tests.e2e.servers import free_port, wait_until

pytestmark = pytest.mark.e2e

_MOUNT = ("unshare", "--map-root-user", "--mount", "sh", "-c")
_SIZE = 48 << 20
FAILURES = 'leverwatch_collector_failures_total{reason="store",source="gateway"}'
SUCCESS = 'leverwatch_collector_success{source="gateway"}'
COUNTED = 'leverwatch_records_total{result="counted",source="gateway"}'


def can_mount() -> bool:
    return not subprocess.run([*_MOUNT, "mount -t tmpfs none /mnt"], capture_output=True, check=False).returncode


def start(tmp_path: Path, *, mount: bool) -> Agent:
    (tmp_path / "store").mkdir()
    port = free_port()
    source = {
        "name": "gateway",
        "type": "files",
        "path": "*.jsonl",
        "format": {"type": "jsonl", "fields": {"time": "ts", "request_id": "id"}},
        "system": "{app}",
        "interval": "200ms",
    }
    settings = {
        "store": {"url": f"sqlite:///{tmp_path / 'store' / 'store.db'}"},
        "server": {"listen": f"127.0.0.1:{port}"},
        "sources": [source],
    }
    config = tmp_path / "leverwatch.yaml"
    config.write_text(yaml.safe_dump(settings))
    run = [*COMMAND, "run", "--config", str(config)]
    if mount:
        # A file system of its own, which only the agent and who looks through its root can see.
        run = [*_MOUNT, f'mount -t tmpfs -o size={_SIZE} none "$0" && exec "$@"', str(tmp_path / "store"), *run]
    log = tmp_path / "agent.log"
    with log.open("ab") as output:
        process = subprocess.Popen(run, stdout=output, stderr=output)
    return Agent(process, f"http://127.0.0.1:{port}", log)


def fill(agent: Agent, store: Path) -> Callable[[], None]:
    """Use up the agent's file system; gives what frees it again."""
    filler = Path(f"/proc/{agent.process.pid}/root{store}/filler")
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while file.write(b"x" * 4096):
            pass
    with pytest.raises(OSError) as caught:  # noqa: PT011 - the number says it
        filler.with_name("more").write_bytes(b"x" * 8192)
    assert caught.value.errno == errno.ENOSPC

    def free() -> None:
        filler.unlink()
        filler.with_name("more").unlink(missing_ok=True)

    return free


def limit(agent: Agent, store: Path) -> Callable[[], None]:
    """Let no file of the agent grow, which needs no rights of any kind; gives what lifts that again."""
    _, hard = before = resource.prlimit(agent.process.pid, resource.RLIMIT_FSIZE)
    wal = (store / "store.db-wal").stat().st_size
    resource.prlimit(agent.process.pid, resource.RLIMIT_FSIZE, (wal, hard))
    return lambda: (resource.prlimit(agent.process.pid, resource.RLIMIT_FSIZE, before), None)[1]


@pytest.mark.parametrize(
    "mount", [True, False] if can_mount() else [False], ids=lambda on: "full" if on else "limit"
)
def test_counts_are_exact_after_the_disk_was_full(tmp_path: Path, mount: bool) -> None:
    log, number = tmp_path / "app.jsonl", 0

    def write() -> int:
        """Some new systems each time, so that the store has to grow."""
        nonlocal number
        moment = datetime.now(UTC).isoformat()
        with log.open("a") as file:
            for _ in range(1_000):
                number += 1
                file.write(json.dumps({"ts": moment, "id": f"r{number}", "app": f"s{number}"}) + "\n")
        return number

    write()
    agent = start(tmp_path, mount=mount)
    try:
        wait_until(agent.is_ready, 60, "the agent is ready")
        wait_until(lambda: agent.value(COUNTED) == number, 60, "the first records count")
        assert agent.value(FAILURES) == 0
        free = (fill if mount else limit)(agent, tmp_path / "store")
        for _ in range(4):
            write()
        wait_until(lambda: (agent.value(FAILURES) or 0) >= 3, 60, "the failures are counted")
        assert agent.value(SUCCESS) == 0
        said = next(line for line in agent.log.read_text().splitlines() if "collector_failed" in line)
        assert f"{tmp_path / 'store' / 'store.db'}" in said
        assert ("disk is full" if mount else "disk I/O error") in said
        free()
        write()
        wait_until(lambda: agent.value(COUNTED) == number, 60, "everything counts")
        wait_until(lambda: agent.value(SUCCESS) == 1, 30, "it is well again")
        assert agent.terminate() == 0
    finally:
        if agent.is_alive():
            agent.kill()
