"""The configuration file of the demo, written as a team would write it."""

from __future__ import annotations

import json
from datetime import date, timedelta

from agent.demo.company import SYSTEMS

_HEAD = """\
# The demo company of leverwatch: invented systems, invented traffic, invented prompts.
store: {{url: "sqlite:///leverwatch.db"}}
web: {{listen: {listen}}}
evaluation: {{interval: 10s}}  # short, so that the page moves while you watch

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
    system: "{{app}}"

  - name: prompts
    type: git
    interval: 10s
    repo: prompts.git
    branch: main
    systems:
"""


def config_text(last_day: date, listen: str) -> str:
    """The YAML of the demo's configuration.

    Args:
        last_day: the last complete day of the log; review dates are counted back from it.
        listen: `host:port` of the server.
    """
    # A JSON string is a YAML string, whatever is in it.
    parts = [_HEAD.format(listen=json.dumps(listen))]
    parts += [f'      {system.name}: ["prompts/{system.name}/**"]\n' for system in SYSTEMS]
    parts.append("\nsystems:\n")
    for system in SYSTEMS:
        parts.append(f"  {system.name}:\n    declared_strategy: {system.declared}\n")
        parts.append(f"    reviewed: {last_day - timedelta(days=system.reviewed_days_ago)}\n")
        if system.locked_in:
            parts.append(f"    locked_in_behavior: {json.dumps(list(system.locked_in))}\n")
    return "".join(parts)
