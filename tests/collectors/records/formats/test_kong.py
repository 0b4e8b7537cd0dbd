from __future__ import annotations

import json
from typing import Any

import pytest

from leverwatch.collectors.interface import Result
from tests.collectors.records.formats.reading import changed, counted, only, operations, sniffed, totals

META = {"provider_name": "openai", "request_model": "gpt-4o", "response_model": "gpt-4o-0806", "llm_latency": 900}
USAGE = {"prompt_tokens": 25, "completion_tokens": 12, "total_tokens": 37, "cost": 0.25}
CALL: dict[str, Any] = {
    "started_at": 1773129600123, "request": {"id": "r1", "uri": "/ask"}, "response": {"status": 200},
    "service": {"name": "support"}, "upstream_uri": "/v1/chat/completions",
    "ai": {"payload": {"request": "canary"}, "proxy": {"meta": META, "usage": USAGE}},
}  # fmt: skip


def test_the_plugin_may_have_any_name_and_either_spelling() -> None:
    for plugin, usage in [
        ("proxy", USAGE),
        ("ai-proxy-advanced", {"prompt_token": 25, "completion_token": 12, "cost": 0.25}),
    ]:
        row = only("kong", CALL | {"ai": {plugin: {"meta": META, "usage": usage}}}, system="{service}/{plugin}")
        assert (row.system, row.model) == (f"support/{plugin}", "gpt-4o-0806")
        assert (row.inferences, row.input_tokens, row.output_tokens) == (1, 25, 12)
        assert (row.latency_ms, row.cost_usd, row.unpriced) == (900, 0.25, 0)


def test_a_cost_of_zero_is_unknown() -> None:
    row = only("kong", changed(CALL, "ai proxy usage cost", 0))

    assert (row.cost_usd, row.unpriced) == (0, 1)


@pytest.mark.parametrize("status", ["Hit", "hit"])
def test_an_answer_from_the_cache_is_no_inference(status: str) -> None:
    assert totals("kong", changed(CALL, "ai proxy cache", {"cache_status": status})) == {"cache_hits": 1}
    assert totals("kong", CALL | {"ai": {"semantic-cache": {"cache": {"cache_status": status}}}}) == {
        "cache_hits": 1
    }


@pytest.mark.parametrize("status", ["Miss", "Bypass", "Refresh"])
def test_a_plugin_that_only_missed_its_cache_made_no_call(status: str) -> None:
    record = changed(CALL, "ai semantic-cache", {"cache": {"cache_status": status}})

    assert totals("kong", record)["inferences"] == 1


def test_two_plugins_that_asked_a_model_are_two_calls() -> None:
    record = changed(CALL, "ai request-transformer", {"meta": META, "usage": USAGE})

    assert totals("kong", record, record)["inferences"] == 2
    assert counted("kong", record, record).tallies == {Result.COUNTED: 2, Result.DUPLICATE: 2}


def test_usage_of_zero_is_unknown() -> None:
    row = only("kong", changed(CALL, "ai proxy usage", {"prompt_tokens": 0, "completion_tokens": 0}))

    assert (row.inferences, row.unknown_input, row.unknown_output) == (1, 1, 1)


def test_a_failed_call_is_an_error() -> None:
    assert totals("kong", CALL | {"response": {"status": 502}})["errors"] == 1


def test_embeddings_are_told_by_the_path_of_the_upstream() -> None:
    assert operations("kong", CALL | {"upstream_uri": "/v1/embeddings"}) == {"embedding": 1}


DETAILS = {"prompt_tokens_details": {"cached_tokens": 16}, "completion_tokens_details": {"reasoning_tokens": 4}}


@pytest.mark.parametrize(("total", "tokens"), [(37, (25, 12)), (None, (25, 12)), (41, (25, 16)), (57, (41, 16))])
def test_cached_and_reasoning_tokens_are_parts_unless_the_total_proves_otherwise(
    total: int | None, tokens: tuple[int, int]
) -> None:
    row = only("kong", changed(CALL, "ai proxy usage", USAGE | DETAILS | {"total_tokens": total}))

    assert (row.input_tokens, row.output_tokens) == tokens
    assert (row.cached_input_tokens, row.reasoning_tokens) == (16, 4)


def test_every_target_that_was_tried_is_an_attempt() -> None:
    targets = [{"model": "a", "route_type": "llm/v1/chat"}, {"model": "b", "route_type": "llm/v1/chat"}]
    row = only("kong", changed(CALL, "ai proxy tried_targets", targets))
    failed = CALL | {
        "ai": {"proxy": {"tried_targets": targets, "meta": [], "usage": []}},
        "response": {"status": 502},
    }

    assert (row.inferences, row.attempts, row.model) == (1, 2, "gpt-4o-0806")
    assert totals("kong", failed) == {"errors": 1, "attempts": 2}
    assert only("kong", failed).model == "b"


@pytest.mark.parametrize(
    ("kind", "operation"),
    [("llm/v1/embeddings", "embedding"), ("image/v1/images/generations", "image"), ("llm/v1/chat", "generation"),
     (5, "generation")],
)  # fmt: skip
def test_the_type_of_the_route_tells_the_operation_without_a_path(kind: Any, operation: str) -> None:
    record = changed(CALL, "ai proxy tried_targets", [{"route_type": kind}]) | {"upstream_uri": None}

    assert operations("kong", record) == {operation: 1}


def test_targets_of_an_unforeseen_type_cost_only_themselves() -> None:
    assert totals("kong", changed(CALL, "ai proxy tried_targets", "canary"))["inferences"] == 1


@pytest.mark.parametrize("ai", [None, {}, {"payload": {"request": "canary"}}, {"note": "x"}])
def test_other_requests_are_no_calls(ai: Any) -> None:
    assert counted("kong", CALL | {"ai": ai}).tallies == {Result.NOT_A_CALL: 1}


def test_a_record_that_is_not_whole_costs_only_itself() -> None:
    found = counted(
        "kong", '{"ai": {"proxy": {"meta": {}', CALL, changed(CALL, "ai proxy usage prompt_tokens", "x")
    )

    assert found.tallies == {Result.INVALID_LINE: 1, Result.COUNTED: 2}
    assert found.unreadable == {"input_tokens": 1}
    assert "canary" not in str(found.problems)


def test_a_byte_order_mark_costs_no_call() -> None:
    assert counted("kong", "\ufeff" + json.dumps(CALL)).tallies == {Result.COUNTED: 1}


def test_it_is_recognised() -> None:
    assert sniffed(CALL) == "kong"
