from __future__ import annotations

import json
from typing import Any

import pytest

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.decoder import compose
from leverwatch.collectors.records.formats.interface import Repeats
from leverwatch.collectors.records.formats.registry import NAMED
from tests.collectors.records.formats.reading import changed, counted, only, operations, sniffed, totals

START = 1773129600_000_000_000
INFO: dict[str, Any] = {
    "trace_id": "tr-1",
    "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "7"}},
    "request_time": "2026-03-10T08:00:00Z", "state": "OK", "execution_duration_ms": 5098,
    "trace_metadata": {"mlflow.trace.tokenUsage": '{"input_tokens": 27, "output_tokens": 641}'},
    "tags": {"mlflow.traceName": "answer"}, "request_preview": "canary",
}  # fmt: skip


def span(name: str, kind: str, parent: str | None = None, *, code: str = "STATUS_CODE_OK") -> dict[str, Any]:
    return {
        "trace_id": "x", "span_id": name, "parent_span_id": parent, "start_time_unix_nano": START,
        "end_time_unix_nano": START + 1_500_000_000, "status": {"code": code, "message": "canary"},
        "attributes": {
            "mlflow.spanType": json.dumps(kind), "mlflow.spanInputs": "canary", "mlflow.llm.model": '"gpt-4o"',
            "mlflow.chat.tokenUsage": '{"input_tokens": 20, "output_tokens": 5, "total_tokens": 25}',
            "mlflow.llm.cost": '{"total_cost": 0.25}',
        },
    }  # fmt: skip


def trace(*spans: Any, **info: Any) -> dict[str, Any]:
    return {"info": INFO | info, "data": {"spans": list(spans)}}


def test_every_span_of_a_model_is_a_call() -> None:
    found = counted(
        "mlflow",
        trace(span("a", "AGENT"), span("b", "CHAT_MODEL", "a"), span("c", "LLM", "a"), span("d", "TOOL", "a")),
        system="{experiment}/{trace}",
    )
    (row,) = found.usage

    assert found.tallies == {Result.COUNTED: 2, Result.NOT_A_CALL: 2}
    assert (row.system, row.model, row.inferences) == ("7/answer", "gpt-4o", 2)
    assert (row.input_tokens, row.output_tokens, row.cost_usd, row.latency_ms) == (40, 10, 0.5, 3000)
    assert (row.traced, row.traces) == (2, 1)


def test_a_call_around_a_call_is_the_same_call() -> None:
    found = totals("mlflow", trace(span("a", "CHAT_MODEL"), span("b", "CHAIN", "a"), span("c", "LLM", "b")))

    assert (found["inferences"], found["input_tokens"]) == (1, 20)


def test_other_models_are_other_operations() -> None:
    assert operations("mlflow", trace(span("a", "EMBEDDING"), span("b", "RERANKER"))) == {
        "embedding": 1, "rerank": 1,
    }  # fmt: skip


def test_a_failed_span_is_an_error() -> None:
    assert totals("mlflow", trace(span("a", "LLM", code="STATUS_CODE_ERROR")))["errors"] == 1


def test_a_trace_without_its_spans_is_told_and_not_guessed() -> None:
    found = counted("mlflow", INFO, {"info": INFO}, INFO | {"trace_metadata": {}})

    assert found.tallies == {Result.MISSING_FIELD: 2, Result.NOT_A_CALL: 1}
    assert "how many calls" in found.problems[0].detail


@pytest.mark.parametrize("tags", [{"mlflow.trace.sourceScorer": "judge"}])
def test_the_traffic_of_judges_is_none_of_the_system(tags: dict[str, str]) -> None:
    assert counted("mlflow", trace(span("a", "LLM"), tags=tags)).tallies == {Result.NOT_A_CALL: 1}
    assert counted("mlflow", INFO | {"tags": tags}).tallies == {Result.NOT_A_CALL: 1}


def test_spans_of_the_older_schema_and_of_a_flat_trace_are_read_too() -> None:
    old = {
        "name": "x", "context": {"span_id": "a", "trace_id": "t"}, "parent_id": None, "start_time": START,
        "end_time": START + 1_000_000, "status_code": "OK",
        "attributes": {"mlflow.spanType": "LLM", "mlflow.chat.tokenUsage": {"input_tokens": 3}},
    }  # fmt: skip
    row = only("mlflow", INFO | {"spans": [old]}, system="{experiment}")

    assert (row.system, row.inferences, row.input_tokens, row.latency_ms) == ("7", 1, 3, 1)
    assert totals("mlflow", old)["inferences"] == 1


def test_a_trace_that_is_exported_again_is_a_duplicate_and_a_bad_usage_costs_only_its_tokens() -> None:
    bad = changed(span("b", "LLM"), "attributes mlflow.chat.tokenUsage", "canary")
    found = counted("mlflow", trace(span("a", "LLM"), bad, 5, {}), trace(span("a", "LLM")))

    assert found.tallies == {
        Result.COUNTED: 2, Result.DUPLICATE: 1, Result.MISTYPED_FIELD: 1, Result.NOT_A_CALL: 1,
    }  # fmt: skip
    assert found.unreadable["input_tokens"] == found.unreadable["output_tokens"] == 1
    assert "canary" not in str(found.problems)


