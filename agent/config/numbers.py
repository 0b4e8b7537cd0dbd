"""Numbers as a configuration may write them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field


def _no_bool(value: Any) -> Any:
    # Python counts true as 1; nobody means that.
    if isinstance(value, bool):
        raise ValueError("must be a number")  # noqa: TRY004 - a TypeError would pass through pydantic
    return value


NoBool = BeforeValidator(_no_bool)
Whole = Annotated[int, NoBool]
Number = Annotated[float, Field(allow_inf_nan=False), NoBool]
