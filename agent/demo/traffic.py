"""Invented usage of the demo's systems: sums by the hour, as a gateway that adds up before it logs writes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random

import msgspec

from agent.demo.company import ModelPlan, SystemPlan

_ERROR_SHARE = 0.007
_ERROR_LATENCY_MS = 95.0
_DAY_NOISE = 0.04
_HOUR_NOISE = 0.05


@dataclass(frozen=True, slots=True)
class UsageLine:
    """One line of the log: calls of one system to one model in one hour (or part of it) with one outcome.

    Tokens, cost and duration are sums over the line's calls. Failed calls have no tokens and no cost.
    """

    at: datetime
    """Start of the hour; of a live line, the moment it was written."""
    system: str
    model: str
    ok: bool
    calls: int
    duration_ms: int
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None

    @property
    def request_id(self) -> str:
        """Unique within the demo."""
        outcome = "ok" if self.ok else "error"
        return f"{self.system}/{self.model}/{self.at:%Y%m%dT%H%M%S.%f}/{outcome}"


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over usage lines."""

    lines: int = 0
    inferences: int = 0
    errors: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    unpriced: int = 0
    """Inferences whose cost the log does not know."""


def total(lines: Iterable[UsageLine]) -> Totals:
    """Add up lines that all count."""
    every = list(lines)
    served = [line for line in every if line.ok]
    return Totals(
        lines=len(every),
        inferences=sum(line.calls for line in served),
        errors=sum(line.calls for line in every if not line.ok),
        input_tokens=sum(line.input_tokens for line in served),
        cached_tokens=sum(line.cached_tokens for line in served),
        output_tokens=sum(line.output_tokens for line in served),
        unpriced=sum(line.calls for line in served if line.cost_usd is None),
    )


def _noise(rng: Random, deviation: float) -> float:
    return max(1 - 3 * deviation, min(1 + 3 * deviation, rng.gauss(1, deviation)))


def _whole(rng: Random, expected: float) -> int:
    # Rounding by chance keeps the mean of small counts right.
    return int(expected + rng.random())


def _lines(
    rng: Random, system: SystemPlan, model: ModelPlan, at: datetime, expected: float
) -> Iterator[UsageLine]:
    calls = _whole(rng, expected)
    if calls:
        entered = round(calls * system.input_tokens * _noise(rng, 0.03))
        written = round(calls * system.output_tokens * _noise(rng, 0.03))
        cost = None
        if model.prices is not None:
            cost = round((entered * model.prices[0] + written * model.prices[1]) / 1e6, 6)
        yield UsageLine(
            at=at,
            system=system.name,
            model=model.name,
            ok=True,
            calls=calls,
            duration_ms=round(calls * model.latency_ms * _noise(rng, 0.06)),
            input_tokens=entered,
            cached_tokens=round(entered * system.cached_share * _noise(rng, 0.05)),
            output_tokens=written,
            cost_usd=cost,
        )
    failed = _whole(rng, expected * _ERROR_SHARE * _noise(rng, 0.2))
    if failed:
        duration = round(failed * _ERROR_LATENCY_MS)
        yield UsageLine(at=at, system=system.name, model=model.name, ok=False, calls=failed, duration_ms=duration)


def day_lines(system: SystemPlan, day: date, last_day: date, seed: int) -> Iterator[UsageLine]:
    """One line for each model, hour and outcome of a day, in order of time; the same for the same arguments.

    Args:
        system: whose day it is.
        day: a UTC day.
        last_day: the last day of the demo, which growth is counted from.
        seed: chooses the noise.
    """
    rng = Random(f"{seed}/{system.name}/{day}")  # noqa: S311 - repeatable noise, no secret
    level = system.day_level(day.weekday(), (day - last_day).days) * _noise(rng, _DAY_NOISE)
    midnight = datetime.combine(day, time(), UTC)
    for hour in range(24):
        expected = level * system.hour_share(hour) * _noise(rng, _HOUR_NOISE)
        for model in system.models:
            yield from _lines(rng, system, model, midnight + timedelta(hours=hour), expected * model.share)


def moment_lines(
    system: SystemPlan, now: datetime, seconds: float, last_day: date, seed: int
) -> Iterator[UsageLine]:
    """What a system did in the `seconds` before `now`: at most one line for each model and outcome."""
    now = now.astimezone(UTC)
    rng = Random(f"{seed}/{system.name}/{now.isoformat()}")  # noqa: S311 - repeatable noise, no secret
    level = system.day_level(now.weekday(), (now.date() - last_day).days) * system.hour_share(now.hour)
    for model in system.models:
        expected = level * model.share * seconds / 3600 * _noise(rng, 2 * _HOUR_NOISE)
        yield from _lines(rng, system, model, now, expected)


def encode(line: UsageLine) -> bytes:
    """The line as JSON, with its newline. Only what is known is written."""
    moment = line.at.replace(tzinfo=None).isoformat(timespec="milliseconds" if line.at.microsecond else "seconds")
    record: dict[str, object] = {
        "ts": f"{moment}Z",
        "request_id": line.request_id,
        "app": line.system,
        "model": line.model,
        "status": "success" if line.ok else "error",
        "inferences": line.calls,
        "duration_ms": line.duration_ms,
    }
    if line.ok:
        record["usage"] = {
            "prompt_tokens": line.input_tokens,
            "completion_tokens": line.output_tokens,
            "prompt_tokens_details": {"cached_tokens": line.cached_tokens},
        }
    if line.cost_usd is not None:
        record["cost"] = line.cost_usd
    return msgspec.json.encode(record) + b"\n"
