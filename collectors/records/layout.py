"""The places of values in a decoded record, so that generated loops read only the mapped ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Steps = tuple[str, ...]
"""The names of the attributes that lead from a record to a value; each but the last may be None."""


@dataclass(frozen=True, eq=False)
class Layout:
    """The place of each value in a record. Instances are compared by identity."""

    fields: Mapping[str, Steps]
    """The place of each mapped field, by name."""
    template: tuple[Steps, ...] = ()
    """The places of the values of the system template."""
