"""The table of named formats, which need no field map. A new format is added here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any, Protocol

from leverwatch.collectors.records.formats.interface import Framing, Reader


class Named(Protocol):
    """A format that needs no field map."""

    @property
    def name(self) -> str:
        """The value of `format` in the configuration."""
        ...

    @property
    def recognise(self) -> Any:
        """A function that returns how likely a record, as `json.loads` gives it, is one of this format: 0 to
        100."""
        ...

    @property
    def framing(self) -> Framing:
        """The framing of its records, unless the configuration chooses another one."""
        ...

    def build(self, template: Sequence[str]) -> Reader:
        """Return a reader; `template` has the placeholders of the system template.

        Raises:
            ValueError: the format has no such value.
        """
        ...


_FORMATS: Mapping[str, str] = {
    "anthropic": "anthropic.ANTHROPIC",
    "apisix": "apisix.APISIX",
    "azure-apim": "azure.AZURE_APIM",
    "azure-openai": "azure.AZURE_OPENAI",
    "bedrock": "bedrock.BEDROCK",
    "envoy": "envoy.ENVOY",
    "envoy-ai-gateway": "envoy_ai_gateway.ENVOY_AI_GATEWAY",
    "kong": "kong.KONG",
    "langfuse": "langfuse.LANGFUSE",
    "litellm": "litellm.LITELLM",
    "mlflow": "mlflow.MLFLOW",
    "nginx": "nginx.NGINX",
    "ollama": "ollama.OLLAMA",
    "openai": "openai.OPENAI",
    "otlp": "otlp.OTLP",
    "portkey": "portkey.PORTKEY",
    "vertex": "vertex.VERTEX",
}
"""The module beside this one, and the name in it, of each format."""


class _Formats(Mapping[str, Named]):
    """The formats by name, each imported when it is asked for: a configuration reads few, and checks all names."""

    def __getitem__(self, name: str) -> Named:
        module, _, constant = _FORMATS[name].partition(".")
        found: Named = getattr(import_module(f"leverwatch.collectors.records.formats.{module}"), constant)
        return found

    def __contains__(self, name: object) -> bool:
        return name in _FORMATS

    def __iter__(self) -> Iterator[str]:
        return iter(_FORMATS)

    def __len__(self) -> int:
        return len(_FORMATS)


NAMED: Mapping[str, Named] = _Formats()
"""All named formats, by name."""
