"""Reads a price file, reports everything that is wrong with it, and keeps the last good one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from leverwatch.agent.config.explain import explain
from leverwatch.agent.config.problem import Problem, show_problem
from leverwatch.agent.config.read_yaml import read_document
from leverwatch.agent.config.schema import known_keys
from leverwatch.agent.config.yaml_positions import Document
from leverwatch.agent.errors import ConfigError
from leverwatch.agent.prices.entries import EntryAtLine, PriceFile, PriceList

_SCHEMA = PriceFile.model_json_schema()
_LARGEST = 512 << 10
_MOST_ENTRIES = 5_000
_MOST_PROBLEMS = 100
"""Problems that are reported one by one; more are only counted."""


def read_price_file(path: Path) -> PriceList:
    """Read a price file in YAML or JSON.

    Raises:
        ConfigError: the file cannot be used; holds every problem as `file:line: path: reason (got value)`.
    """
    _check_size(path)
    document = read_document(path)
    problems = list(document.problems)
    file: PriceFile | None = None
    if not isinstance(document.data, dict):
        reason = "is empty" if document.data is None else "must be a mapping with the key prices"
        problems.append(Problem((), reason))
    elif _entries(document) > _MOST_ENTRIES:
        # Without validating them: what is wrong with so many takes minutes to say.
        problems.append(Problem(("prices",), f"has more than {_MOST_ENTRIES:_} entries"))
    else:
        try:
            file = PriceFile.model_validate(document.data)
        except ValidationError as error:
            found = explain(
                error.errors(include_url=False)[:_MOST_PROBLEMS],
                document.data,
                lambda steps: known_keys(_SCHEMA, document.data, steps),
            )
            early = {problem.steps for problem in problems}
            problems += [problem for problem in found if problem.steps not in early]
        else:
            problems += _repeated(file)
    if problems or file is None:
        raise ConfigError(_shown(problems[:_MOST_PROBLEMS], path, document))
    lines = (document.line_of(("prices", index)) for index in range(len(file.prices)))
    return PriceList(path.name, map(EntryAtLine, file.prices, lines))


def _check_size(path: Path) -> None:
    # One that cannot be looked at is reported by whoever reads it.
    with suppress(OSError, ValueError):
        if path.stat().st_size > _LARGEST:
            raise ConfigError((f"{path}: is larger than {_LARGEST >> 10} KiB, too large for a price file",))


def _entries(document: Document) -> int:
    entries = document.data.get("prices")
    return len(entries) if isinstance(entries, list | dict) else 0


def _repeated(file: PriceFile) -> Iterator[Problem]:
    first: dict[Any, int] = {}
    for index, entry in enumerate(file.prices):
        key = (entry.model, entry.provider, entry.since, entry.tier, entry.above)
        if first.setdefault(key, index) != index:
            reason = f"prices[{first[key]}] has the same model, provider, first day, tier and bound"
            yield Problem(("prices", index, "model"), reason, entry.model)


def _shown(problems: list[Problem], path: Path, document: Document) -> tuple[str, ...]:
    lines = [(problem.line or document.line_of(problem.steps), problem) for problem in problems]
    lines.sort(key=lambda pair: pair[0])
    return tuple(dict.fromkeys(show_problem(problem, str(path), line) for line, problem in lines))


class WatchedPriceFile:
    """A price file that may change while the agent runs. A bad change is shown, counted and not used."""

    def __init__(self, path: Path) -> None:
        """Read the file for the first time.

        Raises:
            ConfigError: it cannot be used.
        """
        self.path = path
        self._seen = _signature(path)
        self.prices = read_price_file(path)
        """The prices of the last version that could be used."""
        self.problems: tuple[str, ...] = ()
        """What is wrong with the present version of the file; empty when that version is in use."""
        self.failures = 0
        """How many versions of the file could not be used."""

    def refresh(self) -> bool:
        """Read the file again if it changed, and return whether there are new prices. Raises nothing."""
        signature = _signature(self.path)
        if signature == self._seen:
            return False
        self._seen = signature
        try:
            self.prices = read_price_file(self.path)
        except ConfigError as error:
            self.problems = error.problems
            self.failures += 1
            return False
        self.problems = ()
        return True


def _signature(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
