"""SIGTERM, SIGINT and SIGKILL while something that the agent waits for does not answer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.collectors.sources.git.silent import marked, silent_server
from tests.e2e.agents import COMMAND, Agent, start
from tests.e2e.databases import database_of
from tests.e2e.servers import free_port, wait_until
from tests.e2e.stalling import Stalling
from tests.e2e.test_signals import configure, files, lines

pytestmark = pytest.mark.e2e

DEADLINE = 20
STARTUP = 30


@pytest.fixture
def mark(monkeypatch: pytest.MonkeyPatch) -> str:
    """Something in the environment of every process that the test starts."""
    monkeypatch.setenv("LEVERWATCH_TEST_MARK", uuid4().hex)
    return f"LEVERWATCH_TEST_MARK={os.environ['LEVERWATCH_TEST_MARK']}"


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that never answers."""
    with silent_server() as port:
        yield port


def prompts(port: int) -> dict[str, object]:
    return {
        "name": "prompts",
        "type": "git",
        "repo": f"http://127.0.0.1:{port}/prompts.git",
        "systems": {"bot": ["*.md"]},
    }


def await_transport(mark: str) -> None:
    wait_until(lambda: any("remote-http" in line for line in marked(mark).values()), STARTUP, "git waits")


def test_an_agent_whose_git_server_is_silent_stops_and_takes_git_along(
    tmp_path: Path, mark: str, silent: int
) -> None:
    port = free_port()
    agent = start(configure(tmp_path, port, prompts(silent)), port)
    await_transport(mark)

    started = time.monotonic()
    assert agent.terminate(DEADLINE) == 0
    assert time.monotonic() - started < DEADLINE / 2, "nothing had to be waited for"
    assert not marked(mark)
    log = agent.log.read_text()
    assert "event=stopped" in log
    assert "collector_failed" not in log


def test_nothing_outlives_an_agent_that_is_killed(tmp_path: Path, mark: str, silent: int) -> None:
    port = free_port()
    agent = start(configure(tmp_path, port, prompts(silent)), port)
    await_transport(mark)

    agent.kill()

    wait_until(lambda: not marked(mark), 2, "the end of git")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
@pytest.mark.parametrize("command", ["collect", "backfill"])
def test_a_command_that_waits_for_git_ends_when_it_is_told_to(
    tmp_path: Path, mark: str, silent: int, command: str, number: signal.Signals, code: int
) -> None:
    config = configure(tmp_path, 0, prompts(silent))
    process = subprocess.Popen([*COMMAND, command, "--config", str(config)], stderr=subprocess.PIPE)
    await_transport(mark)

    process.send_signal(number)

    _, said = process.communicate(timeout=DEADLINE)
    assert process.returncode == code
    assert f"leverwatch: ended by {number.name}".encode() in said
    assert b"Traceback" not in said
    assert not marked(mark)


@pytest.fixture
def stalling(postgres_url: str) -> Iterator[tuple[Stalling, str]]:
    """A PostgreSQL database of one's own behind a way that can be cut, and its URL."""
    with database_of(postgres_url) as url:
        way = Stalling(f"{url.query['host']}/.s.PGSQL.{url.port or 5432}")
        own = url.set(host="127.0.0.1", port=way.port, query={})
        yield way, own.render_as_string(hide_password=False)
        way.close()


def stalled(tmp_path: Path, way: Stalling, url: str) -> Agent:
    """An agent whose database does not answer any more."""
    port = free_port()
    (tmp_path / "a.jsonl").write_bytes(lines(10))
    config = configure(tmp_path, port, files(interval="100ms"), store={"url": url})
    agent = start(config, port)
    wait_until(agent.is_ready, STARTUP, "the agent is ready")
    way.stall()
    (tmp_path / "b.jsonl").write_bytes(lines(10, first=100))
    time.sleep(1)
    return agent


