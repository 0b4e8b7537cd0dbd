"""Which records of a log are calls, and what says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.columns import Columns
from leverwatch.collectors.sniffing.numerals import Scalar

TELLING_NOTHING = "records have no model, no tokens and no error, and count as inferences all the same"
"""Said of how many records."""


@dataclass(frozen=True, slots=True)
class Kinds:
    """Which records are calls."""

    kept: Sequence[int]
    """The numbers of the records that are calls."""
    only: Mapping[Path, Any] = field(default_factory=dict)
    """What a call must say."""
    excluded: Mapping[Path, Any] = field(default_factory=dict)
    """What a call must not say."""
    status: tuple[Path, Mapping[str, list[Scalar]]] | None = None
    """Where the kind of a record says how the call ended, with the words."""
    notes: tuple[str, ...] = ()
    sign: tuple[Path, ...] | None = None
    """What says that records are calls, where they tell neither a model nor tokens."""
    model: str | None = None
    """The model of all calls, where records that are left out name it."""
    versions: Path | None = None
    """The id by which a later record replaces an earlier one as the same call."""

    def without(self, excluded: Mapping[Path, Sequence[Scalar]], columns: Columns, notes: Sequence[str]) -> Kinds:
        """Return these without the records that have one of some values."""
        out = {
            at
            for path, values in excluded.items()
            for at, value in columns.of[path].by_record.items()
            if value in values
        }
        kept = [at for at in self.kept if at not in out]
        both = {**self.excluded}
        for path, values in excluded.items():
            before = both.get(path, [])
            both[path] = [*(before if isinstance(before, list) else [before]), *values]
        return replace(self, kept=kept, excluded=both, notes=(*self.notes, *notes))
