from __future__ import annotations

from typing import Any

import pytest

from leverwatch.collectors.interface import Operation, Result
from tests.collectors.records.formats.records import read, totals
from tests.collectors.records.formats.test_litellm import METADATA, payload, row

PROXY = METADATA | {"user_api_key_hash": "h1", "user_api_key_request_route": "/v1/chat/completions"}
FAILURE: dict[str, Any] = {
    "status": "failure", "prompt_tokens": 0, "completion_tokens": 0, "response_cost": 0.0, "response": {},
}  # fmt: skip


def outcome(*records: dict[str, Any]) -> tuple[float, float, float]:
    """Inferences, errors and attempts."""
    told = totals(read("litellm", *records))
    return told.get("inferences", 0), told.get("errors", 0), told.get("attempts", 0)


def headers(retries: Any, fallbacks: Any, **values: Any) -> dict[str, Any]:
    told = {"x-litellm-attempted-retries": retries, "x-litellm-attempted-fallbacks": fallbacks, **values}
    return {"additional_headers": {name: value for name, value in told.items() if value is not None}}


def failure(error: str, provider: str = "", **values: Any) -> dict[str, Any]:
    told = {"error_class": error, "llm_provider": provider, "error_message": "canary", "error_code": "500"}
    return payload(**FAILURE | {"error_information": told} | values)


def test_calls_of_a_server_that_reuses_its_ids_are_told_apart_by_litellms_own_ids() -> None:
    calls = [payload(id="chatcmpl-3", litellm_call_id=f"l{number}") for number in range(3)]
    again = read("litellm", *calls, calls[1])

    assert again.tallies == {Result.COUNTED: 3, Result.DUPLICATE: 1}


@pytest.mark.parametrize("call", [None, "", "None", "p1"])
def test_without_an_id_of_its_own_a_payload_has_that_of_the_server(call: str | None) -> None:
    twice = [payload(litellm_call_id=call)] * 2

    assert read("litellm", *twice).tallies == {Result.COUNTED: 1, Result.DUPLICATE: 1}


def test_litellms_own_id_will_do_where_the_server_gave_none() -> None:
    made = [payload(id="None", litellm_call_id=f"l{number % 2}") for number in range(3)]

    assert read("litellm", *made).tallies == {Result.COUNTED: 2, Result.DUPLICATE: 1}


@pytest.mark.parametrize(
    ("model", "provider", "name"),
    [
        ("openai/gpt-4o", "openai", "gpt-4o"),
        ("gpt-4o", "openai", "gpt-4o"),
        ("anthropic/claude-sonnet-4-5", "anthropic", "claude-sonnet-4-5"),
        ("openrouter/anthropic/claude-sonnet-4-5", "openrouter", "anthropic/claude-sonnet-4-5"),
        ("hosted_vllm/qwen3", "hosted_vllm", "qwen3"),
        ("openai/gpt-4o", None, "openai/gpt-4o"),
        ("meta/llama-3", "groq", "meta/llama-3"),
        ("openai/", "openai", "openai/"),
    ],
)
def test_a_model_has_one_name_with_a_router_and_without(model: str, provider: str | None, name: str) -> None:
    for made in (payload, row):
        assert [it.model for it in read("litellm", made(model=model, custom_llm_provider=provider)).usage] == [
            name
        ]


def test_of_a_request_to_several_models_the_one_counts_whose_tokens_are_told() -> None:
    hidden = headers(0, 0, **{"x-litellm-model-group": "small"}) | {"litellm_model_name": "openai/gpt-4o-mini"}
    told = payload(model="openai/gpt-4o", model_group="large", custom_llm_provider="openai", hidden_params=hidden)

    assert [it.model for it in read("litellm", told).usage] == ["gpt-4o-mini"]
    assert [it.model for it in read("litellm", told | {"model_group": "small"}).usage] == ["gpt-4o"]


@pytest.mark.parametrize(
    ("retries", "fallbacks", "expected"),
    [
        (0, 0, (1, 0, 1)),
        (None, None, (1, 0, 1)),
        (2, 0, (1, 2, 3)),
        ("2", 1, (1, 3, 4)),
        (0, 1, (1, 1, 2)),
        (-1, "canary", (1, 0, 1)),
    ],
)
def test_a_row_of_the_spend_log_has_all_attempts_of_its_request(
    retries: Any, fallbacks: Any, expected: tuple[int, ...]
) -> None:
    told = METADATA | {"attempted_retries": retries, "attempted_fallbacks": fallbacks}

    assert outcome(row(metadata=told)) == expected
    inferences, errors, attempts = expected
    assert outcome(row(metadata=told, status="failure")) == (0, inferences + errors, attempts)


