"""The `leverwatch` command."""

from __future__ import annotations

import os
from collections.abc import Iterator, MutableMapping
from importlib import import_module

import click

from leverwatch import __version__
from leverwatch.agent.cli.options import EPILOG

_MODULES = {
    "run": "serving",
    "collect": "reading",
    "backfill": "reading",
    "evaluate": "deciding",
    "explain": "deciding",
    "replay": "deciding",
    "metrics": "looking",
    "check-config": "looking",
    "config-schema": "looking",
    "sniff": "reading",
    "check-source": "reading",
    "demo": "serving",
}
"""The module in `commands/` of each command, in the order of the documentation."""


class Commands(MutableMapping[str, click.Command]):
    """The commands by name. Each is imported when it is used: a run needs one of them, and `--version` none."""

    def __init__(self) -> None:
        self._loaded: dict[str, click.Command | None] = dict.fromkeys(_MODULES)

    def __getitem__(self, name: str) -> click.Command:
        command = self._loaded[name]
        if command is None:
            module = import_module(f"leverwatch.agent.cli.commands.{_MODULES[name]}")
            command = self._loaded[name] = getattr(module, name.replace("-", "_"))
        return command

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        del self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._loaded)

    def __len__(self) -> int:
        return len(self._loaded)


def _version(context: click.Context, _option: click.Parameter, asked: bool) -> None:
    if asked and not context.resilient_parsing:
        click.echo(f"leverwatch {__version__}, {_helper()}")
        context.exit()


def _helper() -> str:
    # Not by way of `compiled`, which imports all that counts; the conditions are its own.
    try:
        from leverwatch.collectors.aggregation import _native
    except ImportError:
        return "without its compiled helper"
    from leverwatch.collectors.aggregation.native_columns import table_text

    if getattr(_native, "TABLE", None) != table_text():
        return "without its compiled helper: the one that is here is of another version, and is not used"
    return "with its compiled helper"


@click.group(
    commands=Commands(),
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_version,
    help="Show the version and exit.",
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
    from leverwatch.agent.cli.signals import ending
    from leverwatch.agent.memory import rarely_collected

    # A plugin of some other package would see every value of the configuration, and takes time to look for.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    context.with_resource(rarely_collected())
    context.with_resource(ending())
