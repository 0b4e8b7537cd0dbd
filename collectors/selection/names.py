"""Dotted names with wildcards, such as `SYSTEM_PROMPT`, `*_PROMPT` and `Agent.instructions`. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

_STEP = r"[A-Za-z_$@*?\u0080-\U0010ffff-][\w$*?-]*[?!]?"
_ANY_WORD = rb"[\w$\x80-\xff-]*"
_NAME = re.compile(rf"(?:{_STEP}|\*)(?:\.{_STEP})*")


def glob_of(step: str, any_: str) -> str:
    """Return a regular expression for one step, in which `*` stands for `any_`, and `?` for one character."""
    return "".join(any_ if char == "*" else "." if char == "?" else re.escape(char) for char in step)


class WantedName(Struct, frozen=True):
    """A dotted name to look for."""

    steps: tuple[str, ...]

    @property
    def last(self) -> str:
        """The text's own name."""
        return self.steps[-1]

    @property
    def is_exact(self) -> bool:
        """Whether its own name has no wildcard."""
        return "*" not in self.last and "?" not in self.last

    def matches(self, steps: Sequence[str]) -> bool:
        """Return whether a text is meant: it has the last name, and the others enclose it in this order."""
        *outer, last = (re.compile(glob_of(step, ".*")) for step in self.steps)
        if not steps or not last.fullmatch(steps[-1]):
            return False
        left = iter(steps[:-1])
        return all(any(step.fullmatch(name) for name in left) for step in outer)


def parse_name(name: str) -> WantedName:
    """Read a dotted name.

    Raises:
        ValueError: it is none.
    """
    if not _NAME.fullmatch(name):
        raise ValueError('is no name such as SYSTEM_PROMPT, "*_PROMPT" or Agent.instructions')
    return WantedName(tuple(name.split(".")))


def places(names: Sequence[WantedName]) -> re.Pattern[bytes]:
    """Return an expression that finds every word in UTF-8 that may be the own name of one that is wanted."""
    words = "|".join(glob_of(name.last, "\0") for name in names).encode().replace(b"\0", _ANY_WORD)
    return re.compile(rb"(?<![\w$\x80-\xff])(?:" + words + rb")(?![\w$\x80-\xff])")
