"""Where a record is counted."""

from __future__ import annotations

from leverwatch.collectors.records.vocabulary import CallStatus


class CellRef:
    """The cell of records that have the same day, system, model, operation and outcome in the same words."""

    __slots__ = ("cell", "counted", "outcome", "seed", "system")

    def __init__(self, cell: list[float], system: str, outcome: CallStatus, seed: int) -> None:
        self.cell = cell
        """The counts; places with other words for the same share it."""
        self.system = system
        self.outcome = outcome
        self.seed = seed
        """Of the hash of a request id."""
        self.counted = 0
        """Inferences whose implied counts are not in the cell yet."""


NOWHERE = CellRef([], "", CallStatus.SUCCESS, 0)
"""The place of a refused record."""
