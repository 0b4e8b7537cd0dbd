"""Commands that look without running the agent: `metrics`, `check-config` and `config-schema`."""

from __future__ import annotations

from pathlib import Path

import click

from leverwatch.agent.cli.options import (
    EPILOG,
    PASSWORD_VARIABLE,
    config_option,
)


@click.command(epilog=EPILOG)
@config_option
@click.option(
    "--format",
    "output",
    type=click.Choice(["text", "openmetrics"]),
    default="text",
    show_default=True,
    help="The exposition format.",
)
@click.option("--url", metavar="URL", help="Ask a running agent instead, for example http://127.0.0.1:9847.")
@click.option("--user", metavar="NAME", help="With --url: the user name that the agent asks for.")
@click.option(
    "--password-file",
    type=click.Path(path_type=Path),
    help=f"With --user: the file that holds the password. Default: the environment variable {PASSWORD_VARIABLE}.",
)
def metrics(config_path: Path, output: str, url: str | None, user: str | None, password_file: Path | None) -> None:
    """Print the metrics, as Prometheus would scrape them.

    Without --url they are made from the store, as of yesterday; nothing is collected and nothing is written.

    \b
    Examples:
      leverwatch metrics | promtool check metrics
      leverwatch metrics --url http://127.0.0.1:9847
      leverwatch metrics --url https://agent.example:9847 --user prometheus --password-file password
    """
    from leverwatch.agent.cli.show import metrics as act

    act(config_path, output, url, user, password_file)


@click.command("check-config", epilog=EPILOG)
@click.argument("path", type=click.Path(path_type=Path), required=False)
@config_option
@click.option(
    "--format",
    "output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Lines for people, or JSON for programs.",
)
def check_config(path: Path | None, config_path: Path, output: str) -> None:
    """Read a configuration file and report everything that is wrong with it, at once.

    Each problem is a line `file:line: path: reason (got value)`. The price file is read too. Warnings do not fail
    the check; they also name globs without a file, folders and libraries that are not there, and systems that no
    source feeds.

    \b
    Examples:
      leverwatch check-config
      leverwatch check-config /etc/leverwatch/leverwatch.yaml --format json
    """
    from leverwatch.agent.cli.check import check_config as act

    act(path, config_path, output)


@click.command("config-schema", epilog=EPILOG)
def config_schema() -> None:
    """Print the JSON Schema of the configuration file, for editors.

    \b
    Example, for an editor with the YAML language server:
      leverwatch config-schema > leverwatch.schema.json
      # yaml-language-server: $schema=leverwatch.schema.json   (first line of leverwatch.yaml)
    """
    from leverwatch.agent.cli.check import config_schema as act

    act()
