"""Says in words what is wrong with a record of other types than its format has."""

from __future__ import annotations

import re

import msgspec

from leverwatch.collectors.interface import Result

NO_JSON = "expected JSON in a text"
_QUOTED = re.compile(" ['\"]")


def explain(error: msgspec.ValidationError) -> tuple[Result, str]:
    """Return the result and the reason for a record that does not have the types of its format."""
    # msgspec names types and the place: "Expected `int`, got `array` - at `$.usage.input`".
    # One kind of message ends in the value, between single quotes, or double ones when it has a single one itself.
    reason, found, place = str(error).rpartition(" - at ")
    reason, place = (reason, place) if found else (place, "")
    reason = _QUOTED.split(reason, maxsplit=1)[0]
    path = place.strip("`").removeprefix("$").lstrip(".")
    if not path and reason != NO_JSON:
        return Result.INVALID_LINE, "not one JSON object"
    if not path:
        return Result.MISTYPED_FIELD, NO_JSON
    return Result.MISTYPED_FIELD, f"{path}: {reason[:1].lower()}{reason[1:]}"
