"""What a provider bills, beside what the tokens of the same source cost: stored, compared, and shown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from sqlalchemy import create_engine, text

from leverwatch.agent.cli.main import main
from tests.collectors.sources.usage_api.providers import AnthropicReport, OpenAi, call
from tests.collectors.sources.usage_api.server import KEY, Served, serving
from tests.days import day


def ago(days: int) -> str:
    return f"{day(days)}"


PRICES = [
    {"model": "pine", "input": 2, "output": 10, "cached_input": 0.5},
    {"model": "vec", "input": 1, "output": 0},
]


def used(day: str, **more: Any) -> dict[str, Any]:
    return call(
        day, **{
            "model": "pine", "batch": False, "service_tier": "default", "num_model_requests": 500,
            "input_tokens": 30_000_000, "input_cached_tokens": 10_000_000, "input_cache_write_tokens": 0,
            "output_tokens": 1_000_000, **more,
        },
    )  # fmt: skip


def cost(day: str, value: float, item: str = "pine, input") -> dict[str, Any]:
    return {"day": day, "value": value, "line_item": item, "project_id": "proj_a"}


class World:
    """A folder with a configuration, and the commands on it."""

    def __init__(self, folder: Path, served: Served, **settings: Any) -> None:
        self._file, self.folder = folder / "leverwatch.yaml", folder
        (folder / "prices.yaml").write_text(yaml.safe_dump({"prices": PRICES}))
        source = {
            "name": "account",
            "type": "usage-api",
            "url": served.url,
            "token": KEY,
            "history": "4d",
            "ready_after": "0s",
        }
        document = {
            "store": {"url": "sqlite:///store.db"},
            "prices": {"file": "prices.yaml", "public": False},
            "sources": [{**source, "api": "openai", "system": "bot", **settings}],
        }
        self._file.write_text(yaml.safe_dump(document))

    def run(self, *arguments: str) -> Result:
        result = CliRunner().invoke(main, [*arguments, "--config", str(self._file)])
        assert KEY not in result.output
        return result

    def rows(self, table: str) -> list[Any]:
        engine = create_engine(f"sqlite:///{self.folder / 'store.db'}")
        with engine.connect() as connection:
            found = connection.execute(text(f"SELECT * FROM {table} ORDER BY day")).all()  # noqa: S608
        engine.dispose()
        return list(found)


@pytest.fixture
def provider() -> Iterator[tuple[OpenAi, Served]]:
    calls = [used(day) for day in map(ago, range(4))]
    costs = [cost(ago(1), 50.0), cost(ago(1), 6.0, "web search"), cost(ago(2), 55.0), cost(ago(0), 1.0)]
    made = OpenAi(calls, costs, rows=31)
    with serving(made) as served:
        served.now = datetime.now(UTC)
        yield made, served


def test_one_day_is_compared_before_anything_is_stored(tmp_path: Path, provider: tuple[OpenAi, Served]) -> None:
    world = World(tmp_path, provider[1])

    result = world.run("check-source", "account")

    assert result.exit_code == 0, result.output
    assert f"billed $56.00, tokens priced $55.00 (-1.8 %) on {ago(1)}" in result.stdout
    assert "discounts and credits, which no price of tokens has" in " ".join(result.stdout.split())
    found = json.loads(world.run("check-source", "account", "--format", "json").stdout)
    assert found["bill"]["billed"] == 56
    assert not (tmp_path / "store.db").exists()


def test_the_newest_whole_day_is_compared_everywhere(tmp_path: Path, provider: tuple[OpenAi, Served]) -> None:
    world = World(tmp_path, provider[1])

    assert world.run("collect").exit_code == 0
    told = world.run("explain", "bot", "--all")
    metrics = world.run("metrics")

    assert f"account: billed $56.00, tokens priced $55.00 (-1.8 %) on {ago(1)}" in told.stdout
    rows = [line.split() for line in told.stdout.splitlines() if line.strip().startswith((ago(1), ago(2)))]
    assert [ago(2), "$55.00", "$55.00", "+0.0%"] in rows
    assert 'leverwatch_source_billed_usd{source="account"} 56' in metrics.stdout
    assert 'leverwatch_source_priced_usd{source="account"} 55' in metrics.stdout
    assert 'leverwatch_inferences_total{model="pine",system="bot"} 2000' in metrics.stdout


def test_a_bill_that_is_told_otherwise_later_takes_the_place_of_the_earlier_one(
    tmp_path: Path, provider: tuple[OpenAi, Served]
) -> None:
    account, served = provider
    world = World(tmp_path, served)
    assert world.run("collect").exit_code == 0
    account.costs = [cost(ago(1), 57.5)]

    assert world.run("collect").exit_code == 0

    assert [(row.day, row.item, row.usd) for row in world.rows("billed_days")] == [(ago(1), "pine, input", 57.5)]


def test_embeddings_batches_and_models_without_a_price_are_told_apart(
    tmp_path: Path, provider: tuple[OpenAi, Served]
) -> None:
    account, served = provider
    vectors = {"endpoint": "embeddings", "model": "vec", "num_model_requests": 3, "input_tokens": 4_000_000}
    account.calls += [
        {"day": ago(1), **vectors},
        used(ago(1), batch=True),
        used(ago(1), model="new-one"),
    ]

    told = World(tmp_path, served).run("check-source", "account").stdout

    # Of pine $55, of vectors $4; nobody says what a batch of pine costs, nor what the new one does.
    assert "tokens priced $59.00 (+5.4 %)" in told
    assert "without a price: new-one, pine" in told


def test_tokens_of_which_none_has_a_price_have_an_unknown_one_and_not_one_of_nothing(
    tmp_path: Path, provider: tuple[OpenAi, Served]
) -> None:
    account, served = provider
    account.calls = [used(day, model="new-one") for day in map(ago, range(4))]
    world = World(tmp_path, served)

    checked = world.run("check-source", "account", "--format", "json")
    assert world.run("collect").exit_code == 0
    told = world.run("explain", "bot", "--all").stdout
    metrics = world.run("metrics").stdout

    assert json.loads(checked.stdout)["bill"]["priced"] is None
    assert f"billed $56.00, tokens priced ? on {ago(1)}; without a price: new-one" in told
    assert [ago(2), "$55.00", "?", "?"] in [line.split() for line in told.splitlines()]
    assert 'leverwatch_source_billed_usd{source="account"} 56' in metrics
    assert "leverwatch_source_priced_usd{" not in metrics


def test_tokens_without_calls_are_priced_and_make_no_system_known(tmp_path: Path) -> None:
    row = {
        "model": "pine", "service_tier": "standard", "context_window": "0-200k", "uncached": 1_000_000,
        "read": 2_000_000, "output": 100_000, "workspace_id": "w-1",
    }  # fmt: skip
    costs = [{"day": day, "amount": "410", "description": "Pine"} for day in map(ago, range(1, 4))]
    with serving(AnthropicReport([{"day": day, **row} for day in map(ago, range(4))], costs)) as served:
        served.now = datetime.now(UTC)
        world = World(tmp_path, served, api="anthropic-report")
        checked = world.run("check-source", "account")
        assert world.run("collect").exit_code == 0
        metrics = world.run("metrics").stdout

    assert checked.exit_code == 0, checked.output
    assert "tokens whose calls are not told" in checked.stdout
    assert "billed $4.10, tokens priced $4.00 (-2.4 %)" in checked.stdout
    assert 'leverwatch_source_uncounted_tokens{source="account"} 3.1e+06' in metrics
    assert 'leverwatch_source_priced_usd{source="account"} 4.0\n' in metrics
    assert "leverwatch_inferences_total{" not in metrics
    assert world.rows("usage_daily") == []
    assert {row.system for row in world.rows("uncounted_days")} == {"bot"}
