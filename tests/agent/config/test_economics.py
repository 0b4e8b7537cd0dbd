from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from leverwatch.agent.config import Config, EconomicsConfig, EconomicsPlan, Loaded, plan_of
from leverwatch.agent.framework.economics.amounts import Amount, Hosting, Origin
from leverwatch.agent.framework.economics.assumptions import ASSUMPTIONS

Load = Callable[..., Loaded]
Problems = Callable[..., tuple[str, ...]]


def plan(config: Config, system: str = "bot") -> EconomicsPlan:
    return plan_of(config.systems[system].economics, config.economics)


def test_a_number_and_a_range_are_both_amounts(load: Load) -> None:
    text = "economics:\n  life_months: 9\n  data_usd: {low: 100, likely: 2_000, high: 3000}\nsystems: {bot: {}}"
    configured = plan(load(text).config).configured
    assert configured == {
        "life_months": Amount(9.0, 9.0, 9.0, Origin.CONFIGURED),
        "data_usd": Amount(100.0, 2000.0, 3000.0, Origin.CONFIGURED),
    }


def test_a_system_outranks_the_section(load: Load) -> None:
    text = """
economics: {life_months: 9, utilisation: 0.5}
systems:
  bot: {economics: {life_months: 6}}
"""
    inputs = plan(load(text).config).inputs()
    assert (inputs["life_months"].likely, inputs["utilisation"].likely) == (6.0, 0.5)
    assert inputs["data_usd"].origin is Origin.ASSUMED


def test_every_input_is_a_setting_of_both_sections() -> None:
    assert {assumption.name for assumption in ASSUMPTIONS} <= EconomicsConfig.model_fields.keys()


@pytest.mark.parametrize(
    ("everywhere", "system", "hosting", "model"),
    [
        ("{}", "{}", Hosting.DEDICATED, None),
        ("{tuned_model: a}", "{}", Hosting.PER_TOKEN, "a"),
        ("{tuned_model: a, hosting: dedicated}", "{}", Hosting.DEDICATED, "a"),
        ("{hosting: dedicated}", "{tuned_model: b}", Hosting.PER_TOKEN, "b"),
        ("{tuned_model: a}", "{hosting: dedicated}", Hosting.DEDICATED, "a"),
        ("{tuned_model: a, tuned_provider: p}", "{tuned_model: b}", Hosting.PER_TOKEN, "b"),
    ],
)
def test_hosting_follows_the_tuned_model_unless_it_is_said(
    load: Load, everywhere: str, system: str, hosting: Hosting, model: str | None
) -> None:
    found = plan(load(f"economics: {everywhere}\nsystems: {{bot: {{economics: {system}}}}}").config)
    assert (found.hosting, found.tuned_model) == (hosting, model)
    assert found.tuned_provider is None


CASES = {
    "a misspelt input": (
        "economics:\n  life_month: 9",
        '2: economics.life_month: unknown key; did you mean "life_months"?',
    ),
    "a misspelt input of a system": (
        "systems:\n  bot:\n    economics: {utilization: 0.5}",
        '3: systems.bot.economics.utilization: unknown key; did you mean "utilisation"?',
    ),
    "a text": (
        "economics:\n  life_months: long",
        '2: economics.life_months: must be a number or a mapping (key: value) (got "long")',
    ),
    "a range in the wrong order": (
        "economics:\n  data_usd: {low: 3, likely: 2, high: 1}",
        "2: economics.data_usd.likely: must not be below low (got 2)",
    ),
    "a range without its middle": (
        "economics:\n  data_usd: {low: 3, high: 4}",
        "2: economics.data_usd.likely: is missing",
    ),
    "a misspelt part of a range": (
        "economics:\n  data_usd: {low: 1, likly: 2, likely: 2, high: 3}",
        '2: economics.data_usd.likly: unknown key; did you mean "likely"?',
    ),
    "a share above one": (
        "economics:\n  utilisation: {low: 0.1, likely: 0.5,\n    high: 1.5}",
        "3: economics.utilisation.high: must be at most 1 (got 1.5)",
    ),
    "a life of nothing": (
        "economics:\n  life_months: {low: 0, likely: 1, high: 2}",
        "2: economics.life_months.low: must be more than 0 (got 0)",
    ),
    "a hosting that does not exist": (
        "economics:\n  hosting: shared",
        '2: economics.hosting: must be one of per_token, dedicated (got "shared")',
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_wrong_is_said_with_its_line(case: str, problems: Problems) -> None:
    text, expected = CASES[case]
    assert problems(text) == (expected,)


def test_prices_have_a_file_and_a_switch(load: Load) -> None:
    config = load("prices: {file: prices.yaml, public: false}").config
    assert (config.prices.file, config.prices.public) == (Path("prices.yaml"), False)
