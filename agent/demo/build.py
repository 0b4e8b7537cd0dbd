"""Builds the demo company in a folder, computes what a correct agent must find there, and adds live traffic."""

from __future__ import annotations

import gzip
import json
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

import zstandard

from leverwatch.agent.demo.company import DAYS, SYSTEMS, SystemPlan
from leverwatch.agent.demo.evals import eval_lines
from leverwatch.agent.demo.prompts import Landing, plan_history
from leverwatch.agent.demo.repository import write_repository
from leverwatch.agent.demo.settings import PRICES, config_text
from leverwatch.agent.demo.traffic import Totals, UsageLine, day_lines, encode, moment_lines, total
from leverwatch.agent.errors import CommandError
from leverwatch.agent.framework.model import Status, Strategy
from leverwatch.collectors.interface import ChangeKind, Result

MARKER = ".leverwatch-demo.json"
"""The name of the file that marks a folder as a demo folder."""

_OWN = ("logs", "evals", "prompts.git", "prices.yaml", "leverwatch.yaml", "cache")
_OWN_DATABASE = ("leverwatch.db", "leverwatch.db-wal", "leverwatch.db-shm", "leverwatch.db-journal")

# Days before the last day.
_PLAIN_DAYS = 7
_ZSTD_DAY = 45
_DUPLICATES = (100, _ZSTD_DAY, 6, 3, 1)
_MALFORMED = {60: Result.INVALID_LINE, 5: Result.MISSING_FIELD, 2: Result.MISTYPED_FIELD}


@dataclass(frozen=True, slots=True)
class ExpectedSystem:
    """What a correct agent finds for one system."""

    declared: Strategy
    recommended: Strategy
    status: Status
    mismatch: bool
    conflict: bool
    totals: Totals
    """Sums over all days, with every line counted once."""
    landings: Mapping[ChangeKind, int]
    """Landings on the default branch that touched the system's prompts."""
    bulk_landings: int


