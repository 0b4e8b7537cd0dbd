"""Whole records of every named format, each of which is one inference."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from leverwatch.collectors.records.formats.registry import NAMED
from tests.collectors.records.formats import test_anthropic, test_litellm, test_openai, test_otlp
from tests.fuzz.records import record

Make = Callable[[str], list[Any]]
"""The records of one call with an id."""


def _spans(spelling: dict[str, Any]) -> Make:
    return lambda id_: [test_otlp.export(test_otlp.span({**spelling, "gen_ai.response.id": id_}))]


def _fuzzed(name: str) -> Make:
    return lambda id_: [json.loads(record(name, id_, "m"))]


NO_OBJECTS = frozenset({"envoy", "nginx"})
"""Formats whose records are text."""

EXAMPLES: Mapping[str, tuple[Make, ...]] = {
    **{name: (_fuzzed(name),) for name in NAMED if name not in NO_OBJECTS},
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
