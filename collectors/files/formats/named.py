"""The formats that have a name in the configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from collectors.files.formats.anthropic import ANTHROPIC
from collectors.files.formats.apisix import APISIX
from collectors.files.formats.azure import AZURE_APIM, AZURE_OPENAI
from collectors.files.formats.bedrock import BEDROCK
from collectors.files.formats.envoy import ENVOY
from collectors.files.formats.envoy_ai_gateway import ENVOY_AI_GATEWAY
from collectors.files.formats.interface import Framing, Reader
from collectors.files.formats.kong import KONG
from collectors.files.formats.langfuse import LANGFUSE
from collectors.files.formats.litellm import LITELLM
from collectors.files.formats.mlflow import MLFLOW
from collectors.files.formats.nginx import NGINX
from collectors.files.formats.ollama import OLLAMA
from collectors.files.formats.openai import OPENAI
from collectors.files.formats.otlp import OTLP
from collectors.files.formats.vertex import VERTEX


class Named(Protocol):
    """A format that needs no field map."""

    @property
    def name(self) -> str:
        """What `format` says."""
        ...

    @property
    def recognise(self) -> Any:
        """How sure it is that a record, as `json.loads` gives it, is one of its own: 0 to 100."""
        ...

    @property
    def framing(self) -> Framing:
        """Where its records end, unless the configuration says otherwise."""
        ...

    def build(self, template: Sequence[str]) -> Reader:
        """Its reader. Raises ValueError for a template part that it cannot read."""
        ...


_FORMATS: tuple[Named, ...] = (
    ANTHROPIC,
    APISIX,
    AZURE_APIM,
    AZURE_OPENAI,
    BEDROCK,
    ENVOY,
    ENVOY_AI_GATEWAY,
    KONG,
    LANGFUSE,
    LITELLM,
    MLFLOW,
    NGINX,
    OLLAMA,
    OPENAI,
    OTLP,
    VERTEX,
)

NAMED: Mapping[str, Named] = {format_.name: format_ for format_ in _FORMATS}
"""Every one of them, by name."""
