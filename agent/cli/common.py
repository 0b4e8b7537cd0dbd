"""What every command shares: the configuration option, the output format, exit codes."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from enum import IntEnum
from pathlib import Path
from typing import Any, NoReturn

import click

from leverwatch.agent import log as agent_log
from leverwatch.agent.clock import EARLIEST, Clock
from leverwatch.agent.config import Loaded, load_config
from leverwatch.agent.config.store_url import sqlite_file
from leverwatch.agent.errors import CommandError, ConfigError, LeverwatchError, StoreError
from leverwatch.agent.evaluation.evaluate import Plan, last_complete_day
from leverwatch.agent.store.names import NameLimits
from leverwatch.agent.store.sqlite import may_only_be_read
from leverwatch.agent.store.store import Store
from leverwatch.collectors.interface import utc_now

_MOST_NAMED = 100


class Exit(IntEnum):
    """What the exit code of a command means."""

    OK = 0
    FAILED = 1
    """It ran, and something needs attention: a source failed, a system is unknown, a check found a problem."""
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
    """Say why on standard error, and end."""
    for line in message.splitlines():
        click.echo(f"leverwatch: {line}", err=True)
    sys.exit(code)


@contextmanager
def reported() -> Iterator[None]:
    """End with a message and a fitting exit code when the agent refuses."""
    try:
        yield
    except ConfigError as error:
        fail(str(error), Exit.UNUSABLE)
    except StoreError as error:
        fail(str(error), Exit.STORE)
    except (CommandError, LeverwatchError) as error:
        fail(str(error), Exit.FAILED)


def config_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--config`, as `config_path`."""
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
    """`--format`, as `output`."""
    return click.option(
        "--format",
        "output",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="A table for people, or JSON for programs.",
    )(command)


def as_of_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--as-of`, as `as_of`."""
    return click.option(
        "--as-of",
        type=click.DateTime(["%Y-%m-%d"]),
        callback=lambda _context, _option, value: None if value is None else value.date(),
        help="Decide as of the end of this UTC day, from stored data; nothing is written. Default: yesterday.",
    )(command)


def load(config_path: Path) -> Loaded:
    """Read the configuration, set up the log, and pass on warnings.

    Raises:
        ConfigError: it cannot be used.
    """
    loaded = load_config(config_path, os.environ)
    agent_log.configure(loaded.config.log.level, loaded.config.log.format)
    for warning in loaded.warnings:
        click.echo(f"leverwatch: warning: {warning}", err=True)
    return loaded


@contextmanager
def opened(loaded: Loaded, *, reading: bool = False) -> Iterator[Store]:
    """The migrated store of a configuration; one that may only be read is enough for `reading`, as it is.

    Raises:
        CommandError: the clock was never set, so that no record and no day could be told from the future.
    """
    if utc_now() < EARLIEST:
        raise CommandError(f"the clock shows the year {utc_now().year}; set it first")
    file = sqlite_file(loaded.store_url, loaded.base_dir)
    read_only = reading and file is not None and may_only_be_read(file)
    store = Store(loaded.store_url, limits=NameLimits.of(loaded.config), read_only=read_only)
    try:
        if read_only:
            store.verify()
        else:
            store.migrate()
        yield store
    finally:
        store.close()


trust_clock_option = click.option(
    "--trust-clock",
    is_flag=True,
    help="Take the clock as right although the store remembers a later time, and take out what was decided then.",
)


def believed_clock(store: Store, *, trusted: bool) -> Clock:
    """The clock for a command that writes what it says.

    Raises:
        CommandError: it is behind what the store remembers, and not `trusted`.
    """
    clock = Clock(utc_now, store.newest_moment())
    doubt = clock.doubt()
    if doubt is not None and trusted:
        store.forget_after(last_complete_day(utc_now()), utc_now())
        clock = Clock(utc_now, None)
        doubt = clock.doubt()
    if doubt is not None:
        raise CommandError(f"{doubt}: set it, or say that it is right with --trust-clock")
    return clock


def past_day(day: date | None, now: datetime, option: str = "--as-of") -> date | None:
    """Refuse a day that is not over yet.

    Raises:
        CommandError: it is not.
    """
    if day is not None and day >= now.astimezone(UTC).date():
        raise CommandError(f"{option} {day}: this day is not over yet in UTC")
    return day


def unknown_system(store: Store, plan: Plan, names: Sequence[str]) -> str:
    """What to say of names that no system has."""
    known = sorted({*plan.scope.declarations, *store.names()})
    shown = known[:_MOST_NAMED] + ([f"and {len(known) - _MOST_NAMED} more"] if len(known) > _MOST_NAMED else [])
    return f"no system named {', '.join(names)} is declared or was seen; systems: {', '.join(shown) or 'none yet'}"


def print_json(value: Any) -> None:
    """Write one JSON document to standard output."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as they need to be; numbers stand to the right."""
    columns = list(zip(header, *rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    numeric = [all(_is_number(cell) for cell in column[1:]) and len(column) > 1 for column in columns]

    def line(cells: Sequence[str]) -> str:
        parts = (
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(cells, widths, numeric, strict=True)
        )
        return "  ".join(parts).rstrip()

    return "\n".join(line(cells) for cells in (header, *rows))


def _is_number(cell: str) -> bool:
    return not cell.strip("0123456789.,-KMB%s ") and cell != ""


def count(number: float) -> str:
    """A count with separators: 18,059,974, or 1,234.5 for a sampled one."""
    return f"{number:,.0f}" if float(number).is_integer() else f"{number:,.1f}"
