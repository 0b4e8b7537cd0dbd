"""A plain and slow counter: it is told of every record which call it is of, and adds the calls up at the end.

It shares no code with what it checks. It knows what the documentation promises, and no ids, windows or files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tests.oracle.calls import CACHE_HIT, ERROR, Call

COLUMNS = (
    "inferences", "errors", "cache_hits", "attempts", "input_tokens", "cached_input_tokens", "output_tokens",
    "unknown_input", "unknown_cached", "unknown_output", "cost_usd", "unpriced", "latency_ms", "unknown_latency",
    "cache_write_tokens", "reasoning_tokens", "traced", "traces", "checked", "invalid", "schema_checked",
    "schema_mode", "finish_known", "truncated", "static_known", "static_tokens", "costed_input_tokens",
    "costed_cached_input_tokens", "costed_cache_write_tokens", "costed_output_tokens", "uncosted_input",
    "uncosted_output", "uncosted_write_1h_tokens",
)  # fmt: skip
Cell = tuple[str, str, str, str]
"""System, model, operation, day."""


@dataclass(frozen=True)
class Telling:
    """What one record is, or tells of its call."""

    call: Call | None
    """None: it is of no call."""
    result: str = ""
    """The result that a record of no call must have."""
    joins: str = "same"
    """How the records of a call relate: `same` (all say the same), `version` (the one of the highest rank is
    right), `part` (each adds something), `seen` (several observers; rank 0 is the outermost)."""
    rank: tuple[float, ...] = ()


class Oracle:
    """Knows every record that was written."""

    def __init__(self) -> None:
        self._told: dict[str, list[Telling]] = {}
        self.results: Counter[str] = Counter()
        self.records = 0

    def wrote(self, told: Telling) -> None:
        """Note one record."""
        self.records += 1
        if told.call is None:
            self.results[told.result] += 1
        else:
            self._told.setdefault(told.call.key, []).append(told)

    def knows(self, key: str) -> bool:
        """Whether a record of a call was written."""
        return key in self._told

    @property
    def calls(self) -> int:
        """How many calls records told of."""
        return len(self._told)

    def totals(self) -> list[Call]:
        """Every call as all of its records tell it together."""
        return [_JOIN[told[0].joins](told) for told in self._told.values()]

    def cells(self) -> dict[Cell, dict[str, float]]:
        """What each cell must have, without zeros. Every call has a trace of its own, or none."""
        found: dict[Cell, dict[str, float]] = {}
        for call in self.totals():
            day = datetime.fromtimestamp(call.at / 1000, UTC).date().isoformat()
            cell = found.setdefault((call.system, call.model, call.operation, day), dict.fromkeys(COLUMNS, 0.0))
            for column, number in _adds(call).items():
                cell[column] += number
        return {cell: {name: number for name, number in sums.items() if number} for cell, sums in found.items()}


def _adds(call: Call) -> dict[str, float]:
    weight = call.calls / call.rate
    if call.outcome == CACHE_HIT:
        return {"cache_hits": weight}
    attempts = weight if call.attempts is None else call.attempts / call.rate
    if call.outcome == ERROR:
        errors = weight if call.errors is None else call.errors / call.rate
        return {"errors": errors, "attempts": attempts, "cost_usd": (call.cost or 0) / call.rate}
    sums: dict[str, float] = {"inferences": weight, "attempts": attempts, "errors": (call.errors or 0) / call.rate}
    for value, column, unknown in (
        (call.input, "input_tokens", "unknown_input"),
        (call.cached, "cached_input_tokens", "unknown_cached"),
        (call.output, "output_tokens", "unknown_output"),
        (call.cost, "cost_usd", "unpriced"),
        (call.latency, "latency_ms", "unknown_latency"),
        (call.written, "cache_write_tokens", None),
        (call.reasoning, "reasoning_tokens", None),
    ):
        if value is not None:
            sums[column] = value / call.rate
        elif unknown is not None:
            sums[unknown] = weight
    if call.cost is not None:
        for name in ("input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens"):
            sums[f"costed_{name}"] = sums.get(name, 0.0)
    elif call.input is None:
        sums["uncosted_input"] = weight
    elif call.output is None:
        sums["uncosted_output"] = weight
    sums["traced"] = weight * (call.trace is not None)
    sums["traces"] = float(call.trace is not None)
    sums["finish_known"] = weight * (call.finish is not None)
    sums["truncated"] = weight * (call.finish == "length")
    return sums


def _same(told: Sequence[Telling]) -> Call:
    return _call(told[0])


def _version(told: Sequence[Telling]) -> Call:
    return _call(max(told, key=lambda one: one.rank))


def _part(told: Sequence[Telling]) -> Call:
    """What parts tell together: of a usage that grows the largest, and the first of everything else."""
    whole = _call(told[0])
    for one in told:
        part = _call(one)
        nothing_yet = whole.output is None and whole.input is None
        if nothing_yet or (part.output is not None and part.output >= (whole.output or 0)):
            whole = whole.but(**{name: getattr(part, name) for name in _USAGE})
        whole = whole.but(finish=whole.finish or part.finish)
        if part.outcome == ERROR:
            whole = whole.but(outcome=ERROR)
    return whole


def _seen(told: Sequence[Telling]) -> Call:
    """What observers tell together: the outermost first, and what it does not tell from those inside; a model with
    the date of its version before one without, and of two outputs that are one apart the smaller."""
    whole, *inner = (_call(one) for one in sorted(told, key=lambda one: one.rank))
    for one in inner:
        for name in (*_USAGE, "cost", "latency", "trace", "finish"):
            mine, other = getattr(whole, name), getattr(one, name)
            if mine is None or (name == "output" and other == mine - 1):
                whole = whole.but(**{name: other})
        if one.model.startswith(whole.model):
            whole = whole.but(model=one.model)
    return whole


_USAGE = ("input", "cached", "written", "output", "reasoning")
_JOIN = {"same": _same, "version": _version, "part": _part, "seen": _seen}


def _call(told: Telling) -> Call:
    assert told.call is not None
    return told.call
