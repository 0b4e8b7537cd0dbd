"""Spans read with code made for the names of their attributes are what they are when each is looked at."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.formats.interface import Parsed
from leverwatch.collectors.records.formats.otlp import OTLP
from leverwatch.collectors.records.formats.producers import PRODUCERS_WANT
from leverwatch.collectors.records.formats.span_kinds import KINDS
from tests.examples import examples

TEMPLATE = ("service.name", "team")
NAMES = sorted(PRODUCERS_WANT)
USUAL = (
    "gen_ai.operation.name", "gen_ai.request.model", "gen_ai.response.model", "gen_ai.response.id",
    "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "gen_ai.usage.prompt_tokens",
    "gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cached_tokens", "gen_ai.usage.reasoning_tokens",
    "gen_ai.usage.total_tokens", "gen_ai.usage.cost", "gen_ai.response.finish_reasons", "error.type",
    "litellm.cache_hit", "llm.invocation_parameters", "embedding.invocation_parameters", "team",
)  # fmt: skip
TEXTS = st.sampled_from(
    [
        "",
        "chat",
        "embeddings",
        "execute_tool",
        "m-1",
        "r-7",
        "stop",
        '["length"]',
        '{"response_format":{"type":"x"}}',
    ]
)
NUMBERS = st.one_of(st.integers(-1, 40), st.just(2**60))
VALUES: st.SearchStrategy[dict[str, Any]] = st.one_of(
    TEXTS.map(lambda it: {"stringValue": it}),
    NUMBERS.map(lambda it: {"intValue": str(it)}),
    NUMBERS.map(lambda it: {"intValue": it}),
    st.sampled_from([0.0, 0.5, 7.0, -1.0]).map(lambda it: {"doubleValue": it}),
    st.booleans().map(lambda it: {"boolValue": it}),
    TEXTS.map(lambda it: {"arrayValue": {"values": [{"stringValue": it}]}}),
    st.sampled_from([{}, {"arrayValue": {"values": []}}, {"stringValue": None}, {"stringValue": 5}]),
)
FITTING = {
    "gen_ai.operation.name": st.sampled_from([{"stringValue": "chat"}, {"stringValue": "invoke_agent"}]),
    **{name: st.integers(0, 40).map(lambda it: {"intValue": str(it)}) for name in USUAL if ".usage." in name},
    **{name: TEXTS.map(lambda it: {"stringValue": it}) for name in USUAL if name.endswith((".model", ".id"))},
}


def _valued(name: str) -> st.SearchStrategy[dict[str, Any]]:
    value = st.one_of(FITTING[name], FITTING[name], VALUES) if name in FITTING else VALUES
    return value.map(lambda it: {"key": name, "value": it})


ATTRIBUTES = st.lists(
    st.one_of(
        st.sampled_from(USUAL), st.sampled_from(USUAL), st.sampled_from(KINDS), st.sampled_from(NAMES)
    ).flatmap(_valued),
    max_size=9,
)
SPANS = st.lists(
    st.fixed_dictionaries(
        {
            "traceId": st.sampled_from(["a" * 32, "0x" + "B" * 32, ""]),
            "spanId": st.sampled_from(["1" * 16, " 2222222222222222", "C" * 16]),
            "startTimeUnixNano": st.sampled_from(["1773561600000000000", 1773561600000000000, 5]),
            "attributes": ATTRIBUTES,
        },
        optional={
            "parentSpanId": st.sampled_from(["1" * 16, "c" * 16]),
            "endTimeUnixNano": st.sampled_from(["1773561601500000000", 5]),
            "status": st.sampled_from([{}, {"code": 2}, {"code": "STATUS_CODE_OK"}]),
            "traceState": st.sampled_from(["", "ot=th:8", "ot=th:ffffffffffffff"]),
            "name": st.sampled_from(["chat m-1", "x"]),
        },
    ),
    max_size=5,
)
SCOPES = st.sampled_from(
    ["", "openlit.instrumentation.anthropic", "gcp.vertex.agent", "opentelemetry.instrumentation.x"]
)
ODD = {"traceId": "e", "spanId": "e", "attributes": [{"key": "x", "value": {"intValue": "no number"}}]}
"""Not a call. In a document with it, each span is looked at."""


def _read(scope: str, spans: list[dict[str, Any]]) -> Parsed:
    resource = [{"key": "service.name", "value": {"stringValue": "shop"}}]
    groups = [{"scope": {"name": scope, "version": "2.7.0"}, "spans": spans}]
    document = {"resourceSpans": [{"resource": {"attributes": resource}, "scopeSpans": groups}]}
    return OTLP.build(TEMPLATE).read([json.dumps(document).encode()])


@given(SCOPES, SPANS)
@settings(max_examples=examples(200), deadline=None)
def test_spans_of_one_set_of_names_are_read_as_each_on_its_own(scope: str, spans: list[dict[str, Any]]) -> None:
    found, each = _read(scope, spans), _read(scope, [*spans, ODD])
    each.passed[Result.NOT_A_CALL] -= 1
    assert repr(found.rows) == repr(each.rows)  # 1, 1.0 and True are equal
    assert found.refused == each.refused
    assert found.unreadable == each.unreadable
    assert {it: number for it, number in found.passed.items() if number} == {
        it: number for it, number in each.passed.items() if number
    }
    assert found.seen == each.seen
    assert found.observed is not None
    assert each.observed is not None
    assert found.observed.outline() == each.observed.outline()
    for index in range(len(found.rows)):
        assert repr(found.observed.of(index)) == repr(each.observed.of(index))
