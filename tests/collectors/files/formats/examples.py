"""Whole records of every named format, each of which is one inference."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.collectors.files.formats import test_anthropic, test_litellm, test_openai, test_otlp

Make = Callable[[str], list[Any]]
"""The records of one call with an id."""


def _spans(spelling: dict[str, Any]) -> Make:
    return lambda id_: [test_otlp.export(test_otlp.span({**spelling, "gen_ai.response.id": id_}))]


EXAMPLES: Mapping[str, tuple[Make, ...]] = {
    "anthropic": (lambda id_: [test_anthropic.message(id_)], test_anthropic.events),
    "litellm": (
        lambda id_: [test_litellm.row(request_id=id_)],
        lambda id_: [test_litellm.payload(id=id_)],
    ),
    "openai": (
        lambda id_: [test_openai.completion(id=id_)],
        lambda id_: [test_openai.response(id=id_)],
        lambda id_: [test_openai.batch(id_)],
    ),
    "otlp": tuple(map(_spans, (test_otlp.SEMCONV, test_otlp.OPENLLMETRY, test_otlp.OPENINFERENCE))),
}
CASES = [(name, make) for name, makes in EXAMPLES.items() for make in makes]
