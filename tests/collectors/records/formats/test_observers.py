from __future__ import annotations

import pytest

from leverwatch.collectors.interface import Result
from tests.collectors.records.formats.setups import SETUPS
from tests.collectors.records.formats.spans import (
    FRAMEWORK,
    LIBRARY,
    Source,
    by_name,
    call,
    counts,
    document,
    span,
)

each = pytest.mark.parametrize("name", SETUPS)


@each
def test_a_call_counts_once_and_no_two_calls_are_taken_for_one(name: str) -> None:
    spans, right = SETUPS[name]

    assert counts(document(*spans)) == right


@each
def test_it_is_the_same_without_a_window_for_duplicates_and_with_a_document_a_span(name: str) -> None:
    spans, right = SETUPS[name]

    assert counts(*map(document, spans), dedupe_window="0s") == right


def test_the_call_has_the_model_of_the_answer_and_the_latency_of_the_outer_span() -> None:
    spans, _ = SETUPS["both tell the tokens, one the id and the dated model"]
    source = Source()
    source.read(document(*spans))
    source.commit()

    (row,) = source.usage
    assert (row.model, row.latency_ms, row.traces, row.attempts) == ("m-1-2026-02-01", 90, 1, 1)
    assert source.tallies == {Result.COUNTED: 1, Result.DUPLICATE: 1}


def test_what_a_tool_inside_a_call_asks_of_a_model_is_a_call_of_its_own() -> None:
    outer = call(FRAMEWORK, "a", 10, 5)
    tool = span("flow", "t", "a", 1, 90, gen_ai__operation__name="execute_tool")
    inner = call(LIBRARY, "b", parent="t", at=2, ms=50)

    assert counts(document(inner, tool, outer)) == {"calls": 2, "in": 10, "out": 5}
    chain = span("flow", "t", "a", 1, 90, openinference__span__kind="CHAIN")
    assert counts(document(inner, chain, outer)) == {"calls": 1, "in": 10, "out": 5}


def test_two_processes_see_one_call_only_when_one_span_lies_inside_the_other() -> None:
    client, server = call(FRAMEWORK, "a"), call(LIBRARY, "b", 10, 5, at=1, ms=90, trace="t2")
    alone = [document(client, service__name="bot"), document(server, service__name="gateway")]
    inside = [alone[0], document(call(LIBRARY, "b", 10, 5, parent="a", at=1, ms=90), service__name="gateway")]

    assert counts(*alone) == {"calls": 2, "in": 10, "out": 5}
    assert counts(*inside) == {"calls": 1, "in": 10, "out": 5}


def test_a_span_that_does_not_name_the_system_counts_for_that_of_the_outer_one() -> None:
    outer = call(FRAMEWORK, "a", gen_ai__agent__name="planner")
    inner = call(LIBRARY, "b", 10, 5, parent="a", at=1, ms=90)
    for documents in ([document(inner, outer)], [document(inner), document(outer)]):
        source = Source(system="{gen_ai.agent.name}")
        for one in documents:
            source.read(one)
        source.commit()

        assert [(row.system, row.input_tokens) for row in source.usage] == [("planner", 10)]


def test_a_span_delivered_again_is_no_second_instrumentation() -> None:
    spans, right = SETUPS["three instrumentations"]
    source = Source()
    for _ in range(3):
        source.read(document(*spans))
        source.restart()

    assert by_name(source.usage) == right
    assert source.tallies == {Result.COUNTED: 1, Result.DUPLICATE: 8}


def test_spans_without_ids_or_with_times_of_no_use_still_count() -> None:
    nameless = call(FRAMEWORK, "a", 10, 5)
    del nameless[1]["traceId"], nameless[1]["spanId"]
    backwards = call(LIBRARY, "b", 10, 5, ms=-50)

    assert counts(document(nameless, backwards)) == {"calls": 2, "in": 20, "out": 10}
