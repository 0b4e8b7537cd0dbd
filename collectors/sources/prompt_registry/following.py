"""Follows the labels of prompts, and says which of their moves changed what production serves. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from fnmatch import fnmatchcase

from msgspec import Struct

from leverwatch.collectors.interface import OF_LABEL, ChangeKind, PromptChange
from leverwatch.collectors.prompts.history import (
    Prompt,
    SystemHistory,
    Touched,
    apply_touched,
    most_telling,
    transition_digest,
)
from leverwatch.collectors.sources.prompt_registry.interface import Served
from leverwatch.collectors.sources.prompt_registry.labels import Labels, Look, Watched

BULK_ABOVE = 20
"""More prompts of a system than this at one moment are bulk."""
_VERSION = re.compile(r"v?\d[\d.]{0,30}|[0-9a-f]{7,64}")
"""A number, or the hash of a commit."""
_WILDCARDS = frozenset("*?[")


class Seen(Struct, frozen=True):
    """What one run saw."""

    at: datetime
    """When it began: a label that moved later is seen by the next run."""
    served: Mapping[str, Served | None]
    """By the name of the prompt, what its label points at; None: at nothing. A prompt that could not be looked at
    is not among them."""
    found: frozenset[str]
    """The names that patterns are to be compared with, looked at or not."""
    listed: bool = True
    """Whether all names that there are are among them."""


def is_pattern(name: str) -> bool:
    """Return whether a name stands for those that match it."""
    return not _WILDCARDS.isdisjoint(name)


def wanted(patterns: Iterable[str], known: Iterable[str]) -> set[str]:
    """Return the names of prompts that some names and patterns stand for, given those that are known."""
    given = set(patterns)
    exact = {name for name in given if not is_pattern(name)}
    globs = given - exact
    if not globs:
        return exact
    return exact | {name for name in known if any(fnmatchcase(name, glob) for glob in globs)}


def follow(labels: Labels, systems: Mapping[str, Sequence[str]], seen: Seen) -> list[PromptChange]:
    """Bring `labels` up to what a run saw, and return what changed: at most one change a system and moment.

    A label that points at another text than before is a change when it moved, as far as the registry tells a time
    between the two looks; else when that was seen. The first look at a prompt is none, unless it was looked for
    before and not there.

    Args:
        labels: changed in place.
        systems: the names and patterns of each system.
        seen: what the run saw.
    """
    changes: list[PromptChange] = []
    for system in sorted(systems):
        patterns = sorted(set(systems[system]))
        watched = labels.systems.get(system)
        begins = watched is None or not (watched.history.present or watched.history.removed)
        watched = labels.systems.setdefault(system, Watched.begun())
        _forget(watched, patterns)
        names = wanted(patterns, seen.found)
        first = _first_seen(watched, names, seen)
        changes += _changes(system, watched.history, _moved(labels, watched.history, names, seen))
        if begins and first:
            changes.append(_beginning(system, first, seen.at))
        watched.patterns = [
            pattern
            for pattern in patterns
            # Whatever turns up later for it is new.
            if pattern in watched.patterns or (seen.listed if is_pattern(pattern) else pattern in seen.served)
        ]
    for gone in labels.systems.keys() - systems.keys():
        del labels.systems[gone]
    for name, served in seen.served.items():
        labels.looks[name] = Look(seen.at, _version_name(served.version) if served else "")
    tracked = {name for watched in labels.systems.values() for name in _names(watched)}
    labels.looks = {name: look for name, look in labels.looks.items() if name in tracked}
    return changes


def _version_name(version: str) -> str:
    """Return the name of a version that is a number or a hash; empty for another one, which may be a text."""
    return version if _VERSION.fullmatch(version) else ""


def _names(watched: Watched) -> Iterator[str]:
    yield from watched.history.present
    yield from watched.history.removed
    yield from watched.patterns


def _forget(watched: Watched, patterns: Sequence[str]) -> None:
    """Let go of what the settings no longer name: when it is named again, what it has then is no change."""
    watched.patterns = [pattern for pattern in watched.patterns if pattern in patterns]
    for prompts in (watched.history.present, watched.history.removed):
        for name in prompts.keys() - wanted(patterns, prompts):
            del prompts[name]
    watched.found = sorted(wanted(patterns, watched.found).intersection(watched.found))


def _first_seen(watched: Watched, names: set[str], seen: Seen) -> list[str]:
    """Take what is looked at for the first time for what was there all along, and return the names of it."""
    history = watched.history
    unread = set(watched.found)
    looked_for = wanted(watched.patterns, names)
    first = []
    for name in sorted(names - history.present.keys() - history.removed.keys()):
        if name not in unread and name in looked_for:
            continue  # it was looked for before, and not there
        if name not in seen.served:
            unread.add(name)
        elif (served := seen.served[name]) is not None:
            history.present[name] = Prompt(served.digest, {served.digest})
            first.append(name)
    watched.found = sorted(unread - seen.served.keys())
    return first


def _moved(
    labels: Labels, history: SystemHistory, names: set[str], seen: Seen
) -> Mapping[datetime, list[Touched]]:
    """Return the present contents of prompts by the moment since when they are served."""
    gone: dict[str, list[str]] = defaultdict(list)
    new: dict[str, datetime] = {}
    moved: dict[datetime, list[Touched]] = defaultdict(list)
    for name in sorted(names & seen.served.keys()):
        served = seen.served[name]
        known = history.present.get(name)
        if served is None:
            if known is not None:
                gone[known.current].append(name)
            continue
        moment = _moment(served, labels.looks.get(name), seen.at)
        if known is None:
            new[served.digest] = moment
        moved[moment].append(Touched(name, served.digest, rewritten=False))
    for digest, earlier in gone.items():
        # What is there under another name went when that came.
        moved[new.get(digest, seen.at)] += [Touched(name, None, rewritten=False) for name in earlier]
    return moved


def _moment(served: Served, look: Look | None, now: datetime) -> datetime:
    """Return when a label came to what it points at. A time that is told counts if it lies between two looks."""
    told = served.moved_at
    if told is None or look is None or not look.at < told <= now:
        return now
    return told


def _changes(
    system: str, history: SystemHistory, moved: Mapping[datetime, Sequence[Touched]]
) -> Iterator[PromptChange]:
    for moment in sorted(moved):
        steps = apply_touched(history, moved[moment])
        if steps:
            yield PromptChange(
                system=system,
                change_id=f"{OF_LABEL}{transition_digest(system, steps)}@{moment.isoformat()}",
                landed_at=moment,
                kind=most_telling(steps),
                prompts=len(steps),
                bulk=len(steps) > BULK_ABOVE,
            )


def _beginning(system: str, first: Sequence[str], now: datetime) -> PromptChange:
    return PromptChange(
        system=system,
        change_id=f"{OF_LABEL}first@{now.isoformat()}",
        landed_at=now,
        kind=ChangeKind.FIRST_SEEN,
        prompts=len(first),
    )
