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


_MODEL = "(?P<model>[^/]+)"
_HOSTED = rf"/(?:models|endpoints)/{_MODEL}"
"""A model of Gemini's API, or a model or endpoint of Vertex AI."""
_ROUTES = tuple(
    (re.compile(f"(?:{pattern})$"), operation)
    for pattern, operation in (
        # Azure OpenAI, and OpenAI before 2023.
        (rf"/(?:deployments|engines)/{_MODEL}/(?:chat/)?completions", "chat"),
        (rf"/(?:deployments|engines)/{_MODEL}/embeddings", "embeddings"),
        (rf"/(?:deployments|engines)/{_MODEL}/images/(?:generations|edits|variations)", "image"),
        (rf"/(?:deployments|engines)/{_MODEL}/audio/(?:speech|transcriptions|translations)", "audio"),
        # Bedrock, by a name or an ARN; boto3's `count-tokens` is none of them.
        (rf"/model/{_MODEL}/(?:invoke|converse)(?:-with-response-stream|-stream)?", "converse"),
        (r"/model/(?P<model>[^/]+/[^/]+)/(?:invoke|converse)(?:-with-response-stream|-stream)?", "converse"),
        # google-genai; `countTokens`, `computeTokens` and `batchGenerateContent` are none.
        (rf"{_HOSTED}:(?:g|streamG)enerateContent", "generate_content"),
        (rf"{_HOSTED}:(?:batchE|e)mbedContents?", "embeddings"),
        # anthropic's Vertex client, which counts tokens by a model of that name.
        (r"/models/count-tokens:rawPredict", ""),
        (rf"{_HOSTED}:(?:r|streamR)awPredict", "converse"),
        # Vertex AI's embeddings, rerankers and images.
        (rf"{_HOSTED}:predict", "predict"),
        # OpenAI, Anthropic, Mistral, and the servers that speak like them.
        (r"/chat/completions|/v\d\w*/completions|/v\d\w*/responses|/openai/responses|/v\d\w*/messages", "chat"),
        (r"/(?:fim|agents)/completions", "chat"),
        # Ollama.
        (r"/api/(?:chat|generate)", "chat"),
        (r"/embeddings|/api/embed", "embeddings"),
        (r"/rerank", "rerank"),
        (r"/images/(?:generations|edits|variations)", "image"),
        (r"/audio/(?:speech|transcriptions|translations)", "audio"),
        (r"/moderations", "moderation"),
    )
)
_UNCOMMON_CHAT_PATHS = re.compile(
    # openai: `responses.compact` writes a summary; OpenAI's usage has tokens and requests of Decisions.
    r"(?:/v\d\w*/responses/compact|/openai/responses/compact|/v\d\w*/decisions"
    # google-genai: `interactions.create`, also of Vertex AI.
    r"|/v\d\w*/(?:projects/[^/]+/locations/[^/]+/)?interactions)$"
)


@recall(4096)
def route(target: str) -> Route | None:
    """Return operation and model of the path of a URL or request line, with any prefix; None when it calls no
    model."""
    try:
        path = urlsplit(target).path.rstrip("/")
    except ValueError:
        return None
    if _UNCOMMON_CHAT_PATHS.search(path):
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
