"""Observations of Langfuse: exported while they go on, and again when they have ended."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from tests.oracle.calls import ERROR, SUCCESS, Call, Traffic
from tests.oracle.counter import Telling
from tests.oracle.producers.interface import Record, Style, Unit, compact, iso, no_call, without


class Langfuse:
    """One observation a call, in lines, arrays and pages."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.style = Style(
            Traffic(hours=10, models=("m-large", "m-small")),
            shuffle=chance.choice((0, 3, 12)),
            layouts=("lines", "array", "page"),
            pack=chance.choice((1, 4)),
            days=False,
        )

    settings: Mapping[str, Any] = {"format": "langfuse", "system": "{environment}"}

    def units(self, calls: Sequence[Call]) -> list[Unit]:
        """Each call as one or two versions."""
        found = []
        for call in calls:
            whole = self._told(call)
            begun = Call(
                whole.key, whole.at, whole.id, whole.system, whole.model, whole.operation, trace=whole.trace
            )
            records = []
            if self._chance.random() < 0.4:
                records.append(Record(self._value(begun), Telling(begun, joins="version", rank=(0,))))
            if not records or self._chance.random() < 0.8:
                records.append(Record(self._value(whole), Telling(whole, joins="version", rank=(1,))))
            found.append(Unit(tuple(records)))
            if self._chance.random() < 0.1:
                span = {"id": f"span-{call.key}", "type": "SPAN", "startTime": iso(call.at), "environment": "chat"}
                found.append(no_call(span, "not_a_call"))
        return found

    @staticmethod
    def _told(call: Call) -> Call:
        failed = call.outcome == ERROR
        latency = 12 if call.latency is None else call.latency
        whole = Call(
            call.key, call.at, call.id, call.system, call.model, call.operation, ERROR if failed else SUCCESS,
            cost=call.cost or None, latency=latency, trace=call.trace or f"trace-{call.key}",
        )  # fmt: skip
        if call.input is None or call.output is None:
            return whole
        reasoning = None if call.reasoning is None else min(call.reasoning, call.output)
        cached = None if call.cached is None else min(call.cached, call.input)
        return whole.but(input=call.input, cached=cached, output=call.output, reasoning=reasoning)

    @staticmethod
    def _value(call: Call) -> dict[str, Any]:
        usage: dict[str, int] | None = None
        if call.input is not None and call.output is not None:
            usage = without(
                {
                    "input": call.input - (call.cached or 0), "input_cached_tokens": call.cached,
                    "output": call.output - (call.reasoning or 0), "output_reasoning_tokens": call.reasoning,
                    "total": call.input + call.output,
                }
            )  # fmt: skip
        kind = "GENERATION" if call.operation == "generation" else "EMBEDDING"
        end = None if call.latency is None else iso(call.at + call.latency)
        return {
            "id": call.id, "traceId": call.trace, "type": kind,
            "startTime": iso(call.at), "endTime": end, "level": "ERROR" if call.outcome == ERROR else "DEFAULT",
            "model": call.model, "environment": call.system, "usageDetails": usage or {}, "input": "é",
            "costDetails": {} if call.cost is None else {"total": call.cost},
        }  # fmt: skip

    def line(self, records: Sequence[Record]) -> bytes:
        """One observation, or a page of some."""
        if len(records) == 1:
            return compact(records[0].value)
        return compact({"data": [record.value for record in records], "meta": {"page": 1}})