def test_an_agent_whose_database_is_out_of_reach_stops_in_time_and_says_how(
    tmp_path: Path, stalling: tuple[Stalling, str]
) -> None:
    agent = stalled(tmp_path, *stalling)

    code = agent.terminate(DEADLINE + 5)

    log = agent.log.read_text()
    # What waits for the database may have been cancelled; then the agent ends as usual.
    assert (code, "event=stopped" in log) == (0, True) or (code, "event=stop_unfinished" in log) == (4, True)
    assert "event=stop_delayed" in log or code == 0


def test_a_second_signal_ends_the_agent_at_once(tmp_path: Path, stalling: tuple[Stalling, str]) -> None:
    agent = stalled(tmp_path, *stalling)

    agent.process.terminate()
    started = time.monotonic()
    # Two signals that a busy machine delivers at the same time are one.
    while agent.process.poll() is None and time.monotonic() - started < DEADLINE:
        time.sleep(0.5)
        agent.process.terminate()
    code = agent.process.wait(1)
    assert (code, "event=stopped_at_once" in agent.log.read_text()) in {(143, True), (0, False)}


@pytest.mark.parametrize("command", ["collect", "evaluate"])
def test_a_command_whose_database_is_out_of_reach_ends_when_it_is_told_to(
    tmp_path: Path, stalling: tuple[Stalling, str], command: str
) -> None:
    way, url = stalling
    way.stall()
    config = configure(tmp_path, 0, files(), store={"url": url})
    process = subprocess.Popen([*COMMAND, command, "--config", str(config)])
    assert way.asked.wait(STARTUP)

    process.terminate()

    assert process.wait(DEADLINE) == 143


ENDLESS = """
import sys, threading
from datetime import timedelta
from pathlib import Path
from leverwatch.agent import log
from leverwatch.agent.app import Agent
from leverwatch.agent.cli.serve import serve
from leverwatch.agent.config import load_config
log.configure()
agent = Agent(load_config(Path(sys.argv[1])), lambda: None)
started = threading.Event()
def endless():
    started.set()
    print("started", flush=True)
    threading.Event().wait()
agent._scheduler.add("endless", timedelta(hours=1), endless, lambda: None)
if sys.argv[2] == "server":
    agent.server.stop = lambda: threading.Event().wait()
    agent._scheduler.stop = lambda seconds: threading.Event().wait()
serve(agent, stop_seconds=float(sys.argv[3]))
"""


@pytest.mark.parametrize(
    ("what", "seconds", "said"), [("job", 60, "event=stop_unfinished"), ("server", 2, "event=stop_overdue")]
)
def test_what_cannot_be_ended_does_not_hold_the_process(
    tmp_path: Path, what: str, seconds: float, said: str
) -> None:
    config = configure(tmp_path, 0)
    process = subprocess.Popen(
        [sys.executable, "-c", ENDLESS, str(config), what, str(seconds)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"started\n"

    started = time.monotonic()
    process.terminate()

    _, log = process.communicate(timeout=40)
    assert time.monotonic() - started < DEADLINE
    assert process.returncode == 4
    assert said.encode() in log
    if what == "job":
        assert log.count(b"jobs=endless") == 2
        assert log.index(b"event=stop_delayed") < log.index(b"event=stop_unfinished")


STUBBORN = """
import time
from leverwatch.agent.cli.signals import ending
with ending():
    try:
        print("started", flush=True)
        time.sleep(60)
    except SystemExit:
        print("told", flush=True)
        time.sleep(60)
"""


@pytest.mark.parametrize("signals", [1, 2])
def test_a_command_that_does_not_end_by_itself_is_ended(signals: int) -> None:
    process = subprocess.Popen([sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"started\n"

    process.terminate()
    assert process.stdout.readline() == b"told\n"
    started = time.monotonic()
    if signals == 2:
        time.sleep(0.6)  # what comes earlier may be the same request, passed on
        process.terminate()

    process.communicate(timeout=30)
    assert process.returncode == 143
    seconds = time.monotonic() - started
    assert seconds < 4 if signals == 2 else 4 < seconds < 15
