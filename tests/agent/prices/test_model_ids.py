"""Ids as OpenAI, Anthropic, Bedrock, Vertex, Azure and gateways write them, against the real public list."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.agent.framework.economics.amounts import Price, Unpriced
from leverwatch.agent.prices.book import PriceBook
from leverwatch.agent.prices.entries import EntryAtLine, PriceEntry, PriceList
from leverwatch.agent.prices.library import PriceLibrary
from leverwatch.agent.prices.model_ids import base_of, identify, own_names

DAY = date(2026, 10, 4)

LISTED: dict[str, tuple[str, float, float]] = {
    "gpt-4o": ("gpt-4o of openai", 2.5, 10.0),
    "gpt-4o-2024-05-13": ("gpt-4o-2024-05-13 of openai", 5.0, 15.0),
    "gpt-4o-2024-08-06": ("gpt-4o of openai", 2.5, 10.0),
    "gpt-4o-2024-11-20": ("gpt-4o of openai", 2.5, 10.0),
    "gpt-4o-mini": ("gpt-4o-mini of openai", 0.15, 0.6),
    "gpt-4o-mini-2024-07-18": ("gpt-4o-mini of openai", 0.15, 0.6),
    "gpt-4o-audio-preview-2024-12-17": ("gpt-4o-audio-preview of openai", 2.5, 10.0),
    "gpt-4o-mini-audio-preview": ("gpt-4o-mini-audio-preview of openai", 0.15, 0.6),
    "gpt-4o-realtime-preview": ("gpt-4o-realtime-preview of openai", 5.0, 20.0),
    "gpt-4o-search-preview": ("gpt-4o-search-preview of openai", 2.5, 10.0),
    "gpt-4.1": ("gpt-4.1 of openai", 2.0, 8.0),
    "gpt-4.1-mini-2025-04-14": ("gpt-4.1-mini of openai", 0.4, 1.6),
    "gpt-4.1-nano": ("gpt-4.1-nano of openai", 0.1, 0.4),
    "gpt-5": ("gpt-5 of openai", 1.25, 10.0),
    "gpt-5-2025-08-07": ("gpt-5 of openai", 1.25, 10.0),
    "gpt-5-mini-2025-08-07": ("gpt-5-mini of openai", 0.25, 2.0),
    "gpt-5-nano": ("gpt-5-nano of openai", 0.05, 0.4),
    "gpt-5.4": ("gpt-5.4 of openai", 2.5, 15.0),
    "o1": ("o1 of openai", 15.0, 60.0),
    "o3-2025-04-16": ("o3 of openai", 2.0, 8.0),
    "o3-mini-2025-01-31": ("o3-mini of openai", 1.1, 4.4),
    "o4-mini": ("o4-mini of openai", 1.1, 4.4),
    "gpt-4": ("gpt-4 of openai", 30.0, 60.0),
    "gpt-4-0613": ("gpt-4 of openai", 30.0, 60.0),
    "gpt-4-turbo-2024-04-09": ("gpt-4-turbo of openai", 10.0, 30.0),
    "gpt-3.5-turbo-0125": ("gpt-3.5-turbo of openai", 0.5, 1.5),
    "gpt-35-turbo": ("gpt-3.5-turbo of openai", 0.5, 1.5),
    "gpt-35-turbo-16k": ("gpt-3.5-turbo-16k of openai", 3.0, 4.0),
    "gpt-4-32k": ("gpt-4-32k of openai", 60.0, 120.0),
    "ft:gpt-4o-mini-2024-07-18:acme:support:9abcDEF1": ("ft:gpt-4o-mini of openai", 0.3, 1.2),
    "ft:gpt-4o-2024-08-06:acme::A1b2C3d4": ("ft:gpt-4o of openai", 3.75, 15.0),
    "ft:gpt-3.5-turbo-0125:acme::x": ("ft:gpt-3.5-turbo- of openai", 3.0, 6.0),
    "ft:gpt-4.1-mini-2025-04-14:acme::A1": ("gpt-4.1-mini of openai", 0.4, 1.6),
    "ft:gpt-4.1-2025-04-14:acme:tone:B2": ("gpt-4.1 of openai", 2.0, 8.0),
    "ft:gpt-4.1-nano-2025-04-14:acme::x": ("gpt-4.1-nano of openai", 0.1, 0.4),
    "openai/ft:gpt-4.1-mini-2025-04-14:acme::A1": ("gpt-4.1-mini of openai", 0.4, 1.6),
    "gpt-4o-mini-2024-07-18.ft-0a1b2c3d4e5f": ("gpt-4o-mini of openai", 0.15, 0.6),
    "azure/gpt-4.1-mini-2025-04-14.ft-0a1b2c": ("gpt-4.1-mini of azure", 0.4, 1.6),
    "claude-3-haiku-20240307": ("claude-3-haiku of anthropic", 0.25, 1.25),
    "claude-3-5-haiku-20241022": ("claude-3-5-haiku-latest of anthropic", 0.8, 4.0),
    "claude-3-5-sonnet-20240620": ("claude-3-5-sonnet of anthropic", 3.0, 15.0),
    "claude-3-5-sonnet-20241022": ("claude-3-5-sonnet of anthropic", 3.0, 15.0),
    "claude-3-7-sonnet-20250219": ("claude-3-7-sonnet-latest of anthropic", 3.0, 15.0),
    "claude-3-7-sonnet-latest": ("claude-3-7-sonnet-latest of anthropic", 3.0, 15.0),
    "claude-3-opus-20240229": ("claude-3-opus-latest of anthropic", 15.0, 75.0),
    "claude-sonnet-4-20250514": ("claude-sonnet-4-0 of anthropic", 3.0, 15.0),
    "claude-sonnet-4-5-20250929": ("claude-sonnet-4-5 of anthropic", 3.0, 15.0),
    "claude-opus-4-20250514": ("claude-opus-4-0 of anthropic", 15.0, 75.0),
    "claude-opus-4-1-20250805": ("claude-opus-4-1 of anthropic", 15.0, 75.0),
    "claude-haiku-4-5-20251001": ("claude-haiku-4-5 of anthropic", 1.0, 5.0),
    "claude-opus-4-5-20251101": ("claude-opus-4-5 of anthropic", 5.0, 25.0),
    "anthropic.claude-3-sonnet-20240229-v1:0": (
        "regional.anthropic.claude-3-sonnet-20240229-v1:0 of aws",
        3.0,
        15.0,
    ),
    "anthropic.claude-3-haiku-20240307-v1:0": (
        "regional.anthropic.claude-3-haiku-20240307-v1:0 of aws",
        0.25,
        1.25,
    ),
    "anthropic.claude-3-haiku-20240307-v1:0:48k": (
        "regional.anthropic.claude-3-haiku-20240307-v1:0 of aws",
        0.25,
        1.25,
    ),
    "anthropic.claude-3-5-sonnet-20240620-v1:0": (
        "regional.anthropic.claude-3-5-sonnet-20240620-v1:0 of aws",
        3.0,
        15.0,
    ),
    "anthropic.claude-3-5-sonnet-20241022-v2:0": (
        "regional.anthropic.claude-3-5-sonnet-20241022-v2:0 of aws",
        3.0,
        15.0,
    ),
    "us.anthropic.claude-3-5-sonnet-20241022-v2:0": (
        "regional.anthropic.claude-3-5-sonnet-20241022-v2:0 of aws",
        3.0,
        15.0,
    ),
    "us.anthropic.claude-3-7-sonnet-20250219-v1:0": (
        "regional.anthropic.claude-3-7-sonnet-20250219-v1:0 of aws",
        3.0,
        15.0,
    ),
    "eu.anthropic.claude-3-5-haiku-20241022-v1:0": (
        "regional.anthropic.claude-3-5-haiku-20241022-v1:0 of aws",
        0.8,
        4.0,
    ),
    "apac.anthropic.claude-sonnet-4-20250514-v1:0": (
        "regional.anthropic.claude-sonnet-4-20250514-v1:0 of aws",
        3.0,
        15.0,
    ),
    "global.anthropic.claude-sonnet-4-5-20250929-v1:0": (
        "global.anthropic.claude-sonnet-4-5-20250929-v1:0 of aws",
        3.0,
        15.0,
    ),
    "jp.anthropic.claude-sonnet-4-5-20250929-v1:0": (
        "regional.anthropic.claude-sonnet-4-5-20250929-v1:0 of aws",
        3.3,
        16.5,
    ),
    "us-gov.anthropic.claude-3-5-sonnet-20240620-v1:0": (
        "regional.anthropic.claude-3-5-sonnet-20240620-v1:0 of aws",
        3.0,
        15.0,
    ),
    "us.anthropic.claude-haiku-4-5-20251001-v1:0": (
        "regional.anthropic.claude-haiku-4-5-20251001-v1:0 of aws",
        1.1,
        5.5,
    ),
    "us.anthropic.claude-opus-4-1-20250805-v1:0": (
        "regional.anthropic.claude-opus-4-1-20250805-v1:0 of aws",
        15.0,
        75.0,
    ),
    "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-haiku-4-5-20251001-v1:0": (
        "regional.anthropic.claude-haiku-4-5-20251001-v1:0 of aws",
        1.1,
        5.5,
    ),
    "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0": (
        "regional.anthropic.claude-3-haiku-20240307-v1:0 of aws",
        0.25,
        1.25,
    ),
    "arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/anthropic.claude-3-5-sonnet-20240620-v1:0": (
        "regional.anthropic.claude-3-5-sonnet-20240620-v1:0 of aws",
        3.0,
        15.0,
    ),
    "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.amazon.nova-lite-v1:0": (
        "amazon.nova-lite-v1:0 of aws",
        0.06,
        0.24,
    ),
    "amazon.nova-micro-v1:0": ("amazon.nova-micro-v1:0 of aws", 0.035, 0.14),
    "amazon.nova-lite-v1:0": ("amazon.nova-lite-v1:0 of aws", 0.06, 0.24),
    "amazon.nova-lite-v1:0:24k": ("amazon.nova-lite-v1:0 of aws", 0.06, 0.24),
    "us.amazon.nova-pro-v1:0": ("amazon.nova-pro-v1:0 of aws", 0.8, 3.2),
    "us.amazon.nova-premier-v1:0": ("amazon.nova-premier-v1:0 of aws", 2.5, 12.5),
    "amazon.titan-text-express-v1": ("amazon.titan-text-express-v1 of aws", 0.2, 0.6),
    "meta.llama3-1-8b-instruct-v1:0": ("meta.llama3-1-8b-instruct-v1:0 of aws", 0.22, 0.22),
    "meta.llama3-1-70b-instruct-v1:0": ("meta.llama3-1-70b-instruct-v1:0 of aws", 0.72, 0.72),
    "us.meta.llama3-3-70b-instruct-v1:0": ("meta.llama3-3-70b-instruct-v1:0 of aws", 0.72, 0.72),
    "us.meta.llama4-maverick-17b-instruct-v1:0": ("meta.llama4-maverick-17b-instruct-v1:0 of aws", 0.24, 0.97),
    "mistral.mistral-large-2402-v1:0": ("mistral.mistral-large-2402-v1:0 of aws", 4.0, 12.0),
    "mistral.mixtral-8x7b-instruct-v0:1": ("mistral.mixtral-8x7b-instruct-v0:1 of aws", 0.45, 0.7),
    "us.deepseek.r1-v1:0": ("deepseek.r1-v1:0 of aws", 1.35, 5.4),
    "openai.gpt-oss-120b-1:0": ("openai.gpt-oss-120b-1:0 of aws", 0.15, 0.6),
    "bedrock/anthropic.claude-3-5-sonnet-20240620-v1:0": (
        "regional.anthropic.claude-3-5-sonnet-20240620-v1:0 of aws",
        3.0,
        15.0,
    ),
    "bedrock/us-east-1/anthropic.claude-3-haiku-20240307-v1:0": (
        "regional.anthropic.claude-3-haiku-20240307-v1:0 of aws",
        0.25,
        1.25,
    ),
    "bedrock/converse/us.anthropic.claude-3-7-sonnet-20250219-v1:0": (
        "regional.anthropic.claude-3-7-sonnet-20250219-v1:0 of aws",
        3.0,
        15.0,
    ),
    "bedrock_converse/us.amazon.nova-pro-v1:0": ("amazon.nova-pro-v1:0 of aws", 0.8, 3.2),
    "bedrock/arn:aws:bedrock:us-east-1:42:inference-profile/us.anthropic.claude-sonnet-4-20250514-v1:0": (
        "regional.anthropic.claude-sonnet-4-20250514-v1:0 of aws",
        3.0,
        15.0,
    ),
    "azure/gpt-4o": ("gpt-4o of azure", 2.5, 10.0),
    "azure/gpt-4o-mini-2024-07-18": ("gpt-4o-mini of azure", 0.15, 0.6),
    "azure/gpt-35-turbo": ("gpt-3.5-turbo of azure", 0.5, 1.5),
    "azure/gpt-4.1-mini": ("gpt-4.1-mini of azure", 0.4, 1.6),
    "azure/o3-mini": ("o3-mini of azure", 1.1, 4.4),
    "azure_ai/gpt-4o": ("gpt-4o of azure", 2.5, 10.0),
    "litellm_proxy/azure/gpt-4o": ("gpt-4o of azure", 2.5, 10.0),
    "gemini-2.5-pro": ("gemini-2.5-pro of google", 1.25, 10.0),
    "gemini-2.5-flash": ("gemini-2.5-flash of google", 0.3, 2.5),
    "gemini-2.5-flash-lite": ("gemini-2.5-flash-lite of google", 0.1, 0.4),
    "gemini-2.5-flash-lite-preview-06-17": ("gemini-2.5-flash-lite of google", 0.1, 0.4),
    "gemini-2.0-flash-001": ("gemini-2.0-flash of google", 0.1, 0.4),
    "gemini-2.0-flash-lite-001": ("gemini-2.0-flash-lite of google", 0.075, 0.3),
    "gemini-1.5-pro-002": ("gemini-1.5-pro of google", 1.25, 5.0),
    "gemini-1.5-flash-002": ("gemini-1.5-flash of google", 0.075, 0.3),
    "gemini-2.5-flash-image": ("gemini-2.5-flash-image of google", 0.3, 2.5),
    "gemini-3-pro-preview": ("gemini-3-pro-preview of google", 2.0, 12.0),
    "models/gemini-2.5-flash": ("gemini-2.5-flash of google", 0.3, 2.5),
    "gemini/gemini-2.5-flash": ("gemini-2.5-flash of google", 0.3, 2.5),
    "vertex_ai/gemini-2.5-pro": ("gemini-2.5-pro of google", 1.25, 10.0),
    "publishers/google/models/gemini-2.5-pro": ("gemini-2.5-pro of google", 1.25, 10.0),
    "projects/acme/locations/us-central1/publishers/google/models/gemini-2.5-pro": (
        "gemini-2.5-pro of google",
        1.25,
        10.0,
    ),
    "projects/acme/locations/us-central1/publishers/google/models/gemini-2.0-flash-001": (
        "gemini-2.0-flash of google",
        0.1,
        0.4,
    ),
    "publishers/anthropic/models/claude-3-7-sonnet@20250219": ("claude-3-7-sonnet of google", 3.0, 15.0),
    "publishers/anthropic/models/claude-3-5-haiku@20241022": ("claude-3-5-haiku of google", 0.8, 4.0),
    "projects/acme/locations/europe-west1/publishers/anthropic/models/claude-sonnet-4-5@20250929": (
        "claude-sonnet-4-5 of google",
        3.0,
        15.0,
    ),
    "claude-3-7-sonnet@20250219": ("claude-3-7-sonnet of google", 3.0, 15.0),
    "claude-3-5-sonnet-v2@20241022": ("claude-3-5-sonnet of google", 3.0, 15.0),
    "claude-opus-4@20250514": ("claude-4-opus of google", 15.0, 75.0),
    "vertex_ai/claude-sonnet-4@20250514": ("claude-4-sonnet of google", 3.0, 15.0),
    "projects/acme/models/gemini-2.5-flash": ("gemini-2.5-flash of google", 0.3, 2.5),
    "openrouter/anthropic/claude-3.5-sonnet": ("anthropic/claude-3.5-sonnet of openrouter", 3.0, 15.0),
    "openrouter/openai/gpt-4o-mini": ("openai/gpt-4o-mini of openrouter", 0.15, 0.6),
    "openrouter/meta-llama/llama-3.3-70b-instruct": (
        "meta-llama/llama-3.3-70b-instruct of openrouter",
        0.05,
        0.24,
    ),
    "openrouter/google/gemini-2.5-flash": ("google/gemini-2.5-flash of openrouter", 0.3, 2.5),
    "openai/gpt-4o": ("gpt-4o of openai", 2.5, 10.0),
    "anthropic/claude-sonnet-4-5": ("claude-sonnet-4-5 of anthropic", 3.0, 15.0),
    "anthropic/claude-3-5-sonnet-20241022": ("claude-3-5-sonnet of anthropic", 3.0, 15.0),
    "groq/llama-3.3-70b-versatile": ("llama-3.3-70b-versatile of groq", 0.59, 0.79),
    "together_ai/meta-llama/Llama-3.3-70B-Instruct-Turbo": (
        "meta-llama/Llama-3.3-70B-Instruct-Turbo of together",
        0.88,
        0.88,
    ),
    "fireworks_ai/accounts/fireworks/models/llama-v3p1-8b-instruct": (
        "llama-v3p1-8b-instruct of fireworks",
        0.2,
        0.2,
    ),
    "accounts/fireworks/models/llama-v3p1-8b-instruct": ("llama-v3p1-8b-instruct of fireworks", 0.2, 0.2),
    "xai/grok-3": ("grok-3 of x-ai", 3.0, 15.0),
    "mistral/mistral-large-latest": ("mistral-large of mistral", 2.0, 6.0),
    "deepseek/deepseek-chat": ("deepseek-chat of deepseek", 0.27, 1.1),
    "cohere/command-r-plus": ("command-r-plus of cohere", 2.5, 10.0),
    "deepseek-chat": ("deepseek-chat of deepseek", 0.27, 1.1),
    "mistral-large-latest": ("mistral-large of mistral", 2.0, 6.0),
    "command-r-plus": ("command-r-plus of cohere", 2.5, 10.0),
    "grok-3": ("grok-3 of x-ai", 3.0, 15.0),
    "codestral-latest": ("codestral of mistral", 0.3, 0.9),
}
"""The entry of the list that each one has, and its USD for a million input and output tokens."""

UNKNOWN = (
    "chatgpt-4o-mine",
    "gpt-4o-foo",
    "gpt-4ox",
    "my-gpt",
    "claude",
    "claude-99",
    "claude-3-5-foo",
    "claude-3-5-sonnet-foo",
    "claude-3-5-sonnet-mini",
    "gemini-2.5-flash-foo",
    "gemini-2.5",
    "gemini-2.5-flash-lite-foo",
    "amazon.nova-lite-foo-v1:0",
    "anthropic.claude-3-5-foo-v1:0",
    "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123",
    "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abc",
    "arn:aws:bedrock:us-east-1:123456789012:custom-model/amazon.nova-lite-v1:0:300k/abc",
    "projects/acme/locations/us-central1/endpoints/1234567890",
    "projects/acme/locations/us-central1/models/1234567890",
    "tunedModels/my-flash-abc",
    "bedrock/us-east-1/1-month-commitment/anthropic.claude-instant-v1",
    "bedrock/us-east-1/6-month-commitment/anthropic.claude-3-haiku-20240307-v1:0",
    "ollama/llama3.2",
    "llama3.2",
    "azure/my-deployment",
    "azure/us/gpt-4o",
    "acme/gpt-4o",
    "huggingface/meta-llama/Llama-3",
    "ft:my-base:acme::x",
    "ft:gpt-4o-foo:acme::x",
    "davinci:ft-acme-2023-01-01",
    "claude-sonnet-4-99-20260101",
    "gpt-4o-2024-08-06-mini",
    "gpt-4-vision",
    "unknown",
    "other",
    "text-embedding-3-small",
    "gpt-4o-mini-foo",
    "claude-opus-4-20250514-thinking",
    "hosted_vllm/gpt-4o",
    "gemini-1.5-flash-8b",
    "cohere.command-r-plus-v1:0",
)
"""No id may have the price of a neighbour, nor one that only its account can explain any price."""


@pytest.fixture(scope="module")
def public() -> PriceBook:
    return PriceBook(None, PriceLibrary())


@pytest.mark.parametrize(("model", "listed"), LISTED.items(), ids=LISTED)
def test_an_id_has_the_price_of_its_model_in_the_public_list(
    public: PriceBook, model: str, listed: tuple[str, float, float]
) -> None:
    found = public.price(model, DAY)
    assert isinstance(found, Price)
    assert found.model == model
    assert (found.notes[0].removeprefix("listed as "), found.input, found.output) == listed


@pytest.mark.parametrize("model", UNKNOWN)
def test_an_id_that_is_not_in_the_public_list_has_no_price_of_a_neighbour(public: PriceBook, model: str) -> None:
    assert isinstance(public.price(model, DAY), Unpriced)


def own(*entries: dict[str, Any], deployments: dict[str, str] | None = None) -> PriceBook:
    filled = [PriceEntry.model_validate({"output": 1.0, **entry}) for entry in entries]
    return PriceBook(
        PriceList("p.yaml", [EntryAtLine(it, at) for at, it in enumerate(filled)]), deployments=deployments
    )


def paid(book: PriceBook, model: str) -> float | None:
    found = book.price(model, DAY)
    return found.input if isinstance(found, Price) else None


@pytest.mark.parametrize(
    "model",
    [
        "claude-haiku-4-5",
        "claude-haiku-4-5-20251001",
        "anthropic/claude-haiku-4-5-20251001",
        "anthropic.claude-haiku-4-5-20251001-v1:0",
        "us.anthropic.claude-haiku-4-5-20251001-v1:0",
        "bedrock/us-east-1/anthropic.claude-haiku-4-5-20251001-v1:0",
        "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-haiku-4-5-20251001-v1:0",
        "arn:aws:bedrock:eu-west-1::foundation-model/anthropic.claude-haiku-4-5-20251001-v1:0",
        "claude-haiku-4-5@20251001",
        "publishers/anthropic/models/claude-haiku-4-5@20251001",
        "projects/p/locations/us-east5/publishers/anthropic/models/claude-haiku-4-5@20251001",
        "vertex_ai/claude-haiku-4-5@20251001",
        "openrouter/anthropic/claude-haiku-4-5",
    ],
)
def test_one_entry_of_a_price_file_is_for_a_model_wherever_it_is_called(model: str) -> None:
    assert paid(own({"model": "claude-haiku-4-5", "input": 1.5}), model) == 1.5


@pytest.mark.parametrize(
    "model",
    [
        "claude-haiku-4-5-mini",
        "claude-haiku-4",
        "us.anthropic.claude-haiku-4-20250514-v1:0",
        "my.claude-haiku-4-5",
        "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/claude-haiku-4-5x",
        "bedrock/us-east-1/1-month-commitment/anthropic.claude-haiku-4-5-20251001-v1:0x",
    ],
)
def test_an_entry_is_for_no_neighbour_of_its_model(model: str) -> None:
    assert paid(own({"model": "claude-haiku-4-5", "input": 1.5}), model) is None


@pytest.mark.parametrize(
    ("model", "known"),
    [
        ("gemini-2.0-flash-001", True),
        ("publishers/google/models/gemini-2.0-flash-001", True),
        ("gemini-2.0-flash-lite-001", False),
        ("gemini-2.0-flash-8b", False),
        ("tuned", True),
        ("tuned-2026-01-31", True),
        ("tuned-20260131", True),
        ("tuned-v2", False),
        ("tuned-001", False),
        ("tuned-2", False),
        ("tuned-2026-99-99", False),
    ],
)
def test_only_what_is_a_date_or_a_number_of_its_maker_is_left_out_of_a_name(model: str, known: bool) -> None:
    book = own({"model": "gemini-2.0-flash", "input": 1.0}, {"model": "tuned", "input": 1.0})

    assert (paid(book, model) is not None) is known


def test_the_longer_name_of_an_id_outranks_a_shorter_one() -> None:
    book = own(
        {"model": "claude-haiku-4-5", "input": 1.0},
        {"model": "claude-haiku-4-5-20251001", "input": 2.0},
        {"model": "anthropic.claude-haiku-4-5-20251001-v1:0", "input": 3.0},
        {"model": "eu.anthropic.claude-haiku-4-5-20251001-v1:0", "input": 4.0},
    )
    areas = ("eu.", "us.", "")
    found = [paid(book, f"{area}anthropic.claude-haiku-4-5-20251001-v1:0") for area in areas]
    assert [*found, paid(book, "claude-haiku-4-5-20251001"), paid(book, "claude-haiku-4-5")] == [4, 3, 3, 2, 1]


def test_a_price_for_a_provider_is_for_the_ids_of_its_cloud() -> None:
    book = own({"model": "claude-*", "provider": "bedrock", "input": 2.0}, {"model": "claude-*", "input": 1.0})

    assert paid(book, "us.anthropic.claude-haiku-4-5-20251001-v1:0") == 2.0
    assert paid(book, "claude-haiku-4-5@20251001") == 1.0


def test_a_tuned_model_has_its_own_price_before_that_of_its_base() -> None:
    base = {"model": "gpt-4o-mini-2024-07-18", "input": 1.0}
    tuned = {"model": "ft:gpt-4o-mini*", "input": 2.0}
    model = "ft:gpt-4o-mini-2024-07-18:acme::x1"

    assert paid(own(base, tuned), model) == 2.0
    found = own(base).price(model, DAY)
    assert isinstance(found, Price)
    assert (found.input, found.notes) == (1.0, ("of gpt-4o-mini-2024-07-18: fine-tuned models often cost more",))
    assert isinstance(own(base).price(model, DAY, of_base=False), Unpriced)


@pytest.mark.parametrize(
    "name",
    [
        "my-gpt",
        "azure/my-gpt",
        "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123",
        "projects/p/locations/us-central1/endpoints/1234",
    ],
)
def test_a_deployment_has_the_price_of_the_model_that_the_configuration_names(name: str) -> None:
    deployments = {"my-gpt": "gpt-4o-mini", "abc123": "gpt-4o-mini", "1234": "gpt-4o-mini"}
    found = own({"model": "gpt-4o-mini", "input": 0.15}, deployments=deployments).price(name, DAY)

    assert isinstance(found, Price)
    assert (found.model, found.input, found.notes) == (name, 0.15, ("a deployment of gpt-4o-mini",))


def test_a_deployment_with_the_name_of_another_model_has_the_price_of_what_it_is() -> None:
    book = own(
        {"model": "gpt-4o-mini", "input": 0.15},
        {"model": "gpt-4o", "input": 2.5},
        deployments={"gpt-4o": "gpt-4o-mini"},
    )
    assert paid(book, "gpt-4o") == 0.15


def test_a_deployment_of_a_model_without_a_price_has_none() -> None:
    assert paid(own({"model": "my-gpt", "input": 1.0}, deployments={"my-gpt": "gpt-9"}), "my-gpt") is None


WORDS = st.sampled_from([
    "arn:aws:bedrock:us-east-1:42:inference-profile", "bedrock", "us.anthropic.claude-3-haiku-20240307-v1:0", "ft",
    "publishers", "models", "projects", "azure", "gpt-4o", "openrouter", "@20250219", ".ft-a", "", "litellm_proxy",
])  # fmt: skip


@given(st.one_of(st.text(max_size=60), st.lists(st.one_of(WORDS, st.text(max_size=5))).map("/".join)))
def test_any_text_is_looked_up_under_names_that_are_part_of_it(model: str) -> None:
    identity, base = identify(model), base_of(model)

    assert all(it.name in model for it in own_names(model))
    assert identity is None or identity.name in model
    assert base is None or base in model or base in model.replace("ft:", "", 1)
    assert own({"model": "never", "input": 1.0}).price(model, DAY) == Unpriced(
        model, "p.yaml has no entry for it, and public prices are not in use"
    )
