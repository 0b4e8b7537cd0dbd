"""`docs/economics.md` is checked against the code."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path

import pytest
import yaml

from leverwatch.agent.config import EconomicsConfig, PricesConfig, SystemConfig
from leverwatch.agent.framework.economics.amounts import Origin
from leverwatch.agent.framework.economics.assumptions import ASSUMPTIONS
from leverwatch.agent.framework.economics.model import (
    CHEAPER_FROM,
    NOT_CHEAPER_BELOW,
    Agreement,
    CostOutcome,
    Missing,
)
from leverwatch.agent.prices.entries import PriceEntry
from leverwatch.agent.prices.file import read_price_file

DOCUMENT = (Path(__file__).parents[4] / "docs" / "economics.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(\w+)` \| (.*) \|$", re.MULTILINE)


def table(first_cell: str) -> dict[str, str]:
    """The rows under a header, by their first cell."""
    return dict(ROW.findall(DOCUMENT.split(f"| {first_cell} |", 1)[1].split("\n\n", 1)[0]))


def test_every_input_is_listed_with_its_default() -> None:
    listed = table("input")
    assert list(listed) == [assumption.name for assumption in ASSUMPTIONS]
    for assumption in ASSUMPTIONS:
        cells = [cell.strip() for cell in listed[assumption.name].split("|")]
        default = ["", "", ""] if assumption.default is None else [f"{value:,}" for value in assumption.default]
        assert cells == [assumption.unit, *default], assumption.name


@pytest.mark.parametrize(
    ("header", "names"),
    [("origin", Origin), ("outcome", CostOutcome), ("what is missing", Missing), ("agreement", Agreement)],
)
def test_every_value_is_listed_in_its_order(header: str, names: type[StrEnum]) -> None:
    assert list(table(header)) == [str(name) for name in names]


def test_the_limits_of_the_outcomes_are_those_of_the_code() -> None:
    rows = table("outcome")
    assert f"above {CHEAPER_FROM}" in rows["cheaper"]
    assert f"below {NOT_CHEAPER_BELOW}" in rows["not_cheaper"]


def test_every_key_of_the_price_file_is_listed() -> None:
    wanted = [field.alias or name for name, field in PriceEntry.model_fields.items()]
    assert list(table("key")) == wanted


def test_the_examples_are_valid(tmp_path: Path) -> None:
    inputs, prices, tiers, deployments = re.findall(r"```yaml\n(.*?)```", DOCUMENT, re.DOTALL)
    sections = yaml.safe_load(inputs)
    EconomicsConfig.model_validate(sections["economics"])
    for system in sections["systems"].values():
        SystemConfig.model_validate(system)
    PricesConfig.model_validate(yaml.safe_load(deployments)["prices"])
    path = tmp_path / "prices.yaml"
    path.write_text(prices)
    assert len(read_price_file(path)) == 5
    path.write_text(tiers)
    assert len(read_price_file(path)) == 3
