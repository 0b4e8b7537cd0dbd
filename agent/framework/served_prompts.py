"""Prompt changes as traffic shows them: the days on which a version began to serve a share of a system. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from msgspec import Struct

from leverwatch.agent.framework.model import PromptDivergence
from leverwatch.collectors.interface import OTHER_PROMPTS, ChangeKind

SERVES_FROM = 0.05
"""The share of the calls of a day from which a version serves the system."""
_LEAVES_BELOW = 0.01
_FEWEST, _FEWEST_OF_DAY = 3, 20
"""The fewest calls of a version that serves, and the fewest of a day on which a version can be missed."""
_KNOWN_SHARE = 0.5
"""A day on which versions that serve have a smaller part of all calls has a prompt of its own for every call."""
_RECENT = 28
NEAR_DAYS = 7
"""A landing and the day on which a version began to serve belong together when no more days lie between them."""


class Served(Struct, frozen=True):
    """What the versions that served a system tell of its prompt changes."""

    first_day: date | None = None
    """The first day with a version that serves; that version is no change. None: there was none."""
    changes: Mapping[date, ChangeKind] = {}
    """By day on which a version began to serve, what kind of change that is."""
    scattered: bool = False
    """Most of the newest days have a prompt of their own for nearly every call, so that no version can be told."""


def served(days: Mapping[date, Mapping[str, float]]) -> Served:
    """Return the changes of all days, given the inferences of each version by day.

    A version begins to serve on the first day on which it has `SERVES_FROM` of the calls, and is only gone after a
    day on which it had next to none; so two versions side by side are one change. A version that returns is one
    more, a revert, and so is the first day without the newest version while older ones go on.
    """
    changes: dict[date, ChangeKind] = {}
    first: date | None = None
    ever: set[str] = set()
    now: set[str] = set()
    newest: set[str] = set()
    scattered: list[date] = []
    for day in sorted(days):
        total = sum(days[day].values())
        serving = {
            version
            for version, number in days[day].items()
            if version != OTHER_PROMPTS and number >= max(_FEWEST, SERVES_FROM * total)
        }
        if total >= _FEWEST_OF_DAY and sum(days[day][one] for one in serving) < _KNOWN_SHARE * total:
            scattered.append(day)
            continue
        new = serving - now
        enough = total >= _FEWEST_OF_DAY
        gone = {one for one in now if enough and days[day].get(one, 0.0) < _LEAVES_BELOW * total}
        if first is None:
            first = day if serving else None
        elif new:
            changes[day] = ChangeKind.MODIFIED if new - ever else ChangeKind.REVERTED
            newest = new
        elif newest and newest <= gone:
            # The older ones never stopped: the newest was taken back within a day or two.
            changes[day], newest = ChangeKind.REVERTED, set()
        ever |= serving
        now = (now - gone) | serving
    recent = sorted(days)[-_RECENT:]
    return Served(first, changes, 2 * len([day for day in scattered if day in recent]) > len(recent))


def divergence(landed: frozenset[date], since: date | None, seen: Served, as_of: date) -> PromptDivergence | None:
    """Return which landings never served and which versions never landed; None when one of both has no history.

    Only days that both can know are compared: a landing is given a week to serve.

    Args:
        landed: the days of landings that count.
        since: the day of the first landing of any kind.
        seen: what traffic shows.
        as_of: the last complete day.
    """
    if since is None or seen.first_day is None:
        return None
    near, begun = timedelta(days=NEAR_DAYS), frozenset(seen.changes)
    start = max(since, seen.first_day)
    never_served = [
        day
        for day in landed
        if start <= day <= as_of - near and not any(day <= other <= day + near for other in begun)
    ]
    never_landed = [
        day for day in begun if day > start + near and not any(day - near <= other <= day for other in landed)
    ]
    return PromptDivergence(tuple(sorted(never_served)), tuple(sorted(never_landed)))


def divergence_as_of(found: PromptDivergence, day: date) -> PromptDivergence:
    """Return what was known of a divergence at the end of an earlier day."""
    return PromptDivergence(
        tuple(on for on in found.never_served if on + timedelta(days=NEAR_DAYS) <= day),
        tuple(on for on in found.never_landed if on <= day),
    )


def told(found: PromptDivergence) -> str:
    """Say which origin counts, and how the other one differs from it."""
    served_only, landed_only = found.never_landed, found.never_served
    if not served_only and not landed_only:
        return "prompt changes are taken from git, and records show the same ones"
    return (
        "prompt changes are taken from git, and records show others: "
        f"{_days(landed_only, 'with a landing that never served')}, "
        f"{_days(served_only, 'on which a version began to serve that never landed')}"
    )


def _days(days: tuple[date, ...], what: str) -> str:
    last = f" (the last one {days[-1]})" if days else ""
    return f"{len(days)} {'day' if len(days) == 1 else 'days'} {what}{last}"
