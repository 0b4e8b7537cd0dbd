"""What a value of a record is as text. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence

_MOST = 1000
"""Elements of an array, and characters of each, that are looked at."""


def text_of(value: object) -> str:
    """A value as text, without blanks around it; empty when it is unknown."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    try:
        return str(value).strip()
    except ValueError:  # Python writes no number of more than 4,300 digits
        return ""


def listed(values: Sequence[object]) -> str | None:
    """Return an array of texts, numbers and booleans as one text; None when it is another one, or too long."""
    known = [it for it in values if it is not None]
    if len(known) > _MOST or not all(isinstance(it, str | bool | int | float) for it in known):
        return None
    return json.dumps(known, ensure_ascii=False)


def elements_of(text: str) -> list[object] | None:
    """Return the elements of an array that is a text; None when it is no text of an array of texts, numbers and
    booleans."""
    if text[:1] != "[" or text[-1:] != "]":
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    is_plain = len(found) <= _MOST and all(isinstance(it, str | bool | int | float) for it in found)
    return found if is_plain else None
