"""Records that say with little that they are calls: a family of models, a provider, an error, one total."""

from __future__ import annotations

import json
from typing import Any

import pytest

from leverwatch.collectors.records.formats.interface import Repeats
from leverwatch.collectors.sniffing.guess import FieldGuess, leaves, propose
from leverwatch.collectors.sniffing.sniff import guess
from tests.collectors.sniffing.proposed import found_in, said


def records(**more: Any) -> list[dict[str, Any]]:
    return [
        {"at": f"2026-05-02T11:{n:02}:40Z", **{key: value(n) for key, value in more.items()}} for n in range(12)
    ]


def tokens(n: int) -> dict[str, Any]:
    return {"model": "gpt-4o", "input_tokens": 150 + n * 29 % 97, "output_tokens": 25 + n * 13 % 59}


def of_whole(data: str) -> FieldGuess:
    found = guess(data.encode(), "plain")
    assert found is not None
    assert found.fields is not None
    return found.fields


@pytest.mark.parametrize("names", [("claude",), ("gpt", "gemini"), ("haiku", "sonnet")])
def test_a_model_named_by_its_family_alone_is_one_and_that_is_doubted(names: tuple[str, ...]) -> None:
    found = found_in(records(model=lambda n: names[n % len(names)], cost_usd=lambda _: 0.002))

    assert found.fields["model"] == "model"
    assert "may be no calls of models" in said(found, "inferences")


def test_models_of_other_things_are_none() -> None:
    cars = records(model=lambda n: ("Clio", "Golf", "Mistral")[n % 3], cost_usd=lambda n: 0.5 + n)

    assert propose([leaves(it) for it in cars]) is None


@pytest.mark.parametrize("key", ["kind", "tier", "type"])
def test_a_kind_that_is_a_provider_is_a_sign_of_a_call(key: str) -> None:
    found = found_in(records(**{key: lambda n: ("openai", "groq")[n % 2]}, attempt=lambda _: 1))

    assert f"12 records of the sample count as calls by {key}" in said(found, "inferences")


def test_a_kind_that_is_something_else_too_is_none() -> None:
    assert propose([leaves(it) for it in records(kind=lambda n: ("openai", "slack")[n % 2])]) is None


@pytest.mark.parametrize("word", ["fallback", "retry"])
def test_a_call_that_fell_back_with_an_error_has_failed(word: str) -> None:
    found = found_in([
        {**it, **tokens(n), **({"input_tokens": 0, "output_tokens": 0} if n % 4 == 0 else {})}
        for n, it in enumerate(records(status=lambda n: "ok" if n % 4 else word,
                                       error=lambda n: None if n % 4 else "API error: timed out"))
    ])  # fmt: skip

    assert found.excluded == {}
    assert word in found.fields["status"]["error"]
    assert f"3 records whose status is {word} tell of an error" in said(found, "status")


def test_one_that_fell_back_without_an_error_is_left_out() -> None:
    found = found_in([
        {**it, **tokens(n), **({"input_tokens": 0, "output_tokens": 0} if n % 4 == 0 else {})}
        for n, it in enumerate(records(status=lambda n: "ok" if n % 4 else "fallback"))
    ])  # fmt: skip

    assert found.excluded == {"status": ["fallback"]}


@pytest.mark.parametrize("name", ["tokens", "estimated_tokens", "total_tokens"])
def test_all_tokens_of_an_embedding_are_its_input(name: str) -> None:
    found = found_in([
        {**it, **(tokens(n) if n % 3 else {"model": "text-embedding-3-small", name: 70 + n * 11 % 17})}
        for n, it in enumerate(records())
    ])  # fmt: skip

    assert found.fields["input_tokens"] == ["input_tokens", name]
    assert f"{name} is taken for that of 4 embeddings" in said(found, "input_tokens")


def test_those_of_another_call_without_an_input_are_not() -> None:
    found = found_in([
        {**it, **(tokens(n) if n % 3 else {"model": ("bge-m3", "gpt-4o")[n % 2], "tokens": 70 + n * 11 % 17})}
        for n, it in enumerate(records())
    ])  # fmt: skip

    assert found.fields["input_tokens"] == "input_tokens"


@pytest.mark.parametrize(("more", "repeats"), [({"latency_ms": 4500}, Repeats.CALLS), ({}, Repeats.VERSIONS)])
def test_a_record_of_a_call_that_began_after_another_ended_is_no_version_of_that(
    more: dict[str, int], repeats: Repeats
) -> None:
    found = found_in([
        {**it, "id": f"q{n // 3}", "model": "gpt-4o", "input_tokens": 900 - 40 * (n // 3),
         "output_tokens": 50 + n % 3, **more}
        for n, it in enumerate(records())
    ])  # fmt: skip

    assert found.repeats is repeats


def test_a_list_of_totals_with_times_has_the_calls_of_a_document_with_nothing_but_a_total() -> None:
    each = [{"date": f"2026-05-0{1 + n // 4}T10:{n:02}:11.5", "tokens": 20 + n * 37 % 91} for n in range(9)]
    total = sum(it["tokens"] for it in each if isinstance(it["tokens"], int))
    found = of_whole(json.dumps({"total_tokens": total, "last_reset_date": "2026-05-01T09:00:00", "past": each}))

    assert found.extras["records"] == "past"
    assert found.fields["time"] == "past.date"


def test_a_name_of_a_number_behind_a_colon_is_no_value() -> None:
    found = of_whole("".join(
        f"2026-05-02 11:{n:02}:40,10{n} - svc - INFO - {'*' if n % 2 else '+'} [{'AB'[n % 2]}] Token Usage ("
        f"gemini-2.5-flash): Input={150 + n * 29 % 97}, Output={25 + n * 13 % 59}, Total={900 + n}\n"
        for n in range(9)
    ))  # fmt: skip

    assert found.fields["model"] == "model"
    assert found.fields.keys() >= {"input_tokens", "output_tokens"}
