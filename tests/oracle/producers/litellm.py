"""Payloads of LiteLLM without a proxy, where each attempt has its own, and rows of its spend log."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from typing import Any

from tests.oracle.calls import CACHE_HIT, ERROR, SUCCESS, Call, Traffic
from tests.oracle.counter import Telling
from tests.oracle.producers.interface import Record, Style, Unit, compact, distinct, iso, no_call

_NOTHING = {"input": None, "cached": None, "written": None, "output": None, "reasoning": None}


class Payloads:
    """The standard logging payload."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        ids = chance.choice(("unique", "reused"))
        # A document that takes the path of one that is gone is a later version of it; with ids that are used again
        # nothing tells whether a record in it is.
        self.style = Style(
            Traffic(ids),
            days=ids == "unique",
            shuffle=chance.choice((0, 4, 30)),
            layouts=("lines", "lines", "array"),
        )

    settings: Mapping[str, Any] = {"format": "litellm", "system": "{user_api_key_team_alias}"}

    def units(self, calls: Sequence[Call]) -> list[Unit]:
        """One record a call or attempt."""
        found = []
        for call in distinct([self.told(call) for call in calls]):
            found.append(Unit((Record(self.value(call), Telling(call)),)))
            if self._chance.random() < 0.1:
                look = self.value(call.but(id=f"look-{call.key}")) | {"call_type": "aget_responses"}
                found.append(no_call(look, "not_a_call"))
        return found

    def told(self, call: Call) -> Call:
        """What a payload can tell: two zeros are unknown tokens, a price of zero is none."""
        latency = call.latency or 12
        whole = Call(
            call.key, call.at, call.id, call.system, call.model, call.operation, call.outcome,
            cost=call.cost or None, latency=latency, trace=call.trace or f"trace-{call.key}",
        )  # fmt: skip
        if call.outcome == ERROR:
            return whole.but(cost=None, **self._attempts(call))
        if call.outcome == SUCCESS:
            whole = whole.but(**self._attempts(call))
        if call.operation == "generation":
            whole = whole.but(finish=self._finish(call))
        taken, output = call.input or 0, call.output or 0
        if not taken and not output:
            return whole
        cached = None if not call.cached else min(call.cached, taken) or None
        reasoning = None if not call.reasoning else min(call.reasoning, output) or None
        return whole.but(input=taken, cached=cached, output=output, reasoning=reasoning)

    def _attempts(self, call: Call) -> dict[str, Any]:  # noqa: ARG002  what has no retries needs no call
        return {}

    def _finish(self, call: Call) -> str | None:
        return call.finish or "stop"

    def value(self, call: Call) -> dict[str, Any]:
        """One payload."""
        finish = (
            []
            if call.finish is None
            else [{"index": 0, "finish_reason": call.finish, "message": {"content": "é"}}]
        )
        usage = {
            "prompt_tokens": call.input or 0, "completion_tokens": call.output or 0,
            "prompt_tokens_details": {"cached_tokens": call.cached},
            "completion_tokens_details": {"reasoning_tokens": call.reasoning},
        }  # fmt: skip
        failed = call.outcome == ERROR
        told = {
            "error_class": "InternalServerError",
            "llm_provider": "openai",
            "error_message": "é",
            "error_code": "500",
        }
        return {
            "id": call.id, "trace_id": call.trace,
            "call_type": "acompletion" if call.operation == "generation" else "aembedding",
            "status": "failure" if failed else "success", "response_cost": call.cost or 0.0,
            "prompt_tokens": call.input or 0, "completion_tokens": call.output or 0,
            "total_tokens": (call.input or 0) + (call.output or 0), "startTime": call.at / 1000,
            "endTime": (call.at + (call.latency or 0)) / 1000, "model": call.model, "model_group": call.model,
            "cache_hit": call.outcome == CACHE_HIT, "error_information": told if failed else None,
            "metadata": {"user_api_key_team_alias": call.system, "usage_object": None if failed else usage},
            "messages": [{"role": "user", "content": "é"}], "response": {} if failed else {"choices": finish},
        }  # fmt: skip

    def line(self, records: Sequence[Record]) -> bytes:
        """One object a line."""
        (record,) = records
        return compact(record.value)


class SpendLog(Payloads):
    """Rows of the spend log, which tell the retries of their request; its ids are those of a primary key."""

    settings: Mapping[str, Any] = {"format": "litellm", "system": "{team_id}"}

    def __init__(self, chance: random.Random) -> None:
        super().__init__(chance)
        self.style = Style(Traffic(), shuffle=chance.choice((0, 4, 30)))

    def _attempts(self, call: Call) -> dict[str, Any]:
        if call.errors is None:
            return {}
        weight = 1 if call.outcome == ERROR else 0
        return {"errors": call.errors + weight, "attempts": call.errors + 1}

    def _finish(self, call: Call) -> str | None:  # noqa: ARG002  rows have none
        return None

    def value(self, call: Call) -> dict[str, Any]:
        """One row, with objects as text or not."""
        retries = (call.attempts or 1) - 1
        usage = {
            "prompt_tokens": call.input or 0, "completion_tokens": call.output or 0,
            "prompt_tokens_details": {"cached_tokens": call.cached},
            "completion_tokens_details": {"reasoning_tokens": call.reasoning},
        }  # fmt: skip
        metadata: Any = {"usage_object": usage, "attempted_retries": retries, "attempted_fallbacks": 0}
        if self._chance.random() < 0.5:
            metadata = json.dumps(metadata)
        return {
            "request_id": call.id, "call_type": "acompletion" if call.operation == "generation" else "aembedding",
            "startTime": iso(call.at).removesuffix("Z"), "spend": call.cost or 0.0,
            "endTime": iso(call.at + (call.latency or 0)).removesuffix("Z"), "model": call.model,
            "total_tokens": (call.input or 0) + (call.output or 0), "prompt_tokens": call.input or 0,
            "completion_tokens": call.output or 0, "status": "failure" if call.outcome == ERROR else "success",
            "cache_hit": "True" if call.outcome == CACHE_HIT else "False", "team_id": call.system,
            "session_id": call.trace, "metadata": metadata, "custom_llm_provider": "", "api_key": "",
        }  # fmt: skip
