"""The names under which a model may be looked up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple


class Spelling(NamedTuple):
    """A name of a model, and the provider that was before it."""

    name: str
    provider: str | None


def spellings(model: str) -> Iterator[Spelling]:
    """Yield the name as it is, then without each provider before it; gateways write `openai/gpt-4o`."""
    yield Spelling(model, None)
    while "/" in model:
        provider, _, model = model.partition("/")
        if provider and model:
            yield Spelling(model, provider)
