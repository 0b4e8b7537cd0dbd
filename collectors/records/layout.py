"""The places of values in a decoded record, so that generated loops read only the mapped ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Steps = tuple[str, ...]
"""The names of the attributes that lead from a record to a value; each but the last may be None."""

Way = tuple[str | int, ...]
"""The same, or an index of a row."""


@dataclass(frozen=True, eq=False)
class Layout:
    """The place of each value in a record. Instances are compared by identity."""

    fields: Mapping[str, Way]
    """By field name; a field that is not mapped is missing."""
    template: tuple[Way, ...] = ()
    """The values of the system template."""
