"""What a model is called by clouds and gateways: the names under which a price is looked for. Pure.

An id that only its account can explain, such as that of a deployment, has no such name; `prices.deployments` has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

_GATEWAYS = frozenset({"litellm_proxy", "litellm"})
"""Before a name that has its provider behind them."""
_PROVIDERS = {
    "anthropic": "anthropic",
    "azure": "azure",
    "azure_ai": "azure",
    "bedrock": "aws",
    "bedrock_converse": "aws",
    "cerebras": "cerebras",
    "cohere": "cohere",
    "cohere_chat": "cohere",
    "deepseek": "deepseek",
    "fireworks_ai": "fireworks",
    "gemini": "google",
    "google": "google",
    "groq": "groq",
    "mistral": "mistral",
    "mistralai": "mistral",
    "openai": "openai",
    "openrouter": "openrouter",
    "perplexity": "perplexity",
    "text-completion-openai": "openai",
    "together_ai": "together",
    "vertex_ai": "google",
    "xai": "x-ai",
}
"""The words before a slash that gateways write, and what the public list calls these providers."""
_WORDS = {"aws": ("bedrock",), "google": ("vertex_ai",), "x-ai": ("xai",)}
"""Other words for a provider that an entry of a price file may have."""
_ARN = re.compile(r"arn:aws[\w-]*:bedrock:[\w-]*:\d*:(?:inference-profile|foundation-model)/([^/]+)$")
_VERTEX = re.compile(r"(?:projects/[^/]+/(?:locations/[^/]+/)?)?publishers/[^/]+/models/([^/]+)$")
_VERTEX_MODEL = re.compile(r"projects/[^/]+/(?:locations/[^/]+/)?models/([^/]+)$")
_AT_VERTEX = re.compile(r"@20\d{6}$")
_GEMINI = re.compile(r"models/([^/]+)$")
_FIREWORKS = re.compile(r"(accounts/fireworks/models/[^/]+)$")
_BEDROCK_PATH = re.compile(r"(?:(?:converse|converse_like|invoke)/)?(?:[a-z]{2}(?:-[a-z]+)+-\d/)?([^/]+)$")
"""Behind `bedrock/`: how it is called, and in which region. What is paid by the hour names its commitment too."""
_PLAIN = re.compile(r"([^/]+)$")
_PATHS = ((_VERTEX, "google"), (_VERTEX_MODEL, "google"), (_GEMINI, "google"), (_FIREWORKS, "fireworks"))
_BEHIND = {
    "aws": (_ARN, _BEDROCK_PATH),
    "google": (_VERTEX, _GEMINI, _PLAIN),
    "fireworks": (_FIREWORKS, _PLAIN),
}
"""What a name looks like behind a provider before a slash; behind others it is what is left."""
_BEDROCK = re.compile(
    r"(?:(?P<area>[a-z]{2,6}(?:-[a-z]+)?)\.)?(?P<vendor>[a-z][a-z\d]*)\.(?P<name>[a-z][\w.-]*(?::\d+k?)*)$"
)
"""An id of Amazon Bedrock, `vendor.model`, also as the profile of an area."""
_VENDORS = frozenset({
    "ai21", "amazon", "anthropic", "cohere", "deepseek", "google", "luma", "meta", "minimax", "mistral",
    "moonshot", "moonshotai", "nvidia", "openai", "qwen", "stability", "twelvelabs", "writer", "zai",
})  # fmt: skip
_VERSION = re.compile(r"-v?\d+(?::\d+k?)+$|-v\d+$")
_DATE = re.compile(r"[-@](?:20\d\d-?[01]\d-?[0-3]\d)$")
_SNAPSHOT = re.compile(r"^(gemini-.*)-0\d\d$")
"""Google numbers the versions of its models."""
_TUNED = re.compile(r"ft:(?P<base>[^:]+):.+$")
_TUNED_ON_AZURE = re.compile(r"(?P<base>[a-z][\w.-]*?)\.ft-[\w-]+$", re.IGNORECASE)


class ModelId(Struct, frozen=True):
    """A name of a model at a provider."""

    name: str
    provider: str | None = None
    """As the public list calls it; None: the one that makes the model."""

    @property
    def words(self) -> frozenset[str | None]:
        """What an entry of a price file may call the provider."""
        return frozenset({self.provider, *_WORDS.get(self.provider or "", ())})


def identify(model: str) -> ModelId | None:
    """Return what a provider calls a model; None for an id that tells no model."""
    text = model.strip()
    before, _, rest = text.partition("/")
    while before in _GATEWAYS and rest:
        text = rest
        before, _, rest = text.partition("/")
    if text.startswith("arn:"):
        found = _ARN.match(text)
        return None if found is None else ModelId(found[1], "aws")
    for pattern, maker in _PATHS:
        found = pattern.match(text)
        if found is not None:
            return ModelId(found[1], maker)
    provider = _PROVIDERS.get(before.lower()) if rest else None
    if provider is not None:
        patterns = _BEHIND.get(provider)
        if patterns is None:
            return ModelId(rest, provider)
        matches = (pattern.match(rest) for pattern in patterns)
        return next((ModelId(match[1], provider) for match in matches if match is not None), None)
    if "/" in text:
        return None
    if text.startswith("ft:"):
        return ModelId(text, "openai")
    if _AT_VERTEX.search(text):
        return ModelId(text, "google")
    return ModelId(text, "aws" if _bedrock(text) else None)


def own_names(model: str) -> Iterator[ModelId]:
    """Yield shorter and shorter names of a model, for a price file.

    First that of a cloud's id without its path, then without area and maker, without the version of the interface,
    and without the date.
    """
    identity = identify(model)
    if identity is None:
        return
    name, provider = identity.name, identity.provider
    if name != model:
        yield identity
    if provider == "openrouter":
        name = name.rpartition("/")[2]
        yield ModelId(name, provider)
    bedrock = _bedrock(name) if provider == "aws" else None
    if bedrock is not None:
        yield ModelId(f"{bedrock['vendor']}.{bedrock['name']}", provider)
        name = bedrock["name"]
        yield ModelId(name, provider)
    # Elsewhere a last `-v2` is part of a name that somebody chose, and of another model.
    for pattern in (_VERSION, _DATE) if bedrock is not None else (_DATE, _SNAPSHOT):
        shorter = pattern.sub(r"\1" if pattern.groups else "", name)
        if shorter != name:
            name = shorter
            yield ModelId(name, provider)


def base_of(model: str) -> str | None:
    """Return the name of the model that a tuned one was made of, with its provider before it; None for others."""
    before, slash, name = model.rpartition("/")
    found = _TUNED.match(name) or _TUNED_ON_AZURE.match(name)
    return None if found is None else f"{before}{slash}{found['base']}"


def _bedrock(name: str) -> re.Match[str] | None:
    found = _BEDROCK.match(name)
    return found if found is not None and found["vendor"] in _VENDORS else None
