"""What the configuration names and is not there now: files, folders, repositories, libraries."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from leverwatch.agent.config.models import Config
from leverwatch.agent.config.problem import Problem
from leverwatch.agent.config.store_url import StoreUrl, sqlite_file
from leverwatch.collectors.paths import is_folder


def absences(config: Config, base_dir: Path, store: StoreUrl) -> Iterator[Problem]:
    """Yield a warning for each setting that names what is not there; all of it may come later."""
    file = sqlite_file(store, base_dir)
    if file is not None and not is_folder(file.parent):
        yield Problem(("store", "url"), f"there is no folder {file.parent}, and it is not made")
    for index, source in enumerate(config.sources):
        yield from (Problem(("sources", index, *steps), reason) for steps, reason in source.absences(base_dir))
        needed = source.needs()
        if needed is not None and not _is_there(needed[0]):
            reason = f"needs a library that is not installed here: install leverwatch[{needed[1]}]"
            yield Problem(("sources", index, "type"), reason)


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ModuleNotFoundError, ValueError):
        return False
