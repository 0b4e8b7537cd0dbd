"""Finds the files that globs match, each file once, and the rotated siblings of a live file."""

from __future__ import annotations

import fnmatch
import glob
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from leverwatch.collectors.listing import Interrupted, Listing, name_fault, shown

COMPRESSED = (".gz", ".zst", ".bz2", ".xz")
"""The ends of the names of compressed files."""
_COMPRESSED = re.compile(r"\.(?:gz|zst|bz2|xz)$")
_MARK = re.compile(r"[-._T:Z+\d]*\d[-._T:Z+\d]*")
_ROTATED_END = re.compile(r"[-._](?:[-._T:+*?\d]|\[[^]]*\])+$")
"""What ends a pattern for the files that rotation makes."""
_ROTATED = re.compile(r"[-._][-._T:Z+\d]*\d(?=\.|$)")
_DATE_DIGITS = 6
_OLD_FOLDERS = ("old", "archive", "rotated")
"""Folders, in that of a live log or beside it, into which rotation often moves logs (`olddir` of logrotate)."""


class Found(Struct, frozen=True):
    """One regular file as `stat` showed it. `path` is absolute and has no symbolic links."""

    path: str
    device: int
    inode: int
    size: int
    mtime_ns: int
    origin: str = ""
    """The path of the live log that this file is a rotated part of; empty for a file that a glob matched."""
    link: str = ""
    """The symbolic link that a glob matched, when no glob matches the file itself; else empty."""
    archive: bool = False
    """Whether the file was named by a backfill only, so that it is not followed afterwards."""

    @property
    def key(self) -> tuple[int, int]:
        """Device and inode of the file; they may be used for another file once this one is deleted."""
        return self.device, self.inode


class Discovery(Struct):
    """The files that globs matched, and the paths that could not be examined."""

    files: list[Found] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)
    """The reason for each path that could not be examined."""
    empty: tuple[str, ...] = ()
    """The patterns that match no file, and should."""

    def add_archives(self, other: Discovery) -> None:
        """Add the files of a backfill as archives, except for those that are here already."""
        here = {found.key for found in self.files}
        self.files += [replace(found, archive=True) for found in other.files if found.key not in here]
        self.failures = {**other.failures, **self.failures}


def found_at(path: str, status: os.stat_result, origin: str = "") -> Found:
    """Make a `Found` of a path and the result of its `stat`."""
    return Found(path, status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, origin)


def look(path: str, origin: str = "") -> Found | None:
    """Return the regular file at a path; None when there is none.

    Raises:
        OSError: the path cannot be examined.
    """
    try:
        status = os.stat(path)  # noqa: PTH116 - hot path of every poll, a Path costs as much as the call
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found_at(path, status, origin) if stat.S_ISREG(status.st_mode) else None


def _never() -> bool:
    return False


def discover(patterns: Iterable[str], base_dir: Path, stopping: Callable[[], bool] = _never) -> Discovery:
    """Return every regular file that a pattern matches, each once, however many links lead to it.

    A file whose name cannot be stored is among the failures, and so is a link to it.

    Raises:
        Interrupted: `stopping`, which is called again and again, returned true.
    """
    result = Discovery()
    listing = Listing(stopping, result.failures)
    base = str(base_dir.absolute())
    by_pattern = {pattern: set(listing.paths(pattern, base)) for pattern in patterns}
    paths = set().union(*by_pattern.values())
    without: set[str] = set()
    seen: set[tuple[int, int]] = set()
    # A link comes after every real name, so that a file is known by a name of its own where it has one.
    folders: dict[str, str] = {}
    for link, path in sorted((_is_link(path), path) for path in paths):
        if stopping():
            raise Interrupted
        try:
            found = look(os.path.realpath(path) if link else _real(path, folders))
        except OSError as error:
            result.failures[shown(path)] = error.strerror or type(error).__name__
            continue
        if found is None:
            without.add(path)
            continue
        if found.key in seen:
            continue
        fault = name_fault(path) or name_fault(found.path)
        if fault is not None:
            result.failures[shown(path)] = fault
            continue
        seen.add(found.key)
        result.files.append(replace(found, link=path) if link else found)
    result.empty = tuple(
        pattern
        for pattern, matched in by_pattern.items()
        if matched <= without and _should_match(pattern, by_pattern, base)
    )
    return result


