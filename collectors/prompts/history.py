"""What a change of a prompt is, whoever tells it: what versions a prompt had, and what becomes another text. Pure.

A landing in git and a label of a registry that moves are both followed by this one rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b

import msgspec
from msgspec import Struct

from leverwatch.collectors.interface import ChangeKind

WITHIN = "//"
"""Stands between the path of a file and the label of a text in it; no path in a repository contains it."""
_TELLING = tuple(ChangeKind)
"""The kinds of changes, the most significant first."""


class Prompt(msgspec.Struct, forbid_unknown_fields=True):
    """One prompt, followed through renames: the hashes of its present and of all earlier contents."""

    current: str
    versions: set[str]


class SystemHistory(msgspec.Struct, forbid_unknown_fields=True):
    """The prompts of one system, by path."""

    present: dict[str, Prompt]
    removed: dict[str, Prompt]
    """Removed prompts by their last path; one that is added again there is the same prompt."""


class Step(Struct, frozen=True):
    """The change of one prompt; a rename has two paths."""

    kind: ChangeKind
    transitions: tuple[tuple[str, str, str], ...]
    """Tuples of path, hash before and hash after; an empty hash means that the prompt is absent."""


class Touched(Struct, frozen=True):
    """The present content of a prompt after a landing."""

    path: str
    """Of a text within a file: the path of the file, `WITHIN` and the label of the text."""
    content: str | None
    rewritten: bool
    """Whether the bytes differ, even if the normalised content does not."""


def _by_tail(path: str) -> tuple[str, ...]:
    # Prompts that moved together keep their last folders: pairing by these pairs equal contents sensibly.
    return tuple(reversed(path.split("/")))


def _renames(gone: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    """Pair removed paths with added paths of equal content, and return the old path by new path."""
    sources: dict[str, list[str]] = {}
    for path in sorted(gone, key=_by_tail, reverse=True):
        sources.setdefault(gone[path], []).append(path)
    pairs: dict[str, str] = {}
    for path in sorted(new, key=_by_tail):
        if candidates := sources.get(new[path]):
            pairs[path] = candidates.pop()
    return pairs


def apply_touched(system: SystemHistory, touched: Iterable[Touched]) -> list[Step]:
    """Apply one landing to one system's prompts, and return what changed."""
    steps: list[Step] = []
    gone: dict[str, str] = {}
    new: dict[str, str] = {}
    for item in touched:
        prompt = system.present.get(item.path)
        if prompt is None:
            if item.content is not None:
                new[item.path] = item.content
        elif item.content is None:
            gone[item.path] = prompt.current
        elif item.content != prompt.current:
            kind = ChangeKind.REVERTED if item.content in prompt.versions else ChangeKind.MODIFIED
            steps.append(Step(kind, ((item.path, prompt.current, item.content),)))
            prompt.current = item.content
            prompt.versions.add(item.content)
        elif item.rewritten:
            steps.append(Step(ChangeKind.FORMATTING, ((item.path, prompt.current, prompt.current),)))
    if not gone and not new:
        return steps
    renames = _renames(gone, new)
    moved = {old: system.present.pop(old) for old in renames.values()}
    for path in gone.keys() - moved.keys():
        system.removed[path] = system.present.pop(path)
        steps.append(Step(ChangeKind.REMOVED, ((path, gone[path], ""),)))
    for path, content in new.items():
        earlier = system.removed.pop(path, None)
        if path in renames:
            old = renames[path]
            system.present[path] = moved[old]
            if WITHIN in old and WITHIN in path:
                # Where a text lies and what it is called is code; what it says is the same.
                continue
            steps.append(Step(ChangeKind.RENAMED, ((old, content, ""), (path, "", content))))
            continue
        kind = ChangeKind.REVERTED if earlier and content in earlier.versions else ChangeKind.ADDED
        system.present[path] = Prompt(content, {content} | (earlier.versions if earlier else set()))
        steps.append(Step(kind, ((path, "", content),)))
    return steps


def transition_digest(system: str, steps: Iterable[Step]) -> str:
    """Return a digest of what a landing did to the contents, independent of its author and its parents."""
    digest = blake2b(system.encode(), digest_size=12)
    for transition in sorted(transition for step in steps for transition in step.transitions):
        # No path and no hash contains a NUL: the parts cannot run into each other.
        digest.update("\0".join(("", *transition)).encode())
    return digest.hexdigest()


def most_telling(steps: Iterable[Step]) -> ChangeKind:
    """Return the kind of a change that several prompts show: the most significant one."""
    return min((step.kind for step in steps), key=_TELLING.index)
