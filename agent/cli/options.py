"""The options that several commands share, and the exit codes. Needs nothing but click."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date
from enum import IntEnum
from pathlib import Path
from typing import Any, NoReturn

import click

PASSWORD_VARIABLE = "LEVERWATCH_PASSWORD"  # noqa: S105 - the name of a variable
"""The environment variable with the password for a running agent."""


class Exit(IntEnum):
    """What the exit code of a command means."""

    OK = 0
    FAILED = 1
    """It ran, and something needs attention: a source failed or counts for nothing, a system is unknown, a check
    found a problem."""
    UNUSABLE = 2
    """Wrong arguments, or a configuration that cannot be used."""
    STORE = 3
    """The store cannot be used."""
    UNFINISHED = 4
    """It was told to stop, and something did not end in time."""


EPILOG = (
    "Exit codes: 0 fine; 1 it ran and something needs attention; 2 wrong arguments or configuration; "
    "3 the store cannot be used; 4 it was told to stop and did not end in time; 130, 143 ended by a signal."
)


def fail(message: str, code: Exit) -> NoReturn:
    """Print why on standard error, and end the process."""
    for line in message.splitlines():
        click.echo(f"leverwatch: {line}", err=True)
    sys.exit(code)


def config_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--config`, passed as `config_path`."""
    return click.option(
        "-c",
        "--config",
        "config_path",
        type=click.Path(path_type=Path),
        default=Path("leverwatch.yaml"),
        envvar="LEVERWATCH_CONFIG",
        show_default=True,
        show_envvar=True,
        help="The configuration file.",
    )(command)


def format_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--format`, passed as `output`."""
    return click.option(
        "--format",
        "output",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="A table for people, or JSON for programs.",
    )(command)


def as_of_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--as-of`, passed as `as_of`."""
    return click.option(
        "--as-of",
        type=click.DateTime(["%Y-%m-%d"]),
        callback=day,
        help="Decide as of the end of this UTC day, from stored data; nothing is written. Default: yesterday.",
    )(command)


trust_clock_option = click.option(
    "--trust-clock",
    is_flag=True,
    help="Take the clock as right although the store remembers a later time, and take out what was decided then.",
)


def day(_context: click.Context, _option: click.Parameter, value: Any) -> date | None:
    """Parse the value of an option that takes a day; used as its callback."""
    return None if value is None else value.date()
