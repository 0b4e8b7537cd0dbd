"""Settings of a source that do not fit each other are said at the one that is to be changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from leverwatch.agent.config.choosing_page import example_of
from leverwatch.agent.config.load import load_config
from leverwatch.agent.errors import ConfigError
from leverwatch.collectors.records.fields import parse_template

PAGES = sorted((Path(__file__).parents[3] / "docs/sources").glob("*.md"))

USAGE = "sources:\n- name: a\n  type: usage-api\n  api: openai\n  token: sk-canary-81\n"
CASES = {
    "a system by what the API does not tell": (
        USAGE + "  system:\n  - {is: s, where: {key_id: k}}",
        "6: sources[0].system: names key_id; openai tells only: project_id, api_key_id, user_id, model",
    ),
    "a template of what the API does not tell": (
        USAGE + '  system: "{workspace_id}"',
        "6: sources[0].system: names workspace_id; openai tells only: project_id, api_key_id, user_id, model",
    ),
    "more history than there is": (
        USAGE.replace("openai", "openrouter") + "  system: s\n  history: 80d",
        "7: sources[0].history: is more than the 30 days of which openrouter knows something",
    ),
    "a user with a password": (
        'sources:\n- name: a\n  type: loki\n  url: http://x\n  query: "{}"\n  system: s\n  user: "bob:canary"',
        "7: sources[0].user: has a colon, which basic authentication cannot send",
    ),
    "a preset that there is not": (
        "sources:\n- name: a\n  type: prometheus\n  url: http://x\n  preset: vlm\n  system: s",
        (
            "5: sources[0].preset: must be one of vllm, sglang, tgi, llama.cpp, ollama, litellm,"
            " envoy-ai-gateway, opentelemetry, triton, dynamo, kserve, tensorzero"
        ),
    ),
    "a setting that is missing": (
        "sources:\n- name: a\n  type: prometheus\n  url: http://x\n  system: s",
        "2: sources[0]: needs a `preset`, or `metrics.inferences`",
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_a_setting_that_does_not_fit_another_has_its_line(tmp_path: Path, text: str, expected: str) -> None:
    file = tmp_path / "leverwatch.yaml"
    file.write_text(text)

    with pytest.raises(ConfigError) as raised:
        load_config(file)

    assert raised.value.problems == (f"{file}:{expected}",)


@pytest.mark.parametrize("page", PAGES, ids=lambda it: it.stem)
def test_a_source_with_rules_declares_the_systems_that_they_name(page: Path) -> None:
    example = example_of(page.read_text())
    if example is None or not hasattr(example, "system"):
        assert example is None or example.type in ("git", "models", "prompt-registry")
        return
    word = next(iter(parse_template(example.system).paths), "team")
    rules = [{"is": "ads", "where": {word: "a"}}, {"is": "shop", "where": {word: "b"}}]

    config = type(example).model_validate({**example.model_dump(exclude_unset=True), "system": rules})

    assert config.declared_systems() == {"ads", "shop"}
    assert not config.names_others()
