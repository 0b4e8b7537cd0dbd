from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from leverwatch.collectors.registry import source_types
from leverwatch.collectors.sources.prompt_registry.config import PromptRegistryConfig
from tests.collectors.sources.prompt_registry.registries import OWN_PATHS
from tests.collectors.sources.prompt_registry.world import config_of

URL = "https://registry.example.com"


def test_the_type_is_one_of_the_sources() -> None:
    assert source_types()["prompt-registry"].config is PromptRegistryConfig


@pytest.mark.parametrize(
    ("api", "label"),
    [("langfuse", "production"), ("langsmith", "production"), ("mlflow", "production"), ("promptlayer", "prod")],
)
def test_each_api_has_a_label_and_another_one_may_be_set(api: str, label: str) -> None:
    assert config_of(api, URL).production_label == label
    assert config_of(api, URL, label="live").production_label == "live"


@pytest.mark.parametrize("api", ["langfuse", "langsmith", "promptlayer"])
def test_a_service_has_its_address(api: str) -> None:
    given = {"name": "r", "api": api, "systems": {"bot": ["a"]}}

    assert PromptRegistryConfig.model_validate(given).url.startswith("https://")


@pytest.mark.parametrize(
    ("api", "more", "says"),
    [
        ("langfuse", {"content": "data"}, "content is of `api: http`"),
        ("http", {"path": None}, "no `path` or no `content`"),
        ("http", {"path": "p/{prompt}"}, "starts with /"),
        ("http", {"path": "/p/{name}"}, "{prompt} in it"),
        ("http", {"content": "data.*"}, "without `*`"),
        ("http", {"content": "data..x"}, "no empty part"),
        ("http", {"systems": {"bot": ["a*"]}}, "does not list its names"),
        ("promptlayer", {"systems": {"bot": ["a*"]}}, "PromptLayer does not list its names"),
        ("langfuse", {"systems": {"bot": []}}, "at least 1"),
        ("langfuse", {"systems": {"bot": ["a\nb"]}}, "printable characters"),
        ("langfuse", {"timeout": "0s"}, "more than 0s"),
        ("other", {}, "Input should be"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(api: str, more: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says.replace("{", r"\{").replace("*", r"\*")):
        config_of(api, URL, **more)


@pytest.mark.parametrize("api", ["mlflow", "http"])
def test_what_everybody_runs_needs_an_address(api: str) -> None:
    more = OWN_PATHS if api == "http" else {}
    with pytest.raises(ValidationError, match="everybody runs this registry"):
        PromptRegistryConfig.model_validate({"name": "r", "api": api, "systems": {"bot": ["a"]}, **more})


@pytest.mark.parametrize(
    ("api", "more", "path"),
    [
        ("langfuse", {"user": None, "password": None}, ("api",)),
        ("langsmith", {"token": None}, ("api",)),
        ("http", {"path": "/p/{prompt}"}, ("path",)),
        ("mlflow", {"systems": {"bot": [f"p{number}" for number in range(101)]}}, ("queries_per_hour",)),
    ],
)
def test_settings_that_may_not_be_meant_are_told(api: str, more: dict[str, Any], path: tuple[str, ...]) -> None:
    assert [where for where, _ in config_of(api, URL, **more).doubts()] == [path]
    assert list(config_of(api, URL).doubts()) == []


def test_a_registry_of_ones_own_needs_no_key() -> None:
    assert list(config_of("mlflow", URL).doubts()) == []


def test_a_hundred_prompts_are_within_the_budget_of_the_defaults() -> None:
    assert list(config_of("mlflow", URL, systems={"bot": [f"p{number}" for number in range(100)]}).doubts()) == []


def test_nothing_secret_is_shown() -> None:
    assert "never-to-be-seen" not in repr(config_of("langfuse", URL)) + repr(config_of("http", URL, **OWN_PATHS))
