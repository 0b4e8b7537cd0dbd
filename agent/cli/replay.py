"""`leverwatch replay`: the verdicts of past days, as changes for people or as history for Prometheus."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import click

from leverwatch.agent.cli.common import (
    EPILOG,
    Exit,
    config_option,
    count,
    load,
    opened,
    past_day,
    reported,
    table,
    unknown_system,
)
from leverwatch.agent.cli.story import spoken
from leverwatch.agent.cli.verdicts import as_json
from leverwatch.agent.errors import CommandError
from leverwatch.agent.evaluation.evaluate import Plan, last_complete_day, narrowed
from leverwatch.agent.framework.model import Verdict
from leverwatch.agent.replay.run import all_changes, fill
from leverwatch.agent.replay.spool import Spool, checked_labels, moments
from leverwatch.agent.replay.verdicts import Change, days_between
from leverwatch.agent.store.history_reader import HistoryReader
from leverwatch.agent.store.store import Store
from leverwatch.collectors.config import parse_duration
from leverwatch.collectors.interface import utc_now

_MARGIN = timedelta(hours=3)
"""Prometheus still changes its newest block, and asks for nothing younger than this to be filled in."""


def _day(_context: click.Context, _option: click.Parameter, value: datetime | None) -> date | None:
    return None if value is None else value.date()


def _step(_context: click.Context, _option: click.Parameter, value: str) -> timedelta:
    try:
        step: timedelta = parse_duration(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
    if not timedelta(seconds=1) <= step <= timedelta(days=1) or step % timedelta(seconds=1):
        raise click.BadParameter("a step is a number of whole seconds, from 1s to 1d")
    return step


def _labels(_context: click.Context, _option: click.Parameter, values: Sequence[str]) -> dict[str, str]:
    pairs = [value.partition("=") for value in values]
    for name, equals, _ in pairs:
        if not name or not equals:
            raise click.BadParameter("write a label as NAME=VALUE")
    return {name: value for name, _, value in pairs}


@click.command("replay", epilog=EPILOG)
@config_option
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    callback=_day,
    required=True,
    help="The first UTC day to decide again.",
)
@click.option(
    "--until",
    type=click.DateTime(["%Y-%m-%d"]),
    callback=_day,
    help="The last UTC day to decide again. Default: yesterday.",
)
@click.option("--system", "only", multiple=True, metavar="NAME", help="Only this system; may be given again.")
@click.option(
    "--format",
    "output",
    type=click.Choice(["table", "json", "openmetrics"]),
    default="table",
    show_default=True,
    help="The changes for people, the changes for programs, or every day for Prometheus.",
)
@click.option(
    "--output",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write to this file, which appears when it is complete. Default: standard output.",
)
@click.option(
    "--step",
    default="5m",
    show_default=True,
    callback=_step,
    help="Time between two samples of a series (openmetrics only).",
)
@click.option(
    "--label",
    "labels",
    multiple=True,
    metavar="NAME=VALUE",
    callback=_labels,
    help="Add a label to every series, such as job=leverwatch (openmetrics only); may be given again.",
)
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
    """Decide every day of a span again, and show when each verdict would have changed, and why.

    Everything comes from stored data, with the settings and the declarations of today; nothing is written to the
    store. The first verdict on each system is shown as a change from nothing.

    With --format openmetrics the metrics of all these days are written with timestamps, for `promtool tsdb
    create-blocks-from openmetrics`: dashboards then have a past on the first day.

    \b
    Examples:
      leverwatch replay --since 2026-03-01
      leverwatch replay --since 2026-03-01 --until 2026-06-30 --system support-bot --format json
      leverwatch replay --since 2026-03-01 --format openmetrics --output past.om \\
        --label job=leverwatch --label instance=leverwatch:9847
    """
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
    """Standard output, or a file that takes its name when it is complete."""
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
            change.verdict.reasons[0].text,
        )
        for change in found
    ]
    return table(("DAY", "SYSTEM", "FROM -> TO", "STATUS", "RULE", "WHY"), rows)


def _spoken(verdict: Verdict | None) -> str:
    return spoken(None if verdict is None else verdict.strategy)
