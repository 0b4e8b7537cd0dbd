"""Caches functions of texts of records, as the same few texts come again and again."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, ParamSpec, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")
_TEXTS = (str, bytes)
_LONGEST = 1000
"""Characters of the longest text that is cached, as a record may have megabytes in place of a word."""


def recall(most: int, *, typed: bool = False) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return a decorator like `lru_cache(most)` for functions of positional arguments; long texts are not
    cached."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        remembered = cast("Callable[P, Any]", lru_cache(maxsize=most, typed=typed)(function))

        @wraps(function)
        def call(*values: P.args, **none: P.kwargs) -> R:
            for value in values:
                if isinstance(value, _TEXTS) and len(value) > _LONGEST:
                    return function(*values, **none)
            return cast("R", remembered(*values, **none))

        return call

    return decorate
