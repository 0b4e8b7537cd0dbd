"""`leverwatch backfill`: reads history once."""

from __future__ import annotations

import glob
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from leverwatch.agent.cli.collect import unreadable_text
from leverwatch.agent.cli.common import believed_clock, load, opened, reported
from leverwatch.agent.cli.options import Exit, fail
from leverwatch.agent.cli.output import count, print_json, table
from leverwatch.agent.cli.progress import ProgressBar
from leverwatch.agent.cli.replaced_days import replaced_json, replaced_text
from leverwatch.agent.config import Loaded
from leverwatch.agent.errors import CommandError
from leverwatch.agent.scheduling.backfill import COUNTS, Found, Rehearsal, reconcile, skipped
from leverwatch.agent.scheduling.runner import Ledger, RunReport
from leverwatch.agent.scheduling.source_runner import source_runner
from leverwatch.agent.store.store import Store
from leverwatch.collectors.config import SourceConfig
from leverwatch.collectors.interface import BackfillRequest, Batch, Result, utc_now


def backfill(
    names: tuple[str, ...],
    config_path: Path,
    output: str,
    since: date | None,
    until: date | None,
    paths: tuple[str, ...],
    dry_run: bool,
    workers: int,
    *,
    trust_clock: bool,
    refused: bool,
) -> None:
    """Carry out `leverwatch backfill`, whose options are in `commands`."""
    with reported():
        if since is not None and until is not None and since > until:
            fail(f"--since {since} is later than --until {until}", Exit.UNUSABLE)
        if refused and (since is not None or until is not None):
            fail(
                "--refused reads records whose days are not known, and takes no --since or --until", Exit.UNUSABLE
            )
        loaded = load(config_path)
        history = BackfillRequest(since, until, tuple(_absolute(path) for path in paths), refused)
        sources = _chosen(loaded, names, history)
        results: list[tuple[RunReport, Found]] = []
        with _ledger(loaded, dry_run) as (ledger, context):
            clock = believed_clock(ledger, trusted=trust_clock).now if isinstance(ledger, Store) else utc_now
            results += [_run(source, context, ledger, history, workers, clock) for source in sources]
    if output == "json":
        print_json({"dry_run": dry_run, "sources": [_as_json(report, found) for report, found in results]})
    else:
        click.echo(_as_text(results, dry_run=dry_run))
        for report, _ in results:
            if report.error is not None:
                click.echo(f"{report.source}: failed ({report.reason}): {report.error}", err=True)
            if report.waits is not None:
                click.echo(f"{report.source}: waits: {report.waits}", err=True)
    # A backfill that waits is not done: whoever asked for it has to come again.
    sys.exit(Exit.OK if all(report.success and report.waits is None for report, _ in results) else Exit.FAILED)


def _absolute(path: str) -> str:
    full = os.path.join(glob.escape(os.getcwd()), path)  # noqa: PTH118, PTH109 - a pattern is no path
    if not any(os.path.isfile(match) for match in glob.iglob(full, recursive=True)):  # noqa: PTH113, PTH207 - as above
        fail(f"--path {path}: matches no file", Exit.UNUSABLE)
    return full


def _chosen(loaded: Loaded, names: tuple[str, ...], history: BackfillRequest) -> list[SourceConfig]:
    """Return the sources to read, in the order of the configuration."""
    known = [source.name for source in loaded.config.sources]
    unknown = sorted(set(names) - set(known))
    if unknown:
        fail(f"no source named {', '.join(unknown)}; there are: {', '.join(known)}", Exit.UNUSABLE)
    sources = [source for source in loaded.config.sources if not names or source.name in names]
    if history.paths and len(sources) != 1:
        fail("--path needs exactly one SOURCE, whose format and system its files have", Exit.UNUSABLE)
    return sources


