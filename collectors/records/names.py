"""Which names systems and models can have, in stores and in labels. The same rule for all kinds of input."""

from __future__ import annotations

from leverwatch.collectors.interface import UNKNOWN_MODEL, Result

Refusal = tuple[Result, str]
"""The result of a record that is not counted, and the reason in words."""

MAX_NAME_LENGTH = 200
"""The longest name in characters, as columns of the store and labels of metrics are bounded."""

NO_ID = frozenset({"", "none", "null"})
"""The values that producers write when there is no request id, in lower case."""


def fault_of(name: str) -> str | None:
    """Return why a name cannot be used, in words that do not quote it; None when it can."""
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
    """Return the name of the model of a record, `unknown` when it names none. The name may be unusable."""
    return (text or "").strip() or UNKNOWN_MODEL


def model_fault(model: str) -> Refusal | None:
    """Return why a record with a model of this name is refused; None when it is not."""
    fault = fault_of(model)
    return None if fault is None else (Result.MISTYPED_FIELD, f"model: {fault}")


def id_of(value: object) -> str | None:
    """Return the request id of a record as text; None when it has none."""
    text = "" if value is None else str(value).strip()
    return None if text.lower() in NO_ID else text
