"""References to the cells in which records are counted."""

from __future__ import annotations

from leverwatch.collectors.records.vocabulary import CallStatus


class CellRef:
    """A reference to the cell of records with the same day, system, model, operation and outcome, written the
    same way."""

    __slots__ = ("cell", "counted", "id_seed", "outcome", "prompt", "seed", "system", "trace_seed")

    def __init__(
        self,
        cell: list[float],
        system: str,
        outcome: CallStatus,
        seed: int,
        id_seed: int,
        trace_seed: int,
        prompt: str = "",
    ) -> None:
        self.cell = cell
        """The counts. Records that write the same names in another way share the cell."""
        self.system = system
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


NOWHERE = CellRef([], "", CallStatus.SUCCESS, 0, 0, 0)
"""The cell reference of a refused record."""
