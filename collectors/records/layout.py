"""Where a decoded record has its values, so that a loop over records reads only what is mapped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Steps = tuple[str, ...]
"""Attributes from the record down to a value; what lies on the way may be None."""

Way = tuple[str | int, ...]
"""The same, or an index of a row."""


@dataclass(frozen=True, eq=False)
class Layout:
    """Where a record has each value. Instances are compared by identity."""

    fields: Mapping[str, Way]
    """By field name; a field that is not mapped is missing."""
    template: tuple[Way, ...] = ()
    """The values of the system template."""
