"""Looks for prompts in a git repository: in the newest version of its files, with limits of time and memory."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from msgspec import Struct

from leverwatch.collectors.errors import SourceUnavailable
from leverwatch.collectors.interface import COUNTING_KINDS, CollectorContext, PromptChange, SourceState, utc_now
from leverwatch.collectors.selection.languages import GRAMMARS, language_of, missing
from leverwatch.collectors.selection.selector import Unparsable
from leverwatch.collectors.sniffing.prompt_finder import Within, ending_of, find, in_prompt_folder, is_candidate
from leverwatch.collectors.sniffing.prompt_systems import MOST_SYSTEMS, Entry, systems_of
from leverwatch.collectors.sources.git.branches import followed
from leverwatch.collectors.sources.git.child import run_git
from leverwatch.collectors.sources.git.collector import GitCollector
from leverwatch.collectors.sources.git.config import GitConfig
from leverwatch.collectors.sources.git.errors import GitError
from leverwatch.collectors.sources.git.process import Git, summary
from leverwatch.collectors.sources.git.repository import Repository

WEEKS = 13
_SECONDS = 120.0
_LARGEST = 256 * 1024
_SMALLEST = 40
_MOST_PATHS = 200_000
_MOST_READ = 4_000
_MOST_BYTES = 48 * 1024 * 1024
_UNWRITABLE = re.compile(r"[\x00-\x1f\\]")
_NOT_OURS = re.compile(
    r"(?:^|/)(?:node_modules|vendor|third[_-]?party|dist|build|\.git|\.venv|venv|site-packages|\.tox|target)/"
)
_TESTS = re.compile(
    r"(?:^|/)(?:tests?|__tests__|spec|fixtures|testdata|cassettes|e2e)/|(?:^|/)test_|_test\.|\.test\."
)
_OTHERS = re.compile(r"(?:^|/)(?:docs?|examples?|cookbooks?|notebooks?|\.github|\.cursor|\.claude|locales?|i18n)/")
_LOCKED = re.compile(r"(?:^|/)(?:package-lock\.json|pnpm-lock\.yaml|.*\.lock|.*\.min\.js)$")


class Evidence(Struct, frozen=True):
    """What speaks for the entries of a system."""

    entries: tuple[Entry, ...]
    files: int
    landings: int
    """In the newest `WEEKS` weeks, those that count with the selectors."""
    without: int
    """As `landings`, if the files were read whole."""
    newest: datetime | None


class Proposal(Struct, frozen=True):
    """What was found in a repository."""

    repo: str
    commit: str
    files: int
    read: int
    systems: dict[str, Evidence]
    left_out: dict[str, int]
    """Files that were not looked into or hold nothing, by the reason."""


def propose(address: str, folder: Path, now: Callable[[], datetime] = utc_now) -> Proposal:
    """Return what a source for a repository may look like.

    Raises:
        CollectorError: it is no repository, or cannot be read.
    """
    if not folder.is_dir():
        raise SourceUnavailable(f"{address}: there is no such folder")
    git = Git(run_git, os.environ, _SECONDS, lambda text: text)
    repository = Repository(git, folder.resolve())
    try:
        reference = _reference(repository)
        commit = repository.tip(reference).commit
        if commit is None:
            raise SourceUnavailable(f"{address}: the repository has no commit")
        left: Counter[str] = Counter()
        paths = dict(_listed(git, repository, commit, left))
        chosen = _chosen(paths, left)
        found = dict(_found(repository, chosen, left))
    except GitError as error:
        raise SourceUnavailable(f"{address}: {summary(str(error))}") from error
    name = re.sub(r"\.git$", "", folder.resolve().name)
    systems = systems_of(found, list(paths), name)
    for beyond in list(systems)[MOST_SYSTEMS:]:
        left["of further systems"] += sum(len(entry.found) for entry in systems.pop(beyond))
    return Proposal(
        address,
        commit,
        len(paths),
        len(chosen),
        _evidence(folder, systems, now),
        dict(left.most_common()),
    )


def _reference(repository: Repository) -> str:
    branches = repository.branches()
    return followed(branches, bare=repository.is_bare(), remembered="", usual=repository.usual_branch()) or "HEAD"


def _listed(
    git: Git, repository: Repository, commit: str, left: Counter[str]
) -> Iterator[tuple[str, tuple[str, int]]]:
    """Yield the regular files of a commit, with the name and the size in bytes of their contents."""
    number = 0
    with git.open(repository.directory, "ls-tree", "-r", "-l", "-z", "--full-tree", commit) as output:
        rest = b""
        while piece := output.read(1024 * 1024):
            *lines, rest = (rest + piece).split(b"\0")
            for line in lines:
                about, _, path = line.partition(b"\t")
                mode, kind, name, size = about.split()
                if kind != b"blob" or mode == b"120000":
                    left["symbolic links and submodules"] += 1
                    continue
                number += 1
                if number > _MOST_PATHS:
                    left[f"beyond the first {_MOST_PATHS:,} files"] += 1
                    continue
                yield path.decode(errors="backslashreplace"), (name.decode(), int(size))


def _chosen(paths: dict[str, tuple[str, int]], left: Counter[str]) -> dict[str, str]:
    """Return the names of the contents to read by path: those first whose paths speak for prompts."""
    ranked: list[tuple[int, str]] = []
    for path, (_, size) in paths.items():
        reason = _reason_against(path, size)
        if reason is None:
            ranked.append((0 if in_prompt_folder(path) or "prompt" in path.lower() else 1, path))
        elif reason:
            left[reason] += 1
    chosen: dict[str, str] = {}
    total = 0
    for _, path in sorted(ranked):
        name, size = paths[path]
        if len(chosen) >= _MOST_READ or total + size > _MOST_BYTES:
            left["beyond the limit of what is read"] += 1
            continue
        total += size
        chosen[path] = name
    return chosen


def _reason_against(path: str, size: int) -> str | None:
    """Return why a file is not looked into, empty when that need not be said; None: it is."""
    if not is_candidate(path) or size < _SMALLEST or _LOCKED.search(path):
        return ""
    if _UNWRITABLE.search(path):
        return "with a name that no pattern can have"
    if _NOT_OURS.search(path):
        return "of others, or generated (node_modules, vendor, dist)"
    if _TESTS.search(path):
        return "tests and fixtures"
    if _OTHERS.search(path) and not in_prompt_folder(path):
        return "documentation and examples"
    if size > _LARGEST:
        return f"larger than {_LARGEST >> 10} KiB"
    language = language_of(path)
    if language in GRAMMARS and missing(str(language)):
        return "code: its parsers are missing"
    return None


def _found(repository: Repository, chosen: dict[str, str], left: Counter[str]) -> Iterator[tuple[str, Within]]:
    of_name: dict[str, list[str]] = {}
    for path, name in chosen.items():
        of_name.setdefault(name, []).append(path)
    for name, content in repository.contents(of_name):
        for path in of_name[name]:
            try:
                within = find(path, content or b"")
            except Unparsable as error:
                left[f"unreadable ({error})"] += 1
                continue
            if within is not None:
                yield path, within
            else:
                left[f"no prompt seen, *.{ending_of(path)}" if ending_of(path) else "no prompt seen"] += 1


def _evidence(folder: Path, systems: dict[str, list[Entry]], now: Callable[[], datetime]) -> dict[str, Evidence]:
    if not systems:
        return {}
    selected = _changes(folder, {name: [one.as_setting() for one in its] for name, its in systems.items()}, now)
    whole = _changes(folder, {name: [one.files for one in its] for name, its in systems.items()}, now)
    found = {}
    for name, entries in systems.items():
        its = [change for change in selected if change.system == name]
        found[name] = Evidence(
            entries=tuple(entries),
            files=sum(len(entry.found) for entry in entries),
            landings=_recent(its, now()),
            without=_recent([change for change in whole if change.system == name], now()),
            newest=max((change.landed_at for change in its), default=None),
        )
    return found


def _recent(changes: list[PromptChange], now: datetime) -> int:
    since = now - timedelta(weeks=WEEKS)
    return sum(1 for one in changes if one.landed_at >= since and one.kind in COUNTING_KINDS and not one.bulk)


def _changes(folder: Path, systems: dict[str, Any], now: Callable[[], datetime]) -> list[PromptChange]:
    """Return the changes that a source with these systems would report.

    Raises:
        CollectorError: the repository cannot be read.
    """
    config = GitConfig.model_validate({"name": "prompts", "repo": str(folder.resolve()), "systems": systems})
    context = CollectorContext(base_dir=Path(), cache_dir=Path(), now=now)
    batches = GitCollector(config, context).collect(SourceState(0, dict))
    return [change for batch in batches for change in batch.prompt_changes]
