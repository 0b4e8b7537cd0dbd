"""Spans of calls that one or two instrumentations saw: inside each other, side by side, or in two traces."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from tests.oracle.calls import ERROR, SUCCESS, Call, Traffic
from tests.oracle.counter import Telling
from tests.oracle.producers.interface import Record, Style, Unit, compact

_OUTER, _INNER = "probe.framework", "probe.openai"
_USAGE = ("input", "cached", "written", "output", "reasoning")
_NAMES = {
    "input": "gen_ai.usage.input_tokens", "cached": "gen_ai.usage.cache_read.input_tokens",
    "written": "gen_ai.usage.cache_creation.input_tokens", "output": "gen_ai.usage.output_tokens",
    "reasoning": "gen_ai.usage.reasoning.output_tokens", "cost": "gen_ai.usage.cost",
}  # fmt: skip


class Spans:
    """One or two spans a call.

    Calls that overlap have tokens of their own and both observers tell them: where neither tokens, ids nor nesting
    tell two calls apart, the documentation does not say which span belongs to which.
    """

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._overlap = chance.random() < 0.4
        self._kinds = chance.choice((("one",), ("nested",), ("one", "nested", "beside", "roots")))
        self.style = Style(
            Traffic(hours=20, apart=0 if self._overlap else 20_000),
            shuffle=chance.choice((0, 3, 12)),
            pack=chance.choice((1, 5)),
            days=False,
        )

    settings: Mapping[str, Any] = {"format": "otlp", "system": "{service.name}"}

    def units(self, calls: Sequence[Call]) -> list[Unit]:
        """The spans of each call, the inner one first, as it ends first."""
        found = []
        for index, call in enumerate(calls):
            whole = self._told(call, index)
            # A single span of a stack that is mixed says no less than two would.
            kind = self._chance.choice(self._kinds)
            records = tuple(self._one(whole, index) if kind == "one" else self._two(whole, kind, index))
            found.append(Unit(records))
        return found

    def _told(self, call: Call, index: int) -> Call:
        failed = call.outcome == ERROR and not self._overlap
        latency = 1000 if call.latency is None else 200 + call.latency
        whole = Call(
            call.key, call.at, f"resp-{call.key}", call.system, call.model, call.operation,
            ERROR if failed else SUCCESS, latency=latency, trace=f"{index + 1:032x}",
        )  # fmt: skip
        if failed:
            return whole
        taken, output = (index + 1) * 1009, call.output or 5
        if call.operation == "embedding":
            return whole.but(input=taken)
        whole = whole.but(finish=call.finish or "stop", cost=call.cost or None)
        if call.input is None and not self._overlap:
            return whole
        reasoning = None if not call.reasoning else min(call.reasoning, output)
        cached = None if not call.cached else taken // 4
        return whole.but(input=taken, cached=cached, output=output, reasoning=reasoning)

    def _one(self, call: Call, index: int) -> list[Record]:
        return [self._span(call, _INNER, call.at, call.latency or 0, "a", index, rank=0)]

    def _two(self, call: Call, kind: str, index: int) -> list[Record]:
        """Two spans, each of which may tell less; the outer one is longer."""
        outer, inner = call.but(cached=None), call.but(model=f"{call.model}-2026-02-01", finish=None)
        tells = "both" if self._overlap else self._chance.choice(("both", "outer", "inner"))
        nothing = dict.fromkeys(_USAGE)
        if tells == "outer":
            inner, outer = inner.but(**nothing), outer.but(cached=call.cached)
        elif tells == "inner":
            outer = outer.but(**nothing)
        elif (
            call.output is not None and call.output > 1 and call.reasoning is None and self._chance.random() < 0.2
        ):
            outer = outer.but(output=call.output + 1)  # a counter of chunks
        if self._chance.random() < 0.5:
            outer, inner = outer.but(id=None), inner
        outer, inner = self._chance.choice(((outer.but(cost=None), inner), (outer, inner.but(cost=None))))
        at, long = call.at, call.latency or 0
        parents = {"nested": "a", "beside": "f", "roots": ""}
        first = self._span(outer, _OUTER, at, long, "a", index, rank=0, parent="f" if kind == "beside" else "")
        trace = f"{index + 1_000_000:032x}" if kind == "roots" else None
        inside = inner.but(at=at + 3, latency=long - 7, trace=trace or inner.trace)
        second = self._span(inside, _INNER, at + 3, long - 7, "b", index, rank=1, parent=parents[kind])
        return [second, first]

    def _span(
        self, call: Call, scope: str, at: int, long: int, name: str, index: int, *, rank: int, parent: str = ""
    ) -> Record:
        told: dict[str, Any] = {
            "gen_ai.operation.name": "chat" if call.operation == "generation" else "embeddings",
            "gen_ai.request.model": call.model,
            "gen_ai.response.id": call.id if call.outcome == SUCCESS else None,
            **{name: getattr(call, value) for value, name in _NAMES.items()},
        }
        attributes = [{"key": key, "value": _value(value)} for key, value in told.items() if value is not None]
        if call.finish is not None:
            reasons = {"arrayValue": {"values": [{"stringValue": call.finish}]}}
            attributes.append({"key": "gen_ai.response.finish_reasons", "value": reasons})
        span = {
            "traceId": call.trace, "spanId": f"{index:014x}0{name}",
            "parentSpanId": f"{index:014x}0{parent}" if parent else "", "name": "x",
            "startTimeUnixNano": str(at * 1_000_000), "endTimeUnixNano": str((at + long) * 1_000_000),
            "attributes": attributes, "status": {"code": 2} if call.outcome == ERROR else {},
        }  # fmt: skip
        return Record((call.system, scope, span), Telling(call, joins="seen", rank=(rank,)))

    def line(self, records: Sequence[Record]) -> bytes:
        """One batch of spans, by process and scope."""
        processes: dict[str, dict[str, list[Any]]] = {}
        for record in records:
            system, scope, span = record.value
            processes.setdefault(system, {}).setdefault(scope, []).append(span)
        groups = [
            {
                "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": system}}]},
                "scopeSpans": [{"scope": {"name": scope}, "spans": spans} for scope, spans in scopes.items()],
            }
            for system, scopes in processes.items()
        ]
        return compact({"resourceSpans": groups})


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, int):
        return {"intValue": str(value)}
    return {"doubleValue": value} if isinstance(value, float) else {"stringValue": value}
