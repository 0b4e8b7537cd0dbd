"""Logs of every named format and of tables for the benchmark, of a fixed seed: few systems and models, everything
else varied.

Records have the size that they have in the field: a prompt of about 900 characters and an answer of about 400,
where the producer writes them down. One call in twenty failed, where the format tells failures, and some formats
write other records between the calls.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.formats import gateways, providers, tables, traces
from tests.benchmarks.formats.call import Call, Lines, Make


@dataclass(frozen=True)
class Log:
    """One row of the table."""

    format: str | Mapping[str, Any]
    system: str
    make: Make
    header: str = ""


def _docker(make: Make) -> Make:
    def wrapped(call: Call) -> Lines:
        for line in make(call):
            text = line if isinstance(line, str) else json.dumps(line)
            yield {"log": f"{text}\n", "stream": "stdout", "time": call.end.isoformat()}

    return wrapped


def _cri(make: Make) -> Make:
    def wrapped(call: Call) -> Lines:
        for line in make(call):
            yield f"{call.end.isoformat()} stdout F {line if isinstance(line, str) else json.dumps(line)}"

    return wrapped


def _shipped(make: Make) -> Make:
    def wrapped(call: Call) -> Lines:
        for line in make(call):
            yield {"@timestamp": call.iso(), "host": {"name": "h"}, "message": json.dumps(line)}

    return wrapped


_CSV = {"type": "csv", "fields": tables.COLUMNS}

LOGS: Mapping[str, Log] = {
    "litellm": Log("litellm", "{team_id}", gateways.spend_log),
    "litellm payload": Log("litellm", "{team_alias}", gateways.payload),
    "otlp": Log("otlp", "{service.name}", traces.otlp),
    "openai": Log("openai", "{service_tier}", providers.openai),
    "openai responses": Log("openai", "{service_tier}", providers.responses),
    "openai chunks": Log("openai", "{service_tier}", providers.chunks),
    "anthropic": Log("anthropic", "{app}", providers.anthropic),
    "anthropic events": Log("anthropic", "bot", providers.events),
    "bedrock": Log("bedrock", "{identity}", providers.bedrock),
    "envoy-ai-gateway": Log("envoy-ai-gateway", "{route}", gateways.envoy_ai_gateway),
    "kong": Log("kong", "{service}", gateways.kong),
    "apisix text": Log("apisix", "{host}", gateways.apisix),
    "apisix": Log("apisix", "{route}", gateways.apisix_summary),
    "vertex": Log("vertex", "{endpoint}", providers.vertex),
    "azure-apim": Log("azure-apim", "{api}", providers.azure_apim),
    "azure-openai": Log("azure-openai", "{deployment}", providers.azure_openai),
    "langfuse": Log("langfuse", "{project}", traces.langfuse),
    "mlflow": Log("mlflow", "{experiment}", traces.mlflow),
    "ollama": Log("ollama", "{app}", providers.ollama),
    "nginx text": Log("nginx", "{user}", gateways.nginx),
    "envoy text": Log("envoy", "{authority}", gateways.envoy),
    "docker of litellm": Log({"type": "litellm", "wrap": "docker"}, "{team_id}", _docker(gateways.spend_log)),
    "cri of openai": Log({"type": "openai", "wrap": "cri"}, "{service_tier}", _cri(providers.openai)),
    "string of openai": Log(
        {"type": "openai", "wrap": "json-string"}, "{service_tier}", _shipped(providers.openai)
    ),
    "csv": Log(_CSV, "{app}", tables.bare, tables.HEADER),
    "csv with texts": Log(_CSV, "{app}", tables.quoted, tables.HEADER),
}
"""By the name of the row."""


def write_log(path: Path, log: Log, size: int) -> None:
    """Write about `size` bytes."""
    rng = random.Random(20260901)
    written = number = 0
    with path.open("w") as file:
        if log.header:
            written = file.write(log.header + "\n")
        while written < size:
            for line in log.make(Call(rng, number)):
                text = line if isinstance(line, str) else json.dumps(line, separators=(",", ":"))
                written += file.write(text + "\n")
            number += 1
