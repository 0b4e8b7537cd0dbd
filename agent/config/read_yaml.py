"""Reads one YAML file from disk, within bounds."""

from __future__ import annotations

from pathlib import Path

from leverwatch.agent.config.problem import Problem, show_problem
from leverwatch.agent.config.yaml_positions import BrokenText, Document, parse_document
from leverwatch.agent.errors import ConfigError
from leverwatch.collectors.regular import open_regular

_LARGEST = 8 * 1024 * 1024


def read_document(path: Path, *, piped: bool = False) -> Document:
    """Read and parse one YAML file. It has to be a regular file, unless it is `piped`.

    Raises:
        ConfigError: it cannot be read, is too large, or is not YAML.
    """
    try:
        return parse_document(_read(path, piped=piped))
    except BrokenText as error:
        # Without a cause: PyYAML's message repeats the line, which may hold a password.
        raise ConfigError((show_problem(Problem((), error.reason), str(path), error.line),)) from None


def _read(path: Path, *, piped: bool) -> str:
    try:
        with path.open("rb") if piped else open_regular(path) as file:
            content = file.read(_LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "not a path"
        raise ConfigError((f"{path}: cannot be read: {reason}",)) from error
    if len(content) > _LARGEST:
        raise ConfigError((f"{path}: is larger than {_LARGEST} bytes, too large for a configuration",))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BrokenText(content.count(b"\n", 0, error.start) + 1, "is not UTF-8 text") from None
