"""The `leverwatch` command."""

from __future__ import annotations

import click

from leverwatch import __version__
from leverwatch.agent.cli.backfill import backfill
from leverwatch.agent.cli.collect import collect
from leverwatch.agent.cli.common import EPILOG
from leverwatch.agent.cli.demo import demo
from leverwatch.agent.cli.replay import replay
from leverwatch.agent.cli.serve import run
from leverwatch.agent.cli.show import check_config, config_schema, metrics
from leverwatch.agent.cli.signals import ending
from leverwatch.agent.cli.sniff import sniff
from leverwatch.agent.cli.verdicts import evaluate_command, explain
from leverwatch.collectors.aggregation.compiled import IS_COMPILED

_HELPER = "with" if IS_COMPILED else "without"


@click.group(epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(
    __version__, prog_name="leverwatch", message=f"%(prog)s %(version)s, {_HELPER} its compiled helper"
)
@click.pass_context
def main(context: click.Context) -> None:
    """Say for every LLM system in production: prompt engineering, hybrid, or fine-tuning, now.

    leverwatch reads inference counts from usage logs and prompt changes from git history, reapplies a decision
    framework on a schedule, and exports the result as Prometheus metrics.

    \b
    First steps:
      leverwatch demo            see it work on an invented company
      leverwatch sniff FILE      name the format of a usage log
      leverwatch check-config    check your own leverwatch.yaml
      leverwatch collect         read every source once
      leverwatch evaluate        print the verdicts
      leverwatch run             keep doing both, and serve the metrics
    """
    context.with_resource(ending())


for command in (
    run,
    collect,
    backfill,
    evaluate_command,
    explain,
    replay,
    metrics,
    check_config,
    config_schema,
    sniff,
    demo,
):
    main.add_command(command)
