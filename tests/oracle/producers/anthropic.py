"""Anthropic's messages with their snapshots while they grow, transcripts of Claude Code, and events."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from tests.oracle.calls import ERROR, Call, Traffic
from tests.oracle.counter import Telling
from tests.oracle.producers.interface import Record, Style, Unit, compact, iso, no_call, without


def told(call: Call) -> Call:
    """What a message can tell; `input` includes what went through the cache, as it is stored."""
    output = 1 if call.output is None else call.output
    rest = 5 if call.input is None else call.input
    reasoning = None if call.reasoning is None else min(call.reasoning, output)
    return Call(
        call.key, call.at, call.id, call.system, call.model, input=rest + (call.cached or 0) + (call.written or 0),
        cached=call.cached, written=call.written, output=output, reasoning=reasoning, finish=call.finish or "stop",
    )  # fmt: skip


def usage(call: Call) -> dict[str, Any]:
    """The usage of a message, which leaves the cached and the written tokens out of the input."""
    assert call.input is not None
    thought = None if call.reasoning is None else {"thinking_tokens": call.reasoning}
    return without(
        {
            "input_tokens": call.input - (call.cached or 0) - (call.written or 0),
            "cache_read_input_tokens": call.cached,
            "cache_creation_input_tokens": call.written,
            "output_tokens": call.output,
            "output_tokens_details": thought,
        }
    )


_REASONS = {"stop": "end_turn", "length": "max_tokens", None: None}


class Messages:
    """Messages, of which versions are written while they grow."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.style = Style(Traffic(hours=10), shuffle=chance.choice((0, 3, 12)), days=False)

    settings: Mapping[str, Any] = {"format": "anthropic", "system": "{app}"}

    def units(self, calls: Sequence[Call]) -> list[Unit]:
        """Each call as a message of one version or more."""
        found = []
        for call in calls:
            whole = told(call)
            found.append(Unit(tuple(self.versions(whole))))
            if self._chance.random() < 0.1:
                found.append(self.other(whole))
        return found

    def versions(self, call: Call) -> list[Record]:
        """A message as it grows; some are cut off."""
        assert call.output is not None
        number = self._chance.choice((0, 0, 1, 3))
        found = []
        for index in range(number):
            open_ = call.but(
                at=call.at + 700 * index,
                output=call.output * index // number,
                finish=None,
                reasoning=None,
            )
            found.append(self._record(open_, (0, open_.at, open_.output or 0)))
        if not found or self._chance.random() < 0.8:
            found.append(self._record(call.but(at=call.at + 700 * number), (1,)))
        return found

    def _record(self, call: Call, rank: tuple[float, ...]) -> Record:
        return Record(self.value(call), Telling(call, joins="version", rank=rank))

    def other(self, call: Call) -> Unit:
        """A record of no call."""
        value = {"type": "message_batch", "id": f"batch-{call.key}", "timestamp": iso(call.at), "app": call.system}
        return no_call(value, "not_a_call")

    def value(self, call: Call) -> dict[str, Any]:
        """A message with a time beside it."""
        return {
            "id": call.id, "type": "message", "role": "assistant", "model": call.model, "app": call.system,
            "timestamp": iso(call.at), "content": [{"type": "text", "text": "é"}],
            "stop_reason": _REASONS[call.finish], "usage": usage(call),
        }  # fmt: skip

    def line(self, records: Sequence[Record]) -> bytes:
        """One object a line."""
        (record,) = records
        return compact(record.value)


class Transcripts(Messages):
    """Lines of Claude Code: a line for each block of a message, among others."""

    settings: Mapping[str, Any] = {"format": "anthropic", "system": "{cwd}"}

    def value(self, call: Call) -> dict[str, Any]:
        """A line with a message inside."""
        message: dict[str, Any] = super().value(call)
        del message["app"], message["timestamp"]
        return {
            "type": "assistant", "uuid": f"u-{call.key}-{self._chance.random()}", "sessionId": "s1",
            "cwd": call.system, "timestamp": iso(call.at), "message": message,
        }  # fmt: skip

    def other(self, call: Call) -> Unit:
        """A line of the user, or an error that Claude Code wrote itself."""
        line: dict[str, Any] = {
            "uuid": f"u-{call.key}", "sessionId": "s1", "cwd": call.system, "timestamp": iso(call.at),
            "type": "user", "message": {"role": "user", "content": "é"},
        }  # fmt: skip
        if self._chance.random() < 0.5:
            return no_call(line, "not_a_call")
        failed = Call(f"{call.key}-error", call.at, f"e-{call.key}", call.system, "<synthetic>", outcome=ERROR)
        message: dict[str, Any] = {
            "id": failed.id, "type": "message", "role": "assistant", "model": "<synthetic>", "content": [],
            "stop_reason": "stop_sequence", "usage": {"input_tokens": 0, "output_tokens": 0},
        }  # fmt: skip
        value = line | {"type": "assistant", "isApiErrorMessage": True, "message": message}
        return Unit((Record(value, Telling(failed)),))


class Events(Messages):
    """Streamed messages, one event a line."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__(chance)
        self.style = Style(Traffic(hours=10), files=1, turns=True, days=False)

    def versions(self, call: Call) -> list[Record]:
        """The events of a message, which is one call."""
        raise NotImplementedError

    def units(self, calls: Sequence[Call]) -> list[Unit]:
        """Each call as events that follow each other."""
        return [Unit(tuple(self._stream(told(call).but(reasoning=None))), together=True) for call in calls]

    def _stream(self, call: Call) -> list[Record]:
        is_cut = self._chance.random() < 0.2
        begun = call.but(output=None, finish=None)
        start = self.value(begun.but(output=1))
        del start["app"], start["timestamp"]
        beside = {"app": call.system, "timestamp": iso(call.at)}
        events: list[dict[str, Any]] = [{"type": "message_start", "message": start, **beside}]
        events += [{"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "x"}}] * 2
        if not is_cut:
            delta = {"stop_reason": _REASONS[call.finish]}
            events.append({"type": "message_delta", "delta": delta, "usage": {"output_tokens": call.output}})
            events.append({"type": "message_stop"})
        told = {"message_delta": call, "message_stop": call}
        return [Record(it | beside, Telling(told.get(it["type"], begun), joins="part")) for it in events]