def test_a_row_for_the_cost_of_a_failed_attempt_adds_no_attempt_to_those_of_its_request() -> None:
    request = row(status="failure", metadata=METADATA | {"attempted_retries": 1})
    billed = row(
        request_id="r1-attempt-0", status="failure", metadata=METADATA | {"billed_retry_attempt": True}, spend=0.25
    )

    assert outcome(request, billed) == (0, 2, 2)
    assert totals(read("litellm", request, billed), "cost_usd") == {"cost_usd": 0.75}


def test_a_proxy_logs_the_first_failure_and_the_success_which_tells_of_those_between() -> None:
    first = failure("InternalServerError", "openai", id="l1", litellm_call_id="l1", metadata=PROXY)

    def done(*tries: int) -> dict[str, Any]:
        return payload(id="c1", litellm_call_id="l1", metadata=PROXY, hidden_params=headers(*tries))

    assert outcome(first, done(1, 0)) == (1, 1, 2)
    assert outcome(first, done(3, 0)) == (1, 3, 4)
    assert outcome(first, done(1, 1)) == (1, 2, 3)
    assert outcome(done(0, 0)) == (1, 0, 1)


def test_without_a_proxy_every_attempt_has_a_payload_of_its_own() -> None:
    failed = [failure("Timeout", "openai", id=f"l{number}") for number in range(2)]

    assert outcome(*failed, payload(hidden_params=headers(2, 0))) == (1, 2, 3)


@pytest.mark.parametrize(
    "hidden", [None, "canary", [], {"additional_headers": "canary"}, {"additional_headers": None}]
)
def test_hidden_parameters_of_any_shape_cost_nothing(hidden: Any) -> None:
    assert outcome(payload(metadata=PROXY, hidden_params=hidden)) == (1, 0, 1)


@pytest.mark.parametrize(
    ("error", "provider", "values", "attempts"),
    [
        ("ProxyException", "", {}, 0),
        ("ProxyModelNotFoundError", "", {}, 0),
        ("ValueError", "", {}, 0),
        ("HTTPException", "", {}, 0),
        ("BudgetExceededError", "", {"api_base": "http://m/v1"}, 0),
        ("UnsupportedParamsError", "openai", {}, 0),
        ("InternalServerError", "openai", {}, 1),
        ("APIConnectionError", "", {}, 1),
        ("Timeout", "", {}, 1),
        ("ReadTimeout", "", {}, 1),
        ("ClientConnectorError", "", {}, 1),
        ("CancelledError", "", {}, 1),
        ("ValueError", "", {"api_base": "http://m/v1"}, 1),
        ("ValueError", "", {"prompt_tokens": 10, "completion_tokens": 2}, 1),
        ("ValueError", "", {"response_cost": 0.5}, 1),
        ("ValueError", "", {"hidden_params": {"additional_headers": {"server": "x"}}}, 1),
        ("", "", {}, 1),
        ("ValueError", "", {"error_information": "canary"}, 1),
        ("ValueError", "", {"error_information": None}, 1),
    ],
)
def test_a_request_that_no_model_saw_is_an_error_without_an_attempt(
    error: str, provider: str, values: dict[str, Any], attempts: int
) -> None:
    assert outcome(failure(error, provider, **values)) == (0, 1, attempts)


def test_a_row_tells_in_its_metadata_why_it_was_refused() -> None:
    told = METADATA | {
        "error_information": {"error_class": "ValueError", "llm_provider": ""},
        "usage_object": None,
    }

    assert outcome(row(**FAILURE | {"metadata": told, "spend": 0.0})) == (0, 1, 0)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v1/chat/completions", (Operation.GENERATION, "unknown")),
        ("/completions", (Operation.GENERATION, "unknown")),
        ("/v1beta/interactions", (Operation.GENERATION, "unknown")),
        ("/gemini/v1beta/models/gem-1:generateContent", (Operation.GENERATION, "gem-1")),
        ("/v1/embeddings", (Operation.EMBEDDING, "unknown")),
        ("/key/info", None),
        ("/v1/models", None),
    ],
)
def test_a_path_in_place_of_a_type_is_a_request_that_was_refused(
    path: str, expected: tuple[Operation, str] | None
) -> None:
    counted = read("litellm", failure("ProxyException", call_type=path, model=""))

    assert [(it.operation, it.model) for it in counted.usage] == ([] if expected is None else [expected])
    assert [(it.errors, it.attempts) for it in counted.usage] == ([] if expected is None else [(1, 0)])
    assert set(counted.tallies) == {Result.NOT_A_CALL if expected is None else Result.COUNTED}


