"""Error messages for pydantic's kinds of validation errors."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from leverwatch.collectors.config import show_duration as show_duration

_NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._/-]*$"
_SOURCE_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._/-]*(@[A-Za-z0-9][A-Za-z0-9._-]*)?$"
_KNOWN_PATTERNS = {
    _NAME_PATTERN: "must start with a letter or digit and hold only letters, digits and . _ / -",
    _SOURCE_PATTERN: "must start with a letter or digit and hold only letters, digits and . _ / -",
    r"\S": "must not be blank",
}

NOT_A_TEXT = "must be a text"
_LIST = "must be a list"
_MAPPING = "must be a mapping (key: value)"
_WHOLE = "must be a whole number"
_NUMBER = "must be a number"
_BOOL = "must be true or false"
_DATE = "must be a day, such as 2026-10-01"
_DURATION = 'must be a duration with a unit, such as "30s", "5m", "1h30m" or "7d"'

_FIXED = {
    "missing": "is missing",
    "string_type": NOT_A_TEXT,
    "string_unicode": "must be a text without broken characters",
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": "must be a smaller number",
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": "must be a finite number",
    "bool_type": _BOOL,
    "bool_parsing": _BOOL,
    "date_type": _DATE,
    "date_parsing": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": "must be a day without a time, such as 2026-10-01",
    "time_delta_type": _DURATION,
    "time_delta_parsing": _DURATION,
    "path_type": "must be a path",
    "list_type": _LIST,
    "tuple_type": _LIST,
    "set_type": _LIST,
    "frozen_set_type": _LIST,
    "iterable_type": _LIST,
    "dict_type": _MAPPING,
    "mapping_type": _MAPPING,
    "model_type": _MAPPING,
    "model_attributes_type": _MAPPING,
    "dataclass_type": _MAPPING,
    "none_required": "must be empty",
}

_LIMITS = {
    "greater_than": ("must be more than {}", "gt"),
    "greater_than_equal": ("must be at least {}", "ge"),
    "less_than": ("must be less than {}", "lt"),
    "less_than_equal": ("must be at most {}", "le"),
    "multiple_of": ("must be a multiple of {}", "multiple_of"),
    "string_too_short": ("must have at least {} character{plural}", "min_length"),
    "string_too_long": ("must have at most {} character{plural}", "max_length"),
    "too_short": ("must have at least {} value{plural}", "min_length"),
    "too_long": ("must have at most {} value{plural}", "max_length"),
}

SAFE_KINDS = frozenset({*_FIXED, *_LIMITS, "literal_error", "enum", "string_pattern_mismatch"})
"""The kinds of error whose message never contains the value."""


def _number(value: Any) -> str:
    if isinstance(value, timedelta):
        return show_duration(value)
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return f"{int(value):_}"
    return str(value)


def choices(expected: str) -> str:
    """Turn `'a', 'b' or 'c'`, as pydantic writes choices, into `a, b, c`."""
    names = [part.strip().strip("'\"") for part in expected.replace(" or ", ", ").split(",")]
    return "must be one of " + ", ".join(names) if len(names) > 1 else f"must be {names[0]}"


def reason_of(kind: str, message: str, context: Mapping[str, Any]) -> str:
    """Return what is wrong, without the path and the value.

    Args:
        kind: pydantic's error type.
        message: pydantic's own message, used for a kind without a message of its own here.
        context: pydantic's error context.
    """
    if kind in {"value_error", "assertion_error"}:
        return str(context.get("error", message)) or "is not valid"
    if kind in {"literal_error", "enum"}:
        return choices(str(context["expected"]))
    if kind in _LIMITS:
        words, key = _LIMITS[kind]
        limit = _number(context[key])
        return words.format(limit, plural="" if limit == "1" else "s")
    if kind == "string_pattern_mismatch":
        pattern = str(context["pattern"])
        return _KNOWN_PATTERNS.get(pattern, f"must match the pattern {pattern}")
    if kind in _FIXED:
        return _FIXED[kind]
    return _plain(message)


def _plain(message: str) -> str:
    """Return pydantic's message without its typical phrases, for a kind without a message of its own here."""
    text = message.replace("Input should", "must").replace("input should", "must").replace("Input", "it")
    return text[:1].lower() + text[1:]
