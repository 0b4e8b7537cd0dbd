"""What a backfill comes to: sums by system and month, figures that reconcile, and a rehearsal without a store."""

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
    """What the batches of one source held."""

    history: BackfillRequest
    months: dict[tuple[str, str], dict[str, float]] = field(default_factory=dict)
    """Sums of COUNTS by system and month (`2026-03`)."""
    prompt_changes: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Landings by system and month, of the days asked for."""

    def add(self, batch: Batch) -> None:
        """Take in a batch that was committed, or would have been."""
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
    """Records that neither counted nor were duplicates, by reason."""
    counting = {Result.COUNTED, Result.DUPLICATE}
    return {
        str(result): number
        for result, number in sorted(report.tallies.items())
        if number and result not in counting
    }


def reconcile(report: RunReport) -> None:
    """Check that every record that was read became exactly one thing.

    Raises:
        InternalError: read is not counted + duplicates + skipped.
    """
    told = sum(report.tallies.values())
    if report.read != told:
        raise InternalError(
            f"source {report.source}: {report.read} records were read, and {told} have a result; "
            "this is a fault of leverwatch, please report it"
        )


class Rehearsal:
    """Stands for the store when nothing is to be written: it knows what the store knows and forgets the rest."""

    def __init__(self, store: Store) -> None:
        self._store = None if store.is_new() else store

    def source_state(self, source: str) -> SourceState:
        """What is stored, or nothing for a store that does not exist yet."""
        return SourceState(0, dict) if self._store is None else self._store.source_state(source)

    def source_times(self) -> Mapping[str, SourceTimes]:
        """Nothing; a rehearsal shows no past."""
        return {}

    def tallies(self) -> Mapping[str, Mapping[Result, int]]:
        """Nothing, as above."""
        return {}

    def apply(self, source: str, revision: int, batch: Batch) -> None:
        """Write nothing."""

    def mark_success(self, source: str, moment: datetime) -> None:
        """Write nothing."""
