"""Groups files with prompts into systems, and says which patterns and selectors give them. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from leverwatch.collectors.sniffing.prompt_finder import Within, ending_of, in_prompt_folder

MOST_SYSTEMS = 30
_GENERIC = re.compile(
    r"^(?:src|source|lib|libs|app|apps|pkg|packages?|services?|systems?|agents?|bots?|internal|cmd|main|java|kotlin"
    r"|python|resources|server|backend|frontend|api|core|config|configs|conf|data|assets|templates?|llm|ai|modules?"
    r"|components?|common|shared|utils?|(?:.*[_-])?(?:prompts?|instructions?|personas?)(?:[_-].*)?|com|org|io|v\d+)$",
    re.IGNORECASE,
)
_ODD = re.compile(r"([*?\[\\])")
_ENOUGH_OF_A_FOLDER = 3
_END = re.compile(r"[_-]prompts?\.\w+$")
_NOT_OF_A_NAME = re.compile(r"[^a-z0-9]+")


class Entry(Struct, frozen=True):
    """A pattern of a system, and what is selected in its files."""

    files: str
    within: Within
    found: tuple[str, ...]
    """The files with prompts that it is for."""

    def as_setting(self) -> Any:
        """Return it as the configuration has it."""
        within = self.within
        if within.is_whole:
            return self.files
        select: dict[str, Any] = {}
        if within.names:
            select["names"] = list(within.names)
        if within.keys:
            select["keys"] = list(within.keys)
        if within.body:
            select["body"] = True
        return {"files": self.files, "select": select}


def systems_of(found: Mapping[str, Within], all_: Sequence[str], repository: str) -> dict[str, list[Entry]]:
    """Return the entries of each system by its name, the systems with the most files first.

    Args:
        found: what is a prompt, by the path of its file.
        all_: the paths of all files.
        repository: the name of the repository, for prompts whose folders say nothing.
    """
    shared = _shared(found)
    files: dict[str, dict[str, Within]] = {}
    for path, within in sorted(found.items()):
        files.setdefault(_system_of(path, shared, repository), {})[path] = within
    counts = _counts(all_)
    ranked = sorted(files, key=lambda name: (-len(files[name]), name))
    return {name: _entries(files[name], counts) for name in ranked}


def name_of(text: str) -> str:
    """Return a text as the name of a system."""
    return _NOT_OF_A_NAME.sub("-", text.lower()).strip("-")[:60] or "prompts"


def _telling(path: str) -> list[str]:
    return [folder for folder in path.split("/")[:-1] if not _GENERIC.match(folder)]


def _shared(found: Iterable[str]) -> int:
    """Return how many telling folders all files have in common, which tell no system from another."""
    all_ = [_telling(path) for path in found]
    number = 0
    while all(len(each) > number for each in all_) and len({each[number] for each in all_}) == 1 and all_:
        number += 1
    return number


def _system_of(path: str, shared: int, repository: str) -> str:
    telling = _telling(path)
    return name_of((telling[shared:] or [repository])[0])


def _counts(all_: Iterable[str]) -> Counter[tuple[str, str]]:
    """Return how many files of each kind are directly in each folder."""
    return Counter((path.rpartition("/")[0], ending_of(path)) for path in all_)


def _entries(files: Mapping[str, Within], counts: Mapping[tuple[str, str], int]) -> list[Entry]:
    groups: dict[tuple[str, str, bool, bool], list[str]] = {}
    for path, within in files.items():
        key = (path.rpartition("/")[0], ending_of(path), within.is_whole, within.body)
        groups.setdefault(key, []).append(path)
    single: list[str] = []
    wide: list[Entry] = []
    for (folder, ending, *_), paths in groups.items():
        joined = _joined([files[path] for path in paths])
        some = counts[folder, ending]
        is_all = len(paths) == some
        # Of code and documents only what is selected counts, so that a pattern may match other files too.
        enough = len(paths) >= _ENOUGH_OF_A_FOLDER and 2 * len(paths) >= some and not joined.is_whole
        if (is_all and (len(paths) > 1 or in_prompt_folder(paths[0]))) or enough:
            wide.append(Entry(_below(folder, f"*.{ending}" if ending else "*"), joined, tuple(paths)))
        else:
            single += paths
    named, single = _named(files, single)
    # The first pattern that matches a file counts: what is about one file precedes what is about many.
    alone = [Entry(_escaped(path), files[path], (path,)) for path in single]
    return [*_sorted(alone), *_sorted(named), *_sorted(wide)]


def _named(files: Mapping[str, Within], paths: Iterable[str]) -> tuple[list[Entry], list[str]]:
    """Return entries for files that have one name in several folders, or one end of names; and the other files."""
    left = [path for path in paths if not files[path].is_whole]
    whole = [path for path in paths if files[path].is_whole]
    entries: list[Entry] = []
    for tail_of in (lambda path: path.rpartition("/")[2], _end_of):
        same: dict[str, list[str]] = {}
        for path in left:
            if tail := tail_of(path):
                same.setdefault(tail, []).append(path)
        for tail, each in same.items():
            if len(each) >= _ENOUGH_OF_A_FOLDER:
                pattern = _below(_common([path.rpartition("/")[0] for path in each]), tail)
                entries.append(Entry(pattern, _joined([files[path] for path in each]), tuple(each)))
                left = [path for path in left if path not in each]
    return entries, [*whole, *left]


def _end_of(path: str) -> str:
    found = _END.search(path.rpartition("/")[2])
    return f"*{found[0]}" if found else ""


def _common(folders: Sequence[str]) -> str:
    """Return the pattern of the folder that all of some folders are, or are in."""
    if len(set(folders)) == 1:
        return folders[0]
    steps = [folder.split("/") for folder in folders]
    number = 0
    while all(len(each) > number for each in steps) and len({each[number] for each in steps}) == 1:
        number += 1
    return "/".join([*steps[0][:number], "**"])


def _below(folder: str, tail: str) -> str:
    """Return a pattern: the folder is a path, and may end in `**`."""
    if folder == "**" or folder.endswith("/**"):
        return f"{_escaped(folder[:-3])}/**/{tail}" if len(folder) > 2 else f"**/{tail}"
    return f"{_escaped(folder)}/{tail}" if folder else tail


def _sorted(entries: list[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: (-len(entry.found), entry.files))


def _joined(each: Iterable[Within]) -> Within:
    all_ = list(each)
    names = dict.fromkeys(name for one in all_ for name in one.names)
    keys = dict.fromkeys(key for one in all_ for key in one.keys)
    return Within(tuple(_general(names)), tuple(keys), any(one.body for one in all_))


def _general(names: Iterable[str]) -> list[str]:
    """Return names of which several with the same end are one with a wildcard."""
    found = list(names)
    for end in ("_PROMPT", "_prompt", "Prompt", "_INSTRUCTIONS", "_TEMPLATE", "_prompt_template"):
        same = [name for name in found if name.endswith(end) and "." not in name and name != end]
        if len(same) > _ENOUGH_OF_A_FOLDER:
            found = [*(name for name in found if name not in same), f"*{end}"]
    return found


def _escaped(path: str) -> str:
    return _ODD.sub(r"\\\1", path)
