"""OpenAI's objects, streams of chunks as different servers write them, and the events of Responses."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from tests.oracle.calls import BEGIN, ERROR, SUCCESS, Call, Traffic
from tests.oracle.counter import Telling
from tests.oracle.producers.interface import Record, Style, Unit, compact, distinct, no_call, without

_NOTHING = {"input": None, "cached": None, "written": None, "output": None, "reasoning": None}


def told(call: Call) -> Call:
    """What these objects can tell: whole seconds, no cost, latency, trace, and no weight."""
    return Call(call.key, call.at - call.at % 1000, call.id, call.system, call.model)


def with_usage(call: Call) -> Call:
    """The call with a usage that real servers write: both numbers, or none."""
    if call.input is None or call.output is None:
        return call.but(**_NOTHING)
    taken, output = call.input, call.output
    cached = None if call.cached is None else min(call.cached, taken)
    written = None if call.written is None else min(call.written, taken - (cached or 0))
    reasoning = None if call.reasoning is None else min(call.reasoning, output)
    return call.but(cached=cached, written=written, reasoning=reasoning)


def usage(call: Call, names: tuple[str, str] = ("prompt", "completion")) -> dict[str, Any] | None:
    """The usage as these objects have it."""
    if call.input is None or call.output is None:
        return None
    taken, given = names
    return without(
        {
            f"{taken}_tokens": call.input,
            f"{given}_tokens": call.output,
            "total_tokens": call.input + call.output,
            f"{taken}_tokens_details": without({"cached_tokens": call.cached, "cache_write_tokens": call.written}),
            f"{given}_tokens_details": without({"reasoning_tokens": call.reasoning}),
        }
    )


class Objects:
    """Whole chat completions, completions and responses."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        ids = chance.choice(("unique", "reused"))
        # A document that takes the path of one that is gone is a later version of it; with ids that are used again
        # nothing tells whether a record in it is.
        self.style = Style(
            Traffic(ids, step=1000),
            days=ids == "unique",
            shuffle=chance.choice((0, 4, 30)),
            layouts=("lines", "lines", "array", "pretty"),
        )

    settings: Mapping[str, Any] = {"format": "openai", "system": "{metadata.app}"}

    def units(self, calls: Sequence[Call]) -> list[Unit]:
        """One object a call."""
        whole = [with_usage(self.outcome(call, told(call).but(**_usage_of(call)))) for call in calls]
        found = [Unit((Record(self._object(call), Telling(call)),)) for call in distinct(whole)]
        return [*found, *self._others()]

    def outcome(self, call: Call, seen: Call) -> Call:
        """Errors are responses that failed."""
        if call.outcome == ERROR:
            return seen.but(outcome=ERROR, **_NOTHING)
        return seen.but(finish=call.finish or "stop")

    def _object(self, call: Call) -> dict[str, Any]:
        at, app = call.at // 1000, {"app": call.system}
        if call.outcome == ERROR or self._chance.random() < 0.3:
            reason = {"reason": "max_output_tokens"} if call.finish == "length" else None
            status = "failed" if call.outcome == ERROR else "incomplete" if reason else "completed"
            if status == "completed" and call.finish:
                return self._chat(call, at, app)
            return {
                "id": call.id, "object": "response", "created_at": at, "model": call.model, "status": status,
                "usage": usage(call, ("input", "output")), "incomplete_details": reason, "metadata": app,
            }  # fmt: skip
        return self._chat(call, at, app)

    @staticmethod
    def _chat(call: Call, at: int, app: Mapping[str, Any]) -> dict[str, Any]:
        choice = {"index": 0, "message": {"role": "assistant", "content": "é"}, "finish_reason": call.finish}
        return {
            "id": call.id, "object": "chat.completion", "created": at, "model": call.model, "choices": [choice],
            "usage": usage(call), "metadata": app,
        }  # fmt: skip

    def _others(self) -> list[Unit]:
        return [no_call({"id": "file-1", "object": "file", "created_at": BEGIN // 1000}, "not_a_call")]

    def line(self, records: Sequence[Record]) -> bytes:
        """One object a line."""
        (record,) = records
        return compact(record.value)


def _usage_of(call: Call) -> dict[str, int | None]:
    return {name: getattr(call, name) for name in _NOTHING}


class Chunks(Objects):
    """Streams of one server: what identifies its streams, and where it tells the usage, is up to the server."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__(chance)
        self._names = chance.choice(("own", "own", "reused", "absent", "empty", "each"))
        self._usage = chance.choice(("behind", "end", "grows", "never"))
        self._apart = self._names in ("absent", "empty", "each", "reused")
        # Without ids of their own streams are told apart by their order alone, and so are those whose usage comes
        # behind the end: it belongs to what ended last when it is the first of its id that is read.
        self.style = Style(
            Traffic(step=1000, hours=10, apart=20_000 if self._apart else 0),
            files=1 if self._apart or self._usage == "behind" else 3,
            shuffle=0 if self._apart or self._usage == "behind" else chance.choice((0, 3, 12)),
            # The chunks of a stream count on their own until it is seen to be one.
            counts_results=self._names != "each",
            days=False,
        )

    def units(self, calls: Sequence[Call]) -> list[Unit]:
        """Each call as a stream."""
        found = []
        for index, call in enumerate(calls):
            whole = with_usage(told(call).but(**_usage_of(call), finish=call.finish or "stop"))
            if whole.output is not None:
                # Where both are zero, the numbers are not known yet.
                whole = whole.but(output=max(1, whole.output))
            if self._names == "reused":
                whole = whole.but(id=f"id-{index % 2}")
            elif self._names != "own":
                whole = whole.but(id={"absent": None, "empty": "", "each": whole.id}[self._names])
            is_cut = self._names in ("own", "reused") and self._chance.random() < 0.15
            records = tuple(self._stream(whole, is_cut=is_cut and self._names == "own"))
            found.append(Unit(records, together=self._apart, again=self._names == "own"))
            if self._chance.random() < 0.1:
                verdict = {
                    "id": "",
                    "object": "",
                    "model": "",
                    "created": 0,
                    "choices": [],
                    "prompt_filter_results": [],
                }
                found.append(no_call(verdict, "part"))
        return found

    def _stream(self, call: Call, *, is_cut: bool) -> list[Record]:
        number = self._chance.randint(2, 6)
        bare = call.but(**_NOTHING, finish=None)
        found = []
        for index in range(number):
            sees = bare
            if self._usage == "grows" and call.output is not None and (share := call.output * index // number):
                sees = bare.but(input=call.input, cached=call.cached, output=share)
            found.append(
                self._chunk(sees, index, [{"index": 0, "delta": {"content": f"x{index}"}, "finish_reason": None}])
            )
        if is_cut:
            return found
        at_end = self._usage in ("end", "grows")
        end = call if at_end else bare.but(finish=call.finish)
        found.append(self._chunk(end, number, [{"index": 0, "delta": {}, "finish_reason": call.finish}]))
        if self._usage == "behind" and call.output is not None:
            found.append(self._chunk(call.but(finish=None), number + 1, []))
        return found

    def _chunk(self, sees: Call, index: int, choices: list[Any]) -> Record:
        id_ = f"{sees.id}-{index}" if self._names == "each" else sees.id
        value = {
            "id": id_, "object": "chat.completion.chunk", "created": sees.at // 1000, "model": sees.model,
            "choices": choices, "usage": usage(sees), "metadata": {"app": sees.system},
        }  # fmt: skip
        if id_ is None:
            del value["id"]
        return Record(value, Telling(sees, joins="part"))


class Responses(Objects):
    """Events of streamed responses, and responses that are looked at while they are made."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__(chance)
        self.style = Style(Traffic(step=1000, hours=10), shuffle=chance.choice((0, 3, 12)), days=False)

    settings: Mapping[str, Any] = {"format": "openai", "system": "answers"}

    def units(self, calls: Sequence[Call]) -> list[Unit]:
        """Each call as events, or as an object that is looked at until it is done."""
        found = []
        for call in calls:
            whole = told(call).but(**_usage_of(call), system="answers")
            failed = call.outcome == ERROR
            whole = with_usage(whole.but(outcome=ERROR if failed else SUCCESS))
            whole = (
                whole.but(**_NOTHING)
                if failed
                else whole.but(finish="length" if call.finish == "length" else None)
            )
            made = self._events if self._chance.random() < 0.5 else self._versions
            found.append(Unit(tuple(made(whole, is_cut=self._chance.random() < 0.15))))
        return found

    @staticmethod
    def _body(call: Call, status: str) -> dict[str, Any]:
        reason = {"reason": "max_output_tokens"} if call.finish == "length" and status == "incomplete" else None
        return {
            "id": call.id, "object": "response", "created_at": call.at // 1000, "model": call.model,
            "status": status, "incomplete_details": reason, "usage": usage(call, ("input", "output")),
        }  # fmt: skip

    def _last(self, call: Call) -> str:
        return "failed" if call.outcome == ERROR else "incomplete" if call.finish == "length" else "completed"

    def _events(self, call: Call, *, is_cut: bool) -> list[Record]:
        bare = call.but(**_NOTHING, finish=None, outcome=SUCCESS)
        begun = {"type": "response.created", "response": self._body(bare, "in_progress")}
        goes_on = {"type": "response.in_progress", "response": self._body(bare, "in_progress")}
        found = [Record(begun, Telling(bare, joins="part")), Record(goes_on, Telling(bare, joins="part"))]
        found.append(Record({"type": "response.output_text.delta", "delta": "x"}, Telling(None, "part")))
        if not is_cut:
            last = self._last(call)
            value = {"type": f"response.{last}", "response": self._body(call, last)}
            found.append(Record(value, Telling(call, joins="part")))
        return found

    def _versions(self, call: Call, *, is_cut: bool) -> list[Record]:
        bare = call.but(**_NOTHING, finish=None, outcome=SUCCESS)
        value = self._body(bare, "in_progress")
        found = [Record(self._body(bare, "queued"), Telling(None, "not_a_call"))]
        found += [Record(value, Telling(None, "not_a_call")) for _ in range(self._chance.randint(1, 3))]
        return found if is_cut else [*found, Record(self._body(call, self._last(call)), Telling(call))]
