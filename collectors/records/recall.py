"""Remembers what a function gave for the texts of records, of which few are met again and again."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, ParamSpec, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")
_LONGEST = 1000
"""Characters; a record may hold megabytes where a word belongs, and thousands of these would fill the memory."""


def recall(most: int, *, typed: bool = False) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """`lru_cache` of so many results for functions without keywords, that keeps no long text."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        remembered = cast("Callable[P, Any]", lru_cache(maxsize=most, typed=typed)(function))

        @wraps(function)
        def call(*values: P.args, **none: P.kwargs) -> R:
            for value in values:
                if isinstance(value, str | bytes) and len(value) > _LONGEST:
                    return function(*values, **none)
            return cast("R", remembered(*values, **none))

        return call

    return decorate
