from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from leverwatch.agent.config import load_config
from leverwatch.agent.config.models import Config
from leverwatch.agent.errors import ConfigError
from leverwatch.agent.framework.mistakes import MistakeSettings
from leverwatch.agent.framework.model import Settings


def load(folder: Path, text: str) -> Config:
    path = folder / "leverwatch.yaml"
    path.write_text(text)
    return load_config(path, {}).config


def problems(folder: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(folder, text)
    return str(caught.value)


def test_what_is_left_out_has_the_defaults_of_the_framework(tmp_path: Path) -> None:
    assert load(tmp_path, "{}").to_mistakes() == MistakeSettings()
    assert load(tmp_path, "{}").framework.to_settings() == Settings()


def test_every_part_reaches_the_framework(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        """
        framework:
          hybrid_from: 5
          baselines: {tuned_models: [acme-*], minimum_n: 50}
          over_engineering: {agree: 4, growth: 1}
          reviews: {review_after_days: 30, warning_days: 60, critical_days: 60}
          locked_in: {scorers: [brand-*], target: 0.9}
        models:
          gpt-4o*: {shutdown: 2027-01-14}
        systems:
          bot: {tuned_models: ["bot-?"]}
        """,
    ).to_mistakes()

    assert (settings.baselines.tuned_models, settings.baselines.minimum_n) == (("acme-*",), 50)
    assert (settings.over_engineering.agree, settings.over_engineering.growth) == (4, 1.0)
    assert settings.reviews.review_after_days == 30
    assert (settings.shutdowns.warning_days, settings.shutdowns.critical_days) == (60, 60)
    assert (settings.locked_in.scorers, settings.locked_in.target) == (("brand-*",), 0.9)
    assert settings.last_days == {"gpt-4o*": date(2027, 1, 14)}
    assert settings.tuned_models == {"bot": ("bot-?",)}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("framework: {reviews: {warning_days: 10}}", "framework.reviews.critical_days: must not be above warning"),
        ("framework: {baselines: {confidence: 1}}", "framework.baselines.confidence"),
        ("framework: {baselines: {tuned_share: 0}}", "framework.baselines.tuned_share"),
        ("framework: {over_engineering: {agree: 6}}", "framework.over_engineering.agree"),
        ("framework: {over_engineering: {agree: true}}", "must be a number"),
        ("framework: {locked_in: {schema_on: 0.5}}", "framework.locked_in.schema_on"),
        ("framework: {locked_in: {tone: 1}}", "framework.locked_in.tone"),
        ("models: {a: {shutdown: soon}}", "models.a.shutdown"),
        ("models: {a: {}}", "models.a.shutdown"),
        ("systems: {a: {tuned_models: ['']}}", "systems.a.tuned_models[0]"),
    ],
)
def test_what_cannot_be_meant_is_named(tmp_path: Path, text: str, problem: str) -> None:
    assert problem in problems(tmp_path, text)


def test_a_token_is_never_shown_however_it_is_wrong(tmp_path: Path) -> None:
    text = problems(tmp_path, "sources: [{name: a, type: models, url: 'http://x/', token: [sk-canary-4711]}]")

    assert "sources[0].token" in text
    assert "canary" not in text


def test_sources_of_evals_and_model_lists_count_nothing_twice(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        """
        sources:
          - {name: evals, type: evals, path: "evals/*.json", system: bot}
          - {name: more, type: evals, path: "more/*.json", system: bot}
          - {name: provider, type: models, url: "https://api.example.com/v1/models"}
        """,
    )

    assert [source.type for source in config.sources] == ["evals", "evals", "models"]
