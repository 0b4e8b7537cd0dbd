"""Glob patterns with git's `:(glob)` meaning, so that git and this agent agree on which files are prompts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence


def check_pattern(pattern: str) -> str:
    """Return the pattern in its normal form; a trailing slash means everything beneath.

    Raises:
        ValueError: it can match no path of a repository, or uses an unsupported notation.
    """
    if not pattern or any(ord(character) < ord(" ") for character in pattern):
        raise ValueError("a pattern is a path inside the repository, without control characters")
    if pattern.startswith("/"):
        raise ValueError("a pattern is relative to the top of the repository: leave out the leading slash")
    if pattern.endswith("/"):
        pattern += "**"
    if any(part in {"", ".", ".."} for part in pattern.split("/")):
        raise ValueError('a pattern has no empty, "." or ".." parts')
    if any("**" in part and part != "**" for part in pattern.split("/")):
        # git reads `a**/b` in two ways, depending on what precedes the stars.
        raise ValueError('"**" stands alone between slashes; any depth is written "folder/**/*.md"')
    _translate(pattern)
    return pattern


def _bracket(pattern: str, start: int) -> tuple[str, int]:
    """Translate the set that opens at `start`; return it and the position after its closing bracket."""
    position = start + 1
    negated = pattern[position : position + 1] in {"!", "^"}
    position += negated
    members = ""
    first = True
    while position < len(pattern):
        character = pattern[position]
        if character == "]" and not first:
            # A set never matches a slash, whatever it lists.
            return f"(?!/)[{'^' if negated else ''}{members}]", position + 1
        first = False
        if pattern.startswith("[:", position):
            raise ValueError("named character classes such as [:alpha:] are not supported")
        if character == "\\":
            position += 1
            character = pattern[position : position + 1]
        position += 1
        members += "-" if character == "-" and pattern[position - 2] != "\\" else re.escape(character)
    raise ValueError('"[" without its closing "]"')


def _translate(pattern: str) -> str:
    """Translate a glob into a regular expression for whole paths."""
    expression = ""
    position = 0
    while position < len(pattern):
        character = pattern[position]
        if pattern.startswith("**/", position):
            expression += "(?:.+/)?"
            position += 3
        elif pattern.startswith("**", position):
            expression += ".+"
            position += 2
        elif character == "*":
            expression += "[^/]*"
            position += 1
        elif character == "?":
            expression += "[^/]"
            position += 1
        elif character == "[":
            part, position = _bracket(pattern, position)
            expression += part
        else:
            if character == "\\":
                position += 1
                if position == len(pattern):
                    raise ValueError("a backslash at the end escapes nothing")
            expression += re.escape(pattern[position])
            position += 1
    return expression


def _bytewise(text: str) -> str:
    """Return the text with one character for each byte, as git matches bytes, so that `?` means the same."""
    return text.encode().decode("latin-1")


def compile_patterns(patterns: Iterable[str]) -> re.Pattern[str]:
    """Return a regular expression that matches the paths (bytewise) that at least one of the patterns selects.

    Without wildcards a pattern is a file, or a folder with everything beneath it.

    Raises:
        ValueError: as `check_pattern`.
    """
    parts = [f"{_translate(glob)}|{re.escape(glob)}(?:/.+)?" for glob in map(_bytewise, patterns)]
    # Without any pattern nothing may match.
    return re.compile("|".join(parts) or r"(?!)", re.DOTALL)


def pathspecs(patterns: Iterable[str]) -> tuple[str, ...]:
    """Return the patterns as pathspecs for git, without repetitions."""
    return tuple(f":(top,glob){pattern}" for pattern in dict.fromkeys(patterns))


class PathFilter:
    """Determines the systems that a path belongs to, with a cache."""

    def __init__(self, systems: Mapping[str, Sequence[str]], exclude: Sequence[str] = ()) -> None:
        self._systems = [(name, compile_patterns(patterns)) for name, patterns in sorted(systems.items())]
        self._exclude = compile_patterns(exclude)
        self._known: dict[str, tuple[str, ...]] = {}

    def systems_of(self, path: str) -> tuple[str, ...]:
        """Return the names of the systems that track `path`, sorted; empty when it is excluded."""
        known = self._known.get(path)
        if known is None:
            plain = _bytewise(path)
            excluded = self._exclude.fullmatch(plain) is not None
            known = () if excluded else tuple(n for n, tracked in self._systems if tracked.fullmatch(plain))
            self._known[path] = known
        return known
