"""Follows every prompt through its versions and says what each landing did to a system's prompts. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Annotated

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from leverwatch.collectors.interface import ChangeKind, PromptChange
from leverwatch.collectors.sources.git.log import Landing
from leverwatch.collectors.sources.git.mainline import Turn
from leverwatch.collectors.sources.git.occurrences import Occurrences, mark, renumber
from leverwatch.collectors.stored_state import Kind, same

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


class History(msgspec.Struct, forbid_unknown_fields=True):
    """The state after some landings that later runs go on from."""

    head: str
    """The newest commit that was applied."""
    settings: str
    """Digest of the settings that decide what is tracked and how it is compared."""
    systems: dict[str, SystemHistory]
    occurrences: Occurrences
    """Every occurrence of each content transition, by its digest: its number, and which landing it was."""
    reference: str
    """The full name of the branch; empty: not known."""
    turns: list[Turn]
    """The turns of the chain up to `head`, oldest first."""
    newest: int | None
    """The newest sound date of the chain in seconds since 1970; None: none, or not known."""
    misdated: list[str]
    """The landings whose wrong dates were reported."""
    unselected: dict[str, str]
    """What the last look at the whole history said of code that is read whole, by system."""

    @classmethod
    def begun(cls, head: str, settings: str, reference: str = "", turns: Iterable[Turn] = ()) -> History:
        """What is known before the first landing."""
        return cls(head, settings, {}, {}, reference, list(turns), newest=None, misdated=[], unselected={})


def _with_landings(body: bytes) -> bytes:
    """From version 1, which knew how often a transition occurred, and not in which landings."""
    before = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    if "occurrences" in before:
        counts = msgspec.json.decode(before["occurrences"], type=dict[str, Annotated[int, msgspec.Meta(ge=1)]])
        unknown = {digest: [(one, "") for one in range(1, count + 1)] for digest, count in counts.items()}
        before["occurrences"] = msgspec.Raw(msgspec.json.encode(unknown))
    added: dict[str, object] = {"reference": "", "turns": [], "newest": None, "misdated": []}
    return msgspec.json.encode({**before, **added})


def _with_unselected(body: bytes) -> bytes:
    """From version 2, which did not keep what was said of code: that is known again when all is read again."""
    before = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    return msgspec.json.encode({**before, "unselected": {}})


HISTORY: Kind[History] = Kind(
    name="history of the prompts",
    key="history",
    encode=msgspec.json.Encoder().encode,
    decode=msgspec.json.Decoder(History).decode,
    upgrades=(same, _with_landings, _with_unselected),
    is_json=True,
)


class _Step(Struct, frozen=True):
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


def _apply(system: SystemHistory, touched: Iterable[Touched]) -> list[_Step]:
    """Apply one landing to one system's prompts, and return what changed."""
    steps: list[_Step] = []
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
            steps.append(_Step(kind, ((item.path, prompt.current, item.content),)))
            prompt.current = item.content
            prompt.versions.add(item.content)
        elif item.rewritten:
            steps.append(_Step(ChangeKind.FORMATTING, ((item.path, prompt.current, prompt.current),)))
    if not gone and not new:
        return steps
    renames = _renames(gone, new)
    moved = {old: system.present.pop(old) for old in renames.values()}
    for path in gone.keys() - moved.keys():
        system.removed[path] = system.present.pop(path)
        steps.append(_Step(ChangeKind.REMOVED, ((path, gone[path], ""),)))
    for path, content in new.items():
        earlier = system.removed.pop(path, None)
        if path in renames:
            old = renames[path]
            system.present[path] = moved[old]
            if WITHIN in old and WITHIN in path:
                # Where a text lies and what it is called is code; what it says is the same.
                continue
            steps.append(_Step(ChangeKind.RENAMED, ((old, content, ""), (path, "", content))))
            continue
        kind = ChangeKind.REVERTED if earlier and content in earlier.versions else ChangeKind.ADDED
        system.present[path] = Prompt(content, {content} | (earlier.versions if earlier else set()))
        steps.append(_Step(kind, ((path, "", content),)))
    return steps


def _transition_digest(system: str, steps: Iterable[_Step]) -> str:
    """Return a digest of what a landing did to the contents, independent of its author and its parents."""
    digest = blake2b(system.encode(), digest_size=12)
    for transition in sorted(transition for step in steps for transition in step.transitions):
        # No path and no hash contains a NUL: the parts cannot run into each other.
        digest.update("\0".join(("", *transition)).encode())
    return digest.hexdigest()


def apply_landing(
    history: History,
    landing: Landing,
    touched: Mapping[str, Iterable[Touched]],
    bulk_above: int,
) -> list[PromptChange]:
    """Apply one landing to `history`, and return at most one change per system, sorted by system.

    Args:
        history: changed in place; landings come oldest first.
        landing: against its first parent.
        touched: the prompts that it may have changed, by system.
        bulk_above: more prompts than this in one landing are bulk.
    """
    changes = []
    for name in sorted(touched):
        steps = _apply(history.systems.setdefault(name, SystemHistory({}, {})), touched[name])
        if not steps:
            continue
        digest = _transition_digest(name, steps)
        known = history.occurrences.setdefault(digest, [])
        occurrence = known[-1][0] + 1 if known else 1
        known.append((occurrence, mark(landing.commit, landing.written)))
        changes.append(
            PromptChange(
                system=name,
                change_id=f"{digest}#{occurrence}",
                landed_at=landing.landed_at,
                kind=steps[0].kind if len(steps) == 1 else min((step.kind for step in steps), key=_TELLING.index),
                prompts=len(steps),
                bulk=len(steps) > bulk_above,
            )
        )
    return changes


def newly_counted(before: History | None, after: History) -> int:
    """Return how many changes of `after` are not in `before`, so that reading everything again counts none
    twice."""
    known = before.occurrences if before else {}
    return sum(max(0, len(all_) - len(known.get(digest, ()))) for digest, all_ in after.occurrences.items())


def keep_numbers(before: History, after: History, changes: Iterable[PromptChange]) -> list[PromptChange]:
    """Give the changes of a history that was read again the ids that they had, and return them.

    `after` is changed in place. A change keeps its id, and with it the day on which it first landed, by its
    commit; else, as one that was rebased, by its author date; else by its order.
    """
    numbers = {
        digest: renumber(before.occurrences.get(digest, []), all_) for digest, all_ in after.occurrences.items()
    }
    for digest, all_ in after.occurrences.items():
        after.occurrences[digest] = sorted((numbers[digest][number], which) for number, which in all_)
    kept = []
    for change in changes:
        digest, _, number = change.change_id.partition("#")
        kept.append(replace(change, change_id=f"{digest}#{numbers[digest][int(number)]}"))
    return kept
