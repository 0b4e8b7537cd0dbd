"""Logs of no named format: JSON and CSV with a field map."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Mapping, Sequence
from typing import Any

from tests.oracle.calls import CACHE_HIT, ERROR, Call, Traffic
from tests.oracle.counter import Telling
from tests.oracle.producers.interface import Record, Style, Unit, compact, distinct, iso, no_call, without

_FIELDS = {
    "time": "when", "model": "llm.model", "request_id": "id", "operation": "kind", "status": "state",
    "input_tokens": "llm.in", "cached_input_tokens": "llm.cached", "cache_write_tokens": "llm.written",
    "output_tokens": "llm.out", "reasoning_tokens": "llm.thought", "cost_usd": "usd", "latency_ms": "ms",
    "trace_id": "trace", "finish_reason": "why", "errors": "failed", "attempts": "tries", "inferences": "n",
    "sample_rate": "rate", "cache_hit": "hit",
}  # fmt: skip
_WORDS = {"generation": ("chat", None, "responses"), "embedding": ("embeddings", "embedding")}


def values(call: Call, chance: random.Random, *, as_text: bool) -> dict[str, Any]:
    """The values of a call by mapped field, each in one of the spellings that mean the same."""
    seconds, rest = divmod(call.at, 1000)
    epoch = chance.choice((call.at, f"{seconds}.{rest:03}", call.at * 1_000_000))
    failed = chance.choice(("error", "failed", "503", False))
    passed = chance.choice(("ok", "success", "200", None))
    number = summed(call)
    return {
        "time": iso(call.at, chance) if chance.random() < 0.6 else epoch,
        "model": call.model,
        "request_id": call.id,
        "operation": chance.choice(_WORDS[call.operation]),
        "status": failed if call.outcome == ERROR else passed,
        "input_tokens": call.input,
        "cached_input_tokens": call.cached,
        "cache_write_tokens": call.written,
        "output_tokens": call.output,
        "reasoning_tokens": call.reasoning,
        "cost_usd": call.cost,
        "latency_ms": call.latency,
        "trace_id": call.trace,
        "finish_reason": call.finish,
        "errors": call.errors,
        "attempts": call.attempts,
        "inferences": None if number == 1 else number,
        "sample_rate": None if call.rate == 1 else call.rate,
        "cache_hit": "true" if call.outcome == CACHE_HIT else chance.choice((None, "false" if as_text else False)),
    }


def summed(call: Call) -> int:
    """How many calls a record stands for: those that failed are some of them, and all of a record that failed."""
    return (call.errors or 0) + (0 if call.errors and call.outcome == ERROR else call.calls)


class Plain:
    """Calls with every field that can be mapped."""

    as_text = False
    layouts: tuple[str, ...] = ("lines",)
    kind: Mapping[str, Any] = {"type": "jsonl", "fields": _FIELDS}

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._ids = chance.choice(("unique", "reused", "mixed"))

    @property
    def style(self) -> Style:
        """Records may come in any order."""
        return Style(Traffic(self._ids), shuffle=self._chance.choice((0, 4, 30)), layouts=self.layouts)

    @property
    def settings(self) -> Mapping[str, Any]:
        """A field map."""
        return {"format": self.kind, "system": "{app}"}

    def units(self, calls: Sequence[Call]) -> list[Unit]:
        """One record a call, some of them twice in other spellings, and some that are refused."""
        found: list[Unit] = []
        for call in distinct([self.loose(call) for call in calls]):
            spellings = 1 + (call.has_id and self._chance.random() < 0.15)
            told = Telling(self.whole(call))
            found += [Unit((Record(self.record(call), told),), again=call.has_id) for _ in range(spellings)]
            if self._chance.random() < 0.1:
                found.append(self.refused(call.but(key="none", id=f"refused-{call.key}")))
        return found

    def loose(self, call: Call) -> Call:
        """The call with some parts that are larger than what they are parts of."""
        changes = {}
        if self._chance.random() < 0.2:
            changes["cached"] = (call.input or 0) + self._chance.choice((1, 500))
        if self._chance.random() < 0.1:
            changes["reasoning"] = (call.output or 0) + self._chance.choice((1, 70))
        return call.but(**changes)

    @staticmethod
    def whole(call: Call) -> Call:
        """The call as a record means it: parts that are larger than their whole stand beside it, a cost of 0
        beside tokens is that of a model without a price, and each of several calls is an attempt."""
        inside, thought = (call.cached or 0) + (call.written or 0), call.reasoning or 0
        taken, output = call.input, call.output
        return call.but(
            input=taken + inside if taken is not None and inside > taken else taken,
            output=output + thought if output is not None and thought > output else output,
            cost=None if call.cost == 0 and (taken or output) else call.cost,
            attempts=summed(call) if call.attempts is None and call.errors is not None else call.attempts,
        )

    def refused(self, call: Call) -> Unit:
        """A record that must be refused alone."""
        said = values(call, self._chance, as_text=self.as_text)
        changes, result = self._chance.choice(
            (
                ({"time": None}, "missing_field"),
                ({"time": "yesterday"}, "bad_time"),
                ({"status": "perhaps"}, "unknown_status"),
                ({"operation": "juggle"}, "unknown_operation"),
                ({"time": "2199-01-01T00:00:00Z"}, "future"),
            )
        )
        return no_call(self.shaped(said | changes, call.system), result)

    def record(self, call: Call) -> Any:
        """One record."""
        return self.shaped(values(call, self._chance, as_text=self.as_text), call.system)

    def shaped(self, said: Mapping[str, Any], system: str) -> Any:
        """Values as an object, with texts that nobody reads."""
        llm = {path[4:]: said[name] for name, path in _FIELDS.items() if path.startswith("llm.")}
        outer = {path: said[name] for name, path in _FIELDS.items() if not path.startswith("llm.")}
        chosen = self._chance.choice((without, dict))
        return chosen(
            {"app": system, **outer, "llm": chosen(llm), "text": self._chance.choice(("é", '{"a": [', ""))}
        )

    def line(self, records: Sequence[Record]) -> bytes:
        """One record a line."""
        (record,) = records
        return compact(record.value)


class Document(Plain):
    """The same in documents that are written anew, of one value or many, with and without an array around them."""

    layouts = ("array", "pretty", "values")
    kind: Mapping[str, Any] = {"type": "jsonl", "framing": "json", "fields": _FIELDS}


class Table(Plain):
    """The same as CSV."""

    as_text = True
    layouts = ("csv",)
    names = ("app", *_FIELDS)
    kind: Mapping[str, Any] = {"type": "csv", "fields": {name: name for name in _FIELDS}}

    def shaped(self, said: Mapping[str, Any], system: str) -> Any:
        """Values as a line."""
        cells = [
            "" if value is None else str(value).lower() if value is False else value for value in said.values()
        ]
        text = io.StringIO()
        csv.writer(text, lineterminator="").writerow([system, *cells])
        return text.getvalue()

    @classmethod
    def header(cls) -> bytes:
        """The names of the columns."""
        return ",".join(cls.names).encode()
