"""Makes usage of what Portkey says of a day in several answers. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from msgspec import Struct, field

from leverwatch.collectors.interface import Result
from leverwatch.collectors.sources.usage_api.interface import Usage

METADATA = "metadata."
_CENTS = 100.0
_CLOSE = 1e-6
"""Share by which the costs of groups may differ from that of the day, for what sums of fractions lose."""


class Told(Struct, frozen=True):
    """What the answers about a day said until now; groups by name."""

    day: date
    codes: list[int] = field(default_factory=list)
    """The status codes of calls that failed."""
    all_errors: int = 0
    errors: dict[str, int] = field(default_factory=dict)
    all_hits: int = 0
    """Answers of the cache."""
    hits: dict[str, int] = field(default_factory=dict)
    all_cents: float = 0.0
    cents: dict[str, float] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)
    """The groups whose cache hits are still to be asked for."""


def usage_of(told: Told, requests: int, key: str) -> tuple[list[Usage], list[tuple[str, str]]]:
    """Return the calls of a day, and what cannot be told of them.

    Args:
        told: what was said of it.
        requests: all of them, which are more than those of all groups when some are in none.
        key: the name in the metadata that tells groups apart; empty: they are models.
    """
    calls = {name: number for name, number in told.calls.items() if number}
    rest = requests - sum(calls.values())
    if rest > 0:
        calls[""] = calls.get("", 0) + rest
    if not calls:
        return [], []
    errors = _shared(told.errors, told.all_errors, calls)
    doubts: list[tuple[str, str]] = []
    if told.all_hits and not key and len(calls) > 1:
        # Nobody says whose they are. All calls of the day are exact together, and those of one model are not.
        detail = (
            f"{told.day}: {told.all_hits:,} answers of the cache have no model, so all calls of the day have none"
        )
        doubts.append((str(Result.MISSING_FIELD), detail))
        calls, errors = {"": sum(calls.values())}, {"": sum(errors.values())}
    hits = _shared(told.hits, told.all_hits, calls)
    cents = _cents(told, calls)
    if cents is None:
        doubts.append((str(Result.MISTYPED_FIELD), f"{told.day}: costs do not add up to that of the day: unknown"))
    found: list[Usage] = []
    for name, number in calls.items():
        names = {"model": None, f"{METADATA}{key}": name or None} if key else {"model": name or None}
        failed = min(errors.get(name, 0), number)
        hit = min(hits.get(name, 0), number - failed)
        usd = None if cents is None else cents[name] / _CENTS
        found += _parts(told.day, names, number - failed - hit, failed, hit, usd)
    return found, doubts


def _shared(known: Mapping[str, int], whole: int, calls: Mapping[str, int]) -> dict[str, int]:
    """Return the numbers of groups, of which what is in none is of the calls in none, or of the only ones."""
    found = {name: number for name, number in known.items() if name in calls}
    rest = whole - sum(found.values())
    only = next(iter(calls)) if len(calls) == 1 else ""
    if rest > 0 and only in calls:
        found[only] = found.get(only, 0) + rest
    return found


def _cents(told: Told, calls: Mapping[str, int]) -> dict[str, float] | None:
    """Return what the calls of each group cost; None: nobody knows.

    The costs of groups are taken where they add up to that of the day, whose unit is documented.
    """
    if len(calls) == 1:
        return dict.fromkeys(calls, told.all_cents)
    if not told.all_cents:
        return dict.fromkeys(calls, 0.0)
    named = {name: told.cents[name] for name in calls if name in told.cents}
    lacking = [name for name in calls if name not in named]
    rest = told.all_cents - sum(named.values())
    close = abs(rest) <= _CLOSE * abs(told.all_cents)
    if (lacking and lacking != [""]) or (not lacking and not close) or (rest < 0 and not close):
        return None
    return {**named, **dict.fromkeys(lacking, max(rest, 0.0))}


def _parts(
    day: date, names: Mapping[str, str | None], good: int, failed: int, hit: int, usd: float | None
) -> Sequence[Usage]:
    """Return the calls of a group by how they ended; what they cost stands with those that came to a model."""
    found = []
    values: dict[str, Any] = {} if names["model"] is None else {"model": names["model"]}
    others = {name: value for name, value in names.items() if name != "model"}
    # Zero is a price that nobody knew.
    cost: dict[str, Any] = {"cost_usd": usd} if usd else {}
    for number, more in ((good, {}), (failed, {"status": "error"}), (hit, {"cache_hit": True})):
        if number:
            found.append(Usage(day, {**values, "inferences": number, **more, **cost}, others))
            cost = {}
    return found
