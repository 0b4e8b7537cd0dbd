"""Which names a system or a model can have: what is stored, and shown as a label. One rule for every way in."""

from __future__ import annotations

from leverwatch.collectors.interface import UNKNOWN_MODEL, Result

Refusal = tuple[Result, str]
"""Why a record is counted nowhere."""

MAX_NAME_LENGTH = 200
"""Characters; a store keeps no more, and a label should have fewer."""


def fault_of(name: str) -> str | None:
    """Why a name cannot be used, in words that do not quote it; None when it can."""
    if not name.strip():
        return "blank"
    if len(name) > MAX_NAME_LENGTH:
        return f"longer than {MAX_NAME_LENGTH} characters"
    # No store and no terminal takes all of what this refuses: controls, NUL, halves of surrogate pairs.
    return None if name.isprintable() else "has control characters or others that cannot be shown"


def is_usable(name: str) -> bool:
    """Whether a system or a model can have this name."""
    return fault_of(name) is None


def model_of(text: str | None) -> str:
    """The name of the model that a record names so; it may be unusable."""
    return (text or "").strip() or UNKNOWN_MODEL


def model_fault(model: str) -> Refusal | None:
    """Why a record of a model of this name is refused; None when it is not."""
    fault = fault_of(model)
    return None if fault is None else (Result.MISTYPED_FIELD, f"model: {fault}")
