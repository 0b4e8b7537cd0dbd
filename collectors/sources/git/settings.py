"""Names all settings that decide what is tracked and what counts as a change, so that others are noticed."""

from __future__ import annotations

import json
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from leverwatch.collectors.selection.languages import GRAMMARS
from leverwatch.collectors.sources.git.config import GitConfig
from leverwatch.collectors.sources.git.prompt_files import PromptFiles

_METHOD = 2
"""The version of the method. It is raised when the same history would give other changes; then all is read
again."""
_SELECTION = 2
"""The version of how texts are selected; it only concerns sources that select some."""


def settings_digest(config: GitConfig) -> str:
    """Return a digest of all settings that decide what is tracked and what counts as a change."""
    settings: dict[str, Any] = {
        "method": _METHOD,
        "branch": config.branch,
        "systems": {name: [_entry(entry) for entry in entries] for name, entries in config.systems.items()},
        "exclude": config.exclude,
        "bulk_above": config.bulk_above,
        "collapse_whitespace": config.collapse_whitespace,
    }
    entries = [entry for entries in config.systems.values() for entry in entries]
    if any(entry.select for entry in entries):
        settings["selection"] = _SELECTION
    if any(entry.select and entry.select.names for entry in entries):
        settings["grammars"] = _grammars()
    return blake2b(json.dumps(settings, sort_keys=True).encode(), digest_size=12).hexdigest()


def _entry(entry: PromptFiles) -> Any:
    return entry.files if entry.select is None else entry.model_dump(mode="json", exclude_none=True)


def _grammars() -> dict[str, str]:
    """Return the releases of the grammars: another one may read the same file in another way."""
    found = {}
    for package in sorted({grammar.package for grammar in GRAMMARS.values()}):
        try:
            found[package] = version(package.replace("_", "-"))
        except PackageNotFoundError:
            found[package] = ""
    return found
