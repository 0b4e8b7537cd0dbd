"""Prompt changes as traffic shows them: the days on which a version began to serve a share of a system. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from msgspec import Struct
from msgspec.structs import replace

from leverwatch.agent.framework.model import PromptDivergence, PromptFacts, PromptOrigin
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
_NAMED = {PromptOrigin.GIT: "git", PromptOrigin.REGISTRY: "the prompt registry", PromptOrigin.TRAFFIC: "records"}


class Served(Struct, frozen=True):
    """What the versions that served a system tell of its prompt changes."""

    first_day: date | None = None
    """The first day with a version that serves; that version is no change. None: there was none."""
    changes: Mapping[date, ChangeKind] = {}
    """By day on which a version began to serve, what kind of change that is."""
    days: tuple[date, ...] = ()
    """All days with calls whose version is known, ascending."""
    filled_in: frozenset[date] = frozenset()
    """Those of them with a prompt of its own for nearly every call."""
    origin: PromptOrigin = PromptOrigin.TRAFFIC
    """What tells all this: records, or a registry whose label is what serves."""

    @property
    def scattered(self) -> bool:
        """Whether most of the newest days have a prompt of its own for every call, so that no version is told."""
        recent = self.days[-_RECENT:]
        return 2 * len(self.filled_in.intersection(recent)) > len(recent)

    def as_of(self, day: date) -> Served:
        """Return what was known at the end of an earlier day. What a day tells depends on no later one."""
        return Served(
            self.first_day if self.first_day and self.first_day <= day else None,
            {on: kind for on, kind in self.changes.items() if on <= day},
            tuple(on for on in self.days if on <= day),
            frozenset(on for on in self.filled_in if on <= day),
            self.origin,
        )


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
    filled_in: set[date] = set()
    ordered = tuple(sorted(days))
    for day in ordered:
        total = sum(days[day].values())
        serving = {
            version
            for version, number in days[day].items()
            if version != OTHER_PROMPTS and number >= max(_FEWEST, SERVES_FROM * total)
        }
        if total >= _FEWEST_OF_DAY and sum(days[day][one] for one in serving) < _KNOWN_SHARE * total:
            filled_in.add(day)
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
    return Served(first, changes, ordered, frozenset(filled_in))


def by_labels(first: date | None, changes: Mapping[date, ChangeKind], as_of: date) -> Served:
    """Return what a registry tells of what served, which it does on every day from the first look on."""
    if first is None or first > as_of:
        return Served(origin=PromptOrigin.REGISTRY)
    days = tuple(first + timedelta(days=number) for number in range((as_of - first).days + 1))
    return Served(first, changes, days, origin=PromptOrigin.REGISTRY)


def prompt_facts(landed: PromptFacts, seen: Served, as_of: date) -> PromptFacts:
    """Return what is known of a system's prompts: what a source that tracks them tells counts alone, and what is
    nearer to what serves is only compared. What traffic shows counts where no source tracks them.

    Args:
        landed: what the source that tracks them tells, up to `as_of`.
        seen: what traffic or another source shows, up to `as_of`.
        as_of: the last complete day.
    """
    if not seen.days:
        return landed
    if landed.watched:
        compared = divergence(landed.active_days, landed.first_change, seen, as_of)
        return replace(landed, divergence=compared)
    scattered = seen.scattered
    return PromptFacts(
        watched=not scattered,
        first_change=seen.first_day,
        active_days=frozenset(seen.changes),
        origin=PromptOrigin.TRAFFIC,
        scattered=scattered,
    )


def divergence(landed: frozenset[date], since: date | None, seen: Served, as_of: date) -> PromptDivergence | None:
    """Return which landings never served and which versions never landed; None when one of both has no history.

    Only days that both can know are compared: a landing is given a week to serve, in which calls tell a version.

    Args:
        landed: the days of landings that count.
        since: the day of the first landing of any kind.
        seen: what traffic shows.
        as_of: the last complete day.
    """
    if since is None or seen.first_day is None:
        return None
    near, begun = timedelta(days=NEAR_DAYS), frozenset(seen.changes)
    readable = frozenset(seen.days) - seen.filled_in
    start = max(since, seen.first_day)
    never_served = [
        day
        for day in landed
        if start <= day <= as_of - near
        and not any(day <= other <= day + near for other in begun)
        and any(day < other <= day + near for other in readable)
    ]
    never_landed = [
        day for day in begun if day > start + near and not any(day - near <= other <= day for other in landed)
    ]
    return PromptDivergence(tuple(sorted(never_served)), tuple(sorted(never_landed)), seen.origin)


def told(found: PromptDivergence, counts: PromptOrigin = PromptOrigin.GIT) -> str:
    """Say which origin counts, and how the other one differs from it."""
    served_only, landed_only = found.never_landed, found.never_served
    shows = "shows" if found.other is PromptOrigin.REGISTRY else "show"
    both = f"prompt changes are taken from {_NAMED[counts]}, and {_NAMED[found.other]} {shows}"
    if not served_only and not landed_only:
        return f"{both} the same ones"
    landing, landed = ("a landing", "landed") if counts is PromptOrigin.GIT else ("a moved label", "had the label")
    return (
        f"{both} others: {_days(landed_only, f'with {landing} that never served')}, "
        f"{_days(served_only, f'on which a version began to serve that never {landed}')}"
    )


def _days(days: tuple[date, ...], what: str) -> str:
    last = f" (the last one {days[-1]})" if days else ""
    return f"{len(days)} {'day' if len(days) == 1 else 'days'} {what}{last}"
