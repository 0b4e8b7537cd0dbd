"""`leverwatch demo`: the real agent with a small invented company."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from leverwatch.agent.app import Agent
from leverwatch.agent.cli.common import load, opened, reported
from leverwatch.agent.cli.options import Exit
from leverwatch.agent.cli.output import print_json
from leverwatch.agent.cli.serve import serve
from leverwatch.agent.cli.signals import at_leaving
from leverwatch.agent.cli.verdicts import as_json, verdict_table
from leverwatch.agent.config import load_config
from leverwatch.agent.demo.build import build, live
from leverwatch.agent.errors import CommandError
from leverwatch.agent.evaluation.decide import Plan
from leverwatch.agent.evaluation.evaluate import evaluate
from leverwatch.agent.framework.model import Verdict
from leverwatch.agent.scheduling.source_runner import source_runner
from leverwatch.collectors.interface import utc_now

_LIVE_SECONDS = 10.0


def demo(folder: Path | None, listen: str, serving: bool, output: str) -> None:
    """Carry out `leverwatch demo`, whose options are in `commands`."""
    with reported(), _place(folder) as place:
        click.echo(f"building an invented company in {place}", err=True)
        company = build(place, utc_now(), listen=listen)
        click.echo("reading its sources and deciding", err=True)
        loaded = load(company.config)
        plan = Plan.of(loaded.config)
        with opened(loaded) as store:
            reports = [source_runner(source, loaded, store).run() for source in loaded.config.sources]
            failed = [report.error for report in reports if report.error is not None]
            if failed:
                raise CommandError("; ".join(failed))
            verdicts = [view.verdict for view in evaluate(store, plan, utc_now()).systems]
        if output == "json":
            print_json([as_json(verdict) for verdict in verdicts])
        else:
            click.echo(verdict_table(verdicts, plan.settings))
            click.echo(f"\n{_more(verdicts)}")
            if serving or folder is not None:
                click.echo(f"\nconfiguration: {company.config}")
        if serving:
            address = loaded.config.web.address
            click.echo(f"serving http://{address.host or '127.0.0.1'}:{address.port}/ (Ctrl-C ends)", err=True)
            agent = Agent(loaded, lambda: load_config(company.config, os.environ))
            serve(agent, _LIVE_SECONDS, lambda: _go_on(place), reloads=False)
    sys.exit(Exit.OK)


@contextmanager
def _place(folder: Path | None) -> Iterator[Path]:
    """A context manager of the given folder, or of a temporary one, which is also removed when a signal ends
    the command."""
    if folder is not None:
        yield folder
        return
    with (
        tempfile.TemporaryDirectory(prefix="leverwatch-demo-", ignore_cleanup_errors=True) as temporary,
        at_leaving(lambda: shutil.rmtree(temporary, ignore_errors=True)),
    ):
        yield Path(temporary)


def _go_on(place: Path) -> None:
    live(place, utc_now(), _LIVE_SECONDS)


def _more(verdicts: list[Verdict]) -> str:
    lines = []
    for verdict in verdicts:
        lines.append(f"{verdict.system}:")
        lines += [f"  - {reason.text}" for reason in verdict.reasons]
    return "\n".join(lines)
