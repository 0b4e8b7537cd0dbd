"""What a call was, for every format to write down in its own way."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2026, 9, 1, tzinfo=UTC)
_MODELS = ("gpt-4o-mini-2024-07-18", "gpt-4o-2024-08-06", "claude-sonnet-4-5-20250929")
_SYSTEMS = tuple(f"team-{number}" for number in range(12))
_A_SECOND = 12.0


class Call:
    """What one call of a log was."""

    def __init__(self, rng: random.Random, number: int) -> None:
        self.rng = rng
        self.start = START + timedelta(seconds=number / _A_SECOND + 30 * rng.random())
        self.ms = rng.randrange(200, 9000)
        self.end = self.start + timedelta(milliseconds=self.ms)
        self.id = f"{rng.getrandbits(96):024x}"
        self.system, self.model = rng.choice(_SYSTEMS), rng.choice(_MODELS)
        self.taken, self.output = rng.randrange(50, 4000), rng.randrange(5, 900)
        self.cached = rng.randrange(0, 50)
        self.cost = round(rng.random() / 100, 6)
        self.failed = rng.randrange(20) == 0
        self.prompt, self.answer = self.text(150), self.text(70)

    def text(self, words: int) -> str:
        """Words with the characters that JSON escapes."""
        return " ".join(
            self.rng.choices(("answer", "the", "customer's", "\n", 'a "word"', "über", "order"), k=words)
        )

    def iso(self, end: str = "Z") -> str:
        """When it started, to the millisecond."""
        return self.start.strftime("%Y-%m-%dT%H:%M:%S.") + f"{self.start.microsecond // 1000:03}{end}"

    @property
    def messages(self) -> list[dict[str, str]]:
        """What was asked."""
        return [{"role": "system", "content": self.prompt[:300]}, {"role": "user", "content": self.prompt[300:]}]

    @property
    def completion(self) -> dict[str, Any]:
        """The response of an OpenAI-compatible server."""
        return {
            "id": f"chatcmpl-{self.id}", "object": "chat.completion", "created": int(self.start.timestamp()),
            "model": self.model, "service_tier": self.system, "system_fingerprint": "fp_44709d6fcb",
            "choices": [
                {
                    "index": 0, "message": {"role": "assistant", "content": self.answer, "refusal": None},
                    "logprobs": None, "finish_reason": "stop",
                }
            ],
            "usage": {
                "prompt_tokens": self.taken, "completion_tokens": self.output,
                "total_tokens": self.taken + self.output,
                "prompt_tokens_details": {"cached_tokens": self.cached, "audio_tokens": 0},
                "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
            },
        }  # fmt: skip


Lines = Iterator[str | dict[str, Any]]
Make = Callable[[Call], Lines]
"""The records of one call, or of several."""
