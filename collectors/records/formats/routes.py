"""The operation and the model that the path of a request to a model server means."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from leverwatch.collectors.records.recall import recall


class Route(NamedTuple):
    """The operation and model of a path."""

    operation: str
    """The operation, as a word that `vocabulary` knows."""
    model: str | None


_ROUTES = tuple(
    (re.compile(f"(?:{pattern})$"), operation)
    for pattern, operation in (
        (r"/(?:deployments|engines)/(?P<model>[^/]+)/(?:chat/)?completions", "chat"),
        (r"/(?:deployments|engines)/(?P<model>[^/]+)/embeddings", "embeddings"),
        (r"/(?:deployments|engines)/(?P<model>[^/]+)/images/(?:generations|edits|variations)", "image"),
        (r"/(?:deployments|engines)/(?P<model>[^/]+)/audio/(?:speech|transcriptions|translations)", "audio"),
        (r"/model/(?P<model>[^/]+)/(?:invoke|converse)(?:-with-response-stream|-stream)?", "converse"),
        (r"/model/(?P<model>[^/]+/[^/]+)/(?:invoke|converse)(?:-with-response-stream|-stream)?", "converse"),
        (r"/models/(?P<model>[^/]+):(?:g|streamG)enerateContent", "generate_content"),
        (r"/models/(?P<model>[^/]+):(?:batchE|e)mbedContents?", "embeddings"),
        (r"/chat/completions|/v\d\w*/completions|/v\d\w*/responses|/v\d\w*/messages", "chat"),
        (r"/api/(?:chat|generate)", "chat"),
        (r"/embeddings|/api/embed", "embeddings"),
        (r"/rerank", "rerank"),
        (r"/images/(?:generations|edits|variations)", "image"),
        (r"/audio/(?:speech|transcriptions|translations)", "audio"),
        (r"/moderations", "moderation"),
    )
)  # fmt: skip
_KINDS = (
    (re.compile(r"embed"), "embeddings"),
    (re.compile(r"rerank"), "rerank"),
    (re.compile(r"titan-image|nova-canvas|stability\.|stable-diffusion|^imagen"), "image"),
    (re.compile(r"nova-reel|luma\.ray|^veo"), "other"),
)


@recall(4096)
def route(target: str) -> Route | None:
    """Return operation and model of the path of a URL or request line, with any prefix; None when it calls no
    model."""
    try:
        path = urlsplit(target).path.rstrip("/")
    except ValueError:
        return None
    for pattern, operation in _ROUTES:
        match = pattern.search(path)
        if match:
            named = match.groupdict().get("model")
            model = None if named is None else short_model(unquote(named))
            # The path of a hosted model is the same whatever the model does.
            return Route((operation == "converse" and kind_of_model(model)) or operation, model)
    return None


@recall(4096)
def kind_of_model(model: str | None) -> str | None:
    """Return the operation of a model of Bedrock or Vertex by its name, if that is not text generation; else
    None."""
    name = (model or "").lower()
    return next((kind for pattern, kind in _KINDS if pattern.search(name)), None)


@recall(4096)
def short_model(model: str) -> str:
    """Return the id of a model from an ARN or a resource name."""
    if model.startswith("arn:"):
        return model.partition("/")[2] or model
    return model.rpartition("/models/")[2].rpartition("/endpoints/")[2] or model
