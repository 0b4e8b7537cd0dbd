"""Reads a single value from JSON whose structure is not guaranteed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec


def peek(raw: bytes | msgspec.Raw | None, *path: str | int) -> str | bool | int | float | None:
    """Return the scalar at a path of keys and indexes; None when there is none.

    An object on the path may also be JSON text inside a string.
    """
    if raw is None or not _may_have(bytes(raw), path):
        return None
    try:
        for step in path:
            raw = _inside(raw, step)
            if raw is None:
                return None
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return value if isinstance(value, str | bool | int | float) else None


def _inside(raw: bytes | msgspec.Raw, step: str | int) -> bytes | msgspec.Raw | None:
    start = bytes(raw)[:1]
    if start == b'"':
        raw = msgspec.json.decode(raw, type=str).encode()
        start = raw[:1]
    if start == b"{" and isinstance(step, str):
        return msgspec.json.decode(raw, type=dict[str, msgspec.Raw]).get(step)
    if start == b"[" and isinstance(step, int):
        values: list[Any] = msgspec.json.decode(raw, type=list[msgspec.Raw])
        return values[step] if step < len(values) else None
    return None


def _may_have(text: bytes, path: Sequence[str | int]) -> bool:
    """Return False when a quick check shows that a key of the path is not in the text, in any escaped form."""
    for key in path:
        if isinstance(key, str) and key.encode() not in text:
            return b"\\u" in text
    return True
