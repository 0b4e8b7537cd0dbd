"""Checks that the entries of a field map fit together. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from leverwatch.collectors.records.field_config import FieldEntry, several
from leverwatch.collectors.records.field_specs import WHOLE_OF, FieldSpec


def entry_of(name: str, entry: str | tuple[str, ...] | FieldEntry) -> str | FieldSpec:
    """Return what an entry says of the field of a name: its path, when that is all.

    Raises:
        ValueError: the field cannot be that.
    """
    if isinstance(entry, str):
        return entry
    spec = FieldSpec(*several(entry)) if isinstance(entry, tuple) else entry.spec(name)
    return spec.plain() or spec


def check_entries(entries: Mapping[str, str | FieldSpec]) -> None:
    """Check what is said of several fields.

    Raises:
        ValueError: it contradicts itself; the message names the fields.
    """
    rich = {name: entry for name, entry in entries.items() if isinstance(entry, FieldSpec)}
    counters = {name: spec.session for name, spec in rich.items() if spec.session is not None}
    for name, spec in rich.items():
        whole = WHOLE_OF.get(name, "")
        if spec.is_beside and whole not in entries:
            raise ValueError(f"{name}: stands: beside adds it to {whole}, which is not mapped")
        if spec.is_beside and counters.get(name) != counters.get(whole):
            raise ValueError(
                f"{name}: stands: beside adds it to {whole}; both are of_session, of the same one, or none"
            )
    if {"inferences", "errors"} <= entries.keys() and counters.get("inferences") != counters.get("errors"):
        raise ValueError("errors are some of the inferences; both are of_session, of the same one, or none")
