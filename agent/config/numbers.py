"""Numbers of the configuration file. Python counts true as 1; nobody who writes `true` means that."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field


def no_bool(value: Any) -> Any:
    """The value, unless it is true or false.

    Raises:
        ValueError: it is.
    """
    if isinstance(value, bool):
        raise ValueError("must be a number")  # noqa: TRY004 - a TypeError would pass through pydantic
    return value


NoBool = BeforeValidator(no_bool)
Whole = Annotated[int, NoBool]
Number = Annotated[float, Field(allow_inf_nan=False), NoBool]
