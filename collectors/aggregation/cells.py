"""References to the cells in which records are counted."""

from __future__ import annotations

from datetime import date

from leverwatch.collectors.interface import Operation
from leverwatch.collectors.records.vocabulary import CallStatus

Group = tuple[str, str, Operation, str]
"""System, model, operation, and the tier whose prices the tokens have, as `tier_name` has it."""
Key = tuple[str, str, Operation, str, date]
"""The same and the UTC day."""


class CellRef:
    """A reference to the cell of records with the same day, system, model, operation, tier and outcome, written
    the same way."""

    __slots__ = ("cell", "counted", "id_seed", "key", "outcome", "prompt", "seed", "system", "trace_seed")

    def __init__(
        self,
        cell: list[float],
        key: Key,
        outcome: CallStatus,
        seed: int,
        id_seed: int,
        trace_seed: int,
        prompt: str = "",
    ) -> None:
        self.cell = cell
        """The counts. Records that write the same names in another way share the cell."""
        self.key = key
        self.system = key[0]
        self.outcome = outcome
        self.seed = seed
        """The seed of the keys of records."""
        self.id_seed = id_seed
        """The seed of the keys of request ids alone."""
        self.trace_seed = trace_seed
        """The seed of the keys of traces."""
        self.prompt = prompt
        """The version of the prompt; empty when it is unknown."""
        self.counted = 0
        """Inferences whose implied columns are not added to the cell yet."""

    @property
    def tier(self) -> str:
        """The tier of its calls."""
        return self.key[3]


def scratch(cell: list[float], system: str, outcome: CallStatus, trace_seed: int) -> CellRef:
    """Return a reference to counts that are no cell of a rollup."""
    return CellRef(cell, (system, "", Operation.OTHER, "", date.min), outcome, 0, 0, trace_seed)


NOWHERE = scratch([], "", CallStatus.SUCCESS, 0)
"""The cell reference of a refused record."""
