"""The results of a backfill: sums by system and month, a check that they add up, and a dry run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from leverwatch.agent.errors import InternalError
from leverwatch.agent.scheduling.runner import RunReport
from leverwatch.agent.store.names import OTHER_MODELS, OVERFLOW_SYSTEM
from leverwatch.agent.store.replaced import Cell, Replaced, check_replaced, compare
from leverwatch.agent.store.store import SourceTimes, Store
from leverwatch.collectors.interface import BackfillRequest, Batch, Operation, Result, SourceState, UsageRow

COUNTS = ("inferences", "errors", "other_operations", "input_tokens", "output_tokens")


@dataclass(slots=True)
class Found:
    """Sums over the batches of one source."""

    history: BackfillRequest
    added: dict[tuple[str, str], dict[str, float]] = field(default_factory=dict)
    """Sums of COUNTS by system and month (`2026-03`), of rows that were added to days."""
    replaced: dict[date, dict[str, dict[str, float]]] = field(default_factory=dict)
    """Sums of COUNTS by system for each day that was replaced, as last replaced."""
    prompt_changes: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Landings of prompt changes by system and month, within the requested days."""

    def add(self, batch: Batch) -> None:
        """Add a batch that was committed, or that would be committed without a dry run."""
        self.replaced.update({day: {} for day in batch.replaces})
        for row in batch.usage:
            if row.day in batch.replaces:
                _add(self.replaced[row.day].setdefault(row.system, _nothing()), row)
            else:
                _add(self.added.setdefault((row.system, f"{row.day:%Y-%m}"), _nothing()), row)
        for change in batch.prompt_changes:
            if self.history.holds(change.landed_at.date()):
                self.prompt_changes[change.system, f"{change.landed_at:%Y-%m}"] += 1

    @property
    def months(self) -> dict[tuple[str, str], dict[str, float]]:
        """Return the sums of COUNTS by system and month, of all rows."""
        found = {key: dict(sums) for key, sums in self.added.items()}
        for day, systems in self.replaced.items():
            for system, sums in systems.items():
                month = found.setdefault((system, f"{day:%Y-%m}"), _nothing())
                for name in COUNTS:
                    month[name] += sums[name]
        return found


def _nothing() -> dict[str, float]:
    return dict.fromkeys(COUNTS, 0.0)


def _add(sums: dict[str, float], row: UsageRow) -> None:
    if row.operation is Operation.GENERATION:
        for name in ("inferences", "errors", "input_tokens", "output_tokens"):
            sums[name] += getattr(row, name)
    else:
        sums["other_operations"] += row.inferences


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


def stored_cell(cell: Cell, stored: Mapping[Cell, float]) -> Cell:
    """Return the cell of `stored` that a row would be stored in: its own, or that of the names beyond the limit.

    This is a guess for a row that was not there before, as only the store admits names.
    """
    system, model, day = cell
    overflow = ((system, OTHER_MODELS), (OVERFLOW_SYSTEM, model), (OVERFLOW_SYSTEM, OTHER_MODELS))
    return next((found for found in (cell, *((*pair, day) for pair in overflow)) if found in stored), cell)


class Rehearsal:
    """A ledger for dry runs: reads the state of the store, and writes nothing."""

    def __init__(self, store: Store) -> None:
        self._store = None if store.is_new() else store
        self._replaced: dict[tuple[str, date], dict[Cell, float]] = {}
        """Days that were replaced in this dry run, with their resulting rows."""

    def source_state(self, source: str) -> SourceState:
        """Return the stored state of a source; an empty one when the store does not exist yet."""
        return SourceState(0, dict) if self._store is None else self._store.source_state(source)

    def source_times(self) -> Mapping[str, SourceTimes]:
        """Return an empty mapping."""
        return {}

    def tallies(self) -> Mapping[str, Mapping[Result, int]]:
        """Return an empty mapping."""
        return {}

    def unreadable(self) -> Mapping[str, Mapping[str, int]]:
        """Return an empty mapping."""
        return {}

    def apply(self, source: str, revision: int, batch: Batch) -> Replaced | None:  # noqa: ARG002 the signature of a ledger
        """Write nothing; return what replacing days would change.

        Raises:
            InternalError: the batch contradicts itself.
        """
        check_replaced(source, batch)
        if not batch.replaces:
            return None
        new = frozenset(day for day in batch.replaces if (source, day) not in self._replaced)
        before = dict(self._store.inferences(source, new)) if self._store is not None else {}
        for day in batch.replaces - new:
            before |= self._replaced[source, day]
        after: dict[Cell, float] = {}
        for row in batch.usage:
            if row.operation is Operation.GENERATION:
                cell = stored_cell((row.system, row.model, row.day), before)
                after[cell] = after.get(cell, 0.0) + row.inferences
        for day in batch.replaces:
            self._replaced[source, day] = {cell: number for cell, number in after.items() if cell[2] == day}
        return compare(before, after)

    def mark_success(self, source: str, moment: datetime) -> None:
        """Do nothing."""
