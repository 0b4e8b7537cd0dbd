"""The name of a model tells what it does, where the record does not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from leverwatch.collectors.aggregation.ingest import Counted
from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.interface import Operation, Result
from leverwatch.collectors.records.model_operations import operation_of_model
from tests.collectors.sources.files.logs import FIELDS, config, ingest, record

NAMES: dict[Operation, tuple[str, ...]] = {
    Operation.EMBEDDING: (
        "text-embedding-3-large", "text-embedding-ada-002-v2", "azure/text-embedding-3-small",
        "embed-english-v3.0",
        "eu.cohere.embed-v4:0", "cohere.embed-multilingual-v3", "amazon.titan-embed-text-v2:0",
        "models/gemini-embedding-001",
        "textembedding-gecko@003", "multimodalembedding@001", "voyage-3-large", "voyageai/voyage-code-3",
        "mistral-embed", "codestral-embed-2505", "nomic-embed-text:latest", "mxbai-embed-large", "BAAI/bge-m3",
        "intfloat/multilingual-e5-large-instruct", "sentence-transformers/all-MiniLM-L6-v2",
        "Qwen/Qwen3-Embedding-8B",
        "jina-embeddings-v3", "embeddinggemma:300m", "nvidia/nv-embedqa-e5-v5", "text-search-ada-doc-001",
    ),
    Operation.RERANK: (
        "rerank-v3.5", "cohere.rerank-v3-5:0", "amazon.rerank-v1:0", "BAAI/bge-reranker-v2-m3", "rerank-2.5-lite",
        "jina-reranker-v2-base-multilingual", "Qwen3-Reranker-4B", "semantic-ranker-default-004",
        "cross-encoder/ms-marco-MiniLM-L-6-v2",
    ),
    Operation.IMAGE: (
        "dall-e-3", "gpt-image-1", "openai/chatgpt-image-latest", "imagen-4.0-generate-001", "imagegeneration@006",
        "gemini-2.5-flash-image-preview", "grok-2-image", "stability.sd3-5-large-v1:0", "amazon.nova-canvas-v1:0",
        "amazon.titan-image-generator-v2:0", "black-forest-labs/FLUX.1-schnell", "flux-pro-1.1", "qwen-image-edit",
        "stabilityai/stable-diffusion-xl-base-1.0", "recraftv3", "doubao-seedream-4-0",
    ),
    Operation.AUDIO: (
        "whisper-1", "groq/whisper-large-v3-turbo", "distil-whisper-large-v3-en", "gpt-4o-mini-transcribe",
        "tts-1-hd",
        "gpt-4o-mini-tts", "gemini-2.5-pro-preview-tts", "eleven_multilingual_v2", "voxtral-mini-transcribe-2507",
        "nvidia/parakeet-tdt-0.6b-v2", "playai-tts", "chirp_2", "deepgram/nova-3", "qwen3-asr-flash",
    ),
    Operation.MODERATION: ("omni-moderation-latest", "text-moderation-stable", "mistral-moderation-2411"),
    Operation.OTHER: ("sora-2-pro", "veo-3.0-generate-001", "amazon.nova-reel-v1:1", "luma.ray-v2:0"),
}  # fmt: skip
TEXT = (
    "gpt-4.1-mini", "gpt-4o-audio-preview", "gpt-realtime", "gpt-4-vision-preview", "o3", "claude-sonnet-4-5", "m",
    "us.amazon.nova-2-lite-v1:0", "amazon.nova-sonic-v1:0", "gemini-2.5-flash", "voxtral-small-latest",
    "grok-4-fast",
    "meta-llama/llama-4-scout-17b-16e-instruct", "mistral-large-latest", "command-r-plus", "deepseek-reasoner",
    "Qwen/Qwen3-VL-235B", "phi-4-multimodal-instruct", "llama3.2-vision:11b", "embedded-assistant-gpt4o",
    "unknown",
    "ft:gpt-4o-mini-2024-07-18:acme:rerank-helper:Ab1", "gpt-4-canary", "imaginary-writer", "", None,
)  # fmt: skip


@pytest.mark.parametrize("operation", NAMES, ids=str)
def test_models_that_write_no_text_are_known_by_their_names(operation: Operation) -> None:
    assert {name: operation_of_model(name) for name in NAMES[operation]} == dict.fromkeys(
        NAMES[operation], operation
    )


def test_a_model_that_writes_text_or_that_nobody_knows_is_none_of_them() -> None:
    assert {name: operation_of_model(name) for name in TEXT} == dict.fromkeys(TEXT)


def counted(data: bytes, *, compiled: bool = True, **changes: Any) -> Counted:
    made = ingest(config(system="bot", **changes), compiled=compiled)
    made.add(Lines(data, "app.jsonl", 1))
    return made.drain()


def operations(made: Counted) -> dict[str, tuple[Operation, float]]:
    return {row.model: (row.operation, row.inferences) for row in made.usage}


@pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "python"])
def test_what_the_record_says_comes_before_the_name_and_the_setting_before_both(compiled: bool) -> None:
    data = b"".join(
        record(response={"model": model}, op=said)
        for model, said in [
            ("text-embedding-3-small", None), ("tts-1", ""), ("bge-m3", "chat"), ("gpt-5", "embedding"),
            ("gpt-5-mini", None),
            ("our-reader-rerank", None), ("vectors-v2", None), ("judge", "chat"), ("odd", "teleport"),
        ]
    )  # fmt: skip
    own = {
        "our-reader-rerank": "generation", "vectors-v2": "embedding", "judge": "other", "odd": "tool",
    }  # fmt: skip

    assert operations(counted(data, compiled=compiled)) == {
        "text-embedding-3-small": (Operation.EMBEDDING, 1), "tts-1": (Operation.AUDIO, 1),
        "bge-m3": (Operation.GENERATION, 1), "gpt-5": (Operation.EMBEDDING, 1),
        "gpt-5-mini": (Operation.GENERATION, 1),
        "our-reader-rerank": (Operation.RERANK, 1), "vectors-v2": (Operation.GENERATION, 1),
        "judge": (Operation.GENERATION, 1),
    }  # fmt: skip
    made = counted(data, compiled=compiled, operations=own)
    assert {model: operations(made)[model][0].value for model in own} == own
    assert made.tallies == {Result.COUNTED: 9}


def test_every_format_goes_by_the_name_where_its_records_do_not_say_it() -> None:
    plain = {"time": "ts", "model": "m", "input_tokens": "n"}
    ollama = {
        "model": "nomic-embed-text", "created_at": "2026-03-10T08:00:00Z", "done": True, "prompt_eval_count": 4,
    }  # fmt: skip
    line = json.dumps({"ts": "2026-03-10T08:00:00Z", "m": "whisper-1", "n": 3}).encode() + b"\n"

    assert operations(counted(line, format={"type": "jsonl", "fields": plain}))["whisper-1"][0] is Operation.AUDIO
    made = ingest(config(format={"type": "csv", "fields": plain}, system="bot"))
    made.add(Lines(b"2026-03-10T08:00:00Z,voyage-3,5\n", "x.csv", 1, b"ts,m,n\n"))
    assert operations(made.drain())["voyage-3"][0] is Operation.EMBEDDING
    named = counted(json.dumps(ollama).encode() + b"\n", format="ollama")
    assert operations(named)["nomic-embed-text"][0] is Operation.EMBEDDING


def test_an_id_is_the_same_whatever_the_name_of_its_model_or_a_setting_tells() -> None:
    """Records that were counted before the name counted, or under another setting, do not count again."""
    data = record(id="r1", response={"model": "vectors-v2"})
    before, after = (ingest(config(system="bot", operations=own)) for own in ({}, {"vectors-v2": "embedding"}))
    before.add(Lines(data, "app.jsonl", 1))
    after.load({key: value for key, value in before.drain().state.items() if value is not None})
    after.add(Lines(data, "app.jsonl", 2))

    assert after.drain().tallies == {Result.DUPLICATE: 1}


def test_an_operation_of_no_known_kind_is_refused_in_the_settings() -> None:
    with pytest.raises(ValidationError, match=r"'generation', 'embedding'"):
        config(format={"type": "jsonl", "fields": FIELDS}, operations={"m": "guess"})
