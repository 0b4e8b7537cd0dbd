"""The system by the few labels that a cloud gives to its counts. Pure."""

from __future__ import annotations

from collections.abc import Collection

from leverwatch.collectors.records.fields import parse_template


def checked_labels(system: str, known: Collection[str]) -> str:
    """Return a template, or rules, that look at nothing but these labels.

    Raises:
        ValueError: they look at another one.
    """
    for label in parse_template(system).paths:
        if label not in known:
            listed = ", ".join(f"{{{name}}}" for name in known)
            raise ValueError(f"names a label that there is none of; these are: {listed}")
    return system
