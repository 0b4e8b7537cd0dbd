"""What is proposed for records of a log, and what is said of it."""

from __future__ import annotations

from typing import Any

from leverwatch.collectors.sniffing.guess import FieldGuess, leaves, propose
from leverwatch.collectors.sniffing.sniff import guess


def found_in(some: list[dict[str, Any]]) -> FieldGuess:
    found = propose([leaves(it) for it in some])
    assert found is not None
    return found


def said(found: FieldGuess, field: str) -> str:
    return "\n".join(note for note in found.notes if note.startswith(field))


def of_text(text: str) -> FieldGuess:
    """The field map that is guessed for a text in which nothing is wrapped."""
    found = guess(text.encode(), "plain")
    assert found is not None
    assert found.fields is not None
    return found.fields
