"""Access logs in text, from the file to batches, against GoAccess and mtail reading the same file.

Run as `python -m tests.benchmarks.bench_access_logs [MEGABYTES [ROW ...]]`. Every way of reading runs in a
process of its own, pinned to one core, three times, the ways taking turns; the table has medians, by processor
time. Two thirds of the lines are no calls of a model, as in the log of a server that does more. Ours removes
duplicates where lines have an id. GoAccess counts every line and shows all its panels, or that of the status
codes alone; mtail counts the calls that came out well and those that did not. Counts that differ end the run. `to
Python` is the share of the lines that the compiled helper did not count by itself.
"""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from leverwatch.collectors.interface import CollectorContext, Result, SourceState
from leverwatch.collectors.sources.files.collector import FilesCollector
from leverwatch.collectors.sources.files.config import FilesConfig
from tests.benchmarks.formats.call import Call
from tests.benchmarks.left_lines import left_lines

TURNS = 3
Counts = dict[str, float]
"""Lines, calls that came out well, and errors, as far as a way knows them."""
_CALLS = ("/v1/chat/completions", "/v1/embeddings", "/openai/deployments/gpt-4o/chat/completions?api-version=2024")
_AGENTS = (
    "OpenAI/Python 1.51.0", "curl/8.6.0", "node-fetch/1.0 (+https://github.com/bitinn/node-fetch)",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36",
)  # fmt: skip
_STATUSES = tuple(f"--ignore-panel={panel}" for panel in (
    "VISITORS", "REQUESTS", "REQUESTS_STATIC", "NOT_FOUND", "HOSTS", "OS", "BROWSERS", "VISIT_TIMES",
    "VIRTUAL_HOSTS", "REFERRERS", "REFERRING_SITES", "KEYPHRASES", "REMOTE_USER", "CACHE_STATUS", "GEO_LOCATION",
    "MIME_TYPE", "TLS_TYPE",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Log:
    """A kind of log: how a line is written, and how each way is told of it."""

    format: str
    system: str
    line: Callable[[Call, str, str], str]
    goaccess: tuple[str, ...]
    mtail: str
    """A pattern of a call, up to the group of the first digit of its status."""


def _asked(call: Call) -> tuple[str, str]:
    """A request, and the agent that sent it."""
    rng = call.rng
    agent = rng.choice(_AGENTS)
    if rng.randrange(3) == 0:
        return f"POST {rng.choice(_CALLS)}", agent
    path = rng.choice(
        ("/health", "/v1/models", "/static/app.js", f"/v1/files/file-{call.id}", f"/t/{rng.randrange(900)}")
    )
    return f"{rng.choice(('GET', 'GET', 'POST'))} {path}", agent


def _combined(call: Call, request: str, agent: str) -> str:
    return (
        f"10.0.{call.ms % 7}.{call.taken % 250} - {call.system} [{call.start:%d/%b/%Y:%H:%M:%S} +0000]"
        f' "{request} HTTP/1.1" {500 if call.failed else 200} {call.taken} "-" "{agent}"'
    )


def _timed(call: Call, request: str, agent: str) -> str:
    seconds = f"{call.ms / 1000:.3f}"
    return f'{_combined(call, request, agent)} rt={seconds} uct="0.001" urt="{seconds}" request_id={call.id}'


def _envoy(call: Call, request: str, agent: str, istio: str = "", end: str = "") -> str:
    return (
        f'[{call.iso()}] "{request} HTTP/1.1" {500 if call.failed else 200} -{istio} 105 {call.taken} {call.ms}'
        f' 451 "10.0.{call.ms % 7}.{call.taken % 250}" "{agent}" "{call.id}" "{call.system}" "10.0.0.2:443"{end}'
    )


def _istio(call: Call, request: str, agent: str) -> str:
    end = " outbound|80||vllm.svc inbound 10.0.0.1:80 10.0.0.2:4 - default"
    return _envoy(call, request, agent, ' via_upstream - "-"', end)


_NGINX_CALL = r"/\"POST [^ ]*(?:completions|embeddings)(?:\?[^ ]*)? HTTP\/1.1\" (?P<status>[0-9])/"
_DAY = ("--date-format=%d/%b/%Y", "--time-format=%T")
_MESH = ("--date-format=%Y-%m-%d", "--time-format=%T")
LOGS = {
    "nginx combined": Log("nginx", "{user}", _combined, ("--log-format=COMBINED",), _NGINX_CALL),
    "nginx with times and ids": Log(
        "nginx", "{user}", _timed,
        ('--log-format=%h - %e [%d:%t %^] "%r" %s %b "%R" "%u" rt=%T uct="%^" urt="%^" request_id=%^', *_DAY),
        _NGINX_CALL,
    ),
    "envoy": Log(
        "envoy", "{authority}", _envoy,
        ('--log-format=[%dT%t.%^] "%m %U %H" %s %^ %^ %b %L %^ "%h" "%u" "%^" "%v" "%^"', *_MESH), _NGINX_CALL,
    ),
    "istio": Log(
        "envoy", "{authority}", _istio,
        ('--log-format=[%dT%t.%^] "%m %U %H" %s %^ %^ %^ "%^" %^ %b %L %^ "%h" "%u" "%^" "%v" "%^" %^', *_MESH),
        _NGINX_CALL,
    ),
}  # fmt: skip


def write_log(path: Path, log: Log, size: int) -> int:
    """Write about `size` bytes. Returns the number of lines."""
    rng = random.Random(20260901)
    written = number = 0
    with path.open("w") as file:
        while written < size:
            call = Call(rng, number)
            written += file.write(log.line(call, *_asked(call)) + "\n")
            number += 1
    return number


def leverwatch(log: Log, path: Path) -> Callable[[], Counts]:
    """Reads the file as a run does."""
    settings = {"name": "bench", "path": str(path), "format": log.format, "system": log.system}
    context = CollectorContext(path.parent, path.parent / "cache")
    collector = FilesCollector(FilesConfig.model_validate(settings), context, time.process_time)

    def read() -> Counts:
        found = {"lines": 0.0, "good": 0.0, "errors": 0.0}
        for batch in collector.collect(SourceState(0, dict)):
            tallies = batch.tallies
            found["lines"] += sum(
                tallies.get(it, 0) for it in (Result.COUNTED, Result.DUPLICATE, Result.NOT_A_CALL)
            )
            found["good"] += sum(row.inferences for row in batch.usage)
            found["errors"] += sum(row.errors for row in batch.usage)
        return found

    return read


def given(log: Log, path: Path) -> Callable[[], Counts]:
    """Reads the file as a run does; gives how many of its lines the compiled helper left to Python."""
    return lambda: {"to Python": left_lines(leverwatch(log, path))}


def goaccess(log: Log, path: Path, *options: str) -> Callable[[], Counts]:
    """GoAccess with all its panels."""
    report = path.with_suffix(".json")
    command = [
        "goaccess",
        str(path),
        "--no-global-config",
        "--no-progress",
        *log.goaccess,
        *options,
        "-o",
        str(report),
    ]

    def read() -> Counts:
        subprocess.run(command, check=True, capture_output=True)
        told = json.loads(report.read_text())["general"]
        if told["failed_requests"]:
            raise SystemExit(f"GoAccess could not read {told['failed_requests']} lines")
        return {"lines": told["valid_requests"]}

    return read


def goaccess_statuses(log: Log, path: Path) -> Callable[[], Counts]:
    """GoAccess with one panel."""
    return goaccess(log, path, *_STATUSES)


_MTAIL = """
counter calls by status
%s {
    calls[$status]++
}
"""


def mtail(log: Log, path: Path) -> Callable[[], Counts]:
    """The `mtail` program in one-shot mode."""
    program = path.with_suffix(".mtail")
    program.write_text(_MTAIL % log.mtail)
    command = ["mtail", "-one_shot", "-logtostderr", "-progs", str(program), "-logs", str(path)]

    def read() -> Counts:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        (metric,) = next(iter(json.loads(done.stdout).values()))
        found = {entry["Labels"][0]: float(entry["Value"]["Value"]) for entry in metric["LabelValues"]}
        return {"good": found["2"], "errors": found["5"]}

    return read


WAYS = {it.__name__: it for it in (leverwatch, goaccess, goaccess_statuses, mtail, given)}
PEERS = {"goaccess": "goaccess", "goaccess_statuses": "goaccess", "mtail": "mtail"}
"""By way: the program."""


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def measure(way: str, name: str, path: Path) -> None:
    """Run one way in this process and print what it took."""
    read = WAYS[way](LOGS[name], path)
    started = _cpu()
    counted = read()
    print(json.dumps([_cpu() - started, counted]))


def run(way: str, name: str, path: Path) -> tuple[float, Counts]:
    """Seconds and counts of one way, in a process of its own on one core."""
    core = str(max(os.sched_getaffinity(0)))
    command = [
        "taskset",
        "-c",
        core,
        sys.executable,
        "-m",
        "tests.benchmarks.bench_access_logs",
        way,
        name,
        str(path),
    ]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds, counted = json.loads(done.stdout.splitlines()[-1])
    return seconds, counted


def row(name: str, size: int) -> None:
    """Measure every way on one log."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "access.log"
        lines = write_log(path, LOGS[name], size)
        ways = ["leverwatch", *(way for way, program in PEERS.items() if shutil.which(program))]
        turns = [{way: run(way, name, path) for way in ways} for _ in range(TURNS)]
        ours = turns[0]["leverwatch"][1]
        if ours["lines"] != lines:
            raise SystemExit(f"{name}: {ours['lines']:.0f} of {lines} lines are counted")
        for turn in turns:
            for way, (_, counts) in turn.items():
                if any(ours[what] != number for what, number in counts.items()):
                    raise SystemExit(f"{name}: {way} disagrees with ours: {counts}, {ours}")
        cpu = {way: median(turn[way][0] for turn in turns) for way in ways}
        share = run("given", name, path)[1]["to Python"] / lines
        print(f"{name}: {lines:,} lines, {path.stat().st_size >> 20} MiB, to Python {share:.1%}")
        for way in ("leverwatch", *PEERS):
            if way not in cpu:
                print(f"  {way:18}  absent")
                continue
            rate = f"{lines / cpu[way]:11,.0f} {path.stat().st_size / cpu[way] / 1e6:7.0f}"
            print(f"  {way:18} {rate} {cpu[way] / cpu['leverwatch']:8.2f}", flush=True)


def main() -> None:
    """Print a table for each log."""
    if sys.argv[1:2] and sys.argv[1] in WAYS:
        measure(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
        return
    size = int(sys.argv[1]) << 20 if len(sys.argv) > 1 else 64 << 20
    print("  way                 lines/s      MB/s  ours is so many times as fast")
    for name in sys.argv[2:] or LOGS:
        row(name, size)


if __name__ == "__main__":
    main()
