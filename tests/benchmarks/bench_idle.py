"""What an agent costs that has nothing to do: 20 sources, of which none has anything new.

    python -m tests.benchmarks.bench_idle [--seconds 300] [--before CHECKOUT]

Ten sources of files, four repositories, four tables of a SQLite file and two of a local server with the API of
Prometheus, all at the intervals they have when nothing is configured. After everything was read once and a pause,
it prints the processor time of the agent and of the processes it started, how often its threads woke, and its
memory. With `--before`, an agent of another checkout runs at the same time.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
FILES, TABLES, REPOSITORIES, SERVERS = 10, 4, 4, 2
SETTLING_SECONDS = 45.0
_TICKS = os.sysconf("SC_CLK_TCK")


class Reading(NamedTuple):
    """What a process used until one moment: seconds and wakes of all its threads; megabytes."""

    seconds: float
    wakes: int
    memory: float
    most: float


def configuration(folder: Path, store: Path, port: int, serving: int) -> str:
    """The configuration of an agent, whose files, tables and repositories are in `folder`."""
    fields = "{time: at, model: model, request_id: id}"
    logs = (
        f'{{name: log-{number}, type: files, path: "{folder}/logs/{number}/*.jsonl", system: "{{system}}",'
        f" format: {{type: jsonl, fields: {fields}}}}}"
        for number in range(FILES)
    )
    prompts = (
        f"{{name: prompts-{number}, type: git, repo: {folder}/repository, systems: {{s-{number}: [p/**]}}}}"
        for number in range(REPOSITORIES)
    )
    tables = (
        f'{{name: table-{number}, type: sql, url: "sqlite:///{folder}/calls.db", table: calls, time_is: text,'
        f' fields: {fields}, system: "t-{number}"}}'
        for number in range(TABLES)
    )
    servers = (
        f'{{name: metrics-{number}, type: prometheus, url: "http://127.0.0.1:{serving}", '
        f'metrics: {{inferences: calls_{number}_total}}, system: "m-{number}"}}'
        for number in range(SERVERS)
    )
    sources = "".join(f"  - {source}\n" for source in (*logs, *prompts, *tables, *servers))
    return f'store: {{url: "sqlite:///{store}"}}\nweb: {{listen: "127.0.0.1:{port}"}}\nsources:\n{sources}'


def prepare(folder: Path) -> None:
    """Write logs of a week, a table of the same, and a repository with one prompt."""
    now = datetime.now(UTC)
    moments = [(now - timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ") for hours in range(1, 168)]
    for number in range(FILES):
        (folder / "logs" / str(number)).mkdir(parents=True)
        (folder / "logs" / str(number) / "a.jsonl").write_text("".join(
            json.dumps({"at": at, "model": "m", "id": f"{number}-{at}", "system": f"l-{number}"}) + "\n"
            for at in moments
        ))  # fmt: skip
    with sqlite3.connect(folder / "calls.db") as table:
        table.execute("CREATE TABLE calls (at TEXT, model TEXT, id TEXT)")
        table.executemany("INSERT INTO calls VALUES (?, 'm', ?)", [(at, at) for at in moments])
    table.close()
    repository = folder / "repository"
    (repository / "p").mkdir(parents=True)
    (repository / "p" / "a.txt").write_text("invented")
    git = ["git", "-C", str(repository), "-c", "user.name=A", "-c", "user.email=a@example.com"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "a prompt"]):
        subprocess.run([*git, *command], check=True, timeout=60)


class _Nothing(BaseHTTPRequestHandler):
    """Answers every question as a server of metrics does that knows no such series."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = b'{"status":"success","data":{"resultType":"vector","result":[]}}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - the name that the server asks for

    def log_message(self, *_: object) -> None:
        return


@contextmanager
def metrics() -> Iterator[int]:
    """The port of a server of metrics that has none."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Nothing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def reading(pid: int) -> Reading:
    """Read the counters of a process and of its ended children from `/proc`."""
    values = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    wakes = sum(wakes_of_threads(pid).values())
    status = dict(
        line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line
    )
    memory, most = (int(status[name].split()[0]) / 1000 for name in ("VmRSS", "VmHWM"))
    return Reading(sum(map(int, values[11:15])) / _TICKS, wakes, memory, most)


def wakes_of_threads(pid: int) -> dict[str, int]:
    """How often each thread waited for something and got it, by its id."""
    found = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        lines = (task / "status").read_text().splitlines()
        found[task.name] = next(int(line.split()[1]) for line in lines if line.startswith("voluntary_ctxt"))
    return found


@contextmanager
def agent(checkout: Path, folder: Path, config: str) -> Iterator[int]:
    """The process id of an agent of a checkout."""
    folder.mkdir()
    (folder / "leverwatch.yaml").write_text(config)
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "leverwatch", "run", "--config", str(folder / "leverwatch.yaml")],
            cwd=checkout, stdout=log, stderr=log, env=os.environ | {"PYTHONPATH": str(checkout)},
        )  # fmt: skip
    try:
        yield process.pid
    finally:
        ended = process.poll() is not None
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        if ended:
            print((folder / "log").read_text(), file=sys.stderr)


def main() -> None:
    """Measure, and print a line for each checkout."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--before", type=Path)
    options = parser.parse_args()
    checkouts = {"now": ROOT} | ({"before": options.before.absolute()} if options.before else {})
    with tempfile.TemporaryDirectory() as temporary, metrics() as serving, ExitStack() as stack:
        folder = Path(temporary)
        prepare(folder)
        running = {
            name: stack.enter_context(
                agent(
                    checkout,
                    folder / name,
                    configuration(folder, folder / name / "store.db", free_port(), serving),
                )
            )
            for name, checkout in checkouts.items()
        }
        time.sleep(SETTLING_SECONDS)
        before = {name: reading(pid) for name, pid in running.items()}
        time.sleep(options.seconds)
        print(f"{FILES + TABLES + REPOSITORIES + SERVERS} sources, nothing new, {options.seconds:.0f} s")
        for name, pid in running.items():
            first, last = before[name], reading(pid)
            share = (last.seconds - first.seconds) / options.seconds
            print(
                f"  {name:<8} {share:8.3%} of a core, {(last.wakes - first.wakes) / options.seconds:6.2f} wakes/s,"
                f" {last.memory:5.1f} MB, at most {last.most:5.1f} MB"
            )


if __name__ == "__main__":
    main()