def absences(path: str | tuple[str, ...], base_dir: Path) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield each glob of a setting `path` that matches no file now, by its place in the settings, and why."""
    patterns = (path,) if isinstance(path, str) else path
    found = discover(patterns, base_dir)
    for number, pattern in enumerate(patterns):
        if pattern in found.empty:
            yield ("path",) if isinstance(path, str) else ("path", number), _why_empty(pattern, base_dir)
    for place, reason in sorted(found.failures.items()):
        yield ("path",), f"{place}: {reason}"


def is_folder(path: Path) -> bool:
    """Whether there is a folder that this user may see."""
    return os.path.isdir(path)  # noqa: PTH112 - Path.is_dir raises an error where a folder above is closed


def _why_empty(pattern: str, base_dir: Path) -> str:
    """Return why a pattern matches no file, with the first folder on its way that is not there."""
    if pattern.endswith("/") or is_folder(base_dir / pattern):
        return "is a folder; name the files in it, such as folder/*.jsonl"
    parts = Path(pattern).parts[:-1]
    fixed = [part for number, part in enumerate(parts) if not any(map(glob.has_magic, parts[: number + 1]))]
    folder = base_dir.absolute()
    for part in fixed:
        folder /= part
        if not is_folder(folder):
            return f"matches no file: there is no folder {folder}"
    return "matches no file"


def _should_match(pattern: str, patterns: Iterable[str], base: str) -> bool:
    """Whether a pattern without a file is a fault: not when it is for what rotation is yet to make of the files of
    another one, nor when rotation has just taken the only file that it names."""
    others = [os.path.split(other) for other in patterns if other != pattern]
    if others and _COMPRESSED.search(pattern):
        return False
    folder, name = os.path.split(pattern)
    live = _ROTATED_END.sub("", name)
    if live != name and any(at == folder and fnmatch.fnmatchcase(live, other) for at, other in others):
        return False
    path = os.path.join(base, pattern)  # noqa: PTH118 - paths are strings here
    try:
        return glob.has_magic(pattern) or not siblings(path)
    except OSError:
        return True


def _real(path: str, folders: dict[str, str]) -> str:
    """Return the real path of something that is not a link itself; `folders` caches the real paths of folders."""
    folder, name = os.path.split(path)
    real = folders.get(folder)
    if real is None:
        folders[folder] = real = os.path.realpath(folder)
    return os.path.join(real, name)  # noqa: PTH118 - hot path of every poll


def _is_link(path: str) -> bool:
    return os.path.islink(path)  # noqa: PTH114 - as above


def is_rotated(live: str, name: str) -> bool:
    """Whether `name` looks like a rotated part of the file named `live`.

    That is the name of the live file, or its stem, followed only by numbers, dates and separators, possibly by the
    extension again, and possibly by `.gz`, `.zst`, `.bz2` or `.xz`; `app.log.old` is one as well. `app-2.log` is
    not taken for a part of `app.log`: a short number after a dash rather is the number of another instance.
    """
    bare = _COMPRESSED.sub("", name)
    if bare == f"{live}.old":
        return True
    if bare == live:
        return name != live
    if bare.startswith(live):
        rest = bare[len(live) :]
        return rest[0] in "-._" and _MARK.fullmatch(rest) is not None
    stem, _, extension = live.rpartition(".")
    if not stem or not bare.startswith(stem):
        return False
    rest = bare[len(stem) :].removesuffix(f".{extension}")
    if not rest or rest[0] not in "-._" or _MARK.fullmatch(rest) is None:
        return False
    return rest[0] == "." or sum(character.isdigit() for character in rest) >= _DATE_DIGITS


def live_path(path: str) -> str:
    """Return the path of the log of which a file is a rotated part by its name; its own path when it is none."""
    folder, name = os.path.split(path)
    bare = _COMPRESSED.sub("", name).removesuffix(".old")
    for mark in reversed(list(_ROTATED.finditer(bare))):
        live = bare[: mark.start()] + bare[mark.end() :]
        if is_rotated(live, bare):
            return os.path.join(folder, live)  # noqa: PTH118 - paths are strings here
    return os.path.join(folder, bare)  # noqa: PTH118


def siblings(origin: str) -> list[Found]:
    """Return the rotated siblings of a live path, in its folder and in those where old logs often are.

    Raises:
        OSError: the folder cannot be listed.
    """
    folder, live = os.path.split(origin)
    paths = [os.path.join(folder, name) for name in _names(folder) if is_rotated(live, name)]  # noqa: PTH118 - as above
    for other in old_folders(origin):
        try:
            paths += [os.path.join(other, name) for name in _names(other) if is_rotated(live, name)]  # noqa: PTH118
        except OSError:
            continue  # nobody said that it is one of this log
    found = [look(real, origin) for real in map(os.path.realpath, paths) if name_fault(real) is None]
    return [item for item in found if item is not None]


def old_folders(origin: str) -> tuple[str, ...]:
    """Return the folders that rotation may move the log at a live path to; they need not exist."""
    folder = os.path.dirname(origin)  # noqa: PTH120 - paths are strings here
    beside = os.path.dirname(folder)  # noqa: PTH120
    return tuple(os.path.join(at, name) for at in dict.fromkeys((folder, beside)) for name in _OLD_FOLDERS)  # noqa: PTH118


def _names(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208 - names are all that is needed
    except (FileNotFoundError, NotADirectoryError):
        return []
