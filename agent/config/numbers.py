"""Numbers of the configuration file, also as leverwatch prints them: 100M. Python counts true as 1; nobody who
writes `true` means that."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from leverwatch.agent.config.comma import advice_for

_WRITTEN = re.compile(r"([+-]?(?:[0-9][0-9_]*)?(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?)\s*([kKMGBT%]?)")
_UNITS = {"": 0, "k": 3, "K": 3, "M": 6, "G": 9, "B": 9, "T": 12, "%": -2}
"""Powers of ten. A thousand million is B where leverwatch prints it, and G for engineers."""


def no_bool(value: Any) -> Any:
    """The value, unless it is true or false.

    Raises:
        ValueError: it is.
    """
    if isinstance(value, bool):
        raise ValueError("must be a number")  # noqa: TRY004 - a TypeError would pass through pydantic
    return value


def number_of(text: str) -> float:
    """Return the number that a text says: 300000000, 300_000_000, 300M, 1.5k, 1G, 1B, or 10% for 0.1.

    Raises:
        ValueError: it says none.
    """
    found = _WRITTEN.fullmatch(text.strip())
    if found is None or not any(letter.isdigit() for letter in found[1]):
        reason = "must be a number such as 300000000, 300M, 1.5k or 10%"
        raise ValueError(reason + advice_for(reason, text))
    return float(Decimal(found[1].replace("_", "")).scaleb(_UNITS[found[2]]))


def with_unit(value: Any) -> Any:
    """The value; the number where it is a text such as 100M, which is how leverwatch prints numbers."""
    if isinstance(value, str) and value.strip()[-1:] in {"k", "K", "M", "G", "B"}:
        try:
            return number_of(value)
        except ValueError:
            return value
    return value


NoBool = BeforeValidator(no_bool)
WithUnit = BeforeValidator(with_unit)
Whole = Annotated[int, NoBool]
Number = Annotated[float, Field(allow_inf_nan=False), NoBool]