@contextmanager
def _ledger(loaded: Loaded, dry_run: bool) -> Iterator[tuple[Ledger, Loaded]]:
    """A context manager of the ledger to write to, and of the configuration to run with."""
    if not dry_run:
        with opened(loaded) as store:
            yield store, loaded
        return
    store = Store(loaded.store_url)
    try:
        if not store.is_new():
            store.require_newest()
        # A source may fetch copies; those of a rehearsal go with it.
        with tempfile.TemporaryDirectory(prefix="leverwatch-dry-run-") as folder:
            yield (
                Rehearsal(store),
                replace(loaded, config=loaded.config.model_copy(update={"cache_dir": Path(folder)})),
            )
    finally:
        store.close()


def _run(
    source: SourceConfig,
    loaded: Loaded,
    ledger: Ledger,
    history: BackfillRequest,
    workers: int,
    clock: Callable[[], datetime],
) -> tuple[RunReport, Found]:
    found = Found(history)
    with ProgressBar(source.name) as progress:

        def committed(name: str, batch: Batch) -> None:
            found.add(batch)
            progress(name, batch)

        runner = source_runner(source, loaded, ledger, on_batch=committed, workers=workers, clock=clock)
        if not runner.backfills and (history.paths or (history.limited and source.counts_usage())):
            asked = "--path" if history.paths else "--since and --until"
            raise CommandError(f"source {source.name}: a source of type {source.type} takes no {asked}")
        report = runner.run(history)
    if runner.backfills:
        reconcile(report)
    return report, found


def _as_json(report: RunReport, found: Found) -> dict[str, Any]:
    return {
        "source": report.source,
        "success": report.success,
        "error": report.error,
        **({"waits": report.waits} if report.waits else {}),
        "read": sum(report.tallies.values()),
        "counted": report.tallies.get(Result.COUNTED, 0),
        "duplicates": report.tallies.get(Result.DUPLICATE, 0),
        "skipped": skipped(report),
        **({"unreadable_values": report.unreadable} if report.unreadable else {}),
        **replaced_json(report),
        "months": [
            {"system": system, "month": month, **{name: _number(sums[name]) for name in COUNTS}}
            for (system, month), sums in sorted(found.months.items())
        ],
        "prompt_changes": [
            {"system": system, "month": month, "changes": changes}
            for (system, month), changes in sorted(found.prompt_changes.items())
        ],
        "seconds": round(report.seconds, 3),
    }


def _number(value: float) -> int | float:
    return int(value) if float(value).is_integer() else value


def _as_text(results: list[tuple[RunReport, Found]], *, dry_run: bool) -> str:
    lines = []
    for report, _ in results:
        tallies, left = report.tallies, skipped(report)
        reasons = ", ".join(f"{count(number)} {reason}" for reason, number in left.items())
        lines.append(
            f"{report.source}: read {count(sum(tallies.values()))}"
            f" = {count(tallies.get(Result.COUNTED, 0))} {'would count' if dry_run else 'counted'}"
            f" + {count(tallies.get(Result.DUPLICATE, 0))} duplicates"
            f" + {count(sum(left.values()))} skipped{f' ({reasons})' if reasons else ''}"
            f", in {report.seconds:.1f} s"
        )
        if report.unreadable:
            lines.append(f"  {unreadable_text(report.unreadable)}")
        if report.replaced_days:
            lines.append(f"  {replaced_text(report, 'would replace' if dry_run else 'replaced')}")
    usage = [
        (report.source, system, month, *(count(sums[name]) for name in COUNTS))
        for report, found in results
        for (system, month), sums in sorted(found.months.items())
    ]
    if usage:
        names = [name.upper().replace("_", " ") for name in COUNTS]
        lines += ["", table(("SOURCE", "SYSTEM", "MONTH", *names), usage)]
    changes = [
        (report.source, system, month, count(number))
        for report, found in results
        for (system, month), number in sorted(found.prompt_changes.items())
    ]
    if changes:
        lines += ["", table(("SOURCE", "SYSTEM", "MONTH", "PROMPT CHANGES"), changes)]
    if dry_run:
        lines += ["", "Nothing was written."]
    return "\n".join(lines)
