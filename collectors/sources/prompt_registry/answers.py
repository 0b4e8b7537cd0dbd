"""Reads answers of registries: JSON that is as documented, or an error that says where it is not. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

_MILLISECONDS_FROM = 1e11
"""Numbers from here on are milliseconds: as seconds they would be of the year 5138."""
_MOST_NESTED = 40


def parsed(body: bytes) -> Any:
    """Return the value of JSON.

    Raises:
        ValueError: it is none. The message quotes nothing.
    """
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        raise ValueError("the answer is no JSON") from None
    if _depth(value) > _MOST_NESTED:
        raise ValueError(f"the answer is nested more than {_MOST_NESTED} deep")
    return value


def _depth(value: Any) -> int:
    level, depth = [value], 0
    while level and depth <= _MOST_NESTED:
        depth += 1
        level = [
            inner
            for each in level
            for inner in (each.values() if isinstance(each, dict) else each if isinstance(each, list) else ())
        ]
    return depth


def at(value: Any, *steps: str) -> Any:
    """Return what lies at a path of keys and numbers of elements.

    Raises:
        ValueError: there is nothing, or a null.
    """
    for step in steps:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            value = None
        if value is None:
            raise ValueError(f"the answer has nothing at {'.'.join(steps)}")
    return value


def text_at(value: Any, *steps: str) -> str:
    """Return the text or the whole number at a path, as a text.

    Raises:
        ValueError: there is none.
    """
    found = at(value, *steps)
    if isinstance(found, bool) or not isinstance(found, str | int):
        raise ValueError(f"the answer has no text at {'.'.join(steps)}")  # noqa: TRY004 - one kind of error
    return str(found)


def number_at(value: Any, *steps: str) -> int:
    """Return the whole number at a path.

    Raises:
        ValueError: there is none.
    """
    found = at(value, *steps)
    if isinstance(found, bool) or not isinstance(found, int):
        raise ValueError(f"the answer has no number at {'.'.join(steps)}")  # noqa: TRY004 - one kind of error
    return found


def texts_at(value: Any, *steps: str, each: str) -> list[str]:
    """Return the text at `each` of all elements of the list at a path.

    Raises:
        ValueError: there is no list, or an element without it.
    """
    found = at(value, *steps)
    if not isinstance(found, list):
        raise ValueError(f"the answer has no list at {'.'.join(steps)}")  # noqa: TRY004 - one kind of error
    return [text_at(one, each) for one in found]


def moment_at(value: Any, *steps: str) -> datetime | None:
    """Return the time at a path: a text of RFC 3339, in UTC where it names no zone, or a number of seconds or
    milliseconds since 1970; None when there is nothing.

    Raises:
        ValueError: it is no time.
    """
    try:
        found = at(value, *steps)
    except ValueError:
        return None
    try:
        if isinstance(found, str):
            moment = datetime.fromisoformat(found)
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        if isinstance(found, int | float) and not isinstance(found, bool):
            return datetime.fromtimestamp(found / 1000 if found >= _MILLISECONDS_FROM else found, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    raise ValueError(f"the answer has no time at {'.'.join(steps)}")


def says(said: bytes) -> dict[str, Any]:
    """Return the JSON object that came with an error; empty when it is none, as what a proxy says is none."""
    try:
        value = msgspec.json.decode(said)
    except (msgspec.DecodeError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
