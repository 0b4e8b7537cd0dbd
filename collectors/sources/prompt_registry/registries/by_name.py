"""The table of registries by the name that `api` gives them."""

from __future__ import annotations

from collections.abc import Mapping

from leverwatch.collectors.sources.prompt_registry.interface import Registry
from leverwatch.collectors.sources.prompt_registry.registries.langfuse import LANGFUSE
from leverwatch.collectors.sources.prompt_registry.registries.langsmith import LANGSMITH
from leverwatch.collectors.sources.prompt_registry.registries.mlflow import MLFLOW
from leverwatch.collectors.sources.prompt_registry.registries.template import PROMPTLAYER

REGISTRIES: Mapping[str, Registry] = {
    "langfuse": LANGFUSE,
    "langsmith": LANGSMITH,
    "mlflow": MLFLOW,
    "promptlayer": PROMPTLAYER,
}
"""All but the one that the settings describe."""
