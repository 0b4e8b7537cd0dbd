"""The operation and the model that the path of a request to a model server means."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from leverwatch.collectors.records.model_operations import operation_of_model
from leverwatch.collectors.records.recall import recall


class Route(NamedTuple):
    """The operation and model of a path."""

    operation: str
    """The operation, as a word that `vocabulary` knows."""
    model: str | None
    rare: bool = False
    """Whether many model servers lack the path, so that a 404 means that no model was asked."""


MODEL, ANY, VERSION = "MODEL", "*", "VERSION"
"""Parts of a path that are no words: a name of a model, any name, and a version such as `v1` or `v1beta`."""
_HOSTED = f"models|endpoints/{MODEL}"
"""A model of Gemini's API, or a model or endpoint of Vertex AI."""
_BEDROCK = "|".join(
    f"{verb}{how}" for verb in ("invoke", "converse") for how in ("", "-with-response-stream", "-stream")
)
_IMAGES, _AUDIO = "images/generations|edits|variations", "audio/speech|transcriptions|translations"
_UNCOMMON_CHAT_PATHS = (
    # openai: `responses.compact` writes a summary; OpenAI's usage has tokens and requests of Decisions.
    f"{VERSION}|openai/responses/compact",
    f"{VERSION}/decisions",
    # google-genai: `interactions.create`, also of Vertex AI.
    f"{VERSION}/projects/{ANY}/locations/{ANY}/interactions",
    f"{VERSION}/interactions",
)
_PATHS = (
    # Azure OpenAI, and OpenAI before 2023.
    (f"deployments|engines/{MODEL}/chat/completions", "chat"),
    (f"deployments|engines/{MODEL}/completions", "chat"),
    (f"deployments|engines/{MODEL}/embeddings", "embeddings"),
    (f"deployments|engines/{MODEL}/{_IMAGES}", "image"),
    (f"deployments|engines/{MODEL}/{_AUDIO}", "audio"),
    # Bedrock, by a name or an ARN; boto3's `count-tokens` is none of them.
    (f"model/{MODEL}/{_BEDROCK}", "converse"),
    (f"model/{MODEL}/{MODEL}/{_BEDROCK}", "converse"),
    # google-genai; `countTokens`, `computeTokens` and `batchGenerateContent` are none.
    (f"{_HOSTED}:generateContent|streamGenerateContent", "generate_content"),
    (f"{_HOSTED}:batchEmbedContent|batchEmbedContents|embedContent|embedContents", "embeddings"),
    # anthropic's Vertex client, which counts tokens by a model of that name.
    ("models/count-tokens:rawPredict", ""),
    (f"{_HOSTED}:rawPredict|streamRawPredict", "converse"),
    # Vertex AI's embeddings, rerankers and images.
    (f"{_HOSTED}:predict", "predict"),
    # OpenAI, Anthropic, Mistral, and the servers that speak like them.
    ("chat|fim|agents/completions", "chat"),
    (f"{VERSION}/completions|responses|messages", "chat"),
    ("openai/responses", "chat"),
    # Ollama.
    ("api/chat|generate", "chat"),
    ("embeddings", "embeddings"),
    ("api/embed", "embeddings"),
    ("rerank", "rerank"),
    (_IMAGES, "image"),
    (_AUDIO, "audio"),
    ("moderations", "moderation"),
)


class Part(NamedTuple):
    """A part between two slashes: one of some words, a version if that may stand for them, or any name that ends
    in one of some texts."""

    words: tuple[str, ...] = ()
    is_version: bool = False
    endings: tuple[str, ...] = ()
    """Of a name; ("",): it may end in anything."""


def _parts(path: str) -> tuple[Part, ...]:
    parts = []
    for part in path.split("/"):
        name, colon, verbs = part.partition(":")
        if name in {MODEL, ANY}:
            parts.append(Part(endings=tuple(colon + verb for verb in verbs.split("|"))))
        else:
            words = part.split("|")
            parts.append(Part(tuple(it for it in words if it != VERSION), VERSION in words))
    return tuple(parts)


ENDS = tuple(map(_parts, (*_UNCOMMON_CHAT_PATHS, *(path for path, _ in _PATHS))))
"""How paths end that call a model, in the order in which `route` looks for them. Nothing before that matters to
it, nor which of several paths with the same end it is."""


def _pattern(path: str) -> re.Pattern[str]:
    words = {MODEL: "(?P<model>[^/]+)", ANY: "[^/]+", VERSION: r"v\d\w*"}
    made = []
    for part in path.split("/"):
        name, colon, verbs = part.partition(":")
        if colon:
            made.append(f"{words.get(name, name)}:(?:{verbs})")
        else:
            made.append("|".join(words.get(it, it) for it in part.split("|")))
    text = "/".join(f"(?:{it})" for it in made)
    named = f"(?:{words[MODEL]})"
    return re.compile(f"/{text}$".replace(f"{named}/{named}", "(?P<model>[^/]+/[^/]+)"))


_UNCOMMON = re.compile("|".join(_pattern(path).pattern for path in _UNCOMMON_CHAT_PATHS))
_ROUTES = tuple((_pattern(path), operation) for path, operation in _PATHS)


@recall(4096)
def route(target: str) -> Route | None:
    """Return operation and model of the path of a URL or request line, with any prefix; None when it calls no
    model."""
    try:
        path = urlsplit(target).path.rstrip("/")
    except ValueError:
        return None
    if _UNCOMMON.search(path):
        return Route("chat", None, rare=True)
    for pattern, operation in _ROUTES:
        match = pattern.search(path)
        if match:
            named = match.groupdict().get("model")
            model = None if named is None else short_model(unquote(named))
            # The path of a hosted model is the same whatever the model does.
            kind = kind_of_model(model) if operation in {"converse", "predict"} else operation
            if operation == "converse":
                kind = kind or operation
            return Route(kind, model) if kind else None
    return None


@recall(4096)
def kind_of_model(model: str | None) -> str | None:
    """Return the operation of a hosted model by its name, as a word that `vocabulary` knows, if that is not text
    generation; else None."""
    found = operation_of_model(model)
    return None if found is None else found.value


@recall(4096)
def short_model(model: str) -> str:
    """Return the id of a model from an ARN or a resource name."""
    if model.startswith("arn:"):
        return model.partition("/")[2] or model
    return model.rpartition("/models/")[2].rpartition("/endpoints/")[2] or model
