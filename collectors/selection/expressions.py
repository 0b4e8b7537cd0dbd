"""Regular expressions whose time grows with the text alone, whatever it says: those of RE2. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any


@cache
def _compiled(expression: str) -> Any:
    import re2

    options = re2.Options()
    options.log_errors = False  # on standard error, past every log
    try:
        return re2.compile(expression, options)
    except re2.error as error:
        reason = error.args[0] if error.args else ""
        shown = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        raise ValueError(f"is no regular expression of RE2: {shown}") from error


def check_expression(expression: str) -> None:
    """Do nothing for an expression that has a group and is one of RE2.

    Raises:
        ValueError: it is none; the message says why.
    """
    if _compiled(expression).groups == 0:
        raise ValueError("has no group; the text in the parentheses is what is compared")


def matches(expression: str, text: str) -> Iterator[str]:
    """Yield what the groups of an expression match, in order."""
    for found in _compiled(expression).finditer(text):
        yield from (group for group in found.groups() if group)
