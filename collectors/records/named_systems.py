"""What the records of each format tell a system and a model by, in a few words. Pure."""

from __future__ import annotations

_OWN = "any value of a record, the path"
_SYSTEMS = {
    "anthropic": "what stands beside the message, the path",
    "apisix": "host, route, service, consumer",
    "azure-apim": "API, product, subscription, deployment",
    "azure-openai": "resource, deployment, region",
    "bedrock": "role or user, account, region, model",
    "envoy": "authority, cluster, route",
    "envoy-ai-gateway": "route, authority, provider, model, any attribute",
    "kong": "service, route, consumer, workspace",
    "langfuse": "project, name of the trace, prompt, environment",
    "litellm": "team, API key, project, organization, user, metadata",
    "mlflow": "experiment, name of the trace",
    "nginx": "host, user, upstream",
    "ollama": "model, the path",
    "openai": "metadata of the request, model, the path",
    "otlp": "service, any attribute of span or resource",
    "portkey": "metadata, provider, any value of a record",
    "vertex": "endpoint, model, labels of the request",
    "openai-usage": "project, API key, user, model",
    "cursor-usage": "user, model, the path",
    "openrouter-activity": "app, API key, model",
    "litellm-spend": "team, API key, project, organization, user, metadata",
}


def systems_of(format_name: str) -> str:
    """Return what a system can be told by in records of a format."""
    return _SYSTEMS.get(format_name, _OWN)


def models_of(format_name: str) -> str:
    """Return when a record of a format names the model, of one that may."""
    return "where the path names it" if format_name in ("nginx", "envoy") else "yes"
