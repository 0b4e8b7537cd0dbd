"""Invented usage of the demo's systems: hourly sums, as from a gateway that adds up before it logs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random

import msgspec

from leverwatch.agent.demo.company import ModelPlan, SystemPlan

_ERROR_SHARE = 0.007
_ERROR_LATENCY_MS = 95.0
_DAY_NOISE = 0.04
_HOUR_NOISE = 0.05


@dataclass(frozen=True, slots=True)
class UsageLine:
    """One line of the log: the calls of one system to one model in one hour (or part of it) with one outcome.

    Tokens, cost and duration are sums over the line's calls. Failed calls have no tokens and no cost.
    """

    at: datetime
    """Start of the hour; in a live line, the time at which it was written."""
    system: str
    model: str
    ok: bool
    calls: int
    duration_ms: int
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None
    static_tokens: int = 0
    """Input tokens that are the same in every call; 0 when the log does not have them."""
    attempts: int = 0
    """Calls to a model server; 0 when the log does not have them."""
    valid: bool | None = None
    """Whether the outputs passed validation; None: they were not validated."""
    schema_mode: bool | None = None

    @property
    def request_id(self) -> str:
        """A request id that is unique within the demo."""
        outcome = "error" if not self.ok else "invalid" if self.valid is False else "ok"
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
    """Inferences whose cost is not in the log."""


def total(lines: Iterable[UsageLine]) -> Totals:
    """Return the sums over lines that all count."""
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


def _split(line: UsageLine, invalid_share: float) -> Iterator[UsageLine]:
    """Yield the line as two: calls with valid output, and the others. Their sums are those of the line."""
    share = round(line.calls * invalid_share) / line.calls
    cost = line.cost_usd
    few = replace(
        line,
        valid=False,
        calls=round(line.calls * share),
        duration_ms=round(line.duration_ms * share),
        input_tokens=round(line.input_tokens * share),
        cached_tokens=round(line.cached_tokens * share),
        output_tokens=round(line.output_tokens * share),
        static_tokens=round(line.static_tokens * share),
        attempts=round(line.attempts * share),
        cost_usd=None if cost is None else round(cost * share, 6),
    )
    yield replace(
        line,
        valid=True,
        calls=line.calls - few.calls,
        duration_ms=line.duration_ms - few.duration_ms,
        input_tokens=line.input_tokens - few.input_tokens,
        cached_tokens=line.cached_tokens - few.cached_tokens,
        output_tokens=line.output_tokens - few.output_tokens,
        static_tokens=line.static_tokens - few.static_tokens,
        attempts=line.attempts - few.attempts,
        cost_usd=None if cost is None or few.cost_usd is None else round(cost - few.cost_usd, 6),
    )
    if few.calls:
        yield few


def _lines(
    rng: Random, system: SystemPlan, model: ModelPlan, at: datetime, expected: float, static_share: float
) -> Iterator[UsageLine]:
    calls = _whole(rng, expected)
    if calls:
        entered = round(calls * system.input_tokens * _noise(rng, 0.03))
        written = round(calls * system.output_tokens * _noise(rng, 0.03))
        cost = None
        if model.prices is not None:
            cost = round((entered * model.prices[0] + written * model.prices[1]) / 1e6, 6)
        line = UsageLine(
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
            static_tokens=round(entered * static_share),
            attempts=round(calls * system.attempts),
            schema_mode=system.schema_mode,
        )
        yield from (line,) if system.invalid_share is None else _split(line, system.invalid_share)
    failed = _whole(rng, expected * _ERROR_SHARE * _noise(rng, 0.2))
    if failed:
        duration = round(failed * _ERROR_LATENCY_MS)
        yield UsageLine(at=at, system=system.name, model=model.name, ok=False, calls=failed, duration_ms=duration)


def day_lines(system: SystemPlan, day: date, last_day: date, seed: int) -> Iterator[UsageLine]:
    """Yield a line for each model, hour and outcome of a day, in order of time; the same for the same arguments.

    Args:
        system: the system.
        day: a UTC day.
        last_day: the last day of the demo, to which growth is relative.
        seed: chooses the noise.
    """
    rng = Random(f"{seed}/{system.name}/{day}")  # noqa: S311 - repeatable noise, no secret
    level = system.day_level(day.weekday(), (day - last_day).days) * _noise(rng, _DAY_NOISE)
    static = system.static_share_on((day - last_day).days)
    models = system.models_on((day - last_day).days)
    midnight = datetime.combine(day, time(), UTC)
    for hour in range(24):
        expected = level * system.hour_share(hour) * _noise(rng, _HOUR_NOISE)
        for model in models:
            yield from _lines(rng, system, model, midnight + timedelta(hours=hour), expected * model.share, static)


def moment_lines(
    system: SystemPlan, now: datetime, seconds: float, last_day: date, seed: int
) -> Iterator[UsageLine]:
    """Yield the calls of a system in the `seconds` before `now`: at most one line for each model and outcome."""
    now = now.astimezone(UTC)
    rng = Random(f"{seed}/{system.name}/{now.isoformat()}")  # noqa: S311 - repeatable noise, no secret
    level = system.day_level(now.weekday(), (now.date() - last_day).days) * system.hour_share(now.hour)
    for model in system.models:
        expected = level * model.share * seconds / 3600 * _noise(rng, 2 * _HOUR_NOISE)
        yield from _lines(rng, system, model, now, expected, system.static_share)


def encode(line: UsageLine) -> bytes:
    """Return the line as JSON, with its newline. Only what is known is written."""
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
        usage: dict[str, object] = {
            "prompt_tokens": line.input_tokens,
            "completion_tokens": line.output_tokens,
            "prompt_tokens_details": {"cached_tokens": line.cached_tokens},
        }
        if line.static_tokens:
            usage["static_tokens"] = line.static_tokens
        record["usage"] = usage
    if line.attempts:
        record["attempts"] = line.attempts
    if line.valid is not None:
        record["valid"] = line.valid
    if line.schema_mode is not None:
        record["schema_mode"] = line.schema_mode
    if line.cost_usd is not None:
        record["cost"] = line.cost_usd
    return msgspec.json.encode(record) + b"\n"