@pytest.mark.parametrize("attribute", ["mlflow.llm.model", "mlflow.spanType"])
def test_a_text_that_would_be_too_deep_as_json_is_a_text(attribute: str) -> None:
    deep = changed(span("b", "LLM"), f"attributes {attribute}", "[" * 5000)

    assert counted("mlflow", trace(span("a", "LLM"), deep)).tallies[Result.COUNTED] >= 1


def test_a_page_of_a_search_has_many_traces_and_each_without_its_spans_is_told() -> None:
    page = {"traces": [trace(span("a", "LLM"), span("b", "TOOL")), trace(span("c", "LLM"), trace_id="tr-2")]}
    bare = {"traces": [trace(), INFO | {"trace_id": "tr-3"}, trace(trace_metadata={})]}
    found = counted("mlflow", page, bare)

    assert found.tallies == {Result.COUNTED: 2, Result.NOT_A_CALL: 2, Result.MISSING_FIELD: 2}
    assert counted("mlflow", {"traces": []}).tallies == {}


@pytest.mark.parametrize("attributes", [{"method": '"embeddings"'}, {"action": '"openai_embeddings"'}])
def test_an_embedding_that_its_gateway_calls_a_language_model_is_an_embedding(attributes: dict[str, str]) -> None:
    call = span("a", "LLM")
    call["attributes"] |= attributes

    assert operations("mlflow", trace(call)) == {"embedding": 1}


def test_a_language_model_that_embeds_by_its_name_is_an_embedding() -> None:
    call = changed(span("a", "LLM", code="STATUS_CODE_ERROR"), "attributes mlflow.llm.model", '"titan-embed-v2"')

    assert counted("mlflow", trace(call)).usage[0].operation == "embedding"


@pytest.mark.parametrize("name", ["Models.count_tokens", "AsyncModels.count_tokens", "Models.count_tokens_2"])
def test_counting_tokens_is_no_call(name: str) -> None:
    around = span("a", "CHAT_MODEL")
    found = counted("mlflow", trace(around, span("b", "LLM", "a") | {"name": name}))

    assert found.tallies == {Result.COUNTED: 1, Result.NOT_A_CALL: 1}


def test_the_input_includes_what_went_through_the_cache_unless_the_total_proves_otherwise() -> None:
    def usage(**tokens: int) -> dict[str, Any]:
        return changed(span("a", "LLM"), "attributes mlflow.chat.tokenUsage", json.dumps(tokens))

    parts = {"cache_read_input_tokens": 70, "cache_creation_input_tokens": 20}
    inside = only("mlflow", trace(usage(input_tokens=100, output_tokens=5, total_tokens=105, **parts)))
    beside = only("mlflow", trace(usage(input_tokens=100, output_tokens=5, total_tokens=195, **parts)))

    assert (inside.input_tokens, inside.cached_input_tokens, inside.cache_write_tokens) == (100, 70, 20)
    assert beside.input_tokens == 190


def test_a_cost_of_zero_is_a_model_that_the_price_list_lacks() -> None:
    row = only("mlflow", trace(changed(span("a", "LLM"), "attributes mlflow.llm.cost", '{"total_cost": 0.0}')))

    assert (row.cost_usd, row.unpriced) == (0, 1)


@pytest.mark.parametrize("code", ["UNSET", "STATUS_CODE_UNSET"])
def test_a_status_that_nobody_set_is_no_error(code: str) -> None:
    found = totals("mlflow", trace(span("a", "LLM", code=code)))

    assert (found["inferences"], found.get("errors", 0)) == (1, 0)


def test_the_later_version_of_a_span_is_the_same_call() -> None:
    assert NAMED["mlflow"].build(()).repeats is Repeats.VERSIONS


def test_lone_spans_of_one_trace_around_each_other_are_one_call() -> None:
    spans = [span("a", "CHAT_MODEL"), span("b", "LLM", "a"), span("c", "LLM", "b")]
    other = span("d", "LLM") | {"trace_id": "y"}
    for order in (spans, spans[::-1]):
        found = counted("mlflow", *order, other)
        assert found.tallies == {Result.COUNTED: 2, Result.NOT_A_CALL: 2}
        assert sum(row.input_tokens for row in found.usage) == 40


def lines(*records: Any) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def test_the_last_lone_spans_of_a_file_wait_for_the_rest_of_their_trace() -> None:
    framing = compose(NAMED["mlflow"].build(()), None, ()).framing
    first = lines(span("d", "LLM") | {"trace_id": "y"}, trace(span("e", "LLM")))
    last = lines(span("a", "CHAT_MODEL"), span("b", "LLM", "a"))

    assert framing.complete(first + last, final=False) == len(first)
    assert framing.complete(first + last, final=True) == len(first + last)
    assert framing.complete(first + last + lines(trace(span("f", "LLM"))), final=False) > len(first + last)


def test_a_trace_that_is_too_long_to_wait_for_is_read_as_it_comes() -> None:
    long = [span(str(number), "LLM") | {"filler": "x" * 100_000} for number in range(12)]
    framing = compose(NAMED["mlflow"].build(()), None, ()).framing

    assert framing.complete(lines(*long), final=False) == len(lines(*long))


def test_it_is_recognised() -> None:
    assert sniffed(INFO) == "mlflow"
    assert sniffed(trace(span("a", "LLM"))) == "mlflow"
    assert sniffed({"traces": [trace(span("a", "LLM"))]}) == "mlflow"
    assert sniffed({"spans": [span("a", "AGENT")]}) == "mlflow"
    assert sniffed(span("a", "AGENT"), span("b", "LLM")) == "mlflow"
