"""The configuration file of the demo, as a team would write it."""

from __future__ import annotations

import json
from datetime import date, timedelta

from leverwatch.agent.demo.company import SYSTEMS

SHUTDOWN_IN = 70
"""Days after the last day on which a model of the company is shut down."""

PRICES = """\
# USD for a million tokens. Everything here is invented.
prices:
  - {model: atlas-mini, input: 0.12, output: 0.48, cached_input: 0.03}
  - {model: "atlas-mini-*", input: 0.30, output: 1.20, cached_input: 0.15, training: 6}
  - {model: atlas-large, input: 2.50, output: 10.00, cached_input: 0.60}
  - {model: harbor-8b, input: 0.05, output: 0.20}
"""
"""The price file."""

_HEAD = """\
# The demo company of leverwatch: invented systems, invented traffic, invented prompts.
store: {{url: "sqlite:///leverwatch.db"}}
web: {{listen: {listen}}}
evaluation: {{interval: 10s}}  # short, so that the page moves while you watch
prices: {{file: prices.yaml, public: false}}
economics: {{tuned_model: atlas-mini-tuned, training_million_tokens: {{low: 4, likely: 12, high: 40}}}}
framework:
  baselines: {{tuned_models: ["atlas-mini-*"]}}
models:
  atlas-large: {{shutdown: {shutdown}}}

sources:
  - name: gateway
    type: files
    interval: 10s
    path: "logs/gateway-*.jsonl*"  # plain, .gz and .zst
    format:
      type: jsonl
      fields:
        time: ts
        model: model
        request_id: request_id
        status: status
        inferences: inferences  # each line is the sum of an hour
        input_tokens: usage.prompt_tokens
        output_tokens: usage.completion_tokens
        cached_input_tokens: usage.prompt_tokens_details.cached_tokens
        cost_usd: cost
        latency_ms: duration_ms
        attempts: attempts
        static_input_tokens: usage.static_tokens
        valid: valid
        schema_mode: schema_mode
    system: "{{app}}"

  - name: evals
    type: evals
    interval: 10s
    path: "evals/*.jsonl"

  - name: prompts
    type: git
    interval: 10s
    repo: prompts.git
    branch: main
    systems:
"""


def config_text(last_day: date, listen: str) -> str:
    """Return the YAML of the demo's configuration.

    Args:
        last_day: the last complete day of the log; review dates are counted back from it.
        listen: `host:port` of the server.
    """
    # A JSON string is a YAML string, whatever is in it.
    parts = [_HEAD.format(listen=json.dumps(listen), shutdown=last_day + timedelta(days=SHUTDOWN_IN))]
    parts += [f'      {system.name}: ["prompts/{system.name}/**"]\n' for system in SYSTEMS]
    parts.append("\nsystems:\n")
    for system in SYSTEMS:
        parts.append(f"  {system.name}:\n    declared_strategy: {system.declared}\n")
        parts.append(f"    reviewed: {last_day - timedelta(days=system.reviewed_days_ago)}\n")
        if system.economics:
            parts.append(f"    economics: {system.economics}\n")
        if system.locked_in:
            parts.append(f"    locked_in_behavior: {json.dumps(list(system.locked_in))}\n")
    return "".join(parts)
