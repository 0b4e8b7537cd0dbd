"""Whether the pages that the tests serve are those of the providers' newest SDKs: their own models read them.

    python -m tests.collectors.sources.usage_api.sdk_models

Three have no SDK with models of their answers. The older report of Anthropic is that of its API reference; its
cache creation is the type that the SDK has for the analytics. Helicone is `HeliconeRequest` of its llm-mapper and
the columns that `getRequestsClickhouse` of its server selects, both in its repository. Portkey is the OpenAPI file
of its API.

It installs the SDKs into a folder of its own, which needs a package registry and a minute; it is no part of CI.
"""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.collectors.sources.usage_api.providers import Anthropic, AnthropicReport, OpenAi, call, openrouter
from tests.collectors.sources.usage_api.server import Asked, seconds
from tests.collectors.sources.usage_api.test_platforms import observation, run, summed

PACKAGES = ("openai>=3.57", "anthropic>=2.14", "openrouter>=1.3.84", "langfuse>=5", "langsmith>=0.15")
DAY = "2026-11-18"
CHECK = """
import json, sys
from openai.types.admin.organization import UsageCompletionsResponse, UsageCostsResponse
from anthropic.types.beta.beta_cache_creation import BetaCacheCreation
from anthropic.types.beta.organization.analytics import BetaAnalyticsCostItem, BetaAnalyticsUsageItem
from openrouter.components import ActivityResponse
from langfuse.api.commons.types.observation_v2 import ObservationV2
from langfuse.api.core.pydantic_utilities import parse_obj_as
from langfuse.api.metrics.types.metrics_v2response import MetricsV2Response
from langsmith.types.run import Run

models = {
    "openai usage": UsageCompletionsResponse, "openai costs": UsageCostsResponse,
    "anthropic usage": BetaAnalyticsUsageItem, "anthropic cost": BetaAnalyticsCostItem,
    "anthropic report, cache": BetaCacheCreation,
    "openrouter": ActivityResponse, "langfuse observation": ObservationV2, "langfuse metrics": MetricsV2Response,
    "langsmith run": Run,
}
for name, page in json.load(sys.stdin).items():
    if name.startswith("langfuse"):
        parse_obj_as(models[name], page)  # which knows its aliases
    else:
        models[name].model_validate(page)
    print(name, "is as its SDK has it")
"""


def pages() -> dict[str, Any]:
    """Return a page of each answer that the tests serve."""
    used = call(DAY, model="m", project_id="p", num_model_requests=2, input_tokens=5, output_tokens=1)
    account = OpenAi([used], [{"day": DAY, "value": 1.5, "line_item": "m, input"}])
    span = {"start_time": [str(seconds(DAY))], "end_time": [str(seconds(DAY) + 86_400)], "group_by[]": ["model"]}
    bearer = {"authorization": "Bearer k"}
    analytics = Anthropic([{"day": DAY, "model": "m", "requests": 1}], [{"day": DAY, "amount": "12.5"}])
    key = {"x-api-key": "k", "anthropic-version": "1", "anthropic-beta": "analytics-usage-cost-2026-08-24"}
    days = {"starting_at": [f"{DAY}T00:00:00Z"], "ending_at": ["2026-11-19T00:00:00Z"], "group_by[]": ["model"]}
    item = {
        "date": DAY, "model": "a/m", "requests": 1, "prompt_tokens": 5, "completion_tokens": 1, "usage": 0.5,
    }  # fmt: skip
    report = AnthropicReport([{"day": DAY, "model": "m"}])(Asked("/messages", days, key, None))
    return {
        "openai usage": account(Asked("/v1/organization/usage/completions", span, bearer, None)).body,
        "openai costs": account(Asked("/v1/organization/costs", span, bearer, None)).body,
        "anthropic usage": analytics(Asked("/usage", days, key, None)).body["data"][0],
        "anthropic cost": analytics(Asked("/cost", days, key, None)).body["data"][0],
        "anthropic report, cache": report.body["data"][0]["results"][0]["cache_creation"],
        "langfuse observation": observation(1),
        "langfuse metrics": {"data": [summed(DAY)]},
        "langsmith run": run(1),
        "openrouter": openrouter([item])(Asked("/", {}, bearer, None)).body,
    }


def main() -> int:
    """Install the SDKs, and have their models read the pages. Returns the status of the check."""
    with TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder) / "bin" / "python"
        subprocess.run([python, "-m", "pip", "install", "-q", *PACKAGES], check=True)
        done = subprocess.run([python, "-c", CHECK], input=json.dumps(pages()), text=True, check=False)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
