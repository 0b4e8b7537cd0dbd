"""A second, naive reading of a demo folder that shares no code with the generator."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import zstandard


@dataclass
class Reread:
    sums: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    daily: dict[str, Counter[date]] = field(default_factory=lambda: defaultdict(Counter))
    days: set[date] = field(default_factory=set)
    lines: int = 0
    counted: int = 0
    duplicates: int = 0
    malformed: Counter[str] = field(default_factory=Counter)
    repeat_gaps: list[timedelta] = field(default_factory=list)
    priced: dict[str, set[bool]] = field(default_factory=lambda: defaultdict(set))


def _lines(logs: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(logs.iterdir()):
        data = path.read_bytes()
        if path.suffix == ".gz":
            data = gzip.decompress(data)
        elif path.suffix == ".zst":
            data = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data)).read()
        assert data.endswith(b"\n"), path
        for line in data.splitlines():
            yield path.name, line


def _fault(record: dict[str, Any]) -> str | None:
    if "ts" not in record:
        return "missing_field"
    return None if isinstance(record["inferences"], int) else "mistyped_field"


def reread(logs: Path) -> Reread:
    found = Reread()
    seen: dict[str, datetime] = {}
    for name, line in _lines(logs):
        found.lines += 1
        try:
            record = json.loads(line)
        except ValueError:
            found.malformed["invalid_line"] += 1
            continue
        if fault := _fault(record):
            found.malformed[fault] += 1
            continue
        at = datetime.fromisoformat(record["ts"])
        assert at.date().isoformat() in name
        if record["request_id"] in seen:
            found.duplicates += 1
            found.repeat_gaps.append(abs(at - seen[record["request_id"]]))
            continue
        seen[record["request_id"]] = at
        found.counted += 1
        found.days.add(at.date())
        sums = found.sums[record["app"]]
        sums["lines"] += 1
        if record["status"] == "error":
            sums["errors"] += record["inferences"]
            continue
        found.daily[record["app"]][at.date()] += record["inferences"]
        found.priced[record["model"]].add("cost" in record)
        sums["inferences"] += record["inferences"]
        sums["input_tokens"] += record["usage"]["prompt_tokens"]
        sums["cached_tokens"] += record["usage"]["prompt_tokens_details"]["cached_tokens"]
        sums["output_tokens"] += record["usage"]["completion_tokens"]
        sums["unpriced"] += 0 if "cost" in record else record["inferences"]
    return found


def month_equivalent(daily: Counter[date], last: date) -> float:
    return sum(daily[last - timedelta(days=back)] for back in range(28)) * 30.4375 / 28


def git(repository: Path, *arguments: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    command = ["git", "-C", str(repository), *arguments]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout


@dataclass(frozen=True)
class Touched:
    """One first-parent step: the blobs before and after, by path, of every file it touched."""

    at: datetime
    parents: int
    files: dict[str, tuple[str | None, str | None]]


def first_parent_steps(repository: Path) -> list[Touched]:
    log = git(
        repository, "log", "--first-parent", "--reverse", "-m", "--raw", "--no-renames", "--no-abbrev", "--root",
        "--format=@%ct %P", "main",
    )  # fmt: skip
    steps: list[Touched] = []
    for line in log.splitlines():
        if line.startswith("@"):
            seconds, *parents = line[1:].split()
            steps.append(Touched(datetime.fromtimestamp(int(seconds), UTC), len(parents), {}))
        elif line:
            details, path = line.split("\t")
            _, _, before, after, _ = details.split()
            steps[-1].files[path] = (
                None if set(before) == {"0"} else before,
                None if set(after) == {"0"} else after,
            )
    return steps
