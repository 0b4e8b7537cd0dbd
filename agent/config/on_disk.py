"""What the configuration names and is not there now: files, folders, repositories."""

from __future__ import annotations

from collections.abc import Iterator
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