@dataclass(frozen=True, slots=True)
class Expected:
    """What a correct agent finds in the demo, computed from the generator's own numbers."""

    first_day: date
    last_day: date
    systems: Mapping[str, ExpectedSystem]
    counted: int
    """The number of lines that count."""
    malformed: Mapping[Result, int]
    duplicates: int


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo folder."""

    folder: Path
    config: Path
    expected: Expected


def build(folder: Path, now: datetime, seed: int = 7, listen: str = "127.0.0.1:9847") -> Demo:
    """Write configuration, usage logs and prompt repository; these are the same for the same clock and seed.

    A demo folder is rebuilt with its store; files that the demo did not write are kept.

    Args:
        folder: the scratch folder; made when missing.
        now: the clock, with a zone. The log ends with the UTC day before.
        seed: chooses the noise.
        listen: `host:port` of the demo's HTTP server.

    Raises:
        CommandError: the folder has other files, cannot be written to, or git is not installed.
    """
    today = _utc(now).date()
    last_day = today - timedelta(days=1)
    first_day = today - timedelta(days=DAYS)
    landings = plan_history(first_day, last_day, seed)
    try:
        _clear(folder)
        marker = {"first_day": str(first_day), "last_day": str(last_day), "seed": seed}
        (folder / MARKER).write_text(json.dumps(marker) + "\n", encoding="utf-8")
        usage = _write_logs(folder / "logs", first_day, last_day, seed)
        write_repository(folder / "prompts.git", landings)
        (folder / "evals").mkdir()
        (folder / "evals" / "results.jsonl").write_text(eval_lines(last_day), encoding="utf-8")
        (folder / "prices.yaml").write_text(PRICES, encoding="utf-8")
        config = folder / "leverwatch.yaml"
        config.write_text(config_text(last_day, listen), encoding="utf-8")
    except OSError as error:
        raise CommandError(f"cannot write the demo into {folder}: {error.strerror or error}") from error
    return Demo(folder, config, _expected(first_day, last_day, usage, landings))


def live(folder: Path, now: datetime, seconds: float = 10.0) -> int:
    """Append the traffic of the `seconds` before `now` to the log of the UTC day, so that a served demo moves.

    Call it every `seconds`. What it adds is not part of `Demo.expected`.

    Returns:
        The inferences added.

    Raises:
        CommandError: not a demo folder, or it cannot be written.
    """
    now = _utc(now)
    try:
        marker = json.loads((folder / MARKER).read_text(encoding="utf-8"))
        last_day, seed = date.fromisoformat(marker["last_day"]), int(marker["seed"])
        lines = [line for system in SYSTEMS for line in moment_lines(system, now, seconds, last_day, seed)]
        # One write of whole lines: a reader never sees half of them for long.
        with (folder / "logs" / _log_name(now.date())).open("ab") as log:
            log.write(b"".join(map(encode, lines)))
    except OSError as error:
        raise CommandError(f"cannot continue the demo in {folder}: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise CommandError(f"cannot continue the demo in {folder}: {MARKER} is damaged") from error
    return total(lines).inferences


def _utc(now: datetime) -> datetime:
    if now.tzinfo is None:
        raise ValueError("the clock of the demo needs a zone")
    return now.astimezone(UTC)


def _clear(folder: Path) -> None:
    """Create the folder, or delete what an earlier demo wrote to it."""
    if folder.exists() and not folder.is_dir():
        raise CommandError(f"{folder} is not a folder; the demo needs a new, an empty or a demo folder")
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / MARKER).is_file():
        if any(folder.iterdir()):
            raise CommandError(f"{folder} is not empty and no demo folder; the demo will not write into it")
        return
    for name in (*_OWN, *_OWN_DATABASE):
        path = folder / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _log_name(day: date) -> str:
    return f"gateway-{day}.jsonl"


def _write_logs(logs: Path, first_day: date, last_day: date, seed: int) -> list[UsageLine]:
    logs.mkdir()
    usage: list[UsageLine] = []
    for age in range((last_day - first_day).days, -1, -1):
        day = last_day - timedelta(days=age)
        lines = [line for system in SYSTEMS for line in day_lines(system, day, last_day, seed)]
        lines.sort(key=lambda line: line.at)
        usage += lines
        _write_log(logs / _log_name(day), _blemished(lines, age, Random(f"{seed}/{day}")), age)  # noqa: S311 - repeatable places, no secret
    return usage


def _blemished(lines: list[UsageLine], age: int, rng: Random) -> bytes:
    """Return the lines of a day as bytes, with the duplicate or the malformed line planned for that day."""
    encoded = [encode(line) for line in lines]
    served = [index for index, line in enumerate(lines) if line.ok]
    if age in _DUPLICATES:
        index = rng.choice(served)
        # A retried flush writes the same line again a little later.
        encoded.insert(min(index + 3, len(encoded)), encoded[index])
    if age in _MALFORMED:
        index = rng.choice(served)
        encoded.insert(index, _malformed(encoded[index], _MALFORMED[age]))
    return b"".join(encoded)


def _malformed(line: bytes, reason: Result) -> bytes:
    if reason is Result.INVALID_LINE:
        return b"WARN flush took 2140 ms, queue at 81 percent\n"
    record = json.loads(line)
    record["request_id"] += "/damaged"
    if reason is Result.MISSING_FIELD:
        del record["ts"]
    else:
        record["inferences"] = "many"
    return json.dumps(record, separators=(",", ":")).encode() + b"\n"


def _write_log(path: Path, data: bytes, age: int) -> None:
    if age == _ZSTD_DAY:
        path, data = path.with_name(f"{path.name}.zst"), zstandard.ZstdCompressor(level=6).compress(data)
    elif age >= _PLAIN_DAYS:
        path, data = path.with_name(f"{path.name}.gz"), gzip.compress(data, compresslevel=6, mtime=0)
    path.write_bytes(data)


def _expected(
    first_day: date, last_day: date, usage: Iterable[UsageLine], landings: Iterable[Landing]
) -> Expected:
    by_system: dict[str, list[UsageLine]] = {system.name: [] for system in SYSTEMS}
    for line in usage:
        by_system[line.system].append(line)
    kinds: dict[str, Counter[ChangeKind]] = {system.name: Counter() for system in SYSTEMS}
    bulk: Counter[str] = Counter()
    for landing in landings:
        for name, kind in landing.kinds.items():
            kinds[name][kind] += 1
            bulk[name] += landing.bulk

    def system(plan: SystemPlan) -> ExpectedSystem:
        return ExpectedSystem(
            declared=plan.declared,
            recommended=plan.recommended,
            status=Status.DECIDED,
            mismatch=plan.declared is not plan.recommended,
            conflict=plan.conflict,
            totals=total(by_system[plan.name]),
            landings=dict(kinds[plan.name]),
            bulk_landings=bulk[plan.name],
        )

    systems = {plan.name: system(plan) for plan in SYSTEMS}
    return Expected(
        first_day=first_day,
        last_day=last_day,
        systems=systems,
        counted=sum(each.totals.lines for each in systems.values()),
        malformed=dict(Counter(_MALFORMED.values())),
        duplicates=len(_DUPLICATES),
    )
