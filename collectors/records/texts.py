"""What a value of a record is as text. Pure."""

from __future__ import annotations


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
