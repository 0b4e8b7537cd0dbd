"""Lists the paths that a glob matches. Each folder is listed once, also when links form a circle."""

from __future__ import annotations

import fnmatch
import glob
import os
import re
from collections.abc import Callable, Iterator, Sequence
from unicodedata import category

from msgspec import Struct, field

MOST_LEVELS = 32
"""How many levels of folders `**` descends."""
_RECURSIVE = "**"
_ESCAPED = re.compile(r"\[([*?[])\]")
_UNUSABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode categories of characters that no name may have: controls, lone surrogates (which stand for bytes that
are not UTF-8), and line separators."""


class Interrupted(Exception):
    """Listing was interrupted because the agent stops; the list is not complete."""


def name_fault(path: str) -> str | None:
    """Return why a path can neither be stored nor logged; None when it can."""
    if path.isprintable():
        return None
    kinds = set(map(category, path)) & _UNUSABLE
    if "Cs" in kinds:
        return "the name is not UTF-8"
    return "the name has control characters" if kinds else None


def shown(path: str) -> str:
    """Return a path with escapes for characters that cannot be shown."""
    if name_fault(path) is None:
        return path
    return "".join(_escaped(it) if category(it) in _UNUSABLE else it for it in path)


def _escaped(character: str) -> str:
    byte = ord(character) - 0xDC00
    return f"\\x{byte:02x}" if 0x80 <= byte <= 0xFF else character.encode("unicode_escape").decode()


class Listing(Struct):
    """Lists what globs match; `failures` has the folders that could not be listed, each with the reason."""

    stopping: Callable[[], bool]
    failures: dict[str, str] = field(default_factory=dict)

    def paths(self, pattern: str, base: str) -> Iterator[str]:
        """Yield every path that a pattern matches, possibly repeatedly; a relative pattern starts at `base`.

        Patterns mean what they mean for Python's `glob`, except that `**` does not follow links to folders.

        Raises:
            Interrupted: `stopping` returned true.
        """
        parts = [part for part in pattern.split("/") if part]
        start = "/" if pattern.startswith("/") else base
        return self._match(start, parts, led=False) if parts and not pattern.endswith("/") else iter(())

    def _match(self, folder: str, parts: Sequence[str], *, led: bool) -> Iterator[str]:
        """Yield the matches in a folder. `led`: a wildcard matched this folder, so that a failure to list it is
        reported here."""
        part, rest = parts[0], parts[1:]
        if part == _RECURSIVE:
            while rest and rest[0] == _RECURSIVE:
                rest = rest[1:]
            for inner, names in self._walk(folder):
                if rest:
                    yield from self._match(inner, rest, led=True)
                else:
                    yield from (os.path.join(inner, name) for name in names)  # noqa: PTH118 - hot path of every poll
            return
        literal = _literal(part)
        if literal is not None:
            if led and not self._is_open(folder):
                return
            names = [literal]
        else:
            listed = (entry.name for entry in self._entries(folder))
            names = [name for name in fnmatch.filter(listed, part) if name[0] != "." or part[0] == "."]
        for name in names:
            path = os.path.join(folder, name)  # noqa: PTH118 - as above
            if rest:
                if os.path.isdir(path):  # noqa: PTH112 - as above
                    yield from self._match(path, rest, led=led or literal is None)
            elif literal is None or os.path.lexists(path):
                yield path

    def _walk(self, top: str) -> Iterator[tuple[str, list[str]]]:
        """Yield each folder from `top` downwards with the names of its other entries, without hidden ones."""
        waiting = [(top, 0)]
        while waiting:
            folder, level = waiting.pop()
            names: list[str] = []
            for entry in self._entries(folder):
                if entry.name.startswith("."):
                    continue
                if not _is_folder(entry):
                    names.append(entry.name)
                elif level < MOST_LEVELS:
                    waiting.append((entry.path, level + 1))
                else:
                    self.failures[shown(entry.path)] = f"more than {MOST_LEVELS} folders below {shown(top)}"
            yield folder, names

    def _entries(self, folder: str) -> list[os.DirEntry[str]]:
        if self.stopping():
            raise Interrupted
        if not self._is_open(folder):
            return []
        try:
            with os.scandir(folder) as entries:
                return list(entries)
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            self.failures[shown(os.path.normpath(folder))] = error.strerror or type(error).__name__
            return []

    def _is_open(self, folder: str) -> bool:
        # A glob takes a closed folder for an empty one, and its systems would seem to have been idle.
        if os.access(folder, os.R_OK | os.X_OK) or not os.path.isdir(folder):  # noqa: PTH112 - as above
            return True
        self.failures[shown(os.path.normpath(folder))] = "Permission denied"
        return False


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False  # it is gone, or is looked at, and reported, by its own path


def _literal(part: str) -> str | None:
    """Return the only name that a part of a pattern matches; None when it has wildcards."""
    return None if glob.has_magic(_ESCAPED.sub("", part)) else _ESCAPED.sub(r"\1", part)
