"""A folder with a configuration file in it, and the kinds of source without their collectors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from leverwatch.agent.config import Loaded, load_config
from leverwatch.agent.errors import ConfigError
from leverwatch.collectors.registry import SourceType
from leverwatch.collectors.sources.files.config import FilesConfig
from leverwatch.collectors.sources.git.config import GitConfig

EXAMPLE = (Path(__file__).parent / "example.yaml").read_text()


def _never_built(*_: Any) -> Any:
    raise AssertionError("loading a configuration must not build a collector")


TYPES: Mapping[str, SourceType] = {
    "files": SourceType("files", FilesConfig, _never_built),
    "git": SourceType("git", GitConfig, _never_built),
}

Load = Callable[..., Loaded]
Problems = Callable[..., tuple[str, ...]]


@pytest.fixture
def types() -> Mapping[str, SourceType]:
    return TYPES


@pytest.fixture
def example() -> str:
    return EXAMPLE


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Write a configuration file and load it."""

    def _load(text: str | bytes, environ: Mapping[str, str] | None = None) -> Loaded:
        path = tmp_path / "leverwatch.yaml"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return load_config(path, environ or {}, types=TYPES, now=lambda: datetime(2026, 11, 1, tzinfo=UTC))

    return _load


@pytest.fixture
def problems(load: Load, tmp_path: Path) -> Problems:
    """The problems of a file, without its name before the line number; the file must not load."""

    def _problems(text: str | bytes, environ: Mapping[str, str] | None = None) -> tuple[str, ...]:
        with pytest.raises(ConfigError) as caught:
            load(text, environ)
        return tuple(line.removeprefix(f"{tmp_path}/leverwatch.yaml:") for line in caught.value.problems)

    return _problems
