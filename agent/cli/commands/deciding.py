"""Commands that decide: `evaluate`, `explain` and `replay`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import click

from leverwatch.agent.cli.options import (
    EPILOG,
    as_of_option,
    config_option,
    day,
    format_option,
    trust_clock_option,
)


@click.command("evaluate", epilog=EPILOG)
@config_option
@format_option
@as_of_option
@click.option(
    "--check", is_flag=True, help="Exit with 1 when a decided recommendation differs from its declaration."
)
@trust_clock_option
def evaluate(config_path: Path, output: str, as_of: date | None, check: bool, *, trust_clock: bool) -> None:
    """Apply the framework to every system, and print the verdicts.

    Without --as-of the verdicts are as of yesterday, the last complete UTC day, and are stored with their facts.
    With it, any past day is decided again from stored data.

    \b
    Examples:
      leverwatch evaluate
      leverwatch evaluate --as-of 2026-06-30 --format json
    """
    from leverwatch.agent.cli.verdicts import evaluate_command as act

    act(config_path, output, as_of, check, trust_clock=trust_clock)


def _suppositions(_context: click.Context, _option: click.Parameter, incomplete: str) -> list[str]:
    from leverwatch.agent.cli.suppose import completions

    return completions(incomplete)


@click.command("explain", epilog=EPILOG)
@click.argument("system")
@config_option
@format_option
@as_of_option
@click.option("--all", "whole", is_flag=True, help="Tell the whole story instead of one screen.")
@click.option(
    "--with",
    "suppose",
    multiple=True,
    metavar="KEY=VALUE[,...]",
    shell_complete=_suppositions,
    help="What if? Suppose other facts, such as volume=300M,price.input=0.1; may be given again.",
)
def explain(
    system: str, config_path: Path, output: str, as_of: date | None, whole: bool, suppose: tuple[str, ...]
) -> None:
    """Tell the verdict on SYSTEM on one screen: why, the money, what changes next and what is doubtful.

    With --all the whole story: each rule with its number against its threshold and what would change it; then what
    stands beside the verdict and never changes it: the economics, the outlook, the baseline of a fine-tuned model,
    signs of an over-engineered prompt, the review, models that end, and evidence of locked-in behaviour. JSON
    always has all of it. Nothing is written. With --as-of all of it is worked out again from stored data; prices,
    thresholds and last days of models are those of now.

    With --with the verdict and the money of now stand beside those of supposed facts, as if these had settled:
    volume (a month), changes_per_week, declared_strategy, locked_in_behavior (true or false), price.input and
    price.output, .cached_input, .cache_write of all models in use, tuned_price.* of the tuned model (also
    .training and .hosting_per_hour), hosting, and every setting of economics and every threshold of framework by
    its name. Numbers may be 300M, 1.5k, 1G or 10%.

    \b
    Examples:
      leverwatch explain support-bot
      leverwatch explain support-bot --all
      leverwatch explain support-bot --as-of 2026-06-30
      leverwatch explain support-bot --with volume=300M,price.input=0.1
    """
    from leverwatch.agent.cli.verdicts import explain as act

    act(system, config_path, output, as_of, whole=whole, suppose=suppose)


def _step(context: click.Context, _option: click.Parameter, value: str) -> timedelta:
    if context.resilient_parsing:
        # A shell completes the line, and nothing comes of the value.
        return timedelta()
    from leverwatch.collectors.config import parse_duration

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
    callback=day,
    required=True,
    help="The first UTC day to decide again.",
)
@click.option(
    "--until",
    type=click.DateTime(["%Y-%m-%d"]),
    callback=day,
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
    from leverwatch.agent.cli.replay import replay as act

    act(config_path, since, until, only, output, file, step, labels)
