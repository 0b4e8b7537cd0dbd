"""The truth: what calls there were. Nothing here knows how the product reads, remembers or adds up."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Any

SUCCESS, ERROR, CACHE_HIT = "success", "error", "cache_hit"
BEGIN = 1_772_920_000_000
"""Milliseconds since the epoch; a while before a midnight of UTC."""
SAID = ("at", "system", "model", "operation", "outcome", "input", "cached", "written", "output", "reasoning")
"""What tells two calls with one id apart."""


@dataclass(frozen=True)
class Call:
    """One call, or as much of it as a record tells. None: not told."""

    key: str
    """Which call it is, by the truth and not by what is logged."""
    at: int
    """Milliseconds since the epoch."""
    id: str | None
    system: str
    model: str
    operation: str = "generation"
    outcome: str = SUCCESS
    input: int | None = None
    cached: int | None = None
    written: int | None = None
    output: int | None = None
    reasoning: int | None = None
    cost: float | None = None
    latency: int | None = None
    trace: str | None = None
    finish: str | None = None
    errors: int | None = None
    attempts: int | None = None
    calls: int = 1
    rate: float = 1.0

    @property
    def has_id(self) -> bool:
        """Whether the id is one."""
        return self.id is not None and self.id.strip().lower() not in ("", "none", "null")

    def but(self, **changes: Any) -> Call:
        """The same call with other values."""
        return replace(self, **changes)

    def said(self) -> tuple[Any, ...]:
        """What a redelivery says again."""
        return (self.id, *(getattr(self, name) for name in SAID))


@dataclass(frozen=True)
class Traffic:
    """What kind of calls a producer may see."""

    ids: str = "unique"
    """`unique`, `reused` (few ids for many calls), `mixed` (some calls have none)."""
    step: int = 1
    """The resolution of times in milliseconds."""
    hours: float = 60.0
    """How long the calls take, at most."""
    systems: tuple[str, ...] = ("chat", "search")
    models: tuple[str, ...] = ("m-large", "m-small")
    apart: int = 0
    """The shortest time between two calls in milliseconds."""


def calls(chance: random.Random, number: int, traffic: Traffic) -> list[Call]:
    """Calls in the order of their times."""
    made: list[Call] = []
    at = BEGIN
    longest = traffic.hours * 3_600_000 / max(1, number)
    for index in range(number):
        gap = chance.choice((0, 1, 40, 900, 30_000, longest))
        at += max(traffic.apart, int(chance.random() * 2 * min(gap, longest)))
        made.append(_call(chance, index, at - at % traffic.step, traffic, made))
    return made


def _call(chance: random.Random, index: int, at: int, traffic: Traffic, before: list[Call]) -> Call:
    if traffic.ids == "reused" and before and chance.random() < 0.5:
        # A server that uses an id again, and says hardly anything else.
        return _alike(chance, chance.choice(before[-4:]).but(key=f"c{index}"), traffic)
    id_: str | None = f"id-{chance.randrange(3) if traffic.ids == 'reused' else index}"
    if traffic.ids == "mixed":
        id_ = chance.choice((id_, id_, id_, "", None, "none"))
    taken, output = chance.choice((0, 3, 900, 40_000)), chance.choice((0, 1, 17, 2_000))
    return Call(
        f"c{index}",
        at,
        id_,
        chance.choice(traffic.systems),
        chance.choice(traffic.models),
        chance.choice(("generation",) * 6 + ("embedding",)),
        chance.choice((SUCCESS,) * 7 + (ERROR, ERROR, CACHE_HIT)),
        chance.choice((None, taken, taken, taken)),
        chance.choice((None, taken // 3)),
        chance.choice((None, None, taken // 4)),
        chance.choice((None, output, output, output)),
        chance.choice((None, output // 2)),
        chance.choice((None, 0.25, 0.5, 0.0)),
        chance.choice((None, 12, 900)),
        chance.choice((None, f"trace-{index}")),
        chance.choice((None, "stop", "length")),
        chance.choice((None,) * 5 + (2,)),
        chance.choice((None,) * 5 + (3,)),
        chance.choice((1,) * 5 + (4,)),
        chance.choice((1.0,) * 5 + (0.25,)),
    )


def _alike(chance: random.Random, other: Call, traffic: Traffic) -> Call:
    """A call that differs from another one in one thing."""
    changes: list[dict[str, Any]] = [
        {"at": other.at + traffic.step},
        {"at": other.at + 1_000},
        {"at": other.at + 86_400_000},
        {"model": chance.choice(traffic.models)},
        {"system": chance.choice(traffic.systems)},
        {"outcome": chance.choice((SUCCESS, ERROR, CACHE_HIT))},
        {"operation": chance.choice(("generation", "embedding"))},
    ]
    changes += [
        {name: value}
        for name in ("input", "cached", "written", "output", "reasoning")
        for value in (None, 0, (getattr(other, name) or 0) + 1)
    ]
    # How long a trace is remembered is a matter of time: each call has its own.
    return other.but(**chance.choice(changes), trace=None if other.trace is None else f"trace-{other.key}")
