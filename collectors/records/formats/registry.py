"""The table of named formats, which need no field map. A new format is added here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from leverwatch.collectors.records.formats.anthropic import ANTHROPIC
from leverwatch.collectors.records.formats.apisix import APISIX
from leverwatch.collectors.records.formats.azure import AZURE_APIM, AZURE_OPENAI
from leverwatch.collectors.records.formats.bedrock import BEDROCK
from leverwatch.collectors.records.formats.envoy import ENVOY
from leverwatch.collectors.records.formats.envoy_ai_gateway import ENVOY_AI_GATEWAY
from leverwatch.collectors.records.formats.interface import Framing, Reader
from leverwatch.collectors.records.formats.kong import KONG
from leverwatch.collectors.records.formats.langfuse import LANGFUSE
from leverwatch.collectors.records.formats.litellm import LITELLM
from leverwatch.collectors.records.formats.mlflow import MLFLOW
from leverwatch.collectors.records.formats.nginx import NGINX
from leverwatch.collectors.records.formats.ollama import OLLAMA
from leverwatch.collectors.records.formats.openai import OPENAI
from leverwatch.collectors.records.formats.otlp import OTLP
from leverwatch.collectors.records.formats.vertex import VERTEX


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
"""All named formats, by name."""
