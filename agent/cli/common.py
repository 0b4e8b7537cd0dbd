"""What the commands that use a store share: the configuration, the store, the clock and error handling."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from leverwatch.agent import log as agent_log
from leverwatch.agent.cli.options import Exit, fail
from leverwatch.agent.clock import EARLIEST, Clock
from leverwatch.agent.config.load import Loaded, load_config
from leverwatch.agent.config.store_url import sqlite_file
from leverwatch.agent.errors import CommandError, ConfigError, LeverwatchError, StoreError
from leverwatch.agent.store.names import NameLimits
from leverwatch.agent.store.sqlite import may_only_be_read
from leverwatch.agent.store.store import Store
from leverwatch.collectors.interface import utc_now

if TYPE_CHECKING:
    from leverwatch.agent.evaluation.decide import Plan

_MOST_NAMED = 100


@contextmanager
def reported() -> Iterator[None]:
    """A context manager that ends the command with a message and an exit code when the agent raises an error."""
    try:
        yield
    except ConfigError as error:
        fail(str(error), Exit.UNUSABLE)
    except StoreError as error:
        fail(str(error), Exit.STORE)
    except (CommandError, LeverwatchError) as error:
        fail(str(error), Exit.FAILED)


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
    """A context manager of the migrated store of a configuration.

    With `reading`, a store that is read-only is enough; it is not migrated.

    Raises:
        CommandError: the clock was never set, so that every record and day would be in the future.
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


def believed_clock(store: Store, *, trusted: bool) -> Clock:
    """Return the clock for a command that writes to the store.

    Raises:
        CommandError: it is behind the latest time in the store, and not `trusted`.
    """
    clock = Clock(utc_now, store.newest_moment())
    doubt = clock.doubt()
    if doubt is not None and trusted:
        from leverwatch.agent.evaluation.decide import last_complete_day

        store.forget_after(last_complete_day(utc_now()), utc_now())
        clock = Clock(utc_now, None)
        doubt = clock.doubt()
    if doubt is not None:
        raise CommandError(f"{doubt}: set it, or say that it is right with --trust-clock")
    return clock


def past_day(day: date | None, now: datetime, option: str = "--as-of") -> date | None:
    """Return the day when it is over in UTC.

    Raises:
        CommandError: the day is not over.
    """
    if day is not None and day >= now.astimezone(UTC).date():
        raise CommandError(f"{option} {day}: this day is not over yet in UTC")
    return day


def unknown_system(store: Store, plan: Plan, names: Sequence[str]) -> str:
    """Return the message about names for which there is no system."""
    known = sorted({*plan.scope.declarations, *store.names()})
    shown = known[:_MOST_NAMED] + ([f"and {len(known) - _MOST_NAMED} more"] if len(known) > _MOST_NAMED else [])
    graded = sorted(store.eval_systems().intersection(names))
    only = f" (only results of evaluations name {', '.join(graded)})" if graded else ""
    named = ", ".join(names)
    return f"no system named {named} is declared or was seen{only}; systems: {', '.join(shown) or 'none yet'}"
