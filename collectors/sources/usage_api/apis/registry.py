"""The APIs by name. Each is one file and one line here."""

from __future__ import annotations

from leverwatch.collectors.sources.usage_api.apis.anthropic import ANTHROPIC
from leverwatch.collectors.sources.usage_api.apis.anthropic_report import ANTHROPIC_REPORT
from leverwatch.collectors.sources.usage_api.apis.helicone import HELICONE
from leverwatch.collectors.sources.usage_api.apis.langfuse import LANGFUSE, LANGFUSE_OBSERVATIONS
from leverwatch.collectors.sources.usage_api.apis.langsmith import LANGSMITH
from leverwatch.collectors.sources.usage_api.apis.openai import OPENAI
from leverwatch.collectors.sources.usage_api.apis.openrouter import OPENROUTER
from leverwatch.collectors.sources.usage_api.apis.portkey import PORTKEY
from leverwatch.collectors.sources.usage_api.interface import UsageApi

_ALL = (
    OPENAI, ANTHROPIC, ANTHROPIC_REPORT, OPENROUTER, LANGFUSE, LANGFUSE_OBSERVATIONS, LANGSMITH, HELICONE, PORTKEY,
)  # fmt: skip
APIS: dict[str, UsageApi] = {api.name: api for api in _ALL}
