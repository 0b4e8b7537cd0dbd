"""What an agent's work costs in memory, from the store to the scrape, with very many systems.

    python -m tests.benchmarks.bench_served_memory [--systems 10000]

Each system has 5 models and 40 days. A process of its own fills the store, so that only the rest is measured;
after each step stand the memory of the process and the most that it ever had, in MB. A body is read in small
pieces, and its size is that of the transfer.
"""

from __future__ import annotations

import argparse
import http.client
import random
import subprocess
import sys
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import yaml

from leverwatch.agent.config import load_config
from leverwatch.agent.evaluation.assessor import Assessor
from leverwatch.agent.evaluation.decide import Plan
from leverwatch.agent.evaluation.evaluate import evaluate
from leverwatch.agent.exporter.render import Exposition, Format
from leverwatch.agent.memory import give_back, give_back_freed
from leverwatch.agent.store.store import Store
from leverwatch.agent.web.server import Server, State, create_app
from leverwatch.collectors.interface import Batch, Operation, UsageRow
from tests.agent.exporter import samples

MODELS = ("gpt-4o-mini", "gpt-4o", "claude-sonnet-4-5", "claude-haiku-4-5", "gpt-4.1-mini")
DAYS, TODAY = 40, date(2026, 3, 11)
_EVALUATIONS = 3


def fill(url: str, systems: int) -> None:
    """Write the usage of every system, in batches of 200."""
    store, rng = Store(url), random.Random(1)
    store.migrate()
    days = [TODAY - timedelta(days=age) for age in range(DAYS, 0, -1)]
    for revision, start in enumerate(range(0, systems, 200)):
        rows = []
        for number in range(start, min(start + 200, systems)):
            for day in days:
                for model in MODELS:
                    calls = rng.randrange(1_000, 1_000_000)
                    tokens = {"input_tokens": calls * 400.0, "output_tokens": calls * 30.0}
                    name = f"team-{number % 50}/service-{number:05}"
                    rows.append(UsageRow(name, model, Operation.GENERATION, day, inferences=calls, **tokens))
        store.apply("gateway", revision, Batch(state={}, usage=tuple(rows), days_seen=frozenset(days)))
    store.close()


def show(step: str) -> None:
    """Print the memory of this process."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    now, most = (int(lines[name].split()[0]) * 1024 / 1e6 for name in ("VmRSS", "VmHWM"))
    print(f"{step:44} {now:7.1f} {most:7.1f}", flush=True)


def ask(server: Server, path: str, **headers: str) -> None:
    """Read a body, and print what it took."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("GET", path, headers={name.replace("_", "-"): text for name, text in headers.items()})
    answer, piece, size = connection.getresponse(), bytearray(1 << 16), 0
    while read := answer.readinto(piece):
        size += read
    connection.close()
    show(f"{path} {answer.headers.get('Content-Encoding', 'plain')}, {size / 1e6:.1f} MB")


def measure(folder: Path, url: str, systems: int) -> None:
    """Take every step, and print what it took."""
    give_back()
    file = folder / "leverwatch.yaml"
    file.write_text(yaml.safe_dump({"store": {"url": url}, "limits": {"undeclared_systems": systems}}))
    loaded = load_config(file)
    store, plan, assessor = Store(url), Plan.of(loaded.config), Assessor.of(loaded)
    exposition = Exposition()
    exposition.set_agent(samples.agent())
    server = Server("127.0.0.1", 0, create_app(State(exposition, lambda: (True, ""))))
    server.start()
    show("started")
    for _ in range(_EVALUATIONS):
        snapshot = evaluate(store, plan, datetime(2026, 3, 11, 6, tzinfo=UTC), assessor)
        show(f"{len(snapshot.systems)} systems evaluated")
        exposition.set_systems(snapshot)
        show("rendered")
        for output in Format:
            ask(server, "/metrics", Accept=output.value, Accept_Encoding="gzip")
            ask(server, "/metrics", Accept=output.value)
        ask(server, "/")
        ask(server, "/api/v1/systems")
        give_back_freed()
        show("given back")
    server.stop()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--systems", type=int, default=10_000)
    parser.add_argument("--fill")
    options = parser.parse_args()
    if options.fill:
        fill(options.fill, options.systems)
        return
    with tempfile.TemporaryDirectory() as temporary:
        url = f"sqlite:///{Path(temporary) / 'store.db'}"
        command = [sys.executable, "-m", __spec__.name, "--fill", url, "--systems", str(options.systems)]
        subprocess.run(command, check=True, timeout=3600)
        print(f"{'MB':44} {'now':>7} {'most':>7}")
        measure(Path(temporary), url, options.systems)


if __name__ == "__main__":
    main()
