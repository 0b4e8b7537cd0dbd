"""Tokens that are priced from a real price file: collected, shown under /metrics, and the same after a restart."""

from __future__ import annotations

import json
import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.days import day, midnight
from tests.e2e.agents import Agent, leverwatch, running
from tests.e2e.servers import free_port, wait_until

pytestmark = pytest.mark.e2e

FIELDS = {
    "time": "ts", "model": "model", "input_tokens": "in", "cached_input_tokens": "cached", "output_tokens": "out",
    "cost_usd": "cost", "request_id": "id",
}  # fmt: skip


def prices() -> tuple[dict[str, Any], ...]:
    return (
        {"model": "small", "input": 1.0, "cached_input": 0.5, "output": 4.0},
        {"model": "small", "from": day(2).isoformat(), "input": 2.0, "cached_input": 1.0, "output": 8.0},
        {"model": "claude-haiku-9", "input": 10.0, "output": 50.0},
    )


TOKENS = {"in": 1000, "cached": 400, "out": 100}
"""They cost 1,200 USD a million calls at the first prices, and twice as much at the second."""
BEDROCK = "us.anthropic.claude-haiku-9-20260101-v1:0"


def calls(day: int, number: int, **values: Any) -> bytes:
    moment = (midnight(day) + timedelta(seconds=1)).isoformat()
    records = ({"ts": moment, "id": f"{day}-{at}-{values}", **TOKENS, **values} for at in range(number))
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


@pytest.fixture
def company(tmp_path: Path) -> Path:
    config = {
        "store": {"url": "sqlite:///store.db"},
        "web": {"listen": f"127.0.0.1:{free_port()}"},
        "evaluation": {"interval": "300ms"},
        "prices": {"file": "prices.yaml", "public": False, "deployments": {"my-gpt": "small"}},
        "sources": [
            {
                "name": "gateway", "type": "files", "path": "usage.jsonl", "system": "bot", "interval": "300ms",
                "format": {"type": "jsonl", "fields": FIELDS},
            }
        ],
    }  # fmt: skip
    path = tmp_path / "leverwatch.yaml"
    path.write_text(yaml.safe_dump(config))
    write_prices(path, *prices())
    return path


def write_prices(config: Path, *entries: dict[str, Any]) -> None:
    (config.parent / "prices.yaml").write_text(yaml.safe_dump({"prices": list(entries)}))
    # Two versions within one tick of the clock must differ.
    os.utime(config.parent / "prices.yaml", ns=(time.time_ns(), time.time_ns()))


def log(config: Path, data: bytes) -> None:
    with (config.parent / "usage.jsonl").open("ab") as file:
        file.write(data)


def port_of(config: Path) -> int:
    return int(yaml.safe_load(config.read_text())["web"]["listen"].rpartition(":")[2])


def cost(agent: Agent, model: str, origin: str) -> float | None:
    return agent.value(f'leverwatch_cost_usd_total{{model="{model}",origin="{origin}",system="bot"}}')


def test_tokens_are_priced_with_the_file_of_their_day_and_the_counter_goes_on_after_edits_and_restarts(
    company: Path,
) -> None:
    log(company, calls(5, 1000, model="small") + calls(1, 1000, model="small"))
    log(company, calls(1, 500, model="small", cost=0.25) + calls(1, 1000, model="my-gpt"))
    log(company, calls(1, 1000, model=BEDROCK) + calls(1, 7, model="nobody-prices-it"))
    assert leverwatch("collect", config=company).returncode == 0

    with running(company, port_of(company)) as agent:
        wait_until(lambda: cost(agent, "small", "priced") is not None, 20, "the cost is shown")
        assert cost(agent, "small", "priced") == pytest.approx(1.2 + 2.4)
        assert cost(agent, "small", "told") == 125.0
        assert cost(agent, "my-gpt", "priced") == pytest.approx(2.4)
        assert cost(agent, BEDROCK, "priced") == pytest.approx(10 + 5)
        assert cost(agent, "nobody-prices-it", "priced") is None
        unpriced = 'leverwatch_inferences_unpriced_total{model="nobody-prices-it",system="bot"}'
        assert agent.value(unpriced) == 7

        write_prices(company, *({**entry, "input": 0.0, "cached_input": 0.0, "output": 1.0} for entry in prices()))
        log(company, calls(1, 1000, model="small", more=True))
        wait_until(lambda: (cost(agent, "small", "priced") or 0) > 3.6, 20, "the new calls")
        assert cost(agent, "small", "priced") == pytest.approx(3.6 + 0.1)

    write_prices(company)
    with running(company, port_of(company)) as agent:
        wait_until(lambda: cost(agent, "small", "priced") is not None, 20, "the cost is shown")
        assert cost(agent, "small", "priced") == pytest.approx(3.7)
        write_prices(company, {"model": "nobody-*", "input": 0.0, "output": 10_000.0})
        wait_until(lambda: cost(agent, "nobody-prices-it", "priced") is not None, 20, "the cost is shown")
        assert cost(agent, "nobody-prices-it", "priced") == pytest.approx(7.0)
        assert cost(agent, "small", "priced") == pytest.approx(3.7)


def test_evaluate_prices_what_collect_read_as_a_running_agent_does(company: Path) -> None:
    log(company, calls(1, 5, model="small"))
    leverwatch("collect", "--config", str(company))
    leverwatch("evaluate", "--config", str(company))
    once = leverwatch("metrics", "--config", str(company)).stdout
    leverwatch("evaluate", "--config", str(company))

    # Yesterday has the second prices: 600 new, 400 cached and 100 output tokens at 2, 1 and 8 USD a million.
    assert 'leverwatch_inferences_priced_total{model="small",system="bot"} 5.0' in once
    assert f'leverwatch_cost_usd_total{{model="small",origin="priced",system="bot"}} {5 * 2400 / 1e6}' in once
    assert leverwatch("metrics", "--config", str(company)).stdout.count('origin="priced"') == 1
