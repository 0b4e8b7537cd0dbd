"""Looks for one value in JSON whose shape nobody promises; whatever is not there is unknown."""

from __future__ import annotations

from typing import Any

import msgspec


def peek(raw: bytes | msgspec.Raw | None, *path: str | int) -> str | bool | int | float | None:
    """The scalar at a path of keys and indices, also when an object on the way is JSON inside a string."""
    try:
        for step in path:
            raw = _inside(raw, step)
            if raw is None:
                return None
        value = msgspec.json.decode(raw) if raw is not None else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return value if isinstance(value, str | bool | int | float) else None


def _inside(raw: bytes | msgspec.Raw | None, step: str | int) -> bytes | msgspec.Raw | None:
    start = bytes(raw or b"")[:1]
    if start == b'"' and raw is not None:
        raw = msgspec.json.decode(raw, type=str).encode()
        start = raw[:1]
    if start == b"{" and isinstance(step, str):
        return msgspec.json.decode(raw or b"", type=dict[str, msgspec.Raw]).get(step)
    if start == b"[" and isinstance(step, int):
        values: list[Any] = msgspec.json.decode(raw or b"", type=list[msgspec.Raw])
        return values[step] if step < len(values) else None
    return None
