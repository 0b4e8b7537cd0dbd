"""The words of a system template that stand for the path of the log, and a format whose rows have their values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import unquote

from leverwatch.collectors.records.fields import FIELDS
from leverwatch.collectors.records.formats.interface import Format, Parsed, Row, table_of

_PREFIX = "path."
_PARENT = re.compile(r"parent(?:\.parent)*")
_COMPRESSED = re.compile(r"\.(?:gz|zst|bz2|xz)$")
_OWN_WORDS = ("name", "stem", "parent")
_MOST_PATHS = 10_000
"""Remembered at a time."""


def is_path_word(placeholder: str) -> bool:
    """Whether a placeholder of a system template stands for the path of the log, not for a value of the record."""
    return placeholder.startswith(_PREFIX)


def of_record(placeholder: str) -> str:
    r"""Return the path into the record that a placeholder is; `\path.x` is the value `x` of an object `path`."""
    return placeholder[1:] if placeholder.startswith(f"\\{_PREFIX}") else placeholder


def parse_pattern(text: str) -> re.Pattern[str]:
    """Compile a pattern whose named groups are words of the template.

    Raises:
        ValueError: it is no regular expression, names no group, or names one like a word that there is anyway.
    """
    try:
        pattern = re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"is no regular expression: {error}") from error
    if not pattern.groupindex:
        raise ValueError("names no group; one is written (?P<team>[^/]+)")
    if taken := [name for name in _OWN_WORDS if name in pattern.groupindex]:
        raise ValueError(f"{taken[0]} is a word that every path has; name the group otherwise")
    return pattern


def check_words(placeholders: Sequence[str], pattern: re.Pattern[str] | None) -> None:
    """Check that the words of a system template can have values.

    Raises:
        ValueError: a word has no name, or no placeholder is a group of the pattern.
    """
    words = [it.removeprefix(_PREFIX) for it in placeholders if is_path_word(it)]
    if not all(word.strip() for word in words):
        raise ValueError("{path.} needs a name, such as {path.parent}")
    if pattern is not None and not pattern.groupindex.keys() & set(words):
        names = ", ".join(f"{{path.{name}}}" for name in pattern.groupindex)
        raise ValueError(f"path_pattern has no effect: system has none of {names}")


def value_of(word: str, path: str, pattern: re.Pattern[str] | None) -> str | None:
    """Return what a word such as `parent` or `team` is for a path; None when the path does not tell it.

    A group of the pattern comes before a folder `team=x`, and of such folders the innermost counts.
    """
    above, _, name = path.rpartition("/")
    folders = [folder for folder in above.split("/") if folder]
    if word == "name":
        return name or None
    if word == "stem":
        bare = _COMPRESSED.sub("", name)
        return bare.rpartition(".")[0] or bare or None
    if _PARENT.fullmatch(word):
        level = word.count("parent")
        return folders[-level] if level <= len(folders) else None
    if pattern is not None and word in pattern.groupindex:
        found = pattern.search(path)
        return found[word] if found else None
    for folder in reversed(folders):
        key, equals, value = folder.partition("=")
        if equals and key == word:
            return unquote(value) or None
    return None


class PathValues:
    """Another format with the values of the path among those of the system template.

    `template` has all placeholders; the rows of the other format have the values of those that are of the record.
    """

    def __init__(self, inner: Format, template: Sequence[str], pattern: re.Pattern[str] | None) -> None:
        self._inner, self._pattern = inner, pattern
        self._words = [it.removeprefix(_PREFIX) if is_path_word(it) else None for it in template]
        self._start = len(FIELDS)
        self._end = self._start + self._words.count(None)
        self._known: dict[str, tuple[str | None, ...]] = {}
        self._values: tuple[str | None, ...] = (None,) * len(self._words)
        self.wants_header, self.framing = inner.wants_header, inner.framing
        self.has_extended, self.known, self.repeats = inner.has_extended, inner.known, inner.repeats
        self.table = table_of(inner)

    def enter(self, path: str) -> None:
        """Say which log the records come from that are parsed next."""
        if path not in self._known:
            if len(self._known) >= _MOST_PATHS:
                self._known.clear()
            self._known[path] = tuple(
                None if word is None else value_of(word, path, self._pattern) for word in self._words
            )
        self._values = self._known[path]

    def check_header(self, line: bytes) -> tuple[str, ...]:
        """As the other format."""
        return self._inner.check_header(line)

    def parse(self, data: bytes, header: bytes | None) -> Parsed:
        """As the other format, with the values of the path in every row."""
        parsed = self._inner.parse(data, header)
        parsed.rows = [self._placed(row) for row in parsed.rows]
        return parsed

    def _placed(self, row: Row) -> Row:
        own = iter(row[self._start : self._end])
        between = (
            next(own) if word is None else value for word, value in zip(self._words, self._values, strict=True)
        )
        return (*row[: self._start], *between, *row[self._end :])
