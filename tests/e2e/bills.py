"""A source that is asked for whole days: a provider's bills, which are restated now and then. For tests only."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal

from leverwatch.agent.cli.main import main
from leverwatch.collectors import registry
from leverwatch.collectors.config import SourceConfig
from leverwatch.collectors.interface import (
    BackfillRequest,
    Batch,
    CollectorContext,
    Operation,
    Result,
    SourceState,
    UsageRow,
)

DAYS_AT_ONCE = 2
Bill = Mapping[str, float]
"""Inferences by `system/model`."""


class BillsConfig(SourceConfig):
    """Settings of the source."""

    type: Literal["bills"]
    path: str

    def counts_usage(self) -> bool:
        """It counts."""
        return True


class Bills:
    """Reads one file with the newest version of every day's bill, and replaces the days with a version it has not.

    Its state says which version of each day is in the store, and, batch by batch, which it put there.
    """

    def __init__(self, config: BillsConfig, context: CollectorContext) -> None:
        self._path = context.base_dir / config.path

    def collect(self, state: SourceState) -> Iterator[Batch]:
        """All days with a new version, a few at a time."""
        yield from self._changed(state, BackfillRequest())

    def backfill(self, state: SourceState, history: BackfillRequest) -> Iterator[Batch]:
        """The days asked for, whether or not their version is known."""
        yield from self._changed(state, history, again=True)

    def _changed(self, state: SourceState, asked: BackfillRequest, *, again: bool = False) -> Iterator[Batch]:
        known, revision = state.load(), state.revision
        published: Any = json.loads(self._path.read_text())
        due = [
            day
            for day, (version, _) in sorted(published.items())
            if asked.holds(date.fromisoformat(day)) and (again or known.get(f"day/{day}") != str(version).encode())
        ]
        for start in range(0, len(due), DAYS_AT_ONCE):
            days = due[start : start + DAYS_AT_ONCE]
            rows = tuple(
                UsageRow(*name.split("/"), Operation.GENERATION, date.fromisoformat(day), number)  # type: ignore[call-arg]  # two names
                for day in days
                for name, number in published[day][1].items()
            )
            versions = {day: published[day][0] for day in days}
            yield Batch(
                state={
                    **{f"day/{day}": str(version).encode() for day, version in versions.items()},
                    f"log/{revision:08}": json.dumps(versions).encode(),
                },
                usage=rows,
                replaces=frozenset(map(date.fromisoformat, days)),
                tallies={Result.COUNTED: len(rows)},
                read=len(rows),
            )
            revision += 1


def publish(path: Path, bills: Mapping[str, tuple[int, Bill]]) -> None:
    """Put the newest version of every day where the source reads it, at once."""
    new = path.with_suffix(".new")
    new.write_text(json.dumps(bills))
    os.replace(new, path)  # noqa: PTH105 - the same


def run(config: str, arguments: list[str]) -> None:
    """The command, with this source; its output goes to `agent.log`."""
    folder = Path(config).parent
    with (folder / "agent.log").open("ab") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    os.chdir(folder)
    registry._TYPES["bills"] = lambda: registry.SourceType("bills", BillsConfig, Bills)
    main([*arguments, "--config", config])
