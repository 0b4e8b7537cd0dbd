"""Commands that keep serving: `run` and `demo`."""

from __future__ import annotations

from pathlib import Path

import click

from leverwatch.agent.cli.options import (
    EPILOG,
    config_option,
)


@click.command(epilog=EPILOG)
@config_option
def run(config_path: Path) -> None:
    """Watch every source, decide on a schedule, and serve the metrics and the status page.

    SIGHUP reads the configuration again; a bad one changes nothing but the metric that says so. SIGTERM and Ctrl-C
    finish the transaction in progress and end, after 20 s in any case; a second one ends at once.

    \b
    Examples:
      leverwatch run
      leverwatch run --config /etc/leverwatch/leverwatch.yaml
    """
    from leverwatch.agent.cli.signals import keep_hangups

    keep_hangups()  # before the rest is imported
    from leverwatch.agent.cli.serve import run as act

    act(config_path)


@click.command(epilog=EPILOG)
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to put the company; rebuilt when it is there already. Default: a new folder for temporary files, "
    "removed at the end.",
)
@click.option("--listen", default="127.0.0.1:9847", show_default=True, help="Where to serve the page and metrics.")
@click.option("--serve/--no-serve", "serving", default=True, show_default=True, help="Go on serving afterwards.")
@click.option(
    "--format",
    "output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to print the verdicts.",
)
def demo(folder: Path | None, listen: str, serving: bool, output: str) -> None:
    """Show what leverwatch does, on an invented company.

    Builds five systems with 120 days of usage logs, a git repository of prompts, results of evaluations and a
    price file, runs the real agent over them on SQLite, prints the verdicts with their reasons, and serves the
    status page and the metrics while traffic goes on.

    \b
    Examples:
      leverwatch demo
      leverwatch demo --no-serve --format json
    """
    from leverwatch.agent.cli.signals import hangups_end

    hangups_end()
    from leverwatch.agent.cli.demo import demo as act

    act(folder, listen, serving, output)
