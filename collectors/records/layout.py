"""The places of values in a decoded record, so that generated loops read only the mapped ones."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

Steps = tuple[str, ...]
"""The names of the attributes that lead from a record to a value; each but the last may be None."""

Way = tuple[str | int, ...]
"""The steps that lead from a record or a row to a value: names of attributes, or indexes of a row."""


class Layout(Struct, frozen=True, eq=False):
    """The place of each value in a record. Instances are compared by identity."""

    fields: Mapping[str, Way]
    """The place of each mapped field, by name; a field that is not mapped is missing."""
    template: tuple[Way, ...] = ()
    """The places of the values of the system template."""
    settled: bool = False
    """Whether the parts of tokens are inside their wholes; else a part that is larger than its whole stands beside
    it, as `records/tokens.py` has it for what nobody declared, and a cost of zero beside tokens is unknown."""
