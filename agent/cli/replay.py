"""`leverwatch replay`: the verdicts of past days, as a list of changes or as history for Prometheus."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import BinaryIO

import click
from msgspec.structs import replace

from leverwatch.agent.cli.common import load, opened, past_day, reported, unknown_system
from leverwatch.agent.cli.options import Exit
from leverwatch.agent.cli.output import count, spoken, table
from leverwatch.agent.cli.verdicts import as_json
from leverwatch.agent.errors import CommandError
from leverwatch.agent.evaluation.decide import Plan, last_complete_day, narrowed
from leverwatch.agent.framework.model import Verdict
from leverwatch.agent.replay.run import all_changes, fill
from leverwatch.agent.replay.spool import Spool, checked_labels, moments
from leverwatch.agent.replay.verdicts import Change, days_between
from leverwatch.agent.store.history_reader import HistoryReader
from leverwatch.agent.store.store import Store
from leverwatch.collectors.interface import utc_now

_MARGIN = timedelta(hours=3)
"""Prometheus still writes to its newest block, and forbids to backfill anything younger than this."""


def replay(
    config_path: Path,
    since: date,
    until: date | None,
    only: tuple[str, ...],
    output: str,
    file: Path | None,
    step: timedelta,
    labels: dict[str, str],
) -> None:
    """Carry out `leverwatch replay`, whose options are in `commands`."""
    with reported():
        now = utc_now()
        last = past_day(until, now, "--until") or last_complete_day(now)
        if since > last:
            raise CommandError(f"--since {since}: this day is after the last one to decide, {last}")
        days = days_between(since, last)
        checked_labels(labels)
        loaded = load(config_path)
        plan = Plan.of(loaded.config)
        with opened(loaded, reading=True) as store:
            plan = narrowed(store, plan)
            # The changes of a system that is named are told also when it is not shown.
            read = replace(plan.scope, systems=frozenset(only)) if only else plan.scope
            with store.past(last, read, plan.models_per_system) as past, _target(file) as target:
                systems = _chosen(store, plan, past, only)
                stored = store.verdicts(since - timedelta(days=1), read.systems)
                if output == "openmetrics":
                    # The spool lies beside the file, where the user expects something large.
                    with (
                        tempfile.TemporaryDirectory(dir=None if file is None else file.parent) as folder,
                        Spool(Path(folder), labels) as spool,
                    ):
                        fill(spool, past, plan, days, stored, systems)
                        written = spool.write(target, [moments(day, step, now - _MARGIN) for day in days])
                    click.echo(f"{count(spool.series)} series, {count(written)} samples", err=True)
                else:
                    found = all_changes(past, plan, days, stored, systems)
                    text = _as_json(found) if output == "json" else _as_table(found)
                    target.write(f"{text}\n".encode())
    sys.exit(Exit.OK)


def _chosen(store: Store, plan: Plan, past: HistoryReader, only: Sequence[str]) -> list[str]:
    unknown = sorted(set(only) - set(past.timelines))
    if unknown:
        raise CommandError(unknown_system(store, plan, unknown))
    return [system for system in past.timelines if not only or system in only]


@contextmanager
def _target(file: Path | None) -> Iterator[BinaryIO]:
    """A context manager of standard output, or of a file that gets its name when it is complete."""
    if file is None:
        yield sys.stdout.buffer
        return
    partial = file.with_name(f".{file.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as target:
            yield target
        partial.replace(file)
    except OSError as error:
        raise CommandError(f"--output {file}: {error.strerror or error}") from error
    finally:
        partial.unlink(missing_ok=True)


def _as_json(found: Sequence[Change]) -> str:
    rows = [
        {
            "day": str(change.verdict.as_of),
            "system": change.verdict.system,
            "from": None if change.previous is None else change.previous.strategy,
            "to": change.verdict.strategy,
            "verdict": as_json(change.verdict),
        }
        for change in found
    ]
    return json.dumps(rows, indent=2, ensure_ascii=False)


def _as_table(found: Sequence[Change]) -> str:
    if not found:
        return "no system is declared, and none was seen in a source"
    rows = [
        (
            str(change.verdict.as_of),
            change.verdict.system,
            f"{_spoken(change.previous)} -> {_spoken(change.verdict)}",
            change.verdict.status + (" (held)" if change.verdict.held else ""),
            change.verdict.rule or ("conflict" if change.verdict.conflict else "-"),
            {True: "frequent", False: "not frequent", None: "?"}[change.verdict.frequency.frequent],
            change.verdict.reasons[0].text,
        )
        for change in found
    ]
    return table(("DAY", "SYSTEM", "FROM -> TO", "STATUS", "RULE", "CHANGES", "WHY"), rows)


def _spoken(verdict: Verdict | None) -> str:
    return spoken(None if verdict is None else verdict.strategy)
