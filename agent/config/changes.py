"""The differences between two configurations, for the log of a reload: names of settings, never values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from leverwatch.agent.config.load import Loaded
from leverwatch.agent.config.models import Config
from leverwatch.agent.config.problem import Steps, show_steps
from leverwatch.collectors.config import Model, SourceConfig

if TYPE_CHECKING:
    from sqlalchemy import URL

_FIXED_AT_START: frozenset[Steps] = frozenset(
    {
        ("store", "url"),
        ("store", "password_file"),
        *(("web", name) for name in ("listen", "probe_listen", "config_file", "max_connections", "enable_reload")),
    }
)
NEEDS_RESTART: frozenset[str] = frozenset(show_steps(steps) for steps in _FIXED_AT_START)
"""Settings that a reload cannot change in a running agent."""


def differences(old: Loaded, new: Loaded) -> tuple[str, ...]:
    """Return the paths of the settings whose values differ, sorted. Sources are compared by name, not by
    position."""
    changed = {show_steps(steps) for steps in _compared(old.config, new.config, ())}
    if _database(old.store_url) != _database(new.store_url):
        # The same text means another file when the configuration moved.
        changed.add("store.url")
    elif old.store_url.password != new.store_url.password and "store.url" not in changed:
        changed.add("store.password_file")
    return tuple(sorted(changed))


def _database(url: URL) -> tuple[Any, ...]:
    return (url.drivername, url.username, url.host, url.port, url.database, url.query)


def needs_restart(changed: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of the changed settings that only take effect when the agent is started again."""
    return tuple(name for name in changed if name in NEEDS_RESTART)


def _compared(old: Any, new: Any, steps: Steps) -> Iterator[Steps]:
    if old == new:
        return
    # The class of a whole configuration depends on the kinds of source in it.
    whole = isinstance(old, Config) and isinstance(new, Config)
    if whole or (isinstance(old, Model) and type(old) is type(new)):
        for name, field in type(old).model_fields.items():
            known = field.alias or name  # as the file has it
            yield from _compared(_keyed(getattr(old, name)), _keyed(getattr(new, name)), (*steps, known))
    elif isinstance(old, dict) and isinstance(new, dict):
        for key in old.keys() | new.keys():
            if key in old and key in new:
                yield from _compared(old[key], new[key], (*steps, key))
            else:
                yield (*steps, key)
    else:
        yield steps


def _keyed(value: Any) -> Any:
    """Return a list of sources as a mapping by name; any other value unchanged."""
    if isinstance(value, tuple) and all(isinstance(part, SourceConfig) for part in value):
        return {source.name: source for source in value}
    return value
