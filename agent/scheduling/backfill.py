"""The results of a backfill: sums by system and month, a check that they add up, and a dry run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from leverwatch.agent.errors import InternalError
from leverwatch.agent.scheduling.runner import RunReport
from leverwatch.agent.store.store import SourceTimes, Store
from leverwatch.collectors.interface import BackfillRequest, Batch, Operation, Result, SourceState

COUNTS = ("inferences", "errors", "other_operations", "input_tokens", "output_tokens")


@dataclass(slots=True)
class Found:
    """Sums over the batches of one source."""

    history: BackfillRequest
    months: dict[tuple[str, str], dict[str, float]] = field(default_factory=dict)
    """Sums of each of `COUNTS`, by system and month (`2026-03`)."""
    prompt_changes: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Landings of prompt changes by system and month, within the days asked for."""

    def add(self, batch: Batch) -> None:
        """Add a batch that was committed, or that would be without a dry run."""
        for row in batch.usage:
            sums = self.months.setdefault((row.system, f"{row.day:%Y-%m}"), dict.fromkeys(COUNTS, 0.0))
            if row.operation is Operation.GENERATION:
                for name in ("inferences", "errors", "input_tokens", "output_tokens"):
                    sums[name] += getattr(row, name)
            else:
                sums["other_operations"] += row.inferences
        for change in batch.prompt_changes:
            if self.history.holds(change.landed_at.date()):
                self.prompt_changes[change.system, f"{change.landed_at:%Y-%m}"] += 1


def skipped(report: RunReport) -> dict[str, int]:
    """Return how many records were neither counted nor duplicates, by result."""
    counting = {Result.COUNTED, Result.DUPLICATE}
    return {
        str(result): number
        for result, number in sorted(report.tallies.items())
        if number and result not in counting
    }


def reconcile(report: RunReport) -> None:
    """Check that every record that was read has exactly one result.

    Raises:
        InternalError: the records read are not the sum of counted, duplicate and skipped ones.
    """
    told = sum(report.tallies.values())
    if report.read != told:
        raise InternalError(
            f"source {report.source}: {report.read} records were read, and {told} have a result; "
            "this is a fault of leverwatch, please report it"
        )


class Rehearsal:
    """A ledger for dry runs: reads the state of the store, and writes nothing."""

    def __init__(self, store: Store) -> None:
        self._store = None if store.is_new() else store

    def source_state(self, source: str) -> SourceState:
        """The stored state of a source; an empty one when the store does not exist yet."""
        return SourceState(0, dict) if self._store is None else self._store.source_state(source)

    def source_times(self) -> Mapping[str, SourceTimes]:
        """Always empty."""
        return {}

    def tallies(self) -> Mapping[str, Mapping[Result, int]]:
        """Always empty."""
        return {}

    def apply(self, source: str, revision: int, batch: Batch) -> None:
        """Do nothing."""

    def mark_success(self, source: str, moment: datetime) -> None:
        """Do nothing."""
