"""Caches functions of texts of records, as the same few texts come again and again."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
_TEXTS = (str, bytes)
_VARARGS = 0x04
"""The flag of the code of a function that takes any number of arguments, which `inspect` would name."""
_LONGEST = 1000
"""Characters of the longest text that is cached, as a record may have megabytes in place of a word."""


def recall(most: int, *, typed: bool = False) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return a decorator like `lru_cache(most)` for functions of positional arguments; long texts are not
    cached."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        remembered: Any = lru_cache(maxsize=most, typed=typed)(function)

        @wraps(function)
        def call(*values: P.args, **none: P.kwargs) -> R:
            for value in values:
                if isinstance(value, _TEXTS) and len(value) > _LONGEST:
                    return function(*values, **none)
            found: R = remembered(*values)
            return found

        @wraps(function)
        def call_one(value: Any) -> R:
            if isinstance(value, _TEXTS) and len(value) > _LONGEST:
                long: Any = function
                found: R = long(value)
            else:
                found = remembered(value)
            return found

        # Calling it with a list of values, though there is one, would take twice as long.
        one: Any = call_one
        code = function.__code__
        return one if code.co_argcount == 1 and not code.co_flags & _VARARGS else call

    return decorate
