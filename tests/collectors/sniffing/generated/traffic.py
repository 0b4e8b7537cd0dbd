"""Invented traffic: what happened, before anybody writes it down in a style of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

FIRST_DAY = datetime(2026, 10, 9, tzinfo=UTC)

CHAT = ("gpt-4.1", "gpt-4.1-mini", "claude-sonnet-4-5")
PRICES = {"gpt-4.1": (2, 8), "gpt-4.1-mini": (0.4, 1.6), "claude-sonnet-4-5": (3, 15)}
"""Dollars for a million input and output tokens; any other model costs 1 and 4."""


@dataclass(frozen=True)
class Call:
    """One call of a model. A value that is None is told nowhere in the log."""

    at: datetime
    model: str
    id: str
    session: str
    app: str
    ok: bool
    operation: str = "generation"
    input: int | None = None
    """Input tokens, cached ones included."""
    cached: int | None = None
    written: int | None = None
    """The part of the input that was written to the cache."""
    output: int | None = None
    reasoning: int | None = None
    cost: float | None = None
    ms: int | None = None
    times: float = 1
    """How many calls it stands for, when only a share of them is logged."""


def traffic(
    rng: Random,
    number: int,
    *,
    models: Sequence[str] = CHAT,
    days: int = 6,
    first: datetime = FIRST_DAY,
    failing: float = 0.08,
    others: Sequence[tuple[str, str]] = (),
    share: float = 0.25,
    written: bool = False,
) -> list[Call]:
    """Return `number` calls in the order of their time, spread over `days`.

    `others` are models and operations that are no generations; they make a `share` of the calls.
    """
    step = timedelta(days=days) / number
    sessions = [f"s{rng.randrange(16**6):06x}" for _ in range(max(2, number // 12))]
    calls = []
    for index in range(number):
        at = first + step * index + timedelta(milliseconds=rng.randrange(int(step.total_seconds() * 900)))
        model, operation = rng.choice(models), "generation"
        if others and rng.random() < share:
            model, operation = rng.choice(others)
        ok = index < 3 or rng.random() >= failing
        calls.append(_call(rng, at, model, operation, rng.choice(sessions), ok=ok, written=written))
    return calls


def _call(rng: Random, at: datetime, model: str, operation: str, session: str, *, ok: bool, written: bool) -> Call:
    identity = f"{rng.randrange(16**16):016x}"
    app = "helpdesk" if int(session[1:], 16) % 2 else "search"
    ms = rng.randrange(380, 9400)
    if not ok:
        return Call(at, model, identity, session, app, ok=False, operation=operation, ms=ms)
    fresh = rng.randrange(180, 5200)
    cached = rng.choice((0, 0, 1024, 2048, 3072)) if operation == "generation" else 0
    wrote = rng.choice((0, 0, 0, 640, 1280)) if written and operation == "generation" else 0
    output = rng.randrange(12, 900) if operation == "generation" else 0
    reasoning = rng.choice((0, 0, output // 3))
    tokens = fresh + cached + wrote
    paid, asked = PRICES.get(model, (1, 4))
    cost = round((tokens * paid + output * asked) / 1e6, 6)
    return Call(
        at, model, identity, session, app, ok=True, operation=operation, input=tokens, cached=cached,
        written=wrote, output=output, reasoning=reasoning, cost=cost, ms=ms,
    )  # fmt: skip


def by_day_and_model(calls: Sequence[Call]) -> Iterator[tuple[str, str, list[Call]]]:
    """Return the calls of each UTC day and model together, in order."""
    keys = sorted({(call.at.date().isoformat(), call.model) for call in calls})
    for day, model in keys:
        yield day, model, [c for c in calls if (c.at.date().isoformat(), c.model) == (day, model)]