SPENT = {"attempts": 1, "cost_usd": 0.5}


def test_the_copy_of_a_call_for_another_model_costs_and_is_no_inference() -> None:
    copied = payload(metadata=METADATA | {"is_silent_experiment": True})

    assert totals(read("litellm", copied)) == SPENT
    assert outcome(copied | FAILURE) == (0, 1, 1)


@pytest.mark.parametrize(
    "values",
    [
        {"api_key": "litellm-internal-health-check"},
        {"metadata": {"user_api_key_hash": "litellm-internal-health-check"}},
        {"metadata": {"user_api_key_alias": "litellm-internal-health-check"}},
    ],
)
def test_a_question_whether_a_model_is_well_is_no_inference_of_anyone(values: dict[str, Any]) -> None:
    assert totals(read("litellm", row(**values))) == SPENT


def streamed(**values: Any) -> dict[str, Any]:
    """A stream whose tokens LiteLLM counted itself, as the server told none."""
    usage = {"prompt_tokens": 10, "completion_tokens_details": {"reasoning_tokens": 0, "text_tokens": 20}}
    return (
        payload(
            stream=True,
            custom_llm_provider="openai",
            model_parameters={"stream": True},
            metadata={"usage_object": usage},
        )
        | values
    )


UNKNOWN = {"inferences": 1, "unknown_input": 1, "unknown_output": 1, "unpriced": 1}


def test_tokens_and_cost_that_litellm_estimated_are_unknown() -> None:
    gone = payload(stream=True, error_information={"error_code": "499", "error_class": "ClientDisconnected"})

    for told in (gone, streamed()):
        assert totals(read("litellm", told), *UNKNOWN, "input_tokens", "cost_usd", "finish_known") == UNKNOWN


@pytest.mark.parametrize(
    "values",
    [
        {"model_parameters": {"stream": True, "stream_options": {"include_usage": True}}},
        {"custom_llm_provider": "anthropic"},
        {"stream": None},
        {"metadata": METADATA},
        {"call_type": "aresponses"},
    ],
)
def test_tokens_that_the_server_told_stay_known(values: dict[str, Any]) -> None:
    told = streamed(**values)

    if values.get("call_type") == "aresponses":
        told["metadata"] = METADATA
    assert totals(read("litellm", told), "input_tokens", "unknown_input") == {"input_tokens": 10}


@pytest.mark.parametrize(
    ("usage", "prompt", "expected"),
    [
        ({"prompt_tokens_details": {"cached_tokens": 0}, "cache_read_input_tokens": 7}, 10, (10, 7, 0)),
        ({"prompt_tokens_details": {"cached_tokens": 7}, "cache_read_input_tokens": 0}, 10, (10, 7, 0)),
        ({"prompt_tokens_details": {"cached_tokens": 95}, "cache_read_input_tokens": 95}, 10, (105, 95, 0)),
        ({"cache_read_input_tokens": 0, "cache_creation_input_tokens": 50}, 10, (60, 0, 50)),
        (
            {"cache_creation_input_tokens": 0, "prompt_tokens_details": {"cache_creation_tokens": 4}},
            10,
            (10, 0, 4),
        ),
    ],
)
def test_of_two_places_for_cached_tokens_the_one_that_was_filled_in_is_right(
    usage: dict[str, Any], prompt: int, expected: tuple[int, ...]
) -> None:
    told = row(prompt_tokens=prompt, total_tokens=prompt + 20, metadata={"usage_object": usage})
    names = ("input_tokens", "cached_input_tokens", "cache_write_tokens")
    found = totals(read("litellm", told), *names)

    assert tuple(found.get(name, 0) for name in names) == expected
