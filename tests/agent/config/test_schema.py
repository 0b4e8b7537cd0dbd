from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from leverwatch.agent.config import load_config
from leverwatch.agent.config.schema import json_schema
from leverwatch.agent.errors import ConfigError

EXAMPLE = (Path(__file__).parent / "example.yaml").read_text()
FILES = "{name: a, type: files, path: x, system: s, format: {type: csv, fields: {time: t}}}"


def valid(text: str) -> bool:
    value: Any = yaml.load(text, Loader=_Texts)  # noqa: S506 - a SafeLoader that leaves dates alone
    # Its import compiles dozens of grammars, which no worker without these tests has to wait for.
    from jsonschema import Draft202012Validator

    checker = Draft202012Validator(json_schema(), format_checker=Draft202012Validator.FORMAT_CHECKER)
    return bool(checker.is_valid(value))


class _Texts(yaml.SafeLoader):
    """Dates stay texts, as editors see them."""


_Texts.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def loads(folder: Path, text: str) -> bool:
    path = folder / "leverwatch.yaml"
    path.write_text(text)
    try:
        load_config(path, {})
    except ConfigError:
        return False
    return True


def test_the_schema_is_a_schema() -> None:
    from jsonschema import Draft202012Validator

    Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize(
    "text",
    [
        EXAMPLE,
        "{}",
        f"sources: [{FILES}]",
        "framework: {hybrid_from: 100_000_000, fine_tuning_above: 1_000_000_000, frequent_days_per_week: 1}",
        "evaluation: {interval: 1h30m}",
        "systems: {a: {}, b: {reviewed: 2026-10-01}}",
        "sources: [{name: a, type: files, path: x, system: s, format: openai}]",
        "sources: [{name: a, type: files, path: x, system: s, format: {type: openai, wrap: docker}}]",
        "sources: [{name: a, type: files, path: x, system: s, format: {type: openai, wrap: [cri, json-string]}}]",
    ],
)
def test_what_loads_is_valid(tmp_path: Path, text: str) -> None:
    assert loads(tmp_path, text)
    assert valid(text)


@pytest.mark.parametrize(
    "text",
    [
        "stores: {}",
        "store: {urll: x}",
        "evaluation: {interval: 5}",
        "framework: {leave_ratio: 2}",
        "framework: {hybrid_from: -1}",
        "systems: {a: {declared_strategy: magic}}",
        "systems: {a: {reviewed: soon}}",
        "sources: [{name: a}]",
        "sources: [{name: a, type: kafka}]",
        f"sources: [{FILES.replace('csv', 'xml')}]",
        "sources: [{name: a, type: files, path: x, system: s, format: opnai}]",
        "sources: [{name: a, type: files, path: x, system: s, format: {type: openai, wrap: podman}}]",
        f"sources: [{FILES.replace('time: t', 'tme: t')}]",
        "sources: [{name: a, type: git, repo: r, systems: {}}]",
        "sources: {}",
    ],
)
def test_what_is_invalid_does_not_load(tmp_path: Path, text: str) -> None:
    assert not valid(text)
    assert not loads(tmp_path, text)
