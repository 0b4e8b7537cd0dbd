"""A problem of the configuration, and its form as text."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Final, TypeAlias

from msgspec import Struct

from leverwatch.agent.config.comma import advice_for

Steps: TypeAlias = tuple[str | int, ...]
"""The path of a value: the keys and list indexes that lead to it."""

HIDDEN: Final = "(hidden)"
ABSENT: Final = object()
"""The value of `Problem.got` when the problem is not about a value."""
SECRET: Final = object()
"""The value of `Problem.got` when the value is secret."""

_LONGEST = 60
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]{1,60}")
# Anything that may be `user:password@host` or `?password=...`, also when the URL around it is misspelt.
_CREDENTIALS = re.compile(r"[:/].*@|(?:password|passwd|secret|token|key)[^=&\s]*=", re.IGNORECASE | re.DOTALL)


class Problem(Struct, frozen=True):
    """What is wrong with one value."""

    steps: Steps
    reason: str
    got: Any = ABSENT
    repeats: bool = False
    """Whether the reason may contain the value, as it was written by a validator of leverwatch."""
    line: int | None = None
    """The line, counted from 1; None: the line of the value, or of the nearest value that contains it."""


_URL = re.compile(r"\s*[A-Za-z][A-Za-z0-9+.-]*:/")
_AFTER_PATH = re.compile(r"[?#;]")


def has_credentials(text: str) -> bool:
    """Whether a text may contain a password, judged by its form."""
    return _CREDENTIALS.search(text) is not None


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "..."


def _quoted(text: str) -> str:
    # Lone surrogates can be written in YAML and cannot be printed.
    return json.dumps(text, ensure_ascii=False).encode("utf-8", "backslashreplace").decode()


def show_value(value: Any) -> str:
    """Return a value as shown in a problem: one line of at most 60 characters, without passwords; containers are
    only named."""
    if value is SECRET:
        return HIDDEN
    if isinstance(value, str):
        # What stands in a URL behind its path may be a secret under any name.
        hidden = has_credentials(value) or bool(_URL.match(value) and _AFTER_PATH.search(value))
        return HIDDEN if hidden else _quoted(_cut(value))
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int) and value.bit_length() > 200:
        return "a very large number"
    return _cut(str(value))


def show_steps(steps: Steps) -> str:
    """Return a path as text, such as `sources[0].format.type` or `systems["a.b"]`."""
    text = ""
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _PLAIN_KEY.fullmatch(step):
            text += f".{step}" if text else step
        else:
            text += f"[{HIDDEN if has_credentials(step) else _quoted(_cut(step))}]"
    return text


def show_problem(problem: Problem, file: str, line: int) -> str:
    """Return the problem as one line: `file:line: path: reason (got value)`."""
    path = f"{show_steps(problem.steps)}: " if problem.steps else ""
    # That it is a mapping or a list is news only where another kind of value is expected.
    known = problem.got is ABSENT or (problem.repeats and isinstance(problem.got, Mapping | list | tuple))
    got = "" if known else f" (got {show_value(problem.got)})"
    # Here, and not where it is found: the advice repeats the value, which may have been hidden since.
    advice = advice_for(problem.reason, problem.got) if isinstance(problem.got, str) else ""
    return f"{file}:{line}: {path}{problem.reason}{advice}{got}"
